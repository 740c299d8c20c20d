#include "proto/base.h"
#include "proto/clock.h"
#include "proto/loop.h"
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>

#include <cmocka.h>

/* What happened, in order, as letters. */
static char trace[256];
static struct loop *loop;
static struct loop_timer *other;

static void note(char c)
{
	size_t n = strlen(trace);

	if (n + 1 < sizeof trace) {
		trace[n] = c;
		trace[n + 1] = '\0';
	}
}

static int begin(void **state)
{
	(void)state;
	trace[0] = '\0';
	other = NULL;
	loop = loop_new();
	return 0;
}

static int end(void **state)
{
	(void)state;
	loop_free(loop);
	return 0;
}

static void on_letter(void *arg, int64_t now_ns)
{
	assert_true(now_ns > 0);
	note(*(const char *)arg);
}

static void on_stop(void *arg, int64_t now_ns)
{
	(void)now_ns;
	loop_stop(loop, *(const int *)arg);
}

static void stop_in(int64_t ms, const int *status)
{
	loop_add_timer(loop, clock_monotonic_ns() + ms * NS_PER_MS, 0, on_stop, (void *)status);
}

static void on_periodic(void *arg, int64_t now_ns)
{
	(void)arg;
	(void)now_ns;
	note('p');
	if (strlen(trace) == 5)
		loop_stop(loop, 3);
}

/* A bar between turns. */
static void on_turn(void *arg)
{
	(void)arg;
	if (trace[0] == '\0' || trace[strlen(trace) - 1] != '|')
		note('|');
}

static void run_timers(void)
{
	static const int status = 7;
	int64_t now = clock_monotonic_ns();

	trace[0] = '\0';
	loop_add_timer(loop, now + 8 * NS_PER_MS, 0, on_letter, (void *)"b");
	loop_add_timer(loop, now + 2 * NS_PER_MS, 0, on_letter, (void *)"a");
	loop_add_timer(loop, 0, 0, on_letter, (void *)"0");
	loop_cancel_timer(loop, loop_add_timer(loop, now, 0, on_letter, (void *)"x"));
	loop_cancel_timer(loop, NULL);
	stop_in(20, &status);
	assert_int_equal(loop_run(loop), 7);
}

/* Those that are due in one turn have no order; once more where this machine was so busy. */
static void test_timers(void **state)
{
	(void)state;
	loop_before_sleep(loop, on_turn, NULL);
	for (int tries = 0; tries < 1000 && strcmp(trace, "|0|a|b|") != 0; tries++) {
		run_timers();
		assert_non_null(strchr(trace, '0'));
		assert_non_null(strchr(trace, 'a'));
		assert_non_null(strchr(trace, 'b'));
		assert_null(strchr(trace, 'x'));
	}
	assert_string_equal(trace, "|0|a|b|");
}

static void test_periodic(void **state)
{
	int64_t start = clock_monotonic_ns();

	(void)state;
	loop_add_timer(loop, start + NS_PER_MS, 2 * NS_PER_MS, on_periodic, NULL);
	assert_int_equal(loop_run(loop), 3);
	assert_string_equal(trace, "ppppp");
	assert_true(clock_monotonic_ns() - start >= 9 * NS_PER_MS);
}

static void on_cancel_other(void *arg, int64_t now_ns)
{
	static const int status = 1;

	(void)arg;
	(void)now_ns;
	note('c');
	loop_cancel_timer(loop, other);
	loop_add_timer(loop, 0, 0, on_letter, (void *)"n"); /* in the next turn, not in this one */
	stop_in(5, &status);
}

static void test_timers_cancel_each_other(void **state)
{
	(void)state;
	loop_add_timer(loop, 0, 0, on_cancel_other, NULL);
	other = loop_add_timer(loop, 0, 0, on_letter, (void *)"x"); /* due in the same turn */
	assert_int_equal(loop_run(loop), 1);
	assert_string_equal(trace, "cn");
}

static void on_hook(void *arg)
{
	(void)arg;
	note('h');
}

static void on_first_turn(void *arg, int64_t now_ns)
{
	static const int status = 0;

	(void)arg;
	(void)now_ns;
	note('a');
	stop_in(3, &status);
}

static void test_hook_before_each_sleep_and_at_the_end(void **state)
{
	(void)state;
	loop_before_sleep(loop, on_hook, NULL);
	loop_add_timer(loop, 0, 0, on_first_turn, NULL);
	assert_int_equal(loop_run(loop), 0);
	assert_true(strlen(trace) >= 4);
	assert_true(strncmp(trace, "hah", 3) == 0);
	assert_int_equal(trace[strlen(trace) - 1],
		'h'); /* what the last turn left is done before the return */
}

static int pipes[2][2];

static void on_readable(void *arg, int fd, short revents)
{
	char byte;

	(void)arg;
	assert_true(revents & POLLIN);
	assert_int_equal(read(fd, &byte, 1), 1);
	note(byte);
	if (byte == 'u') /* the other one is ready too, and must not be called any more */
		loop_unwatch_fd(loop, fd == pipes[0][0] ? pipes[1][0] : pipes[0][0]);
}

static void test_descriptors(void **state)
{
	static const int status = 0;

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pipe(pipes[i]), 0);
		loop_watch_fd(loop, pipes[i][0], POLLIN, on_readable, NULL);
		assert_int_equal(write(pipes[i][1], "ab", 2), 2);
	}
	stop_in(5, &status);
	assert_int_equal(loop_run(loop), 0);
	assert_string_equal(trace, "aabb");
	trace[0] = '\0';
	for (int i = 0; i < 2; i++)
		assert_int_equal(write(pipes[i][1], "u", 1), 1);
	stop_in(5, &status);
	assert_int_equal(loop_run(loop), 0);
	assert_string_equal(trace, "u");
	for (int i = 0; i < 2; i++) {
		loop_unwatch_fd(loop, pipes[i][0]);
		close(pipes[i][0]);
		close(pipes[i][1]);
	}
}

static void on_writable(void *arg, int fd, short revents)
{
	(void)arg;
	assert_true(revents & POLLOUT);
	note('w');
	loop_unwatch_fd(loop, fd);
}

/* Handlers that watch more than there was room for. */
static void on_grow(void *arg, int fd, short revents)
{
	(void)arg;
	(void)revents;
	loop_unwatch_fd(loop, fd);
	for (int i = 0; i < 40; i++)
		loop_watch_fd(loop, dup(pipes[0][1]), POLLOUT, on_writable, NULL);
}

static void test_handlers_add_watches(void **state)
{
	static const int status = 0;

	(void)state;
	assert_int_equal(pipe(pipes[0]), 0);
	loop_watch_fd(loop, pipes[0][1], POLLOUT, on_grow, NULL);
	stop_in(5, &status);
	assert_int_equal(loop_run(loop), 0);
	assert_int_equal(strlen(trace), 40);
	for (int fd = pipes[0][1] + 1; close(fd) == 0; fd++)
		;
	close(pipes[0][0]);
	close(pipes[0][1]);
}

static void on_signal(void *arg, int signo)
{
	(void)arg;
	note(signo == SIGTERM ? 't' : signo == SIGINT ? 'i' : 'H');
	if (signo == SIGTERM)
		loop_stop(loop, 9);
}

static void test_signals(void **state)
{
	(void)state;
	loop_catch_signals(loop, on_signal, NULL);
	kill(getpid(), SIGHUP);
	kill(getpid(), SIGINT);
	kill(getpid(), SIGTERM);
	assert_int_equal(loop_run(loop), 9);
	assert_int_equal(strlen(trace), 3);
	assert_non_null(strchr(trace, 't'));
	assert_non_null(strchr(trace, 'i'));
	assert_non_null(strchr(trace, 'H'));
}

static void on_stop_twice(void *arg, int64_t now_ns)
{
	(void)arg;
	(void)now_ns;
	loop_stop(loop, 4);
	assert_true(loop_is_stopping(loop));
	loop_stop(loop, 5);
}

static void test_first_stop_counts(void **state)
{
	(void)state;
	loop_add_timer(loop, 0, 0, on_stop_twice, NULL);
	assert_int_equal(loop_run(loop), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_timers, begin, end),
		cmocka_unit_test_setup_teardown(test_periodic, begin, end),
		cmocka_unit_test_setup_teardown(test_timers_cancel_each_other, begin, end),
		cmocka_unit_test_setup_teardown(
			test_hook_before_each_sleep_and_at_the_end, begin, end),
		cmocka_unit_test_setup_teardown(test_descriptors, begin, end),
		cmocka_unit_test_setup_teardown(test_handlers_add_watches, begin, end),
		cmocka_unit_test_setup_teardown(test_signals, begin, end),
		cmocka_unit_test_setup_teardown(test_first_stop_counts, begin, end),
	};

	return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
