/*
 * smi.c - system management interrupts: the firmware took all CPUs away for a while
 *
 * The kernel's msr PMU counts them; firmware stops all CPUs of a package, so one CPU of each is
 * asked and the largest count taken. Source: Linux arch/x86/events/msr.c, Intel SDM vol 4,
 * MSR_SMI_COUNT.
 */
#include "agent/sources/perf_event.h"
#include "agent/sources/source.h"

#include <errno.h>

#define MAX_PACKAGES 64

static const struct channel channel = {"smi", "1", CHANNEL_COUNTER};

struct smi {
	int fds[MAX_PACKAGES];
	size_t n;
};

static int smi_probe(const struct machine *m, struct error *why)
{
	struct perf_event e;

	if (perf_event_find(&e, m, "msr", "smi", NULL) != 0)
		return error_set(why, -ENODEV,
			"management interrupts: the kernel has no event %s/" PERF_DEVICES
			"/msr/events/smi here (CONFIG_PERF_EVENTS, an Intel processor)",
			m->root);
	if (!machine_has_these_cpus(m))
		return error_set(why, -ENODEV,
			"management interrupts: %s is another machine's tree: its events cannot "
			"be opened",
			m->root);
	_cleanup_close_ int fd = perf_event_open_on(&e, -1, 0, -1, 0);
	return fd >= 0 ? 0 : perf_event_refused(why, m, fd, 0, "counting management interrupts");
}

static int smi_open(
	void **out, const struct machine *m, const struct topology *t, struct error *err)
{
	struct smi *s = xcalloc(1, sizeof *s);
	struct perf_event e;

	*out = s;
	int r = perf_event_find(&e, m, "msr", "smi", err);
	for (size_t i = 0; r == 0 && i < t->n && s->n < MAX_PACKAGES; i++)
		if (i == 0 || t->cpus[i].package != t->cpus[i - 1].package)
			s->fds[s->n++] = perf_event_open_on(&e, -1, t->cpus[i].cpu, -1, 0);
	if (r != 0) {
		free(s);
		*out = NULL;
	}
	return r;
}

static size_t smi_channels(void *state, const struct channel **out)
{
	(void)state;
	*out = &channel;
	return 1;
}

static void smi_read(void *state, int64_t *out)
{
	const struct smi *s = state;

	out[0] = ABSENT; /* the least of all */
	for (size_t i = 0; i < s->n; i++) {
		struct perf_reading r;
		if (s->fds[i] < 0 || perf_event_read(s->fds[i], &r) != 0 || r.value > INT64_MAX) {
			out[0] = ABSENT;
			return;
		}
		out[0] = (int64_t)r.value > out[0] ? (int64_t)r.value : out[0];
	}
}

static void smi_results(
	void *state, const struct channel_range *ranges, int64_t time_ns, struct measured *out)
{
	int64_t n = channel_delta(&ranges[0]);

	(void)state;
	(void)time_ns;
	measured_metric(out, "smi", "1", n);
	if (n > 0)
		measured_flag(out, "smi");
}

static void smi_close(void *state)
{
	struct smi *s = state;

	for (size_t i = 0; i < s->n; i++)
		if (s->fds[i] >= 0)
			close(s->fds[i]);
	free(s);
}

const struct source_ops source_smi = {
	.name = "smi",
	.summary = "system management interrupts, from the msr PMU",
	.flags = IS_EDGES_ONLY,
	.probe = smi_probe,
	.open = smi_open,
	.channels = smi_channels,
	.read = smi_read,
	.results = smi_results,
	.close = smi_close,
};
