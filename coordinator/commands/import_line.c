/* One run as `export --what runs --format ndjson` writes it. */
#include "coordinator/commands/import_run.h"
#include "proto/clock.h"
#include <math.h>

enum {
	KEY_CAMPAIGN,
	KEY_RUN,
	KEY_BLOCK,
	KEY_HOST,
	KEY_BENCHMARK,
	KEY_PARAMETERS,
	KEY_STATE,
	KEY_ATTEMPT,
	KEY_STARTED_AT,
	KEY_EXIT_CODE,
	KEY_SIGNAL,
	KEY_METRICS,
	KEY_UNITS,
	KEY_UNCERTAINTY,
	KEY_DEVIATION,
	KEY_TEXTS,
	KEY_SERIES,
	KEY_FLAGS,
	KEYS
};

static const char *const keys[KEYS] = {"campaign", "run", "block", "host", "benchmark",
	"parameters", "state", "attempt", "started_at", "exit_code", "signal", "metrics", "units",
	"uncertainty", "deviation", "texts", "series", "flags"};

/* A line: where the value of each key stands. */
struct line {
	struct reading *in;
	const char *values[KEYS]; /* NULL: not there */
	struct import_run *run;
	size_t allocated;
	size_t hint; /* the objects have the metrics in one order: where the last one was */
};

static int find_values(struct line *l)
{
	struct reading *in = l->in;
	const char *name, *at;
	bool is_first = true;
	int rc = reading_enter(in, '{', "an object, one a line");

	while (rc == 0 && (rc = reading_member(in, &is_first, &name)) == 1) {
		size_t key = 0;

		while (key < KEYS && strcmp(keys[key], name) != 0)
			key++;
		if (key == KEYS) {
			const char *nearest = nearest_word(name, keys, KEYS);
			return reading_fail(in, in->at, "a run has no '%s'%s%s%s", name,
				nearest ? "; did you mean '" : "", nearest ? nearest : "",
				nearest ? "'?" : "");
		}
		if (l->values[key] != NULL)
			return reading_fail(in, in->at, "'%s' a second time", name);
		rc = reading_skip(in, &at);
		l->values[key] = at;
	}
	return rc < 0 ? rc : reading_finish(in);
}

/* Whether the key has a value that is not null; the reader stands at it then. */
static bool go(struct line *l, int key)
{
	if (l->values[key] == NULL)
		return false;
	l->in->at = l->values[key];
	return !reading_null(l->in);
}

static int take_text(struct line *l, int key, const char **out)
{
	return go(l, key) ? reading_text(l->in, out) : 0;
}

static int take_integer(struct line *l, int key, int64_t least, int64_t most, int64_t *out)
{
	const char *token;
	bool is_exact;
	int rc = 0;

	if (go(l, key) && (rc = reading_number(l->in, &token)) == 0 &&
		(!import_scaled(token, 1, out, &is_exact) || !is_exact || *out < least ||
			*out > most))
		rc = reading_fail(l->in, l->values[key],
			"%s: expected a whole number from %lld to %lld", keys[key],
			(long long)least, (long long)most);
	return rc;
}

static int take_state(struct line *l)
{
	static const char *const states[] = {RUN_DONE, RUN_FAILED, RUN_TIMEOUT, RUN_SKIPPED,
		RUN_CANCELLED, RUN_QUEUED, RUN_ASSIGNED, RUN_RUNNING};
	int rc = take_text(l, KEY_STATE, &l->run->state);

	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(states); i++)
		if (strcmp(states[i], l->run->state) == 0)
			return 0;
	return rc < 0 ? rc
		      : reading_fail(l->in, l->values[KEY_STATE],
				"state: expected done, failed, timeout, skipped or cancelled");
}

static int take_started_at(struct line *l)
{
	const char *text = NULL;
	int rc = take_text(l, KEY_STARTED_AT, &text);

	if (rc == 0 && text != NULL && (l->run->started_at = clock_parse_rfc3339(text)) == ABSENT)
		rc = reading_fail(l->in, l->values[KEY_STARTED_AT],
			"started_at: expected a time such as 2026-05-01T12:30:00Z");
	return rc;
}

static int take_parameters(struct line *l)
{
	if (!go(l, KEY_PARAMETERS))
		return 0;
	if (*l->in->at != '{')
		return reading_fail(l->in, l->in->at, "parameters: expected an object");
	return reading_raw(l->in, &l->run->parameters);
}

static int take_fixed(struct line *l)
{
	struct import_run *r = l->run;
	int rc = take_text(l, KEY_CAMPAIGN, &r->campaign);

	if (rc == 0)
		rc = take_integer(l, KEY_RUN, 1, (1 << 24) - 1, &r->run);
	if (rc == 0)
		rc = take_integer(l, KEY_BLOCK, 0, INT32_MAX, &r->block);
	if (rc == 0)
		rc = take_text(l, KEY_HOST, &r->host);
	if (rc == 0)
		rc = take_text(l, KEY_BENCHMARK, &r->benchmark);
	if (rc == 0)
		rc = take_parameters(l);
	if (rc == 0)
		rc = take_state(l);
	if (rc == 0)
		rc = take_integer(l, KEY_ATTEMPT, 0, INT32_MAX, &r->attempt);
	if (rc == 0)
		rc = take_started_at(l);
	if (rc == 0)
		rc = take_integer(l, KEY_EXIT_CODE, 0, 255, &r->exit_code);
	if (rc == 0)
		rc = take_integer(l, KEY_SIGNAL, 1, 128, &r->signal);
	return rc;
}

/* ---- metrics ---- */

static struct import_metric *add_metric(struct line *l, const char *name)
{
	struct import_run *r = l->run;

	if (r->metrics_n == l->allocated) {
		size_t room = l->allocated == 0 ? 32 : 2 * l->allocated;
		struct import_metric *more = arena_array(l->in->arena, room, sizeof *more);

		if (r->metrics_n > 0)
			memcpy(more, r->metrics, r->metrics_n * sizeof *more);
		r->metrics = more;
		l->allocated = room;
	}
	r->metrics[r->metrics_n] = (struct import_metric){.name = name};
	return &r->metrics[r->metrics_n++];
}

static struct import_metric *find_metric(struct line *l, const char *name)
{
	struct import_run *r = l->run;

	for (size_t i = 0; i < r->metrics_n; i++) {
		size_t at = (l->hint + i) % r->metrics_n;

		if (strcmp(r->metrics[at].name, name) == 0) {
			l->hint = at + 1;
			return &r->metrics[at];
		}
	}
	return NULL;
}

static int no_metric(struct line *l, int key, const char *name)
{
	return reading_fail(l->in, l->in->at, "%s: the run has no metric '%s'", keys[key], name);
}

/* Values that are not there (null) are not measured. */
static int take_metrics(struct line *l)
{
	const char *name, *number;
	bool is_first = true;
	int rc;

	if (!go(l, KEY_METRICS))
		return 0;
	rc = reading_enter(l->in, '{', "an object of metrics");
	while (rc == 0 && (rc = reading_member(l->in, &is_first, &name)) == 1) {
		rc = 0;
		if (reading_null(l->in))
			continue;
		if (find_metric(l, name) != NULL)
			return reading_fail(l->in, l->in->at, "metric '%s' a second time", name);
		const char *at = l->in->at;
		rc = reading_number(l->in, &number);
		if (rc == 0 && !isfinite(strtod(number, NULL)))
			rc = reading_fail(l->in, at, "%s is too large", name);
		if (rc == 0)
			add_metric(l, name)->number = number;
	}
	return rc;
}

static int take_units(struct line *l)
{
	struct import_metric *m;
	const char *name, *unit;
	bool is_first = true;
	int rc;

	if (!go(l, KEY_UNITS))
		return 0;
	rc = reading_enter(l->in, '{', "an object of units");
	while (rc == 0 && (rc = reading_member(l->in, &is_first, &name)) == 1) {
		rc = reading_text(l->in, &unit);
		/* The unit of a metric that this run does not have tells nothing. */
		if (rc == 0 && (m = find_metric(l, name)) != NULL)
			m->unit = unit;
	}
	return rc;
}

/* Of uncertainty or deviation; *order are the metrics that have it. */
static int take_bounds(struct line *l, int key, size_t **order, size_t *n)
{
	struct import_metric *m;
	const char *name, *number;
	bool is_first = true;
	int rc;

	if (!go(l, key))
		return 0;
	*order = arena_array(l->in->arena, l->run->metrics_n + 1, sizeof **order);
	rc = reading_enter(l->in, '{', "an object of numbers");
	while (rc == 0 && (rc = reading_member(l->in, &is_first, &name)) == 1) {
		const char *at = l->in->at;

		if ((m = find_metric(l, name)) == NULL)
			return no_metric(l, key, name);
		rc = reading_number(l->in, &number);
		if (rc == 0 && (number[0] == '-' || !isfinite(strtod(number, NULL))))
			rc = reading_fail(l->in, at, "%s: expected a number from 0", keys[key]);
		if (rc < 0)
			break;
		const char **to = key == KEY_UNCERTAINTY ? &m->uncertainty : &m->deviation;
		if (*to != NULL)
			return reading_fail(l->in, at, "%s of '%s' a second time", keys[key], name);
		*to = number;
		(*order)[(*n)++] = (size_t)(m - l->run->metrics);
	}
	return rc;
}

static int take_texts(struct line *l)
{
	const char *name, *text;
	bool is_first = true;
	int rc;

	if (!go(l, KEY_TEXTS))
		return 0;
	rc = reading_enter(l->in, '{', "an object of texts");
	while (rc == 0 && (rc = reading_member(l->in, &is_first, &name)) == 1) {
		if (find_metric(l, name) != NULL)
			return reading_fail(l->in, l->in->at, "metric '%s' a second time", name);
		rc = reading_text(l->in, &text);
		if (rc == 0)
			add_metric(l, name)->text = text;
	}
	return rc;
}

static int take_values(struct line *l, struct import_metric *m)
{
	double *values = NULL;
	size_t room = 0, n = 0;
	const char *number;
	bool is_first = true;
	int rc = reading_enter(l->in, '[', "an array of numbers");

	while (rc == 0 && (rc = reading_item(l->in, &is_first)) == 1) {
		if (n == room) {
			double *more =
				arena_array(l->in->arena, room = 2 * room + 16, sizeof *more);
			if (n > 0)
				memcpy(more, values, n * sizeof *more);
			values = more;
		}
		const char *at = l->in->at;
		rc = reading_number(l->in, &number);
		if (rc < 0)
			break;
		values[n] = strtod(number, NULL);
		if (!isfinite(values[n++]))
			return reading_fail(l->in, at, "a number that is too large");
	}
	m->series = values;
	m->series_n = n;
	return rc;
}

static int take_series(struct line *l)
{
	struct import_metric *m;
	const char *name;
	bool is_first = true;
	int rc;

	if (!go(l, KEY_SERIES))
		return 0;
	rc = reading_enter(l->in, '{', "an object of arrays");
	while (rc == 0 && (rc = reading_member(l->in, &is_first, &name)) == 1) {
		m = find_metric(l, name);
		rc = m == NULL || m->number == NULL ? no_metric(l, KEY_SERIES, name)
						    : take_values(l, m);
	}
	return rc;
}

static int take_flags(struct line *l)
{
	struct import_run *r = l->run;
	size_t room = 0;
	bool is_first = true;
	int rc;

	if (!go(l, KEY_FLAGS))
		return 0;
	rc = reading_enter(l->in, '[', "an array of flags");
	while (rc == 0 && (rc = reading_item(l->in, &is_first)) == 1) {
		if (r->flags_n == room) {
			const char **more =
				arena_array(l->in->arena, room = 2 * room + 8, sizeof *more);
			if (r->flags_n > 0)
				memcpy(more, r->flags, r->flags_n * sizeof *more);
			r->flags = more;
		}
		rc = reading_text(l->in, &r->flags[r->flags_n]);
		r->flags_n += rc == 0;
	}
	return rc;
}

int import_line(struct reading *in, struct import_run *out)
{
	struct line l = {.in = in, .run = out};
	int rc;

	*out = import_run_empty();
	rc = find_values(&l);
	if (rc == 0)
		rc = take_fixed(&l);
	if (rc == 0)
		rc = take_metrics(&l);
	if (rc == 0)
		rc = take_units(&l);
	if (rc == 0)
		rc = take_bounds(&l, KEY_UNCERTAINTY, &out->bounded, &out->bounded_n);
	if (rc == 0)
		rc = take_bounds(&l, KEY_DEVIATION, &out->deviated, &out->deviated_n);
	if (rc == 0)
		rc = take_series(&l);
	if (rc == 0)
		rc = take_texts(&l);
	return rc < 0 ? rc : take_flags(&l);
}
