/*
 * perf_counters.c - the counters that a campaign asks for, of the run's whole process tree
 *
 * Each is opened on the process that waits for its go, counts from its exec on, and is inherited by
 * all that it starts. Counts of ended processes are in it. Inherited events cannot be read in
 * groups, so each has its descriptor; to read one interrupts every CPU that the run is on, so they
 * are read before and after alone. Source: perf_event_open(2).
 */
#include "agent/sources/perf_counters.h"
#include "agent/sources/counter_names.h"
#include "agent/sources/source.h"
#include "agent/sources/sysfs.h"

#include <errno.h>
#include <stdio.h>

#define MAX_COUNTERS 128

struct counter {
	struct counter_event what;
	int fd;
	size_t name; /* which of the names that were asked for: its kinds stand together */
	struct perf_reading first, last; /* first: zeroes until it was read */
	bool was_read, is_read;
};

struct perf_counters {
	const struct machine *m;
	bool is_attached;
	/* of the run under way, or of the last one: metrics of its result still name these */
	struct counter counters[MAX_COUNTERS];
	struct channel channels[MAX_COUNTERS];
	size_t n;
};

static int perf_counters_probe(const struct machine *m, struct error *why)
{
	struct counter_event e[COUNTER_KINDS];

	if (!machine_has_these_cpus(m))
		return error_set(why, -ENODEV,
			"counters: %s is another machine's tree: its events cannot be opened",
			m->root);
	counter_names_find(e, m, "task-clock", NULL);
	_cleanup_close_ int fd =
		perf_event_open_on(&e[0].event, 0, -1, -1, PERF_OPEN_STOPPED | PERF_OPEN_USER);
	return fd >= 0 ? 0 : perf_event_refused(why, m, fd, 2, "counting events of a run");
}

static int perf_counters_open(
	void **out, const struct machine *m, const struct topology *t, struct error *err)
{
	struct perf_counters *s = xcalloc(1, sizeof *s);

	(void)t;
	(void)err;
	s->m = m;
	*out = s;
	return 0;
}

/* ---- a run begins ---- */

/* A PMU that cannot tell modes apart (msr) refuses to leave out the kernel; a kernel that refuses
 * to count itself lets software events count in user mode. Returns a descriptor or -errno. */
static int open_counter(struct counter_event *e, pid_t pid)
{
	const unsigned flags = PERF_OPEN_INHERIT | PERF_OPEN_ON_EXEC;

	int fd = perf_event_open_on(
		&e->event, pid, -1, -1, flags | (e->is_user ? PERF_OPEN_USER : 0));
	if (fd == -EINVAL && e->is_user)
		return perf_event_open_on(&e->event, pid, -1, -1, flags);
	if (fd == -EACCES && !e->is_user && !e->needs_kernel) {
		e->is_user = true;
		return perf_event_open_on(&e->event, pid, -1, -1, flags | PERF_OPEN_USER);
	}
	return fd;
}

static void miss(struct measured *out, const struct error *why)
{
	measured_flag(out, "counter_missing");
	measured_note(out, "counters: %s", why->text);
}

static bool is_counted(const struct perf_counters *s, const char *metric)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->channels[i].name, metric) == 0)
			return true;
	return false;
}

/* All kinds of cores or none: a part could not be told from the whole. */
static void add_name(
	struct perf_counters *s, size_t at, const char *name, pid_t pid, struct measured *out)
{
	struct counter_event e[COUNTER_KINDS];
	struct error why = {0};

	int n = machine_has_these_cpus(s->m) ? counter_names_find(e, s->m, name, &why)
					     : error_set(&why, -ENODEV, "another machine's tree");
	if (n < 0)
		error_wrap(&why, "%s", name);
	if (n > 0 && is_counted(s, e[0].metric))
		return;
	if (n > 0 && s->n + (size_t)n > MAX_COUNTERS)
		n = error_set(&why, -E2BIG, "%s: more than %d counters", name, MAX_COUNTERS);
	size_t before = s->n;
	for (int i = 0; i < n; i++) {
		bool was_user = e[i].is_user;
		int fd = open_counter(&e[i], pid);
		if (fd < 0) {
			n = perf_event_refused(&why, s->m, fd, e[i].is_user ? 2 : 1, name);
			break;
		}
		if (e[i].is_user != was_user)
			measured_note(out, "counters: %s: in user mode alone", name);
		s->channels[s->n] = (struct channel){.unit = e[i].unit, .kind = CHANNEL_COUNTER};
		memcpy(s->channels[s->n].name, e[i].metric, sizeof e[i].metric);
		s->counters[s->n++] = (struct counter){.what = e[i], .fd = fd, .name = at};
	}
	if (n > 0)
		return;
	while (s->n > before)
		close(s->counters[--s->n].fd);
	miss(out, &why);
}

static void perf_counters_attach(
	void *state, const struct source_scope *scope, struct measured *out)
{
	struct perf_counters *s = state;

	s->n = 0;
	s->is_attached = true;
	for (size_t i = 0; i < scope->counters.n; i++)
		add_name(s, i, *LIST_AT(&scope->counters, const char *, i), scope->pid, out);
}

static size_t perf_counters_channels(void *state, const struct channel **out)
{
	const struct perf_counters *s = state;

	*out = s->channels;
	return s->is_attached ? s->n : 0;
}

static void perf_counters_read(void *state, int64_t *out)
{
	struct perf_counters *s = state;

	for (size_t i = 0; i < s->n; i++) {
		struct counter *c = &s->counters[i];
		c->is_read = perf_event_read(c->fd, &c->last) == 0;
		if (c->is_read && !c->was_read)
			c->first = c->last;
		c->was_read = true;
		out[i] = c->is_read && c->last.value <= INT64_MAX ? (int64_t)c->last.value : ABSENT;
	}
}

/* ---- results ---- */

enum counted perf_counters_scale(
	const struct perf_reading *kinds, size_t n, bool is_one_kind, int64_t *out)
{
	uint64_t enabled_ns = 0, running_ns = 0;

	for (size_t i = 0; i < n; i++) {
		if (kinds[i].enabled_ns > enabled_ns)
			enabled_ns = kinds[i].enabled_ns;
		running_ns += kinds[i].running_ns;
	}
	if (enabled_ns == 0 || running_ns == 0)
		return enabled_ns == 0 ? COUNTED_NOTHING : COUNTED_NEVER;
	/* a thousandth, as kinds of cores take over from each other in no time, but not at one
	 * instant */
	bool is_incomplete = running_ns < enabled_ns - enabled_ns / 1000;
	for (size_t i = 0; i < n; i++) {
		unsigned __int128 value = kinds[i].value;
		if (is_incomplete && !is_one_kind)
			value = value * enabled_ns / running_ns;
		out[i] = value > INT64_MAX ? INT64_MAX : (int64_t)value;
	}
	return !is_incomplete ? COUNTED_WHOLE : is_one_kind ? COUNTED_PARTLY : COUNTED_SCALED;
}

/* What is measured may begin long after the exec. */
static struct perf_reading since_first(const struct counter *c)
{
	struct perf_reading r = c->last;

	r.value -= c->first.value;
	r.enabled_ns -= c->first.enabled_ns;
	r.running_ns -= c->first.running_ns;
	return r;
}

/* Counters [from, to) are all kinds of one name. */
static void add_results(const struct perf_counters *s, size_t from, size_t to, struct measured *out)
{
	const char *name = s->channels[from].name;
	bool is_one_kind = s->counters[from].what.is_one_kind;
	struct perf_reading kinds[COUNTER_KINDS];
	int64_t values[COUNTER_KINDS];
	struct error why = {0};

	for (size_t i = from; i < to; i++) {
		if (!s->counters[i].is_read) {
			error_set(&why, -EIO, "%s: it could not be read", name);
			miss(out, &why);
			return;
		}
		kinds[i - from] = since_first(&s->counters[i]);
	}
	enum counted c = perf_counters_scale(kinds, to - from, is_one_kind, values);
	if (c == COUNTED_NEVER) {
		error_set(&why, -EBUSY, "%s: %s", name,
			is_one_kind ? "the run was on no such core, or no counter was free"
				    : "no counter was free; ask for fewer");
		miss(out, &why);
	}
	if (c == COUNTED_NEVER || c == COUNTED_NOTHING)
		return;
	if (c == COUNTED_SCALED)
		measured_flag(out, "multiplexed");
	if (c == COUNTED_PARTLY)
		measured_flag(out, "counter_partial");
	for (size_t i = from; i < to; i++)
		measured_metric(out, s->channels[i].name, s->channels[i].unit, values[i - from]);
}

static void perf_counters_results(
	void *state, const struct channel_range *ranges, int64_t time_ns, struct measured *out)
{
	const struct perf_counters *s = state;

	(void)ranges;
	(void)time_ns;
	for (size_t i = 0, end; i < s->n; i = end) {
		for (end = i + 1; end < s->n && s->counters[end].name == s->counters[i].name;)
			end++;
		add_results(s, i, end, out);
	}
}

static void perf_counters_detach(void *state)
{
	struct perf_counters *s = state;

	for (size_t i = 0; i < s->n && s->is_attached; i++)
		close(s->counters[i].fd);
	s->is_attached = false;
}

static void perf_counters_close(void *state)
{
	perf_counters_detach(state);
	free(state);
}

const struct source_ops source_perf_counters = {
	.name = "perf_counters",
	.summary = "counters of the run's processes that the campaign asks for, through perf",
	.flags = IS_EDGES_ONLY | IS_ASKED_FOR,
	.probe = perf_counters_probe,
	.open = perf_counters_open,
	.attach = perf_counters_attach,
	.channels = perf_counters_channels,
	.read = perf_counters_read,
	.results = perf_counters_results,
	.detach = perf_counters_detach,
	.close = perf_counters_close,
};
