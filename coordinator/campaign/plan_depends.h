/*
 * plan_depends.h - which axes decide whether a host wants a configuration, or can run it
 *
 * Each function makes depends[i] true for the axes i of a benchmark that its thing depends on,
 * through derived parameters and attributes, too; one too many costs time, one too few would be
 * wrong. Behind the axes it has a place for each derived parameter that was looked at already.
 */
#ifndef COORDINATOR_CAMPAIGN_PLAN_DEPENDS_H
#define COORDINATOR_CAMPAIGN_PLAN_DEPENDS_H

#include "coordinator/campaign/expression.h"

/* The value of a parameter, or of an attribute: "python.path". */
void depend_on_path(const struct benchmark *b, const char *path, bool *depends);
/* The same for an array without these places: what a text that names the path makes use of. */
void use_path(const struct benchmark *b, const char *path, bool *used);
/* What an expression gives. */
void depend_on_expression(const struct benchmark *b, const struct expression *e, bool *depends);
/* The value of a setting, with what named values override; those of placement together. */
void depend_on_setting(const struct benchmark *b, enum setting s, bool *depends);
void depend_on_placement(const struct benchmark *b, bool *depends);
/* Whether all texts but the settings can be rendered. */
void depend_on_rendering(const struct benchmark *b, bool *depends);

#endif
