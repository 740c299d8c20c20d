#include "coordinator/dispatch/vitals.h"

#include "coordinator/dispatch/core.h"
#include "coordinator/dispatch/submission.h"
#include "proto/clock.h"
#include <utlist.h>

/* The lane's first host tells of a run that several have in hand. */
static bool is_teller(const struct host *h, const struct live_run *r, const struct live *l)
{
	const struct lane *lane = &l->lanes[r->lane];

	return lane->members_n == 0 || lane->members[0] == h;
}

static void count_runs(const struct dispatch *d, int64_t now_ns, struct vitals *out)
{
	const struct host *h;
	struct live *l;
	struct message_campaign c;
	int64_t unended = 0;

	for (h = d->hosts; h != NULL; h = h->hh.next)
		for (size_t i = 0; i < h->flights_n; i++) {
			const struct flight *f = &h->flights[i];
			if (f->run->state != STATE_QUEUED && is_teller(h, f->run, f->live))
				out->runs[f->run->state]++;
		}
	DL_FOREACH (d->lives, l) {
		out->campaigns[l->state]++;
		unended += (int64_t)HASH_COUNT(l->runs);
		if (campaign_state_is_final(l->state))
			continue;
		live_describe(l, now_ns, &c);
		out->queue += c.total - c.done;
	}
	/* What is in nobody's hands waits. */
	out->runs[STATE_QUEUED] = unended - out->runs[STATE_ASSIGNED] - out->runs[STATE_RUNNING];
}

static void count_submissions(const struct dispatch *d, struct vitals *out)
{
	const struct submission *s;

	DL_FOREACH (d->submissions, s)
		out->submissions++;
}

static void list_hosts(const struct dispatch *d, const struct totals *t, struct vitals *out)
{
	const struct host *h;

	out->hosts = xcalloc(HASH_COUNT(d->hosts) + 1, sizeof *out->hosts);
	for (h = d->hosts; h != NULL; h = h->hh.next) {
		struct vitals_host *f = &out->hosts[out->hosts_n++];
		struct totals_host *counted = NULL;
		*f = (struct vitals_host){.state = h->state,
			.admission = h->admission,
			.has_trouble = h->trouble != NULL,
			.seen_at = h->seen_at,
			.flights = (int64_t)h->flights_n};
		memcpy(f->name, h->name, sizeof f->name);
		HASH_FIND_STR(t->hosts, h->name, counted);
		if (counted != NULL)
			f->totals = *counted;
		else
			totals_host_init(&f->totals, h->name);
	}
}

int dispatch_vitals(struct dispatch *d, const struct totals *t, struct vitals_reader *r,
	int64_t now_ns, const char *trouble, struct vitals *out, struct error *err)
{
	*out = (struct vitals){.at_ns = now_ns,
		.trouble = xstrdup_or_null(trouble),
		.commit_ns = t->commit_ns,
		.troubles = t->troubles};
	memcpy(out->results, t->results, sizeof out->results);
	memcpy(out->commits, t->commits, sizeof out->commits);
	if (d == NULL)
		return 0;
	out->store = d->store_id;
	out->epoch = d->epoch;
	count_runs(d, now_ns, out);
	count_submissions(d, out);
	list_hosts(d, t, out);
	return vitals_read(r, d->config.ops, d->config.store, out, err);
}

void vitals_done(struct vitals *f)
{
	for (size_t i = 0; i < f->schedules_n; i++)
		free(f->schedules[i].name);
	free(f->schedules);
	free(f->hosts);
	free(f->trouble);
	*f = (struct vitals){0};
}
