/*
 * placement.c - `joulerig-agent placement`: which CPUs would a run get, and why?
 */
#include "agent/placement.h"
#include "agent/commands/commands.h"

#include <errno.h>
#include <stdio.h>

struct options {
	struct agent_common_options common;
	int64_t cpus;
	const char *policy, *smt, *core_kind;
};

static const struct option_info option_table[] = {
	{"cpus", OPTION_COUNT, offsetof(struct options, cpus), "N", "how many (default: all)",
		NULL},
	{"policy", OPTION_TEXT, offsetof(struct options, policy), "POLICY", "close (the default)",
		NULL},
	{"smt", OPTION_TEXT, offsetof(struct options, smt), "WHEN",
		"avoid, allow (the default) or only", NULL},
	{"core-kind", OPTION_TEXT, offsetof(struct options, core_kind), "KIND",
		"any (the default), performance, efficiency or lowpower", NULL},
	{.name = NULL},
};

static void print_json(const struct placement *p, const char *policy)
{
	json_t *cpus = json_array();

	for (size_t i = 0; i < p->n; i++)
		json_array_append_new(cpus, json_integer(p->cpus[i]));
	agent_print_json(
		json_pack("{s:o, s:s, s:s}", "cpus", cpus, "policy", policy, "reason", p->reason));
}

static void print_table(const struct placement *p)
{
	for (size_t i = 0; i < p->n; i++)
		printf("%s%d", i > 0 ? " " : "", p->cpus[i]);
	printf("\n%s\n", p->reason);
}

static int run(void *options, const char **arguments, size_t n, struct error *err)
{
	const struct options *o = options;
	const struct placement_request request = {
		.cpus = o->cpus == 0 ? ABSENT : o->cpus,
		.policy = o->policy,
		.smt = o->smt,
		.core_kind = o->core_kind,
	};
	struct instrument i;
	struct placement p;

	(void)arguments;
	(void)n;
	if (instrument_open(&i, &o->common, false, err) != 0)
		return EXIT_UNAVAILABLE;
	int r = placement_choose(&i.topology, &request, &p, err);
	if (r == 0 && agent_wants_json(&o->common))
		print_json(&p, o->policy != NULL ? o->policy : "close");
	else if (r == 0)
		print_table(&p);
	placement_done(&p);
	instrument_close(&i);
	return r == 0 ? EXIT_OK : r == -ENOSPC ? EXIT_UNAVAILABLE : EXIT_USAGE;
}

const struct agent_command agent_command_placement = {
	.name = "placement",
	.usage = "placement [--cpus N] [--policy close] [--smt SMT] [--core-kind KIND]",
	.summary = "the CPUs that a run would get, in thread order, and why",
	.options = option_table,
	.options_size = sizeof(struct options),
	.run = run,
};
