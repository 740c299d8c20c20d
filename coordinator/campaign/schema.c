#include "coordinator/campaign/schema.h"

#include "coordinator/campaign/matrix.h"
#include "proto/units.h"

/* ---- texts and names ---- */

static bool is_one_of(char c, const char *more)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr(more, c) != NULL);
}

bool is_word(const char *s, size_t max, const char *more)
{
	if (*s == '\0' || strlen(s) > max)
		return false;
	while (is_one_of(*s, more))
		s++;
	return *s == '\0';
}

bool is_identifier(const char *text, size_t len)
{
	if (len == 0 || (text[0] >= '0' && text[0] <= '9'))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_one_of(text[i], "_"))
			return false;
	return true;
}

static bool is_env_name(const char *s)
{
	return is_identifier(s, strlen(s));
}

static bool is_campaign_name(const char *s)
{
	if (*s == '-' || *s == '\0' || strlen(s) > 64)
		return false;
	for (; *s; s++)
		if (!((*s >= 'a' && *s <= 'z') || (*s >= '0' && *s <= '9') || *s == '-'))
			return false;
	return true;
}

static bool is_benchmark_name(const char *s)
{
	return is_one_of(*s, "") && is_word(s, 64, "_.+-");
}

static bool is_label_name(const char *s)
{
	return is_word(s, 64, "_.-/");
}

/* Standard metrics are measured by the agent: a campaign cannot have its own of that name or
 * family. */
static bool is_metric_name(const char *s)
{
	static const char *const families[] = {"energy.", "power.", "edp.", "frequency.",
		"temperature.", "throttle.", "counter.", "cores.", "cpu.", "cstate.", "io.",
		"network.", "pressure.", "placement.", "agent."};

	if (!is_identifier(s, 1) || strlen(s) > 64 || metric_by_name(s))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		if (strncmp(s, families[i], strlen(families[i])) == 0)
			return false;
	for (; *s; s++)
		if (!is_one_of(*s, "_.-"))
			return false;
	return true;
}

/* A path below a directory: relative, not leaving it. */
static bool is_path_below(const char *s)
{
	if (*s == '/' || *s == '\0')
		return false;
	while (s) {
		if (strncmp(s, "..", 2) == 0 && (s[2] == '/' || s[2] == '\0'))
			return false;
		s = strchr(s, '/');
		s = s ? s + 1 : NULL;
	}
	return true;
}

static bool is_json_key(const char *s)
{
	if (*s != '/')
		return *s != '\0';
	for (; *s; s++)
		if (*s == '~' && s[1] != '0' && s[1] != '1')
			return false;
	return true;
}

/* ---- types that several keys share ---- */

static const struct schema text = {.type = TYPE_TEXT, .expected = "a text"};
static const struct schema template = {.type = TYPE_TEMPLATE, .expected = "a text"};
static const struct schema boolean = {.type = TYPE_BOOL};
static const struct schema command = {.type = TYPE_COMMAND};
static const struct schema timeout = {.type = TYPE_DURATION, .min = 1, .max = INT64_MAX};

/* ---- hosts, files, setup ---- */

static bool is_host_name(const char *s)
{
	return *s != '\0' && strlen(s) <= 255;
}

static const struct schema host_name = {
	.type = TYPE_TEXT, .is_good = is_host_name, .expected = "a name of at most 255 characters"};
static const struct schema host_names = {.type = TYPE_ONE_OR_LIST, .of = &host_name};
static const struct schema host_labels = {
	.type = TYPE_NAMES,
	.named = "label",
	.is_good = is_label_name,
	.expected = "letters, digits, _ . - and /",
	.of = &text,
};
static const struct choice spread_choices[] = {{"every", false}, {"any", true}, {0}};
static const struct schema spread = {.type = TYPE_CHOICE, .choices = spread_choices};
static const struct key_info hosts_keys[] = {
	{"names", 0, &host_names, "names, also several as lab[01-08]"},
	{"labels", 0, &host_labels, "labels that a host must have"},
	{"where", KEY_LATER, NULL, "an expression that must hold"},
	{"spread", 0, &spread, "every: all on every host"},
	{0},
};
static const struct schema hosts = {.type = TYPE_MAP, .title = "hosts", .keys = hosts_keys};

static const struct schema file = {
	.type = TYPE_TEXT,
	.is_good = is_path_below,
	.expected = "a path beside the campaign file, without '..'",
	.later_key = "git",
};
static const struct schema files = {.type = TYPE_LIST, .of = &file};

static const struct key_info step_keys[] = {
	{"command", KEY_REQUIRED, &command, "what to run"},
	{"timeout", 0, &timeout, "when to give up"},
	{0},
};
static const struct schema step = {.type = TYPE_MAP, .title = "a setup step", .keys = step_keys};
static const struct schema steps = {.type = TYPE_ONE_OR_LIST, .of = &step};

/* ---- benchmarks ---- */

static bool is_any(const char *s)
{
	(void)s;
	return true;
}

/* A variable may be set to nothing, with "". */
static const struct schema env_value = {
	.type = TYPE_TEMPLATE, .is_good = is_any, .expected = "a text"};
static const struct schema env = {
	.type = TYPE_NAMES,
	.named = "environment variable",
	.is_good = is_env_name,
	.expected = "letters, digits and _, not starting with a digit",
	.of = &env_value,
	.is_layer = true,
};
static const struct schema workdir = {
	.type = TYPE_TEMPLATE,
	.is_good = is_path_below,
	.expected = "a path below the campaign's directory, without '..'",
};
static const struct schema json = {
	.type = TYPE_TEMPLATE,
	.is_good = is_json_key,
	.expected = "a key, or a JSON pointer such as /latency/p99 (~0 for ~, ~1 for /)",
};
static const struct schema from = {.type = TYPE_TEXT, .expected = "stdout or stderr"};
static const struct choice better_choices[] = {{"lower", false}, {"higher", false}, {0}};
static const struct schema better = {.type = TYPE_CHOICE, .choices = better_choices};
static const struct key_info metric_keys[] = {
	{"json", 0, &json, "key or JSON pointer in the program's last JSON value"},
	{"pattern", 0, &template, "PCRE2 whose first group is the number"},
	{"expr", KEY_LATER, NULL, "an expression over other metrics"},
	{"from", 0, &from, "stdout or stderr"},
	{"unit", 0, &text, "its unit"},
	{"better", 0, &better, "which way it is good"},
	{"scale", KEY_LATER, NULL, "a factor"},
	{"take", KEY_LATER, NULL, "which of several"},
	{"optional", 0, &boolean, "whether it may be missing"},
	{"expect", KEY_LATER, NULL, "what it must be"},
	{"role", KEY_LATER, NULL, "whose output"},
	{0},
};
static const struct schema metric = {
	.type = TYPE_MAP, .title = "a metric", .keys = metric_keys, .is_layer = true};
static const struct schema metrics = {
	.type = TYPE_NAMES,
	.named = "metric",
	.is_good = is_metric_name,
	.expected = "letters, digits, _ . and -, and none that joulerig measures itself",
	.of = &metric,
	.is_layer = true,
};
static const struct schema matrix = {.type = TYPE_MATRIX};

static const struct key_info benchmark_keys[] = {
	{"command", 0, &command, "what to run"},
	{"roles", KEY_LATER, NULL, "several programs at once"},
	{"main", KEY_LATER, NULL, "the role that bounds the measurement"},
	{"env", 0, &env, "environment"},
	{"workdir", 0, &workdir, "where it starts"},
	{"requires", KEY_LATER, NULL, "what must hold on a host"},
	{"setup", KEY_LATER, NULL, "once for each host"},
	{"prepare", KEY_LATER, NULL, "before each run"},
	{"cleanup", KEY_LATER, NULL, "after each run"},
	{"collect", KEY_LATER, NULL, "files that are kept"},
	{"metrics", 0, &metrics, "numbers out of the program's output"},
	{"work", KEY_LATER, NULL, "how much a run does"},
	{"matrix", 0, &matrix, "axes"},
	{"placement", 0, &schema_placement, "CPUs"},
	{"measure", 0, &schema_measure, "what is measured"},
	{"limits", 0, &schema_own_limits, "bounds of a run"},
	{"guard", 0, &schema_guard, "state that the machine must have"},
	{"tune", 0, &schema_tune, "state that the machine is put into"},
	{0},
};
static const struct schema benchmark = {
	.type = TYPE_MAP, .title = "a benchmark", .keys = benchmark_keys, .is_layer = true};
static const struct schema defaults = {
	.type = TYPE_MAP, .title = "defaults", .keys = benchmark_keys, .is_layer = true};
static const struct schema benchmarks = {
	.type = TYPE_NAMES,
	.named = "benchmark",
	.is_good = is_benchmark_name,
	.expected = "letters, digits, _ . + and -, starting with a letter or a digit",
	.of = &benchmark,
};

/* ---- the campaign ---- */

static const struct schema name = {
	.type = TYPE_TEXT,
	.is_good = is_campaign_name,
	.expected = "lower-case letters, digits and -, at most 64, not starting with -",
};
static const struct schema seed = {.type = TYPE_INT, .min = 0, .max = INT64_MAX};
static const struct schema warmup = {.type = TYPE_INT, .min = 0, .max = 1000000};
static const struct schema blocks = {.type = TYPE_INT, .min = 1, .max = 10000000};
static const struct key_info repeat_keys[] = {
	{"warmup", 0, &warmup, "passes that are never counted"},
	{"blocks", 0, &blocks, "passes that are"},
	{"max", KEY_LATER, NULL, "blocks at most"},
	{"until", KEY_LATER, NULL, "how narrow intervals must be"},
	{"pair", KEY_LATER, NULL, "what runs back to back"},
	{0},
};
static const struct schema repeat = {.type = TYPE_MAP, .title = "repeat", .keys = repeat_keys};
static const struct choice order_choices[] = {{"blocks", false}, {"sequential", true}, {0}};
static const struct schema order = {.type = TYPE_CHOICE, .choices = order_choices};
static const struct key_info compare_keys[] = {
	{"by", KEY_REQUIRED, &text, "the axis"},
	{"baseline", KEY_REQUIRED, &text, "its value that the others are compared with"},
	{"metrics", KEY_LATER, NULL, "which metrics"},
	{"threshold", KEY_LATER, NULL, "what counts as a change"},
	{"alpha", KEY_LATER, NULL, "false alarms accepted"},
	{0},
};
static const struct schema compare = {
	.type = TYPE_MAP, .title = "compare", .keys = compare_keys, .is_list_later = true};

static const struct key_info campaign_keys[] = {
	{"campaign", KEY_REQUIRED, &name, "its name"},
	{"description", 0, &text, "one line for people"},
	{"seed", 0, &seed, "of the order of runs"},
	{"labels", KEY_LATER, NULL, "labels of the submission"},
	{"hosts", 0, &hosts, "where it runs"},
	{"files", 0, &files, "what is shipped to the hosts"},
	{"requires", KEY_LATER, NULL, "what must hold on a host"},
	{"setup", 0, &steps, "once for each host"},
	{"teardown", KEY_LATER, NULL, "at the end on each host"},
	{"defaults", 0, &defaults, "what all benchmarks begin with"},
	{"benchmarks", KEY_REQUIRED, &benchmarks, "the commands"},
	{"matrix", 0, &matrix, "axes of all benchmarks"},
	{"placement", 0, &schema_placement, "CPUs"},
	{"measure", 0, &schema_measure, "what is measured"},
	{"repeat", 0, &repeat, "how often"},
	{"order", 0, &order, "of the runs"},
	{"budget", KEY_LATER, NULL, "time or energy at most"},
	{"guard", 0, &schema_guard, "state that the machine must have"},
	{"tune", 0, &schema_tune, "state that the machine is put into"},
	{"limits", 0, &schema_limits, "bounds of a run"},
	{"compare", 0, &compare, "what is compared with what"},
	{"schedule", KEY_LATER, NULL, "when it recurs"},
	{"report", KEY_LATER, NULL, "figures and claims"},
	{0},
};
const struct schema schema_campaign = {
	.type = TYPE_MAP, .title = "the campaign", .keys = campaign_keys};

const struct schema *schema_find(const char *path)
{
	const struct schema *at = &schema_campaign;

	while (at && at->type == TYPE_MAP) {
		size_t len = strcspn(path, ".");
		const struct key_info *k = at->keys;

		while (k->name && (strncmp(k->name, path, len) != 0 || k->name[len] != '\0'))
			k++;
		at = k->schema;
		if (path[len] == '\0')
			return at;
		path += len + 1;
	}
	return NULL;
}
