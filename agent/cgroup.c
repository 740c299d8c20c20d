/* Finding and opening: whether runs can have cgroups here, and what is told of it. */
#include "agent/cgroup.h"

#include "agent/cgroup_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#define LONGEST (16 * 1024 * 1024) /* bytes of a file of /proc or of a cgroup */

int cgroup_write(int dirfd, const char *file, const char *text)
{
	_cleanup_close_ int fd = openat(dirfd, file, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

int cgroup_read(int dirfd, const char *file, struct buf *b)
{
	return buf_read_file(b, dirfd, file, LONGEST);
}

int64_t cgroup_start_of(pid_t pid)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	char path[64];
	unsigned long long start;
	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	if (cgroup_read(AT_FDCWD, path, &text) < 0)
		return -1;
	/* The name in parentheses may hold anything; the start is the 20th field after it. */
	const char *at = strrchr(text.data, ')');
	for (int i = 0; i < 20 && at != NULL; i++)
		at = strchr(at + 1, ' ');
	return at != NULL && sscanf(at, " %llu", &start) == 1 ? (int64_t)start : -1;
}

/* ---- opening ---- */

static bool lives_in(int dirfd, struct error *why, const char *directory)
{
	_cleanup_buf_ struct buf procs = BUF_INIT;
	char pid[16];
	int r = cgroup_read(dirfd, "cgroup.procs", &procs);
	snprintf(pid, sizeof pid, "%d", (int)getpid());
	if (r == 0 && text_has_word(procs.data, pid))
		return true;
	if (r == -EOPNOTSUPP)
		error_set(why, r, "%s is a threaded control group: start the agent outside of it",
			directory);
	else
		error_set(why, r < 0 ? r : -ENOENT,
			"%s is not the agent's own control group: another one is mounted over it",
			directory);
	return false;
}

/* The directory that the runs' cgroups are made in: the own one, or that above CGROUP_AGENT. */
static int open_base(struct cgroups *c, char *own, struct error *why)
{
	char *last = strrchr(own, '/');
	_cleanup_close_ int fd = open(own, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(why, "%s", own);
	if (!lives_in(fd, why, own))
		return -ENOENT;
	if (last != NULL && strcmp(last + 1, CGROUP_AGENT) == 0)
		*last = '\0';
	c->base_fd = open(own, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c->base_fd < 0)
		return error_errno(why, "%s", own);
	c->base = xstrdup(own);
	return 0;
}

/* Names say whose they are, so that another agent can tell whether that one lives. */
static char *make_prefix(void)
{
	struct stat ns;
	if (stat("/proc/self/ns/pid", &ns) < 0)
		ns.st_ino = 0;
	return xasprintf(CGROUP_RUN "%ju-%d-%" PRId64 "-", (uintmax_t)ns.st_ino, (int)getpid(),
		cgroup_start_of(getpid()));
}

static int refused(const struct cgroups *c, int code, struct error *why)
{
	if (code == -EROFS)
		return error_set(why, code,
			"%s is mounted read-only: start the container with a writable cgroup "
			"(docker run --privileged --cgroupns=private)",
			c->base);
	if (code == -EACCES || code == -EPERM)
		return error_set(why, code,
			"%s is not the agent's to divide: Delegate=yes in its service, or start it "
			"by systemd-run --user --scope -p Delegate=yes",
			c->base);
	return error_set(why, code, "%s: %s", c->base, strerror(-code));
}

/* Whether one can be made, and processes be put into it. */
static int probe(struct cgroups *c, struct error *why)
{
	_cleanup_buf_ struct buf type = BUF_INIT;
	_cleanup_free_ char *name = xasprintf("%s0", c->prefix);
	if (faccessat(c->base_fd, "cgroup.procs", W_OK, AT_EACCESS) < 0)
		return refused(c, -errno, why);
	if (mkdirat(c->base_fd, name, 0755) < 0)
		return refused(c, -errno, why);
	_cleanup_free_ char *file = xasprintf("%s/cgroup.type", name);
	int r = cgroup_read(c->base_fd, file, &type);
	unlinkat(c->base_fd, name, AT_REMOVEDIR);
	if (r == 0 && strncmp(type.data, "domain\n", 7) != 0)
		return error_set(why, -EOPNOTSUPP,
			"%s is a threaded control group: start the agent outside of it", c->base);
	return 0;
}

/* Find the base and open it. own receives the text of /proc/self/cgroup. */
static int find_base(struct cgroups *c, struct buf *own, struct error *why)
{
	_cleanup_buf_ struct buf mounts = BUF_INIT;
	buf_reset(own);
	if (cgroup_read(AT_FDCWD, "/proc/self/cgroup", own) < 0 ||
		cgroup_read(AT_FDCWD, "/proc/self/mountinfo", &mounts) < 0)
		return error_set(why, -ENOENT,
			"/proc/self/cgroup cannot be read: this kernel has no control groups, or "
			"/proc is not mounted");
	_cleanup_free_ char *directory = cgroup_find(own->data, mounts.data, why);
	return directory != NULL ? open_base(c, directory, why) : -ENOENT;
}

static int open_all(struct cgroups *c, struct error *why)
{
	_cleanup_buf_ struct buf own = BUF_INIT;
	int code, tries = 5;
	do {
		code = find_base(c, &own, why);
		/* Another agent may step aside at this very moment, and take us with it. */
	} while (code < 0 && --tries > 0);
	if (code < 0)
		return code;
	c->prefix = make_prefix();
	code = probe(c, why);
	if (code < 0)
		return code;
	cgroup_end_stale(c);
	free(c->why_not);
	cgroup_enable(c, own.data, &c->why_not);
	return 0;
}

static char *describe(const struct cgroups *c)
{
	_cleanup_buf_ struct buf list = BUF_INIT;
	if (c->base == NULL)
		return xstrdup("none");
	for (const char *at = c->controllers; *(at += strspn(at, " \n")) != '\0';) {
		size_t n = strcspn(at, " \n");
		buf_addf(&list, "%s%.*s", list.len > 0 ? ", " : "", (int)n, at);
		at += n;
	}
	return list.len > 0 ? xasprintf("v2 with %s", list.data)
			    : xstrdup("v2 without controllers");
}

static void close_base(struct cgroups *c)
{
	if (c->base_fd >= 0)
		close(c->base_fd);
	free(c->base);
	c->base = NULL;
	c->base_fd = -1;
}

int cgroups_open(struct cgroups **out, struct error *why)
{
	struct error local = {0};
	struct cgroups *c = xcalloc(1, sizeof *c);
	c->base_fd = -1;
	c->controllers = xstrdup("");
	c->why_not = xstrdup("");
	int code = open_all(c, &local);
	if (code < 0) {
		close_base(c);
		free(c->why_not);
		c->why_not = xstrdup(local.text);
		if (why != NULL)
			*why = local;
	}
	c->description = describe(c);
	*out = c;
	return code;
}

void cgroups_close(struct cgroups *c)
{
	if (c == NULL)
		return;
	while (c->left != NULL) {
		struct cgroup *g = c->left;
		c->left = g->next;
		cgroup_end(c->base_fd, strrchr(g->path, '/') + 1, NS_PER_S);
		free(g->path);
		free(g);
	}
	if (c->base != NULL)
		cgroup_restore(c);
	close_base(c);
	free(c->prefix);
	free(c->controllers);
	free(c->description);
	free(c->why_not);
	free(c);
}

const char *cgroups_describe(const struct cgroups *c)
{
	return c->description;
}

const char *cgroups_why_not(const struct cgroups *c)
{
	return c->why_not;
}

bool cgroups_has(const struct cgroups *c, const char *controller)
{
	return text_has_word(c->controllers, controller);
}
