#include "coordinator/dispatch/host.h"

#include "proto/log.h"
#include <utlist.h>

void host_is_due(struct host *h)
{
	if (h->is_due || h->due == NULL)
		return;
	h->is_due = true;
	DL_APPEND2(*h->due, h, due_prev, due_next);
}

void host_apply(struct host *h, enum host_event e)
{
	enum host_state before = h->state;

	h->state = host_state_next(h->state, e);
	if (e == HOST_HELLO || h->state != before)
		host_is_due(h);
	/* What it has in hand decides between the two states of a host that is there. */
	if (host_is_connected(h))
		h->state = host_state_next(h->state, h->flights_n > 0 ? HOST_ASSIGNED : HOST_EMPTY);
}

bool host_take(struct host *h, struct live *live, struct live_run *run)
{
	if (h->flights_n == HOST_FLIGHTS_MAX)
		return false;
	h->flights[h->flights_n++] = (struct flight){.live = live, .run = run};
	host_apply(h, HOST_ASSIGNED);
	return true;
}

void host_put_down(struct host *h, const struct live_run *run)
{
	for (size_t i = 0; i < h->flights_n; i++) {
		if (h->flights[i].run != run)
			continue;
		h->flights_n--;
		memmove(&h->flights[i], &h->flights[i + 1],
			(h->flights_n - i) * sizeof *h->flights);
		host_is_due(h);
		break;
	}
	if (h->flights_n == 0)
		host_apply(h, HOST_EMPTY);
}

void host_set_trouble(struct host *h, const char *trouble)
{
	if (trouble == NULL ? h->trouble == NULL : text_is(h->trouble, trouble))
		return;
	if (trouble == NULL)
		log_info("host %s takes runs again", h->name);
	else if (h->trouble == NULL)
		log_warning("host %s can take no runs now: %s", h->name, trouble);
	free(h->trouble);
	h->trouble = xstrdup_or_null(trouble);
	/* Also where it takes none any more: others that were claimed with it are free. */
	host_is_due(h);
}
