/* What each host runs of the configurations, and what it skips. */
#include "coordinator/campaign/plan_build.h"
#include "coordinator/campaign/read.h"

/* ---- exclude ---- */

static int exclude_on_host(struct builder *b, const struct benchmark *benchmark, size_t first,
	size_t host, const struct expression *e, struct error *err)
{
	size_t n = b->plan->configurations_n;
	struct checks *checks = checks_open_expression(b, benchmark, e, n - first);
	int64_t answer = ANSWER_YES;

	for (size_t i = first; i < n && answer >= 0; i++) {
		if (!plan_has_bit(b, i, host))
			continue;
		answer = checks_ask(checks, &b->plan->configurations[i], err);
		plan_set_bit(b, i, host, answer == ANSWER_YES);
	}
	checks_close(checks);
	return answer < 0 ? (int)answer : 0;
}

int plan_exclude_ifs(
	struct builder *b, const struct benchmark *benchmark, size_t first, struct error *err)
{
	const struct matrix_rules *rules = benchmark->rules;
	int rc = 0;

	for (size_t h = 0; rc == 0 && h < b->hosts_n; h++) {
		rc = names_set_host(b->names, b->hosts[h].name, b->hosts[h].inventory, err);
		for (size_t i = 0; rc == 0 && i < rules->exclude_ifs_n; i++)
			rc = exclude_on_host(b, benchmark, first, h, rules->exclude_ifs[i], err);
	}
	return rc;
}

/* ---- lanes ---- */

static size_t count_bits(const struct builder *b, size_t host)
{
	size_t n = 0;

	for (size_t i = 0; i < b->plan->configurations_n; i++)
		n += plan_has_bit(b, i, host);
	return n;
}

/* Configurations of one benchmark, from `first` to before `end`. */
static int fill_benchmark(
	struct builder *b, size_t host, size_t first, size_t end, struct error *err)
{
	struct plan_lane *lane = &b->plan->lanes[host];
	struct checks *checks =
		checks_open(b, b->plan->configurations[first].benchmark, end - first);
	int64_t answer = ANSWER_YES;

	for (size_t i = first; i < end && answer >= 0; i++) {
		if (!plan_has_bit(b, i, host))
			continue;
		answer = checks_ask(checks, &b->plan->configurations[i], err);
		if (answer == ANSWER_NO) {
			plan_set_bit(b, i, host, false);
			lane->left_out++;
		} else if (answer > 0) {
			lane->configurations[lane->n] = (uint32_t)i;
			lane->skipped[lane->n++] =
				answer == ANSWER_YES ? NULL : plan_reason_text(b->whole, answer);
		}
	}
	checks_close(checks);
	return answer < 0 ? (int)answer : 0;
}

/* Be ready to ask each host of a lane of several. */
static int open_parts(struct builder *b, const struct plan_lane *lane, struct error *err)
{
	int rc = 0;

	b->part_names = xcalloc(lane->parts_n + 1, sizeof *b->part_names);
	for (size_t i = 0; i < lane->parts_n && rc == 0; i++) {
		const struct plan_host *host = &b->hosts[lane->parts[i]];

		b->part_names[i] = names_open(b->campaign);
		rc = names_set_host(b->part_names[i], host->name, host->inventory, err);
	}
	return rc;
}

static void close_parts(struct builder *b, const struct plan_lane *lane)
{
	for (size_t i = 0; i < lane->parts_n; i++)
		names_close(b->part_names[i]);
	free(b->part_names);
}

static int fill_lane(struct builder *b, size_t host, struct error *err)
{
	struct plan *p = b->plan;
	struct plan_lane *lane = &p->lanes[host];
	size_t n = count_bits(b, host), end;
	int rc = names_set_host(b->names, b->hosts[host].name, b->hosts[host].inventory, err);

	if (rc == 0)
		rc = open_parts(b, lane, err);

	lane->configurations = xcalloc(n + 1, sizeof *lane->configurations);
	lane->skipped = xcalloc(n + 1, sizeof *lane->skipped);
	for (size_t first = 0; rc == 0 && first < p->configurations_n; first = end) {
		for (end = first + 1;
			end < p->configurations_n &&
			p->configurations[end].benchmark == p->configurations[first].benchmark;)
			end++;
		rc = fill_benchmark(b, host, first, end, err);
	}
	close_parts(b, lane);
	return rc;
}

/* ---- all together ---- */

/* No host has them any more: lanes are told where the others went. */
static void drop_unwanted(struct builder *b)
{
	struct plan *p = b->plan;
	size_t before = p->configurations_n;
	_cleanup_free_ uint32_t *new_index = xcalloc(before + 1, sizeof *new_index);

	plan_drop_unwanted(b, 0, new_index);
	for (size_t h = 0; h < p->lanes_n && p->configurations_n < before; h++)
		for (size_t i = 0; i < p->lanes[h].n; i++)
			p->lanes[h].configurations[i] = new_index[p->lanes[h].configurations[i]];
}

/* With `any` a block runs on one host, but every host warms up. */
static int count_runs(struct builder *b, struct error *err)
{
	const struct campaign *c = b->campaign;
	struct plan *p = b->plan;
	int64_t all = 0, blocks;

	for (size_t h = 0; h < p->lanes_n; h++)
		all += (int64_t)p->lanes[h].n;
	blocks = c->is_spread ? (int64_t)p->configurations_n : all;
	if (__builtin_mul_overflow(c->max, blocks, &blocks) ||
		__builtin_mul_overflow(c->warmup, all, &p->runs) ||
		__builtin_add_overflow(p->runs, blocks, &p->runs) || p->runs > CAMPAIGN_MAX_RUNS)
		return plan_too_large(err);
	return 0;
}

static int check_runnable(const struct builder *b, struct error *err)
{
	const struct plan *p = b->plan;
	const char *reason = NULL;
	size_t left_out = 0;

	for (size_t h = 0; h < p->lanes_n; h++) {
		left_out += p->lanes[h].left_out;
		for (size_t i = 0; i < p->lanes[h].n; i++) {
			if (!p->lanes[h].skipped[i])
				return 0;
			reason = p->lanes[h].skipped[i];
		}
	}
	_cleanup_buf_ struct buf lacking = BUF_INIT;
	plan_note_no_tuple(b, &lacking);
	return error_set(err, ERR_CAMPAIGN, "there is nothing to run: %s",
		b->given_n == 0                     ? "no host"
		: lacking.len > 0                   ? lacking.data
		: reason                            ? reason
		: left_out > 0 && b->campaign->only ? "'where' and --only leave no configuration"
		: left_out > 0                      ? "'where' leaves no configuration"
						    : "exclude leaves no configuration");
}

int plan_fill_lanes(struct builder *b, struct error *err)
{
	int rc = 0;

	for (size_t h = 0; rc == 0 && h < b->hosts_n; h++)
		rc = fill_lane(b, h, err);
	if (rc < 0)
		return rc;
	drop_unwanted(b);
	rc = count_runs(b, err);
	return rc < 0 ? rc : check_runnable(b, err);
}
