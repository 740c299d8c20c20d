/* What was there before a restart. */
#include "coordinator/dispatch/admission.h"
#include "coordinator/dispatch/core.h"
#include "coordinator/dispatch/nightly.h"

#include "coordinator/store/queries.h"
#include "proto/clock.h"
#include "proto/log.h"
#include <stdio.h>
#include <utlist.h>

static struct host *find_or_add_host(
	void *arg, int64_t id, const char *name, const char *key, const char *inventory)
{
	struct dispatch *d = arg;
	struct host *h = dispatch_host(d, key);

	if (h == NULL) {
		h = dispatch_add_host(d, key, name);
		h->inventory = xstrdup(inventory ? inventory : "{}");
		h->id = id;
	}
	return h;
}

static int on_campaign_row(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct dispatch *d = arg;
	struct error err = {0};
	struct id16 uuid = {0};
	struct live *l;

	(void)key;
	(void)n;
	if (c[CAMPAIGNS_UUID].blob.len == sizeof uuid)
		memcpy(uuid.b, c[CAMPAIGNS_UUID].blob.data, sizeof uuid);
	enum campaign_state state = campaign_state_by_name(c[CAMPAIGNS_STATE].text);
	if (campaign_state_is_final(state)) {
		dispatch_add_ended(d, &uuid, c[CAMPAIGNS_ID].integer, false);
		return 0;
	}
	if (state == CAMPAIGN_QUEUED) {
		d->half = xreallocarray(d->half, d->half_n + 1, sizeof *d->half);
		d->half[d->half_n++] = c[CAMPAIGNS_ID].integer;
		return 0;
	}
	if (d->only != NULL && strcmp(c[CAMPAIGNS_LABEL].text, d->only) != 0) {
		log_info("%s was interrupted; 'joulerig resume %s' goes on with it",
			c[CAMPAIGNS_LABEL].text, c[CAMPAIGNS_LABEL].text);
		dispatch_add_ended(d, &uuid, c[CAMPAIGNS_ID].integer, true);
		return 0;
	}
	if (live_load(&l, c, d->s, find_or_add_host, d, &err) < 0) {
		log_warning("%s; it stays as it is", err.text);
		dispatch_add_ended(d, &uuid, c[CAMPAIGNS_ID].integer, true);
		return 0;
	}
	log_info("%s %s: %lld of %lld runs ended before", l->label,
		l->state == CAMPAIGN_PAUSED ? "is paused" : "goes on", (long long)l->done,
		(long long)l->total);
	DL_APPEND(d->lives, l);
	return 0;
}

static int on_host_row(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct host *h = find_or_add_host(arg, c[HOSTS_ID].integer, c[HOSTS_NAME].text,
		c[HOSTS_KEY].text, c[HOSTS_INVENTORY].text);

	(void)key;
	(void)n;
	h->seen_at = c[HOSTS_SEEN_AT].integer;
	admission_read(h, c[HOSTS_ADMISSION].text, c[HOSTS_ADMISSION_REASON].text,
		c[HOSTS_ADMISSION_AT].integer);
	return 0;
}

struct taking_up {
	struct dispatch *dispatch;
	struct live *live;
	int64_t id;
};

static int on_taken_up(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct taking_up *t = arg;
	struct error err = {0};

	(void)n;
	t->id = key;
	if (live_load(&t->live, c, t->dispatch->s, find_or_add_host, t->dispatch, &err) < 0)
		log_warning("%s; it stays as it was", err.text);
	return 0;
}

int dispatch_take_up(struct dispatch *d, const char *label, struct error *err)
{
	struct taking_up t = {.dispatch = d};
	int r = d->s.ops->query(d->s.store, "campaigns", label, 0, 1, NULL, on_taken_up, &t, err);

	if (r < 0)
		return r;
	if (t.live == NULL) {
		r = d->s.ops->set_campaign_state(d->s.store, t.id,
			campaign_state_name(CAMPAIGN_DONE), clock_realtime_ns(), err);
		return r < 0 ? r
			     : error_set(err, ERR_UNAVAILABLE,
				       "%s cannot be taken up: the coordinator's log says why",
				       label);
	}
	log_info("%s goes on: %lld of its runs ended before", label, (long long)t.live->done);
	DL_APPEND(d->lives, t.live);
	live_is_due(t.live);
	return 0;
}

/* A coordinator ended while it wrote these; who submitted them was told of no label. */
static int remove_half(struct dispatch *d, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < d->half_n; i++)
		r = d->config.ops->remove_campaign(d->config.store, d->half[i], err);
	free(d->half);
	d->half = NULL;
	d->half_n = 0;
	return r;
}

int dispatch_load(struct dispatch *d, const char *only, struct error *err)
{
	d->only = only;
	int r = d->config.ops->query(
		d->config.store, "hosts", NULL, 0, INT64_MAX, NULL, on_host_row, d, err);

	if (r == 0)
		r = d->config.ops->query(d->config.store, "campaigns", NULL, 0, INT64_MAX, NULL,
			on_campaign_row, d, err);
	if (r == 0)
		r = remove_half(d, err);
	if (r == 0)
		r = nightly_load(d, err);
	return r;
}
