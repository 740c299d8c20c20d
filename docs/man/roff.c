#include "docs/man/roff.h"

#include "proto/message.h"
#include <ctype.h>
#include <glib.h>

/* A character beyond ASCII by its number, which needs no locale to be read; returns its last byte.
 */
static const char *add_character(struct buf *out, const char *at)
{
	gunichar c = g_utf8_get_char_validated(at, -1);

	if (c >= (gunichar)-2)
		return at; /* no character: left out */
	buf_addf(out, "\\[u%04X]", (unsigned)c);
	return g_utf8_next_char(at) - 1;
}

void roff_text(struct buf *out, const char *text)
{
	bool is_line_start = out->len == 0 || out->data[out->len - 1] == '\n';

	for (; *text != '\0'; text++) {
		if (is_line_start && (*text == '.' || *text == '\''))
			buf_adds(out, "\\&");
		is_line_start = *text == '\n';
		switch (*text) {
		case '\\':
			buf_adds(out, "\\e");
			break;
		case '-':
			buf_adds(out, "\\-");
			break;
		case '\'':
			buf_adds(out, "\\(aq");
			break;
		case '`':
			buf_adds(out, "\\(ga");
			break;
		case '^':
			buf_adds(out, "\\(ha");
			break;
		case '~':
			buf_adds(out, "\\(ti");
			break;
		default:
			if ((unsigned char)*text < 0x80)
				buf_addc(out, *text);
			else
				text = add_character(out, text);
		}
	}
}

static void add_part(struct buf *out, const char *text, size_t len)
{
	_cleanup_free_ char *part = xstrndup(text, len);

	roff_text(out, part);
}

void roff_markdown(struct buf *out, const char *text)
{
	while (*text != '\0') {
		size_t plain = strcspn(text, "`["), len;
		const char *close;

		add_part(out, text, plain);
		text += plain;
		if (*text == '`' && (close = strchr(text + 1, '`'))) {
			buf_adds(out, "\\fB");
			add_part(out, text + 1, (size_t)(close - text - 1));
			buf_adds(out, "\\fR");
			text = close + 1;
		} else if (*text == '[' && (close = strstr(text, "](")) && strchr(close, ')')) {
			_cleanup_free_ char *words = xstrndup(text + 1, (size_t)(close - text - 1));

			roff_markdown(out, words);
			text = strchr(close, ')') + 1;
		} else {
			len = *text != '\0';
			add_part(out, text, len);
			text += len;
		}
	}
}

/* A word for an argument of a macro. */
static void add_argument(struct buf *out, const char *text)
{
	buf_adds(out, " \"");
	for (; *text != '\0'; text++)
		if (*text == '"')
			buf_adds(out, "\\(dq");
		else
			add_part(out, text, 1); /* a title has ASCII alone */
	buf_addc(out, '"');
}

static void add_upper(struct buf *out, const char *text)
{
	_cleanup_free_ char *upper = xstrdup(text);

	for (char *c = upper; *c != '\0'; c++)
		*c = (char)toupper((unsigned char)*c);
	add_argument(out, upper);
}

void roff_page(struct buf *out, const char *name, const char *section, const char *summary)
{
	buf_adds(out, ".TH");
	add_upper(out, name);
	buf_addf(out, " \"%s\" \"\" \"joulerig %s\" \"joulerig\"\n", section, JOULERIG_VERSION);
	buf_adds(out, ".nh\n.ad l\n");
	roff_section(out, "name");
	roff_text(out, name);
	buf_adds(out, " \\- ");
	roff_text(out, summary);
	buf_addc(out, '\n');
}

void roff_section(struct buf *out, const char *title)
{
	buf_adds(out, ".SH");
	add_upper(out, title);
	buf_addc(out, '\n');
}

void roff_verbatim(struct buf *out, const char *text)
{
	buf_adds(out, ".PP\n.nf\n");
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");

		buf_adds(out, "\\&");
		add_part(out, text, len);
		buf_addc(out, '\n');
		text += len + (text[len] == '\n');
	}
	buf_adds(out, ".fi\n");
}

static bool is_aligned(const char *paragraph)
{
	for (const char *c = paragraph; *c != '\0'; c++)
		if (c[0] == ' ' && c[1] == ' ')
			return true;
	return false;
}

static size_t longest_line(const char *text)
{
	size_t longest = 0;

	while (*text != '\0') {
		size_t len = strcspn(text, "\n");

		longest = len > longest ? len : longest;
		text += len + (text[len] == '\n');
	}
	return longest;
}

static void add_filled(struct buf *out, const char *text, size_t full)
{
	buf_adds(out, ".PP\n");
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");
		const char *next = text + len + (text[len] == '\n');

		add_part(out, text, len);
		buf_addc(out, '\n');
		/* the next line's first word had been put here, too, had the line gone on */
		if (*next != '\0' && len + 1 + strcspn(next, " \n") <= full)
			buf_adds(out, ".br\n");
		text = next;
	}
}

void roff_paragraphs(struct buf *out, const char *text)
{
	size_t full = longest_line(text);

	while (*text != '\0') {
		const char *end = strstr(text, "\n\n");
		size_t len = end ? (size_t)(end - text) : strlen(text);
		_cleanup_free_ char *paragraph = xstrndup(text, len);

		if (is_aligned(paragraph))
			roff_verbatim(out, paragraph);
		else
			add_filled(out, paragraph, full);
		text += len;
		text += strspn(text, "\n");
	}
}

void roff_item(struct buf *out, const char *name, const char *value)
{
	buf_adds(out, ".TP\n\\fB");
	roff_text(out, name);
	buf_adds(out, "\\fR");
	if (value) {
		buf_adds(out, " \\fI");
		roff_text(out, value);
		buf_adds(out, "\\fR");
	}
	buf_addc(out, '\n');
}

void roff_reference(struct buf *out, const char *name, const char *section, bool is_first)
{
	if (!is_first)
		buf_adds(out, ",\n");
	buf_adds(out, "\\fB");
	roff_text(out, name);
	buf_addf(out, "\\fR(%s)", section);
}
