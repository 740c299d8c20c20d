/* A tree of files in a store: what is missing of it, and laying it out. */
#include "proto/content_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

void content_forget_tree(struct content_store *s)
{
	content_entries_free(s->entries, s->n);
	s->entries = NULL;
	s->n = s->next = 0;
}

/* Returns 0, -ENOENT where the manifest is not there or was damaged (then it is dropped), or
 * negative. */
static int load_tree(struct content_store *s, const struct content_hash *tree, struct error *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct content_hash hash;
	char path[CONTENT_HEX_SIZE + 1];

	if (s->entries != NULL && content_hash_equal(tree, &s->tree))
		return 0;
	int r = buf_read_file(&text, s->fd, content_path(path, tree), CONTENT_MAX_MANIFEST);
	if (r < 0)
		return error_set(err, r, "%s/%s: %s", s->dir, path, strerror(-r));
	content_hash_bytes(&hash, text.data, text.len);
	if (!content_hash_equal(&hash, tree)) { /* torn by a power cut */
		content_drop(s, tree);
		return error_set(err, -ENOENT, "%s/%s was damaged and is dropped", s->dir, path);
	}
	content_forget_tree(s);
	r = content_parse_manifest(text.data, text.len, &s->entries, &s->n, err);
	s->tree = *tree;
	return r;
}

/* Whether it is there, whole as far as its size tells: a power cut may have torn it. */
static bool is_there(struct content_store *s, const struct content_entry *e)
{
	int64_t size = content_size(s, &e->hash);

	if (size >= 0 && size != e->size)
		content_drop(s, &e->hash);
	return size == e->size;
}

int content_list_missing(struct content_store *s, const struct content_hash *tree,
	struct content_want *out, size_t max, struct error *err)
{
	size_t n = 0;
	int r = max > 0 ? load_tree(s, tree, err) : 0;

	if (r == -ENOENT) {
		out[0] = (struct content_want){.hash = *tree, .size = ABSENT};
		return 1;
	}
	if (r < 0)
		return r;
	while (s->next < s->n &&
		(s->entries[s->next].type != 'f' || is_there(s, &s->entries[s->next])))
		s->next++;
	for (size_t i = s->next; i < s->n && n < max; i++) {
		const struct content_entry *e = &s->entries[i];
		size_t same = 0;
		if (e->type != 'f' || is_there(s, e))
			continue;
		while (same < n && !content_hash_equal(&out[same].hash, &e->hash))
			same++;
		if (same == n)
			out[n++] = (struct content_want){.hash = e->hash, .size = e->size};
	}
	if (n == 0 && (r = content_sync(s, err)) < 0)
		return r;
	return (int)n;
}

int content_next_missing(struct content_store *s, const struct content_hash *tree,
	struct content_hash *missing, struct error *err)
{
	struct content_want want;
	int r = content_list_missing(s, tree, &want, 1, err);

	if (r > 0)
		*missing = want.hash;
	return r;
}

int content_tree_each(struct content_store *s, const struct content_hash *tree,
	void (*each)(void *arg, const struct content_hash *hash, int64_t size), void *arg,
	struct error *err)
{
	int r = load_tree(s, tree, err);

	if (r < 0)
		return r;
	each(arg, tree, content_size(s, tree));
	for (size_t i = 0; i < s->n; i++) {
		if (s->entries[i].type == 'f')
			each(arg, &s->entries[i].hash, s->entries[i].size);
	}
	return 0;
}

void content_touch(struct content_store *s, const struct content_hash *hash)
{
	char path[CONTENT_HEX_SIZE + 1];

	utimensat(s->fd, content_path(path, hash), NULL, AT_SYMLINK_NOFOLLOW);
}

static int lay_out_file(struct content_store *s, int root, const struct content_entry *e)
{
	struct content_hash hash;
	_cleanup_close_ int from = content_fd(s, &e->hash);

	if (from < 0)
		return from;
	_cleanup_close_ int to = openat(
		root, e->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, e->mode);
	/* The umask may have taken bits away. */
	if (to < 0 || fchmod(to, e->mode) < 0)
		return -errno;
	int64_t n = content_copy_hash(s, from, to, &hash);
	if (n < 0)
		return (int)n;
	if (n == e->size && content_hash_equal(&hash, &e->hash))
		return 0;
	content_drop(s, &e->hash);
	return -EILSEQ;
}

static int lay_out_entry(struct content_store *s, int root, const struct content_entry *e)
{
	if (e->type == 'f')
		return lay_out_file(s, root, e);
	if (e->type == 'd')
		return mkdirat(root, e->path, 0755) < 0 ? -errno : 0;
	return symlinkat(e->target, root, e->path) < 0 ? -errno : 0;
}

int content_lay_out(struct content_store *s, const struct content_hash *tree, const char *directory,
	struct error *err)
{
	_cleanup_close_ int root = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool is_damaged = false;

	if (root < 0)
		return error_errno(err, "%s", directory);
	int r = load_tree(s, tree, err);
	/* All that are damaged are found at once. */
	for (size_t i = 0; i < s->n && (r == 0 || r == -EILSEQ); i++) {
		const struct content_entry *e = &s->entries[i];
		r = lay_out_entry(s, root, e);
		is_damaged |= r == -EILSEQ;
		if (r < 0)
			error_set(err, r, "%s/%s: %s", directory, e->path,
				r == -EILSEQ ? "the stored content is damaged" : strerror(-r));
	}
	if (!is_damaged)
		return r;
	content_forget_tree(s);
	return r < 0 ? r : -EILSEQ;
}
