/*
 * host_fields.h - `host` of templates and expressions: which fields there are, and their values in
 * an inventory
 *
 * One list for both: what a template shows, an expression has, too. How to add a field: its path in
 * the table in host_fields.c, the same in the agent's inventory.c.
 */
#ifndef COORDINATOR_CAMPAIGN_HOST_FIELDS_H
#define COORDINATOR_CAMPAIGN_HOST_FIELDS_H

#include "proto/base.h"
#include <jansson.h>

#define HOST_LABELS "host.labels." /* any name follows */
#define HOST_KINDS  "host.cpu.kinds."

/* The paths of single values, "host.cpu.vendor"; labels and kinds are not among them. *n gets how
 * many. */
const char *const *host_fields(size_t *n);
/* The names of core kinds, whatever a host has. */
extern const char *const host_kinds[];
extern const size_t host_kinds_n;

/* Whether there is such a field: one of the list, any label, host.cpu.kinds.KIND.cores and .cpus.
 */
bool host_field_is_known(const char *path);
/* Whether other fields stand below it: "host", "host.cpu". */
bool host_field_is_group(const char *path);
/* "; did you mean 'X'?" for the nearest field, or "", in out; returns out. */
const char *host_field_nearest(char out[96], const char *path);

/*
 * The value of a known field in an inventory: text, number, boolean. NULL where the host does not
 * tell. Of kinds *count gets the number of cores or CPUs, 0 where there are none, with NULL
 * returned; ABSENT of all else.
 */
const json_t *host_field(const json_t *inventory, const char *path, int64_t *count);

#endif
