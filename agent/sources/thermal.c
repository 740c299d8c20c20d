/*
 * thermal.c - temperature of packages and of the hottest core: hwmon, else thermal zones
 *
 * Sensors are known by the driver's name and their label, never by number: both numbers change
 * between boots. coretemp (Intel) labels them "Package id P" ("Physical id P" in older kernels) and
 * "Core C"; k10temp (AMD) "Tdie" or "Tctl", of which Tdie is preferred, as Tctl has an offset on
 * some models. Source: Linux Documentation/hwmon/coretemp.rst, k10temp.rst.
 *
 * A reading asks the core itself, by an interrupt to it. coretemp does so once a second at most;
 * here packages are read ten times a second at most, cores once, and samples in between repeat what
 * was read. attach() starts anew, so that a run's first reading is one.
 */
#include "agent/sources/source.h"
#include "agent/sources/sysfs.h"
#include "proto/clock.h"

#include <errno.h>
#include <stdio.h>

#define MAX_PACKAGES     64
#define MAX_CORES        1024
#define PACKAGE_EVERY_NS (90 * NS_PER_MS) /* a little under a usual rate of samples */
#define CORE_EVERY_NS    (990 * NS_PER_MS)

struct sensor {
	int fd;
	int package; /* -1: a core */
};

struct thermal {
	struct sensor *sensors; /* packages by number, then cores */
	size_t packages_n, cores_n;
	struct channel *channels;
	int64_t *values; /* read last, by channel */
	int64_t packages_at_ns, cores_at_ns;
};

/* ---- finding sensors ---- */

static size_t sensors_n(const struct thermal *t)
{
	return t->packages_n + t->cores_n;
}

/* Packages are kept sorted before the cores; one that is there already is another view of it. */
static void add_sensor(struct thermal *t, int fd, int package)
{
	size_t at = package >= 0 ? 0 : sensors_n(t);

	while (package >= 0 && at < t->packages_n && t->sensors[at].package < package)
		at++;
	bool is_known = package >= 0 && at < t->packages_n && t->sensors[at].package == package;
	if (fd < 0 || is_known ||
		(package >= 0 ? t->packages_n : t->cores_n) ==
			(size_t)(package >= 0 ? MAX_PACKAGES : MAX_CORES)) {
		if (fd >= 0)
			close(fd);
		return;
	}
	t->sensors = xreallocarray(t->sensors, sensors_n(t) + 1, sizeof *t->sensors);
	memmove(t->sensors + at + 1, t->sensors + at, (sensors_n(t) - at) * sizeof *t->sensors);
	t->sensors[at] = (struct sensor){fd, package};
	if (package >= 0)
		t->packages_n++;
	else
		t->cores_n++;
}

/* The number behind a prefix, or -1 where text is something else. */
static int numbered(const char *text, const char *prefix)
{
	size_t len = strlen(prefix);
	char *end;

	if (strncmp(text, prefix, len) != 0 || text[len] < '0' || text[len] > '9')
		return -1;
	long n = strtol(text + len, &end, 10);
	return *end == '\0' && n <= 65535 ? (int)n : -1;
}

static void add_coretemp(struct thermal *t, const struct machine *m, const char *dir)
{
	_cleanup_free_ sysfs_name *names = NULL;
	size_t n = sysfs_list(m, dir, "temp", &names);
	char label[64];

	for (size_t i = 0; i < n; i++) {
		char *end = strstr(names[i], "_label");
		if (end == NULL ||
			machine_read_line(m, label, sizeof label, "%s/%s", dir, names[i]) <= 0)
			continue;
		*end = '\0';
		int package = numbered(label, "Package id ");
		if (package < 0)
			package = numbered(label, "Physical id ");
		if (package >= 0 || numbered(label, "Core ") >= 0)
			add_sensor(t, sysfs_open(m, "%s/%s_input", dir, names[i]), package);
	}
}

/* One a socket, in the order of their devices; without labels in older kernels. */
static void add_k10temp(struct thermal *t, const struct machine *m, const char *dir)
{
	static const char *const wanted[] = {"Tdie", "Tctl"};
	_cleanup_free_ sysfs_name *names = NULL;
	size_t n = sysfs_list(m, dir, "temp", &names);
	char label[64];

	for (size_t w = 0; w < ARRAY_SIZE(wanted); w++)
		for (size_t i = 0; i < n; i++) {
			char *end = strstr(names[i], "_label");
			if (end == NULL || machine_read_line(m, label, sizeof label, "%s/%s", dir,
						   names[i]) <= 0)
				continue;
			if (strcmp(label, wanted[w]) != 0)
				continue;
			add_sensor(t,
				sysfs_open(m, "%s/temp%.*s_input", dir, (int)(end - names[i] - 4),
					names[i] + 4),
				(int)t->packages_n);
			return;
		}
	add_sensor(t, sysfs_open(m, "%s/temp1_input", dir), (int)t->packages_n);
}

static void find_sensors(struct thermal *t, const struct machine *m)
{
	_cleanup_free_ sysfs_name *monitors = NULL, *zones = NULL;
	size_t n = sysfs_list(m, "sys/class/hwmon", "hwmon", &monitors);
	char dir[128], name[64];

	for (size_t i = 0; i < n; i++) {
		/* kernels before 3.13 keep the files one folder below */
		snprintf(dir, sizeof dir, "sys/class/hwmon/%s", monitors[i]);
		if (!sysfs_has(m, "%s/name", dir))
			snprintf(dir, sizeof dir, "sys/class/hwmon/%s/device", monitors[i]);
		if (machine_read_line(m, name, sizeof name, "%s/name", dir) <= 0)
			continue;
		if (strcmp(name, "coretemp") == 0)
			add_coretemp(t, m, dir);
		else if (strcmp(name, "k10temp") == 0)
			add_k10temp(t, m, dir);
	}
	if (t->packages_n > 0)
		return;
	n = sysfs_list(m, "sys/class/thermal", "thermal_zone", &zones);
	for (size_t i = 0; i < n; i++)
		if (machine_read_line(m, name, sizeof name, "sys/class/thermal/%s/type", zones[i]) >
				0 &&
			strcmp(name, "x86_pkg_temp") == 0)
			add_sensor(t, sysfs_open(m, "sys/class/thermal/%s/temp", zones[i]),
				(int)t->packages_n);
}

static void close_sensors(struct thermal *t)
{
	for (size_t i = 0; i < sensors_n(t); i++)
		close(t->sensors[i].fd);
	free(t->sensors);
}

/* ---- the source ---- */

static int thermal_probe(const struct machine *m, struct error *why)
{
	struct thermal t = {0};

	find_sensors(&t, m);
	size_t n = sensors_n(&t);
	close_sensors(&t);
	if (n > 0)
		return 0;
	return error_set(why, -ENODEV,
		"temperature: neither coretemp nor k10temp below %s/sys/class/hwmon, and no "
		"x86_pkg_temp zone: `sudo modprobe coretemp` (a guest has none)",
		m->root);
}

static int thermal_open(
	void **out, const struct machine *m, const struct topology *topology, struct error *err)
{
	struct thermal *t = xcalloc(1, sizeof *t);

	(void)topology;
	(void)err;
	find_sensors(t, m);
	t->channels = xcalloc(t->packages_n + 2, sizeof *t->channels);
	t->values = xcalloc(t->packages_n + 2, sizeof *t->values);
	for (size_t i = 0; i < t->packages_n; i++) {
		t->channels[i] = (struct channel){.unit = "m°C", .kind = CHANNEL_GAUGE};
		snprintf(t->channels[i].name, sizeof t->channels[i].name, "temperature.package-%d",
			t->sensors[i].package);
	}
	t->channels[t->packages_n] = (struct channel){"temperature.core", "m°C", CHANNEL_GAUGE};
	t->packages_at_ns = t->cores_at_ns = ABSENT;
	*out = t;
	return 0;
}

static void thermal_attach(void *state, const struct source_scope *scope, struct measured *out)
{
	struct thermal *t = state;

	(void)scope;
	(void)out;
	t->packages_at_ns = t->cores_at_ns = ABSENT;
}

static size_t thermal_channels(void *state, const struct channel **out)
{
	struct thermal *t = state;

	*out = t->channels;
	return t->packages_n + (t->cores_n > 0);
}

/* A sensor that is off shows nonsense: what no processor survives is no temperature. */
static int64_t read_sensor(const struct sensor *s)
{
	int64_t value = sysfs_read_int(s->fd);

	return value < -50000 || value > 200000 ? ABSENT : value;
}

static bool is_due(int64_t *at_ns, int64_t now_ns, int64_t every_ns)
{
	if (*at_ns != ABSENT && now_ns - *at_ns < every_ns)
		return false;
	*at_ns = now_ns;
	return true;
}

static void thermal_read(void *state, int64_t *out)
{
	struct thermal *t = state;
	int64_t now_ns = clock_monotonic_ns();

	if (is_due(&t->packages_at_ns, now_ns, PACKAGE_EVERY_NS))
		for (size_t i = 0; i < t->packages_n; i++)
			t->values[i] = read_sensor(&t->sensors[i]);
	if (t->cores_n > 0 && is_due(&t->cores_at_ns, now_ns, CORE_EVERY_NS)) {
		int64_t hottest = ABSENT; /* the least of all */
		for (size_t i = t->packages_n; i < sensors_n(t); i++) {
			int64_t value = read_sensor(&t->sensors[i]);
			hottest = value > hottest ? value : hottest;
		}
		t->values[t->packages_n] = hottest;
	}
	memcpy(out, t->values, (t->packages_n + (t->cores_n > 0)) * sizeof *out);
}

static void thermal_results(
	void *state, const struct channel_range *ranges, int64_t time_ns, struct measured *out)
{
	const struct thermal *t = state;
	int64_t start = ABSENT, max = ABSENT;

	(void)time_ns;
	for (size_t i = 0; i < t->packages_n; i++) {
		start = ranges[i].first > start ? ranges[i].first : start;
		max = ranges[i].max > max ? ranges[i].max : max;
	}
	measured_metric(out, "temperature.package.start", "m°C", start);
	measured_metric(out, "temperature.package.max", "m°C", max);
	if (t->cores_n > 0)
		measured_metric(out, "temperature.core.max", "m°C", ranges[t->packages_n].max);
}

static void thermal_close(void *state)
{
	struct thermal *t = state;

	close_sensors(t);
	free(t->channels);
	free(t->values);
	free(t);
}

const struct source_ops source_thermal = {
	.name = "thermal",
	.summary = "temperature of the packages and of the hottest core, from hwmon",
	.probe = thermal_probe,
	.open = thermal_open,
	.attach = thermal_attach,
	.channels = thermal_channels,
	.read = thermal_read,
	.results = thermal_results,
	.close = thermal_close,
};
