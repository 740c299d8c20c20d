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

#include "coordinator/campaign/names.h"
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
 * The template that holds for a configuration: its benchmark's, overridden by the attributes of its
 * values, a later axis over an earlier one. NULL where it is not given. Belongs to the campaign.
 */
const char *configuration_setting(const struct configuration *c, enum setting s);

/* The environment likewise: "NAME=TEMPLATE" each, benchmark's first, no name twice. *items is the
 * caller's to free, its texts are the campaign's. Returns how many. */
size_t configuration_env(const struct configuration *c, const char ***items);

/*
 * The value of a setting for the configuration of n. text gets it as it was written, empty where it
 * is not given; of a turbo that YAML took for a boolean on or off. *value: as schema_value() has
 * it, otherwise where it is not given. A bare number that was computed has the inner unit: Hz,
 * bytes. Returns 1, 0 where it is not given, or -EINVAL with err saying what is wrong with it:
 * "placement: 'smt' is 'never', expected one of ...".
 */
int setting_render(enum setting s, struct names *n, struct buf *text, int64_t *value,
	int64_t otherwise, struct error *err);

#endif
