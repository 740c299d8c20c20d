/*
 * tasks.h - the tasks (threads) of a run, as /proc shows them at one moment
 *
 * Processes are this kernel's, whatever root the machine is read below, so /proc itself is read.
 * Nothing is allocated: a walk may happen while a run is measured.
 *
 * Source: Linux Documentation/filesystems/proc.rst, table 1-4 (stat) and section 3.7 (children);
 * Documentation/admin-guide/cgroup-v2.rst (cgroup.procs).
 */
#ifndef AGENT_SOURCES_TASKS_H
#define AGENT_SOURCES_TASKS_H

#include "proto/base.h"

#include <sys/types.h>

#define TASKS_MAX 4096 /* that are looked at; more are only counted */

struct task {
	pid_t pid; /* its process */
	pid_t tid;
	int cpu;         /* where it runs, or ran last; -1: it has ended */
	int64_t started; /* clock ticks since boot: with tid it tells tasks apart */
	bool has_run;    /* it used CPU time; before that it may show its parent's CPU */
	bool was_seen;   /* in the walk before, too (the caller's) */
};

struct task_walk {
	struct task tasks[TASKS_MAX]; /* by process, within one in the order of creation */
	size_t n;
	size_t all; /* with those that did not fit */
	/* scratch */
	pid_t pids[TASKS_MAX];
	size_t pids_n;
	char text[16384], entries[32768];
};

/*
 * All tasks of the processes in a cgroup (absolute directory; those in cgroups below it are not
 * seen), or where that is NULL or cannot be read, of the process and its descendants, without those
 * whose parents have ended. What ends meanwhile is left out.
 */
void tasks_walk(struct task_walk *w, const char *cgroup, pid_t pid);

#endif
