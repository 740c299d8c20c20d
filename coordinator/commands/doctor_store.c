/* What is in the store. */
#include "coordinator/commands/doctor.h"

#include "coordinator/client.h"
#include "coordinator/store/store.h"

#include "proto/clock.h"
#include "proto/units.h"
#include <errno.h>

#define DAY_NS        (INT64_C(86400) * NS_PER_S)
#define UNPRUNED_DAYS 180
#define MAX_FINDINGS  50 /* a file in ruins has thousands */

struct found {
	struct doctor *d;
	const char *command;
	int n;
};

static void on_found(void *arg, const struct store_finding *f)
{
	struct found *found = arg;

	if (found->n++ < MAX_FINDINGS)
		doctor_find(found->d, f->what, DOCTOR_BAD,
			found->n == 1 && strcmp(f->what, "file") == 0 ? found->command : NULL, "%s",
			f->text);
}

static void check_whole(struct doctor *d, struct store *s)
{
	struct found found = {.d = d,
		.command = "go on from a backup, or save what can still be read into a new store: "
			   "docs/keeping.md"};
	struct error err = {0};
	int64_t began = clock_monotonic_ns();
	int n = stores[0]->check(s, true, on_found, &found, &err);

	if (n < 0)
		doctor_find(d, "file", DOCTOR_BAD, NULL, "%s", err.text);
	else if (n > MAX_FINDINGS)
		doctor_find(d, "file", DOCTOR_BAD, NULL, "... and %d more", n - MAX_FINDINGS);
	else if (n == 0)
		doctor_find(d, "file", DOCTOR_OK, NULL,
			"whole: its pages, its references, and what was counted (%.1f s)",
			(double)(clock_monotonic_ns() - began) / NS_PER_S);
}

static int on_table(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct buf *b = arg;
	char size[32];

	(void)key;
	(void)n;
	buf_addf(b, "%s%s %s", b->len > 0 ? ", " : "", c[TABLES_TABLE].text,
		units_format_size(size, c[TABLES_BYTES].integer));
	return 0;
}

static void tell_tables(struct doctor *d, struct store *s)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct error err = {0};

	/* A library without dbstat cannot tell. */
	if (stores[0]->query(s, "tables", NULL, 0, 6, NULL, on_table, &text, &err) == 0 &&
		text.len > 0)
		doctor_find(d, "size", DOCTOR_OK, NULL, "largest tables: %s", text.data);
}

struct age {
	int64_t before, n, oldest;
	char *label;
	struct store *s;
};

static int on_kept(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	bool *has_any = arg;

	(void)key;
	(void)n;
	*has_any = c[KEPT_CHUNKS].integer > 0 || c[KEPT_OUTPUTS].integer > 0;
	return 0;
}

static int on_campaign(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct age *a = arg;
	bool has_any = false;

	(void)key;
	(void)n;
	if (c[CAMPAIGNS_ENDED_AT].integer == ABSENT || c[CAMPAIGNS_ENDED_AT].integer > a->before)
		return 0;
	(void)stores[0]->query(
		a->s, "kept", c[CAMPAIGNS_LABEL].text, 0, 1, NULL, on_kept, &has_any, NULL);
	if (!has_any)
		return 0;
	if (a->n++ == 0) {
		a->label = xstrdup(c[CAMPAIGNS_LABEL].text);
		a->oldest = c[CAMPAIGNS_ENDED_AT].integer;
	}
	return 0;
}

/* Samples and outputs of long ago are the most of a store, and nobody looks at them. */
static void check_age(struct doctor *d, struct store *s)
{
	int64_t now = clock_realtime_ns();
	struct age a = {.before = now - UNPRUNED_DAYS * DAY_NS, .s = s};
	struct error err = {0};
	_cleanup_free_ char *command =
		xasprintf("joulerig prune --db %s --older-than %dd", d->db, UNPRUNED_DAYS);

	if (stores[0]->query(s, "campaigns", NULL, 0, INT64_MAX, NULL, on_campaign, &a, &err) < 0)
		return;
	if (a.n > 0)
		doctor_find(d, "age", DOCTOR_NOTE, command,
			"samples or outputs of %lld campaigns that ended more than %d days ago are "
			"kept, the oldest %s (%lld days)",
			(long long)a.n, UNPRUNED_DAYS, a.label,
			(long long)((now - a.oldest) / DAY_NS));
	free(a.label);
}

void doctor_check_store(struct doctor *d)
{
	struct store *s = NULL;
	struct error err = {0};
	struct id16 id;
	int64_t epoch;
	int code = stores[0]->open(&s, d->db, false, &err);

	if (code < 0) {
		(void)client_say_owner(code, &err);
		doctor_find(d, "file", code == -EACCES ? DOCTOR_NOTE : DOCTOR_BAD, NULL, "%s",
			err.text);
		return;
	}
	stores[0]->identity(s, &id, &epoch);
	doctor_find(d, "schema", DOCTOR_OK, NULL,
		"this release can read it; starts of coordinators on it: %lld%s",
		(long long)(epoch % STORE_COPY_EPOCHS),
		epoch >= STORE_COPY_EPOCHS ? "; it is a backup, or goes on from one" : "");
	check_whole(d, s);
	tell_tables(d, s);
	check_age(d, s);
	doctor_check_notices(d, s);
	stores[0]->close(s);
}
