/* The manifest of a tree: making one of files, and reading one that a peer sent. */
#include "proto/content.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

enum {
	MAX_ENTRIES = 200000,
	MAX_DEPTH = 64,
};
#define HEX_SIZE (2 * CONTENT_HASH_LEN + 1)

void content_entries_free(struct content_entry *entries, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(entries[i].path);
		free(entries[i].target);
	}
	free(entries);
}

/* Relative, of plain components only, of a sane length. */
static bool path_is_good(const char *path)
{
	size_t len = strlen(path);
	if (len == 0 || len >= PATH_MAX || path[len - 1] == '/' || strchr(path, '\n') != NULL)
		return false;
	for (const char *p = path; *p != '\0';) {
		size_t n = strcspn(p, "/");
		if (n == 0 || n > NAME_MAX || (n == 1 && p[0] == '.') ||
			(n == 2 && p[0] == '.' && p[1] == '.'))
			return false;
		p += n + (p[n] == '/');
	}
	return true;
}

/* Whether a link at path stays in the tree, by its text. */
static bool target_is_good(const char *path, const char *target)
{
	int depth = 0;
	if (target[0] == '/' || target[0] == '\0' || strchr(target, '\n') != NULL)
		return false;
	for (const char *p = path; (p = strchr(p, '/')) != NULL; p++)
		depth++;
	for (const char *p = target; *p != '\0';) {
		size_t n = strcspn(p, "/");
		if (n == 2 && p[0] == '.' && p[1] == '.')
			depth--;
		else if (n > 0 && !(n == 1 && p[0] == '.'))
			depth++;
		if (depth < 0)
			return false;
		p += n + (p[n] == '/');
	}
	return true;
}

/* A decimal without leading zeros and its space; NULL where it is none. */
static const char *take_number(const char *p, int64_t *out)
{
	int64_t value = 0;
	const char *start = p;
	for (; *p >= '0' && *p <= '9'; p++) {
		value = value * 10 + (*p - '0');
		if (value > CONTENT_MAX_SIZE)
			return NULL;
	}
	*out = value;
	return p == start || (*start == '0' && p != start + 1) || *p != ' ' ? NULL : p + 1;
}

static const char *take_mode(const char *p, unsigned *out)
{
	bool is_executable = strncmp(p, "0755 ", 5) == 0;
	*out = is_executable ? 0755 : 0644;
	return is_executable || strncmp(p, "0644 ", 5) == 0 ? p + 5 : NULL;
}

/* One line without its newline. The path is checked by the caller. */
static bool parse_line(const char *line, struct content_entry *e)
{
	const char *p = line + 2;
	int64_t len;
	char hex[HEX_SIZE];
	if (line[0] == '\0' || line[1] != ' ')
		return false;
	e->type = line[0];
	switch (line[0]) {
	case 'f':
		if ((p = take_mode(p, &e->mode)) == NULL ||
			(p = take_number(p, &e->size)) == NULL || strlen(p) < HEX_SIZE ||
			p[HEX_SIZE - 1] != ' ')
			return false;
		memcpy(hex, p, HEX_SIZE - 1);
		hex[HEX_SIZE - 1] = '\0';
		if (!hex_decode(e->hash.b, sizeof e->hash.b, hex))
			return false;
		p += HEX_SIZE;
		break;
	case 'd':
		if ((p = take_mode(p, &e->mode)) == NULL || e->mode != 0755)
			return false;
		break;
	case 'l':
		p = take_number(p, &len);
		if (p == NULL || len == 0 || len >= PATH_MAX || strlen(p) < (size_t)len + 1 ||
			p[len] != ' ')
			return false;
		e->target = xstrndup(p, (size_t)len);
		p += len + 1;
		break;
	default:
		return false;
	}
	e->path = xstrdup(p);
	return path_is_good(p) && (e->target == NULL || target_is_good(p, e->target));
}

static int compare_path(const void *a, const void *b)
{
	return strcmp(
		((const struct content_entry *)a)->path, ((const struct content_entry *)b)->path);
}

/* Every entry comes after the one before it, and its folder is an entry, a real one: nothing is
 * written through a link. */
static bool order_is_good(const struct content_entry *entries, size_t n)
{
	const struct content_entry *e = &entries[n - 1];
	if (n > 1 && compare_path(&entries[n - 2], e) >= 0)
		return false;
	const char *slash = strrchr(e->path, '/');
	if (slash == NULL)
		return true;
	_cleanup_free_ char *folder = xstrndup(e->path, (size_t)(slash - e->path));
	struct content_entry key = {.path = folder};
	const struct content_entry *found = bsearch(&key, entries, n - 1, sizeof key, compare_path);
	return found != NULL && found->type == 'd';
}

int content_parse_manifest(
	const char *text, size_t len, struct content_entry **out, size_t *n, struct error *err)
{
	struct content_entry *entries = NULL;
	size_t count = 0, size = 0, line = 0;

	*out = NULL;
	*n = 0;
	for (size_t at = 0; at < len;) {
		const char *end = memchr(text + at, '\n', len - at);
		bool is_good = end != NULL && count < MAX_ENTRIES &&
			       memchr(text + at, '\0', (size_t)(end - text) - at) == NULL;
		line++;
		if (is_good) {
			_cleanup_free_ char *copy = xstrndup(text + at, (size_t)(end - text) - at);
			if (count == size) {
				size = size == 0 ? 64 : size * 2;
				entries = xreallocarray(entries, size, sizeof *entries);
			}
			entries[count] = (struct content_entry){0};
			is_good = parse_line(copy, &entries[count++]) &&
				  order_is_good(entries, count);
			at = (size_t)(end - text) + 1;
		}
		if (!is_good) {
			content_entries_free(entries, count);
			return error_set(err, -EINVAL,
				"line %zu of a list of files is not what such a list may hold",
				line);
		}
	}
	*out = entries;
	*n = count;
	return 0;
}

/* ---- making one ---- */

struct tree_walk {
	struct content_store *store;
	int root; /* descriptor of the campaign's folder */
	struct content_entry *entries;
	size_t n, size;
	struct error *err;
};

static struct content_entry *add_entry(struct tree_walk *w, char type, const char *path)
{
	if (w->n == w->size) {
		w->size = w->size == 0 ? 64 : w->size * 2;
		w->entries = xreallocarray(w->entries, w->size, sizeof *w->entries);
	}
	struct content_entry *e = &w->entries[w->n++];
	*e = (struct content_entry){.type = type, .mode = 0755, .path = xstrdup(path)};
	return e;
}

static int add_path(struct tree_walk *w, const char *path, int depth);

static int add_folder(struct tree_walk *w, const char *path, int depth)
{
	int fd = openat(w->root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	int r = 0;
	if (dir == NULL)
		return error_errno(w->err, "files: %s", path);
	for (struct dirent *e; r == 0 && (e = readdir(dir)) != NULL;) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		_cleanup_free_ char *below = strcmp(path, ".") == 0
						     ? xstrdup(e->d_name)
						     : xasprintf("%s/%s", path, e->d_name);
		r = add_path(w, below, depth + 1);
	}
	closedir(dir);
	return r;
}

static int add_link(struct tree_walk *w, const char *path)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(w->root, path, target, sizeof target - 1);
	if (n < 0)
		return error_errno(w->err, "files: %s", path);
	target[n] = '\0';
	if (!target_is_good(path, target))
		return error_set(w->err, -EINVAL,
			"files: %s is a symbolic link to %s, which is not among the campaign's "
			"files",
			path, target);
	add_entry(w, 'l', path)->target = xstrdup(target);
	return 0;
}

static int add_path(struct tree_walk *w, const char *path, int depth)
{
	struct stat st;
	bool is_root = strcmp(path, ".") == 0;
	if (strchr(path, '\n') != NULL)
		return error_set(w->err, -EINVAL,
			"files: there is a name with a newline in it, in %.*s; rename it",
			(int)strcspn(path, "\n"), path);
	if (!is_root && !path_is_good(path))
		return error_set(w->err, -EINVAL, "files: the name of %s cannot be used", path);
	if (fstatat(w->root, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return error_errno(w->err, "files: %s", path);
	if (depth > MAX_DEPTH || w->n >= MAX_ENTRIES)
		return error_set(w->err, -E2BIG, "files: %s: too many files, or too deep", path);
	if (S_ISLNK(st.st_mode))
		return add_link(w, path);
	if (S_ISDIR(st.st_mode)) {
		if (!is_root)
			add_entry(w, 'd', path);
		return add_folder(w, path, depth);
	}
	if (!S_ISREG(st.st_mode))
		return error_set(w->err, -EINVAL,
			"files: %s is neither a file nor a folder nor a link", path);
	struct content_entry *e = add_entry(w, 'f', path);
	e->mode = (st.st_mode & 0111) != 0 ? 0755 : 0644;
	struct content_hash hash;
	int64_t size;
	int r = content_add_file(w->store, w->root, path, &hash, &size, w->err);
	if (r < 0)
		return error_wrap(w->err, "files");
	w->entries[w->n - 1].hash = hash;
	w->entries[w->n - 1].size = size;
	return 0;
}

/* A path as the campaign names it: its folders, then itself and what is below. */
static int add_named(struct tree_walk *w, const char *name)
{
	_cleanup_free_ char *path = xstrdup(name);
	char *start = path;
	while (strncmp(start, "./", 2) == 0)
		start += 2;
	for (size_t len = strlen(start); len > 1 && start[len - 1] == '/'; len--)
		start[len - 1] = '\0';
	if (strcmp(start, ".") != 0 && !path_is_good(start))
		return error_set(w->err, -EINVAL,
			"files: %s: expected a path below the campaign file's folder, without ..",
			name);
	for (char *slash = start; (slash = strchr(slash, '/')) != NULL; slash++) {
		struct stat st;
		*slash = '\0';
		if (fstatat(w->root, start, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode))
			return error_set(
				w->err, -ENOTDIR, "files: %s: %s is no folder", name, start);
		add_entry(w, 'd', start);
		*slash = '/';
	}
	return add_path(w, start, 0);
}

void content_write_manifest(const struct content_entry *entries, size_t n, struct buf *out)
{
	char hex[HEX_SIZE];
	for (size_t i = 0; i < n; i++) {
		const struct content_entry *e = &entries[i];
		if (i > 0 && compare_path(e, &entries[i - 1]) == 0)
			continue; /* named twice */
		if (e->type == 'f')
			buf_addf(out, "f 0%o %" PRId64 " %s %s\n", e->mode, e->size,
				hex_encode(hex, e->hash.b, sizeof e->hash.b), e->path);
		else if (e->type == 'd')
			buf_addf(out, "d 0755 %s\n", e->path);
		else
			buf_addf(out, "l %zu %s %s\n", strlen(e->target), e->target, e->path);
	}
}

int content_add_tree(struct content_store *s, const char *directory, const char *const *paths,
	size_t n, struct content_hash *out, struct error *err)
{
	_cleanup_close_ int root = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return error_errno(err, "files: %s", directory);
	struct tree_walk w = {.store = s, .root = root, .err = err};
	int r = 0;
	for (size_t i = 0; i < n && r == 0; i++)
		r = add_named(&w, paths[i]);
	if (r == 0) {
		_cleanup_buf_ struct buf manifest = BUF_INIT;
		if (w.n > 0)
			qsort(w.entries, w.n, sizeof *w.entries, compare_path);
		content_write_manifest(w.entries, w.n, &manifest);
		r = manifest.len > CONTENT_MAX_MANIFEST
			    ? error_set(err, -E2BIG, "files: too many files")
			    : content_add_bytes(s, manifest.data, manifest.len, out, err);
		if (r == 0)
			r = content_sync(s, err);
	}
	content_entries_free(w.entries, w.n);
	return r;
}
