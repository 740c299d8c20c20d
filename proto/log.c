#include "proto/log.h"

#include "proto/base.h"
#include "proto/clock.h"
#include <stdio.h>
#include <sys/stat.h>

enum form { FORM_PLAIN, FORM_TIME, FORM_JOURNAL, FORM_JSON };

static const char *program_name = "joulerig";
static enum log_level limit = LOG_LEVEL_INFO;
static enum form form = FORM_PLAIN;

const char *const log_formats[] = {"text", "json", NULL};

/* Of each level: how a line begins, how JSON and the journal call it. */
static const struct {
	const char *prefix, *name;
	int priority; /* of syslog(3) */
} levels[] = {
	[LOG_LEVEL_ERROR] = {"error: ", "error", 3},
	[LOG_LEVEL_WARNING] = {"warning: ", "warning", 4},
	[LOG_LEVEL_INFO] = {"", "info", 6},
	[LOG_LEVEL_DEBUG] = {"debug: ", "debug", 7},
};

void log_setup(const char *program, enum log_level level)
{
	program_name = program;
	limit = level;
}

/* Whether stderr is what systemd has connected to the journal: it names the file's device and
 * number. */
static bool is_journal(void)
{
	const char *text = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	return text != NULL && sscanf(text, "%llu:%llu", &device, &inode) == 2 &&
	       fstat(STDERR_FILENO, &st) == 0 && (unsigned long long)st.st_dev == device &&
	       (unsigned long long)st.st_ino == inode;
}

void log_as_service(const char *format)
{
	if (format != NULL && strcmp(format, "json") == 0)
		form = FORM_JSON;
	else
		form = is_journal() ? FORM_JOURNAL : FORM_TIME;
}

/* Bytes of the character at p; 0 where it is no UTF-8. */
static size_t character_len(const unsigned char *p)
{
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	/* Forms that are too long, surrogates, and beyond what there is. */
	bool is_bad = p[0] > 0xf4 || (p[0] == 0xe0 && p[1] < 0xa0) ||
		      (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf0 && p[1] < 0x90) ||
		      (p[0] == 0xf4 && p[1] > 0x8f);

	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return is_bad ? 0 : n;
}

static void add_json_text(struct buf *out, const char *text)
{
	buf_addc(out, '"');
	for (const char *p = text; *p != '\0';) {
		size_t n = character_len((const unsigned char *)p);

		if (*p == '"' || *p == '\\')
			buf_addf(out, "\\%c", *p);
		else if (*p == '\n' || *p == '\t')
			buf_adds(out, *p == '\n' ? "\\n" : "\\t");
		else if (n == 0)
			buf_adds(out, "\\ufffd");
		else
			buf_add(out, p, n);
		p += n > 0 ? n : 1;
	}
	buf_addc(out, '"');
}

static void add_json(struct buf *out, enum log_level level, const char *text)
{
	char time[32];

	buf_addf(out, "{\"time\":\"%s\",\"level\":\"%s\",\"program\":\"%s\",\"message\":",
		clock_rfc3339(time, clock_realtime_ns()), levels[level].name, program_name);
	add_json_text(out, text);
	buf_adds(out, "}\n");
}

/* To the journal each line is an entry of its own. */
static void add_entries(struct buf *out, enum log_level level, const char *text)
{
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");

		buf_addf(out, "<%d>%.*s\n", levels[level].priority, (int)len, text);
		text += len + (text[len] == '\n');
	}
}

/* One write a line, so that lines of several threads or processes do not mix. */
__attribute__((format(printf, 2, 0))) static void put(
	enum log_level level, const char *format, va_list ap)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	char text[4096], time[32];

	if (level > limit)
		return;
	vsnprintf(text, sizeof text, format, ap);
	/* Some of it is what a peer said: no terminal must obey that. */
	for (char *p = text; *p != '\0'; p++)
		if (((unsigned char)*p < ' ' && *p != '\n' && *p != '\t') || *p == 0x7f)
			*p = ' ';
	if (form == FORM_JSON)
		add_json(&out, level, text);
	else if (form == FORM_JOURNAL)
		add_entries(&out, level, text);
	else
		buf_addf(&out, "%s%s%s: %s%s\n",
			form == FORM_TIME ? clock_rfc3339(time, clock_realtime_ns()) : "",
			form == FORM_TIME ? " " : "", program_name, levels[level].prefix, text);
	fwrite(out.data, 1, out.len, stderr);
}

#define DEFINE_LOG(name, level)                                                                    \
	void name(const char *format, ...)                                                         \
	{                                                                                          \
		va_list ap;                                                                        \
		va_start(ap, format);                                                              \
		put(level, format, ap);                                                            \
		va_end(ap);                                                                        \
	}

DEFINE_LOG(log_error, LOG_LEVEL_ERROR)
DEFINE_LOG(log_warning, LOG_LEVEL_WARNING)
DEFINE_LOG(log_info, LOG_LEVEL_INFO)
DEFINE_LOG(log_debug, LOG_LEVEL_DEBUG)
