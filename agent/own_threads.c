#include "agent/own_threads.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>

#define MASK_CPUS 8192 /* the kernel's largest number of CPUs */

static cpu_set_t *mask_of(const struct topology *t, int cpu)
{
	cpu_set_t *mask = CPU_ALLOC(MASK_CPUS);
	size_t size = CPU_ALLOC_SIZE(MASK_CPUS);

	if (mask == NULL)
		return NULL;
	CPU_ZERO_S(size, mask);
	for (size_t i = 0; i < t->n; i++) {
		if (cpu < 0 ? t->cpus[i].is_allowed : t->cpus[i].cpu == cpu)
			CPU_SET_S((size_t)t->cpus[i].cpu, size, mask);
	}
	return mask;
}

/* The kernel gives a thread other CPUs where its own went offline, or its cpuset was changed. */
static bool holds_still(const cpu_set_t *mask)
{
	size_t size = CPU_ALLOC_SIZE(MASK_CPUS);
	cpu_set_t *now = CPU_ALLOC(MASK_CPUS);
	bool is_same =
		now != NULL && sched_getaffinity(0, size, now) == 0 && CPU_EQUAL_S(size, mask, now);

	CPU_FREE(now);
	return is_same;
}

/* Threads that are started meanwhile have the mask of the one that starts them. Returns whether all
 * are bound; a thread that ended meanwhile is. */
static bool bind_all(const cpu_set_t *mask)
{
	DIR *dir = opendir("/proc/self/task");
	bool are_bound = dir != NULL;

	for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;) {
		int tid = atoi(e->d_name);
		if (tid > 0 && sched_setaffinity(tid, CPU_ALLOC_SIZE(MASK_CPUS), mask) != 0 &&
			errno != ESRCH)
			are_bound = false;
	}
	if (dir != NULL)
		closedir(dir);
	return are_bound;
}

void own_threads_bind(const struct topology *t, int cpu, int *current)
{
	cpu_set_t *mask = mask_of(t, cpu);

	if (mask == NULL)
		return;
	if (*current != cpu || (cpu >= 0 && !holds_still(mask)))
		*current = bind_all(mask) ? cpu : OWN_THREADS_UNKNOWN;
	CPU_FREE(mask);
}
