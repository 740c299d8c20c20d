/* What is not to be asked of an older coordinator. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base.h"
#include "proto/message_minor.h"
#include <cmocka.h>

static int64_t needed(const struct message *m)
{
	const char *what = NULL;
	int64_t minor = message_minor(m, &what);

	assert_int_equal(minor != 0, what != NULL);
	return minor;
}

static void test_submit(void **state)
{
	struct message m;

	(void)state;
	message_init(&m, MESSAGE_SUBMIT);
	m.submit.campaign = "campaign: a\n";
	assert_int_equal(needed(&m), 0);
	m.submit.schedule = 0;
	assert_int_equal(needed(&m), 0);
	m.submit.schedule = 1;
	assert_int_equal(needed(&m), 4);
	m.submit.schedule = ABSENT;
	m.submit.again = "a.1";
	assert_int_equal(needed(&m), 4);
	m.submit.again = NULL;
	m.submit.against = "a.1";
	assert_int_equal(needed(&m), 4);
}

static void test_steer_and_query(void **state)
{
	static const struct {
		const char *verb, *query;
		int64_t minor;
	} cases[] = {
		{"pause", "runs", 0},
		{"prune", "campaigns", 0},
		{"drain", "hosts", 0},
		{"rerun", "schedules", 4},
		{"extend", "sweeps", 4},
		{"label", "notices", 4},
		{"unschedule", "deliveries", 4},
		{"sweep", "schedules", 4},
	};
	struct message m;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		message_init(&m, MESSAGE_STEER);
		m.steer.verb = cases[i].verb;
		assert_int_equal(needed(&m), cases[i].minor);
		message_init(&m, MESSAGE_QUERY);
		m.query.what = cases[i].query;
		assert_int_equal(needed(&m), cases[i].minor);
	}
	message_init(&m, MESSAGE_STATUS);
	assert_int_equal(needed(&m), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_submit),
		cmocka_unit_test(test_steer_and_query),
	};

	return cmocka_run_group_tests_name("message_minor", tests, NULL, NULL);
}
