/* What /proc says of this process. */
#include "coordinator/http/page.h"

#include "proto/clock.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

struct process {
	int64_t cpu_ns, virtual_bytes, resident_bytes, started_ns;
};

/* When the machine was booted, since 1970: the same each time, whatever the clock is set to. From
 * clocks, as a service may see of /proc only its processes. */
static int64_t boot_ns(void)
{
	static int64_t known;

	if (known == 0)
		known = clock_realtime_ns() - clock_monotonic_ns() - clock_suspended_ns();
	return known;
}

/* The fields behind the program's name, which may have anything in it. */
static bool read_stat(struct process *out)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	unsigned long long user, system, start, size;
	long long pages;
	int64_t ticks = sysconf(_SC_CLK_TCK);

	if (buf_read_file(&text, AT_FDCWD, "/proc/self/stat", 65536) < 0)
		return false;
	const char *rest = strrchr(text.data, ')');
	if (rest == NULL || ticks <= 0 ||
		sscanf(rest + 1,
			" %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %*d %*d %*d %*d"
			" %*d %*d %llu %llu %lld",
			&user, &system, &start, &size, &pages) != 5)
		return false;
	*out = (struct process){.cpu_ns = (int64_t)(user + system) * (NS_PER_S / ticks),
		.virtual_bytes = (int64_t)size,
		.resident_bytes = pages * sysconf(_SC_PAGESIZE),
		.started_ns = boot_ns() + (int64_t)start * (NS_PER_S / ticks)};
	return true;
}

static int64_t count_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int64_t n = -3; /* ".", "..", and the one of this folder */

	if (dir == NULL)
		return ABSENT;
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}

void metrics_add_process(struct buf *out)
{
	struct rlimit limit;
	struct process p;

	if (read_stat(&p)) {
		metric_one(out, "process_cpu_seconds_total", "counter",
			"Total user and system CPU time spent in seconds.", p.cpu_ns, NS_PER_S);
		metric_one(out, "process_virtual_memory_bytes", "gauge",
			"Virtual memory size in bytes.", p.virtual_bytes, 1);
		metric_one(out, "process_resident_memory_bytes", "gauge",
			"Resident memory size in bytes.", p.resident_bytes, 1);
		metric_one(out, "process_start_time_seconds", "gauge",
			"Start time of the process since unix epoch in seconds.", p.started_ns,
			NS_PER_S);
	}
	metric_one(out, "process_open_fds", "gauge", "Number of open file descriptors.",
		count_descriptors(), 1);
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
		metric_one(out, "process_max_fds", "gauge",
			"Maximum number of open file descriptors.", (int64_t)limit.rlim_cur, 1);
}
