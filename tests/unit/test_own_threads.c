/*
 * Binding of the agent's threads: all of them, again where it was lost, and back
 */
#include "agent/own_threads.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct scene {
	struct machine machine;
	struct topology topology;
	cpu_set_t all, one;
	pthread_t other;
	pthread_mutex_t hold; /* the other thread waits for it */
};

static void *wait_for_hold(void *hold)
{
	pthread_mutex_lock(hold);
	pthread_mutex_unlock(hold);
	return NULL;
}

static int setup(void **state)
{
	struct scene *s = xcalloc(1, sizeof *s);

	assert_int_equal(machine_open(&s->machine, "/", NULL), 0);
	assert_int_equal(topology_load(&s->topology, &s->machine, NULL), 0);
	sched_getaffinity(0, sizeof s->all, &s->all);
	CPU_SET((size_t)s->topology.housekeeping, &s->one);
	pthread_mutex_init(&s->hold, NULL);
	pthread_mutex_lock(&s->hold);
	assert_int_equal(pthread_create(&s->other, NULL, wait_for_hold, &s->hold), 0);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct scene *s = *state;

	pthread_mutex_unlock(&s->hold);
	pthread_join(s->other, NULL);
	topology_done(&s->topology);
	machine_close(&s->machine);
	free(s);
	return 0;
}

static void assert_all_on(const struct scene *s, const cpu_set_t *want)
{
	cpu_set_t set;

	sched_getaffinity(0, sizeof set, &set);
	assert_true(CPU_EQUAL(&set, want));
	pthread_getaffinity_np(s->other, sizeof set, &set);
	assert_true(CPU_EQUAL(&set, want));
}

static void test_bind(void **state)
{
	const struct scene *s = *state;
	int current = -1;

	own_threads_bind(&s->topology, s->topology.housekeeping, &current);
	assert_int_equal(current, s->topology.housekeeping);
	assert_all_on(s, &s->one);
	own_threads_bind(&s->topology, -1, &current);
	assert_int_equal(current, -1);
	assert_all_on(s, &s->all);
}

/* As the kernel does it where a cpuset is changed. */
static void test_lost(void **state)
{
	const struct scene *s = *state;
	int current = -1;

	own_threads_bind(&s->topology, s->topology.housekeeping, &current);
	sched_setaffinity(0, sizeof s->all, &s->all);
	pthread_setaffinity_np(s->other, sizeof s->all, &s->all);
	own_threads_bind(&s->topology, s->topology.housekeeping, &current);
	assert_all_on(s, &s->one);
	own_threads_bind(&s->topology, -1, &current);
}

/* A CPU that is not there: nothing is bound, and that is known. */
static void test_impossible(void **state)
{
	const struct scene *s = *state;
	struct topology_cpu cpu = {.cpu = 8191, .is_allowed = true};
	const struct topology other = {.cpus = &cpu, .n = 1};
	int current = -1;

	own_threads_bind(&other, 8191, &current);
	assert_int_equal(current, OWN_THREADS_UNKNOWN);
	assert_all_on(s, &s->all);
	own_threads_bind(&s->topology, -1, &current);
	assert_int_equal(current, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_bind, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lost, setup, teardown),
		cmocka_unit_test_setup_teardown(test_impossible, setup, teardown),
	};

	return cmocka_run_group_tests_name("own_threads", tests, NULL, NULL);
}
