#include "coordinator/campaign/expression_scan.h"

#define DIGITS  "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"

/* What is behind a long bracket [[ ... ]] or [=[ ... ]=] at s; NULL: s is none, *is_open tells
 * whether one begins there all the same. */
static const char *skip_long(const char *s, bool *is_open)
{
	size_t level = strspn(s + (s[0] == '['), "=");

	*is_open = s[0] == '[' && s[1 + level] == '[';
	if (!*is_open)
		return NULL;
	for (const char *p = strchr(s, ']'); p; p = strchr(p + 1, ']'))
		if (strspn(p + 1, "=") == level && p[1 + level] == ']')
			return p + level + 2;
	return NULL;
}

static const char *skip_space(const char *s)
{
	for (;;) {
		bool is_open;
		const char *end;

		s += strspn(s, " \t\r\n\v\f");
		if (s[0] != '-' || s[1] != '-')
			return s;
		end = skip_long(s + 2, &is_open);
		if (is_open && !end)
			return s; /* an unfinished comment is no comment */
		s = is_open ? end : s + strcspn(s, "\n");
	}
}

static struct token make(enum token_kind kind, const char *start, const char *end, const char *why)
{
	return (struct token){kind, start, (size_t)(end - start), why};
}

static struct token scan_string(const char *s)
{
	const char *p = s + 1;

	while (*p && *p != *s && *p != '\n')
		p += p[0] == '\\' && p[1] ? 2 : 1;
	if (*p != *s)
		return make(TOKEN_BAD, s, p, "this text has no end");
	return make(TOKEN_STRING, s, p + 1, NULL);
}

/* Digits, letters, points and the signs of exponents, as Lua reads them. */
static struct token scan_number(const char *s)
{
	const char *exponents = s[0] == '0' && (s[1] == 'x' || s[1] == 'X') ? "pP" : "eE";
	const char *p = s;

	while (*p && strchr(DIGITS LETTERS ".", *p)) {
		p++;
		if (strchr(exponents, p[-1]) && (*p == '+' || *p == '-'))
			p++;
	}
	return make(TOKEN_NUMBER, s, p, NULL);
}

static struct token scan_symbol(const char *s)
{
	/* Those of other languages are one token, too: they get a hint. */
	static const char *const symbols[] = {"...", "..", "//", "==", "~=", "<=", ">=", "<<", ">>",
		"::", "!=", "&&", "||", "<>", "**"};
	const char *end = s;

	for (size_t i = 0; i < ARRAY_SIZE(symbols); i++)
		if (strncmp(s, symbols[i], strlen(symbols[i])) == 0)
			return make(TOKEN_SYMBOL, s, s + strlen(symbols[i]), NULL);
	if (strchr("+-*/%^#&~|<>=(){}[];:,.!?", *s))
		return make(TOKEN_SYMBOL, s, s + 1, NULL);
	for (end++; ((unsigned char)*end & 0xc0) == 0x80; end++)
		; /* the rest of a character of UTF-8 */
	return make(TOKEN_BAD, s, end, "this character cannot stand in an expression");
}

struct token token_next(const char *s)
{
	const char *end;
	bool is_open;

	s = skip_space(s);
	if (*s == '\0')
		return make(TOKEN_END, s, s, NULL);
	if (s[0] == '-' && s[1] == '-')
		return make(TOKEN_BAD, s, s + strlen(s), "this comment has no end");
	if (strchr(LETTERS, *s))
		return make(TOKEN_NAME, s, s + strspn(s, LETTERS DIGITS), NULL);
	if (strchr(DIGITS, *s) || (*s == '.' && s[1] && strchr(DIGITS, s[1])))
		return scan_number(s);
	if (*s == '"' || *s == '\'')
		return scan_string(s);
	end = skip_long(s, &is_open);
	if (is_open)
		return end ? make(TOKEN_STRING, s, end, NULL)
			   : make(TOKEN_BAD, s, s + strlen(s), "this text has no end");
	return scan_symbol(s);
}

bool token_is(const struct token *t, const char *text)
{
	return strlen(text) == t->len && memcmp(t->start, text, t->len) == 0;
}
