/*
 * names.h - the names that templates and expressions know, with their values: one configuration on
 * one host
 *
 * The parameters (axes, their attributes, derived ones), host (the inventory), benchmark, campaign,
 * cpus; in metrics also metric. Whoever walks many configurations over many hosts opens it once,
 * sets the host, then one configuration after the other: nothing is built that is not asked for.
 *
 * Expressions are Lua 5.4 with the names of CAMPAIGN's language alone: no library but math, one_of,
 * contains and starts_with, no methods of strings, no bytecode; at most 100,000 instructions and 1
 * MiB each, beside what host needs. Not for several threads at once; each may have its own.
 */
#ifndef COORDINATOR_CAMPAIGN_NAMES_H
#define COORDINATOR_CAMPAIGN_NAMES_H

#include "coordinator/campaign/campaign.h"
#include <jansson.h>

struct names;

/* Names of a campaign (NULL: {campaign} is not known); its host and configuration are not set yet.
 * Expressions that are evaluated must live as long. Never NULL. */
struct names *names_open(const struct campaign *c);
void names_close(struct names *n);

/* From here on, this host; inventory is JSON text. Forgets the configuration. Returns 0, or
 * ERR_CAMPAIGN where that is no JSON object. The texts are copied. */
int names_set_host(struct names *n, const char *name, const char *inventory, struct error *err);
const char *names_host_name(const struct names *n); /* NULL: not set */
const json_t *names_inventory(const struct names *n);

/* From here on, this configuration, which must stay; what it derives is computed at first need.
 * Forgets cpus and metrics. */
void names_set_configuration(struct names *n, const struct configuration *c);
const struct configuration *names_configuration(const struct names *n);
/* {cpus}; text is copied; NULL: not known here. */
void names_set_cpus(struct names *n, const char *text);
/* metric["energy.package"], metric.ops: asks lookup for a name; which returns whether there is such
 * a number (edge units: s, J, W). A metric that is not there is nil. */
void names_set_metrics(
	struct names *n, bool (*lookup)(void *arg, const char *name, double *value), void *arg);

/*
 * Append the text of a path as a template has it, "python.path" or "host.cores". {tmp},
 * {cpu_list} and {hosts.ROLE.address} become the marks of message.h. Returns 0, or -ENOENT with err
 * where the host has no such thing ("lab03 has no label 'pool'"), or an expression behind it fails
 * for want of a field of the host ("clock.limit: host.frequency.base is not known here"), or
 * -EINVAL where one fails.
 */
int names_get(struct names *n, const char *path, struct buf *out, struct error *err);

/* Whether a path is no text of the file's, but computed: of the host, or by an expression. Then a
 * number has the inner unit: Hz, bytes. */
bool names_is_computed(const struct names *n, const char *path);

/* What an expression gave. */
struct evaluated {
	enum { EVALUATED_NIL, EVALUATED_BOOL, EVALUATED_NUMBER, EVALUATED_TEXT } type;
	bool truth;    /* of every type, as Lua takes it */
	double number; /* EVALUATED_NUMBER */
	/* Of all but nil, as a template shows it: a whole number without a point. Lives until the
	 * next evaluation. */
	const char *text;
};

/* Evaluate. Returns 0, or -EINVAL with err: "line 7: where: 'host.cors' ...". */
int names_evaluate(
	struct names *n, const struct expression *e, struct evaluated *out, struct error *err);
/* Evaluate what must be true or false (where, --only, exclude); nil is false. Returns 1, 0,
 * -ENOENT where it fails for want of a field of the host, or -EINVAL, with err. What a benchmark of
 * several lacks (struct template_scope.any_of) holds not. */
int names_holds(struct names *n, const struct expression *e, struct error *err);
/* Append what an expression's names are here: "threads is 4, host.cores is 2"; nothing where it has
 * none. */
void names_describe(struct names *n, const struct expression *e, struct buf *out);

#endif
