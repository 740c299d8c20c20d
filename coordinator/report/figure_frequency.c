/*
 * Energy and time against the frequency of the CPUs, and where the energy is lowest: is it better
 * to run fast and rest, or slow? The frequency is an axis of the campaign, else the one that was
 * measured.
 */
#include "coordinator/report/axis_choice.h"
#include "coordinator/report/frequency_beside.h"
#include "coordinator/report/horizon_line.h"
#include <math.h>

/* A measured frequency is worth a figure where it differs by more than this. */
#define SMALLEST_SPAN 1.05

enum { ENERGY, TIME, EDP, DRAWN };

static const struct {
	const char *median, *low, *high, *best;
} fields_of[DRAWN] = {
	{"energy", "energy_low", "energy_high", "energy_best"},
	{"time", "time_low", "time_high", "time_best"},
	{"edp", "edp_low", "edp_high", "edp_best"},
};

struct drawn {
	struct layout layout;
	struct quantity q[DRAWN];
	bool has[DRAWN];
	bool is_measured; /* by the median of frequency.busy: no axis, or one of names */
	bool is_along; /* lines are along an axis, by whatever its places on the page are known */
	struct quantity frequency;
	double factor; /* of the axis' numbers to GHz; 1 where their unit is not known */
	bool is_in_ghz;
	double highest[DRAWN], lowest[DRAWN];
	size_t lines, at_ends; /* lines, and those whose best is at the lowest or highest */
	struct quantity idle;
	bool has_idle;
	size_t always, never, flips; /* lines: the fastest costs least at every horizon, at none,
					up to one */
	struct frequency_beside beside;
};

static double frequency_of(const struct drawn *d, const struct placed *cell)
{
	struct summary s;

	if (!d->is_measured)
		return d->layout.x.numbers[cell->x] * d->factor;
	quantity_summary(d->layout.g, &d->frequency, cell->lane, cell->configuration, 0.95, &s);
	return s.n > 0 ? s.median / 1e9 : NAN;
}

/* ---- race to idle ---- */

static void add_horizon_fields(const struct drawn *d, struct figure *f)
{
	if (!d->has_idle)
		return;
	figure_field(f, "until", FIELD_NUMBER, "J", "energy until the horizon");
	figure_field(f, "until_best", FIELD_NUMBER, "J", "lowest of the line");
	figure_field(f, "horizon", FIELD_NUMBER, "s", "horizon");
	figure_field(f, "idle", FIELD_NUMBER, "W", "idle power");
	figure_field(f, "flip", FIELD_NUMBER, "s", "the fastest costs less up to");
}

static void set_horizon(
	const struct drawn *d, const struct horizon_line *h, size_t cell, struct figure *f)
{
	if (!h->is_there)
		return;
	double cost = horizon_line_energy(h, &d->layout, &d->q[ENERGY], &d->q[TIME], cell);
	figure_set_number(f, "until", cost);
	figure_set_number(f, "until_best", cell == h->cheapest ? cost : NAN);
	figure_set_number(f, "horizon", h->horizon);
	figure_set_number(f, "idle", h->idle);
	figure_set_number(f, "flip", h->flip);
}

static void count_horizon(struct drawn *d, const struct horizon_line *h)
{
	if (!h->is_there)
		return;
	d->always += h->fastest == h->cheapest;
	d->never += h->is_fastest_dearer;
	d->flips += !isnan(h->flip);
}

/* ---- rows ---- */

static void add_fields(const struct drawn *d, struct figure *f)
{
	const struct layout *l = &d->layout;

	if (l->facet.name != NULL) {
		figure_field(f, "facet", FIELD_TEXT, NULL, "%s", l->facet.name);
		f->facet = "facet";
	}
	if (l->series.name != NULL)
		figure_field(f, "series", FIELD_TEXT, NULL, "%s", l->series.name);
	figure_field(f, "frequency", FIELD_NUMBER, d->is_in_ghz ? "GHz" : NULL, "%s",
		d->is_measured ? "frequency while busy" : l->x.name);
	for (int i = 0; i < DRAWN; i++) {
		if (!d->has[i])
			continue;
		figure_field(
			f, fields_of[i].median, FIELD_NUMBER, d->q[i].unit, "%s", d->q[i].title);
		figure_field(
			f, fields_of[i].low, FIELD_NUMBER, d->q[i].unit, "95 %% interval from");
		figure_field(f, fields_of[i].high, FIELD_NUMBER, d->q[i].unit, "to");
		if (i != TIME)
			figure_field(f, fields_of[i].best, FIELD_NUMBER, d->q[i].unit,
				"lowest of the line");
	}
	add_horizon_fields(d, f);
	frequency_beside_fields(&d->beside, f);
}

static bool is_same_line(const struct placed *a, const struct placed *b)
{
	return a->facet == b->facet && a->series == b->series;
}

/* Cells [start, end) are a line. Returns which has the lowest median; end: none. */
static size_t lowest_of(struct drawn *d, int what, size_t start, size_t end)
{
	size_t best = end;
	double lowest = INFINITY;
	struct summary s;

	for (size_t i = start; i < end; i++) {
		const struct placed *cell = &d->layout.cells[i];
		quantity_summary(
			d->layout.g, &d->q[what], cell->lane, cell->configuration, 0.95, &s);
		if (s.n == 0)
			continue;
		d->lowest[what] = fmin(d->lowest[what], s.median);
		d->highest[what] = fmax(d->highest[what], s.median);
		if (s.median < lowest) {
			lowest = s.median;
			best = i;
		}
	}
	return best;
}

static void add_cell(const struct drawn *d, struct figure *f, size_t i, const size_t best[DRAWN])
{
	const struct layout *l = &d->layout;
	const struct placed *cell = &l->cells[i];
	struct summary s;

	figure_row(f);
	if (l->facet.name != NULL)
		figure_set_text(f, "facet", l->facet.values[cell->facet]);
	if (l->series.name != NULL)
		figure_set_text(f, "series", l->series.values[cell->series]);
	figure_set_number(f, "frequency", frequency_of(d, cell));
	for (int what = 0; what < DRAWN; what++) {
		if (!d->has[what])
			continue;
		quantity_summary(l->g, &d->q[what], cell->lane, cell->configuration, 0.95, &s);
		if (s.n == 0)
			continue;
		figure_set_number(f, fields_of[what].median, s.median);
		figure_set_number(f, fields_of[what].low, s.has_interval ? s.low : NAN);
		figure_set_number(f, fields_of[what].high, s.has_interval ? s.high : NAN);
		if (what != TIME && best[what] == i)
			figure_set_number(f, fields_of[what].best, s.median);
	}
}

/* Whether no cell of the line has a lower frequency, or none a higher one. */
static bool is_at_end(const struct drawn *d, size_t start, size_t end, size_t at)
{
	double own = frequency_of(d, &d->layout.cells[at]);
	bool has_lower = false, has_higher = false;

	for (size_t i = start; i < end; i++) {
		double other = frequency_of(d, &d->layout.cells[i]);
		has_lower |= other < own;
		has_higher |= other > own;
	}
	return !has_lower || !has_higher;
}

static void add_rows(struct drawn *d, struct figure *f)
{
	const struct layout *l = &d->layout;

	for (int what = 0; what < DRAWN; what++) {
		d->lowest[what] = INFINITY;
		d->highest[what] = -INFINITY;
	}
	for (size_t start = 0, end; start < l->n; start = end) {
		size_t best[DRAWN];
		for (end = start; end < l->n && is_same_line(&l->cells[start], &l->cells[end]);)
			end++;
		for (int what = 0; what < DRAWN; what++)
			best[what] = d->has[what] ? lowest_of(d, what, start, end) : end;
		struct horizon_line horizon = {.is_there = false};
		if (d->has_idle)
			horizon_line_make(
				l, &d->q[ENERGY], &d->q[TIME], &d->idle, start, end, &horizon);
		count_horizon(d, &horizon);
		for (size_t i = start; i < end; i++) {
			add_cell(d, f, i, best);
			if (d->has_idle)
				set_horizon(d, &horizon, i, f);
			frequency_beside_set(&d->beside, l->g, &l->cells[i], f);
		}
		if (!d->has[ENERGY] || end - start < 3 || best[ENERGY] == end)
			continue;
		d->lines++;
		d->at_ends += is_at_end(d, start, end, best[ENERGY]);
	}
}

/* ---- the chart ---- */

#define COLOR_WITHOUT_LEGEND                                                                       \
	",'color':{'field':'series','type':'nominal','sort':null,'legend':null}"

/* The legend of the first chart stands for all. */
static void add_panel(const struct drawn *d, struct figure *f, int what)
{
	const char *color = json_array_size(f->panels) == 0 ? layout_color(&d->layout)
			    : d->layout.series.name == NULL ? ""
							    : COLOR_WITHOUT_LEGEND,
		   *scale = scale_of(d->lowest[what], d->highest[what]);
	const char *median = fields_of[what].median, *low = fields_of[what].low,
		   *high = fields_of[what].high;
	_cleanup_free_ char *best =
		what == TIME ? xstrdup("")
			     : xasprintf(",{'transform':[{'filter':'datum.%s != null'}],"
					 "'mark':{'type':'point','filled':false,'size':180,'"
					 "strokeWidth':2},"
					 "'encoding':{'y':{'field':'%s','type':'quantitative'%s}}}",
				       fields_of[what].best, fields_of[what].best, scale);

	figure_panel(f,
		"{'encoding':{'x':{'field':'frequency','type':'quantitative',"
		"'scale':{'zero':false}},"
		"'y':{'field':'%s','type':'quantitative'%s}%s},'layer':["
		"{'mark':'rule','encoding':{'y':{'field':'%s','type':'quantitative'%s},"
		"'y2':{'field':'%s'}}},"
		"{'mark':{'type':'line','point':true}}%s],"
		"'resolve':{'scale':{'y':'independent'}}}",
		median, scale, color, low, scale, high, best);
}

/* One field as a line, and where one is best a ring. */
static void add_plain_panel(
	const struct drawn *d, struct figure *f, const char *field, const char *best, bool is_zero)
{
	double low, high;

	figure_span(f, field, &low, &high);
	const char *scale = is_zero ? ",'scale':{'zero':true}" : scale_of(low, high);
	_cleanup_free_ char *ring =
		best == NULL ? xstrdup("")
			     : xasprintf(",{'transform':[{'filter':'datum.%s != null'}],'mark':{"
					 "'type':'point','filled':false,'size':180,"
					 "'strokeWidth':2},'encoding':{'y':{'field':'%s','type':"
					 "'quantitative'%s}}}",
				       best, best, scale);

	figure_panel(f,
		"{'encoding':{'x':{'field':'frequency','type':'quantitative','scale':{'zero':"
		"false}},'y':{'field':'%s','type':'quantitative'%s}%s},'layer':[{'mark':{'type':"
		"'line','point':true}}%s]}",
		field, scale, d->layout.series.name == NULL ? "" : COLOR_WITHOUT_LEGEND, ring);
}

static void add_more_panels(const struct drawn *d, struct figure *f)
{
	if (d->always + d->never + d->flips > 0)
		add_plain_panel(d, f, "until", "until_best", false);
	if (d->beside.has_busy)
		add_plain_panel(d, f, "busy", NULL, false);
	if (d->beside.throttled > 0)
		add_plain_panel(d, f, "throttled", NULL, true);
}

static void note_more(const struct drawn *d, struct figure *f)
{
	size_t lines = d->always + d->never + d->flips;

	if (lines > 0)
		figure_note(f,
			"Race to idle: the energy until the horizon is that of the run and of the "
			"idle machine afterwards, until the slowest of the line is done. Of %zu "
			"line%s, the fastest costs least at every horizon in %zu, at none in %zu, "
			"and only up to one in %zu: the table says up to which.",
			lines, lines == 1 ? "" : "s", d->always, d->never, d->flips);
	else if (d->has[ENERGY])
		figure_note(f, "No idle power was measured (`measure: {idle: 10s}`), so what a "
			       "fast run costs while it rests is not known.");
	if (d->beside.has_throttled && d->beside.throttled == 0)
		figure_note(f, "No run was throttled.");
}

static void draw(struct drawn *d, struct figures *out)
{
	struct figure *f = figure_add(out, "frequency", "%s and the frequency of the CPUs",
		d->has[ENERGY] ? "Energy, time" : "Time");

	layout_limit(&d->layout, NULL, NULL, 1, "joulerig results", f);
	frequency_beside_find(d->layout.g, !d->is_measured, &d->beside);
	add_fields(d, f);
	add_rows(d, f);
	for (int what = 0; what < DRAWN; what++) {
		if (d->has[what])
			add_panel(d, f, what);
	}
	add_more_panels(d, f);
	_cleanup_free_ char *named = d->is_measured && d->is_along
					     ? xasprintf("What a run takes at each %s, against the "
							 "frequency that its CPUs "
							 "had while they were busy. The ring is "
							 "the lowest of its line: at "
							 "the right end, running fast and resting "
							 "is best; in the middle, a "
							 "slower clock saves energy. Lines up and "
							 "down are 95 %% intervals.",
						       d->layout.x.name)
					     : NULL;

	figure_reading(f, "%s%s",
		named != NULL ? named
		: d->is_measured
			? "What a run takes, against the frequency that its CPUs had while they "
			  "were busy. No axis sets it: whatever else differs between the "
			  "configurations comes along with it. The ring is the lowest of its "
			  "line; lines up and down are 95 % intervals."
		: d->has[ENERGY]
			? "What a run takes at each frequency. The ring is the lowest of its line: "
			  "at the right end, running fast and resting is best; in the middle, a "
			  "slower clock saves energy. Lines up and down are 95 % intervals."
			: "How long a run takes at each frequency. Lines up and down are 95 % "
			  "intervals.",
		d->always + d->never + d->flips == 0
			? ""
			: " The energy until the horizon has in it what the machine draws while it "
			  "rests, until the slowest of the line is done.");
	if (!d->has[ENERGY])
		figure_note(f, "Energy was not measured.");
	note_more(d, f);
	if (d->lines > 0 && d->is_along)
		figure_note(f,
			"The energy is lowest at an end of the frequencies in %zu of %zu lines: "
			"the "
			"true optimum may lie beyond.",
			d->at_ends, d->lines);
}

/* ---- what it is made of ---- */

static void choose_quantities(
	struct drawn *d, const struct report_figure *request, const struct gathered *g)
{
	const char *energy = request->metric != NULL ? request->metric : "energy.package";

	d->has[ENERGY] = quantity_named(g, energy, &d->q[ENERGY]);
	d->has[TIME] = quantity_named(g, "time", &d->q[TIME]);
	d->has_idle = d->has[ENERGY] && d->has[TIME] && strcmp(energy, "energy.package") == 0 &&
		      quantity_named(g, "power.package.idle", &d->idle);
	d->has[EDP] = d->has[ENERGY] && request->metric == NULL &&
		      quantity_product(g, "energy.package", "time", 1, "Energy-delay product",
			      "J·s", &d->q[EDP]);
}

/* Whether the measured frequency is not everywhere the same. */
static bool has_span(const struct drawn *d)
{
	double low = INFINITY, high = 0;

	for (size_t i = 0; i < d->layout.n; i++) {
		double f = frequency_of(d, &d->layout.cells[i]);
		low = fmin(low, f);
		high = fmax(high, f);
	}
	return high > low * SMALLEST_SPAN;
}

/* In GHz where the axis says its unit, or what CPUs do makes only one likely. */
static bool set_factor(struct drawn *d)
{
	struct direction *x = &d->layout.x;
	bool has_unit;

	if (!axis_make_numeric(x, AXIS_FREQUENCY, &has_unit))
		return false;
	double first = x->numbers[0];
	d->is_in_ghz = has_unit || (first >= 0.1 && first < 20) || first >= 1e5;
	d->factor = has_unit || first >= 1e8 ? 1e-9 : first >= 1e5 ? 1e-6 : 1;
	if (!d->is_in_ghz && first >= 100) { /* MHz */
		d->is_in_ghz = true;
		d->factor = 1e-3;
	}
	return true;
}

/* Frequencies by names: how far to the right a name is has been measured. */
static void draw_named(struct drawn *d, const struct figure_source *source, struct figures *out)
{
	const char *name = d->layout.x.name;

	d->is_measured = d->is_in_ghz = true;
	if (!quantity_named(&source->study->g, "frequency.busy", &d->frequency))
		figures_leave_out(out,
			"frequency: the values of %s are no numbers, and no frequency was measured",
			name);
	else if (!has_span(d))
		figures_leave_out(out,
			"frequency: the values of %s are no numbers, and the measured frequency is "
			"the same to within 5 %% everywhere",
			name);
	else
		draw(d, out);
}

static void make_along_axis(struct drawn *d, const struct report_figure *asked,
	const struct figure_source *source, struct figures *out)
{
	d->is_along = true;
	layout_make(asked, source, &d->q[TIME], LAYOUT_X_CHOICE, &d->layout);
	if (d->layout.n == 0 || d->layout.x.name == NULL)
		layout_leave_out(&d->layout, "frequency", "no run that is asked for is done", out);
	else if (set_factor(d))
		draw(d, out);
	else
		draw_named(d, source, out);
}

static void make_measured(struct drawn *d, const struct report_figure *asked,
	const struct figure_source *source, struct figures *out)
{
	d->is_measured = d->is_in_ghz = true;
	if (!quantity_named(&source->study->g, "frequency.busy", &d->frequency)) {
		figures_leave_out(out, "frequency: no axis is a frequency, and none was measured");
		return;
	}
	layout_make(asked, source, &d->frequency, LAYOUT_X_THREADS, &d->layout);
	if (d->layout.n == 0)
		layout_leave_out(&d->layout, "frequency", "no run that is asked for is done", out);
	else if (!has_span(d))
		figures_leave_out(out,
			"frequency: no axis is a frequency, and the measured one is the same to "
			"within 5 %% everywhere");
	else
		draw(d, out);
}

static int make(const struct report_figure *request, const struct figure_source *source,
	struct figures *out, struct error *err)
{
	struct report_figure asked = *request;
	struct drawn d = {.factor = 1};

	(void)err;
	choose_quantities(&d, request, &source->study->g);
	if (request->metric != NULL && !d.has[ENERGY]) {
		figures_leave_out(out, "frequency: no run has %s", request->metric);
		return 0;
	}
	if (!d.has[TIME] && !d.has[ENERGY]) {
		figures_leave_out(out, "frequency: no run has time");
		return 0;
	}
	if (asked.x == NULL)
		asked.x = (char *)(uintptr_t)axis_choose(source, AXIS_FREQUENCY);
	if (asked.x == NULL)
		asked.x = (char *)(uintptr_t)axis_choose(source, AXIS_CLOCK);
	if (asked.x != NULL && strcmp(asked.x, "frequency.busy") != 0)
		make_along_axis(&d, &asked, source, out);
	else
		make_measured(&d, request, source, out);
	layout_done(&d.layout);
	return 0;
}

const struct figure_ops figure_frequency = {
	.kind = "frequency",
	.help = "energy, time and energy-delay product against the frequency, the lowest marked",
	.make = make,
};
