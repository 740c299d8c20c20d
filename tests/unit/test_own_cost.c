/*
 * The agent's own cost: all threads count, those that have ended too
 */
#include "agent/own_cost.h"
#include "proto/base.h"
#include "proto/clock.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <time.h>

#include <cmocka.h>

#define SLEEPS 50

static int64_t thread_cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

static void *burn(void *used_ns)
{
	while (thread_cpu_ns() < 20 * NS_PER_MS)
		;
	*(int64_t *)used_ns = thread_cpu_ns();
	return NULL;
}

/* How often it slept indeed: a moment that is over before the kernel comes to it is no sleep. */
static void *nap(void *slept)
{
	const struct timespec moment = {0, 100000};
	struct rusage usage = {0};

	while (usage.ru_nvcsw < SLEEPS) {
		nanosleep(&moment, NULL);
		getrusage(RUSAGE_THREAD, &usage);
	}
	*(int64_t *)slept = usage.ru_nvcsw;
	return NULL;
}

static void spend(struct own_cost *cost, void *(*what)(void *), void *arg)
{
	struct own_cost before, after;
	pthread_t thread;

	own_cost_read(&before);
	assert_int_equal(pthread_create(&thread, NULL, what, arg), 0);
	pthread_join(thread, NULL);
	own_cost_read(&after);
	own_cost_difference(cost, &before, &after);
}

static void test_cpu_time_of_an_ended_thread(void **state)
{
	struct own_cost cost;
	int64_t used_ns = 0;

	(void)state;
	spend(&cost, burn, &used_ns);
	assert_true(used_ns >= 20 * NS_PER_MS);
	assert_true(cost.cpu_ns >= used_ns);
}

static void test_wakeups_of_an_ended_thread(void **state)
{
	struct own_cost cost;
	int64_t slept = 0;

	(void)state;
	spend(&cost, nap, &slept);
	assert_true(slept >= SLEEPS);
	assert_true(cost.wakeups >= slept);
}

static void test_difference(void **state)
{
	static const struct {
		struct own_cost before, after, want;
	} vectors[] = {
		{{5, 1}, {5, 1}, {0, 0}},
		{{5, 1}, {1000000005, 11}, {1000000000, 10}},
		{{ABSENT, 1}, {7, 3}, {ABSENT, 2}},
		{{1, 1}, {7, ABSENT}, {6, ABSENT}},
		{{ABSENT, ABSENT}, {ABSENT, ABSENT}, {ABSENT, ABSENT}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct own_cost got;
		own_cost_difference(&got, &vectors[i].before, &vectors[i].after);
		assert_int_equal(got.cpu_ns, vectors[i].want.cpu_ns);
		assert_int_equal(got.wakeups, vectors[i].want.wakeups);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cpu_time_of_an_ended_thread),
		cmocka_unit_test(test_wakeups_of_an_ended_thread),
		cmocka_unit_test(test_difference),
	};

	return cmocka_run_group_tests_name("own_cost", tests, NULL, NULL);
}
