/*
 * doctor.c - `joulerig-agent doctor`: what cannot be measured here, why, and the command that mends
 * it
 */
#include "agent/commands/doctor.h"

#include <stdio.h>

static const char *const perf_ways[] = {"capability", "sysctl", "none", NULL};

#define OPTION(name, kind, member, value, help, choices)                                           \
	{                                                                                          \
		name, kind, offsetof(struct doctor_options, member), value, help, choices          \
	}
static const struct option_info option_table[] = {
	OPTION("state", OPTION_TEXT, state, "DIR", "the agent's folder: is there room?", NULL),
	OPTION("fix", OPTION_FLAG, fix, NULL,
		"do what needs root; told step by step, and undone by --undo", NULL),
	OPTION("undo", OPTION_FLAG, undo, NULL, "put back all that --fix has changed", NULL),
	OPTION("dry-run", OPTION_FLAG, dry_run, NULL, "with --fix or --undo: tell alone", NULL),
	OPTION("group", OPTION_TEXT, group, "NAME",
		"with --fix: who may read energy (default: joulerig)", NULL),
	OPTION("perf", OPTION_TEXT, perf, "WAY",
		"with --fix: capability (of the agent), sysctl (of all) or none", perf_ways),
	{.name = NULL},
};

void doctor_find(struct doctor_report *r, const char *what, const char *state, const char *command,
	const char *why, ...)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	va_list ap;

	va_start(ap, why);
	buf_vaddf(&text, why, ap);
	va_end(ap);
	json_t *reason = json_string(text.data); /* NULL where a file's text is no UTF-8 */
	json_array_append_new(
		r->findings, json_pack("{s:s, s:s, s:o, s:o}", "what", what, "state", state, "why",
				     reason != NULL ? reason : json_string("?"), "command",
				     command[0] != '\0' ? json_string(command) : json_null()));
}

static void print_table(const json_t *findings)
{
	const json_t *f;
	size_t i;

	json_array_foreach(findings, i, f)
	{
		const char *command = json_string_value(json_object_get(f, "command"));
		printf("%-18s %-7s %s\n", json_string_value(json_object_get(f, "what")),
			json_string_value(json_object_get(f, "state")),
			json_string_value(json_object_get(f, "why")));
		if (command != NULL)
			printf("%26s %s\n", "mend:", command);
	}
}

static int check(const struct doctor_options *o, struct instrument *i)
{
	struct doctor_report r = {json_array(), &i->machine, &i->topology, i->meter, o->state};

	doctor_check_meters(&r);
	doctor_check_noise(&r);
	if (agent_wants_json(&o->common))
		agent_print_json(json_pack("{s:O}", "findings", r.findings));
	else
		print_table(r.findings);
	json_decref(r.findings);
	return EXIT_OK;
}

static int check_options(const struct doctor_options *o, struct error *err)
{
	if (o->fix && o->undo)
		return error_set(err, ERR_USAGE, "doctor: either --fix or --undo");
	if (o->dry_run && !o->fix && !o->undo)
		return error_set(err, ERR_USAGE, "doctor: --dry-run of what? --fix or --undo");
	if ((o->group != NULL || o->perf != NULL) && !o->fix)
		return error_set(err, ERR_USAGE, "doctor: --group and --perf are for --fix");
	return 0;
}

static int run(void *options, const char **arguments, size_t n, struct error *err)
{
	const struct doctor_options *o = options;
	struct instrument i;
	int status;

	(void)arguments;
	(void)n;
	if (check_options(o, err) < 0)
		return EXIT_USAGE;
	if (instrument_open(&i, &o->common, !o->fix && !o->undo, err) != 0)
		return EXIT_UNAVAILABLE;
	if (o->fix)
		status = doctor_fix(o, &i.machine, &i.topology, err);
	else if (o->undo)
		status = doctor_undo(o, &i.machine, err);
	else
		status = check(o, &i);
	instrument_close(&i);
	return status;
}

const struct agent_command agent_command_doctor = {
	.name = "doctor",
	.usage = "doctor [--format table|json] | doctor --fix [--dry-run] | doctor --undo",
	.summary = "what cannot be measured here, why, and the command that mends it",
	.details =
		"--fix, as root, lets a group read the energy counters (now, and by a udev rule "
		"from\n"
		"the next boot on), gives the agent the capability to count on all CPUs "
		"(cap_perfmon),\n"
		"and sets the governor performance until the next boot. What it found is kept in\n"
		"/var/lib/joulerig/doctor.journal, and --undo puts it back to the letter. With "
		"--root\n"
		"all files, of /etc and /var too, are those below that folder, and commands are "
		"shown\n"
		"and not run.",
	.options = option_table,
	.options_size = sizeof(struct doctor_options),
	.run = run,
};
