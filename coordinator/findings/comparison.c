#include "coordinator/findings/comparison.h"

#include "coordinator/findings/canary.h"
#include "coordinator/findings/comparison_parts.h"
#include "coordinator/findings/host_text.h"
#include "coordinator/findings/machines.h"
#include "coordinator/findings/normalise.h"

/* ---- texts ---- */

/* Room grows by doubling: there may be one for each row. */
static void add_text(char ***list, size_t *n, char *text)
{
	if ((*n & (*n - 1)) == 0)
		*list = xreallocarray(*list, *n == 0 ? 1 : 2 * *n, sizeof **list);
	(*list)[(*n)++] = text;
}

const char *comparison_keep(struct comparison_result *out, char *text)
{
	add_text(&out->texts, &out->texts_n, text);
	return text;
}

void comparison_add_missing(struct comparison_result *out, char *text)
{
	add_text(&out->missing, &out->missing_n, text);
}

void comparison_add_refused(struct comparison_result *out, char *text)
{
	add_text(&out->refused, &out->refused_n, text);
}

/* ---- machines ---- */

static json_t **open_machines(const struct gathered *g)
{
	json_t **machines = xcalloc(g->lanes_n + 1, sizeof(json_t *));

	for (size_t lane = 0; lane < g->lanes_n; lane++)
		machines[lane] = host_inventory(g->lanes[lane].inventory);
	return machines;
}

static void close_machines(json_t **machines, size_t n)
{
	for (size_t i = 0; machines != NULL && i < n; i++)
		json_decref(machines[i]);
	free(machines);
}

/* "host.cpu.codename" is what is compared, so it is nothing else that differs. */
static bool is_asked(const struct question *q, const char *what)
{
	const char *prefix = "host.";

	return q->kind == BY_HOST && strncmp(q->by, prefix, strlen(prefix)) == 0 &&
	       strcmp(q->by + strlen(prefix), what) == 0;
}

static void add_differences(struct maker *m, size_t lane, size_t other)
{
	struct comparison_result *out = m->out;
	struct machine_differences d;

	machine_differences_of(m->machines[lane], m->other_machines[other], &d);
	for (size_t i = 0; i < d.n; i++) {
		struct machine_difference *at = &d.items[i];

		if (is_asked(m->q, at->what))
			continue;
		out->differences = xreallocarray(
			out->differences, out->differences_n + 1, sizeof *out->differences);
		out->differences[out->differences_n++] =
			(struct difference){.host = m->contender->lanes[lane].host,
				.other = m->baseline->lanes[other].host,
				.what = at->what,
				.contender = comparison_keep(out, at->contender),
				.baseline = comparison_keep(out, at->baseline)};
		at->contender = at->baseline = NULL;
	}
	machine_differences_done(&d);
}

/* Of each two machines that are compared. Along an axis a host is compared with itself. */
static void find_differences(struct maker *m)
{
	size_t others = m->baseline->lanes_n;
	_cleanup_free_ bool *seen = xcalloc(m->contender->lanes_n * others + 1, sizeof *seen);

	for (size_t i = 0; m->q->kind != BY_AXIS && i < m->pairs_n; i++) {
		const struct compared_cells *p = &m->pairs[i];
		bool *is_seen = &seen[p->lane * others + p->other_lane];

		if (!*is_seen)
			add_differences(m, p->lane, p->other_lane);
		*is_seen = true;
	}
}

/* ---- a family ---- */

void comparison_judge(struct comparison_result *out, size_t from)
{
	const struct question *q = out->question;
	size_t n = out->n - from;
	_cleanup_free_ double *p = xcalloc(n + 1, sizeof *p);

	for (size_t i = 0; i < n; i++)
		p[i] = out->rows[from + i].ratio.p;
	adjust_family(p, n);
	for (size_t i = 0; i < n; i++) {
		struct compared *row = &out->rows[from + i];

		row->p_adjusted = p[i];
		row->verdict = verdict_of(&row->ratio, p[i], q->threshold, q->alpha, row->better);
		row->smallest = smallest_effect(&row->ratio, q->alpha);
	}
}

/* What would settle a row depends on how its p fares in its family. */
static void tell_more_blocks(struct maker *m, size_t from)
{
	for (size_t i = from; i < m->out->n; i++) {
		struct compared *row = &m->out->rows[i];

		if (row->verdict == VERDICT_INCONCLUSIVE)
			row->more_blocks = blocks_to_settle(&row->ratio, m->q->threshold,
				m->q->alpha * row->ratio.p / row->p_adjusted);
	}
}

static int no_metric(const struct gathered *g, const char *name, struct error *err)
{
	const char **known = xcalloc(g->metrics_n + 1, sizeof *known);
	const char *nearest;

	for (size_t i = 0; i < g->metrics_n; i++)
		known[i] = g->metrics[i].is_used ? g->metrics[i].name : NULL;
	nearest = nearest_word(name, known, g->metrics_n);
	free(known);
	return error_set(err, ERR_USAGE, "compare: no run of %s has a metric '%s'%s%s%s", g->label,
		name, nearest ? "; did you mean '" : "", nearest ? nearest : "",
		nearest ? "'?" : "");
}

static bool is_used(const struct gathered *g, size_t metric)
{
	return metric < g->metrics_n && g->metrics[metric].is_used;
}

static int find_metric(struct maker *m, const char *name, struct error *err)
{
	const struct gathered *g = m->contender;
	_cleanup_free_ char *per_work = xasprintf("%s.per_work", name);

	m->of_contender = gathered_metric(g, name);
	m->of_baseline = gathered_metric(m->baseline, name);
	m->per_work = gathered_metric(g, per_work);
	m->other_per_work = gathered_metric(m->baseline, per_work);
	/* What the baseline alone has, is missing in the contender: that is said of each cell. */
	if (is_used(g, m->of_contender))
		g = m->contender;
	else if (is_used(m->baseline, m->of_baseline))
		g = m->baseline;
	else
		return no_metric(g, name, err);
	size_t metric = g == m->contender ? m->of_contender : m->of_baseline;
	const char *unit = g->metrics[metric].unit;
	if (m->q->per != PER_NOTHING && !normalise_fits(m->q->per, unit))
		return error_set(err, ERR_USAGE,
			"compare: --per %s: %s is in %s; a time or a rate can be taken so%s",
			normalised_names[m->q->per - PER_CORE], name, unit,
			m->q->per == PER_CORE ? ", an energy, a power, memory" : "");
	return 0;
}

static int compare_metric(struct maker *m, struct error *err)
{
	size_t from = m->out->n, machines = m->contender->lanes_n * m->baseline->lanes_n;

	if (find_metric(m, m->q->metrics[m->metric], err) < 0)
		return ERR_USAGE;
	m->unlike = xcalloc(machines + 1, sizeof *m->unlike);
	m->none = xcalloc(m->contender->lanes_n + 1, sizeof *m->none);
	for (size_t i = 0; i < m->pairs_n; i++)
		comparison_add_row(m, &m->pairs[i]);
	free(m->unlike);
	free(m->none);
	comparison_judge(m->out, from);
	tell_more_blocks(m, from);
	comparison_pool(m, from);
	return 0;
}

/* Between two submissions: what of a difference may be the machine's. */
static void ask_canaries(const struct maker *m)
{
	struct comparison_result *out = m->out;
	struct canaries moved;

	if (m->q->kind != BY_SUBMISSION)
		return;
	canaries_find(m->contender, m->baseline, m->q->metrics, m->q->metrics_n, m->q->threshold,
		m->q->alpha, &moved);
	for (size_t i = 0; i < out->n; i++) {
		struct compared *row = &out->rows[i];

		if (canaries_on(&moved, m->contender->lanes[row->lane].host,
			    m->q->metrics[row->metric]) != NULL)
			compared_add_flag(row, "machine_changed");
	}
	for (size_t i = 0; i < moved.n; i++)
		add_text(&out->canaries, &out->canaries_n, xstrdup(moved.items[i].text));
	canaries_done(&moved);
}

int comparison_make(const struct question *q, const struct gathered *contender,
	const struct gathered *baseline, struct comparison_result *out, struct error *err)
{
	struct maker m = {.q = q, .contender = contender, .baseline = baseline, .out = out};

	*out = (struct comparison_result){
		.question = q, .contender = contender, .baseline = baseline};
	m.machines = open_machines(contender);
	m.other_machines = open_machines(baseline);
	int rc = comparison_pair(&m, err);
	if (rc == 0)
		find_differences(&m);
	for (size_t i = 0; i < q->unmeasured_n; i++)
		comparison_add_missing(out, xasprintf("%s: no run has it", q->unmeasured[i]));
	for (; rc == 0 && m.metric < q->metrics_n; m.metric++)
		rc = compare_metric(&m, err);
	if (rc == 0)
		ask_canaries(&m);
	close_machines(m.machines, contender->lanes_n);
	close_machines(m.other_machines, baseline->lanes_n);
	free(m.pairs);
	return rc;
}

static void free_texts(char **list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(list[i]);
	free(list);
}

void comparison_done(struct comparison_result *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->rows[i].flags);
	free_texts(c->missing, c->missing_n);
	free_texts(c->refused, c->refused_n);
	free_texts(c->canaries, c->canaries_n);
	free_texts(c->texts, c->texts_n);
	free(c->rows);
	free(c->pooled);
	free(c->differences);
	*c = (struct comparison_result){0};
}
