/*
 * sleep_loop - the limit that a sampler is held against: a thread that sleeps and wakes at a steady
 * rate and does nothing else
 *
 *   sleep_loop RATE N     N times, RATE times a second
 *
 * Prints CPU time in us for each time.
 */
#include "proto/base.h"
#include "proto/clock.h"

#include <errno.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <time.h>

static int64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

int main(int argc, char **argv)
{
	long rate = argc == 3 ? atol(argv[1]) : 0, n = argc == 3 ? atol(argv[2]) : 0;

	if (rate < 1 || n < 1) {
		fprintf(stderr, "usage: sleep_loop RATE N\n");
		return 2;
	}
	prctl(PR_SET_TIMERSLACK, 1UL); /* as the sampler */
	int64_t at = clock_monotonic_ns(), before = cpu_ns();
	for (long i = 0; i < n; i++) {
		at += NS_PER_S / rate;
		const struct timespec t = {at / NS_PER_S, at % NS_PER_S};
		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
			;
	}
	printf("%.3f\n", (double)(cpu_ns() - before) / 1000.0 / (double)n);
	return 0;
}
