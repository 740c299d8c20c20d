/*
 * What is beside a store, and needed to go on from a copy of it. Not taken: mirrors of git
 * repositories, which are fetched again, and the state of agents that `run` has started here.
 */
#include "coordinator/commands/backup.h"
#include "coordinator/dispatch/server.h"
#include "coordinator/store/queries.h"
#include "proto/content.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define KEY_BYTES 4096 /* a file of keys is below 200 */

int backup_sync(const char *path, struct error *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) != 0)
		return error_errno(err, "backup: %s cannot be forced to the disk", path);
	return 0;
}

static int make_folder(const char *path, mode_t mode, struct error *err)
{
	return mkdir(path, mode) == 0 ? 0 : error_errno(err, "backup: cannot make %s", path);
}

/* ---- keys ---- */

static int copy_key(const char *from, const char *to, struct error *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	int code = buf_read_file(&text, AT_FDCWD, from, KEY_BYTES);

	if (code < 0)
		return error_set(err, code, "backup: %s: %s", from, strerror(-code));
	_cleanup_close_ int fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, text.data, text.len) != (ssize_t)text.len || fsync(fd) != 0)
		code = error_errno(err, "backup: cannot write %s", to);
	explicit_bzero(text.data, text.len);
	return code;
}

/* The regular files of a folder; none where it is not there. */
static int copy_keys(struct backup_beside *b, const char *from, const char *to, struct error *err)
{
	DIR *dir = opendir(from);
	const struct dirent *entry;
	int code = 0;

	if (dir == NULL)
		return errno == ENOENT ? 0 : error_errno(err, "backup: %s", from);
	code = make_folder(to, 0700, err);
	while (code == 0 && (entry = readdir(dir)) != NULL) {
		_cleanup_free_ char *name = xasprintf("%s/%s", from, entry->d_name);
		_cleanup_free_ char *copy = xasprintf("%s/%s", to, entry->d_name);
		struct stat st;
		if (lstat(name, &st) == 0 && S_ISREG(st.st_mode)) {
			code = copy_key(name, copy, err);
			b->n_keys++;
		}
	}
	closedir(dir);
	return code == 0 ? backup_sync(to, err) : code;
}

/* ---- contents ---- */

struct contents {
	struct backup_beside *b;
	struct content_store *from, *to;
	char *folder; /* of from */
	struct error *err;
	int code;
};

static void copy_content(void *arg, const struct content_hash *hash, int64_t size)
{
	struct contents *c = arg;
	char hex[2 * CONTENT_HASH_LEN + 1];
	struct content_hash copied;

	if (c->code < 0 || content_has(c->to, hash))
		return;
	if (!content_has(c->from, hash)) {
		c->b->missing++;
		return;
	}
	hex_encode(hex, hash->b, sizeof hash->b);
	_cleanup_free_ char *path = xasprintf("%s/%.2s/%s", c->folder, hex, hex + 2);
	c->code = content_add_file(c->to, AT_FDCWD, path, &copied, &size, c->err);
	if (c->code == 0 && memcmp(&copied, hash, sizeof copied) != 0)
		c->code = error_set(c->err, -EILSEQ,
			"backup: %s is damaged; remove it, and submit its campaign again", path);
	c->b->contents++;
}

static int on_campaign(void *arg, int64_t key, const struct message_cell *cells, size_t n)
{
	struct contents *c = arg;
	struct blob tree = cells[CAMPAIGNS_TREE].blob;
	struct content_hash hash;

	(void)key;
	(void)n;
	if (tree.len != sizeof hash || cells[CAMPAIGNS_ENDED_AT].integer != ABSENT)
		return 0;
	memcpy(&hash, tree.data, sizeof hash);
	if (!content_has(c->from, &hash))
		c->b->missing++;
	else if (content_tree_each(c->from, &hash, copy_content, c, c->err) < 0)
		c->code = c->err->code;
	return c->code < 0;
}

static int copy_contents(
	struct backup_beside *b, struct store *copy, const char *from, struct error *err)
{
	_cleanup_free_ char *folder = xasprintf("%s/content", from);
	_cleanup_free_ char *to = xasprintf("%s/content", b->to);
	struct contents c = {.b = b, .folder = folder, .err = err};
	struct stat st;
	int code;

	if (stat(folder, &st) != 0)
		return errno == ENOENT ? 0 : error_errno(err, "backup: %s", folder);
	code = content_open(&c.from, folder, err);
	if (code == 0)
		code = content_open(&c.to, to, err);
	if (code == 0)
		code = stores[0]->query(
			copy, "campaigns", NULL, 0, INT64_MAX, NULL, on_campaign, &c, err);
	if (code == 0)
		code = c.code;
	if (code == 0)
		code = content_sync(c.to, err);
	content_close(c.from);
	content_close(c.to);
	return code;
}

int backup_beside(struct backup_beside *b, struct store *copy, struct error *err)
{
	_cleanup_free_ char *from = server_data_dir(b->db);
	_cleanup_free_ char *keys = xasprintf("%s/keys", b->to);
	int code = make_folder(b->to, SERVER_DATA_MODE, err);

	if (code == 0 && b->keys != NULL)
		code = copy_keys(b, b->keys, keys, err);
	if (code == 0 && b->n_keys > 0) {
		_cleanup_free_ char *trusted = xasprintf("%s/trusted", b->keys);
		_cleanup_free_ char *to = xasprintf("%s/trusted", keys);
		code = copy_keys(b, trusted, to, err);
	}
	if (code == 0)
		code = copy_contents(b, copy, from, err);
	return code == 0 ? backup_sync(b->to, err) : code;
}
