/*
 * matrix.h - axes, rules, and the walk over their product
 *
 * matrix_check.c and axis_check.c look at a section by itself, matrix_read.c, axis_read.c and
 * rules_read.c make axes and rules of the layers together, matrix.c walks. An axis that is {each:
 * ...} has no values before a host is known; whoever walks says how many each axis has.
 */
#ifndef COORDINATOR_CAMPAIGN_MATRIX_H
#define COORDINATOR_CAMPAIGN_MATRIX_H

#include "coordinator/campaign/diagnostics.h"
#include "coordinator/campaign/expression.h"

struct schema;

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
	const struct expression **exclude_ifs; /* exclude what one of them holds for */
	size_t exclude_ifs_n;
	struct rule *includes;
	size_t includes_n;
	const char **lacking; /* derived parameters of the layers that are not for this benchmark */
	size_t lacking_n;
};

/* ---- matrix_check.c, axis_check.c ---- */

/* Check one matrix section by itself: keys, axes, entries of exclude, include, zip, derived. */
void matrix_check(const struct node *matrix, struct diagnostics *d);

/* Whether a key of a matrix is an axis, not exclude, include or the like. */
bool matrix_is_axis(const char *key);

enum parameter_kind { PARAMETER_AXIS, PARAMETER_ATTRIBUTE, PARAMETER_DERIVED };
/* Check the name of a parameter: an identifier that means nothing else. */
void parameter_check_name(const struct node *key, enum parameter_kind kind, struct diagnostics *d);
/* Check an axis: its name and its values. */
void axis_check(const struct node *key, const struct node *n, struct diagnostics *d);
/* Check one value of a list of an axis; a list of them. */
void axis_check_value(const struct node *n, const char *axis, struct diagnostics *d);
void axis_check_values(const struct node *list, const char *axis, struct diagnostics *d);

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

/* The sections that an attribute may override: env, placement, tune, limits. */
bool attribute_is_section(const char *name);
/* The schema of such a section: that of a benchmark's own. */
const struct schema *attribute_schema(const char *section);

/* ---- matrix_read.c, axis_read.c, rules_read.c ---- */

/*
 * Fill axes, derived parameters, where and rules of a benchmark from the layers (NULL where there
 * is none), lowest first: layers[LAYER_OWN] is the benchmark's own. Axes stand in the order in
 * which they first appear. What matrix_check() found wrong is left out.
 */
enum matrix_layer { LAYER_DEFAULTS, LAYER_CAMPAIGN, LAYER_OWN, LAYERS };
void matrix_read(struct benchmark *b, const struct node *const layers[LAYERS], struct arena *a,
	struct diagnostics *d);

/*
 * Check the templates in what named values override (env, placement, tune, limits) once the
 * benchmark's axes are read. used[i] becomes true of axes that they name, and of those whose values
 * override something: these are used even where no template names them.
 */
void matrix_check_attributes(const struct benchmark *b, const struct node *const layers[LAYERS],
	bool *used, struct diagnostics *d);

/*
 * Put other values in place of an axis' own (--set): n texts, which must stay. A value that it has
 * keeps its type and its attributes. Returns 0, or -EINVAL with err where the axis has named values
 * and the text is none of them: "axis 'python' has no value 'nogill'; did you mean 'nogil'?".
 */
int matrix_set_axis(struct benchmark *b, size_t axis, const char *const *texts, size_t n,
	struct arena *a, struct error *err);
/* Whether the axes of every zip are equally long, as they must be after --set, too. Returns 0, or
 * -EINVAL with err: "axes 'a' and 'b' walk in lock step, and have 1 and 3 values". */
int matrix_check_zips(const struct benchmark *b, struct error *err);

/* The value of a scalar: a plain JSON number is one. */
struct value value_read(const char *text, bool is_plain);
/* The values of a list, without what is no scalar; out has room for list->n. Returns how many. */
size_t values_read(const struct node *list, struct value *out);
/* Fill an axis of a node that is no `~`. Its attributes' expressions know the axes of b. */
void axis_read(struct axis *axis, const struct node *key, const struct node *n,
	const struct template_scope *scope, struct arena *a, struct diagnostics *d);
/* Fill where, exclude and include; axes, zips and derived parameters must be there. */
void rules_read(struct benchmark *b, const struct node *const layers[LAYERS], struct arena *a,
	struct diagnostics *d);

/* The lowest layer that counts of a word such as exclude: one above the highest `~`. */
int matrix_first_layer(const struct node *const layers[LAYERS], const char *word);
/*
 * Whether an expression of a layer is not for this benchmark: it names an axis, or a derived
 * parameter, that the layers have and this benchmark has not. The benchmark's own is always for it.
 */
bool matrix_is_not_for(const struct benchmark *b, const struct node *const layers[LAYERS],
	int layer, const struct node *expression);
/* "'KEY' in 'WORD' is no axis of benchmark 'B'; did you mean ...?" */
void matrix_unknown_axis(
	const struct benchmark *b, const struct node *key, const char *word, struct diagnostics *d);
/* Whether layers from..to-1 say anything of an axis. */
bool layers_have(const struct node *const layers[LAYERS], int from, int to, const char *name);

/* The key node of an axis in the layers, for messages; NULL where there is none. */
const struct node *matrix_axis_key(const struct node *const layers[LAYERS], const char *name);
/* The values' node in the layers; NULL where there is none. */
const struct node *matrix_axis_node(const struct node *const layers[LAYERS], const char *name);

/* ---- matrix.c, value_set.c, excluder.c, matrix_size.c ---- */

/* The index of an axis, or -1; of a derived parameter. */
int axis_find(const struct axis *axes, size_t n, const char *name);
int derived_find(const struct benchmark *b, const char *name);
/* Whether values hold one of this text; its index, or -1. */
bool values_have(const struct value *values, size_t n, const char *text);
int64_t values_find(const struct value *values, size_t n, const char *text);
/* The same for many texts: the first n of some values, which may move, but stay the same. Zeroed
 * it is empty. */
struct value_set {
	size_t *slots;
	size_t mask, n;
};
/* Take in values up to n; those before were taken in already. */
void value_set_fill(struct value_set *s, const struct value *values, size_t n);
int64_t value_set_find(const struct value_set *s, const struct value *values, const char *text);
void value_set_done(struct value_set *s);
/* Whether the values of an axis have names and attributes. */
bool axis_is_named(const struct axis *axis);

/* What an axis takes in a walk: n of its values by their indices; NULL: 0 .. n-1. */
struct walk_axis {
	const uint32_t *indices;
	size_t n;
};

/*
 * Call visit with every combination: index[i] of axes[i], the benchmark's. The first axis is the
 * slowest; those of a zip are one, at the place of the first. Ends early where visit returns false;
 * returns whether all were visited. No axis at all is one combination.
 */
bool matrix_walk(const struct axis *axes, const struct walk_axis *takes, size_t n,
	bool (*visit)(void *arg, const uint32_t *index), void *arg);
/* Combinations of that walk, at most limit + 1. */
int64_t matrix_product(
	const struct axis *axes, const struct walk_axis *takes, size_t n, int64_t limit);

/* The mappings of exclude, made ready for the values that the axes have in a walk. */
struct excluder;
/* values[i] are the sizes[i] values of axis i, to which a walk's indices point. */
struct excluder *excluder_open(
	const struct benchmark *b, const struct value *const *values, const uint32_t *sizes);
void excluder_close(struct excluder *e);
/* Whether a mapping matches a combination. */
bool excluder_matches(const struct excluder *e, const uint32_t *index);

/* More combinations than this are not even walked to see what is left of them: 100 million, fewer
 * where each has to be held against many mappings of exclude. */
int64_t matrix_max_product(const struct benchmark *b);

/*
 * How many configurations there are at least, on one host, as far as that is known without one:
 * {each} counts once, and where an expression decides it is 0. At most limit + 1.
 */
int64_t matrix_size(const struct benchmark *b, int64_t limit);

/* Append a value as JSON; a text as JSON. */
void value_add_json(const struct value *v, struct buf *out);
void text_add_json(const char *s, struct buf *out);

#endif
