/*
 * guard.h - whether the machine is in the state that a run needs: before it, and while it lasted
 *
 * Before: the packages' temperature is within the bound of where the block began, few CPUs are
 * busy, governor and turbo are what the campaign wants. During: what the sources flagged
 * (throttled, power_limited, suspended, placement_violated, smi), and what changed or went on
 * beside the run: governor, turbo, microcode, other load, stolen time, swapping, AC power. Every
 * violation is a flag of the result; on_violation says what follows besides.
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

/* Returns 0; what this machine does not show is found out when it is asked for. m and t stay the
 * caller's and outlive the guard. */
int guard_open(
	struct guard **out, const struct machine *m, const struct topology *t, struct error *err);
void guard_close(struct guard *g);

enum guard_verdict {
	GUARD_FINE,
	GUARD_WAIT, /* not yet: ask again in GUARD_AGAIN_NS; why says what for */
	GUARD_FAIL, /* the run must not be: why says so */
};
#define GUARD_AGAIN_NS (250 * NS_PER_MS)
/* For temperature and load, where the campaign does not say. */
#define GUARD_PATIENCE_NS (60 * NS_PER_S)

/*
 * A run of this assignment is due on these CPUs. The first call of a run (is_first) begins its
 * patience and its measurement of load, and a new block's temperature. now_ns is any clock that
 * only goes up.
 *
 * Too warm or too busy is GUARD_WAIT until patience is over; then it is the flag "unsettled" where
 * on_violation is mark (absent means that) or rerun, GUARD_FAIL where it is fail, and with wait
 * there is no end of patience. Another governor or turbo than wanted is not waited for, but with
 * wait: it is the flag "wrong_governor" or "wrong_turbo", or GUARD_FAIL. What the campaign asks for
 * and this machine does not show is the flag "guard_blind", or GUARD_FAIL with fail.
 *
 * Flags and notes come with GUARD_FINE alone.
 */
enum guard_verdict guard_before(struct guard *g, const struct message_assign *a, const int *cpus,
	size_t cpus_n, int64_t now_ns, bool is_first, struct measured *out, struct error *why);

/*
 * The state before the go, and after the end: cheap reads alone. The CPUs are those of the last
 * guard_before(). guard_ready() may be called a moment before, while the run waits for its go: what
 * it read need not be read again by guard_first(), but for the CPU time, unless it is older than
 * 20 ms.
 */
void guard_ready(struct guard *g);
void guard_first(struct guard *g);
/*
 * Flags what changed since guard_first(). measured has the run's metrics and the sources' flags;
 * run_cpu_ns is the CPU time of the run, agent_cpu_ns that of the agent, both within time_ns
 * (ABSENT where not known: then other load is not judged): what else was busy is "other_load" above
 * 2 % of the run's time of one CPU and 20 ms, on top of what proc/stat cannot tell
 * (guard_slack_ns).
 */
void guard_last(struct guard *g, int64_t time_ns, int64_t run_cpu_ns, int64_t agent_cpu_ns,
	struct measured *out);

/*
 * How far busy time by proc/stat may be above the true one, when a run of time_ns was all there was
 * on its CPUs, each of which was busy for busy_ns[i] by proc/stat (ABSENT: not known).
 *
 * The kernel charges each tick (at most 10 ms) to whom it finds running. A CPU that is always or
 * never busy is counted exactly; one that is busy for the part p of n ticks is off by a standard
 * deviation of sqrt(n p (1 - p)) ticks. Of all CPUs together four of these are allowed, with four
 * ticks more of idle time for p itself being seen by ticks. And each of the five numbers that are
 * added is cut to a tick at both readings: five ticks.
 */
int64_t guard_slack_ns(int64_t time_ns, const int64_t *busy_ns, size_t cpus);

/* Whether a flag is a violation, so that on_violation: rerun has the run again, and fail fails it.
 */
bool guard_is_violation(const char *flag);
/* The first violation among the flags, or NULL. */
const char *guard_violation(const struct measured *m);

#endif
