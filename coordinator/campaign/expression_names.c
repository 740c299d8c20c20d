/* The names of an expression: parameters, host, metric, functions. */
#include "coordinator/campaign/expression_parser.h"
#include "coordinator/campaign/host_fields.h"
#include "coordinator/campaign/matrix.h"
#include "coordinator/campaign/plan_depends.h"

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

/* Whether it is an axis, or a derived parameter, that is read after this expression. */
static bool is_later(const struct template_scope *scope, const char *name)
{
	const struct node *axis;

	if (!scope->later || !matrix_is_axis(name))
		return false;
	axis = matrix_axis_node(scope->later, name);
	for (int l = 0; l < LAYERS && !axis; l++)
		axis = node_get(node_get(scope->later[l], "derived"), name);
	return axis && !node_is_null(axis);
}

static bool unknown_name(struct parser *p, const char *at, const char *name)
{
	static const char *const functions[] = {
		"one_of", "contains", "starts_with", "math", "true", "false", "nil", "not"};
	const struct template_scope *scope = p->scope;
	_cleanup_free_ const char **words = xcalloc(ARRAY_SIZE(functions) + 3, sizeof *words);
	char nearest[96];
	size_t n = 0;

	if (is_later(scope, name))
		return parser_error(p, at, "'%s' must stand before what is computed of it", name);
	if (scope->benchmark && template_is_dropped(name, scope))
		return parser_error(p, at, "'%s' is no axis of benchmark '%s', which drops it",
			name, scope->benchmark->name);
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
	return parser_error(p, at, "unknown name '%s'%s", name, nearest);
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

	parser_advance(p);
	at = p->token.start;
	if (p->token.kind != TOKEN_NAME || parser_sees_keyword(p))
		return parser_unexpected(p, "the name of an attribute");
	name = xstrndup(p->token.start, p->token.len);
	parser_advance(p);
	if (!template_axis_has(axis, name, NULL) && (axis->n > 0 || axis->is_each))
		parser_error(p, at, "axis '%s' has no attribute '%s'%s", axis->name, name,
			template_attribute_nearest(nearest, axis, name));
	path = xasprintf("%s.%s", axis->name, name);
	take_parameter(p, NAME_PARAMETER, path);
	return true;
}

static bool parse_parameter(
	struct parser *p, const char *name, const struct benchmark *b, enum known known, int axis)
{
	const char *at = p->token.start;

	if (p->used && b == p->scope->benchmark)
		use_path(b, name, p->used);
	parser_advance(p);
	if (parser_sees(p, "("))
		return parser_error(p, at, "'%s' is a value, no function", name);
	if (parser_sees(p, ".") && known == KNOWN_AXIS)
		return parse_attribute(p, &b->axes[axis]);
	if (parser_sees(p, "."))
		return parser_error(
			p, p->token.start, "'%s' is a single value: it has no attributes", name);
	take_parameter(p, NAME_PARAMETER, name);
	return true;
}

/* ---- host ---- */

/* .NAME, or ["name"] of labels and kinds; *is_dynamic where [ ] has something else in it. The path
 * so far grows. Returns whether it is fine. */
static bool parse_host_part(struct parser *p, struct buf *path, bool *is_dynamic)
{
	bool is_index = parser_sees(p, "[");
	const struct token *t = &p->token;

	if (is_index && strcmp(path->data, "host.labels") != 0 &&
		strcmp(path->data, "host.cpu.kinds") != 0)
		return parser_unexpected(p, "a field");
	if (!is_index) {
		parser_take(p);
		if (t->kind != TOKEN_NAME || parser_sees_keyword(p))
			return parser_unexpected(p, "the name of a field");
		buf_addc(path, '.');
		buf_add(path, t->start, t->len);
		parser_take(p);
		return true;
	}
	parser_take(p);
	if (t->kind == TOKEN_STRING && *t->start != '[' && !memchr(t->start, '\\', t->len) &&
		token_is(&(struct token){.start = token_next(t->start + t->len).start, .len = 1},
			"]")) {
		buf_addc(path, '.');
		buf_add(path, t->start + 1, t->len - 2);
		parser_take(p);
	} else {
		*is_dynamic = true;
		if (!parser_expression(p))
			return false;
	}
	return parser_expect(p, "]");
}

/* The last part of host.cpu.kinds[...]. */
static bool check_kind_field(struct parser *p, const char *at, const char *rest)
{
	if (strcmp(rest, "host.cpu.kinds.cores") == 0 || strcmp(rest, "host.cpu.kinds.cpus") == 0 ||
		strcmp(rest, "host.labels") == 0)
		return true;
	parser_error(p, at, "%s",
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
	parser_take(p);
	while (parser_sees(p, ".") || parser_sees(p, "["))
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
		parser_error(
			p, at, "'%s' is no single value, expected one of its fields", path.data);
	else
		parser_error(p, at, "unknown name '%s'%s", path.data, nearest);
	return true;
}

/* ---- metric ---- */

static bool parse_metric(struct parser *p)
{
	const char *at = p->token.start;
	const struct token *t = &p->token;
	_cleanup_free_ char *name = NULL;

	parser_take(p);
	if (parser_sees(p, "[")) {
		parser_take(p);
		if (t->kind == TOKEN_STRING && *t->start != '[' &&
			!memchr(t->start, '\\', t->len)) {
			name = xstrndup(t->start + 1, t->len - 2);
			add_name(p, NAME_METRIC, name);
		}
		return parser_expression(p) && parser_expect(p, "]");
	}
	if (!parser_sees(p, "."))
		return parser_unexpected(p, "'.' or '[' and the name of a metric");
	parser_take(p);
	if (t->kind != TOKEN_NAME || parser_sees_keyword(p))
		return parser_unexpected(p, "the name of a metric");
	name = xstrndup(t->start, t->len);
	add_name(p, NAME_METRIC, name);
	parser_take(p);
	if (parser_sees(p, "."))
		return parser_error(p, at,
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

	if (!parser_expect(p, "("))
		return false;
	while (!parser_sees(p, ")")) {
		if (n > 0 && !parser_expect(p, ","))
			return false;
		if (!parser_expression(p))
			return false;
		n++;
	}
	if (!parser_expect(p, ")"))
		return false;
	if (n < f->least || n > f->most)
		parser_error(p, at, "%s takes %d value%s%s, here %s %d", f->name, f->least,
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

	parser_take(p);
	if (!parser_expect(p, "."))
		return false;
	at = p->token.start;
	f = find_function(math_functions, ARRAY_SIZE(math_functions), &p->token);
	if (f) {
		parser_take(p);
		return parse_arguments(p, at, f);
	}
	if (parser_sees_one(p, math_values, ARRAY_SIZE(math_values))) {
		parser_take(p);
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(math_functions); i++)
		words[n++] = math_functions[i].name;
	for (size_t i = 0; i < ARRAY_SIZE(math_values); i++)
		words[n++] = math_values[i];
	name = xstrndup(p->token.start, p->token.len);
	return parser_error(
		p, at, "math has no '%s'%s", name, diag_nearest(nearest, name, words, n));
}

/* ---- any name ---- */

bool parser_name(struct parser *p)
{
	_cleanup_free_ char *name = xstrndup(p->token.start, p->token.len);
	const char *at = p->token.start;
	struct token next = token_next(p->token.start + p->token.len);
	const struct function *f = find_function(functions, ARRAY_SIZE(functions), &p->token);
	enum known known;
	int axis = -1;
	const struct benchmark *b;

	if (parser_sees_keyword(p))
		return parser_unexpected(p, "a value");
	if (f && token_is(&next, "(")) {
		parser_take(p);
		return parse_arguments(p, at, f);
	}
	b = benchmark_with(p, name, &known, &axis);
	if (b)
		return parse_parameter(p, name, b, known, axis);
	if (f)
		return parser_error(p, at, "'%s' is a function, expected '(' behind it", name);
	if (strcmp(name, "math") == 0)
		return parse_math(p);
	if (strcmp(name, "host") == 0 && may_name(p, TEMPLATE_HOST))
		return parse_host(p);
	if (strcmp(name, "metric") == 0 && may_name(p, TEMPLATE_METRIC))
		return parse_metric(p);
	if (strcmp(name, "host") == 0 || strcmp(name, "metric") == 0)
		return parser_error(p, at, "'%s' is not known here", name);
	if (strcmp(name, "benchmark") == 0 && (p->scope->benchmark || p->scope->any_of)) {
		parser_advance(p);
		take_parameter(p, NAME_BENCHMARK, name);
		return true;
	}
	unknown_name(p, at, name);
	/* One error is enough for all that belongs to it. */
	parser_advance(p);
	while (parser_sees(p, ".")) {
		parser_advance(p);
		if (p->token.kind == TOKEN_NAME)
			parser_advance(p);
	}
	return !parser_sees(p, "(");
}
