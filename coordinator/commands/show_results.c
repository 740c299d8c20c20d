/* What `results` shows: which runs, which metrics, compared with what; the two forms are files of
 * their own. */
#include "coordinator/commands/summary_view.h"
#include "coordinator/findings/study.h"

/* ---- what was asked for ---- */

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
 * that this version cannot read is no obstacle: the results are shown without a comparison.
 */
static void use_campaign(struct summary_view *v, const struct campaign *c)
{
	if (c == NULL)
		return;
	v->campaign = c;
	const struct comparison *first = campaign_comparison(c, NULL);
	if (first != NULL) {
		v->by = first->by;
		v->baseline = first->baseline;
	}
	v->is_energy_off = c->benchmarks_n > 0;
	for (size_t i = 0; i < c->benchmarks_n; i++) {
		const char *energy = c->benchmarks[i].measure.energy;
		v->is_energy_off &= energy != NULL && strcmp(energy, "off") == 0;
		if (i == 0 || c->benchmarks[i].measure.every_ns < v->every_ns)
			v->every_ns = c->benchmarks[i].measure.every_ns;
	}
}

static int find_columns(struct summary_view *v, const struct show_options *o, struct error *err)
{
	int code = 0;

	if (o->columns != NULL) {
		code = summary_columns_find(v->g, "--columns", o->columns, &v->columns, err);
		v->columns_n = code < 0 ? 0 : (size_t)code;
	}
	if (code < 0 || o->sort == NULL)
		return code;
	v->is_descending = o->sort[0] == '-';
	code = summary_columns_find(v->g, "--sort", o->sort + v->is_descending, &v->sort, err);
	/* A statistic alone is that of the time first, which is what rows are sorted by. */
	if (code == 0)
		code = error_set(err, ERR_USAGE, "results: --sort: expected a metric such as time");
	return code;
}

static int find_kept(struct summary_view *v, const struct study *s, const struct show_options *o,
	struct error *err)
{
	if (o->only == NULL)
		return 0;
	v->only = o->only;
	v->kept = xcalloc(s->g.lanes_n * s->g.configurations_n + 1, sizeof *v->kept);
	return study_only(s, o->only, v->kept, err);
}

static int show(const struct study *s, const struct show_options *o, FILE *to, struct error *err)
{
	const struct output_ops *ops = output_by_name(o->format == NULL ? "table" : o->format, err);
	struct summary_view v = {
		.g = &s->g, .host = o->host, .every_ns = NS_PER_S / 10, .has_bars = o->has_bars};
	int code = ops == NULL ? ERR_USAGE : 0;

	use_campaign(&v, s->campaign);
	summary_find_baselines(&v);
	if (code == 0 && o->host != NULL)
		code = check_host(&s->g, o->host, err);
	if (code == 0)
		code = find_columns(&v, o, err);
	if (code >= 0)
		code = find_kept(&v, s, o, err);
	if (code == 0 && (ops == &output_table || ops == &output_markdown))
		summary_table(&v, ops, to);
	else if (code == 0)
		summary_rows(&v, ops, to);
	free(v.baselines);
	free(v.columns);
	free(v.sort);
	free(v.kept);
	return code;
}

int show_results(struct results *r, const char *label, const struct show_options *o, FILE *to,
	struct error *err)
{
	struct study s;
	int code = study_open(r, label, NULL, &s, err);

	if (code == 0)
		code = show(&s, o, to, err);
	study_done(&s);
	return code;
}
