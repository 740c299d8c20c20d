/*
 * joulerig-agent - measures the machine that it runs on, and runs what a coordinator sends
 *
 * This file is the table of diagnostics, the agent's own options, and the help.
 */
#include "agent/commands/commands.h"
#include "agent/connection.h"
#include "proto/log.h"
#include "proto/notify.h"
#include "proto/units.h"

#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/prctl.h>

const struct agent_command *const agent_commands[] = {
	&agent_command_inventory,
	&agent_command_energy,
	&agent_command_placement,
	&agent_command_doctor,
	&agent_command_overhead,
	&agent_command_key,
	&agent_command_completion,
	NULL,
};

#define CACHE_DEFAULT    (INT64_C(10) << 30) /* bytes */
#define DRAIN_TIMEOUT_NS (30 * NS_PER_S)

static const char *const formats[] = {"table", "json", NULL};

#define COMMON(name, kind, member, value, help, choices)                                           \
	{                                                                                          \
		name, kind, offsetof(struct agent_common_options, member), value, help, choices    \
	}
const struct option_info agent_common_table[] = {
	COMMON("format", OPTION_TEXT, format, "FORMAT", "table (the default) or json", formats),
	COMMON("root", OPTION_TEXT, root, "DIR", "where proc/ and sys/ are read (or JOULERIG_ROOT)",
		NULL),
	COMMON("verbose", OPTION_FLAG, verbose, NULL, "tell more on stderr", NULL),
	COMMON("quiet", OPTION_FLAG, quiet, NULL, "tell errors alone", NULL),
	{.name = NULL},
};

struct agent_options {
	const char *coordinator, *server_key, *state, *name, *address, *root, *cache, *log;
	struct texts labels;
	int64_t drain_timeout_ns;
	bool verbose, quiet;
	bool is_of_run; /* `joulerig run` has started it, its lines are among those of that */
};

const struct option_info agent_own_table[] = {
	{"coordinator", OPTION_TEXT, offsetof(struct agent_options, coordinator), "ADDRESS",
		"tcp://HOST:7710 (or JOULERIG_COORDINATOR)", NULL},
	{"server-key", OPTION_TEXT, offsetof(struct agent_options, server_key), "Z85",
		"the coordinator's public key (or JOULERIG_SERVER_KEY)", NULL},
	{"state", OPTION_TEXT, offsetof(struct agent_options, state), "DIR",
		"key, files and results that are not acknowledged yet", NULL},
	{"name", OPTION_TEXT, offsetof(struct agent_options, name), "NAME",
		"what to call this host in messages (default: its host name)", NULL},
	{"address", OPTION_TEXT, offsetof(struct agent_options, address), "ADDRESS",
		"how other hosts reach this one (default: as its coordinator does)", NULL},
	{"label", OPTION_TEXTS, offsetof(struct agent_options, labels), "K=V",
		"a label for `hosts: {labels: ...}`; may be given several times", NULL},
	{"cache", OPTION_TEXT, offsetof(struct agent_options, cache), "SIZE",
		"what campaigns' files may take below --state (default: 10GiB)", NULL},
	{"drain-timeout", OPTION_DURATION, offsetof(struct agent_options, drain_timeout_ns),
		"DURATION", "how long SIGTERM lets a run go on (default: 30s; 0s: not at all)",
		NULL},
	{"root", OPTION_TEXT, offsetof(struct agent_options, root), "DIR",
		"where proc/ and sys/ are read (or JOULERIG_ROOT)", NULL},
	{"log", OPTION_TEXT, offsetof(struct agent_options, log), "FORMAT",
		"text (the default) or json, an object a line", log_formats},
	{"verbose", OPTION_FLAG, offsetof(struct agent_options, verbose), NULL,
		"tell more on stderr", NULL},
	{"quiet", OPTION_FLAG, offsetof(struct agent_options, quiet), NULL, "tell errors alone",
		NULL},
	{.name = NULL},
};

static void print_program_help(void)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	buf_addf(&b,
		"joulerig-agent %s: measures this machine, and runs what a coordinator sends\n\n"
		"usage: joulerig-agent --coordinator ADDRESS --server-key Z85 --state DIR "
		"[options]\n"
		"       joulerig-agent COMMAND [options]\n\n",
		JOULERIG_VERSION);
	for (size_t i = 0; agent_commands[i] != NULL; i++)
		buf_addf(&b, "  %-10s %s\n", agent_commands[i]->name, agent_commands[i]->summary);
	buf_adds(&b, "\nOptions of the agent:\n");
	options_help(agent_own_table, &b);
	options_help_standard(&b);
	buf_adds(&b, "\n'joulerig-agent COMMAND --help' tells more.\n"
		     "Exit status: 0 good, 2 usage error, 4 no coordinator or no meter to be had, "
		     "5 internal error\n");
	fputs(b.data, stdout);
}

static void print_command_help(const struct agent_command *c)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	buf_addf(&b, "usage: joulerig-agent %s\n\n%s\n", c->usage, c->summary);
	if (c->details != NULL)
		buf_addf(&b, "\n%s\n", c->details);
	buf_adds(&b, "\nOptions:\n");
	options_help(c->options, &b);
	options_help(agent_common_table, &b);
	options_help_standard(&b);
	fputs(b.data, stdout);
}

/* Print what is in err, if anything, and give the exit status for it. */
static int report(const struct error *err, int status)
{
	if (err->text[0] != '\0')
		log_error("%s", err->text);
	return status;
}

static void set_log_level(bool verbose, bool quiet)
{
	log_setup("joulerig-agent", quiet     ? LOG_LEVEL_ERROR
				    : verbose ? LOG_LEVEL_DEBUG
					      : LOG_LEVEL_INFO);
}

static int run_command(const struct agent_command *c, int argc, char **argv)
{
	struct error err = {0};
	struct options_result parsed;
	_cleanup_free_ struct agent_common_options *o = xcalloc(1, c->options_size);
	int status;

	if (options_parse(argc, argv, c->options, agent_common_table, o, c->takes_command, &parsed,
		    &err) < 0) {
		status = report(&err, EXIT_USAGE);
	} else if (parsed.help) {
		print_command_help(c);
		status = EXIT_OK;
	} else if (parsed.version) {
		printf("joulerig-agent %s\n", JOULERIG_VERSION);
		status = EXIT_OK;
	} else if (parsed.n > 0 && !c->takes_command) {
		error_set(&err, ERR_USAGE, "%s: unexpected argument '%s'; usage: joulerig-agent %s",
			c->name, parsed.arguments[0], c->usage);
		status = report(&err, EXIT_USAGE);
	} else {
		set_log_level(o->verbose, o->quiet);
		status = report(&err, c->run(o, parsed.arguments, parsed.n, &err));
	}
	options_done(&parsed);
	return status;
}

/* What --coordinator and the like are for is told where one is missing. */
static int check_agent_options(
	const struct agent_options *o, const struct options_result *parsed, struct error *err)
{
	if (parsed->n > 0)
		return error_set(err, ERR_USAGE,
			"unexpected argument '%s'; a subcommand comes first: joulerig-agent "
			"COMMAND [options]",
			parsed->arguments[0]);
	if (o->coordinator == NULL)
		return error_set(err, ERR_USAGE,
			"--coordinator tcp://HOST:7710 is missing (or JOULERIG_COORDINATOR); "
			"--help shows the rest");
	if (o->server_key == NULL)
		return error_set(err, ERR_USAGE,
			"--server-key is missing (or JOULERIG_SERVER_KEY): what `joulerig key "
			"show` prints there");
	if (o->state == NULL)
		return error_set(err, ERR_USAGE,
			"--state DIR is missing: where the agent keeps its key and results");
	for (size_t i = 0; i < o->labels.n; i++)
		if (strchr(o->labels.items[i], '=') == NULL || o->labels.items[i][0] == '=')
			return error_set(err, ERR_USAGE, "--label '%s': KEY=VALUE was expected",
				o->labels.items[i]);
	return 0;
}

static int serve(const struct agent_options *o)
{
	struct error err = {0};
	int64_t cache = CACHE_DEFAULT;

	if (o->cache != NULL && units_parse_size(o->cache, &cache, &err) < 0) {
		error_wrap(&err, "--cache");
		return report(&err, EXIT_USAGE);
	}
	const struct connection_options c = {
		.coordinator = o->coordinator,
		.server_key = o->server_key,
		.state = o->state,
		.name = o->name,
		.address = o->address,
		.root = o->root,
		.labels = o->labels,
		.cache = cache,
		.drain_timeout_ns = o->drain_timeout_ns,
		.verbose = o->verbose,
	};

	set_log_level(o->verbose, o->quiet);
	if (o->log != NULL || !o->is_of_run)
		log_as_service(o->log);
	if (notify_open(&err) < 0) /* before anything is started */
		log_warning("%s", err.text);
	err = (struct error){0};
	return report(&err, connection_serve(&c, &err));
}

/*
 * An agent of `joulerig run` ends with it. It sees to that itself: the kernel forgets the signal of
 * its parent's death where it starts a program that has capabilities, as doctor --fix may give them
 * to this one.
 */
static void end_with_parent(void)
{
	const char *parent = getenv("JOULERIG_PARENT");

	if (parent == NULL)
		return;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != atoi(parent))
		exit(EXIT_OK);
	unsetenv("JOULERIG_PARENT");
}

static int run_agent(int argc, char **argv)
{
	struct error err = {0};
	struct options_result parsed;
	struct agent_options o = {
		.coordinator = getenv("JOULERIG_COORDINATOR"),
		.server_key = getenv("JOULERIG_SERVER_KEY"),
		/* What `joulerig run` has started ends with it. */
		.drain_timeout_ns = getenv("JOULERIG_PARENT") != NULL ? 0 : DRAIN_TIMEOUT_NS,
		.is_of_run = getenv("JOULERIG_PARENT") != NULL,
	};
	int status = EXIT_OK;

	end_with_parent();
	if (options_parse(argc, argv, agent_own_table, NULL, &o, false, &parsed, &err) < 0)
		status = report(&err, EXIT_USAGE);
	else if (parsed.help)
		print_program_help();
	else if (parsed.version)
		printf("joulerig-agent %s\n", JOULERIG_VERSION);
	else if (check_agent_options(&o, &parsed, &err) < 0)
		status = report(&err, EXIT_USAGE);
	else
		status = serve(&o);
	options_done(&parsed);
	free(o.labels.items);
	return status;
}

static const struct agent_command *find_command(const char *name, struct error *err)
{
	const char *names[32];
	size_t n = 0;

	for (; agent_commands[n] != NULL && n < ARRAY_SIZE(names); n++) {
		if (strcmp(agent_commands[n]->name, name) == 0)
			return agent_commands[n];
		names[n] = agent_commands[n]->name;
	}
	const char *near = nearest_word(name, names, n);
	error_set(err, ERR_USAGE, "unknown command '%s'%s%s%s", name,
		near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
		near != NULL ? "'?" : "; 'joulerig-agent --help' lists them");
	return NULL;
}

int main(int argc, char **argv)
{
	struct error err = {0};
	int status;

	log_setup("joulerig-agent", LOG_LEVEL_INFO);
	signal(SIGPIPE, SIG_IGN);
	if (sodium_init() < 0) {
		log_error("libsodium cannot be initialised");
		return EXIT_INTERNAL;
	}
	if (argc < 2 || argv[1][0] == '-') {
		status = run_agent(argc, argv);
	} else {
		const struct agent_command *c = find_command(argv[1], &err);
		status = c != NULL ? run_command(c, argc - 1, argv + 1) : report(&err, EXIT_USAGE);
	}
	if (fflush(stdout) != 0 || ferror(stdout)) {
		log_error("cannot write to standard output: %m");
		status = EXIT_INTERNAL;
	}
	return status;
}
