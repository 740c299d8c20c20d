/*
 * tune_settings.h - which files a setting of `tune` is, and what is written there
 *
 *   governor, epp       cpuN/cpufreq/scaling_governor, energy_performance_preference, all CPUs
 *   turbo               intel_pstate/no_turbo (the other way round), or cpufreq/boost
 *   frequency.min, max  cpuN/cpufreq/scaling_min_freq, scaling_max_freq, in kHz
 *   uncore              intel_uncore_frequency: min and max alike, in kHz
 *   power_limit         the long-term limit of each powercap package zone, in uW, and `enabled`
 *
 * Source: Linux
 * Documentation/admin-guide/pm/{cpufreq,intel_pstate,intel_uncore_frequency_scaling}.rst and
 * Documentation/power/powercap/powercap.rst.
 */
#ifndef AGENT_TUNE_SETTINGS_H
#define AGENT_TUNE_SETTINGS_H

#include "agent/machine.h"
#include "agent/topology.h"
#include "proto/error.h"
#include "proto/message.h"

struct tune_entry { /* one file; all owned */
	char *path; /* below the root */
	char *wanted;
	char *found;       /* NULL: not read yet */
	int64_t tolerance; /* a number that is read back may be off by this much */
};

struct tune_entries {
	struct tune_entry *items; /* owned */
	size_t n;
};

/* Append the files of a setting. Returns 0, or negative where the key is none, the value is none
 * for it, or this machine has no such files. */
int tune_collect(struct tune_entries *list, const struct machine *m, const struct topology *t,
	const struct message_pair *setting, struct error *err);
/* Append one file as a journal names it. Returns whether a setting has such a file. */
bool tune_take_journalled(struct tune_entries *list, const char *path, const char *found);
void tune_entries_done(struct tune_entries *list);

bool tune_knows(const char *key);
/* What to say of a write that the kernel answered so, "Invalid argument; it has: ..." */
void tune_explain(const struct machine *m, const struct tune_entry *e, int code, struct buf *out);

#endif
