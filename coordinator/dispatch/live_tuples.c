/*
 * Lanes of several hosts that run together. In such a lane `host` stands for all of them: it has a
 * name and a row in the store, so that runs and results are its own like any other's, but no agent
 * speaks for it; `members` are those that do, and a run in flight is in the hands of each.
 */
#include "coordinator/dispatch/live_parts.h"

#include "coordinator/dispatch/gang.h"
#include <stdio.h>

/* Of a host in the store: no agent's, and the same for the same agents in the same roles. */
static char *key_of(const struct lane *lane)
{
	const struct benchmark *of = lane->plan->of;
	_cleanup_buf_ struct buf key = BUF_INIT;

	buf_adds(&key, ROLES_HOST);
	for (size_t i = 0; i < lane->members_n; i++)
		buf_addf(&key, "%s%s=%s", i ? "," : "", of->roles[i].name,
			lane->members[i]->public_key);
	buf_addf(&key, ",main=%s", of->roles[of->main].name);
	return buf_take(&key);
}

static void make_tuple(struct live *l, struct lane *lane, const struct plan_lane *plan)
{
	lane->plan = plan;
	lane->finish = FINISH_DONE; /* its members are told in lanes of their own */
	lane->host = xcalloc(1, sizeof *lane->host);
	snprintf(lane->host->name, sizeof lane->host->name, "%s", plan->host);
	lane->members_n = plan->parts_n;
	lane->members = xcalloc(plan->parts_n, sizeof *lane->members);
	lane->turns = xcalloc(plan->parts_n, sizeof *lane->turns);
	for (size_t i = 0; i < plan->parts_n; i++) {
		lane->members[i] = l->lanes[plan->parts[i]].host;
		lane->turns[i] = lane->members[i]->turns - 1;
	}
}

void live_add_tuples(struct live *l, const struct plan *plan)
{
	size_t n = plan->lanes_n;

	l->alone_n = l->lanes_n;
	if (n == l->lanes_n)
		return;
	l->lanes = xreallocarray(l->lanes, n, sizeof *l->lanes);
	l->hosts = xreallocarray(l->hosts, n, sizeof *l->hosts);
	memset(&l->lanes[l->alone_n], 0, (n - l->alone_n) * sizeof *l->lanes);
	for (; l->lanes_n < n; l->lanes_n++) {
		const struct plan_lane *p = &plan->lanes[l->lanes_n];

		make_tuple(l, &l->lanes[l->lanes_n], p);
		l->hosts[l->lanes_n] = (struct plan_host){.name = xstrdup(l->hosts[p->main].name),
			.inventory = xstrdup(l->hosts[p->main].inventory)};
	}
}

void live_free_tuple(struct lane *lane)
{
	gang_free(lane->gang);
	if (lane->members_n > 0)
		free(lane->host);
	free(lane->members);
	free(lane->turns);
}

int live_write_tuple(struct live *l, size_t index, struct live_store s, struct error *err)
{
	struct lane *lane = &l->lanes[index];
	_cleanup_free_ char *key = key_of(lane);
	int r = s.ops->put_host(s.store, lane->plan->host, key, l->hosts[index].inventory,
		l->submitted_at, &lane->host->id, err);

	if (r == 0)
		r = s.ops->add_lane(s.store, l->id, (int64_t)index, lane->host->id, err);
	for (size_t i = 0; r == 0 && i < lane->members_n; i++)
		r = s.ops->add_lane_part(s.store, l->id, (int64_t)index, (int64_t)i,
			lane->plan->of->roles[i].name, lane->members[i]->id, err);
	return r;
}

bool lane_has(const struct lane *lane, const struct host *h)
{
	for (size_t i = 0; i < lane->members_n; i++)
		if (lane->members[i] == h)
			return true;
	return lane->host == h;
}

bool lane_takes_runs(const struct lane *lane)
{
	for (size_t i = 0; i < lane->members_n; i++)
		if (!host_takes_runs(lane->members[i]))
			return false;
	return lane->members_n > 0 || host_takes_runs(lane->host);
}

bool lane_take(struct lane *lane, struct live *l, struct live_run *r)
{
	if (lane->members_n == 0)
		return host_take(lane->host, l, r);
	for (size_t i = 0; i < lane->members_n; i++)
		if (lane->members[i]->flights_n > 0)
			return false;
	for (size_t i = 0; i < lane->members_n; i++)
		host_take(lane->members[i], l, r);
	return true;
}

void lane_put_down(struct lane *lane, const struct live_run *r)
{
	host_put_down(lane->host, r);
	for (size_t i = 0; i < lane->members_n; i++)
		host_put_down(lane->members[i], r);
	if (lane->gang != NULL && lane->gang->run == r) {
		gang_free(lane->gang);
		lane->gang = NULL;
	}
}
