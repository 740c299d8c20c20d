/* The size that contents and work directories may take, and what must stay. */
#include "agent/cache.h"
#include "agent/files_parts.h"
#include "proto/log.h"
#include "proto/units.h"

#include <errno.h>
#include <utlist.h>

#define PAGE_BYTES 4096 /* what a file takes is a multiple of that, about */

/* What must stay: contents sorted by hash, and the keys of work directories. */
struct needed {
	struct files *files;
	struct content_hash *hashes;
	size_t hashes_n, size;
	char (*keys)[FILES_KEY_SIZE];
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
	files_work_key(n->keys[n->keys_n++], a);
	if (!files_has_tree(a))
		return;
	struct content_hash tree = files_tree(a);
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
	struct work *w = files_find_work(n->files, key);
	log_debug("files: work directory %s is removed", key);
	if (w != NULL)
		files_start_anew(w);
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
	struct files_held *h;
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

bool files_is_disk_full(int code)
{
	return code == -ENOSPC || code == -EDQUOT;
}

bool files_is_disk_broken(int code)
{
	return code == -EIO || code == -EROFS;
}

bool files_empty_cache(struct files *f, const struct message_assign *a)
{
	return shrink(f, a, 0) > 0;
}

int files_error_full(const struct files *f, struct error *err)
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

int files_make_room(struct files *f, struct work *w, const struct message_assign *a,
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
			"files: they take %s here, kept and laid out, and the agent may use %s: "
			"give "
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
	struct files_held *h = xcalloc(1, sizeof *h);
	h->assign = a;
	LL_PREPEND(f->held, h);
}

void files_release(struct files *f, const struct message_assign *a)
{
	struct files_held *h, *next;
	LL_FOREACH_SAFE(f->held, h, next)
	{
		if (h->assign == a) {
			LL_DELETE(f->held, h);
			free(h);
		}
	}
}
