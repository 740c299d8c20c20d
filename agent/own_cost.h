/*
 * own_cost.h - what the agent itself costs: CPU time and wake-ups of all its threads
 *
 * The difference of two readings, one just before a run's go and one just after its end, is part of
 * the run's result (agent.time, agent.wakeups). joulerig-exec is a process of its own and is not in
 * it: between go and end it sleeps, as anything that starts a command has to wait for its end.
 */
#ifndef AGENT_OWN_COST_H
#define AGENT_OWN_COST_H

#include <stdint.h>

struct own_cost {
	int64_t cpu_ns;  /* user and system time of all threads, those that have ended included */
	int64_t wakeups; /* context switches away from a thread of ours, after each of which it was
			    woken or resumed: voluntary ones (it waited) and involuntary ones */
};

/*
 * What this process has used so far: two system calls, no allocation. ABSENT in both members where
 * the kernel refuses, which it has no reason to.
 */
void own_cost_read(struct own_cost *out);
/* after - before; ABSENT where either is. */
void own_cost_difference(
	struct own_cost *out, const struct own_cost *before, const struct own_cost *after);

#endif
