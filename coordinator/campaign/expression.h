/*
 * expression.h - an expression of the campaign file: reading it at its place, and what is wrong
 * with it
 *
 * Reading parses it, and looks at every name in it: one that no scope knows is an error with the
 * nearest one, at its place in the line. The grammar is Lua's without what makes statements,
 * functions, tables and methods; what is left is written anew as Lua in which every parameter is a
 * local of its own, so that nothing of the file's but operators, literals and known names reaches
 * Lua. What depends on values is seen when names.h evaluates it.
 */
#ifndef COORDINATOR_CAMPAIGN_EXPRESSION_H
#define COORDINATOR_CAMPAIGN_EXPRESSION_H

#include "coordinator/campaign/template.h"

/* Parameters that one expression may name, beside those of host and metric. */
#define EXPRESSION_MAX_PARAMETERS 100
/* Bytes of its text: Lua takes the square of a long row of `or` to compile it. */
#define EXPRESSION_MAX_TEXT (256 * 1024)

/* A path that an expression names. */
struct expression_name {
	enum expression_name_kind {
		NAME_PARAMETER, /* an axis, an attribute, a derived one: "python.path" */
		NAME_BENCHMARK,
		NAME_HOST,   /* "host.cores"; not those that are known at run time only */
		NAME_METRIC, /* the metric's name alone: "energy.package" */
	} kind;
	const char *path;
};

struct expression {
	const char *text; /* as it was written */
	const char *what; /* "where", "derived 'bytes'", for messages */
	int line, column; /* of its first character; 0: the command line */
	/* Private to expression.c and names.c: as Lua gets it, and what it names. Its arguments are
	 * the values of the first parameters_n names, in their order. */
	const char *code;
	const struct expression_name *names;
	size_t names_n, parameters_n;
	bool is_of_any; /* benchmarks may lack what it names */
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
