/*
 * lock - work that gets worse with threads: all of it happens under one mutex
 *
 * Every step reads and replaces one shared number, so only one thread at a time can get on; the
 * others cost time and energy for handing the lock and its cache line around. The number runs
 * through a linear congruential sequence: its value at the end is the same whoever did the steps,
 * and another one if the lock ever failed.
 */
#include "threads.h"
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static uint32_t shared_number = 1;

static void body(struct member *m)
{
	for (int64_t i = m->first; i < m->end; i++) {
		pthread_mutex_lock(&mutex);
		shared_number = shared_number * 1664525u + 1013904223u;
		pthread_mutex_unlock(&mutex);
	}
}

int main(int argc, char **argv)
{
	struct settings s = {.threads = 1, .work = 10000000};

	parse_arguments(argc, argv, &s, "steps under the lock", 1, INT64_C(1) << 40);
	run_team(&s, body);
	return print_result(s.work, shared_number);
}
