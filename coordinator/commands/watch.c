/* joulerig watch [ID]: follow a campaign to its end. */
#include "coordinator/commands/follow.h"

#include "coordinator/store/lock.h"
#include <stdio.h>

#define CONNECT_NS (10 * NS_PER_S)

/* The coordinator that holds the store, where none was named. */
static int find_holder(struct results_where *where, struct store_lock *lock, struct error *err)
{
	const char *db = where->db ? where->db : "joulerig.db";

	if (where->coordinator != NULL)
		return 0;
	int r = store_lock_holder(db, lock, err);
	if (r < 0)
		return r;
	if (r == 0 || lock->endpoint[0] == '\0')
		return error_set(err, ERR_UNAVAILABLE,
			"no coordinator holds %s, so nothing is going on there; 'joulerig status' "
			"shows what has ended",
			db);
	where->coordinator = lock->endpoint;
	where->server_key = NULL;
	where->keys = lock->keys_dir;
	return 0;
}

static int run(void *target, const char **arguments, size_t n, struct error *err)
{
	const struct common_options *o = target;
	struct results_where where = common_where(o);
	struct results *results = NULL;
	struct client *client = NULL;
	struct store_lock lock;
	_cleanup_free_ char *label = NULL;
	struct follow f;
	int r = results_open(&results, &where, err);

	follow_init(&f, o);
	if (r == 0) {
		label = results_label(results, n > 0 ? arguments[0] : NULL, err);
		results_close(results);
	}
	if (label == NULL)
		return (int)error_exit_status(err);
	r = find_holder(&where, &lock, err);
	if (r == 0)
		r = client_open(
			&client, where.coordinator, where.server_key, where.keys, CONNECT_NS, err);
	if (r == 0)
		r = follow_remote(&f, &client, label, &where, err);
	client_close(client);
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
