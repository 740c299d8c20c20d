#include "coordinator/commands/admission_lines.h"

#include "coordinator/output/output.h"
#include "proto/clock.h"
#include "proto/units.h"
#include <stdio.h>

/* Reasons are often what an agent said: no terminal must obey that. The caller frees. */
static char *reason_of(const struct message_host *h)
{
	return output_harmless(text_is_set(h->reason) ? h->reason : "");
}

static void add_admission(const struct message_host *h, struct buf *out)
{
	_cleanup_free_ char *reason = reason_of(h);
	char since[32] = "";

	if (h->admission_at != ABSENT)
		clock_rfc3339(since, h->admission_at);
	if (strcmp(h->admission, "maintenance") == 0) {
		buf_addf(out, "%s is in maintenance%s%s, %s; it comes back by itself\n", h->name,
			since[0] ? " since " : "", since, reason);
		return;
	}
	buf_addf(out, "%s is %s%s%s%s%s; 'joulerig admit %s' takes it back\n", h->name,
		strcmp(h->admission, "aside") == 0 ? "set aside" : h->admission,
		since[0] ? " since " : "", since, reason[0] ? ": " : "", reason, h->name);
}

/* Started again it says HELLO by itself: nothing has to be told to the coordinator. */
static void add_away(const struct message_host *h, struct buf *out)
{
	char seen[32];

	buf_addf(out,
		"%s is %s, %s%s: start its agent there, or see why it cannot reach the "
		"coordinator\n",
		h->name, h->state, h->seen_at != ABSENT ? "last seen " : "not seen yet",
		h->seen_at != ABSENT ? clock_rfc3339(seen, h->seen_at) : "");
}

static void add_clock(const struct message_host *h, struct buf *out)
{
	char offset[32], delay[32];

	if (h->offset == ABSENT)
		return;
	buf_addf(out, "its clock is %s %s this one's",
		units_format_duration(offset, h->offset < 0 ? -h->offset : h->offset),
		h->offset < 0 ? "ahead of" : "behind");
	if (h->delay != ABSENT)
		buf_addf(out, ", found with a round trip of %s",
			units_format_duration(delay, h->delay));
	buf_addc(out, '\n');
}

void admission_lines(const struct message_report *report, const char *name)
{
	_cleanup_buf_ struct buf out = BUF_INIT;

	for (size_t i = 0; i < report->hosts.n; i++) {
		const struct message_host *h = LIST_AT(&report->hosts, struct message_host, i);
		if (name != NULL && strcmp(h->name, name) != 0)
			continue;
		_cleanup_free_ char *reason = reason_of(h);
		if (h->admission != NULL)
			add_admission(h, &out);
		else if (reason[0] != '\0')
			buf_addf(&out, "%s takes no runs now: %s\n", h->name, reason);
		if (name != NULL)
			add_clock(h, &out);
	}
	for (size_t i = 0; name == NULL && i < report->campaigns.n; i++) {
		const struct message_campaign *c =
			LIST_AT(&report->campaigns, struct message_campaign, i);
		if (text_is_set(c->without)) {
			_cleanup_free_ char *without = output_harmless(c->without);
			buf_addf(&out, "%s %s\n", c->label, without);
		}
	}
	if (out.len > 0)
		printf("\n%s", out.data);
}

/* Whether "NAME (" stands in text as a word: a name may end as another does. */
static bool is_named(const char *text, const char *name)
{
	_cleanup_free_ char *word = xasprintf("%s (", name);

	for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word))
		if (at == text || at[-1] == ' ')
			return true;
	return false;
}

void admission_hints(const struct message_report *report, const char *text, struct buf *out)
{
	for (size_t i = 0; i < report->hosts.n; i++) {
		const struct message_host *h = LIST_AT(&report->hosts, struct message_host, i);
		if (!is_named(text, h->name))
			continue;
		if (strcmp(h->state, "silent") == 0 || strcmp(h->state, "offline") == 0)
			add_away(h, out);
		else if (h->admission != NULL)
			add_admission(h, out);
	}
}
