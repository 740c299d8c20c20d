/* Programs that are run beside the loop: however one goes on, it ends at its timeout, or when it is
 * stopped. */
#include "coordinator/dispatch/child.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/wait.h>

#include <cmocka.h>

#define WAIT_NS (20 * NS_PER_MS)

extern char **environ;

static struct child_output run(const char *script, int stop_fd, int64_t timeout_ns)
{
	const char *const argv[] = {"/bin/sh", "-c", script, NULL};
	struct child_output o;
	struct error err = {0};

	assert_int_equal(child_run(argv, environ, stop_fd, timeout_ns, &o, &err), 0);
	return o;
}

static void what_it_prints_and_its_status_are_taken(void **state)
{
	struct child_output o = run("echo out; echo err >&2; exit 7", -1, 60 * NS_PER_S);

	(void)state;
	assert_string_equal(o.out.data, "out\n");
	assert_string_equal(o.err.data, "err\n");
	assert_int_equal(WEXITSTATUS(o.status), 7);
	assert_false(o.was_too_slow || o.was_stopped);
	child_output_done(&o);
}

static void one_that_closed_its_output_is_waited_for(void **state)
{
	struct child_output o = run("exec >/dev/null 2>&1; sleep 0.02; exit 7", -1, 60 * NS_PER_S);

	(void)state;
	assert_int_equal(WEXITSTATUS(o.status), 7);
	assert_false(o.was_too_slow || o.was_stopped);
	child_output_done(&o);
}

static void one_that_closed_its_output_has_a_timeout(void **state)
{
	struct child_output o = run("exec >/dev/null 2>&1; sleep 600", -1, WAIT_NS);

	(void)state;
	assert_true(o.was_too_slow);
	assert_true(WIFSIGNALED(o.status));
	child_output_done(&o);
}

static void one_that_closed_its_output_is_stopped(void **state)
{
	int stop_fd = eventfd(1, EFD_CLOEXEC);
	struct child_output o = run("exec >/dev/null 2>&1; sleep 600", stop_fd, 600 * NS_PER_S);

	(void)state;
	assert_true(o.was_stopped);
	assert_true(WIFSIGNALED(o.status));
	child_output_done(&o);
	close(stop_fd);
}

/* It counts as what it ended with, not as too slow. */
static void what_it_leaves_behind_is_not_waited_for(void **state)
{
	struct child_output o = run("sleep 2 & echo out; exit 7", -1, 60 * NS_PER_S);

	(void)state;
	assert_string_equal(o.out.data, "out\n");
	assert_int_equal(WEXITSTATUS(o.status), 7);
	assert_false(o.was_too_slow || o.was_stopped);
	child_output_done(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_it_prints_and_its_status_are_taken),
		cmocka_unit_test(one_that_closed_its_output_is_waited_for),
		cmocka_unit_test(one_that_closed_its_output_has_a_timeout),
		cmocka_unit_test(one_that_closed_its_output_is_stopped),
		cmocka_unit_test(what_it_leaves_behind_is_not_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
