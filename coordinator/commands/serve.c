/* joulerig serve: the long-lived coordinator. */
#include "coordinator/commands/commands.h"
#include "coordinator/commands/serve_notify.h"
#include "coordinator/commands/serve_settings.h"
#include "coordinator/dispatch/server.h"
#include "coordinator/dispatch/service.h"
#include "coordinator/http/http.h"

#include "proto/link.h"
#include "proto/log.h"
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

/* How long a submission waits for agents that are trusted and not connected yet. */
#define GATHER_NS (5 * NS_PER_S)

struct serve_options {
	struct common_options common;
	const char *listen, *http, *settings, *log;
	bool check, notify_test;
};

static const struct option_info options[] = {
	{"listen", OPTION_TEXT, offsetof(struct serve_options, listen), "ADDRESS",
		"where (default tcp://127.0.0.1:7710)", NULL},
	{"http", OPTION_TEXT, offsetof(struct serve_options, http), "ADDRESS",
		"/healthz and /metrics there, as 127.0.0.1:7711 (default: nowhere)", NULL},
	{"settings", OPTION_TEXT, offsetof(struct serve_options, settings), "FILE",
		"what the administrator wants, in YAML: docs/settings.md", NULL},
	{"check", OPTION_FLAG, offsetof(struct serve_options, check), NULL,
		"tell whether the settings are good, and end", NULL},
	{"notify-test", OPTION_FLAG, offsetof(struct serve_options, notify_test), NULL,
		"send a test notice by each way of the settings, and end", NULL},
	{"log", OPTION_TEXT, offsetof(struct serve_options, log), "FORMAT",
		"text (the default) or json, an object a line", log_formats},
	{.name = NULL},
};

struct serving {
	struct server *server;
	struct serve_settings settings;
	struct service service;
	struct http *http; /* NULL: nobody asked for it */
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

static void on_hangup(void *arg)
{
	struct serving *serving = arg;
	struct settings before;

	service_reloading();
	if (serve_settings_again(&serving->settings, &before)) {
		server_set_settings(serving->server, &serving->settings.now);
		settings_done(&before);
	}
	service_ready();
}

static void on_trouble(void *arg, const char *trouble)
{
	struct serving *serving = arg;

	service_on_trouble(&serving->service, trouble);
}

/* What the command line says goes before what is in the settings. */
static const char *either(const char *option, const char *setting, const char *otherwise)
{
	return option != NULL ? option : setting != NULL ? setting : otherwise;
}

static void tell_end(const struct dispatch *d)
{
	size_t n = d != NULL ? dispatch_campaigns(d, NULL, NULL) : 0;

	if (n > 0)
		log_info("told to end; %zu campaign%s on when it is started again, agents finish "
			 "the runs that they have",
			n, n == 1 ? " goes" : "s go");
	else
		log_info("told to end");
}

static void on_vitals(void *arg, struct vitals *v)
{
	const struct serving *serving = arg;

	if (serving->http != NULL)
		http_publish(serving->http, v);
	vitals_done(v);
}

static int open_http(struct http **out, const char *address, const char *db, struct error *err)
{
	_cleanup_free_ char *file = absolute(db);
	int r = http_open(out, address, file, err);

	if (r < 0)
		return r;
	log_info("http://%s/ has /healthz and /metrics", http_address(*out));
	if (!http_is_loopback(*out))
		log_warning("whoever reaches http://%s/ over the network can read it: there is no "
			    "authentication",
			http_address(*out));
	return 0;
}

/* Before the store is touched, which a mistyped address is no reason for. */
static int check_addresses(
	const struct serve_options *o, const struct settings *settings, struct error *err)
{
	const char *http = either(o->http, settings->http, NULL);
	_cleanup_free_ char *endpoint =
		link_endpoint(either(o->listen, settings->listen, "127.0.0.1"), err);

	if (endpoint == NULL)
		return ERR_USAGE;
	return http != NULL ? http_check_address(http, err) : 0;
}

static int serve(const struct serve_options *o, struct serving *serving, struct error *err)
{
	const struct settings *settings = &serving->settings.now;
	/* The server keeps it, the settings' own text goes with the next ones. */
	_cleanup_free_ char *db = xstrdup(either(o->common.db, settings->db, "joulerig.db"));
	const char *given_keys = either(o->common.keys, settings->keys, NULL);
	_cleanup_free_ char *relative =
		given_keys ? xstrdup(given_keys) : xasprintf("%s.d/keys", db);
	_cleanup_free_ char *keys = absolute(relative);
	_cleanup_free_ char *endpoint =
		link_endpoint(either(o->listen, settings->listen, "127.0.0.1"), err);
	const char *http = either(o->http, settings->http, NULL);
	bool is_new = is_missing_or_empty(db);

	if (endpoint == NULL)
		return EXIT_USAGE;
	const struct server_config config = {
		.db = db,
		.endpoint = endpoint,
		.keys = keys,
		.gather_ns = GATHER_NS,
		.settings = serving->settings.path != NULL ? settings : NULL,
		.on_hangup = on_hangup,
		.on_trouble = on_trouble,
		.on_vitals = http != NULL ? on_vitals : NULL,
		.arg = serving,
	};
	log_as_service(o->log);
	service_open();
	int r = server_open(&serving->server, &config, err);
	if (r == 0 && http != NULL)
		r = open_http(&serving->http, http, db, err);
	if (r == 0) {
		if (is_new) /* a mistyped --db would look like a store that lost all */
			log_info("%s is a new store; no campaign was ever in it", db);
		log_info("listening on %s, store %s, key %s", server_endpoint(serving->server), db,
			server_public_key(serving->server));
		service_begin(&serving->service, serving->server);
		r = server_run(serving->server, err);
		if (r == 0)
			tell_end(server_dispatch(serving->server));
	}
	service_end(&serving->service);
	http_close(serving->http);
	server_close(serving->server);
	return r < 0 ? (int)error_exit_status(err) : r;
}

static int run(void *target, const char **arguments, size_t n, struct error *err)
{
	const struct serve_options *o = target;
	struct serving serving = {.settings.path = o->settings};
	int status;

	(void)arguments;
	(void)n;
	if ((o->check || o->notify_test) && o->settings == NULL) {
		error_set(err, ERR_USAGE, "serve: --%s is for --settings FILE",
			o->check ? "check" : "notify-test");
		return EXIT_USAGE;
	}
	if (serve_settings_read(&serving.settings.now, o->settings, err) < 0 ||
		check_addresses(o, &serving.settings.now, err) < 0)
		status = EXIT_USAGE;
	else if (o->check)
		status = printf("%s: good\n", o->settings) < 0 ? EXIT_INTERNAL : EXIT_OK;
	else if (o->notify_test)
		status = serve_notify_test(&serving.settings.now, o->settings, err);
	else
		status = serve(o, &serving, err);
	settings_done(&serving.settings.now);
	return status < 0 ? (int)error_exit_status(err) : status;
}

const struct command command_serve = {
	.name = "serve",
	.usage = "serve [--settings FILE] [--listen tcp://ADDRESS:7710] [--db PATH] [--keys DIR]",
	.summary = "the coordinator: agents connect to it, campaigns are submitted to it",
	.details =
		"It prints its public key, which agents and users need as --server-key. Who may "
		"connect is said by\n"
		"'joulerig key trust'. It ends at SIGINT or SIGTERM; campaigns go on when it is "
		"started again. At\n"
		"SIGHUP it reads its settings again. What is on the command line goes before what "
		"they say.",
	.options = options,
	.options_size = sizeof(struct serve_options),
	.min_arguments = 0,
	.max_arguments = 0,
	.run = run,
};
