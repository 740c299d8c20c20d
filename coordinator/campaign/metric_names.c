/* Which metrics a campaign's runs have: what compare, until and report may name. */
#include "coordinator/campaign/read.h"
#include "coordinator/campaign/schema.h"
#include "proto/units.h"

/* What an agent measures beside the standard table, or names by what the machine has. */
static const char *const others[] = {"guard.reruns", "threads.max", "smi"};
static const char *const open_families[] = {"counter.", "cstate.", "cpu."};
static const char *const domains[] = {
	"energy.package", "energy.core", "energy.uncore", "energy.dram", "energy.psys"};

/* "energy.package-0": one of a sum's parts. */
static bool is_part(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(domains); i++) {
		size_t len = strlen(domains[i]);

		if (strncmp(name, domains[i], len) == 0 && name[len] == '-' && name[len + 1] &&
			strspn(name + len + 1, "0123456789") == strlen(name + len + 1))
			return true;
	}
	return false;
}

static bool is_measured(const char *name)
{
	if (metric_by_name(name) || is_part(name))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (strcmp(name, others[i]) == 0)
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(open_families); i++)
		if (strncmp(name, open_families[i], strlen(open_families[i])) == 0)
			return true;
	return false;
}

/* A counter's metric is its name in lower case with all but letters, digits and points as _, and
 * on hybrids the kind of core behind it. */
bool counter_gives(const char *counter, const char *name)
{
	for (; *counter && *counter != ':'; counter++, name++) {
		char c = *counter >= 'A' && *counter <= 'Z' ? (char)(*counter - 'A' + 'a')
							    : *counter;

		if (c == '/' && (counter[1] == '\0' || counter[1] == ':'))
			break;
		if (c == '/')
			c = '.';
		if (c != *name && !(*name == '_' && strchr("_-=,+@", c)))
			return false;
	}
	return *name == '\0' || *name == '.' || *name == '_';
}

/* "energy.package.per_work": a role has such ones as well. */
static bool is_by_work(const char *name)
{
	size_t len = strlen(name), end = strlen(".per_work");
	_cleanup_free_ char *base = NULL;

	if (len <= end || strcmp(name + len - end, ".per_work") != 0)
		return false;
	base = xstrndup(name, len - end);
	return metric_by_name(base) &&
	       (strcmp(base, "time") == 0 || strncmp(base, "energy.", 7) == 0);
}

/* What `work` gives, of a name without a role. */
bool metric_is_of_work(const char *name)
{
	return strcmp(name, "throughput") == 0 || is_by_work(name);
}

/* "collect.NAME": the size of a file that is kept with the run. */
static bool is_size_of_collected(const struct benchmark *b, const char *name)
{
	size_t len = strlen("collect.");

	if (strncmp(name, "collect.", len) != 0)
		return false;
	for (size_t i = 0; i < b->collect_n; i++)
		if (strcmp(b->collect[i].name, name + len) == 0)
			return true;
	return false;
}

bool metric_is_of(const struct benchmark *b, const char *name, bool is_of_result)
{
	bool has_work = b->work && is_of_result;

	for (size_t i = 0; i < b->roles_n; i++) {
		size_t len = strlen(b->roles[i].name);

		if (strncmp(name, b->roles[i].name, len) == 0 && name[len] == '.')
			return is_measured(name + len + 1) ||
			       (has_work && is_by_work(name + len + 1));
	}
	for (size_t i = 0; i < b->metrics_n; i++)
		if (strcmp(b->metrics[i].name, name) == 0)
			return true;
	/* The size of what is collected. */
	for (size_t i = 0; i < b->collect_n; i++)
		if (strncmp(name, "collect.", 8) == 0 && strcmp(b->collect[i].name, name + 8) == 0)
			return true;
	for (size_t i = 0; i < b->measure.counters_n; i++)
		if (counter_gives(b->measure.counters[i], name))
			return true;
	return is_measured(name) || is_size_of_collected(b, name) ||
	       (has_work && metric_is_of_work(name));
}

bool metric_is_known(const struct campaign *c, const char *name)
{
	for (size_t i = 0; i < c->benchmarks_n; i++)
		if (metric_is_of(&c->benchmarks[i], name, true))
			return true;
	return c->benchmarks_n == 0;
}

void metric_nearest(
	const struct benchmark *all, size_t n, const char *name, bool is_of_result, char out[96])
{
	static const char *const of_work[] = {
		"throughput", "time.per_work", "energy.package.per_work", "energy.dram.per_work"};
	size_t words_n = 0, room = standard_metrics_n + ARRAY_SIZE(of_work);
	_cleanup_free_ const char **words = NULL;
	bool has_work = false;

	for (size_t i = 0; i < n; i++)
		room += all[i].metrics_n;
	words = xcalloc(room, sizeof *words);
	for (size_t i = 0; i < standard_metrics_n; i++)
		words[words_n++] = standard_metrics[i].name;
	for (size_t i = 0; i < n; i++) {
		has_work |= is_of_result && all[i].work;
		for (size_t m = 0; m < all[i].metrics_n; m++)
			words[words_n++] = all[i].metrics[m].name;
	}
	for (size_t i = 0; has_work && i < ARRAY_SIZE(of_work); i++)
		words[words_n++] = of_work[i];
	diag_nearest(out, name, words, words_n);
}

static bool has_work(const struct campaign *c)
{
	for (size_t i = 0; i < c->benchmarks_n; i++)
		if (c->benchmarks[i].work)
			return true;
	return false;
}

void metric_check(struct reader *r, const struct node *n, const char *what)
{
	char nearest[96];

	if (!n || n->kind != NODE_SCALAR || metric_is_known(r->campaign, n->text))
		return;
	if (metric_is_of_work(n->text) && !has_work(r->campaign)) {
		diag_error(
			r->d, n, "%s names '%s', which needs 'work' in a benchmark", what, n->text);
		return;
	}
	metric_nearest(r->campaign->benchmarks, r->campaign->benchmarks_n, n->text, true, nearest);
	diag_error(r->d, n, "%s names '%s', which is no metric of a benchmark%s", what, n->text,
		nearest);
}
