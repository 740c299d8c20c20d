#include "agent/own_threads.h"

#include <dirent.h>
#include <sched.h>

void own_threads_bind(const struct topology *t, int cpu, int *current)
{
	if (*current == cpu)
		return;
	*current = cpu;
	/* The set has room for the kernel's largest number of CPUs. */
	cpu_set_t *mask = CPU_ALLOC(8192);
	size_t size = CPU_ALLOC_SIZE(8192);
	if (mask == NULL)
		return;
	CPU_ZERO_S(size, mask);
	for (size_t i = 0; i < t->n; i++) {
		if (cpu < 0 ? t->cpus[i].is_allowed : t->cpus[i].cpu == cpu)
			CPU_SET_S((size_t)t->cpus[i].cpu, size, mask);
	}
	DIR *dir = opendir("/proc/self/task");
	for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;) {
		int tid = atoi(e->d_name);
		if (tid > 0)
			sched_setaffinity(tid, size, mask);
	}
	if (dir != NULL)
		closedir(dir);
	CPU_FREE(mask);
}
