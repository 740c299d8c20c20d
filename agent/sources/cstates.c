/*
 * cstates.c - how long CPUs were in each idle state: as the system asked for it (cpuidle), and as
 * the hardware granted it (the PMUs cstate_core and cstate_pkg)
 *
 * cpuidle: cpuN/cpuidle/stateK/{name,time}, time in us; summed over all CPUs by name, as the states
 * of two kinds of cores differ and their numbers mean nothing. The PMUs count at the rate of the
 * time stamp counter, one count a core or package, so theirs becomes a time by comparison with that
 * counter: the share of the interval between the two readings, times the run's time, summed.
 * Sources: Linux Documentation/admin-guide/pm/cpuidle.rst, arch/x86/events/intel/cstate.c.
 */
#include "agent/sources/perf_event.h"
#include "agent/sources/source.h"
#include "agent/sources/sysfs.h"

#include <errno.h>
#include <stdio.h>

#define CPU_DIR    "sys/devices/system/cpu"
#define MAX_NAMES  48  /* of states, both ways together */
#define MAX_FILES  512 /* kept open; beyond that each reading opens them, 10 us each */
#define MAX_EVENTS 512 /* descriptors; on larger machines cores are left out, not packages */

struct file { /* one state of one CPU */
	int cpu, state;
	size_t channel;
	int fd; /* negative: not kept open */
};

struct event { /* one descriptor of a PMU */
	int fd;
	size_t channel;
};

struct cstates {
	const struct machine *m;
	struct channel channels[MAX_NAMES + 1];
	size_t n;       /* channels, that of the time stamp counter is the last */
	size_t files_n; /* channels [0, cpuidle_n) are of cpuidle */
	size_t cpuidle_n;
	struct file *files;
	struct event *events;
	size_t events_n;
	int tsc; /* descriptor, -1 */
};

/* ---- channels ---- */

/* The channel "cstate.NAME" in lower case, new where it is not there yet; MAX_NAMES where it does
 * not fit. */
static size_t channel_of(struct cstates *s, const char *prefix, const char *name, const char *unit)
{
	struct channel c = {.unit = unit, .kind = CHANNEL_COUNTER};

	int len = snprintf(c.name, sizeof c.name, "cstate.%s%s", prefix, name);
	if (len >= (int)sizeof c.name)
		return MAX_NAMES;
	for (char *p = c.name; *p != '\0'; p++) {
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
		if (!((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || *p == '.'))
			*p = '_';
	}
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->channels[i].name, c.name) == 0)
			return i;
	if (s->n == MAX_NAMES)
		return MAX_NAMES;
	s->channels[s->n] = c;
	return s->n++;
}

/* ---- cpuidle ---- */

static void add_cpu(struct cstates *s, int cpu)
{
	char name[32], path[64];

	for (int i = 0; i < 16; i++) {
		snprintf(path, sizeof path, CPU_DIR "/cpu%d/cpuidle/state%d", cpu, i);
		if (machine_read_line(s->m, name, sizeof name, "%s/name", path) <= 0 ||
			strchr(name, '.') != NULL)
			continue;
		size_t channel = channel_of(s, "", name, "ns");
		if (channel == MAX_NAMES)
			continue;
		s->files = xreallocarray(s->files, s->files_n + 1, sizeof *s->files);
		int fd = s->files_n < MAX_FILES ? sysfs_open(s->m, "%s/time", path) : -1;
		s->files[s->files_n++] = (struct file){cpu, i, channel, fd};
	}
}

static int64_t read_file(const struct cstates *s, const struct file *f)
{
	int64_t us = sysfs_read_int(f->fd);

	/* A CPU that went and came again has new files. */
	if (us == ABSENT && machine_read_int(s->m, &us, CPU_DIR "/cpu%d/cpuidle/state%d/time",
				    f->cpu, f->state) != 0)
		return ABSENT;
	if (us < 0 || us > INT64_MAX / 1000)
		return ABSENT;
	return us * 1000;
}

/* ---- PMUs ---- */

struct adding {
	struct cstates *s;
	const char *pmu, *prefix;
	const int *cpus;
	size_t cpus_n;
};

static void add_event(void *arg, const char *name)
{
	const struct adding *a = arg;
	struct cstates *s = a->s;
	struct perf_event e;
	char state[32];

	const char *end = strstr(name, "-residency");
	if (end == NULL || (size_t)(end - name) >= sizeof state ||
		s->events_n + a->cpus_n > MAX_EVENTS ||
		perf_event_find(&e, s->m, a->pmu, name, NULL) != 0)
		return;
	snprintf(state, sizeof state, "%.*s", (int)(end - name), name);
	int fd = perf_event_open_on(&e, -1, a->cpus[0], -1, 0);
	size_t channel = fd >= 0 ? channel_of(s, a->prefix, state, "1") : MAX_NAMES;
	if (channel == MAX_NAMES) {
		if (fd >= 0)
			close(fd);
		return;
	}
	s->events = xreallocarray(s->events, s->events_n + a->cpus_n, sizeof *s->events);
	s->events[s->events_n++] = (struct event){fd, channel};
	/* One that cannot be opened leaves the sum without a value: a part would mislead. */
	for (size_t i = 1; i < a->cpus_n; i++)
		s->events[s->events_n++] =
			(struct event){perf_event_open_on(&e, -1, a->cpus[i], -1, 0), channel};
}

static void add_pmu(struct cstates *s, const char *pmu, const char *prefix)
{
	_cleanup_free_ int *cpus = NULL;
	struct adding a = {.s = s, .pmu = pmu, .prefix = prefix};

	if (perf_pmu_cpus(s->m, pmu, &cpus, &a.cpus_n) != 0 || a.cpus_n == 0)
		return;
	a.cpus = cpus;
	perf_pmu_events(s->m, pmu, add_event, &a);
}

static void add_pmus(struct cstates *s)
{
	struct perf_event tsc;

	if (!machine_has_these_cpus(s->m) || perf_event_find(&tsc, s->m, "msr", "tsc", NULL) != 0)
		return;
	s->tsc = perf_event_open_on(&tsc, -1, 0, -1, 0);
	if (s->tsc < 0)
		return;
	add_pmu(s, "cstate_pkg", "pkg.");
	add_pmu(s, "cstate_core", "core.");
}

static int64_t read_event(int fd)
{
	struct perf_reading r;

	if (fd < 0 || perf_event_read(fd, &r) != 0 || r.value > INT64_MAX)
		return ABSENT;
	return (int64_t)r.value;
}

/* ---- the source ---- */

static int cstates_probe(const struct machine *m, struct error *why)
{
	_cleanup_free_ sysfs_name *cpus = NULL;
	size_t n = sysfs_list(m, CPU_DIR, "cpu", &cpus);

	for (size_t i = 0; i < n; i++)
		if (sysfs_has(m, CPU_DIR "/%s/cpuidle/state0/time", cpus[i]))
			return 0;
	if (sysfs_has(m, PERF_DEVICES "/cstate_core") || sysfs_has(m, PERF_DEVICES "/cstate_pkg"))
		return 0;
	return error_set(why, -ENODEV,
		"idle states: no %s/" CPU_DIR "/cpu*/cpuidle, and no PMU cstate_core: boot without "
		"`idle=poll` and `cpuidle.off=1`; `sudo modprobe intel_cstate` (a guest has none)",
		m->root);
}

static int cstates_open(
	void **out, const struct machine *m, const struct topology *t, struct error *err)
{
	struct cstates *s = xcalloc(1, sizeof *s);

	(void)err;
	s->m = m;
	s->tsc = -1;
	for (size_t i = 0; i < t->n; i++)
		add_cpu(s, t->cpus[i].cpu);
	s->cpuidle_n = s->n;
	add_pmus(s);
	s->channels[s->n++] = (struct channel){"cstate.tsc", "1", CHANNEL_COUNTER};
	*out = s;
	return 0;
}

static size_t cstates_channels(void *state, const struct channel **out)
{
	struct cstates *s = state;

	*out = s->channels;
	return s->n;
}

static void cstates_read(void *state, int64_t *out)
{
	const struct cstates *s = state;

	memset(out, 0, s->n * sizeof *out);
	for (size_t i = 0; i < s->files_n; i++) {
		int64_t *sum = &out[s->files[i].channel];
		*sum = sysfs_add(*sum, *sum == ABSENT ? ABSENT : read_file(s, &s->files[i]));
	}
	for (size_t i = 0; i < s->events_n; i++) {
		int64_t *sum = &out[s->events[i].channel];
		*sum = sysfs_add(*sum, read_event(s->events[i].fd));
	}
	out[s->n - 1] = read_event(s->tsc);
}

/* part / whole of time_ns, in 128 bits. */
static int64_t share_of(int64_t part, int64_t whole, int64_t time_ns)
{
	if (part == ABSENT || whole == ABSENT || whole == 0)
		return ABSENT;
	__int128 ns = (__int128)part * time_ns / whole;
	return ns > INT64_MAX ? ABSENT : (int64_t)ns;
}

static void cstates_results(
	void *state, const struct channel_range *ranges, int64_t time_ns, struct measured *out)
{
	const struct cstates *s = state;
	int64_t ticks = channel_delta(&ranges[s->n - 1]);

	for (size_t i = 0; i + 1 < s->n; i++) {
		int64_t delta = channel_delta(&ranges[i]);
		measured_metric(out, s->channels[i].name, "ns",
			i < s->cpuidle_n ? delta : share_of(delta, ticks, time_ns));
	}
}

static void cstates_close(void *state)
{
	struct cstates *s = state;

	for (size_t i = 0; i < s->events_n; i++)
		if (s->events[i].fd >= 0)
			close(s->events[i].fd);
	if (s->tsc >= 0)
		close(s->tsc);
	free(s->events);
	for (size_t i = 0; i < s->files_n; i++)
		if (s->files[i].fd >= 0)
			close(s->files[i].fd);
	free(s->files);
	free(s);
}

const struct source_ops source_cstates = {
	.name = "cstates",
	.summary = "time of all CPUs in each idle state, from cpuidle and the cstate PMUs",
	.flags = IS_EDGES_ONLY,
	.probe = cstates_probe,
	.open = cstates_open,
	.channels = cstates_channels,
	.read = cstates_read,
	.results = cstates_results,
	.close = cstates_close,
};
