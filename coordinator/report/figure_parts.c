/* What is drawn of a cell, and what it is seen against. */
#include "coordinator/report/figure_parts.h"
#include <math.h>

#define MIB (1024.0 * 1024.0)

/* Names for people, where the metric's own is for programs; within a sentence. */
static const struct {
	const char *metric, *title, *text;
} titles[] = {
	{"time", "Time", "time"},
	{"time.user", "CPU time in user mode", "CPU time in user mode"},
	{"time.system", "CPU time in the kernel", "CPU time in the kernel"},
	{"time.per_work", "Time per unit of work", "time per unit of work"},
	{"cores.effective", "Effective cores", "effective cores"},
	{"memory.peak", "Peak memory", "peak memory"},
	{"energy.package", "Gross package energy", "gross package energy"},
	{"energy.package.net", "Net package energy", "net package energy"},
	{"energy.package.per_work", "Package energy per unit of work",
		"package energy per unit of work"},
	{"energy.core", "Core energy", "core energy"},
	{"energy.dram", "Memory energy", "memory energy"},
	{"energy.psys", "Platform energy", "platform energy"},
	{"power.package", "Package power", "package power"},
	{"edp.package", "Energy-delay product", "energy-delay product"},
	{"frequency.busy", "Frequency of busy CPUs", "frequency of busy CPUs"},
	{"context_switches.voluntary", "Voluntary context switches", "voluntary context switches"},
	{"context_switches.involuntary", "Involuntary context switches",
		"involuntary context switches"},
};

/* ---- quantities ---- */

static void set_title(struct quantity *q, const char *text)
{
	snprintf(q->title, sizeof q->title, "%s", text);
}

const char *quantity_in_text(const struct quantity *q)
{
	for (size_t i = 0; i < ARRAY_SIZE(titles); i++) {
		if (strcmp(titles[i].title, q->title) == 0)
			return titles[i].text;
	}
	return q->title;
}

bool quantity_named(const struct gathered *g, const char *metric, struct quantity *out)
{
	size_t at = gathered_metric(g, metric);

	if (at == g->metrics_n || !g->metrics[at].is_used)
		return false;
	const char *unit = g->metrics[at].unit;
	*out = (struct quantity){.metric = at, .other = NO_INDEX, .each = NO_INDEX, .scale = 1};
	out->unit = strcmp(unit, "1") == 0 ? NULL : unit;
	if (strcmp(unit, "B") == 0) {
		out->unit = "MiB";
		out->scale = 1 / MIB;
	}
	set_title(out, metric);
	for (size_t i = 0; i < ARRAY_SIZE(titles); i++) {
		if (strcmp(titles[i].metric, metric) == 0)
			set_title(out, titles[i].title);
	}
	return true;
}

bool quantity_product(const struct gathered *g, const char *metric, const char *other, double power,
	const char *title, const char *unit, struct quantity *out)
{
	struct quantity second;

	if (!quantity_named(g, metric, out) || !quantity_named(g, other, &second))
		return false;
	out->other = second.metric;
	out->power = power;
	out->scale *= pow(second.scale, power);
	out->unit = unit;
	set_title(out, title);
	return true;
}

bool quantity_of_work(const struct gathered *g, const char *metric, struct quantity *out)
{
	struct quantity each;

	if (!quantity_product(g, metric, "time", -1, "", NULL, out) ||
		!quantity_named(g, "time.per_work", &each))
		return false;
	out->each = each.metric;
	snprintf(out->title, sizeof out->title, "%s per unit of work", metric);
	return true;
}

/* The value of a run in a series, which goes on from *at; NaN where it has none. Runs rise. */
static double value_of_run(const struct series *s, int64_t run, size_t *at)
{
	while (*at < s->n && s->runs[*at] < run)
		++*at;
	return *at < s->n && s->runs[*at] == run ? s->values[*at] : NAN;
}

/* The values of a cell with their blocks: s.values and s.blocks are to be freed. */
static struct series quantity_values(
	const struct gathered *g, const struct quantity *q, size_t lane, size_t configuration)
{
	const struct gathered_cell *cell = gathered_cell(g, lane, configuration);
	const struct series *a = gathered_series(cell, q->metric), *b = NULL, *each = NULL;
	struct series out = {0};

	if (a == NULL)
		return out;
	if (q->other != NO_INDEX && (b = gathered_series(cell, q->other)) == NULL)
		return out;
	if (q->each != NO_INDEX && (each = gathered_series(cell, q->each)) == NULL)
		return out;
	out.values = xcalloc(a->n, sizeof *out.values);
	out.blocks = xcalloc(a->n, sizeof *out.blocks);
	for (size_t i = 0, k = 0, m = 0; i < a->n; i++) {
		double factor = q->scale;
		if (b != NULL)
			factor *= pow(value_of_run(b, a->runs[i], &k), q->power);
		if (each != NULL)
			factor *= value_of_run(each, a->runs[i], &m);
		if (isnan(factor))
			continue;
		out.blocks[out.n] = a->blocks[i];
		out.values[out.n++] = a->values[i] * factor;
	}
	return out;
}

void quantity_summary(const struct gathered *g, const struct quantity *q, size_t lane,
	size_t configuration, double level, struct summary *out)
{
	struct series s = quantity_values(g, q, lane, configuration);

	summary_of(s.values, s.n, level, out);
	free(s.values);
	free(s.blocks);
}

void quantity_ratio(const struct gathered *g, const struct quantity *q, const size_t contender[2],
	const size_t baseline[2], double level, struct ratio *out)
{
	struct series a = quantity_values(g, q, contender[0], contender[1]),
		      b = quantity_values(g, q, baseline[0], baseline[1]);
	_cleanup_free_ double *x = NULL, *y = NULL;

	if (contender[0] == baseline[0]) {
		size_t n = gathered_pairs(&a, &b, &x, &y);
		ratio_interval_of_pairs(x, y, n, level, out);
	} else {
		ratio_interval_of_samples(a.values, a.n, b.values, b.n, level, out);
	}
	free(a.values);
	free(a.blocks);
	free(b.values);
	free(b.blocks);
}

/* ---- cells and what they are seen against ---- */

static int order_of(const struct placed *cell, size_t facet, size_t series, size_t x)
{
	if (cell->facet != facet)
		return cell->facet < facet ? -1 : 1;
	if (cell->series != series)
		return cell->series < series ? -1 : 1;
	return cell->x < x ? -1 : cell->x > x;
}

const struct placed *layout_at(const struct layout *l, size_t facet, size_t series, size_t x)
{
	size_t low = 0, high = l->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = order_of(&l->cells[middle], facet, series, x);
		if (order == 0)
			return &l->cells[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

bool layout_has_texts(const struct layout *l)
{
	return l->takes_texts && (l->x.name == NULL || !l->x.is_numeric);
}

bool layout_has_reference(const struct layout *l)
{
	return l->baseline != NO_INDEX || (l->x.name != NULL && l->reference != NO_INDEX);
}

const struct placed *layout_reference(const struct layout *l, const struct placed *cell)
{
	const struct placed *found = NULL;

	if (l->baseline != NO_INDEX)
		found = layout_at(l, cell->facet, l->baseline, cell->x);
	else if (layout_has_reference(l))
		found = layout_at(l, cell->facet, cell->series, l->reference);
	return found == cell ? NULL : found;
}

const struct placed *layout_start(const struct layout *l, const struct placed *cell)
{
	if (l->baseline != NO_INDEX)
		return layout_at(l, cell->facet, l->baseline, 0);
	return layout_has_reference(l) ? layout_at(l, cell->facet, cell->series, l->reference)
				       : NULL;
}

bool layout_is_reference(const struct layout *l, const struct placed *cell)
{
	if (l->baseline != NO_INDEX)
		return cell->series == l->baseline;
	return layout_has_reference(l) && cell->x == l->reference;
}

char *layout_reference_text(const struct layout *l)
{
	double number;

	if (l->baseline != NO_INDEX && text_is_number(l->series.values[l->baseline], &number))
		return xasprintf("%s = %s", l->series.name, l->series.values[l->baseline]);
	if (l->baseline != NO_INDEX)
		return xstrdup(l->series.values[l->baseline]);
	if (!layout_has_reference(l))
		return xstrdup("");
	return xasprintf("%s = %s", l->x.name, l->x.values[l->reference]);
}

void layout_ratio(const struct layout *l, const struct quantity *q, const struct placed *cell,
	struct ratio *out)
{
	const struct placed *reference = layout_reference(l, cell);
	const size_t contender[] = {cell->lane, cell->configuration};

	if (reference == NULL) {
		*out = (struct ratio){.ratio = NAN, .low = NAN, .high = NAN, .p = NAN};
		return;
	}
	const size_t baseline[] = {reference->lane, reference->configuration};
	quantity_ratio(l->g, q, contender, baseline, 1 - l->source->alpha, out);
}

void layout_leave_out(
	const struct layout *l, const char *kind, const char *reason, struct figures *out)
{
	figures_leave_out(out, "%s: %s", kind, l->why == NULL ? reason : l->why);
}

/* ---- work ---- */

/* How much a cell's first run did; NaN where it does not say. */
static double work_of(const struct layout *l, const struct placed *cell)
{
	const struct gathered_cell *of = gathered_cell(l->g, cell->lane, cell->configuration);
	const struct series *time = gathered_series(of, gathered_metric(l->g, "time")),
			    *each = gathered_series(of, gathered_metric(l->g, "time.per_work"));

	return time == NULL || each == NULL ? NAN : time->values[0] / each->values[0];
}

typedef const struct placed *against(const struct layout *l, const struct placed *cell);

static bool has_unlike_work(const struct layout *l, against *find)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct placed *reference = find(l, &l->cells[i]);
		double work = reference == NULL ? NAN : work_of(l, reference);
		/* Both come out of a division of decimals. */
		if (fabs(work_of(l, &l->cells[i]) - work) > 1e-6 * work)
			return true;
	}
	return false;
}

bool layout_has_unlike_work(const struct layout *l)
{
	return has_unlike_work(l, layout_reference);
}

bool layout_has_unlike_work_at_start(const struct layout *l)
{
	return has_unlike_work(l, layout_start);
}

static bool take_per_work(const struct layout *l, bool is_unlike, struct quantity *q)
{
	const char *metric = l->g->metrics[q->metric].name;
	_cleanup_free_ char *each = xasprintf("%s.per_work", metric);
	struct quantity of_work;

	if (!is_unlike || strstr(metric, ".per_work") != NULL)
		return true;
	/* Memory and power are no amounts that more work makes more of. */
	if (strncmp(metric, "time", 4) != 0 && strncmp(metric, "energy.", 7) != 0)
		return true;
	if (q->other != NO_INDEX || !quantity_named(l->g, each, &of_work))
		return false;
	*q = of_work;
	return true;
}

bool layout_take_per_work(const struct layout *l, struct quantity *q)
{
	return take_per_work(l, layout_has_unlike_work(l), q);
}

bool layout_take_per_work_of_start(const struct layout *l, struct quantity *q)
{
	return take_per_work(l, layout_has_unlike_work_at_start(l), q);
}
