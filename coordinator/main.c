/*
 * joulerig - measure what a computation costs, in seconds and in joules, on every machine
 *
 * This file is the table of subcommands, their common options and their help.
 */
#include "coordinator/commands/commands.h"
#include "proto/log.h"
#include <errno.h>
#include <stdio.h>

const struct command *const commands[] = {
	&command_run,
	&command_check,
	&command_plan,
	&command_new,
	&command_serve,
	&command_submit,
	&command_status,
	&command_watch,
	&command_cancel,
	&command_pause,
	&command_resume,
	&command_schedule,
	&command_rerun,
	&command_extend,
	&command_label,
	&command_hosts,
	&command_deploy,
	&command_drain,
	&command_admit,
	&command_results,
	&command_compare,
	&command_trend,
	&command_report,
	&command_runs,
	&command_export,
	&command_import,
	&command_backup,
	&command_prune,
	&command_doctor,
	&command_key,
	&command_completion,
	NULL,
};

static const char *const formats[] = {"table", "csv", "json", "ndjson", "markdown", NULL};
static const char *const colors[] = {"auto", "always", "never", NULL};

#define COMMON(name, kind, member, value, help, choices)                                           \
	{                                                                                          \
		name, kind, offsetof(struct common_options, member), value, help, choices          \
	}
const struct option_info common_option_table[] = {
	COMMON("db", OPTION_TEXT, db, "PATH", "the store (default ./joulerig.db)", NULL),
	COMMON("format", OPTION_TEXT, format, "FORMAT", "table, csv, json, ndjson or markdown",
		formats),
	COMMON("coordinator", OPTION_TEXT, coordinator, "ADDRESS",
		"ask this one (or JOULERIG_COORDINATOR)", NULL),
	COMMON("server-key", OPTION_TEXT, server_key, "Z85",
		"its public key (or JOULERIG_SERVER_KEY)", NULL),
	COMMON("keys", OPTION_TEXT, keys, "DIR", "the coordinator's own folder of keys", NULL),
	COMMON("color", OPTION_TEXT, color, "WHEN", "auto, always or never", colors),
	COMMON("quiet", OPTION_FLAG, quiet, NULL, "no progress", NULL),
	COMMON("verbose", OPTION_FLAG, verbose, NULL, "tell more on stderr", NULL),
	{.name = NULL},
};

struct results_where common_where(const struct common_options *o)
{
	return (struct results_where){
		.db = o->db,
		.coordinator = o->coordinator,
		.server_key = o->server_key,
		.keys = o->keys,
	};
}

bool common_use_color(const struct common_options *o, int fd)
{
	if (o->color != NULL && strcmp(o->color, "auto") != 0)
		return strcmp(o->color, "always") == 0;
	return isatty(fd) && getenv("NO_COLOR") == NULL;
}

static void print_program_help(void)
{
	printf("joulerig %s: what a computation costs, in seconds and in joules\n\nusage: joulerig "
	       "COMMAND [ARGUMENTS]\n\n",
		JOULERIG_VERSION);
	for (size_t i = 0; commands[i] != NULL; i++)
		printf("  %-10s %s\n", commands[i]->name, commands[i]->summary);
	printf("\n'joulerig COMMAND --help' tells more. The agent is a program of its own: "
	       "joulerig-agent --help\n"
	       "Exit status: 0 good, 1 a run failed, 2 usage or campaign error, 3 --gate found a\n"
	       "regression, 4 nobody there, 5 internal error, 130 interrupted\n");
}

static bool has_option(const struct option_info *table, const char *name)
{
	for (; table != NULL && table->name != NULL; table++)
		if (strcmp(table->name, name) == 0)
			return true;
	return false;
}

/* The common options that the subcommand does not have in a form of its own. */
static void add_common_help(const struct command *c, struct buf *b)
{
	struct option_info rest[ARRAY_SIZE(common_option_table)];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(common_option_table); i++)
		if (common_option_table[i].name == NULL ||
			!has_option(c->options, common_option_table[i].name))
			rest[n++] = common_option_table[i];
	options_help(rest, b);
	options_help_standard(b);
}

static void print_command_help(const struct command *c)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	buf_addf(&b, "usage: joulerig %s\n\n%s\n", c->usage, c->summary);
	if (c->details != NULL)
		buf_addf(&b, "\n%s\n", c->details);
	if (c->options != NULL) {
		buf_adds(&b, "\nOptions:\n");
		options_help(c->options, &b);
	}
	buf_adds(&b, "\nCommon options:\n");
	add_common_help(c, &b);
	fputs(b.data, stdout);
}

static const struct command *find_command(const char *name, struct error *err)
{
	const char *names[64];
	size_t n = 0;

	for (; commands[n] != NULL && n < ARRAY_SIZE(names); n++) {
		if (strcmp(commands[n]->name, name) == 0)
			return commands[n];
		names[n] = commands[n]->name;
	}
	const char *near = nearest_word(name, names, n);
	error_set(err, ERR_USAGE, "unknown command '%s'%s%s%s", name,
		near ? "; did you mean '" : "", near ? near : "",
		near ? "'?" : "; 'joulerig --help' lists them");
	return NULL;
}

/* Print what is in err, if anything, and give the exit status for it. */
static int report(const struct error *err, int status)
{
	if (err->text[0] != '\0')
		log_error("%s", err->text);
	return status;
}

/* What was not said on the command line; a --db that was said there means that file. */
static void take_environment(struct common_options *o)
{
	if (o->coordinator == NULL && o->db == NULL)
		o->coordinator = getenv("JOULERIG_COORDINATOR");
	if (o->server_key == NULL)
		o->server_key = getenv("JOULERIG_SERVER_KEY");
}

static int run_command(const struct command *c, int argc, char **argv)
{
	struct error err = {0};
	struct options_result parsed;
	_cleanup_free_ struct common_options *o =
		xcalloc(1, c->options_size > sizeof *o ? c->options_size : sizeof *o);
	int status;

	if (c->defaults != NULL)
		memcpy(o, c->defaults, c->options_size);
	if (options_parse(argc, argv, c->options, common_option_table, o, false, &parsed, &err) <
		0) {
		status = report(&err, EXIT_USAGE);
	} else if (parsed.help) {
		print_command_help(c);
		status = EXIT_OK;
	} else if (parsed.version) {
		printf("joulerig %s\n", JOULERIG_VERSION);
		status = EXIT_OK;
	} else if (parsed.n < c->min_arguments || parsed.n > c->max_arguments) {
		error_set(&err, ERR_USAGE, "%s: %s argument%s%s; usage: joulerig %s", c->name,
			parsed.n < c->min_arguments ? "missing" : "unexpected",
			parsed.n < c->min_arguments ? "" : " ",
			parsed.n < c->min_arguments ? "" : parsed.arguments[c->max_arguments],
			c->usage);
		status = report(&err, EXIT_USAGE);
	} else {
		take_environment(o);
		log_setup("joulerig", o->quiet     ? LOG_LEVEL_WARNING
				      : o->verbose ? LOG_LEVEL_DEBUG
						   : LOG_LEVEL_INFO);
		status = report(&err, c->run(o, parsed.arguments, parsed.n, &err));
	}
	options_free_texts(c->options, o);
	options_done(&parsed);
	return status;
}

/* The exit status, once all that was printed is out: what is lost must not look like a success. */
static int end_output(int status)
{
	bool is_last = fflush(stdout) != 0;

	if ((!is_last && !ferror(stdout)) || errno == EPIPE) /* `| head` has had enough */
		return status;
	/* Of what failed before nobody knows the reason any more. */
	log_error("cannot write to standard output%s%s", is_last ? ": " : "",
		is_last ? strerror(errno) : "; what came out of it is not whole");
	return EXIT_INTERNAL;
}

int main(int argc, char **argv)
{
	struct error err = {0};

	log_setup("joulerig", LOG_LEVEL_INFO);
	if (argc < 2) {
		print_program_help();
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
		strcmp(argv[1], "help") == 0) {
		if (argc > 2 && argv[1][0] == 'h') {
			const struct command *c = find_command(argv[2], &err);
			if (c == NULL)
				return report(&err, EXIT_USAGE);
			print_command_help(c);
		} else {
			print_program_help();
		}
		return end_output(EXIT_OK);
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("joulerig %s\n", JOULERIG_VERSION);
		return end_output(EXIT_OK);
	}
	const struct command *c = find_command(argv[1], &err);
	if (c == NULL)
		return report(&err, EXIT_USAGE);
	return end_output(run_command(c, argc - 1, argv + 1));
}
