/* What runs cost until a common horizon: by hand, and the flip against a search over horizons. */
#include "coordinator/analysis/horizon.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_near(double value, double expected)
{
	if (!(fabs(value - expected) <= 1e-9 * (1 + fabs(expected))))
		fail_msg("%.12g, expected %.12g", value, expected);
}

/* 10 s at 30 W, 20 s at 16 W, idle 5 W: 300 and 320 J; above idle 250 and 220 J. */
static const struct horizon_run fast = {10, 300}, slow = {20, 320};

static void test_energy_until_a_horizon(void **state)
{
	(void)state;
	assert_near(horizon_energy(&fast, 5, 20), 350);
	assert_near(horizon_energy(&slow, 5, 20), 320);
	assert_near(horizon_energy(&fast, 5, 100), 750);
	/* It is run to its end. */
	assert_near(horizon_energy(&slow, 5, 15), 320);
	assert_near(horizon_energy(&fast, 0, 1000), 300);
}

static void test_flip(void **state)
{
	(void)state;
	/* 4 s of rest cost the 20 J that it spared. */
	assert_near(horizon_flip(&fast, &slow, 5), 14);
	assert_near(horizon_flip(&slow, &fast, 5), 14);
	/* What cannot change: the slow one costs more whatever H is, or less. */
	assert_true(isnan(horizon_flip(&fast, &slow, 1)));
	assert_true(isnan(horizon_flip(&fast, &(struct horizon_run){20, 290}, 5)));
	assert_true(isnan(horizon_flip(&fast, &fast, 5)));
	assert_true(isnan(horizon_flip(&fast, &(struct horizon_run){10, 400}, 5)));
	assert_true(isnan(horizon_flip(&fast, &slow, 0)));
	assert_true(isnan(horizon_flip(&fast, &slow, NAN)));
	assert_true(isnan(horizon_flip(&fast, &(struct horizon_run){NAN, NAN}, 5)));
}

/* The order at a horizon changes at the flip and nowhere else. */
static void test_flip_is_where_the_order_changes(void **state)
{
	unsigned seed = 1;
	int flips = 0;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		double v[5];
		for (int k = 0; k < 5; k++) {
			seed = seed * 1103515245 + 12345;
			v[k] = (double)(seed >> 16 & 0x3ff) / 64 + 0.5;
		}
		const struct horizon_run a = {v[0], v[0] * v[1]}, b = {v[2], v[2] * v[3]};
		double idle = v[4] / 4, flip = horizon_flip(&a, &b, idle), end = fmax(v[0], v[2]);
		bool first = horizon_energy(&a, idle, 0) < horizon_energy(&b, idle, 0);
		for (int k = 1; k <= 100; k++) {
			double h = end * 1.5 * k / 100;
			double off = horizon_energy(&a, idle, h) - horizon_energy(&b, idle, h);
			if (fabs(off) < 1e-9)
				continue;
			assert_int_equal(off < 0, isnan(flip) || h < flip ? first : !first);
		}
		flips += !isnan(flip);
	}
	assert_true(flips > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_energy_until_a_horizon),
		cmocka_unit_test(test_flip),
		cmocka_unit_test(test_flip_is_where_the_order_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
