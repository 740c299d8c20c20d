/* Speed-up against the number of things that run at once. */
#include "coordinator/report/figure_parts.h"
#include <math.h>

/* The cell that S = T / T_x counts from: the smallest x of the baseline, or of the same series. */
static const struct placed *start_of(const struct layout *l, const struct placed *cell)
{
	size_t series = l->baseline == NO_INDEX ? cell->series : l->baseline;

	return layout_at(l, cell->facet, series, l->baseline == NO_INDEX ? l->reference : 0);
}

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

static void add_rows(const struct layout *l, const struct quantity *time, struct figure *f)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct placed *cell = &l->cells[i], *start = start_of(l, cell);
		double first = l->x.numbers[l->baseline == NO_INDEX ? l->reference : 0];

		if (start == NULL)
			continue;
		layout_row(l, cell, f);
		add_ratio(l, time, cell, start, f, "y", "low", "high");
		figure_set_number(f, "ideal", l->x.numbers[cell->x] / first);
		if (l->baseline != NO_INDEX)
			add_ratio(l, time, cell, layout_at(l, cell->facet, l->baseline, cell->x), f,
				"same", "same_low", "same_high");
	}
}

static void add_fields(const struct layout *l, struct figure *f)
{
	double percent = 100 * (1 - l->source->alpha);

	layout_fields(l, f);
	figure_field(f, "y", FIELD_NUMBER, NULL, "speed-up");
	figure_field(f, "low", FIELD_NUMBER, NULL, "low (%g %%)", percent);
	figure_field(f, "high", FIELD_NUMBER, NULL, "high (%g %%)", percent);
	figure_field(f, "ideal", FIELD_NUMBER, NULL, "ideal");
	if (l->baseline == NO_INDEX)
		return;
	figure_field(f, "same", FIELD_NUMBER, NULL, "speed-up at equal %s", l->x.name);
	figure_field(f, "same_low", FIELD_NUMBER, NULL, "low (%g %%)", percent);
	figure_field(f, "same_high", FIELD_NUMBER, NULL, "high (%g %%)", percent);
}

static void add_reading(const struct layout *l, struct figure *f)
{
	const char *x = l->x.name, *first = l->x.values[l->baseline == NO_INDEX ? l->reference : 0];

	figure_reading(f,
		"How many times faster than %s%s%s = %s: 2 is half the time. The band, or bar, is "
		"the "
		"%g %% interval; the dashed line is what perfect scaling would give.%s%s%s%s%s",
		l->baseline == NO_INDEX ? "" : l->series.values[l->baseline],
		l->baseline == NO_INDEX ? "" : " with ", x, first, 100 * (1 - l->source->alpha),
		l->baseline == NO_INDEX ? "" : " The lower chart is against ",
		l->baseline == NO_INDEX ? "" : l->series.values[l->baseline],
		l->baseline == NO_INDEX ? "" : " with the same ", l->baseline == NO_INDEX ? "" : x,
		l->baseline == NO_INDEX ? "" : ": above 1 is faster.");
}

static void add_panels(const struct layout *l, struct figure *f)
{
	_cleanup_free_ char *x = layout_x(l);
	_cleanup_free_ char *ideal =
		xasprintf(",{'mark':{'type':'line','strokeDash':[5,4],'color':'gray','opacity':0.8,"
			  "'point':false},'encoding':{%s,'y':{'field':'ideal','aggregate':'max',"
			  "'type':'quantitative'}}}",
			x);
	/* On two logarithmic axes what is ideal is straight, as on two others. */
	const char *scale = layout_is_log(l) ? ",'scale':{'type':'log','base':2,'nice':false}"
					     : ",'scale':{'zero':true}";

	layout_panel(l, f,
		&(struct drawn_field){.field = "y",
			.low = "low",
			.high = "high",
			.scale = scale,
			.threshold = NAN,
			.layers = ideal});
	if (l->baseline != NO_INDEX)
		layout_panel(l, f,
			&(struct drawn_field){.field = "same",
				.low = "same_low",
				.high = "same_high",
				.scale = ",'scale':{'zero':true}"});
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
	layout_take_per_work(&l, &time);
	struct figure *f = figure_add(out, "speedup", "Speed-up against %s%s%s", l.x.name,
		page == NULL ? "" : ", ", page == NULL ? "" : page);
	_cleanup_free_ double *scores = layout_scores(&l, &time);
	_cleanup_free_ char *command = xasprintf("joulerig results %s", l.g->label);
	layout_limit(&l, scores, "those where time differs most", 1, command, f);
	add_fields(&l, f);
	add_rows(&l, &time, f);
	add_reading(&l, f);
	add_panels(&l, f);
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
