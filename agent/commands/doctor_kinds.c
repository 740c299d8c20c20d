/*
 * doctor_kinds.c - the kinds of things that `doctor --fix` changes: how each is read and written
 */
#include "agent/commands/doctor_changes.h"
#include "agent/machine_state.h"
#include "agent/state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <grp.h>
#include <linux/capability.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>

extern char **environ;

#define FILE_LIMIT 65536
#define CAPABILITY "security.capability"

/* The folder of a path below the root; its name within goes to *name. */
static int open_folder(const struct machine *m, const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');
	_cleanup_free_ char *folder = xstrndup(path, slash != NULL ? (size_t)(slash - path) : 0);

	*name = slash != NULL ? slash + 1 : path;
	return state_file_open(m, slash != NULL ? folder : ".", O_RDONLY | O_DIRECTORY, 0);
}

/* ---- file ---- */

static json_t *read_text(const struct machine *m, const char *path)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	const char *name;
	struct stat st;
	_cleanup_close_ int folder = open_folder(m, path, &name);

	if (folder == -ENOENT)
		return json_null();
	int r = folder < 0 ? folder : buf_read_file(&text, folder, name, FILE_LIMIT);
	if (r == -ENOENT)
		return json_null();
	if (r == 0 && fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		r = -errno;
	/* json_stringn refuses what is no UTF-8: then it is no file of ours. */
	json_t *line = r == 0 ? json_stringn(text.data, text.len) : NULL;
	errno = r < 0 ? -r : EILSEQ;
	return line == NULL
		       ? NULL
		       : json_pack("{s:o, s:i}", "text", line, "mode", (int)(st.st_mode & 07777));
}

static int write_text(const struct machine *m, const char *path, const json_t *value)
{
	const char *name, *text;
	_cleanup_close_ int folder = open_folder(m, path, &name);
	size_t len;
	int mode;

	if (folder < 0)
		return folder;
	if (json_is_null(value))
		return state_file_remove(folder, name);
	if (json_unpack((json_t *)value, "{s:s%, s:i}", "text", &text, &len, "mode", &mode) != 0)
		return -EINVAL;
	return state_file_replace(folder, name, text, len, (unsigned)mode);
}

/* ---- value ---- */

static json_t *read_value(const struct machine *m, const char *path)
{
	char line[128];
	int n = machine_read_line(m, line, sizeof line, "%s", path);

	errno = n < 0 ? -n : EILSEQ;
	return n == -ENOENT ? json_null() : n < 0 ? NULL : json_string(line);
}

static int write_value(const struct machine *m, const char *path, const json_t *value)
{
	/* What was not there cannot be made: it went with its CPU or driver. */
	return json_is_null(value) ? -ENOENT : state_file_write(m, path, json_string_value(value));
}

/* ---- access ---- */

static json_t *read_access(const struct machine *m, const char *path)
{
	_cleanup_close_ int fd = state_file_open(m, path, O_PATH, 0);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0) {
		errno = fd < 0 ? -fd : errno;
		return errno == ENOENT ? json_null() : NULL;
	}
	return json_pack("{s:i, s:i}", "gid", (int)st.st_gid, "mode", (int)(st.st_mode & 07777));
}

static int write_access(const struct machine *m, const char *path, const json_t *value)
{
	_cleanup_close_ int fd = state_file_open(m, path, O_PATH, 0);
	char name[40];
	int gid, mode;

	if (fd < 0)
		return fd;
	if (json_unpack((json_t *)value, "{s:i, s:i}", "gid", &gid, "mode", &mode) != 0)
		return -ENOENT;
	snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
	/* The owner first: the kernel takes bits off a mode when it changes. */
	if (fchownat(fd, "", (uid_t)-1, (gid_t)gid, AT_EMPTY_PATH) != 0 ||
		chmod(name, (mode_t)mode) != 0)
		return -errno;
	return 0;
}

/* ---- folder ---- */

static json_t *read_folder(const struct machine *m, const char *path)
{
	_cleanup_close_ int fd = state_file_open(m, path, O_PATH | O_DIRECTORY, 0);

	errno = fd < 0 ? -fd : 0;
	return fd >= 0 ? json_true() : fd == -ENOENT ? json_null() : NULL;
}

static int write_folder(const struct machine *m, const char *path, const json_t *value)
{
	const char *name;
	_cleanup_close_ int folder = open_folder(m, path, &name);

	if (folder < 0)
		return folder;
	if (json_is_true(value))
		return mkdirat(folder, name, 0755) != 0 ? -errno : 0;
	return unlinkat(folder, name, AT_REMOVEDIR) != 0 ? -errno : 0;
}

/* ---- group ---- */

int run_program(const char *const *argv)
{
	pid_t pid;
	int status;
	int r = posix_spawnp(&pid, argv[0], NULL, NULL, (char *const *)argv, environ);

	if (r != 0)
		return -r;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}

static json_t *read_group(const struct machine *m, const char *name)
{
	(void)m;
	errno = 0;
	if (getgrnam(name) != NULL)
		return json_true();
	return errno == 0 || errno == ENOENT || errno == ESRCH ? json_null() : NULL;
}

static int write_group(const struct machine *m, const char *name, const json_t *value)
{
	const char *const add[] = {"groupadd", "--system", name, NULL};
	const char *const del[] = {"groupdel", name, NULL};

	(void)m;
	return run_program(json_is_true(value) ? add : del);
}

static void show_group(const char *name, const json_t *value, struct buf *out)
{
	buf_addf(out, "%s%s", json_is_true(value) ? "groupadd --system " : "groupdel ", name);
}

/* ---- capability ---- */

json_t *capability_perfmon(void)
{
	/* As in linux/capability.h: all numbers are little-endian. */
	const unsigned char data[XATTR_CAPS_SZ_2] = {VFS_CAP_FLAGS_EFFECTIVE, 0, 0,
		VFS_CAP_REVISION_2 >> 24, [12 + (CAP_PERFMON - 32) / 8] = 1 << (CAP_PERFMON % 8)};
	char hex[2 * sizeof data + 1];

	return json_string(hex_encode(hex, data, sizeof data));
}

static json_t *read_capability(const struct machine *m, const char *path)
{
	unsigned char data[XATTR_CAPS_SZ_3];
	char hex[2 * sizeof data + 1];
	ssize_t n = getxattr(path, CAPABILITY, data, sizeof data);

	(void)m;
	if (n < 0)
		return errno == ENODATA || errno == ENOTSUP ? json_null() : NULL;
	return json_string(hex_encode(hex, data, (size_t)n));
}

static int write_capability(const struct machine *m, const char *path, const json_t *value)
{
	unsigned char data[XATTR_CAPS_SZ_3];
	size_t n = json_string_length(value) / 2;

	(void)m;
	if (json_is_null(value))
		return removexattr(path, CAPABILITY) != 0 && errno != ENODATA ? -errno : 0;
	if (n > sizeof data || !hex_decode(data, n, json_string_value(value)))
		return -EINVAL;
	return setxattr(path, CAPABILITY, data, n, 0) != 0 ? -errno : 0;
}

static void show_capability(const char *path, const json_t *value, struct buf *out)
{
	buf_addf(out, "setcap %s %s", json_is_null(value) ? "-r" : "cap_perfmon=ep", path);
}

/* ---- the table ---- */

static const struct change_kind kinds[] = {
	{"file", {"etc/udev/rules.d/70-joulerig.rules", "etc/sysctl.d/70-joulerig.conf"}, true,
		false, read_text, write_text, NULL},
	{"value",
		{"proc/sys/kernel/perf_event_paranoid",
			CPU_PATH "/cpu[0-9]*/cpufreq/scaling_governor"},
		false, false, read_value, write_value, NULL},
	{"access", {"sys/class/powercap/intel-rapl*/energy_uj"}, false, false, read_access,
		write_access, NULL},
	{"folder", {"etc", "etc/*", "etc/udev/rules.d", "var", "var/lib", "var/lib/joulerig"},
		false, false, read_folder, write_folder, NULL},
	{"group", {"*"}, false, true, read_group, write_group, show_group},
	{"capability", {"/*"}, false, true, read_capability, write_capability, show_capability},
};

const struct change_kind *change_kind_find(const char *name)
{
	for (size_t i = 0; name != NULL && i < ARRAY_SIZE(kinds); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

bool change_kind_may(const struct change_kind *k, const char *path)
{
	/* Programs are anywhere; all the rest is where its pattern says, and within the root. */
	int flags = strcmp(k->name, "capability") == 0 ? 0 : FNM_PATHNAME;

	for (size_t i = 0; i < ARRAY_SIZE(k->patterns) && k->patterns[i] != NULL; i++)
		if (fnmatch(k->patterns[i], path, flags) == 0)
			return strstr(path, "..") == NULL;
	return false;
}
