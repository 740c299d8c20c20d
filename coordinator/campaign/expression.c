#include "coordinator/campaign/expression.h"

#include "coordinator/campaign/expression_scan.h"
#include "coordinator/campaign/host_fields.h"
#include "coordinator/campaign/matrix.h"
#include "coordinator/campaign/sandbox.h"
#include <stdio.h>

/* Parentheses within each other. What else nests (operators that bind to the right), Lua bounds. */
#define MAX_DEPTH 40

struct parser {
	const struct node *node; /* NULL: the command line */
	const char *text, *what;
	const struct template_scope *scope;
	bool *used;
	struct arena *arena;
	struct diagnostics *d;
	struct token token; /* the one that is looked at */
	struct buf code;
	struct expression_name *names;
	size_t names_n;
	size_t errors;
	int depth;
};

/* ---- errors ---- */

/* Columns are characters. A text of several lines is only known to begin at its node. */
static int column_of(const struct parser *p, const char *at)
{
	int column = p->node->column + (p->node->is_plain ? 0 : 1);

	if (strchr(p->text, '\n'))
		return p->node->column;
	for (const char *s = p->text; s < at; s++)
		column += ((unsigned char)*s & 0xc0) != 0x80;
	return column;
}

static bool __attribute__((format(printf, 3, 4)))
error_at(struct parser *p, const char *at, const char *format, ...)
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

static bool unexpected(struct parser *p, const char *expected)
{
	const struct token *t = &p->token;
	int len = t->len < 40 ? (int)t->len : 40;

	if (t->kind == TOKEN_BAD)
		return error_at(p, t->start, "%s: %.*s", t->why, len, t->start);
	if (t->kind == TOKEN_END)
		return error_at(p, t->start, "it ends where %s is expected", expected);
	if (t->kind == TOKEN_STRING)
		return error_at(
			p, t->start, "unexpected text %.*s, expected %s", len, t->start, expected);
	return error_at(p, t->start, "unexpected '%.*s', expected %s%s", len, t->start, expected,
		hint_for(t));
}

/* ---- tokens ---- */

static bool looking_at(const struct parser *p, const char *text)
{
	return (p->token.kind == TOKEN_SYMBOL || p->token.kind == TOKEN_NAME) &&
	       token_is(&p->token, text);
}

static bool looking_at_one(const struct parser *p, const char *const *texts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (looking_at(p, texts[i]))
			return true;
	return false;
}

static void advance(struct parser *p)
{
	p->token = token_next(p->token.start + p->token.len);
}

/* The token goes to Lua as it is. */
static void take(struct parser *p)
{
	buf_add(&p->code, p->token.start, p->token.len);
	buf_addc(&p->code, ' ');
	advance(p);
}

static bool expect(struct parser *p, const char *symbol)
{
	_cleanup_free_ char *quoted = NULL;

	if (looking_at(p, symbol)) {
		take(p);
		return true;
	}
	quoted = xasprintf("'%s'", symbol);
	return unexpected(p, quoted);
}

static bool is_keyword(const struct token *t)
{
	static const char *const keywords[] = {"and", "break", "do", "else", "elseif", "end",
		"false", "for", "function", "goto", "if", "in", "local", "nil", "not", "or",
		"repeat", "return", "then", "true", "until", "while"};

	for (size_t i = 0; i < ARRAY_SIZE(keywords); i++)
		if (t->kind == TOKEN_NAME && token_is(t, keywords[i]))
			return true;
	return false;
}

static bool parse_expression(struct parser *p);

/* ---- names ---- */

static bool may_name(const struct parser *p, unsigned names)
{
	return (p->scope->names & names) != 0;
}

/* Note that a path is named; returns its place. */
static size_t add_name(struct parser *p, enum expression_name_kind kind, const char *path)
{
	for (size_t i = 0; i < p->names_n; i++)
		if (p->names[i].kind == kind && strcmp(p->names[i].path, path) == 0)
			return i;
	if ((p->names_n & (p->names_n - 1)) == 0)
		p->names =
			xreallocarray(p->names, p->names_n ? 2 * p->names_n : 1, sizeof *p->names);
	p->names[p->names_n] = (struct expression_name){kind, arena_strdup(p->arena, path)};
	return p->names_n++;
}

/* A parameter is a local of its own for Lua: v and its place among the names. */
static void take_parameter(struct parser *p, enum expression_name_kind kind, const char *path)
{
	buf_addf(&p->code, "v%zu ", add_name(p, kind, path));
}

static void add_words_of(const struct benchmark *b, const char ***words, size_t *n)
{
	*words = xreallocarray(*words, *n + b->axes_n + b->derived_n + 1, sizeof **words);
	for (size_t i = 0; i < b->axes_n; i++)
		(*words)[(*n)++] = b->axes[i].name;
	for (size_t i = 0; i < b->derived_n; i++)
		(*words)[(*n)++] = b->derived[i].name;
}

static bool unknown_name(struct parser *p, const char *at, const char *name)
{
	static const char *const functions[] = {
		"one_of", "contains", "starts_with", "math", "true", "false", "nil", "not"};
	const struct template_scope *scope = p->scope;
	_cleanup_free_ const char **words = xcalloc(ARRAY_SIZE(functions) + 3, sizeof *words);
	char nearest[96];
	size_t n = 0;

	if (scope->benchmark && template_is_dropped(name, scope))
		return error_at(p, at, "'%s' is no axis of benchmark '%s', which drops it", name,
			scope->benchmark->name);
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++)
		words[n++] = functions[i];
	if (may_name(p, TEMPLATE_HOST))
		words[n++] = "host";
	if (may_name(p, TEMPLATE_METRIC))
		words[n++] = "metric";
	if (scope->benchmark || scope->any_of)
		words[n++] = "benchmark";
	if (scope->benchmark)
		add_words_of(scope->benchmark, &words, &n);
	for (size_t i = 0; scope->any_of && i < scope->any_of->benchmarks_n; i++)
		add_words_of(&scope->any_of->benchmarks[i], &words, &n);
	diag_nearest(nearest, name, words, n);
	return error_at(p, at, "unknown name '%s'%s", name, nearest);
}

/* ---- parameters ---- */

enum known { KNOWN_NOT, KNOWN_PLAIN, KNOWN_AXIS };

/* Whether a benchmark has a parameter of this name, and which axis it is. */
static enum known find_parameter(const struct benchmark *b, const char *name, int *axis)
{
	*axis = axis_find(b->axes, b->axes_n, name);
	if (*axis >= 0)
		return KNOWN_AXIS;
	for (size_t i = 0; i < b->derived_n; i++)
		if (strcmp(b->derived[i].name, name) == 0)
			return KNOWN_PLAIN;
	return KNOWN_NOT;
}

/* The benchmark in which a name is a parameter, or NULL. */
static const struct benchmark *benchmark_with(
	const struct parser *p, const char *name, enum known *known, int *axis)
{
	const struct template_scope *scope = p->scope;

	*known = KNOWN_NOT;
	if (scope->benchmark)
		*known = find_parameter(scope->benchmark, name, axis);
	if (*known != KNOWN_NOT)
		return scope->benchmark;
	for (size_t i = 0; scope->any_of && i < scope->any_of->benchmarks_n; i++) {
		*known = find_parameter(&scope->any_of->benchmarks[i], name, axis);
		if (*known != KNOWN_NOT)
			return &scope->any_of->benchmarks[i];
	}
	return NULL;
}

/* .NAME behind an axis. The token is the point. */
static bool parse_attribute(struct parser *p, const struct axis *axis)
{
	_cleanup_free_ char *name = NULL, *path = NULL;
	const char *at;
	char nearest[96];

	advance(p);
	at = p->token.start;
	if (p->token.kind != TOKEN_NAME || is_keyword(&p->token))
		return unexpected(p, "the name of an attribute");
	name = xstrndup(p->token.start, p->token.len);
	advance(p);
	if (!template_axis_has(axis, name, NULL) && (axis->n > 0 || axis->is_each))
		error_at(p, at, "axis '%s' has no attribute '%s'%s", axis->name, name,
			template_attribute_nearest(nearest, axis, name));
	path = xasprintf("%s.%s", axis->name, name);
	take_parameter(p, NAME_PARAMETER, path);
	return true;
}

static bool parse_parameter(
	struct parser *p, const char *name, const struct benchmark *b, enum known known, int axis)
{
	const char *at = p->token.start;

	if (known == KNOWN_AXIS && p->used && b == p->scope->benchmark)
		p->used[axis] = true;
	advance(p);
	if (looking_at(p, "("))
		return error_at(p, at, "'%s' is a value, no function", name);
	if (looking_at(p, ".") && known == KNOWN_AXIS)
		return parse_attribute(p, &b->axes[axis]);
	if (looking_at(p, "."))
		return error_at(
			p, p->token.start, "'%s' is a single value: it has no attributes", name);
	take_parameter(p, NAME_PARAMETER, name);
	return true;
}

/* ---- host ---- */

/* .NAME, or ["name"] of labels and kinds; *is_dynamic where [ ] has something else in it. The path
 * so far grows. Returns whether it is fine. */
static bool parse_host_part(struct parser *p, struct buf *path, bool *is_dynamic)
{
	bool is_index = looking_at(p, "[");
	const struct token *t = &p->token;

	if (is_index && strcmp(path->data, "host.labels") != 0 &&
		strcmp(path->data, "host.cpu.kinds") != 0)
		return unexpected(p, "a field");
	if (!is_index) {
		take(p);
		if (t->kind != TOKEN_NAME || is_keyword(t))
			return unexpected(p, "the name of a field");
		buf_addc(path, '.');
		buf_add(path, t->start, t->len);
		take(p);
		return true;
	}
	take(p);
	if (t->kind == TOKEN_STRING && *t->start != '[' && !memchr(t->start, '\\', t->len) &&
		token_is(&(struct token){.start = token_next(t->start + t->len).start, .len = 1},
			"]")) {
		buf_addc(path, '.');
		buf_add(path, t->start + 1, t->len - 2);
		take(p);
	} else {
		*is_dynamic = true;
		if (!parse_expression(p))
			return false;
	}
	return expect(p, "]");
}

/* The last part of host.cpu.kinds[...]. */
static bool check_kind_field(struct parser *p, const char *at, const char *rest)
{
	if (strcmp(rest, "host.cpu.kinds.cores") == 0 || strcmp(rest, "host.cpu.kinds.cpus") == 0 ||
		strcmp(rest, "host.labels") == 0)
		return true;
	error_at(p, at, "%s",
		strncmp(rest, "host.labels", strlen("host.labels")) == 0
			? "a label is a text: it has no fields"
			: "host.cpu.kinds[...] has .cores and .cpus alone");
	return true;
}

static bool parse_host(struct parser *p)
{
	_cleanup_buf_ struct buf path = BUF_INIT;
	const char *at = p->token.start;
	bool is_dynamic = false;
	char nearest[96];

	buf_adds(&path, "host");
	take(p);
	while (looking_at(p, ".") || looking_at(p, "["))
		if (!parse_host_part(p, &path, &is_dynamic))
			return false;
	if (is_dynamic)
		return check_kind_field(p, at, path.data);
	if (host_field_is_known(path.data)) {
		add_name(p, NAME_HOST, path.data);
		return true;
	}
	host_field_nearest(nearest, path.data);
	if (host_field_is_group(path.data))
		error_at(p, at, "'%s' is no single value, expected one of its fields", path.data);
	else
		error_at(p, at, "unknown name '%s'%s", path.data, nearest);
	return true;
}

/* ---- metric ---- */

static bool parse_metric(struct parser *p)
{
	const char *at = p->token.start;
	const struct token *t = &p->token;
	_cleanup_free_ char *name = NULL;

	take(p);
	if (looking_at(p, "[")) {
		take(p);
		if (t->kind == TOKEN_STRING && *t->start != '[' &&
			!memchr(t->start, '\\', t->len)) {
			name = xstrndup(t->start + 1, t->len - 2);
			add_name(p, NAME_METRIC, name);
		}
		return parse_expression(p) && expect(p, "]");
	}
	if (!looking_at(p, "."))
		return unexpected(p, "'.' or '[' and the name of a metric");
	take(p);
	if (t->kind != TOKEN_NAME || is_keyword(t))
		return unexpected(p, "the name of a metric");
	name = xstrndup(t->start, t->len);
	add_name(p, NAME_METRIC, name);
	take(p);
	if (looking_at(p, "."))
		return error_at(p, at,
			"a metric with points in its name is written metric[\"%s.%.*s\"]", name,
			(int)token_next(t->start + 1).len, token_next(t->start + 1).start);
	return true;
}

/* ---- functions ---- */

struct function {
	const char *name;
	int least, most; /* arguments */
};

static const struct function functions[] = {
	{"one_of", 2, 250}, {"contains", 2, 2}, {"starts_with", 2, 2}};
static const struct function math_functions[] = {{"abs", 1, 1}, {"acos", 1, 1}, {"asin", 1, 1},
	{"atan", 1, 2}, {"ceil", 1, 1}, {"cos", 1, 1}, {"deg", 1, 1}, {"exp", 1, 1},
	{"floor", 1, 1}, {"fmod", 2, 2}, {"log", 1, 2}, {"max", 1, 250}, {"min", 1, 250},
	{"rad", 1, 1}, {"sin", 1, 1}, {"sqrt", 1, 1}, {"tan", 1, 1}, {"tointeger", 1, 1},
	{"type", 1, 1}, {"ult", 2, 2}};
static const char *const math_values[] = {"huge", "maxinteger", "mininteger", "pi"};

static const struct function *find_function(
	const struct function *from, size_t n, const struct token *t)
{
	for (size_t i = 0; i < n; i++)
		if (token_is(t, from[i].name))
			return &from[i];
	return NULL;
}

/* The token is '('. */
static bool parse_arguments(struct parser *p, const char *at, const struct function *f)
{
	int n = 0;

	if (!expect(p, "("))
		return false;
	while (!looking_at(p, ")")) {
		if (n > 0 && !expect(p, ","))
			return false;
		if (!parse_expression(p))
			return false;
		n++;
	}
	if (!expect(p, ")"))
		return false;
	if (n < f->least || n > f->most)
		error_at(p, at, "%s takes %d value%s%s, here %s %d", f->name, f->least,
			f->least == 1 ? "" : "s",
			f->most == f->least ? ""
			: f->most == 2      ? " or 2"
					    : " or more",
			n == 1 ? "is" : "are", n);
	return true;
}

static bool parse_math(struct parser *p)
{
	const char *words[ARRAY_SIZE(math_functions) + ARRAY_SIZE(math_values)];
	_cleanup_free_ char *name = NULL;
	const struct function *f;
	const char *at;
	char nearest[96];
	size_t n = 0;

	take(p);
	if (!expect(p, "."))
		return false;
	at = p->token.start;
	f = find_function(math_functions, ARRAY_SIZE(math_functions), &p->token);
	if (f) {
		take(p);
		return parse_arguments(p, at, f);
	}
	if (looking_at_one(p, math_values, ARRAY_SIZE(math_values))) {
		take(p);
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(math_functions); i++)
		words[n++] = math_functions[i].name;
	for (size_t i = 0; i < ARRAY_SIZE(math_values); i++)
		words[n++] = math_values[i];
	name = xstrndup(p->token.start, p->token.len);
	return error_at(p, at, "math has no '%s'%s", name, diag_nearest(nearest, name, words, n));
}

/* ---- the grammar ---- */

static bool parse_name(struct parser *p)
{
	_cleanup_free_ char *name = xstrndup(p->token.start, p->token.len);
	const char *at = p->token.start;
	struct token next = token_next(p->token.start + p->token.len);
	const struct function *f = find_function(functions, ARRAY_SIZE(functions), &p->token);
	enum known known;
	int axis = -1;
	const struct benchmark *b;

	if (is_keyword(&p->token))
		return unexpected(p, "a value");
	if (f && token_is(&next, "(")) {
		take(p);
		return parse_arguments(p, at, f);
	}
	b = benchmark_with(p, name, &known, &axis);
	if (b)
		return parse_parameter(p, name, b, known, axis);
	if (f)
		return error_at(p, at, "'%s' is a function, expected '(' behind it", name);
	if (strcmp(name, "math") == 0)
		return parse_math(p);
	if (strcmp(name, "host") == 0 && may_name(p, TEMPLATE_HOST))
		return parse_host(p);
	if (strcmp(name, "metric") == 0 && may_name(p, TEMPLATE_METRIC))
		return parse_metric(p);
	if (strcmp(name, "host") == 0 || strcmp(name, "metric") == 0)
		return error_at(p, at, "'%s' is not known here", name);
	if (strcmp(name, "benchmark") == 0 && (p->scope->benchmark || p->scope->any_of)) {
		advance(p);
		take_parameter(p, NAME_BENCHMARK, name);
		return true;
	}
	unknown_name(p, at, name);
	/* One error is enough for all that belongs to it. */
	advance(p);
	while (looking_at(p, ".")) {
		advance(p);
		if (p->token.kind == TOKEN_NAME)
			advance(p);
	}
	return !looking_at(p, "(");
}

static bool parse_operand(struct parser *p)
{
	static const char *const constants[] = {"true", "false", "nil"};

	if (p->token.kind == TOKEN_NUMBER || p->token.kind == TOKEN_STRING ||
		looking_at_one(p, constants, ARRAY_SIZE(constants))) {
		take(p);
		return true;
	}
	if (looking_at(p, "(")) {
		take(p);
		return parse_expression(p) && expect(p, ")");
	}
	if (p->token.kind == TOKEN_NAME)
		return parse_name(p);
	return unexpected(p, "a value");
}

static bool parse_expression(struct parser *p)
{
	static const char *const before[] = {"not", "-", "#", "~"};
	static const char *const between[] = {"and", "or", "==", "~=", "<", "<=", ">", ">=", "+",
		"-", "*", "/", "//", "%", "^", "..", "&", "|", "~", "<<", ">>"};
	bool goes_on;

	if (++p->depth > MAX_DEPTH)
		return error_at(
			p, p->token.start, "more than %d parentheses within each other", MAX_DEPTH);
	do {
		while (looking_at_one(p, before, ARRAY_SIZE(before)))
			take(p);
		if (!parse_operand(p))
			return false;
		goes_on = looking_at_one(p, between, ARRAY_SIZE(between));
		if (goes_on)
			take(p);
	} while (goes_on);
	p->depth--;
	return true;
}

/* ---- the whole ---- */

static int is_argument(const struct expression_name *n)
{
	return n->kind == NAME_PARAMETER || n->kind == NAME_BENCHMARK;
}

/* "local v0,v2=... return CODE", with the parameters moved before all other names. */
static const char *finish_code(struct parser *p, struct expression_name *names, size_t *n)
{
	_cleanup_buf_ struct buf code = BUF_INIT;
	size_t rest;

	*n = 0;
	for (size_t i = 0; i < p->names_n; i++) {
		if (!is_argument(&p->names[i]))
			continue;
		buf_addf(&code, "%sv%zu", *n ? "," : "local ", i);
		names[(*n)++] = p->names[i];
	}
	rest = *n;
	for (size_t i = 0; i < p->names_n; i++)
		if (!is_argument(&p->names[i]))
			names[rest++] = p->names[i];
	buf_addf(&code, "%sreturn %s", *n ? "=... " : "", p->code.data);
	return arena_strndup(p->arena, code.data, code.len);
}

/* What Lua does not take although we do: a malformed number, a bad escape; at its place. */
static void check_code(struct parser *p, const char *code)
{
	struct error err = {0};

	if (sandbox_check(code, &err) == 0)
		return;
	for (struct token t = token_next(p->text); t.kind != TOKEN_END;
		t = token_next(t.start + t.len)) {
		_cleanup_free_ char *one = xasprintf("return %.*s", (int)t.len, t.start);

		if ((t.kind != TOKEN_NUMBER && t.kind != TOKEN_STRING) ||
			sandbox_check(one, &err) == 0)
			continue;
		error_at(p, t.start, "%s", err.text);
		return;
	}
	error_at(p, p->text, "%s", err.text);
}

static const struct expression *finish(struct parser *p)
{
	struct expression *e = arena_alloc(p->arena, sizeof *e);
	struct expression_name *names = arena_array(p->arena, p->names_n, sizeof *names);

	*e = (struct expression){
		.text = arena_strdup(p->arena, p->text),
		.what = arena_strdup(p->arena, p->what),
		.line = p->node ? p->node->line : 0,
		.column = p->node ? p->node->column : 0,
		.code = finish_code(p, names, &e->parameters_n),
		.names = names,
		.names_n = p->names_n,
		.parameters_n = e->parameters_n,
		.is_of_any = p->scope->any_of != NULL,
	};
	if (e->parameters_n > EXPRESSION_MAX_PARAMETERS)
		error_at(p, p->text, "it names more than %d parameters", EXPRESSION_MAX_PARAMETERS);
	else
		check_code(p, e->code);
	return p->errors ? NULL : e;
}

static const struct expression *parse(struct parser *p)
{
	const struct expression *e = NULL;
	size_t before = p->errors;

	p->code = (struct buf)BUF_INIT;
	p->token = token_next(p->text);
	if (p->token.kind == TOKEN_END)
		error_at(p, p->text, "it is empty, expected an expression");
	else if (parse_expression(p) && p->token.kind != TOKEN_END && p->errors == before)
		unexpected(p, "an operator or the end");
	if (p->errors == before)
		e = finish(p);
	buf_done(&p->code);
	free(p->names);
	return e;
}

const struct expression *expression_read(const struct node *n, const char *what,
	const struct template_scope *scope, bool *used, struct arena *a, struct diagnostics *d)
{
	struct parser p = {.node = n,
		.text = n->text,
		.what = what,
		.scope = scope,
		.used = used,
		.arena = a,
		.d = d};

	if (n->kind != NODE_SCALAR) {
		diag_error(d, n, "%s: it is a %s, expected an expression%s", what,
			n->kind == NODE_LIST ? "list" : "mapping",
			n->kind == NODE_MAP && n->is_flow ? "; names stand without braces here"
							  : "");
		return NULL;
	}
	return parse(&p);
}

const struct expression *expression_read_text(const char *text, const char *what,
	const struct template_scope *scope, bool *used, struct arena *a, struct diagnostics *d)
{
	struct parser p = {
		.text = text, .what = what, .scope = scope, .used = used, .arena = a, .d = d};

	return parse(&p);
}

bool expression_names_dropped(const struct node *n, const struct template_scope *scope)
{
	bool is_field = false;

	if (n->kind != NODE_SCALAR)
		return false;
	for (struct token t = token_next(n->text); t.kind != TOKEN_END && t.kind != TOKEN_BAD;
		t = token_next(t.start + t.len)) {
		_cleanup_free_ char *name = xstrndup(t.start, t.len);

		if (t.kind == TOKEN_NAME && !is_field && template_is_dropped(name, scope))
			return true;
		is_field = token_is(&t, ".");
	}
	return false;
}
