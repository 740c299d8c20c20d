#include "coordinator/campaign/expression_parser.h"

/* Parentheses within each other. What else nests (operators that bind to the right), Lua bounds. */
#define MAX_DEPTH 40

/* ---- errors ---- */

static int count_characters(const char *from, const char *to)
{
	int n = 0;

	for (const char *s = from; s < to; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

/* Columns are characters. A text that does not stand in the file as it is (of several lines, behind
 * an anchor, with escapes) is only known to begin at its node. */
static int column_of(const struct parser *p, const char *at)
{
	const struct node *n = p->node;
	int quote = n->is_plain ? 0 : 1;
	size_t written = (size_t)(count_characters(p->text, strchr(p->text, '\0')) + 2 * quote);

	if (strchr(p->text, '\n') || n->to - n->from != written)
		return n->column;
	return n->column + quote + count_characters(p->text, at);
}

bool parser_error(struct parser *p, const char *at, const char *format, ...)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	va_list ap;

	va_start(ap, format);
	buf_vaddf(&text, format, ap);
	va_end(ap);
	p->errors++;
	diag_add(p->d, p->node ? p->node->line : 0, p->node ? column_of(p, at) : 0, false, "%s: %s",
		p->what, text.data);
	return false;
}

/* What another language would write, and what Lua has for it. */
static const char *hint_for(const struct token *t)
{
	static const struct {
		const char *written, *hint;
	} hints[] = {{"=", "; 'equal' is =="}, {"!=", "; 'not equal' is ~="},
		{"<>", "; 'not equal' is ~="}, {"!", "; write not"}, {"&&", "; write and"},
		{"||", "; write or"}, {"**", "; a power is ^"},
		{"{", "; names stand without braces here"}, {":", "; there are no methods here"},
		{"?", "; write a and b or c"},
		{"[", "; only metric, host.labels and host.cpu.kinds have [ ]"}};

	for (size_t i = 0; i < ARRAY_SIZE(hints); i++)
		if (t->kind == TOKEN_SYMBOL && token_is(t, hints[i].written))
			return hints[i].hint;
	return "";
}

bool parser_unexpected(struct parser *p, const char *expected)
{
	const struct token *t = &p->token;
	int len = t->len < 40 ? (int)t->len : 40;

	if (t->kind == TOKEN_BAD)
		return parser_error(p, t->start, "%s: %.*s", t->why, len, t->start);
	if (t->kind == TOKEN_END)
		return parser_error(p, t->start, "it ends where %s is expected%s", expected,
			p->node && p->node->is_plain && strchr(p->text, '(')
				? "; within { } a comma ends a text without quotes"
				: "");
	if (t->kind == TOKEN_STRING)
		return parser_error(
			p, t->start, "unexpected text %.*s, expected %s", len, t->start, expected);
	return parser_error(p, t->start, "unexpected '%.*s', expected %s%s", len, t->start,
		expected, hint_for(t));
}

/* ---- tokens ---- */

bool parser_sees(const struct parser *p, const char *text)
{
	return (p->token.kind == TOKEN_SYMBOL || p->token.kind == TOKEN_NAME) &&
	       token_is(&p->token, text);
}

bool parser_sees_one(const struct parser *p, const char *const *texts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (parser_sees(p, texts[i]))
			return true;
	return false;
}

void parser_advance(struct parser *p)
{
	p->token = token_next(p->token.start + p->token.len);
}

/* The token goes to Lua as it is. */
void parser_take(struct parser *p)
{
	buf_add(&p->code, p->token.start, p->token.len);
	buf_addc(&p->code, ' ');
	parser_advance(p);
}

bool parser_expect(struct parser *p, const char *symbol)
{
	_cleanup_free_ char *quoted = NULL;

	if (parser_sees(p, symbol)) {
		parser_take(p);
		return true;
	}
	quoted = xasprintf("'%s'", symbol);
	return parser_unexpected(p, quoted);
}

bool parser_sees_keyword(const struct parser *p)
{
	static const char *const keywords[] = {"and", "break", "do", "else", "elseif", "end",
		"false", "for", "function", "goto", "if", "in", "local", "nil", "not", "or",
		"repeat", "return", "then", "true", "until", "while"};

	for (size_t i = 0; i < ARRAY_SIZE(keywords); i++)
		if (p->token.kind == TOKEN_NAME && token_is(&p->token, keywords[i]))
			return true;
	return false;
}

/* ---- the grammar ---- */

static bool parse_operand(struct parser *p)
{
	static const char *const constants[] = {"true", "false", "nil"};

	if (p->token.kind == TOKEN_NUMBER || p->token.kind == TOKEN_STRING ||
		parser_sees_one(p, constants, ARRAY_SIZE(constants))) {
		parser_take(p);
		return true;
	}
	if (parser_sees(p, "(")) {
		parser_take(p);
		return parser_expression(p) && parser_expect(p, ")");
	}
	if (p->token.kind == TOKEN_NAME)
		return parser_name(p);
	return parser_unexpected(p, "a value");
}

bool parser_expression(struct parser *p)
{
	static const char *const before[] = {"not", "-", "#", "~"};
	static const char *const between[] = {"and", "or", "==", "~=", "<", "<=", ">", ">=", "+",
		"-", "*", "/", "//", "%", "^", "..", "&", "|", "~", "<<", ">>"};
	bool goes_on;

	if (++p->depth > MAX_DEPTH)
		return parser_error(
			p, p->token.start, "more than %d parentheses within each other", MAX_DEPTH);
	do {
		while (parser_sees_one(p, before, ARRAY_SIZE(before)))
			parser_take(p);
		if (!parse_operand(p))
			return false;
		goes_on = parser_sees_one(p, between, ARRAY_SIZE(between));
		if (goes_on)
			parser_take(p);
	} while (goes_on);
	p->depth--;
	return true;
}
