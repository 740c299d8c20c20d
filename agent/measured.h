/*
 * measured.h - what was measured of one run: metrics, flags and a note, gathered from many hands
 *
 * Sources, the energy meter, the guard and the containment each add to one of these; outcome.c
 * makes the RESULT of it. Names and units are static texts, or live as long as their source.
 */
#ifndef AGENT_MEASURED_H
#define AGENT_MEASURED_H

#include "proto/message.h"

#define MEASURED_METRICS 512
#define MEASURED_FLAGS   64 /* more than there are, so that none is lost */

struct measured {
	struct message_metric metrics[MEASURED_METRICS];
	size_t n;
	const char *flags[MEASURED_FLAGS]; /* each once */
	size_t flags_n;
	char note[2048]; /* for people: why something is missing; "" */
};

/* Empty it (its metrics are not wiped: n counts). */
void measured_reset(struct measured *m);
/* Add a number; ABSENT values are left out. What does not fit any more is left out, and flagged
 * "metrics_dropped". */
void measured_metric(struct measured *m, const char *name, const char *unit, int64_t value);
/* With a hard bound and a standard deviation; either may be ABSENT. */
void measured_bounded(struct measured *m, const char *name, const char *unit, int64_t value,
	int64_t uncertainty, int64_t deviation);
/* Add a flag unless it is there. */
void measured_flag(struct measured *m, const char *flag);
bool measured_has_flag(const struct measured *m, const char *flag);
/* Append a line to the note: its subject, a colon, what is to be told. A line of its own is cut at
 * 512 bytes; one that does not fit any more is left out. */
void measured_note(struct measured *m, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The metric with this name, or NULL. */
const struct message_metric *measured_find(const struct measured *m, const char *name);

#endif
