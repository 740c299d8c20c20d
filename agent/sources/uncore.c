/*
 * uncore.c - frequency of the uncore (ring or mesh): the driver intel_uncore_frequency
 *
 * One folder a package and die, package_PP_die_DD; on machines with TPMI further ones a cluster,
 * uncoreNN, and the frequency that it has now in these alone. Source: Linux
 * Documentation/admin-guide/pm/intel_uncore_frequency_scaling.rst.
 */
#include "agent/sources/source.h"
#include "agent/sources/sysfs.h"
#include "proto/clock.h"

#include <errno.h>

#define UNCORE_DIR "sys/devices/system/cpu/intel_uncore_frequency"
#define MAX_FILES  128
/* A reading may interrupt a core of the die: ten times a second at most. */
#define EVERY_NS (90 * NS_PER_MS)

static const struct channel channel = {"frequency.uncore", "Hz", CHANNEL_GAUGE};

struct uncore {
	int fds[MAX_FILES];
	size_t n;
	int64_t at_ns, value;
};

static void open_files(struct uncore *u, const struct machine *m, const char *prefix)
{
	_cleanup_free_ sysfs_name *names = NULL;
	size_t n = sysfs_list(m, UNCORE_DIR, prefix, &names);

	for (size_t i = 0; i < n && u->n < MAX_FILES; i++) {
		int fd = sysfs_open(m, UNCORE_DIR "/%s/current_freq_khz", names[i]);
		if (fd >= 0)
			u->fds[u->n++] = fd;
	}
}

static void uncore_close(void *state)
{
	struct uncore *u = state;

	for (size_t i = 0; i < u->n; i++)
		close(u->fds[i]);
	free(u);
}

static int uncore_open(
	void **out, const struct machine *m, const struct topology *t, struct error *err)
{
	struct uncore *u = xcalloc(1, sizeof *u);

	(void)t;
	(void)err;
	open_files(u, m, "package_");
	open_files(u, m, "uncore");
	u->at_ns = ABSENT;
	*out = u;
	return 0;
}

static int uncore_probe(const struct machine *m, struct error *why)
{
	void *state;

	uncore_open(&state, m, NULL, NULL);
	bool is_there = ((struct uncore *)state)->n > 0;
	uncore_close(state);
	if (is_there)
		return 0;
	return error_set(why, -ENODEV,
		"uncore frequency: no %s/" UNCORE_DIR "/*/current_freq_khz: `sudo modprobe "
		"intel-uncore-frequency` (Intel servers since Skylake, and clients since Alder "
		"Lake, have it)",
		m->root);
}

static void uncore_attach(void *state, const struct source_scope *scope, struct measured *out)
{
	(void)scope;
	(void)out;
	((struct uncore *)state)->at_ns = ABSENT;
}

static size_t uncore_channels(void *state, const struct channel **out)
{
	(void)state;
	*out = &channel;
	return 1;
}

static void uncore_read(void *state, int64_t *out)
{
	struct uncore *u = state;
	int64_t now_ns = clock_monotonic_ns();

	if (u->at_ns == ABSENT || now_ns - u->at_ns >= EVERY_NS) {
		u->at_ns = now_ns;
		u->value = ABSENT;
		for (size_t i = 0; i < u->n; i++) {
			int64_t khz = sysfs_read_int(u->fds[i]);
			if (khz >= 0 && khz < 100000000 && khz * 1000 > u->value)
				u->value = khz * 1000;
		}
	}
	out[0] = u->value;
}

static void uncore_results(
	void *state, const struct channel_range *ranges, int64_t time_ns, struct measured *out)
{
	(void)state;
	(void)time_ns;
	measured_metric(out, "frequency.uncore", "Hz", ranges[0].max);
}

const struct source_ops source_uncore = {
	.name = "uncore",
	.summary = "highest frequency of the uncore (ring or mesh), from intel_uncore_frequency",
	.probe = uncore_probe,
	.open = uncore_open,
	.attach = uncore_attach,
	.channels = uncore_channels,
	.read = uncore_read,
	.results = uncore_results,
	.close = uncore_close,
};
