/* Energy against time, with the power that the straight line hides. */
#include "coordinator/analysis/verdict.h"
#include "coordinator/findings/residual.h"
#include "coordinator/report/figure_parts.h"
#include <math.h>

#define LEVEL        0.95
#define MAX_FORMULAE 3 /* hosts whose slopes the note spells out */

struct drawn {
	struct quantity time, energy, power;
	bool has_ratios;  /* some configuration stands against one on the same host */
	size_t counts[3]; /* of ratios, by enum residual_verdict */
};

/* What a configuration's power is seen against: on the same host, else NULL. */
static const struct placed *reference_of(const struct layout *l, const struct placed *cell)
{
	const struct placed *found = layout_reference(l, cell);

	return found == NULL || found->lane != cell->lane ? NULL : found;
}

static bool has_ratios(const struct layout *l)
{
	for (size_t i = 0; i < l->n; i++) {
		if (reference_of(l, &l->cells[i]) != NULL)
			return true;
	}
	return false;
}

static void add_fields(const struct layout *l, const struct drawn *d, struct figure *f)
{
	points_fields(l, f);
	figure_field(f, "x", FIELD_NUMBER, d->time.unit, "%s", d->time.title);
	figure_field(f, "y", FIELD_NUMBER, d->energy.unit, "%s", d->energy.title);
	figure_field(f, "power", FIELD_NUMBER, "W", "power (energy / time)");
	if (!d->has_ratios)
		return;
	double percent = 100 * (1 - l->source->alpha);
	_cleanup_free_ char *reference = layout_reference_text(l);
	figure_field(f, "ratio", FIELD_NUMBER, NULL, "R_P: ratio of power to %s", reference);
	figure_field(f, "low", FIELD_NUMBER, NULL, "low (%g %%)", percent);
	figure_field(f, "high", FIELD_NUMBER, NULL, "high (%g %%)", percent);
	figure_field(f, "verdict", FIELD_TEXT, NULL, "energy and time are");
}

static double median_of(const struct layout *l, const struct quantity *q, const struct placed *cell)
{
	struct summary s;

	quantity_summary(l->g, q, cell->lane, cell->configuration, LEVEL, &s);
	return s.n > 0 && s.median > 0 ? s.median : NAN;
}

/* R_P = R_E / R_T, from block to block. */
static void add_ratio(
	const struct layout *l, struct drawn *d, const struct placed *cell, struct figure *f)
{
	struct ratio r;

	/* So that colours are those of the other charts. */
	if (layout_is_reference(l, cell))
		figure_set_number(f, "ratio", 1);
	if (reference_of(l, cell) == NULL)
		return;
	layout_ratio(l, &d->power, cell, &r);
	if (isnan(r.ratio))
		return;
	double alpha = l->source->alpha;
	enum residual_verdict v =
		residual_judge(&r, equivalence_p(&r, RESIDUAL_BAND), alpha, RESIDUAL_BAND);
	figure_set_number(f, "ratio", r.ratio);
	figure_set_number(f, "low", r.low);
	figure_set_number(f, "high", r.high);
	figure_set_text(f, "verdict", residual_name(v));
	d->counts[v]++;
}

static void add_rows(const struct layout *l, struct drawn *d, struct figure *f)
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
		if (d->has_ratios)
			add_ratio(l, d, cell, f);
	}
}

static const char *log_scale(const struct figure *f, const char *field)
{
	double low, high;

	figure_span(f, field, &low, &high);
	return high > 3 * low ? ",'scale':{'type':'log','nice':false,'padding':12}"
			      : ",'scale':{'zero':false,'padding':12}";
}

static void add_ratios(const struct layout *l, const char *x, struct figure *f)
{
	figure_panel(f,
		"{'layer':["
		"{'mark':{'type':'point','filled':true,'size':45},'encoding':{"
		"'x':{'field':'x','type':'quantitative'%s},"
		"'y':{'field':'ratio','type':'quantitative'%s}%s}},"
		"{'mark':{'type':'rule','strokeWidth':1.5},'encoding':{"
		"'x':{'field':'x','type':'quantitative'%s},'y':{'field':'low','type':"
		"'quantitative'},'y2':{'field':'high'}%s}},"
		"{'data':{'values':[{}]},'mark':{'type':'rect','opacity':0.12,'color':'gray'},"
		"'encoding':{'y':{'datum':%.6f},'y2':{'datum':%.6f}}},"
		"{'data':{'values':[{}]},'mark':{'type':'rule','strokeDash':[5,4],'opacity':0.7},"
		"'encoding':{'y':{'datum':1}}}]}",
		x, ratio_scale(f, "ratio"), layout_color(l), x, layout_color(l),
		1 / (1 + RESIDUAL_BAND), 1 + RESIDUAL_BAND);
}

static void add_panels(const struct layout *l, const struct drawn *d, struct figure *f)
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
	if (d->has_ratios)
		add_ratios(l, x, f);
}

static void add_reading(const struct layout *l, const struct drawn *d, struct figure *f)
{
	_cleanup_free_ char *reference = layout_reference_text(l);
	_cleanup_free_ char *ratios = xasprintf(
		" The last chart is R_P, how much more power each draws than %s, which is the "
		"ratio of their energies by that of their times, with its %g %% interval: only "
		"within the grey range, ±%g %%, may one say that energy followed time.",
		reference, 100 * (1 - l->source->alpha), 100 * RESIDUAL_BAND);

	figure_reading(f,
		"Each point is a configuration: medians over its blocks. Were energy proportional "
		"to time, the points of the first chart would lie on one straight line of slope "
		"1, and those of the second one, energy divided by time, at one height. The first "
		"chart alone looks straight whenever times differ much.%s",
		d->has_ratios ? ratios : "");
	if (d->has_ratios)
		figure_note(f,
			"Of %zu ratios of power, %zu are proportional to within %g %%, %zu are "
			"not, %zu are undecided.",
			d->counts[0] + d->counts[1] + d->counts[2],
			d->counts[RESIDUAL_PROPORTIONAL], 100 * RESIDUAL_BAND,
			d->counts[RESIDUAL_NOT_PROPORTIONAL], d->counts[RESIDUAL_UNDECIDED]);
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
	struct drawn d = {0};

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
		d.has_ratios = has_ratios(&l);
		points_limit(&l, FIGURE_MAX_ROWS, f);
		add_fields(&l, &d, f);
		add_rows(&l, &d, f);
		add_panels(&l, &d, f);
		add_slopes(&l, energy, f);
		add_reading(&l, &d, f);
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
