/*
 * Controllers for the runs' cgroups, and the agent's place beside them.
 *
 * A cgroup that has processes of its own gives its children no controllers (EBUSY; "No Internal
 * Process Constraint" of Linux Documentation/admin-guide/cgroup-v2.rst), except the root of the
 * hierarchy. So the agent steps aside into CGROUP_AGENT, with the other processes of joulerig, and
 * only where there are no others: neither a user's shell nor a container's init is ours to move.
 *
 * The cpu controller is not asked for: cpu.stat and cpu.pressure are there without it, and with it
 * a run would be scheduled as a group, which a command outside of joulerig is not.
 */
#include "agent/cgroup_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define PROCS   "cgroup.procs"
#define SUBTREE "cgroup.subtree_control"
#define ASIDE   CGROUP_AGENT "/" PROCS
#define PASSES  20 /* over processes that appear while others are moved */
/* Base is not delegated; cgroupfs has no such error of its own. */
#define SYSTEMDS (-EUCLEAN)

static const char *const wanted[] = {"memory", "pids", "io"};

/* ---- whose processes there are ---- */

static bool read_program(const char *pid, char out[PATH_MAX])
{
	char link[64];
	snprintf(link, sizeof link, "/proc/%.20s/exe", pid);
	ssize_t n = readlink(link, out, PATH_MAX - 1);
	if (n < 0)
		return false;
	out[n] = '\0';
	/* What was built anew meanwhile is still the same program. */
	char *deleted = strstr(out, " (deleted)");
	if (deleted != NULL)
		*deleted = '\0';
	return true;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash != NULL ? slash + 1 : path;
}

/* Whether a process is this one, or runs one of joulerig's programs. */
static bool is_ours(const char *pid)
{
	static const char *const names[] = {"joulerig", "joulerig-agent", "joulerig-exec"};
	char program[PATH_MAX];
	if (atoi(pid) == (int)getpid())
		return true;
	if (!read_program(pid, program))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(base_name(program), names[i]) == 0)
			return true;
	}
	return false;
}

static bool is_gone(const char *pid)
{
	return cgroup_start_of(atoi(pid)) < 0 && atoi(pid) != 0;
}

/* The first process of base that is not joulerig's, as "bash, process 12": owned, or NULL. */
static char *find_stranger(const struct cgroups *c)
{
	_cleanup_buf_ struct buf procs = BUF_INIT;
	cgroup_read(c->base_fd, PROCS, &procs);
	for (char *rest = procs.data, *pid; (pid = strsep(&rest, "\n")) != NULL;) {
		char program[PATH_MAX];
		if (*pid == '\0' || is_ours(pid) || is_gone(pid))
			continue;
		if (read_program(pid, program))
			return xasprintf("%s, process %s", base_name(program), pid);
		return xasprintf("process %s", pid);
	}
	return NULL;
}

/* ---- moving ---- */

/* Returns how many there were to be moved, or -errno. Both files are below base. */
static int move_all(const struct cgroups *c, const char *from, const char *to)
{
	_cleanup_buf_ struct buf procs = BUF_INIT;
	int n = 0, r = cgroup_read(c->base_fd, from, &procs);
	if (r < 0)
		return r;
	for (char *rest = procs.data, *pid; (pid = strsep(&rest, "\n")) != NULL;) {
		if (*pid == '\0')
			continue;
		n++;
		r = cgroup_write(c->base_fd, to, pid);
		if (r < 0 && r != -ESRCH)
			return r;
	}
	return n;
}

static void move_back(struct cgroups *c)
{
	for (int i = 0; i < PASSES && move_all(c, ASIDE, PROCS) > 0; i++)
		;
	unlinkat(c->base_fd, CGROUP_AGENT, AT_REMOVEDIR);
}

/* Returns 0 when base has no processes any more, or -errno with all of them back. */
static int step_aside(struct cgroups *c)
{
	int n = -EBUSY;
	for (int i = 0; i < PASSES; i++) {
		/* Another agent that ends may just have removed it. */
		if (mkdirat(c->base_fd, CGROUP_AGENT, 0755) < 0 && errno != EEXIST)
			return -errno;
		n = move_all(c, PROCS, ASIDE);
		if (n == 0)
			return 0;
		if (n < 0 && n != -ENOENT && n != -ENODEV)
			break;
	}
	move_back(c);
	return n < 0 ? n : -EBUSY;
}

/* ---- controllers ---- */

/* Systemd divides what it was not told to leave alone anew when it likes. */
static bool is_systemds(const struct cgroups *c)
{
	char value[8];
	return geteuid() == 0 && access("/run/systemd/system", F_OK) == 0 &&
	       fgetxattr(c->base_fd, "trusted.delegate", value, sizeof value) < 0 &&
	       errno == ENODATA &&
	       fgetxattr(c->base_fd, "user.delegate", value, sizeof value) < 0 && errno == ENODATA;
}

/* Switch on all that is wanted and can be had. Returns 0, or the first -errno. */
static int switch_on(const struct cgroups *c, const char *available)
{
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		char text[16];
		snprintf(text, sizeof text, "+%s", wanted[i]);
		if (!text_has_word(available, wanted[i]))
			continue;
		int r = cgroup_write(c->base_fd, SUBTREE, text);
		if (r < 0)
			return r;
	}
	return 0;
}

static char *list_missing(const char *have, const char *own, bool *is_v1)
{
	struct buf list = BUF_INIT;
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		/* The io controller has another name there. */
		const char *old = strcmp(wanted[i], "io") == 0 ? "blkio" : wanted[i];
		if (text_has_word(have, wanted[i]))
			continue;
		buf_addf(&list, "%s%s", list.len > 0 ? ", " : "", wanted[i]);
		*is_v1 = *is_v1 || cgroup_is_v1(own, old);
	}
	return buf_take(&list);
}

#define REMEDY                                                                                     \
	"give the agent a control group of its own: Delegate=yes in its service, or systemd-run "  \
	"--user --scope -p Delegate=yes joulerig run ..."

/* Why some are not there although they are available: error is what switching on said. */
static char *explain_busy(const struct cgroups *c, const char *missing, int error)
{
	_cleanup_free_ char *stranger = error == -EBUSY ? find_stranger(c) : NULL;
	if (stranger != NULL)
		return xasprintf("no %s for runs: other processes (%s) live in %s: " REMEDY,
			missing, stranger, c->base);
	if (error == SYSTEMDS)
		return xasprintf("no %s for runs: %s is systemd's: " REMEDY, missing, c->base);
	return xasprintf(
		"no %s for runs: %s/" SUBTREE ": %s: " REMEDY, missing, c->base, strerror(-error));
}

static char *explain(const struct cgroups *c, const char *available, const char *own, int error)
{
	bool is_v1 = false, unused = false;
	_cleanup_free_ char *missing = list_missing(c->controllers, own, &unused);
	_cleanup_free_ char *absent = list_missing(available, own, &is_v1);
	if (*missing == '\0')
		return xstrdup("");
	if (error < 0)
		return explain_busy(c, missing, error);
	if (is_v1)
		return xasprintf("no %s for runs: these controllers are on version 1: boot with "
				 "systemd.unified_cgroup_hierarchy=1 on the kernel's command line",
			absent);
	return xasprintf("no %s for runs: %s does not have them: " REMEDY, absent, c->base);
}

void cgroup_enable(struct cgroups *c, const char *own, char **why_not)
{
	_cleanup_buf_ struct buf available = BUF_INIT, have = BUF_INIT;
	int error = 0;
	cgroup_read(c->base_fd, "cgroup.controllers", &available);
	cgroup_read(c->base_fd, SUBTREE, &have);
	bool is_due = false;
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		is_due = is_due || (text_has_word(available.data, wanted[i]) &&
					   !text_has_word(have.data, wanted[i]));
	if (is_due)
		error = is_systemds(c) ? SYSTEMDS : switch_on(c, available.data);
	if (error == -EBUSY) {
		_cleanup_free_ char *stranger = find_stranger(c);
		if (stranger == NULL && (error = step_aside(c)) == 0) {
			error = switch_on(c, available.data);
			if (error < 0)
				move_back(c);
		}
	}
	buf_reset(&have);
	cgroup_read(c->base_fd, SUBTREE, &have);
	while (have.len > 0 && have.data[have.len - 1] == '\n')
		have.data[--have.len] = '\0';
	free(c->controllers);
	c->controllers = xstrdup(have.data);
	*why_not = explain(c, available.data, own, error);
}

/* Whether another agent lives in CGROUP_AGENT or has a run here. */
static bool is_needed(const struct cgroups *c)
{
	_cleanup_buf_ struct buf procs = BUF_INIT;
	char own[PATH_MAX] = "", program[PATH_MAX];
	read_program("self", own);
	if (cgroup_read(c->base_fd, ASIDE, &procs) < 0)
		return true;
	for (char *rest = procs.data, *pid; (pid = strsep(&rest, "\n")) != NULL;) {
		if (*pid != '\0' && atoi(pid) != (int)getpid() && read_program(pid, program) &&
			strcmp(base_name(program), base_name(own)) == 0)
			return true;
	}
	return false;
}

/* Another agent may have moved us too. */
static bool lives_aside(const struct cgroups *c)
{
	_cleanup_buf_ struct buf procs = BUF_INIT;
	char pid[16];
	snprintf(pid, sizeof pid, "%d", (int)getpid());
	return cgroup_read(c->base_fd, ASIDE, &procs) == 0 && text_has_word(procs.data, pid);
}

void cgroup_restore(struct cgroups *c)
{
	if (!lives_aside(c) || is_needed(c))
		return;
	for (size_t i = ARRAY_SIZE(wanted); i-- > 0;) {
		char text[16];
		snprintf(text, sizeof text, "-%s", wanted[i]);
		/* Where one stays, the processes stay aside, which harms nobody. */
		cgroup_write(c->base_fd, SUBTREE, text);
	}
	move_back(c);
}
