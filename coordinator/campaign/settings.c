#include "coordinator/campaign/settings.h"

#include <errno.h>
#include <pthread.h>

char setting_removed[] = "~";

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

/* Looked up once: plans ask a million times, each in a thread of its own. */
static const struct schema *schemas[SETTINGS];
static pthread_once_t schemas_once = PTHREAD_ONCE_INIT;

static void find_schemas(void)
{
	for (enum setting s = 0; s < SETTINGS; s++) {
		_cleanup_free_ char *path =
			xasprintf("%s.%s", settings[s].section, settings[s].key);

		schemas[s] = schema_find(path);
	}
}

const struct schema *setting_schema(enum setting s)
{
	pthread_once(&schemas_once, find_schemas);
	return schemas[s];
}

const struct node *setting_node(enum setting s, const struct node *section)
{
	_cleanup_free_ char *path = xstrdup(settings[s].key);
	char *rest = path, *part;

	while ((part = strsep(&rest, ".")) != NULL && section)
		section = node_get(section, part);
	return section;
}

/* ---- what attributes override ---- */

const char *configuration_setting(const struct configuration *c, enum setting s)
{
	const struct benchmark *b = c->benchmark;
	const char *text = b->settings[s];

	for (size_t i = 0; i < b->axes_n; i++) {
		const struct attributes *a = configuration_value(c, i)->attributes;

		if (a && a->settings[s])
			text = a->settings[s];
	}
	return text == setting_removed ? NULL : text;
}

/* Put one over those of the same name. */
static size_t put_env(const char **items, size_t n, const char *item)
{
	size_t len = strcspn(item, "="), i = 0;

	while (i < n && (strncmp(items[i], item, len) != 0 || items[i][len] != '='))
		i++;
	if (item[len] == '=') {
		items[i] = item;
		return i == n ? n + 1 : n;
	}
	if (i == n)
		return n;
	memmove(items + i, items + i + 1, (n - i - 1) * sizeof *items);
	return n - 1;
}

size_t configuration_env(const struct configuration *c, const char ***items)
{
	const struct benchmark *b = c->benchmark;
	size_t room = b->env_n, n = 0;

	for (size_t i = 0; i < b->axes_n; i++) {
		const struct attributes *a = configuration_value(c, i)->attributes;

		room += a ? a->env_n : 0;
	}
	*items = xcalloc(room + 1, sizeof **items);
	while (n < b->env_n) {
		(*items)[n] = b->env[n];
		n++;
	}
	for (size_t i = 0; i < b->axes_n; i++) {
		const struct attributes *a = configuration_value(c, i)->attributes;

		if (a && a->drops_env)
			n = 0;
		for (size_t k = 0; a && k < a->env_n; k++)
			n = put_env(*items, n, a->env[k]);
	}
	return n;
}

/* ---- values ---- */

/* A number of the inventory or of an expression has no unit written behind it. */
static void add_inner_unit(
	const struct schema *schema, const char *template, const struct names *n, struct buf *text)
{
	const char *unit = schema->type == TYPE_FREQUENCY ? "Hz"
			   : schema->type == TYPE_SIZE    ? "B"
							  : NULL;
	char path[TEMPLATE_MAX_PATH];

	if (unit && text->len > 0 && strspn(text->data, "0123456789") == text->len &&
		template_is_path(template, path) && names_is_computed(n, path))
		buf_adds(text, unit);
}

/* on and off without quotes are booleans for who writes true and false elsewhere. */
static void say_on_or_off(enum setting s, struct buf *text)
{
	const char *word = strcmp(text->data, "true") == 0    ? "on"
			   : strcmp(text->data, "false") == 0 ? "off"
							      : NULL;

	if (s != SETTING_TURBO || !word)
		return;
	buf_reset(text);
	buf_adds(text, word);
}

int setting_render(enum setting s, struct names *n, struct buf *text, int64_t *value,
	int64_t otherwise, struct error *err)
{
	const char *template = configuration_setting(names_configuration(n), s);
	_cleanup_buf_ struct buf expected = BUF_INIT;
	const struct schema *schema;
	char nearest[96];

	*value = otherwise;
	if (!template)
		return 0;
	schema = setting_schema(s);
	if (template_render(template, n, false, text, err) < 0)
		return error_wrap(err, "%s", settings[s].section), -EINVAL;
	add_inner_unit(schema, template, n, text);
	say_on_or_off(s, text);
	if (schema_value(schema, text->data, value) == 0)
		return 1;
	schema_expectation(schema, &expected);
	return error_set(err, -EINVAL, "%s: '%s' is '%s', expected %s%s", settings[s].section,
		settings[s].key, text->data, expected.data,
		schema_nearest(schema, text->data, nearest));
}
