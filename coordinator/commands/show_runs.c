/* One row a run, as `runs` prints it. */
#include "coordinator/analysis/parameters.h"
#include "coordinator/commands/show.h"
#include "coordinator/output/output.h"
#include "proto/units.h"

enum {
	OUT_RUN,
	OUT_BLOCK,
	OUT_HOST,
	OUT_BENCHMARK,
	OUT_PARAMETERS,
	OUT_STATE,
	OUT_TIME,
	OUT_ENERGY,
	OUT_REASON,
	OUT_N
};

static const struct column columns[OUT_N] = {
	[OUT_RUN] = {"run", NULL, true},
	[OUT_BLOCK] = {"block", NULL, true},
	[OUT_HOST] = {"host", NULL, false},
	[OUT_BENCHMARK] = {"benchmark", NULL, false},
	[OUT_PARAMETERS] = {"parameters", NULL, false},
	[OUT_STATE] = {"state", NULL, false},
	[OUT_TIME] = {"time", "time s", true},
	[OUT_ENERGY] = {"energy.package", "energy J", true},
	[OUT_REASON] = {"reason", NULL, false},
};

/* Where the standard metric stands in a row of "runs". */
static size_t column_of(const char *metric)
{
	return RUNS_FIXED + (size_t)(metric_by_name(metric) - standard_metrics);
}

/* Whether the format is for people: parameters as words and shorter numbers. */
static bool is_for_people(const struct output_ops *ops)
{
	return ops == &output_table || ops == &output_markdown;
}

struct writer {
	const struct output_ops *ops;
	struct output *output;
	struct buf parameters;
	char numbers[OUT_N][32];
	struct cell cells[OUT_N];
};

/* People read six digits at most after the point: a microsecond, a microjoule. */
static void shorten(char *decimal)
{
	char *point = strchr(decimal, '.');

	if (point != NULL && strlen(point) > 7)
		point[7] = '\0';
}

static void set_number(struct writer *w, int at, int64_t value, int64_t divisor)
{
	if (value == ABSENT)
		return;
	units_format_decimal(w->numbers[at], value, divisor);
	if (divisor > 1 && is_for_people(w->ops))
		shorten(w->numbers[at]);
	w->cells[at] = (struct cell){CELL_NUMBER, w->numbers[at]};
}

static void set_parameters(struct writer *w, const char *json)
{
	struct parameters p;

	if (!is_for_people(w->ops)) {
		w->cells[OUT_PARAMETERS] =
			(struct cell){CELL_JSON, text_is_set(json) ? json : "{}"};
		return;
	}
	buf_reset(&w->parameters);
	parameters_parse(&p, json);
	parameters_format(&p, NULL, 0, &w->parameters);
	parameters_done(&p);
	w->cells[OUT_PARAMETERS] = (struct cell){CELL_TEXT, w->parameters.data};
}

static void write_run(struct writer *w, const struct message_cell *c)
{
	memset(w->cells, 0, sizeof w->cells);
	set_number(w, OUT_RUN, c[RUNS_RUN].integer, 1);
	set_number(w, OUT_BLOCK, c[RUNS_BLOCK].integer, 1);
	w->cells[OUT_HOST] = (struct cell){CELL_TEXT, cell_text(&c[RUNS_HOST])};
	w->cells[OUT_BENCHMARK] = (struct cell){CELL_TEXT, cell_text(&c[RUNS_BENCHMARK])};
	set_parameters(w, c[RUNS_PARAMETERS].text);
	w->cells[OUT_STATE] = (struct cell){CELL_TEXT, cell_text(&c[RUNS_STATE])};
	set_number(w, OUT_TIME, c[column_of("time")].integer, NS_PER_S);
	set_number(w, OUT_ENERGY, c[column_of("energy.package")].integer, 1000000);
	/* That of a good run is a note, such as why energy is missing: `results` tells it once. */
	if (text_is_set(c[RUNS_REASON].text) && strcmp(cell_text(&c[RUNS_STATE]), "done") != 0)
		w->cells[OUT_REASON] = (struct cell){CELL_TEXT, c[RUNS_REASON].text};
	w->ops->row(w->output, w->cells);
}

static bool is_wanted(const struct message_cell *c, bool only_failed, bool with_warmup)
{
	const char *state = cell_text(&c[RUNS_STATE]);

	if (c[RUNS_BLOCK].integer == 0 && !with_warmup)
		return false;
	return !only_failed || strcmp(state, "failed") == 0 || strcmp(state, "timeout") == 0;
}

int show_runs(struct results *r, const char *label, const char *format, bool only_failed,
	bool with_warmup, FILE *to, struct error *err)
{
	struct writer w = {.ops = output_by_name(format == NULL ? "table" : format, err),
		.parameters = BUF_INIT};
	const struct message_cell *cells;
	int code;

	if (w.ops == NULL)
		return ERR_USAGE;
	w.output = w.ops->begin(to, columns, OUT_N);
	struct results_cursor *c = results_cursor_open(r, "runs", label);
	while ((code = results_cursor_next(c, &cells, err)) == 1) {
		if (is_wanted(cells, only_failed, with_warmup))
			write_run(&w, cells);
	}
	results_cursor_close(c);
	w.ops->end(w.output);
	buf_done(&w.parameters);
	return code;
}
