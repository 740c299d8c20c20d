#include "coordinator/dispatch/maintenance.h"

#include "coordinator/dispatch/admission.h"
#include "coordinator/schedule/calendar.h"
#include "coordinator/settings.h"
#include "proto/log.h"

/* Hosts are looked at anew at least so often, for those that came, or have another name. */
#define LOOK_AGAIN_NS (10 * NS_PER_S)

struct window {
	char **hosts; /* names (owned) */
	size_t hosts_n;
	struct cron cron;
	struct calendar *calendar; /* owned */
	int64_t for_ns;
	int64_t from, until; /* while it is open; until 0: it is not */
	int64_t looked_at, look_again_at;
};

struct maintenance {
	struct window *windows; /* owned */
	size_t n;
	size_t hosts_n; /* of the dispatcher, when they were looked at */
	int64_t looked_at;
};

/* ---- the windows ---- */

static void window_done(struct window *w)
{
	for (size_t i = 0; i < w->hosts_n; i++)
		free(w->hosts[i]);
	free(w->hosts);
	calendar_free(w->calendar);
}

/* The file was checked before; a time zone may be gone from this machine since. */
static bool window_set(struct window *w, const struct settings_window *of)
{
	struct error err = {0};

	*w = (struct window){.for_ns = of->for_ns, .look_again_at = INT64_MIN};
	if (cron_parse(of->cron, &w->cron, &err) < 0 ||
		calendar_open(&w->calendar, of->timezone, &err) < 0) {
		log_error("maintenance '%s': %s; its hosts get runs all the time", of->cron,
			err.text);
		return false;
	}
	w->hosts = xcalloc(of->hosts_n + 1, sizeof *w->hosts);
	for (; w->hosts_n < of->hosts_n; w->hosts_n++)
		w->hosts[w->hosts_n] = xstrdup(of->hosts[w->hosts_n]);
	return true;
}

void maintenance_free(struct dispatch *d)
{
	struct maintenance *m = d->maintenance;

	if (m == NULL)
		return;
	for (size_t i = 0; i < m->n; i++)
		window_done(&m->windows[i]);
	free(m->windows);
	free(m);
	d->maintenance = NULL;
}

void maintenance_set(struct dispatch *d, const struct settings *settings)
{
	size_t n = settings != NULL ? settings->windows_n : 0;

	maintenance_free(d);
	d->maintenance = xcalloc(1, sizeof *d->maintenance);
	d->maintenance->windows = xcalloc(n + 1, sizeof *d->maintenance->windows);
	d->maintenance->looked_at = INT64_MIN;
	for (size_t i = 0; i < n; i++)
		if (window_set(&d->maintenance->windows[d->maintenance->n], &settings->windows[i]))
			d->maintenance->n++;
}

/* Where one begins while another is open they are one. */
static void window_look(struct window *w, int64_t at)
{
	int64_t next = calendar_next(w->calendar, &w->cron, at - w->for_ns);

	w->looked_at = at;
	w->until = 0;
	if (next != ABSENT && next <= at)
		w->from = next;
	for (; next != ABSENT && next <= at; next = calendar_next(w->calendar, &w->cron, next))
		w->until = next + w->for_ns;
	w->look_again_at = next == ABSENT ? INT64_MAX : next;
	if (w->until != 0 && w->until < w->look_again_at)
		w->look_again_at = w->until;
}

/* Returns whether it is another one than before. */
static bool window_tick(struct window *w, int64_t at)
{
	int64_t was = w->until;

	/* The clock may have been put back. */
	if (at >= w->look_again_at || at < w->looked_at)
		window_look(w, at);
	return w->until != was;
}

/* ---- the hosts ---- */

static bool window_has(const struct window *w, const struct host *h)
{
	for (size_t i = 0; i < w->hosts_n; i++)
		if (strcmp(w->hosts[i], h->name) == 0)
			return true;
	return false;
}

/* Of those that are open, the one that a host is in longest; NULL: none. */
static const struct window *window_of(const struct maintenance *m, const struct host *h)
{
	const struct window *found = NULL;

	for (size_t i = 0; i < m->n; i++)
		if (m->windows[i].until != 0 && window_has(&m->windows[i], h) &&
			(found == NULL || m->windows[i].until > found->until))
			found = &m->windows[i];
	return found;
}

static void look_at_host(struct dispatch *d, struct host *h)
{
	const struct window *w = window_of(d->maintenance, h);
	char until[64];
	bool was = host_is_resting(h);

	if (w == NULL && !was)
		return;
	h->rest_from = w != NULL ? w->from : 0;
	h->rest_until = w != NULL ? w->until : 0;
	free(h->rest);
	h->rest = w != NULL ? xasprintf("maintenance until %s",
				      calendar_text(w->calendar, w->until, until))
			    : NULL;
	if (was != host_is_resting(h))
		admission_rest(d, h);
}

void maintenance_tick(struct dispatch *d, int64_t at)
{
	struct maintenance *m = d->maintenance;
	struct host *h, *next;
	bool is_due;

	if (m == NULL || (m->n == 0 && m->looked_at != INT64_MIN))
		return;
	is_due = m->hosts_n != HASH_COUNT(d->hosts) || at < m->looked_at ||
		 at - LOOK_AGAIN_NS >= m->looked_at;
	for (size_t i = 0; i < m->n; i++)
		is_due |= window_tick(&m->windows[i], at);
	if (!is_due)
		return;
	m->hosts_n = HASH_COUNT(d->hosts);
	m->looked_at = at;
	HASH_ITER (hh, d->hosts, h, next)
		look_at_host(d, h);
}
