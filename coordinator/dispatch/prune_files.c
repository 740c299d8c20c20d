/*
 * Files that nothing refers to. A campaign that was pruned needs its files no more; all others do,
 * and those that have not ended most of all.
 */
#include "coordinator/dispatch/prune.h"

#include "coordinator/dispatch/again.h"
#include "coordinator/dispatch/campaign_state.h"
#include "coordinator/store/queries.h"
#include "proto/clock.h"
#include "proto/content.h"
#include "proto/log.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <uthash.h>

/* Whatever was touched since is not looked at: a campaign may just be submitted with it. */
#define YOUNG_S 86400

#define HEX_LEN (2 * CONTENT_HASH_LEN)

struct needed {
	struct content_hash hash;
	UT_hash_handle hh;
};

struct sweep {
	const char *dir;
	struct content_store *content;
	struct needed *needed; /* owned */
	int64_t *pruned;       /* store ids; owned */
	size_t pruned_n;
	int64_t now_s, older_s, young_s, left;
	struct pruned_files *out;
	struct error *err;
	int code;
};

/* ---- what is needed ---- */

static void need(void *arg, const struct content_hash *hash, int64_t size)
{
	struct sweep *w = arg;
	struct needed *n;

	(void)size;
	HASH_FIND(hh, w->needed, hash, sizeof *hash, n);
	if (n != NULL)
		return;
	n = xcalloc(1, sizeof *n);
	n->hash = *hash;
	HASH_ADD(hh, w->needed, hash, sizeof n->hash, n);
}

static int on_pruned(void *arg, int64_t key, const struct message_cell *cells, size_t n)
{
	struct sweep *w = arg;

	(void)cells;
	(void)n;
	w->pruned = xreallocarray(w->pruned, w->pruned_n + 1, sizeof *w->pruned);
	w->pruned[w->pruned_n++] = key;
	return 0;
}

static bool was_pruned(const struct sweep *w, int64_t id)
{
	for (size_t i = 0; i < w->pruned_n; i++)
		if (w->pruned[i] == id)
			return true;
	return false;
}

static void need_tree(void *arg, const struct content_hash *tree)
{
	struct sweep *w = arg;

	need(w, tree, ABSENT);
	if (w->code == 0 && content_has(w->content, tree) &&
		content_tree_each(w->content, tree, need, w, w->err) < 0)
		w->code = w->err->code;
}

/* A manifest, and all that it names; nothing where there is none. */
static void need_blob(struct sweep *w, struct blob tree)
{
	struct content_hash hash;

	if (tree.len != sizeof hash)
		return;
	memcpy(&hash, tree.data, sizeof hash);
	need_tree(w, &hash);
}

static int on_campaign(void *arg, int64_t key, const struct message_cell *cells, size_t n)
{
	struct sweep *w = arg;

	(void)n;
	if (was_pruned(w, key) &&
		campaign_state_is_final(campaign_state_by_name(cells[CAMPAIGNS_STATE].text)))
		return 0;
	need_blob(w, cells[CAMPAIGNS_TREE].blob);
	again_each_tree(cells[CAMPAIGNS_CHANGES].text, need_tree, w);
	return w->code < 0;
}

/* It is submitted again, whatever becomes of what it was before. */
static int on_schedule(void *arg, int64_t key, const struct message_cell *cells, size_t n)
{
	struct sweep *w = arg;

	(void)key;
	(void)n;
	need_blob(w, cells[SCHEDULES_TREE].blob);
	return w->code < 0;
}

static int find_needed(struct sweep *w, const struct store_ops *ops, struct store *s)
{
	int code = ops->query(s, "pruned", NULL, 0, INT64_MAX, NULL, on_pruned, w, w->err);

	if (code == 0)
		code = ops->query(s, "campaigns", NULL, 0, INT64_MAX, NULL, on_campaign, w, w->err);
	if (code == 0)
		code = ops->query(s, "schedules", NULL, 0, INT64_MAX, NULL, on_schedule, w, w->err);
	return code < 0 ? code : w->code;
}

/* ---- what is there ---- */

/* At an age of 0 all is old enough, also where the clock was set back since. */
static bool is_young(const struct sweep *w, const struct stat *st)
{
	return w->young_s > 0 && w->now_s - (int64_t)st->st_ctim.tv_sec < w->young_s;
}

static void sweep_content(struct sweep *w, int dirfd, const char *folder, const char *name)
{
	struct content_hash hash;
	struct needed *n;
	struct stat st;
	char hex[HEX_LEN + 1];

	if (snprintf(hex, sizeof hex, "%s%s", folder, name) != HEX_LEN ||
		!hex_decode(hash.b, sizeof hash.b, hex))
		return;
	HASH_FIND(hh, w->needed, &hash, sizeof hash, n);
	if (n != NULL || fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || is_young(w, &st) ||
		unlinkat(dirfd, name, 0) != 0)
		return;
	w->out->contents++;
	w->out->content_bytes += (int64_t)st.st_size;
	w->left--;
}

static void sweep_folder(struct sweep *w, const char *name)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", w->dir, name);
	DIR *dir = opendir(path);
	const struct dirent *entry;

	if (dir == NULL)
		return;
	while (w->left > 0 && (entry = readdir(dir)) != NULL)
		sweep_content(w, dirfd(dir), name, entry->d_name);
	closedir(dir);
}

static int sweep_contents(struct sweep *w)
{
	DIR *dir = opendir(w->dir);
	const struct dirent *entry;

	if (dir == NULL)
		return error_errno(w->err, "%s", w->dir);
	while (w->left > 0 && (entry = readdir(dir)) != NULL)
		if (strlen(entry->d_name) == 2 && entry->d_name[0] != '.')
			sweep_folder(w, entry->d_name);
	closedir(dir);
	return 0;
}

/* ---- mirrors: FOLDER/git/NAME with NAME.lock beside it, whose time says when it was used ---- */

static void sweep_mirror(struct sweep *w, const char *mirrors, const char *lock)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", mirrors, lock);
	_cleanup_free_ char *mirror = xstrndup(path, strlen(path) - strlen(".lock"));
	_cleanup_close_ int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0 || w->now_s - (int64_t)st.st_mtim.tv_sec < w->older_s ||
		flock(fd, LOCK_EX | LOCK_NB) != 0)
		return;
	if (remove_tree(mirror) != 0) {
		log_warning("%s cannot be removed: %m", mirror);
		return;
	}
	(void)unlink(path);
	w->out->mirrors++;
	w->left--;
}

static void sweep_mirrors(struct sweep *w)
{
	static const char suffix[] = ".lock";
	_cleanup_free_ char *mirrors = xasprintf("%s/git", w->dir);
	DIR *dir = opendir(mirrors);
	const struct dirent *entry;

	if (dir == NULL)
		return;
	while (w->left > 0 && (entry = readdir(dir)) != NULL) {
		size_t len = strlen(entry->d_name);
		if (len > strlen(suffix) &&
			strcmp(entry->d_name + len - strlen(suffix), suffix) == 0)
			sweep_mirror(w, mirrors, entry->d_name);
	}
	closedir(dir);
}

static void sweep_done(struct sweep *w)
{
	struct needed *n, *next;

	HASH_ITER (hh, w->needed, n, next) {
		HASH_DEL(w->needed, n);
		free(n);
	}
	free(w->pruned);
	content_close(w->content);
}

int prune_files(const struct store_ops *ops, struct store *s, const char *dir, int64_t older_s,
	int64_t limit, struct pruned_files *out, struct error *err)
{
	struct sweep w = {.dir = dir,
		.now_s = clock_realtime_ns() / NS_PER_S,
		.older_s = older_s,
		.young_s = older_s < YOUNG_S ? older_s : YOUNG_S,
		.left = limit,
		.out = out,
		.err = err};
	int code;

	if (access(dir, F_OK) != 0)
		return 0;
	code = content_open(&w.content, dir, err);
	if (code == 0)
		code = find_needed(&w, ops, s);
	if (code == 0)
		code = sweep_contents(&w);
	if (code == 0)
		sweep_mirrors(&w);
	sweep_done(&w);
	return code < 0 ? code : w.left == 0;
}
