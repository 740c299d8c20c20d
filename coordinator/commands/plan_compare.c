#include "coordinator/commands/plan_compare.h"

#include "coordinator/campaign/blocks.h"
#include <jansson.h>
#include <uthash.h>

/* What is compared with what: a baseline, or what waits for it, under a name that both have. */
struct side {
	UT_hash_handle hh;
	char key[];
};

static bool has_side(struct side *sides, const char *key)
{
	struct side *found;

	HASH_FIND_STR(sides, key, found);
	return found != NULL;
}

static void add_side(struct side **sides, const char *key)
{
	struct side *side;

	if (has_side(*sides, key))
		return;
	side = xcalloc(1, sizeof *side + strlen(key) + 1);
	memcpy(side->key, key, strlen(key) + 1);
	HASH_ADD_STR(*sides, key, side);
}

static void sides_free(struct side *sides)
{
	struct side *side, *next;

	HASH_ITER (hh, sides, side, next) {
		HASH_DELETE(hh, sides, side);
		free(side);
	}
}

/* ---- by an axis ---- */

/* The index of the axis, or axes_n. */
static size_t axis_of(const struct benchmark *b, const char *name)
{
	size_t i = 0;

	while (i < b->axes_n && strcmp(b->axes[i].name, name) != 0)
		i++;
	return i;
}

/* The benchmark and all values but that of one axis, a line each. */
static char *without_axis(const struct configuration *c, size_t axis)
{
	_cleanup_buf_ struct buf key = BUF_INIT;

	buf_adds(&key, c->benchmark->name);
	for (size_t i = 0; i < c->benchmark->axes_n; i++)
		if (i != axis)
			buf_addf(&key, "\n%s", configuration_value(c, i)->text);
	return buf_take(&key);
}

/* On one host, in two passes: the baselines, then what is compared with them. */
static void count_lane(struct family *f, const struct plan *p, const struct plan_lane *lane)
{
	struct side *baselines = NULL;

	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < lane->n; i++) {
			const struct configuration *c = &p->configurations[lane->configurations[i]];
			size_t axis = axis_of(c->benchmark, f->comparison->by);

			if (lane->skipped[i] || axis == c->benchmark->axes_n)
				continue;
			bool is_baseline = strcmp(configuration_value(c, axis)->text,
						   f->comparison->baseline) == 0;
			if (is_baseline != (pass == 0))
				continue;
			_cleanup_free_ char *key = without_axis(c, axis);
			if (pass == 0)
				add_side(&baselines, key);
			else if (has_side(baselines, key))
				f->comparisons++;
			else
				f->alone++;
		}
	}
	sides_free(baselines);
}

/* ---- by what a host is ---- */

/* "host" is its name, "host.cpu.codename" that of its inventory; NULL where it has none. The caller
 * frees. */
static char *host_value(const struct plan_host *host, const char *by)
{
	json_t *inventory = json_loads(host->inventory ? host->inventory : "{}", 0, NULL);
	const json_t *at = inventory;
	_cleanup_free_ char *path = xstrdup(by);
	char *rest = path, *value = NULL;

	strsep(&rest, ".");
	if (rest == NULL || strcmp(rest, "name") == 0) {
		value = xstrdup(host->name);
	} else {
		for (char *part; (part = strsep(&rest, ".")) != NULL;)
			at = json_object_get(at, part);
		if (json_is_string(at))
			value = xstrdup(json_string_value(at));
		else if (at != NULL)
			value = json_dumps(at, JSON_ENCODE_ANY | JSON_COMPACT);
	}
	json_decref(inventory);
	return value;
}

/* The values of a family's hosts: each kind of host but the baseline's is compared once. */
static void count_hosts(struct family *f, const struct plan *p, const struct plan_host *hosts)
{
	struct side *baselines = NULL, *others = NULL;

	for (int pass = 0; pass < 2; pass++) {
		for (size_t l = 0; l < p->lanes_n; l++) {
			_cleanup_free_ char *value = host_value(&hosts[l], f->comparison->by);
			bool is_baseline = value && strcmp(value, f->comparison->baseline) == 0;

			for (size_t i = 0; value && i < p->lanes[l].n; i++) {
				if (p->lanes[l].skipped[i] || is_baseline != (pass == 0))
					continue;
				_cleanup_free_ char *key = without_axis(
					&p->configurations[p->lanes[l].configurations[i]],
					SIZE_MAX);
				_cleanup_free_ char *pair = xasprintf("%s\n%s", value, key);
				if (pass == 0)
					add_side(&baselines, key);
				else if (has_side(baselines, key))
					add_side(&others, pair);
				else
					f->alone++;
			}
		}
	}
	f->comparisons = HASH_COUNT(others);
	sides_free(baselines);
	sides_free(others);
}

static bool is_of_host(const char *by)
{
	return strcmp(by, "host") == 0 || strncmp(by, "host.", strlen("host.")) == 0;
}

struct family *plan_families(
	const struct campaign *c, const struct plan *p, const struct plan_host *hosts, size_t *n)
{
	struct family *out = xcalloc(c->comparisons_n + 1, sizeof *out);

	*n = 0;
	for (size_t i = 0; i < c->comparisons_n; i++) {
		struct family *f = &out[*n];

		/* What other submissions there will be to compare with, no plan knows. */
		if (c->comparisons[i].by == NULL)
			continue;
		(*n)++;
		f->comparison = &c->comparisons[i];
		if (is_of_host(f->comparison->by))
			count_hosts(f, p, hosts);
		else
			for (size_t l = 0; l < p->lanes_n; l++)
				count_lane(f, p, &p->lanes[l]);
		f->blocks = blocks_needed(f->comparisons, f->comparison->alpha);
	}
	return out;
}
