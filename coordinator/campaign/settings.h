/*
 * settings.h - the keys of placement, tune and limits whose values may be templates, as one table
 *
 * A setting is checked three times by the same schema: as it stands in the file, with the values of
 * an axis where it is one template of it, and rendered for a configuration on a host. How to add
 * one: a name in enum setting (campaign.h), a line in the table in settings.c, its key in schema.c,
 * and what becomes of it in render.c.
 */
#ifndef COORDINATOR_CAMPAIGN_SETTINGS_H
#define COORDINATOR_CAMPAIGN_SETTINGS_H

#include "coordinator/campaign/schema.h"
#include "coordinator/campaign/template.h"

struct setting_info {
	const char *section; /* "tune" */
	const char *key;     /* below it: "frequency.max" */
};

extern const struct setting_info settings[SETTINGS];

/* What the setting may be. */
const struct schema *setting_schema(enum setting s);

/* The node of the setting in its (merged) section, or NULL; also NULL where that is `~`. */
const struct node *setting_node(enum setting s, const struct node *section);

/*
 * The value of a setting for a configuration on a host. text gets it as it was written, empty where
 * it is not given. *value: as schema_value() has it, otherwise where it is not given. Returns 0, or
 * -EINVAL with err saying what is wrong with it: "placement: 'smt' is 'never', expected one of
 * ...".
 */
int setting_render(enum setting s, const struct benchmark *b, const struct template_values *v,
	struct buf *text, int64_t *value, int64_t otherwise, struct error *err);

#endif
