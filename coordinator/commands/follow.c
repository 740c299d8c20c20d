#include "coordinator/commands/follow.h"

#include "coordinator/commands/admission_lines.h"
#include "proto/clock.h"
#include "proto/log.h"
#include "proto/units.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#define PLAIN_NS     (30 * NS_PER_S)
#define RECONNECT_NS (60 * NS_PER_S)
#define CONNECT_NS   (5 * NS_PER_S)
#define BAR          20

void follow_init(struct follow *f, const struct common_options *o)
{
	*f = (struct follow){
		.is_quiet = o->quiet,
		.is_terminal = isatty(STDERR_FILENO),
		.plain_ns = clock_monotonic_ns(),
	};
}

void follow_clear(struct follow *f)
{
	if (f->has_line)
		fputs("\r\033[K", stderr);
	f->has_line = false;
}

static void format_progress(
	const struct message_campaign *c, const char *waits_for, bool with_bar, struct buf *out)
{
	char left[32];

	buf_addf(out, "%s  ", c->label);
	if (with_bar && c->total > 0) {
		int full = (int)(c->done * BAR / c->total);
		for (int i = 0; i < BAR; i++)
			buf_adds(out, i < full ? "█" : "░");
		buf_adds(out, "  ");
	}
	buf_addf(out, "%" PRId64 " of %" PRId64 " runs", c->done, c->total);
	if (c->failed != ABSENT && c->failed > 0)
		buf_addf(out, " · %" PRId64 " failed", c->failed);
	if (strcmp(c->state, "paused") == 0)
		buf_addf(out, " · paused%s: 'joulerig resume %s' goes on",
			c->running > 0 ? ", what runs is let end" : "", c->label);
	else if (text_is_set(waits_for))
		buf_addf(out, " · waiting for %s", waits_for);
	else if (text_is_set(c->without))
		buf_addf(out, " · %s", c->without);
	else if (c->left_ns != ABSENT)
		buf_addf(out, " · %s %s left", c->at_most == 1 ? "at most" : "about",
			units_format_duration(left, c->left_ns));
}

static uint64_t hash_of(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325; /* FNV-1a */

	for (const char *p = text; *p != '\0'; p++)
		hash = (hash ^ (unsigned char)*p) * 0x100000001b3;
	return hash;
}

static void show_progress(struct follow *f, const struct message_campaign *c, const char *waits_for)
{
	_cleanup_buf_ struct buf line = BUF_INIT;
	int64_t now = clock_monotonic_ns();
	bool is_paused = strcmp(c->state, "paused") == 0;
	uint64_t waits = text_is_set(waits_for) ? hash_of(waits_for) : 0;
	bool waits_anew = waits != 0 && waits != f->waits;
	bool waits_now = waits_anew || is_paused != f->is_paused;

	f->waits = waits;
	f->is_paused = is_paused;
	if (f->is_quiet)
		return;
	f->wants_hosts |= waits_anew;
	if (f->is_terminal) {
		format_progress(c, waits_for, true, &line);
		fprintf(stderr, "\r%s\033[K", line.data);
		f->has_line = true;
	} else if (now - f->plain_ns >= PLAIN_NS || waits_now) {
		f->plain_ns = now;
		format_progress(c, waits_for, false, &line);
		fprintf(stderr, "%s\n", line.data);
	}
}

/* Whether it was said before; the next block would say it again, and is counted alone. */
static bool is_told(struct follow *f, const char *what)
{
	uint64_t hash = hash_of(what);

	for (size_t i = 0; i < f->told_n && i < FOLLOW_TOLD; i++)
		if (f->told[i] == hash)
			return true;
	f->told[f->told_n++ % FOLLOW_TOLD] = hash;
	return false;
}

static void show_failed_run(struct follow *f, const struct message_event *e)
{
	bool has_parameters = text_is_set(e->parameters) && strcmp(e->parameters, "{}") != 0;
	const char *why = text_is_set(e->text) ? e->text : e->state;

	_cleanup_free_ char *what = xasprintf("(%s%s%s on %s) %s%s",
		e->benchmark ? e->benchmark : "?", has_parameters ? " " : "",
		has_parameters ? e->parameters : "", e->host ? e->host : "?",
		strcmp(e->state, "failed") == 0 ? "failed: " : "", why);
	/* All benchmarks of a host may need the same setup: that it failed is said of the first. */
	bool is_setup = strncmp(why, "setup: ", strlen("setup: ")) == 0;
	_cleanup_free_ char *same = xasprintf("%s %s", e->host ? e->host : "?", why);
	if (is_told(f, is_setup ? same : what)) {
		f->setup_more += is_setup;
		return;
	}
	follow_clear(f);
	fprintf(stderr, "run %" PRId64 " %s\n", e->run, what);
}

void follow_event(struct follow *f, const struct message *m)
{
	const struct message_event *e = &m->event;
	const struct message_campaign *c =
		e->campaign.n > 0 ? LIST_AT(&e->campaign, struct message_campaign, 0) : NULL;

	if (strcmp(e->kind, "run") == 0 && e->state != NULL && e->run != ABSENT) {
		if (strcmp(e->state, "failed") == 0 || strcmp(e->state, "timeout") == 0)
			show_failed_run(f, e);
		return;
	}
	if (strcmp(e->kind, "note") == 0 && text_is_set(e->text) && !f->is_quiet) {
		follow_clear(f);
		fprintf(stderr, "%s\n", e->text);
	}
	if (c == NULL)
		return;
	if (strcmp(e->kind, "end") == 0)
		follow_end(f, c);
	else
		show_progress(f, c, e->text);
}

void follow_end(struct follow *f, const struct message_campaign *c)
{
	f->has_ended = true;
	f->was_cancelled = strcmp(c->state, "cancelled") == 0;
	f->was_skipped = c->total > 0 && c->skipped == c->total;
	f->failed = c->failed;
	follow_clear(f);
	if (f->setup_more > 0)
		fprintf(stderr, "%" PRId64 " more run%s failed as their setup did, as above\n",
			f->setup_more, f->setup_more == 1 ? "" : "s");
	f->setup_more = 0;
}

void follow_say_end(const struct follow *f, const char *label)
{
	if (!f->is_quiet && f->has_ended)
		fprintf(stderr, "%s  %s%s\n", label, f->was_cancelled ? "cancelled" : "done",
			f->was_skipped  ? ", and nothing could run: 'joulerig results' says why"
			: f->failed > 0 ? ", with failed runs: 'joulerig runs --failed' shows them"
					: "");
}

int follow_status(const struct follow *f)
{
	return f->was_cancelled || f->failed > 0 ? EXIT_RUN_FAILED : EXIT_OK;
}

/* ---- hosts that it waits for ---- */

static int ask_hosts(struct follow *f, struct client *client, const char *label, struct error *err)
{
	struct message m;

	if (!f->wants_hosts)
		return 0;
	f->wants_hosts = false;
	message_init(&m, MESSAGE_STATUS);
	m.status.label = label;
	return client_send(client, &m, err);
}

/* Nothing where it goes on meanwhile. */
static void show_hosts(struct follow *f, const struct message_report *report, const char *label)
{
	_cleanup_buf_ struct buf hints = BUF_INIT;
	const struct message_campaign *c =
		report->campaigns.n > 0 ? LIST_AT(&report->campaigns, struct message_campaign, 0)
					: NULL;

	if (c == NULL || !text_is_set(c->without))
		return;
	admission_hints(report, c->without, &hints);
	if (hints.len == 0)
		return;
	follow_clear(f);
	fprintf(stderr,
		"%sCtrl-C leaves it in the queue; 'joulerig cancel %s' ends it, what was measured "
		"stays\n",
		hints.data, label);
}

static void take(struct follow *f, const struct message *m, const char *label)
{
	if (m->type == MESSAGE_EVENT)
		follow_event(f, m);
	else if (m->type == MESSAGE_REPORT)
		show_hosts(f, &m->report, label);
}

/* Ask for the events; they come until the connection breaks or the campaign ends. */
static int watch(struct follow *f, struct client *client, const char *label, struct error *err)
{
	struct message m;

	message_init(&m, MESSAGE_WATCH);
	m.watch.label = label;
	int r = client_send(client, &m, err);
	while (r == 0 && !f->has_ended) {
		r = client_receive(client, ABSENT, &m, err);
		if (r < 0)
			break;
		take(f, &m, label);
		message_done(&m);
		r = ask_hosts(f, client, label, err);
	}
	return r;
}

int follow_remote(struct follow *f, struct client **client, const char *label,
	const struct results_where *where, struct error *err)
{
	int64_t lost_ns = 0;

	for (;;) {
		int r = *client ? watch(f, *client, label, err) : -ECONNRESET;
		if (r != -ECONNRESET) {
			follow_clear(f);
			return r < 0 ? r : follow_status(f);
		}
		int64_t now = clock_monotonic_ns();
		if (*client != NULL) {
			follow_clear(f);
			log_info("the connection was lost; trying again");
			lost_ns = now;
		}
		client_close(*client);
		*client = NULL;
		if (now - lost_ns > RECONNECT_NS)
			return error_set(err, ERR_UNAVAILABLE,
				"%s; the campaign may go on: 'joulerig watch %s' follows it",
				err->text, label);
		r = client_open(client, where->coordinator, where->server_key, where->keys,
			CONNECT_NS, err);
		if (r == -EINTR || r == ERR_REFUSED)
			return r;
	}
}
