/* Energy against time, with the power that the straight line hides. */
#include "coordinator/findings/residual.h"
#include "coordinator/report/figure_parts.h"
#include <math.h>

#define LEVEL        0.95
#define MAX_FORMULAE 3 /* hosts whose slopes the note spells out */

struct drawn {
	struct quantity time, energy, power;
};

static void add_fields(const struct layout *l, const struct drawn *d, struct figure *f)
{
	points_fields(l, f);
	figure_field(f, "x", FIELD_NUMBER, d->time.unit, "%s", d->time.title);
	figure_field(f, "y", FIELD_NUMBER, d->energy.unit, "%s", d->energy.title);
	figure_field(f, "power", FIELD_NUMBER, "W", "power (energy / time)");
}

static double median_of(const struct layout *l, const struct quantity *q, const struct placed *cell)
{
	struct summary s;

	quantity_summary(l->g, q, cell->lane, cell->configuration, LEVEL, &s);
	return s.n > 0 && s.median > 0 ? s.median : NAN;
}

static void add_rows(const struct layout *l, const struct drawn *d, struct figure *f)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct placed *cell = &l->cells[i];
		double time = median_of(l, &d->time, cell), energy = median_of(l, &d->energy, cell);

		if (isnan(time) || isnan(energy))
			continue;
		points_row(l, cell, f);
		figure_set_number(f, "x", time);
		figure_set_number(f, "y", energy);
		figure_set_number(f, "power", median_of(l, &d->power, cell));
	}
}

static const char *log_scale(const struct figure *f, const char *field)
{
	double low, high;

	figure_span(f, field, &low, &high);
	return high > 3 * low ? ",'scale':{'type':'log','nice':false,'padding':12}"
			      : ",'scale':{'zero':false,'padding':12}";
}

static void add_panels(const struct layout *l, struct figure *f)
{
	const char *color = layout_color(l), *x = log_scale(f, "x");

	figure_panel(f,
		"{'mark':{'type':'point','filled':true,'size':45},'encoding':{"
		"'x':{'field':'x','type':'quantitative'%s},"
		"'y':{'field':'y','type':'quantitative'%s}%s}}",
		x, log_scale(f, "y"), color);
	figure_panel(f,
		"{'mark':{'type':'point','filled':true,'size':45},'encoding':{"
		"'x':{'field':'x','type':'quantitative'%s},"
		"'y':{'field':'power','type':'quantitative','scale':{'zero':true}}%s}}",
		x, color);
}

/* The slopes are those of all configurations: of fewer nothing is said. */
static void add_slopes(const struct layout *l, const char *energy, struct figure *f)
{
	struct residuals r = {0};
	struct error err = {0};
	size_t n = l->g->lanes_n * l->g->configurations_n;

	for (size_t i = 0; i < n; i++) {
		if (!l->source->kept[i])
			return;
	}
	if (strcmp(energy, "energy.package") != 0 ||
		residuals_make(l->g, NULL, NULL, l->source->alpha, RESIDUAL_BAND, &r, &err) < 0) {
		residuals_done(&r);
		return;
	}
	for (size_t i = 0, said = 0; i < r.fits_n && said < MAX_FORMULAE; i++) {
		const struct residual_fit *fit = &r.fits[i];
		if (fit->cells < 3 || fit->lane >= l->g->lanes_n || !isfinite(fit->slope))
			continue;
		figure_note(f,
			"%s: energy grows as time to the power of %.2f (R² %.2f); power ranges "
			"from "
			"%.3g to %.3g W.",
			l->g->lanes[fit->lane].host, fit->slope, fit->r2, fit->power_low,
			fit->power_high);
		said++;
	}
	residuals_done(&r);
}

static int make_page(const struct report_figure *request, const struct figure_source *source,
	const char *page, struct figures *out, struct error *err)
{
	const char *energy = request->metric == NULL ? "energy.package" : request->metric;
	const struct gathered *g = &source->study->g;
	struct report_figure without_x = *request;
	struct layout l = {0};
	struct drawn d;

	(void)err;
	without_x.x = NULL;
	if (!quantity_named(g, energy, &d.energy) || !quantity_named(g, "time", &d.time) ||
		!quantity_product(g, energy, "time", -1, "power", "W", &d.power)) {
		figures_leave_out(out, "energy_time: no run has %s; `joulerig results %s` says why",
			energy, g->label);
		return 0;
	}
	layout_make(&without_x, source, &d.power, LAYOUT_X_NONE, &l);
	if (l.n == 0) {
		layout_leave_out(
			&l, "energy_time", "no configuration that it shows has energy", out);
	} else if (l.n < 2) {
		layout_leave_out(&l, "energy_time", "there is one configuration", out);
	} else {
		struct figure *f = figure_add(out, "energy_time", "%s against time%s%s",
			d.energy.title, page == NULL ? "" : ", ", page == NULL ? "" : page);
		points_limit(&l, FIGURE_MAX_ROWS, f);
		add_fields(&l, &d, f);
		add_rows(&l, &d, f);
		add_panels(&l, f);
		add_slopes(&l, energy, f);
		figure_reading(f,
			"Each point is a configuration: medians over its blocks. Were energy "
			"proportional to time, the points of the upper chart would lie on one "
			"straight "
			"line of slope 1, and those of the lower one, energy divided by time, at "
			"one "
			"height. The upper chart alone looks straight whenever times differ much.");
	}
	layout_done(&l);
	return 0;
}

static int make(const struct report_figure *request, const struct figure_source *source,
	struct figures *out, struct error *err)
{
	return layout_pages(request, source, out, err, make_page);
}

const struct figure_ops figure_energy_time = {.kind = "energy_time",
	.help = "energy against time, and the power between them",
	.make = make};
