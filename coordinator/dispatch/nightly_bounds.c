/*
 * A sweep does not take for ever: at its deadline, and when it has waited long enough for hosts
 * that are not there, its campaign ends in order, as one whose budget is used up. What ran stays,
 * what is queued is skipped with the reason.
 */
#include "coordinator/dispatch/nightly.h"

#include "proto/log.h"
#include "proto/units.h"

static void end_in_order(struct live *l, char *why)
{
	log_warning("%s ends: %s", l->label, why);
	l->reached = why; /* live_settle() does the rest, in this turn */
	l->is_stirred = true;
}

/* By the clock that nobody sets, but for the time before a restart. */
static bool is_over(struct sweep *s, const struct schedule *c, int64_t now_ns, int64_t at)
{
	if (c->deadline_ns == ABSENT || s->row.began_at == ABSENT)
		return false;
	if (s->deadline_ns == 0) {
		int64_t used = at > s->row.began_at ? at - s->row.began_at : 0;
		s->deadline_ns = now_ns + (used < c->deadline_ns ? c->deadline_ns - used : 0);
	}
	return now_ns >= s->deadline_ns;
}

/* Those that it waits for, and has for longer than the patience lasts, in hosts. */
static bool is_lonely(struct sweep *s, const struct live *l, const struct schedule *c,
	int64_t now_ns, struct buf *hosts)
{
	if (!live_is_over(l)) /* nobody waits long for teardown anyway */
		live_waits_for(l, hosts);
	if (hosts->len == 0)
		s->lonely_since_ns = 0;
	else if (s->lonely_since_ns == 0)
		s->lonely_since_ns = now_ns;
	return hosts->len > 0 && now_ns - s->lonely_since_ns >= c->patience_ns;
}

void sweep_keep_bounds(
	struct dispatch *d, struct sweep *s, struct live *l, int64_t now_ns, int64_t at)
{
	const struct nightly_schedule *n = nightly_find(d, s->row.schedule);
	/* Where that was removed meanwhile, the campaign has it, too. */
	const struct schedule *c =
		n != NULL && n->campaign != NULL ? &n->campaign->schedule : &l->campaign->schedule;
	_cleanup_buf_ struct buf hosts = BUF_INIT;
	char text[32];

	if (c->cron == NULL || l->reached != NULL || l->is_stopped)
		return;
	if (is_over(s, c, now_ns, at))
		end_in_order(l, xasprintf("schedule: deadline %s reached",
					units_format_duration(text, c->deadline_ns)));
	else if (is_lonely(s, l, c, now_ns, &hosts))
		end_in_order(l, xasprintf("schedule: without %s for %s", hosts.data,
					units_format_duration(text, c->patience_ns)));
}
