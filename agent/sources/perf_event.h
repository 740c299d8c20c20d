/*
 * perf_event.h - events of the kernel's performance monitoring units, as sysfs describes them, and
 * perf_event_open(2)
 *
 * A unit (PMU) is a directory sys/bus/event_source/devices/NAME: `type` is the number to open it
 * with, `cpumask` (or `cpus`) the CPUs that it counts on, `events/` what it counts, `format/` where
 * in the three config words the terms of an event go. All of it is read below the machine's root.
 * Opening asks the running kernel, so that only makes sense where machine_has_these_cpus().
 * Sources: Linux Documentation/ABI/testing/sysfs-bus-event_source-devices-{events,format},
 * perf_event_open(2).
 */
#ifndef AGENT_SOURCES_PERF_EVENT_H
#define AGENT_SOURCES_PERF_EVENT_H

#include "agent/machine.h"

#include <sys/types.h>

#define PERF_DEVICES "sys/bus/event_source/devices"

/* What a count is multiplied with to be in `unit`: an exact fraction in lowest terms. */
struct perf_scale {
	uint64_t numerator, denominator; /* 1/1 where sysfs gives none */
};

struct perf_event {
	uint32_t type;
	uint64_t config, config1, config2;
	struct perf_scale scale;
	char unit[32]; /* "Joules", "MiB"; "" none */
};

/* Read the number of a unit. Returns 0, -ENOENT where there is no such unit, or negative. */
int perf_pmu_type(const struct machine *m, const char *pmu, uint32_t *type);

/*
 * The CPUs of a unit, ascending, from `cpumask` or `cpus`; *out is the caller's to free. Returns 0,
 * -ENOENT where it names none (it counts on any), or negative with *out NULL and *n 0.
 */
int perf_pmu_cpus(const struct machine *m, const char *pmu, int **out, size_t *n);

/* Call each for each name in events/ (".scale", ".unit" and the like left out), in order of their
 * names. Returns how many; 0 where there is no such unit. */
size_t perf_pmu_events(const struct machine *m, const char *pmu,
	void (*each)(void *arg, const char *event), void *arg);

/* The event of that name of a unit, with its scale and unit. Returns 0, -ENOENT where the unit or
 * the event is not there, -EINVAL where sysfs makes no sense. */
int perf_event_find(struct perf_event *out, const struct machine *m, const char *pmu,
	const char *event, struct error *err);

/*
 * The event that terms describe, "event=0x3c,umask=1,edge", by the unit's format/ (and `config=`,
 * `config1=`, `config2=`); scale 1, no unit. Returns as perf_event_find().
 */
int perf_event_parse(struct perf_event *out, const struct machine *m, const char *pmu,
	const char *terms, struct error *err);

/* "2.3283064365386962890625e-10" as 1/4294967296. Returns 0, -EINVAL, or -ERANGE where it does not
 * fit. */
int perf_scale_parse(struct perf_scale *out, const char *text);

/* count x scale x times, rounded down, saturating at INT64_MAX; times 1000000 makes Joules uJ. */
int64_t perf_scale_apply(const struct perf_scale *s, uint64_t count, uint32_t times);

enum perf_open_flags {
	PERF_OPEN_INHERIT = 1, /* children that are forked later count in */
	PERF_OPEN_ON_EXEC = 2, /* counts from the process's next exec on */
	PERF_OPEN_STOPPED = 4, /* counts after PERF_EVENT_IOC_ENABLE */
	PERF_OPEN_USER = 8,    /* user space alone: what paranoid 2 allows */
	PERF_OPEN_GROUP = 16,  /* PERF_FORMAT_GROUP: the leader's read gives the whole group */
};

/*
 * Open an event for a process (pid 0: the caller; -1: all) on a CPU (-1: any), in the group of
 * group_fd (-1: none), flags of enum perf_open_flags. Close-on-exec; times enabled and running are
 * always read with the value. Returns the descriptor or -errno.
 */
int perf_event_open_on(
	const struct perf_event *e, pid_t pid, int cpu, int group_fd, unsigned flags);

/* A counter and for how long it was meant to and did count; running < enabled: multiplexed. */
struct perf_reading {
	uint64_t value;
	uint64_t enabled_ns, running_ns;
};

/* Read one descriptor that was opened without PERF_OPEN_GROUP. Returns 0 or -errno (-EIO where the
 * event can count no more). */
int perf_event_read(int fd, struct perf_reading *out);

/*
 * Say in one line why opening failed with code (-errno), and what to do: which level of
 * kernel.perf_event_paranoid it needs (level: 2 own processes in user space, 1 with the kernel, 0
 * or below whole CPUs), or CAP_PERFMON, or that the kernel lacks it. what: "energy through perf".
 * Returns code.
 */
int perf_event_refused(
	struct error *why, const struct machine *m, int code, int level, const char *what);

#endif
