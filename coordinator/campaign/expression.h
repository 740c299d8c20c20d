/*
 * expression.h - an expression of the campaign file: reading it at its place, and what is wrong
 * with it
 *
 * Reading compiles it, and looks at every name in it: one that no scope knows is an error with the
 * nearest one, at its place in the line. What depends on values is seen when names.h evaluates it.
 */
#ifndef COORDINATOR_CAMPAIGN_EXPRESSION_H
#define COORDINATOR_CAMPAIGN_EXPRESSION_H

#include "coordinator/campaign/template.h"

struct expression {
	const char *text; /* as it was written */
	const char *code; /* as Lua gets it; private to expression.c and names.c */
	const char *what; /* "where", "derived 'bytes'", for messages */
	int line, column; /* of its first character; 0: the command line */
};

/*
 * Read the expression of a scalar node (a boolean or a number is one, too). what as above; scope
 * says which names there are, scope->names with TEMPLATE_METRIC also metric. used[i] becomes true
 * where axis i is named; may be NULL. Returns it (in a), or NULL with errors in d.
 */
const struct expression *expression_read(const struct node *n, const char *what,
	const struct template_scope *scope, bool *used, struct arena *a, struct diagnostics *d);

/* The same for a text of the command line (--only): errors have line 0. */
const struct expression *expression_read_text(const char *text, const char *what,
	const struct template_scope *scope, bool *used, struct arena *a, struct diagnostics *d);

#endif
