#include "coordinator/dispatch/notice_message.h"

#include "proto/clock.h"
#include <jansson.h>
#include <time.h>

#define QUOTED_LINE 76 /* characters, RFC 2045 */

/* ---- what is in it ---- */

static char *store_text(const struct id16 *store)
{
	char hex[2 * sizeof store->b + 1];

	return xstrdup(hex_encode(hex, store->b, sizeof store->b));
}

/* Each kind once, in the order in which they come: append its word with how many there are. */
static void add_kinds(
	const struct store_notice *notices, size_t n, struct buf *counts, struct buf *words)
{
	for (size_t i = 0; i < n; i++) {
		size_t same = 0, before = 0;

		for (size_t k = 0; k < n; k++)
			if (strcmp(notices[k].kind, notices[i].kind) == 0) {
				same++;
				before += k < i;
			}
		if (before > 0)
			continue;
		buf_adds(counts, counts->len > 0 ? ", " : "");
		if (strcmp(notices[i].kind, "sweep") == 0) /* one, and no word for what happened */
			buf_adds(counts, "the sweep failed");
		else
			buf_addf(counts, "%zu %s", same, notices[i].kind);
		buf_addf(words, "%s%s", words->len > 0 ? "," : "", notices[i].kind);
	}
}

/* Without what no line of text has, and with one newline at its end. */
static void add_text(struct buf *out, const char *text)
{
	size_t len = strlen(text);

	while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == ' '))
		len--;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		bool is_plain = (c >= ' ' && c != 0x7f) || c == '\n' || c == '\t';

		buf_addc(out, is_plain ? text[i] : ' ');
	}
	buf_addc(out, '\n');
}

/* How the numbers are seen again; NULL: it does not say. The caller frees. */
static char *command_of(const struct store_notice *notice)
{
	json_t *details = notice->json != NULL ? json_loads(notice->json, 0, NULL) : NULL;
	const char *command = json_string_value(json_object_get(details, "command"));
	char *out = xstrdup_or_null(command);

	json_decref(details);
	return out;
}

/* Each in words; below them, once for all in a row that have the same, the command. */
static void add_texts(struct buf *out, const struct store_notice *notices, size_t n)
{
	char *next = command_of(&notices[0]);

	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *command = next;

		add_text(out, notices[i].text);
		next = i + 1 < n ? command_of(&notices[i + 1]) : NULL;
		if (command == NULL || (next != NULL && strcmp(command, next) == 0))
			continue;
		buf_adds(out, "    ");
		add_text(out, command);
	}
}

static json_t *text_or_null(const char *text)
{
	json_t *value = text != NULL ? json_string(text) : NULL;

	return value != NULL ? value : json_null();
}

static json_t *notice_json(const char *store, const struct store_notice *notice)
{
	_cleanup_free_ char *id = xasprintf("%s-%lld", store, (long long)notice->id);
	json_t *details = notice->json != NULL ? json_loads(notice->json, 0, NULL) : NULL;
	char at[32];

	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:s, s:o, s:o}", "id", id, "kind", notice->kind,
		"schedule", text_or_null(notice->schedule), "sweep",
		notice->sweep != 0 ? json_integer(notice->sweep) : json_null(), "subject",
		text_or_null(notice->subject), "at", clock_rfc3339(at, notice->at), "text",
		text_or_null(notice->text), "details", details != NULL ? details : json_null());
}

static char *message_json(const struct notice_message *m, const char *store, const char *host,
	const struct store_notice *notices, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, notice_json(store, &notices[i]));
	_cleanup_free_ char *text = xasprintf("%s\n%s", m->subject, m->text);
	json_t *root =
		json_pack("{s:i, s:s, s:s, s:o, s:o, s:o, s:o}", "version", NOTICE_MESSAGE_VERSION,
			"id", m->id, "store", store, "coordinator", text_or_null(host), "subject",
			text_or_null(m->subject), "text", text_or_null(text), "notices", list);
	char *json = json_dumps(root, JSON_COMPACT);

	json_decref(root);
	return json;
}

void notice_message_make(struct notice_message *out, const struct id16 *store, const char *host,
	const struct store_notice *notices, size_t n)
{
	_cleanup_buf_ struct buf counts = BUF_INIT, words = BUF_INIT, text = BUF_INIT;
	_cleanup_free_ char *id = store_text(store);
	const char *schedule = notices[0].schedule;

	add_kinds(notices, n, &counts, &words);
	add_texts(&text, notices, n);
	*out = (struct notice_message){
		.id = xasprintf("%s-%lld-%lld-%zu", id, (long long)notices[0].id,
			(long long)notices[n - 1].id, n),
		.subject = xasprintf("joulerig: %s%s%s", schedule != NULL ? schedule : "",
			schedule != NULL ? ": " : "", counts.data),
		.text = xstrdup(text.data),
		.kinds = xstrdup(words.data),
	};
	out->json = message_json(out, id, host, notices, n);
}

void notice_message_done(struct notice_message *m)
{
	free(m->id);
	free(m->subject);
	free(m->text);
	free(m->kinds);
	free(m->json);
	*m = (struct notice_message){0};
}

/* ---- as a mail ---- */

static void add_header(struct buf *out, const char *name, const char *value)
{
	buf_addf(out, "%s: ", name);
	for (; *value != '\0'; value++)
		buf_addc(out, *value >= ' ' && *value < 0x7f ? *value : '?');
	buf_addc(out, '\n');
}

/* RFC 5322, in UTC; names of days and months are English whatever the locale. */
static void add_date(struct buf *out, int64_t at)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t s = (time_t)(at / NS_PER_S);
	struct tm tm;

	gmtime_r(&s, &tm);
	buf_addf(out, "Date: %.3s, %02d %.3s %d %02d:%02d:%02d +0000\n", days + 3 * tm.tm_wday,
		tm.tm_mday, months + 3 * tm.tm_mon, tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
		tm.tm_sec);
}

/* Quoted-printable: text stays readable, lines short, and all of it 7-bit. */
static void add_quoted(struct buf *out, const char *text)
{
	size_t column = 0;

	for (const char *p = text; *p != '\0'; p++) {
		unsigned char c = (unsigned char)*p;
		bool is_at_end = p[1] == '\n' || p[1] == '\0';
		bool is_plain = (c >= '!' && c <= '~' && c != '=') ||
				((c == ' ' || c == '\t') && !is_at_end);

		if (c == '\n') {
			buf_addc(out, '\n');
			column = 0;
			continue;
		}
		/* A dot alone on its line ends a mail. */
		if (c == '.' && column == 0)
			is_plain = false;
		if (column + (is_plain ? 1 : 3) > QUOTED_LINE - 1) {
			buf_adds(out, "=\n");
			column = 0;
		}
		if (is_plain)
			buf_addc(out, (char)c);
		else
			buf_addf(out, "=%02X", c);
		column += is_plain ? 1 : 3;
	}
}

void notice_message_mail(const struct notice_message *m, const char *to, const char *from,
	const char *host, int64_t at, struct buf *out)
{
	_cleanup_free_ char *sender = from != NULL ? xstrdup(from) : xasprintf("joulerig@%s", host);
	_cleanup_free_ char *id = xasprintf("<joulerig.%s@%s>", m->id, host);
	_cleanup_free_ char *body = xasprintf("%s\n-- \njoulerig on %s\n", m->text, host);

	add_header(out, "From", sender);
	add_header(out, "To", to);
	add_header(out, "Subject", m->subject);
	add_date(out, at);
	add_header(out, "Message-ID", id);
	add_header(out, "Auto-Submitted", "auto-generated");
	add_header(out, "MIME-Version", "1.0");
	add_header(out, "Content-Type", "text/plain; charset=utf-8");
	add_header(out, "Content-Transfer-Encoding", "quoted-printable");
	buf_addc(out, '\n');
	add_quoted(out, body);
}
