/* What a campaign may say and this version does not run. */
#include "coordinator/campaign/campaign.h"
#include <stdio.h>

bool campaign_is_beyond(const struct campaign *c, char why[256], struct buf *notes)
{
	why[0] = '\0';
	if (notes != NULL && c->schedule.cron != NULL)
		buf_adds(notes, "schedule: not acted on by this version; it runs once, now\n");
	for (size_t i = 0; i < c->benchmarks_n; i++) {
		if (c->benchmarks[i].roles_n == 0)
			continue;
		snprintf(why, 256,
			"benchmark '%.64s': roles: this version checks and plans campaigns with "
			"several programs at once, but cannot run them yet",
			c->benchmarks[i].name);
		return true;
	}
	return false;
}
