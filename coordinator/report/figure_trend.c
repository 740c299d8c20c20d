/*
 * The medians of a campaign's submissions, one after the other: where the level changed, whether
 * the machine was another one, and what was new in the program.
 */
#include "coordinator/analysis/change_points.h"
#include "coordinator/findings/trend.h"
#include "coordinator/report/figure_parts.h"
#include "coordinator/report/thin.h"
#include <math.h>

/* Runs that are read for it at most, about. */
#define MAX_RUNS 1000000
#define MAX_SAID 6 /* submissions that the note names */

struct drawn {
	const struct figure_source *source;
	const struct trend *trend;
	const char *metric;
	const struct trend_series **series; /* those of the metric that are shown */
	size_t n, all, changed;
	bool has_changes, has_breaks, has_marks, has_several;
	bool names_benchmark, names_host;
	bool is_bytes; /* drawn in MiB */
	size_t thinned, points;
};

/* ---- which series ---- */

static double largest_change(const struct trend_series *s)
{
	double largest = 0;

	for (size_t i = 0; i < s->changes_n; i++) {
		if (s->changes[i].ratio > 0)
			largest = fmax(largest, fabs(log(s->changes[i].ratio)));
	}
	return largest;
}

static int by_change(const void *a, const void *b)
{
	const struct trend_series *x = *(const struct trend_series *const *)a,
				  *y = *(const struct trend_series *const *)b;
	double p = largest_change(x), q = largest_change(y);

	if (p > q || p < q)
		return p > q ? -1 : 1;
	return x < y ? -1 : x > y; /* they are one array */
}

static int by_place(const void *a, const void *b)
{
	const struct trend_series *x = *(const struct trend_series *const *)a,
				  *y = *(const struct trend_series *const *)b;

	return x < y ? -1 : x > y;
}

static bool differs(const char *a, const char *b)
{
	return strcmp(a, b) != 0;
}

static void choose_series(struct drawn *d)
{
	const struct trend *t = d->trend;

	d->series = xcalloc(t->series_n + 1, sizeof *d->series);
	for (size_t i = 0; i < t->series_n; i++) {
		if (differs(t->series[i].metric, d->metric) || t->series[i].n == 0)
			continue;
		d->changed += t->series[i].changes_n > 0;
		d->series[d->n++] = &t->series[i];
		d->names_benchmark |= differs(t->series[i].benchmark, d->series[0]->benchmark);
		d->names_host |= differs(t->series[i].host, d->series[0]->host);
	}
	d->is_bytes = d->n > 0 && !differs(d->series[0]->unit, "B");
	d->all = d->n;
	qsort(d->series, d->n, sizeof *d->series, by_change);
	d->n = d->n < FIGURE_MAX_FACETS ? d->n : FIGURE_MAX_FACETS;
	qsort(d->series, d->n, sizeof *d->series, by_place);
	for (size_t i = 0; i < d->n; i++) {
		const struct trend_series *s = d->series[i];
		d->has_changes |= s->changes_n > 0;
		d->has_several |= s->n > 1;
		for (size_t k = 0; k < s->n; k++) {
			d->has_breaks |= s->points[k].is_break;
			d->has_marks |= t->submissions[s->points[k].submission].mark != NULL;
		}
	}
}

/* ---- rows ---- */

static void add_fields(const struct drawn *d, struct figure *f)
{
	const char *unit = d->is_bytes ? "MiB" : d->series[0]->unit;
	struct quantity q;
	const char *title =
		quantity_named(&d->source->study->g, d->metric, &q) ? q.title : d->metric;

	unit = strcmp(unit, "1") == 0 ? NULL : unit;
	if (d->n > 1) {
		figure_field(f, "facet", FIELD_TEXT, NULL, "series");
		f->facet = "facet";
	}
	figure_field(f, "submission", FIELD_NUMBER, NULL, "submission");
	figure_field(f, "label", FIELD_TEXT, NULL, "its label");
	if (d->has_marks)
		figure_field(f, "mark", FIELD_TEXT, NULL, "what was new");
	figure_field(f, "median", FIELD_NUMBER, unit, "%s", title);
	figure_field(f, "low", FIELD_NUMBER, unit, "95 %% interval from");
	figure_field(f, "high", FIELD_NUMBER, unit, "to");
	figure_field(f, "level", FIELD_NUMBER, unit, "level");
	figure_field(f, "part", FIELD_NUMBER, NULL, "stretch on one machine");
	if (d->has_changes)
		figure_field(f, "change", FIELD_TEXT, NULL, "change");
	if (d->has_breaks)
		figure_field(f, "machine", FIELD_TEXT, NULL, "the machine changed");
}

/* "nightly.12" -> 12; its place where the label has no number. */
static double number_of(const struct trend *t, size_t submission)
{
	const char *dot = strrchr(t->submissions[submission].label, '.');
	double number;

	return dot != NULL && text_is_number(dot + 1, &number) ? number : (double)submission + 1;
}

/* Whether all that are shown have the same value of it: it tells nothing. */
static bool is_same(const struct drawn *d, const struct parameter *p)
{
	bool is = true;

	for (size_t i = 0; i < d->n && is; i++) {
		struct parameters other;

		parameters_parse(&other, d->series[i]->parameters);
		const char *value = parameters_get(&other, p->name);
		is = value != NULL && strcmp(value, p->text) == 0;
		parameters_done(&other);
	}
	return is;
}

static char *name_of(const struct drawn *d, const struct trend_series *s)
{
	struct parameters p;
	struct buf out = BUF_INIT;
	size_t same = 0;

	parameters_parse(&p, s->parameters);
	_cleanup_free_ const char **names = xcalloc(p.n + 1, sizeof *names);
	for (size_t i = 0; i < p.n; i++) {
		if (is_same(d, &p.items[i]))
			names[same++] = p.items[i].name;
	}
	if (d->names_benchmark || p.n == same)
		buf_adds(&out, s->benchmark);
	if (p.n > same) {
		buf_adds(&out, out.len > 0 ? " " : "");
		parameters_format(&p, names, same, &out);
	}
	if (d->names_host)
		buf_addf(&out, " on %s", s->host);
	if (s->is_canary)
		buf_adds(&out, " (canary)");
	parameters_done(&p);
	return out.data;
}

static const struct trend_change *change_at(const struct trend_series *s, size_t point)
{
	for (size_t i = 0; i < s->changes_n; i++) {
		if (s->changes[i].point == point)
			return &s->changes[i];
	}
	return NULL;
}

/* "+3.1 %", "+3.1 % (machine)": charts are small; what was new is in the note. */
static char *change_text(const struct trend_change *c)
{
	return xasprintf("%+.3g %%%s", 100 * (c->ratio - 1), c->is_machine ? " (machine)" : "");
}

/* The median of the medians of each stretch between changes and breaks. */
static double *levels_of(const struct trend_series *s)
{
	double *level = xcalloc(s->n + 1, sizeof *level);
	_cleanup_free_ double *values = xcalloc(s->n + 1, sizeof *values);
	struct summary all;

	for (size_t start = 0, end; start < s->n; start = end) {
		for (end = start; end < s->n; end++) {
			if (end > start && (s->points[end].is_break || change_at(s, end) != NULL))
				break;
			values[end - start] = s->points[end].summary.median;
		}
		summary_of(values, end - start, 0.95, &all);
		for (size_t i = start; i < end; i++)
			level[i] = all.median;
	}
	return level;
}

static void add_point(const struct drawn *d, struct figure *f, const struct trend_series *s,
	size_t i, const char *name, double level, size_t part)
{
	const struct trend_point *p = &s->points[i];
	const struct trend_submission *submission = &d->trend->submissions[p->submission];
	const struct trend_change *change = change_at(s, i);
	double scale = d->is_bytes ? 1.0 / (1 << 20) : 1;

	figure_row(f);
	if (f->facet != NULL)
		figure_set_text(f, "facet", name);
	figure_set_number(f, "submission", number_of(d->trend, p->submission));
	figure_set_text(f, "label", submission->label);
	if (d->has_marks)
		figure_set_text(f, "mark", submission->mark);
	figure_set_number(f, "median", p->summary.median * scale);
	figure_set_number(f, "low", p->summary.has_interval ? p->summary.low * scale : NAN);
	figure_set_number(f, "high", p->summary.has_interval ? p->summary.high * scale : NAN);
	figure_set_number(f, "level", level * scale);
	figure_set_number(f, "part", (double)part);
	if (change != NULL) {
		_cleanup_free_ char *text = change_text(change);
		figure_set_text(f, "change", text);
	}
	if (p->is_break)
		figure_set_text(f, "machine", p->why == NULL ? "another machine" : p->why);
}

/* Where a level begins or ends must stay; of the rest the extremes. */
static bool *points_kept(const struct trend_series *s, size_t most)
{
	bool *keep = xcalloc(s->n + 1, sizeof *keep);
	_cleanup_free_ double *values = xcalloc(s->n + 1, sizeof *values);
	size_t kept = 0;

	for (size_t i = 0; i < s->n; i++) {
		bool is_edge =
			i == 0 || i + 1 == s->n || s->points[i].is_break || change_at(s, i) != NULL;
		keep[i] = is_edge && kept < most / 2;
		kept += keep[i];
		values[i] = s->points[i].summary.median;
	}
	thin_extremes(values, s->n, s->n <= most ? s->n : most - kept, keep);
	return keep;
}

static void add_series(struct drawn *d, struct figure *f, const struct trend_series *s)
{
	_cleanup_free_ char *name = name_of(d, s);
	_cleanup_free_ double *levels = levels_of(s);
	_cleanup_free_ bool *keep = points_kept(s, FIGURE_MAX_ROWS / d->n);
	size_t part = 1;

	for (size_t i = 0; i < s->n; i++) {
		part += s->points[i].is_break;
		d->points++;
		if (!keep[i])
			continue;
		add_point(d, f, s, i, name, levels[i], part);
		d->thinned++;
	}
}

/* ---- the chart ---- */

#define Y(name) "'y':{'field':'" name "','type':'quantitative','scale':{'zero':false}}"

static void add_panel(const struct drawn *d, struct figure *f)
{
	static const char change[] =
		",{'transform':[{'filter':'datum.change != null'}],"
		"'mark':{'type':'rule','strokeWidth':2},'encoding':{'y':null}},"
		"{'transform':[{'filter':'datum.change != null'}],"
		"'mark':{'type':'text','align':'left','baseline':'top','dx':4,'dy':2},"
		"'encoding':{'y':{'value':0},'text':{'field':'change','type':'nominal'}}}";
	static const char breaks[] =
		",{'transform':[{'filter':'datum.machine != null'}],"
		"'mark':{'type':'rule','strokeDash':[2,4]},'encoding':{'y':null}}";

	figure_panel(f,
		"{'encoding':{'x':{'field':'submission','type':'quantitative',"
		"'scale':{'zero':false},'axis':{'tickMinStep':1,'grid':false}},"
		"'detail':{'field':'part','type':'nominal'}," Y(
			"median") "},'layer':["
				  "{'mark':{'type':'line','strokeDash':[6,3],'opacity':0.7,"
				  "'interpolate':'step-after'},'encoding':{" Y(
					  "level") "}},"
						   "{'mark':'rule','encoding':{" Y(
							   "low") ",'y2':{'field':'high'}}},"
								  "{'mark':{'type':'line','point':"
								  "true}}%s%s],"
								  "'resolve':{'scale':{'y':'"
								  "independent'}}}",
		d->has_changes ? change : "", d->has_breaks ? breaks : "");
}

/* Of all series of the metric: in which submissions levels changed, and what was new in them. */
static void note_changes(const struct drawn *d, struct figure *f)
{
	const struct trend *t = d->trend;
	_cleanup_free_ size_t *changes = xcalloc(t->submissions_n + 1, sizeof *changes);
	_cleanup_free_ const char **why = xcalloc(t->submissions_n + 1, sizeof *why);
	size_t said = 0;

	for (size_t i = 0; i < t->series_n; i++) {
		const struct trend_series *s = &t->series[i];
		if (strcmp(s->metric, d->metric) != 0)
			continue;
		for (size_t k = 0; k < s->changes_n; k++)
			changes[s->points[s->changes[k].point].submission]++;
		for (size_t k = 0; k < s->n; k++) {
			if (s->points[k].is_break && s->points[k].why != NULL)
				why[s->points[k].submission] = s->points[k].why;
		}
	}
	for (size_t i = 0; i < t->submissions_n && said < MAX_SAID; i++) {
		const struct trend_submission *s = &t->submissions[i];
		if (changes[i] > 0)
			figure_note(f, "%s%s%s%s: %zu of %zu levels changed.", s->label,
				s->mark == NULL ? "" : " (", s->mark == NULL ? "" : s->mark,
				s->mark == NULL ? "" : ")", changes[i], d->all);
		if (why[i] != NULL)
			figure_note(f, "%s: a machine changed, %s.", s->label, why[i]);
		said += changes[i] > 0 || why[i] != NULL;
	}
}

static void add_texts(const struct drawn *d, int64_t last, struct figure *f)
{
	figure_reading(f,
		"Each point is the median of one submission with its 95 %% interval, the dashed "
		"line the level that it keeps to. %s%s",
		d->changed > 0 ? "An upright line is where the level changed, with by how much."
			       : "No level changed beyond the threshold and doubt.",
		d->has_breaks ? " A dotted line is where the machine itself was changed: what "
				"stands on its two sides is not compared."
			      : "");
	if (d->trend->submissions_n < 2 * LEAST_LEVEL)
		figure_note(f, "To find where a level changed takes %d submissions on each side.",
			LEAST_LEVEL);
	note_changes(d, f);
	if (d->n < d->all)
		figure_note(f, "Shown are %s%zu of %zu series%s.",
			d->changed > 0 ? "" : "the first ", d->n, d->all,
			d->changed > 0 ? ", those that changed most" : "");
	if (d->thinned < d->points)
		figure_note(f,
			"Of %zu points %zu are drawn: of every stretch the lowest and the highest, "
			"and where a level begins or ends.",
			d->points, d->thinned);
	if (last > 0)
		figure_note(f, "Only the last %lld submissions are read.", (long long)last);
}

static void draw(const struct figure_source *source, const struct trend *t, const char *metric,
	int64_t last, struct figures *out)
{
	struct drawn d = {.source = source, .trend = t, .metric = metric};
	struct quantity q;

	choose_series(&d);
	if (!d.has_several) {
		figures_leave_out(
			out, "trend: no configuration has %s in several submissions", metric);
	} else {
		bool is_known = quantity_named(&source->study->g, metric, &q);
		struct figure *f = figure_add(out, "trend", "%s from submission to submission",
			is_known ? q.title : metric);
		add_fields(&d, f);
		for (size_t i = 0; i < d.n; i++)
			add_series(&d, f, d.series[i]);
		add_panel(&d, f);
		add_texts(&d, last, f);
	}
	free(d.series);
}

/* ---- what it is made of ---- */

struct counted {
	const char *name;
	size_t n;
};

static int on_campaign(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct counted *counted = arg;

	(void)key;
	(void)n;
	counted->n += strcmp(cell_text(&c[CAMPAIGNS_NAME]), counted->name) == 0;
	return 0;
}

/* A figure for each metric that the trend has series of. */
static void draw_all(const struct figure_source *source, const struct trend *t, int64_t last,
	struct figures *out)
{
	for (size_t i = 0; i < t->series_n; i++) {
		bool is_new = true;
		for (size_t k = 0; k < i && is_new; k++)
			is_new = strcmp(t->series[k].metric, t->series[i].metric) != 0;
		if (is_new)
			draw(source, t, t->series[i].metric, last, out);
	}
}

static int make(const struct report_figure *request, const struct figure_source *source,
	struct figures *out, struct error *err)
{
	const struct gathered *g = &source->study->g;
	const char *dot = strrchr(g->label, '.');
	_cleanup_free_ char *name =
		dot == NULL ? xstrdup(g->label) : xstrndup(g->label, (size_t)(dot - g->label));
	const char *metrics[] = {request->metric};
	struct trend_asked asked = {.metrics = metrics,
		.metrics_n = request->metric != NULL,
		.only = request->only_text};
	struct counted counted = {.name = name};
	struct trend trend;

	int code =
		results_query(source->results, "campaigns", NULL, NULL, on_campaign, &counted, err);
	if (code == 0 && counted.n < 2)
		figures_leave_out(out, "trend: this is the only submission of %s", name);
	if (code < 0 || counted.n < 2)
		return code;
	int64_t most = g->runs == 0 ? MAX_RUNS : MAX_RUNS / (int64_t)g->runs;
	most = most < 3 ? 3 : most;
	if ((size_t)most < counted.n)
		asked.last = most;
	code = trend_make(source->results, name, &asked, &trend, err);
	if (code == ERR_USAGE) { /* a metric or an axis that these submissions do not have */
		figures_leave_out(out, "trend: %s", err->text);
		*err = (struct error){0};
		code = 0;
	} else if (code == 0 && trend.series_n == 0)
		figures_leave_out(out, "trend: no submission of %s has %s", name,
			request->metric == NULL ? "what it compares" : request->metric);
	else if (code == 0)
		draw_all(source, &trend, asked.last, out);
	trend_done(&trend);
	return code;
}

const struct figure_ops figure_trend = {
	.kind = "trend",
	.help = "medians of all submissions, with change points and breaks of the machine",
	.make = make,
};
