/* Of which parts a ratio is made, along a chain of values: bars that begin where the last one ends.
 */
#include "coordinator/findings/decomposition.h"
#include "coordinator/report/figure_parts.h"
#include <math.h>

#define MAX_TEXTS 24

/* The cell of the layout that a decomposition starts from; NULL where it is not shown. */
static const struct placed *cell_of(const struct layout *l, const struct decomposition *d)
{
	for (size_t i = 0; i < l->n; i++) {
		if (l->cells[i].lane == d->lane &&
			l->cells[i].configuration == d->configurations[0])
			return &l->cells[i];
	}
	return NULL;
}

static void add_row(
	struct figure *f, const char *label, const char *part, double from, const struct ratio *r)
{
	figure_row(f);
	figure_set_text(f, "label", label);
	figure_set_text(f, "part", part);
	figure_set_number(f, "from", from);
	figure_set_number(f, "to", from * r->ratio);
	figure_set_number(f, "ratio", r->ratio);
	figure_set_number(f, "low", r->low);
	figure_set_number(f, "high", r->high);
}

/* How far its whole is from 1; below 0: it is not on the page at all. */
static double size_of(const struct layout *l, const struct decomposition *d)
{
	return cell_of(l, d) == NULL || isnan(d->whole.ratio) ? -1 : fabs(log(d->whole.ratio));
}

static int compare_descending(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x < *y) - (*x > *y);
}

/* What those that are shown are at least as far from 1 as; *could: how many there are. */
static double smallest_shown(
	const struct layout *l, const struct decompositions *all, size_t *could)
{
	_cleanup_free_ double *sizes = xcalloc(all->n + 1, sizeof *sizes);

	*could = 0;
	for (size_t i = 0; i < all->n; i++) {
		double size = size_of(l, &all->items[i]);

		if (size >= 0)
			sizes[(*could)++] = size;
	}
	if (*could <= MAX_TEXTS)
		return 0;
	qsort(sizes, *could, sizeof *sizes, compare_descending);
	return sizes[MAX_TEXTS - 1];
}

/* Those that `only` keeps out are not missing. */
static void note_missing(const struct layout *l, const struct decompositions *all, struct figure *f)
{
	const char *first = NULL;
	size_t n = 0;

	for (size_t i = 0; i < all->missing_n; i++) {
		if (!l->source->kept[all->missing_of[i]])
			continue;
		first = n++ == 0 ? all->missing[i] : first;
	}
	if (n > 0)
		figure_note(f, "%zu %s left out, as not all values of the chain are there: %s%s.",
			n, n == 1 ? "is" : "are", first, n > 1 ? ", ..." : "");
}

static void add_rows(const struct layout *l, const struct decompositions *all,
	const char *const *chain, struct figure *f)
{
	size_t n = all->chain_n, shown = 0, could;
	double smallest = smallest_shown(l, all, &could);

	for (size_t i = 0; i < all->n && shown < MAX_TEXTS; i++) {
		const struct decomposition *d = &all->items[i];
		const struct placed *cell = cell_of(l, d);
		double from = 1, size = size_of(l, d);

		if (size < 0 || size < smallest)
			continue;
		_cleanup_free_ char *label = layout_label(l, cell);
		for (size_t k = 0; k + 1 < n; k++) {
			_cleanup_free_ char *part = xasprintf("%s → %s", chain[k], chain[k + 1]);
			add_row(f, label, part, from, &d->links[k]);
			from *= d->links[k].ratio;
		}
		_cleanup_free_ char *whole = xasprintf("%s → %s, all", chain[0], chain[n - 1]);
		add_row(f, label, whole, 1, &d->whole);
		figure_set_number(f, "end", d->whole.ratio);
		shown++;
	}
	if (could > shown)
		figure_note(f,
			"Shown are %zu of %zu: those that differ most; `only` chooses others, "
			"`joulerig compare "
			"%s --all` has all ratios.",
			shown, could, l->g->label);
	note_missing(l, all, f);
}

static void draw(const struct layout *l, const struct decompositions *all, const char *metric,
	const char *const *chain, const char *page, struct figures *out)
{
	double percent = 100 * (1 - l->source->alpha);
	struct quantity q;

	quantity_named(l->g, metric, &q);
	struct figure *f = figure_add(out, "decomposition", "%s: from %s to %s in steps%s%s",
		q.title, chain[0], chain[all->chain_n - 1], page == NULL ? "" : ", ",
		page == NULL ? "" : page);
	figure_field(f, "label", FIELD_TEXT, NULL, "configuration");
	figure_field(f, "part", FIELD_TEXT, NULL, "step");
	figure_field(f, "from", FIELD_NUMBER, NULL, "begins at");
	figure_field(f, "to", FIELD_NUMBER, NULL, "ratio to %s", chain[0]);
	figure_field(f, "end", FIELD_NUMBER, NULL, "end");
	figure_field(f, "ratio", FIELD_NUMBER, NULL, "ratio");
	figure_field(f, "low", FIELD_NUMBER, NULL, "low (%g %%)", percent);
	figure_field(f, "high", FIELD_NUMBER, NULL, "high (%g %%)", percent);
	add_rows(l, all, chain, f);
	f->tall = f->rows_n;
	figure_panel(f,
		"{'layer':[{'mark':{'type':'bar'},'encoding':{'y':{'field':'label','type':'nominal'"
		","
		"'sort':null},'yOffset':{'field':'part','type':'nominal','sort':null},"
		"'x':{'field':'to','type':'quantitative','scale':{'type':'log','nice':false,"
		"'padding':8}},'x2':{'field':'from'},"
		"'color':{'field':'part','type':'nominal','sort':null}}},"
		"{'mark':{'type':'tick','thickness':3,'color':'gray'},'encoding':{'y':{'field':'"
		"label',"
		"'type':'nominal','sort':null},'x':{'field':'to','type':'quantitative'},"
		"'yOffset':{'field':'part','type':'nominal','sort':null}}},"
		"{'data':{'values':[{}]},'mark':{'type':'rule','opacity':0.6},'encoding':{"
		"'x':{'datum':1}}}]}");
	figure_reading(f,
		"Each bar is one step, and begins where the one before ends; the last bar of a "
		"configuration goes from 1, %s, to the end, %s. To the right is more. The scale is "
		"logarithmic, so that equal lengths are equal factors and the steps add up.",
		chain[0], chain[all->chain_n - 1]);
}

/* The request's chain; NULL where there is none, or too short a one to have steps. */
static const char *const *chain_of(const struct report_figure *request, size_t *n)
{
	*n = request->chain_n;
	return *n < 3 ? NULL : (const char *const *)request->chain;
}

static int make_page(const struct report_figure *request, const struct figure_source *source,
	const char *page, struct figures *out, struct error *err)
{
	const char *metric = request->metric == NULL ? "energy.package" : request->metric;
	const char *by = request->by == NULL ? source->by : request->by;
	const struct gathered *g = &source->study->g;
	struct report_figure along = *request;
	struct decompositions all = {0};
	struct layout l = {0};
	struct error why = {0};
	struct quantity q;
	size_t n;
	const char *const *chain = chain_of(request, &n);

	(void)err;
	if (request->metric == NULL && !quantity_named(g, metric, &q))
		metric = "time";
	if (chain == NULL || by == NULL) {
		figures_leave_out(out,
			"decomposition: it needs `by` and `chain`, three or more values of "
			"that axis from one end to the other");
		return 0;
	}
	along.by = (char *)(uintptr_t)by;
	if (decompositions_make(g, by, chain, n, metric, 1 - source->alpha, &all, &why) < 0) {
		figures_leave_out(out, "decomposition: %s", why.text);
	} else {
		quantity_named(g, metric, &q);
		layout_make(&along, source, &q, LAYOUT_X_ANY, &l);
		if (l.n == 0 || all.n == 0)
			layout_leave_out(&l, "decomposition",
				"no configuration has all values of the chain", out);
		else
			draw(&l, &all, metric, chain, page, out);
	}
	layout_done(&l);
	decompositions_done(&all);
	return 0;
}

static int make(const struct report_figure *request, const struct figure_source *source,
	struct figures *out, struct error *err)
{
	return layout_pages(request, source, out, err, make_page);
}

const struct figure_ops figure_decomposition = {
	.kind = "decomposition", .help = "of which steps a ratio is made", .make = make};
