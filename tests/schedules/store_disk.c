/*
 * A file system of SQLite's in memory. Each file knows what was written since it was synced: when
 * the power goes, any of that may be there or not, torn between sectors. Processes do not share
 * files here, so locks are none, and the index of the log is plain memory, which is gone with the
 * last connection.
 */
#include "tests/schedules/schedules.h"

#include <sqlite3.h>
#include <stdio.h>
#include <utlist.h>

#define SECTOR     512
#define INDEX_PART 32768 /* bytes of a region of the log's index */
#define INDEX_MAX  16

struct change {
	int64_t at;
	size_t len;
	int64_t size_before;
	uint8_t *old,
		*data; /* [len]; old: zeroes past the end; data NULL: the size was set to at */
	struct change *prev, *next;
};

struct memory_file {
	char *name;
	uint8_t *data;
	int64_t size;
	size_t room;
	struct change *changes; /* since the last sync */
	uint8_t *index[INDEX_MAX];
	unsigned opened;
	bool is_gone; /* deleted, or to be when it is closed */
	struct memory_file *prev, *next;
};

struct handle {
	sqlite3_file base;
	struct memory_file *file;
};

static struct {
	struct memory_file *files;
	char *image_name; /* of store_disk_remember() */
	uint8_t *image;
	int64_t image_size;
	uint64_t countdown;
	bool is_dead;
	int answer;
} disk;

/* ---- files ---- */

static struct memory_file *find(const char *name)
{
	struct memory_file *f;

	DL_FOREACH (disk.files, f) {
		if (!f->is_gone && strcmp(f->name, name) == 0)
			return f;
	}
	return NULL;
}

static struct memory_file *add_file(const char *name)
{
	struct memory_file *f = xcalloc(1, sizeof *f);

	f->name = xstrdup(name);
	DL_APPEND(disk.files, f);
	return f;
}

static void drop_changes(struct memory_file *f)
{
	struct change *c, *next;

	DL_FOREACH_SAFE (f->changes, c, next) {
		free(c->old);
		free(c->data);
		free(c);
	}
	f->changes = NULL;
}

static void drop_index(struct memory_file *f)
{
	for (size_t i = 0; i < INDEX_MAX; i++) {
		free(f->index[i]);
		f->index[i] = NULL;
	}
}

static void drop_file(struct memory_file *f)
{
	DL_DELETE(disk.files, f);
	drop_changes(f);
	drop_index(f);
	free(f->data);
	free(f->name);
	free(f);
}

static void set_size(struct memory_file *f, int64_t size)
{
	if ((size_t)size > f->room) {
		f->room = (size_t)size * 2;
		f->data = xreallocarray(f->data, f->room, 1);
	}
	if (size > f->size)
		memset(f->data + f->size, 0, (size_t)(size - f->size));
	f->size = size;
}

/* One more change reaches the disk. Returns what SQLite is told. */
static int change(void)
{
	if (disk.countdown > 0 && --disk.countdown == 0)
		disk.is_dead = true;
	return disk.is_dead ? SQLITE_IOERR : disk.answer;
}

static void note(struct memory_file *f, int64_t at, const void *data, size_t len)
{
	struct change *c = xcalloc(1, sizeof *c);

	*c = (struct change){.at = at, .len = len, .size_before = f->size};
	if (data != NULL) {
		int64_t there = f->size > at ? f->size - at : 0;
		c->old = xcalloc(1, len + 1);
		c->data = xmalloc(len + 1);
		memcpy(c->data, data, len);
		if (there > 0)
			memcpy(c->old, f->data + at, (size_t)there < len ? (size_t)there : len);
	} else if (f->size > at) {
		c->len = (size_t)(f->size - at);
		c->old = xmalloc(c->len);
		memcpy(c->old, f->data + at, c->len);
	}
	DL_APPEND(f->changes, c);
}

static void put_bytes(struct memory_file *f, int64_t at, const uint8_t *data, size_t len)
{
	if (at + (int64_t)len > f->size)
		set_size(f, at + (int64_t)len);
	if (len > 0)
		memcpy(f->data + at, data, len);
}

/* Take all back, then let chance decide what of it had reached the disk. */
static void lose_changes(struct memory_file *f)
{
	struct change *c;
	bool in_order = happens(500); /* a disk that writes in order, or one that does not */

	for (c = f->changes ? f->changes->prev : NULL; c != NULL;
		c = c == f->changes ? NULL : c->prev) {
		put_bytes(f, c->at, c->old, c->old ? c->len : 0);
		set_size(f, c->size_before);
	}
	DL_FOREACH (f->changes, c) {
		if (happens(in_order ? 200 : 500)) {
			if (in_order)
				break;
			continue;
		}
		size_t len = c->len;
		if (c->data != NULL && happens(200))
			len -= len > SECTOR ? chance(len / SECTOR) * SECTOR : 0;
		if (c->data != NULL)
			put_bytes(f, c->at, c->data, len);
		else
			set_size(f, c->at);
	}
	drop_changes(f);
}

/* ---- what SQLite calls ---- */

static struct memory_file *of(sqlite3_file *h)
{
	return ((struct handle *)h)->file;
}

static int on_close(sqlite3_file *h)
{
	struct memory_file *f = of(h);

	if (--f->opened == 0) {
		drop_index(f);
		if (f->is_gone)
			drop_file(f);
	}
	return SQLITE_OK;
}

static int on_read(sqlite3_file *h, void *out, int len, sqlite3_int64 at)
{
	const struct memory_file *f = of(h);
	int64_t there = f->size > at ? f->size - at : 0;

	if (there >= len) {
		memcpy(out, f->data + at, (size_t)len);
		return SQLITE_OK;
	}
	memset(out, 0, (size_t)len);
	if (there > 0)
		memcpy(out, f->data + at, (size_t)there);
	return SQLITE_IOERR_SHORT_READ;
}

static int on_write(sqlite3_file *h, const void *data, int len, sqlite3_int64 at)
{
	struct memory_file *f = of(h);
	int result = change();

	if (result == SQLITE_IOERR_FSYNC)
		result = SQLITE_OK;
	if (result != SQLITE_OK)
		return result;
	note(f, at, data, (size_t)len);
	put_bytes(f, at, data, (size_t)len);
	return SQLITE_OK;
}

static int on_truncate(sqlite3_file *h, sqlite3_int64 size)
{
	struct memory_file *f = of(h);

	if (change() != SQLITE_OK)
		return SQLITE_IOERR_TRUNCATE;
	note(f, size, NULL, 0);
	set_size(f, size);
	return SQLITE_OK;
}

static int on_sync(sqlite3_file *h, int flags)
{
	(void)flags;
	int result = change();
	if (result == SQLITE_FULL)
		result = SQLITE_OK;
	if (result != SQLITE_OK)
		return SQLITE_IOERR_FSYNC;
	drop_changes(of(h));
	return SQLITE_OK;
}

static int on_size(sqlite3_file *h, sqlite3_int64 *out)
{
	*out = of(h)->size;
	return SQLITE_OK;
}

static int on_lock(sqlite3_file *h, int level)
{
	(void)h;
	(void)level;
	return SQLITE_OK;
}

static int on_check_lock(sqlite3_file *h, int *out)
{
	(void)h;
	*out = 0;
	return SQLITE_OK;
}

static int on_control(sqlite3_file *h, int operation, void *arg)
{
	(void)h;
	(void)operation;
	(void)arg;
	return SQLITE_NOTFOUND;
}

static int on_sector_size(sqlite3_file *h)
{
	(void)h;
	return SECTOR;
}

static int on_characteristics(sqlite3_file *h)
{
	(void)h;
	return 0;
}

static int on_index_map(sqlite3_file *h, int part, int size, int extend, void volatile **out)
{
	struct memory_file *f = of(h);

	*out = NULL;
	if (part >= INDEX_MAX || size != INDEX_PART)
		return SQLITE_IOERR_SHMMAP;
	if (f->index[part] == NULL && extend)
		f->index[part] = xcalloc(1, INDEX_PART);
	*out = f->index[part];
	return SQLITE_OK;
}

static int on_index_lock(sqlite3_file *h, int at, int n, int flags)
{
	(void)h;
	(void)at;
	(void)n;
	(void)flags;
	return SQLITE_OK;
}

static void on_index_barrier(sqlite3_file *h)
{
	(void)h;
}

static int on_index_unmap(sqlite3_file *h, int is_to_go)
{
	(void)h;
	(void)is_to_go;
	return SQLITE_OK;
}

static const sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = on_close,
	.xRead = on_read,
	.xWrite = on_write,
	.xTruncate = on_truncate,
	.xSync = on_sync,
	.xFileSize = on_size,
	.xLock = on_lock,
	.xUnlock = on_lock,
	.xCheckReservedLock = on_check_lock,
	.xFileControl = on_control,
	.xSectorSize = on_sector_size,
	.xDeviceCharacteristics = on_characteristics,
	.xShmMap = on_index_map,
	.xShmLock = on_index_lock,
	.xShmBarrier = on_index_barrier,
	.xShmUnmap = on_index_unmap,
};

static int on_open(sqlite3_vfs *v, const char *name, sqlite3_file *h, int flags, int *out)
{
	struct memory_file *f = name != NULL ? find(name) : NULL;

	(void)v;
	h->pMethods = NULL;
	if (f == NULL) {
		if (name != NULL && (flags & SQLITE_OPEN_CREATE) == 0)
			return SQLITE_CANTOPEN;
		if (name != NULL && change() != SQLITE_OK)
			return SQLITE_CANTOPEN;
		f = add_file(name != NULL ? name : "");
		f->is_gone = name == NULL;
	}
	f->opened++;
	((struct handle *)h)->file = f;
	h->pMethods = &methods;
	if (out != NULL)
		*out = flags;
	return SQLITE_OK;
}

static int on_delete(sqlite3_vfs *v, const char *name, int is_synced)
{
	struct memory_file *f = find(name);

	(void)v;
	(void)is_synced;
	if (f == NULL)
		return SQLITE_IOERR_DELETE_NOENT;
	if (change() != SQLITE_OK)
		return SQLITE_IOERR_DELETE;
	f->is_gone = true;
	if (f->opened == 0)
		drop_file(f);
	return SQLITE_OK;
}

static int on_access(sqlite3_vfs *v, const char *name, int flags, int *out)
{
	(void)v;
	(void)flags;
	*out = find(name) != NULL;
	return SQLITE_OK;
}

static int on_full_name(sqlite3_vfs *v, const char *name, int size, char *out)
{
	(void)v;
	snprintf(out, (size_t)size, "%s", name);
	return SQLITE_OK;
}

static int on_randomness(sqlite3_vfs *v, int n, char *out)
{
	(void)v;
	for (int i = 0; i < n; i++)
		out[i] = (char)chance(256);
	return n;
}

static int on_sleep(sqlite3_vfs *v, int us)
{
	(void)v;
	return us;
}

static int on_time(sqlite3_vfs *v, sqlite3_int64 *out)
{
	(void)v;
	*out = INT64_C(210866760000000) + (INT64_C(1790000000) * NS_PER_S + world_now) / NS_PER_MS;
	return SQLITE_OK;
}

static int on_last_error(sqlite3_vfs *v, int n, char *out)
{
	(void)v;
	(void)n;
	(void)out;
	return 0;
}

void store_disk_register(void)
{
	static sqlite3_vfs vfs = {
		.iVersion = 2,
		.szOsFile = sizeof(struct handle),
		.mxPathname = 512,
		.zName = "schedule",
		.xOpen = on_open,
		.xDelete = on_delete,
		.xAccess = on_access,
		.xFullPathname = on_full_name,
		.xRandomness = on_randomness,
		.xSleep = on_sleep,
		.xGetLastError = on_last_error,
		.xCurrentTimeInt64 = on_time,
	};

	if (sqlite3_vfs_register(&vfs, 1) != SQLITE_OK)
		abort();
}

/* ---- schedules ---- */

void store_disk_remember(void)
{
	disk.image_name = xstrdup(disk.files->name);
	disk.image_size = disk.files->size;
	disk.image = xmalloc((size_t)disk.files->size);
	memcpy(disk.image, disk.files->data, (size_t)disk.files->size);
	if (disk.files->next != NULL)
		broken("a store that was closed has a file beside it: %s", disk.files->next->name);
}

void store_disk_restore(void)
{
	while (disk.files != NULL)
		drop_file(disk.files);
	disk.countdown = 0;
	disk.is_dead = false;
	disk.answer = SQLITE_OK;
	struct memory_file *f = add_file(disk.image_name);
	put_bytes(f, 0, disk.image, (size_t)disk.image_size);
}

void store_disk_die_after(uint64_t n)
{
	disk.countdown = n;
}

bool store_disk_is_dead(void)
{
	return disk.is_dead;
}

void store_disk_answer(int result)
{
	disk.answer = result;
}

void store_disk_revive(enum death how)
{
	struct memory_file *f, *next;

	disk.countdown = 0;
	disk.is_dead = false;
	DL_FOREACH_SAFE (disk.files, f, next) {
		if (f->opened > 0)
			broken("a dead coordinator has %s open", f->name);
		if (how == DEATH_POWER)
			lose_changes(f);
	}
}
