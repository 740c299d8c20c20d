/* Which cells are compared with which: along an axis, along hosts, between submissions. */
#include "coordinator/findings/comparison_parts.h"

#include "coordinator/campaign/host_fields.h"
#include "coordinator/findings/counterparts.h"
#include "coordinator/findings/host_text.h"

static void add_pair(struct maker *m, const struct compared_cells *pair)
{
	/* Room grows by doubling: there are as many as cells. */
	if ((m->pairs_n & (m->pairs_n - 1)) == 0)
		m->pairs = xreallocarray(
			m->pairs, m->pairs_n == 0 ? 1 : 2 * m->pairs_n, sizeof *m->pairs);
	m->pairs[m->pairs_n++] = *pair;
}

/* "nbody threads=24 has no gil on lab03"; skip is an axis that is not named, or NULL. */
static void add_missing(struct maker *m, const struct gathered_configuration *of, const char *skip,
	const char *value, const char *host)
{
	_cleanup_buf_ struct buf text = BUF_INIT;

	buf_addf(&text, "%s ", of->benchmark);
	parameters_format(&of->parameters, &skip, skip == NULL ? 0 : 1, &text);
	buf_addf(
		&text, "%shas no %s on %s", text.data[text.len - 1] == ' ' ? "" : " ", value, host);
	comparison_add_missing(m->out, buf_take(&text));
}

static bool has_runs(const struct gathered *g, size_t lane, size_t configuration)
{
	return gathered_cell(g, lane, configuration)->done > 0;
}

/* ---- along an axis ---- */

static void pair_on_hosts(struct maker *m, size_t c, const char *value, int other)
{
	const struct gathered *g = m->contender;
	const struct gathered_configuration *of = &g->configurations[c];

	for (size_t lane = 0; lane < g->lanes_n; lane++) {
		bool is_here = has_runs(g, lane, c);
		bool is_there = other >= 0 && has_runs(g, lane, (size_t)other);

		if (is_here && is_there)
			add_pair(m, &(struct compared_cells){
					    c, lane, (size_t)other, lane, value, m->q->baseline});
		else if (is_here || is_there)
			add_missing(m, of, m->q->by, is_here ? m->q->baseline : value,
				g->lanes[lane].host);
	}
}

static int along_axis(struct maker *m, struct error *err)
{
	const struct gathered *g = m->contender;

	if (counterparts_check(g, m->q->by, m->q->baseline, err) < 0)
		return ERR_USAGE;
	struct counterparts *index = counterparts_new(g, m->q->by, m->q->baseline);
	for (size_t c = 0; c < g->configurations_n; c++) {
		const char *value = parameters_get(&g->configurations[c].parameters, m->q->by);

		if (value != NULL && strcmp(value, m->q->baseline) != 0)
			pair_on_hosts(m, c, value, counterparts_find(index, &g->configurations[c]));
	}
	counterparts_free(index);
	return 0;
}

/* ---- along hosts ---- */

/* Whether some host has the baseline's value; err says which values there are. */
static int check_hosts(const struct maker *m, const char *const *values, struct error *err)
{
	const char *by = m->q->by, *baseline = m->q->baseline, *nearest;
	char hint[96] = "";
	bool is_known = false;

	for (size_t lane = 0; lane < m->contender->lanes_n; lane++) {
		is_known |= values[lane] != NULL;
		if (values[lane] != NULL && strcmp(values[lane], baseline) == 0)
			return 0;
	}
	if (is_known) {
		nearest = nearest_word(baseline, values, m->contender->lanes_n);
		return error_set(err, ERR_USAGE, "compare: no host of %s has the %s '%s'%s%s%s",
			m->contender->label, by, baseline, nearest ? "; did you mean '" : "",
			nearest ? nearest : "", nearest ? "'?" : "");
	}
	if (!host_field_is_known(by))
		host_field_nearest(hint, by);
	return error_set(err, ERR_USAGE, "compare: no host of %s tells its %s%s",
		m->contender->label, by, hint);
}

static void pair_hosts(struct maker *m, size_t c, size_t lane, const char *const *values)
{
	const struct gathered *g = m->contender;
	bool is_compared = false;

	for (size_t other = 0; other < g->lanes_n; other++) {
		if (values[other] == NULL || strcmp(values[other], m->q->baseline) != 0 ||
			!has_runs(g, other, c))
			continue;
		add_pair(m,
			&(struct compared_cells){c, lane, c, other, values[lane], m->q->baseline});
		is_compared = true;
	}
	if (!is_compared)
		add_missing(m, &g->configurations[c], NULL, "runs", m->q->baseline);
}

static int along_hosts(struct maker *m, struct error *err)
{
	const struct gathered *g = m->contender;
	const char **values = xcalloc(g->lanes_n + 1, sizeof *values);

	for (size_t lane = 0; lane < g->lanes_n; lane++) {
		char *value = host_value(g->lanes[lane].host, m->machines[lane], m->q->by);

		values[lane] = value == NULL ? NULL : comparison_keep(m->out, value);
		if (value == NULL)
			comparison_add_missing(m->out, xasprintf("%s does not tell its %s",
							       g->lanes[lane].host, m->q->by));
	}
	int rc = check_hosts(m, values, err);
	for (size_t c = 0; c < g->configurations_n && rc == 0; c++)
		for (size_t lane = 0; lane < g->lanes_n; lane++)
			if (values[lane] != NULL && has_runs(g, lane, c) &&
				strcmp(values[lane], m->q->baseline) != 0)
				pair_hosts(m, c, lane, values);
	free(values);
	return rc;
}

/* ---- between submissions ---- */

static int find_lane(const struct gathered *g, const char *host)
{
	for (size_t lane = 0; lane < g->lanes_n; lane++)
		if (strcmp(g->lanes[lane].host, host) == 0)
			return (int)lane;
	return -1;
}

/* Each cell of g that has runs and no counterpart with runs in the other submission; where pairs
 * are wanted, those that have one. */
static void pair_submission(
	struct maker *m, const struct gathered *g, const struct gathered *with, bool wants_pairs)
{
	struct counterparts *index = counterparts_new(with, NULL, NULL);
	int *lanes = xcalloc(g->lanes_n + 1, sizeof *lanes);

	for (size_t lane = 0; lane < g->lanes_n; lane++)
		lanes[lane] = find_lane(with, g->lanes[lane].host);
	for (size_t c = 0; c < g->configurations_n; c++) {
		int other = counterparts_find(index, &g->configurations[c]);

		for (size_t lane = 0; lane < g->lanes_n; lane++) {
			if (!has_runs(g, lane, c))
				continue;
			if (other < 0 || lanes[lane] < 0 ||
				!has_runs(with, (size_t)lanes[lane], (size_t)other))
				add_missing(m, &g->configurations[c], NULL, with->label,
					g->lanes[lane].host);
			else if (wants_pairs)
				add_pair(m, &(struct compared_cells){c, lane, (size_t)other,
						    (size_t)lanes[lane], g->label, with->label});
		}
	}
	free(lanes);
	counterparts_free(index);
}

int comparison_pair(struct maker *m, struct error *err)
{
	switch (m->q->kind) {
	case BY_AXIS:
		return along_axis(m, err);
	case BY_HOST:
		return along_hosts(m, err);
	case BY_SUBMISSION:
		pair_submission(m, m->contender, m->baseline, true);
		pair_submission(m, m->baseline, m->contender, false);
		return 0;
	case BY_HISTORY:
		break; /* history_compare() answers it */
	}
	return 0;
}
