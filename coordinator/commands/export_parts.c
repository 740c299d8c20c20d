/* What runs left behind, for other programs: samples, output, and the events of the campaign. */
#include "coordinator/analysis/samples.h"
#include "coordinator/analysis/time_axis.h"
#include "coordinator/commands/show.h"
#include "coordinator/output/output.h"
#include "proto/clock.h"
#include "proto/units.h"

static const struct output_ops *ops_of(const char *format)
{
	return strcmp(format, "csv") == 0 ? &output_csv : &output_ndjson;
}

/* ---- rows of runs, with their run beside them ---- */

/*
 * Rows that belong to runs and come in the order of runs ("samples", "output"), each beside its
 * run's row; those of warm-up runs are passed over unless they are wanted.
 */
struct joined {
	struct results_cursor *runs, *rows;
	const struct message_cell *run; /* NULL before the first */
	bool with_warmup;
};

static void joined_open(
	struct joined *j, struct results *r, const char *what, const char *label, bool with_warmup)
{
	*j = (struct joined){.runs = results_cursor_open(r, "runs", label),
		.rows = results_cursor_open(r, what, label),
		.with_warmup = with_warmup};
}

static void joined_close(struct joined *j)
{
	results_cursor_close(j->runs);
	results_cursor_close(j->rows);
}

/* The next row: 1, 0 past the last, or negative. Column 0 of a row is its run. */
static int joined_next(struct joined *j, const struct message_cell **row, struct error *err)
{
	for (;;) {
		int code = results_cursor_next(j->rows, row, err);
		if (code <= 0)
			return code;
		while (j->run == NULL || j->run[RUNS_RUN].integer < (*row)[0].integer) {
			code = results_cursor_next(j->runs, &j->run, err);
			if (code <= 0)
				return code < 0 ? code
						: error_set(err, ERR_INTERNAL,
							  "export: run %lld has rows of its own "
							  "but is no run",
							  (long long)(*row)[0].integer);
		}
		if (j->with_warmup || j->run[RUNS_BLOCK].integer > 0)
			return 1;
	}
}

/* ---- samples ---- */

#define CELL_SIZE 40 /* bytes of a text that is made here */

enum {
	SAMPLE_CAMPAIGN,
	SAMPLE_RUN,
	SAMPLE_HOST,
	SAMPLE_TIME,
	SAMPLE_AT,
	SAMPLE_AT_BOUND,
	SAMPLE_FIXED
};

/* A channel as a column, and what its inner unit is divided by. */
struct channels {
	struct column *columns; /* owned, names too; SAMPLE_FIXED first */
	size_t n;
};

static size_t find_channel(const struct channels *c, const char *name)
{
	size_t i = SAMPLE_FIXED;

	while (i < c->n && strcmp(c->columns[i].name, name) != 0)
		i++;
	return i;
}

static void channels_init(struct channels *c)
{
	static const char *const names[] = {"campaign", "run", "host", "time", "at", "at_bound"};

	*c = (struct channels){.columns = xcalloc(SAMPLE_FIXED, sizeof *c->columns)};
	for (; c->n < SAMPLE_FIXED; c->n++)
		c->columns[c->n].name = xstrdup(names[c->n]);
}

static void channels_add(struct channels *c, const struct samples *s)
{
	for (size_t i = 0; i < s->channels_n; i++) {
		if (find_channel(c, s->channels[i].name) < c->n)
			continue;
		c->columns = xreallocarray(c->columns, c->n + 1, sizeof *c->columns);
		c->columns[c->n++] = (struct column){.name = xstrdup(s->channels[i].name)};
	}
}

static void channels_done(struct channels *c)
{
	for (size_t i = 0; i < c->n; i++)
		free((void *)(uintptr_t)c->columns[i].name);
	free(c->columns);
}

static int on_clock_row(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct time_point p = {.host = cell_text(&c[CLOCKS_HOST]),
		.at = c[CLOCKS_AT].integer,
		.raw = c[CLOCKS_RAW].integer,
		.epoch = c[CLOCKS_EPOCH].integer,
		.offset = c[CLOCKS_OFFSET].integer,
		.delay = c[CLOCKS_DELAY].integer};

	(void)key;
	(void)n;
	if (c[CLOCKS_SESSION].blob.len == sizeof p.session)
		memcpy(p.session.b, c[CLOCKS_SESSION].blob.data, sizeof p.session);
	time_axis_add(arg, &p);
	return 0;
}

/* An instant of the run's host on the axis of all hosts; cells without text where that is not
 * known. */
static void put_on_axis(const struct time_axis *axis, const struct message_cell *run, int64_t raw,
	struct cell *cells, char (*texts)[CELL_SIZE])
{
	int64_t at, bound;
	bool is_known = run[RUNS_STARTED_AT].integer != ABSENT &&
			time_axis_put(axis, cell_text(&run[RUNS_HOST]), raw,
				run[RUNS_STARTED_AT].integer, &at, &bound);

	cells[SAMPLE_AT] = (struct cell){is_known ? CELL_TEXT : CELL_NONE, texts[SAMPLE_AT]};
	cells[SAMPLE_AT_BOUND] =
		(struct cell){is_known ? CELL_NUMBER : CELL_NONE, texts[SAMPLE_AT_BOUND]};
	if (is_known) {
		clock_rfc3339_micro(texts[SAMPLE_AT], at);
		units_format_decimal(texts[SAMPLE_AT_BOUND], bound, NS_PER_S);
	}
}

/* One chunk's instants as rows of o, whose columns are c. */
static void write_chunk(struct output *o, const struct output_ops *ops, const struct channels *c,
	const struct samples *s, const char *label, const struct message_cell *run,
	const struct time_axis *axis)
{
	struct cell *cells = xcalloc(c->n, sizeof *cells);
	char(*texts)[CELL_SIZE] = xcalloc(c->n, sizeof *texts);

	cells[SAMPLE_CAMPAIGN] = (struct cell){CELL_TEXT, label};
	cells[SAMPLE_RUN] = (struct cell){CELL_NUMBER, texts[SAMPLE_RUN]};
	cells[SAMPLE_HOST] = (struct cell){CELL_TEXT, cell_text(&run[RUNS_HOST])};
	cells[SAMPLE_TIME] = (struct cell){CELL_NUMBER, texts[SAMPLE_TIME]};
	units_format_decimal(texts[SAMPLE_RUN], run[RUNS_RUN].integer, 1);
	for (size_t i = 0; i < s->n; i++) {
		units_format_decimal(texts[SAMPLE_TIME], s->times[i], 1);
		put_on_axis(axis, run, s->times[i], cells, texts);
		for (size_t k = 0; k < s->channels_n; k++) {
			const struct unit *unit = unit_by_inner(s->channels[k].unit);
			int64_t value = s->values[i * s->channels_n + k];
			size_t at = find_channel(c, s->channels[k].name);
			if (at >= c->n)
				continue;
			cells[at] =
				(struct cell){value == ABSENT ? CELL_NONE : CELL_NUMBER, texts[at]};
			if (value != ABSENT)
				units_format_decimal(
					texts[at], value, unit == NULL ? 1 : unit->divisor);
		}
		ops->row(o, cells);
	}
	free(texts);
	free(cells);
}

static int decode_chunk(struct samples *s, const struct message_cell *row, struct error *err)
{
	const struct blob *data = &row[SAMPLES_DATA].blob;

	if (samples_decode(s, data->data, data->len, err) < 0)
		return error_wrap(err, "run %lld, chunk %lld", (long long)row[SAMPLES_RUN].integer,
			(long long)row[SAMPLES_CHUNK].integer);
	return 0;
}

/* All channels of a campaign: CSV needs them before its first row. */
static int find_channels(struct channels *c, struct results *r, const char *label, bool with_warmup,
	struct error *err)
{
	const struct message_cell *row;
	struct joined j;
	struct samples s;
	int code;

	joined_open(&j, r, "samples", label, with_warmup);
	while ((code = joined_next(&j, &row, err)) == 1) {
		code = decode_chunk(&s, row, err);
		if (code < 0)
			break;
		channels_add(c, &s);
		samples_done(&s);
	}
	joined_close(&j);
	return code;
}

/* An object of ndjson has the channels of its own chunk, those of CSV the columns of all. */
static void write_own_columns(FILE *to, const struct samples *s, const char *label,
	const struct message_cell *run, const struct time_axis *axis)
{
	struct channels own;

	channels_init(&own);
	channels_add(&own, s);
	struct output *o = output_ndjson.begin(to, own.columns, own.n);
	write_chunk(o, &output_ndjson, &own, s, label, run, axis);
	output_ndjson.end(o);
	channels_done(&own);
}

int export_samples(struct results *r, const char *label, const char *format, bool with_warmup,
	FILE *to, struct error *err)
{
	bool is_csv = strcmp(format, "csv") == 0;
	const struct message_cell *row;
	struct output *o = NULL;
	struct channels all;
	struct joined j;
	struct samples s;
	int code = 0;

	channels_init(&all);
	struct time_axis *axis = time_axis_new();
	code = results_query(r, "clocks", label, NULL, on_clock_row, axis, err);
	if (code == 0 && is_csv)
		code = find_channels(&all, r, label, with_warmup, err);
	if (code == 0 && is_csv)
		o = output_csv.begin(to, all.columns, all.n);
	joined_open(&j, r, "samples", label, with_warmup);
	while (code >= 0 && (code = joined_next(&j, &row, err)) == 1) {
		code = decode_chunk(&s, row, err);
		if (code < 0)
			break;
		if (is_csv)
			write_chunk(o, &output_csv, &all, &s, label, j.run, axis);
		else
			write_own_columns(to, &s, label, j.run, axis);
		samples_done(&s);
	}
	joined_close(&j);
	if (o != NULL)
		output_csv.end(o);
	channels_done(&all);
	time_axis_free(axis);
	return code;
}

/* ---- output ---- */

/* A stream of a run while its pieces come in. */
struct stream {
	int64_t run;
	struct buf name; /* empty: none yet */
	struct buf text;
};

static void add_piece(struct buf *text, const struct blob *data)
{
	const char *p = data->data, *end = p + data->len, *nul;

	/* A NUL would end the text where it is held as a string. */
	for (; (nul = memchr(p, '\0', (size_t)(end - p))) != NULL; p = nul + 1) {
		buf_add(text, p, (size_t)(nul - p));
		buf_adds(text, "\xef\xbf\xbd");
	}
	buf_add(text, p, (size_t)(end - p));
}

static void write_stream(
	struct output *o, const struct output_ops *ops, struct stream *s, const char *label)
{
	char run[32];

	if (s->name.len == 0)
		return;
	const struct cell cells[] = {{CELL_TEXT, label},
		{CELL_NUMBER, units_format_decimal(run, s->run, 1)}, {CELL_TEXT, s->name.data},
		{CELL_TEXT, s->text.data}};
	ops->row(o, cells);
	buf_reset(&s->text);
	buf_reset(&s->name);
}

int export_output(struct results *r, const char *label, const char *format, bool with_warmup,
	FILE *to, struct error *err)
{
	static const struct column columns[] = {{"campaign", NULL, false}, {"run", NULL, true},
		{"stream", NULL, false}, {"text", NULL, false}};
	const struct output_ops *ops = ops_of(format);
	struct output *o = ops->begin(to, columns, ARRAY_SIZE(columns));
	struct stream s = {.name = BUF_INIT, .text = BUF_INIT};
	const struct message_cell *row;
	struct joined j;
	int code;

	joined_open(&j, r, "output", label, with_warmup);
	while ((code = joined_next(&j, &row, err)) == 1) {
		const char *name = cell_text(&row[OUTPUT_STREAM]);
		if (s.run != row[OUTPUT_RUN].integer || strcmp(s.name.data, name) != 0)
			write_stream(o, ops, &s, label);
		s.run = row[OUTPUT_RUN].integer;
		buf_reset(&s.name);
		buf_adds(&s.name, name);
		if (row[OUTPUT_DATA].blob.len > 0)
			add_piece(&s.text, &row[OUTPUT_DATA].blob);
	}
	write_stream(o, ops, &s, label);
	joined_close(&j);
	ops->end(o);
	buf_done(&s.name);
	buf_done(&s.text);
	return code;
}

/* ---- events ---- */

struct events_writer {
	const struct output_ops *ops;
	struct output *output;
};

static int write_event(void *arg, int64_t key, const struct message_cell *cells, size_t n)
{
	struct events_writer *w = arg;
	char id[32], run[32], date[32];
	struct cell out[EVENTS_N] = {0};

	(void)key;
	(void)n;
	out[EVENTS_ID] =
		(struct cell){CELL_NUMBER, units_format_decimal(id, cells[EVENTS_ID].integer, 1)};
	if (cells[EVENTS_AT].integer != ABSENT)
		out[EVENTS_AT] =
			(struct cell){CELL_TEXT, clock_rfc3339(date, cells[EVENTS_AT].integer)};
	if (cells[EVENTS_RUN].integer != ABSENT)
		out[EVENTS_RUN] = (struct cell){
			CELL_NUMBER, units_format_decimal(run, cells[EVENTS_RUN].integer, 1)};
	static const int texts[] = {EVENTS_CAMPAIGN, EVENTS_HOST, EVENTS_KIND, EVENTS_TEXT};
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		if (cells[texts[i]].text != NULL)
			out[texts[i]] = (struct cell){CELL_TEXT, cells[texts[i]].text};
	}
	w->ops->row(w->output, out);
	return 0;
}

int export_events(struct results *r, const char *label, const char *format, bool with_warmup,
	FILE *to, struct error *err)
{
	static const struct column columns[EVENTS_N] = {[EVENTS_ID] = {"id", NULL, true},
		[EVENTS_AT] = {"at", NULL, false},
		[EVENTS_CAMPAIGN] = {"campaign", NULL, false},
		[EVENTS_HOST] = {"host", NULL, false},
		[EVENTS_RUN] = {"run", NULL, true},
		[EVENTS_KIND] = {"kind", NULL, false},
		[EVENTS_TEXT] = {"text", NULL, false}};
	struct events_writer w = {.ops = ops_of(format)};

	(void)with_warmup;
	w.output = w.ops->begin(to, columns, EVENTS_N);
	int code = results_query(r, "events", label, NULL, write_event, &w, err);
	w.ops->end(w.output);
	return code;
}
