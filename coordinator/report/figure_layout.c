/* Which cells stand where: the axes that vary are shared out to x, series and facets. */
#include "coordinator/findings/host_text.h"
#include "coordinator/report/axis_choice.h"
#include "coordinator/report/figure_parts.h"
#include <math.h>

#define MAX_LINES 6 /* values of an axis that nobody named, to be lines of one chart */

/* Axes that say how many things run at once, by what people call them. */
static const char *const parallel_names[] = {"threads", "workers", "processes", "procs", "ranks",
	"jobs", "cores", "cpus", "concurrency", "parallelism"};

/* What is known of a name that cells have values of: an axis, "benchmark", "host". */
struct candidate {
	const char *name;
	const char *some[MAX_LINES + 1]; /* its first values; not owned */
	size_t n;                        /* distinct ones, MAX_LINES + 1 at most */
	bool is_axis, is_numeric;
};

struct choosing {
	const struct report_figure *request;
	const struct figure_source *source;
	const struct gathered *g;
	struct layout *out;
	struct candidate *candidates; /* axes first */
	size_t candidates_n;
	char **lane_values; /* of `by: host.cpu.codename`, "Raptor Lake (lab07)" */
	const char *x, *by; /* what was chosen */
	const char *also;   /* another axis that is a part of x; NULL: none */
	enum layout_x wanted;
	bool is_by_reference; /* the source's by is x itself */
};

static bool is_host(const char *name)
{
	return strcmp(name, "host") == 0 || strncmp(name, "host.", strlen("host.")) == 0;
}

/* ---- what a cell has of a name ---- */

/* What `by` says of a lane, or NULL. The caller frees. */
static char *lane_value(const struct gathered *g, size_t lane, const char *by)
{
	json_t *inventory = host_inventory(g->lanes[lane].inventory);
	char *value = host_value(g->lanes[lane].host, inventory, by);

	json_decref(inventory);
	return value;
}

/* Of hosts one line each, so that no line is of two machines. */
static void name_lanes(struct choosing *c, const char *by)
{
	const struct gathered *g = c->g;

	c->lane_values = xcalloc(g->lanes_n + 1, sizeof *c->lane_values);
	for (size_t i = 0; i < g->lanes_n; i++) {
		_cleanup_free_ char *value = lane_value(g, i, by);
		bool is_name = value == NULL || strcmp(value, g->lanes[i].host) == 0;
		c->lane_values[i] = is_name ? xstrdup(g->lanes[i].host)
					    : xasprintf("%s (%s)", value, g->lanes[i].host);
	}
}

/* NULL where it has none. */
static const char *value_of(const struct choosing *c, const char *name, const struct placed *cell)
{
	if (strcmp(name, "benchmark") == 0)
		return c->g->configurations[cell->configuration].benchmark;
	if (is_host(name))
		return c->lane_values != NULL ? c->lane_values[cell->lane]
					      : c->g->lanes[cell->lane].host;
	return parameters_get(&c->g->configurations[cell->configuration].parameters, name);
}

/* ---- the cells ---- */

static bool is_drawn(const struct choosing *c, const struct quantity *q, size_t lane, size_t at)
{
	const struct gathered_cell *cell = gathered_cell(c->g, lane, at);

	if (cell->done == 0 || !c->source->kept[lane * c->g->configurations_n + at])
		return false;
	return q == NULL ||
	       (gathered_series(cell, q->metric) != NULL &&
		       (q->other == NO_INDEX || gathered_series(cell, q->other) != NULL));
}

/* A canary says how its machine is, and is nothing that is compared: where there is anything else,
 * it is left out. */
static void collect(struct choosing *c, const struct quantity *q, bool is_of_canaries)
{
	const struct gathered *g = c->g;
	struct layout *l = c->out;

	free(l->cells);
	l->cells = xcalloc(g->lanes_n * g->configurations_n + 1, sizeof *l->cells);
	for (size_t lane = 0; lane < g->lanes_n; lane++) {
		for (size_t i = 0; i < g->configurations_n; i++) {
			if (g->configurations[i].is_canary == is_of_canaries &&
				is_drawn(c, q, lane, i))
				l->cells[l->n++] =
					(struct placed){.lane = lane, .configuration = i};
		}
	}
}

/* ---- which names vary ---- */

static struct candidate *candidate(struct choosing *c, const char *name)
{
	for (size_t i = 0; i < c->candidates_n; i++) {
		if (strcmp(c->candidates[i].name, name) == 0)
			return &c->candidates[i];
	}
	return NULL;
}

static void see(struct choosing *c, const char *name, bool is_axis, const char *value)
{
	struct candidate *known = candidate(c, name);
	double number;

	if (known == NULL) {
		c->candidates =
			xreallocarray(c->candidates, c->candidates_n + 1, sizeof *c->candidates);
		known = &c->candidates[c->candidates_n++];
		*known =
			(struct candidate){.name = name, .is_axis = is_axis, .is_numeric = is_axis};
	}
	known->is_numeric = known->is_numeric && text_is_number(value, &number);
	for (size_t i = 0; i < known->n; i++) {
		if (strcmp(known->some[i], value) == 0)
			return;
	}
	if (known->n <= MAX_LINES)
		known->some[known->n++] = value;
}

static void see_all(struct choosing *c)
{
	const struct gathered *g = c->g;

	for (size_t i = 0; i < c->out->n; i++) {
		const struct parameters *p =
			&g->configurations[c->out->cells[i].configuration].parameters;
		for (size_t k = 0; k < p->n; k++)
			see(c, p->items[k].name, true, p->items[k].text);
	}
	for (size_t i = 0; i < c->out->n; i++) {
		const struct placed *cell = &c->out->cells[i];
		see(c, "benchmark", false, g->configurations[cell->configuration].benchmark);
		see(c, "host", false, g->lanes[cell->lane].host);
	}
}

static bool is_varied(struct choosing *c, const char *name)
{
	const struct candidate *known = candidate(c, is_host(name) ? "host" : name);

	return known != NULL && known->n > 1;
}

/* ---- choosing ---- */

static bool is_same(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

/* By its name, or because a benchmark is given as many CPUs. */
static bool is_parallel(const struct choosing *c, const char *name)
{
	const struct campaign *campaign = c->source->study->campaign;
	_cleanup_free_ char *whole = xasprintf("{%s}", name);

	for (size_t i = 0; i < ARRAY_SIZE(parallel_names); i++) {
		if (strcmp(parallel_names[i], name) == 0)
			return true;
	}
	for (size_t i = 0; campaign != NULL && i < campaign->benchmarks_n; i++) {
		if (is_same(campaign->benchmarks[i].settings[SETTING_CPUS], whole))
			return true;
	}
	return false;
}

/* The first axis of numbers that varies and is not the one named; NULL: there is none. */
static const char *numeric_axis(struct choosing *c, bool must_be_parallel, const char *but)
{
	for (size_t i = 0; i < c->candidates_n; i++) {
		const struct candidate *k = &c->candidates[i];
		if (k->is_axis && k->is_numeric && k->n > 1 && !is_same(k->name, but) &&
			(!must_be_parallel || is_parallel(c, k->name)))
			return k->name;
	}
	return NULL;
}

/* The only axis that varies beside by. */
static const char *only_axis(const struct choosing *c, const char *but)
{
	const char *found = NULL;

	for (size_t i = 0; i < c->candidates_n; i++) {
		const struct candidate *k = &c->candidates[i];
		if (!k->is_axis || k->n < 2 || is_same(k->name, but))
			continue;
		if (found != NULL)
			return NULL;
		found = k->name;
	}
	return found;
}

static bool takes_names(enum layout_x wanted)
{
	return wanted == LAYOUT_X_ANY || wanted == LAYOUT_X_CHOICE || wanted == LAYOUT_X_CHOICES;
}

static const char *choose_x(struct choosing *c)
{
	const char *by = c->request->by, *x;
	enum layout_x wanted = c->wanted;

	if (wanted == LAYOUT_X_NONE)
		return NULL;
	if (c->request->x != NULL) {
		const struct candidate *k = candidate(c, c->request->x);
		bool is_good = k != NULL && (takes_names(wanted) || k->is_numeric);
		return is_good ? k->name : NULL;
	}
	x = numeric_axis(c, true, by);
	if (x != NULL || wanted == LAYOUT_X_THREADS)
		return x;
	by = by == NULL ? c->source->by : by;
	x = numeric_axis(c, false, by);
	if (x == NULL)
		x = numeric_axis(c, false, c->request->by);
	x = x == NULL && takes_names(wanted) ? only_axis(c, by) : x;
	if (x != NULL || wanted != LAYOUT_X_CHOICES)
		return x;
	x = axis_choose(c->source, AXIS_FREQUENCY);
	return is_same(x, by) ? NULL : x;
}

static const char *choose_by(struct choosing *c)
{
	const char *by = c->request->by == NULL ? c->source->by : c->request->by;
	bool takes_hosts = c->wanted == LAYOUT_X_ANY || c->wanted == LAYOUT_X_NUMBER ||
			   c->wanted == LAYOUT_X_THREADS;

	if (by != NULL && c->request->by == NULL && is_same(by, c->x)) {
		c->is_by_reference = true;
		by = NULL;
	}
	if (by != NULL)
		return is_varied(c, by) ? by : NULL;
	for (size_t i = 0; i < c->candidates_n; i++) {
		const struct candidate *k = &c->candidates[i];
		if (k->n > 1 && k->n <= MAX_LINES && !is_same(k->name, c->x) &&
			(takes_hosts || !is_host(k->name)))
			return k->name;
	}
	return NULL;
}

static const char *choose_also(const struct choosing *c)
{
	const char *also =
		c->wanted == LAYOUT_X_CHOICES ? axis_choose(c->source, AXIS_FREQUENCY) : NULL;

	return c->x == NULL || is_same(also, c->x) || is_same(also, c->by) ? NULL : also;
}

/* What the request names must be there. */
static void check_names(struct choosing *c)
{
	const char *const names[] = {c->request->x, c->request->by};
	struct layout *l = c->out;

	for (size_t i = 0; i < ARRAY_SIZE(names) && l->n > 0; i++) {
		if (names[i] == NULL || is_host(names[i]) || candidate(c, names[i]) != NULL)
			continue;
		l->why = xasprintf(
			"there is no axis '%s' in the configurations that it shows", names[i]);
		l->n = 0;
	}
}

/* ---- directions ---- */

/* Of two axes x is what a reader would call the pair: "4, clock 2GHz". The caller frees. */
static char *text_along(const struct choosing *c, const char *name, const struct placed *cell)
{
	const char *value = name == NULL ? "" : value_of(c, name, cell);
	const char *also =
		name == NULL || name != c->x || c->also == NULL ? NULL : value_of(c, c->also, cell);

	if (also == NULL)
		return xstrdup(value == NULL ? "none" : value);
	return xasprintf("%s, %s %s", value == NULL ? "none" : value, c->also, also);
}

/* Fill a direction by a name; NULL gives the one value "". field is offsetof() in struct placed. */
static void place_along(struct choosing *c, const char *name, struct direction *d, size_t field)
{
	struct layout *l = c->out;
	_cleanup_free_ char **texts = xcalloc(l->n + 1, sizeof *texts);
	_cleanup_free_ size_t *index = xcalloc(l->n + 1, sizeof *index);

	for (size_t i = 0; i < l->n; i++)
		texts[i] = text_along(c, name, &l->cells[i]);
	direction_build(d, (const char *const *)texts, l->n, index);
	d->name = name == NULL || d->n < 2 ? NULL : xstrdup(name);
	for (size_t i = 0; i < l->n; i++) {
		*(size_t *)((char *)&l->cells[i] + field) = index[i];
		free(texts[i]);
	}
}

/* Whether a name is left to tell cells of different charts apart. */
static bool is_left(struct choosing *c, const char *name)
{
	if (is_host(name))
		return is_varied(c, "host") && !(c->x != NULL && is_host(c->x)) &&
		       !(c->by != NULL && is_host(c->by));
	return is_varied(c, name) && !is_same(name, c->x) && !is_same(name, c->by) &&
	       !is_same(name, c->also);
}

/* What is left that tells a cell from others: "nbody size=1000 on lab07". */
static char *facet_text(struct choosing *c, const struct placed *cell)
{
	const struct gathered_configuration *g = &c->g->configurations[cell->configuration];
	_cleanup_buf_ struct buf text = BUF_INIT;

	if (is_left(c, "benchmark"))
		buf_adds(&text, g->benchmark);
	for (size_t i = 0; i < g->parameters.n; i++) {
		const struct parameter *p = &g->parameters.items[i];
		if (is_left(c, p->name))
			buf_addf(&text, "%s%s=%s", text.len > 0 ? " " : "", p->name, p->text);
	}
	if (is_left(c, "host"))
		buf_addf(&text, "%s%s", text.len > 0 ? " on " : "", c->g->lanes[cell->lane].host);
	return buf_take(&text);
}

/* What these texts are: "benchmark, size, host". */
static char *facet_name(struct choosing *c)
{
	_cleanup_buf_ struct buf name = BUF_INIT;

	if (is_left(c, "benchmark"))
		buf_adds(&name, "benchmark");
	for (size_t i = 0; i < c->candidates_n; i++) {
		if (c->candidates[i].is_axis && is_left(c, c->candidates[i].name))
			buf_addf(&name, "%s%s", name.len > 0 ? ", " : "", c->candidates[i].name);
	}
	if (is_left(c, "host"))
		buf_addf(&name, "%shost", name.len > 0 ? ", " : "");
	return buf_take(&name);
}

static void place_facets(struct choosing *c)
{
	struct layout *l = c->out;
	_cleanup_free_ char **texts = xcalloc(l->n + 1, sizeof *texts);
	_cleanup_free_ size_t *index = xcalloc(l->n + 1, sizeof *index);

	for (size_t i = 0; i < l->n; i++)
		texts[i] = facet_text(c, &l->cells[i]);
	direction_build(&l->facet, (const char *const *)texts, l->n, index);
	l->facet.name = l->facet.n < 2 ? NULL : facet_name(c);
	for (size_t i = 0; i < l->n; i++) {
		l->cells[i].facet = index[i];
		free(texts[i]);
	}
}

/* Cells without the axis that x is have no place. */
static void drop_without_x(struct choosing *c)
{
	struct layout *l = c->out;
	size_t n = 0;

	for (size_t i = 0; i < l->n && c->x != NULL; i++) {
		if (value_of(c, c->x, &l->cells[i]) != NULL)
			l->cells[n++] = l->cells[i];
	}
	l->n = c->x == NULL ? l->n : n;
}

/* The series of the baseline; of hosts the only one that has this value. */
static size_t find_baseline(const struct choosing *c, const char *baseline)
{
	const struct layout *l = c->out;
	size_t found = NO_INDEX;

	if (c->by == NULL || !is_host(c->by))
		return direction_index(&l->series, baseline);
	for (size_t i = 0; i < c->g->lanes_n && baseline != NULL; i++) {
		_cleanup_free_ char *value = lane_value(c->g, i, c->by);
		size_t series = direction_index(&l->series, c->lane_values[i]);
		if (value == NULL || strcmp(value, baseline) != 0 || series == NO_INDEX)
			continue;
		if (found != NO_INDEX)
			return NO_INDEX;
		found = series;
	}
	return found;
}

static void set_references(struct choosing *c)
{
	struct layout *l = c->out;
	const char *baseline =
		c->request->baseline == NULL ? c->source->baseline : c->request->baseline;

	l->baseline = NO_INDEX;
	l->reference = NO_INDEX;
	l->is_parallel = c->x != NULL && is_parallel(c, c->x);
	if (c->is_by_reference) {
		size_t at = direction_index(&l->x, baseline);
		l->reference = at == NO_INDEX ? 0 : at;
		return;
	}
	if (l->series.name != NULL)
		l->baseline = find_baseline(c, baseline);
	/* Of sizes nobody asks how much more time the larger one takes than the smallest. */
	if (c->x != NULL && (c->request->x != NULL || l->is_parallel))
		l->reference = 0;
}

static int by_place(const void *a, const void *b)
{
	const struct placed *p = a, *q = b;

	if (p->facet != q->facet)
		return p->facet < q->facet ? -1 : 1;
	if (p->series != q->series)
		return p->series < q->series ? -1 : 1;
	return p->x < q->x ? -1 : p->x > q->x;
}

void layout_make(const struct report_figure *request, const struct figure_source *source,
	const struct quantity *q, enum layout_x x, struct layout *out)
{
	struct choosing c = {.request = request,
		.source = source,
		.g = &source->study->g,
		.out = out,
		.wanted = x};

	*out = (struct layout){.source = source, .g = c.g, .baseline = NO_INDEX};
	collect(&c, q, false);
	if (out->n == 0)
		collect(&c, q, true);
	see_all(&c);
	check_names(&c);
	c.x = choose_x(&c);
	c.by = choose_by(&c);
	c.also = choose_also(&c);
	name_lanes(&c, c.by != NULL && is_host(c.by) ? c.by : "host");
	drop_without_x(&c);
	place_along(&c, c.x, &out->x, offsetof(struct placed, x));
	place_along(&c, c.by, &out->series, offsetof(struct placed, series));
	place_facets(&c);
	set_references(&c);
	out->takes_texts = x == LAYOUT_X_ANY || x == LAYOUT_X_NUMBER;
	qsort(out->cells, out->n, sizeof *out->cells, by_place);
	if (q != NULL && x != LAYOUT_X_NONE && c.by != NULL && is_host(c.by))
		layout_drop_unlike(out, q);
	for (size_t i = 0; i < c.g->lanes_n; i++)
		free(c.lane_values[i]);
	free(c.lane_values);
	free(c.candidates);
}

void layout_done(struct layout *l)
{
	direction_done(&l->x);
	direction_done(&l->series);
	direction_done(&l->facet);
	free(l->cells);
	free(l->why);
	free(l->note);
	*l = (struct layout){0};
}
