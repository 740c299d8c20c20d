/*
 * energy_window.h - the insides of the meter and of a window, shared by the files
 * energy*.c of the meter alone
 */
#ifndef AGENT_SOURCES_ENERGY_WINDOW_H
#define AGENT_SOURCES_ENERGY_WINDOW_H

#include "agent/sources/counter.h"
#include "agent/sources/counter_instant.h"
#include "agent/sources/energy.h"
#include "agent/sources/energy_period.h"
#include "agent/sources/source.h"

#include <pthread.h>

struct energy_track {     /* the corrected counter of a zone in state ok */
	size_t zone;      /* index in zones */
	int64_t last_uj;  /* as read; -1 before the first reading */
	int64_t last_ns;  /* when that reading began */
	int64_t total_uj; /* since energy_open(), wraps taken out */
	unsigned wraps;
	unsigned faults[COUNTER_FAULTS];
	struct energy_period period; /* as measured at start; gap_ns grows where longer ones show */
	int64_t since_ns;            /* by then it had the value that it has: a reading's end */
	int64_t before_ns;           /* then it did not yet: a reading's begin */
	bool was_left; /* nobody has read it for a while: what passed meanwhile is no gap */
};

struct energy_meter {
	pthread_mutex_t
		lock; /* guards the tracks and windows; the rest is fixed after energy_open() */
	const struct source_ops *ops;
	void *state; /* of ops, owned */
	struct energy_zone *zones;
	size_t zones_n;
	struct energy_track *tracks;
	size_t n; /* tracks; 0 where nothing is measured */
	bool is_measuring;
	bool is_filtered; /* the machine blurs its counters on purpose, or is likely to */
	char *why_not;
	struct energy_choice *choices; /* one an energy source */
	size_t choices_n;
	char filter[160]; /* why is_filtered */
};

struct energy_window_zone {
	struct counter_trail head;       /* what was read around the start */
	struct counter_trail tail;       /* what was read last */
	unsigned wraps;                  /* the track's, at the start; the window's, at the end */
	unsigned faults[COUNTER_FAULTS]; /* the track's, at the start */
	enum counter_fault fault;
	bool is_begun; /* the first readings went well */
	bool is_open;  /* at the end: its next update is still awaited */
};

struct energy_window {
	struct energy_window_zone *zones; /* one a track */
	size_t n;
	int64_t suspended_ns; /* at the start */
	bool was_suspended;
};

/* Read one zone and carry its total on. Returns when the reading began and ended, and whether it
 * could be read. */
bool energy_read_track(
	struct energy_meter *e, struct energy_track *t, int64_t *begin_ns, int64_t *end_ns);

/* What is known of a track's counter, for the arithmetic of counter_instant.h. */
void energy_track_model(
	const struct energy_meter *e, const struct energy_track *t, struct counter_model *out);

#endif
