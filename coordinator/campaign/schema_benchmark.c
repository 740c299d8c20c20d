/* The keys of a benchmark: what is run, on which hosts, and what numbers come of it. */
#include "coordinator/campaign/schema.h"

#include "proto/units.h"

/* ---- names ---- */

static bool is_env_name(const char *s)
{
	return is_identifier(s, strlen(s));
}

static bool is_benchmark_name(const char *s)
{
	return strchr("_.+-", *s) == NULL && is_word(s, 64, "_.+-");
}

/* Standard metrics are measured by the agent: a campaign cannot have its own of that name or
 * family. */
static const char *const families[] = {"energy", "power", "edp", "frequency", "temperature",
	"throttle", "counter", "cores", "cpu", "cstate", "io", "network", "pressure", "placement",
	"agent", "collect"};

static bool is_of_family(const char *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		size_t len = strlen(families[i]);

		if (strncmp(s, families[i], len) == 0 && (s[len] == '.' || s[len] == '\0'))
			return true;
	}
	return false;
}

/* What `work` makes has names of its own. */
static bool is_derived(const char *s)
{
	size_t len = strlen(s), end = strlen(".per_work");

	return strcmp(s, "throughput") == 0 ||
	       (len > end && strcmp(s + len - end, ".per_work") == 0);
}

static bool is_metric_name(const char *s)
{
	return is_identifier(s, 1) && is_word(s, 64, "_.-") && !metric_by_name(s) &&
	       !(is_of_family(s) && strchr(s, '.')) && !is_derived(s);
}

/* A role's name begins those of its metrics: "server.time". */
static bool is_role_name(const char *s)
{
	return is_identifier(s, strlen(s)) && strlen(s) <= 32 && !metric_by_name(s) &&
	       !is_of_family(s);
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

static bool is_host_name(const char *s)
{
	return *s != '\0' && strlen(s) <= 255;
}

static bool is_any(const char *s)
{
	(void)s;
	return true;
}

static bool is_port(const char *s)
{
	int64_t port;

	return units_parse_int(s, 1, 65535, &port, NULL) == 0;
}

/* ---- hosts ---- */

static const struct schema host_name = {
	.type = TYPE_TEXT, .is_good = is_host_name, .expected = "a name of at most 255 characters"};
static const struct schema host_names = {.type = TYPE_ONE_OR_LIST, .of = &host_name};
static const struct schema spread = {
	.type = TYPE_CHOICE, .choices = (const char *const[]){"every", "any", NULL}};
static const struct key_info hosts_keys[] = {
	{"names", 0, &host_names, "names, also several as \"lab[01-08]\""},
	{"labels", 0, &schema_labels, "labels that a host must have"},
	{"where", 0, &schema_expression, "an expression that must hold, over host"},
	{"spread", 0, &spread, "every: all on every host; any: each block on one of them"},
	{0},
};
const struct schema schema_hosts = {.type = TYPE_MAP, .title = "hosts", .keys = hosts_keys};

static const struct key_info role_hosts_keys[] = {
	{"names", 0, &host_names, "names, also several as \"lab[01-08]\""},
	{"labels", 0, &schema_labels, "labels that a host must have"},
	{"where", 0, &schema_expression, "an expression that must hold, over host"},
	{0},
};
static const struct schema role_hosts = {
	.type = TYPE_MAP, .title = "hosts of a role", .keys = role_hosts_keys};

/* ---- commands ---- */

static const struct schema timeout = {.type = TYPE_DURATION, .min = 1, .max = INT64_MAX};
const struct schema schema_command = {.type = TYPE_COMMAND};
static const struct key_info step_keys[] = {
	{"command", 0, &schema_command, "what to run"},
	{"timeout", 0, &timeout, "when to give up; 1h without it"},
	{0},
};
static const struct schema step = {
	.type = TYPE_MAP, .title = "a step", .keys = step_keys, .is_layer = true};
const struct schema schema_steps = {.type = TYPE_STEPS, .of = &step};

/* A variable may be set to nothing, with "". */
static const struct schema env_value = {
	.type = TYPE_TEMPLATE, .is_good = is_any, .expected = "a text"};
static const struct schema env = {
	.type = TYPE_NAMES,
	.named = "environment variable",
	.is_good = is_env_name,
	.expected = "letters, digits and _, not starting with a digit",
	.pattern = "^[A-Za-z_][A-Za-z0-9_]*$",
	.of = &env_value,
	.is_layer = true,
	.max = SCHEMA_MAX_ENTRIES,
};
static const struct schema workdir = {
	.type = TYPE_TEMPLATE,
	.is_good = is_path_below,
	.expected = "a path below the campaign's directory, without '..'",
	.pattern = PATTERN_PATH_BELOW,
};
static const struct schema kept_path = {
	.type = TYPE_TEMPLATE,
	.is_good = is_path_below,
	.expected = "a path below the campaign's directory, without '..', or below {tmp}",
	.pattern = PATTERN_PATH_BELOW,
};
static const struct key_info kept_keys[] = {
	{"path", 0, &kept_path, "where it is: in the campaign's directory or in {tmp}"},
	{0},
};
static const struct schema kept = {
	.type = TYPE_MAP, .title = "a file to collect", .keys = kept_keys, .is_layer = true};
static const struct schema collect = {
	.type = TYPE_NAMES,
	.named = "file",
	.is_good = is_benchmark_name,
	.expected = "letters, digits, _ . + and -, starting with a letter or a digit",
	.pattern = "^[A-Za-z0-9][A-Za-z0-9_.+-]{0,63}$",
	.of = &kept,
	.is_layer = true,
	.max = SCHEMA_MAX_ENTRIES,
};

/* ---- roles ---- */

static const struct schema port = {
	.type = TYPE_TEMPLATE,
	.is_good = is_port,
	.is_template = true,
	.expected = "a port from 1 to 65535",
};
static const struct key_info ready_keys[] = {
	{"pattern", 0, &schema_template, "PCRE2; ready when its output matches"},
	{"port", 0, &port, "TCP port; ready when something listens there"},
	{"timeout", 0, &timeout, "when to give up; 1min without it"},
	{0},
};
static const struct schema ready = {
	.type = TYPE_MAP, .title = "ready", .keys = ready_keys, .is_layer = true};
static const struct key_info role_keys[] = {
	{"hosts", 0, &role_hosts, "where it may run"},
	{"command", 0, &schema_command, "what to run"},
	{"env", 0, &env, "variables beside those of the benchmark"},
	{"placement", 0, &schema_placement, "CPUs, over those of the benchmark"},
	{"ready", 0, &ready, "when the next role may start; at once without it"},
	{0},
};
static const struct schema role = {
	.type = TYPE_MAP, .title = "a role", .keys = role_keys, .is_layer = true};
static const struct schema roles = {
	.type = TYPE_NAMES,
	.named = "role",
	.is_good = is_role_name,
	.expected = "letters, digits and _, at most 32, not starting with a digit, and none that "
		    "begins the names of standard metrics",
	.pattern = "^[A-Za-z_][A-Za-z0-9_]{0,31}$",
	.of = &role,
	.is_layer = true,
	.max = SCHEMA_MAX_ROLES,
};

/* ---- metrics ---- */

static const struct schema json = {
	.type = TYPE_TEMPLATE,
	.is_good = is_json_key,
	.expected = "a key, or a JSON pointer such as /latency/p99 (~0 for ~, ~1 for /)",
};
static const struct schema from = {
	.type = TYPE_TEMPLATE, .expected = "stdout, stderr or the path of a file"};
static const struct schema better = {
	.type = TYPE_CHOICE, .choices = (const char *const[]){"lower", "higher", NULL}};
static const struct schema take = {.type = TYPE_CHOICE,
	.choices =
		(const char *const[]){"last", "first", "min", "max", "mean", "sum", "all", NULL}};

static bool is_factor(const char *s)
{
	return strtod(s, NULL) != 0;
}

static const struct schema scale = {
	.type = TYPE_NUMBER, .is_good = is_factor, .expected = "a number such as 1e6, not 0"};
static const struct schema bound = {.type = TYPE_NUMBER, .expected = "a number such as 0.2 or 1e6"};
static const struct schema range = {.type = TYPE_LIST, .of = &bound, .min = 2, .max = 2};
static const struct schema axes = {
	.type = TYPE_ONE_OR_LIST, .of = &schema_text, .max = SCHEMA_MAX_ENTRIES};
static const struct schema expect_word = {
	.type = TYPE_CHOICE, .choices = (const char *const[]){"same", "match", NULL}};
static const struct key_info expect_keys[] = {
	{"same", 0, &axes, "axes: equal in all runs that have equal values of these"},
	{"value", 0, &env_value, "what it must be"},
	{"range", 0, &range, "[lowest, highest]"},
	{0},
};
static const struct schema expectation = {
	.type = TYPE_MAP, .title = "expect", .keys = expect_keys, .is_layer = true, .is_one = true};
static const struct schema expect = {
	.type = TYPE_SCALAR_OR_MAP,
	.scalar = &expect_word,
	.of = &expectation,
	.expected = "same, match, {same: [axes]}, {value: X} or {range: [a, b]}",
};
static const struct key_info metric_keys[] = {
	{"json", 0, &json, "key or JSON pointer in the program's last JSON value"},
	{"pattern", 0, &schema_template, "PCRE2 whose first group is the value"},
	{"expr", 0, &schema_expression, "an expression over other metrics"},
	{"from", 0, &from, "stdout, stderr or the path of a file"},
	{"unit", 0, &schema_template, "its unit"},
	{"better", 0, &better, "which way it is good"},
	{"scale", 0, &scale, "a factor that the value is multiplied with"},
	{"take", 0, &take, "which of several; all: a series"},
	{"optional", 0, &schema_boolean, "whether it may be missing"},
	{"expect", 0, &expect, "what it must be; a run with another value is a failed one"},
	{"role", 0, &schema_text, "whose output"},
	{0},
};
static const struct schema metric = {
	.type = TYPE_MAP, .title = "a metric", .keys = metric_keys, .is_layer = true};
static const struct schema metrics = {
	.type = TYPE_NAMES,
	.named = "metric",
	.is_good = is_metric_name,
	.expected = "letters, digits, _ . and -, starting with a letter or _, and none that "
		    "joulerig measures or derives itself",
	.pattern = "^[A-Za-z_][A-Za-z0-9_.-]{0,63}$",
	.of = &metric,
	.is_layer = true,
	.max = SCHEMA_MAX_ENTRIES,
};
static const struct key_info work_keys[] = {
	{"value", 0, &schema_expression, "how much a run does"},
	{"unit", 0, &schema_text, "what is counted"},
	{0},
};
static const struct schema work_map = {
	.type = TYPE_MAP, .title = "work", .keys = work_keys, .is_layer = true};
static const struct schema work = {
	.type = TYPE_SCALAR_OR_MAP,
	.scalar = &schema_expression,
	.of = &work_map,
	.expected = "an expression, or {value: EXPRESSION, unit: UNIT}",
};

/* ---- the benchmark ---- */

const struct schema schema_matrix = {.type = TYPE_MATRIX};

static const struct key_info benchmark_keys[] = {
	{"command", 0, &schema_command, "what to run"},
	{"roles", 0, &roles, "several programs that run together, instead of a command"},
	{"main", 0, &schema_text, "the role whose start and end bound what is measured"},
	{"env", 0, &env, "variables of its environment"},
	{"workdir", 0, &workdir, "where it starts, below the campaign's directory"},
	{"requires", 0, &schema_command,
		"what must succeed on a host; else what needs it is skipped"},
	{"setup", 0, &schema_steps, "done once on each host"},
	{"prepare", 0, &schema_steps, "done before each run, not measured"},
	{"cleanup", 0, &schema_steps, "done after each run, not measured"},
	{"collect", 0, &collect, "files that are kept with each run"},
	{"metrics", 0, &metrics, "numbers out of the program's output"},
	{"work", 0, &work, "how much a run does: gives throughput and costs per unit of it"},
	{"canary", 0, &schema_boolean,
		"the same program in every submission: what it shows is the machine"},
	{"matrix", 0, &schema_matrix, "axes"},
	{"placement", 0, &schema_placement, "CPUs of a run"},
	{"measure", 0, &schema_measure, "what is measured"},
	{"limits", 0, &schema_own_limits, "bounds of a run"},
	{"guard", 0, &schema_guard, "state that the machine must have"},
	{"tune", 0, &schema_tune, "state that the machine is put into"},
	{0},
};
static const struct schema benchmark = {
	.type = TYPE_MAP, .title = "a benchmark", .keys = benchmark_keys, .is_layer = true};
const struct schema schema_defaults = {
	.type = TYPE_MAP, .title = "defaults", .keys = benchmark_keys, .is_layer = true};
const struct schema schema_benchmarks = {
	.type = TYPE_NAMES,
	.named = "benchmark",
	.is_good = is_benchmark_name,
	.expected = "letters, digits, _ . + and -, starting with a letter or a digit",
	.pattern = "^[A-Za-z0-9][A-Za-z0-9_.+-]{0,63}$",
	.of = &benchmark,
};
