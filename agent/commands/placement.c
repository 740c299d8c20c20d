/*
 * placement.c - `joulerig-agent placement`: which CPUs would a run get, and why?
 */
#include "agent/placement.h"
#include "agent/commands/commands.h"

#include <errno.h>
#include <stdio.h>

struct options {
	struct agent_common_options common;
	int64_t cpus, packages;
	const char *policy, *smt, *core_kind, *list, *memory, *threads;
	bool may_oversubscribe;
};

static const char *const memory_words[] = {"any", "local", "interleave", NULL};
static const char *const threads_words[] = {"any", "each", NULL};

static const struct option_info option_table[] = {
	{"cpus", OPTION_COUNT, offsetof(struct options, cpus), "N", "how many (default: all)",
		NULL},
	{"policy", OPTION_TEXT, offsetof(struct options, policy), "POLICY",
		"close (the default), compact, scatter, balanced or explicit", NULL},
	{"smt", OPTION_TEXT, offsetof(struct options, smt), "WHEN",
		"avoid, allow (the default) or only", NULL},
	{"core-kind", OPTION_TEXT, offsetof(struct options, core_kind), "KIND",
		"any (the default), performance, efficiency or lowpower", NULL},
	{"packages", OPTION_COUNT, offsetof(struct options, packages), "N",
		"the first so many packages alone (default: all)", NULL},
	{"list", OPTION_TEXT, offsetof(struct options, list), "CPUS",
		"of the policy explicit, in thread order: 0,2,4-7", NULL},
	{"oversubscribe", OPTION_FLAG, offsetof(struct options, may_oversubscribe), NULL,
		"more threads than CPUs are fine", NULL},
	{"memory", OPTION_TEXT, offsetof(struct options, memory), "WHERE",
		"any (the default), local or interleave", memory_words},
	{"threads", OPTION_TEXT, offsetof(struct options, threads), "HOW",
		"any (the default), or each: one thread to one CPU", threads_words},
	{.name = NULL},
};

static bool is_pinned(const struct options *o)
{
	return o->threads != NULL && strcmp(o->threads, "each") == 0;
}

static bool has_nodes(const struct options *o)
{
	return o->memory != NULL && strcmp(o->memory, "any") != 0;
}

/* What threads: each exports, one text after the other. */
static void get_environment(const struct placement *p, struct buf *out, size_t *n)
{
	_cleanup_free_ char *preload = placement_preload_path();

	*n = placement_environment(p, (int64_t)p->n, true, preload, out);
}

static void print_json(const struct options *o, const struct placement *p, const char *nodes)
{
	json_t *cpus = json_array();

	for (size_t i = 0; i < p->n; i++)
		json_array_append_new(cpus, json_integer(p->cpus[i]));
	json_t *j = json_pack("{s:o, s:s, s:s, s:s}", "cpus", cpus, "policy",
		o->policy != NULL ? o->policy : "close", "reason", p->reason, "nodes", nodes);
	if (is_pinned(o)) {
		_cleanup_buf_ struct buf texts = BUF_INIT;
		json_t *environment = json_array();
		size_t n;
		get_environment(p, &texts, &n);
		for (const char *s = texts.data; n > 0; n--, s += strlen(s) + 1)
			json_array_append_new(environment, json_string(s));
		json_object_set_new(j, "environment", environment);
	}
	agent_print_json(j);
}

static void print_table(const struct options *o, const struct placement *p, const char *nodes)
{
	for (size_t i = 0; i < p->n; i++)
		printf("%s%d", i > 0 ? " " : "", p->cpus[i]);
	printf("\n%s\n", p->reason);
	if (has_nodes(o))
		printf("memory: %s on nodes %s\n", o->memory, nodes);
	if (is_pinned(o)) {
		_cleanup_buf_ struct buf texts = BUF_INIT;
		size_t n;
		get_environment(p, &texts, &n);
		for (const char *s = texts.data; n > 0; n--, s += strlen(s) + 1)
			printf("%s\n", s);
	}
}

static void print(const struct options *o, const struct topology *t, const struct placement *p)
{
	_cleanup_free_ char *nodes = placement_nodes(t, p);

	if (agent_wants_json(&o->common))
		print_json(o, p, nodes);
	else
		print_table(o, p, nodes);
}

static int run(void *options, const char **arguments, size_t n, struct error *err)
{
	const struct options *o = options;
	const struct placement_request request = {
		.cpus = o->cpus == 0 ? ABSENT : o->cpus,
		.policy = o->policy,
		.smt = o->smt,
		.core_kind = o->core_kind,
		.list = o->list,
		.packages = o->packages,
		.may_oversubscribe = o->may_oversubscribe,
	};
	struct instrument i;
	struct placement p;

	(void)arguments;
	(void)n;
	if (instrument_open(&i, &o->common, false, err) != 0)
		return EXIT_UNAVAILABLE;
	int r = placement_choose(&i.topology, &request, &p, err);
	if (r == 0)
		print(o, &i.topology, &p);
	placement_done(&p);
	instrument_close(&i);
	return r == 0 ? EXIT_OK : r == -ENOSPC ? EXIT_UNAVAILABLE : EXIT_USAGE;
}

const struct agent_command agent_command_placement = {
	.name = "placement",
	.usage = "placement [--cpus N] [--policy POLICY] [--smt SMT] [--core-kind KIND] ...",
	.summary = "the CPUs that a run would get, in thread order, and why",
	.options = option_table,
	.options_size = sizeof(struct options),
	.run = run,
};
