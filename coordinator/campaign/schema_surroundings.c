/* The keys of the sections that say what surrounds a run: placement, measure, guard, tune, limits.
 */
#include "coordinator/campaign/schema.h"
#include "proto/base.h"

/* ---- placement ---- */

static const struct schema cpus = {.type = TYPE_INT, .min = 1, .max = 65536, .is_template = true};
static const struct schema policy = {.type = TYPE_CHOICE,
	.choices =
		(const char *const[]){"compact", "close", "scatter", "balanced", "explicit", NULL},
	.is_template = true};
static const struct schema cpu_list = {.type = TYPE_CPUS, .is_template = true};
static const struct schema smt = {.type = TYPE_CHOICE,
	.choices = (const char *const[]){"avoid", "allow", "only", NULL},
	.is_template = true};
static const struct schema core_kind = {.type = TYPE_CHOICE,
	.choices = (const char *const[]){"any", "performance", "efficiency", "lowpower", NULL},
	.is_template = true};
static const struct schema packages = {
	.type = TYPE_INT, .min = 1, .max = 1024, .is_template = true};
static const struct schema memory_policy = {.type = TYPE_CHOICE,
	.choices = (const char *const[]){"local", "interleave", "any", NULL},
	.is_template = true};
static const struct schema threads = {.type = TYPE_CHOICE,
	.choices = (const char *const[]){"any", "each", NULL},
	.is_template = true};
static const struct schema oversubscribe = {.type = TYPE_BOOL, .is_template = true};
static const struct key_info placement_keys[] = {
	{"cpus", 0, &cpus, "how many CPUs a run gets; all without it"},
	{"policy", 0, &policy, "which ones"},
	{"list", 0, &cpu_list, "the CPUs themselves, in thread order"},
	{"smt", 0, &smt, "whether second threads of cores are used"},
	{"core_kind", 0, &core_kind, "performance or efficiency cores"},
	{"packages", 0, &packages, "how many packages"},
	{"memory", 0, &memory_policy, "of which NUMA nodes"},
	{"threads", 0, &threads, "one thread to one CPU"},
	{"oversubscribe", 0, &oversubscribe, "more threads than CPUs"},
	{0},
};
const struct schema schema_placement = {
	.type = TYPE_MAP, .title = "placement", .keys = placement_keys, .is_layer = true};

/* ---- measure ---- */

/* The name of a hardware event as perf or libpfm4 write it: inst_retired:any_p, cpu/event=0x3c/ */
static bool is_counter_name(const char *s)
{
	return is_word(s, 128, "_.:=/,+@-");
}

static const struct schema energy = {
	.type = TYPE_CHOICE, .choices = (const char *const[]){"auto", "require", "off", NULL}};
static const struct schema source = {.type = TYPE_CHOICE,
	.choices = (const char *const[]){"auto", "powercap", "perf", "msr", NULL}};
static const struct schema every = {
	.type = TYPE_DURATION, .min = NS_PER_MS, .max = 3600 * NS_PER_S};
static const struct schema counter = {
	.type = TYPE_TEXT,
	.is_good = is_counter_name,
	.expected = "the name of a hardware event, such as instructions or cache-misses",
};
static const struct schema counters = {.type = TYPE_LIST, .of = &counter, .min = 1, .max = 64};
static const struct schema idle = {.type = TYPE_DURATION, .min = 0, .max = 3600 * NS_PER_S};
static const struct schema stream = {
	.type = TYPE_CHOICE, .choices = (const char *const[]){"live", "after", NULL}};
static const struct key_info measure_keys[] = {
	{"energy", 0, &energy, "whether joules are measured"},
	{"source", 0, &source, "where they are read"},
	{"every", 0, &every, "sampling period"},
	{"counters", 0, &counters, "hardware counters"},
	{"idle", 0, &idle, "idle power measured before each block; 0s: not"},
	{"stream", 0, &stream, "when samples are sent"},
	{0},
};
const struct schema schema_measure = {
	.type = TYPE_MAP, .title = "measure", .keys = measure_keys, .is_layer = true};

/* ---- state of the machine ---- */

/* What the kernel calls its governors and energy preferences. */
static bool is_kernel_word(const char *s)
{
	return is_word(s, 64, "_-");
}

/* Or the number of the hardware's register. */
static bool is_epp(const char *s)
{
	bool is_number = strspn(s, "0123456789") == strlen(s);

	return is_kernel_word(s) && (!is_number || (strlen(s) <= 3 && atoi(s) <= 255));
}

static const struct schema guard_temperature = {.type = TYPE_TEMPERATURE, .min = 0, .max = 100000};
static const struct schema guard_load = {
	.type = TYPE_DECIMAL, .min = 0, .max = INT64_C(65536000000)};
static const struct schema guard_timeout = {
	.type = TYPE_DURATION, .min = 0, .max = 24 * 3600 * NS_PER_S};
static const struct key_info settle_keys[] = {
	{"temperature", 0, &guard_temperature, "above the start of the block at most"},
	{"load", 0, &guard_load, "busy CPUs at most"},
	{"timeout", 0, &guard_timeout, "how long to wait for these"},
	{0},
};
static const struct schema settle = {
	.type = TYPE_MAP, .title = "settle", .keys = settle_keys, .is_layer = true};
static const struct schema guard_governor = {
	.type = TYPE_TEXT,
	.is_good = is_kernel_word,
	.expected = "a governor such as performance",
};
static const struct schema guard_turbo = {
	.type = TYPE_CHOICE, .choices = (const char *const[]){"on", "off", NULL}};
static const struct schema on_violation = {.type = TYPE_CHOICE,
	.choices = (const char *const[]){"mark", "wait", "rerun", "fail", NULL}};
static const struct key_info guard_keys[] = {
	{"settle", 0, &settle, "what is waited for before a run"},
	{"governor", 0, &guard_governor, "the governor that must be set"},
	{"turbo", 0, &guard_turbo, "what turbo must be"},
	{"on_violation", 0, &on_violation, "what follows where it is not so"},
	{0},
};
const struct schema schema_guard = {
	.type = TYPE_MAP, .title = "guard", .keys = guard_keys, .is_layer = true};

static const struct schema tune_governor = {
	.type = TYPE_TEMPLATE,
	.is_good = is_kernel_word,
	.expected = "a governor such as performance",
	.is_template = true,
};
static const struct schema tune_turbo = {.type = TYPE_CHOICE,
	.choices = (const char *const[]){"on", "off", NULL},
	.is_template = true};
static const struct schema epp = {
	.type = TYPE_TEMPLATE,
	.is_good = is_epp,
	.expected = "an energy preference such as balance_performance, or 0 to 255",
	.is_template = true,
};
static const struct schema frequency = {
	.type = TYPE_FREQUENCY,
	.choices = (const char *const[]){"min", "max", NULL},
	.min = 1000000,
	.max = INT64_C(100000000000),
	.is_template = true,
};
static const struct key_info frequency_keys[] = {
	{"min", 0, &frequency, "lowest"},
	{"max", 0, &frequency, "highest"},
	{0},
};
static const struct schema frequencies = {
	.type = TYPE_MAP, .title = "frequency", .keys = frequency_keys, .is_layer = true};
static const struct schema power_limit = {
	.type = TYPE_POWER, .min = 1000000, .max = INT64_C(10000000000), .is_template = true};
static const struct key_info tune_keys[] = {
	{"governor", 0, &tune_governor, "of cpufreq"},
	{"turbo", 0, &tune_turbo, "above the base frequency"},
	{"epp", 0, &epp, "energy performance preference"},
	{"frequency", 0, &frequencies, "of the cores"},
	{"uncore", 0, &frequency, "frequency of caches and memory controllers"},
	{"power_limit", 0, &power_limit, "of each package, long term"},
	{0},
};
const struct schema schema_tune = {
	.type = TYPE_MAP, .title = "tune", .keys = tune_keys, .is_layer = true};

/* ---- limits ---- */

static const struct schema run_timeout = {
	.type = TYPE_DURATION, .min = 1, .max = INT64_MAX, .is_template = true};
static const struct schema attempts = {.type = TYPE_INT, .min = 1, .max = 1000};
static const struct schema output = {
	.type = TYPE_SIZE, .min = 1024, .max = 64 * 1024 * 1024, .is_template = true};
static const struct schema memory = {
	.type = TYPE_SIZE, .min = 1024 * 1024, .max = INT64_C(1) << 50, .is_template = true};
static const struct schema processes = {
	.type = TYPE_INT, .min = 1, .max = 4194304, .is_template = true};

static bool is_user_name(const char *s)
{
	return *s != '-' && is_word(s, 64, "_.-$");
}

static const struct schema user = {
	.type = TYPE_TEMPLATE,
	.is_good = is_user_name,
	.expected = "the name of a user",
	.is_template = true,
};
static const struct schema on_disconnect = {
	.type = TYPE_CHOICE, .choices = (const char *const[]){"finish", "stop", NULL}};
static const struct key_info limits_keys[] = {
	{"timeout", 0, &run_timeout, "when a run is ended"},
	{"attempts", 0, &attempts, "tries at a run that is lost with its host"},
	{"output", 0, &output, "bytes kept of each stream, head and tail"},
	{"memory", 0, &memory, "bytes of a whole run"},
	{"processes", 0, &processes, "how many at once"},
	{"user", 0, &user, "who runs it"},
	{"on_disconnect", 0, &on_disconnect, "what follows where the coordinator is not heard of"},
	{0},
};
const struct schema schema_limits = {
	.type = TYPE_MAP, .title = "limits", .keys = limits_keys, .is_layer = true};
/* Attempts and on_disconnect are the campaign's. */
static const struct key_info own_limits_keys[] = {
	{"timeout", 0, &run_timeout, "when a run is ended"},
	{"output", 0, &output, "bytes kept of each stream, head and tail"},
	{"memory", 0, &memory, "bytes of a whole run"},
	{"processes", 0, &processes, "how many at once"},
	{"user", 0, &user, "who runs it"},
	{0},
};
const struct schema schema_own_limits = {
	.type = TYPE_MAP, .title = "limits", .keys = own_limits_keys, .is_layer = true};
