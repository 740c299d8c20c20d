#include "coordinator/dispatch/outcome.h"

#include "coordinator/dispatch/answers.h"

/* The size of a collected file, "collect.NAME"; those that are kept for metrics alone, whose names
 * begin so, have theirs for this check only. */
static const char size_prefix[] = "collect.", from_prefix[] = "collect.from:";

/* The whole size of a collected file as its agent found it; 0 where it did not say. */
static int64_t size_of(const struct message_result *m, const char *file)
{
	for (size_t i = 0; i < m->metrics.n; i++) {
		const struct message_metric *one = LIST_AT(&m->metrics, struct message_metric, i);
		if (strncmp(one->name, size_prefix, strlen(size_prefix)) == 0 &&
			strcmp(one->name + strlen(size_prefix), file) == 0)
			return one->value;
	}
	return 0;
}

/* Say of what there is only a part: the agent keeps no more than limits.output. */
static void mark_gaps(const struct message_result *m, struct run_output *run)
{
	struct run_file *files = (struct run_file *)(uintptr_t)run->files;

	if (!run->stdout_has_gap && m->stdout_total > (int64_t)run->stdout_len) {
		run->stdout_has_gap = true;
		run->stdout_gap = m->stdout_head > 0 ? (size_t)m->stdout_head : 0;
	}
	if (!run->stderr_has_gap && m->stderr_total > (int64_t)run->stderr_len) {
		run->stderr_has_gap = true;
		run->stderr_gap = m->stderr_head > 0 ? (size_t)m->stderr_head : 0;
	}
	for (size_t i = 0; i < run->files_n; i++)
		files[i].has_gap |= size_of(m, files[i].name) > (int64_t)files[i].len;
}

static void list_standard(struct outcome *o, const struct message_result *m)
{
	o->metrics = xcalloc(m->metrics.n + 1, sizeof *o->metrics);
	for (size_t i = 0; i < m->metrics.n; i++) {
		const struct message_metric *one = LIST_AT(&m->metrics, struct message_metric, i);
		if (strncmp(one->name, from_prefix, strlen(from_prefix)) != 0)
			o->metrics[o->metrics_n++] = *one;
	}
}

/* The program's own metrics, out of what it printed. Returns 0, or negative: then the run has
 * failed. */
static int extract(const struct live *l, const struct live_run *r, const struct run_output *run,
	struct extraction *out, struct error *err)
{
	return extract_metrics(
		l->campaign, live_configuration(l, r), &l->hosts[r->lane], run, out, err);
}

void outcome_fill_run(
	const struct streams *s, const struct message_result *m, struct run_output *run)
{
	run->measured = m->metrics.items;
	run->measured_n = m->metrics.n;
	streams_fill(s, run);
	mark_gaps(m, run);
}

/* Whether it is the answer of other runs. Returns 0 or negative, as outcome_make(). */
static int compare(struct outcome *o, struct live *l, struct live_store s, struct error *err)
{
	if (!answers_are_shared(&o->found))
		return 0;
	if (l->answers == NULL) {
		struct answers *a = answers_new();
		int code = answers_load(a, l->plan, l->label, s.ops, s.store, err);
		if (code < 0) {
			answers_free(a);
			return code;
		}
		l->answers = a;
	}
	if (answers_check(l->answers, &o->found, &o->why) < 0) {
		o->state = RUN_FAILED;
		o->reason = o->why.text;
	}
	return 0;
}

/* As the store takes them; the texts are those of the extraction. */
static void list_own(struct outcome *o)
{
	o->own = xcalloc(o->found.n + 1, sizeof *o->own);
	o->own_n = o->found.n;
	for (size_t i = 0; i < o->found.n; i++) {
		const struct extracted *e = &o->found.items[i];
		o->own[i] = (struct store_metric){
			.name = e->name,
			.unit = e->unit,
			.value = e->value,
			.better = (enum better_code)e->better,
			.text = e->text != NULL ? e->text : e->same_text,
			.series = e->series,
			.series_n = e->series_n,
		};
	}
}

static bool ends_with(const char *text, const char *end, size_t len)
{
	size_t have = strlen(text);

	return have >= len && memcmp(text + have - len, end, len) == 0;
}

/*
 * "exit status 2" with the last line that the program wrote to stderr behind it, as that says why.
 * NULL where there is none or the reason ends with it; the caller frees.
 */
static char *with_last_line(const char *reason, const struct buf *text)
{
	size_t end = text->len, start;

	while (end > 0 && strchr(" \t\r\n", text->data[end - 1]) != NULL)
		end--;
	for (start = end; start > 0 && text->data[start - 1] != '\n' && end - start < 200;)
		start--;
	if (start == end || ends_with(reason, text->data + start, end - start))
		return NULL;
	char *out = xasprintf("%s: %.*s", reason, (int)(end - start), text->data + start);
	for (char *p = out; *p != '\0'; p++)
		if ((unsigned char)*p < ' ')
			*p = ' ';
	return out;
}

int outcome_make_of(struct outcome *o, struct live *l, const struct live_run *r,
	const struct message_result *m, const struct run_output *run, const struct streams *told,
	struct live_store s, struct error *err)
{
	int code = 0;

	*o = (struct outcome){.state = m->state, .reason = m->reason};
	if (text_is(m->state, RUN_DONE)) {
		if (extract(l, r, run, &o->found, &o->why) < 0) {
			o->state = RUN_FAILED;
			o->reason = o->why.text;
		} else {
			code = compare(o, l, s, err);
		}
	} else if (text_is(m->state, RUN_FAILED) && m->exit_code != ABSENT &&
		   text_is_set(m->reason)) {
		o->told = with_last_line(m->reason, streams_text(told, "stderr"));
		o->reason = o->told != NULL ? o->told : m->reason;
	}
	list_own(o);
	list_standard(o, m);
	return code;
}

int outcome_make(struct outcome *o, struct live *l, const struct live_run *r,
	const struct message_result *m, struct live_store s, struct error *err)
{
	struct run_output run = {0};

	outcome_fill_run(&r->streams, m, &run);
	int code = outcome_make_of(o, l, r, m, &run, &r->streams, s, err);
	free((void *)(uintptr_t)run.files);
	return code;
}

void outcome_keep(const struct outcome *o, struct live *l, const struct live_run *r)
{
	if (text_is(o->state, RUN_DONE) && l->answers != NULL)
		answers_add(l->answers, r->run, l->plan->lanes[r->lane].host, &o->found);
}

void outcome_done(struct outcome *o)
{
	extraction_done(&o->found);
	free(o->metrics);
	free(o->own);
	free(o->told);
}
