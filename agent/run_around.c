/* What is done around a run, by steps: requires and setup before it can be, prepare and cleanup for
 * each try. */
#include "agent/run_parts.h"
#include "proto/log.h"

#include <inttypes.h>
#include <sodium.h>

/* Verdicts are small, and forgotten with their campaign; this many only where it never ends. */
#define VERDICTS_MAX 4096

/* Without files of its own a campaign may start in a folder of this machine: so do its steps. */
const char *run_directory(const struct runner *r)
{
	const struct message_assign *a = r->assign;
	bool is_elsewhere = a->tree.data == NULL && a->workdir != NULL && a->workdir[0] == '/';

	return is_elsewhere ? a->workdir : r->work->directory;
}

/* ---- requires ---- */

static void hash_command(uint8_t out[VERDICT_KEY], const struct runner *r)
{
	const struct list *command =
		&LIST_AT(&r->assign->requires, struct message_step, 0)->command;
	crypto_generichash_state h;

	crypto_generichash_init(&h, NULL, 0, VERDICT_KEY);
	crypto_generichash_update(&h, (const uint8_t *)r->work->key, strlen(r->work->key) + 1);
	for (size_t i = 0; i < command->n; i++) {
		const char *text = *LIST_AT(command, char *, i);
		crypto_generichash_update(&h, (const uint8_t *)text, strlen(text) + 1);
	}
	crypto_generichash_final(&h, out, VERDICT_KEY);
}

static struct run_verdict *find_verdict(const struct runner *r)
{
	uint8_t key[VERDICT_KEY];

	hash_command(key, r);
	for (size_t i = 0; i < r->verdicts_n; i++) {
		struct run_verdict *v = &r->verdicts[i];
		if (id16_equal(&v->campaign, &r->assign->id.campaign) &&
			memcmp(v->key, key, sizeof key) == 0)
			return v;
	}
	return NULL;
}

const struct run_verdict *run_find_verdict(const struct runner *r)
{
	return find_verdict(r);
}

static void drop_verdict(struct runner *r, size_t i)
{
	free(r->verdicts[i].reason);
	buf_done(&r->verdicts[i].output);
	r->verdicts[i] = r->verdicts[--r->verdicts_n];
}

void run_forget_verdicts(struct runner *r, const struct id16 *campaign)
{
	for (size_t i = r->verdicts_n; i-- > 0;) {
		if (campaign == NULL || id16_equal(&r->verdicts[i].campaign, campaign))
			drop_verdict(r, i);
	}
}

static void on_required(struct runner *r, const char *reason)
{
	if (r->verdicts_n == VERDICTS_MAX)
		drop_verdict(r, 0);
	r->verdicts = xreallocarray(r->verdicts, r->verdicts_n + 1, sizeof *r->verdicts);
	struct run_verdict *v = &r->verdicts[r->verdicts_n++];
	*v = (struct run_verdict){.campaign = r->assign->id.campaign,
		.reason = xstrdup_or_null(reason),
		.asked_at = r->steps.begun_at,
		.output = BUF_INIT,
		.total = r->steps.output.total,
		.head = (int64_t)output_head(&r->steps.output)};
	output_copy(&r->steps.output, &v->output);
	hash_command(v->key, r);
	run_advance(r);
}

void run_start_requires(struct runner *r)
{
	run_start_steps(r, &(struct run_steps){.what = "requires",
				   .list = &r->assign->requires,
				   .directory = run_directory(r),
				   .is_question = true,
				   .done = on_required});
}

bool run_tell_verdict(struct runner *r, struct message_requirement *out)
{
	struct run_verdict *v = r->assign->requires.n > 0 ? find_verdict(r) : NULL;

	if (v == NULL || v->is_committed)
		return false;
	*out = (struct message_requirement){
		.command = LIST_AT(&r->assign->requires, struct message_step, 0)->command,
		.asked_at = v->asked_at,
		.reason = v->reason,
		.output = {v->output.len > 0 ? v->output.data : NULL, v->output.len},
		.total = v->total,
		.head = v->head,
	};
	v->told[v->told_n++ % VERDICT_TOLD] = r->assign->id;
	return true;
}

void runner_committed(struct runner *r, const struct attempt_id *id)
{
	for (size_t i = 0; i < r->verdicts_n; i++) {
		struct run_verdict *v = &r->verdicts[i];
		for (size_t k = 0; k < v->told_n && k < VERDICT_TOLD && !v->is_committed; k++)
			v->is_committed = attempt_equal(&v->told[k], id);
		if (v->is_committed)
			buf_done(&v->output);
	}
}

/* ---- setup ---- */

static void on_set_up(struct runner *r, const char *reason)
{
	files_setup_done(r->options.files, r->work, reason);
	run_advance(r);
}

void run_start_setup(struct runner *r)
{
	files_setup_begins(r->work);
	run_start_steps(r, &(struct run_steps){.what = "setup",
				   .list = &r->assign->setup,
				   .directory = run_directory(r),
				   .done = on_set_up});
}

/* ---- prepare ---- */

static void on_prepared(struct runner *r, const char *reason)
{
	if (reason != NULL)
		run_finish_as(r, "failed", reason);
	else
		run_settle(r);
}

void run_start_prepare(struct runner *r)
{
	if (r->assign->prepare.n == 0) {
		run_settle(r);
		return;
	}
	r->needs_cleanup = true;
	run_start_steps(r, &(struct run_steps){.what = "prepare",
				   .list = &r->assign->prepare,
				   .like_run = true,
				   .done = on_prepared});
}

/* ---- cleanup ---- */

static void on_cleaned_up(struct runner *r, const char *reason)
{
	if (reason != NULL) {
		log_warning("%s run %" PRId64 ": %s", r->assign->label, r->assign->id.run, reason);
		buf_reset(&r->unclean);
		buf_adds(&r->unclean, reason);
	}
	r->after_cleanup(r);
}

void run_clean_up(struct runner *r, void (*then)(struct runner *r))
{
	bool is_due = r->needs_cleanup && r->assign->cleanup.n > 0;

	r->needs_cleanup = false;
	if (!is_due) {
		then(r);
		return;
	}
	run_give_back_process(r);
	r->after_cleanup = then;
	run_start_steps(r, &(struct run_steps){.what = "cleanup",
				   .list = &r->assign->cleanup,
				   .like_run = true,
				   .is_kept = true,
				   .done = on_cleaned_up});
}
