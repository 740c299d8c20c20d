#include "coordinator/campaign/settings.h"

#include <errno.h>

const struct setting_info settings[SETTINGS] = {
	[SETTING_CPUS] = {"placement", "cpus"},
	[SETTING_POLICY] = {"placement", "policy"},
	[SETTING_LIST] = {"placement", "list"},
	[SETTING_SMT] = {"placement", "smt"},
	[SETTING_CORE_KIND] = {"placement", "core_kind"},
	[SETTING_PACKAGES] = {"placement", "packages"},
	[SETTING_MEMORY_POLICY] = {"placement", "memory"},
	[SETTING_THREADS] = {"placement", "threads"},
	[SETTING_OVERSUBSCRIBE] = {"placement", "oversubscribe"},
	[SETTING_GOVERNOR] = {"tune", "governor"},
	[SETTING_TURBO] = {"tune", "turbo"},
	[SETTING_EPP] = {"tune", "epp"},
	[SETTING_FREQUENCY_MIN] = {"tune", "frequency.min"},
	[SETTING_FREQUENCY_MAX] = {"tune", "frequency.max"},
	[SETTING_UNCORE] = {"tune", "uncore"},
	[SETTING_POWER_LIMIT] = {"tune", "power_limit"},
	[SETTING_TIMEOUT] = {"limits", "timeout"},
	[SETTING_OUTPUT] = {"limits", "output"},
	[SETTING_MEMORY] = {"limits", "memory"},
	[SETTING_PROCESSES] = {"limits", "processes"},
	[SETTING_USER] = {"limits", "user"},
};

const struct schema *setting_schema(enum setting s)
{
	_cleanup_free_ char *path = xasprintf("%s.%s", settings[s].section, settings[s].key);

	return schema_find(path);
}

const struct node *setting_node(enum setting s, const struct node *section)
{
	_cleanup_free_ char *path = xstrdup(settings[s].key);
	char *rest = path, *part;

	while ((part = strsep(&rest, ".")) != NULL && section)
		section = node_get(section, part);
	return section;
}

int setting_render(enum setting s, const struct benchmark *b, const struct template_values *v,
	struct buf *text, int64_t *value, int64_t otherwise, struct error *err)
{
	_cleanup_buf_ struct buf expected = BUF_INIT;
	const struct schema *schema;
	char nearest[96];

	*value = otherwise;
	if (!b->settings[s])
		return 0;
	schema = setting_schema(s);
	if (template_render(b->settings[s], v, text, err) < 0)
		return error_wrap(err, "%s", settings[s].section), -EINVAL;
	if (schema_value(schema, text->data, value) == 0)
		return 0;
	schema_expectation(schema, &expected);
	return error_set(err, -EINVAL, "%s: '%s' is '%s', expected %s%s", settings[s].section,
		settings[s].key, text->data, expected.data,
		schema_nearest(schema, text->data, nearest));
}
