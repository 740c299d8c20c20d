/*
 * The power of a run over its time, with what explains it: how many CPUs were busy, at what
 * frequency, how warm. One run stands for a configuration: the one that is nearest to the median of
 * its times.
 */
#include "coordinator/findings/timeline.h"
#include "coordinator/report/figure_parts.h"
#include "coordinator/report/thin.h"
#include <math.h>

#define MAX_CHARTS 6 /* side by side */
#define MAX_LINES  4 /* of each */

enum { POWER, BUSY, FREQUENCY, TEMPERATURE, VALUES };

static const struct {
	const char *field, *unit, *title;
} values_of[VALUES] = {
	{"power", "W", "power of the packages"},
	{"busy", NULL, "busy CPUs of the machine"},
	{"frequency", "GHz", "frequency while busy"},
	{"temperature", "°C", "hottest package"},
};

/* One run's lines. */
struct traced {
	const struct placed *cell;
	int64_t run;
	double off; /* of its time from the median, as a share */
	struct timeline timeline;
	double *values[VALUES]; /* [instant]; NULL: not measured */
};

struct traces {
	struct layout *layout;
	struct traced *items;
	size_t n;
	size_t without; /* chosen runs of which the store has no samples */
	bool has[VALUES];
	size_t falls, thinned, instants;
};

/* ---- what a run's samples say ---- */

static double *scaled(const struct timeline *t, const char *name, double factor)
{
	const struct timeline_channel *c = timeline_channel(t, name);
	double *out;

	if (c == NULL)
		return NULL;
	out = xcalloc(t->n + 1, sizeof *out);
	for (size_t i = 0; i < t->n; i++)
		out[i] = c->values[i] * factor;
	return out;
}

/* The hottest of the packages at each instant. */
static double *hottest(const struct timeline *t)
{
	static const char prefix[] = "temperature.package-";
	double *out = NULL;

	for (size_t c = 0; c < t->channels_n; c++) {
		if (strncmp(t->channels[c].name, prefix, strlen(prefix)) != 0)
			continue;
		if (out == NULL) {
			out = xcalloc(t->n + 1, sizeof *out);
			for (size_t i = 0; i < t->n; i++)
				out[i] = NAN;
		}
		for (size_t i = 0; i < t->n; i++)
			out[i] = fmax(out[i], t->channels[c].values[i]);
	}
	return out;
}

static bool has_some(const double *values, size_t n)
{
	for (size_t i = 0; values != NULL && i < n; i++) {
		if (!isnan(values[i]))
			return true;
	}
	return false;
}

/* A rate is that of the time up to its instant, as it is drawn: the first has none before it, but
 * without a value there the first interval would have no line. */
static double *from_the_start(double *rates, size_t n)
{
	if (rates != NULL && n > 1 && isnan(rates[0]))
		rates[0] = rates[1];
	return rates;
}

static void take_values(struct traces *all, struct traced *t)
{
	size_t n;

	t->values[POWER] =
		from_the_start(timeline_sum(&t->timeline, "energy.package-", &n), t->timeline.n);
	t->values[BUSY] = from_the_start(scaled(&t->timeline, "cpu.busy", 1), t->timeline.n);
	t->values[FREQUENCY] = scaled(&t->timeline, "frequency.busy", 1e-9);
	t->values[TEMPERATURE] = hottest(&t->timeline);
	for (int v = 0; v < VALUES; v++)
		all->has[v] |= has_some(t->values[v], t->timeline.n);
}

static void traced_done(struct traced *t)
{
	for (int v = 0; v < VALUES; v++)
		free(t->values[v]);
	timeline_done(&t->timeline);
}

/* ---- which runs ---- */

/* Whether this one of n is among `most` that lie evenly in them, the first and the last too. */
static bool is_chosen(size_t i, size_t n, size_t most)
{
	if (n <= most)
		return true;
	for (size_t k = 0; k < most; k++) {
		if (k * (n - 1) / (most - 1) == i)
			return true;
	}
	return false;
}

static int trace(struct traces *all, const struct figure_source *source, const struct placed *cell,
	struct error *err)
{
	const struct gathered *g = &source->study->g;
	struct traced t = {.cell = cell};

	t.run = typical_run(gathered_cell(g, cell->lane, cell->configuration),
		gathered_metric(g, "time"), &t.off);
	if (t.run == 0)
		return 0;
	int code = timeline_read(source->results, g->label, t.run, &t.timeline, err);
	if (code == 0 && t.timeline.n < 2) {
		all->without++;
	} else if (code == 0) {
		take_values(all, &t);
		all->falls += t.timeline.falls;
		all->items = xreallocarray(all->items, all->n + 1, sizeof t);
		all->items[all->n++] = t;
		return 0;
	}
	traced_done(&t);
	return code;
}

static int trace_chosen(struct traces *all, const struct figure_source *source, struct error *err)
{
	const struct layout *l = all->layout;
	int code = 0;

	for (size_t i = 0; i < l->n && code == 0; i++) {
		const struct placed *cell = &l->cells[i];
		if (is_chosen(cell->facet, l->facet.n, MAX_CHARTS) &&
			(cell->series == l->baseline ||
				is_chosen(cell->series, l->series.n, MAX_LINES)))
			code = trace(all, source, cell, err);
	}
	return code;
}

/* ---- the figure ---- */

static void add_fields(const struct traces *all, struct figure *f)
{
	layout_fields(all->layout, f);
	figure_field(f, "seconds", FIELD_NUMBER, "s", "since the start");
	for (int v = 0; v < VALUES; v++) {
		if (all->has[v])
			figure_field(f, values_of[v].field, FIELD_NUMBER, values_of[v].unit, "%s",
				values_of[v].title);
	}
	figure_field(f, "run", FIELD_NUMBER, NULL, "run");
}

static void add_instant(
	const struct traces *all, struct figure *f, const struct traced *t, size_t i)
{
	layout_row(all->layout, t->cell, f);
	figure_set_number(f, "seconds", t->timeline.seconds[i]);
	for (int v = 0; v < VALUES; v++) {
		if (all->has[v] && t->values[v] != NULL)
			figure_set_number(f, values_of[v].field, t->values[v][i]);
	}
	figure_set_number(f, "run", (double)t->run);
}

static void add_trace(struct traces *all, struct figure *f, const struct traced *t, size_t most)
{
	size_t n = t->timeline.n, measured = 0;
	_cleanup_free_ bool *keep = xcalloc(n + 1, sizeof *keep);

	for (int v = 0; v < VALUES; v++)
		measured += t->values[v] != NULL;
	for (int v = 0; v < VALUES; v++) {
		if (t->values[v] != NULL)
			thin_extremes(t->values[v], n, n <= most ? n : most / measured, keep);
	}
	all->instants += n;
	for (size_t i = 0; i < n; i++) {
		if (!keep[i])
			continue;
		add_instant(all, f, t, i);
		all->thinned++;
	}
}

/* The legend of the first chart stands for all. */
static void add_panel(const struct traces *all, struct figure *f, int value)
{
	const char *color = json_array_size(f->panels) == 0 ? layout_color(all->layout)
			    : all->layout->series.name == NULL
				    ? ""
				    : ",'color':{'field':'series','type':'nominal','sort':null,"
				      "'legend':null}";
	static const char *const scale[VALUES] = {
		"", "", ",'scale':{'zero':false}", ",'scale':{'zero':false}"};

	figure_panel(f,
		"{%s'mark':{'type':'line','interpolate':'%s'},'encoding':{"
		"'x':{'field':'seconds','type':'quantitative'},"
		"'y':{'field':'%s','type':'quantitative'%s}%s,"
		"'detail':{'field':'run','type':'nominal'}},"
		"'resolve':{'scale':{'x':'independent'}}}",
		value == POWER ? "" : "'height':110,",
		value == POWER || value == BUSY ? "step-before" : "linear", values_of[value].field,
		scale[value], color);
}

static void add_note(const struct traces *all, struct figure *f)
{
	const struct layout *l = all->layout;
	double off = 0;

	for (size_t i = 0; i < all->n; i++)
		off = fmax(off, fabs(all->items[i].off));
	figure_note(f,
		"Each line is one run: of its configuration the one that is nearest to the median "
		"time (off by %.2g %% at most).",
		100 * off);
	if (all->n + all->without < l->n)
		figure_note(f, "Of %zu configurations on a host, %zu are shown, spread evenly.",
			l->n, all->n);
	if (all->without > 0)
		figure_note(f, "The store has no samples of %zu more.", all->without);
	if (all->thinned < all->instants)
		figure_note(f,
			"Of %zu samples %zu are drawn: of every stretch the lowest and the "
			"highest.",
			all->instants, all->thinned);
	if (all->falls > 0)
		figure_note(f,
			"A counter fell %zu time%s: it was started anew, and has no value there.",
			all->falls, all->falls == 1 ? "" : "s");
}

static void draw(struct traces *all, const char *host, struct figures *out)
{
	struct figure *f = figure_add(out, "samples", "%s while a program ran%s%s",
		all->has[POWER] ? "Power" : "Busy CPUs", host == NULL ? "" : " on ",
		host == NULL ? "" : host);

	add_fields(all, f);
	for (size_t i = 0; i < all->n; i++)
		add_trace(all, f, &all->items[i], FIGURE_MAX_ROWS / all->n);
	for (int v = 0; v < VALUES; v++) {
		if (all->has[v])
			add_panel(all, f, v);
	}
	figure_reading(f,
		all->has[POWER]
			? "What the packages drew from the start of one run to its end; the area "
			  "under the line is its energy. Below it stands what explains it."
			: "How many CPUs were busy from the start of one run to its end, and what "
			  "else was sampled.");
	add_note(all, f);
}

static int make_of(const struct report_figure *request, const struct figure_source *source,
	const char *host, struct figures *out, struct error *err)
{
	struct layout layout;
	struct traces all = {.layout = &layout};
	bool has_any = false;

	layout_make(request, source, NULL, LAYOUT_X_NONE, &layout);
	int code = trace_chosen(&all, source, err);
	for (int v = 0; v < VALUES; v++)
		has_any |= all.has[v];
	if (code == 0 && has_any)
		draw(&all, host, out);
	else if (code == 0)
		figures_leave_out(out, "samples: %s",
			layout.n == 0 ? "no run that is asked for is done"
			: all.n == 0  ? "the store has no samples of these runs"
				      : "these runs have samples of neither power nor busy CPUs");
	for (size_t i = 0; i < all.n; i++)
		traced_done(&all.items[i]);
	free(all.items);
	layout_done(&layout);
	return code;
}

/* Of many hosts one stands for all: the first that is asked for and has energy, else any that has
 * runs. */
static size_t choose_lane(const struct figure_source *source)
{
	const struct gathered *g = &source->study->g;
	size_t chosen = g->lanes_n;

	for (size_t lane = 0; lane < g->lanes_n; lane++) {
		bool has_runs = false;
		for (size_t c = 0; c < g->configurations_n; c++)
			has_runs |= source->kept[lane * g->configurations_n + c] &&
				    gathered_cell(g, lane, c)->done > 0;
		if (has_runs && g->lanes[lane].has_energy)
			return lane;
		chosen = has_runs && chosen == g->lanes_n ? lane : chosen;
	}
	return chosen;
}

static int make(const struct report_figure *request, const struct figure_source *source,
	struct figures *out, struct error *err)
{
	const struct gathered *g = &source->study->g;
	const char *by = request->by != NULL ? request->by : source->by;
	size_t lane = choose_lane(source);

	if (g->lanes_n == 1 || lane == g->lanes_n ||
		(by != NULL && (strcmp(by, "host") == 0 || strncmp(by, "host.", 5) == 0)))
		return make_of(request, source, NULL, out, err);
	_cleanup_free_ bool *kept = xcalloc(g->lanes_n * g->configurations_n + 1, sizeof *kept);
	memcpy(kept + lane * g->configurations_n, source->kept + lane * g->configurations_n,
		g->configurations_n * sizeof *kept);
	struct figure_source one = *source;
	one.kept = kept;
	return make_of(request, &one, g->lanes[lane].host, out, err);
}

const struct figure_ops figure_samples = {
	.kind = "samples",
	.help = "power over the time of one run, with busy CPUs, frequency and temperature",
	.make = make,
};
