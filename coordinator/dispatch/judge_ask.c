/* Questions to the own program, one at a time, beside the loop. */
#include "coordinator/dispatch/judge_parts.h"

#include "proto/log.h"
#include <errno.h>

static void free_words(struct judge_question *q)
{
	for (size_t i = 0; q->words[i] != NULL; i++) {
		free(q->words[i]);
		q->words[i] = NULL;
	}
}

static void in_thread(void *arg, int stop_fd)
{
	struct judge_question *q = arg;

	q->status = q->config.ask(
		q->config.arg, (const char *const *)q->words, stop_fd, &q->out, &q->err);
}

static void start(struct judgement *j)
{
	struct judge_question *q = &j->question;

	buf_reset(&q->out);
	q->err = (struct error){0};
	q->work = work_start(in_thread, q, q->config.wake, q->config.arg);
}

void judge_ask(struct judgement *j, const char *const *words)
{
	struct judge_question *q = &j->question;
	size_t n = 0;

	free_words(q);
	for (; words[n] != NULL && n + 2 < ASK_WORDS; n++)
		q->words[n] = xstrdup(words[n]);
	q->words[n++] = xstrdup("--format");
	q->words[n] = xstrdup("json");
	q->config = j->d->config;
	q->tries = 0;
	start(j);
}

bool judge_is_asking(const struct judgement *j)
{
	return j->question.work != NULL;
}

/* What may be otherwise the next time: the program could not be run, or did not reach us. */
static bool may_mend(int status)
{
	return status == EXIT_UNAVAILABLE || status == EXIT_INTERNAL || status < 0;
}

int judge_answered(struct judgement *j, json_t **rows, struct error *err)
{
	struct judge_question *q = &j->question;

	if (!work_is_over(q->work))
		return 0;
	work_end(q->work);
	q->work = NULL;
	if (q->status == EXIT_OK) {
		*rows = judge_rows_read(&q->out, err);
		return *rows != NULL ? 1 : -EPROTO;
	}
	if (may_mend(q->status) && ++q->tries < JUDGE_TRIES) {
		log_warning("joulerig %s %s: %s; it is asked once more", q->words[0], q->words[1],
			q->err.text);
		start(j);
		return 0;
	}
	*err = q->err;
	if (err->code >= 0)
		err->code = -EIO;
	return err->code;
}

void judge_ask_done(struct judgement *j)
{
	work_end(j->question.work);
	j->question.work = NULL;
	free_words(&j->question);
	buf_done(&j->question.out);
}
