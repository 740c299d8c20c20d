/*
 * Every source keeps the contract of source.h, on this machine and on an empty one
 */
#include "agent/sources/energy.h"
#include "agent/sources/source.h"
#include "proto/units.h"
#include "tests/unit/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void check_channels(const struct source_ops *s, void *state)
{
	const struct channel *c;
	size_t n = s->channels(state, &c);
	_cleanup_free_ int64_t *values = xcalloc(n + 1, sizeof *values);

	values[n] = 12345; /* nothing may be written behind the last channel */
	s->read(state, values);
	assert_int_equal(values[n], 12345);
	for (size_t i = 0; i < n; i++) {
		assert_true(c[i].name[0] != '\0');
		assert_non_null(unit_by_inner(c[i].unit));
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(c[i].name, c[j].name);
		assert_true(values[i] == ABSENT || c[i].kind == CHANNEL_GAUGE || values[i] >= 0);
	}
	if (s->flags & IS_ENERGY) {
		size_t zones_n, ok = 0;
		const struct energy_zone *z = s->energy->zones(state, &zones_n);
		for (size_t i = 0; i < zones_n; i++)
			ok += z[i].state == ZONE_OK;
		assert_int_equal(ok, n);
	}
}

static void check_all(const struct machine *m)
{
	struct topology none = {0};

	for (size_t i = 0; sources[i] != NULL; i++) {
		const struct source_ops *s = sources[i];
		struct error why = {0};
		void *state = NULL;
		assert_true(s->name != NULL && s->summary != NULL && s->summary[0] != '\0');
		assert_int_equal((s->flags & IS_ENERGY) != 0, s->energy != NULL);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(s->name, sources[j]->name);
		int r = s->probe(m, &why);
		assert_true(r <= 0);
		assert_int_equal(r < 0, why.text[0] != '\0'); /* a refusal says why */
		if (r != 0 && !(s->flags & IS_ENERGY))
			continue;
		assert_int_equal(s->open(&state, m, &none, &why), 0);
		check_channels(s, state);
		s->close(state);
	}
}

static void test_here(void **state)
{
	struct machine m;

	(void)state;
	assert_int_equal(machine_open(&m, "/", NULL), 0);
	check_all(&m);
	machine_close(&m);
}

static void test_empty_tree(void **state)
{
	struct tree t;
	struct machine m;

	(void)state;
	tree_make(&t);
	tree_open(&t, &m);
	check_all(&m);
	tree_write(&t, "proc/stat", "cpu0 1 2 3\n");
	check_all(&m);
	machine_close(&m);
	tree_remove(&t);
}

static void test_cpu_time(void **state)
{
	struct tree t;
	struct machine m;
	struct topology none = {0};
	void *s;
	int64_t values[3], tick_ns = NS_PER_S / sysconf(_SC_CLK_TCK);

	(void)state;
	tree_make(&t);
	/* user nice system idle iowait irq softirq steal guest: guest is in user already */
	tree_write(&t, "proc/stat", "cpu  1 2 3 1000 4 5 6 7 1 0\ncpu0 1 2 3 1000 4 5 6 7 1 0\n");
	tree_open(&t, &m);
	assert_int_equal(source_cpu_time.open(&s, &m, &none, NULL), 0);
	source_cpu_time.read(s, values);
	assert_int_equal(values[0], (1 + 2 + 3 + 5 + 6) * tick_ns);
	assert_int_equal(values[1], 4 * tick_ns);
	assert_int_equal(values[2], 7 * tick_ns);
	tree_write(&t, "proc/stat", "cpu  x\n");
	source_cpu_time.read(s, values);
	assert_true(values[0] == ABSENT);
	source_cpu_time.close(s);
	machine_close(&m);
	tree_remove(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_here),
		cmocka_unit_test(test_empty_tree),
		cmocka_unit_test(test_cpu_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
