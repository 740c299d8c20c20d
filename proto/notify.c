#include "proto/notify.h"

#include "proto/base.h"
#include "proto/clock.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

/* So long a manager that does not read its socket can hold the program up, where it must know. */
#define PATIENCE_S 5
/* What is asked for with each step of something long before the program is ready. */
#define STEP_NS       (5 * NS_PER_S)
#define STEP_LASTS_NS (60 * NS_PER_S)

static int fd = -1; /* connected; -1: there is no manager */
static bool is_ready;
static int64_t interval_ns, alive_ns, step_ns;
static char *status; /* that was sent last, owned */

static int say(const char *text, int flags)
{
	if (fd < 0 || gettid() != getpid())
		return 0;
	return send(fd, text, strlen(text), flags | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* ---- opening ---- */

static int connect_to(const char *path, struct error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const struct timeval patience = {.tv_sec = PATIENCE_S};
	size_t len = strlen(path);

	if ((path[0] != '/' && path[0] != '@') || len < 2 || len >= sizeof address.sun_path)
		return error_set(err, -EINVAL,
			"NOTIFY_SOCKET '%s': expected a path or '@NAME'; the service manager is "
			"told nothing",
			path);
	memcpy(address.sun_path, path, len);
	if (path[0] == '@')
		address.sun_path[0] = '\0'; /* Linux's abstract names: unix(7) */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address,
			       (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) == 0) {
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
		return 0;
	}
	int r = error_errno(
		err, "NOTIFY_SOCKET '%s': the service manager cannot be told anything", path);
	if (fd >= 0)
		close(fd);
	fd = -1;
	return r;
}

/* The manager may watch another process than this one. */
static void read_interval(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	long long value = usec != NULL ? atoll(usec) : 0;

	if (value > 0 && value < INT64_MAX / 1000 && (pid == NULL || atoll(pid) == getpid()))
		interval_ns = value * 1000 / 2;
}

int notify_open(struct error *err)
{
	const char *path = getenv("NOTIFY_SOCKET");
	int r = 0;

	if (path != NULL && path[0] != '\0') {
		r = connect_to(path, err);
		if (r == 0)
			read_interval();
	}
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	return r;
}

bool notify_is_on(void)
{
	return fd >= 0;
}

/* ---- telling ---- */

int notify_ready(struct error *err)
{
	int r = say("READY=1", 0);

	is_ready = true;
	return r == 0 ? 0
		      : error_set(err, r, "the service manager cannot be told READY: %s",
				strerror(-r));
}

void notify_reloading(void)
{
	char text[64];

	snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%lld",
		(long long)(clock_monotonic_ns() / 1000));
	(void)say(text, 0);
}

void notify_stopping(int64_t patience_ns)
{
	char text[80];

	snprintf(text, sizeof text, "STOPPING=1\nEXTEND_TIMEOUT_USEC=%lld",
		(long long)(patience_ns / 1000));
	(void)say(patience_ns > 0 ? text : "STOPPING=1", 0);
}

void notify_status(const char *format, ...)
{
	char line[512];
	va_list ap;

	if (fd < 0)
		return;
	va_start(ap, format);
	vsnprintf(line, sizeof line, format, ap);
	va_end(ap);
	/* A line of its own would be another key. */
	for (char *p = line; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = ' ';
	if (status != NULL && strcmp(status, line) == 0)
		return;
	_cleanup_free_ char *text = xasprintf("STATUS=%s", line);
	if (say(text, MSG_DONTWAIT) < 0)
		return; /* it is said again with the next call */
	free(status);
	status = xstrdup(line);
}

int64_t notify_interval(void)
{
	return interval_ns;
}

void notify_alive(int64_t now_ns)
{
	/* A little early is on time: the caller's timer has the same interval. */
	if (interval_ns > 0 && (alive_ns == 0 || now_ns - alive_ns >= interval_ns * 9 / 10) &&
		say("WATCHDOG=1", MSG_DONTWAIT) == 0)
		alive_ns = now_ns;
}

void notify_at_work(void)
{
	int64_t now = fd >= 0 ? clock_monotonic_ns() : 0;
	char text[64];

	if (fd < 0 || gettid() != getpid())
		return;
	if (is_ready) {
		notify_alive(now);
	} else if (step_ns == 0 || now - step_ns >= STEP_NS) {
		step_ns = now;
		snprintf(text, sizeof text, "EXTEND_TIMEOUT_USEC=%lld",
			(long long)(STEP_LASTS_NS / 1000));
		(void)say(text, MSG_DONTWAIT);
	}
}
