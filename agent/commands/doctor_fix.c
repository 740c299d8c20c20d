/*
 * doctor_fix.c - `joulerig-agent doctor --fix` and `--undo`: what needs root, done once
 *
 * The least that lets an ordinary user measure:
 *
 * Energy counters (powercap) are root's since Linux 5.10, for a fine enough view of them leaks
 * secrets (CVE-2020-8694). A group gets the right to read them: now, and by a udev rule whenever
 * the driver makes them anew. Source: Linux Documentation/ABI/testing/sysfs-class-powercap.
 *
 * perf events of whole CPUs (energy by perf, frequency, C-states) need perf_event_paranoid <= 0 or
 * CAP_PERFMON (Linux 5.8). A sysctl opens them to every program of every user; the capability, to
 * those who run the agent, and only for what the agent does: what it starts has no capabilities. So
 * the capability is preferred, and the sysctl is for older kernels. A level of 1 would not do: it
 * lets processes count themselves alone. Source: Linux Documentation/admin-guide/perf-security.rst.
 *
 * The governor is set until the next boot: a machine is not only a benchmark's.
 */
#include "agent/commands/doctor.h"
#include "agent/commands/doctor_changes.h"
#include "agent/cpu_model.h"
#include "agent/machine_state.h"
#include "agent/state_file.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <sys/stat.h>

#define RULES_PATH    "etc/udev/rules.d/70-joulerig.rules"
#define SYSCTL_PATH   "etc/sysctl.d/70-joulerig.conf"
#define PARANOID_PATH "proc/sys/kernel/perf_event_paranoid"
#define POWERCAP_PATH "sys/class/powercap"
#define GROUP         "joulerig-energy" /* the packages' udev rule names it, too */
#define WRITTEN                                                                                    \
	"# Written by `joulerig-agent doctor --fix`; `joulerig-agent doctor --undo` removes it.\n"

static void make_file(struct changes *c, const char *path, const char *text)
{
	/* Folders on the way, each a change of its own. */
	for (const char *p = path; (p = strchr(p, '/')) != NULL; p++) {
		_cleanup_free_ char *folder = xstrndup(path, (size_t)(p - path));
		json_t *now = change_read(c, "folder", folder);
		if (!json_is_true(now))
			change_make(c, "folder", folder, json_true());
		json_decref(now);
	}
	change_make(c, "file", path, json_pack("{s:s, s:i}", "text", text, "mode", 0644));
}

/* ---- energy ---- */

/* The group's number by the root's own etc/group, and here by any other means that there are; -1:
 * there is none. */
static int find_group(const struct machine *m, const char *name)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	_cleanup_free_ char *start = xasprintf("%s:", name);

	if (machine_is_this(m)) {
		const struct group *g = getgrnam(name);
		return g != NULL ? (int)g->gr_gid : -1;
	}
	if (buf_read_file(&text, m->root_fd, "etc/group", 1 << 20) != 0)
		return -1;
	for (const char *p = text.data; (p = strstr(p, start)) != NULL; p++) {
		int gid;
		if ((p == text.data || p[-1] == '\n') &&
			sscanf(p + strlen(start), "%*[^:]:%d", &gid) == 1)
			return gid;
	}
	return -1;
}

/* It stands in a shell command of the rule: no more than useradd(8) allows. */
static bool is_group_name(const char *name)
{
	if (!(islower((unsigned char)name[0]) || name[0] == '_') || strlen(name) > 32)
		return false;
	for (const char *p = name; *p != '\0'; p++)
		if (!islower((unsigned char)*p) && !isdigit((unsigned char)*p) &&
			strchr("_-", *p) == NULL)
			return false;
	return true;
}

/* Names of zones that have a counter, in order; the caller frees each and all. */
static int list_zones(const struct machine *m, struct dirent ***names)
{
	_cleanup_close_ int fd =
		openat(m->root_fd, POWERCAP_PATH, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	*names = NULL;
	return fd >= 0 ? scandirat(fd, ".", names, NULL, alphasort) : -1;
}

/* The access to a zone's counter that the group needs; NULL where everybody has it. */
static json_t *wanted_access(const struct changes *c, const char *path, int gid, bool *is_counter)
{
	json_t *now = change_read(c, "access", path);
	int mode = 0, old_gid;

	*is_counter =
		now != NULL && json_unpack(now, "{s:i, s:i}", "gid", &old_gid, "mode", &mode) == 0;
	json_decref(now);
	if (!*is_counter || (mode & S_IROTH))
		return NULL;
	return json_pack("{s:i, s:i}", "gid", gid, "mode", mode | S_IRGRP);
}

/* Returns how many counters need the group; grants them where gid is one. */
static size_t grant_zones(struct changes *c, int gid, size_t *counters)
{
	struct dirent **names;
	int n = list_zones(c->m, &names);
	size_t needed = 0;

	*counters = 0;
	for (int i = 0; i < n; i++) {
		char path[320];
		bool is_counter;
		snprintf(path, sizeof path, POWERCAP_PATH "/%s/energy_uj", names[i]->d_name);
		json_t *access = strncmp(names[i]->d_name, "intel-rapl", 10) == 0
					 ? wanted_access(c, path, gid, &is_counter)
					 : (is_counter = false, NULL);
		*counters += is_counter;
		needed += access != NULL;
		if (access != NULL && gid >= 0)
			change_make(c, "access", path, access);
		else
			json_decref(access);
		free(names[i]);
	}
	free(names);
	return needed;
}

static void reload_rules(struct changes *c)
{
	static const char *const argv[] = {"udevadm", "control", "--reload", NULL};
	const char *state = "shown";

	if (machine_is_this(c->m) && !c->is_dry) {
		int r = run_program(argv);
		/* Without udev there is nobody to read them. */
		state = r == 0 ? "changed" : r == -ENOENT ? "gone" : "failed";
	}
	change_tell(c, "udev rules", state, "udevadm control --reload");
}

static void fix_energy(struct changes *c, const char *group)
{
	_cleanup_free_ char *rule = xasprintf(WRITTEN
		"# The group may read the energy counters, which are root's since Linux 5.10.\n"
		"SUBSYSTEM==\"powercap\", ACTION==\"add\", KERNEL==\"intel-rapl*:*\", "
		"RUN+=\"/bin/sh -c 'chgrp %s /sys%%p/energy_uj && chmod g+r "
		"/sys%%p/energy_uj'\"\n",
		group);
	size_t counters;

	if (grant_zones(c, -1, &counters) == 0) {
		struct cpu_model cpu;
		cpu_model_read(&cpu, c->m);
		change_tell(c, "energy", counters > 0 ? "same" : "none",
			counters > 0   ? "everybody may read the counters"
			: cpu.is_guest ? "no powercap zones: a virtual machine"
				       : "no powercap zones; sudo modprobe intel_rapl_msr");
		return;
	}
	json_t *exists = find_group(c->m, group) >= 0 ? json_true() : NULL;
	if (exists == NULL)
		change_make(c, "group", group, json_true());
	int gid = find_group(c->m, group);
	size_t before = c->changed;
	make_file(c, RULES_PATH, rule);
	if (c->changed > before)
		reload_rules(c);
	if (gid < 0)
		change_tell(c, "energy counters", c->is_dry ? "would" : "shown",
			"granted as soon as there is the group: doctor --fix again");
	else
		grant_zones(c, gid, &counters);
	if (exists == NULL) {
		_cleanup_free_ char *command =
			xasprintf("usermod --append --groups %s USER, then log in anew", group);
		change_tell(c, "who measures", "shown", command);
	}
}

/* ---- perf ---- */

static void fix_perf(struct changes *c, const char *way)
{
	int64_t level, last;
	char path[PATH_MAX];

	if (machine_read_int(c->m, &level, PARANOID_PATH) != 0) {
		change_tell(c, "perf", "none", "no perf events here");
		return;
	}
	bool has_perfmon = machine_read_int(c->m, &last, "proc/sys/kernel/cap_last_cap") == 0 &&
			   last >= CAP_PERFMON;
	if (way == NULL && level <= 0) {
		change_tell(c, "perf", "same", "perf_event_paranoid lets everybody count");
		return;
	}
	if (way == NULL)
		way = has_perfmon ? "capability" : "sysctl";
	if (strcmp(way, "sysctl") == 0) {
		make_file(c, SYSCTL_PATH, WRITTEN "kernel.perf_event_paranoid = 0\n");
		if (level > 0)
			change_make(c, "value", PARANOID_PATH, json_string("0"));
		return;
	}
	ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
	if (n < 0) {
		change_tell(c, "perf", "failed", "/proc/self/exe cannot be read");
		return;
	}
	path[n] = '\0';
	change_make(c, "capability", path, capability_perfmon());
}

/* ---- governor ---- */

static void fix_governor(struct changes *c, const struct topology *t)
{
	_cleanup_free_ ino_t *seen = xcalloc(t->n + 1, sizeof *seen);
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++) {
		char path[128], choices[256];
		struct stat st;
		snprintf(path, sizeof path, CPUFREQ_PATH "/scaling_governor", t->cpus[i].cpu);
		if (fstatat(c->m->root_fd, path, &st, 0) != 0 ||
			(machine_read_line(c->m, choices, sizeof choices,
				 CPUFREQ_PATH "/scaling_available_governors", t->cpus[i].cpu) > 0 &&
				!text_has_word(choices, "performance")))
			continue;
		/* CPUs of one frequency policy share a folder. */
		size_t k = 0;
		while (k < n && seen[k] != st.st_ino)
			k++;
		if (k < n)
			continue;
		seen[n++] = st.st_ino;
		change_make(c, "value", path, json_string("performance"));
	}
	if (n == 0)
		change_tell(c, "governor", "none", "no governor `performance` here");
}

/* ---- what is called ---- */

static int check_right(const struct doctor_options *o, const struct machine *m, const char *what,
	struct error *err)
{
	if (o->dry_run || !machine_is_this(m) || geteuid() == 0)
		return 0;
	return error_set(err, ERR_UNAVAILABLE,
		"doctor: %s needs root: sudo joulerig-agent doctor %s; --dry-run tells what it "
		"would do",
		what, what);
}

static int finish(struct changes *c, struct error *err)
{
	size_t failed = c->failed;

	changes_close(c);
	if (failed == 0)
		return EXIT_OK;
	error_set(err, ERR_UNAVAILABLE, "doctor: %zu steps failed", failed);
	return EXIT_UNAVAILABLE;
}

int doctor_fix(const struct doctor_options *o, const struct machine *m, const struct topology *t,
	struct error *err)
{
	const char *group = o->group != NULL ? o->group : GROUP;
	struct changes c;

	if (!is_group_name(group)) {
		error_set(err, ERR_USAGE, "doctor: --group '%s' is no name of a group", group);
		return EXIT_USAGE;
	}
	if (check_right(o, m, "--fix", err) < 0 ||
		changes_open(&c, m, o->dry_run, agent_wants_json(&o->common), err) < 0)
		return EXIT_UNAVAILABLE;
	fix_energy(&c, group);
	if (o->perf == NULL || strcmp(o->perf, "none") != 0)
		fix_perf(&c, o->perf);
	fix_governor(&c, t);
	return finish(&c, err);
}

int doctor_undo(const struct doctor_options *o, const struct machine *m, struct error *err)
{
	struct changes c;

	if (check_right(o, m, "--undo", err) < 0 ||
		changes_open(&c, m, o->dry_run, agent_wants_json(&o->common), err) < 0)
		return EXIT_UNAVAILABLE;
	bool has_rules = false;
	const json_t *e;
	size_t i;
	json_array_foreach(c.journal, i, e)
	{
		const char *path = json_string_value(json_object_get(e, "path"));
		has_rules |= strcmp(path, RULES_PATH) == 0;
	}
	changes_undo(&c);
	if (has_rules)
		reload_rules(&c);
	return finish(&c, err);
}
