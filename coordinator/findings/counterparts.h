/*
 * counterparts.h - to each configuration the one that differs from it in one axis alone, found by a
 * key instead of by searching
 */
#ifndef COORDINATOR_FINDINGS_COUNTERPARTS_H
#define COORDINATOR_FINDINGS_COUNTERPARTS_H

#include "coordinator/findings/gather.h"

struct counterparts;

/* The configurations of g whose axis has this value; all of them, by all of their parameters, where
 * axis is NULL. g and both texts must outlive it. */
struct counterparts *counterparts_new(
	const struct gathered *g, const char *axis, const char *value);
void counterparts_free(struct counterparts *c); /* NULL is fine */

/* The configuration that is `like` but for the axis, as gathered_is_counterpart() has it; -1 where
 * there is none. like may be of another gathered. */
int counterparts_find(const struct counterparts *c, const struct gathered_configuration *like);

/* Whether some configuration of g has the axis, and one this value of it. Returns 0, or ERR_USAGE
 * with the nearest. */
int counterparts_check(
	const struct gathered *g, const char *axis, const char *value, struct error *err);

#endif
