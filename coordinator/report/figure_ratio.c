/* A metric against that of the baseline: lines along numbers, else a point for each configuration.
 */
#include "coordinator/report/figure_parts.h"
#include <math.h>

#define MAX_METRICS 6

/* What one figure shows: a metric, and the same of another kind below it (net of idle); and both
 * against one alone, where x is how much runs at once. */
struct shown {
	struct quantity main, below, main_of_one, below_of_one;
	bool has_below, has_of_one;
};

/* Gross, and net where the chart below it is. */
static int ways_of(const struct shown *s)
{
	return s->has_below ? 2 : 1;
}

/* Names of fields: of the ratio at equal x, and of that to one alone; gross, and net. */
static const struct names {
	const char *ratio, *low, *high;
} at_equal_x[2] = {{"y", "low", "high"}, {"net", "net_low", "net_high"}},
  to_one[2] = {{"one", "one_low", "one_high"}, {"one_net", "one_net_low", "one_net_high"}};

/* "gil with threads = 1". The caller frees. */
static char *start_text(const struct layout *l)
{
	return xasprintf(
		"%s with %s = %s", l->series.values[l->baseline], l->x.name, l->x.values[0]);
}

static void add_ratio_fields(
	struct figure *f, const struct names *names, const char *title, double percent)
{
	figure_field(f, names->ratio, FIELD_NUMBER, NULL, "%s", title);
	figure_field(f, names->low, FIELD_NUMBER, NULL, "low (%g %%)", percent);
	figure_field(f, names->high, FIELD_NUMBER, NULL, "high (%g %%)", percent);
}

static void add_fields(const struct layout *l, const struct shown *s, struct figure *f)
{
	double percent = 100 * (1 - l->source->alpha);
	const char *const kinds[] = {s->has_below ? "gross ratio" : "ratio", "net ratio"};

	layout_fields(l, f);
	for (int i = 0; i < ways_of(s); i++) {
		add_ratio_fields(f, &at_equal_x[i], kinds[i], percent);
		if (i == 0)
			figure_field(f, "n", FIELD_NUMBER, NULL, "blocks");
	}
	if (!s->has_of_one)
		return;
	_cleanup_free_ char *one = start_text(l);
	for (int i = 0; i < ways_of(s); i++) {
		_cleanup_free_ char *title = xasprintf("%s to %s", kinds[i], one);
		add_ratio_fields(f, &to_one[i], title, percent);
	}
}

static void set_ratio(struct figure *f, const struct names *names, const struct ratio *r)
{
	figure_set_number(f, names->ratio, r->ratio);
	figure_set_number(f, names->low, r->low);
	figure_set_number(f, names->high, r->high);
}

/* Along a page what others are seen against is drawn too, as 1: lines begin there, and colours are
 * the same as in other figures. */
static void set_reference(const struct shown *s, struct figure *f)
{
	for (int i = 0; i < ways_of(s); i++)
		figure_set_number(f, at_equal_x[i].ratio, 1);
}

static void set_of_one(
	const struct layout *l, const struct shown *s, const struct placed *cell, struct figure *f)
{
	const struct placed *start = layout_start(l, cell);
	struct ratio r;

	if (start == NULL)
		return;
	for (int i = 0; i < ways_of(s); i++) {
		quantity_ratio(l->g, i == 0 ? &s->main_of_one : &s->below_of_one,
			(size_t[]){cell->lane, cell->configuration},
			(size_t[]){start->lane, start->configuration}, 1 - l->source->alpha, &r);
		if (start == cell)
			r = (struct ratio){.ratio = r.ratio, .low = NAN, .high = NAN};
		set_ratio(f, &to_one[i], &r);
	}
}

static void add_rows(const struct layout *l, const struct shown *s, struct figure *f)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct placed *cell = &l->cells[i];
		bool is_reference = layout_is_reference(l, cell) && !layout_has_texts(l);
		struct ratio r, net;

		layout_ratio(l, &s->main, cell, &r);
		if (isnan(r.ratio) && !is_reference)
			continue;
		layout_row(l, cell, f);
		if (is_reference) {
			set_reference(s, f);
		} else {
			set_ratio(f, &at_equal_x[0], &r);
			figure_set_number(f, "n", (double)r.n);
		}
		if (s->has_below && !is_reference) {
			layout_ratio(l, &s->below, cell, &net);
			set_ratio(f, &at_equal_x[1], &net);
		}
		if (s->has_of_one)
			set_of_one(l, s, cell, f);
	}
}

static void add_panel(const struct layout *l, const struct names *names, struct figure *f)
{
	layout_panel(l, f,
		&(struct drawn_field){.field = names->ratio,
			.low = names->low,
			.high = names->high,
			.scale = ratio_scale(f, names->ratio),
			.threshold = l->source->threshold});
}

static void add_panels(const struct layout *l, const struct shown *s, struct figure *f)
{
	for (int i = 0; i < ways_of(s); i++)
		add_panel(l, &at_equal_x[i], f);
	for (int i = 0; s->has_of_one && i < ways_of(s); i++)
		add_panel(l, &to_one[i], f);
}

static void add_reading(const struct layout *l, const struct shown *s, struct figure *f)
{
	enum better better = l->g->metrics[s->main.metric].better;
	_cleanup_free_ char *reference = layout_reference_text(l);
	bool is_same_x = l->baseline != NO_INDEX && l->x.name != NULL;
	_cleanup_free_ char *one = s->has_of_one ? start_text(l) : NULL;
	_cleanup_free_ char *of_one =
		one == NULL ? xstrdup("")
			    : xasprintf(" The last chart%s against %s: whether more at once is "
					"less in the end.",
				      s->has_below ? "s, gross and net, are" : " is", one);

	figure_reading(f,
		"Each point is a configuration's %s divided by that of %s%s%s: below 1 is less%s. "
		"%s %g %% interval; within the grey range, ±%g %%, nothing is called a change.%s%s",
		quantity_in_text(&s->main), reference, is_same_x ? " with the same " : "",
		is_same_x ? l->x.name : "",
		better == BETTER_LOWER    ? ", which is better"
		: better == BETTER_HIGHER ? ", which is worse"
					  : "",
		layout_has_texts(l) ? "Bars are the" : "The band, or bar, is the",
		100 * (1 - l->source->alpha), 100 * l->source->threshold,
		s->has_below ? " The second chart is net of what the idle machine draws." : "",
		of_one);
}

/* Of time the speed-up says it. */
static void find_of_one(const struct layout *l, struct shown *s)
{
	s->main_of_one = s->main;
	s->below_of_one = s->below;
	s->has_of_one = l->is_parallel && l->x.is_numeric && l->baseline != NO_INDEX &&
			strncmp(l->g->metrics[s->main.metric].name, "time", 4) != 0 &&
			layout_take_per_work_of_start(l, &s->main_of_one) &&
			(!s->has_below || layout_take_per_work_of_start(l, &s->below_of_one));
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
	find_of_one(&l, s);
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
			bool is_new = source->by != NULL && known->by != NULL &&
				      strcmp(known->by, source->by) == 0;
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
