/* joulerig schedule show NAME: its last sweeps, what came out of each, and what was told of it. */
#include "coordinator/commands/schedule.h"

#include "coordinator/output/output.h"
#include "proto/clock.h"
#include <jansson.h>

#define SHOWN 20 /* the last ones */

enum {
	OUT_ID,
	OUT_DUE,
	OUT_CAMPAIGN,
	OUT_STATE,
	OUT_VERDICT,
	OUT_REASON,
	OUT_BEGAN,
	OUT_ENDED,
	OUT_BASELINE,
	OUT_CONFIRMATION,
	OUT_ANSWER,
	OUT_NOTICES,
	OUT_N
};

static const struct column columns[OUT_N] = {
	[OUT_ID] = {"sweep", NULL, true},
	[OUT_DUE] = {"due_at", NULL, false},
	[OUT_CAMPAIGN] = {"campaign", NULL, false},
	[OUT_STATE] = {"state", NULL, false},
	[OUT_VERDICT] = {"verdict", NULL, false},
	[OUT_REASON] = {"reason", NULL, false},
	[OUT_BEGAN] = {"began_at", NULL, false},
	[OUT_ENDED] = {"ended_at", NULL, false},
	[OUT_BASELINE] = {"baseline", NULL, false},
	[OUT_CONFIRMATION] = {"confirmation", NULL, false},
	[OUT_ANSWER] = {"answer", NULL, false},
	[OUT_NOTICES] = {"notices", NULL, false},
};

struct shown {
	int64_t id;
	char *texts[OUT_N]; /* owned; NULL: nothing */
	json_t *notices;    /* {"kind", "subject", "text", "at", "deliveries"} */
};

struct showing {
	const char *name;
	struct shown *sweeps; /* by id */
	size_t n;
	json_t *by_notice; /* id as text: the notice (borrowed by none) */
};

static void set(struct shown *s, int at, const char *text)
{
	if (text_is_set(text))
		s->texts[at] = xstrdup(text);
}

static void set_time(struct shown *s, int at, const struct message_cell *cell)
{
	char text[64];

	if (cell->integer != ABSENT)
		set(s, at, clock_rfc3339(text, cell->integer));
}

/* ---- reading ---- */

static int on_sweep(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct showing *all = arg;
	_cleanup_buf_ struct buf verdict = BUF_INIT;

	(void)n;
	if (!text_is(c[SWEEPS_SCHEDULE].text, all->name))
		return 0;
	all->sweeps = xreallocarray(all->sweeps, all->n + 1, sizeof *all->sweeps);
	struct shown *s = &all->sweeps[all->n++];
	*s = (struct shown){.id = key, .notices = json_array()};
	s->texts[OUT_ID] = xasprintf("%lld", (long long)key);
	set_time(s, OUT_DUE, &c[SWEEPS_DUE_AT]);
	set(s, OUT_CAMPAIGN, c[SWEEPS_CAMPAIGN].text);
	set(s, OUT_STATE, c[SWEEPS_STATE].text);
	schedule_verdict(c[SWEEPS_ANSWER].text, &verdict);
	set(s, OUT_VERDICT, verdict.data);
	set(s, OUT_REASON, c[SWEEPS_REASON].text);
	set_time(s, OUT_BEGAN, &c[SWEEPS_BEGAN_AT]);
	set_time(s, OUT_ENDED, &c[SWEEPS_ENDED_AT]);
	set(s, OUT_BASELINE, c[SWEEPS_BASELINE].text);
	set(s, OUT_CONFIRMATION, c[SWEEPS_CONFIRMATION].text);
	set(s, OUT_ANSWER, c[SWEEPS_ANSWER].text);
	return 0;
}

static int on_notice(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct showing *all = arg;
	char id[32], at[64];

	(void)n;
	for (size_t i = 0; i < all->n; i++) {
		if (all->sweeps[i].id != c[NOTICES_SWEEP].integer)
			continue;
		json_t *notice = json_pack("{s:s, s:s, s:s, s:s, s:[]}", "kind",
			cell_text(&c[NOTICES_KIND]), "subject", cell_text(&c[NOTICES_SUBJECT]),
			"text", cell_text(&c[NOTICES_TEXT]), "at",
			clock_rfc3339(at, c[NOTICES_AT].integer), "deliveries");
		snprintf(id, sizeof id, "%lld", (long long)key);
		json_object_set(all->by_notice, id, notice);
		json_array_append_new(all->sweeps[i].notices, notice);
	}
	return 0;
}

static int on_delivery(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct showing *all = arg;
	char id[32];

	(void)key;
	(void)n;
	snprintf(id, sizeof id, "%lld", (long long)c[DELIVERIES_NOTICE].integer);
	json_t *notice = json_object_get(all->by_notice, id);
	if (notice != NULL)
		json_array_append_new(json_object_get(notice, "deliveries"),
			json_pack("{s:s, s:s, s:I, s:s?}", "channel",
				cell_text(&c[DELIVERIES_CHANNEL]), "state",
				cell_text(&c[DELIVERIES_STATE]), "attempts",
				(json_int_t)c[DELIVERIES_ATTEMPTS].integer, "reason",
				c[DELIVERIES_REASON].text));
	return 0;
}

/* ---- showing ---- */

static void print_notices(const struct shown *s)
{
	json_t *notice, *delivery;
	size_t i, k;

	json_array_foreach(s->notices, i, notice)
	{
		printf("    %s: %s\n", json_string_value(json_object_get(notice, "kind")),
			json_string_value(json_object_get(notice, "text")));
		json_array_foreach(json_object_get(notice, "deliveries"), k, delivery)
		{
			const char *why = json_string_value(json_object_get(delivery, "reason"));
			printf("      %s: %s%s%s\n",
				json_string_value(json_object_get(delivery, "channel")),
				json_string_value(json_object_get(delivery, "state")),
				why != NULL ? ": " : "", why != NULL ? why : "");
		}
	}
}

/* The newest first; a row would be wider than a page. */
static void print_sweep(const struct shown *s)
{
	char *const *t = s->texts;

	printf("%s  %s  %s%s%s\n", t[OUT_DUE], t[OUT_CAMPAIGN] ? t[OUT_CAMPAIGN] : "-",
		t[OUT_STATE], t[OUT_VERDICT] ? "  " : "", t[OUT_VERDICT] ? t[OUT_VERDICT] : "");
	if (t[OUT_REASON] != NULL)
		printf("    %s\n", t[OUT_REASON]);
	print_notices(s);
}

static void add_row(const struct shown *s, const struct output_ops *ops, struct output *out)
{
	struct cell cells[OUT_N] = {{0}};
	char *notices = json_dumps(s->notices, JSON_COMPACT);

	for (int i = 0; i < OUT_N; i++)
		if (s->texts[i] != NULL)
			cells[i] = (struct cell){i == OUT_ID       ? CELL_NUMBER
						 : i == OUT_ANSWER ? CELL_JSON
								   : CELL_TEXT,
				s->texts[i]};
	cells[OUT_NOTICES] = (struct cell){CELL_JSON, notices};
	ops->row(out, cells);
	free(notices);
}

static void show(const struct showing *all, const struct output_ops *ops)
{
	size_t first = all->n > SHOWN ? all->n - SHOWN : 0;
	bool is_for_people = ops == &output_table;
	struct output *out = is_for_people ? NULL : ops->begin(stdout, columns, OUT_N);

	for (size_t i = all->n; i-- > first;) {
		if (is_for_people)
			print_sweep(&all->sweeps[i]);
		else
			add_row(&all->sweeps[i], ops, out);
	}
	if (out != NULL)
		ops->end(out);
	if (is_for_people && all->n == 0)
		printf("%s has no sweep yet\n", all->name);
	if (is_for_people && first > 0)
		printf("and %zu before\n", first);
}

static void done(struct showing *all)
{
	for (size_t i = 0; i < all->n; i++) {
		for (int k = 0; k < OUT_N; k++)
			free(all->sweeps[i].texts[k]);
		json_decref(all->sweeps[i].notices);
	}
	free(all->sweeps);
	json_decref(all->by_notice);
}

static int read_all(struct showing *all, const struct schedule_link *l, struct error *err)
{
	int r = results_query(l->results, "sweeps", NULL, NULL, on_sweep, all, err);

	if (r == 0 && all->n == 0)
		r = schedule_find(
			l, "show", all->name, err); /* those that were removed have some */
	if (r == 0)
		r = results_query(l->results, "notices", NULL, NULL, on_notice, all, err);
	return r == 0 ? results_query(l->results, "deliveries", NULL, NULL, on_delivery, all, err)
		      : r;
}

int schedule_show(struct schedule_options *o, const char *argument, struct error *err)
{
	const char *format = o->common.format == NULL ? "table" : o->common.format;
	const struct output_ops *ops = output_by_name(format, err);
	struct showing all = {.name = argument, .by_notice = json_object()};
	struct schedule_link l = {.where = common_where(&o->common)};
	int r = ops == NULL ? ERR_USAGE : results_open(&l.results, &l.where, err);

	if (r == 0)
		r = read_all(&all, &l, err);
	results_close(l.results);
	if (r == 0)
		show(&all, ops);
	done(&all);
	return r < 0 ? r : EXIT_OK;
}
