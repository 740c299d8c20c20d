/*
 * groups.h - which configurations differ only in some axes
 *
 * What stands together in the order of a block, ends together, or is compared with one another
 * follows from this alone.
 */
#ifndef COORDINATOR_DISPATCH_GROUPS_H
#define COORDINATOR_DISPATCH_GROUPS_H

#include "coordinator/campaign/campaign.h"

/*
 * Put n configurations of a plan into groups: two are in the same one where they have the same
 * benchmark and differ only in the named axes, and in what walks in lock step with these.
 * configurations holds indices into the plan's; NULL means 0, 1, 2 ... Returns the group of each,
 * numbered from 0 in the order in which they first appear (the caller frees it), and how many there
 * are in *groups_n.
 */
size_t *groups_make(const struct plan *p, const uint32_t *configurations, size_t n,
	const char *const *axes, size_t axes_n, size_t *groups_n);

/* The value of a configuration's axis, or NULL where its benchmark has no such axis. */
const struct value *groups_value(const struct configuration *c, const char *axis);

#endif
