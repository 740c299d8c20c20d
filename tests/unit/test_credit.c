#include "coordinator/dispatch/credit.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* An agent that sends as much as it may, over a link of so many bytes a second, in frames. */
struct link {
	struct credit credit;
	int64_t may, under_way, most_under_way, carried, given;
	int64_t now_ns;
};

enum { FRAME = 16 * 1024 };

static void carry(struct link *l, int64_t bytes_a_second, int64_t frames, int64_t most)
{
	for (int64_t i = 0; i < frames; i++) {
		while (l->may > 0) {
			l->may -= FRAME;
			l->under_way += FRAME;
		}
		if (l->under_way > l->most_under_way)
			l->most_under_way = l->under_way;
		assert_true(l->under_way > 0); /* else it would wait for ever */
		l->now_ns += FRAME * NS_PER_S / bytes_a_second;
		l->under_way -= FRAME;
		l->carried += FRAME;
		int64_t bytes = credit_take(&l->credit, l->now_ns, FRAME, most);
		assert_true(bytes >= 0);
		l->may += bytes;
		/* What is not under way, not free and not owed is nowhere. */
		assert_int_equal(l->may + l->under_way + l->credit.owed, l->credit.window);
	}
}

static void begin(struct link *l)
{
	*l = (struct link){.now_ns = 1};
	l->may = credit_begin(&l->credit, CREDIT_MOST);
	assert_int_equal(l->may, CREDIT_LEAST);
}

static void test_a_slow_link_keeps_the_least(void **state)
{
	struct link l;

	(void)state;
	begin(&l);
	carry(&l, 10 * 1000, 1000, CREDIT_MOST);
	assert_int_equal(l.credit.window, CREDIT_LEAST);
	assert_true(l.most_under_way <= CREDIT_LEAST + FRAME);
}

static void test_a_fast_link_gets_the_most(void **state)
{
	struct link l;

	(void)state;
	begin(&l);
	carry(&l, 100 * 1000 * 1000, 10000, CREDIT_MOST);
	assert_int_equal(l.credit.window, CREDIT_MOST);
	assert_true(l.most_under_way <= CREDIT_MOST + FRAME);
}

static void test_a_link_that_becomes_slow_gets_less(void **state)
{
	struct link l;

	(void)state;
	begin(&l);
	carry(&l, 100 * 1000 * 1000, 10000, CREDIT_MOST);
	carry(&l, 20 * 1000, 2000, CREDIT_MOST);
	assert_int_equal(l.credit.window, CREDIT_LEAST);
	carry(&l, 100 * 1000 * 1000, 10000, CREDIT_MOST);
	assert_int_equal(l.credit.window, CREDIT_MOST);
}

static void test_none_gets_more_than_its_share(void **state)
{
	struct link l;

	(void)state;
	begin(&l);
	carry(&l, 100 * 1000 * 1000, 10000, 100 * 1024);
	assert_int_equal(l.credit.window, 100 * 1024);
	assert_int_equal(credit_begin(&l.credit, 1000), 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_slow_link_keeps_the_least),
		cmocka_unit_test(test_a_fast_link_gets_the_most),
		cmocka_unit_test(test_a_link_that_becomes_slow_gets_less),
		cmocka_unit_test(test_none_gets_more_than_its_share),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
