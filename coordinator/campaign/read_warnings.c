/* What is legal but unwise; said only of a file without errors, which would make most of it
 * nonsense. */
#include "coordinator/campaign/blocks.h"
#include "coordinator/campaign/read.h"

/* A core counts this many events at once, about: two to four fixed ones and four to eight others.
 */
#define MAX_COUNTERS 8

/* Below this a median has no interval: with n = 5 even the whole range covers it in 93.75 % only.
 */
#define MIN_BLOCKS 6

/* More ordered choices of hosts for roles than anybody means. */
#define MAX_TUPLES 20

/* ---- repetition ---- */

static void warn_of_repeat(struct reader *r)
{
	const struct node *repeat = node_get(r->root, "repeat"),
			  *blocks = node_get(repeat, "blocks");
	const struct node *warmup = node_get(repeat, "warmup");
	const struct campaign *c = r->campaign;
	bool is_from_file = blocks && read_int(repeat, "blocks", 0) == c->blocks;

	if (c->blocks < MIN_BLOCKS)
		diag_add(r->d, is_from_file ? blocks->line : 0, is_from_file ? blocks->column : 0,
			true, "%lld block%s: a median has no interval below %d",
			(long long)c->blocks, c->blocks == 1 ? "" : "s", MIN_BLOCKS);
	if (c->warmup == 0 && warmup)
		diag_warning(r->d, warmup,
			"no warm-up: the first block pays for cold caches and files that were "
			"never read");
}

static void warn_of_comparison(
	struct reader *r, const struct comparison *comparison, const struct node *at)
{
	const struct campaign *c = r->campaign;
	const struct node *repeat = node_get(r->root, "repeat"),
			  *max = node_get(repeat, c->until.metric ? "max" : "blocks");
	int64_t n = blocks_family(c, comparison), needed = blocks_needed(n, comparison->alpha);

	if (needed <= c->max)
		return;
	diag_warning(r->d, max ? max : at,
		"%lld block%s: with %lld comparison%s a metric on %s a change needs at least %lld "
		"to "
		"be told",
		(long long)c->max, c->max == 1 ? "" : "s", (long long)n, n == 1 ? "" : "s",
		c->hosts.names_n > 1 ? "all hosts" : "a host", (long long)needed);
}

static void warn_of_comparisons(struct reader *r)
{
	const struct node *compare = node_get(r->root, "compare");
	const struct campaign *c = r->campaign;

	for (size_t i = 0; i < c->comparisons_n; i++)
		if (c->comparisons[i].by != NULL)
			warn_of_comparison(r, &c->comparisons[i],
				compare->kind == NODE_LIST ? compare->items[i] : compare);
}

/* ---- benchmarks ---- */

/* Axes that walk in lock step are one: who uses one of them tells them all apart. */
static bool is_used(const struct benchmark_reader *b, size_t axis)
{
	const struct axis *axes = b->benchmark->axes;

	for (size_t i = 0; axes[axis].zip != 0 && i < b->benchmark->axes_n; i++)
		if (b->used[i] && axes[i].zip == axes[axis].zip)
			return true;
	return b->used[axis];
}

static void warn_of_unused(struct reader *r, const struct benchmark_reader *b)
{
	const struct benchmark *out = b->benchmark;

	for (size_t i = 0; i < out->axes_n; i++)
		if (!is_used(b, i))
			diag_warning(r->d, matrix_axis_key(b->matrices, out->axes[i].name),
				"axis '%s' is not used by benchmark '%s': its values make equal "
				"runs",
				out->axes[i].name, out->name);
}

static bool is_safe_in_shell(const char *text)
{
	return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./"
			    ":=,@%+-") == strlen(text);
}

/* Of an axis in one command; those behind it are no other. */
#define MAX_VALUE_WARNINGS 10

/* Returns whether it warned. */
static bool warn_of_value(
	struct reader *r, const struct node *command, const char *name, const struct value *v)
{
	_cleanup_free_ char *slot = xasprintf("{%s}", name);

	if (!v->text || is_safe_in_shell(v->text) || !strstr(command->text, slot))
		return false;
	diag_warning(r->d, command,
		"value '%s' of '%s' goes into the shell's command as it is; a command as a "
		"list needs no shell",
		v->text, name);
	return true;
}

/* Values go into a shell command as they are, those of axes as well as their attributes'. */
static void warn_of_shell(struct reader *r, const struct benchmark *b, const struct node *command)
{
	if (command && command->kind == NODE_MAP)
		command = node_get(command, "command");
	for (size_t i = 0; command && command->kind == NODE_LIST && i < command->n; i++)
		if (command->items[i]->kind == NODE_MAP)
			warn_of_shell(r, b, command->items[i]);
	if (!command || command->kind != NODE_SCALAR)
		return;
	for (size_t i = 0; i < b->axes_n; i++) {
		size_t n = 0;

		for (size_t v = 0; v < b->axes[i].n && n < MAX_VALUE_WARNINGS; v++) {
			const struct value *value = &b->axes[i].values[v];

			n += warn_of_value(r, command, b->axes[i].name, value);
			for (size_t k = 0; value->attributes && k < value->attributes->n; k++) {
				const struct named_value *a = &value->attributes->items[k];
				_cleanup_free_ char *path =
					xasprintf("%s.%s", b->axes[i].name, a->name);

				n += warn_of_value(r, command, path, &a->value);
			}
		}
	}
}

static void warn_of_commands(struct reader *r, const struct benchmark_reader *b)
{
	const struct node *const all[] = {
		b->command, b->requires, b->setup, b->prepare, b->cleanup};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		warn_of_shell(r, b->benchmark, all[i]);
	for (size_t i = 0; b->roles && i < b->roles->n; i++)
		warn_of_shell(r, b->benchmark, b->roles->pairs[i].value);
}

static bool is_energy_measured(const struct campaign *c)
{
	for (size_t i = 0; i < c->benchmarks_n; i++)
		if (strcmp(c->benchmarks[i].measure.energy, "off") != 0)
			return true;
	return false;
}

/* What the campaign says for all is no mistake where one benchmark alone has no energy. */
static void warn_of_measuring(struct reader *r, const struct benchmark_reader *b)
{
	const struct measuring *m = &b->benchmark->measure;
	const struct node *counters = node_get(b->measure, "counters");

	if (m->idle_ns != ABSENT && strcmp(m->energy, "off") == 0 &&
		(node_find(node_get(b->own, "measure"), "idle") ||
			!is_energy_measured(r->campaign)))
		diag_warning(r->d, node_get(b->measure, "idle"),
			"'idle' has nothing to measure: 'energy' is 'off'");
	if (m->counters_n > MAX_COUNTERS)
		diag_warning(r->d, counters,
			"%zu counters are more than most machines count at once: they take turns, "
			"and the numbers are scaled",
			m->counters_n);
}

/* The counters of energy step about each millisecond: of a run of 20 ms they know 1 in 20. */
static void warn_of_short_runs(struct reader *r, const struct benchmark_reader *b)
{
	const char *text = b->benchmark->settings[SETTING_TIMEOUT],
		   *energy = b->benchmark->measure.energy;
	int64_t shortest = strcmp(energy, "require") == 0 ? 100 * NS_PER_MS : 20 * NS_PER_MS;
	char size[32];
	int64_t timeout;

	if (!text || strcmp(energy, "off") == 0 || units_parse_duration(text, &timeout, NULL) < 0 ||
		timeout >= shortest)
		return;
	diag_warning(r->d, node_get(b->limits, "timeout"),
		"runs of at most %s are short for joules: the counters of energy step about each "
		"millisecond",
		units_format_duration(size, timeout));
}

/* How many hosts there are for a role, 0 where nobody can tell without them. */
static int64_t hosts_of(const struct campaign *c, const struct campaign_role *role)
{
	return (int64_t)(role->hosts.names_n ? role->hosts.names_n : c->hosts.names_n);
}

static bool share_a_host(
	const struct campaign *c, const struct campaign_role *a, const struct campaign_role *b)
{
	const struct host_choice *x = a->hosts.names_n ? &a->hosts : &c->hosts;
	const struct host_choice *y = b->hosts.names_n ? &b->hosts : &c->hosts;

	for (size_t i = 0; i < x->names_n; i++)
		for (size_t k = 0; k < y->names_n; k++)
			if (strcmp(x->names[i], y->names[k]) == 0)
				return true;
	return false;
}

/* With `spread: every` each ordered tuple of hosts runs all of it. */
static void warn_of_tuples(struct reader *r, const struct benchmark_reader *b)
{
	const struct campaign *c = r->campaign;
	const struct benchmark *out = b->benchmark;
	int64_t tuples = 1;

	for (size_t i = 0; i < out->roles_n && tuples <= CAMPAIGN_MAX_RUNS; i++) {
		int64_t n = hosts_of(c, &out->roles[i]);

		for (size_t k = 0; k < i; k++)
			n -= share_a_host(c, &out->roles[i], &out->roles[k]);
		tuples *= n > 0 ? n : 0;
	}
	if (out->roles_n && !c->is_spread && tuples > MAX_TUPLES)
		diag_warning(r->d, b->roles,
			"'spread: every' runs all of this on each of %lld ordered choices of "
			"hosts; "
			"'spread: any' takes whichever are free",
			(long long)tuples);
}

static void warn_of_placement(struct reader *r, const struct benchmark_reader *b)
{
	char *const *given = b->benchmark->settings;
	const char *threads = given[SETTING_THREADS];

	if (threads && strcmp(threads, "each") == 0 && !given[SETTING_CPUS] && !given[SETTING_LIST])
		diag_warning(r->d, node_get(b->placement, "threads"),
			"'threads: each' without 'cpus' spreads the threads over all CPUs of a "
			"host; 'cpus' should say how many threads there are");
}

static void warn_of_guard(struct reader *r, const struct benchmark_reader *b)
{
	const struct guarding *g = &b->benchmark->guard;
	const struct node *timeout = node_get(node_get(b->guard, "settle"), "timeout");

	if (timeout && g->timeout_ns == ABSENT)
		diag_warning(r->d, timeout,
			"'timeout' has nothing to wait for: 'settle' has neither 'temperature' nor "
			"'load'");
	if (g->on_violation && strcmp(g->on_violation, "rerun") == 0 && r->campaign->attempts == 1)
		diag_warning(r->d, node_get(b->guard, "on_violation"),
			"'on_violation: rerun' with 'attempts: 1' runs nothing again");
}

void read_warnings(struct reader *r)
{
	warn_of_repeat(r);
	warn_of_comparisons(r);
	for (size_t i = 0; i < r->campaign->benchmarks_n; i++) {
		warn_of_unused(r, &r->benchmarks[i]);
		warn_of_commands(r, &r->benchmarks[i]);
		warn_of_measuring(r, &r->benchmarks[i]);
		warn_of_placement(r, &r->benchmarks[i]);
		warn_of_guard(r, &r->benchmarks[i]);
		warn_of_short_runs(r, &r->benchmarks[i]);
		warn_of_tuples(r, &r->benchmarks[i]);
	}
}
