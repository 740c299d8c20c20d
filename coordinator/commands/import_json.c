#include "coordinator/commands/import_json.h"

#include "coordinator/output/output.h"
#include <stdio.h>

#define DEEPEST 32

int reading_fail(struct reading *in, const char *at, const char *format, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	return error_set(in->err, ERR_USAGE, "%s:%lld:%zu: %s", in->file, (long long)in->line,
		(size_t)(at - in->start) + 1, text);
}

static void skip_space(struct reading *in)
{
	while (*in->at == ' ' || *in->at == '\t' || *in->at == '\r' || *in->at == '\n')
		in->at++;
}

static int expect(struct reading *in, const char *what)
{
	const char *at = in->at;
	size_t n = strcspn(at, " \t\r\n,:]}");

	if (at == in->end)
		return reading_fail(in, at, "expected %s, not the end of the line", what);
	return reading_fail(in, at, "expected %s, not '%.*s'", what,
		n == 0   ? 1
		: n > 32 ? 32
			 : (int)n,
		at);
}

static int take(struct reading *in, char c, const char *what)
{
	skip_space(in);
	if (*in->at != c)
		return expect(in, what);
	in->at++;
	return 0;
}

int reading_enter(struct reading *in, char bracket, const char *what)
{
	return take(in, bracket, what);
}

/* After an item: 1 where there is another one, 0 past the closing bracket. */
static int next(struct reading *in, bool *is_first, char close, const char *what)
{
	skip_space(in);
	if (*in->at == close) {
		in->at++;
		return 0;
	}
	if (!*is_first) {
		if (*in->at != ',')
			return expect(in, what);
		in->at++;
		skip_space(in);
	}
	*is_first = false;
	return 1;
}

int reading_item(struct reading *in, bool *is_first)
{
	return next(in, is_first, ']', "',' or ']'");
}

int reading_member(struct reading *in, bool *is_first, const char **name)
{
	int rc = next(in, is_first, '}', "',' or '}'");

	if (rc <= 0)
		return rc;
	rc = reading_text(in, name);
	if (rc == 0)
		rc = take(in, ':', "':'");
	skip_space(in);
	return rc < 0 ? rc : 1;
}

/* ---- strings ---- */

static int hex4(struct reading *in, uint32_t *code)
{
	*code = 0;
	for (int i = 0; i < 4; i++, in->at++) {
		static const char digits[] = "0123456789abcdef";
		char c = *in->at >= 'A' && *in->at <= 'F' ? (char)(*in->at + 32) : *in->at;
		const char *digit = c == '\0' ? NULL : strchr(digits, c);

		if (digit == NULL)
			return reading_fail(in, in->at, "expected four hexadecimal digits");
		*code = *code << 4 | (uint32_t)(digit - digits);
	}
	return 0;
}

static void add_utf8(struct buf *out, uint32_t code)
{
	if (code < 0x80) {
		buf_addc(out, (char)code);
	} else if (code < 0x800) {
		buf_addc(out, (char)(0xc0 | code >> 6));
		buf_addc(out, (char)(0x80 | (code & 0x3f)));
	} else if (code < 0x10000) {
		buf_addc(out, (char)(0xe0 | code >> 12));
		buf_addc(out, (char)(0x80 | (code >> 6 & 0x3f)));
		buf_addc(out, (char)(0x80 | (code & 0x3f)));
	} else {
		buf_addc(out, (char)(0xf0 | code >> 18));
		buf_addc(out, (char)(0x80 | (code >> 12 & 0x3f)));
		buf_addc(out, (char)(0x80 | (code >> 6 & 0x3f)));
		buf_addc(out, (char)(0x80 | (code & 0x3f)));
	}
}

/* \uXXXX, or two of them for one character; at stands behind the u. */
static int take_unicode(struct reading *in, struct buf *out)
{
	const char *at = in->at - 2;
	uint32_t code, low;

	if (hex4(in, &code) < 0)
		return ERR_USAGE;
	if (code >= 0xd800 && code < 0xdc00) {
		if (in->at[0] != '\\' || in->at[1] != 'u')
			return reading_fail(in, at, "half a character (a lone surrogate)");
		in->at += 2;
		if (hex4(in, &low) < 0)
			return ERR_USAGE;
		if (low < 0xdc00 || low > 0xdfff)
			return reading_fail(in, at, "half a character (a lone surrogate)");
		code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
	} else if (code == 0 || (code >= 0xdc00 && code <= 0xdfff)) {
		return reading_fail(in, at, "no text has this character");
	}
	add_utf8(out, code);
	return 0;
}

static int take_escape(struct reading *in, struct buf *out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *found = *in->at == '\0' ? NULL : strchr(from, *in->at);

	if (*in->at == 'u') {
		in->at++;
		return take_unicode(in, out);
	}
	if (found == NULL)
		return reading_fail(in, in->at - 1, "no such escape in JSON");
	buf_addc(out, to[found - from]);
	in->at++;
	return 0;
}

/* The string at `at`, its decoded bytes appended to out. */
static int scan_string(struct reading *in, struct buf *out)
{
	const char *begin = in->at;
	int rc = take(in, '"', "a string");

	while (rc == 0 && *in->at != '"') {
		size_t size;
		int32_t code;

		if (in->at == in->end)
			return reading_fail(in, begin, "a string without its end");
		if (*in->at == '\\') {
			in->at++;
			rc = take_escape(in, out);
			continue;
		}
		code = utf8_decode(
			(const unsigned char *)in->at, (size_t)(in->end - in->at), &size);
		if (code < 0x20)
			return reading_fail(in, in->at,
				code < 0 ? "bytes that are no UTF-8"
					 : "a control character, which JSON wants escaped");
		buf_add(out, in->at, size);
		in->at += size;
	}
	if (rc == 0)
		in->at++;
	return rc;
}

int reading_text(struct reading *in, const char **out)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	int rc;

	skip_space(in);
	if (*in->at != '"')
		return expect(in, "a string");
	/* Most have no escape: as they stand there. */
	size_t plain = strcspn(in->at + 1, "\"\\");
	bool is_ascii = in->at[1 + plain] == '"';
	for (size_t i = 1; i <= plain && is_ascii; i++)
		is_ascii = (unsigned char)in->at[i] >= 0x20 && (unsigned char)in->at[i] < 0x80;
	if (is_ascii) {
		*out = arena_strndup(in->arena, in->at + 1, plain);
		in->at += plain + 2;
		return 0;
	}
	rc = scan_string(in, &text);
	*out = arena_strndup(in->arena, text.data, text.len);
	return rc;
}

/* ---- numbers and other values ---- */

static size_t digits_at(const char *p)
{
	return strspn(p, "0123456789");
}

/* The length of the number at p by JSON's grammar; 0: none. */
static size_t number_length(const char *p)
{
	const char *from = p;
	size_t n;

	p += *p == '-';
	n = digits_at(p);
	if (n == 0 || (n > 1 && *p == '0'))
		return 0;
	p += n;
	if (*p == '.') {
		if ((n = digits_at(p + 1)) == 0)
			return 0;
		p += 1 + n;
	}
	if (*p == 'e' || *p == 'E') {
		p++;
		p += *p == '+' || *p == '-';
		if ((n = digits_at(p)) == 0)
			return 0;
		p += n;
	}
	return (size_t)(p - from);
}

int reading_number(struct reading *in, const char **token)
{
	skip_space(in);
	size_t n = number_length(in->at);
	if (n == 0)
		return expect(in, "a number");
	*token = arena_strndup(in->arena, in->at, n);
	in->at += n;
	return 0;
}

bool reading_null(struct reading *in)
{
	skip_space(in);
	if (strncmp(in->at, "null", 4) != 0)
		return false;
	in->at += 4;
	return true;
}

static int skip_value(struct reading *in, int depth);

static int skip_members(struct reading *in, int depth)
{
	bool is_object = *in->at++ == '{', is_first = true;
	int rc;

	for (;;) {
		_cleanup_buf_ struct buf name = BUF_INIT;

		rc = next(in, &is_first, is_object ? '}' : ']',
			is_object ? "',' or '}'" : "',' or ']'");
		if (rc <= 0)
			return rc;
		if (is_object && (rc = scan_string(in, &name)) == 0)
			rc = take(in, ':', "':'");
		if (rc < 0 || (rc = skip_value(in, depth + 1)) < 0)
			return rc;
	}
}

static int skip_value(struct reading *in, int depth)
{
	static const char *const words[] = {"true", "false", "null"};
	_cleanup_buf_ struct buf text = BUF_INIT;

	skip_space(in);
	if (depth > DEEPEST)
		return reading_fail(in, in->at, "nested deeper than %d", DEEPEST);
	if (*in->at == '"')
		return scan_string(in, &text);
	if (*in->at == '{' || *in->at == '[')
		return skip_members(in, depth);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strncmp(in->at, words[i], strlen(words[i])) == 0) {
			in->at += strlen(words[i]);
			return 0;
		}
	}
	size_t n = number_length(in->at);
	if (n == 0)
		return expect(in, "a value");
	in->at += n;
	return 0;
}

int reading_skip(struct reading *in, const char **at)
{
	skip_space(in);
	*at = in->at;
	return skip_value(in, 0);
}

int reading_raw(struct reading *in, const char **out)
{
	const char *from;
	int rc = reading_skip(in, &from);

	*out = arena_strndup(in->arena, from, rc == 0 ? (size_t)(in->at - from) : 0);
	return rc;
}

int reading_finish(struct reading *in)
{
	skip_space(in);
	return in->at == in->end ? 0 : expect(in, "the end of the line");
}
