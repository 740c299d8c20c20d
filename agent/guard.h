/*
 * guard.h - whether the machine is in the state that a run needs: before it, and while it lasted
 *
 * Before: the packages' temperature is within the bound of where the block began, few CPUs are
 * busy, governor and turbo are what the campaign wants. During: what the sources flagged
 * (throttled, power_limited, suspended, placement_violated, smi), and what changed or went on
 * beside the run: governor, turbo, microcode, other load, swapping, AC power. Every violation is a
 * flag of the result; on_violation says what follows besides.
 *
 * Functions here neither wait nor sleep: the runner asks again until the guard is content.
 */
#ifndef AGENT_GUARD_H
#define AGENT_GUARD_H

#include "agent/machine.h"
#include "agent/measured.h"
#include "agent/topology.h"
#include "proto/message.h"

struct guard;

int guard_open(
	struct guard **out, const struct machine *m, const struct topology *t, struct error *err);
void guard_close(struct guard *g);

enum guard_verdict {
	GUARD_FINE,
	GUARD_WAIT, /* not yet: ask again in GUARD_AGAIN_NS */
	GUARD_FAIL, /* the run must not be: why says so */
};
#define GUARD_AGAIN_NS (250 * NS_PER_MS)

/*
 * A run of this assignment is due on these CPUs. The first call of a run (is_first) begins its
 * patience, and a new block's temperature. GUARD_FINE with flags in out where on_violation is mark
 * or rerun and patience is over ("unsettled", "governor", "turbo"); with wait there is no end of
 * patience, with fail a violation is GUARD_FAIL.
 */
enum guard_verdict guard_before(struct guard *g, const struct message_assign *a, const int *cpus,
	size_t cpus_n, int64_t now_ns, bool is_first, struct measured *out, struct error *why);

/* The state before the go, and after the end: cheap reads alone. */
void guard_first(struct guard *g);
/*
 * Flags what changed since guard_first(). measured has the run's metrics and the sources' flags;
 * run_cpu_ns is the CPU time of the run, agent_cpu_ns that of the agent, both within time_ns: what
 * else was busy is "other_load" above 2 % of the run's time of one CPU (and 20 ms).
 */
void guard_last(struct guard *g, int64_t time_ns, int64_t run_cpu_ns, int64_t agent_cpu_ns,
	struct measured *out);

/* Whether a flag is a violation, so that on_violation: rerun has the run again, and fail fails it.
 */
bool guard_is_violation(const char *flag);
/* The first violation among the flags, or NULL. */
const char *guard_violation(const struct measured *m);

#endif
