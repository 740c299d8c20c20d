/* Peak memory, and its ratio to the baseline. */
#include "coordinator/report/figure_parts.h"
#include <math.h>

#define LEVEL 0.95 /* of medians, as in `results` */

static void add_fields(
	const struct layout *l, const struct quantity *q, bool has_ratio, struct figure *f)
{
	double percent = 100 * (1 - l->source->alpha);

	layout_fields(l, f);
	figure_field(f, "y", FIELD_NUMBER, q->unit, "%s", q->title);
	figure_field(f, "low", FIELD_NUMBER, q->unit, "low (95 %%)");
	figure_field(f, "high", FIELD_NUMBER, q->unit, "high (95 %%)");
	if (!has_ratio)
		return;
	figure_field(f, "ratio", FIELD_NUMBER, NULL, "ratio");
	figure_field(f, "ratio_low", FIELD_NUMBER, NULL, "low (%g %%)", percent);
	figure_field(f, "ratio_high", FIELD_NUMBER, NULL, "high (%g %%)", percent);
}

static void add_rows(
	const struct layout *l, const struct quantity *q, bool has_ratio, struct figure *f)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct placed *cell = &l->cells[i];
		struct summary s;
		struct ratio r;

		quantity_summary(l->g, q, cell->lane, cell->configuration, LEVEL, &s);
		layout_row(l, cell, f);
		figure_set_number(f, "y", s.median);
		figure_set_number(f, "low", s.has_interval ? s.low : NAN);
		figure_set_number(f, "high", s.has_interval ? s.high : NAN);
		if (!has_ratio)
			continue;
		layout_ratio(l, q, cell, &r);
		figure_set_number(f, "ratio", layout_is_reference(l, cell) ? 1 : r.ratio);
		figure_set_number(f, "ratio_low", r.low);
		figure_set_number(f, "ratio_high", r.high);
	}
}

static void draw(const struct layout *l, const struct quantity *q, struct figure *f)
{
	bool has_ratio = l->baseline != NO_INDEX;
	double low, high;

	add_fields(l, q, has_ratio, f);
	add_rows(l, q, has_ratio, f);
	figure_span(f, "y", &low, &high);
	layout_panel(l, f,
		&(struct drawn_field){.field = "y",
			.low = "low",
			.high = "high",
			.scale = scale_of(low, high),
			.threshold = NAN});
	if (has_ratio)
		layout_panel(l, f,
			&(struct drawn_field){.field = "ratio",
				.low = "ratio_low",
				.high = "ratio_high",
				.scale = ratio_scale(f, "ratio"),
				.threshold = l->source->threshold});
	figure_reading(f,
		"Each point is the median over the blocks of the most memory that a run had; %s "
		"the median's 95 %% interval.%s%s%s",
		layout_has_texts(l) ? "bars are" : "the band, or bar, is",
		has_ratio ? " The lower chart is the ratio to " : "",
		has_ratio ? l->series.values[l->baseline] : "",
		has_ratio ? ": above 1 is more memory." : "");
}

static int make_page(const struct report_figure *request, const struct figure_source *source,
	const char *page, struct figures *out, struct error *err)
{
	const char *metric = request->metric == NULL ? "memory.peak" : request->metric;
	const struct gathered *g = &source->study->g;
	struct layout l = {0};
	struct quantity q;

	(void)err;
	if (!quantity_named(g, metric, &q)) {
		figures_leave_out(out, "memory: no run has %s", metric);
		return 0;
	}
	layout_make(request, source, &q, LAYOUT_X_ANY, &l);
	if (l.n == 0) {
		layout_leave_out(&l, "memory", "no configuration that it shows has done runs", out);
	} else {
		_cleanup_free_ double *scores = layout_scores(&l, &q);
		_cleanup_free_ char *command = xasprintf("joulerig results %s", g->label);
		struct figure *f = figure_add(out, "memory", "%s%s%s%s%s", q.title,
			l.x.name == NULL ? "" : " against ", l.x.name == NULL ? "" : l.x.name,
			page == NULL ? "" : ", ", page == NULL ? "" : page);
		layout_limit(&l, scores, "those that differ most", 1, command, f);
		draw(&l, &q, f);
	}
	layout_done(&l);
	return 0;
}

static int make(const struct report_figure *request, const struct figure_source *source,
	struct figures *out, struct error *err)
{
	return layout_pages(request, source, out, err, make_page);
}

const struct figure_ops figure_memory = {
	.kind = "memory", .help = "peak memory, and its ratio to the baseline", .make = make};
