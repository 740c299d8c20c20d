/* joulerig serve: the long-lived coordinator. */
#include "coordinator/commands/commands.h"
#include "coordinator/dispatch/server.h"

#include "proto/link.h"
#include "proto/log.h"
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

/* How long a submission waits for agents that are trusted and not connected yet. */
#define GATHER_NS (5 * NS_PER_S)

struct serve_options {
	struct common_options common;
	const char *listen;
};

static const struct option_info options[] = {
	{"listen", OPTION_TEXT, offsetof(struct serve_options, listen), "ADDRESS",
		"where (default tcp://127.0.0.1:7710)", NULL},
	{.name = NULL},
};

/* The lock file tells others where the keys are, whatever folder they are in. */
static char *absolute(const char *path)
{
	_cleanup_free_ char *cwd = getcwd(NULL, 0);

	return path[0] == '/' || cwd == NULL ? xstrdup(path) : xasprintf("%s/%s", cwd, path);
}

static bool is_missing_or_empty(const char *path)
{
	struct stat st;

	return stat(path, &st) != 0 || st.st_size == 0;
}

static int run(void *target, const char **arguments, size_t n, struct error *err)
{
	const struct serve_options *o = target;
	const char *db = o->common.db ? o->common.db : "joulerig.db";
	_cleanup_free_ char *relative =
		o->common.keys ? xstrdup(o->common.keys) : xasprintf("%s.d/keys", db);
	_cleanup_free_ char *keys = absolute(relative);
	_cleanup_free_ char *endpoint = link_endpoint(o->listen ? o->listen : "127.0.0.1", err);
	bool is_new = is_missing_or_empty(db);
	struct server *s = NULL;

	(void)arguments;
	(void)n;
	if (endpoint == NULL)
		return EXIT_USAGE;
	const struct server_config config = {
		.db = db, .endpoint = endpoint, .keys = keys, .gather_ns = GATHER_NS};
	int r = server_open(&s, &config, err);
	if (r == 0) {
		if (is_new) /* a mistyped --db would look like a store that lost all */
			log_info("%s is a new store; no campaign was ever in it", db);
		log_info("listening on %s, store %s, key %s", server_endpoint(s), db,
			server_public_key(s));
		r = server_run(s, err);
	}
	server_close(s);
	return r < 0 ? (int)error_exit_status(err) : r;
}

const struct command command_serve = {
	.name = "serve",
	.usage = "serve [--listen tcp://ADDRESS:7710] [--db PATH] [--keys DIR]",
	.summary = "the coordinator: agents connect to it, campaigns are submitted to it",
	.details = "It prints its public key, which agents and users need as --server-key. Who may "
		   "connect is said by\n"
		   "'joulerig key trust'. It ends at SIGINT or SIGTERM; campaigns go on when it is "
		   "started again.",
	.options = options,
	.options_size = sizeof(struct serve_options),
	.min_arguments = 0,
	.max_arguments = 0,
	.run = run,
};
