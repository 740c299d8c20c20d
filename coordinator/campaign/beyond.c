/* What a campaign may say and a submission does not act on. */
#include "coordinator/campaign/campaign.h"

void campaign_note_beyond(const struct campaign *c, struct buf *notes)
{
	if (c->schedule.cron != NULL)
		buf_adds(notes, "schedule: it runs once, now; to repeat it: joulerig schedule add "
				"FILE\n");
}
