/* A submission against the last N before it. */
#include "coordinator/findings/history.h"

#include "coordinator/findings/counterparts.h"
#include "coordinator/findings/host_text.h"
#include <gsl/gsl_sort_double.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>

/* ---- nights ---- */

static size_t level_index(const struct history *h, size_t lane, size_t configuration, size_t metric)
{
	return (lane * h->configurations_n + configuration) * h->metrics_n + metric;
}

/* Of each configuration the counterpart in another submission; its configurations_n: there is none.
 * The caller frees. */
static size_t *find_configurations(const struct gathered *g, const struct gathered *then)
{
	struct counterparts *index = counterparts_new(then, NULL, NULL);
	size_t *out = xcalloc(g->configurations_n + 1, sizeof *out);

	for (size_t c = 0; c < g->configurations_n; c++) {
		int at = counterparts_find(index, &g->configurations[c]);

		out[c] = at < 0 ? then->configurations_n : (size_t)at;
	}
	counterparts_free(index);
	return out;
}

static size_t find_lane(const struct gathered *g, const char *host)
{
	size_t i = 0;

	while (i < g->lanes_n && strcmp(g->lanes[i].host, host) != 0)
		i++;
	return i;
}

/* The machine's fingerprint as its inventory has it; "" where it has none. The caller frees. */
static char *fingerprint_of(const struct gathered_lane *lane)
{
	json_t *inventory = host_inventory(lane->inventory);
	const char *text = json_string_value(json_object_get(inventory, "fingerprint"));
	char *out = xstrdup(text == NULL ? "" : text);

	json_decref(inventory);
	return out;
}

static bool is_other_machine(const struct gathered_lane *a, const struct gathered_lane *b)
{
	_cleanup_free_ char *x = fingerprint_of(a), *y = fingerprint_of(b);

	return x[0] != '\0' && y[0] != '\0' && strcmp(x, y) != 0;
}

/* metrics: of each of tonight's that is used, which one it was then; SIZE_MAX: it is not used. */
static void reduce_cell(struct history *h, struct history_night *night, size_t index,
	const size_t *metrics, const struct gathered_cell *cell)
{
	for (size_t m = 0; m < h->metrics_n; m++) {
		const struct series *s;

		s = gathered_series(cell, metrics[m]);
		if (s != NULL)
			night_level_of(s->values, s->n, &night->levels[index + m]);
	}
}

static void reduce(struct history *h, const struct gathered *tonight, const struct gathered *then)
{
	struct history_night *night = &h->nights[h->nights_n++];
	_cleanup_free_ size_t *others = find_configurations(tonight, then);
	_cleanup_free_ size_t *metrics = xcalloc(h->metrics_n + 1, sizeof *metrics);

	night->levels =
		xcalloc(h->lanes_n * h->configurations_n * h->metrics_n + 1, sizeof *night->levels);
	night->is_other = xcalloc(h->lanes_n + 1, sizeof *night->is_other);
	for (size_t m = 0; m < h->metrics_n; m++)
		metrics[m] = tonight->metrics[m].is_used
				     ? gathered_metric(then, tonight->metrics[m].name)
				     : SIZE_MAX;
	for (size_t lane = 0; lane < h->lanes_n; lane++) {
		size_t other = find_lane(then, tonight->lanes[lane].host);

		if (other == then->lanes_n)
			continue;
		night->is_other[lane] =
			is_other_machine(&tonight->lanes[lane], &then->lanes[other]);
		for (size_t c = 0; c < h->configurations_n; c++)
			if (others[c] < then->configurations_n)
				reduce_cell(h, night, level_index(h, lane, c, 0), metrics,
					gathered_cell(then, other, others[c]));
	}
}

/* Says for each host whose machine changed how many nights that leaves. */
static void note_changes(struct history *h, const struct gathered *tonight)
{
	for (size_t lane = 0; lane < h->lanes_n; lane++) {
		size_t others = 0;

		for (size_t i = 0; i < h->nights_n; i++)
			others += h->nights[i].is_other[lane];
		if (others == 0)
			continue;
		h->notes = xreallocarray(h->notes, h->notes_n + 1, sizeof *h->notes);
		h->notes[h->notes_n++] = xasprintf("%s: %zu of the %zu submissions do not count on "
						   "%s: its hardware, kernel or "
						   "source of energy was another one",
			h->text, others, h->nights_n, tonight->lanes[lane].host);
	}
}

int history_read(struct history *h, struct results *r, const struct gathered *contender,
	const struct gather_wanted *wanted, struct error *err)
{
	int code = 0;

	h->lanes_n = contender->lanes_n;
	h->configurations_n = contender->configurations_n;
	h->metrics_n = contender->metrics_n;
	h->nights = xcalloc(h->labels_n + 1, sizeof *h->nights);
	for (size_t i = 0; i < h->labels_n && code == 0; i++) {
		struct gathered then;

		code = gather(r, h->labels[i], wanted, &then, err);
		if (code == 0)
			reduce(h, contender, &then);
		gathered_done(&then);
	}
	note_changes(h, contender);
	return code;
}

/* ---- rows ---- */

/* Work differs from here on, on the log scale: what doubles and energies in uJ may be off. */
#define SAME_WORK 1e-5

struct maker {
	const struct history *h;
	const struct question *q;
	const struct gathered *contender, *newest;
	struct comparison_result *out;
	struct night_level *nights; /* room for all */
	size_t *then;               /* [configuration]: the counterpart in newest */
};

static void keep_missing(struct maker *m, char *text)
{
	m->out->missing =
		xreallocarray(m->out->missing, m->out->missing_n + 1, sizeof *m->out->missing);
	m->out->missing[m->out->missing_n++] = text;
}

static void add_missing(struct maker *m, size_t configuration, size_t lane, size_t nights)
{
	const struct gathered_configuration *c = &m->contender->configurations[configuration];
	_cleanup_buf_ struct buf text = BUF_INIT;

	buf_addf(&text, "%s ", c->benchmark);
	parameters_format(&c->parameters, NULL, 0, &text);
	buf_addf(&text, " has only %zu of %s that count on %s; %d are needed", nights, m->h->text,
		m->contender->lanes[lane].host, PREDICTION_LEAST);
	keep_missing(m, buf_take(&text));
}

/* The levels of the nights that have one on this machine. */
static size_t levels_of(struct maker *m, size_t lane, size_t configuration, size_t metric)
{
	const struct history *h = m->h;
	size_t n = 0;

	for (size_t i = 0; i < h->nights_n; i++) {
		const struct night_level *level =
			&h->nights[i].levels[level_index(h, lane, configuration, metric)];

		if (level->n > 0 && !h->nights[i].is_other[lane])
			m->nights[n++] = *level;
	}
	return n;
}

/*
 * What is compared where the nights did not do the same work: NAME.per_work, if the runs have it.
 * The work is the metric over itself per work.
 */
static size_t comparable(const struct maker *m, size_t metric, size_t lane, size_t configuration)
{
	const struct gathered *g = m->contender;
	const struct history *h = m->h;
	_cleanup_free_ char *name = xasprintf("%s.per_work", g->metrics[metric].name);
	size_t per_work = gathered_metric(g, name);
	const struct gathered_cell *cell = gathered_cell(g, lane, configuration);
	const struct series *s = gathered_series(cell, metric),
			    *per = gathered_series(cell, per_work);
	struct night_level all, each;

	if (s == NULL || per == NULL)
		return metric;
	night_level_of(s->values, s->n, &all);
	night_level_of(per->values, per->n, &each);
	for (size_t i = 0; i < h->nights_n; i++) {
		const struct night_level *levels =
			&h->nights[i].levels[level_index(h, lane, configuration, 0)];
		double work = levels[metric].mean - levels[per_work].mean;

		if (levels[per_work].n > 0 && fabs(work - (all.mean - each.mean)) > SAME_WORK)
			return per_work;
	}
	return metric;
}

static double median_of(const struct night_level *nights, size_t n)
{
	_cleanup_free_ double *medians = xcalloc(n + 1, sizeof *medians);

	for (size_t i = 0; i < n; i++)
		medians[i] = nights[i].median;
	gsl_sort(medians, 1, n);
	return gsl_stats_median_from_sorted_data(medians, 1, n);
}

static void add_row(struct maker *m, size_t asked, size_t metric, size_t lane, size_t configuration)
{
	struct comparison_result *out = m->out;
	const struct series *s =
		gathered_series(gathered_cell(m->contender, lane, configuration), metric);
	size_t n = levels_of(m, lane, configuration, metric);
	size_t then_lane = find_lane(m->newest, m->contender->lanes[lane].host);
	size_t then = m->then[configuration];
	struct night_level tonight;

	if (s == NULL)
		return;
	if (n < PREDICTION_LEAST) {
		if (asked == 0)
			add_missing(m, configuration, lane, n);
		return;
	}
	night_level_of(s->values, s->n, &tonight);
	const struct gathered_metric *as = gathered_metric_as(m->contender, metric, configuration);
	struct compared row = {.metric = asked,
		.configuration = configuration,
		.lane = lane,
		.baseline_configuration = then < m->newest->configurations_n ? then : 0,
		.baseline_lane = then_lane < m->newest->lanes_n ? then_lane : 0,
		.metric_name = m->q->metrics[asked],
		.unit = as->unit,
		.better = as->better,
		.host = m->contender->lanes[lane].host,
		.contender = m->contender->label,
		.baseline = m->h->text,
		.contender_median = tonight.median,
		.baseline_median = median_of(m->nights, n),
		.p_adjusted = NAN,
		.smallest = NAN,
		.rank_p = NAN,
		.equivalence = NAN};
	row.metric_name = m->contender->metrics[metric].name;
	ratio_to_nights(&tonight, m->nights, n, 1 - m->q->alpha, &row.ratio);
	compared_add_usual_flags(&row, gathered_cell(m->contender, lane, configuration), NULL);
	out->rows = xreallocarray(out->rows, out->n + 1, sizeof *out->rows);
	out->rows[out->n++] = row;
}

/* That more blocks would settle one is never said: it is nights that lack. */
static void judge(struct comparison_result *out, size_t from)
{
	comparison_judge(out, from);
	for (size_t i = from; i < out->n; i++)
		out->rows[i].equivalence =
			equivalence_p(&out->rows[i].ratio, out->question->threshold);
}

static int add_metric(struct maker *m, size_t asked, struct error *err)
{
	const struct gathered *g = m->contender;
	const char *name = m->q->metrics[asked];
	size_t metric = gathered_metric(g, name), from = m->out->n;

	if (metric == g->metrics_n || !g->metrics[metric].is_used) {
		size_t then = gathered_metric(m->newest, name);

		if (then < m->newest->metrics_n && m->newest->metrics[then].is_used) {
			keep_missing(m, xasprintf("%s has no %s, which %s has", g->label, name,
						m->newest->label));
			return 0;
		}
		return error_set(
			err, ERR_USAGE, "compare: no run of %s has a metric '%s'", g->label, name);
	}
	for (size_t c = 0; c < g->configurations_n; c++)
		for (size_t lane = 0; lane < g->lanes_n; lane++)
			add_row(m, asked, comparable(m, metric, lane, c), lane, c);
	judge(m->out, from);
	return 0;
}

int history_compare(const struct history *h, const struct question *q,
	const struct gathered *contender, const struct gathered *newest,
	struct comparison_result *out, struct error *err)
{
	_cleanup_free_ struct night_level *nights = xcalloc(h->nights_n + 1, sizeof *nights);
	_cleanup_free_ size_t *then = find_configurations(contender, newest);
	struct maker m = {.h = h,
		.q = q,
		.contender = contender,
		.newest = newest,
		.out = out,
		.nights = nights,
		.then = then};
	int code = 0;

	*out = (struct comparison_result){
		.question = q, .contender = contender, .baseline = newest};
	for (size_t i = 0; i < q->metrics_n && code == 0; i++)
		code = add_metric(&m, i, err);
	return code;
}
