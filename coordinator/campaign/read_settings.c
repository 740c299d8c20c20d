/* What a benchmark says of its runs' surroundings: placement, tune, limits, measure, guard. */
#include "coordinator/campaign/cpus.h"
#include "coordinator/campaign/read.h"
#include "coordinator/campaign/settings.h"

#define DEFAULT_EVERY  (100 * NS_PER_MS)
#define DEFAULT_SETTLE (60 * NS_PER_S)

/* ---- settings ---- */

/* Where settings are looked for: sections by layers, merged and alone. */
struct sections {
	const struct node *placement, *tune, *limits;             /* merged */
	const struct node *own_placement, *own_tune, *own_limits; /* the lowest that reads them */
};

static const struct node *section_of(const struct sections *s, const char *section, bool is_own)
{
	return strcmp(section, "placement") == 0 ? (is_own ? s->own_placement : s->placement)
	       : strcmp(section, "tune") == 0    ? (is_own ? s->own_tune : s->tune)
						 : (is_own ? s->own_limits : s->limits);
}

/* What was given as a text: a list of CPUs is put together. */
static char *setting_text(struct reader *r, enum setting s, const struct node *n)
{
	_cleanup_buf_ struct buf joined = BUF_INIT;

	if (n->kind == NODE_SCALAR)
		return n->text;
	if (n->kind != NODE_LIST || s != SETTING_LIST)
		return NULL;
	cpus_join(n, &joined);
	return arena_strdup(r->arena, joined.data);
}

/*
 * What the campaign says of an axis that this benchmark dropped is not meant for it: a program
 * without threads needs no `cpus: "{threads}"`.
 */
static char *read_setting(struct reader *r, struct benchmark_reader *b,
	const struct sections *sections, enum setting s)
{
	const char *section = settings[s].section;
	_cleanup_free_ char *where = xasprintf("'%s'", section);
	const struct template_scope scope = read_scope(b,
		TEMPLATE_HOST | TEMPLATE_CAMPAIGN |
			(strcmp(section, "placement") == 0 ? 0 : TEMPLATE_CPUS),
		where);
	const struct node *n = setting_node(s, section_of(sections, section, false));
	const struct node *own = setting_node(s, section_of(sections, section, true));
	char *text = n ? setting_text(r, s, n) : NULL;

	if (!text || (!own && template_names_dropped(text, &scope)))
		return NULL;
	read_check_templates(r, n, &scope, b->used);
	return text;
}

/* A list is what the policy explicit takes, and no other. What the policy is may be known only of a
 * configuration. */
static void check_list(struct reader *r, const struct node *placement, char *const *given)
{
	const char *policy = given[SETTING_POLICY] ? given[SETTING_POLICY] : "close";
	const struct node *list = setting_node(SETTING_LIST, placement);
	bool is_explicit = strcmp(policy, "explicit") == 0;

	if (has_template(policy))
		return;
	if (list && !is_explicit)
		diag_error(r->d, list, "'list' needs 'policy: explicit', and 'policy' is '%s'",
			policy);
	if (is_explicit && !list)
		diag_error(r->d, setting_node(SETTING_POLICY, placement),
			"'policy: explicit' needs a 'list' of CPUs");
}

/* A list says how many CPUs there are, so that `cpus` can but say the same, or more where threads
 * may go round. */
static void check_list_length(struct reader *r, const struct node *placement, char *const *given)
{
	const char *cpus = given[SETTING_CPUS], *list = given[SETTING_LIST];
	int64_t n = 0, listed;

	if (!cpus || !list || has_template(cpus) || has_template(list) ||
		schema_value(setting_schema(SETTING_CPUS), cpus, &n) < 0)
		return;
	listed = cpus_count(list);
	if (listed > 0 && (n < listed || (n > listed && !given[SETTING_OVERSUBSCRIBE])))
		diag_error(r->d, setting_node(SETTING_CPUS, placement),
			"'cpus' is %lld, and 'list' has %lld CPUs; 'list' needs no 'cpus'",
			(long long)n, (long long)listed);
}

/* The kernel would take either, and not both. */
static void check_frequencies(struct reader *r, const struct benchmark_reader *b)
{
	char *const *given = b->benchmark->settings;
	const char *low = given[SETTING_FREQUENCY_MIN], *high = given[SETTING_FREQUENCY_MAX];
	int64_t min, max;

	if (!low || !high || has_template(low) || has_template(high) ||
		schema_value(setting_schema(SETTING_FREQUENCY_MIN), low, &min) < 0 ||
		schema_value(setting_schema(SETTING_FREQUENCY_MAX), high, &max) < 0)
		return;
	bool is_turned = strcmp(low, "max") == 0 && strcmp(high, "min") == 0;
	if (is_turned || (min != ABSENT && max != ABSENT && min > max))
		diag_error(r->d, setting_node(SETTING_FREQUENCY_MIN, b->tune),
			"'min' is '%s', above 'max', which is '%s'", low, high);
}

/* ---- measure ---- */

static void read_counters(struct reader *r, const struct node *list, struct measuring *out)
{
	if (!list || list->kind != NODE_LIST)
		return;
	out->counters = arena_array(r->arena, list->n, sizeof *out->counters);
	for (size_t i = 0; i < list->n; i++) {
		const struct node *item = list->items[i];

		if (item->kind != NODE_SCALAR)
			continue;
		for (size_t k = 0; k < out->counters_n; k++)
			if (strcmp(out->counters[k], item->text) == 0)
				diag_error(
					r->d, item, "counter '%s' stands there twice", item->text);
		out->counters[out->counters_n++] = item->text;
	}
}

static void read_measure(struct reader *r, const struct node *n, struct measuring *out)
{
	int64_t idle = read_duration(n, "idle", 0);

	out->energy = (char *)read_text(n, "energy", "auto");
	out->source = (char *)read_text(n, "source", NULL);
	out->every_ns = read_duration(n, "every", DEFAULT_EVERY);
	out->idle_ns = idle > 0 ? idle : ABSENT;
	out->stream = (char *)read_text(n, "stream", NULL);
	read_counters(r, node_get(n, "counters"), out);
}

/* ---- guard ---- */

/* A scalar of the schema at a path, or ABSENT. */
static int64_t read_value(const struct node *map, const char *key, const char *path)
{
	const char *text = read_text(map, key, NULL);
	int64_t value;

	return text && schema_value(schema_find(path), text, &value) == 0 ? value : ABSENT;
}

static void read_guard(const struct node *n, struct guarding *out)
{
	const struct node *settle = node_get(n, "settle");
	const char *turbo = read_text(n, "turbo", NULL);

	out->temperature = read_value(settle, "temperature", "guard.settle.temperature");
	out->load = read_value(settle, "load", "guard.settle.load");
	out->timeout_ns = out->temperature == ABSENT && out->load == ABSENT
				  ? ABSENT
				  : read_duration(settle, "timeout", DEFAULT_SETTLE);
	out->governor = (char *)read_text(n, "governor", NULL);
	out->turbo = turbo ? strcmp(turbo, "on") == 0 : ABSENT;
	out->on_violation = (char *)read_text(n, "on_violation", NULL);
}

static void read_all(struct reader *r, struct benchmark_reader *b, const struct sections *sections,
	char *given[SETTINGS])
{
	for (enum setting s = 0; s < SETTINGS; s++)
		given[s] = read_setting(r, b, sections, s);
	check_list(r, sections->placement, given);
	check_list_length(r, sections->placement, given);
}

void read_settings(struct reader *r, struct benchmark_reader *b)
{
	const struct sections sections = {
		.placement = b->placement,
		.tune = b->tune,
		.limits = b->limits,
		.own_placement = node_get(b->own, "placement"),
		.own_tune = node_get(b->own, "tune"),
		.own_limits = node_get(b->own, "limits"),
	};

	read_all(r, b, &sections, b->benchmark->settings);
	check_frequencies(r, b);
	read_measure(r, b->measure, &b->benchmark->measure);
	read_guard(b->guard, &b->benchmark->guard);
}

void read_role_settings(struct reader *r, struct benchmark_reader *b, const struct node *placement,
	const struct node *own_placement, char *given[SETTINGS])
{
	const struct sections sections = {
		.placement = placement,
		.tune = b->tune,
		.limits = b->limits,
		.own_placement = own_placement,
		.own_tune = node_get(b->own, "tune"),
		.own_limits = node_get(b->own, "limits"),
	};

	read_all(r, b, &sections, given);
}
