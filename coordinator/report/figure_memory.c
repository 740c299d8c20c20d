/* How much memory: the most that runs had, and what the campaign measures of it itself (resident,
 * shared out, address space); each with its ratio to the baseline. */
#include "coordinator/report/figure_parts.h"
#include <math.h>

#define LEVEL       0.95 /* of medians, as in `results` */
#define MAX_METRICS 4

/* Fields of a metric. */
static const struct names {
	const char *value, *low, *high, *ratio, *ratio_low, *ratio_high;
} names[MAX_METRICS] = {
	{"y", "low", "high", "ratio", "ratio_low", "ratio_high"},
	{"b", "b_low", "b_high", "b_ratio", "b_ratio_low", "b_ratio_high"},
	{"c", "c_low", "c_high", "c_ratio", "c_ratio_low", "c_ratio_high"},
	{"d", "d_low", "d_high", "d_ratio", "d_ratio_low", "d_ratio_high"},
};

struct drawn {
	struct quantity q[MAX_METRICS];
	size_t n, left_out; /* metrics */
	bool has_ratio;
};

/* ---- which metrics ---- */

static void add_metric(struct drawn *d, const struct gathered *g, const char *name)
{
	struct quantity q;

	if (!quantity_named(g, name, &q))
		return;
	if (d->n < MAX_METRICS)
		d->q[d->n++] = q;
	else
		d->left_out++;
}

/* The request's; else peak memory, then the campaign's own in bytes. */
static void find_metrics(
	struct drawn *d, const struct report_figure *request, const struct gathered *g)
{
	add_metric(d, g, request->metric == NULL ? "memory.peak" : request->metric);
	for (size_t i = 0; request->metric == NULL && i < g->metrics_n; i++) {
		if (g->metrics[i].is_own && strcmp(g->metrics[i].unit, "B") == 0)
			add_metric(d, g, g->metrics[i].name);
	}
}

/* ---- rows ---- */

static void add_fields(const struct layout *l, const struct drawn *d, struct figure *f)
{
	double percent = 100 * (1 - l->source->alpha);

	layout_fields(l, f);
	for (size_t i = 0; i < d->n; i++) {
		const struct quantity *q = &d->q[i];
		figure_field(f, names[i].value, FIELD_NUMBER, q->unit, "%s", q->title);
		figure_field(f, names[i].low, FIELD_NUMBER, q->unit, "low (95 %%)");
		figure_field(f, names[i].high, FIELD_NUMBER, q->unit, "high (95 %%)");
		if (!d->has_ratio)
			continue;
		_cleanup_free_ char *title =
			d->n == 1 ? xstrdup("ratio")
				  : xasprintf("ratio of %s", quantity_in_text(q));
		figure_field(f, names[i].ratio, FIELD_NUMBER, NULL, "%s", title);
		figure_field(f, names[i].ratio_low, FIELD_NUMBER, NULL, "low (%g %%)", percent);
		figure_field(f, names[i].ratio_high, FIELD_NUMBER, NULL, "high (%g %%)", percent);
	}
}

static void add_metric_of(const struct layout *l, const struct drawn *d, size_t i,
	const struct placed *cell, struct figure *f)
{
	struct summary s;
	struct ratio r;

	quantity_summary(l->g, &d->q[i], cell->lane, cell->configuration, LEVEL, &s);
	if (s.n == 0)
		return;
	figure_set_number(f, names[i].value, s.median);
	figure_set_number(f, names[i].low, s.has_interval ? s.low : NAN);
	figure_set_number(f, names[i].high, s.has_interval ? s.high : NAN);
	if (!d->has_ratio)
		return;
	layout_ratio(l, &d->q[i], cell, &r);
	figure_set_number(f, names[i].ratio, layout_is_reference(l, cell) ? 1 : r.ratio);
	figure_set_number(f, names[i].ratio_low, r.low);
	figure_set_number(f, names[i].ratio_high, r.high);
}

static void add_rows(const struct layout *l, const struct drawn *d, struct figure *f)
{
	for (size_t i = 0; i < l->n; i++) {
		layout_row(l, &l->cells[i], f);
		for (size_t k = 0; k < d->n; k++)
			add_metric_of(l, d, k, &l->cells[i], f);
	}
}

/* ---- charts ---- */

static void add_panels(const struct layout *l, const struct drawn *d, size_t i, struct figure *f)
{
	double low, high;

	figure_span(f, names[i].value, &low, &high);
	layout_panel(l, f,
		&(struct drawn_field){.field = names[i].value,
			.low = names[i].low,
			.high = names[i].high,
			.scale = scale_of(low, high),
			.threshold = NAN});
	if (d->has_ratio)
		layout_panel(l, f,
			&(struct drawn_field){.field = names[i].ratio,
				.low = names[i].ratio_low,
				.high = names[i].ratio_high,
				.scale = ratio_scale(f, names[i].ratio),
				.threshold = l->source->threshold});
}

static void add_reading(const struct layout *l, const struct drawn *d, struct figure *f)
{
	_cleanup_free_ char *ratio = xasprintf(" %s the ratio to %s: above 1 is more memory.",
		d->n == 1 ? "The lower chart is" : "Below each is",
		d->has_ratio ? l->series.values[l->baseline] : "");

	figure_reading(f,
		"Each point is the median over the blocks of %s; %s the median's 95 %% "
		"interval.%s",
		d->n == 1 ? "the most memory that a run had" : "what a run had",
		layout_has_texts(l) ? "bars are" : "the band, or bar, is",
		d->has_ratio ? ratio : "");
	if (d->left_out > 0)
		figure_note(f,
			"%zu more metric%s in bytes; `metric` in the campaign's report shows one.",
			d->left_out, d->left_out == 1 ? " is" : "s are");
}

static void draw(struct layout *l, struct drawn *d, const char *page, struct figures *out)
{
	_cleanup_free_ double *scores = layout_scores(l, &d->q[0]);
	_cleanup_free_ char *command = xasprintf("joulerig results %s", l->g->label);
	struct figure *f =
		figure_add(out, "memory", "%s%s%s%s%s", d->n == 1 ? d->q[0].title : "Memory",
			l->x.name == NULL ? "" : " against ", l->x.name == NULL ? "" : l->x.name,
			page == NULL ? "" : ", ", page == NULL ? "" : page);

	layout_limit(l, scores, "those that differ most", 1, command, f);
	d->has_ratio = l->baseline != NO_INDEX;
	add_fields(l, d, f);
	add_rows(l, d, f);
	for (size_t i = 0; i < d->n; i++)
		add_panels(l, d, i, f);
	add_reading(l, d, f);
}

static int make_page(const struct report_figure *request, const struct figure_source *source,
	const char *page, struct figures *out, struct error *err)
{
	const struct gathered *g = &source->study->g;
	struct layout l = {0};
	struct drawn d = {0};

	(void)err;
	find_metrics(&d, request, g);
	if (d.n == 0) {
		figures_leave_out(out, "memory: no run has %s",
			request->metric == NULL ? "memory.peak" : request->metric);
		return 0;
	}
	layout_make(request, source, &d.q[0], LAYOUT_X_ANY, &l);
	if (l.n == 0)
		layout_leave_out(&l, "memory", "no configuration that it shows has done runs", out);
	else
		draw(&l, &d, page, out);
	layout_done(&l);
	return 0;
}

static int make(const struct report_figure *request, const struct figure_source *source,
	struct figures *out, struct error *err)
{
	return layout_pages(request, source, out, err, make_page);
}

const struct figure_ops figure_memory = {.kind = "memory",
	.help = "peak memory and the campaign's own metrics in bytes, with ratios to the baseline",
	.make = make};
