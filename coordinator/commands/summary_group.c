#include "coordinator/commands/summary_group.h"
#include "coordinator/commands/summary_numbers.h"
#include "coordinator/commands/word_set.h"
#include <math.h>

#define SHORT_BOUND 0.003 /* a bound of the energy beyond this part of it gets a footnote */

const struct gathered_cell *group_cell(const struct group *group, size_t row)
{
	return gathered_cell(group->v->g, group->lane, group->configurations[row]);
}

const struct parameters *group_parameters(const struct group *group, size_t row)
{
	return &group->v->g->configurations[group->configurations[row]].parameters;
}

bool group_has_one_value(const struct group *group, const char *axis)
{
	const char *first = parameters_get(group_parameters(group, 0), axis);

	for (size_t row = 1; row < group->n; row++) {
		const char *value = parameters_get(group_parameters(group, row), axis);
		if (first == NULL || value == NULL || strcmp(first, value) != 0)
			return false;
	}
	return first != NULL;
}

static void add_axis(struct group *group, const char *axis)
{
	struct grid_column *c = grid_add(&group->grid, false, "%s", axis);
	bool is_numeric = true;

	for (size_t k = 0; k < group->n; k++) {
		const char *value = parameters_get(group_parameters(group, k), axis);
		c->texts[k] = value == NULL ? NULL : xstrdup(value);
		is_numeric &= value != NULL && value[strspn(value, "0123456789.-+eE")] == '\0';
	}
	c->is_right = is_numeric;
}

void group_add_axes(struct group *group)
{
	struct word_set seen = {0};

	for (size_t row = 0; row < group->n; row++) {
		const struct parameters *p = group_parameters(group, row);
		for (size_t i = 0; i < p->n; i++)
			if (word_set_add(&seen, p->items[i].name) &&
				!group_has_one_value(group, p->items[i].name))
				add_axis(group, p->items[i].name);
	}
	word_set_done(&seen);
}

void group_add_counts(struct group *group)
{
	struct grid_column *c = grid_add(&group->grid, true, "n");

	for (size_t row = 0; row < group->n; row++)
		c->texts[row] = xasprintf("%zu", group_cell(group, row)->done);
}

/* What must be said of any metric's values: outliers, drift. */
static void mark_values(struct group *group, const struct gathered_cell *cell, size_t metric,
	const struct summary *s, struct buf *text, bool *has_mark)
{
	struct drift drift;

	if (s->outliers > 0)
		notes_mark(group->notes, text, has_mark, "%zu of %zu runs %s outlier%s (kept)",
			s->outliers, s->n, s->outliers == 1 ? "is an" : "are",
			s->outliers == 1 ? "" : "s");
	if (summary_drift(cell, metric, &drift))
		notes_mark(group->notes, text, has_mark,
			"drifts by %+.0f %% from the first block to the last (kept)",
			100 * drift.change);
}

/* What must be said of a cell's runs: flags. */
static void mark_runs(
	struct group *group, const struct gathered_cell *cell, struct buf *text, bool *has_mark)
{
	for (size_t i = 0; i < cell->flags.n; i++)
		notes_mark(group->notes, text, has_mark, "%s: %zu of %zu runs",
			cell->flags.items[i].text, cell->flags.items[i].n, cell->done);
}

static void mark_energy(
	struct group *group, const struct gathered_cell *cell, struct buf *text, bool *has_mark)
{
	double bound = cell->energy > 0 ? cell->energy_bound / cell->energy : 0;

	if (bound > SHORT_BOUND)
		notes_mark(group->notes, text, has_mark,
			"counter steps alone are ±%.*f %% of this energy", bound < 0.1 ? 1 : 0,
			100 * bound);
}

/* Medians below each other end in one column, and their intervals begin in one. */
static void align_values(struct grid_column *c, struct buf *values, struct buf *rest, size_t n)
{
	int width = 0;

	for (size_t i = 0; i < n; i++)
		width = text_width(values[i].data) > width ? text_width(values[i].data) : width;
	for (size_t i = 0; i < n; i++) {
		if (values[i].len > 0)
			c->texts[i] = xasprintf("%*s%s%s", width - text_width(values[i].data), "",
				values[i].data, rest[i].data);
		buf_done(&values[i]);
		buf_done(&rest[i]);
	}
}

#define MIB 1048576.0

/* As the benchmark of these rows has it. */
static const struct gathered_metric *group_metric(const struct group *group, size_t metric)
{
	return gathered_metric_as(group->v->g, metric, group->configurations[0]);
}

/* Bytes are hard to read by the million. */
static bool is_in_mib(const struct group *group, size_t metric)
{
	struct summary s;

	if (strcmp(group_metric(group, metric)->unit, "B") != 0)
		return false;
	for (size_t row = 0; row < group->n; row++) {
		summary_of_cell(group_cell(group, row), metric, &s);
		if (s.n > 0 && s.median >= MIB)
			return true;
	}
	return false;
}

static void add_scaled(
	struct buf *value, struct buf *interval, const struct summary *s, double scale)
{
	struct summary scaled = *s;

	scaled.median /= scale;
	scaled.low /= scale;
	scaled.high /= scale;
	summary_add_value(value, interval, &scaled);
}

struct grid_column *group_add_metric(
	struct group *group, const char *title, size_t metric, enum marks marks)
{
	bool has_mib = is_in_mib(group, metric);
	const char *unit = has_mib ? "MiB" : group_metric(group, metric)->unit;
	struct grid_column *c = grid_add(&group->grid, false, "%s%s%s", title,
		strcmp(unit, "1") == 0 ? "" : " ", strcmp(unit, "1") == 0 ? "" : unit);
	struct buf *values = xcalloc(group->n, sizeof *values),
		   *rest = xcalloc(group->n, sizeof *rest);

	for (size_t row = 0; row < group->n; row++) {
		struct summary s;
		bool has_mark = false;
		values[row] = rest[row] = (struct buf)BUF_INIT;
		summary_of_cell(group_cell(group, row), metric, &s);
		if (s.n == 0)
			continue;
		add_scaled(&values[row], &rest[row], &s, has_mib ? MIB : 1);
		if (marks != MARKS_NONE)
			mark_values(
				group, group_cell(group, row), metric, &s, &rest[row], &has_mark);
		if (marks == MARKS_TIME)
			mark_runs(group, group_cell(group, row), &rest[row], &has_mark);
		else if (marks == MARKS_ENERGY)
			mark_energy(group, group_cell(group, row), &rest[row], &has_mark);
		if (s.n < group_cell(group, row)->done)
			notes_mark(group->notes, &rest[row], &has_mark,
				"median of %zu of %zu runs: the others have none", s.n,
				group_cell(group, row)->done);
	}
	align_values(c, values, rest, group->n);
	free(values);
	free(rest);
	return c;
}

struct grid_column *group_add_ratios(struct group *group, size_t metric)
{
	const struct summary_view *v = group->v;

	if (v->by == NULL)
		return NULL;
	struct grid_column *c = grid_add(&group->grid, true, "×");
	for (size_t row = 0; row < group->n; row++) {
		size_t configuration = group->configurations[row];
		struct buf text = BUF_INIT;
		if (summary_baseline(v, configuration) == (int)configuration)
			buf_adds(&text,
				gathered_series(group_cell(group, row), metric) == NULL ? "" : "1");
		else
			summary_add_ratio(
				&text, summary_ratio(v, group->lane, configuration, metric));
		c->texts[row] = buf_take(&text);
	}
	return c;
}

/* Three digits of a number. */
static char *three_digits(double value)
{
	double digits = value != 0 ? 2 - floor(log10(fabs(value))) : 0;

	if (value != 0 && fabs(value) < 1e-4)
		return xasprintf("%.2e", value);
	return xasprintf("%.*f", digits < 0 ? 0 : digits > 6 ? 6 : (int)digits, value);
}

struct grid_column *group_add_median(
	struct group *group, const char *title, size_t metric, double scale)
{
	struct grid_column *c = grid_add(&group->grid, true, "%s", title);

	for (size_t row = 0; row < group->n; row++) {
		struct summary s;
		char size[32];
		summary_of_cell(group_cell(group, row), metric, &s);
		if (s.n == 0)
			continue;
		if (scale == 0) {
			c->texts[row] = xstrdup(units_format_size(size, (int64_t)s.median));
			continue;
		}
		c->texts[row] = three_digits(s.median / scale);
	}
	return c;
}

/* A share as people write it: "1.2 %". */
static char *percent(double value, const char *sign)
{
	char number[32];

	snprintf(number, sizeof number, fabs(value) < 0.1 ? "%.1f" : "%.0f", 100 * value);
	return xasprintf("%s%s %%", value > 0 ? sign : "", number);
}

static char *statistic_text(enum statistic statistic, double value)
{
	if (isnan(value))
		return NULL;
	switch (statistic) {
	case STATISTIC_N:
	case STATISTIC_OUTLIERS:
		return xasprintf("%.0f", value);
	case STATISTIC_CV:
		return percent(value, "");
	case STATISTIC_DRIFT:
		return percent(value, "+");
	case STATISTIC_RATIO:
		return xasprintf(value >= 0.1 ? "%.3f" : "%.3g", value);
	default:
		return xasprintf("%.6g", value);
	}
}

struct grid_column *group_add_statistic(
	struct group *group, const char *title, const struct summary_column *column)
{
	const struct gathered_metric *m = group_metric(group, column->metric);
	bool has_unit = statistic_has_unit(column->statistic) && strcmp(m->unit, "1") != 0;
	struct grid_column *c = title != NULL
					? grid_add(&group->grid, true, "%s", title)
					: grid_add(&group->grid, true, "%s.%s%s%s", m->name,
						  statistic_name(column->statistic),
						  has_unit ? " " : "", has_unit ? m->unit : "");

	for (size_t row = 0; row < group->n; row++)
		c->texts[row] = statistic_text(
			column->statistic, summary_statistic(group->v, group->lane,
						   group->configurations[row], column));
	return c;
}

/* ---- bars ---- */

#define BAR_WIDTH 10

/* A bar of value / most, in eighths of a column. */
static char *bar_of(double value, double most)
{
	static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
	int n = (int)lround(8 * BAR_WIDTH * value / most);
	struct buf text = BUF_INIT;

	for (int i = 0; i < n / 8; i++)
		buf_adds(&text, "█");
	buf_adds(&text, eighths[n % 8]);
	return buf_take(&text);
}

void group_add_bars(struct group *group, size_t metric)
{
	const struct summary_column median = {.metric = metric, .statistic = STATISTIC_MEDIAN};
	double *values = xcalloc(group->n + 1, sizeof *values), most = 0;

	for (size_t row = 0; row < group->n; row++) {
		values[row] = summary_statistic(
			group->v, group->lane, group->configurations[row], &median);
		most = values[row] > most ? values[row] : most;
	}
	struct grid_column *c = grid_add(&group->grid, false, "%s", "");
	c->is_optional = c->is_beside = true;
	for (size_t row = 0; row < group->n && most > 0; row++)
		if (values[row] >= 0)
			c->texts[row] = bar_of(values[row], most);
	free(values);
}
