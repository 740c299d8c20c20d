#include "proto/units.h"

#include "proto/base.h"
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct suffix {
	const char *name;
	int64_t factor;
};

static const struct suffix durations[] = {
	{"ns", 1},
	{"us", 1000},
	{"ms", NS_PER_MS},
	{"s", NS_PER_S},
	{"min", 60 * NS_PER_S},
	{"h", 3600 * NS_PER_S},
	{"d", 86400 * NS_PER_S},
	{NULL, 0},
};

static const struct suffix sizes[] = {
	{"B", 1},
	{"kB", 1000},
	{"KB", 1000},
	{"MB", 1000000},
	{"GB", INT64_C(1000000000)},
	{"TB", INT64_C(1000000000000)},
	{"KiB", INT64_C(1) << 10},
	{"MiB", INT64_C(1) << 20},
	{"GiB", INT64_C(1) << 30},
	{"TiB", INT64_C(1) << 40},
	{NULL, 0},
};

static const struct suffix percents[] = {
	{"%", 10000},
	{NULL, 0},
};

static const struct suffix frequencies[] = {
	{"Hz", 1},
	{"kHz", 1000},
	{"MHz", 1000000},
	{"GHz", INT64_C(1000000000)},
	{NULL, 0},
};

static const struct suffix powers[] = {
	{"mW", 1000},
	{"W", 1000000},
	{"kW", INT64_C(1000000000)},
	{NULL, 0},
};

static const struct suffix energies[] = {
	{"uJ", 1},
	{"mJ", 1000},
	{"J", 1000000},
	{"kJ", INT64_C(1000000000)},
	{"MJ", INT64_C(1000000000000)},
	{"GJ", INT64_C(1000000000000000)},
	{"Wh", INT64_C(3600000000)}, /* 3600 J exactly */
	{"kWh", INT64_C(3600000000000)},
	{NULL, 0},
};

static const struct suffix temperature_differences[] = {
	{"mK", 1},
	{"K", 1000},
	{NULL, 0},
};

static const struct suffix decimals[] = {
	{"", 1000000},
	{NULL, 0},
};

/* digits[.digits]SUFFIX, exactly, times the suffix's factor; the fraction must come out whole. */
static int parse_quantity(const char *text, const struct suffix *suffixes, const char *expected,
	int64_t *out, struct error *err)
{
	const char *p = text;
	__int128 number = 0, scale = 1;

	if (!isdigit((unsigned char)*p))
		goto bad;
	for (bool fraction = false; isdigit((unsigned char)*p) || (*p == '.' && !fraction); p++) {
		if (*p == '.') {
			fraction = true;
			if (!isdigit((unsigned char)p[1]))
				goto bad;
			continue;
		}
		number = number * 10 + (*p - '0');
		if (fraction)
			scale *= 10;
		if (number > INT64_MAX || scale > INT64_C(1000000000000))
			return error_set(err, -ERANGE, "'%s' is too large or too fine; expected %s",
				text, expected);
	}
	for (const struct suffix *s = suffixes; s->name != NULL; s++) {
		if (strcmp(p, s->name) != 0)
			continue;
		__int128 product = number * s->factor;
		if (product % scale != 0 || product / scale > INT64_MAX)
			return error_set(err, -ERANGE, "'%s' is too large or too fine; expected %s",
				text, expected);
		*out = (int64_t)(product / scale);
		return 0;
	}
bad:
	return error_set(err, -EINVAL, "'%s': expected %s", text, expected);
}

int units_parse_duration(const char *text, int64_t *out_ns, struct error *err)
{
	return parse_quantity(
		text, durations, "a duration such as 250ms, 10s, 5min or 1h", out_ns, err);
}

int units_parse_size(const char *text, int64_t *out_bytes, struct error *err)
{
	return parse_quantity(text, sizes, "a size such as 64KiB, 1MiB or 2GB", out_bytes, err);
}

int units_parse_percent(const char *text, int64_t *out_ppm, struct error *err)
{
	return parse_quantity(text, percents, "a percentage such as 2%", out_ppm, err);
}

int units_parse_frequency(const char *text, int64_t *out_hz, struct error *err)
{
	return parse_quantity(text, frequencies, "a frequency such as 2.1GHz", out_hz, err);
}

int units_parse_power(const char *text, int64_t *out_uw, struct error *err)
{
	return parse_quantity(text, powers, "a power such as 65W", out_uw, err);
}

int units_parse_energy(const char *text, int64_t *out_uj, struct error *err)
{
	return parse_quantity(text, energies, "an energy such as 500J, 2MJ or 1.5kWh", out_uj, err);
}

int units_parse_temperature_difference(const char *text, int64_t *out_mk, struct error *err)
{
	return parse_quantity(
		text, temperature_differences, "a temperature difference such as 3K", out_mk, err);
}

int units_parse_decimal(const char *text, int64_t *out_u1, struct error *err)
{
	return parse_quantity(text, decimals, "a number such as 0.2", out_u1, err);
}

int units_parse_int(const char *text, int64_t min, int64_t max, int64_t *out, struct error *err)
{
	const char *digits = text + (*text == '-');
	char *end;

	errno = 0;
	long long v = strtoll(text, &end, 10);
	if (!isdigit((unsigned char)*digits) || *end != '\0' ||
		(digits[0] == '0' && digits[1] != '\0'))
		return error_set(err, -EINVAL,
			"'%s': expected a whole number from %" PRId64 " to %" PRId64, text, min,
			max);
	if (errno == ERANGE || v < min || v > max)
		return error_set(err, -ERANGE,
			"'%s': expected a whole number from %" PRId64 " to %" PRId64, text, min,
			max);
	*out = v;
	return 0;
}

char *units_format_decimal(char out[32], int64_t value, int64_t divisor)
{
	uint64_t v = value < 0 ? 0 - (uint64_t)value : (uint64_t)value, d = (uint64_t)divisor;
	uint64_t whole = v / d, rest = v % d;
	int n = snprintf(out, 32, "%s%" PRIu64, value < 0 ? "-" : "", whole);

	if (rest == 0)
		return out;
	out[n++] = '.';
	for (d /= 10; rest != 0 && d != 0 && n < 31; d /= 10) {
		out[n++] = (char)('0' + rest / d);
		rest %= d;
	}
	out[n] = '\0';
	return out;
}

char *units_format_duration(char out[32], int64_t ns)
{
	int64_t s = (ns + NS_PER_S / 2) / NS_PER_S;

	if (ns < 1000 * INT64_C(1000))
		snprintf(out, 32, "%" PRId64 " us", ns / 1000);
	else if (ns < NS_PER_S)
		snprintf(out, 32, "%" PRId64 " ms", (ns + NS_PER_MS / 2) / NS_PER_MS);
	else if (ns < 10 * NS_PER_S)
		snprintf(out, 32, "%" PRId64 ".%" PRId64 " s", ns / NS_PER_S,
			ns % NS_PER_S / (NS_PER_S / 10));
	else if (s < 120)
		snprintf(out, 32, "%" PRId64 " s", s);
	else if (s < 3600)
		snprintf(out, 32, "%" PRId64 " min %" PRId64 " s", s / 60, s % 60);
	else if (s < 48 * 3600)
		snprintf(out, 32, "%" PRId64 " h %" PRId64 " min", s / 3600, s % 3600 / 60);
	else
		snprintf(out, 32, "%" PRId64 " d %" PRId64 " h", s / 86400, s % 86400 / 3600);
	return out;
}

char *units_format_size(char out[32], int64_t bytes)
{
	static const char *const names[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
	size_t unit = 0;
	__int128 exact = (__int128)bytes * 10;

	while (unit + 1 < ARRAY_SIZE(names) && exact >= 10240) {
		exact = (exact + 512) / 1024;
		unit++;
	}
	int64_t tenths = (int64_t)exact;
	if (unit == 0 || tenths >= 100)
		snprintf(out, 32, "%" PRId64 " %s", (tenths + 5) / 10, names[unit]);
	else
		snprintf(out, 32, "%" PRId64 ".%" PRId64 " %s", tenths / 10, tenths % 10,
			names[unit]);
	return out;
}

static const struct unit units[] = {
	{"ns", "s", NS_PER_S},
	{"uJ", "J", 1000000},
	{"uW", "W", 1000000},
	{"B", "B", 1},
	{"1", "1", 1},
	{"u1", "1", 1000000},
	{"uJ·s", "J·s", 1000000},
	{"Hz", "Hz", 1},
	{"m°C", "°C", 1000},
};

const struct unit *unit_by_inner(const char *inner)
{
	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (strcmp(units[i].inner, inner) == 0)
			return &units[i];
	return NULL;
}

const struct metric_info standard_metrics[] = {
	{"time", "time", "ns", BETTER_LOWER, "from the go to the end of the program"},
	{"time.user", "time_user", "ns", BETTER_LOWER,
		"CPU time in user mode, of the whole process tree"},
	{"time.system", "time_system", "ns", BETTER_LOWER,
		"CPU time in the kernel, of the whole process tree"},
	{"cores.effective", "cores_effective", "u1", BETTER_NONE,
		"CPUs that were busy with the run on average: CPU time by time"},
	{"memory.peak", "memory_peak", "B", BETTER_LOWER,
		"most memory that the run had: of its cgroup, else of its largest process"},
	{"energy.package", "energy_package", "uJ", BETTER_LOWER, "sum over the packages"},
	{"energy.package.net", "energy_package_net", "uJ", BETTER_LOWER,
		"energy.package without the block's idle power"},
	{"energy.core", "energy_core", "uJ", BETTER_LOWER, "cores, part of the package"},
	{"energy.uncore", "energy_uncore", "uJ", BETTER_LOWER,
		"integrated graphics, part of the package"},
	{"energy.dram", "energy_dram", "uJ", BETTER_LOWER, "memory, beside the package"},
	{"energy.psys", "energy_psys", "uJ", BETTER_LOWER,
		"platform; contains the package, never added to it"},
	{"power.package", "power_package", "uW", BETTER_LOWER, "energy.package by time"},
	{"power.package.idle", "power_package_idle", "uW", BETTER_LOWER,
		"of the idle machine, before the block"},
	{"edp.package", "edp_package", "uJ·s", BETTER_LOWER, "energy.package times time"},
	{"frequency.busy", "frequency_busy", "Hz", BETTER_NONE,
		"mean frequency of the run's CPUs while they were not idle"},
	{"frequency.uncore", "frequency_uncore", "Hz", BETTER_NONE, "highest that was seen"},
	{"temperature.package.start", "temperature_package_start", "m°C", BETTER_LOWER,
		"of the hottest package at the start"},
	{"temperature.package.max", "temperature_package_max", "m°C", BETTER_LOWER,
		"of the hottest package"},
	{"temperature.core.max", "temperature_core_max", "m°C", BETTER_LOWER,
		"of the hottest core"},
	{"throttle.core", "throttle_core", "1", BETTER_LOWER, "times that a core was too hot"},
	{"throttle.package", "throttle_package", "1", BETTER_LOWER,
		"times that a package was too hot"},
	{"throttle.power_limit", "throttle_power_limit", "1", BETTER_LOWER,
		"times that a package was at its power limit"},
	{"instructions", "instructions", "1", BETTER_NONE, "retired by the run, in user mode"},
	{"cycles", "cycles", "1", BETTER_NONE, "of the run's CPUs while it ran, in user mode"},
	{"context_switches.voluntary", "context_switches_voluntary", "1", BETTER_LOWER,
		"the program waited"},
	{"context_switches.involuntary", "context_switches_involuntary", "1", BETTER_LOWER,
		"the program was pushed aside"},
	{"migrations", "migrations", "1", BETTER_LOWER, "moves of a thread to another CPU"},
	{"page_faults.minor", "page_faults_minor", "1", BETTER_LOWER, "served from memory"},
	{"page_faults.major", "page_faults_major", "1", BETTER_LOWER, "served from disk"},
	{"placement.violations", "placement_violations", "1", BETTER_LOWER,
		"times that a thread was seen on a CPU that is not its own"},
	{"io.read", "io_read", "B", BETTER_NONE, "read from disks by the run"},
	{"io.written", "io_written", "B", BETTER_NONE, "written to disks by the run"},
	{"network.received", "network_received", "B", BETTER_NONE,
		"by the whole machine during the run"},
	{"network.sent", "network_sent", "B", BETTER_NONE, "by the whole machine during the run"},
	{"pressure.cpu", "pressure_cpu", "ns", BETTER_LOWER,
		"time in which some thread waited for a CPU"},
	{"pressure.memory", "pressure_memory", "ns", BETTER_LOWER,
		"time in which some thread waited for memory"},
	{"pressure.io", "pressure_io", "ns", BETTER_LOWER,
		"time in which some thread waited for a disk"},
	{"agent.time", "agent_time", "ns", BETTER_LOWER,
		"CPU time that the agent itself used during the run"},
	{"agent.wakeups", "agent_wakeups", "1", BETTER_LOWER,
		"times that a thread of the agent was woken during the run"},
	{NULL, NULL, NULL, BETTER_NONE, NULL},
};
const size_t standard_metrics_n = ARRAY_SIZE(standard_metrics) - 1;

const struct metric_info *metric_by_name(const char *name)
{
	for (const struct metric_info *m = standard_metrics; m->name != NULL; m++)
		if (strcmp(m->name, name) == 0)
			return m;
	return NULL;
}
