/*
 * campaign_text.h - a campaign out of a text that must be a good one
 */
#ifndef TESTS_UNIT_CAMPAIGN_TEXT_H
#define TESTS_UNIT_CAMPAIGN_TEXT_H

#include "coordinator/campaign/campaign.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* changes as in campaign_read(). campaign_free() it. */
static inline struct campaign *read_changed(const char *text, const char *changes)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct diagnostics d = {0};
	struct campaign *c = campaign_read(text, strlen(text), changes, &d);

	diagnostics_format(&d, "-", &out);
	diagnostics_done(&d);
	if (!c)
		fail_msg("%s%s", text, out.data);
	return c;
}

static inline struct campaign *read_text(const char *text)
{
	return read_changed(text, NULL);
}

#endif
