#include "coordinator/dispatch/until.h"

#include "coordinator/analysis/summary.h"
#include "coordinator/dispatch/groups.h"
#include <math.h>

#define LEVEL 0.95

void until_init(struct until_scope *u, const struct campaign *c, const struct plan *p,
	const uint32_t *configurations, const char *const *cannot, size_t n)
{
	*u = (struct until_scope){
		.campaign = c,
		.plan = p,
		.configurations = configurations,
		.cannot = cannot,
		.n = n,
		.tallies = xcalloc(n + 1, sizeof *u->tallies),
	};
}

void until_done(struct until_scope *u)
{
	for (size_t i = 0; u->tallies != NULL && i < u->n; i++)
		free(u->tallies[i].values);
	for (size_t i = 0; i < u->comparisons_n; i++) {
		free(u->comparisons[i].groups);
		free(u->comparisons[i].is_baseline);
	}
	free(u->comparisons);
	free(u->pairs);
	free(u->tallies);
	*u = (struct until_scope){0};
}

/* ---- values ---- */

void until_add_value(struct until_scope *u, size_t i, double value)
{
	struct tally *t = &u->tallies[i];

	if (isnan(value))
		return;
	if (t->values_n == t->room) {
		t->room = t->room ? 2 * t->room : 8;
		t->values = xreallocarray(t->values, t->room, sizeof *t->values);
	}
	t->values[t->values_n++] = value;
}

void until_take_value(struct until_scope *u, size_t i, double value)
{
	struct tally *t = &u->tallies[i];

	for (uint32_t k = 0; k < t->values_n; k++) {
		if (memcmp(&t->values[k], &value, sizeof value) != 0)
			continue;
		t->values[k] = t->values[--t->values_n];
		return;
	}
}

static bool cannot_run(const struct until_scope *u, size_t i)
{
	const struct tally *t = &u->tallies[i];

	return (u->cannot != NULL && u->cannot[i] != NULL) ||
	       (t->tried == 0 && t->skipped >= u->campaign->blocks);
}

bool until_is_enough(const struct until_scope *u, size_t i)
{
	struct tally *t = &u->tallies[i];
	double within = (double)u->campaign->until.within / 1e6;
	struct summary s;

	if (cannot_run(u, i))
		return true;
	summary_of(t->values, t->values_n, LEVEL, &s);
	return s.has_interval && (s.high - s.low) / 2 <= within * fabs(s.median);
}

/* ---- what holds configurations together ---- */

static const struct configuration *configuration_of(const struct until_scope *u, size_t i)
{
	return &u->plan->configurations[u->configurations ? u->configurations[i] : i];
}

static void add_comparison(struct until_scope *u, const struct comparison *c)
{
	struct until_comparison *out = &u->comparisons[u->comparisons_n++];
	const char *by = c->by;

	out->groups = groups_make(u->plan, u->configurations, u->n, &by, 1, &out->groups_n);
	out->is_baseline = xcalloc(u->n + 1, sizeof *out->is_baseline);
	for (size_t i = 0; i < u->n; i++) {
		const struct value *v = groups_value(configuration_of(u, i), by);

		out->is_baseline[i] = v != NULL && strcmp(v->text, c->baseline) == 0;
	}
}

static void make_groups(struct until_scope *u)
{
	const struct campaign *c = u->campaign;

	if (u->has_groups)
		return;
	u->has_groups = true;
	if (c->pair_n > 0)
		u->pairs = groups_make(u->plan, u->configurations, u->n,
			(const char *const *)c->pair, c->pair_n, &u->pairs_n);
	u->comparisons = xcalloc(c->comparisons_n + 1, sizeof *u->comparisons);
	for (size_t i = 0; i < c->comparisons_n; i++)
		if (c->comparisons[i].by != NULL && c->comparisons[i].baseline != NULL)
			add_comparison(u, &c->comparisons[i]);
}

/*
 * Open what is held open by an open member of its group: all of them, or its baselines alone.
 * Returns whether that changed anything.
 */
static bool hold_open(const struct until_scope *u, const size_t *groups, size_t groups_n,
	const bool *is_held, bool *open)
{
	_cleanup_free_ bool *is_open = xcalloc(groups_n + 1, sizeof *is_open);
	bool has_changed = false;

	for (size_t i = 0; i < u->n; i++)
		is_open[groups[i]] |= open[i];
	for (size_t i = 0; i < u->n; i++) {
		if (open[i] || !is_open[groups[i]] || (is_held != NULL && !is_held[i]) ||
			cannot_run(u, i))
			continue;
		open[i] = true;
		has_changed = true;
	}
	return has_changed;
}

size_t until_open(struct until_scope *u, bool *open)
{
	bool has_changed = true;
	size_t n = 0;

	make_groups(u);
	for (size_t i = 0; i < u->n; i++)
		open[i] = !until_is_enough(u, i);
	while (has_changed) {
		has_changed = u->pairs != NULL && hold_open(u, u->pairs, u->pairs_n, NULL, open);
		for (size_t i = 0; i < u->comparisons_n; i++) {
			const struct until_comparison *c = &u->comparisons[i];
			if (hold_open(u, c->groups, c->groups_n, c->is_baseline, open))
				has_changed = true;
		}
	}
	for (size_t i = 0; i < u->n; i++)
		n += open[i];
	return n;
}
