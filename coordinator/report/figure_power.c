/* Power against the cores that were busy: what each further one adds. */
#include "coordinator/report/figure_parts.h"
#include <gsl/gsl_fit.h>
#include <math.h>

#define LEVEL        0.95
#define MIN_POINTS   5   /* for a line of two coefficients */
#define MIN_SPAN     1.5 /* largest number of cores by smallest one, for a line at all */
#define LEAST_SPAN   1.1 /* for a chart */
#define MAX_FORMULAE 3   /* hosts whose lines the note spells out */

/* Points of one host: first is an index of the figure's first row of it. */
struct points {
	double *cores, *logs, *power;
	size_t n;
};

/* One line, P = p0 + p1 x. */
struct line {
	double p0, p1, r2;
};

static void fit(const double *x, const double *y, size_t n, struct line *out)
{
	double c00, c01, c11, squares, mean = 0, total = 0;

	gsl_fit_linear(x, 1, y, 1, n, &out->p0, &out->p1, &c00, &c01, &c11, &squares);
	for (size_t i = 0; i < n; i++)
		mean += y[i] / (double)n;
	for (size_t i = 0; i < n; i++)
		total += (y[i] - mean) * (y[i] - mean);
	out->r2 = total > 0 ? 1 - squares / total : NAN;
}

static bool is_fit_sound(const struct points *p)
{
	double low = INFINITY, high = 0;

	for (size_t i = 0; i < p->n; i++) {
		low = p->cores[i] < low ? p->cores[i] : low;
		high = p->cores[i] > high ? p->cores[i] : high;
	}
	return p->n >= MIN_POINTS && high >= MIN_SPAN * low;
}

struct drawing {
	const struct layout *l;
	const struct quantity *power, *cores;
	struct figure *f;
	bool has_fit;
	size_t formulae;
};

static void set_fit(struct drawing *d, double cores, double power, const struct line lines[2])
{
	double linear = lines[0].p0 + lines[0].p1 * cores,
	       logarithmic = lines[1].p0 + lines[1].p1 * log2(cores);

	figure_set_number(d->f, "linear", linear);
	figure_set_number(d->f, "log", logarithmic);
	figure_set_number(d->f, "linear_rest", power - linear);
	figure_set_number(d->f, "log_rest", power - logarithmic);
}

static void note_fit(struct drawing *d, const char *host, const struct line lines[2])
{
	if (d->formulae++ < MAX_FORMULAE)
		figure_note(d->f,
			"%s: P = %.3g + %.3g n (R² %.2f), P = %.3g + %.3g log₂ n (R² %.2f).", host,
			lines[0].p0, lines[0].p1, lines[0].r2, lines[1].p0, lines[1].p1,
			lines[1].r2);
}

/* The cells from..to-1 are of one host. */
static void draw_host(struct drawing *d, const struct placed *const *cells, size_t n)
{
	const struct layout *l = d->l;
	_cleanup_free_ double *cores = xcalloc(n + 1, sizeof *cores);
	_cleanup_free_ double *logs = xcalloc(n + 1, sizeof *logs);
	_cleanup_free_ double *power = xcalloc(n + 1, sizeof *power);
	_cleanup_free_ size_t *which = xcalloc(n + 1, sizeof *which);
	struct points p = {.cores = cores, .logs = logs, .power = power};
	struct line lines[2];
	struct summary s;

	for (size_t i = 0; i < n; i++) {
		quantity_summary(
			l->g, d->cores, cells[i]->lane, cells[i]->configuration, LEVEL, &s);
		cores[p.n] = s.n > 0 ? s.median : NAN;
		quantity_summary(
			l->g, d->power, cells[i]->lane, cells[i]->configuration, LEVEL, &s);
		power[p.n] = s.n > 0 ? s.median : NAN;
		if (!(cores[p.n] > 0) || !isfinite(power[p.n]))
			continue;
		logs[p.n] = log2(cores[p.n]);
		which[p.n++] = i;
	}
	bool has_fit = is_fit_sound(&p);
	if (has_fit) {
		fit(p.cores, p.power, p.n, &lines[0]);
		fit(p.logs, p.power, p.n, &lines[1]);
		note_fit(d, l->g->lanes[cells[0]->lane].host, lines);
		d->has_fit = true;
	}
	for (size_t i = 0; i < p.n; i++) {
		points_row(l, cells[which[i]], d->f);
		figure_set_number(d->f, "x", cores[i]);
		figure_set_number(d->f, "y", power[i]);
		if (has_fit)
			set_fit(d, cores[i], power[i], lines);
	}
}

/* Whether some configuration keeps more cores busy than another: else there is nothing to see. */
static bool differ_in_cores(const struct layout *l, const struct quantity *cores)
{
	double low = INFINITY, high = 0;
	struct summary s;

	for (size_t i = 0; i < l->n; i++) {
		quantity_summary(
			l->g, cores, l->cells[i].lane, l->cells[i].configuration, LEVEL, &s);
		if (s.n == 0)
			continue;
		low = fmin(low, s.median);
		high = fmax(high, s.median);
	}
	return high > LEAST_SPAN * low;
}

static void draw_hosts(struct drawing *d)
{
	const struct layout *l = d->l;
	_cleanup_free_ const struct placed **cells = xcalloc(l->n + 1, sizeof *cells);

	for (size_t lane = 0; lane < l->g->lanes_n; lane++) {
		size_t n = 0;
		for (size_t i = 0; i < l->n; i++) {
			if (l->cells[i].lane == lane)
				cells[n++] = &l->cells[i];
		}
		if (n > 0)
			draw_host(d, cells, n);
	}
}

static void add_fields(const struct drawing *d)
{
	points_fields(d->l, d->f);
	figure_field(d->f, "x", FIELD_NUMBER, NULL, "%s", d->cores->title);
	figure_field(d->f, "y", FIELD_NUMBER, "W", "%s", d->power->title);
	figure_field(d->f, "linear", FIELD_NUMBER, "W", "line");
	figure_field(d->f, "log", FIELD_NUMBER, "W", "logarithm");
	figure_field(d->f, "linear_rest", FIELD_NUMBER, "W", "residual of the line");
	figure_field(d->f, "log_rest", FIELD_NUMBER, "W", "residual of the logarithm");
}

static void add_panels(const struct drawing *d)
{
	static const char line[] = ",{'mark':{'type':'line','color':'gray','strokeDash':[%s]},"
				   "'encoding':{'x':{'field':'x','type':'quantitative'},"
				   "'y':{'field':'%s','type':'quantitative'}}}";
	const char *color = layout_color(d->l);
	_cleanup_buf_ struct buf lines = BUF_INIT;

	if (d->has_fit) {
		buf_addf(&lines, line, "1,0", "linear");
		buf_addf(&lines, line, "5,4", "log");
	}
	figure_panel(d->f,
		"{'layer':[{'mark':{'type':'point','filled':true,'size':45},'encoding':{"
		"'x':{'field':'x','type':'quantitative'},'y':{'field':'y','type':'quantitative',"
		"'scale':{'zero':true}}%s}}%s]}",
		color, lines.data);
	if (!d->has_fit)
		return;
	figure_panel(d->f,
		"{'layer':[{'data':{'values':[{}]},'mark':{'type':'rule','opacity':0.6},'encoding':"
		"{"
		"'y':{'datum':0}}},{'mark':{'type':'point','filled':true,'size':35},'encoding':{"
		"'x':{'field':'x','type':'quantitative'},'y':{'field':'linear_rest',"
		"'type':'quantitative','title':'residual "
		"(W)'}%s}},{'mark':{'type':'point','filled':false,'size':35},"
		"'encoding':{'x':{'field':'x','type':'quantitative'},'y':{'field':'log_rest',"
		"'type':'quantitative'}%s}}]}",
		color, color);
}

static void add_reading(const struct drawing *d)
{
	figure_reading(d->f,
		"Each point is a configuration: the median power over its blocks, against how many "
		"cores it kept busy. Where the points rise is what a busy core costs; where they "
		"meet "
		"the left side is what the machine draws anyway.%s",
		d->has_fit
			? " The solid line is P = p0 + p1 n, the dashed one P = p0 + p1 log₂ n; "
			  "the "
			  "lower chart is what they leave, full points the solid line, rings the "
			  "dashed one: a bend says that power does not go that way."
			: "");
}

static int make_page(const struct report_figure *request, const struct figure_source *source,
	const char *page, struct figures *out, struct error *err)
{
	const char *metric = request->metric == NULL ? "power.package" : request->metric;
	const char *x = request->x == NULL ? "cores.effective" : request->x;
	const struct gathered *g = &source->study->g;
	struct report_figure without_x = *request;
	struct quantity power, cores;
	struct layout l = {0};

	(void)err;
	without_x.x = NULL;
	if (!quantity_named(g, metric, &power) || !quantity_named(g, x, &cores)) {
		figures_leave_out(out, "power: no run has %s; `joulerig results %s` says why",
			quantity_named(g, metric, &power) ? x : metric, g->label);
		return 0;
	}
	layout_make(&without_x, source, &power, LAYOUT_X_NONE, &l);
	if (l.n == 0) {
		layout_leave_out(&l, "power", "no configuration that it shows has power", out);
	} else if (!differ_in_cores(&l, &cores)) {
		layout_leave_out(&l, "power",
			"all configurations kept as many cores busy, to within 10 %", out);
	} else {
		struct figure *f = figure_add(out, "power", "%s against %s%s%s", power.title,
			strcmp(x, "cores.effective") == 0 ? "busy cores" : cores.title,
			page == NULL ? "" : ", ", page == NULL ? "" : page);
		struct drawing d = {.l = &l, .power = &power, .cores = &cores, .f = f};
		points_limit(&l, FIGURE_MAX_ROWS, f);
		add_fields(&d);
		draw_hosts(&d);
		add_panels(&d);
		add_reading(&d);
	}
	layout_done(&l);
	return 0;
}

static int make(const struct report_figure *request, const struct figure_source *source,
	struct figures *out, struct error *err)
{
	return layout_pages(request, source, out, err, make_page);
}

const struct figure_ops figure_power = {
	.kind = "power", .help = "power against the cores that were busy", .make = make};
