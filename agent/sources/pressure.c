/*
 * pressure.c - pressure stall information: the time in which some thread waited for a CPU, for
 * memory, for a disk
 *
 * Of the run's own cgroup where it has one and the kernel tells, else of the whole machine: the
 * `total` of the line `some`, in us. Source: Linux Documentation/accounting/psi.rst.
 */
#include "agent/sources/source.h"
#include "agent/sources/sysfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

enum { RESOURCES = 3 };

static const char *const resources[RESOURCES] = {"cpu", "memory", "io"};

static const struct channel channels[RESOURCES] = {
	{"pressure.cpu", "ns", CHANNEL_COUNTER},
	{"pressure.memory", "ns", CHANNEL_COUNTER},
	{"pressure.io", "ns", CHANNEL_COUNTER},
};

struct pressure {
	int machine_fds[RESOURCES];
	int run_fds[RESOURCES]; /* -1 where the run has none */
};

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=774776342\n..." */
static int64_t read_total(int fd)
{
	char text[256], *end;
	ssize_t n = fd >= 0 ? machine_read_start(fd, text, sizeof text) : -1;

	if (n <= 0 || strncmp(text, "some ", 5) != 0)
		return ABSENT;
	text[strcspn(text, "\n")] = '\0';
	const char *total = strstr(text, " total=");
	if (total == NULL || total[7] < '0' || total[7] > '9')
		return ABSENT;
	errno = 0;
	int64_t us = strtoll(total + 7, &end, 10);
	return errno != 0 || *end != '\0' || us > INT64_MAX / 1000 ? ABSENT : us * 1000;
}

static int pressure_probe(const struct machine *m, struct error *why)
{
	/* It can be there and refuse to be read: EOPNOTSUPP where it is compiled in but off. */
	_cleanup_close_ int fd = sysfs_open(m, "proc/pressure/cpu");

	if (read_total(fd) != ABSENT)
		return 0;
	return error_set(why, -ENODEV,
		"pressure: no %s/proc/pressure/cpu that can be read: boot the kernel with `psi=1` "
		"(it needs CONFIG_PSI, since Linux 4.20)",
		m->root);
}

static int pressure_open(
	void **out, const struct machine *m, const struct topology *t, struct error *err)
{
	struct pressure *s = xcalloc(1, sizeof *s);

	(void)t;
	(void)err;
	for (int i = 0; i < RESOURCES; i++) {
		s->machine_fds[i] = sysfs_open(m, "proc/pressure/%s", resources[i]);
		s->run_fds[i] = -1;
	}
	*out = s;
	return 0;
}

static void pressure_attach(void *state, const struct source_scope *scope, struct measured *out)
{
	struct pressure *s = state;
	char path[4096];

	(void)out;
	for (int i = 0; i < RESOURCES && scope->cgroup != NULL; i++) {
		snprintf(path, sizeof path, "%s/%s.pressure", scope->cgroup, resources[i]);
		s->run_fds[i] = open(path, O_RDONLY | O_CLOEXEC);
	}
}

static size_t pressure_channels(void *state, const struct channel **out)
{
	(void)state;
	*out = channels;
	return RESOURCES;
}

static void pressure_read(void *state, int64_t *out)
{
	const struct pressure *s = state;

	for (int i = 0; i < RESOURCES; i++)
		out[i] = read_total(s->run_fds[i] >= 0 ? s->run_fds[i] : s->machine_fds[i]);
}

static void pressure_results(
	void *state, const struct channel_range *ranges, int64_t time_ns, struct measured *out)
{
	(void)state;
	(void)time_ns;
	for (int i = 0; i < RESOURCES; i++)
		measured_metric(out, channels[i].name, "ns", channel_delta(&ranges[i]));
}

static void pressure_detach(void *state)
{
	struct pressure *s = state;

	for (int i = 0; i < RESOURCES; i++) {
		if (s->run_fds[i] >= 0)
			close(s->run_fds[i]);
		s->run_fds[i] = -1;
	}
}

static void pressure_close(void *state)
{
	struct pressure *s = state;

	pressure_detach(s);
	for (int i = 0; i < RESOURCES; i++)
		if (s->machine_fds[i] >= 0)
			close(s->machine_fds[i]);
	free(s);
}

const struct source_ops source_pressure = {
	.name = "pressure",
	.summary = "time in which some thread waited for a CPU, memory or a disk, of the run's "
		   "cgroup or of the machine",
	.flags = IS_EDGES_ONLY,
	.probe = pressure_probe,
	.open = pressure_open,
	.attach = pressure_attach,
	.channels = pressure_channels,
	.read = pressure_read,
	.results = pressure_results,
	.detach = pressure_detach,
	.close = pressure_close,
};
