/* The git sources of a campaign: each becomes a commit, its files, and with all that is shipped one
 * tree. */
#include "coordinator/dispatch/git.h"
#include "coordinator/dispatch/preparation.h"
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <sys/stat.h>

struct fetching {
	struct preparation *p;
	struct content_store *content; /* a handle of this thread's own */
	char *mirrors;
	json_t *recorded;
	int stop_fd;
};

/* Make a folder and those above it, below root. */
static int make_folders(const char *root, const char *path, struct error *err)
{
	_cleanup_free_ char *whole = xasprintf("%s/%s", root, path);

	for (char *at = whole + strlen(root) + 1;; at++) {
		char c = *at;
		if (c != '/' && c != '\0')
			continue;
		*at = '\0';
		if (mkdir(whole, 0700) < 0 && errno != EEXIST)
			return error_errno(err, "files: git: cannot make %s", whole);
		if (c == '\0')
			return 0;
		*at = c;
	}
}

static bool is_below(const char *path)
{
	_cleanup_free_ char *copy = xstrdup(path);

	if (path[0] == '\0' || path[0] == '/')
		return false;
	for (char *rest = copy, *part; (part = strsep(&rest, "/")) != NULL;)
		if (strcmp(part, "..") == 0)
			return false;
	return true;
}

/* They are not fetched: what stands in their place is an empty folder. */
static void note_submodules(struct fetching *f, const char *as, const char *directory)
{
	_cleanup_free_ char *list = xasprintf("%s/.gitmodules", directory);
	struct stat st;

	if (lstat(list, &st) == 0)
		buf_addf(&f->p->sources,
			"%s: its submodules are not fetched, their folders are empty\n", as);
}

/* The files of a commit as a tree of their own, through a folder that goes again; it is ours as
 * long as the mirror is. */
static int add_tree(struct fetching *f, struct git_repository *g, const char *commit,
	const char *as, struct content_hash *tree, struct error *err)
{
	_cleanup_free_ char *scratch = xasprintf("%s.checkout", g->mirror);
	int r;

	if (!is_below(as))
		return error_set(err, ERR_CAMPAIGN,
			"files: git %s: as: '%s': expected a folder, without ..", g->url, as);
	(void)remove_tree(scratch); /* a coordinator that was killed left it */
	if (mkdir(scratch, 0700) < 0)
		return error_errno(err, "files: git: cannot make %s", scratch);
	_cleanup_free_ char *root = xasprintf("%s/tree", scratch);
	_cleanup_free_ char *index = xasprintf("%s/index", scratch);
	_cleanup_free_ char *directory = xasprintf("%s/%s", root, as);
	r = make_folders(scratch, "tree", err);
	if (r == 0)
		r = make_folders(root, as, err);
	if (r == 0)
		r = git_check_out(g, commit, directory, index, err);
	if (r == 0)
		note_submodules(f, as, directory);
	if (r == 0 && (r = content_add_tree(f->content, root, &as, 1, tree, err)) < 0)
		r = error_wrap(err, "git %s", g->url);
	(void)remove_tree(scratch);
	return r;
}

static void record(struct fetching *f, const struct shipped *s, const char *commit)
{
	buf_addf(&f->p->sources, "%s: %s is %.12s (%s)\n", s->as, s->ref, commit, s->git);
	json_array_append_new(f->recorded, json_pack("{s:s, s:s, s:s, s:s}", "git", s->git, "ref",
						   s->ref, "as", s->as, "commit", commit));
}

static int fetch_one(
	struct fetching *f, const struct shipped *s, struct content_hash *tree, struct error *err)
{
	struct git_repository g;
	char commit[GIT_COMMIT_SIZE];
	int r = git_open(&g, f->mirrors, f->p->directory, s->git, f->stop_fd, err);

	if (r == 0)
		r = git_resolve(&g, s->ref, commit, err);
	if (r == 0)
		r = add_tree(f, &g, commit, s->as, tree, err);
	if (r == 0)
		record(f, s, commit);
	git_close(&g);
	return r;
}

static int fetch_all(struct fetching *f, struct error *err)
{
	struct preparation *p = f->p;
	_cleanup_free_ struct content_hash *trees = xcalloc(p->shipped_n + 1, sizeof *trees);
	size_t n = 0;
	int r = 0;

	if (p->has_tree)
		trees[n++] = p->tree;
	for (size_t i = 0; r == 0 && i < p->shipped_n; i++)
		if (p->shipped[i].git != NULL)
			r = fetch_one(f, &p->shipped[i], &trees[n++], err);
	if (r == 0)
		r = content_merge_trees(f->content, trees, n, &p->tree, err);
	p->has_tree = r == 0;
	if (r == 0 && (r = content_next_missing(f->content, &p->tree, &trees[0], err)) > 0)
		r = error_set(err, ERR_INTERNAL, "files: a content went while it was used");
	return r;
}

/* The commits go into the changes, which are kept with the campaign. */
static void add_to_changes(struct preparation *p, json_t *recorded)
{
	json_t *changes = p->changes ? json_loads(p->changes, 0, NULL) : json_object();

	json_object_set(changes, "sources", recorded);
	free(p->changes);
	p->changes = json_dumps(changes, JSON_COMPACT);
	json_decref(changes);
}

void preparation_fetch(void *arg, int stop_fd)
{
	struct preparation *p = arg;
	struct fetching f = {.p = p, .stop_fd = stop_fd, .recorded = json_array()};

	/* git goes to another folder while it works. */
	_cleanup_free_ char *whole = realpath(p->content_dir, NULL);
	f.mirrors = xasprintf("%s/git", whole ? whole : p->content_dir);
	if (content_open(&f.content, p->content_dir, &p->err) == 0 && fetch_all(&f, &p->err) == 0)
		add_to_changes(p, f.recorded);
	/* What breaks here is the source's, or the disk's: it is the campaign that cannot start. */
	if (p->err.code < 0 && p->err.code != ERR_CAMPAIGN)
		p->err.code = ERR_UNAVAILABLE;
	content_close(f.content);
	json_decref(f.recorded);
	free(f.mirrors);
}
