/* What is legal but unwise; said only of a file without errors, which would make most of it
 * nonsense. */
#include "coordinator/campaign/read.h"

/* A core counts this many events at once, about: two to four fixed ones and four to eight others.
 */
#define MAX_COUNTERS 8

/* Below this a median has no interval: with n = 5 even the whole range covers it in 93.75 % only.
 */
#define MIN_BLOCKS 6

static void warn_of_repeat(struct reader *r)
{
	const struct node *repeat = node_get(r->root, "repeat"),
			  *blocks = node_get(repeat, "blocks");
	const struct node *warmup = node_get(repeat, "warmup");
	const struct campaign *c = r->campaign;
	bool is_from_file = blocks && read_int(repeat, "blocks", 0) == c->blocks;

	if (c->blocks < MIN_BLOCKS)
		diag_add(r->d, is_from_file ? blocks->line : 0, is_from_file ? blocks->column : 0,
			true, "%lld blocks: a median has no interval below %d",
			(long long)c->blocks, MIN_BLOCKS);
	if (c->warmup == 0 && warmup)
		diag_warning(r->d, warmup,
			"no warm-up: the first block pays for cold caches and files that were "
			"never read");
}

static void warn_of_unused(struct reader *r, const struct benchmark_reader *b)
{
	const struct benchmark *out = b->benchmark;

	for (size_t i = 0; i < out->axes_n; i++)
		if (!b->used[i])
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

/* Values go into a shell command as they are. */
static void warn_of_shell(struct reader *r, const struct benchmark_reader *b)
{
	const struct benchmark *out = b->benchmark;
	const struct template_scope scope = {
		.benchmark = out, .layers = b->matrices, .names = ~0u, .where = "'command'"};
	_cleanup_free_ bool *used = xcalloc(out->axes_n + 1, sizeof *used);

	if (b->command->kind != NODE_SCALAR)
		return;
	template_check(b->command, &scope, used, r->d);
	for (size_t i = 0; i < out->axes_n; i++) {
		for (size_t v = 0; used[i] && v < out->axes[i].n; v++) {
			if (is_safe_in_shell(out->axes[i].values[v].text))
				continue;
			diag_warning(r->d, b->command,
				"value '%s' of axis '%s' goes into the shell's command as it is; a "
				"command as a list needs no shell",
				out->axes[i].values[v].text, out->axes[i].name);
		}
	}
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
	for (size_t i = 0; i < r->campaign->benchmarks_n; i++) {
		warn_of_unused(r, &r->benchmarks[i]);
		warn_of_shell(r, &r->benchmarks[i]);
		warn_of_measuring(r, &r->benchmarks[i]);
		warn_of_placement(r, &r->benchmarks[i]);
		warn_of_guard(r, &r->benchmarks[i]);
	}
}
