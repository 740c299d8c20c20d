/* What sharing costs: time against that of the private twin, and beside it what says why: energy,
 * how often threads had to wait, hardware events. */
#include "coordinator/report/figure_parts.h"
#include <math.h>

#define LEVEL      0.95
#define MAX_EVENTS 4
#define MAX_BESIDE (3 + MAX_EVENTS)

/* What is shown beside the penalty, to say why: an energy, context switches, hardware events. */
struct beside {
	const char *field;
	char *title, *unit; /* unit may be NULL */
	struct quantity q;
};

struct drawn {
	struct quantity time;
	struct beside items[MAX_BESIDE];
	size_t n;
	bool has_work, has_switches;
};

/* ---- what there is beside it ---- */

/* For a unit of work where runs say how much they did, else a second. */
static bool find_rate(
	const struct gathered *g, const char *metric, bool has_work, struct quantity *q)
{
	return has_work ? quantity_of_work(g, metric, q)
			: quantity_product(g, metric, "time", -1, "", "1/s", q);
}

static void add_rate(struct drawn *d, const struct gathered *g, const char *metric,
	const char *field, const char *name)
{
	struct beside *b = &d->items[d->n];

	if (d->n == MAX_BESIDE || !find_rate(g, metric, d->has_work, &b->q))
		return;
	b->field = field;
	b->title = xasprintf("%s%s", name, d->has_work ? " per unit of work" : "");
	b->unit = d->has_work ? NULL : xstrdup("1/s");
	d->n++;
}

static void add_energy(struct drawn *d, const struct gathered *g)
{
	struct beside *b = &d->items[d->n];

	if (!quantity_named(g, d->has_work ? "energy.package.per_work" : "energy.package", &b->q))
		return;
	b->field = "energy";
	b->title = xstrdup(b->q.title);
	b->unit = xstrdup(b->q.unit == NULL ? "" : b->q.unit);
	d->n++;
}

static bool is_event(const struct campaign *c, const char *metric)
{
	for (size_t i = 0; i < c->benchmarks_n; i++) {
		const struct measuring *m = &c->benchmarks[i].measure;
		for (size_t k = 0; k < m->counters_n; k++) {
			if (counter_gives(m->counters[k], metric))
				return true;
		}
	}
	return false;
}

/* Hardware events that the campaign asks for; without its file nobody knows which metrics are. */
static void add_events(struct drawn *d, const struct figure_source *source)
{
	static const char *const fields[MAX_EVENTS] = {"event1", "event2", "event3", "event4"};
	const struct campaign *c = source->study->campaign;
	const struct gathered *g = &source->study->g;
	size_t n = 0;

	for (size_t i = 0; c != NULL && i < g->metrics_n && n < MAX_EVENTS; i++) {
		const char *name = g->metrics[i].name;
		size_t before = d->n;
		if (!is_event(c, name))
			continue;
		add_rate(d, g, name, fields[n], name);
		n += d->n > before;
	}
}

static void find_beside(struct drawn *d, const struct figure_source *source)
{
	const struct gathered *g = &source->study->g;
	struct quantity work;

	d->has_work = quantity_named(g, "time.per_work", &work);
	add_energy(d, g);
	size_t before = d->n;
	add_rate(d, g, "context_switches.voluntary", "voluntary", "voluntary context switches");
	add_rate(d, g, "context_switches.involuntary", "involuntary",
		"involuntary context switches");
	d->has_switches = d->n > before;
	add_events(d, source);
}

static void drawn_done(struct drawn *d)
{
	for (size_t i = 0; i < d->n; i++) {
		free(d->items[i].title);
		free(d->items[i].unit);
	}
}

/* ---- the figure ---- */

static void add_fields(const struct layout *l, const struct drawn *d, struct figure *f)
{
	double percent = 100 * (1 - l->source->alpha);

	layout_fields(l, f);
	figure_field(f, "y", FIELD_NUMBER, NULL, "penalty");
	figure_field(f, "low", FIELD_NUMBER, NULL, "low (%g %%)", percent);
	figure_field(f, "high", FIELD_NUMBER, NULL, "high (%g %%)", percent);
	for (size_t i = 0; i < d->n; i++)
		figure_field(f, d->items[i].field, FIELD_NUMBER, d->items[i].unit, "%s",
			d->items[i].title);
}

static void add_rows(const struct layout *l, const struct drawn *d, struct figure *f)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct placed *cell = &l->cells[i];
		struct summary median;
		struct ratio r;

		layout_ratio(l, &d->time, cell, &r);
		layout_row(l, cell, f);
		figure_set_number(f, "y", cell->series == l->baseline ? 1 : r.ratio);
		figure_set_number(f, "low", r.low);
		figure_set_number(f, "high", r.high);
		for (size_t k = 0; k < d->n; k++) {
			quantity_summary(l->g, &d->items[k].q, cell->lane, cell->configuration,
				LEVEL, &median);
			figure_set_number(f, d->items[k].field, median.n > 0 ? median.median : NAN);
		}
	}
}

static void add_panels(const struct layout *l, const struct drawn *d, struct figure *f)
{
	layout_panel(l, f,
		&(struct drawn_field){
			.field = "y", .low = "low", .high = "high", .scale = ratio_scale(f, "y")});
	for (size_t i = 0; i < d->n; i++) {
		double low, high;
		figure_span(f, d->items[i].field, &low, &high);
		layout_panel(l, f,
			&(struct drawn_field){.field = d->items[i].field,
				.scale =
					isnan(low) ? ",'scale':{'zero':true}" : scale_of(low, high),
				.threshold = NAN});
	}
}

static void draw(const struct layout *l, const struct drawn *d, struct figure *f)
{
	add_fields(l, d, f);
	add_rows(l, d, f);
	add_panels(l, d, f);
	figure_reading(f,
		"The penalty is %s divided by that of %s%s%s: above 1 is slower, with its "
		"%g %% interval.%s%s",
		quantity_in_text(&d->time), l->series.values[l->baseline],
		l->x.name == NULL ? "" : " with the same ", l->x.name == NULL ? "" : l->x.name,
		100 * (1 - l->source->alpha),
		d->has_switches
			? " Below it is why: a voluntary context switch is a thread that had "
			  "to wait, for a lock or for data; an involuntary one a thread that was "
			  "pushed aside."
			: "",
		d->n == 0     ? ""
		: d->has_work ? " All are medians for a unit of work."
			      : " Medians; no run says how much work it did, so that events are "
				"those of a second.");
	if (!d->has_switches)
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
	struct drawn d = {.n = 0};

	(void)err;
	if (!quantity_named(
		    g, request->metric != NULL ? request->metric : "time.per_work", &d.time) &&
		!quantity_named(g, "time", &d.time)) {
		figures_leave_out(out, "contention: no run has time");
		return 0;
	}
	layout_make(request, source, &d.time, LAYOUT_X_ANY, &l);
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
		_cleanup_free_ double *scores = layout_scores(&l, &d.time);
		_cleanup_free_ char *command = xasprintf("joulerig compare %s --all", g->label);
		struct figure *f = figure_add(out, "contention",
			"Cost of sharing: time against %s, and why%s%s",
			l.series.values[l.baseline], page == NULL ? "" : ", ",
			page == NULL ? "" : page);
		layout_limit(&l, scores, "those with the largest penalty", 1, command, f);
		find_beside(&d, source);
		draw(&l, &d, f);
		drawn_done(&d);
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
