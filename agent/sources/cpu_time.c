/*
 * cpu_time.c - how busy the CPUs were: proc/stat
 *
 * The kernel counts in ticks of 10 ms (USER_HZ); guest time is part of user time there and is not
 * added again. On machines of up to 64 CPUs each has a channel of its own, on larger ones each
 * package. To write the file takes the kernel some time on large machines, and nothing in it
 * changes within a tick; so it is read once a tick at most, and samples in between repeat it.
 */
#include "agent/sources/source.h"
#include "agent/sources/sysfs.h"
#include "proto/clock.h"

#include <errno.h>
#include <stdio.h>

#define STAT_PATH "proc/stat"
#define MAX_EACH  64
#define MAX_CPU   65536
#define LINE_SIZE 256 /* of one CPU, at most: ten numbers */

enum { BUSY, IOWAITING, STOLEN, TOTALS };

static const struct channel totals[TOTALS] = {
	{"cpu.busy", "ns", CHANNEL_COUNTER},
	{"cpu.iowait", "ns", CHANNEL_COUNTER},
	{"cpu.steal", "ns", CHANNEL_COUNTER},
};

struct cpu_time {
	int fd;
	int64_t tick_ns;
	struct channel *channels;
	size_t n;
	int *column_of; /* channel of a CPU, by its number, 0 none; [cpus_n] */
	size_t cpus_n;
	size_t *missing, *expected; /* [n]: CPUs that a channel still lacks, and that it has */
	char *text;
	size_t text_size;
	int64_t at_ns;
	int64_t *values; /* [n], read last */
};

/* Numbers of a line: user nice system idle iowait irq softirq steal. */
enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, FIELDS };

static bool parse_fields(const char *p, int64_t fields[FIELDS])
{
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

/* The first line, of all CPUs. */
static bool read_totals(int fd, char *text, size_t size, int64_t fields[FIELDS])
{
	ssize_t n = pread(fd, text, size - 1, 0); /* written whole by the first read */

	if (n < 4)
		return false;
	text[n] = '\0';
	return strncmp(text, "cpu ", 4) == 0 && parse_fields(text + 4, fields);
}

static int64_t busy_ticks(const int64_t f[FIELDS])
{
	return sysfs_add(
		sysfs_add(f[USER], f[NICE]), sysfs_add(f[SYSTEM], sysfs_add(f[IRQ], f[SOFTIRQ])));
}

static int64_t in_ns(const struct cpu_time *s, int64_t ticks)
{
	return ticks == ABSENT || ticks > INT64_MAX / s->tick_ns ? ABSENT : ticks * s->tick_ns;
}

static int cpu_time_probe(const struct machine *m, struct error *why)
{
	_cleanup_close_ int fd = sysfs_open(m, STAT_PATH);
	int64_t fields[FIELDS];
	char text[512];

	if (fd < 0)
		return error_set(why, fd, "CPU time: %s/" STAT_PATH ": %s", m->root, strerror(-fd));
	if (!read_totals(fd, text, sizeof text, fields))
		return error_set(why, -EINVAL,
			"CPU time: the first line of %s/" STAT_PATH " is not as expected", m->root);
	return 0;
}

/* ---- channels ---- */

__attribute__((format(printf, 2, 3))) static size_t add_channel(
	struct cpu_time *s, const char *name, ...)
{
	struct channel *c = &s->channels[s->n];
	va_list ap;

	*c = (struct channel){.unit = "ns", .kind = CHANNEL_COUNTER};
	va_start(ap, name);
	vsnprintf(c->name, sizeof c->name, name, ap);
	va_end(ap);
	return s->n++;
}

/* By CPU in the order of their numbers, or by package in their order. */
static void add_cpus(struct cpu_time *s, const struct topology *t)
{
	bool is_each = t->n <= MAX_EACH;
	int last = -1;

	for (size_t i = 0; i < t->n; i++)
		if (t->cpus[i].cpu >= (int)s->cpus_n && t->cpus[i].cpu < MAX_CPU)
			s->cpus_n = (size_t)t->cpus[i].cpu + 1;
	s->column_of = xcalloc(s->cpus_n + 1, sizeof *s->column_of);
	for (size_t i = 0; i < t->n; i++)
		if (t->cpus[i].cpu < (int)s->cpus_n)
			s->column_of[t->cpus[i].cpu] = 1; /* there */
	for (size_t c = 0; c < s->cpus_n && is_each; c++)
		if (s->column_of[c] > 0)
			s->column_of[c] = (int)add_channel(s, "cpu.busy.%zu", c);
	for (size_t i = 0; i < t->n && !is_each; i++) { /* sorted by package */
		if (t->cpus[i].package != last && s->n < TOTALS + MAX_EACH)
			add_channel(s, "cpu.busy.package-%d", t->cpus[i].package);
		last = t->cpus[i].package;
		if (t->cpus[i].cpu < (int)s->cpus_n)
			s->column_of[t->cpus[i].cpu] = (int)s->n - 1;
	}
	for (size_t c = 0; c < s->cpus_n; c++)
		s->expected[s->column_of[c]]++;
}

static int cpu_time_open(
	void **out, const struct machine *m, const struct topology *t, struct error *err)
{
	int fd = sysfs_open(m, STAT_PATH);

	if (fd < 0)
		return error_set(err, fd, "CPU time: %s/" STAT_PATH ": %s", m->root, strerror(-fd));
	struct cpu_time *s = xcalloc(1, sizeof *s);
	s->fd = fd;
	s->tick_ns = NS_PER_S / sysconf(_SC_CLK_TCK);
	s->channels = xcalloc(TOTALS + MAX_EACH, sizeof *s->channels);
	s->values = xcalloc(TOTALS + MAX_EACH, sizeof *s->values);
	s->missing = xcalloc(TOTALS + MAX_EACH, sizeof *s->missing);
	s->expected = xcalloc(TOTALS + MAX_EACH, sizeof *s->expected);
	memcpy(s->channels, totals, sizeof totals);
	s->n = TOTALS;
	add_cpus(s, t);
	s->text_size = (t->n + 2) * LINE_SIZE;
	s->text = xmalloc(s->text_size);
	s->at_ns = ABSENT;
	*out = s;
	return 0;
}

static void cpu_time_attach(void *state, const struct source_scope *scope, struct measured *out)
{
	(void)scope;
	(void)out;
	((struct cpu_time *)state)->at_ns = ABSENT;
}

static size_t cpu_time_channels(void *state, const struct channel **out)
{
	const struct cpu_time *s = state;

	*out = s->channels;
	return s->n;
}

/* ---- reading ---- */

/* "cpu17 1 2 3 ..." */
static void add_line(struct cpu_time *s, const char *line)
{
	int64_t fields[FIELDS];
	char *end;

	if (line[3] < '0' || line[3] > '9')
		return;
	unsigned long cpu = strtoul(line + 3, &end, 10);
	if (cpu >= s->cpus_n || s->column_of[cpu] < TOTALS || !parse_fields(end, fields))
		return;
	size_t column = (size_t)s->column_of[cpu];
	if (s->missing[column] == 0)
		return;
	s->values[column] = sysfs_add(s->values[column], in_ns(s, busy_ticks(fields)));
	s->missing[column]--;
}

static void read_cpus(struct cpu_time *s)
{
	char *rest = strchr(s->text, '\n'), *end;

	for (size_t i = TOTALS; i < s->n; i++)
		s->values[i] = 0;
	memcpy(s->missing, s->expected, s->n * sizeof *s->missing);
	for (; rest != NULL && strncmp(rest + 1, "cpu", 3) == 0; rest = end) {
		end = strchr(rest + 1, '\n');
		if (end != NULL) /* else cut off */
			add_line(s, rest + 1);
	}
	for (size_t i = TOTALS; i < s->n; i++)
		if (s->missing[i] > 0) /* a CPU went offline: the rest of the sum would mislead */
			s->values[i] = ABSENT;
}

static void cpu_time_read(void *state, int64_t *out)
{
	struct cpu_time *s = state;
	int64_t f[FIELDS], now_ns = clock_monotonic_ns();

	if (s->at_ns == ABSENT || now_ns - s->at_ns >= s->tick_ns) {
		s->at_ns = now_ns;
		if (read_totals(s->fd, s->text, s->text_size, f)) {
			s->values[BUSY] = in_ns(s, busy_ticks(f));
			s->values[IOWAITING] = in_ns(s, f[IOWAIT]);
			s->values[STOLEN] = in_ns(s, f[STEAL]);
			read_cpus(s);
		} else {
			for (size_t i = 0; i < s->n; i++)
				s->values[i] = ABSENT;
		}
	}
	memcpy(out, s->values, s->n * sizeof *out);
}

static void cpu_time_close(void *state)
{
	struct cpu_time *s = state;

	close(s->fd);
	free(s->channels);
	free(s->values);
	free(s->missing);
	free(s->expected);
	free(s->column_of);
	free(s->text);
	free(s);
}

const struct source_ops source_cpu_time = {
	.name = "cpu_time",
	.summary = "busy, waiting and stolen time of all CPUs and of each, from proc/stat",
	.probe = cpu_time_probe,
	.open = cpu_time_open,
	.attach = cpu_time_attach,
	.channels = cpu_time_channels,
	.read = cpu_time_read,
	.close = cpu_time_close,
};
