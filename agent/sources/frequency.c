/*
 * frequency.c - the frequency of the run's CPUs while they were not idle
 *
 * APERF counts at the frequency that a core has, MPERF at the rate of the time stamp counter, both
 * only while it is not idle; so the busy frequency is that rate times dAPERF / dMPERF, summed over
 * the CPUs before the division. The kernel's msr PMU has all three; they are one group for each
 * CPU, read by one call, as readings at different moments would not belong together. Sources: Intel
 * SDM vol 3B, IA32_APERF and IA32_MPERF; Linux arch/x86/events/msr.c, tools/power/x86/turbostat.
 *
 * Where they cannot be had, cpufreq tells: cpuinfo_avg_freq (idle CPUs have none) or
 * scaling_cur_freq, averaged over CPUs and readings, which is a sample and not a measurement.
 *
 * A reading interrupts the CPU that it asks; so there are twenty a second at most, and samples in
 * between repeat the last one. Only up to 64 CPUs of a run are watched.
 */
#include "agent/sources/frequency.h"
#include "agent/sources/perf_event.h"
#include "agent/sources/source.h"
#include "agent/sources/sysfs.h"
#include "proto/clock.h"

#include <errno.h>

#define CPU_DIR  "sys/devices/system/cpu"
#define MAX_CPUS 64
#define EVERY_NS (45 * NS_PER_MS)
#define MAX_HZ   INT64_C(100000000000) /* what is above is no frequency */

enum { TSC, APERF, MPERF, EVENTS };

static const char *const event_names[EVENTS] = {"tsc", "aperf", "mperf"};
static const struct channel channel = {"frequency.busy", "Hz", CHANNEL_GAUGE};

/* Readings of one CPU, or sums over all of differences between two. */
struct counts {
	int64_t at_ns;
	uint64_t n[EVENTS];
	bool is_there;
};

struct frequency {
	const struct machine *m;
	bool has_events;
	struct perf_event events[EVENTS];

	/* of the run under way */
	int fds[MAX_CPUS][EVENTS]; /* events: groups, the leader first; else only the first */
	struct counts first[MAX_CPUS], last[MAX_CPUS];
	size_t n;
	bool is_begun;
	int64_t at_ns, value;
	int64_t sum, readings; /* of cpufreq */
};

/* ---- APERF and MPERF ---- */

static bool has_events(struct perf_event out[EVENTS], const struct machine *m)
{
	for (int i = 0; i < EVENTS; i++)
		if (perf_event_find(&out[i], m, "msr", event_names[i], NULL) != 0)
			return false;
	return machine_has_these_cpus(m);
}

/* Returns 0 or -errno with none open. */
static int open_group(int fds[EVENTS], const struct perf_event e[EVENTS], int cpu)
{
	for (int i = 0; i < EVENTS; i++) {
		fds[i] = perf_event_open_on(&e[i], -1, cpu, i == 0 ? -1 : fds[0], PERF_OPEN_GROUP);
		if (fds[i] >= 0)
			continue;
		int code = fds[i];
		while (i-- > 0)
			close(fds[i]);
		return code;
	}
	return 0;
}

/* The number of values, times enabled and running, values: perf_event_open(2),
 * PERF_FORMAT_GROUP. */
static struct counts read_group(int leader)
{
	uint64_t words[3 + EVENTS];
	struct counts c = {.at_ns = clock_raw_ns()};

	ssize_t n = read(leader, words, sizeof words);
	c.is_there = n == (ssize_t)sizeof words && words[0] == EVENTS && words[1] == words[2];
	if (c.is_there)
		memcpy(c.n, words + 3, sizeof c.n);
	return c;
}

/* Add what was counted between two readings of a CPU, unless one of them failed. */
static void add_difference(struct counts *sum, const struct counts *from, const struct counts *to)
{
	if (!from->is_there || !to->is_there || to->at_ns <= from->at_ns)
		return;
	sum->is_there = true;
	sum->at_ns += to->at_ns - from->at_ns;
	for (int i = 0; i < EVENTS; i++)
		sum->n[i] += to->n[i] - from->n[i];
}

int64_t frequency_busy_hz(uint64_t tsc, uint64_t aperf, uint64_t mperf, int64_t time_ns)
{
	if (mperf == 0)
		return ABSENT;
	unsigned __int128 tsc_hz = (unsigned __int128)tsc * (uint64_t)NS_PER_S / (uint64_t)time_ns;
	if (tsc_hz > (uint64_t)MAX_HZ)
		return ABSENT;
	unsigned __int128 hz = tsc_hz * aperf / mperf;
	return hz == 0 || hz > (uint64_t)MAX_HZ ? ABSENT : (int64_t)hz;
}

static int64_t frequency_of(const struct counts *sum)
{
	return sum->is_there
		       ? frequency_busy_hz(sum->n[TSC], sum->n[APERF], sum->n[MPERF], sum->at_ns)
		       : ABSENT;
}

/* Read all groups; the frequency since the reading before, ABSENT for the first one. */
static int64_t advance(struct frequency *f)
{
	struct counts sum = {0};

	for (size_t i = 0; i < f->n; i++) {
		struct counts now = read_group(f->fds[i][0]);
		if (f->is_begun)
			add_difference(&sum, &f->last[i], &now);
		else
			f->first[i] = now;
		f->last[i] = now;
	}
	f->is_begun = true;
	return frequency_of(&sum);
}

/* ---- cpufreq ---- */

static int open_cpufreq(const struct machine *m, int cpu)
{
	int fd = sysfs_open(m, CPU_DIR "/cpu%d/cpufreq/cpuinfo_avg_freq", cpu);

	return fd >= 0 ? fd : sysfs_open(m, CPU_DIR "/cpu%d/cpufreq/scaling_cur_freq", cpu);
}

/* Mean over the CPUs that tell. The first reading, before the go, is of another load and does not
 * count. */
static int64_t read_cpufreq(struct frequency *f)
{
	int64_t sum = 0, n = 0;
	bool is_counted = f->is_begun;

	f->is_begun = true;

	for (size_t i = 0; i < f->n; i++) {
		int64_t khz = sysfs_read_int(f->fds[i][0]);
		if (khz <= 0 || khz > MAX_HZ / 1000)
			continue;
		sum += khz * 1000;
		n++;
	}
	if (n == 0)
		return ABSENT;
	if (is_counted) {
		f->sum += sum / n;
		f->readings++;
	}
	return sum / n;
}

/* ---- the source ---- */

static bool has_cpufreq(const struct machine *m)
{
	_cleanup_free_ sysfs_name *cpus = NULL;
	size_t n = sysfs_list(m, CPU_DIR, "cpu", &cpus);

	for (size_t i = 0; i < n; i++)
		if (sysfs_has(m, CPU_DIR "/%s/cpufreq/scaling_cur_freq", cpus[i]) ||
			sysfs_has(m, CPU_DIR "/%s/cpufreq/cpuinfo_avg_freq", cpus[i]))
			return true;
	return false;
}

static bool can_open(const struct perf_event e[EVENTS], int *code)
{
	int fds[EVENTS];

	*code = open_group(fds, e, 0);
	for (int i = 0; *code == 0 && i < EVENTS; i++)
		close(fds[i]);
	return *code == 0;
}

static int frequency_probe(const struct machine *m, struct error *why)
{
	struct perf_event e[EVENTS];
	int code = -ENODEV;

	bool is_known = has_events(e, m);
	if ((is_known && can_open(e, &code)) || has_cpufreq(m))
		return 0;
	if (is_known)
		return perf_event_refused(why, m, code, 0, "the busy frequency");
	return error_set(why, -ENODEV,
		"busy frequency: no events aperf and mperf in %s/" PERF_DEVICES "/msr, and no "
		"cpu*/cpufreq: a guest has neither unless the host lets it",
		m->root);
}

static int frequency_open(
	void **out, const struct machine *m, const struct topology *t, struct error *err)
{
	struct frequency *f = xcalloc(1, sizeof *f);
	int code;

	(void)t;
	(void)err;
	f->m = m;
	f->has_events = has_events(f->events, m) && can_open(f->events, &code);
	*out = f;
	return 0;
}

static bool is_new(const int *cpus, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (cpus[j] == cpus[i])
			return false;
	return true;
}

static void frequency_attach(void *state, const struct source_scope *scope, struct measured *out)
{
	struct frequency *f = state;

	(void)out;
	f->n = 0;
	f->is_begun = false;
	f->at_ns = f->value = ABSENT;
	f->sum = f->readings = 0;
	for (size_t i = 0; i < scope->cpus_n && f->n < MAX_CPUS; i++) {
		if (!is_new(scope->cpus, i))
			continue;
		int *fds = f->fds[f->n];
		int r = f->has_events ? open_group(fds, f->events, scope->cpus[i])
				      : (fds[0] = open_cpufreq(f->m, scope->cpus[i]));
		f->n += r >= 0;
	}
}

static size_t frequency_channels(void *state, const struct channel **out)
{
	const struct frequency *f = state;

	*out = &channel;
	return f->n > 0;
}

static void frequency_read(void *state, int64_t *out)
{
	struct frequency *f = state;
	int64_t now_ns = clock_monotonic_ns();

	if (f->at_ns == ABSENT || now_ns - f->at_ns >= EVERY_NS) {
		f->at_ns = now_ns;
		f->value = f->has_events ? advance(f) : read_cpufreq(f);
	}
	out[0] = f->value;
}

/* The run ended a moment ago: one more reading, however young the last one is. */
static void frequency_results(
	void *state, const struct channel_range *ranges, int64_t time_ns, struct measured *out)
{
	struct frequency *f = state;
	struct counts sum = {0};

	(void)ranges;
	(void)time_ns;
	if (!f->has_events) {
		measured_metric(out, "frequency.busy", "Hz",
			f->readings > 0 ? f->sum / f->readings : ABSENT);
		return;
	}
	advance(f);
	for (size_t i = 0; i < f->n; i++)
		add_difference(&sum, &f->first[i], &f->last[i]);
	measured_metric(out, "frequency.busy", "Hz", frequency_of(&sum));
}

static void frequency_detach(void *state)
{
	struct frequency *f = state;

	for (size_t i = 0; i < f->n; i++)
		for (int e = 0; e < (f->has_events ? EVENTS : 1); e++)
			close(f->fds[i][e]);
	f->n = 0;
}

static void frequency_close(void *state)
{
	frequency_detach(state);
	free(state);
}

const struct source_ops source_frequency = {
	.name = "frequency",
	.summary = "busy frequency of the run's CPUs: aperf and mperf of the msr PMU, else cpufreq",
	.probe = frequency_probe,
	.open = frequency_open,
	.attach = frequency_attach,
	.channels = frequency_channels,
	.read = frequency_read,
	.results = frequency_results,
	.detach = frequency_detach,
	.close = frequency_close,
};
