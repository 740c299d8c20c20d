/* joulerig schedule list: when each schedule comes next, and what came out of its last sweep. */
#include "coordinator/commands/schedule.h"

#include "coordinator/output/output.h"
#include "coordinator/schedule/calendar.h"
#include "proto/clock.h"

#define TIMES 3

enum {
	OUT_NAME,
	OUT_CRON,
	OUT_ZONE,
	OUT_NEXT,
	OUT_LAST = OUT_NEXT + TIMES,
	OUT_STATE,
	OUT_VERDICT,
	OUT_REASON,
	OUT_DUE,
	OUT_BEGAN,
	OUT_ENDED,
	OUT_BASELINE,
	OUT_CONFIRMATION,
	OUT_ANSWER,
	OUT_PRIORITY,
	OUT_ADDED,
	OUT_FILE,
	OUT_N
};
#define OUT_PEOPLE_N OUT_DUE

static const struct column columns[OUT_N] = {
	[OUT_NAME] = {"name", "schedule", false},
	[OUT_CRON] = {"cron", NULL, false},
	[OUT_ZONE] = {"timezone", NULL, false},
	[OUT_NEXT] = {"next", NULL, false},
	[OUT_NEXT + 1] = {"then", NULL, false},
	[OUT_NEXT + 2] = {"after_that", "after that", false},
	[OUT_LAST] = {"last", NULL, false}, /* label of its campaign */
	[OUT_STATE] = {"state", NULL, false},
	[OUT_VERDICT] = {"verdict", NULL, false},
	[OUT_REASON] = {"reason", NULL, false},
	[OUT_DUE] = {"due_at", NULL, false},
	[OUT_BEGAN] = {"began_at", NULL, false},
	[OUT_ENDED] = {"ended_at", NULL, false},
	[OUT_BASELINE] = {"baseline", NULL, false},
	[OUT_CONFIRMATION] = {"confirmation", NULL, false},
	[OUT_ANSWER] = {"answer", NULL, false}, /* JSON */
	[OUT_PRIORITY] = {"priority", NULL, true},
	[OUT_ADDED] = {"added_at", NULL, false},
	[OUT_FILE] = {"file", NULL, false},
};

struct row {
	struct cell cells[OUT_N];
	char *texts[OUT_N]; /* owned, what cells point to */
};

struct listing {
	struct row *rows; /* owned */
	int64_t *last;    /* ids of their last sweeps, 0: none (owned) */
	size_t n;
	bool is_for_people;
	struct error *err;
};

static void set(struct row *row, int at, const char *text)
{
	if (!text_is_set(text))
		return;
	free(row->texts[at]);
	row->texts[at] = xstrdup(text);
	row->cells[at] = (struct cell){at == OUT_ANSWER     ? CELL_JSON
				       : at == OUT_PRIORITY ? CELL_NUMBER
							    : CELL_TEXT,
		row->texts[at]};
}

static void set_time(struct row *row, int at, const struct message_cell *cell)
{
	char text[64];

	if (cell->integer != ABSENT)
		set(row, at, clock_rfc3339(text, cell->integer));
}

/* In its zone. The first one is the coordinator's word; those after it follow from the rules. */
static int set_next(
	const struct listing *l, struct row *row, const struct message_cell *c, struct error *err)
{
	struct calendar *calendar = NULL;
	struct cron cron;
	int64_t times[TIMES] = {c[SCHEDULES_NEXT_AT].integer};
	char text[64];
	size_t n = 1;
	int r = cron_parse(cell_text(&c[SCHEDULES_CRON]), &cron, err);

	if (r == 0)
		r = calendar_open(&calendar, c[SCHEDULES_TIMEZONE].text, err);
	if (r < 0)
		return error_wrap(err, "schedule %s", cell_text(&c[SCHEDULES_NAME]));
	if (times[0] != ABSENT)
		n += calendar_next_n(calendar, &cron, times[0], times + 1, TIMES - 1);
	for (size_t i = 0; times[0] != ABSENT && i < n; i++)
		set(row, OUT_NEXT + (int)i,
			l->is_for_people ? calendar_text(calendar, times[i], text)
					 : calendar_rfc3339(calendar, times[i], text));
	calendar_free(calendar);
	return 0;
}

static int on_schedule(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct listing *l = arg;
	char number[32];

	(void)key;
	(void)n;
	l->rows = xreallocarray(l->rows, l->n + 1, sizeof *l->rows);
	l->last = xreallocarray(l->last, l->n + 1, sizeof *l->last);
	struct row *row = &l->rows[l->n];
	*row = (struct row){0};
	l->last[l->n++] = c[SCHEDULES_LAST].integer == ABSENT ? 0 : c[SCHEDULES_LAST].integer;
	set(row, OUT_NAME, c[SCHEDULES_NAME].text);
	set(row, OUT_CRON, c[SCHEDULES_CRON].text);
	set(row, OUT_ZONE, c[SCHEDULES_TIMEZONE].text);
	set(row, OUT_FILE, c[SCHEDULES_FILE].text);
	snprintf(number, sizeof number, "%lld", (long long)c[SCHEDULES_PRIORITY].integer);
	set(row, OUT_PRIORITY, number);
	set_time(row, OUT_ADDED, &c[SCHEDULES_ADDED_AT]);
	return set_next(l, row, c, l->err) < 0;
}

static void add_sweep(struct row *row, const struct message_cell *c)
{
	_cleanup_buf_ struct buf verdict = BUF_INIT;

	set(row, OUT_LAST, c[SWEEPS_CAMPAIGN].text);
	set(row, OUT_STATE, c[SWEEPS_STATE].text);
	schedule_verdict(c[SWEEPS_ANSWER].text, &verdict);
	set(row, OUT_VERDICT, verdict.data);
	set(row, OUT_REASON, c[SWEEPS_REASON].text);
	set_time(row, OUT_DUE, &c[SWEEPS_DUE_AT]);
	set_time(row, OUT_BEGAN, &c[SWEEPS_BEGAN_AT]);
	set_time(row, OUT_ENDED, &c[SWEEPS_ENDED_AT]);
	set(row, OUT_BASELINE, c[SWEEPS_BASELINE].text);
	set(row, OUT_CONFIRMATION, c[SWEEPS_CONFIRMATION].text);
	set(row, OUT_ANSWER, c[SWEEPS_ANSWER].text);
}

static int on_sweep(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct listing *l = arg;

	(void)n;
	for (size_t i = 0; i < l->n; i++)
		if (l->last[i] == key)
			add_sweep(&l->rows[i], c);
	return 0;
}

/* A row would be wider than a page. */
static void print_lines(const struct row *row, bool is_first)
{
	char *const *t = row->texts;

	printf("%s%s  %s  %s\n", is_first ? "" : "\n", t[OUT_NAME], t[OUT_CRON],
		t[OUT_ZONE] ? t[OUT_ZONE] : "");
	printf("  next  %s", t[OUT_NEXT] ? t[OUT_NEXT] : "never");
	for (int i = 1; i < TIMES && t[OUT_NEXT + i]; i++)
		printf(", %s", t[OUT_NEXT + i]);
	printf("\n  last  ");
	if (t[OUT_STATE] == NULL)
		printf("not yet\n");
	else
		printf("%s%s%s%s%s%s%s\n", t[OUT_LAST] ? t[OUT_LAST] : "", t[OUT_LAST] ? "  " : "",
			t[OUT_STATE], t[OUT_VERDICT] ? ": " : "",
			t[OUT_VERDICT] ? t[OUT_VERDICT] : "", t[OUT_REASON] ? ": " : "",
			t[OUT_REASON] ? t[OUT_REASON] : "");
}

static void print(const struct listing *l, const struct output_ops *ops)
{
	if (ops == &output_table) {
		for (size_t i = 0; i < l->n; i++)
			print_lines(&l->rows[i], i == 0);
		return;
	}
	struct output *o = ops->begin(stdout, columns, l->is_for_people ? OUT_PEOPLE_N : OUT_N);

	for (size_t i = 0; i < l->n; i++)
		ops->row(o, l->rows[i].cells);
	ops->end(o);
}

static void list_done(struct listing *l)
{
	for (size_t i = 0; i < l->n; i++)
		for (int k = 0; k < OUT_N; k++)
			free(l->rows[i].texts[k]);
	free(l->rows);
	free(l->last);
}

int schedule_list(struct schedule_options *o, const char *argument, struct error *err)
{
	const struct results_where where = common_where(&o->common);
	const struct output_ops *ops =
		output_by_name(o->common.format ? o->common.format : "table", err);
	struct results *results = NULL;
	struct listing l = {.err = err};

	(void)argument;
	if (ops == NULL)
		return ERR_USAGE;
	l.is_for_people = ops == &output_table || ops == &output_markdown;
	int r = results_open(&results, &where, err);
	if (r == 0)
		r = results_query(results, "schedules", NULL, NULL, on_schedule, &l, err);
	if (r == 0)
		r = err->code;
	if (r == 0)
		r = results_query(results, "sweeps", NULL, NULL, on_sweep, &l, err);
	if (r == 0)
		print(&l, ops);
	if (r == 0 && l.n == 0 && l.is_for_people && !o->common.quiet)
		fprintf(stderr, "no schedules; 'joulerig schedule add FILE' adds one\n");
	results_close(results);
	list_done(&l);
	return r;
}
