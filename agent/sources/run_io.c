/*
 * run_io.c - what a run read from and wrote to disks: io.stat of its cgroup
 *
 * Only with version 2 and its controller io; what other processes do is not in it. Writes that the
 * kernel still holds back at the end of the run are not in it, either. Source: Linux
 * Documentation/admin-guide/cgroup-v2.rst.
 */
#include "agent/sources/source.h"
#include "agent/sources/sysfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

enum { READ, WRITTEN, COUNTS };

static const struct channel channels[COUNTS] = {
	{"io.read", "B", CHANNEL_COUNTER},
	{"io.written", "B", CHANNEL_COUNTER},
};

struct run_io {
	int fd; /* io.stat of the run, -1 */
	struct buf text;
};

static int run_io_probe(const struct machine *m, struct error *why)
{
	static const char *const mounts[] = {"sys/fs/cgroup", "sys/fs/cgroup/unified"};
	char line[256];

	for (size_t i = 0; i < ARRAY_SIZE(mounts); i++)
		if (machine_read_line(m, line, sizeof line, "%s/cgroup.controllers", mounts[i]) >
				0 &&
			text_has_word(line, "io"))
			return 0;
	return error_set(why, -ENODEV,
		"disk I/O of runs: no controller io in %s/sys/fs/cgroup/cgroup.controllers: boot "
		"with `systemd.unified_cgroup_hierarchy=1`, or delegate io to the agent's cgroup",
		m->root);
}

static int run_io_open(
	void **out, const struct machine *m, const struct topology *t, struct error *err)
{
	struct run_io *s = xcalloc(1, sizeof *s);

	(void)m;
	(void)t;
	(void)err;
	s->fd = -1;
	s->text = (struct buf)BUF_INIT;
	*out = s;
	return 0;
}

static void run_io_attach(void *state, const struct source_scope *scope, struct measured *out)
{
	struct run_io *s = state;
	char path[4096];

	(void)out;
	if (scope->cgroup == NULL)
		return;
	snprintf(path, sizeof path, "%s/io.stat", scope->cgroup);
	s->fd = open(path, O_RDONLY | O_CLOEXEC);
	buf_reserve(&s->text, 64 * 1024);
}

static size_t run_io_channels(void *state, const struct channel **out)
{
	const struct run_io *s = state;

	*out = channels;
	return s->fd >= 0 ? COUNTS : 0;
}

/* The sum of all " KEY=123" in text; ABSENT where one of them is no number. */
static int64_t sum_of(const char *text, const char *key)
{
	int64_t sum = 0;
	char *end;

	for (const char *p = text; (p = strstr(p, key)) != NULL;) {
		p += strlen(key);
		errno = 0;
		int64_t value = strtoll(p, &end, 10);
		sum = sysfs_add(sum, end == p || errno != 0 || value < 0 ? ABSENT : value);
	}
	return sum;
}

/* Each line begins with a disk, "8:0"; some kernels write nothing behind it. */
static bool is_io_stat(const char *text)
{
	for (const char *p = text; *p != '\0'; p += strcspn(p, "\n"), p += *p == '\n') {
		size_t digits = strspn(p, "0123456789");
		if (digits == 0 || p[digits] != ':')
			return false;
	}
	return true;
}

/* "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0", a line for each disk that was used; empty
 * at first. */
static void run_io_read(void *state, int64_t *out)
{
	struct run_io *s = state;
	ssize_t n = machine_read_start(s->fd, s->text.data, s->text.size);

	if (n < 0 || (size_t)n + 1 == s->text.size || !is_io_stat(s->text.data)) {
		out[READ] = out[WRITTEN] = ABSENT;
		return;
	}
	out[READ] = sum_of(s->text.data, " rbytes=");
	out[WRITTEN] = sum_of(s->text.data, " wbytes=");
}

static void run_io_results(
	void *state, const struct channel_range *ranges, int64_t time_ns, struct measured *out)
{
	(void)state;
	(void)time_ns;
	for (int i = 0; i < COUNTS; i++)
		measured_metric(out, channels[i].name, "B", channel_delta(&ranges[i]));
}

static void run_io_detach(void *state)
{
	struct run_io *s = state;

	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

static void run_io_close(void *state)
{
	struct run_io *s = state;

	run_io_detach(s);
	buf_done(&s->text);
	free(s);
}

const struct source_ops source_run_io = {
	.name = "run_io",
	.summary = "bytes that the run read from and wrote to disks, from its cgroup",
	.flags = IS_EDGES_ONLY,
	.probe = run_io_probe,
	.open = run_io_open,
	.attach = run_io_attach,
	.channels = run_io_channels,
	.read = run_io_read,
	.results = run_io_results,
	.detach = run_io_detach,
	.close = run_io_close,
};
