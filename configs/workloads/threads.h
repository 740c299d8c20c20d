/*
 * threads.h - what the three workloads share: their command line, and a team of threads that splits
 * fixed work
 */
#ifndef WORKLOADS_THREADS_H
#define WORKLOADS_THREADS_H

#include <stdint.h>

#define MAX_THREADS 4096

struct settings {
	int64_t threads; /* 1 to MAX_THREADS */
	int64_t work;    /* of all threads together; the workload says in what */
};

/* One member of the team and its share of the work: [first, end). */
struct member {
	int64_t first, end;
	const struct settings *settings;
	uint32_t checksum; /* the workload's to fill */
};

/*
 * Read `--threads N` and `--work N` into s, which holds the defaults. A wrong argument ends the
 * program with status 2, --help with 0. unit is what --work counts, for the help text; work may be
 * min_work to max_work.
 */
void parse_arguments(int argc, char **argv, struct settings *s, const char *unit, int64_t min_work,
	int64_t max_work);

/*
 * Run body in s->threads threads, each with its share of s->work, and wait for them all; the first
 * share is done by the calling thread. The rate counts from here on, or from the last call of
 * start_clock(). Returns the sum of the members' checksums, modulo 2^32, which does not depend on
 * how the work was split.
 */
uint32_t run_team(const struct settings *s, void (*body)(struct member *));

/* The work proper begins now: what came before, such as filling arrays, is no part of the rate. */
void start_clock(void);

/*
 * Print the one line of output, {"work": W, "rate": R, "checksum": C}: R is millions of work a
 * second while the team ran. Returns the program's exit status.
 */
int print_result(int64_t work, uint32_t checksum);

#endif
