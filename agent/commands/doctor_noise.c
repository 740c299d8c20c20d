/*
 * doctor_noise.c - what makes numbers vary here that need not: frequencies, siblings, load, swap,
 * battery, clocks
 */
#include "agent/commands/doctor.h"
#include "agent/machine_state.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>

/* One word where all CPUs agree, "mixed", or "" where none shows the file. */
static void common_line(const struct doctor_report *r, const char *file, char out[64])
{
	char line[64];

	out[0] = '\0';
	for (size_t i = 0; i < r->t->n; i++) {
		if (machine_read_line(r->m, line, sizeof line, CPUFREQ_PATH "/%s",
			    r->t->cpus[i].cpu, file) <= 0)
			continue;
		if (out[0] == '\0')
			memcpy(out, line, sizeof line);
		else if (strcmp(out, line) != 0)
			strcpy(out, "mixed");
	}
}

static char *write_all_cpus(const struct doctor_report *r, const char *file, const char *value)
{
	return xasprintf("sudo sh -c 'for f in %s/" CPU_PATH
			 "/cpu*/cpufreq/%s; do echo %s > $f; done'",
		r->m->root, file, value);
}

static void check_governor(struct doctor_report *r)
{
	_cleanup_free_ char *mend = write_all_cpus(r, "scaling_governor", "performance");
	char governor[64];

	common_line(r, "scaling_governor", governor);
	if (governor[0] == '\0')
		doctor_find(r, "governor", "absent", "",
			"no frequency control here: runs cannot be repeated at one frequency");
	else if (strcmp(governor, "performance") != 0)
		doctor_find(r, "governor", "noisy", mend,
			"governor %s: times vary more than with performance", governor);
	else
		doctor_find(r, "governor", "ok", "", "performance");
}

static void check_epp(struct doctor_report *r)
{
	_cleanup_free_ char *mend =
		write_all_cpus(r, "energy_performance_preference", "performance");
	char epp[64];

	common_line(r, "energy_performance_preference", epp);
	if (epp[0] == '\0')
		return;
	if (strcmp(epp, "performance") != 0 && strcmp(epp, "0") != 0)
		doctor_find(r, "epp", "noisy", mend,
			"energy preference %s: the processor lowers frequencies by itself", epp);
	else
		doctor_find(r, "epp", "ok", "", "performance");
}

static void check_turbo(struct doctor_report *r)
{
	int64_t turbo = machine_turbo(r->m), value;
	bool is_pstate = machine_read_int(r->m, &value, NO_TURBO_PATH) == 0;
	_cleanup_free_ char *mend = xasprintf("sudo sh -c 'echo %d > %s/%s'", is_pstate ? 1 : 0,
		r->m->root, is_pstate ? NO_TURBO_PATH : BOOST_PATH);

	if (turbo == 1)
		doctor_find(r, "turbo", "noisy", mend,
			"on: the frequency depends on temperature and on how many cores are busy");
	else if (turbo == 0)
		doctor_find(r, "turbo", "ok", "", "off");
}

static void check_smt(struct doctor_report *r)
{
	_cleanup_free_ char *mend =
		xasprintf("sudo sh -c 'echo off > %s/" CPU_PATH "/smt/control'", r->m->root);
	int64_t active;

	if (machine_read_int(r->m, &active, CPU_PATH "/smt/active") != 0)
		return;
	if (active != 0)
		doctor_find(r, "smt", "info", mend,
			"on: two threads of one core slow each other; `placement: {smt: avoid}` "
			"does without");
	else
		doctor_find(r, "smt", "ok", "", "off: one thread a core");
}

/* "SwapTotal:  123 kB" of proc/meminfo, in KiB; -1 where it is not there. */
static long long meminfo(const char *text, const char *key)
{
	const char *p = strstr(text, key);
	long long kib;

	return p != NULL && sscanf(p + strlen(key), ": %lld kB", &kib) == 1 ? kib : -1;
}

static void check_swap(struct doctor_report *r)
{
	_cleanup_buf_ struct buf text = BUF_INIT;

	if (buf_read_file(&text, r->m->root_fd, "proc/meminfo", 1 << 20) != 0)
		return;
	long long total = meminfo(text.data, "SwapTotal"), free = meminfo(text.data, "SwapFree");
	if (total < 0 || free < 0 || free > total)
		return;
	if (total > free)
		doctor_find(r, "swap", "noisy", "sudo swapoff --all",
			"%lld MiB are swapped out: they come back within runs",
			(total - free) / 1024);
	else
		doctor_find(r, "swap", "ok", "", total > 0 ? "not in use" : "none");
}

static void check_supply(struct doctor_report *r)
{
	if (machine_is_on_mains(r->m) == 0)
		doctor_find(r, "supply", "noisy", "",
			"on battery: processors are held back; plug it in");
	else if (machine_is_on_mains(r->m) == 1)
		doctor_find(r, "supply", "ok", "", "mains, or no battery at all");
}

static void check_hugepages(struct doctor_report *r)
{
	char line[96];

	if (machine_read_line(
		    r->m, line, sizeof line, "sys/kernel/mm/transparent_hugepage/enabled") > 0 &&
		strstr(line, "[always]") != NULL)
		doctor_find(r, "hugepages", "info",
			"sudo sh -c 'echo madvise > /sys/kernel/mm/transparent_hugepage/enabled'",
			"always: memory is made of huge pages when there happen to be some, so "
			"that the speed of memory differs from run to run");
}

static void check_numa(struct doctor_report *r)
{
	int64_t value;

	if (r->t->numa_nodes > 1 &&
		machine_read_int(r->m, &value, "proc/sys/kernel/numa_balancing") == 0 && value != 0)
		doctor_find(r, "numa_balancing", "noisy", "sudo sysctl kernel.numa_balancing=0",
			"on: the kernel moves pages between nodes within runs");
}

/* Source: Linux Documentation/virt/kvm/x86/timekeeping.rst; arch_sys_counter is ARM's. */
static void check_clock(struct doctor_report *r)
{
	static const char *const good[] = {"tsc", "kvm-clock", "xen", "arch_sys_counter",
		"hyperv_clocksource_tsc_page", "timebase"};
	char name[64];

	if (machine_read_line(r->m, name, sizeof name,
		    "sys/devices/system/clocksource/clocksource0/current_clocksource") <= 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		if (strcmp(name, good[i]) == 0) {
			doctor_find(r, "clock", "ok", "", "%s", name);
			return;
		}
	doctor_find(r, "clock", "noisy", "",
		"%s: reading it takes a microsecond and more; the kernel's log says why it is not "
		"tsc",
		name);
}

/* ---- load, and who ---- */

#define PROCESSES 4096

struct process {
	int pid;
	int64_t ticks;
	char name[20];
};

/* Fields 2, 14 and 15 of proc/PID/stat; the name may hold anything but ends at the last ')'. */
static bool read_process(const struct machine *m, int pid, struct process *out)
{
	long long user, system;
	char line[512];

	if (machine_read_line(m, line, sizeof line, "proc/%d/stat", pid) <= 0)
		return false;
	char *open = strchr(line, '('), *end = strrchr(line, ')');
	if (open == NULL || end == NULL || end < open ||
		sscanf(end + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lld %lld", &user,
			&system) != 2)
		return false;
	*end = '\0';
	*out = (struct process){.pid = pid, .ticks = user + system};
	snprintf(out->name, sizeof out->name, "%s", open + 1);
	for (char *p = out->name; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || (unsigned char)*p > '~')
			*p = '?';
	return true;
}

static size_t read_processes(const struct machine *m, struct process *out)
{
	int fd = openat(m->root_fd, "proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	size_t n = 0;

	for (struct dirent *e; dir != NULL && n < PROCESSES && (e = readdir(dir)) != NULL;) {
		int pid = atoi(e->d_name);
		n += pid > 0 && pid != getpid() && read_process(m, pid, &out[n]);
	}
	if (dir != NULL)
		closedir(dir);
	else if (fd >= 0)
		close(fd);
	return n;
}

static int by_ticks(const void *a, const void *b)
{
	const struct process *x = a, *y = b;

	return (x->ticks < y->ticks) - (x->ticks > y->ticks);
}

/* ": make (12), gcc (14)": who used the most since then. */
static void name_busiest(
	struct process *now, size_t n, const struct process *then, size_t then_n, struct buf *out)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < then_n; k++)
			if (now[i].pid == then[k].pid)
				now[i].ticks -= then[k].ticks;
	qsort(now, n, sizeof *now, by_ticks);
	for (size_t i = 0; i < n && i < 3 && now[i].ticks > 0; i++)
		buf_addf(out, "%s%s (%d)", i == 0 ? ": " : ", ", now[i].name, now[i].pid);
}

/* Only of a machine that is at work, not of a copy of its files. */
static void check_load(struct doctor_report *r)
{
	const struct timespec window = {0, 500 * NS_PER_MS};
	struct machine_cpu_time before, after;
	_cleanup_buf_ struct buf who = BUF_INIT;

	if (!machine_has_these_cpus(r->m))
		return;
	_cleanup_free_ struct process *then = xcalloc(PROCESSES, sizeof *then);
	_cleanup_free_ struct process *now = xcalloc(PROCESSES, sizeof *now);
	size_t then_n = read_processes(r->m, then);
	machine_cpu_time(r->m, &before);
	nanosleep(&window, NULL);
	machine_cpu_time(r->m, &after);
	if (before.busy == ABSENT || after.busy == ABSENT)
		return;
	size_t n = read_processes(r->m, now);
	name_busiest(now, n, then, then_n, &who);
	long long hundredths = (after.busy - before.busy) * 100 / window.tv_nsec;
	doctor_find(r, "load", hundredths > 10 ? "noisy" : "ok", "",
		"%lld.%02lld CPUs are busy now%s", hundredths / 100, hundredths % 100,
		hundredths > 10 ? who.data : "");
	if ((after.stolen - before.stolen) * 100 / window.tv_nsec > 2)
		doctor_find(r, "stolen", "noisy", "",
			"the hypervisor takes %lld %% of a CPU's time now",
			(long long)((after.stolen - before.stolen) * 100 / window.tv_nsec));
}

static void (*const checks[])(struct doctor_report *) = {
	check_governor,
	check_epp,
	check_turbo,
	check_smt,
	check_swap,
	check_supply,
	check_hugepages,
	check_numa,
	check_clock,
	check_load,
};

void doctor_check_noise(struct doctor_report *r)
{
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++)
		checks[i](r);
}
