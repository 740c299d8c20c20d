/* Energy times delay, and times its square, against the baseline. */
#include "coordinator/report/figure_parts.h"
#include <math.h>

static void add_rows(const struct layout *l, const struct quantity q[2], struct figure *f)
{
	static const char *const fields[2][3] = {
		{"y", "low", "high"}, {"square", "square_low", "square_high"}};

	for (size_t i = 0; i < l->n; i++) {
		struct ratio r[2];

		for (int k = 0; k < 2; k++)
			layout_ratio(l, &q[k], &l->cells[i], &r[k]);
		if (layout_is_reference(l, &l->cells[i]) && !layout_has_texts(l))
			r[0].ratio = r[1].ratio = 1;
		if (isnan(r[0].ratio))
			continue;
		layout_row(l, &l->cells[i], f);
		for (int k = 0; k < 2; k++) {
			figure_set_number(f, fields[k][0], r[k].ratio);
			figure_set_number(f, fields[k][1], r[k].low);
			figure_set_number(f, fields[k][2], r[k].high);
		}
	}
}

static void add_fields(const struct layout *l, struct figure *f)
{
	double percent = 100 * (1 - l->source->alpha);

	layout_fields(l, f);
	figure_field(f, "y", FIELD_NUMBER, NULL, "ratio of E·T");
	figure_field(f, "low", FIELD_NUMBER, NULL, "low (%g %%)", percent);
	figure_field(f, "high", FIELD_NUMBER, NULL, "high (%g %%)", percent);
	figure_field(f, "square", FIELD_NUMBER, NULL, "ratio of E·T²");
	figure_field(f, "square_low", FIELD_NUMBER, NULL, "low (%g %%)", percent);
	figure_field(f, "square_high", FIELD_NUMBER, NULL, "high (%g %%)", percent);
}

static void draw(
	const struct layout *l, const struct quantity q[2], const char *reference, struct figure *f)
{
	struct drawn_field d = {.field = "y", .low = "low", .high = "high"};

	add_fields(l, f);
	add_rows(l, q, f);
	d.scale = ratio_scale(f, d.field);
	layout_panel(l, f, &d);
	d = (struct drawn_field){.field = "square", .low = "square_low", .high = "square_high"};
	d.scale = ratio_scale(f, d.field);
	layout_panel(l, f, &d);
	figure_reading(f,
		"Energy times time weighs both against each other; the lower chart, energy times "
		"the "
		"square of time, weighs time more. Each point is relative to %s: below 1 is a "
		"better "
		"bargain. The %s the %g %% interval.",
		reference, layout_has_texts(l) ? "bars are" : "band, or bar, is",
		100 * (1 - l->source->alpha));
}

static int make_page(const struct report_figure *request, const struct figure_source *source,
	const char *page, struct figures *out, struct error *err)
{
	const struct gathered *g = &source->study->g;
	struct layout l = {0};
	struct quantity q[2];

	(void)err;
	if (!quantity_product(g, "energy.package", "time", 1, "E·T", "J·s", &q[0]) ||
		!quantity_product(g, "energy.package", "time", 2, "E·T²", "J·s²", &q[1])) {
		figures_leave_out(out,
			"edp: no run has energy.package; `joulerig results %s` says "
			"why",
			g->label);
		return 0;
	}
	layout_make(request, source, &q[0], LAYOUT_X_ANY, &l);
	if (l.n == 0 || !layout_has_reference(&l)) {
		layout_leave_out(&l, "edp",
			"there is nothing to compare with; `by` and `baseline` name an axis and a "
			"value of it",
			out);
	} else if (layout_has_unlike_work(&l)) {
		layout_leave_out(&l, "edp", "what is compared did unlike amounts of work", out);
	} else {
		_cleanup_free_ char *reference = layout_reference_text(&l);
		_cleanup_free_ double *scores = layout_scores(&l, &q[0]);
		_cleanup_free_ char *command = xasprintf("joulerig results %s", g->label);
		struct figure *f = figure_add(out, "edp", "Energy-delay product relative to %s%s%s",
			reference, page == NULL ? "" : ", ", page == NULL ? "" : page);
		layout_limit(&l, scores, "those that differ most", 1, command, f);
		draw(&l, q, reference, f);
	}
	layout_done(&l);
	return 0;
}

static int make(const struct report_figure *request, const struct figure_source *source,
	struct figures *out, struct error *err)
{
	return layout_pages(request, source, out, err, make_page);
}

const struct figure_ops figure_edp = {
	.kind = "edp", .help = "energy times delay, relative to the baseline", .make = make};
