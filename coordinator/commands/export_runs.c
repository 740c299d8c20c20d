/*
 * Runs for other programs. ndjson is written run by run; csv needs to know its columns before the
 * first row, so it goes over the runs twice.
 */
#include "coordinator/analysis/parameters.h"
#include "coordinator/commands/show.h"
#include "coordinator/findings/run_reader.h"
#include "coordinator/output/output.h"
#include "proto/clock.h"
#include <jansson.h>

/* ---- ndjson ---- */

static void add_text(struct buf *b, const char *text)
{
	json_add_string(b, text, strlen(text));
}

static void add_integer(struct buf *b, int64_t value)
{
	if (value == ABSENT)
		buf_adds(b, "null");
	else
		buf_addf(b, "%lld", (long long)value);
}

/* A member of the object that b ends in. */
static void add_member(void *arg, const struct run_metric *m, const char *decimal)
{
	struct buf *b = arg;

	if (b->data[b->len - 1] != '{')
		buf_addc(b, ',');
	add_text(b, m->name);
	buf_addf(b, ":%s", decimal);
}

static void add_metrics(struct buf *b, const struct run_row *row)
{
	buf_adds(b, ",\"metrics\":{");
	for (size_t i = 0; i < row->n; i++)
		add_member(b, &row->metrics[i], row->metrics[i].decimal);
	buf_adds(b, "},\"units\":{");
	for (size_t i = 0; i < row->n; i++) {
		_cleanup_buf_ struct buf unit = BUF_INIT;
		add_text(&unit, row->metrics[i].unit);
		add_member(b, &row->metrics[i], unit.data);
	}
	buf_adds(b, "},\"uncertainty\":{");
	run_bounds(row, RUNS_UNCERTAINTY, add_member, b);
	buf_addc(b, '}');

	_cleanup_buf_ struct buf deviation = BUF_INIT;
	buf_addc(&deviation, '{');
	run_bounds(row, RUNS_DEVIATION, add_member, &deviation);
	if (deviation.len > 1)
		buf_addf(b, ",\"deviation\":%s}", deviation.data);
}

/* What only some campaigns have: texts, and all values of a series. */
static void add_texts_and_series(struct buf *b, const struct run_row *row)
{
	const char *before = ",\"texts\":{";

	for (size_t i = 0; i < row->texts_n; i++) {
		buf_adds(b, before);
		add_text(b, row->texts[i].name);
		buf_addc(b, ':');
		add_text(b, row->texts[i].text);
		before = ",";
	}
	if (row->texts_n > 0)
		buf_addc(b, '}');
	before = ",\"series\":{";
	for (size_t i = 0; i < row->n; i++) {
		if (row->metrics[i].series == NULL)
			continue;
		buf_adds(b, before);
		add_text(b, row->metrics[i].name);
		buf_addf(b, ":%s", row->metrics[i].series);
		before = ",";
	}
	if (before[1] == '\0')
		buf_addc(b, '}');
}

static const char *or_else(const struct message_cell *cell, const char *otherwise)
{
	return text_is_set(cell->text) ? cell->text : otherwise;
}

static void add_started_at(struct buf *b, int64_t at)
{
	char date[32];

	if (at == ABSENT)
		buf_adds(b, "null");
	else
		buf_addf(b, "\"%s\"", clock_rfc3339(date, at));
}

static void add_run(struct buf *b, const char *label, const struct run_row *row)
{
	const struct message_cell *c = row->cells;

	buf_adds(b, "{\"campaign\":");
	add_text(b, label);
	buf_adds(b, ",\"run\":");
	add_integer(b, c[RUNS_RUN].integer);
	buf_adds(b, ",\"block\":");
	add_integer(b, c[RUNS_BLOCK].integer);
	buf_adds(b, ",\"host\":");
	add_text(b, cell_text(&c[RUNS_HOST]));
	buf_adds(b, ",\"benchmark\":");
	add_text(b, cell_text(&c[RUNS_BENCHMARK]));
	buf_addf(b, ",\"parameters\":%s,\"state\":", or_else(&c[RUNS_PARAMETERS], "{}"));
	add_text(b, cell_text(&c[RUNS_STATE]));
	buf_adds(b, ",\"attempt\":");
	add_integer(b, c[RUNS_ATTEMPT].integer);
	buf_adds(b, ",\"started_at\":");
	add_started_at(b, c[RUNS_STARTED_AT].integer);
	buf_adds(b, ",\"exit_code\":");
	add_integer(b, c[RUNS_EXIT_CODE].integer);
	if (c[RUNS_SIGNAL].integer != ABSENT)
		buf_addf(b, ",\"signal\":%lld", (long long)c[RUNS_SIGNAL].integer);
	add_metrics(b, row);
	add_texts_and_series(b, row);
	buf_addf(b, ",\"flags\":%s}\n", or_else(&c[RUNS_FLAGS], "[]"));
}

static int write_ndjson(
	struct results *r, const char *label, bool with_warmup, FILE *to, struct error *err)
{
	struct run_reader *reader = run_reader_open(r, label);
	_cleanup_buf_ struct buf line = BUF_INIT;
	const struct run_row *row;
	int code;

	while ((code = run_reader_next(reader, &row, err)) == 1) {
		if (row->cells[RUNS_BLOCK].integer == 0 && !with_warmup)
			continue;
		buf_reset(&line);
		add_run(&line, label, row);
		fwrite(line.data, 1, line.len, to);
	}
	run_reader_close(reader);
	return code;
}

/* ---- csv ---- */

enum {
	CSV_CAMPAIGN,
	CSV_RUN,
	CSV_BLOCK,
	CSV_HOST,
	CSV_BENCHMARK,
	CSV_STATE,
	CSV_ATTEMPT,
	CSV_STARTED_AT,
	CSV_EXIT_CODE,
	CSV_SIGNAL,
	CSV_FLAGS,
	CSV_FIXED
};
static const char *const fixed[CSV_FIXED] = {"campaign", "run", "block", "host", "benchmark",
	"state", "attempt", "started_at", "exit_code", "signal", "flags"};

struct names {
	char **items; /* owned */
	size_t n;
};

struct csv {
	struct names parameters, metrics, bounds;
	struct column *columns;
	struct cell *cells;
	size_t n;
	struct buf texts; /* of the row; cells hold offsets until it is whole */
};

static size_t find_name(const struct names *names, const char *name)
{
	size_t i = 0;

	while (i < names->n && strcmp(names->items[i], name) != 0)
		i++;
	return i;
}

static void add_name(struct names *names, const char *name)
{
	if (find_name(names, name) < names->n)
		return;
	names->items = xreallocarray(names->items, names->n + 1, sizeof *names->items);
	names->items[names->n++] = xstrdup(name);
}

static void names_done(struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->items[i]);
	free(names->items);
}

static void note_bound(void *arg, const struct run_metric *m, const char *decimal)
{
	struct csv *csv = arg;

	(void)decimal;
	add_name(&csv->bounds, m->name);
}

static void note_parameters(struct csv *csv, const char *json)
{
	struct parameters p;

	parameters_parse(&p, json);
	for (size_t i = 0; i < p.n; i++)
		add_name(&csv->parameters, p.items[i].name);
	parameters_done(&p);
}

/* The first pass: which parameters and metrics there are. Standard metrics come first, in the order
 * of their table. */
static int find_columns(
	struct csv *csv, struct results *r, const char *label, bool with_warmup, struct error *err)
{
	struct run_reader *reader = run_reader_open(r, label);
	bool *has_standard = xcalloc(standard_metrics_n, sizeof *has_standard);
	struct names others = {0};
	const struct run_row *row;
	int code;

	while ((code = run_reader_next(reader, &row, err)) == 1) {
		if (row->cells[RUNS_BLOCK].integer == 0 && !with_warmup)
			continue;
		note_parameters(csv, row->cells[RUNS_PARAMETERS].text);
		for (size_t i = 0; i < row->n; i++) {
			const struct metric_info *info = metric_by_name(row->metrics[i].name);
			if (info != NULL)
				has_standard[info - standard_metrics] = true;
			else
				add_name(&others, row->metrics[i].name);
		}
		for (size_t i = 0; i < row->texts_n; i++)
			add_name(&others, row->texts[i].name);
		run_bounds(row, RUNS_UNCERTAINTY, note_bound, csv);
	}
	for (size_t i = 0; i < standard_metrics_n; i++) {
		if (has_standard[i])
			add_name(&csv->metrics, standard_metrics[i].name);
	}
	for (size_t i = 0; i < others.n; i++)
		add_name(&csv->metrics, others.items[i]);
	names_done(&others);
	free(has_standard);
	run_reader_close(reader);
	return code;
}

static void make_columns(struct csv *csv)
{
	size_t at = 0;

	csv->n = CSV_FIXED + csv->parameters.n + csv->metrics.n + csv->bounds.n;
	csv->columns = xcalloc(csv->n, sizeof *csv->columns);
	csv->cells = xcalloc(csv->n, sizeof *csv->cells);
	for (; at < CSV_FIXED; at++)
		csv->columns[at].name = xstrdup(fixed[at]);
	for (size_t i = 0; i < csv->parameters.n; i++)
		csv->columns[at++].name = xasprintf("parameters.%s", csv->parameters.items[i]);
	for (size_t i = 0; i < csv->metrics.n; i++)
		csv->columns[at++].name = xstrdup(csv->metrics.items[i]);
	for (size_t i = 0; i < csv->bounds.n; i++)
		csv->columns[at++].name = xasprintf("uncertainty.%s", csv->bounds.items[i]);
}

static void csv_done(struct csv *csv)
{
	for (size_t i = 0; i < csv->n; i++)
		free((void *)(uintptr_t)csv->columns[i].name);
	free(csv->columns);
	free(csv->cells);
	names_done(&csv->parameters);
	names_done(&csv->metrics);
	names_done(&csv->bounds);
	buf_done(&csv->texts);
}

static void set_text(struct csv *csv, size_t at, const char *text)
{
	csv->cells[at].kind = CELL_TEXT;
	csv->cells[at].text = (const char *)(uintptr_t)csv->texts.len;
	buf_add(&csv->texts, text, strlen(text) + 1);
}

static void set_integer(struct csv *csv, size_t at, int64_t value)
{
	char text[32];

	if (value != ABSENT)
		set_text(csv, at, units_format_decimal(text, value, 1));
}

/*
 * A cell of one of the three groups of columns, which begins at from. A run that ended since the
 * first pass may have a name that had no run then: it has no column.
 */
static void set_named(
	struct csv *csv, const struct names *group, size_t from, const char *name, const char *text)
{
	size_t i = find_name(group, name);

	if (i < group->n)
		set_text(csv, from + i, text);
}

static void set_bound(void *arg, const struct run_metric *m, const char *decimal)
{
	struct csv *csv = arg;

	set_named(csv, &csv->bounds, CSV_FIXED + csv->parameters.n + csv->metrics.n, m->name,
		decimal);
}

/* The flags as words with a space between: a list has no other place in CSV. */
static void set_flags(struct csv *csv, const char *json)
{
	json_t *array = json == NULL ? NULL : json_loads(json, 0, NULL), *flag;
	_cleanup_buf_ struct buf words = BUF_INIT;
	size_t i;

	json_array_foreach(array, i, flag)
		buf_addf(&words, "%s%s", i == 0 ? "" : " ", json_string_value(flag));
	if (words.len > 0)
		set_text(csv, CSV_FLAGS, words.data);
	json_decref(array);
}

static void set_fixed(struct csv *csv, const char *label, const struct message_cell *c)
{
	char date[32];

	set_text(csv, CSV_CAMPAIGN, label);
	set_integer(csv, CSV_RUN, c[RUNS_RUN].integer);
	set_integer(csv, CSV_BLOCK, c[RUNS_BLOCK].integer);
	set_text(csv, CSV_HOST, cell_text(&c[RUNS_HOST]));
	set_text(csv, CSV_BENCHMARK, cell_text(&c[RUNS_BENCHMARK]));
	set_text(csv, CSV_STATE, cell_text(&c[RUNS_STATE]));
	set_integer(csv, CSV_ATTEMPT, c[RUNS_ATTEMPT].integer);
	if (c[RUNS_STARTED_AT].integer != ABSENT)
		set_text(csv, CSV_STARTED_AT, clock_rfc3339(date, c[RUNS_STARTED_AT].integer));
	set_integer(csv, CSV_EXIT_CODE, c[RUNS_EXIT_CODE].integer);
	set_integer(csv, CSV_SIGNAL, c[RUNS_SIGNAL].integer);
	set_flags(csv, c[RUNS_FLAGS].text);
}

static void set_row(struct csv *csv, const char *label, const struct run_row *row)
{
	struct parameters p;

	buf_reset(&csv->texts);
	memset(csv->cells, 0, csv->n * sizeof *csv->cells);
	set_fixed(csv, label, row->cells);
	parameters_parse(&p, row->cells[RUNS_PARAMETERS].text);
	for (size_t i = 0; i < p.n; i++)
		set_named(csv, &csv->parameters, CSV_FIXED, p.items[i].name, p.items[i].text);
	parameters_done(&p);
	for (size_t i = 0; i < row->n; i++)
		set_named(csv, &csv->metrics, CSV_FIXED + csv->parameters.n, row->metrics[i].name,
			row->metrics[i].decimal);
	for (size_t i = 0; i < row->texts_n; i++)
		set_named(csv, &csv->metrics, CSV_FIXED + csv->parameters.n, row->texts[i].name,
			row->texts[i].text);
	run_bounds(row, RUNS_UNCERTAINTY, set_bound, csv);
	for (size_t i = 0; i < csv->n; i++) {
		if (csv->cells[i].kind != CELL_NONE)
			csv->cells[i].text = csv->texts.data + (uintptr_t)csv->cells[i].text;
	}
}

static int write_csv(
	struct results *r, const char *label, bool with_warmup, FILE *to, struct error *err)
{
	struct csv csv = {.texts = BUF_INIT};
	const struct run_row *row;
	int code = find_columns(&csv, r, label, with_warmup, err);

	if (code < 0) {
		csv_done(&csv);
		return code;
	}
	make_columns(&csv);
	struct output *o = output_csv.begin(to, csv.columns, csv.n);
	struct run_reader *reader = run_reader_open(r, label);
	while ((code = run_reader_next(reader, &row, err)) == 1) {
		if (row->cells[RUNS_BLOCK].integer == 0 && !with_warmup)
			continue;
		set_row(&csv, label, row);
		output_csv.row(o, csv.cells);
	}
	run_reader_close(reader);
	output_csv.end(o);
	csv_done(&csv);
	return code;
}

int export_runs(struct results *r, const char *label, const char *format, bool with_warmup,
	FILE *to, struct error *err)
{
	return strcmp(format, "csv") == 0 ? write_csv(r, label, with_warmup, to, err)
					  : write_ndjson(r, label, with_warmup, to, err);
}
