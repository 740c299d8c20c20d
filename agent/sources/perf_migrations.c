#include "agent/sources/perf_migrations.h"

#include "proto/base.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>

static int open_event(pid_t pid, bool is_for_run)
{
	struct perf_event_attr attr = {
		.size = sizeof attr,
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_CPU_MIGRATIONS,
		.disabled = 1,
		.inherit = is_for_run,
		.enable_on_exec = is_for_run,
	};
	int fd = (int)syscall(SYS_perf_event_open, &attr, pid, -1, -1, PERF_FLAG_FD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int perf_migrations_probe(struct error *why)
{
	int fd = open_event(0, false);
	if (fd == -EACCES || fd == -EPERM)
		return error_set(why, fd,
			"migrations: perf_event_open: %s: sysctl kernel.perf_event_paranoid=1, or "
			"run the "
			"agent with CAP_PERFMON",
			strerror(-fd));
	if (fd < 0)
		return error_set(why, fd, "migrations: perf_event_open: %s", strerror(-fd));
	return fd;
}

int perf_migrations_open(pid_t pid)
{
	return open_event(pid, true);
}

int64_t perf_migrations_finish(int fd)
{
	uint64_t count;
	if (fd < 0)
		return ABSENT;
	ssize_t n = read(fd, &count, sizeof count);
	close(fd);
	return n == (ssize_t)sizeof count ? (int64_t)count : ABSENT;
}
