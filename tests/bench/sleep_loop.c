/*
 * sleep_loop - the limit that a sampler is held against: a thread that sleeps and wakes at a steady
 * rate and does nothing else
 *
 *   sleep_loop CPU RATE N     N times on that CPU, RATE times a second
 *
 * Another thread computes meanwhile, as a run does: waking on a machine that is idle costs more.
 * Prints CPU time in us for each time.
 */
#include "proto/base.h"
#include "proto/clock.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <time.h>

static atomic_bool is_over;

static void *compute(void *arg)
{
	while (!atomic_load(&is_over))
		;
	return arg;
}

static int64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

static double sleep_and_wake(int64_t rate, int64_t n)
{
	int64_t at = clock_monotonic_ns(), before = cpu_ns();

	for (int64_t i = 0; i < n; i++) {
		at += NS_PER_S / rate;
		const struct timespec t = {at / NS_PER_S, at % NS_PER_S};
		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
			;
	}
	return (double)(cpu_ns() - before) / 1000.0 / (double)n;
}

int main(int argc, char **argv)
{
	int64_t rate = argc == 4 ? atol(argv[2]) : 0, n = argc == 4 ? atol(argv[3]) : 0;
	pthread_t other;
	cpu_set_t set;

	if (rate < 1 || n < 1) {
		fprintf(stderr, "usage: sleep_loop CPU RATE N\n");
		return 2;
	}
	CPU_ZERO(&set);
	CPU_SET((size_t)atol(argv[1]), &set);
	/* Only now bound, so that the other thread may run elsewhere. */
	if (pthread_create(&other, NULL, compute, NULL) != 0 ||
		sched_setaffinity(0, sizeof set, &set) != 0) {
		fprintf(stderr, "sleep_loop: no thread, or no CPU %s\n", argv[1]);
		return 1;
	}
	prctl(PR_SET_TIMERSLACK, 1UL); /* as the sampler */
	printf("%.3f\n", sleep_and_wake(rate, n));
	atomic_store(&is_over, true);
	pthread_join(other, NULL);
	return 0;
}
