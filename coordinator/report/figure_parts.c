/* What is drawn of a cell, and the rows and parts of charts that all kinds have. */
#include "coordinator/report/figure_parts.h"
#include <math.h>

#define MIB (1024.0 * 1024.0)

/* Names for people, where the metric's own is for programs. */
static const struct {
	const char *metric, *title;
} titles[] = {
	{"time", "Time"},
	{"time.user", "CPU time in user mode"},
	{"time.system", "CPU time in the kernel"},
	{"time.per_work", "Time per unit of work"},
	{"cores.effective", "Effective cores"},
	{"memory.peak", "Peak memory"},
	{"energy.package", "Energy of the CPU packages, gross"},
	{"energy.package.net", "Energy of the CPU packages, net of idle"},
	{"energy.package.per_work", "Energy of the CPU packages per unit of work"},
	{"energy.core", "Energy of the cores"},
	{"energy.dram", "Energy of the memory"},
	{"energy.psys", "Energy of the platform"},
	{"power.package", "Power of the CPU packages"},
	{"edp.package", "Energy-delay product"},
	{"frequency.busy", "Frequency of busy CPUs"},
	{"context_switches.voluntary", "Voluntary context switches"},
	{"context_switches.involuntary", "Involuntary context switches"},
};

/* ---- quantities ---- */

static void set_title(struct quantity *q, const char *text)
{
	snprintf(q->title, sizeof q->title, "%s", text);
}

bool quantity_named(const struct gathered *g, const char *metric, struct quantity *out)
{
	size_t at = gathered_metric(g, metric);

	if (at == g->metrics_n || !g->metrics[at].is_used)
		return false;
	const char *unit = g->metrics[at].unit;
	*out = (struct quantity){.metric = at, .other = NO_INDEX, .scale = 1};
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

/* The values of a cell with their blocks: s.values and s.blocks are to be freed. */
static struct series quantity_values(const struct gathered *g, const struct quantity *q,
	size_t lane, size_t configuration)
{
	const struct gathered_cell *cell = gathered_cell(g, lane, configuration);
	const struct series *a = gathered_series(cell, q->metric), *b = NULL;
	struct series out = {0};

	if (a == NULL)
		return out;
	if (q->other != NO_INDEX && (b = gathered_series(cell, q->other)) == NULL)
		return out;
	out.values = xcalloc(a->n, sizeof *out.values);
	out.blocks = xcalloc(a->n, sizeof *out.blocks);
	for (size_t i = 0, k = 0; i < a->n; i++) {
		double factor = q->scale;
		if (b != NULL) {
			while (k < b->n && b->runs[k] < a->runs[i])
				k++;
			if (k == b->n || b->runs[k] != a->runs[i])
				continue;
			factor *= pow(b->values[k], q->power);
		}
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

bool layout_has_reference(const struct layout *l)
{
	return l->baseline != NO_INDEX || l->x.name != NULL;
}

const struct placed *layout_reference(const struct layout *l, const struct placed *cell)
{
	const struct placed *found = NULL;

	if (l->baseline != NO_INDEX)
		found = layout_at(l, cell->facet, l->baseline, cell->x);
	else if (l->x.name != NULL)
		found = layout_at(l, cell->facet, cell->series, l->reference);
	return found == cell ? NULL : found;
}

char *layout_reference_text(const struct layout *l)
{
	if (l->baseline != NO_INDEX)
		return xstrdup(l->series.values[l->baseline]);
	if (l->x.name == NULL)
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

/* ---- rows and charts ---- */

void layout_fields(const struct layout *l, struct figure *f)
{
	if (l->facet.name != NULL) {
		figure_field(f, "facet", FIELD_TEXT, NULL, "%s", l->facet.name);
		f->facet = "facet";
	}
	if (l->series.name != NULL)
		figure_field(f, "series", FIELD_TEXT, NULL, "%s", l->series.name);
	if (l->x.name != NULL)
		figure_field(f, "x", l->x.is_numeric ? FIELD_NUMBER : FIELD_TEXT, NULL, "%s",
			l->x.name);
}

void layout_row(const struct layout *l, const struct placed *cell, struct figure *f)
{
	figure_row(f);
	if (l->facet.name != NULL)
		figure_set_text(f, "facet", l->facet.values[cell->facet]);
	if (l->series.name != NULL)
		figure_set_text(f, "series", l->series.values[cell->series]);
	if (l->x.name != NULL && l->x.is_numeric)
		figure_set_number(f, "x", l->x.numbers[cell->x]);
	else if (l->x.name != NULL)
		figure_set_text(f, "x", l->x.values[cell->x]);
}

/* The numbers of an axis as its ticks, so many that their labels do not collide. */
static void add_ticks(const struct direction *x, struct buf *out)
{
	size_t step = (x->n + 7) / 8;

	buf_adds(out, ",'axis':{'values':[");
	for (size_t i = 0; i < x->n; i += step)
		buf_addf(out, "%s%.17g", i == 0 ? "" : ",", x->numbers[i]);
	buf_adds(out, "],'grid':false}");
}

char *layout_x(const struct layout *l)
{
	const struct direction *x = &l->x;
	_cleanup_buf_ struct buf out = BUF_INIT;

	if (!x->is_numeric)
		return xstrdup("'x':{'field':'x','type':'nominal','sort':null,"
			       "'axis':{'labelAngle':-40}}");
	buf_adds(&out, "'x':{'field':'x','type':'quantitative'");
	if (x->numbers[0] > 0 && x->numbers[x->n - 1] >= 8 * x->numbers[0])
		buf_adds(&out, ",'scale':{'type':'log','base':2,'nice':false}");
	else
		buf_adds(&out, ",'scale':{'zero':false,'nice':false}");
	add_ticks(x, &out);
	buf_addc(&out, '}');
	return buf_take(&out);
}

const char *layout_color(const struct layout *l)
{
	return l->series.name == NULL
		       ? ""
		       : ",'color':{'field':'series','type':'nominal','sort':null}";
}

const char *scale_of(double low, double high)
{
	return low > 0 && high > 20 * low ? ",'scale':{'type':'log','zero':false,'nice':false}"
					  : ",'scale':{'zero':true}";
}
