/* Who a command runs as, on what memory, and with how many processes. */
#include "agent/launch_parts.h"

#include <errno.h>
#include <ftw.h>
#include <grp.h>
#include <inttypes.h>
#include <linux/mempolicy.h>
#include <pwd.h>
#include <sys/stat.h>

/* ---- the user ---- */

/* The last one that was asked for: a database on the net may be slow, and is asked once. */
static struct {
	char *name; /* owned */
	uid_t uid;
	gid_t gid;
	gid_t groups[EXEC_MAX_GROUPS];
	int groups_n;
} known;

static int look_up(const char *user, struct error *err)
{
	if (known.name != NULL && strcmp(known.name, user) == 0)
		return 0;
	errno = 0;
	const struct passwd *p = getpwnam(user);
	if (p == NULL)
		return error_set(err, errno != 0 ? -errno : -ENOENT, "limits.user: %s: %s", user,
			errno != 0 ? strerror(errno) : "no such user on this machine");
	int n = EXEC_MAX_GROUPS;
	uid_t uid = p->pw_uid;
	gid_t gid = p->pw_gid;
	free(known.name);
	known.name = NULL;
	if (getgrouplist(user, gid, known.groups, &n) < 0)
		return error_set(err, -E2BIG, "limits.user: %s is in %d groups, the most is %d",
			user, n, EXEC_MAX_GROUPS);
	known.name = xstrdup(user);
	known.uid = uid;
	known.gid = gid;
	known.groups_n = n;
	return 0;
}

int launch_set_user(struct exec_spec *spec, const char *user, struct error *err)
{
	spec->is_other_user = 0;
	spec->uid = geteuid();
	if (user == NULL)
		return 0;
	int code = look_up(user, err);
	if (code < 0 || known.uid == geteuid())
		return code;
	/* An agent that may change user must not be a way to become root. */
	if (known.uid == 0)
		return error_set(err, -EPERM,
			"limits.user: %s: an agent that is not root itself runs nothing as root",
			user);
	spec->is_other_user = 1;
	spec->uid = known.uid;
	spec->gid = known.gid;
	spec->groups_n = (uint32_t)known.groups_n;
	for (int i = 0; i < known.groups_n; i++)
		spec->groups[i] = known.groups[i];
	return 0;
}

/* ---- processes ---- */

/* Threads of a user, as RLIMIT_NPROC counts them (setrlimit(2)). */
static int64_t count_threads(uint32_t uid)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	int64_t n = 0;
	DIR *dir = opendir("/proc");
	if (dir == NULL)
		return 0;
	for (struct dirent *e; (e = readdir(dir)) != NULL;) {
		char path[64];
		unsigned real;
		int threads;
		if (!isdigit((unsigned char)e->d_name[0]))
			continue;
		snprintf(path, sizeof path, "%.20s/status", e->d_name);
		buf_reset(&text);
		if (buf_read_file(&text, dirfd(dir), path, 65536) < 0)
			continue;
		const char *u = strstr(text.data, "\nUid:"), *t = strstr(text.data, "\nThreads:");
		if (u != NULL && t != NULL && sscanf(u + 5, "%u", &real) == 1 && real == uid &&
			sscanf(t + 9, "%d", &threads) == 1)
			n += threads;
	}
	closedir(dir);
	return n;
}

int launch_set_processes(struct exec_spec *spec, int64_t processes, struct error *err)
{
	spec->nproc = 0;
	if (processes <= 0)
		return 0;
	/* fork(2) asks nobody for root's: copy_process() of kernel/fork.c. */
	if (spec->uid == 0)
		return error_set(err, -EOPNOTSUPP,
			"limits.processes cannot be kept for root without a control group: let "
			"the agent have one with the pids controller (joulerig-agent doctor tells "
			"how), or run as another user (limits.user)");
	/* The kernel counts all of a user's, not the run's alone. */
	spec->nproc = (uint64_t)(processes + count_threads(spec->uid));
	return 0;
}

/* ---- memory ---- */

static bool parse_nodes(uint8_t mask[EXEC_NODES_BYTES], const char *list)
{
	const char *at = list;
	do {
		char *end;
		long first = strtol(at, &end, 10), last = first;
		if (end == at || first < 0)
			return false;
		if (*end == '-') {
			at = end + 1;
			last = strtol(at, &end, 10);
			if (end == at)
				return false;
		}
		if (last < first || last >= EXEC_NODES_BYTES * 8)
			return false;
		for (long i = first; i <= last; i++)
			mask[i / 8] |= (uint8_t)(1U << (i % 8));
		at = end + 1;
		if (*end == '\0')
			return true;
		if (*end != ',')
			return false;
	} while (true);
}

int launch_set_memory(
	struct exec_spec *spec, const char *policy, const char *nodes, struct error *err)
{
	if (policy == NULL || strcmp(policy, "any") == 0)
		return 0;
	if (strcmp(policy, "local") == 0)
		spec->mempolicy = MPOL_BIND;
	else if (strcmp(policy, "interleave") == 0)
		spec->mempolicy = MPOL_INTERLEAVE;
	else
		return error_set(err, -EINVAL,
			"placement.memory: '%s' is none of local, interleave, any", policy);
	if (nodes == NULL || !parse_nodes(spec->nodes, nodes))
		return error_set(err, -EINVAL, "placement.memory: '%s' is no list of memory nodes",
			nodes != NULL ? nodes : "");
	return 0;
}

/* ---- what a command of another user must reach ---- */

static _Thread_local struct {
	uid_t from, uid;
	gid_t gid;
	int error;
} giving;

static int give_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)ftw;
	/* Another name of a file from elsewhere, which only looks as if it were of here. */
	bool is_linked = type == FTW_F && st->st_nlink > 1;
	if (st->st_uid != giving.from || is_linked || lchown(path, giving.uid, giving.gid) == 0)
		return 0;
	/* Not on to the top, which tells that all of it was given. */
	giving.error = errno;
	return 1;
}

/* Whoever knows a name below may pass; nobody else can list. From top down to path's parent. */
static int open_way(const char *path, const char *top, struct error *err)
{
	const mode_t passable = S_IXGRP | S_IXOTH;
	_cleanup_free_ char *way = xstrdup(path);
	size_t top_len = strlen(top);
	if (strncmp(path, top, top_len) != 0 || (path[top_len] != '/' && path[top_len] != '\0'))
		return error_set(err, -EINVAL, "%s is not below %s", path, top);
	for (char *slash = way + top_len; slash != NULL; slash = strchr(slash + 1, '/')) {
		struct stat st;
		char kept = *slash;
		if (kept == '\0')
			break;
		*slash = '\0';
		bool is_closed = stat(way, &st) == 0 && (st.st_mode & passable) != passable;
		if (is_closed && chmod(way, (st.st_mode & 07777) | passable) < 0)
			return error_errno(err, "limits.user: cannot open the way through %s", way);
		*slash = kept;
	}
	return 0;
}

static bool may_pass(const struct stat *st)
{
	if (st->st_uid == known.uid)
		return (st->st_mode & S_IXUSR) != 0;
	for (int i = 0; i < known.groups_n; i++) {
		if (st->st_gid == known.groups[i])
			return (st->st_mode & S_IXGRP) != 0;
	}
	return (st->st_mode & S_IXOTH) != 0;
}

static int check_way(const char *path, const char *user, struct error *err)
{
	_cleanup_free_ char *way = xstrdup(path);
	for (char *slash = strchr(way + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		struct stat st;
		*slash = '\0';
		if (stat(way, &st) == 0 && !may_pass(&st))
			return error_set(err, -EACCES,
				"limits.user: %s cannot reach %s: %s is closed to it: chmod o+x "
				"%s, "
				"or give the agent another --state (`joulerig run` another --db)",
				user, path, way, way);
		*slash = '/';
	}
	return 0;
}

int launch_give_to_user(const char *path, const char *top, const char *user, struct error *err)
{
	struct exec_spec spec = {0};
	int code = launch_set_user(&spec, user, err);
	if (code < 0 || !spec.is_other_user)
		return code;
	if ((code = open_way(path, top, err)) < 0 || (code = check_way(path, user, err)) < 0)
		return code;
	/* Its top is given last: then all of it was, and is the user's to change meanwhile. */
	struct stat top_entry;
	if (lstat(path, &top_entry) == 0 && top_entry.st_uid == spec.uid)
		return 0;
	giving.from = geteuid();
	giving.uid = spec.uid;
	giving.gid = spec.gid;
	giving.error = 0;
	/* A directory after what is in it: as long as the walk is below one, nobody else can put a
	 * link in the place of a part of the way. */
	if (nftw(path, give_entry, 32, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) < 0 && giving.error == 0)
		giving.error = errno;
	if (giving.error != 0)
		return error_set(err, -giving.error, "limits.user: %s cannot be given to %s: %s",
			path, user, strerror(giving.error));
	return 0;
}
