#include "agent/files_parts.h"
#include "proto/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>
#include <utlist.h>

/* ---- directories ---- */

int files_make_directory(const char *path, struct error *err)
{
	_cleanup_free_ char *copy = xstrdup(path);
	for (char *slash = copy + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
		*slash = '\0';
		if (mkdir(copy, 0755) < 0 && errno != EEXIST)
			return error_errno(err, "%s", copy);
		*slash = '/';
	}
	if (mkdir(copy, 0700) < 0 && errno != EEXIST)
		return error_errno(err, "%s", copy);
	return 0;
}

/* Directories that were never completed, and the private ones of earlier campaigns, but for those
 * that are to be torn down. */
static void remove_unfinished(const struct files *f)
{
	DIR *dir = opendir(f->work_dir);
	if (dir == NULL)
		return;
	for (struct dirent *e; (e = readdir(dir)) != NULL;) {
		if (strlen(e->d_name) != 2 * FILES_KEY_BYTES || uses_has_key(&f->uses, e->d_name))
			continue;
		_cleanup_free_ char *path = xasprintf("%s/%s", f->work_dir, e->d_name);
		_cleanup_free_ char *marker = xasprintf("%s.done", path);
		if (access(marker, F_OK) < 0)
			remove_tree(path);
	}
	closedir(dir);
}

int files_open(struct files **out, const char *state, const struct files_handler *handler,
	struct error *err)
{
	struct files *f = xcalloc(1, sizeof *f);
	f->limit = ABSENT;
	f->contents_dir = xasprintf("%s/files", state);
	f->work_dir = xasprintf("%s/work", state);
	f->handler = *handler;
	int r = files_make_directory(f->work_dir, err);
	if (r == 0)
		r = content_open(&f->contents, f->contents_dir, err);
	if (r < 0) {
		files_close(f);
		return r;
	}
	uses_open(&f->uses, f->work_dir);
	remove_unfinished(f);
	*out = f;
	return 0;
}

static void free_work(struct work *w)
{
	free(w->key);
	free(w->directory);
	free(w->reason);
	free(w);
}

void files_close(struct files *f)
{
	struct work *w, *next;
	struct files_held *h, *next_held;
	if (f == NULL)
		return;
	LL_FOREACH_SAFE(f->works, w, next)
	{
		free_work(w);
	}
	LL_FOREACH_SAFE(f->held, h, next_held)
	{
		free(h);
	}
	uses_close(&f->uses);
	free(f->contents_dir);
	content_close(f->contents);
	free(f->work_dir);
	free(f);
}

/* ---- which directory ---- */

static void hash_text(crypto_generichash_state *h, const char *text)
{
	crypto_generichash_update(h, (const uint8_t *)text, strlen(text) + 1);
}

void files_work_key(char out[FILES_KEY_SIZE], const struct message_assign *a)
{
	crypto_generichash_state h;
	uint8_t key[FILES_KEY_BYTES];
	crypto_generichash_init(&h, NULL, 0, sizeof key);
	if (files_has_tree(a))
		crypto_generichash_update(&h, a->tree.data, a->tree.len);
	else
		crypto_generichash_update(&h, a->id.campaign.b, sizeof a->id.campaign.b);
	for (size_t i = 0; i < a->setup.n; i++) {
		const struct message_step *step = LIST_AT(&a->setup, struct message_step, i);
		for (size_t j = 0; j < step->command.n; j++)
			hash_text(&h, *LIST_AT(&step->command, char *, j));
		hash_text(&h, "");
	}
	/* What one user may write, no other runs. */
	if (a->user != NULL)
		hash_text(&h, a->user);
	crypto_generichash_final(&h, key, sizeof key);
	hex_encode(out, key, sizeof key);
}

struct work *files_find_work(const struct files *f, const char *key)
{
	struct work *w;
	LL_FOREACH (f->works, w) {
		if (strcmp(w->key, key) == 0)
			return w;
	}
	return NULL;
}

void files_start_anew(struct work *w)
{
	free(w->reason);
	w->reason = NULL;
	w->state = WORK_MISSING;
	w->is_begun = w->has_room = w->was_damaged = false;
}

static struct work *work_again(struct work *w, const struct message_assign *a)
{
	/* WORK_SETUP here is what a run left behind that ended within its setup. */
	if ((w->state == WORK_SETUP && w->is_begun) ||
		(w->state == WORK_FAILED && !id16_equal(&w->campaign, &a->id.campaign)))
		files_start_anew(w);
	if (w->state == WORK_MISSING)
		w->campaign = a->id.campaign;
	return w;
}

struct work *files_work(struct files *f, const struct message_assign *a)
{
	char key[FILES_KEY_SIZE];
	files_work_key(key, a);
	struct work *w = files_find_work(f, key);
	if (w != NULL)
		return work_again(w, a);
	w = xcalloc(1, sizeof *w);
	w->campaign = a->id.campaign;
	w->is_private = !files_has_tree(a);
	w->key = xstrdup(key);
	w->directory = xasprintf("%s/%s", f->work_dir, key);
	_cleanup_free_ char *marker = xasprintf("%s.done", w->directory);
	if (access(marker, F_OK) == 0 && access(w->directory, F_OK) == 0)
		w->state = WORK_READY;
	LL_PREPEND(f->works, w);
	return w;
}

static enum work_state fail(struct work *w, const char *reason)
{
	free(w->reason);
	w->reason = xstrdup(reason);
	return w->state = WORK_FAILED;
}

/* ---- laying out ---- */

/* An empty directory in the place of what an interrupted setup may have left. */
static int make_empty(const struct work *w, struct error *err)
{
	int r = remove_tree(w->directory);
	if (r < 0)
		return error_set(err, r, "%s: cannot be removed: %s", w->directory, strerror(-r));
	return mkdir(w->directory, 0755) < 0 ? error_errno(err, "%s", w->directory) : 0;
}

static void touch_content(void *arg, const struct content_hash *hash, int64_t size)
{
	(void)size;
	content_touch(arg, hash);
}

static int lay_out(
	struct files *f, const struct work *w, const struct message_assign *a, struct error *err)
{
	int r = make_empty(w, err);
	if (r < 0 || !files_has_tree(a))
		return r;
	const struct content_hash tree = files_tree(a);
	r = content_lay_out(f->contents, &tree, w->directory, err);
	return r < 0 ? r : content_tree_each(f->contents, &tree, touch_content, f->contents, err);
}

enum work_state files_prepare(struct files *f, struct work *w, const struct message_assign *a)
{
	struct error err = {0};
	if (w->state != WORK_MISSING)
		return w->state;
	int r = files_has_tree(a) ? files_fetch(f, w, a, &err) : 0;
	if (r > 0)
		return WORK_MISSING;
	if (r == 0)
		r = lay_out(f, w, a, &err);
	if (files_is_disk_full(r))
		r = files_empty_cache(f, a) ? lay_out(f, w, a, &err) : files_error_full(f, &err);
	if (r == -EILSEQ && !w->was_damaged) { /* dropped: once more, from the coordinator */
		log_warning("%s; it is fetched again", err.text);
		w->was_damaged = true;
		return files_prepare(f, w, a);
	}
	if (files_is_disk_broken(r)) {
		fail(w, err.text);
		w->state = WORK_MISSING;
		return WORK_WAITS;
	}
	if (r < 0)
		return fail(w, err.text);
	w->is_begun = false;
	if (a->setup.n > 0)
		return w->state = WORK_SETUP;
	if (files_has_tree(a))
		files_setup_done(f, w, NULL);
	return w->state = WORK_READY;
}

void files_setup_begins(struct work *w)
{
	w->is_begun = true;
}

void files_setup_done(struct files *f, struct work *w, const char *reason)
{
	if (reason != NULL) {
		fail(w, reason);
		return;
	}
	w->state = WORK_READY;
	/* The marker must not outlive a power cut that the files did not. Where it cannot be made,
	 * setup is done again. */
	_cleanup_free_ char *marker = xasprintf("%s.done", w->directory);
	_cleanup_close_ int dir = open(f->work_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || syncfs(dir) < 0)
		return;
	_cleanup_close_ int fd = open(marker, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	(void)fd;
}

/* ---- where a campaign was ---- */

int files_used(struct files *f, struct work *w, const struct message_assign *a,
	const char *directory, struct error *err)
{
	_cleanup_free_ char *marker = xasprintf("%s.done", w->directory);
	int r = uses_add(&f->uses,
		&(struct use){.campaign = a->id.campaign,
			.key = w->key,
			.user = (char *)(uintptr_t)a->user,
			.directory = (char *)(uintptr_t)directory,
			.is_private = w->is_private},
		err);
	if (r > 0) /* the first run of its campaign: used now */
		utimensat(AT_FDCWD, marker, NULL, AT_SYMLINK_NOFOLLOW);
	return r < 0 ? r : 0;
}

size_t files_uses(const struct files *f, const struct id16 *campaign, struct use **out)
{
	size_t n = 0;
	*out = xcalloc(f->uses.n + 1, sizeof **out);
	for (size_t i = 0; i < f->uses.n; i++) {
		const struct use *use = &f->uses.items[i];
		if (!id16_equal(&use->campaign, campaign))
			continue;
		(*out)[n++] = (struct use){.campaign = use->campaign,
			.key = xstrdup(use->key),
			.user = xstrdup_or_null(use->user),
			.directory = xstrdup(use->directory),
			.is_private = use->is_private};
	}
	return n;
}

void files_uses_free(struct use *uses, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(uses[i].key);
		free(uses[i].user);
		free(uses[i].directory);
	}
	free(uses);
}

void files_spoil(struct files *f, const char *key)
{
	struct work *w = files_find_work(f, key);
	_cleanup_free_ char *marker = xasprintf("%s/%s.done", f->work_dir, key);

	unlink(marker);
	if (w != NULL)
		files_start_anew(w);
}

static void remove_private(struct files *f, const char *key)
{
	struct work *w = files_find_work(f, key);
	_cleanup_free_ char *path = xasprintf("%s/%s", f->work_dir, key);
	_cleanup_free_ char *marker = xasprintf("%s.done", path);

	unlink(marker);
	remove_tree(path);
	if (w != NULL) {
		LL_DELETE(f->works, w);
		free_work(w);
	}
}

void files_forget_campaign(struct files *f, const struct id16 *campaign)
{
	struct work *w, *next;

	for (size_t i = 0; i < f->uses.n; i++) {
		const struct use *use = &f->uses.items[i];
		if (use->is_private && id16_equal(&use->campaign, campaign))
			remove_private(f, use->key);
	}
	LL_FOREACH_SAFE(f->works, w, next)
	{
		if (w->is_private && id16_equal(&w->campaign, campaign))
			remove_private(f, w->key);
	}
	uses_forget(&f->uses, campaign);
}
