/*
 * The hosts that run a benchmark with roles together: a lane for each ordered choice of distinct
 * hosts that its roles allow, behind the lanes of the hosts themselves.
 *
 * Benchmarks with the same roles and the same main share their lanes, as they are measured on the
 * same hosts in the same parts; each runs on those of them that its own roles allow. Templates and
 * expressions take main's host for `host`.
 */
#include "coordinator/campaign/plan_build.h"

/* Lanes of several hosts in one plan. */
#define MAX_TUPLES 10000

struct plan_tuples {
	bool **allowed; /* [benchmark], NULL without roles: [role * given + host] */
	bool *is_own;   /* [host] whether the campaign's own hosts has it */
};

/* ---- which hosts ---- */

bool benchmarks_share_roles(const struct benchmark *a, const struct benchmark *b)
{
	if (a->roles_n != b->roles_n || a->main != b->main)
		return false;
	for (size_t i = 0; i < a->roles_n; i++)
		if (strcmp(a->roles[i].name, b->roles[i].name) != 0)
			return false;
	return true;
}

static bool *find_allowed(const struct builder *b, const struct benchmark *benchmark)
{
	bool *allowed = xcalloc(benchmark->roles_n * b->given_n + 1, sizeof *allowed);
	char why[256];

	for (size_t r = 0; r < benchmark->roles_n; r++)
		for (size_t h = 0; h < b->given_n; h++)
			allowed[r * b->given_n + h] = campaign_role_wants_host(
				b->campaign, &benchmark->roles[r], &b->hosts[h], why);
	return allowed;
}

static bool allows(const struct builder *b, size_t benchmark, const uint32_t *parts)
{
	const bool *allowed = b->tuples->allowed[benchmark];

	for (size_t r = 0; r < b->campaign->benchmarks[benchmark].roles_n; r++)
		if (!allowed[r * b->given_n + parts[r]])
			return false;
	return true;
}

/* Whether a benchmark with these roles allows a choice. */
static bool is_allowed(const struct builder *b, const struct benchmark *like, const uint32_t *parts)
{
	for (size_t i = 0; i < b->campaign->benchmarks_n; i++)
		if (benchmarks_share_roles(&b->campaign->benchmarks[i], like) &&
			allows(b, i, parts))
			return true;
	return false;
}

/* ---- the lanes ---- */

static char *tuple_name(const struct builder *b, const uint32_t *parts, size_t n)
{
	_cleanup_buf_ struct buf name = BUF_INIT;

	for (size_t i = 0; i < n; i++)
		buf_addf(&name, "%s%s", i ? "+" : "", b->hosts[parts[i]].name);
	return buf_take(&name);
}

static void add_tuple(struct builder *b, const struct benchmark *of, const uint32_t *parts)
{
	struct plan *p = b->plan;
	struct plan_lane *lane;

	p->lanes = xreallocarray(p->lanes, b->hosts_n + 1, sizeof *p->lanes);
	b->hosts = xreallocarray(b->hosts, b->hosts_n + 1, sizeof *b->hosts);
	lane = &p->lanes[b->hosts_n];
	*lane = (struct plan_lane){
		.host = tuple_name(b, parts, of->roles_n),
		.of = of,
		.parts = xcalloc(of->roles_n, sizeof *lane->parts),
		.parts_n = of->roles_n,
		.main = parts[of->main],
	};
	memcpy(lane->parts, parts, of->roles_n * sizeof *parts);
	b->hosts[b->hosts_n] = b->hosts[lane->main];
	p->lanes_n = ++b->hosts_n;
}

/* Of the roles from the r-th on. Returns false where there are too many. */
static bool choose(struct builder *b, const struct benchmark *of, uint32_t *parts, size_t r)
{
	bool is_free, goes_on = true;

	if (r == of->roles_n) {
		if (is_allowed(b, of, parts))
			add_tuple(b, of, parts);
		return b->hosts_n - b->given_n <= MAX_TUPLES;
	}
	for (uint32_t h = 0; h < b->given_n && goes_on; h++) {
		is_free = false;
		for (size_t i = 0; i < b->campaign->benchmarks_n && !is_free; i++)
			is_free = benchmarks_share_roles(&b->campaign->benchmarks[i], of) &&
				  b->tuples->allowed[i][r * b->given_n + h];
		for (size_t i = 0; i < r; i++)
			is_free = is_free && parts[i] != h;
		parts[r] = h;
		if (is_free)
			goes_on = choose(b, of, parts, r + 1);
	}
	return goes_on;
}

static bool is_first_of_its_roles(const struct campaign *c, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (benchmarks_share_roles(&c->benchmarks[k], &c->benchmarks[i]))
			return false;
	return c->benchmarks[i].roles_n > 0;
}

static int add_tuples(struct builder *b, struct error *err)
{
	const struct campaign *c = b->campaign;

	for (size_t i = 0; i < c->benchmarks_n; i++) {
		_cleanup_free_ uint32_t *parts = NULL;

		if (!is_first_of_its_roles(c, i))
			continue;
		parts = xcalloc(c->benchmarks[i].roles_n, sizeof *parts);
		if (!choose(b, &c->benchmarks[i], parts, 0))
			return error_set(err, ERR_CAMPAIGN,
				"benchmark '%s': its roles allow more than %d choices of hosts: "
				"say in 'hosts' of each role which ones it needs",
				c->benchmarks[i].name, MAX_TUPLES);
	}
	return 0;
}

/* ---- all together ---- */

int plan_make_lanes(struct builder *b, const struct plan_host *hosts, size_t n, struct error *err)
{
	const struct campaign *c = b->campaign;
	struct plan *p = b->plan;
	char why[256];

	b->given_n = b->hosts_n = p->lanes_n = n;
	b->hosts = xcalloc(n + 1, sizeof *b->hosts);
	p->lanes = xcalloc(n + 1, sizeof *p->lanes);
	b->tuples = xcalloc(1, sizeof *b->tuples);
	b->tuples->allowed = xcalloc(c->benchmarks_n + 1, sizeof *b->tuples->allowed);
	b->tuples->is_own = xcalloc(n + 1, sizeof *b->tuples->is_own);
	for (size_t h = 0; h < n; h++) {
		b->hosts[h] = hosts[h];
		p->lanes[h].host = xstrdup(hosts[h].name);
	}
	/* Without roles whoever is given was chosen by them. */
	for (size_t h = 0; h < n; h++)
		b->tuples->is_own[h] =
			!campaign_has_roles(c) || campaign_has_host(c, &hosts[h], why);
	for (size_t i = 0; i < c->benchmarks_n; i++)
		if (c->benchmarks[i].roles_n > 0)
			b->tuples->allowed[i] = find_allowed(b, &c->benchmarks[i]);
	return add_tuples(b, err);
}

void plan_lanes_done(struct builder *b)
{
	for (size_t i = 0; b->tuples && i < b->campaign->benchmarks_n; i++)
		free(b->tuples->allowed[i]);
	if (b->tuples) {
		free(b->tuples->allowed);
		free(b->tuples->is_own);
	}
	free(b->tuples);
	free(b->hosts);
}

bool plan_lane_runs(const struct builder *b, size_t lane, const struct benchmark *benchmark)
{
	const struct plan_lane *l = &b->plan->lanes[lane];

	if (l->parts_n == 0)
		return benchmark->roles_n == 0 && b->tuples->is_own[lane];
	return benchmarks_share_roles(l->of, benchmark) &&
	       allows(b, (size_t)(benchmark - b->campaign->benchmarks), l->parts);
}

/* "server: lab01; client: none of the hosts". Returns whether each has some. */
static bool describe_roles(const struct builder *b, size_t benchmark, struct buf *out)
{
	const struct benchmark *of = &b->campaign->benchmarks[benchmark];
	bool has_all = true;

	for (size_t r = 0; r < of->roles_n; r++) {
		bool has_any = false;

		buf_addf(out, "%s%s: ", r ? "; " : "", of->roles[r].name);
		for (size_t h = 0; h < b->given_n; h++) {
			if (!b->tuples->allowed[benchmark][r * b->given_n + h])
				continue;
			buf_addf(out, "%s%s", has_any ? ", " : "", b->hosts[h].name);
			has_any = true;
		}
		buf_adds(out, has_any ? "" : "none of the hosts");
		has_all &= has_any;
	}
	return has_all;
}

void plan_note_no_tuple(const struct builder *b, struct buf *out)
{
	const struct campaign *c = b->campaign;

	for (size_t i = 0; i < c->benchmarks_n; i++) {
		bool has_lane = c->benchmarks[i].roles_n == 0;

		for (size_t l = b->given_n; l < b->hosts_n && !has_lane; l++)
			has_lane = plan_lane_runs(b, l, &c->benchmarks[i]);
		if (has_lane)
			continue;
		buf_addf(out, "%sbenchmark %s needs %zu host%s at once, one for each role (",
			out->len ? "; " : "", c->benchmarks[i].name, c->benchmarks[i].roles_n,
			c->benchmarks[i].roles_n == 1 ? "" : "s");
		bool has_all = describe_roles(b, i, out);
		buf_adds(out, ")");
		if (has_all && b->given_n < c->benchmarks[i].roles_n)
			buf_addf(out, "; to try it on one machine: joulerig run --agents %zu",
				c->benchmarks[i].roles_n);
	}
}
