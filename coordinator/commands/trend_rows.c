/* `trend` for programs: one row a point, with the change that begins there. */
#include "coordinator/commands/trend_view.h"

#include "proto/clock.h"
#include <math.h>

enum {
	ROW_SUBMISSION,
	ROW_SUBMITTED_AT,
	ROW_MARK,
	ROW_BENCHMARK,
	ROW_PARAMETERS,
	ROW_HOST,
	ROW_METRIC,
	ROW_UNIT,
	ROW_N,
	ROW_MEDIAN,
	ROW_LOW,
	ROW_HIGH,
	ROW_LEVEL,
	ROW_CHANGE,
	ROW_AFTER,
	ROW_CHANGE_RATIO,
	ROW_CHANGE_LOW,
	ROW_CHANGE_HIGH,
	ROW_CHANGE_P,
	ROW_CHANGE_P_ADJUSTED,
	ROW_BREAK,
	ROW_FLAGS,
	ROW_CANARY,
	ROW_CANARY_RATIO,
	ROW_CANARY_LOW,
	ROW_CANARY_HIGH,
	ROW_COLUMNS
};

static const struct column columns[ROW_COLUMNS] = {
	{.name = "submission"},
	{.name = "submitted_at"},
	{.name = "mark"},
	{.name = "benchmark"},
	{.name = "parameters"},
	{.name = "host"},
	{.name = "metric"},
	{.name = "unit"},
	{.name = "n", .is_right = true},
	{.name = "median", .is_right = true},
	{.name = "low", .is_right = true},
	{.name = "high", .is_right = true},
	{.name = "level", .is_right = true},
	{.name = "change"},
	{.name = "after"},
	{.name = "change_ratio", .is_right = true},
	{.name = "change_low", .is_right = true},
	{.name = "change_high", .is_right = true},
	{.name = "change_p", .is_right = true},
	{.name = "change_p_adjusted", .is_right = true},
	{.name = "break"},
	{.name = "flags"},
	{.name = "canary"},
	{.name = "canary_ratio", .is_right = true},
	{.name = "canary_low", .is_right = true},
	{.name = "canary_high", .is_right = true},
};

struct line {
	struct cell cells[ROW_COLUMNS];
	char texts[ROW_COLUMNS][CELL_TEXT_SIZE];
	struct buf flags;
};

static void set_text(struct line *l, int at, const char *text)
{
	if (text != NULL)
		l->cells[at] = (struct cell){CELL_TEXT, text};
}

static void set_number(struct line *l, int at, double value)
{
	cell_set_number(&l->cells[at], l->texts[at], value, 10);
}

static void add_flag(struct buf *flags, const char *flag)
{
	buf_addf(flags, "%s\"%s\"", flags->len > 1 ? "," : "", flag);
}

static void set_flags(struct line *l, const struct trend_series *s, const struct trend_point *p,
	const struct trend_change *c)
{
	buf_reset(&l->flags);
	buf_addc(&l->flags, '[');
	if (s->is_canary)
		add_flag(&l->flags, "canary");
	if (p->is_break)
		add_flag(&l->flags, "break");
	if (c != NULL && c->is_machine)
		add_flag(&l->flags, "machine_changed");
	if (p->summary.outliers > 0)
		add_flag(&l->flags, "outliers");
	if (s->is_mute)
		add_flag(&l->flags, "not_positive");
	buf_addc(&l->flags, ']');
	l->cells[ROW_FLAGS] = (struct cell){CELL_JSON, l->flags.data};
}

static void set_change(struct line *l, const struct trend *t, const struct trend_series *s,
	const struct trend_change *c)
{
	set_text(l, ROW_CHANGE, trend_verdict(c));
	set_text(l, ROW_AFTER, t->submissions[s->points[c->point - 1].submission].label);
	set_number(l, ROW_CHANGE_RATIO, c->ratio);
	set_number(l, ROW_CHANGE_LOW, c->low);
	set_number(l, ROW_CHANGE_HIGH, c->high);
	set_number(l, ROW_CHANGE_P, c->p);
	set_number(l, ROW_CHANGE_P_ADJUSTED, c->p_adjusted);
	if (c->canary == NULL)
		return;
	set_text(l, ROW_CANARY, c->canary->benchmark);
	set_number(l, ROW_CANARY_RATIO, c->canary_ratio);
	set_number(l, ROW_CANARY_LOW, c->canary_low);
	set_number(l, ROW_CANARY_HIGH, c->canary_high);
}

static void set_point(struct line *l, const struct trend *t, const struct trend_series *s,
	const struct trend_point *p)
{
	const struct trend_submission *of = &t->submissions[p->submission];
	char at[32];

	snprintf(l->texts[ROW_SUBMITTED_AT], sizeof l->texts[0], "%s",
		clock_rfc3339(at, of->submitted_at));
	set_text(l, ROW_SUBMISSION, of->label);
	set_text(l, ROW_SUBMITTED_AT, l->texts[ROW_SUBMITTED_AT]);
	set_text(l, ROW_MARK, of->mark);
	set_text(l, ROW_BENCHMARK, s->benchmark);
	l->cells[ROW_PARAMETERS] = (struct cell){CELL_JSON, s->parameters};
	set_text(l, ROW_HOST, s->host);
	set_text(l, ROW_METRIC, s->metric);
	set_text(l, ROW_UNIT, s->unit);
	set_number(l, ROW_N, (double)p->summary.n);
	set_number(l, ROW_MEDIAN, p->summary.median);
	set_number(l, ROW_LOW, p->summary.has_interval ? p->summary.low : NAN);
	set_number(l, ROW_HIGH, p->summary.has_interval ? p->summary.high : NAN);
	set_text(l, ROW_BREAK, p->why);
}

static void write_series(struct line *l, const struct trend *t, const struct trend_series *s,
	struct output *o, const struct output_ops *ops)
{
	const struct trend_change *end = s->changes + s->changes_n, *next = s->changes;
	size_t level = 1;

	for (size_t i = 0; i < s->n; i++) {
		const struct trend_point *p = &s->points[i];
		const struct trend_change *c = next != end && next->point == i ? next++ : NULL;

		memset(l->cells, 0, sizeof l->cells);
		set_point(l, t, s, p);
		level += c != NULL || p->is_break;
		set_number(l, ROW_LEVEL, (double)level);
		if (c != NULL)
			set_change(l, t, s, c);
		set_flags(l, s, p, c);
		ops->row(o, l->cells);
	}
}

void trend_rows(const struct trend *t, const struct output_ops *ops, FILE *to)
{
	struct output *o = ops->begin(to, columns, ROW_COLUMNS);
	struct line line = {.flags = BUF_INIT};

	for (size_t i = 0; i < t->series_n; i++)
		write_series(&line, t, &t->series[i], o, ops);
	ops->end(o);
	buf_done(&line.flags);
}
