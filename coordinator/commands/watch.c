/* joulerig watch [ID]: follow a campaign to its end. */
#include "coordinator/commands/follow.h"

#include <stdio.h>

#define CONNECT_NS (5 * NS_PER_S)

/* How a campaign ended that nobody is running any more. Returns its exit status, or negative. */
static int ended_status(
	struct results *results, const char *label, struct follow *f, struct error *err)
{
	struct message m;
	int r = results_report(results, label, &m, err);

	if (r < 0)
		return r;
	const struct message_campaign *c =
		m.report.campaigns.n > 0 ? LIST_AT(&m.report.campaigns, struct message_campaign, 0)
					 : NULL;
	if (c == NULL || c->ended_at == ABSENT)
		r = error_set(err, ERR_UNAVAILABLE,
			"watch: %s was interrupted and nobody is running it; 'joulerig resume %s' "
			"goes on",
			label, label);
	else
		follow_end(f, c);
	message_done(&m);
	return r < 0 ? r : follow_status(f);
}

static int watch(struct results *results, const char *label, struct follow *f, struct error *err)
{
	const struct results_where *c = results_coordinator(results);
	struct client *client = NULL;

	if (c == NULL)
		return ended_status(results, label, f, err);
	int r = client_open(&client, c->coordinator, c->server_key, c->keys, CONNECT_NS, err);
	if (r == 0)
		r = follow_remote(f, &client, label, c, err);
	client_close(client);
	return r;
}

static int run(void *target, const char **arguments, size_t n, struct error *err)
{
	const struct common_options *o = target;
	const struct results_where where = common_where(o);
	struct results *results = NULL;
	_cleanup_free_ char *label = NULL;
	struct follow f;
	int r = results_open(&results, &where, err);

	follow_init(&f, o);
	if (r == 0 && (label = results_label(results, n > 0 ? arguments[0] : NULL, err)) == NULL)
		r = err->code;
	if (r == 0)
		r = watch(results, label, &f, err);
	if (r >= 0)
		follow_say_end(&f, label);
	results_close(results);
	return r < 0 ? (int)error_exit_status(err) : r;
}

const struct command command_watch = {
	.name = "watch",
	.usage = "watch [ID]",
	.summary = "follow a campaign to its end",
	.details = "ID is a label such as quickstart.2, or a name: then its last submission. Exits "
		   "as 'run' would.",
	.options_size = sizeof(struct common_options),
	.min_arguments = 0,
	.max_arguments = 1,
	.run = run,
};
