/* joulerig schedule: campaigns that are submitted again and again. */
#include "coordinator/commands/schedule.h"

#include <jansson.h>

#define CONNECT_NS (10 * NS_PER_S)

static const struct option_info options[] = {
	SUBMISSION_OPTIONS(struct schedule_options, submission),
	LABEL_OPTION(struct schedule_options, submission),
	PRIORITY_OPTION(struct schedule_options, submission),
	{"detach", OPTION_FLAG, offsetof(struct schedule_options, detach), NULL,
		"with run: begin it and return", NULL},
	{.name = NULL},
};
static const struct schedule_options defaults = {.submission = SUBMISSION_DEFAULTS};

static const struct {
	const char *name, *argument; /* NULL: it takes none */
	int (*run)(struct schedule_options *o, const char *argument, struct error *err);
} verbs[] = {
	{"list", NULL, schedule_list},
	{"show", "NAME", schedule_show},
	{"add", "FILE", schedule_add},
	{"remove", "NAME", schedule_remove},
	{"run", "NAME", schedule_run},
};

/* ---- shared ---- */

int schedule_connect(struct schedule_link *l, const struct common_options *o, struct error *err)
{
	const struct results_where *coordinator;
	int r;

	*l = (struct schedule_link){.where = common_where(o)};
	r = results_open(&l->results, &l->where, err);
	if (r < 0)
		return r;
	coordinator = results_coordinator(l->results);
	if (coordinator == NULL)
		return 0;
	l->where = *coordinator;
	r = client_open(&l->client, l->where.coordinator, l->where.server_key, l->where.keys,
		CONNECT_NS, err);
	return r < 0 ? r : 1;
}

void schedule_link_done(struct schedule_link *l)
{
	client_close(l->client);
	results_close(l->results);
}

int schedule_needs_coordinator(const char *verb, struct error *err)
{
	return error_set(err, ERR_UNAVAILABLE,
		"schedule %s: no coordinator has this store; start 'joulerig serve', or name one "
		"with --coordinator ADDRESS",
		verb);
}

struct search {
	char **names;
	size_t n;
	const char *name;
	bool is_found;
};

static int on_schedule(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct search *s = arg;

	(void)key;
	(void)n;
	s->names = xreallocarray(s->names, s->n + 1, sizeof *s->names);
	s->names[s->n++] = xstrdup(cell_text(&c[SCHEDULES_NAME]));
	s->is_found |= text_is(c[SCHEDULES_NAME].text, s->name);
	return 0;
}

int schedule_find(
	const struct schedule_link *l, const char *verb, const char *name, struct error *err)
{
	struct search s = {.name = name};
	int r = results_query(l->results, "schedules", NULL, NULL, on_schedule, &s, err);

	if (r == 0 && !s.is_found) {
		const char *near = nearest_word(name, (const char *const *)s.names, s.n);
		r = error_set(err, ERR_USAGE,
			"schedule %s: there is no schedule '%s'%s%s%s; 'joulerig schedule list' "
			"lists them",
			verb, name, near ? "; did you mean '" : "", near ? near : "",
			near ? "'?" : "");
	}
	for (size_t i = 0; i < s.n; i++)
		free(s.names[i]);
	free(s.names);
	return r;
}

static void add_count(const json_t *answer, const char *key, struct buf *out)
{
	size_t n = json_array_size(json_object_get(answer, key));

	if (n > 0)
		buf_addf(out, "%s%zu %s", out->len ? ", " : "", n, key);
}

/* Hosts that failed, and cases that fail on hosts that work. */
static void add_failures(const json_t *answer, struct buf *out)
{
	const json_t *hosts = json_object_get(answer, "hosts"), *host;
	size_t n = 0, cases = json_array_size(json_object_get(answer, "failed")), i;

	json_array_foreach((json_t *)hosts, i, host)
	{
		const char *state = json_string_value(json_object_get(host, "state"));
		n += state != NULL && strcmp(state, "failed") == 0;
	}
	if (n > 0)
		buf_addf(out, "%s%zu host%s failed", out->len ? ", " : "", n, n == 1 ? "" : "s");
	if (cases > 0)
		buf_addf(out, "%s%zu case%s failed", out->len ? ", " : "", cases,
			cases == 1 ? "" : "s");
}

void schedule_verdict(const char *answer, struct buf *out)
{
	json_t *root = text_is_set(answer) ? json_loads(answer, 0, NULL) : NULL;
	const json_t *compared = json_object_get(root, "compared");
	bool is_at_end = json_object_get(root, "status") != NULL;

	add_count(root, "regressed", out);
	add_count(root, "improved", out);
	add_count(root, "returned", out);
	add_count(root, "unconfirmed", out);
	/* Before the end it would be a guess: what looks changed is looked at again first. */
	if (out->len == 0 && is_at_end && json_is_integer(compared))
		buf_adds(out, json_integer_value(compared) > 0 ? "no change" : "nothing compared");
	add_failures(root, out);
	json_decref(root);
}

int schedule_status(const char *answer, int otherwise)
{
	json_t *root = text_is_set(answer) ? json_loads(answer, 0, NULL) : NULL;
	const json_t *status = json_object_get(root, "status");
	int r = json_is_integer(status) ? (int)json_integer_value(status) : otherwise;

	json_decref(root);
	return r;
}

/* ---- the command ---- */

static int unknown_verb(const char *typed, struct error *err)
{
	const char *names[ARRAY_SIZE(verbs)];
	_cleanup_buf_ struct buf list = BUF_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		names[i] = verbs[i].name;
		buf_addf(&list, "%s%s",
			i == 0                      ? ""
			: i + 1 < ARRAY_SIZE(verbs) ? ", "
						    : " or ",
			verbs[i].name);
	}
	const char *near = nearest_word(typed, names, ARRAY_SIZE(names));
	return error_set(err, ERR_USAGE, "schedule: '%s': expected %s%s%s%s", typed, list.data,
		near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static int run_verb(struct schedule_options *o, const char **a, size_t n, struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (strcmp(verbs[i].name, a[0]) != 0)
			continue;
		if ((n == 2) == (verbs[i].argument != NULL))
			return verbs[i].run(o, n == 2 ? a[1] : NULL, err);
		return error_set(err, ERR_USAGE, "usage: joulerig schedule %s%s%s", a[0],
			verbs[i].argument ? " " : "", verbs[i].argument ? verbs[i].argument : "");
	}
	return unknown_verb(a[0], err);
}

static int run(void *target, const char **arguments, size_t n, struct error *err)
{
	int r = run_verb(target, arguments, n, err);

	return r >= 0 ? r : err->code ? (int)error_exit_status(err) : EXIT_USAGE;
}

const struct command command_schedule = {
	.name = "schedule",
	.usage = "schedule list | show NAME | add FILE | remove NAME | run NAME",
	.summary = "campaigns that a coordinator submits again and again, every night",
	.details = "list   when each comes next, and what came out of the last time\n"
		   "show   its last sweeps, what came out of each, and what was told to whom\n"
		   "add    keep a campaign file that has `schedule:`, with its files; in place of "
		   "one of the same name.\n"
		   "       --set, --only, --blocks, --seed, --label and --priority hold each time\n"
		   "remove forget it; what it measured stays\n"
		   "run    begin it now, and follow it to its end: exits with 0, with 3 where "
		   "something\n"
		   "       regressed, with 1 where it failed, or runs or hosts did\n",
	.options = options,
	.options_size = sizeof(struct schedule_options),
	.defaults = &defaults,
	.min_arguments = 1,
	.max_arguments = 2,
	.run = run,
};
