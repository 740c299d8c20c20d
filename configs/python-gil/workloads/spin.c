/*
 * spin - the native canary: a fixed number of steps that depend on one another, in registers alone
 *
 * It knows no Python, allocates nothing and waits for nothing: if its time or energy changes, the
 * machine changed.
 *
 *     cc -O2 -o spin spin.c && ./spin --work 300000000
 *
 * prints {"workload": "spin", "work": ..., "checksum": "...", "seconds": ...}. The checksum depends
 * on --work alone.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DEFAULT_WORK INT64_C(300000000)

/* Marsaglia's xorshift with 64 bits: every step needs the one before, so nothing can be left out or
 * done at once. */
static uint64_t spin(int64_t steps)
{
	uint64_t x = UINT64_C(88172645463325252);

	for (int64_t i = 0; i < steps; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
	}
	return x;
}

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* The steps asked for; a wrong command line ends the program with status 2. */
static int64_t read_work(int argc, char **argv)
{
	char *end;
	long long work;

	if (argc == 1)
		return DEFAULT_WORK;
	if (argc == 3 && strcmp(argv[1], "--work") == 0) {
		errno = 0;
		work = strtoll(argv[2], &end, 10);
		if (errno == 0 && end != argv[2] && *end == '\0' && work > 0)
			return work;
	}
	fprintf(stderr, "usage: spin [--work STEPS], STEPS a whole number, 1 or more\n");
	exit(2);
}

int main(int argc, char **argv)
{
	int64_t work = read_work(argc, argv);
	double begin = seconds_now();
	uint64_t x = spin(work);

	printf("{\"workload\": \"spin\", \"work\": %" PRId64 ", \"checksum\": \"%016" PRIx64
	       "\", \"seconds\": %.6f}\n",
		work, x, seconds_now() - begin);
	return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
