/* The clocks of hosts that run something, kept so that their samples can be put on one axis. */
#include "coordinator/dispatch/core.h"

#include "proto/clock.h"

#define KEEP_EVERY_NS (60 * NS_PER_S)

void clocks_keep(struct dispatch *d, struct host *h, int64_t now_ns)
{
	struct error err = {0};

	if (h->offset == ABSENT || h->delay == ABSENT ||
		(h->clock_kept_ns != 0 && now_ns - h->clock_kept_ns < KEEP_EVERY_NS) ||
		dispatch_begin(d) < 0)
		return;
	const struct store_clock c = {.host = h->id,
		.at = clock_realtime_ns(),
		.raw = clock_raw_ns(),
		.session = h->session,
		.offset = h->offset,
		.delay = h->delay};
	h->clock_kept_ns = now_ns;
	if (d->config.ops->put_clock(d->config.store, &c, &err) < 0)
		dispatch_fail(d, &err);
}
