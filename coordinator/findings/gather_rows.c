/*
 * The pages of runs that the query "values" gives, made of "runs" and "metrics" on this side: for a
 * coordinator that is older than that query.
 */
#include "coordinator/findings/gather_runs.h"
#include "coordinator/store/pages.h"
#include <jansson.h>
#include <math.h>

#define PAGE_BYTES (64 * 1024)

struct rows {
	struct results_cursor *runs, *metrics;
	const struct message_cell *metric; /* of a run that is still to come; NULL: none */
	struct pages_writer *page;
};

static int next_metric(struct rows *rows, struct error *err)
{
	int code = results_cursor_next(rows->metrics, &rows->metric, err);

	if (code != 1)
		rows->metric = NULL;
	return code < 0 ? code : 0;
}

static int64_t energy_bound(const char *json)
{
	json_t *bounds = json_loads(json, 0, NULL);
	const json_t *bound = json_object_get(bounds, "energy.package");
	int64_t value = json_is_integer(bound) ? json_integer_value(bound) : ABSENT;

	json_decref(bounds);
	return value;
}

static void add_standard(struct rows *rows, const struct message_cell *cells)
{
	for (size_t i = 0; i < standard_metrics_n; i++) {
		const struct metric_info *info = &standard_metrics[i];
		const struct page_value value = {.integer = cells[RUNS_FIXED + i].integer};

		if (value.integer != ABSENT)
			pages_add(rows->page, i % (PAGES_SLOTS / 2),
				&(struct page_metric){.name = info->name,
					.unit = info->inner,
					.is_inner = true,
					.is_constant = true},
				&value);
	}
}

static void add_long(struct rows *rows, size_t place)
{
	const struct message_cell *c = rows->metric;
	const char *real = c[METRICS_VALUE].real;
	const struct page_value value = {.integer = c[METRICS_INTEGER].integer,
		.real = real == NULL ? NAN : strtod(real, NULL)};
	bool is_inner = value.integer != ABSENT;

	/* A text is no number. */
	if (is_inner || isfinite(value.real))
		pages_add(rows->page, PAGES_SLOTS / 2 + place % (PAGES_SLOTS / 2),
			&(struct page_metric){.name = cell_text(&c[METRICS_NAME]),
				.unit = cell_text(&c[METRICS_UNIT]),
				.better = c[METRICS_BETTER].text,
				.is_inner = is_inner},
			&value);
}

static int add_run(struct rows *rows, const struct message_cell *cells, struct error *err)
{
	const struct page_run run = {.run = cells[RUNS_RUN].integer,
		.block = cells[RUNS_BLOCK].integer,
		.lane = cells[RUNS_LANE].integer,
		.configuration = cells[RUNS_CONFIGURATION].integer,
		.state = cells[RUNS_STATE].text,
		.reason = cells[RUNS_REASON].text,
		.flags = cells[RUNS_FLAGS].text,
		.cpus = cells[RUNS_CPUS].text,
		.energy_bound = energy_bound(cell_text(&cells[RUNS_UNCERTAINTY]))};
	int code = 0;

	pages_add_run(rows->page, &run);
	add_standard(rows, cells);
	for (size_t place = 0;
		code == 0 && rows->metric != NULL && rows->metric[METRICS_RUN].integer <= run.run;
		place++) {
		if (rows->metric[METRICS_RUN].integer == run.run)
			add_long(rows, place);
		code = next_metric(rows, err);
	}
	pages_end_run(rows->page);
	return code;
}

static int give_page(struct rows *rows, int (*page)(void *arg, struct blob page, struct error *err),
	void *arg, struct error *err)
{
	int code = page(
		arg, (struct blob){.data = rows->page->out.data, .len = rows->page->out.len}, err);

	pages_begin(rows->page);
	return code;
}

int gather_rows(struct results *r, const char *label,
	int (*page)(void *arg, struct blob page, struct error *err), void *arg, struct error *err)
{
	struct rows rows = {.runs = results_cursor_open(r, "runs", label),
		.metrics = results_cursor_open(r, "metrics", label),
		.page = pages_writer_new()};
	const struct message_cell *cells;
	int code = next_metric(&rows, err);

	pages_begin(rows.page);
	while (code == 0 && (code = results_cursor_next(rows.runs, &cells, err)) == 1) {
		code = add_run(&rows, cells, err);
		if (code == 0 && rows.page->out.len >= PAGE_BYTES)
			code = give_page(&rows, page, arg, err);
	}
	if (code == 0 && rows.page->runs > 0)
		code = give_page(&rows, page, arg, err);
	results_cursor_close(rows.runs);
	results_cursor_close(rows.metrics);
	pages_writer_free(rows.page);
	return code;
}
