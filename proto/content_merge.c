/* Several trees in one. */
#include "proto/content.h"

#include <errno.h>

static int compare_path(const void *a, const void *b)
{
	return strcmp(
		((const struct content_entry *)a)->path, ((const struct content_entry *)b)->path);
}

static bool is_same_entry(const struct content_entry *a, const struct content_entry *b)
{
	if (a->type != b->type)
		return false;
	if (a->type == 'l')
		return strcmp(a->target, b->target) == 0;
	return a->type == 'd' || (a->mode == b->mode && a->size == b->size &&
					 memcmp(a->hash.b, b->hash.b, sizeof a->hash.b) == 0);
}

/* Append the entries of a tree. */
static int add_entries(struct content_store *s, const struct content_hash *tree,
	struct content_entry **all, size_t *n, struct error *err)
{
	int64_t size = content_size(s, tree), got;
	struct content_entry *some = NULL;
	size_t some_n = 0;

	if (size < 0 || size > CONTENT_MAX_MANIFEST)
		return error_set(err, size < 0 ? (int)size : -E2BIG, "files: a list of files is %s",
			size < 0 ? "not there" : "too long");
	_cleanup_free_ char *text = xmalloc((size_t)size + 1);
	got = content_read(s, tree, 0, text, (size_t)size, err);
	if (got < 0)
		return (int)got;
	int r = content_parse_manifest(text, (size_t)got, &some, &some_n, err);
	if (r < 0)
		return r;
	*all = xreallocarray(*all, *n + some_n + 1, sizeof **all);
	if (some_n > 0)
		memcpy(*all + *n, some, some_n * sizeof *some);
	*n += some_n;
	free(some); /* what its entries own went along */
	return 0;
}

int content_merge_trees(struct content_store *s, const struct content_hash *trees, size_t n,
	struct content_hash *out, struct error *err)
{
	_cleanup_buf_ struct buf manifest = BUF_INIT;
	struct content_entry *all = NULL;
	size_t all_n = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = add_entries(s, &trees[i], &all, &all_n, err);
	if (all_n > 0)
		qsort(all, all_n, sizeof *all, compare_path);
	for (size_t i = 1; r == 0 && i < all_n; i++)
		if (compare_path(&all[i - 1], &all[i]) == 0 && !is_same_entry(&all[i - 1], &all[i]))
			r = error_set(err, -EEXIST,
				"files: %s is there twice, and they differ: 'as' names another "
				"folder",
				all[i].path);
	content_write_manifest(all, all_n, &manifest);
	if (r == 0 && manifest.len > CONTENT_MAX_MANIFEST)
		r = error_set(err, -E2BIG, "files: too many files");
	if (r == 0)
		r = content_add_bytes(s, manifest.data, manifest.len, out, err);
	content_entries_free(all, all_n);
	return r;
}
