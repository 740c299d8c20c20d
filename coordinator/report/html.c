#include "coordinator/report/html.h"

#define REPLACEMENT "\xef\xbf\xbd"

/* Length of the UTF-8 sequence at s, at most len bytes; 0 where it is none (overlong, surrogate,
 * too large). */
static size_t sequence_length(const unsigned char *s, size_t len)
{
	size_t n = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;

	if (n == 0 || n > len || s[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
		(s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

static bool is_control(const unsigned char *s, size_t n)
{
	if (n == 1)
		return (s[0] < 0x20 && s[0] != '\t' && s[0] != '\n') || s[0] == 0x7f;
	return n == 2 && s[0] == 0xc2 && s[1] < 0xa0;
}

void text_clean(const char *s, size_t len, struct buf *out)
{
	const unsigned char *at = (const unsigned char *)s;

	for (size_t i = 0; i < len;) {
		size_t n = sequence_length(at + i, len - i);

		if (n == 0 || is_control(at + i, n))
			buf_adds(out, REPLACEMENT);
		else
			buf_add(out, at + i, n);
		i += n == 0 ? 1 : n;
	}
}

void html_text(FILE *to, const char *s)
{
	_cleanup_buf_ struct buf clean = BUF_INIT;

	if (s == NULL)
		return;
	text_clean(s, strlen(s), &clean);
	for (const char *c = clean.data; *c != '\0'; c++) {
		switch (*c) {
		case '&':
			fputs("&amp;", to);
			break;
		case '<':
			fputs("&lt;", to);
			break;
		case '>':
			fputs("&gt;", to);
			break;
		case '"':
			fputs("&quot;", to);
			break;
		case '\'':
			fputs("&#39;", to);
			break;
		default:
			putc(*c, to);
		}
	}
}

static __attribute__((format(printf, 2, 0))) void html_vtextf(
	FILE *to, const char *format, va_list args)
{
	_cleanup_buf_ struct buf text = BUF_INIT;

	buf_vaddf(&text, format, args);
	html_text(to, text.data);
}

void html_textf(FILE *to, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	html_vtextf(to, format, args);
	va_end(args);
}

void html_element(FILE *to, const char *tag, const char *attributes, const char *format, ...)
{
	va_list args;

	fprintf(to, "<%s%s%s>", tag, attributes == NULL ? "" : " ",
		attributes == NULL ? "" : attributes);
	va_start(args, format);
	html_vtextf(to, format, args);
	va_end(args);
	fprintf(to, "</%s>", tag);
}

void html_json(FILE *to, const json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_ENCODE_ANY);

	for (const char *c = text; c != NULL && *c != '\0'; c++)
		fputs(*c == '<' ? "\\u003c" : (char[]){*c, '\0'}, to);
	free(text);
}

json_t *json_text(const char *s)
{
	_cleanup_buf_ struct buf clean = BUF_INIT;

	text_clean(s, strlen(s), &clean);
	return json_string(clean.data);
}
