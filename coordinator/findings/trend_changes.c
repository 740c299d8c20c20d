/* Where the levels of a trend's series changed, and whether the machine explains it. */
#include "coordinator/analysis/change_points.h"
#include "coordinator/findings/trend_parts.h"
#include <gsl/gsl_cdf.h>
#include <math.h>

/* A series between two breaks. */
struct part {
	size_t series, from, to; /* points */
	double *logs;
	size_t *times;
};

struct parts {
	struct part *items;
	struct stretch *stretches; /* of the same number */
	size_t n;
};

static bool is_alike(const struct trend_series *a, const struct trend_series *b, bool with_host)
{
	return strcmp(a->metric, b->metric) == 0 && strcmp(a->unit, b->unit) == 0 &&
	       (!with_host || strcmp(a->host, b->host) == 0);
}

static void add_part(struct parts *all, const struct trend_series *s, const struct part *range,
	size_t group, size_t family)
{
	struct part part = *range;
	size_t n = part.to - part.from;
	double own = 0;

	part.logs = xcalloc(n + 1, sizeof *part.logs);
	part.times = xcalloc(n + 1, sizeof *part.times);
	for (size_t i = 0; i < n; i++) {
		const struct trend_point *point = &s->points[part.from + i];

		part.logs[i] = log(point->summary.median);
		part.times[i] = point->submission;
		own += point->spread * point->spread / (double)n;
	}
	all->items = xreallocarray(all->items, all->n + 1, sizeof *all->items);
	all->stretches = xreallocarray(all->stretches, all->n + 1, sizeof *all->stretches);
	all->items[all->n] = part;
	all->stretches[all->n++] = (struct stretch){.logs = part.logs,
		.times = part.times,
		.n = n,
		.own = own,
		.group = group,
		.family = family};
}

static void add_parts(
	struct parts *all, const struct trend *t, size_t series, size_t group, size_t family)
{
	const struct trend_series *s = &t->series[series];

	for (size_t from = 0, to; from < s->n && !s->is_mute; from = to) {
		to = from + 1;
		while (to < s->n && !s->points[to].is_break)
			to++;
		add_part(all, s, &(struct part){.series = series, .from = from, .to = to}, group,
			family);
	}
}

static void tell_changes(struct trend *t, const struct part *part, const struct stretch *found)
{
	struct trend_series *s = &t->series[part->series];

	s->changes =
		xreallocarray(s->changes, s->changes_n + found->changes_n + 1, sizeof *s->changes);
	for (size_t i = 0; i < found->changes_n; i++) {
		const struct change_point *c = &found->changes[i];
		bool is_up = c->ratio > 1;

		s->changes[s->changes_n++] = (struct trend_change){.point = part->from + c->at,
			.ratio = c->ratio,
			.low = c->low,
			.high = c->high,
			.p = c->p,
			.p_adjusted = c->p_adjusted,
			.is_better = s->better == (is_up ? BETTER_HIGHER : BETTER_LOWER),
			.is_worse = s->better == (is_up ? BETTER_LOWER : BETTER_HIGHER)};
	}
}

/* ---- canaries ---- */

/* The submissions of the levels on both sides of a change: [from, at) and [at, to). */
struct sides {
	size_t from, at, to;
};

static struct sides sides_of(const struct trend_series *s, size_t change)
{
	size_t point = s->changes[change].point, from = point, to = point + 1;
	size_t before = change == 0 ? 0 : s->changes[change - 1].point;
	size_t after = change + 1 == s->changes_n ? s->n : s->changes[change + 1].point;

	while (from > before && !s->points[from].is_break)
		from--;
	while (to < after && !s->points[to].is_break)
		to++;
	return (struct sides){.from = s->points[from].submission,
		.at = s->points[point].submission,
		.to = s->points[to - 1].submission + 1};
}

/* What a canary did at a change. */
struct moved {
	double change, half, p; /* in logs; p 1: it cannot be said */
};

static struct moved moved_of(
	const struct part *part, const struct stretch *st, const struct sides *sides, double alpha)
{
	double sum[2] = {0};
	size_t n[2] = {0};
	struct moved m = {.p = 1};

	for (size_t i = 0; i < st->n; i++) {
		size_t time = part->times[i];
		bool is_after = time >= sides->at;

		if (time < sides->from || time >= sides->to)
			continue;
		sum[is_after] += part->logs[i];
		n[is_after]++;
	}
	if (n[0] == 0 || n[1] == 0 || st->df < 1)
		return m;
	double se = sqrt(st->variance * (1 / (double)n[0] + 1 / (double)n[1]));
	m.change = sum[1] / (double)n[1] - sum[0] / (double)n[0];
	m.half = gsl_cdf_tdist_Qinv(alpha / 2, st->df) * se;
	m.p = 2 * gsl_cdf_tdist_Q(fabs(m.change) / se, st->df);
	return m;
}

/* A metric of which more is better moves the other way than one of which less is. */
static double sign_of(const struct trend_series *s)
{
	return s->better == BETTER_HIGHER ? -1 : 1;
}

/* Whether a canary's metric speaks of a series: the same one, else the time that it took. */
static bool speaks_of(
	const struct trend *t, const struct trend_series *canary, const struct trend_series *s)
{
	bool has_same = false;

	for (size_t i = 0; i < t->series_n; i++)
		has_same |= t->series[i].is_canary && is_alike(&t->series[i], s, true);
	return canary->is_canary && strcmp(canary->host, s->host) == 0 &&
	       (has_same ? is_alike(canary, s, true) : strcmp(canary->metric, "time") == 0);
}

/* The machine is said to explain a change where a canary moved the same way, by at least half of
 * it, or by as much as their intervals can tell. */
static bool explains(const struct moved *m, double sign, const struct trend_change *c)
{
	double change = log(c->ratio), half = log(c->high) - change;

	return sign * m->change * change > 0 &&
	       (fabs(m->change) >= fabs(change) / 2 ||
		       fabs(sign * m->change - change) <= hypot(half, m->half));
}

static void ask_canary(struct trend_series *s, const struct trend_series *canary,
	const struct part *part, const struct stretch *st, double alpha)
{
	for (size_t i = 0; i < s->changes_n; i++) {
		struct trend_change *c = &s->changes[i];
		struct sides sides = sides_of(s, i);
		struct moved m = moved_of(part, st, &sides, alpha);

		if (!(m.p <= alpha))
			continue;
		c->is_machine |= explains(&m, sign_of(canary) * sign_of(s), c);
		if (c->canary != NULL && fabs(log(c->canary_ratio)) >= fabs(m.change))
			continue;
		c->canary = canary;
		c->canary_ratio = exp(m.change);
		c->canary_low = exp(m.change - m.half);
		c->canary_high = exp(m.change + m.half);
	}
}

static void ask_canaries(struct trend *t, const struct parts *all)
{
	for (size_t i = 0; i < t->series_n; i++) {
		struct trend_series *s = &t->series[i];

		for (size_t k = 0; k < all->n && s->changes_n > 0 && !s->is_canary; k++) {
			const struct trend_series *canary = &t->series[all->items[k].series];

			if (canary->is_canary && speaks_of(t, canary, s))
				ask_canary(s, canary, &all->items[k], &all->stretches[k], t->alpha);
		}
	}
}

void trend_find_changes(struct trend *t)
{
	struct parts all = {0};
	size_t group = 0, family = 0;

	for (size_t i = 0; i < t->series_n; i++) { /* series that are alike stand together */
		group += i > 0 && !is_alike(&t->series[i - 1], &t->series[i], true);
		family += i > 0 && !is_alike(&t->series[i - 1], &t->series[i], false);
		add_parts(&all, t, i, group, family);
	}
	change_points_find(all.stretches, all.n, t->threshold, t->alpha);
	for (size_t i = 0; i < all.n; i++)
		tell_changes(t, &all.items[i], &all.stretches[i]);
	ask_canaries(t, &all);
	change_points_done(all.stretches, all.n);
	for (size_t i = 0; i < all.n; i++) {
		free(all.items[i].logs);
		free(all.items[i].times);
	}
	free(all.items);
	free(all.stretches);
}
