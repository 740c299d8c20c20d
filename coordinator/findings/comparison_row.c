/* One row of a comparison: which values, their ratio, and what must be said of it. */
#include "coordinator/findings/comparison_parts.h"

#include "coordinator/findings/host_text.h"
#include "coordinator/findings/machines.h"
#include "coordinator/findings/normalise.h"
#include "coordinator/findings/series.h"
#include <math.h>

/* Work is the same where it differs by no more than the rounding of what it is computed from. */
#define SAME_WORK 1e-6

void compared_add_flag(struct compared *row, const char *flag)
{
	for (size_t i = 0; i < row->flags_n; i++)
		if (strcmp(row->flags[i], flag) == 0)
			return;
	row->flags = xreallocarray(row->flags, row->flags_n + 1, sizeof *row->flags);
	row->flags[row->flags_n++] = flag;
}

void compared_add_usual_flags(struct compared *row, const struct gathered_cell *contender,
	const struct gathered_cell *baseline)
{
	const struct gathered_cell *both[] = {contender, baseline};

	if (!row->ratio.is_paired)
		compared_add_flag(row, "unpaired");
	if (row->outliers > 0)
		compared_add_flag(row, "outliers");
	for (int k = 0; k < 2; k++)
		for (size_t i = 0; both[k] != NULL && i < both[k]->flags.n; i++)
			compared_add_flag(row, both[k]->flags.items[i].text);
}

/* ---- which values ---- */

/* Whether all runs of both sides did the same work: a metric over itself per work is the work. */
static bool is_same_work(const struct series *a, const struct series *a_per_work,
	const struct series *b, const struct series *b_per_work)
{
	struct series work[] = {series_combine(a, a_per_work, SERIES_OVER),
		series_combine(b, b_per_work, SERIES_OVER)};
	double first = work[0].n > 0 ? work[0].values[0] : NAN;
	bool is_same = true;

	for (int k = 0; k < 2; k++) {
		for (size_t i = 0; i < work[k].n; i++)
			is_same &= !(fabs(work[k].values[i] - first) > SAME_WORK * fabs(first));
		series_done(&work[k]);
	}
	return is_same;
}

/* The metric at hand as the contender's configuration has it, which may be the only one to. */
static const struct gathered_metric *as_compared(
	const struct maker *m, const struct compared_cells *pair)
{
	return m->of_contender < m->contender->metrics_n
		       ? gathered_metric_as(m->contender, m->of_contender, pair->configuration)
		       : gathered_metric_as(m->baseline, m->of_baseline, pair->other);
}

static void choose_work(
	struct maker *m, const struct compared_cells *pair, struct compared_series *s)
{
	const struct series *a = gathered_series(
		gathered_cell(m->contender, pair->lane, pair->configuration), m->per_work);
	const struct series *b = gathered_series(
		gathered_cell(m->baseline, pair->other_lane, pair->other), m->other_per_work);

	if (a == NULL || b == NULL || is_same_work(s->a, a, s->b, b))
		return;
	s->a = a;
	s->b = b;
	s->is_per_work = true;
	s->name = m->contender->metrics[m->per_work].name;
	s->unit = gathered_metric_as(m->contender, m->per_work, pair->configuration)->unit;
}

static void normalise(struct maker *m, const struct compared_cells *pair, struct compared_series *s)
{
	const char *per = normalised_names[m->q->per - PER_CORE];

	s->own[0] = normalised_series(
		m->q->per, m->contender, pair->lane, pair->configuration, s->a, s->unit);
	s->own[1] = normalised_series(
		m->q->per, m->baseline, pair->other_lane, pair->other, s->b, s->unit);
	s->a = s->own[0].n > 0 ? &s->own[0] : NULL;
	s->b = s->own[1].n > 0 ? &s->own[1] : NULL;
	s->name = comparison_keep(m->out, xasprintf("%s.per_%s", s->name, per));
	s->unit = comparison_keep(m->out, normalised_unit(m->q->per, s->unit));
}

void compared_series_open(
	struct maker *m, const struct compared_cells *pair, struct compared_series *s)
{
	*s = (struct compared_series){
		.name = m->q->metrics[m->metric], .unit = as_compared(m, pair)->unit};
	s->a = gathered_series(
		gathered_cell(m->contender, pair->lane, pair->configuration), m->of_contender);
	s->b = gathered_series(
		gathered_cell(m->baseline, pair->other_lane, pair->other), m->of_baseline);
	if (s->a == NULL || s->b == NULL)
		return;
	choose_work(m, pair, s);
	if (m->q->per != PER_NOTHING && normalise_fits(m->q->per, s->unit))
		normalise(m, pair, s);
	else if (m->q->per != PER_NOTHING)
		s->a = s->b = NULL;
}

void compared_series_done(struct compared_series *s)
{
	series_done(&s->own[0]);
	series_done(&s->own[1]);
}

/* ---- what is not compared ---- */

/* Why two machines' metric must not be compared, or "". Looked at once for each two of them. */
static const char *unlike(struct maker *m, const struct compared_cells *pair)
{
	const char **known = &m->unlike[pair->lane * m->baseline->lanes_n + pair->other_lane];
	const char *host = m->contender->lanes[pair->lane].host;
	const char *other = m->baseline->lanes[pair->other_lane].host;
	char *why;

	if (*known != NULL)
		return *known;
	*known = "";
	if (m->q->kind == BY_AXIS)
		return *known;
	why = machine_unlike(m->q->metrics[m->metric], host, m->machines[pair->lane], other,
		m->other_machines[pair->other_lane]);
	if (why == NULL)
		return *known;
	comparison_add_refused(m->out, xasprintf("%s: %s", m->q->metrics[m->metric], why));
	return *known = comparison_keep(m->out, why);
}

/* Why a machine has no energy, "" where nobody knows. */
static const char *why_none(const struct gathered *g, size_t lane, const json_t *machine)
{
	const char *why = g->lanes[lane].no_energy;

	if (why == NULL)
		why = host_energy_why(machine);
	return why == NULL ? "" : why;
}

/* One side has the metric and the other has not: that must be said. A metric of another benchmark
 * neither has. */
static void say_missing(struct maker *m, const struct compared_cells *pair, bool is_of_contender,
	const char *metric)
{
	const struct gathered *g = is_of_contender ? m->contender : m->baseline;
	size_t lane = is_of_contender ? pair->lane : pair->other_lane;
	const struct gathered_configuration *of =
		&g->configurations[is_of_contender ? pair->configuration : pair->other];
	const json_t *machine = is_of_contender ? m->machines[lane] : m->other_machines[lane];
	bool is_energy = strncmp(metric, "energy.", strlen("energy.")) == 0;
	const char *why = is_energy ? why_none(g, lane, machine) : "";
	_cleanup_buf_ struct buf text = BUF_INIT;

	buf_addf(&text, "%s ", of->benchmark);
	parameters_format(&of->parameters, NULL, 0, &text);
	buf_addf(&text, "%shas no %s on %s", text.data[text.len - 1] == ' ' ? "" : " ", metric,
		g->lanes[lane].host);
	if (m->q->kind == BY_SUBMISSION)
		buf_addf(&text, " in %s", g->label);
	if (why[0] != '\0')
		buf_addf(&text, ": %s", why);
	comparison_add_missing(m->out, buf_take(&text));
}

/* Neither has it: of a metric of another benchmark's that is as it should be, but a host without
 * energy is told of, once. */
static void say_none(struct maker *m, const struct compared_cells *pair)
{
	const char *metric = m->q->metrics[m->metric], *why;

	if (metric_by_name(metric) == NULL || m->none[pair->lane])
		return;
	m->none[pair->lane] = true;
	why = why_none(m->contender, pair->lane, m->machines[pair->lane]);
	if (m->contender->lanes[pair->lane].has_energy || why[0] == '\0')
		why = NULL;
	comparison_add_missing(
		m->out, xasprintf("runs on %s have no %s%s%s", m->contender->lanes[pair->lane].host,
				metric, why ? ": " : "", why ? why : ""));
}

/* Returns whether both have it. */
static bool have_both(
	struct maker *m, const struct compared_cells *pair, const struct compared_series *s)
{
	bool is_normalised = m->q->per != PER_NOTHING && s->own[0].values != NULL;

	if (s->a != NULL && s->b != NULL)
		return true;
	if (s->a == NULL && s->b == NULL && !is_normalised)
		say_none(m, pair);
	if (s->a == NULL && (s->b != NULL || is_normalised))
		say_missing(m, pair, true, s->name);
	if (s->b == NULL && (s->a != NULL || is_normalised))
		say_missing(m, pair, false, s->name);
	return false;
}

/* ---- a row ---- */

static void summarise(struct compared *row, const struct compared_series *s)
{
	struct summary a = gathered_summary(s->a, 0.95), b = gathered_summary(s->b, 0.95);

	row->contender_median = a.median;
	row->baseline_median = b.median;
	row->outliers = a.outliers + b.outliers;
}

static void estimate_samples(
	const struct question *q, const struct compared_series *s, struct compared *row)
{
	const struct series *a = s->a, *b = s->b;

	if (q->by_ranks)
		ratio_of_sample_ranks(a->values, a->n, b->values, b->n, 1 - q->alpha, &row->ratio);
	else
		ratio_of_samples(a->values, a->n, b->values, b->n, 1 - q->alpha, COMPARISON_SEED,
			&row->ratio);
	row->rank_p = q->with_ranks ? rank_p_of_samples(a->values, a->n, b->values, b->n) : NAN;
}

/* Of blocks that both have; where there is no such block, of two samples. */
static void estimate_pairs(
	const struct question *q, const struct compared_series *s, struct compared *row)
{
	_cleanup_free_ double *x = NULL, *y = NULL;
	size_t n = gathered_pairs(s->a, s->b, &x, &y);

	if (n == 0) {
		estimate_samples(q, s, row);
		return;
	}
	if (q->by_ranks)
		ratio_of_pair_ranks(x, y, n, 1 - q->alpha, &row->ratio);
	else
		ratio_of_pairs(x, y, n, 1 - q->alpha, COMPARISON_SEED, &row->ratio);
	row->rank_p = q->with_ranks ? rank_p_of_pairs(x, y, n) : NAN;
}

static void add_flags(const struct maker *m, const struct compared_cells *pair,
	const struct compared_series *s, struct compared *row)
{
	static const char *const per[] = {"per_core", "per_hertz", "per_watt"};

	if (s->is_per_work)
		compared_add_flag(row, "per_work");
	if (m->q->per != PER_NOTHING)
		compared_add_flag(row, per[m->q->per - PER_CORE]);
	if (m->q->kind == BY_SUBMISSION &&
		machine_has_changed(m->machines[pair->lane], m->other_machines[pair->other_lane]))
		compared_add_flag(row, "machine_changed");
	compared_add_usual_flags(row, gathered_cell(m->contender, pair->lane, pair->configuration),
		gathered_cell(m->baseline, pair->other_lane, pair->other));
}

static struct compared *new_row(struct comparison_result *out)
{
	if ((out->n & (out->n - 1)) == 0)
		out->rows =
			xreallocarray(out->rows, out->n == 0 ? 1 : 2 * out->n, sizeof *out->rows);
	return &out->rows[out->n++];
}

/* A logarithm is of what is above 0: net energies and counts may not be. */
static void say_not_positive(struct maker *m, const struct compared_cells *pair,
	const struct compared_series *s, const char *host)
{
	const struct gathered_configuration *of =
		&m->contender->configurations[pair->configuration];
	_cleanup_buf_ struct buf text = BUF_INIT;

	buf_addf(&text, "%s ", of->benchmark);
	parameters_format(&of->parameters, NULL, 0, &text);
	buf_addf(&text, "%shas no ratio of %s on %s: some value is not above 0",
		text.data[text.len - 1] == ' ' ? "" : " ", s->name, host);
	comparison_add_missing(m->out, buf_take(&text));
}

static void fill_row(struct maker *m, const struct compared_cells *pair,
	const struct compared_series *s, struct compared *row)
{
	const char *host = m->contender->lanes[pair->lane].host;

	*row = (struct compared){.metric = m->metric,
		.configuration = pair->configuration,
		.lane = pair->lane,
		.baseline_configuration = pair->other,
		.baseline_lane = pair->other_lane,
		.metric_name = s->name,
		.unit = s->unit,
		.better = as_compared(m, pair)->better,
		.host = host,
		.contender = pair->contender,
		.baseline = pair->baseline};
	if (m->q->kind == BY_HOST)
		row->host = comparison_keep(m->out,
			xasprintf("%s / %s", host, m->baseline->lanes[pair->other_lane].host));
	summarise(row, s);
	if (m->q->kind == BY_AXIS)
		estimate_pairs(m->q, s, row);
	else
		estimate_samples(m->q, s, row);
	if (isnan(row->ratio.ratio))
		say_not_positive(m, pair, s, host);
	row->p_adjusted = row->ratio.p;
	row->equivalence = equivalence_p(&row->ratio, m->q->threshold);
	add_flags(m, pair, s, row);
}

void comparison_add_row(struct maker *m, const struct compared_cells *pair)
{
	struct compared_series s;

	if (unlike(m, pair)[0] != '\0')
		return;
	compared_series_open(m, pair, &s);
	if (have_both(m, pair, &s))
		fill_row(m, pair, &s, new_row(m->out));
	compared_series_done(&s);
}
