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
#include <jansson.h>

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
	const struct node *const
		*layers;   /* of its matrix, to tell a dropped axis from an unknown one */
	unsigned names;    /* enum template_names */
	bool is_later;     /* the language knows other names here, this version does not */
	const char *where; /* "'pattern'", for messages */
};

/*
 * Check a template at a node and add what is wrong to d. used[i] becomes true where axis i is
 * named; it may be NULL.
 */
void template_check(const struct node *n, const struct template_scope *scope, bool *used,
	struct diagnostics *d);

/* Whether a text names an axis of the layers that the benchmark dropped. */
bool template_names_dropped(const char *text, const struct template_scope *scope);

/* What to put in. */
struct template_values {
	const struct axis *axes; /* axes_n of them, with one value each */
	const struct value *values;
	size_t axes_n;
	const char *campaign; /* NULL: not known here */
	const char *host_name;
	const json_t *inventory;
	const char *cpus; /* text of {cpus}; NULL: not known here */
	bool is_pattern;  /* quote what a regular expression would take for an operator */
};

/*
 * Append text with its templates replaced; {tmp} and {cpu_list} become the marks of message.h.
 * Returns 0, or -ENOENT with err where the host has no such thing ("lab03 has no label 'pool'").
 */
int template_render(
	const char *text, const struct template_values *v, struct buf *out, struct error *err);

/* The axis where the whole text is one template of it, "{threads}"; else -1. */
int template_is_axis(const char *text, const struct axis *axes, size_t n);

#endif
