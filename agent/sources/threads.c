/*
 * threads.c - whether the threads of a run are where its placement puts them
 *
 * At each sample, but at most ten times a second and for at most a hundredth of the time, the run's
 * tasks are looked at: one that runs (or ran last, where it sleeps) on a CPU outside the placement
 * is a violation. A task that has used no CPU time may show its parent's CPU and counts from the
 * second sighting on.
 *
 * With `threads: each` the threads of the first process that has several are held to more: the k-th
 * one belongs on the k-th CPU. Living threads in the order of their creation are threads 0, 1, ...
 * as long as none of them ended before a later one; after that a thread is where it belongs if its
 * affinity mask has one CPU alone, one of the run's.
 */
#include "agent/sources/source.h"
#include "agent/sources/tasks.h"
#include "proto/clock.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>

#define PERIOD_NS  (100 * NS_PER_MS)
#define COST_SHARE 100  /* a walk is at most this part of the time to the next one */
#define CPUS_MAX   8192 /* the kernel's largest NR_CPUS */

static const struct channel channels[] = {
	{"threads", "1", CHANNEL_GAUGE},
	{"placement.violations", "1", CHANNEL_COUNTER},
};
enum { THREADS, VIOLATIONS };

struct threads {
	const struct source_scope *scope; /* NULL: no run */
	bool is_allowed[CPUS_MAX];        /* by CPU: in the placement */
	int64_t next_ns;                  /* not before that */
	int64_t looks;                    /* walks that found tasks */
	int64_t violations, most;         /* most tasks seen at once */
	pid_t pinned;                     /* process whose threads have numbers; 0: not known yet */
	bool has_gaps;                    /* a thread of it ended before a later one */
	char first[128];                  /* what the first violation was */
	struct task_walk *now, *before;   /* owned */
};

static int threads_probe(const struct machine *m, struct error *why)
{
	if (machine_has_these_cpus(m))
		return 0;
	return error_set(why, -ENOTSUP,
		"placement check: the CPUs below %s are not this kernel's, which runs the "
		"benchmarks",
		m->root);
}

static int threads_open(
	void **out, const struct machine *m, const struct topology *t, struct error *err)
{
	struct threads *s = xcalloc(1, sizeof *s);

	(void)m;
	(void)t;
	(void)err;
	s->now = xcalloc(1, sizeof *s->now);
	s->before = xcalloc(1, sizeof *s->before);
	*out = s;
	return 0;
}

static void threads_attach(void *state, const struct source_scope *scope, struct measured *out)
{
	struct threads *s = state;

	(void)out;
	s->scope = scope;
	s->next_ns = s->looks = s->violations = s->most = 0;
	s->pinned = 0;
	s->has_gaps = false;
	s->first[0] = '\0';
	s->now->n = s->before->n = 0;
	memset(s->is_allowed, 0, sizeof s->is_allowed);
	for (size_t i = 0; i < scope->cpus_n; i++)
		if (scope->cpus[i] >= 0 && scope->cpus[i] < CPUS_MAX)
			s->is_allowed[scope->cpus[i]] = true;
}

static size_t threads_channels(void *state, const struct channel **out)
{
	(void)state;
	*out = channels;
	return ARRAY_SIZE(channels);
}

/* ---- one look ---- */

static bool is_same(const struct task *a, const struct task *b)
{
	return a->tid == b->tid && a->started == b->started;
}

/* The task among those of a walk, NULL where it is not. Walks hold tasks in nearly the same order:
 * *at is where to begin. */
static const struct task *find_task(const struct task_walk *w, const struct task *t, size_t *at)
{
	for (size_t i = 0; i < w->n; i++) {
		size_t j = (*at + i) % w->n;
		if (is_same(&w->tasks[j], t)) {
			*at = j + 1;
			return &w->tasks[j];
		}
	}
	return NULL;
}

/* Whether a thread of the pinned process is gone while a later one lives: then order of creation
 * and number are no longer the same. */
static void look_for_gaps(struct threads *s)
{
	bool is_missing = false;
	size_t at = 0;

	for (size_t i = 0; i < s->before->n && !s->has_gaps; i++) {
		if (s->before->tasks[i].pid != s->pinned)
			continue;
		if (find_task(s->now, &s->before->tasks[i], &at) == NULL)
			is_missing = true;
		else if (is_missing)
			s->has_gaps = true;
	}
}

/* The process with several threads that was started first. */
static void find_pinned(struct threads *s)
{
	const struct task_walk *w = s->now;
	const struct task *best = NULL;

	for (size_t i = 1; i < w->n; i++) {
		const struct task *t = &w->tasks[i - 1];
		if (t->pid == w->tasks[i].pid && (best == NULL || t->started < best->started))
			best = t;
		while (i < w->n && w->tasks[i].pid == t->pid)
			i++;
	}
	s->pinned = best != NULL ? best->pid : 0;
}

static bool has_one_cpu(pid_t tid, int cpu)
{
	uint64_t mask[CPUS_MAX / 64] = {0};
	size_t size = sizeof mask;
	cpu_set_t *set = (cpu_set_t *)(void *)mask;

	return sched_getaffinity(tid, size, set) < 0 ||
	       (CPU_COUNT_S(size, set) == 1 && CPU_ISSET_S((size_t)cpu, size, set));
}

/* The CPU of the k-th thread of the pinned process; -1: any one of the run's, for it alone. */
static int place_of(const struct threads *s, size_t k)
{
	return s->has_gaps ? -1 : s->scope->cpus[k % s->scope->cpus_n];
}

/* Whether a task is where it belongs; if not, what is wrong goes to why. */
static bool is_in_place(const struct threads *s, const struct task *t, bool is_numbered, size_t k,
	char *why, size_t size)
{
	why[0] = '\0';
	if (t->cpu < 0)
		return true;
	if (t->cpu >= CPUS_MAX || !s->is_allowed[t->cpu])
		snprintf(why, size, "a thread on CPU %d, which is not the run's", t->cpu);
	else if (is_numbered && place_of(s, k) >= 0 && t->cpu != place_of(s, k))
		snprintf(why, size, "thread %zu on CPU %d, its place is CPU %d", k, t->cpu,
			place_of(s, k));
	else if (is_numbered && place_of(s, k) < 0 && !has_one_cpu(t->tid, t->cpu))
		snprintf(why, size, "a thread on CPU %d that may run on others, too", t->cpu);
	return why[0] == '\0';
}

static void judge(struct threads *s)
{
	size_t at = 0, k = 0;
	char why[sizeof s->first];

	for (size_t i = 0; i < s->now->n; i++) {
		struct task *t = &s->now->tasks[i];
		bool is_numbered = s->pinned != 0 && t->pid == s->pinned;
		t->was_seen = find_task(s->before, t, &at) != NULL;
		if (!is_in_place(s, t, is_numbered, k, why, sizeof why) &&
			(t->has_run || t->was_seen)) {
			s->violations++;
			if (s->first[0] == '\0')
				snprintf(s->first, sizeof s->first, "%s", why);
		}
		k += is_numbered;
	}
}

static void look(struct threads *s)
{
	struct task_walk *old = s->before;

	s->before = s->now;
	s->now = old;
	tasks_walk(s->now, s->scope->cgroup, s->scope->pid);
	s->looks += s->now->n > 0;
	if ((int64_t)s->now->all > s->most)
		s->most = (int64_t)s->now->all;
	if (s->scope->is_pinned && s->pinned == 0)
		find_pinned(s);
	if (s->pinned != 0)
		look_for_gaps(s);
	judge(s);
}

static void threads_read(void *state, int64_t *out)
{
	struct threads *s = state;
	int64_t now_ns = clock_raw_ns();

	out[THREADS] = out[VIOLATIONS] = ABSENT;
	if (s->scope == NULL || s->scope->cpus_n == 0)
		return;
	/* The first look is before the run: the second one must not wait for it. */
	if (s->looks < 2 || now_ns >= s->next_ns) {
		look(s);
		int64_t wait_ns = (clock_raw_ns() - now_ns) * COST_SHARE;
		s->next_ns = now_ns + (wait_ns > PERIOD_NS ? wait_ns : PERIOD_NS);
	}
	out[THREADS] = (int64_t)s->now->all;
	out[VIOLATIONS] = s->violations;
}

/* A run that was over before anyone looked has no numbers: 0 would say that all was well. */
static void threads_results(
	void *state, const struct channel_range *ranges, int64_t time_ns, struct measured *out)
{
	const struct threads *s = state;

	(void)ranges;
	(void)time_ns;
	if (s->looks < 2)
		return;
	measured_metric(out, "placement.violations", "1", s->violations);
	measured_metric(out, "threads.max", "1", s->most);
	if (s->violations == 0)
		return;
	measured_flag(out, "placement_violated");
	measured_note(out, "placement: threads were seen off their place %lld times, first: %s",
		(long long)s->violations, s->first);
}

static void threads_detach(void *state)
{
	struct threads *s = state;

	s->scope = NULL;
}

static void threads_close(void *state)
{
	struct threads *s = state;

	free(s->now);
	free(s->before);
	free(s);
}

const struct source_ops source_threads = {
	.name = "threads",
	.summary = "threads of the run, and those seen off their placement, from /proc",
	.probe = threads_probe,
	.open = threads_open,
	.attach = threads_attach,
	.channels = threads_channels,
	.read = threads_read,
	.results = threads_results,
	.detach = threads_detach,
	.close = threads_close,
};
