#include "coordinator/dispatch/git.h"

#include "coordinator/dispatch/child.h"
#include "proto/clock.h"
#include "proto/content.h"
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* One command of git: a first fetch of a large repository over a slow line. */
#define TIMEOUT_NS (600 * NS_PER_S)
/* How many of git's last lines an error shows. */
#define LAST_LINES 6

extern char **environ;

/* ---- what may be fetched ---- */

static bool has_allowed_scheme(const char *url)
{
	static const char *const schemes[] = {"file://", "git://", "http://", "https://", "ssh://"};

	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++)
		if (strncmp(url, schemes[i], strlen(schemes[i])) == 0)
			return true;
	return false;
}

static bool is_printable(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 127)
			return false;
	return true;
}

/* "user@host:path", as ssh has it. */
static bool is_ssh_path(const char *url)
{
	const char *colon = strchr(url, ':'), *slash = strchr(url, '/');

	return colon != NULL && (slash == NULL || colon < slash);
}

/* What git is given for a URL of a campaign; NULL with err where that is refused. */
static char *source_of(const char *url, const char *directory, struct error *err)
{
	if (url[0] == '\0' || url[0] == '-' || !is_printable(url) || strstr(url, "::") != NULL ||
		(strstr(url, "://") != NULL && !has_allowed_scheme(url))) {
		error_set(err, ERR_CAMPAIGN,
			"files: git: '%s' is not fetched, expected https://, http://, ssh://, "
			"git:// or file:// and an address, HOST:PATH, or a path",
			url);
		return NULL;
	}
	if (strstr(url, "://") != NULL || is_ssh_path(url) || url[0] == '/')
		return xstrdup(url);
	if (directory != NULL)
		return xasprintf("%s/%s", directory, url);
	error_set(err, ERR_CAMPAIGN,
		"files: git: '%s' is a relative path, which means nothing on the coordinator's "
		"machine; write the whole path there, or a URL",
		url);
	return NULL;
}

static bool is_good_ref(const char *ref)
{
	return ref[0] != '\0' && ref[0] != '-' && strlen(ref) < 256 && is_printable(ref) &&
	       strpbrk(ref, " :") == NULL;
}

static bool is_commit(const char *ref)
{
	size_t n = strspn(ref, "0123456789abcdef");

	return ref[n] == '\0' && (n == 40 || n == 64);
}

/* ---- running it ---- */

/* Ours, so that neither a git that started us nor a terminal has a say. */
static char **make_environment(const char *index)
{
	static const char *const dropped[] = {
		"GIT_DIR=", "GIT_WORK_TREE=", "GIT_INDEX_FILE=", "GIT_OBJECT_DIRECTORY=",
		"GIT_ALTERNATE_OBJECT_DIRECTORIES=", "GIT_COMMON_DIR=", "GIT_NAMESPACE=",
		"GIT_TERMINAL_PROMPT=", "GIT_ASKPASS=", "GIT_ALLOW_PROTOCOL=", "LC_ALL="};
	char **out = NULL;
	size_t n = 0;
	bool has_ssh = getenv("GIT_SSH_COMMAND") != NULL || getenv("GIT_SSH") != NULL;

	for (char **e = environ; *e != NULL; e++) {
		bool is_kept = true;
		for (size_t i = 0; i < ARRAY_SIZE(dropped); i++)
			is_kept &= strncmp(*e, dropped[i], strlen(dropped[i])) != 0;
		if (!is_kept)
			continue;
		out = xreallocarray(out, n + 8, sizeof *out);
		out[n++] = xstrdup(*e);
	}
	out = xreallocarray(out, n + 8, sizeof *out);
	out[n++] = xstrdup("GIT_TERMINAL_PROMPT=0");
	out[n++] = xstrdup("GIT_ASKPASS=");
	out[n++] = xstrdup("GIT_ALLOW_PROTOCOL=file:git:http:https:ssh");
	out[n++] = xstrdup("LC_ALL=C");
	if (!has_ssh)
		out[n++] = xstrdup("GIT_SSH_COMMAND=ssh -oBatchMode=yes");
	if (index != NULL)
		out[n++] = xasprintf("GIT_INDEX_FILE=%s", index);
	out[n] = NULL;
	return out;
}

static void free_environment(char **environment)
{
	for (char **e = environment; *e != NULL; e++)
		free(*e);
	free(environment);
}

/* The last lines of what it said, indented. */
static void last_lines(struct buf *said, struct buf *out)
{
	const char *at;
	int lines = 0;

	while (said->len > 0 && said->data[said->len - 1] == '\n')
		said->data[--said->len] = '\0';
	for (at = said->data + said->len; at > said->data; at--)
		if (at[-1] == '\n' && ++lines == LAST_LINES)
			break;
	buf_adds(out, "\n  ");
	for (; *at != '\0'; at++) {
		buf_addc(out, *at == '\r' ? '\n' : *at);
		if (*at == '\n')
			buf_adds(out, "  ");
	}
}

static int say_failure(const struct git_repository *g, const char *doing, struct child_output *o,
	struct error *err)
{
	_cleanup_buf_ struct buf lines = BUF_INIT;

	if (o->was_stopped)
		return error_set(
			err, ERR_UNAVAILABLE, "files: git %s: the coordinator ends", g->url);
	if (o->was_too_slow)
		return error_set(err, ERR_UNAVAILABLE, "files: git %s: cannot %s within 10 minutes",
			g->url, doing);
	last_lines(&o->err, &lines);
	return error_set(
		err, ERR_UNAVAILABLE, "files: git %s: cannot %s:%s", g->url, doing, lines.data);
}

/* Run git on the mirror; words is ended by NULL. out (may be NULL) gets its first line of output.
 */
static int run_git(const struct git_repository *g, const char *doing, const char *index,
	const char *work_tree, const char *const *words, struct buf *out, struct error *err)
{
	_cleanup_free_ char *dir = xasprintf("--git-dir=%s", g->mirror);
	_cleanup_free_ char *tree = work_tree ? xasprintf("--work-tree=%s", work_tree) : NULL;
	const char *argv[40] = {"git", dir};
	char **environment = make_environment(index);
	struct child_output o;
	size_t n = 2;

	if (tree != NULL)
		argv[n++] = tree;
	for (const char *const *option =
			(const char *const[]){"-c", "gc.auto=0", "-c", "maintenance.auto=false",
				"-c", "core.hooksPath=/dev/null", "-c", "core.autocrlf=false", "-c",
				tree ? "core.bare=false" : "core.bare=true", NULL};
		*option != NULL; option++)
		argv[n++] = *option;
	for (; *words != NULL; words++)
		argv[n++] = *words;
	argv[n] = NULL;
	int r = child_run(argv, environment, g->stop_fd, TIMEOUT_NS, &o, err);
	if (r == -ENOENT)
		r = error_set(err, ERR_UNAVAILABLE,
			"files: git %s: the program git is not on the coordinator's machine; "
			"install it there",
			g->url);
	else if (r == 0 && (o.was_stopped || o.was_too_slow || !WIFEXITED(o.status) ||
				   WEXITSTATUS(o.status) != 0))
		r = say_failure(g, doing, &o, err);
	else if (r == 0 && out != NULL)
		buf_add(out, o.out.data, strcspn(o.out.data, "\n"));
	child_output_done(&o);
	free_environment(environment);
	return r;
}
#define RUN(g, doing, out, err, ...)                                                               \
	run_git(g, doing, NULL, NULL, (const char *const[]){__VA_ARGS__, NULL}, out, err)

/* ---- the mirror ---- */

/* One submission at a time changes a mirror. */
static int lock_mirror(struct git_repository *g, struct error *err)
{
	_cleanup_free_ char *path = xasprintf("%s.lock", g->mirror);
	int64_t deadline = clock_monotonic_ns() + TIMEOUT_NS;

	g->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (g->lock_fd < 0)
		return error_errno(err, "files: git: %s", path);
	while (flock(g->lock_fd, LOCK_EX | LOCK_NB) < 0) {
		struct pollfd p = {.fd = g->stop_fd, .events = POLLIN};
		if (errno != EWOULDBLOCK && errno != EINTR)
			return error_errno(err, "files: git: %s", path);
		if (poll(&p, 1, 100) > 0)
			return error_set(err, ERR_UNAVAILABLE,
				"files: git %s: the coordinator ends", g->url);
		if (clock_monotonic_ns() > deadline)
			return error_set(err, ERR_UNAVAILABLE,
				"files: git %s: another submission has fetched it for 10 minutes",
				g->url);
	}
	(void)futimens(g->lock_fd, NULL); /* when it was used last, for prune_files.c */
	return 0;
}

static int remove_lock(const char *path, const struct stat *st, int type, struct FTW *at)
{
	size_t len = strlen(path);

	(void)st;
	(void)at;
	if (type == FTW_F && len > 5 && strcmp(path + len - 5, ".lock") == 0)
		(void)unlink(path);
	return 0;
}

/* A git that was killed leaves its own locks, and every later one would give up at them. The mirror
 * is ours alone now, and no ref ends so (git-check-ref-format(1)). */
static void remove_stale_locks(const struct git_repository *g)
{
	static const char *const names[] = {
		"HEAD.lock", "config.lock", "packed-refs.lock", "shallow.lock"};
	_cleanup_free_ char *refs = xasprintf("%s/refs", g->mirror);

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *path = xasprintf("%s/%s", g->mirror, names[i]);
		(void)unlink(path);
	}
	(void)nftw(refs, remove_lock, 16, FTW_PHYS);
}

int git_open(struct git_repository *g, const char *mirrors, const char *directory, const char *url,
	int stop_fd, struct error *err)
{
	struct content_hash hash;
	char name[2 * CONTENT_HASH_LEN + 1];
	struct stat st;

	*g = (struct git_repository){.url = url, .stop_fd = stop_fd, .lock_fd = -1};
	g->from = source_of(url, directory, err);
	if (g->from == NULL)
		return err->code;
	if (mkdir(mirrors, 0700) < 0 && errno != EEXIST)
		return error_errno(err, "files: git: cannot make %s", mirrors);
	content_hash_bytes(&hash, g->from, strlen(g->from));
	g->mirror = xasprintf("%s/%.32s", mirrors, hex_encode(name, hash.b, sizeof hash.b));
	int r = lock_mirror(g, err);
	if (r == 0)
		remove_stale_locks(g);
	_cleanup_free_ char *head = xasprintf("%s/HEAD", g->mirror);
	if (r == 0 && stat(head, &st) < 0)
		r = RUN(g, "make a mirror of it", NULL, err, "init", "--quiet", "--bare",
			"--template=");
	return r;
}

void git_close(struct git_repository *g)
{
	if (g->lock_fd >= 0)
		close(g->lock_fd);
	free(g->mirror);
	free(g->from);
}

/* Whether the mirror has this commit. */
static bool find_commit(const struct git_repository *g, const char *ref,
	char commit[GIT_COMMIT_SIZE], struct error *err)
{
	_cleanup_free_ char *what = xasprintf("%s^{commit}", ref);
	_cleanup_buf_ struct buf found = BUF_INIT;

	if (RUN(g, "find it", &found, err, "rev-parse", "--quiet", "--verify", "--end-of-options",
		    what) < 0 ||
		!is_commit(found.data))
		return false;
	snprintf(commit, GIT_COMMIT_SIZE, "%s", found.data);
	return true;
}

int git_resolve(
	struct git_repository *g, const char *ref, char commit[GIT_COMMIT_SIZE], struct error *err)
{
	bool is_head = strcmp(ref, "HEAD") == 0;
	struct error ignored = {0};
	int r;

	if (!is_good_ref(ref))
		return error_set(err, ERR_CAMPAIGN,
			"files: git %s: '%s' is no ref, expected a branch, a tag or a commit",
			g->url, ref);
	/* A commit does not change: what is here needs no network. */
	if (is_commit(ref) && find_commit(g, ref, commit, &ignored))
		return 0;
	r = RUN(g, "fetch it", NULL, err, "fetch", "--quiet", "--prune", "--force", "--no-tags",
		"--no-recurse-submodules", "--no-write-fetch-head", g->from,
		"+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*",
		is_head ? "+HEAD:refs/joulerig/HEAD" : NULL);
	if (r < 0)
		return r;
	if (find_commit(g, is_head ? "refs/joulerig/HEAD" : ref, commit, &ignored))
		return 0;
	/* One that no branch has any more: some servers give it by name. */
	if (is_commit(ref) &&
		RUN(g, "fetch it", NULL, &ignored, "fetch", "--quiet", "--no-tags",
			"--no-recurse-submodules", "--no-write-fetch-head", g->from, ref) == 0 &&
		find_commit(g, ref, commit, &ignored))
		return 0;
	return error_set(err, ERR_CAMPAIGN, "files: git %s: it has no branch, tag or commit '%s'",
		g->url, ref);
}

int git_check_out(struct git_repository *g, const char *commit, const char *directory,
	const char *index, struct error *err)
{
	const char *const read[] = {"read-tree", commit, NULL};
	const char *const write[] = {"checkout-index", "--all", "--force", "--quiet", NULL};
	int r = run_git(g, "read its files", index, directory, read, NULL, err);

	return r < 0 ? r : run_git(g, "write its files", index, directory, write, NULL, err);
}
