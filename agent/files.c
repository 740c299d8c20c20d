#include "agent/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>
#include <utlist.h>

#define KEY_BYTES 16
/* Asked for in one go: eight pieces are under way while one is written. */
#define REQUEST_BYTES (8 * MESSAGE_CHUNK)

struct files {
	struct content_store *contents;
	char *work_dir; /* owned */
	struct files_handler handler;
	struct work *works;
	bool is_asked; /* the content in `wanted` up to `asked_to` is under way */
	struct content_hash wanted;
	int64_t asked_to;
};

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

/* Directories that were never completed, and the private ones of earlier campaigns. */
static void remove_unfinished(const char *work_dir)
{
	DIR *dir = opendir(work_dir);
	if (dir == NULL)
		return;
	for (struct dirent *e; (e = readdir(dir)) != NULL;) {
		if (strlen(e->d_name) != 2 * KEY_BYTES)
			continue;
		_cleanup_free_ char *path = xasprintf("%s/%s", work_dir, e->d_name);
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
	_cleanup_free_ char *contents = xasprintf("%s/files", state);
	f->work_dir = xasprintf("%s/work", state);
	f->handler = *handler;
	int r = files_make_directory(f->work_dir, err);
	if (r == 0)
		r = content_open(&f->contents, contents, err);
	if (r < 0) {
		files_close(f);
		return r;
	}
	remove_unfinished(f->work_dir);
	*out = f;
	return 0;
}

void files_close(struct files *f)
{
	struct work *w, *next;
	if (f == NULL)
		return;
	LL_FOREACH_SAFE(f->works, w, next)
	{
		free(w->key);
		free(w->directory);
		free(w->reason);
		free(w);
	}
	content_close(f->contents);
	free(f->work_dir);
	free(f);
}

/* ---- which directory ---- */

static void hash_text(crypto_generichash_state *h, const char *text)
{
	crypto_generichash_update(h, (const uint8_t *)text, strlen(text) + 1);
}

static bool has_tree(const struct message_assign *a)
{
	return a->tree.data != NULL && a->tree.len == CONTENT_HASH_LEN;
}

static void work_key(char out[2 * KEY_BYTES + 1], const struct message_assign *a)
{
	crypto_generichash_state h;
	uint8_t key[KEY_BYTES];
	crypto_generichash_init(&h, NULL, 0, sizeof key);
	if (has_tree(a))
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

static struct work *find_work(const struct files *f, const char *key)
{
	struct work *w;
	LL_FOREACH (f->works, w) {
		if (strcmp(w->key, key) == 0)
			return w;
	}
	return NULL;
}

static bool is_of_campaign(const struct work *w, const struct message_assign *a)
{
	return memcmp(w->campaign.b, a->id.campaign.b, sizeof w->campaign.b) == 0;
}

static struct work *work_again(struct work *w, const struct message_assign *a)
{
	/* WORK_SETUP here is what a run left behind that ended within its setup. */
	if (w->state == WORK_SETUP || (w->state == WORK_FAILED && !is_of_campaign(w, a))) {
		free(w->reason);
		w->reason = NULL;
		w->state = WORK_MISSING;
	}
	if (w->state == WORK_MISSING)
		w->campaign = a->id.campaign;
	return w;
}

struct work *files_work(struct files *f, const struct message_assign *a)
{
	char key[2 * KEY_BYTES + 1];
	work_key(key, a);
	struct work *w = find_work(f, key);
	if (w != NULL)
		return work_again(w, a);
	w = xcalloc(1, sizeof *w);
	w->campaign = a->id.campaign;
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

/* ---- fetching ---- */

static void ask(struct files *f, const struct content_hash *hash)
{
	int64_t from = content_partial_size(f->contents, hash);
	if (f->is_asked && memcmp(f->wanted.b, hash->b, sizeof hash->b) == 0 && from < f->asked_to)
		return;
	f->is_asked = true;
	f->wanted = *hash;
	f->asked_to = from + REQUEST_BYTES;
	f->handler.want(f->handler.arg, hash, from, REQUEST_BYTES);
}

void files_forget_request(struct files *f)
{
	f->is_asked = false;
}

int files_take(struct files *f, const struct message_file_chunk *c, struct error *err)
{
	struct content_hash hash;
	if (c->hash.len != sizeof hash.b)
		return error_set(
			err, ERR_PROTOCOL, "FILE_CHUNK: the hash has %zu bytes", c->hash.len);
	memcpy(hash.b, c->hash.data, sizeof hash.b);
	/* What was asked for twice, on two connections, may arrive twice. */
	if (content_has(f->contents, &hash) || c->offset < content_partial_size(f->contents, &hash))
		return 0;
	int r = content_put(f->contents, &hash, c->offset, c->size, c->data.data, c->data.len, err);
	if (r != 0) {
		f->is_asked = false;
		return r;
	}
	if (f->is_asked && content_partial_size(f->contents, &hash) >= f->asked_to)
		ask(f, &hash);
	return 0;
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

enum work_state files_prepare(struct files *f, struct work *w, const struct message_assign *a)
{
	struct error err = {0};
	if (w->state != WORK_MISSING)
		return w->state;
	struct content_hash tree;
	if (has_tree(a)) {
		struct content_hash missing;
		memcpy(tree.b, a->tree.data, sizeof tree.b);
		int r = content_next_missing(f->contents, &tree, &missing, &err);
		if (r < 0)
			return fail(w, err.text);
		if (r > 0) {
			ask(f, &missing);
			return WORK_MISSING;
		}
	}
	int r = make_empty(w, &err);
	if (r == 0 && has_tree(a))
		r = content_lay_out(f->contents, &tree, w->directory, &err);
	if (r < 0)
		return fail(w, err.text);
	if (a->setup.n > 0)
		return w->state = WORK_SETUP;
	if (has_tree(a))
		files_setup_done(f, w, NULL);
	return w->state = WORK_READY;
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
