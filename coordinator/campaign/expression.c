#include "coordinator/campaign/expression.h"

#include "coordinator/campaign/expression_parser.h"
#include "coordinator/campaign/sandbox.h"

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
		parser_error(p, t.start, "%s", err.text);
		return;
	}
	parser_error(p, p->text, "%s", err.text);
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
		parser_error(
			p, p->text, "it names more than %d parameters", EXPRESSION_MAX_PARAMETERS);
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
	if (strlen(p->text) > EXPRESSION_MAX_TEXT)
		parser_error(p, p->text, "it is longer than 256 KiB");
	else if (p->token.kind == TOKEN_END)
		parser_error(p, p->text, "it is empty, expected an expression");
	else if (parser_expression(p) && p->token.kind != TOKEN_END && p->errors == before)
		parser_unexpected(p, "an operator or the end");
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
