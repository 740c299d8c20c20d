/*
 * A metric against the size of the problem, and below it its ratio to the baseline: is what was
 * found at one size the same at others?
 */
#include "coordinator/report/axis_choice.h"
#include <math.h>

struct drawn {
	struct layout layout;
	struct quantity q;
	double low, high; /* of all medians */
	/* Lines of ratios with several sizes, and of how many one ratio lies within all intervals.
	 */
	size_t lines, constant;
};

static void add_fields(const struct drawn *d, struct figure *f)
{
	layout_fields(&d->layout, f);
	figure_field(f, "median", FIELD_NUMBER, d->q.unit, "%s", d->q.title);
	figure_field(f, "low", FIELD_NUMBER, d->q.unit, "95 %% interval from");
	figure_field(f, "high", FIELD_NUMBER, d->q.unit, "to");
	if (d->layout.baseline == NO_INDEX)
		return;
	figure_field(f, "ratio", FIELD_NUMBER, NULL, "ratio to %s",
		d->layout.series.values[d->layout.baseline]);
	figure_field(f, "ratio_low", FIELD_NUMBER, NULL, "interval from");
	figure_field(f, "ratio_high", FIELD_NUMBER, NULL, "to");
}

/* What all ratios of a line so far have in common. */
struct common {
	size_t facet, series, n;
	double low, high;
};

static void end_line(struct drawn *d, const struct common *c)
{
	if (c->n < 2)
		return;
	d->lines++;
	d->constant += c->low <= c->high;
}

static void add_ratio(
	struct drawn *d, struct figure *f, const struct placed *cell, struct common *c)
{
	struct ratio ratio;

	layout_ratio(&d->layout, &d->q, cell, &ratio);
	figure_set_number(f, "ratio", ratio.ratio);
	figure_set_number(f, "ratio_low", ratio.low);
	figure_set_number(f, "ratio_high", ratio.high);
	if (isnan(ratio.low))
		return;
	if (c->facet != cell->facet || c->series != cell->series) {
		end_line(d, c);
		*c = (struct common){cell->facet, cell->series, 0, -INFINITY, INFINITY};
	}
	c->low = fmax(c->low, ratio.low);
	c->high = fmin(c->high, ratio.high);
	c->n++;
}

static void add_rows(struct drawn *d, struct figure *f)
{
	const struct layout *l = &d->layout;
	struct common common = {.facet = NO_INDEX};
	struct summary s;

	d->low = INFINITY;
	d->high = -INFINITY;
	for (size_t i = 0; i < l->n; i++) {
		const struct placed *cell = &l->cells[i];
		quantity_summary(l->g, &d->q, cell->lane, cell->configuration, 0.95, &s);
		layout_row(l, cell, f);
		figure_set_number(f, "median", s.median);
		figure_set_number(f, "low", s.has_interval ? s.low : NAN);
		figure_set_number(f, "high", s.has_interval ? s.high : NAN);
		d->low = fmin(d->low, s.median);
		d->high = fmax(d->high, s.median);
		if (l->baseline != NO_INDEX && cell->series != l->baseline)
			add_ratio(d, f, cell, &common);
	}
	end_line(d, &common);
}

static void add_panels(const struct drawn *d, struct figure *f)
{
	const struct layout *l = &d->layout;
	_cleanup_free_ char *x = layout_x(l);

	figure_panel(f,
		"{'encoding':{%s,'y':{'field':'median','type':'quantitative'%s}%s},'layer':["
		"{'mark':{'type':'errorband','opacity':0.2},'encoding':{'y':{'field':'low',"
		"'type':'quantitative'%s},'y2':{'field':'high'}}},"
		"{'mark':{'type':'line','point':true}}],"
		"'resolve':{'scale':{'y':'independent'}}}",
		x, scale_of(d->low, d->high), layout_color(l), scale_of(d->low, d->high));
	if (l->baseline == NO_INDEX)
		return;
	figure_panel(f,
		"{'encoding':{%s,'y':{'field':'ratio','type':'quantitative','scale':{'zero':false}}"
		"%s},"
		"'layer':["
		"{'mark':{'type':'rule','strokeDash':[4,4]},'encoding':{'x':null,'color':null,"
		"'y':{'datum':1,'type':'quantitative'}}},"
		"{'mark':{'type':'errorband','opacity':0.2},'encoding':{'y':{'field':'ratio_low',"
		"'type':'quantitative','scale':{'zero':false}},'y2':{'field':'ratio_high'}}},"
		"{'mark':{'type':'line','point':true}}]}",
		x,
		l->series.name == NULL ? ""
				       : ",'color':{'field':'series','type':'nominal',"
					 "'sort':null,'legend':null}");
}

static void add_texts(const struct drawn *d, struct figure *f)
{
	const struct layout *l = &d->layout;

	if (l->baseline == NO_INDEX) {
		figure_reading(f, "%s against %s; bands are 95 %% intervals of the median.",
			d->q.title, l->x.name);
		return;
	}
	figure_reading(f,
		"Above: %s against %s. Below: each line as a ratio to %s; a line that "
		"stays level says that what was found holds at every size. Bands are intervals.",
		d->q.title, l->x.name, l->series.values[l->baseline]);
	if (d->lines > 0)
		figure_note(f,
			"Of %zu line%s of ratios, %zu fit%s one ratio at all sizes: it lies within "
			"all of the line's %g %% intervals.",
			d->lines, d->lines == 1 ? "" : "s", d->constant,
			d->constant == 1 ? "s" : "", 100 * (1 - l->source->alpha));
}

static void draw(struct drawn *d, struct figures *out)
{
	struct layout *l = &d->layout;
	struct figure *f =
		figure_add(out, "size", "%s: does it depend on %s?", d->q.title, l->x.name);
	_cleanup_free_ double *scores = layout_scores(l, &d->q);

	layout_limit(l, scores, "those with the largest differences", 1, "joulerig results", f);
	add_fields(d, f);
	add_rows(d, f);
	add_panels(d, f);
	add_texts(d, f);
}

static void make_of(const struct report_figure *request, const struct figure_source *source,
	const char *metric, struct figures *out)
{
	struct drawn d = {.low = 0};
	bool has_unit;

	if (!quantity_named(&source->study->g, metric, &d.q)) {
		figures_leave_out(out, "size: no run has %s", metric);
		return;
	}
	layout_make(request, source, &d.q, LAYOUT_X_CHOICE, &d.layout);
	if (d.layout.n == 0 || d.layout.x.name == NULL)
		layout_leave_out(&d.layout, "size", "no run that is asked for is done", out);
	else if (!axis_make_numeric(&d.layout.x, AXIS_SIZE, &has_unit))
		figures_leave_out(out, "size: the values of %s are no numbers", d.layout.x.name);
	else
		draw(&d, out);
	layout_done(&d.layout);
}

/* Time, and energy where it was measured, unless a metric is asked for. */
static int make(const struct report_figure *request, const struct figure_source *source,
	struct figures *out, struct error *err)
{
	const struct gathered *g = &source->study->g;
	size_t energy = gathered_metric(g, "energy.package");
	struct report_figure asked = *request;

	(void)err;
	if (asked.x == NULL)
		asked.x = (char *)(uintptr_t)axis_choose(source, AXIS_SIZE);
	if (asked.x == NULL) {
		figures_leave_out(
			out, "size: no axis but that of threads or frequency has several numbers");
		return 0;
	}
	make_of(&asked, source, asked.metric != NULL ? asked.metric : "time", out);
	if (asked.metric == NULL && g->metrics[energy].is_used)
		make_of(&asked, source, "energy.package", out);
	return 0;
}

const struct figure_ops figure_size = {
	.kind = "size",
	.help = "a metric and its ratio against the size of the problem",
	.make = make,
};
