/*
 * matrix.h - axes, rules, and the walk over their product
 *
 * matrix_check.c and matrix_read.c make them from the tree, matrix.c walks. An axis that is {each:
 * ...} has no values before a host is known; whoever walks gives the values of every axis.
 */
#ifndef COORDINATOR_CAMPAIGN_MATRIX_H
#define COORDINATOR_CAMPAIGN_MATRIX_H

#include "coordinator/campaign/diagnostics.h"

/* One axis within a rule, and the values that it names. */
struct rule_term {
	size_t axis; /* index in the benchmark's axes */
	struct value *values;
	size_t n;
};

/* One mapping of exclude or include. */
struct rule {
	struct rule_term *terms;
	size_t n;
};

struct matrix_rules {
	struct rule *excludes;
	size_t excludes_n;
	struct rule *includes;
	size_t includes_n;
};

/* ---- matrix_check.c ---- */

/* Check one matrix section by itself: keys, axes, entries of exclude and include. */
void matrix_check(const struct node *matrix, struct diagnostics *d);

/* Whether a key of a matrix is an axis, not exclude, include or the like. */
bool matrix_is_axis(const char *key);

/* {from, to, factor or step}: factor or step is 0. */
struct range {
	int64_t from, to, factor, step;
};

/* Read a range; d may be NULL, then nothing is said. Returns whether it is a good one. */
bool range_read(const struct node *n, const char *axis, struct range *out, struct diagnostics *d);
/* How many values a good range has. */
int64_t range_length(const struct range *r);
/* Whether an axis has named values: a mapping of mappings. */
bool matrix_is_named_values(const struct node *n);

/* ---- matrix_read.c ---- */

/*
 * Fill axes and rules of a benchmark from the layers (NULL where there is none), lowest first:
 * layers[LAYER_OWN] is the benchmark's own. Axes stand in the order in which they first appear.
 * What matrix_check() found wrong is left out.
 */
enum matrix_layer { LAYER_DEFAULTS, LAYER_CAMPAIGN, LAYER_OWN, LAYERS };
void matrix_read(struct benchmark *b, const struct node *const layers[LAYERS], struct arena *a,
	struct diagnostics *d);

/* The value of a scalar: a plain JSON number is one. */
struct value value_read(const char *text, bool is_plain);
/* The key node of an axis in the layers, for messages; NULL where there is none. */
const struct node *matrix_axis_key(const struct node *const layers[LAYERS], const char *name);
/* The values' node in the layers; NULL where there is none. */
const struct node *matrix_axis_node(const struct node *const layers[LAYERS], const char *name);

/* ---- matrix.c ---- */

/* The index of an axis, or -1. */
int axis_find(const struct axis *axes, size_t n, const char *name);
/* Whether values hold one of this text. */
bool values_have(const struct value *values, size_t n, const char *text);

/* The values of one axis in a walk. */
struct walk_axis {
	const struct value *values;
	size_t n;
};

/*
 * Call visit with every combination, first axis slowest: index[i] of axes[i]. Ends early where it
 * returns false; returns whether all were visited. No axis at all is one combination.
 */
bool matrix_walk(const struct walk_axis *axes, size_t n,
	bool (*visit)(void *arg, const size_t *index), void *arg);
/* Combinations of the product, at most limit + 1. */
int64_t matrix_product(const struct walk_axis *axes, size_t n, int64_t limit);
/* Whether an exclude rule matches a combination. */
bool matrix_is_excluded(
	const struct matrix_rules *rules, const struct walk_axis *axes, const size_t *index);
/* The axes of an include rule: its own values, and all of axes where it names none. out has room
 * for n. */
void matrix_include_axes(
	const struct rule *rule, const struct walk_axis *axes, size_t n, struct walk_axis *out);

/* Append a value as JSON; the parameters as a JSON object in the order of the axes. */
void value_add_json(const struct value *v, struct buf *out);
void parameters_add_json(
	const struct axis *axes, const struct value *values, size_t n, struct buf *out);

#endif
