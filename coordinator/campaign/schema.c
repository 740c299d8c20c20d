#include "coordinator/campaign/schema.h"

#include "coordinator/campaign/matrix.h"
#include "proto/units.h"

/* ---- texts and names ---- */

static bool is_one_of(char c, const char *more)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr(more, c) != NULL);
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
	if (!is_one_of(*s, "") || strlen(s) > 64)
		return false;
	for (; *s; s++)
		if (!is_one_of(*s, "_.+-"))
			return false;
	return true;
}

static bool is_label_name(const char *s)
{
	if (*s == '\0' || strlen(s) > 64)
		return false;
	for (; *s; s++)
		if (!is_one_of(*s, "_.-/"))
			return false;
	return true;
}

/* Standard metrics are measured by the agent: a campaign cannot have its own of that name or
 * family. */
static bool is_metric_name(const char *s)
{
	static const char *const families[] = {
		"energy.", "power.", "edp.", "frequency.", "temperature.", "throttle."};

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

/* ---- sections that a benchmark may have of its own, too ---- */

static const struct schema cpus = {.type = TYPE_INT, .min = 1, .max = 65536, .is_template = true};
static const struct choice policy_choices[] = {{"close", false}, {"compact", true},
	{"scatter", true}, {"balanced", true}, {"explicit", true}, {0}};
static const struct schema policy = {
	.type = TYPE_CHOICE, .choices = policy_choices, .is_template = true};
static const struct key_info placement_keys[] = {
	{"cpus", 0, &cpus, "how many CPUs a run gets; all without it"},
	{"policy", 0, &policy, "which ones"},
	{"list", KEY_LATER, NULL, "the CPUs themselves"},
	{"smt", KEY_LATER, NULL, "whether siblings are used"},
	{"core_kind", KEY_LATER, NULL, "performance or efficiency cores"},
	{"packages", KEY_LATER, NULL, "how many packages"},
	{"memory", KEY_LATER, NULL, "memory policy"},
	{"threads", KEY_LATER, NULL, "one thread to one CPU"},
	{"oversubscribe", KEY_LATER, NULL, "more threads than CPUs"},
	{0},
};
static const struct schema placement = {
	.type = TYPE_MAP, .title = "placement", .keys = placement_keys, .is_layer = true};

static const struct choice energy_choices[] = {
	{"auto", false}, {"require", false}, {"off", false}, {0}};
static const struct schema energy = {.type = TYPE_CHOICE, .choices = energy_choices};
static const struct schema every = {
	.type = TYPE_DURATION, .min = NS_PER_MS, .max = 3600 * NS_PER_S};
static const struct schema idle = {.type = TYPE_DURATION, .min = 0, .max = INT64_MAX};
static const struct choice stream_choices[] = {{"live", false}, {"after", true}, {0}};
static const struct schema stream = {.type = TYPE_CHOICE, .choices = stream_choices};
static const struct key_info measure_keys[] = {
	{"energy", 0, &energy, "whether joules are measured"},
	{"source", KEY_LATER, NULL, "where they are read"},
	{"every", 0, &every, "sampling period"},
	{"counters", KEY_LATER, NULL, "hardware counters"},
	{"idle", 0, &idle, "idle power measured before; 0s: not"},
	{"stream", 0, &stream, "when samples are sent"},
	{0},
};
static const struct schema measure = {
	.type = TYPE_MAP, .title = "measure", .keys = measure_keys, .is_layer = true};

static const struct schema attempts = {.type = TYPE_INT, .min = 1, .max = 1000};
static const struct schema output = {.type = TYPE_SIZE, .min = 1024, .max = 64 * 1024 * 1024};
static const struct key_info limits_keys[] = {
	{"timeout", 0, &timeout, "when a run is ended"},
	{"attempts", 0, &attempts, "tries at a run that is lost with its host"},
	{"output", 0, &output, "bytes kept of each stream, head and tail"},
	{"memory", KEY_LATER, NULL, "bytes"},
	{"processes", KEY_LATER, NULL, "how many"},
	{"user", KEY_LATER, NULL, "who runs it"},
	{0},
};
static const struct schema limits = {
	.type = TYPE_MAP, .title = "limits", .keys = limits_keys, .is_layer = true};
/* Attempts are counted for a campaign. */
static const struct key_info own_limits_keys[] = {
	{"timeout", 0, &timeout, "when a run is ended"},
	{"attempts", KEY_LATER, NULL, "tries at a run that is lost with its host"},
	{"output", 0, &output, "bytes kept of each stream, head and tail"},
	{"memory", KEY_LATER, NULL, "bytes"},
	{"processes", KEY_LATER, NULL, "how many"},
	{"user", KEY_LATER, NULL, "who runs it"},
	{0},
};
static const struct schema own_limits = {
	.type = TYPE_MAP, .title = "limits", .keys = own_limits_keys, .is_layer = true};

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
	{"placement", 0, &placement, "CPUs"},
	{"measure", 0, &measure, "what is measured"},
	{"limits", 0, &own_limits, "bounds of a run"},
	{"guard", KEY_LATER, NULL, "state that the machine must have"},
	{"tune", KEY_LATER, NULL, "state that the machine is put into"},
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
	{"placement", 0, &placement, "CPUs"},
	{"measure", 0, &measure, "what is measured"},
	{"repeat", 0, &repeat, "how often"},
	{"order", 0, &order, "of the runs"},
	{"budget", KEY_LATER, NULL, "time or energy at most"},
	{"guard", KEY_LATER, NULL, "state that the machine must have"},
	{"tune", KEY_LATER, NULL, "state that the machine is put into"},
	{"limits", 0, &limits, "bounds of a run"},
	{"compare", 0, &compare, "what is compared with what"},
	{"schedule", KEY_LATER, NULL, "when it recurs"},
	{"report", KEY_LATER, NULL, "figures and claims"},
	{0},
};
const struct schema schema_campaign = {
	.type = TYPE_MAP, .title = "the campaign", .keys = campaign_keys};
