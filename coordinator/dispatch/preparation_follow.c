/*
 * A campaign that follows a git repository: its file and what it ships are those of a commit. The
 * repository is somebody's, and the coordinator reads it with rights of its own: nothing of it may
 * lead out of the checkout.
 */
#include "coordinator/dispatch/git.h"
#include "coordinator/dispatch/preparation.h"
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <libgen.h>
#include <stdio.h>
#include <sys/stat.h>

#define FILE_LIMIT (2 * 1024 * 1024) /* as of a file that is submitted */
#define SHORT      12                /* digits of a commit in a label */

struct checkout {
	struct preparation *p;
	struct git_repository git;
	char commit[GIT_COMMIT_SIZE];
	char *scratch, *root; /* owned; root is a real path below scratch */
};

static int no_such_file(
	const struct checkout *c, const char *path, const char *why, struct error *err)
{
	return error_set(err, ERR_CAMPAIGN, "source: git %s: %s is %.*s, and %s there: %s",
		c->p->follow.git, c->p->follow.ref, SHORT, c->commit, path, why);
}

/* Whether what path is in, itself a path in the checkout, is in it, whatever links lead there. */
static bool is_within(const struct checkout *c, const char *path)
{
	_cleanup_free_ char *copy = xasprintf("%s/%s", c->root, path);
	_cleanup_free_ char *folder = realpath(dirname(copy), NULL);
	size_t n = strlen(c->root);

	return folder != NULL && strncmp(folder, c->root, n) == 0 &&
	       (folder[n] == '/' || folder[n] == '\0');
}

static int check_out(struct checkout *c, struct error *err)
{
	c->scratch = xasprintf("%s.checkout", c->git.mirror);
	(void)remove_tree(c->scratch); /* a coordinator that was killed left it */
	_cleanup_free_ char *tree = xasprintf("%s/tree", c->scratch);
	_cleanup_free_ char *index = xasprintf("%s/index", c->scratch);
	if (mkdir(c->scratch, 0700) < 0 || mkdir(tree, 0700) < 0)
		return error_errno(err, "source: git: cannot make %s", tree);
	c->root = realpath(tree, NULL);
	if (c->root == NULL)
		return error_errno(err, "source: git: %s", tree);
	return git_check_out(&c->git, c->commit, c->root, index, err);
}

/* The campaign file of the commit becomes the one of the preparation. */
static int take_file(struct checkout *c, struct error *err)
{
	struct preparation *p = c->p;
	_cleanup_free_ char *path = xasprintf("%s/%s", c->root, p->follow.file);
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct stat st;

	if (!is_within(c, p->follow.file))
		return no_such_file(c, p->follow.file, "it is not in the repository", err);
	if (lstat(path, &st) < 0)
		return no_such_file(c, p->follow.file, strerror(errno), err);
	if (!S_ISREG(st.st_mode))
		return no_such_file(c, p->follow.file, "it is no file", err);
	int r = buf_read_file(&text, AT_FDCWD, path, FILE_LIMIT);
	if (r < 0 && r != -EFBIG)
		return no_such_file(c, p->follow.file, strerror(-r), err);
	p->follow.yaml = buf_take(&text);
	p->yaml = p->follow.yaml ? p->follow.yaml : "";
	return 0;
}

/* Its label says what it is of; it is kept with the campaign. */
static void add_label(struct preparation *p, const char *commit)
{
	json_t *changes = p->changes ? json_loads(p->changes, 0, NULL) : json_object();
	json_t *labels = json_object_get(changes, "labels");

	if (labels == NULL) {
		labels = json_object();
		json_object_set_new(changes, "labels", labels);
	}
	json_object_set_new(labels, "commit", json_stringn(commit, SHORT));
	free(p->changes);
	p->changes = json_dumps(changes, JSON_COMPACT);
	json_decref(changes);
}

static int read_file(struct checkout *c, struct error *err)
{
	struct preparation *p = c->p;

	const char *file = p->file;

	p->file = p->follow.file; /* as diagnostics name it */
	preparation_read(p, -1);
	p->file = file;
	if (p->err.code < 0) {
		*err = p->err;
		p->err = (struct error){0};
		return error_wrap(
			err, "%s (%s is %.*s)", p->follow.git, p->follow.ref, SHORT, c->commit);
	}
	if (strcmp(p->campaign->name, p->follow.name) != 0)
		return error_set(err, ERR_CAMPAIGN,
			"source: git %s: %s is %.*s, and %s there is the campaign '%s', not '%s'",
			p->follow.git, p->follow.ref, SHORT, c->commit, p->follow.file,
			p->campaign->name, p->follow.name);
	return 0;
}

static bool is_of_disk(int code)
{
	return code == -ENOSPC || code == -EDQUOT || code == -EIO || code == -EROFS;
}

/* What the file ships, beside it in the checkout. */
static int add_files(struct checkout *c, struct error *err)
{
	struct preparation *p = c->p;
	_cleanup_free_ const char **paths = xcalloc(p->shipped_n + 1, sizeof *paths);
	_cleanup_free_ char *copy = xasprintf("%s/%s", c->root, p->follow.file);
	const char *directory = dirname(copy);
	struct content_store *content = NULL;
	size_t n = 0;

	for (size_t i = 0; i < p->shipped_n; i++) {
		struct stat st;
		if (p->shipped[i].path == NULL)
			continue;
		_cleanup_free_ char *whole = xasprintf("%s/%s", directory, p->shipped[i].path);
		if (lstat(whole, &st) < 0)
			return no_such_file(c, p->shipped[i].path, strerror(errno), err);
		if (!is_within(c, whole + strlen(c->root) + 1))
			return no_such_file(
				c, p->shipped[i].path, "it is not in the repository", err);
		paths[n++] = p->shipped[i].path;
	}
	p->has_tree = n > 0;
	if (n == 0)
		return 0;
	int r = content_open(&content, p->content_dir, err);
	if (r == 0 && (r = content_add_tree(content, directory, paths, n, &p->tree, err)) < 0) {
		error_wrap(err, "source: git %s", p->follow.git);
		if (!is_of_disk(r)) /* it is what the repository has, tomorrow as today */
			r = err->code = ERR_CAMPAIGN;
	}
	content_close(content);
	return r;
}

static int follow(struct checkout *c, int stop_fd, struct error *err)
{
	struct preparation *p = c->p;
	/* git goes to another folder while it works. */
	_cleanup_free_ char *whole = realpath(p->content_dir, NULL);
	_cleanup_free_ char *mirrors = xasprintf("%s/git", whole ? whole : p->content_dir);
	int r = git_open(&c->git, mirrors, NULL, p->follow.git, stop_fd, err);

	if (r == 0)
		r = git_resolve(&c->git, p->follow.ref, c->commit, err);
	if (r == 0)
		r = check_out(c, err);
	if (r == 0)
		r = take_file(c, err);
	if (r < 0)
		return r;
	add_label(p, c->commit);
	buf_addf(&p->sources, "%s: %s is %.*s (%s)\n", p->follow.file, p->follow.ref, SHORT,
		c->commit, p->follow.git);
	r = read_file(c, err);
	return r < 0 ? r : add_files(c, err);
}

void preparation_follow(void *arg, int stop_fd)
{
	struct checkout c = {.p = arg, .git = {.lock_fd = -1}};
	struct error err = {0};

	(void)follow(&c, stop_fd, &err);
	/* What breaks here is the repository's, or the disk's: it may be whole again later. */
	if (err.code < 0 && err.code != ERR_CAMPAIGN)
		err.code = ERR_UNAVAILABLE;
	if (c.scratch != NULL)
		(void)remove_tree(c.scratch);
	git_close(&c.git);
	free(c.scratch);
	free(c.root);
	c.p->err = err;
}

static bool is_same(const char *a, const char *b)
{
	return (a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0);
}

static bool is_same_schedule(const struct schedule *a, const struct schedule *b)
{
	return is_same(a->cron, b->cron) && is_same(a->timezone, b->timezone) &&
	       is_same(a->missed, b->missed) && is_same(a->overlap, b->overlap) &&
	       is_same(a->unless, b->unless) && is_same(a->baseline, b->baseline) &&
	       is_same(a->source_git, b->source_git) && is_same(a->source_ref, b->source_ref) &&
	       is_same(a->source_file, b->source_file) && a->deadline_ns == b->deadline_ns &&
	       a->patience_ns == b->patience_ns;
}

void preparation_fill_follow(
	struct preparation_follow *f, const struct campaign *c, const char *file)
{
	const char *slash = strrchr(file, '/');

	if (c->schedule.source_git == NULL)
		return;
	f->name = xstrdup(c->name);
	f->git = xstrdup(c->schedule.source_git);
	f->ref = xstrdup(c->schedule.source_ref);
	f->file = xstrdup(c->schedule.source_file ? c->schedule.source_file
			  : slash                 ? slash + 1
						  : file);
}

void preparation_check_follow(void *arg, int stop_fd)
{
	struct preparation *p = arg;
	struct preparation once = PREPARATION_INIT;

	once.file = p->file;
	once.content_dir = p->content_dir;
	once.changes = xstrdup_or_null(p->changes);
	once.needs_no_hint = true;
	preparation_fill_follow(&once.follow, p->campaign, p->file);
	preparation_follow(&once, stop_fd);
	p->err = once.err;
	if (p->err.code == 0) {
		buf_adds(&p->sources, once.sources.data);
		if (!is_same_schedule(&p->campaign->schedule, &once.campaign->schedule))
			buf_addf(&p->sources,
				"the `schedule` of %s in %s is another one; that of the file that "
				"is added now is heeded\n",
				once.follow.file, once.follow.git);
	}
	preparation_done(&once);
}
