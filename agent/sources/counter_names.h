/*
 * counter_names.h - what the names in `measure.counters` mean on this machine
 *
 * Three kinds of names, tried in this order:
 *   cpu/event=0xc0,umask=1/    a PMU and what it counts: a name in its events/, or terms of its
 *                              format/
 *   instructions, page-faults  the kernel's generic names, as perf(1) has them
 *   topdown-slots, INST_RETIRED.ANY_P, skl::CYCLES_NO_EXECUTE
 *                              a name in events/ of the machine's core PMU; else one that libpfm4
 *                              knows
 * With `:u` behind it, events are counted in user mode, with `:uk` in the kernel, too. Without,
 * what the processor counts is counted in user mode alone, whatever the agent may, so that numbers
 * of two machines mean the same; what the kernel counts (software events) everywhere.
 *
 * On a machine with several kinds of cores a name stands for one event on each: NAME.cpu_core,
 * NAME.cpu_atom. They count different things and are never added. Source: Linux
 * tools/perf/Documentation/intel-hybrid.txt.
 */
#ifndef AGENT_SOURCES_COUNTER_NAMES_H
#define AGENT_SOURCES_COUNTER_NAMES_H

#include "agent/sources/perf_event.h"

#define COUNTER_KINDS 3 /* cpu_core, cpu_atom, cpu_lowpower */

struct counter_event {
	struct perf_event event;
	char metric[64];   /* "instructions", "cache_misses.cpu_core" */
	const char *unit;  /* inner unit: "1", "ns" of a clock */
	bool is_user;      /* in user mode alone */
	bool needs_kernel; /* it happens in the kernel: would always be 0 in user mode */
	bool is_one_kind;  /* counts only while the run is on one of several kinds of cores */
};

/*
 * The events of a name. Returns how many, each kind of core one; or negative with the reason:
 * -ENOENT where the name is not known here, -EINVAL where it makes no sense, -EOPNOTSUPP where it
 * cannot be counted for one run.
 */
int counter_names_find(struct counter_event out[COUNTER_KINDS], const struct machine *m,
	const char *name, struct error *why);

/* The metric of a name: lower case; '/' between the parts becomes '.', what is neither a letter, a
 * digit nor a dot '_'. "INST_RETIRED.ANY" -> "inst_retired.any", "cpu/event=0xc0/" ->
 * "cpu.event_0xc0". */
void counter_names_metric(char out[64], const char *name);

#endif
