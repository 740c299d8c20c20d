/*
 * throttle.c - how often cores and packages were too hot or at their power limit
 *
 * cpuN/thermal_throttle/ has counts that only grow. Each CPU shows its core's and its package's;
 * so one CPU of each core, and one of each package, are read. Counts of power limits are there on
 * some machines alone. Container runtimes hide the whole folder.
 * Source: Linux Documentation/ABI/testing/sysfs-devices-system-cpu, arch/x86/kernel/cpu/mce/.
 */
#include "agent/sources/source.h"
#include "agent/sources/sysfs.h"

#include <errno.h>

#define CPU_DIR "sys/devices/system/cpu"

enum { CORE, PACKAGE, POWER_LIMIT, COUNTS };

static const struct channel channels[COUNTS] = {
	{"throttle.core", "1", CHANNEL_COUNTER},
	{"throttle.package", "1", CHANNEL_COUNTER},
	{"throttle.power_limit", "1", CHANNEL_COUNTER},
};

static const char *const files[COUNTS] = {
	"core_throttle_count",
	"package_throttle_count",
	"package_power_limit_count",
};

struct throttle {
	const struct machine *m;
	int *cpus[COUNTS]; /* those whose file is there */
	size_t n[COUNTS];
};

static int throttle_probe(const struct machine *m, struct error *why)
{
	_cleanup_free_ sysfs_name *cpus = NULL;
	size_t n = sysfs_list(m, CPU_DIR, "cpu", &cpus);

	for (size_t i = 0; i < n; i++)
		for (size_t f = 0; f < COUNTS; f++)
			if (sysfs_has(m, CPU_DIR "/%s/thermal_throttle/%s", cpus[i], files[f]))
				return 0;
	return error_set(why, -ENODEV,
		"throttling: no %s/" CPU_DIR "/cpu*/thermal_throttle: a guest or another vendor's "
		"processor has none; in a container: `--security-opt systempaths=unconfined`",
		m->root);
}

static void add_cpu(struct throttle *s, int count, int cpu)
{
	if (!sysfs_has(s->m, CPU_DIR "/cpu%d/thermal_throttle/%s", cpu, files[count]))
		return;
	s->cpus[count] = xreallocarray(s->cpus[count], s->n[count] + 1, sizeof **s->cpus);
	s->cpus[count][s->n[count]++] = cpu;
}

static int throttle_open(
	void **out, const struct machine *m, const struct topology *t, struct error *err)
{
	struct throttle *s = xcalloc(1, sizeof *s);

	(void)err;
	s->m = m;
	for (size_t i = 0; i < t->n; i++) { /* sorted by package, then core */
		const struct topology_cpu *c = &t->cpus[i];
		if (c->sibling == 0)
			add_cpu(s, CORE, c->cpu);
		if (i == 0 || c->package != t->cpus[i - 1].package) {
			add_cpu(s, PACKAGE, c->cpu);
			add_cpu(s, POWER_LIMIT, c->cpu);
		}
	}
	*out = s;
	return 0;
}

static size_t throttle_channels(void *state, const struct channel **out)
{
	(void)state;
	*out = channels;
	return COUNTS;
}

static void throttle_read(void *state, int64_t *out)
{
	const struct throttle *s = state;

	for (int f = 0; f < COUNTS; f++) {
		out[f] = s->n[f] > 0 ? 0 : ABSENT;
		for (size_t i = 0; i < s->n[f]; i++) {
			int64_t count;
			if (machine_read_int(s->m, &count, CPU_DIR "/cpu%d/thermal_throttle/%s",
				    s->cpus[f][i], files[f]) != 0 ||
				count < 0)
				count = ABSENT;
			out[f] = sysfs_add(out[f], count);
		}
	}
}

static void throttle_results(
	void *state, const struct channel_range *ranges, int64_t time_ns, struct measured *out)
{
	int64_t n[COUNTS];

	(void)state;
	(void)time_ns;
	for (int f = 0; f < COUNTS; f++) {
		n[f] = channel_delta(&ranges[f]);
		measured_metric(out, channels[f].name, "1", n[f]);
	}
	if (n[CORE] > 0 || n[PACKAGE] > 0)
		measured_flag(out, "throttled");
	if (n[POWER_LIMIT] > 0)
		measured_flag(out, "power_limited");
}

static void throttle_close(void *state)
{
	struct throttle *s = state;

	for (int f = 0; f < COUNTS; f++)
		free(s->cpus[f]);
	free(s);
}

const struct source_ops source_throttle = {
	.name = "throttle",
	.summary = "how often cores and packages were too hot or at their power limit",
	.flags = IS_EDGES_ONLY,
	.probe = throttle_probe,
	.open = throttle_open,
	.channels = throttle_channels,
	.read = throttle_read,
	.results = throttle_results,
	.close = throttle_close,
};
