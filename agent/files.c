#include "agent/files.h"

#include "agent/cache.h"
#include "proto/log.h"
#include "proto/units.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>
#include <utlist.h>

#define KEY_BYTES 16
/* Asked for in one go, of one content or of many: eight pieces are under way while one is written. */
#define REQUEST_BYTES (8 * MESSAGE_CHUNK)
#define REQUESTS_MAX  32
#define PAGE_BYTES    4096 /* what a file takes is a multiple of that, about */

/* A piece that is under way: of this content, up to here. */
struct request {
	struct content_hash hash;
	int64_t to;
};

struct held {
	const struct message_assign *assign;
	struct held *next;
};

struct files {
	struct content_store *contents;
	char *contents_dir, *work_dir; /* owned */
	struct files_handler handler;
	struct uses uses;
	int64_t limit; /* ABSENT: none */
	struct held *held;
	struct work *works;
	struct request requests[REQUESTS_MAX];
	size_t requests_n;
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

/* Directories that were never completed, and the private ones of earlier campaigns, but for those
 * that are to be torn down. */
static void remove_unfinished(const struct files *f)
{
	DIR *dir = opendir(f->work_dir);
	if (dir == NULL)
		return;
	for (struct dirent *e; (e = readdir(dir)) != NULL;) {
		if (strlen(e->d_name) != 2 * KEY_BYTES || uses_has_key(&f->uses, e->d_name))
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
	struct held *h, *next_held;
	if (f == NULL)
		return;
	LL_FOREACH_SAFE(f->works, w, next)
		free_work(w);
	LL_FOREACH_SAFE(f->held, h, next_held)
		free(h);
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

static void start_anew(struct work *w)
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
		start_anew(w);
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
	w->is_private = !has_tree(a);
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

/* ---- making room ---- */

static struct content_hash tree_of(const struct message_assign *a)
{
	struct content_hash tree;
	memcpy(tree.b, a->tree.data, sizeof tree.b);
	return tree;
}

/* What must stay: contents sorted by hash, and the keys of work directories. */
struct needed {
	struct files *files;
	struct content_hash *hashes;
	size_t hashes_n, size;
	char (*keys)[2 * KEY_BYTES + 1];
	size_t keys_n;
};

static void add_hash(void *arg, const struct content_hash *hash, int64_t size)
{
	struct needed *n = arg;
	(void)size;
	if (n->hashes_n == n->size) {
		n->size = n->size == 0 ? 256 : n->size * 2;
		n->hashes = xreallocarray(n->hashes, n->size, sizeof *n->hashes);
	}
	n->hashes[n->hashes_n++] = *hash;
}

static void add_needed(struct needed *n, const struct message_assign *a)
{
	n->keys = xreallocarray(n->keys, n->keys_n + 1, sizeof *n->keys);
	work_key(n->keys[n->keys_n++], a);
	if (!has_tree(a))
		return;
	struct content_hash tree = tree_of(a);
	if (content_tree_each(n->files->contents, &tree, add_hash, n, NULL) < 0)
		add_hash(n, &tree, 0);
}

static int compare_hash(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct content_hash));
}

static enum cache_need need_content(void *arg, const struct content_hash *hash)
{
	const struct needed *n = arg;
	return n->hashes_n > 0 && bsearch(hash, n->hashes, n->hashes_n, sizeof *hash,
					  compare_hash) != NULL
		       ? CACHE_NEEDED
		       : CACHE_FREE;
}

static enum cache_need need_work(void *arg, const char *key)
{
	const struct needed *n = arg;
	for (size_t i = 0; i < n->keys_n; i++) {
		if (strcmp(n->keys[i], key) == 0)
			return CACHE_NEEDED;
	}
	return uses_has_key(&n->files->uses, key) ? CACHE_LATER : CACHE_FREE;
}

static void on_content_goes(void *arg, const struct content_hash *hash)
{
	char hex[2 * CONTENT_HASH_LEN + 1];
	(void)arg;
	log_debug("files: %.16s is removed", hex_encode(hex, hash->b, sizeof hash->b));
}

static void on_work_goes(void *arg, const char *key)
{
	const struct needed *n = arg;
	struct work *w = find_work(n->files, key);
	log_debug("files: work directory %s is removed", key);
	if (w != NULL)
		start_anew(w);
}

/* Down to so many bytes, as far as that goes. a (may be NULL) is kept for, too. Returns what
 * went. */
static int64_t shrink(struct files *f, const struct message_assign *a, int64_t limit)
{
	struct needed n = {.files = f};
	const struct cache c = {.contents = f->contents_dir,
		.work = f->work_dir,
		.need_content = need_content,
		.need_work = need_work,
		.on_content = on_content_goes,
		.on_work = on_work_goes,
		.arg = &n};
	struct held *h;
	int64_t freed;

	LL_FOREACH (f->held, h)
		add_needed(&n, h->assign);
	if (a != NULL)
		add_needed(&n, a);
	for (size_t i = 0; i < f->requests_n; i++)
		add_hash(&n, &f->requests[i].hash, 0);
	if (n.hashes_n > 0)
		qsort(n.hashes, n.hashes_n, sizeof *n.hashes, compare_hash);
	cache_shrink(&c, limit, &freed);
	content_forget_tree(f->contents);
	free(n.hashes);
	free(n.keys);
	return freed;
}

static bool is_disk_full(int code)
{
	return code == -ENOSPC || code == -EDQUOT;
}

/* Where the disk is full: all that nobody needs goes. Returns whether there was any. */
static bool empty_cache(struct files *f, const struct message_assign *a)
{
	return shrink(f, a, 0) > 0;
}

static int error_full(const struct files *f, struct error *err)
{
	int code = err->code;
	_cleanup_free_ char *what = xstrdup(err->text);
	return error_set(err, code,
		"files: the disk is full, and nothing that joulerig keeps there can go: make room "
		"on the file system of %s, or give the agent another --state (%s)",
		f->work_dir, what);
}

struct sizes {
	struct files *files;
	int64_t all, missing; /* bytes */
};

static void add_size(void *arg, const struct content_hash *hash, int64_t size)
{
	struct sizes *s = arg;
	int64_t taken = (size + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
	s->all += taken;
	if (!content_has(s->files->contents, hash))
		s->missing += taken - content_partial_size(s->files->contents, hash);
}

/* The manifest is there: make room for what it lists, and for laying that out. Returns 0 or
 * negative. */
static int make_room(struct files *f, struct work *w, const struct message_assign *a,
	const struct content_hash *tree, struct error *err)
{
	struct sizes s = {.files = f};
	char need[32], limit[32];

	if (f->limit == ABSENT || w->has_room || !content_has(f->contents, tree))
		return 0;
	int r = content_tree_each(f->contents, tree, add_size, &s, err);
	if (r < 0)
		return r;
	if (2 * s.all > f->limit)
		return error_set(err, -EFBIG,
			"files: they take %s here, kept and laid out, and the agent may use %s: give "
			"it a larger --cache",
			units_format_size(need, 2 * s.all), units_format_size(limit, f->limit));
	w->has_room = true;
	shrink(f, a, f->limit - s.all - s.missing);
	return 0;
}

void files_limit(struct files *f, int64_t bytes)
{
	f->limit = bytes;
	if (bytes != ABSENT)
		shrink(f, NULL, bytes);
}

void files_hold(struct files *f, const struct message_assign *a)
{
	struct held *h = xcalloc(1, sizeof *h);
	h->assign = a;
	LL_PREPEND(f->held, h);
}

void files_release(struct files *f, const struct message_assign *a)
{
	struct held *h, *next;
	LL_FOREACH_SAFE(f->held, h, next)
	{
		if (h->assign == a) {
			LL_DELETE(f->held, h);
			free(h);
		}
	}
}

/* ---- fetching ---- */

static struct request *find_request(struct files *f, const struct content_hash *hash)
{
	for (size_t i = 0; i < f->requests_n; i++) {
		if (compare_hash(&f->requests[i].hash, hash) == 0)
			return &f->requests[i];
	}
	return NULL;
}

static void drop_request(struct files *f, const struct content_hash *hash)
{
	struct request *r = find_request(f, hash);
	if (r != NULL)
		*r = f->requests[--f->requests_n];
}

/* Returns the bytes that are asked for now. size is that of the content, or ABSENT. */
static int64_t ask(struct files *f, const struct content_hash *hash, int64_t size)
{
	int64_t from = content_partial_size(f->contents, hash), length = REQUEST_BYTES;
	struct request *r = find_request(f, hash);
	char hex[2 * CONTENT_HASH_LEN + 1];

	if (r != NULL && from < r->to)
		return 0;
	if (r == NULL) {
		if (f->requests_n == REQUESTS_MAX)
			return 0;
		r = &f->requests[f->requests_n++];
	}
	if (size != ABSENT && size - from < length)
		length = size > from ? size - from : 1; /* an empty one is asked for, too */
	*r = (struct request){*hash, from + length};
	log_debug("files: asking for %.16s from byte %" PRId64,
		hex_encode(hex, hash->b, sizeof hash->b), from);
	f->handler.want(f->handler.arg, hash, from, length);
	return length;
}

/* So much at once that the way there and back does not count for each small file. */
static void ask_for(struct files *f, const struct content_want *wants, size_t n)
{
	int64_t asked = 0;
	for (size_t i = 0; i < f->requests_n; i++)
		asked += f->requests[i].to - content_partial_size(f->contents, &f->requests[i].hash);
	for (size_t i = 0; i < n && (asked < REQUEST_BYTES || f->requests_n == 0); i++)
		asked += ask(f, &wants[i].hash, wants[i].size);
}

void files_forget_request(struct files *f)
{
	f->requests_n = 0;
}

int files_take(struct files *f, const struct message_file_chunk *c, struct error *err)
{
	struct content_hash hash;
	if (c->hash.len != sizeof hash.b)
		return error_set(
			err, ERR_PROTOCOL, "FILE_CHUNK: the hash has %zu bytes", c->hash.len);
	memcpy(hash.b, c->hash.data, sizeof hash.b);
	/* What was asked for twice may arrive twice; what follows a piece that was not taken, with
	 * a gap. */
	if (content_has(f->contents, &hash) || c->offset != content_partial_size(f->contents, &hash))
		return 0;
	int r = content_put(f->contents, &hash, c->offset, c->size, c->data.data, c->data.len, err);
	struct request *asked = find_request(f, &hash);
	if (is_disk_full(r)) {
		if (!empty_cache(f, NULL))
			return error_full(f, err);
		drop_request(f, &hash); /* from where it is now */
		ask(f, &hash, c->size);
		return 0;
	}
	if (r != 0) {
		drop_request(f, &hash);
		return r < 0 || f->requests_n <= REQUESTS_MAX / 2 ? r : 0;
	}
	if (asked != NULL && content_partial_size(f->contents, &hash) >= asked->to)
		ask(f, &hash, c->size);
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

static void touch_content(void *arg, const struct content_hash *hash, int64_t size)
{
	(void)size;
	content_touch(arg, hash);
}

static int lay_out(struct files *f, const struct work *w, const struct message_assign *a,
	struct error *err)
{
	int r = make_empty(w, err);
	if (r < 0 || !has_tree(a))
		return r;
	const struct content_hash tree = tree_of(a);
	r = content_lay_out(f->contents, &tree, w->directory, err);
	return r < 0 ? r
		     : content_tree_each(f->contents, &tree, touch_content, f->contents, err);
}

/* What is missing is asked for. Returns 1 while there is such, 0, or negative. */
static int fetch(
	struct files *f, struct work *w, const struct message_assign *a, struct error *err)
{
	struct content_want wants[REQUESTS_MAX];
	const struct content_hash tree = tree_of(a);
	int r = make_room(f, w, a, &tree, err);
	int n = r < 0 ? r : content_list_missing(f->contents, &tree, wants, REQUESTS_MAX, err);
	if (n > 0)
		ask_for(f, wants, (size_t)n);
	return n < 0 ? n : n > 0;
}

enum work_state files_prepare(struct files *f, struct work *w, const struct message_assign *a)
{
	struct error err = {0};
	if (w->state != WORK_MISSING)
		return w->state;
	int r = has_tree(a) ? fetch(f, w, a, &err) : 0;
	if (r > 0)
		return WORK_MISSING;
	if (r == 0)
		r = lay_out(f, w, a, &err);
	if (is_disk_full(r))
		r = empty_cache(f, a) ? lay_out(f, w, a, &err) : error_full(f, &err);
	if (r == -EILSEQ && !w->was_damaged) { /* dropped: once more, from the coordinator */
		log_warning("%s; it is fetched again", err.text);
		w->was_damaged = true;
		return files_prepare(f, w, a);
	}
	if (r < 0)
		return fail(w, err.text);
	w->is_begun = false;
	if (a->setup.n > 0)
		return w->state = WORK_SETUP;
	if (has_tree(a))
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
			.user = use->user != NULL ? xstrdup(use->user) : NULL,
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

static void remove_private(struct files *f, const char *key)
{
	struct work *w = find_work(f, key);
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
