#include "coordinator/findings/run_reader.h"
#include <jansson.h>
#include <math.h>

struct run_reader {
	struct results_cursor *runs, *metrics;
	const struct message_cell *waiting; /* a metric of a run that is still to come */
	bool has_no_more;
	struct run_row row;
	size_t allocated, texts_allocated;
	struct buf texts; /* of the row's decimals, names and units; metrics hold offsets until all
			     are there */
};

struct run_reader *run_reader_open(struct results *r, const char *label)
{
	struct run_reader *reader = xcalloc(1, sizeof *reader);

	reader->runs = results_cursor_open(r, "runs", label);
	reader->metrics = results_cursor_open(r, "metrics", label);
	reader->texts = (struct buf)BUF_INIT;
	return reader;
}

void run_reader_close(struct run_reader *reader)
{
	if (reader == NULL)
		return;
	results_cursor_close(reader->runs);
	results_cursor_close(reader->metrics);
	free(reader->row.metrics);
	free(reader->row.texts);
	buf_done(&reader->texts);
	free(reader);
}

/* Texts move while the buffer grows: first their offsets are noted, pointers are made when the row
 * is whole. */
static const char *note_text(struct run_reader *reader, const char *text)
{
	size_t offset = reader->texts.len;

	buf_add(&reader->texts, text, strlen(text) + 1);
	return (const char *)(uintptr_t)offset;
}

static void settle_texts(struct run_reader *reader)
{
	for (size_t i = 0; i < reader->row.n; i++) {
		struct run_metric *m = &reader->row.metrics[i];
		m->name = reader->texts.data + (uintptr_t)m->name;
		m->unit = reader->texts.data + (uintptr_t)m->unit;
		m->decimal = reader->texts.data + (uintptr_t)m->decimal;
		/* Never the first in the buffer: a name comes before it. */
		if (m->series != NULL)
			m->series = reader->texts.data + (uintptr_t)m->series;
	}
	for (size_t i = 0; i < reader->row.texts_n; i++) {
		struct run_text *t = &reader->row.texts[i];
		t->name = reader->texts.data + (uintptr_t)t->name;
		t->text = reader->texts.data + (uintptr_t)t->text;
	}
}

static void add_text(struct run_reader *reader, const char *name, const char *text)
{
	if (reader->row.texts_n == reader->texts_allocated) {
		reader->texts_allocated =
			reader->texts_allocated == 0 ? 8 : 2 * reader->texts_allocated;
		reader->row.texts = xreallocarray(
			reader->row.texts, reader->texts_allocated, sizeof *reader->row.texts);
	}
	struct run_text *t = &reader->row.texts[reader->row.texts_n++];
	t->name = note_text(reader, name);
	t->text = note_text(reader, text);
}

static struct run_metric *add_metric(struct run_reader *reader, const char *name, const char *unit,
	int64_t divisor, const char *decimal)
{
	if (reader->row.n == reader->allocated) {
		reader->allocated = reader->allocated == 0 ? 32 : 2 * reader->allocated;
		reader->row.metrics = xreallocarray(
			reader->row.metrics, reader->allocated, sizeof *reader->row.metrics);
	}
	struct run_metric *m = &reader->row.metrics[reader->row.n++];
	*m = (struct run_metric){.divisor = divisor};
	m->name = note_text(reader, name);
	m->unit = note_text(reader, unit);
	m->decimal = note_text(reader, decimal);
	return m;
}

static struct run_metric *add_integer(
	struct run_reader *reader, const char *name, const char *inner, int64_t value)
{
	const struct unit *unit = unit_by_inner(inner);
	int64_t divisor = unit == NULL ? 1 : unit->divisor;
	char decimal[32];

	units_format_decimal(decimal, value, divisor);
	return add_metric(reader, name, unit == NULL ? inner : unit->outer, divisor, decimal);
}

static void add_columns(struct run_reader *reader)
{
	for (size_t i = 0; i < standard_metrics_n; i++) {
		int64_t value = reader->row.cells[RUNS_FIXED + i].integer;
		const struct metric_info *info = &standard_metrics[i];
		if (value != ABSENT)
			add_integer(reader, info->name, info->inner, value)->better = info->better;
	}
}

static bool is_better_when_lower(const char *name)
{
	static const char *const families[] = {"energy.", "power.", "temperature.", "throttle."};

	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		if (strncmp(name, families[i], strlen(families[i])) == 0)
			return true;
	}
	return false;
}

enum better run_better_of_part(const char *name)
{
	const char *point = strchr(name, '.');
	const struct metric_info *of_role = point == NULL ? NULL : metric_by_name(point + 1);

	if (of_role != NULL)
		return of_role->better;
	if (is_better_when_lower(name) || (point != NULL && is_better_when_lower(point + 1)))
		return BETTER_LOWER;
	return BETTER_NONE;
}

/* The number as it was printed where that says more: a whole number with more digits than a double
 * has. */
static const char *all_digits(const struct message_cell *cells)
{
	const char *real = cells[METRICS_VALUE].real, *text = cells[METRICS_TEXT].text;
	size_t sign = text != NULL && text[0] == '-';

	if (text == NULL || text[sign] == '\0' || text[sign] == '0' ||
		text[sign + strspn(text + sign, "0123456789")] != '\0' ||
		strtod(text, NULL) != strtod(real, NULL))
		return real;
	return text;
}

static void add_long(struct run_reader *reader, const struct message_cell *cells)
{
	const char *name = cell_text(&cells[METRICS_NAME]);
	const char *unit = cell_text(&cells[METRICS_UNIT]);
	const char *better = cell_text(&cells[METRICS_BETTER]);
	struct run_metric *m;

	if (cells[METRICS_INTEGER].integer != ABSENT) {
		add_integer(reader, name, unit, cells[METRICS_INTEGER].integer)->better =
			run_better_of_part(name);
		return;
	}
	/* JSON has no infinity; what is no number is no value. */
	if (cells[METRICS_VALUE].real == NULL ||
		!isfinite(strtod(cells[METRICS_VALUE].real, NULL))) {
		if (cells[METRICS_TEXT].text != NULL)
			add_text(reader, name, cells[METRICS_TEXT].text);
		return;
	}
	m = add_metric(reader, name, unit, 1, all_digits(cells));
	m->is_own = true;
	if (text_is_set(cells[METRICS_SERIES].text))
		m->series = note_text(reader, cells[METRICS_SERIES].text);
	m->better = strcmp(better, "lower") == 0    ? BETTER_LOWER
		    : strcmp(better, "higher") == 0 ? BETTER_HIGHER
						    : BETTER_NONE;
}

/* All waiting rows of the long form that belong to this run, and past those of runs before it. */
static int add_long_of(struct run_reader *reader, int64_t run, struct error *err)
{
	while (!reader->has_no_more) {
		if (reader->waiting == NULL) {
			int code = results_cursor_next(reader->metrics, &reader->waiting, err);
			if (code < 0)
				return code;
			if (code == 0) {
				reader->waiting = NULL;
				reader->has_no_more = true;
				break;
			}
		}
		int64_t of = reader->waiting[METRICS_RUN].integer;
		if (of > run)
			break;
		if (of == run)
			add_long(reader, reader->waiting);
		reader->waiting = NULL;
	}
	return 0;
}

int run_reader_next(struct run_reader *reader, const struct run_row **row, struct error *err)
{
	int code = results_cursor_next(reader->runs, &reader->row.cells, err);

	if (code <= 0)
		return code;
	reader->row.n = reader->row.texts_n = 0;
	buf_reset(&reader->texts);
	add_columns(reader);
	code = add_long_of(reader, reader->row.cells[RUNS_RUN].integer, err);
	if (code < 0)
		return code;
	settle_texts(reader);
	*row = &reader->row;
	return 1;
}

const struct run_metric *run_metric(const struct run_row *row, const char *name)
{
	for (size_t i = 0; i < row->n; i++) {
		if (strcmp(row->metrics[i].name, name) == 0)
			return &row->metrics[i];
	}
	return NULL;
}

void run_bounds(const struct run_row *row, int column,
	void (*each)(void *arg, const struct run_metric *metric, const char *decimal), void *arg)
{
	const char *text = row->cells[column].text;
	json_t *object = text == NULL ? NULL : json_loads(text, 0, NULL), *value;
	const char *name;
	char decimal[32];

	json_object_foreach(object, name, value)
	{
		const struct run_metric *m = run_metric(row, name);
		if (m == NULL || !json_is_integer(value))
			continue;
		units_format_decimal(decimal, json_integer_value(value), m->divisor);
		each(arg, m, decimal);
	}
	json_decref(object);
}
