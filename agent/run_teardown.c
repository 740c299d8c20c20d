/* Teardown: steps that are done in each directory of a campaign when it has no more runs here. */
#include "agent/run_parts.h"

#include <stdio.h>
#include <sys/stat.h>

struct teardown {
	struct id16 campaign;
	const struct list *list; /* struct message_step */
	struct use *uses;        /* owned; where the campaign was */
	size_t n, at;
	struct message m;  /* an ASSIGN: what launching needs of a run */
	struct buf reason; /* what failed */
};

static void next_directory(struct runner *r);

void run_teardown_done(struct runner *r)
{
	struct teardown *t = r->teardown;

	if (t == NULL)
		return;
	files_uses_free(t->uses, t->n);
	buf_done(&t->reason);
	free(t);
	r->teardown = NULL;
}

static void end_teardown(struct runner *r)
{
	struct teardown *t = r->teardown;
	const struct id16 campaign = t->campaign;
	_cleanup_free_ char *reason = t->reason.len > 0 ? xstrdup(t->reason.data) : NULL;

	files_forget_campaign(r->options.files, &campaign);
	run_forget_verdicts(r, &campaign);
	run_remove_tmp(r);
	r->phase = PHASE_IDLE;
	r->assign = NULL;
	run_teardown_done(r);
	r->handler.on_torn_down(r->handler.arg, &campaign, reason);
}

/* The same words for a second directory are said once. */
static void add_reason(struct teardown *t, const char *reason)
{
	if (strstr(t->reason.data, reason) != NULL)
		return;
	buf_adds(&t->reason, t->reason.len > 0 ? "; " : "");
	buf_adds(&t->reason, reason);
}

static void on_directory_done(struct runner *r, const char *reason)
{
	if (reason != NULL)
		add_reason(r->teardown, reason);
	run_give_back(r);
	r->teardown->at++;
	next_directory(r);
}

static int make_ready(struct runner *r, const struct use *use, struct error *err)
{
	int code = run_make_tmp(r, err);

	return code < 0 ? code : launch_give_to_user(r->tmp, r->options.state, use->user, err);
}

static void next_directory(struct runner *r)
{
	struct teardown *t = r->teardown;
	struct error err = {0};

	/* What was removed meanwhile has nothing to be torn down. */
	while (t->at < t->n && access(t->uses[t->at].directory, F_OK) < 0)
		t->at++;
	if (t->at == t->n || t->list->n == 0) {
		end_teardown(r);
		return;
	}
	files_spoil(r->options.files, t->uses[t->at].key);
	t->m.assign.user = t->uses[t->at].user;
	r->phase = PHASE_STEPS;
	if (make_ready(r, &t->uses[t->at], &err) < 0) {
		error_wrap(&err, "teardown");
		on_directory_done(r, err.text);
		return;
	}
	run_start_steps(r, &(struct run_steps){.what = "teardown",
				   .list = t->list,
				   .directory = t->uses[t->at].directory,
				   .is_kept = true,
				   .done = on_directory_done});
}

void runner_tear_down(struct runner *r, const struct id16 *campaign, const struct list *steps)
{
	struct teardown *t = xcalloc(1, sizeof *t);

	run_give_back_owed(r);
	t->campaign = *campaign;
	t->list = steps;
	t->reason = (struct buf)BUF_INIT;
	message_init(&t->m, MESSAGE_ASSIGN);
	t->m.assign.id.campaign = *campaign;
	t->m.assign.id.run = t->m.assign.id.attempt = 0;
	t->n = files_uses(r->options.files, campaign, &t->uses);
	r->teardown = t;
	r->assign = &t->m.assign;
	r->is_cancelled = false;
	buf_reset(&r->frames);
	next_directory(r);
}

bool runner_is_tearing_down(const struct runner *r)
{
	return r->teardown != NULL;
}
