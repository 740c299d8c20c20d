/*
 * doctor_meters.c - what can be measured here: energy zones, sources, hardware counters, CPUs
 */
#include "agent/cgroup.h"
#include "agent/commands/doctor.h"
#include "agent/cpu_model.h"
#include "agent/machine_state.h"
#include "agent/sources/source.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>

#define PARANOID_PATH "proc/sys/kernel/perf_event_paranoid"

/* Where a group may read the counter already, by doctor --fix or by the packages' udev rule, it is
 * enough to be in it. Returns whether that is so. */
static bool mend_by_group(
	const struct doctor_report *r, const struct energy_zone *z, struct buf *command)
{
	struct stat st;

	if (fstatat(r->m->root_fd, z->path, &st, 0) != 0 || (st.st_mode & S_IRGRP) == 0 ||
		st.st_gid == 0)
		return false;
	const struct group *g = machine_is_this(r->m) ? getgrgid(st.st_gid) : NULL;
	if (g == NULL)
		return false;
	buf_addf(command, "sudo usermod --append --groups %s \"$USER\", then log in anew",
		g->gr_name);
	return true;
}

static void mend_zone(
	const struct doctor_report *r, const struct energy_zone *z, struct buf *command)
{
	const char *root = r->m->root;

	if (z->state == ZONE_DENIED && strstr(z->path, "powercap") == NULL)
		buf_adds(command, "sudo joulerig-agent doctor --fix");
	else if (z->state == ZONE_DENIED && mend_by_group(r, z, command))
		return;
	else if (z->state == ZONE_DENIED)
		buf_addf(command, "sudo sh -c 'chgrp %u %s%s && chmod g+r %s%s'",
			(unsigned)getgid(), root, z->path, root, z->path);
	else if (z->state == ZONE_ABSENT)
		buf_adds(command, "sudo modprobe intel_rapl_msr");
	else if (z->state == ZONE_MASKED)
		buf_adds(command, "docker run --security-opt systempaths=unconfined ...");
}

static void check_zones(struct doctor_report *r)
{
	size_t n;
	const struct energy_zone *zones = energy_zones(r->meter, &n);

	for (size_t i = 0; i < n; i++) {
		_cleanup_buf_ struct buf command = BUF_INIT;
		if (zones[i].state == ZONE_OK && zones[i].doubt != NULL) {
			doctor_find(r, zones[i].metric, "broken", "", "%s (flag %s)", zones[i].why,
				zones[i].doubt);
			continue;
		}
		if (zones[i].state == ZONE_OK && zones[i].update_ns != ABSENT) {
			doctor_find(r, zones[i].metric, "ok", "", "updated every %lld us at most",
				(long long)(zones[i].update_ns / 1000));
			continue;
		}
		if (zones[i].state ==
			ZONE_OK) /* there, but no package that it could stand beside */
			continue;
		mend_zone(r, &zones[i], &command);
		doctor_find(r, zones[i].metric, zone_state_name(zones[i].state), command.data, "%s",
			zones[i].why);
	}
}

/* Without any zone: is there a driver to be loaded, or nothing that it could read? */
static void check_energy(struct doctor_report *r)
{
	struct cpu_model cpu;
	size_t n;

	energy_zones(r->meter, &n);
	check_zones(r);
	if (energy_source_name(r->meter) != NULL)
		return;
	cpu_model_read(&cpu, r->m);
	doctor_find(r, "energy", "absent",
		n == 0 && !cpu.is_guest ? "sudo modprobe intel_rapl_msr" : "", "%s",
		energy_why_not(r->meter));
}

static void check_sources(struct doctor_report *r)
{
	for (size_t i = 0; sources[i] != NULL; i++) {
		struct error why = {0};
		if (sources[i]->flags & IS_ENERGY)
			continue;
		bool is_fine = sources[i]->probe(r->m, &why) == 0;
		doctor_find(r, sources[i]->name, is_fine ? "ok" : "absent", "", "%s",
			is_fine ? sources[i]->summary : why.text);
	}
}

/* Opened as the agent does, and given back at once. */
static void check_cgroup(struct doctor_report *r)
{
	struct cgroups *c;

	if (!machine_is_this(r->m))
		return;
	cgroups_open(&c, NULL);
	const char *why = cgroups_why_not(c);
	doctor_find(r, "cgroup", why[0] == '\0' ? "ok" : "limited", "", "%s%s%s",
		cgroups_describe(c), why[0] != '\0' ? ": " : "", why);
	cgroups_close(c);
}

/* Whether perf_event_paranoid does not hold for this process. */
static bool may_perfmon(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct have[_LINUX_CAPABILITY_U32S_3] = {0};

	if (syscall(SYS_capget, &header, have) != 0)
		return false;
	return (have[CAP_TO_INDEX(CAP_PERFMON)].effective & CAP_TO_MASK(CAP_PERFMON)) != 0 ||
	       (have[CAP_TO_INDEX(CAP_SYS_ADMIN)].effective & CAP_TO_MASK(CAP_SYS_ADMIN)) != 0;
}

/* Source: Linux Documentation/admin-guide/sysctl/kernel.rst; 3 and 4 are of distributions. */
static void check_perf(struct doctor_report *r)
{
	static const char mend[] = "sudo joulerig-agent doctor --fix";
	int64_t level;

	if (machine_read_int(r->m, &level, PARANOID_PATH) != 0)
		doctor_find(r, "perf", "absent", "",
			"no perf events here (%s/" PARANOID_PATH "): no hardware counters",
			r->m->root);
	else if (machine_has_these_cpus(r->m) && may_perfmon())
		doctor_find(r, "perf", "ok", "",
			"this process may count anything (perf_event_paranoid is %lld)",
			(long long)level);
	else if (level <= 0)
		doctor_find(r, "perf", "ok", "", "perf_event_paranoid is %lld", (long long)level);
	else if (level <= 2)
		doctor_find(r, "perf", "limited", mend,
			"perf_event_paranoid is %lld: counters of runs%s, but none of whole CPUs "
			"(energy by perf, frequency, C-states)",
			(long long)level, level == 2 ? " in user mode" : "");
	else
		doctor_find(r, "perf", "denied", mend,
			"perf_event_paranoid is %lld: no counters but for root", (long long)level);
}

static void check_watchdog(struct doctor_report *r)
{
	int64_t value;

	if (machine_read_int(r->m, &value, "proc/sys/kernel/nmi_watchdog") != 0)
		return;
	if (value != 0)
		doctor_find(r, "nmi_watchdog", "limited", "sudo sysctl kernel.nmi_watchdog=0",
			"on: it takes one hardware counter of each CPU and interrupts it");
	else
		doctor_find(r, "nmi_watchdog", "ok", "", "off");
}

static void check_cpus(struct doctor_report *r)
{
	size_t allowed = 0;

	for (size_t i = 0; i < r->t->n; i++)
		allowed += r->t->cpus[i].is_allowed;
	if (allowed < 2)
		doctor_find(r, "placement", "shared", "",
			"only CPU %d may be used: the agent and the runs share it (flag "
			"shared_cpu)",
			r->t->housekeeping);
	else
		doctor_find(r, "placement", "ok", "",
			"%zu CPUs, CPU %d is the agent's and used last%s", allowed,
			r->t->housekeeping,
			allowed < r->t->n ? "; others are not allowed to this process" : "");
}

/* isolcpus= takes CPUs out of every process's mask: only who asks for them by number gets them. */
static void check_isolated(struct doctor_report *r)
{
	char isolated[128], tickless[128];

	if (machine_read_line(r->m, isolated, sizeof isolated, CPU_PATH "/isolated") > 0)
		doctor_find(r, "isolated", "info", "",
			"CPUs %s are kept free of other processes (isolcpus): start the agent by "
			"`taskset -c` with them and one more, so that runs may use them",
			isolated);
	if (machine_read_line(r->m, tickless, sizeof tickless, CPU_PATH "/nohz_full") > 0 &&
		strchr("0123456789", tickless[0]) != NULL)
		doctor_find(r, "nohz_full", "info", "",
			"CPUs %s have no timer interrupt while one thread runs there", tickless);
}

static void check_virtual(struct doctor_report *r)
{
	char type[64] = "";
	struct cpu_model cpu;

	cpu_model_read(&cpu, r->m);
	bool is_xen = machine_read_line(r->m, type, sizeof type, "sys/hypervisor/type") > 0;
	if (cpu.is_guest || is_xen)
		doctor_find(r, "machine", "limited", "",
			"a virtual one%s%s: its host takes time from it unseen, and as a rule "
			"passes no energy counters on; measure on the host",
			is_xen ? ", " : "", type);
	else
		doctor_find(r, "machine", "ok", "", "not a virtual one, as far as it shows");
}

static void check_tune(struct doctor_report *r)
{
	char path[96];

	snprintf(path, sizeof path, CPUFREQ_PATH "/scaling_governor",
		r->t->n > 0 ? r->t->cpus[0].cpu : 0);
	if (faccessat(r->m->root_fd, path, F_OK, AT_EACCESS) != 0)
		return; /* the governor says so */
	if (faccessat(r->m->root_fd, path, W_OK, AT_EACCESS) == 0)
		doctor_find(r, "tune", "ok", "", "this process may set governor and the like");
	else
		doctor_find(r, "tune", "denied", "",
			"this process may not set governor and the like: runs of campaigns with "
			"`tune` are skipped, unless the agent is run as root");
}

#define ROOM (INT64_C(1) << 30)

static void check_room(struct doctor_report *r)
{
	struct statvfs s;

	if (r->state == NULL)
		return;
	if (statvfs(r->state, &s) != 0) {
		doctor_find(r, "state", "absent", "", "%s: %m", r->state);
		return;
	}
	__int128 bytes = (__int128)s.f_bavail * s.f_frsize;
	long long mib = (long long)(bytes >> 20);
	if (bytes < ROOM)
		doctor_find(r, "state", "limited", "",
			"%lld MiB are free in %s, where files and results wait: make room", mib,
			r->state);
	else
		doctor_find(r, "state", "ok", "", "%lld MiB are free in %s", mib, r->state);
}

static void (*const checks[])(struct doctor_report *) = {
	check_energy,
	check_sources,
	check_perf,
	check_watchdog,
	check_cpus,
	check_isolated,
	check_cgroup,
	check_virtual,
	check_tune,
	check_room,
};

void doctor_check_meters(struct doctor_report *r)
{
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++)
		checks[i](r);
}
