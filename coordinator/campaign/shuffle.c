/* The order of a block. */
#include "coordinator/campaign/campaign.h"
#include <gsl/gsl_rng.h>

/* splitmix64 (Steele, Lea, Flood 2014): every bit of the input reaches every bit of the output. */
static uint64_t mix(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

static gsl_rng *generator_of(int64_t seed, size_t lane, int64_t pass)
{
	uint64_t h = mix(mix(mix((uint64_t)seed) ^ (uint64_t)lane) ^ (uint64_t)pass);
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);

	/* The generator takes 32 bits. */
	gsl_rng_set(rng, (uint32_t)(h ^ (h >> 32)));
	return rng;
}

/* Fisher-Yates. */
static void permute(gsl_rng *rng, size_t *items, size_t n)
{
	for (size_t i = n; i > 1; i--) {
		size_t j = gsl_rng_uniform_int(rng, i), swap = items[i - 1];

		items[i - 1] = items[j];
		items[j] = swap;
	}
}

void plan_shuffle(int64_t seed, size_t lane, int64_t pass, size_t *order, size_t n)
{
	for (size_t i = 0; i < n; i++)
		order[i] = i;
	if (n < 2) /* a generator costs more than a short run's other bookkeeping */
		return;
	gsl_rng *rng = generator_of(seed, lane, pass);
	permute(rng, order, n);
	gsl_rng_free(rng);
}

/* ---- pair ---- */

/* Places of a lane, put into groups of configurations that are equal but for the pair axes. */
struct grouping {
	const struct campaign *campaign;
	const struct plan *plan;
	const struct plan_lane *lane;
	size_t *group_of; /* of each place */
	size_t groups_n;
	size_t *slots; /* hash table: a group's first place + 1; 0: free */
	size_t mask;   /* its size - 1 */
	/* of the benchmark that is looked at */
	const struct benchmark *benchmark;
	bool *is_paired; /* axis i, by itself or with one that it walks in lock step with */
	size_t room;
};

static const struct configuration *at_place(const struct grouping *g, size_t place)
{
	return &g->plan->configurations[g->lane->configurations[place]];
}

static bool is_pair_axis(const struct campaign *c, const struct axis *axis)
{
	for (size_t i = 0; i < c->pair_n; i++)
		if (strcmp(c->pair[i], axis->name) == 0)
			return true;
	return false;
}

/* Members of a zip are one axis: what differs in one of them differs in all. */
static void look_at_benchmark(struct grouping *g, const struct benchmark *b)
{
	if (g->benchmark == b)
		return;
	g->benchmark = b;
	if (g->room < b->axes_n + 1) {
		g->room = b->axes_n + 1;
		g->is_paired = xreallocarray(g->is_paired, g->room, sizeof *g->is_paired);
	}
	for (size_t i = 0; i < b->axes_n; i++) {
		g->is_paired[i] = is_pair_axis(g->campaign, &b->axes[i]);
		for (size_t k = 0; k < b->axes_n && b->axes[i].zip != 0; k++)
			g->is_paired[i] |= b->axes[k].zip == b->axes[i].zip &&
					   is_pair_axis(g->campaign, &b->axes[k]);
	}
}

/* FNV-1a of all values but those of the pair axes. */
static uint64_t hash_of(const struct grouping *g, const struct configuration *c)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < c->benchmark->axes_n; i++) {
		const char *s = g->is_paired[i] ? "" : configuration_value(c, i)->text;

		do {
			h = (h ^ (uint8_t)*s) * UINT64_C(0x100000001b3);
		} while (*s++);
	}
	return h;
}

static bool are_together(
	const struct grouping *g, const struct configuration *a, const struct configuration *b)
{
	if (a->benchmark != b->benchmark)
		return false;
	for (size_t i = 0; i < a->benchmark->axes_n; i++)
		if (!g->is_paired[i] && strcmp(configuration_value(a, i)->text,
						configuration_value(b, i)->text) != 0)
			return false;
	return true;
}

/* Groups are numbered in the order in which they first appear. */
static void find_group(struct grouping *g, size_t place)
{
	const struct configuration *c = at_place(g, place);
	size_t slot;

	look_at_benchmark(g, c->benchmark);
	for (slot = hash_of(g, c) & g->mask; g->slots[slot]; slot = (slot + 1) & g->mask) {
		size_t first = g->slots[slot] - 1;

		if (are_together(g, at_place(g, first), c)) {
			g->group_of[place] = g->group_of[first];
			return;
		}
	}
	g->slots[slot] = place + 1;
	g->group_of[place] = g->groups_n++;
}

static void find_groups(struct grouping *g)
{
	size_t size = 4;

	while (size < 2 * g->lane->n)
		size *= 2;
	g->mask = size - 1;
	g->slots = xcalloc(size, sizeof *g->slots);
	g->group_of = xcalloc(g->lane->n + 1, sizeof *g->group_of);
	for (size_t i = 0; i < g->lane->n; i++)
		find_group(g, i);
	free(g->slots);
	free(g->is_paired);
}

/* The places sorted by group: those of group i from starts[i] to starts[i + 1]. */
static size_t *sort_by_group(const struct grouping *g, size_t *starts)
{
	size_t *members = xcalloc(g->lane->n + 1, sizeof *members);

	for (size_t i = 0; i < g->lane->n; i++)
		starts[g->group_of[i] + 2]++;
	for (size_t i = 2; i < g->groups_n + 2; i++)
		starts[i] += starts[i - 1];
	/* starts[i + 1] is where the next member of group i goes, and so ends behind its last. */
	for (size_t i = 0; i < g->lane->n; i++)
		members[starts[g->group_of[i] + 1]++] = i;
	return members;
}

void plan_order(
	const struct campaign *c, const struct plan *p, size_t lane, int64_t pass, size_t *order)
{
	struct grouping g = {.campaign = c, .plan = p, .lane = &p->lanes[lane]};
	_cleanup_free_ size_t *groups = NULL, *starts = NULL, *members = NULL;
	size_t n = 0;
	gsl_rng *rng;

	if (c->pair_n == 0) {
		plan_shuffle(c->seed, lane, pass, order, g.lane->n);
		return;
	}
	find_groups(&g);
	groups = xcalloc(g.groups_n + 1, sizeof *groups);
	starts = xcalloc(g.groups_n + 2, sizeof *starts);
	members = sort_by_group(&g, starts);
	for (size_t i = 0; i < g.groups_n; i++)
		groups[i] = i;
	rng = generator_of(c->seed, lane, pass);
	permute(rng, groups, g.groups_n);
	for (size_t i = 0; i < g.groups_n; i++) {
		size_t from = starts[groups[i]], len = starts[groups[i] + 1] - from;

		permute(rng, members + from, len);
		memcpy(order + n, members + from, len * sizeof *order);
		n += len;
	}
	gsl_rng_free(rng);
	free(g.group_of);
}
