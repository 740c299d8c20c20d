/* joulerig schedule add FILE, joulerig schedule remove NAME. */
#include "coordinator/commands/schedule.h"

#include "coordinator/store/store.h"
#include <errno.h>
#include <stdio.h>

#define ANSWER_NS (10 * NS_PER_S)

/* ---- add ---- */

static int check_schedule(const struct submission_file *f, struct error *err)
{
	if (f->campaign->schedule.cron != NULL)
		return 0;
	return error_set(err, ERR_CAMPAIGN,
		"%s: the campaign has no `schedule`, so nobody knows when; add to it, for two "
		"o'clock each night:\n  schedule: {cron: \"0 2 * * *\"}",
		f->path);
}

static int add(struct schedule_options *o, struct submission_file *f, struct error *err)
{
	struct schedule_link link = {0};
	_cleanup_free_ char *name = NULL;
	int r = schedule_connect(&link, &o->common, err);

	if (r == 0)
		r = schedule_needs_coordinator("add", err);
	f->is_schedule = true;
	if (r > 0)
		r = submission_send(f, link.client, &name, err);
	if (r == 0 && name != NULL)
		printf("%s\n", name);
	schedule_link_done(&link);
	return r;
}

int schedule_add(struct schedule_options *o, const char *argument, struct error *err)
{
	struct submission_file f;
	int r = submission_read(&f, argument, &o->submission, true, err);

	if (r == 0)
		r = check_schedule(&f, err);
	if (r == 0)
		r = add(o, &f, err);
	submission_done(&f);
	return r;
}

/* ---- remove ---- */

static int send_remove(struct client *client, const char *name, struct error *err)
{
	struct message m, answer;

	message_init(&m, MESSAGE_STEER);
	m.steer.verb = "unschedule";
	m.steer.label = name;
	int r = client_send(client, &m, err);
	if (r == 0)
		r = client_receive(client, ANSWER_NS, &answer, err);
	if (r == 0)
		message_done(&answer);
	return r;
}

/* Nobody holds the store, so we write it. */
static int remove_in_file(const char *db, const char *name, struct error *err)
{
	const struct store_ops *ops = stores[0];
	struct store *s = NULL;
	int r = ops->open(&s, db, true, err);

	if (r == 0)
		r = ops->begin(s, err);
	if (r == 0)
		r = ops->remove_schedule(s, name, err);
	if (r == 0)
		r = ops->commit(s, err);
	if (s != NULL)
		ops->close(s);
	if (r == -ENOENT)
		err->code = ERR_USAGE;
	return r;
}

int schedule_remove(struct schedule_options *o, const char *argument, struct error *err)
{
	struct schedule_link link = {0};
	int r = schedule_connect(&link, &o->common, err);

	if (r >= 0 && schedule_find(&link, "remove", argument, err) < 0)
		r = err->code;
	if (r > 0) {
		r = send_remove(link.client, argument, err);
	} else if (r == 0) {
		results_close(link.results);
		link.results = NULL;
		r = remove_in_file(link.where.db ? link.where.db : "joulerig.db", argument, err);
	}
	schedule_link_done(&link);
	if (r == 0 && !o->common.quiet)
		fprintf(stderr, "%s  is not repeated any more; what it measured stays\n", argument);
	return r;
}
