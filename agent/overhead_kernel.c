/*
 * overhead_kernel.c - the threads of the kernel, their work and how they meet
 */
#include "agent/overhead_kernel.h"
#include "proto/base.h"
#include "proto/clock.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>

#define MASK_CPUS 8192 /* the kernel's largest number */
#define DOUBLES   2048
#define SPINS     4096 /* looks at the others before the CPU is offered to somebody else */

struct worker {
	struct overhead_kernel *kernel;
	pthread_t thread;
	int cpu;
	int64_t start_ns, end_ns;
	uint64_t state;
	double values[DOUBLES] __attribute__((aligned(64)));
};

struct overhead_kernel {
	struct worker *workers;
	size_t n; /* started ones */
	int done_fd;

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t changed;
	unsigned turn; /* of the pieces */
	bool is_quitting;
	int64_t lead_until_ns, work;

	atomic_size_t arrived; /* workers, in all turns together */
	atomic_size_t left;    /* workers whose piece is not done */
};

/* What is computed does not matter, but it must be: the result is kept and looked at by nobody. */
static void compute(struct worker *w, int64_t work)
{
	uint64_t x = w->state;

	for (int64_t i = 0; i < work; i++) {
		for (size_t j = 0; j < DOUBLES; j++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			w->values[j] = w->values[j] * 0.75 + (double)(x >> 40);
		}
	}
	w->state = x;
	__asm__ volatile("" : : "r"(w->values) : "memory");
}

static void meet(struct overhead_kernel *k, unsigned turn)
{
	size_t all = k->n * turn;

	atomic_fetch_add(&k->arrived, 1);
	for (unsigned spins = 1; atomic_load(&k->arrived) < all; spins++)
		if (spins % SPINS == 0)
			sched_yield();
}

static void do_piece(struct worker *w, unsigned turn, int64_t until_ns, int64_t work)
{
	struct overhead_kernel *k = w->kernel;
	const uint64_t one = 1;

	while (clock_raw_ns() < until_ns)
		compute(w, 1);
	meet(k, turn);
	w->start_ns = clock_raw_ns();
	compute(w, work);
	w->end_ns = clock_raw_ns();
	if (atomic_fetch_sub(&k->left, 1) == 1) {
		/* Fails only where the count is near 2^64: then it is readable anyway. */
		ssize_t written = write(k->done_fd, &one, sizeof one);
		(void)written;
	}
}

static void *worker_thread(void *arg)
{
	struct worker *w = arg;
	struct overhead_kernel *k = w->kernel;

	prctl(PR_SET_NAME, "kernel");
	pthread_mutex_lock(&k->lock);
	for (unsigned turn = 1;; turn++) {
		while (k->turn < turn && !k->is_quitting)
			pthread_cond_wait(&k->changed, &k->lock);
		if (k->is_quitting)
			break;
		int64_t until_ns = k->lead_until_ns, work = k->work;
		pthread_mutex_unlock(&k->lock);
		do_piece(w, turn, until_ns, work);
		pthread_mutex_lock(&k->lock);
	}
	pthread_mutex_unlock(&k->lock);
	return NULL;
}

/* Bound before it starts, so that it never runs elsewhere. Returns 0 or an errno. */
static int start_worker(struct worker *w)
{
	cpu_set_t *mask = CPU_ALLOC(MASK_CPUS);
	size_t size = CPU_ALLOC_SIZE(MASK_CPUS);
	pthread_attr_t attr;

	if (mask == NULL)
		return ENOMEM;
	CPU_ZERO_S(size, mask);
	CPU_SET_S((size_t)w->cpu, size, mask);
	pthread_attr_init(&attr);
	int r = pthread_attr_setaffinity_np(&attr, size, mask);
	if (r == 0)
		r = pthread_create(&w->thread, &attr, worker_thread, w);
	pthread_attr_destroy(&attr);
	CPU_FREE(mask);
	return r;
}

/* The threads take no signals: they belong to the thread that waits. */
static int start_workers(struct overhead_kernel *k, const int *cpus, size_t n, struct error *err)
{
	sigset_t all, old;
	int r = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	for (; k->n < n && r == 0; k->n += r == 0) {
		struct worker *w = &k->workers[k->n];
		w->kernel = k;
		w->cpu = cpus[k->n];
		w->state = 88172645463325252U + k->n;
		r = start_worker(w);
		if (r != 0)
			error_set(
				err, -r, "overhead: no thread on CPU %d: %s", w->cpu, strerror(r));
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -r;
}

int overhead_kernel_open(struct overhead_kernel **out, const int *cpus, size_t n, struct error *err)
{
	struct overhead_kernel *k = xcalloc(1, sizeof *k);

	*out = NULL;
	/* A worker is as large as some pages and aligned to cache lines. */
	k->workers = aligned_alloc(64, n * sizeof *k->workers);
	if (k->workers == NULL) {
		free(k);
		return error_set(err, -ENOMEM, "overhead: no memory for %zu threads", n);
	}
	memset(k->workers, 0, n * sizeof *k->workers);
	pthread_mutex_init(&k->lock, NULL);
	pthread_cond_init(&k->changed, NULL);
	k->done_fd = eventfd(0, EFD_CLOEXEC);
	int r = k->done_fd < 0 ? error_errno(err, "overhead: eventfd")
			       : start_workers(k, cpus, n, err);
	if (r != 0) {
		overhead_kernel_close(k);
		return r;
	}
	*out = k;
	return 0;
}

void overhead_kernel_close(struct overhead_kernel *k)
{
	if (k == NULL)
		return;
	pthread_mutex_lock(&k->lock);
	k->is_quitting = true;
	pthread_cond_broadcast(&k->changed);
	pthread_mutex_unlock(&k->lock);
	for (size_t i = 0; i < k->n; i++)
		pthread_join(k->workers[i].thread, NULL);
	pthread_cond_destroy(&k->changed);
	pthread_mutex_destroy(&k->lock);
	if (k->done_fd >= 0)
		close(k->done_fd);
	free(k->workers);
	free(k);
}

void overhead_kernel_go(struct overhead_kernel *k, int64_t lead_ns, int64_t work)
{
	atomic_store(&k->left, k->n);
	pthread_mutex_lock(&k->lock);
	k->turn++;
	k->lead_until_ns = clock_raw_ns() + lead_ns;
	k->work = work;
	pthread_cond_broadcast(&k->changed);
	pthread_mutex_unlock(&k->lock);
}

int overhead_kernel_fd(const struct overhead_kernel *k)
{
	return k->done_fd;
}

int64_t overhead_kernel_take(struct overhead_kernel *k)
{
	uint64_t count;

	while (read(k->done_fd, &count, sizeof count) < 0 && errno == EINTR)
		;
	int64_t start = k->workers[0].start_ns, end = k->workers[0].end_ns;
	for (size_t i = 1; i < k->n; i++) {
		const struct worker *w = &k->workers[i];
		start = w->start_ns < start ? w->start_ns : start;
		end = w->end_ns > end ? w->end_ns : end;
	}
	return end - start;
}

/* Double until it can be timed, then the fastest of some, as everything else only adds time. */
int64_t overhead_kernel_work(struct overhead_kernel *k, int64_t time_ns)
{
	int64_t work = 1, best = 0;

	while (best < 4 * NS_PER_MS) {
		work *= 2;
		overhead_kernel_go(k, NS_PER_MS, work);
		best = overhead_kernel_take(k);
	}
	for (int i = 0; i < 8; i++) {
		overhead_kernel_go(k, NS_PER_MS, work);
		int64_t time = overhead_kernel_take(k);
		best = time < best ? time : best;
	}
	double wanted = (double)time_ns / (double)best * (double)work;
	return wanted < 1 ? 1 : (int64_t)wanted;
}
