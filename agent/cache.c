#include "agent/cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#define KEY_LEN     32
#define DEPTH_MAX   128
#define BLOCK_BYTES 512 /* of st_blocks, whatever the file system */

struct item {
	bool is_work;
	char key[KEY_LEN + 1];    /* of a work directory */
	struct content_hash hash; /* of a content */
	char *path;               /* owned */
	int64_t size, used_ns;
	enum cache_need need;
};

struct list_of_items {
	struct item *items;
	size_t n, size;
	int64_t bytes;
};

static int64_t bytes_of(const struct stat *st)
{
	return (int64_t)st->st_blocks * BLOCK_BYTES;
}

static int64_t time_of(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * NS_PER_S + st->st_mtim.tv_nsec;
}

static void add_item(struct list_of_items *l, const struct item *item)
{
	if (l->n == l->size) {
		l->size = l->size == 0 ? 256 : l->size * 2;
		l->items = xreallocarray(l->items, l->size, sizeof *l->items);
	}
	l->items[l->n++] = *item;
	l->bytes += item->size;
}

/* ---- looking ---- */

/* What is below a folder, which is closed. */
static int64_t tree_bytes(int fd, int depth)
{
	struct stat st;
	int64_t bytes = 0;
	DIR *dir = fd < 0 || depth > DEPTH_MAX ? NULL : fdopendir(fd);

	if (dir == NULL) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	for (struct dirent *e; (e = readdir(dir)) != NULL;) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
			fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		bytes += bytes_of(&st);
		if (S_ISDIR(st.st_mode))
			bytes +=
				tree_bytes(openat(fd, e->d_name,
						   O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW),
					depth + 1);
	}
	closedir(dir);
	return bytes;
}

static void look_at_work(const struct cache *c, struct list_of_items *l)
{
	DIR *dir = opendir(c->work);

	if (dir == NULL)
		return;
	for (struct dirent *e; (e = readdir(dir)) != NULL;) {
		struct item item = {.is_work = true};
		struct stat st;
		if (strlen(e->d_name) != KEY_LEN ||
			fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
			!S_ISDIR(st.st_mode))
			continue;
		memcpy(item.key, e->d_name, KEY_LEN);
		item.path = xasprintf("%s/%s", c->work, item.key);
		item.size =
			bytes_of(&st) +
			tree_bytes(open(item.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW),
				0);
		_cleanup_free_ char *marker = xasprintf("%s.done", item.path);
		struct stat marked;
		item.used_ns = time_of(stat(marker, &marked) == 0 ? &marked : &st);
		item.need = c->need_work(c->arg, item.key);
		add_item(l, &item);
	}
	closedir(dir);
}

/* The files of one folder, whose names with before in front of them are hashes. */
static void look_at_folder(
	const struct cache *c, const char *folder, const char *before, struct list_of_items *l)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", c->contents, folder);
	DIR *dir = opendir(path);

	if (dir == NULL)
		return;
	for (struct dirent *e; (e = readdir(dir)) != NULL;) {
		_cleanup_free_ char *hex = xasprintf("%s%s", before, e->d_name);
		struct item item = {0};
		struct stat st;
		if (!hex_decode(item.hash.b, sizeof item.hash.b, hex) ||
			fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		item.path = xasprintf("%s/%s", path, e->d_name);
		item.size = bytes_of(&st);
		item.used_ns = time_of(&st);
		item.need = c->need_content(c->arg, &item.hash);
		add_item(l, &item);
	}
	closedir(dir);
}

static void look_at_contents(const struct cache *c, struct list_of_items *l)
{
	for (unsigned i = 0; i < 256; i++) {
		char name[3];
		snprintf(name, sizeof name, "%02x", i);
		look_at_folder(c, name, name, l);
	}
	look_at_folder(c, "partial", "", l);
}

/* ---- removing ---- */

static int by_turn(const void *x, const void *y)
{
	const struct item *a = x, *b = y;

	if (a->need != b->need)
		return a->need < b->need ? -1 : 1;
	return a->used_ns < b->used_ns ? -1 : a->used_ns > b->used_ns;
}

static void remove_item(const struct cache *c, const struct item *item)
{
	if (!item->is_work) {
		c->on_content(c->arg, &item->hash);
		unlink(item->path);
		return;
	}
	_cleanup_free_ char *marker = xasprintf("%s.done", item->path);
	c->on_work(c->arg, item->key);
	/* First: what is there in part must not pass for whole. */
	unlink(marker);
	remove_tree(item->path);
}

int64_t cache_shrink(const struct cache *c, int64_t limit, int64_t *freed)
{
	struct list_of_items l = {0};
	int64_t gone = 0;

	look_at_work(c, &l);
	look_at_contents(c, &l);
	if (l.n > 0)
		qsort(l.items, l.n, sizeof *l.items, by_turn);
	for (size_t i = 0; i < l.n; i++) {
		const struct item *item = &l.items[i];
		if (l.bytes - gone > limit && item->need != CACHE_NEEDED) {
			remove_item(c, item);
			gone += item->size;
		}
		free(item->path);
	}
	free(l.items);
	if (freed != NULL)
		*freed = gone;
	return l.bytes - gone;
}
