/* Looking for an energy meter again, once somebody has mended what was in its way. */
#include "agent/meters.h"
#include "tests/unit/rapl_tree.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define COUNTER "sys/devices/virtual/powercap/intel-rapl/intel-rapl:0/energy_uj"

/* sys/class/powercap is there, or is not. */
static void show(const struct tree *t, bool is_there)
{
	_cleanup_free_ char *here = xasprintf("%s/sys/class/powercap", t->path);
	_cleanup_free_ char *away = xasprintf("%s/sys/class/away", t->path);

	assert_int_equal(rename(is_there ? away : here, is_there ? here : away), 0);
}

/* A counter that never changes is none. */
struct counter {
	char *path;
	pthread_t thread;
	atomic_bool is_over;
};

static void *count(void *arg)
{
	struct counter *c = arg;
	int fd = open(c->path, O_WRONLY | O_CLOEXEC);
	char text[32];

	for (int64_t value = 1000; fd >= 0 && !atomic_load(&c->is_over); value++) {
		snprintf(text, sizeof text, "%012lld\n", (long long)value);
		(void)!pwrite(fd, text, strlen(text), 0);
		usleep(500);
	}
	if (fd >= 0)
		close(fd);
	return NULL;
}

static void stop_counting(struct counter *c)
{
	atomic_store(&c->is_over, true);
	pthread_join(c->thread, NULL);
	free(c->path);
}

static void test_a_meter_that_comes_is_found(void **state)
{
	const struct rapl_machine r = {.family = 6,
		.model = 0x8f,
		.packages = 1,
		.dies = 1,
		.cores = 1,
		.domains = HAS(DOMAIN_PACKAGE),
		.unit_nj = 61035};
	struct tree t;
	struct machine m;
	struct topology topology;
	struct meters *meters = NULL;
	struct error err = {0};

	(void)state;
	tree_make(&t);
	rapl_write_cpus(&t, &r);
	rapl_write_powercap(&t, &r);
	show(&t, false);
	tree_open(&t, &m);
	assert_int_equal(topology_load(&topology, &m, &err), 0);
	assert_int_equal(meters_open(&meters, &m, &topology, &err), 0);
	const struct meter_set *set = meters_get(meters, NULL, &err);
	assert_null(energy_source_name(set->meter));
	assert_null(set->window);
	assert_false(meters_look_again(meters));
	assert_ptr_equal(meters_get(meters, NULL, &err), set);

	show(&t, true);
	struct counter counter = {.path = xasprintf("%s/" COUNTER, t.path)};
	assert_int_equal(pthread_create(&counter.thread, NULL, count, &counter), 0);
	assert_true(meters_look_again(meters));
	assert_ptr_equal(meters_get(meters, "auto", &err), set);
	assert_string_equal(energy_source_name(set->meter), "powercap");
	assert_non_null(set->window);
	assert_non_null(set->idle);

	/* One that measures stays, whatever became of it. */
	const struct energy_meter *meter = set->meter;
	show(&t, false);
	assert_false(meters_look_again(meters));
	assert_ptr_equal(set->meter, meter);
	stop_counting(&counter);
	meters_close(meters);
	topology_done(&topology);
	machine_close(&m);
	tree_remove(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_meter_that_comes_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
