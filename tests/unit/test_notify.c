#include "proto/base.h"
#include "proto/clock.h"
#include "proto/notify.h"
#include <setjmp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cmocka.h>

static int manager; /* its socket */
static char name[64];

/* The next datagram, or "" where there is none. */
static const char *told(void)
{
	static char text[1024];
	ssize_t n = recv(manager, text, sizeof text - 1, MSG_DONTWAIT);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void test_sockets_that_cannot_be_used(void **state)
{
	static const char *const paths[] = {"relative", "@", "/nowhere/notify", "vsock:2:1"};
	struct error err = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		setenv("NOTIFY_SOCKET", paths[i], 1);
		assert_true(notify_open(&err) < 0);
		assert_non_null(strstr(err.text, paths[i]));
		assert_null(getenv("NOTIFY_SOCKET"));
		assert_false(notify_is_on());
	}
	assert_int_equal(notify_open(&err), 0);
	notify_status("nobody hears it");
}

static void test_nothing_is_inherited(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct error err = {0};

	(void)state;
	snprintf(name, sizeof name, "@joulerig-test-notify-%d", (int)getpid());
	memcpy(address.sun_path + 1, name + 1, strlen(name) - 1);
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(
		bind(manager, (struct sockaddr *)&address,
			(socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))),
		0);
	char pid[16];
	snprintf(pid, sizeof pid, "%d", (int)getpid());
	setenv("NOTIFY_SOCKET", name, 1);
	setenv("WATCHDOG_USEC", "60000000", 1);
	setenv("WATCHDOG_PID", pid, 1);
	assert_int_equal(notify_open(&err), 0);
	assert_true(notify_is_on());
	assert_null(getenv("NOTIFY_SOCKET"));
	assert_null(getenv("WATCHDOG_USEC"));
	assert_null(getenv("WATCHDOG_PID"));
	assert_true(notify_interval() == 30 * NS_PER_S);
}

static void test_what_is_told(void **state)
{
	struct error err = {0};

	(void)state;
	notify_at_work();
	assert_string_equal(told(), "EXTEND_TIMEOUT_USEC=60000000");
	notify_at_work();
	assert_string_equal(told(), ""); /* not with each step */
	assert_int_equal(notify_ready(&err), 0);
	assert_string_equal(told(), "READY=1");
	notify_status("%d hosts\nREADY=0", 3);
	assert_string_equal(told(), "STATUS=3 hosts READY=0");
	notify_status("%d hosts\nREADY=0", 3);
	assert_string_equal(told(), "");
	notify_reloading();
	assert_non_null(strstr(told(), "RELOADING=1\nMONOTONIC_USEC="));
	notify_stopping(0);
	assert_string_equal(told(), "STOPPING=1");
	notify_stopping(2 * NS_PER_S);
	assert_string_equal(told(), "STOPPING=1\nEXTEND_TIMEOUT_USEC=2000000");
}

static void test_alive_once_in_an_interval(void **state)
{
	int64_t now = clock_monotonic_ns();

	(void)state;
	notify_alive(now);
	assert_string_equal(told(), "WATCHDOG=1");
	notify_alive(now + 5 * NS_PER_S);
	assert_string_equal(told(), "");
	notify_at_work();
	assert_string_equal(told(), "");
	notify_alive(now + 30 * NS_PER_S);
	assert_string_equal(told(), "WATCHDOG=1");
}

int main(void)
{
	/* In this order: a program has one manager. */
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sockets_that_cannot_be_used),
		cmocka_unit_test(test_nothing_is_inherited),
		cmocka_unit_test(test_what_is_told),
		cmocka_unit_test(test_alive_once_in_an_interval),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
