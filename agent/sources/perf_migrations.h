/*
 * perf_migrations.h - how often a run's threads moved to another CPU: the kernel's software event
 * cpu-migrations
 *
 * perf_event_open(2), PERF_COUNT_SW_CPU_MIGRATIONS, attached to the waiting process, counting from
 * its exec on, inherited by all that it starts. Where the kernel refuses (perf_event_paranoid above
 * 1 without privilege, or seccomp) there is no number: the event happens inside the kernel, so a
 * count without kernel events would always be 0.
 */
#ifndef AGENT_SOURCES_PERF_MIGRATIONS_H
#define AGENT_SOURCES_PERF_MIGRATIONS_H

#include "proto/error.h"
#include <stdint.h>
#include <sys/types.h>

/*
 * Whether it can be had here. Returns a descriptor to be kept open as long as runs are measured (it
 * keeps the kernel's scheduler hooks switched on; switching them on takes milliseconds), or
 * negative with the reason and the remedy.
 */
int perf_migrations_probe(struct error *why);
/* Attach to a process that has not called exec yet. Returns a descriptor, or -errno. */
int perf_migrations_open(pid_t pid);
/* The count of the whole tree, once all of it has ended; closes fd. ABSENT where it cannot be read.
 */
int64_t perf_migrations_finish(int fd);

#endif
