/*
 * cpu_time.c - how busy all CPUs together were: proc/stat
 *
 * The kernel counts in ticks of 10 ms (USER_HZ); guest time is part of user time there and is not
 * added again.
 */
#include "agent/sources/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#define STAT_PATH "proc/stat"

static const struct channel channels[] = {
	{"cpu.busy", "ns", CHANNEL_COUNTER},
	{"cpu.iowait", "ns", CHANNEL_COUNTER},
	{"cpu.steal", "ns", CHANNEL_COUNTER},
};

struct cpu_time {
	int fd;
	int64_t tick_ns;
};

/* Numbers of the first line: user nice system idle iowait irq softirq steal. */
enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, FIELDS };

static bool read_fields(int fd, int64_t fields[FIELDS])
{
	char text[512], *p = text + 4;
	ssize_t n = pread(fd, text, sizeof text - 1, 0);

	if (n < 4)
		return false;
	text[n] = '\0';
	if (strncmp(text, "cpu ", 4) != 0)
		return false;
	for (int i = 0; i < FIELDS; i++) {
		char *end;
		errno = 0;
		fields[i] = strtoll(p, &end, 10);
		if (end == p || errno != 0 || fields[i] < 0)
			return false;
		p = end;
	}
	return true;
}

static int cpu_time_probe(const struct machine *m, struct error *why)
{
	_cleanup_close_ int fd = openat(m->root_fd, STAT_PATH, O_RDONLY | O_CLOEXEC);
	int64_t fields[FIELDS];

	if (fd < 0)
		return error_errno(why, "CPU time: %s/" STAT_PATH, m->root);
	if (!read_fields(fd, fields))
		return error_set(why, -EINVAL,
			"CPU time: the first line of %s/" STAT_PATH " is not as expected", m->root);
	return 0;
}

static int cpu_time_open(
	void **out, const struct machine *m, const struct topology *t, struct error *err)
{
	int fd = openat(m->root_fd, STAT_PATH, O_RDONLY | O_CLOEXEC);

	(void)t;
	if (fd < 0)
		return error_errno(err, "CPU time: %s/" STAT_PATH, m->root);
	struct cpu_time *s = xcalloc(1, sizeof *s);
	s->fd = fd;
	s->tick_ns = NS_PER_S / sysconf(_SC_CLK_TCK);
	*out = s;
	return 0;
}

static size_t cpu_time_channels(void *state, const struct channel **out)
{
	(void)state;
	*out = channels;
	return ARRAY_SIZE(channels);
}

static void cpu_time_read(void *state, int64_t *out)
{
	const struct cpu_time *s = state;
	int64_t f[FIELDS];

	if (!read_fields(s->fd, f)) {
		out[0] = out[1] = out[2] = ABSENT;
		return;
	}
	out[0] = (f[USER] + f[NICE] + f[SYSTEM] + f[IRQ] + f[SOFTIRQ]) * s->tick_ns;
	out[1] = f[IOWAIT] * s->tick_ns;
	out[2] = f[STEAL] * s->tick_ns;
}

static void cpu_time_close(void *state)
{
	struct cpu_time *s = state;

	close(s->fd);
	free(s);
}

const struct source_ops source_cpu_time = {
	.name = "cpu_time",
	.summary = "busy, waiting and stolen time of all CPUs, from proc/stat",
	.probe = cpu_time_probe,
	.open = cpu_time_open,
	.channels = cpu_time_channels,
	.read = cpu_time_read,
	.close = cpu_time_close,
};
