/* Speed-up against the number of things that run at once, and the law that it follows. */
#include "coordinator/analysis/usl.h"
#include "coordinator/report/figure_parts.h"
#include <math.h>

#define MAX_FORMULAE 4   /* lines whose law the note spells out */
#define FAR          100 /* an n* beyond so many times the largest n is none */

/* The law of a line; cells of one line are beside each other. */
struct law {
	bool is_there;
	struct usl usl;
};

/* S = T / T_x counts from layout_start(): the smallest x of the baseline, or of the same series. */

/* base / cell: how many times faster the cell is. */
static void add_ratio(const struct layout *l, const struct quantity *time,
	const struct placed *cell, const struct placed *base, struct figure *f, const char *y,
	const char *low, const char *high)
{
	struct ratio r;

	if (base == NULL)
		return;
	quantity_ratio(l->g, time, (size_t[]){base->lane, base->configuration},
		(size_t[]){cell->lane, cell->configuration}, 1 - l->source->alpha, &r);
	figure_set_number(f, y, r.ratio);
	figure_set_number(f, low, base == cell ? NAN : r.low);
	figure_set_number(f, high, base == cell ? NAN : r.high);
}

/* ---- the law ---- */

static bool is_same_line(const struct placed *a, const struct placed *b)
{
	return a->facet == b->facet && a->series == b->series;
}

static double speedup_of(
	const struct layout *l, const struct quantity *time, const struct placed *cell)
{
	const struct placed *start = layout_start(l, cell);
	struct ratio r = {.ratio = NAN};

	if (start != NULL)
		quantity_ratio(l->g, time, (size_t[]){start->lane, start->configuration},
			(size_t[]){cell->lane, cell->configuration}, 1 - l->source->alpha, &r);
	return r.ratio;
}

/* Of cells [from, to), a line. It begins at what one alone does: without n = 1 there is no law. */
static struct law law_of(
	const struct layout *l, const struct quantity *time, size_t from, size_t to)
{
	_cleanup_free_ double *n = xcalloc(to - from + 1, sizeof *n);
	_cleanup_free_ double *s = xcalloc(to - from + 1, sizeof *s);
	struct law law = {.is_there = false};
	double alone = NAN;
	size_t points = 0;

	for (size_t i = from; i < to; i++) {
		n[points] = l->x.numbers[l->cells[i].x];
		s[points] = speedup_of(l, time, &l->cells[i]);
		if (isnan(s[points]))
			continue;
		if (fabs(n[points] - 1) < 1e-9)
			alone = s[points];
		points++;
	}
	law.is_there = usl_fit(n, s, points, alone, &law.usl) == 0;
	if (law.is_there && law.usl.peak > FAR * l->x.numbers[l->x.n - 1])
		law.usl.peak = INFINITY;
	return law;
}

/* [cell]; the caller frees. */
static struct law *laws_of(
	const struct layout *l, const struct quantity *time, size_t *lines, bool *has_lawless)
{
	struct law *laws = xcalloc(l->n + 1, sizeof *laws);

	*lines = 0;
	*has_lawless = false;
	for (size_t from = 0, to; from < l->n; from = to) {
		for (to = from; to < l->n && is_same_line(&l->cells[from], &l->cells[to]);)
			to++;
		laws[from] = law_of(l, time, from, to);
		for (size_t i = from; i < to; i++)
			laws[i] = laws[from];
		*lines += laws[from].is_there;
		*has_lawless |= !laws[from].is_there;
	}
	return laws;
}

static void note_law(
	const struct layout *l, const struct placed *cell, const struct usl *u, struct figure *f)
{
	_cleanup_free_ char *end =
		isinf(u->peak) ? xstrdup("no n* within reach") : xasprintf("n* %.3g", u->peak);
	const char *series = l->series.name == NULL ? "" : l->series.values[cell->series],
		   *facet = l->facet.name == NULL ? "" : l->facet.values[cell->facet];

	figure_note(f, "%s%s%s%sa %.3g, b %.3g, %s.", series,
		series[0] != '\0' && facet[0] != '\0' ? ", " : "", facet,
		series[0] != '\0' || facet[0] != '\0' ? ": " : "The law: ", u->contention,
		u->coherence, end);
}

static void note_laws(
	const struct layout *l, const struct law *laws, size_t lines, struct figure *f)
{
	if (lines == 0) {
		figure_note(f,
			"The law of scalability is not fitted: no line has %s = 1 and %d different "
			"numbers.",
			l->x.name, USL_LEAST_POINTS);
		return;
	}
	for (size_t i = 0; i < l->n && lines <= MAX_FORMULAE; i++) {
		if (laws[i].is_there && (i == 0 || !is_same_line(&l->cells[i - 1], &l->cells[i])))
			note_law(l, &l->cells[i], &laws[i].usl, f);
	}
}

static void set_law(
	const struct layout *l, const struct law *law, const struct placed *cell, struct figure *f)
{
	if (!law->is_there)
		return;
	figure_set_number(f, "law", usl_at(&law->usl, l->x.numbers[cell->x]));
	figure_set_number(f, "contention", law->usl.contention);
	figure_set_number(f, "coherence", law->usl.coherence);
	figure_set_number(f, "peak", law->usl.peak);
}

/* ---- rows ---- */

static void add_rows(const struct layout *l, const struct quantity *time, const struct law *laws,
	bool has_laws, struct figure *f)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct placed *cell = &l->cells[i], *start = layout_start(l, cell);
		double first = l->x.numbers[l->baseline == NO_INDEX ? l->reference : 0];

		if (start == NULL)
			continue;
		layout_row(l, cell, f);
		add_ratio(l, time, cell, start, f, "y", "low", "high");
		figure_set_number(f, "ideal", l->x.numbers[cell->x] / first);
		if (has_laws)
			set_law(l, &laws[i], cell, f);
		if (l->baseline != NO_INDEX)
			add_ratio(l, time, cell, layout_at(l, cell->facet, l->baseline, cell->x), f,
				"same", "same_low", "same_high");
	}
}

static void add_fields(const struct layout *l, bool has_laws, struct figure *f)
{
	double percent = 100 * (1 - l->source->alpha);

	layout_fields(l, f);
	figure_field(f, "y", FIELD_NUMBER, NULL, "speed-up");
	figure_field(f, "low", FIELD_NUMBER, NULL, "low (%g %%)", percent);
	figure_field(f, "high", FIELD_NUMBER, NULL, "high (%g %%)", percent);
	figure_field(f, "ideal", FIELD_NUMBER, NULL, "ideal");
	if (has_laws) {
		figure_field(f, "law", FIELD_NUMBER, NULL, "law of scalability");
		figure_field(f, "contention", FIELD_NUMBER, NULL, "its a (contention)");
		figure_field(f, "coherence", FIELD_NUMBER, NULL, "its b (coherence)");
		figure_field(f, "peak", FIELD_NUMBER, NULL, "its n* (fastest at)");
	}
	if (l->baseline == NO_INDEX)
		return;
	figure_field(f, "same", FIELD_NUMBER, NULL, "speed-up at equal %s", l->x.name);
	figure_field(f, "same_low", FIELD_NUMBER, NULL, "low (%g %%)", percent);
	figure_field(f, "same_high", FIELD_NUMBER, NULL, "high (%g %%)", percent);
}

static void add_reading(const struct layout *l, bool has_laws, struct figure *f)
{
	static const char law[] =
		" The thin line through the points is the universal scalability law, S = S(1) n / "
		"(1 + a (n - "
		"1) + b n (n - 1)), by least squares: a is the share of the work that has to wait "
		"its turn, b what each pair of them costs, and beyond n* = √((1 - a) / b) more of "
		"them make it slower. An n* larger than what was measured is a guess.";
	const char *x = l->x.name, *first = l->x.values[l->baseline == NO_INDEX ? l->reference : 0];

	figure_reading(f,
		"How many times faster than %s%s%s = %s: 2 is half the time. The band, or bar, is "
		"the "
		"%g %% interval; the dashed line is what perfect scaling would give.%s%s%s%s%s%s",
		l->baseline == NO_INDEX ? "" : l->series.values[l->baseline],
		l->baseline == NO_INDEX ? "" : " with ", x, first, 100 * (1 - l->source->alpha),
		has_laws ? law : "", l->baseline == NO_INDEX ? "" : " The lower chart is against ",
		l->baseline == NO_INDEX ? "" : l->series.values[l->baseline],
		l->baseline == NO_INDEX ? "" : " with the same ", l->baseline == NO_INDEX ? "" : x,
		l->baseline == NO_INDEX ? "" : ": above 1 is faster.");
}

static void add_panels(const struct layout *l, bool has_laws, bool has_lawless, struct figure *f)
{
	_cleanup_free_ char *x = layout_x(l);
	_cleanup_free_ char *ideal =
		xasprintf(",{'mark':{'type':'line','strokeDash':[5,4],'color':'gray','opacity':0.8,"
			  "'point':false},'encoding':{%s,'y':{'field':'ideal','aggregate':'max',"
			  "'type':'quantitative'}}}",
			x);
	/* What follows no law is joined as in other figures. */
	_cleanup_free_ char *lawless =
		xasprintf(",{'transform':[{'filter':'datum.law == null'}],'mark':{'type':'line'},"
			  "'encoding':{%s,'y':{'field':'y','type':'quantitative'}%s}}",
			x, layout_color(l));
	_cleanup_free_ char *law = has_laws ? layout_layer(l, "law",
						      "'type':'line','strokeWidth':1,'point':false,"
						      "'interpolate':'monotone'")
					    : xstrdup("");
	_cleanup_free_ char *layers =
		xasprintf("%s%s%s", law, has_laws && has_lawless ? lawless : "", ideal);
	/* On two logarithmic axes what is ideal is straight, as on two others. */
	const char *scale = layout_is_log(l) ? ",'scale':{'type':'log','base':2,'nice':false}"
					     : ",'scale':{'zero':true}";

	layout_panel(l, f,
		&(struct drawn_field){.field = "y",
			.low = "low",
			.high = "high",
			.scale = scale,
			.threshold = NAN,
			.layers = layers,
			.is_points = has_laws});
	if (l->baseline != NO_INDEX)
		layout_panel(l, f,
			&(struct drawn_field){.field = "same",
				.low = "same_low",
				.high = "same_high",
				.scale = ",'scale':{'zero':true}"});
}

static void draw(const struct layout *l, const struct quantity *time, struct figure *f)
{
	size_t lines;
	bool has_lawless;
	_cleanup_free_ struct law *laws = laws_of(l, time, &lines, &has_lawless);

	add_fields(l, lines > 0, f);
	add_rows(l, time, laws, lines > 0, f);
	add_reading(l, lines > 0, f);
	add_panels(l, lines > 0, has_lawless, f);
	note_laws(l, laws, lines, f);
}

static int make_page(const struct report_figure *request, const struct figure_source *source,
	const char *page, struct figures *out, struct error *err)
{
	const char *metric = request->metric == NULL ? "time" : request->metric;
	struct quantity time;
	struct layout l = {0};

	(void)err;
	if (!quantity_named(&source->study->g, metric, &time)) {
		figures_leave_out(out, "speedup: no run has %s", metric);
		return 0;
	}
	layout_make(request, source, &time, LAYOUT_X_THREADS, &l);
	if (l.n == 0 || l.x.name == NULL || !(l.x.numbers[0] > 0)) {
		layout_leave_out(&l, "speedup",
			"no axis with several values says how much runs at once (such as threads); "
			"`x` names one",
			out);
		layout_done(&l);
		return 0;
	}
	bool is_per_work =
		layout_has_unlike_work_at_start(&l) && layout_take_per_work_of_start(&l, &time);
	struct figure *f = figure_add(out, "speedup", "Speed-up against %s%s%s", l.x.name,
		page == NULL ? "" : ", ", page == NULL ? "" : page);
	_cleanup_free_ double *scores = layout_scores(&l, &time);
	_cleanup_free_ char *command = xasprintf("joulerig results %s", l.g->label);
	layout_limit(&l, scores, "those where time differs most", 1, command, f);
	if (is_per_work)
		figure_note(f, "What is compared did unlike amounts of work: time is that of a "
			       "unit of it.");
	draw(&l, &time, f);
	layout_done(&l);
	return 0;
}

static int make(const struct report_figure *request, const struct figure_source *source,
	struct figures *out, struct error *err)
{
	return layout_pages(request, source, out, err, make_page);
}

const struct figure_ops figure_speedup = {
	.kind = "speedup", .help = "how much faster with more threads", .make = make};
