/* joulerig cancel ID: end a campaign now. */
#include "coordinator/commands/commands.h"

#include "coordinator/client.h"
#include "coordinator/store/store.h"
#include "proto/clock.h"
#include <stdio.h>

#define ANSWER_NS (10 * NS_PER_S)

static int on_campaign(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct id16 *uuid = arg;

	(void)key;
	(void)n;
	if (c[CAMPAIGNS_UUID].blob.len == sizeof *uuid)
		memcpy(uuid->b, c[CAMPAIGNS_UUID].blob.data, sizeof *uuid);
	return 0;
}

static int send_cancel(struct client *client, const struct id16 *uuid, struct error *err)
{
	struct message m;

	message_init(&m, MESSAGE_CANCEL);
	m.cancel.id = (struct attempt_id){.campaign = *uuid, .run = 0, .attempt = 0};
	int r = client_send(client, &m, err);
	if (r == 0)
		r = client_receive(client, ANSWER_NS, &m, err);
	if (r == 0)
		message_done(&m);
	return r;
}

struct found {
	int64_t id;
	bool has_ended;
};

static int on_stored(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct found *f = arg;
	const char *state = cell_text(&c[CAMPAIGNS_STATE]);

	(void)n;
	f->id = key;
	f->has_ended = strcmp(state, "done") == 0 || strcmp(state, "cancelled") == 0;
	return 0;
}

/* A campaign that was interrupted and shall not go on: nobody holds the store, so we write it. */
static int cancel_in_file(const char *db, const char *label, struct error *err)
{
	const struct store_ops *ops = stores[0];
	struct found f = {0};
	struct store *s = NULL;
	int r = ops->open(&s, db, true, err);

	if (r == 0)
		r = ops->query(s, "campaigns", label, 0, 1, NULL, on_stored, &f, err);
	if (r == 0 && f.has_ended)
		r = error_set(err, ERR_USAGE, "cancel: %s has ended", label);
	if (r == 0)
		r = ops->begin(s, err);
	if (r == 0)
		r = ops->set_campaign_state(s, f.id, "cancelled", clock_realtime_ns(), err);
	if (r == 0)
		r = ops->commit(s, err);
	if (s != NULL)
		ops->close(s);
	return r;
}

static int run(void *target, const char **arguments, size_t n, struct error *err)
{
	const struct results_where where = common_where(target), *coordinator;
	struct results *results = NULL;
	struct client *client = NULL;
	struct id16 uuid = {0};
	_cleanup_free_ char *label = NULL;
	int r = results_open(&results, &where, err);

	(void)n;
	if (r == 0 && (label = results_label(results, arguments[0], err)) == NULL)
		r = err->code;
	if (r == 0)
		r = results_query(results, "campaigns", label, NULL, on_campaign, &uuid, err);
	coordinator = r == 0 ? results_coordinator(results) : NULL;
	if (r == 0 && coordinator == NULL) {
		results_close(results);
		r = cancel_in_file(where.db ? where.db : "joulerig.db", label, err);
		return r < 0 ? (int)error_exit_status(err) : EXIT_OK;
	}
	if (r == 0)
		r = client_open(&client, coordinator->coordinator, coordinator->server_key,
			coordinator->keys, ANSWER_NS, err);
	if (r == 0)
		r = send_cancel(client, &uuid, err);
	client_close(client);
	results_close(results);
	return r < 0 ? (int)error_exit_status(err) : EXIT_OK;
}

const struct command command_cancel = {
	.name = "cancel",
	.usage = "cancel ID",
	.summary = "end a campaign now; what was measured stays",
	.options_size = sizeof(struct common_options),
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};
