/* What a campaign may say and this version does not act on. */
#include "coordinator/campaign/campaign.h"

void campaign_note_beyond(const struct campaign *c, struct buf *notes)
{
	if (c->schedule.cron != NULL)
		buf_adds(notes, "schedule: not acted on by this version; it runs once, now\n");
}
