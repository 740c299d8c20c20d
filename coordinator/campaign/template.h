/*
 * template.h - {name} in the texts of a campaign: which names there are where, checking, replacing
 *
 * `{name}` or `{name.field}` is replaced where what stands between the braces is such a path;
 * `{{name}}` gives a literal
 * `{name}`; every other brace stays as it is; `${name}` is an error, as nobody can tell which of
 * the two was meant.
 */
#ifndef COORDINATOR_CAMPAIGN_TEMPLATE_H
#define COORDINATOR_CAMPAIGN_TEMPLATE_H

#include "coordinator/campaign/diagnostics.h"

struct names; /* names.h */

/* What a template may name beside axes. */
enum template_names {
	TEMPLATE_HOST = 1,     /* {host.name}, {host.cores} ...: the inventory */
	TEMPLATE_CPUS = 2,     /* {cpus} */
	TEMPLATE_RUN = 4,      /* {tmp}, {cpu_list}: known to the agent only */
	TEMPLATE_CAMPAIGN = 8, /* {campaign} */
	TEMPLATE_METRIC = 16,  /* metric.ops, in expressions alone */
	TEMPLATE_ROLES = 32,   /* {hosts.ROLE.address} */
};

/* Where a template stands. */
struct template_scope {
	const struct benchmark *benchmark; /* whose axes are known; NULL: none are */
	const struct campaign *any_of;     /* with benchmark NULL: those of any of its benchmarks,
					      in expressions */
	const struct node *const
		*layers; /* of its matrix, to tell a dropped axis from an unknown one */
	const struct node *const *later; /* the same while not all of the matrix is known: what is
					    missing yet stands behind */
	unsigned names;                  /* enum template_names */
	const char *where;               /* "'pattern'", for messages */
};

/*
 * Check a template at a node and add what is wrong to d. used[i] becomes true where axis i is
 * named; it may be NULL.
 */
void template_check(const struct node *n, const struct template_scope *scope, bool *used,
	struct diagnostics *d);

/* Whether a text names an axis of the layers that the benchmark dropped; whether name is one. */
bool template_names_dropped(const char *text, const struct template_scope *scope);
bool template_is_dropped(const char *name, const struct template_scope *scope);

/* Whether any value of an axis has this attribute; *lacking (may be NULL) gets the first value that
 * has not, NULL where all have it. */
bool template_axis_has(const struct axis *axis, const char *attribute, const char **lacking);
/* "; did you mean 'X'?" for the nearest attribute, or that there are none; returns out. */
const char *template_attribute_nearest(
	char out[96], const struct axis *axis, const char *attribute);

/*
 * Append text with its templates replaced by what names_get() has; with is_pattern what a regular
 * expression would take for an operator is quoted. Returns 0, or as names_get().
 */
int template_render(
	const char *text, struct names *n, bool is_pattern, struct buf *out, struct error *err);

#define TEMPLATE_MAX_PATH 200
/* Whether the whole text is one template, "{clock.frequency}"; path gets what is in it. */
bool template_is_path(const char *text, char path[TEMPLATE_MAX_PATH]);
/* The axis where the whole text is one template of it, "{threads}"; else -1. */
int template_is_axis(const char *text, const struct axis *axes, size_t n);

#endif
