/*
 * expression_scan.h - the tokens of Lua, as far as an expression may have them
 */
#ifndef COORDINATOR_CAMPAIGN_EXPRESSION_SCAN_H
#define COORDINATOR_CAMPAIGN_EXPRESSION_SCAN_H

#include "proto/base.h"

struct token {
	enum token_kind {
		TOKEN_END,
		TOKEN_NAME,   /* keywords, too */
		TOKEN_NUMBER, /* as long as Lua takes it to be; it may be a malformed one */
		TOKEN_STRING, /* with its quotes or brackets */
		TOKEN_SYMBOL,
		TOKEN_BAD, /* why says what is wrong with it */
	} kind;
	const char *start;
	size_t len; /* bytes; at least one but for TOKEN_END */
	const char *why;
};

/* The token at s, behind white space and comments. s ends with a NUL. */
struct token token_next(const char *s);

bool token_is(const struct token *t, const char *text);

#endif
