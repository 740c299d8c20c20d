/* How far a campaign is, in numbers and in words. */
#include "coordinator/dispatch/live_parts.h"

#include "coordinator/dispatch/gang.h"
#include "proto/clock.h"
#include <inttypes.h>

/* Names of configurations in the line about what is missing. */
#define NAMED 3

int64_t live_total(const struct live *l)
{
	int64_t total = l->rows;

	if (l->campaign->is_spread)
		return total + live_rest_of_blocks(l);
	for (size_t i = 0; i < l->lanes_n; i++)
		total += live_rest_of_lane(l, &l->lanes[i]);
	return total;
}

/* ---- time left ---- */

/* Why a host does nothing for a campaign; NULL: it does, or may. */
static const char *why_away(const struct host *h)
{
	if (!host_is_connected(h))
		return host_state_name(h->state);
	if (h->flights_n > 0 || host_takes_runs(h))
		return NULL;
	return h->admission == HOST_ASIDE     ? "set aside"
	       : h->admission == HOST_DRAINED ? "drained"
	       : host_is_resting(h)           ? h->rest
					      : h->trouble;
}

/* The same of one that takes part in a lane of several. */
static const char *why_member_away(const struct host *h)
{
	return host_is_connected(h) && h->minor < GANG_MINOR
		       ? "its agent's release knows no roles; update it"
		       : why_away(h);
}

/* The same of a lane: of the first of its hosts that does nothing. */
static const char *why_lane_away(const struct lane *lane)
{
	if (lane->members_n == 0)
		return why_away(lane->host);
	for (size_t i = 0; i < lane->members_n; i++) {
		const char *why = why_member_away(lane->members[i]);
		if (why != NULL)
			return why;
	}
	return NULL;
}

/* Nanoseconds a run of a lane so far; 0: not known yet. */
static double pace(const struct lane *lane, int64_t now_ns)
{
	return lane->timed == 0 ? 0 : (double)(now_ns - lane->first_ns) / (double)lane->timed;
}

/* The slowest lane's remaining runs at its mean pace so far. */
static int64_t left_of_lanes(const struct live *l, int64_t now_ns)
{
	int64_t left = ABSENT;

	for (size_t i = 0; i < l->lanes_n; i++) {
		const struct lane *lane = &l->lanes[i];
		int64_t remaining = lane->unended + live_rest_of_lane(l, lane);
		if (remaining == 0)
			continue;
		/* Nobody knows when a host that is away comes back. */
		if (lane->timed == 0 || why_lane_away(lane) != NULL)
			return ABSENT;
		int64_t mine = (int64_t)(pace(lane, now_ns) * (double)remaining);
		left = mine > left ? mine : left;
	}
	return left;
}

/* All that remains, at the pace of the hosts together. */
static int64_t left_of_blocks(const struct live *l, int64_t now_ns)
{
	int64_t remaining = (int64_t)HASH_COUNT(l->runs) + live_rest_of_blocks(l);
	double runs_a_ns = 0;

	for (size_t i = 0; i < l->lanes_n; i++) {
		double mine = pace(&l->lanes[i], now_ns);
		if (mine > 0 && why_lane_away(&l->lanes[i]) == NULL)
			runs_a_ns += 1 / mine;
	}
	return remaining == 0 || runs_a_ns <= 0 ? ABSENT : (int64_t)((double)remaining / runs_a_ns);
}

static int64_t time_left(const struct live *l, int64_t now_ns)
{
	int64_t left =
		l->campaign->is_spread ? left_of_blocks(l, now_ns) : left_of_lanes(l, now_ns);
	int64_t budget = live_budget_left(l, now_ns, clock_realtime_ns());

	return budget != ABSENT && (left == ABSENT || budget < left) ? budget : left;
}

/* Whether it may end before all passes are done. */
static bool is_at_most(const struct live *l)
{
	const struct budget *b = &l->campaign->budget;

	return live_has_until(l) || b->time_ns != ABSENT || b->energy_uj != ABSENT ||
	       b->until_minute != ABSENT;
}

/* ---- waiting ---- */

static bool needs_teardown(const struct live *l, const struct lane *lane)
{
	return l->campaign->teardown.n > 0 && lane->finish != FINISH_DONE;
}

static void waits_for_teardown(const struct live *l, struct buf *out)
{
	for (size_t i = 0; i < l->lanes_n; i++)
		if (needs_teardown(l, &l->lanes[i]))
			buf_addf(out, "%s%s", out->len ? ", " : "teardown on ",
				l->lanes[i].host->name);
}

static void add_host_away(const struct host *h, const char *why, struct buf *out)
{
	if (why == NULL)
		return;
	_cleanup_free_ char *text = xasprintf("%s (%s)", h->name, why);
	if (out->data == NULL || strstr(out->data, text) == NULL)
		buf_addf(out, "%s%s", out->len ? ", " : "", text);
}

/* List the hosts that have work left and do nothing for it, "lab03 (silent), lab05 (drained)".
 * Returns whether that is all of those that have work left. */
static bool add_away(const struct live *l, struct buf *out)
{
	bool is_all = true;

	for (size_t i = 0; i < l->lanes_n; i++) {
		const struct lane *lane = &l->lanes[i];
		if (lane->plan->n == 0 || live_lane_is_over(l, lane))
			continue;
		if (lane->members_n == 0)
			add_host_away(lane->host, why_away(lane->host), out);
		for (size_t k = 0; k < lane->members_n; k++)
			add_host_away(lane->members[k], why_member_away(lane->members[k]), out);
		is_all = is_all && why_lane_away(lane) != NULL;
	}
	return is_all;
}

void live_waits_for(const struct live *l, struct buf *out)
{
	if (l->state == CAMPAIGN_PAUSED)
		return;
	if (live_is_over(l)) {
		waits_for_teardown(l, out);
		return;
	}
	if (!add_away(l, out))
		buf_reset(out);
}

void live_without(const struct live *l, struct buf *out)
{
	_cleanup_buf_ struct buf away = BUF_INIT;

	if (l->state == CAMPAIGN_PAUSED || live_is_over(l))
		return;
	bool waits = add_away(l, &away);
	if (away.len > 0)
		buf_addf(out, "%s %s", waits ? "waits for" : "goes on without", away.data);
}

void live_describe(const struct live *l, int64_t now_ns, struct message_campaign *out)
{
	int64_t running = 0;

	for (size_t i = 0; i < l->lanes_n; i++) {
		const struct host *h = l->lanes[i].host;
		running += h->flights_n > 0 && h->flights[0].live == l;
	}
	*out = (struct message_campaign){
		.label = l->label,
		.state = campaign_state_name(l->state),
		.total = live_total(l),
		.done = l->done,
		.failed = l->failed,
		.skipped = l->skipped,
		.running = running,
		.hosts = (int64_t)l->alone_n,
		.submitted_at = l->submitted_at,
		.ended_at = ABSENT,
		.left_ns = l->state == CAMPAIGN_PAUSED ? ABSENT : time_left(l, now_ns),
		.at_most = is_at_most(l) ? 1 : ABSENT,
		.priority = l->priority,
	};
}

/* ---- what is missing at the end ---- */

struct missing {
	int64_t n, of; /* configurations of a host, or of all hosts where blocks are spread */
	struct buf names;
};

static void look_at(const struct live *l, const struct until_scope *u, const char *host, size_t i,
	struct missing *m)
{
	const struct tally *t = &u->tallies[i];
	size_t index = u->configurations ? u->configurations[i] : i;
	const struct configuration *c = &l->plan->configurations[index];

	if (u->cannot != NULL && u->cannot[i] != NULL)
		return;
	m->of++;
	/* What was skipped says so itself. */
	if ((int64_t)t->tried + t->skipped >= l->campaign->blocks && l->reached == NULL)
		return;
	if (t->tried >= l->campaign->blocks)
		return;
	if (m->n++ >= NAMED)
		return;
	buf_addf(&m->names, "%s%s ", m->names.len ? ", " : "", c->benchmark->name);
	configuration_parameters(c, &m->names);
	buf_addf(&m->names, "%s%s (%" PRIu32 ")", host ? " on " : "", host ? host : "", t->tried);
}

void live_missing(const struct live *l, struct buf *out)
{
	struct missing m = {.names = BUF_INIT};

	for (size_t i = 0; i < l->until.n; i++)
		look_at(l, &l->until, NULL, i, &m);
	for (size_t k = 0; k < l->lanes_n; k++)
		for (size_t i = 0; i < l->lanes[k].until.n; i++)
			look_at(l, &l->lanes[k].until, l->lanes[k].plan->host, i, &m);
	if (l->reached != NULL)
		buf_adds(out, l->reached);
	if (m.n > 0)
		buf_addf(out,
			"%s%" PRId64 " of %" PRId64 " configurations have fewer than %" PRId64
			" blocks: %s",
			out->len ? ": " : "", m.n, m.of, l->campaign->blocks, m.names.data);
	if (m.n > NAMED)
		buf_addf(out, " and %" PRId64 " more", m.n - NAMED);
	buf_done(&m.names);
}
