#include "coordinator/findings/timeline.h"
#include "coordinator/analysis/samples.h"
#include "coordinator/analysis/summary.h"
#include "proto/clock.h"
#include <math.h>

/* While chunks come in: values are readings, in units of the edges. */
struct reading {
	struct timeline *t;
	int64_t *times; /* ns */
	size_t allocated;
};

static size_t find_channel(const struct timeline *t, const char *name)
{
	size_t i = 0;

	while (i < t->channels_n && strcmp(t->channels[i].name, name) != 0)
		i++;
	return i;
}

const struct timeline_channel *timeline_channel(const struct timeline *t, const char *name)
{
	size_t i = find_channel(t, name);

	return i < t->channels_n ? &t->channels[i] : NULL;
}

static size_t add_channel(struct reading *r, const struct sample_channel *from)
{
	struct timeline *t = r->t;
	const struct unit *unit = unit_by_inner(from->unit);
	struct timeline_channel *c;

	t->channels = xreallocarray(t->channels, t->channels_n + 1, sizeof *t->channels);
	c = &t->channels[t->channels_n];
	*c = (struct timeline_channel){.name = xstrdup(from->name),
		.unit = unit == NULL ? "" : unit->outer,
		.is_counter = from->is_counter,
		.values = xcalloc(r->allocated + 1, sizeof *c->values)};
	for (size_t i = 0; i < r->allocated; i++)
		c->values[i] = NAN;
	return t->channels_n++;
}

static void make_room(struct reading *r, size_t more)
{
	struct timeline *t = r->t;
	size_t wanted = t->n + more;

	if (wanted <= r->allocated)
		return;
	wanted = wanted < 2 * r->allocated ? 2 * r->allocated : wanted;
	r->times = xreallocarray(r->times, wanted, sizeof *r->times);
	for (size_t c = 0; c < t->channels_n; c++) {
		double **values = &t->channels[c].values;
		*values = xreallocarray(*values, wanted, sizeof **values);
		for (size_t i = r->allocated; i < wanted; i++)
			(*values)[i] = NAN;
	}
	r->allocated = wanted;
}

static void add_samples(struct reading *r, const struct samples *s)
{
	make_room(r, s->n);
	for (size_t c = 0; c < s->channels_n; c++) {
		const struct unit *unit = unit_by_inner(s->channels[c].unit);
		double divisor = unit == NULL ? 1 : (double)unit->divisor;
		size_t at = find_channel(r->t, s->channels[c].name);
		if (at == r->t->channels_n)
			add_channel(r, &s->channels[c]);
		for (size_t i = 0; i < s->n; i++) {
			int64_t value = s->values[i * s->channels_n + c];
			if (value != ABSENT)
				r->t->channels[at].values[r->t->n + i] = (double)value / divisor;
		}
	}
	memcpy(r->times + r->t->n, s->times, s->n * sizeof *r->times);
	r->t->n += s->n;
}

static int read_chunks(struct reading *r, struct results *results, const char *label, int64_t run,
	struct error *err)
{
	struct results_cursor *cursor =
		results_cursor_open_after(results, "run_samples", label, run << 32);
	const struct message_cell *row;
	struct samples s;
	int code;

	while ((code = results_cursor_next(cursor, &row, err)) == 1) {
		const struct blob *data = &row[SAMPLES_DATA].blob;
		if (samples_decode(&s, data->data, data->len, err) < 0) {
			code = error_wrap(err, "run %lld, chunk %lld", (long long)run,
				(long long)row[SAMPLES_CHUNK].integer);
			break;
		}
		add_samples(r, &s);
		samples_done(&s);
	}
	results_cursor_close(cursor);
	return code;
}

/* Readings of a counter become rates; returns how often it fell. */
static size_t make_rates(struct timeline_channel *c, const double *seconds, size_t n)
{
	double before = NAN, at = NAN;
	size_t falls = 0;

	c->total = NAN;
	for (size_t i = 0; i < n; i++) {
		double now = c->values[i], step = seconds[i] - at;
		c->values[i] = NAN;
		if (isnan(now))
			continue;
		if (now < before) {
			falls++;
		} else if (step > 0) {
			c->values[i] = (now - before) / step;
			c->total = (isnan(c->total) ? 0 : c->total) + now - before;
			c->covered += step;
		} else if (!isnan(before)) {
			continue; /* twice at one instant */
		}
		before = now;
		at = seconds[i];
	}
	return falls;
}

int timeline_read(
	struct results *r, const char *label, int64_t run, struct timeline *out, struct error *err)
{
	struct reading reading = {.t = out};

	*out = (struct timeline){0};
	int code = read_chunks(&reading, r, label, run, err);
	out->seconds = xcalloc(out->n + 1, sizeof *out->seconds);
	for (size_t i = 0; i < out->n; i++)
		out->seconds[i] = (double)(reading.times[i] - reading.times[0]) / NS_PER_S;
	for (size_t c = 0; c < out->channels_n; c++) {
		if (out->channels[c].is_counter)
			out->falls += make_rates(&out->channels[c], out->seconds, out->n);
	}
	free(reading.times);
	return code;
}

void timeline_done(struct timeline *t)
{
	for (size_t c = 0; c < t->channels_n; c++) {
		free(t->channels[c].name);
		free(t->channels[c].values);
	}
	free(t->channels);
	free(t->seconds);
	*t = (struct timeline){0};
}

static bool is_one_of(const char *name, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(name, prefix, len) == 0 && name[len] != '\0' &&
	       name[len + strspn(name + len, "0123456789")] == '\0';
}

double *timeline_sum(const struct timeline *t, const char *prefix, size_t *n)
{
	double *sum = xcalloc(t->n + 1, sizeof *sum);

	*n = 0;
	for (size_t c = 0; c < t->channels_n; c++) {
		if (!is_one_of(t->channels[c].name, prefix))
			continue;
		for (size_t i = 0; i < t->n; i++)
			sum[i] += t->channels[c].values[i];
		++*n;
	}
	if (*n == 0) {
		free(sum);
		return NULL;
	}
	return sum;
}

int64_t typical_run(const struct gathered_cell *cell, size_t metric, double *off)
{
	const struct series *s = gathered_series(cell, metric);
	const struct summary all = gathered_summary(s, 0.95);
	size_t best = 0;

	if (s == NULL)
		return 0;
	for (size_t i = 1; i < s->n; i++) {
		if (fabs(s->values[i] - all.median) < fabs(s->values[best] - all.median))
			best = i;
	}
	if (off != NULL)
		*off = all.median > 0 ? s->values[best] / all.median - 1 : 0;
	return s->runs[best];
}
