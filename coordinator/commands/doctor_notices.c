/* Whether what was to be told reached those who were to be told. */
#include "coordinator/commands/doctor.h"
#include "coordinator/store/queries.h"
#include "coordinator/store/store.h"

#include "proto/clock.h"
#include "proto/units.h"
#include <stdio.h>

#define LONG_NS   (INT64_C(3600) * NS_PER_S)
#define RECENT_NS (30 * INT64_C(86400) * NS_PER_S)

/* Of one state. */
struct state {
	int64_t n;
	char *channel, *reason; /* of the last one */
	int64_t notice;         /* likewise, its id */
	char *text;
};

struct deliveries {
	struct state waiting, given_up;
	int64_t since; /* id of the first notice that is recent; older ones are nobody's business */
	int64_t late;  /* and of the first that cannot be waiting for long yet */
	int64_t now;
};

static int on_notice(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct deliveries *all = arg;

	(void)n;
	if (all->since == 0 && c[NOTICES_AT].integer >= all->now - RECENT_NS)
		all->since = key;
	if (all->late == 0 && c[NOTICES_AT].integer >= all->now - LONG_NS)
		all->late = key;
	return 0;
}

static void keep(char **text, const char *now)
{
	char *copy = xstrdup(now != NULL ? now : "it was not tried yet");

	free(*text);
	*text = copy;
}

static int on_delivery(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct deliveries *all = arg;
	int64_t notice = c[DELIVERIES_NOTICE].integer;
	bool is_waiting = strcmp(c[DELIVERIES_STATE].text, DELIVERY_WAITING) == 0;
	bool is_given_up = strcmp(c[DELIVERIES_STATE].text, DELIVERY_GIVEN_UP) == 0;

	(void)key;
	(void)n;
	/* The way is mended since, if it was that. */
	if (all->given_up.n > 0 && strcmp(c[DELIVERIES_STATE].text, DELIVERY_DELIVERED) == 0 &&
		strcmp(all->given_up.channel, c[DELIVERIES_CHANNEL].text) == 0)
		all->given_up.n = 0;
	if ((!is_waiting && !is_given_up) || (is_waiting ? all->late != 0 && notice >= all->late
							 : all->since == 0 || notice < all->since))
		return 0;
	struct state *s = is_waiting ? &all->waiting : &all->given_up;
	s->n++;
	s->notice = notice;
	keep(&s->channel, c[DELIVERIES_CHANNEL].text);
	keep(&s->reason, c[DELIVERIES_REASON].text);
	return 0;
}

static int on_text(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct state *s = arg;
	const char *text = c[NOTICES_TEXT].text;

	(void)key;
	(void)n;
	s->text = xstrndup(text, strcspn(text, "\n"));
	return 0;
}

static void tell_state(struct doctor *d, struct store *store, struct state *s,
	enum doctor_state how_bad, const char *what)
{
	struct error err = {0};

	if (s->n > 0 && stores[0]->query(store, "notices", NULL, s->notice - 1, 1, NULL, on_text, s,
				&err) == 0)
		doctor_find(d, "notices", how_bad, "joulerig serve --settings FILE --notify-test",
			"%lld %s, the last by %s: %s (%s)", (long long)s->n, what, s->channel,
			s->reason, s->text != NULL ? s->text : "");
	free(s->channel);
	free(s->reason);
	free(s->text);
}

void doctor_check_notices(struct doctor *d, struct store *s)
{
	struct deliveries all = {.now = clock_realtime_ns()};
	struct error err = {0};

	/* A store of an earlier release has none, and no table either. */
	if (stores[0]->query(s, "notices", NULL, 0, INT64_MAX, NULL, on_notice, &all, &err) < 0 ||
		stores[0]->query(
			s, "deliveries", NULL, 0, INT64_MAX, NULL, on_delivery, &all, &err) < 0)
		return;
	tell_state(d, s, &all.given_up, DOCTOR_BAD, "given up in the last 30 days");
	tell_state(d, s, &all.waiting, DOCTOR_NOTE, "waiting for more than an hour");
}
