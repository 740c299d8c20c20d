/* What `results` shows: which runs, which metrics, compared with what; the two forms are files of
 * their own. */
#include "coordinator/commands/summary_view.h"

/* ---- comparisons ---- */

bool summary_is_baseline(const struct summary_view *v, size_t configuration)
{
	if (v->by == NULL)
		return false;
	const char *value = parameters_get(&v->g->configurations[configuration].parameters, v->by);
	return value != NULL && strcmp(value, v->baseline) == 0;
}

int summary_baseline(const struct summary_view *v, size_t configuration)
{
	if (v->by == NULL ||
		parameters_get(&v->g->configurations[configuration].parameters, v->by) == NULL)
		return -1;
	for (size_t i = 0; i < v->g->configurations_n; i++) {
		if (summary_is_baseline(v, i) &&
			gathered_is_counterpart(&v->g->configurations[i],
				&v->g->configurations[configuration], v->by))
			return (int)i;
	}
	return -1;
}

void summary_of_cell(const struct gathered_cell *cell, size_t metric, struct summary *out)
{
	const struct series *s = gathered_series(cell, metric);

	*out = (struct summary){0};
	if (s == NULL)
		return;
	/* The series stays in the order of blocks, which pairing needs. */
	_cleanup_free_ double *values = xcalloc(s->n, sizeof *values);
	memcpy(values, s->values, s->n * sizeof *values);
	summary_of(values, s->n, SUMMARY_LEVEL, out);
}

/* ---- what was asked for ---- */

static int find_columns(struct summary_view *v, const char *list, size_t **out, struct error *err)
{
	_cleanup_free_ char *copy = xstrdup(list);
	const char **known = xcalloc(v->g->metrics_n + 1, sizeof *known);
	char *rest = NULL;
	int code = 0;

	for (size_t i = 0; i < v->g->metrics_n; i++)
		known[i] = v->g->metrics[i].is_used ? v->g->metrics[i].name : NULL;
	for (char *name = strtok_r(copy, ",", &rest); name != NULL && code == 0;
		name = strtok_r(NULL, ",", &rest)) {
		size_t metric = gathered_metric(v->g, name);
		if (metric == v->g->metrics_n || !v->g->metrics[metric].is_used) {
			const char *nearest = nearest_word(name, known, v->g->metrics_n);
			code = error_set(err, ERR_USAGE,
				"results: --columns: no run of %s has a metric '%s'%s%s%s",
				v->g->label, name, nearest == NULL ? "" : "; did you mean '",
				nearest == NULL ? "" : nearest, nearest == NULL ? "" : "'?");
			break;
		}
		*out = xreallocarray(*out, v->columns_n + 1, sizeof **out);
		(*out)[v->columns_n++] = metric;
		v->columns = *out;
	}
	free(known);
	return code;
}

static int check_host(const struct gathered *g, const char *host, struct error *err)
{
	const char **known = xcalloc(g->lanes_n + 1, sizeof *known);
	bool is_known = false;

	for (size_t i = 0; i < g->lanes_n; i++) {
		known[i] = g->lanes[i].host;
		is_known |= strcmp(known[i], host) == 0;
	}
	const char *nearest = nearest_word(host, known, g->lanes_n);
	free(known);
	if (is_known)
		return 0;
	return error_set(err, ERR_USAGE, "results: --host: %s did not run on '%s'%s%s%s", g->label,
		host, nearest == NULL ? "" : "; did you mean '", nearest == NULL ? "" : nearest,
		nearest == NULL ? "" : "'?");
}

/*
 * What the campaign's file says of comparing, of sampling, and whether it asked for energy. A file
 * that this version cannot read is no obstacle: the results are shown without a comparison. The
 * campaign is the caller's to free.
 */
static struct campaign *read_campaign(struct summary_view *v)
{
	struct diagnostics d = {0};
	struct campaign *c = campaign_read(v->g->yaml, strlen(v->g->yaml), v->g->changes, &d);

	diagnostics_done(&d);
	if (c == NULL)
		return NULL;
	v->campaign = c;
	if (c->comparisons_n > 0 && c->comparisons[0].baseline != NULL) {
		v->by = c->comparisons[0].by;
		v->baseline = c->comparisons[0].baseline;
	}
	v->is_energy_off = c->benchmarks_n > 0;
	for (size_t i = 0; i < c->benchmarks_n; i++) {
		const char *energy = c->benchmarks[i].measure.energy;
		v->is_energy_off &= energy != NULL && strcmp(energy, "off") == 0;
		if (i == 0 || c->benchmarks[i].measure.every_ns < v->every_ns)
			v->every_ns = c->benchmarks[i].measure.every_ns;
	}
	return c;
}

static int show(const struct gathered *g, const struct show_options *o, FILE *to, struct error *err)
{
	const struct output_ops *ops = output_by_name(o->format == NULL ? "table" : o->format, err);
	struct summary_view v = {.g = g, .host = o->host, .every_ns = NS_PER_S / 10};
	size_t *columns = NULL;
	int code = 0;

	if (ops == NULL)
		return ERR_USAGE;
	if (o->host != NULL)
		code = check_host(g, o->host, err);
	if (code == 0 && o->columns != NULL)
		code = find_columns(&v, o->columns, &columns, err);
	if (code == 0) {
		struct campaign *c = read_campaign(&v);
		if (ops == &output_table || ops == &output_markdown)
			summary_table(&v, ops, to);
		else
			summary_rows(&v, ops, to);
		campaign_free(c);
	}
	free(columns);
	return code;
}

int show_results(struct results *r, const char *label, const struct show_options *o, FILE *to,
	struct error *err)
{
	struct gathered g;
	int code = gather(r, label, NULL, &g, err);

	if (code == 0)
		code = show(&g, o, to, err);
	gathered_done(&g);
	return code;
}
