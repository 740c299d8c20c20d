/*
 * Configurations of all hosts, and what each host runs of them. The walk goes over the union of the
 * hosts' values, so that configurations come in file order whatever the hosts have; for each one a
 * bit a host says whether it has it.
 */
#include "coordinator/campaign/place.h"
#include "coordinator/campaign/read.h"
#include <stdio.h>
#include <uthash.h>

/* A configuration that was already added, for include's duplicates. */
struct known {
	UT_hash_handle hh;
	size_t index;
	char key[]; /* benchmark, a newline, parameters */
};

/* What plan_make() returns the head of. */
struct whole_plan {
	struct plan plan;
	struct value *steps; /* union of the hosts' thread steps, rising; configurations point at
				their texts */
	size_t steps_n;
};

struct builder {
	const struct campaign *campaign;
	const struct plan_host *hosts;
	json_t **inventories; /* one a host */
	struct names **names; /* one a host */
	size_t hosts_n;
	struct whole_plan *whole;
	struct plan *plan; /* its head */
	bool *has_step;    /* [host * steps_n + step] */
	size_t room;
	uint8_t *bits;       /* [configuration * row + host / 8] */
	size_t row;          /* bytes of one configuration */
	uint8_t *scratch;    /* one row */
	struct known *known; /* key -> struct known; filled where a benchmark has includes only */
	/* the benchmark that is walked */
	const struct benchmark *benchmark;
	const struct walk_axis *axes;
	const bool *is_host_axis; /* axis i has the hosts' values */
	bool is_include;
	int64_t limit; /* configurations */
};

/* ---- thread steps ---- */

static int compare_int64(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static const json_t *host_steps(const struct builder *b, size_t host)
{
	return json_object_get(b->inventories[host], "thread_steps");
}

static bool host_has_step(const json_t *steps, int64_t step)
{
	for (size_t i = 0; i < json_array_size(steps); i++)
		if (json_integer_value(json_array_get(steps, i)) == step)
			return true;
	return false;
}

static void gather_steps(struct builder *b)
{
	_cleanup_free_ int64_t *all = NULL;
	size_t n = 0, unique = 0;

	for (size_t h = 0; h < b->hosts_n; h++) {
		const json_t *steps = host_steps(b, h);

		all = xreallocarray(all, n + json_array_size(steps) + 1, sizeof *all);
		for (size_t i = 0; i < json_array_size(steps); i++)
			all[n++] = json_integer_value(json_array_get(steps, i));
	}
	if (n == 0)
		return;
	qsort(all, n, sizeof *all, compare_int64);
	for (size_t i = 0; i < n; i++)
		if (unique == 0 || all[unique - 1] != all[i])
			all[unique++] = all[i];
	b->whole->steps = xcalloc(unique, sizeof *b->whole->steps);
	b->has_step = xcalloc(unique * b->hosts_n, sizeof *b->has_step);
	b->whole->steps_n = unique;
	for (size_t i = 0; i < unique; i++) {
		b->whole->steps[i] = (struct value){
			.text = xasprintf("%lld", (long long)all[i]), .is_number = true};
		for (size_t h = 0; h < b->hosts_n; h++)
			b->has_step[h * unique + i] = host_has_step(host_steps(b, h), all[i]);
	}
}

static int check_steps(const struct builder *b, struct error *err)
{
	bool is_needed = false;

	for (size_t i = 0; i < b->campaign->benchmarks_n; i++)
		for (size_t a = 0; a < b->campaign->benchmarks[i].axes_n; a++)
			is_needed |= b->campaign->benchmarks[i].axes[a].is_each;
	for (size_t h = 0; is_needed && h < b->hosts_n; h++)
		if (json_array_size(host_steps(b, h)) == 0)
			return error_set(err, ERR_CAMPAIGN,
				"the inventory of %s has no thread_steps, which an axis of the "
				"campaign needs",
				b->hosts[h].name);
	return 0;
}

/* ---- configurations ---- */

static bool host_has(const struct builder *b, size_t host, const size_t *index)
{
	for (size_t i = 0; i < b->benchmark->axes_n; i++)
		if (b->is_host_axis[i] && !b->has_step[host * b->whole->steps_n + index[i]])
			return false;
	return true;
}

/* Set the bits of the hosts that have a combination. Returns whether any has. */
static bool fill_bits(const struct builder *b, const size_t *index, uint8_t *bits)
{
	bool any = false;

	for (size_t h = 0; h < b->hosts_n; h++) {
		if (!host_has(b, h, index))
			continue;
		bits[h / 8] = (uint8_t)(bits[h / 8] | 1u << (h % 8));
		any = true;
	}
	return any;
}

static void grow(struct builder *b)
{
	struct plan *p = b->plan;

	if (p->configurations_n < b->room)
		return;
	b->room = b->room ? 2 * b->room : 64;
	p->configurations = xreallocarray(p->configurations, b->room, sizeof *p->configurations);
	b->bits = xreallocarray(b->bits, b->room, b->row);
}

/* The place of a configuration in bits: that of one that is there already, or a new one, which is
 * added. */
static size_t place_of(struct builder *b, struct configuration *c)
{
	struct plan *p = b->plan;
	_cleanup_free_ char *key = NULL;
	struct known *known;

	if (b->benchmark->rules->includes_n > 0) {
		key = xasprintf("%s\n%s", b->benchmark->name, c->parameters);
		HASH_FIND_STR(b->known, key, known);
		if (known) {
			free(c->parameters);
			free(c->values);
			return known->index;
		}
		known = xcalloc(1, sizeof *known + strlen(key) + 1);
		known->index = p->configurations_n;
		memcpy(known->key, key, strlen(key) + 1);
		HASH_ADD_STR(b->known, key, known);
	}
	grow(b);
	p->configurations[p->configurations_n] = *c;
	memset(b->bits + p->configurations_n * b->row, 0, b->row);
	return p->configurations_n++;
}

static bool add_configuration(void *arg, const size_t *index)
{
	struct builder *b = arg;
	size_t n = b->benchmark->axes_n, place;
	struct configuration c = {.benchmark = b->benchmark};
	_cleanup_buf_ struct buf parameters = BUF_INIT;

	if (!b->is_include && matrix_is_excluded(b->benchmark->rules, b->axes, index))
		return true;
	memset(b->scratch, 0, b->row);
	if (!fill_bits(b, index, b->scratch))
		return true;
	c.values = xcalloc(n + 1, sizeof *c.values);
	for (size_t i = 0; i < n; i++)
		c.values[i] = b->axes[i].values[index[i]];
	parameters_add_json(b->benchmark->axes, c.values, n, &parameters);
	c.parameters = buf_take(&parameters);
	place = place_of(b, &c);
	for (size_t i = 0; i < b->row; i++)
		b->bits[place * b->row + i] |= b->scratch[i];
	return (int64_t)b->plan->configurations_n <= b->limit;
}

static void walk_benchmark(struct builder *b, const struct benchmark *benchmark)
{
	size_t n = benchmark->axes_n;
	_cleanup_free_ struct walk_axis *axes = xcalloc(n + 1, sizeof *axes);
	_cleanup_free_ struct walk_axis *more = xcalloc(n + 1, sizeof *more);
	_cleanup_free_ bool *is_host_axis = xcalloc(n + 1, sizeof *is_host_axis);

	for (size_t i = 0; i < n; i++) {
		const struct axis *axis = &benchmark->axes[i];

		is_host_axis[i] = axis->is_each;
		axes[i] = axis->is_each ? (struct walk_axis){b->whole->steps, b->whole->steps_n}
					: (struct walk_axis){axis->values, axis->n};
	}
	b->benchmark = benchmark;
	b->axes = axes;
	b->is_host_axis = is_host_axis;
	b->is_include = false;
	matrix_walk(axes, n, add_configuration, b);
	b->axes = more;
	b->is_include = true;
	for (size_t i = 0; i < benchmark->rules->includes_n; i++) {
		const struct rule *rule = &benchmark->rules->includes[i];

		matrix_include_axes(rule, axes, n, more);
		for (size_t a = 0; a < n; a++)
			is_host_axis[a] = benchmark->axes[a].is_each;
		for (size_t t = 0; t < rule->n; t++)
			is_host_axis[rule->terms[t].axis] = false;
		matrix_walk(more, n, add_configuration, b);
	}
}

/* ---- lanes ---- */

/* Why a host cannot run a configuration, or NULL. */
static char *skip_reason(const struct builder *b, size_t host, const struct configuration *c)
{
	struct names *names = b->names[host];
	struct placement p;
	struct error err = {0};

	names_set_configuration(names, c);
	if (place_find(names, &p, &err) < 0 || place_cannot_render(names, &err))
		return xstrdup(err.text);
	return NULL;
}

static void fill_lane(struct builder *b, size_t host)
{
	struct plan *p = b->plan;
	struct plan_lane *lane = &p->lanes[host];
	size_t n = 0;

	for (size_t i = 0; i < p->configurations_n; i++)
		n += b->bits[i * b->row + host / 8] >> (host % 8) & 1u;
	lane->host = xstrdup(b->hosts[host].name);
	lane->configurations = xcalloc(n + 1, sizeof *lane->configurations);
	lane->skipped = xcalloc(n + 1, sizeof *lane->skipped);
	for (size_t i = 0; i < p->configurations_n; i++) {
		if (!(b->bits[i * b->row + host / 8] >> (host % 8) & 1u))
			continue;
		lane->configurations[lane->n] = i;
		lane->skipped[lane->n++] = skip_reason(b, host, &p->configurations[i]);
	}
}

static int64_t passes(const struct campaign *c)
{
	return c->warmup + c->max;
}

static int fill_lanes(struct builder *b, struct error *err)
{
	struct plan *p = b->plan;
	const char *reason = NULL;
	int64_t runnable = 0, all = 0;

	p->lanes = xcalloc(b->hosts_n + 1, sizeof *p->lanes);
	p->lanes_n = b->hosts_n;
	for (size_t h = 0; h < b->hosts_n; h++) {
		fill_lane(b, h);
		for (size_t i = 0; i < p->lanes[h].n; i++) {
			runnable += p->lanes[h].skipped[i] == NULL;
			reason = p->lanes[h].skipped[i] ? p->lanes[h].skipped[i] : reason;
		}
		all += (int64_t)p->lanes[h].n;
		if (all > CAMPAIGN_MAX_RUNS / passes(b->campaign))
			return error_set(err, ERR_CAMPAIGN,
				"more than 10,000,000 runs: make the matrix smaller, or use fewer "
				"hosts or blocks");
	}
	p->runs = passes(b->campaign) * all;
	if (runnable > 0)
		return 0;
	return error_set(err, ERR_CAMPAIGN, "there is nothing to run: %s",
		b->hosts_n == 0 ? "no host"
		: reason        ? reason
				: "exclude leaves no configuration");
}

/* ---- the whole ---- */

static int load_inventories(struct builder *b, struct error *err)
{
	b->inventories = xcalloc(b->hosts_n + 1, sizeof(json_t *));
	b->names = xcalloc(b->hosts_n + 1, sizeof *b->names);
	for (size_t h = 0; h < b->hosts_n; h++) {
		json_error_t why;

		b->inventories[h] =
			json_loads(b->hosts[h].inventory ? b->hosts[h].inventory : "", 0, &why);
		if (!json_is_object(b->inventories[h]))
			return error_set(err, ERR_CAMPAIGN,
				"the inventory of %s is no JSON object: %s", b->hosts[h].name,
				why.text);
		b->names[h] = names_open(b->campaign);
		if (names_set_host(b->names[h], b->hosts[h].name, b->hosts[h].inventory, err) < 0)
			return ERR_CAMPAIGN;
	}
	return check_steps(b, err);
}

static void builder_done(struct builder *b)
{
	struct known *known, *next;

	for (size_t h = 0; h < b->hosts_n; h++) {
		json_decref(b->inventories[h]);
		names_close(b->names[h]);
	}
	free(b->inventories);
	free(b->names);
	HASH_ITER (hh, b->known, known, next) {
		HASH_DELETE(hh, b->known, known);
		free(known);
	}
	free(b->has_step);
	free(b->bits);
	free(b->scratch);
}

int plan_make(const struct campaign *c, const struct plan_host *hosts, size_t n, struct plan **out,
	struct error *err)
{
	struct builder b = {
		.campaign = c,
		.hosts = hosts,
		.hosts_n = n,
		.whole = xcalloc(1, sizeof(struct whole_plan)),
		.row = n / 8 + 1,
		.scratch = xcalloc(n / 8 + 1, 1),
		.limit = CAMPAIGN_MAX_RUNS / passes(c),
	};
	int rc = load_inventories(&b, err);

	b.plan = &b.whole->plan;
	if (rc == 0) {
		gather_steps(&b);
		for (size_t i = 0; i < c->benchmarks_n; i++)
			walk_benchmark(&b, &c->benchmarks[i]);
		rc = fill_lanes(&b, err);
	}
	builder_done(&b);
	if (rc < 0) {
		plan_free(b.plan);
		return rc;
	}
	*out = b.plan;
	return 0;
}

void plan_free(struct plan *p)
{
	struct whole_plan *whole = (struct whole_plan *)p; /* its head is the plan */

	if (!p)
		return;
	for (size_t i = 0; i < p->configurations_n; i++) {
		free(p->configurations[i].values);
		free(p->configurations[i].parameters);
	}
	for (size_t i = 0; i < p->lanes_n; i++) {
		for (size_t k = 0; k < p->lanes[i].n; k++)
			free(p->lanes[i].skipped[k]);
		free((char *)p->lanes[i].host);
		free(p->lanes[i].skipped);
		free(p->lanes[i].configurations);
	}
	for (size_t i = 0; i < whole->steps_n; i++)
		free(whole->steps[i].text);
	free(whole->steps);
	free(p->configurations);
	free(p->lanes);
	free(whole);
}

const struct value *configuration_value(const struct configuration *c, size_t axis)
{
	return &c->values[axis];
}

void configuration_parameters(const struct configuration *c, struct buf *out)
{
	buf_adds(out, c->parameters);
}
