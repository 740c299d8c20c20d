/* What sharing costs: time against that of the private twin, and how often threads had to wait. */
#include "coordinator/report/figure_parts.h"
#include <math.h>

#define LEVEL 0.95

struct switches {
	const char *field, *metric;
	struct quantity quantity;
	bool is_there;
};

static void find_switches(const struct gathered *g, struct switches out[2])
{
	out[0] = (struct switches){.field = "voluntary", .metric = "context_switches.voluntary"};
	out[1] =
		(struct switches){.field = "involuntary", .metric = "context_switches.involuntary"};
	for (int i = 0; i < 2; i++)
		out[i].is_there = quantity_product(
			g, out[i].metric, "time", -1, "per second", "1/s", &out[i].quantity);
}

static void add_fields(const struct layout *l, const struct switches s[2], struct figure *f)
{
	double percent = 100 * (1 - l->source->alpha);

	layout_fields(l, f);
	figure_field(f, "y", FIELD_NUMBER, NULL, "penalty");
	figure_field(f, "low", FIELD_NUMBER, NULL, "low (%g %%)", percent);
	figure_field(f, "high", FIELD_NUMBER, NULL, "high (%g %%)", percent);
	for (int i = 0; i < 2; i++) {
		if (s[i].is_there)
			figure_field(f, s[i].field, FIELD_NUMBER, "1/s", "%s context switches",
				s[i].field);
	}
}

static void add_rows(const struct layout *l, const struct quantity *time,
	const struct switches s[2], struct figure *f)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct placed *cell = &l->cells[i];
		struct summary median;
		struct ratio r;

		layout_ratio(l, time, cell, &r);
		layout_row(l, cell, f);
		figure_set_number(f, "y", cell->series == l->baseline ? 1 : r.ratio);
		figure_set_number(f, "low", r.low);
		figure_set_number(f, "high", r.high);
		for (int k = 0; k < 2; k++) {
			if (!s[k].is_there)
				continue;
			quantity_summary(l->g, &s[k].quantity, cell->lane, cell->configuration,
				LEVEL, &median);
			figure_set_number(f, s[k].field, median.n > 0 ? median.median : NAN);
		}
	}
}

static void draw(const struct layout *l, const struct quantity *time, struct figure *f)
{
	struct switches s[2];

	find_switches(l->g, s);
	add_fields(l, s, f);
	add_rows(l, time, s, f);
	layout_panel(l, f,
		&(struct drawn_field){
			.field = "y", .low = "low", .high = "high", .scale = ratio_scale(f, "y")});
	for (int i = 0; i < 2; i++) {
		if (s[i].is_there)
			layout_panel(l, f,
				&(struct drawn_field){.field = s[i].field,
					.scale = ",'scale':{'zero':true}",
					.threshold = NAN});
	}
	figure_reading(f,
		"The penalty is %s divided by that of %s%s%s: above 1 is slower, with its "
		"%g %% interval.%s",
		quantity_in_text(time), l->series.values[l->baseline],
		l->x.name == NULL ? "" : " with the same ", l->x.name == NULL ? "" : l->x.name,
		100 * (1 - l->source->alpha),
		s[0].is_there
			? " Below it is why: a voluntary context switch is a thread that had "
			  "to wait, for a lock or for data; an involuntary one a thread that was "
			  "pushed aside. Medians for each second of the run."
			: "");
	if (!s[0].is_there && !s[1].is_there)
		figure_note(f, "No run has context switches, so why it waited is not known.");
}

/* "lock", "shared_lock", "rwlock", but neither "clock" nor "block". */
static bool has_word(const char *text)
{
	static const char *const words[] = {"shar", "privat", "conten", "mutex"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcasestr(text, words[i]) != NULL)
			return true;
	}
	for (const char *at = text; (at = strcasestr(at, "lock")) != NULL; at++) {
		if (at == text || strchr("cCbB", at[-1]) == NULL)
			return true;
	}
	return false;
}

/* Without being asked for it is drawn of what is about sharing, by its names. */
static bool is_about_sharing(const struct figure_source *source, const struct layout *l)
{
	const struct campaign *c = source->study->campaign;

	if (c != NULL && c->report.figures_n > 0)
		return true;
	if (has_word(l->series.name))
		return true;
	for (size_t k = 0; k < l->series.n; k++) {
		if (has_word(l->series.values[k]))
			return true;
	}
	return false;
}

static int make_page(const struct report_figure *request, const struct figure_source *source,
	const char *page, struct figures *out, struct error *err)
{
	const struct gathered *g = &source->study->g;
	struct layout l = {0};
	struct quantity time;

	(void)err;
	if (!quantity_named(
		    g, request->metric != NULL ? request->metric : "time.per_work", &time) &&
		!quantity_named(g, "time", &time)) {
		figures_leave_out(out, "contention: no run has time");
		return 0;
	}
	layout_make(request, source, &time, LAYOUT_X_ANY, &l);
	if (l.n == 0 || l.baseline == NO_INDEX) {
		layout_leave_out(&l, "contention",
			"nothing says which configurations share nothing; `by` and `baseline` name "
			"an "
			"axis and its value for them",
			out);
	} else if (!is_about_sharing(source, &l)) {
		layout_leave_out(&l, "contention",
			"nothing that is compared is about sharing, by its names; `figures: "
			"[{kind: "
			"contention}]` in the campaign's report draws it all the same",
			out);
	} else {
		_cleanup_free_ double *scores = layout_scores(&l, &time);
		_cleanup_free_ char *command = xasprintf("joulerig compare %s --all", g->label);
		struct figure *f = figure_add(out, "contention",
			"Cost of sharing: time against %s, and context switches%s%s",
			l.series.values[l.baseline], page == NULL ? "" : ", ",
			page == NULL ? "" : page);
		layout_limit(&l, scores, "those with the largest penalty", 1, command, f);
		draw(&l, &time, f);
	}
	layout_done(&l);
	return 0;
}

static int make(const struct report_figure *request, const struct figure_source *source,
	struct figures *out, struct error *err)
{
	return layout_pages(request, source, out, err, make_page);
}

const struct figure_ops figure_contention = {.kind = "contention",
	.help = "what sharing costs against a private twin, with context switches",
	.make = make};
