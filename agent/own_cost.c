/*
 * own_cost.c - CPU time and wake-ups of this process
 *
 * Both sources count the whole process. CLOCK_PROCESS_CPUTIME_ID is "CPU time consumed by all
 * threads in the process" (clock_getres(2)), to the nanosecond and up to this instant, where
 * getrusage(2) has microseconds. RUSAGE_SELF is "the sum of resources used by all threads in the
 * process" (getrusage(2)): the kernel adds the counts of the threads that live to those that it
 * kept of the ended ones (Linux kernel/sys.c, getrusage()).
 */
#include "agent/own_cost.h"
#include "proto/base.h"

#include <sys/resource.h>
#include <time.h>

void own_cost_read(struct own_cost *out)
{
	struct timespec t;
	struct rusage usage;

	*out = (struct own_cost){ABSENT, ABSENT};
	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) == 0)
		out->cpu_ns = t.tv_sec * NS_PER_S + t.tv_nsec;
	if (getrusage(RUSAGE_SELF, &usage) == 0)
		out->wakeups = (int64_t)usage.ru_nvcsw + usage.ru_nivcsw;
}

static int64_t difference(int64_t before, int64_t after)
{
	return before == ABSENT || after == ABSENT ? ABSENT : after - before;
}

void own_cost_difference(
	struct own_cost *out, const struct own_cost *before, const struct own_cost *after)
{
	*out = (struct own_cost){difference(before->cpu_ns, after->cpu_ns),
		difference(before->wakeups, after->wakeups)};
}
