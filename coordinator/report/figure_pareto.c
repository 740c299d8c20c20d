/* Which configurations no other one beats in both time and energy. */
#include "coordinator/report/figure_parts.h"
#include <math.h>

#define LEVEL 0.95

struct point {
	const struct placed *cell;
	double time, energy;
	bool is_front, has_label;
};

/* By facet, then time, then energy. */
static int by_time(const void *a, const void *b)
{
	const struct point *p = a, *q = b;

	if (p->cell->facet != q->cell->facet)
		return p->cell->facet < q->cell->facet ? -1 : 1;
	if (p->time < q->time || p->time > q->time)
		return p->time < q->time ? -1 : 1;
	return p->energy < q->energy ? -1 : p->energy > q->energy;
}

/* Of points sorted by time: whoever uses less energy than all faster ones is on the front. */
static void find_front(struct point *points, size_t n)
{
	double least = INFINITY;

	for (size_t i = 0; i < n; i++) {
		if (i == 0 || points[i].cell->facet != points[i - 1].cell->facet)
			least = INFINITY;
		points[i].is_front = points[i].energy < least;
		least = points[i].is_front ? points[i].energy : least;
	}
}

/* Labels of the front that are far enough from the last one that has its own, in the span of all
 * points (span[0] of log time, span[1] of log energy). */
static void choose_labels(struct point *points, size_t n, const double span[2])
{
	const struct point *last = NULL;

	for (size_t i = 0; i < n; i++) {
		struct point *p = &points[i];
		if (last != NULL && last->cell->facet != p->cell->facet)
			last = NULL;
		if (!p->is_front)
			continue;
		p->has_label = last == NULL || fabs(log(p->time / last->time)) > 0.25 * span[0] ||
			       fabs(log(p->energy / last->energy)) > 0.08 * span[1];
		if (p->has_label)
			last = p;
	}
}

/* In the layout's order again, so that colours are those of other figures. */
static int by_place(const void *a, const void *b)
{
	const struct point *p = a, *q = b;

	return p->cell < q->cell ? -1 : p->cell > q->cell;
}

static double median_of(const struct layout *l, const struct quantity *q, const struct placed *cell)
{
	struct summary s;

	quantity_summary(l->g, q, cell->lane, cell->configuration, LEVEL, &s);
	return s.n > 0 && s.median > 0 ? s.median : NAN;
}

/* The caller frees. */
static struct point *points_of(const struct layout *l, const struct quantity *time,
	const struct quantity *energy, size_t *n)
{
	struct point *points = xcalloc(l->n + 1, sizeof *points);
	double low[2] = {INFINITY, INFINITY}, high[2] = {0, 0};

	*n = 0;
	for (size_t i = 0; i < l->n; i++) {
		const double v[] = {
			median_of(l, time, &l->cells[i]), median_of(l, energy, &l->cells[i])};
		if (isnan(v[0]) || isnan(v[1]))
			continue;
		points[(*n)++] = (struct point){.cell = &l->cells[i], .time = v[0], .energy = v[1]};
		for (int k = 0; k < 2; k++) {
			low[k] = v[k] < low[k] ? v[k] : low[k];
			high[k] = v[k] > high[k] ? v[k] : high[k];
		}
	}
	if (*n == 0)
		return points;
	qsort(points, *n, sizeof *points, by_time);
	find_front(points, *n);
	choose_labels(points, *n, (double[]){log(high[0] / low[0]), log(high[1] / low[1])});
	qsort(points, *n, sizeof *points, by_place);
	return points;
}

/* "nogil, threads 4": what tells points of one chart apart. */
static char *label_of(const struct layout *l, const struct placed *cell)
{
	_cleanup_buf_ struct buf text = BUF_INIT;

	if (l->series.name != NULL)
		buf_adds(&text, l->series.values[cell->series]);
	if (l->x.name != NULL)
		buf_addf(&text, "%s%s %s", text.len > 0 ? ", " : "", l->x.name,
			l->x.values[cell->x]);
	return buf_take(&text);
}

static void add_rows(const struct layout *l, const struct point *points, size_t n, struct figure *f)
{
	for (size_t i = 0; i < n; i++) {
		const struct point *p = &points[i];
		_cleanup_free_ char *label = label_of(l, p->cell);

		figure_row(f);
		if (f->facet != NULL)
			figure_set_text(f, "facet", l->facet.values[p->cell->facet]);
		if (l->series.name != NULL)
			figure_set_text(f, "series", l->series.values[p->cell->series]);
		figure_set_text(f, "configuration", label);
		figure_set_number(f, "x", p->time);
		figure_set_number(f, "y", p->energy);
		figure_set_number(f, "front", p->is_front);
		figure_set_text(f, "label", p->has_label ? label : "");
	}
}

static void add_fields(const struct layout *l, const struct quantity *time,
	const struct quantity *energy, struct figure *f)
{
	if (l->facet.name != NULL) {
		figure_field(f, "facet", FIELD_TEXT, NULL, "%s", l->facet.name);
		f->facet = "facet";
	}
	if (l->series.name != NULL)
		figure_field(f, "series", FIELD_TEXT, NULL, "%s", l->series.name);
	figure_field(f, "configuration", FIELD_TEXT, NULL, "configuration");
	figure_field(f, "x", FIELD_NUMBER, time->unit, "%s", time->title);
	figure_field(f, "y", FIELD_NUMBER, energy->unit, "%s", energy->title);
	figure_field(f, "front", FIELD_NUMBER, NULL, "on the front");
	figure_field(f, "label", FIELD_TEXT, NULL, "label");
}

static void add_panel(const struct layout *l, struct figure *f)
{
	double span[4];

	figure_span(f, "x", &span[0], &span[1]);
	figure_span(f, "y", &span[2], &span[3]);
	const char *x = span[1] > 3 * span[0] ? "'type':'log','nice':false" : "'zero':false";
	const char *y = span[3] > 3 * span[2] ? "'type':'log','nice':false" : "'zero':false";
	_cleanup_free_ char *place =
		xasprintf("'x':{'field':'x','type':'quantitative','scale':{%s,'padding':20}},"
			  "'y':{'field':'y','type':'quantitative','scale':{%s,'padding':20}}",
			x, y);
	figure_panel(f,
		"{'layer':[{'transform':[{'filter':'datum.front == 1'}],'mark':{'type':'line',"
		"'color':'gray','strokeDash':[5,4]},'encoding':{%s}},"
		"{'mark':{'type':'point','filled':true,'size':55},'encoding':{%s%s,"
		"'opacity':{'condition':{'test':'datum.front == 1','value':1},'value':0.3}}},"
		"{'transform':[{'filter':'datum.front == 1 && "
		"datum.label'}],'mark':{'type':'text','dy':-9,"
		"'dx':5,'align':'left','fontSize':10},'encoding':{%s,'text':{'field':'label'}}}]}",
		place, place, layout_color(l), place);
}

/* Of unlike work only what a unit of it takes can be compared. */
static bool find_quantities(const struct report_figure *request, const struct gathered *g,
	struct quantity *time, struct quantity *energy)
{
	if (request->metric != NULL)
		return quantity_named(g, "time", time) &&
		       quantity_named(g, request->metric, energy);
	return (quantity_named(g, "time.per_work", time) &&
		       quantity_named(g, "energy.package.per_work", energy)) ||
	       (quantity_named(g, "time", time) && quantity_named(g, "energy.package", energy));
}

static int make_page(const struct report_figure *request, const struct figure_source *source,
	const char *page, struct figures *out, struct error *err)
{
	const struct gathered *g = &source->study->g;
	struct quantity time, energy;
	struct layout l = {0};
	size_t n;

	(void)err;
	if (!find_quantities(request, g, &time, &energy)) {
		figures_leave_out(out, "pareto: no run has %s; `joulerig results %s` says why",
			request->metric == NULL ? "energy.package" : request->metric, g->label);
		return 0;
	}
	layout_make(request, source, &energy, LAYOUT_X_CHOICES, &l);
	if (l.x.n * l.series.n < 2) {
		layout_leave_out(
			&l, "pareto", "there are no two configurations to choose from", out);
		layout_done(&l);
		return 0;
	}
	struct figure *f =
		figure_add(out, "pareto", "Which configurations to choose: time and energy%s%s",
			page == NULL ? "" : ", ", page == NULL ? "" : page);
	_cleanup_free_ double *scores = layout_scores(&l, &energy);
	_cleanup_free_ char *command = xasprintf("joulerig results %s", g->label);
	layout_limit(&l, scores, "those that differ most", 1, command, f);
	_cleanup_free_ struct point *points = points_of(&l, &time, &energy, &n);
	add_fields(&l, &time, &energy, f);
	add_rows(&l, points, n, f);
	add_panel(&l, f);
	figure_reading(f,
		"Each point is a configuration: the median of its time and of its energy. To the "
		"left "
		"is faster, below is less energy. Those on the dashed line are worth choosing: "
		"whatever is faster than one of them uses more energy. Pale ones are beaten in "
		"both.");
	layout_done(&l);
	return 0;
}

static int make(const struct report_figure *request, const struct figure_source *source,
	struct figures *out, struct error *err)
{
	return layout_pages(request, source, out, err, make_page);
}

const struct figure_ops figure_pareto = {.kind = "pareto",
	.help = "configurations that none beats in both time and energy",
	.make = make};
