/*
 * What a campaign may take. Time is that during which it ran: from the first run that a coordinator
 * handed out to the last that ended, and so for each coordinator that had it and between two
 * pauses, so that neither a queue before it nor the night before a `resume` uses it up. Energy is
 * energy.package of all runs on all hosts, warm-up and failed ones too. The time of day is the
 * coordinator's local one, the next after the submission. A campaign that goes on after its end has
 * all of it anew.
 */
#include "coordinator/dispatch/live_parts.h"

#include "proto/units.h"
#include <time.h>

void live_init_budget(struct live *l)
{
	int64_t minute = l->campaign->budget.until_minute;
	time_t submitted = (time_t)(l->budget_at / NS_PER_S);
	struct tm day;

	l->until_at = ABSENT;
	if (minute == ABSENT)
		return;
	localtime_r(&submitted, &day);
	for (int days = 0; days < 2; days++) {
		struct tm end = day;

		end.tm_mday += days;
		end.tm_hour = (int)(minute / 60);
		end.tm_min = (int)(minute % 60);
		end.tm_sec = 0;
		end.tm_isdst = -1;
		l->until_at = (int64_t)mktime(&end) * NS_PER_S;
		if (l->until_at > l->budget_at)
			return;
	}
}

static int64_t used_ns(const struct live *l, int64_t now_ns)
{
	return l->used_ns + (l->since_ns == 0 ? 0 : now_ns - l->since_ns);
}

char *live_budget_reached(const struct live *l, int64_t now_ns, int64_t at)
{
	const struct budget *b = &l->campaign->budget;
	char text[32];

	if (b->time_ns != ABSENT && used_ns(l, now_ns) >= b->time_ns)
		return xasprintf(
			"budget: time %s reached", units_format_duration(text, b->time_ns));
	if (b->energy_uj != ABSENT && l->used_uj >= b->energy_uj)
		return xasprintf("budget: energy %s J reached",
			units_format_decimal(text, b->energy_uj, 1000000));
	if (l->until_at != ABSENT && at >= l->until_at)
		return xasprintf("budget: until %02d:%02d reached", (int)(b->until_minute / 60),
			(int)(b->until_minute % 60));
	return NULL;
}

static int64_t smaller(int64_t a, int64_t b)
{
	b = b < 0 ? 0 : b;
	return a == ABSENT || b < a ? b : a;
}

int64_t live_budget_left(const struct live *l, int64_t now_ns, int64_t at)
{
	const struct budget *b = &l->campaign->budget;
	int64_t used = used_ns(l, now_ns), left = ABSENT;

	if (b->time_ns != ABSENT)
		left = smaller(left, b->time_ns - used);
	if (l->until_at != ABSENT)
		left = smaller(left, l->until_at - at);
	if (b->energy_uj != ABSENT && l->used_uj > 0) {
		double ns = ((double)b->energy_uj - (double)l->used_uj) / (double)l->used_uj *
			    (double)used;
		/* More than a century is no bound. */
		if (ns < 3e18)
			left = smaller(left, (int64_t)ns);
	}
	return left;
}
