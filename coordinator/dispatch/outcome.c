#include "coordinator/dispatch/outcome.h"

#include "coordinator/dispatch/answers.h"

/* The program's own metrics, out of what it printed. Returns 0, or negative: then the run has
 * failed. */
static int extract(const struct live *l, const struct live_run *r, const struct message_result *m,
	struct extraction *out, struct error *err)
{
	struct run_output run = {.measured = m->metrics.items, .measured_n = m->metrics.n};

	streams_fill(&r->streams, &run);
	int code = extract_metrics(
		l->campaign, live_configuration(l, r), &l->hosts[r->lane], &run, out, err);
	free((void *)(uintptr_t)run.files);
	return code;
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

/*
 * "exit status 2" with the last line that the program wrote to stderr behind it, as that says why.
 * NULL where there is none; the caller frees.
 */
static char *with_last_line(const char *reason, const struct buf *text)
{
	size_t end = text->len, start;

	while (end > 0 && strchr(" \t\r\n", text->data[end - 1]) != NULL)
		end--;
	for (start = end; start > 0 && text->data[start - 1] != '\n' && end - start < 200;)
		start--;
	if (start == end)
		return NULL;
	char *out = xasprintf("%s: %.*s", reason, (int)(end - start), text->data + start);
	for (char *p = out; *p != '\0'; p++)
		if ((unsigned char)*p < ' ')
			*p = ' ';
	return out;
}

int outcome_make(struct outcome *o, struct live *l, const struct live_run *r,
	const struct message_result *m, struct live_store s, struct error *err)
{
	int code = 0;

	*o = (struct outcome){.state = m->state, .reason = m->reason};
	if (text_is(m->state, RUN_DONE)) {
		if (extract(l, r, m, &o->found, &o->why) < 0) {
			o->state = RUN_FAILED;
			o->reason = o->why.text;
		} else {
			code = compare(o, l, s, err);
		}
	} else if (text_is(m->state, RUN_FAILED) && m->exit_code != ABSENT &&
		   text_is_set(m->reason)) {
		o->told = with_last_line(m->reason, streams_text(&r->streams, "stderr"));
		o->reason = o->told != NULL ? o->told : m->reason;
	}
	list_own(o);
	return code;
}

void outcome_keep(const struct outcome *o, struct live *l, const struct live_run *r)
{
	if (text_is(o->state, RUN_DONE) && l->answers != NULL)
		answers_add(l->answers, r->run, l->hosts[r->lane].name, &o->found);
}

void outcome_done(struct outcome *o)
{
	extraction_done(&o->found);
	free(o->own);
	free(o->told);
}
