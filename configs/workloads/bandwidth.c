/*
 * bandwidth - work that saturates: the triad a = b + q c over arrays that no common cache holds
 *
 * The arrays take 192 MiB in all. Each thread touches its own part first, so that the part lies in
 * its own node's memory. Cores share the memory's bandwidth: more of them help only until it is
 * used up. All values are small whole numbers, so the sum is exact and does not depend on the
 * split.
 */
#include "threads.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define LENGTH (8 * 1024 * 1024) /* doubles in each of the three arrays, 64 MiB */
#define Q      3.0

static double *a, *b, *c;
static int64_t passes;
static pthread_barrier_t filled;

/* The triad over one thread's part. The barrier keeps the compiler from doing only the last of the
 * passes. */
static void triad(int64_t first, int64_t end)
{
	for (int64_t i = first; i < end; i++)
		a[i] = b[i] + Q * c[i];
	__asm__ volatile("" : : : "memory");
}

static void body(struct member *m)
{
	uint64_t sum = 0;

	for (int64_t i = m->first; i < m->end; i++) {
		a[i] = 0;
		b[i] = (double)(i % 1021);
		c[i] = (double)(i % 509);
	}
	if (pthread_barrier_wait(&filled) == PTHREAD_BARRIER_SERIAL_THREAD)
		start_clock();
	for (int64_t pass = 0; pass < passes; pass++)
		triad(m->first, m->end);
	for (int64_t i = m->first; i < m->end; i++)
		sum += (uint64_t)a[i];
	m->checksum = (uint32_t)sum;
}

int main(int argc, char **argv)
{
	struct settings s = {.threads = 1, .work = 24};
	uint32_t checksum;

	parse_arguments(argc, argv, &s, "passes over 192 MiB", 1, 1000000);
	passes = s.work;
	s.work = LENGTH;
	a = malloc(LENGTH * sizeof *a);
	b = malloc(LENGTH * sizeof *b);
	c = malloc(LENGTH * sizeof *c);
	if (a == NULL || b == NULL || c == NULL) {
		perror("malloc");
		return 1;
	}
	pthread_barrier_init(&filled, NULL, (unsigned)s.threads);
	checksum = run_team(&s, body);
	pthread_barrier_destroy(&filled);
	free(a);
	free(b);
	free(c);
	/* Work in bytes: a pass reads two doubles and writes one for each place. */
	return print_result(passes * LENGTH * 3 * (int64_t)sizeof(double), checksum);
}
