/*
 * expression_parser.h - private to the expression_*.c: walking over an expression, and writing it
 * anew for Lua
 *
 * The functions that return bool return false after an error behind which nothing can be told; an
 * error that leaves the rest readable goes on with true. p->token is the token that is looked at.
 */
#ifndef COORDINATOR_CAMPAIGN_EXPRESSION_PARSER_H
#define COORDINATOR_CAMPAIGN_EXPRESSION_PARSER_H

#include "coordinator/campaign/expression.h"
#include "coordinator/campaign/expression_scan.h"

struct parser {
	const struct node *node; /* NULL: the command line */
	const char *text, *what;
	const struct template_scope *scope;
	bool *used;
	struct arena *arena;
	struct diagnostics *d;
	struct token token;
	struct buf code;               /* for Lua; a parameter is v and its place among the names */
	struct expression_name *names; /* owned */
	size_t names_n;
	size_t errors;
	int depth;
};

/* Add "WHAT: ..." at a place in the text. Returns false. */
bool parser_error(struct parser *p, const char *at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The token is not what is expected: "a value". Returns false. */
bool parser_unexpected(struct parser *p, const char *expected);

/* Whether the token is this symbol or word, one of them, a keyword of Lua. */
bool parser_sees(const struct parser *p, const char *text);
bool parser_sees_one(const struct parser *p, const char *const *texts, size_t n);
bool parser_sees_keyword(const struct parser *p);

/* Go on to the next token; parser_take() gives this one to Lua. */
void parser_advance(struct parser *p);
void parser_take(struct parser *p);
/* Take a symbol that must be there. */
bool parser_expect(struct parser *p, const char *symbol);

bool parser_expression(struct parser *p);
/* expression_names.c: what begins with a name, which is the token. */
bool parser_name(struct parser *p);

#endif
