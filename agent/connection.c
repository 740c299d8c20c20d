#include "agent/connection.h"

#include "agent/conversation.h"

#include "proto/clock.h"
#include "proto/log.h"
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <utlist.h>

#define NO_ANSWER_NS (5 * NS_PER_S) /* from the start on, before it is said */

static void on_signal(void *arg, int signo)
{
	struct connection *c = arg;
	if (signo == SIGHUP)
		conversation_ask_probe(c);
	if (signo == SIGHUP || loop_is_stopping(c->loop))
		return;
	service_end(c);
	if (signo == SIGTERM && conversation_end(c))
		return;
	conversation_say_bye(c, "told to end");
	loop_stop(c->loop, signo == SIGINT ? EXIT_INTERRUPTED : EXIT_OK);
}

/* ---- opening and closing ---- */

static int check_options(const struct connection_options *o, struct error *err)
{
	if (!text_is_set(o->coordinator))
		return error_set(err, ERR_USAGE,
			"--coordinator is missing: the address of the coordinator, tcp://HOST:%d",
			LINK_DEFAULT_PORT);
	if (!text_is_set(o->server_key))
		return error_set(err, ERR_USAGE,
			"--server-key is missing: what 'joulerig key show' prints on the "
			"coordinator's machine");
	if (!key_is_valid(o->server_key))
		return error_set(err, ERR_USAGE,
			"--server-key '%s' is no key; expected the 40 characters that 'joulerig "
			"key show' prints",
			o->server_key);
	if (!text_is_set(o->state))
		return error_set(err, ERR_USAGE,
			"--state is missing: a directory for this agent's key and results, kept "
			"between starts");
	if (text_is_set(o->name) && !key_name_is_valid(o->name))
		return error_set(err, ERR_USAGE,
			"--name '%s' is no name; expected letters, digits, '.', '_' and '-'",
			o->name);
	return 0;
}

static int parse_labels(struct connection *c, struct error *err)
{
	const struct texts *given = &c->options->labels;
	c->labels = xcalloc(given->n + 1, sizeof *c->labels);
	for (size_t i = 0; i < given->n; i++) {
		const char *equals = strchr(given->items[i], '=');
		if (equals == NULL || equals == given->items[i])
			return error_set(err, ERR_USAGE,
				"--label '%s' is no label; expected NAME=VALUE", given->items[i]);
		c->labels[i].key = xstrndup(given->items[i], (size_t)(equals - given->items[i]));
		c->labels[i].value = equals + 1;
	}
	return 0;
}

/* The state directory, for this process alone. */
static int open_state(struct connection *c, struct error *err)
{
	int r = files_make_directory(c->options->state, err);
	if (r < 0)
		return r;
	c->state = realpath(c->options->state, NULL);
	if (c->state == NULL)
		return error_errno(err, "%s", c->options->state);
	_cleanup_free_ char *path = xasprintf("%s/lock", c->state);
	c->state_lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (c->state_lock < 0)
		return error_errno(err, "%s", path);
	if (flock(c->state_lock, LOCK_EX | LOCK_NB) < 0)
		return error_set(err, ERR_UNAVAILABLE,
			"%s is in use by another joulerig-agent; give each agent a --state of its "
			"own",
			c->state);
	return 0;
}

static int open_machine(struct connection *c, struct error *err)
{
	int r = machine_open(&c->machine, c->options->root, err);
	if (r < 0)
		return r;
	c->has_machine = true;
	r = topology_load(&c->topology, &c->machine, err);
	if (r < 0)
		return r;
	return meters_open(&c->meters, &c->machine, &c->topology, err);
}

static int open_runner(struct connection *c, struct error *err)
{
	struct rlimit limit;
	_cleanup_free_ char *spool_dir = xasprintf("%s/spool", c->state);
	struct files_handler files = {.want = conversation_want_files, .arg = c};
	struct runner_handler handler = {.on_started = conversation_on_started,
		.on_point = conversation_on_point,
		.on_samples = conversation_on_samples,
		.on_end = conversation_on_end,
		.on_trouble = conversation_on_trouble,
		.on_torn_down = conversation_on_torn_down,
		.arg = c};
	int r = spool_open(&c->spool, spool_dir, err);
	if (r == 0)
		r = files_open(&c->files, c->state, &files, err);
	if (r < 0)
		return r;
	files_limit(c->files, c->options->cache);
	machine_lock_open(&c->machine_lock);
	struct runner_options options = {.loop = c->loop,
		.machine = &c->machine,
		.topology = &c->topology,
		.meters = c->meters,
		.files = c->files,
		.state = c->state,
		.lock = &c->machine_lock};
	r = runner_open(&c->runner, &options, &handler, err);
	if (r < 0)
		return r;
	/* After joulerig-exec was started: commands get the limit that we were given. */
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	outbox_init(&c->outbox, c->spool, conversation_send, c);
	return 0;
}

static bool is_loopback(const char *endpoint)
{
	static const char *const names[] = {"tcp://127.", "tcp://[::1]", "tcp://localhost:"};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strncmp(endpoint, names[i], strlen(names[i])) == 0)
			return true;
	}
	return false;
}

/* An agent waits for its coordinator for as long as it takes; a mistyped address, too. */
static void on_no_answer(void *arg, int64_t now_ns)
{
	struct connection *c = arg;

	(void)now_ns;
	c->no_answer = NULL;
	log_warning("%s: nobody answers; is 'joulerig serve' running there, and listening on this "
		    "address (--listen)? trying on",
		c->endpoint);
}

static int open_connection(struct connection *c, struct error *err)
{
	int r = check_options(c->options, err);
	if (r == 0)
		r = parse_labels(c, err);
	if (r == 0 && (c->endpoint = link_endpoint(c->options->coordinator, err)) == NULL)
		r = ERR_USAGE;
	if (r == 0)
		c->has_local_coordinator = is_loopback(c->endpoint);
	if (r == 0)
		r = open_state(c, err);
	if (r == 0)
		r = keypair_load_or_create(&c->keys, c->state, err);
	if (r == 0)
		r = epoch_open(&c->epoch, c->state, err);
	if (r == 0)
		r = open_machine(c, err);
	if (r == 0)
		r = open_runner(c, err);
	if (r < 0)
		return r;
	struct link_client_handler handler = {
		.on_frame = conversation_on_frame, .on_event = conversation_on_event, .arg = c};
	c->session = id16_random();
	c->no_answer =
		loop_add_timer(c->loop, clock_monotonic_ns() + NO_ANSWER_NS, 0, on_no_answer, c);
	return link_client_open(
		&c->link, c->loop, c->endpoint, c->options->server_key, &c->keys, &handler, err);
}

static void close_connection(struct connection *c)
{
	struct assignment *a, *next;
	runner_close(c->runner);
	c->runner = NULL;
	link_client_close(c->link);
	conversation_drop_trouble(c);
	outbox_done(&c->outbox);
	loop_cancel_timer(c->loop, c->lease);
	loop_cancel_timer(c->loop, c->no_answer);
	DL_FOREACH_SAFE (c->queue, a, next)
		conversation_drop(c, a);
	conversation_drop_finishes(c);
	files_close(c->files);
	spool_close(c->spool);
	if (c->machine_lock.fd >= 0)
		machine_lock_close(&c->machine_lock);
	meters_close(c->meters);
	free(c->committed);
	topology_done(&c->topology);
	if (c->has_machine)
		machine_close(&c->machine);
	epoch_done(&c->epoch);
	keypair_wipe(&c->keys);
	for (size_t i = 0; c->labels != NULL && i < c->options->labels.n; i++)
		free((void *)(uintptr_t)c->labels[i].key);
	free(c->labels);
	buf_done(&c->scratch);
	buf_done(&c->spare);
	if (c->state_lock >= 0)
		close(c->state_lock);
	free(c->state);
	free(c->endpoint);
	loop_free(c->loop);
}

int connection_serve(const struct connection_options *o, struct error *err)
{
	struct connection c = {.options = o,
		.state_lock = -1,
		.machine_lock = {.fd = -1},
		.scratch = BUF_INIT,
		.spare = BUF_INIT,
		.err = err};
	c.loop = loop_new();
	/* Before any thread is there, so that all inherit the mask. */
	loop_catch_signals(c.loop, on_signal, &c);
	int status = open_connection(&c, err);
	if (status == 0)
		service_begin(&c);
	status = status < 0 ? (int)error_exit_status(err) : loop_run(c.loop);
	if (status < 0)
		status = error_exit_status(
			&(struct error){.code = error_set(err, ERR_INTERNAL, "the event loop: %s",
						strerror(-status))});
	close_connection(&c);
	return status;
}
