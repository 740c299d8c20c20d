/*
 * One ratio on each host and over all of them: do machines agree? A chart for each configuration, a
 * row for each host, the pooled ratio below them. It is what `compare` says, of the configurations
 * that differ most.
 */
#include "coordinator/findings/comparison.h"
#include "coordinator/findings/counterparts.h"
#include "coordinator/findings/questions.h"
#include "coordinator/report/figure_parts.h"
#include "coordinator/report/labels.h"
#include <math.h>

#define MAX_LINES 250 /* of all charts; more is too much to look at */

struct group { /* a contender's configuration */
	size_t configuration, baseline;
	size_t few; /* the same configuration in struct forest's few */
	double far; /* |log| of the mean ratio over hosts */
	size_t hosts;
};

struct forest {
	const struct figure_source *source;
	const char *by, *baseline;
	struct quantity q;
	struct group *groups; /* those with several hosts, the largest effects first */
	size_t n, all;
	size_t one_host;     /* contenders that one host alone has both sides of */
	struct gathered few; /* of the groups alone; its parts are the study's */
	bool is_hosts;       /* hosts are compared with each other */
};

/* ---- which configurations ---- */

static bool is_kept(const struct forest *fo, size_t lane, size_t configuration)
{
	return fo->source->kept[lane * fo->source->study->g.configurations_n + configuration];
}

static void weigh(struct forest *fo, size_t configuration, size_t baseline)
{
	const struct gathered *g = &fo->source->study->g;
	struct group new = {.configuration = configuration, .baseline = baseline};
	double sum = 0;

	for (size_t lane = 0; lane < g->lanes_n; lane++) {
		if (!is_kept(fo, lane, configuration))
			continue;
		double ratio = gathered_ratio(gathered_cell(g, lane, configuration),
			gathered_cell(g, lane, baseline), fo->q.metric, NULL);
		if (!(ratio > 0))
			continue;
		sum += log(ratio);
		new.hosts++;
	}
	fo->one_host += new.hosts == 1;
	if (new.hosts < 2)
		return;
	new.far = fabs(sum / (double)new.hosts);
	fo->groups[fo->n++] = new;
}

static int by_effect(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	if (x->far > y->far || x->far < y->far)
		return x->far > y->far ? -1 : 1;
	return x->configuration < y->configuration ? -1 : x->configuration > y->configuration;
}

static int by_place(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	return x->configuration < y->configuration ? -1 : x->configuration > y->configuration;
}

/* How many charts: a row for each host and the pooled one, as far as they can be looked at. */
static size_t charts_of(const struct forest *fo)
{
	size_t most = MAX_LINES / (fo->source->study->g.lanes_n + 1);

	most = most < 1 ? 1 : most > FIGURE_MAX_FACETS ? FIGURE_MAX_FACETS : most;
	return fo->n < most ? fo->n : most;
}

static void choose_groups(struct forest *fo)
{
	const struct gathered *g = &fo->source->study->g;

	struct counterparts *baselines = counterparts_new(g, fo->by, fo->baseline);

	fo->groups = xcalloc(g->configurations_n + 1, sizeof *fo->groups);
	for (size_t i = 0; i < g->configurations_n; i++) {
		const char *value = parameters_get(&g->configurations[i].parameters, fo->by);
		if (value == NULL || strcmp(value, fo->baseline) == 0)
			continue;
		int baseline = counterparts_find(baselines, &g->configurations[i]);
		if (baseline >= 0)
			weigh(fo, i, (size_t)baseline);
	}
	counterparts_free(baselines);
	fo->all = fo->n;
	qsort(fo->groups, fo->n, sizeof *fo->groups, by_effect);
	fo->n = charts_of(fo);
	qsort(fo->groups, fo->n, sizeof *fo->groups, by_place);
}

/* ---- the comparison of those alone ---- */

static size_t add_few(struct forest *fo, size_t *from, size_t configuration)
{
	for (size_t i = 0; i < fo->few.configurations_n; i++) {
		if (from[i] == configuration)
			return i;
	}
	from[fo->few.configurations_n] = configuration;
	return fo->few.configurations_n++;
}

/* A campaign of the groups' configurations and their baselines. Nothing in it is owned but the two
 * arrays. */
static void take_few(struct forest *fo)
{
	const struct gathered *g = &fo->source->study->g;
	_cleanup_free_ size_t *from = xcalloc(2 * fo->n + 1, sizeof *from);
	struct gathered *few = &fo->few;

	*few = *g;
	few->configurations_n = 0;
	for (size_t i = 0; i < fo->n; i++) {
		add_few(fo, from, fo->groups[i].baseline);
		fo->groups[i].few = add_few(fo, from, fo->groups[i].configuration);
	}
	few->configurations = xcalloc(few->configurations_n + 1, sizeof *few->configurations);
	few->cells = xcalloc(g->lanes_n * few->configurations_n + 1, sizeof *few->cells);
	for (size_t i = 0; i < few->configurations_n; i++) {
		few->configurations[i] = g->configurations[from[i]];
		for (size_t lane = 0; lane < g->lanes_n; lane++)
			few->cells[lane * few->configurations_n + i] =
				*gathered_cell(g, lane, from[i]);
	}
	for (size_t i = 0; i < fo->n; i++) {
		for (size_t lane = 0; lane < g->lanes_n; lane++) {
			if (!is_kept(fo, lane, fo->groups[i].configuration))
				*gathered_cell(few, lane, fo->groups[i].few) =
					(struct gathered_cell){0};
		}
	}
}

/* ---- rows ---- */

static void add_row(struct figure *f, const char *label, const char *host, const char *kind,
	const struct ratio *ratio)
{
	figure_row(f);
	if (f->facet != NULL)
		figure_set_text(f, "facet", label);
	figure_set_text(f, "host", host);
	figure_set_text(f, "kind", kind);
	figure_set_number(f, "ratio", ratio->ratio);
	figure_set_number(f, "low", ratio->low);
	figure_set_number(f, "high", ratio->high);
	figure_set_number(f, "n", (double)ratio->n);
}

struct range {
	double low, high;
	size_t uneven; /* groups whose hosts differ by more than noise for the most part */
	size_t cut;    /* lines that go on beyond what is drawn of them */
};

/* What of an interval is drawn: over few hosts it may be so wide that those could not be seen. */
static void draw_line(struct figure *f, double from, double till, struct range *range)
{
	figure_set_number(f, "from", from);
	figure_set_number(f, "till", till);
	range->low = fmin(range->low, from);
	range->high = fmax(range->high, till);
}

static void draw_pooled_line(
	struct figure *f, const struct ratio *ratio, const struct range *hosts, struct range *range)
{
	double low = fmin(hosts->low, 1), high = fmax(hosts->high, 1), room = sqrt(high / low);
	double from = fmax(ratio->low, low / room), till = fmin(ratio->high, high * room);

	if (isnan(ratio->low) || isnan(ratio->high))
		return;
	draw_line(f, from, till, range);
	if (from > ratio->low)
		figure_set_number(f, "below", from);
	if (till < ratio->high)
		figure_set_number(f, "beyond", till);
	range->cut += from > ratio->low || till < ratio->high;
}

static void add_group(struct figure *f, const struct comparison_result *c, size_t configuration,
	const char *label, struct range *range)
{
	struct range hosts = {.low = INFINITY, .high = -INFINITY};

	for (size_t i = 0; i < c->n; i++) {
		const struct compared *row = &c->rows[i];
		if (row->configuration != configuration || !isfinite(row->ratio.ratio))
			continue;
		add_row(f, label, row->host, "host", &row->ratio);
		figure_set_number(f, "from", row->ratio.low);
		figure_set_number(f, "till", row->ratio.high);
		hosts.low = fmin(hosts.low, fmin(row->ratio.ratio, row->ratio.low));
		hosts.high = fmax(hosts.high, fmax(row->ratio.ratio, row->ratio.high));
	}
	range->low = fmin(range->low, hosts.low);
	range->high = fmax(range->high, hosts.high);
	for (size_t i = 0; i < c->pooled_n; i++) {
		if (c->pooled[i].configuration != configuration)
			continue;
		add_row(f, label, "all hosts", "pooled", &c->pooled[i].ratio);
		draw_pooled_line(f, &c->pooled[i].ratio, &hosts, range);
		figure_set_number(f, "spread", 100 * c->pooled[i].spread.i2);
		range->uneven += c->pooled[i].spread.i2 > 0.5;
	}
}

/* ---- the figure ---- */

static void add_fields(const struct forest *fo, struct figure *f)
{
	if (fo->n > 1) {
		figure_field(f, "facet", FIELD_TEXT, NULL, "case");
		f->facet = "facet";
	}
	figure_field(f, "host", FIELD_TEXT, NULL, "host");
	figure_field(f, "kind", FIELD_TEXT, NULL, "row");
	figure_field(f, "ratio", FIELD_NUMBER, NULL, "ratio to %s", fo->baseline);
	figure_field(f, "low", FIELD_NUMBER, NULL, "interval from");
	figure_field(f, "high", FIELD_NUMBER, NULL, "to");
	figure_field(f, "n", FIELD_NUMBER, NULL, "blocks or hosts");
	figure_field(
		f, "spread", FIELD_NUMBER, "%", "spread between hosts that is more than noise");
	figure_field(f, "from", FIELD_NUMBER, NULL, "line drawn from");
	figure_field(f, "till", FIELD_NUMBER, NULL, "line drawn to");
	figure_field(f, "below", FIELD_NUMBER, NULL, "goes on below");
	figure_field(f, "beyond", FIELD_NUMBER, NULL, "goes on beyond");
}

/* Heads of the lines that go on, there in all rows but not seen: Vega warns of charts without. */
static char *arrow_layer(const char *at, const char *if_any, const char *shape, const char *scale)
{
	return xasprintf(
		",{'mark':{'type':'point','filled':true,'shape':'%s','size':90},'encoding':{"
		"'x':{'field':'%s','type':'quantitative',%s},"
		"'opacity':{'condition':{'test':{'field':'%s','valid':true},'value':1},'value':0},"
		"'color':{'field':'kind','type':'nominal','sort':null,'legend':null}}}",
		shape, at, scale, if_any);
}

static void add_panel(const struct range *range, struct figure *f)
{
	const char *scale =
		range->high > 50 * range->low ? "'scale':{'type':'log'}" : "'scale':{'zero':false}";
	_cleanup_free_ char *below = arrow_layer("from", "below", "triangle-left", scale),
			    *beyond = arrow_layer("till", "beyond", "triangle-right", scale);

	figure_panel(f,
		"{'encoding':{'y':{'field':'host','type':'nominal','sort':null,'title':null},"
		"'x':{'field':'ratio','type':'quantitative',%s}},"
		"'layer':["
		"{'mark':{'type':'rule','strokeDash':[4,4]},'encoding':{'y':null,"
		"'x':{'datum':1,'type':'quantitative'}}},"
		"{'mark':{'type':'rule','strokeWidth':2},'encoding':{"
		"'x':{'field':'from','type':'quantitative',%s},"
		"'x2':{'field':'till'},'color':{'field':'kind','type':'nominal','sort':null,"
		"'legend':null}}},"
		"{'transform':[{'filter':{'field':'kind','equal':'host'}}],"
		"'mark':{'type':'point','filled':true,'shape':'square','size':50},'encoding':{"
		"'color':{'field':'kind','type':'nominal','sort':null,'legend':null}}},"
		"{'transform':[{'filter':{'field':'kind','equal':'pooled'}}],"
		"'mark':{'type':'point','filled':true,'shape':'diamond','size':200},'encoding':{"
		"'color':{'field':'kind','type':'nominal','sort':null,'legend':null}}}%s%s],"
		"'resolve':{'scale':{'x':'independent'}}}",
		scale, scale, below, beyond);
}

static void add_texts(const struct forest *fo, const struct range *range, struct figure *f)
{
	double level = 100 * (1 - fo->source->alpha);

	figure_reading(f,
		"Each square is the ratio on one host, the diamond that over all hosts, each with "
		"its %g %% interval; left of the dashed line is less than %s. Where the squares "
		"stand apart by more than their lines are long, the machines do not agree.",
		level, fo->baseline);
	if (fo->n < fo->all)
		figure_note(f, "Shown are the %zu of %zu cases with the largest effects.", fo->n,
			fo->all);
	figure_note(f,
		"In %zu of %zu more than half of the spread between hosts is more than the noise "
		"within them.",
		range->uneven, fo->n);
	if (range->cut > 0)
		figure_note(f,
			"A line with an arrowhead goes on beyond the chart: so few hosts, and so "
			"unlike, say little about others. The data have its ends.");
	if (fo->one_host > 0)
		figure_note(f, "%zu more are on one host alone.", fo->one_host);
}

/* The one value that the shown groups have of the axis; NULL: they have several. */
static const char *only_contender(const struct forest *fo)
{
	const char *first = NULL;

	for (size_t i = 0; i < fo->n; i++) {
		const char *value = parameters_get(
			&fo->few.configurations[fo->groups[i].few].parameters, fo->by);
		if (first != NULL && strcmp(first, value) != 0)
			return NULL;
		first = value;
	}
	return first;
}

static void label_groups(const struct forest *fo, const char *but, char **labels)
{
	_cleanup_free_ size_t *configurations = xcalloc(fo->n + 1, sizeof *configurations);

	for (size_t i = 0; i < fo->n; i++)
		configurations[i] = fo->groups[i].configuration;
	labels_make(&fo->source->study->g, configurations, fo->n, but, labels);
}

static void draw(const struct forest *fo, const struct comparison_result *c, struct figures *out)
{
	struct range range = {.low = INFINITY, .high = -INFINITY};
	_cleanup_free_ char **labels = xcalloc(fo->n + 1, sizeof *labels);
	const char *contender = only_contender(fo);
	struct figure *f = figure_add(out, "forest", "%s on each host: %s %s against %s",
		fo->q.title, fo->by, contender == NULL ? "others" : contender, fo->baseline);

	label_groups(fo, contender == NULL ? NULL : fo->by, labels);
	add_fields(fo, f);
	for (size_t i = 0; i < fo->n; i++) {
		add_group(f, c, fo->groups[i].few, labels[i], &range);
		free(labels[i]);
		f->tall = fo->groups[i].hosts + 1 > f->tall ? fo->groups[i].hosts + 1 : f->tall;
	}
	add_panel(&range, f);
	add_texts(fo, &range, f);
}

/* Of unlike work the comparison is per unit of it. */
static void name_metric(struct forest *fo, const char *compared)
{
	struct quantity q;

	if (quantity_named(&fo->source->study->g, compared, &q))
		fo->q = q;
	else
		snprintf(fo->q.title, sizeof fo->q.title, "%s", compared);
}

static int compare_few(
	struct forest *fo, const char *metric, struct figures *out, struct error *err)
{
	const char *metrics[] = {metric};
	const struct question q = {.kind = BY_AXIS,
		.by = fo->by,
		.baseline = fo->baseline,
		.metrics = metrics,
		.metrics_n = 1,
		.threshold = fo->source->threshold,
		.alpha = fo->source->alpha};
	struct comparison_result c;

	take_few(fo);
	int code = comparison_make(&q, &fo->few, &fo->few, &c, err);
	if (code == 0 && c.pooled_n > 0) {
		name_metric(fo, c.rows[0].metric_name);
		draw(fo, &c, out);
	} else if (code == 0)
		figures_leave_out(out, "forest: %s",
			c.refused_n > 0 ? c.refused[0] : "nothing could be compared");
	comparison_done(&c);
	free(fo->few.configurations);
	free(fo->few.cells);
	return code;
}

static int make_of(
	const struct forest *like, const char *metric, struct figures *out, struct error *err)
{
	struct forest fo = *like;
	int code = 0;

	if (!quantity_named(&fo.source->study->g, metric, &fo.q)) {
		figures_leave_out(out, "forest: no run has %s", metric);
		return 0;
	}
	choose_groups(&fo);
	if (fo.n > 0)
		code = compare_few(&fo, metric, out, err);
	else
		figures_leave_out(out, "forest: %s",
			fo.one_host > 0 ? "what is compared is on one host alone"
					: "no host has both sides of a comparison");
	free(fo.groups);
	return code;
}

static int make(const struct report_figure *request, const struct figure_source *source,
	struct figures *out, struct error *err)
{
	const struct gathered *g = &source->study->g;
	struct forest fo = {.source = source,
		.by = request->by != NULL ? request->by : source->by,
		.baseline = request->baseline != NULL ? request->baseline : source->baseline};
	int code;

	if (g->lanes_n < 2 || fo.by == NULL || fo.baseline == NULL) {
		figures_leave_out(out, "forest: %s",
			g->lanes_n < 2 ? "the campaign ran on one host"
				       : "the campaign compares nothing; say `by` and `baseline`");
		return 0;
	}
	if (compared_by_of(fo.by) == BY_HOST) {
		figures_leave_out(out, "forest: hosts are what is compared");
		return 0;
	}
	code = make_of(&fo, request->metric != NULL ? request->metric : "time", out, err);
	if (code == 0 && request->metric == NULL &&
		g->metrics[gathered_metric(g, "energy.package")].is_used)
		code = make_of(&fo, "energy.package", out, err);
	return code;
}

const struct figure_ops figure_forest = {
	.kind = "forest",
	.help = "a ratio on each host and over all of them",
	.make = make,
};
