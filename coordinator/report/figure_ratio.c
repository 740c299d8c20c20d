/* A metric against that of the baseline: lines along numbers, else a point for each configuration.
 */
#include "coordinator/report/figure_parts.h"
#include <math.h>

#define MAX_METRICS 6

/* What one figure shows: a metric, and the same of another kind below it (net of idle). */
struct shown {
	struct quantity main, below;
	bool has_below;
};

static void add_fields(const struct layout *l, const struct shown *s, struct figure *f)
{
	double percent = 100 * (1 - l->source->alpha);

	layout_fields(l, f);
	figure_field(f, "y", FIELD_NUMBER, NULL, s->has_below ? "gross ratio" : "ratio");
	figure_field(f, "low", FIELD_NUMBER, NULL, "low (%g %%)", percent);
	figure_field(f, "high", FIELD_NUMBER, NULL, "high (%g %%)", percent);
	figure_field(f, "n", FIELD_NUMBER, NULL, "blocks");
	if (!s->has_below)
		return;
	figure_field(f, "net", FIELD_NUMBER, NULL, "net ratio");
	figure_field(f, "net_low", FIELD_NUMBER, NULL, "low (%g %%)", percent);
	figure_field(f, "net_high", FIELD_NUMBER, NULL, "high (%g %%)", percent);
}

/* Along a page what others are seen against is drawn too, as 1: lines begin there, and colours are
 * the same as in other figures. */
static void add_reference(
	const struct layout *l, const struct shown *s, const struct placed *cell, struct figure *f)
{
	layout_row(l, cell, f);
	figure_set_number(f, "y", 1);
	if (s->has_below)
		figure_set_number(f, "net", 1);
}

static void add_rows(const struct layout *l, const struct shown *s, struct figure *f)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct placed *cell = &l->cells[i];
		struct ratio r, net;

		if (layout_is_reference(l, cell) && !layout_has_texts(l))
			add_reference(l, s, cell, f);
		layout_ratio(l, &s->main, cell, &r);
		if (isnan(r.ratio))
			continue;
		layout_row(l, cell, f);
		figure_set_number(f, "y", r.ratio);
		figure_set_number(f, "low", r.low);
		figure_set_number(f, "high", r.high);
		figure_set_number(f, "n", (double)r.n);
		if (!s->has_below)
			continue;
		layout_ratio(l, &s->below, cell, &net);
		figure_set_number(f, "net", net.ratio);
		figure_set_number(f, "net_low", net.low);
		figure_set_number(f, "net_high", net.high);
	}
}

static void add_panels(const struct layout *l, const struct shown *s, struct figure *f)
{
	struct drawn_field d = {.field = "y",
		.low = "low",
		.high = "high",
		.scale = ratio_scale(f, "y"),
		.threshold = l->source->threshold};

	layout_panel(l, f, &d);
	if (!s->has_below)
		return;
	d.field = "net";
	d.low = "net_low";
	d.high = "net_high";
	layout_panel(l, f, &d);
}

static void add_reading(const struct layout *l, const struct shown *s, struct figure *f)
{
	enum better better = l->g->metrics[s->main.metric].better;
	_cleanup_free_ char *reference = layout_reference_text(l);
	bool is_same_x = l->baseline != NO_INDEX && l->x.name != NULL;

	figure_reading(f,
		"Each point is a configuration's %s divided by that of %s%s%s: below 1 is less%s. "
		"%s %g %% interval; within the grey range, ±%g %%, nothing is called a change.%s",
		quantity_in_text(&s->main), reference, is_same_x ? " with the same " : "",
		is_same_x ? l->x.name : "",
		better == BETTER_LOWER    ? ", which is better"
		: better == BETTER_HIGHER ? ", which is worse"
					  : "",
		layout_has_texts(l) ? "Bars are the" : "The band, or bar, is the",
		100 * (1 - l->source->alpha), 100 * l->source->threshold,
		s->has_below ? " The lower chart is net of what the idle machine draws." : "");
}

static void make_one(const struct report_figure *request, const struct figure_source *source,
	const char *page, struct shown *s, struct figures *out)
{
	struct layout l = {0};

	layout_make(request, source, &s->main, LAYOUT_X_ANY, &l);
	if (l.n == 0 || !layout_has_reference(&l)) {
		_cleanup_free_ char *kind =
			xasprintf("ratio of %s", l.g->metrics[s->main.metric].name);
		layout_leave_out(&l, kind,
			"there is nothing to compare with; `by` and `baseline` name an axis and a "
			"value of it",
			out);
		layout_done(&l);
		return;
	}
	const size_t before = s->main.metric;
	if (!layout_take_per_work(&l, &s->main)) {
		figures_leave_out(out,
			"ratio of %s: what is compared did unlike amounts of work, and no run has "
			"it "
			"per unit of work",
			l.g->metrics[before].name);
		layout_done(&l);
		return;
	}
	s->has_below = s->has_below && s->main.metric == before;
	_cleanup_free_ char *reference = layout_reference_text(&l);
	struct figure *f = figure_add(out, "ratio", "%s relative to %s%s%s", s->main.title,
		reference, page == NULL ? "" : ", ", page == NULL ? "" : page);
	_cleanup_free_ double *scores = layout_scores(&l, &s->main);
	_cleanup_free_ char *command = xasprintf("joulerig compare %s --all", l.g->label);
	layout_limit(&l, scores, "those that differ most", 1, command, f);
	add_fields(&l, s, f);
	add_rows(&l, s, f);
	add_reading(&l, s, f);
	add_panels(&l, s, f);
	layout_done(&l);
}

/* The request's, else time, energy, and what the campaign's comparison asks for. */
static size_t metrics_of(const struct report_figure *request, const struct figure_source *source,
	const char *names[MAX_METRICS])
{
	const struct campaign *c = source->study->campaign;
	size_t n = 0;

	if (request->metric != NULL) {
		names[0] = request->metric;
		return 1;
	}
	names[n++] = "time";
	names[n++] = "energy.package";
	for (size_t i = 0; c != NULL && i < c->comparisons_n; i++) {
		const struct comparison *known = &c->comparisons[i];
		for (size_t k = 0; k < known->metrics_n && n < MAX_METRICS; k++) {
			bool is_new = source->by != NULL && strcmp(known->by, source->by) == 0;
			for (size_t at = 0; at < n; at++)
				is_new = is_new && strcmp(names[at], known->metrics[k]) != 0;
			if (is_new)
				names[n++] = known->metrics[k];
		}
	}
	return n;
}

static int make_page(const struct report_figure *request, const struct figure_source *source,
	const char *page, struct figures *out, struct error *err)
{
	const struct gathered *g = &source->study->g;
	const char *names[MAX_METRICS];
	size_t n = metrics_of(request, source, names);

	(void)err;
	for (size_t i = 0; i < n; i++) {
		struct shown s = {0};
		if (!quantity_named(g, names[i], &s.main)) {
			figures_leave_out(out, "ratio: no run has %s", names[i]);
			continue;
		}
		if (strcmp(names[i], "energy.package") == 0)
			s.has_below = quantity_named(g, "energy.package.net", &s.below);
		make_one(request, source, page, &s, out);
	}
	return 0;
}

static int make(const struct report_figure *request, const struct figure_source *source,
	struct figures *out, struct error *err)
{
	return layout_pages(request, source, out, err, make_page);
}

const struct figure_ops figure_ratio = {
	.kind = "ratio", .help = "metrics relative to the baseline", .make = make};
