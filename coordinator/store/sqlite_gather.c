#include "coordinator/store/sqlite_gather.h"
#include "proto/base.h"
#include <errno.h>
#include <sqlite3.h>
#include <string.h>

#define NAME       "joulerig"
#define WRITE_LOCK 0 /* among the locks of a log's index: held as long as a transaction writes */

/* A store's file or its log; the real file comes behind it. */
struct file {
	sqlite3_file base;
	sqlite3_io_methods methods;
	struct file *log;   /* of a store's file, while it is open */
	struct file *store; /* of a log */
	uint8_t *data;      /* [DB_GATHER_MOST], from the first write to a log on */
	int64_t at;         /* where data goes */
	int len;            /* 0: nothing is gathered */
	int failed;         /* result of a write of this transaction: the others share it */
	int number;         /* errno of that */
};

#define SIZE ((sizeof(struct file) + 15) / 16 * 16)

static sqlite3_vfs *real_vfs;

static struct file *of(sqlite3_file *h)
{
	return (struct file *)h;
}

static sqlite3_file *real(sqlite3_file *h)
{
	return (sqlite3_file *)((char *)h + SIZE);
}

static const sqlite3_io_methods *calls(sqlite3_file *h)
{
	return real(h)->pMethods;
}

/* ---- what is gathered ---- */

static int check(const struct file *f)
{
	if (f->failed != SQLITE_OK)
		errno = f->number; /* SQLite asks for it */
	return f->failed;
}

static int flush(struct file *f)
{
	sqlite3_file *h = &f->base;
	int len = f->len;

	if (f->failed != SQLITE_OK || len == 0)
		return check(f);
	f->len = 0;
	f->failed = calls(h)->xWrite(real(h), f->data, len, f->at);
	f->number = errno;
	return f->failed;
}

static int gather(struct file *f, const void *data, int len, int64_t at)
{
	int64_t from = at - f->at;

	if (f->len > 0 && (from < 0 || from > f->len || from + len > DB_GATHER_MOST)) {
		int result = flush(f);
		if (result != SQLITE_OK)
			return result;
	}
	if (f->len == 0) {
		f->at = at;
		from = 0;
	}
	if (f->data == NULL)
		f->data = xmalloc(DB_GATHER_MOST);
	memcpy(f->data + from, data, (size_t)len);
	if (f->len < from + len)
		f->len = (int)from + len;
	return SQLITE_OK;
}

/* The log of a store's file is to be what SQLite believes that it is. */
static void settle(sqlite3_file *h)
{
	if (of(h)->log != NULL)
		(void)flush(of(h)->log);
}

/* ---- files ---- */

static int on_close(sqlite3_file *h)
{
	struct file *f = of(h);
	int result = flush(f);
	int closed = calls(h)->xClose(real(h));

	if (f->store != NULL)
		f->store->log = NULL;
	free(f->data);
	return result != SQLITE_OK ? result : closed;
}

static int on_read(sqlite3_file *h, void *out, int len, sqlite3_int64 at)
{
	struct file *f = of(h);
	int result = check(f);

	if (result == SQLITE_OK && f->len > 0 && at < f->at + f->len && at + len > f->at) {
		if (at >= f->at && at + len <= f->at + f->len) {
			memcpy(out, f->data + (at - f->at), (size_t)len);
			return SQLITE_OK;
		}
		result = flush(f);
	}
	return result != SQLITE_OK ? result : calls(h)->xRead(real(h), out, len, at);
}

static int on_write(sqlite3_file *h, const void *data, int len, sqlite3_int64 at)
{
	struct file *f = of(h);
	int result = check(f);

	if (result == SQLITE_OK && f->store != NULL && len <= DB_GATHER_MOST)
		return gather(f, data, len, at);
	if (result == SQLITE_OK)
		result = flush(f);
	return result != SQLITE_OK ? result : calls(h)->xWrite(real(h), data, len, at);
}

static int on_truncate(sqlite3_file *h, sqlite3_int64 size)
{
	int result = flush(of(h));

	return result != SQLITE_OK ? result : calls(h)->xTruncate(real(h), size);
}

static int on_sync(sqlite3_file *h, int flags)
{
	int result = flush(of(h));

	return result != SQLITE_OK ? result : calls(h)->xSync(real(h), flags);
}

static int on_size(sqlite3_file *h, sqlite3_int64 *out)
{
	int result = flush(of(h));

	return result != SQLITE_OK ? result : calls(h)->xFileSize(real(h), out);
}

static int on_lock(sqlite3_file *h, int level)
{
	return calls(h)->xLock(real(h), level);
}

static int on_unlock(sqlite3_file *h, int level)
{
	settle(h);
	return calls(h)->xUnlock(real(h), level);
}

static int on_check_lock(sqlite3_file *h, int *out)
{
	return calls(h)->xCheckReservedLock(real(h), out);
}

static int on_control(sqlite3_file *h, int operation, void *arg)
{
	int result = flush(of(h));

	return result != SQLITE_OK ? result : calls(h)->xFileControl(real(h), operation, arg);
}

static int on_sector_size(sqlite3_file *h)
{
	return calls(h)->xSectorSize(real(h));
}

static int on_characteristics(sqlite3_file *h)
{
	return calls(h)->xDeviceCharacteristics(real(h));
}

static int on_index_map(sqlite3_file *h, int part, int size, int extend, void volatile **out)
{
	return calls(h)->xShmMap(real(h), part, size, extend, out);
}

static int on_index_lock(sqlite3_file *h, int at, int n, int flags)
{
	settle(h);
	if (at == WRITE_LOCK && (flags & SQLITE_SHM_UNLOCK) != 0 && of(h)->log != NULL)
		of(h)->log->failed = SQLITE_OK; /* that transaction is over */
	return calls(h)->xShmLock(real(h), at, n, flags);
}

static void on_index_barrier(sqlite3_file *h)
{
	settle(h);
	calls(h)->xShmBarrier(real(h));
}

static int on_index_unmap(sqlite3_file *h, int is_to_go)
{
	return calls(h)->xShmUnmap(real(h), is_to_go);
}

static int on_fetch(sqlite3_file *h, sqlite3_int64 at, int len, void **out)
{
	return calls(h)->xFetch(real(h), at, len, out);
}

static int on_unfetch(sqlite3_file *h, sqlite3_int64 at, void *page)
{
	return calls(h)->xUnfetch(real(h), at, page);
}

static const sqlite3_io_methods methods = {
	.xClose = on_close,
	.xRead = on_read,
	.xWrite = on_write,
	.xTruncate = on_truncate,
	.xSync = on_sync,
	.xFileSize = on_size,
	.xLock = on_lock,
	.xUnlock = on_unlock,
	.xCheckReservedLock = on_check_lock,
	.xFileControl = on_control,
	.xSectorSize = on_sector_size,
	.xDeviceCharacteristics = on_characteristics,
	.xShmMap = on_index_map,
	.xShmLock = on_index_lock,
	.xShmBarrier = on_index_barrier,
	.xShmUnmap = on_index_unmap,
	.xFetch = on_fetch,
	.xUnfetch = on_unfetch,
};

/* ---- the VFS ---- */

static int on_open(sqlite3_vfs *v, const char *name, sqlite3_file *h, int flags, int *out)
{
	struct file *f = of(h);

	(void)v;
	h->pMethods = NULL;
	if ((flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)) == 0)
		return real_vfs->xOpen(real_vfs, name, h, flags, out);
	*f = (struct file){.methods = methods};
	real(h)->pMethods = NULL;
	int result = real_vfs->xOpen(real_vfs, name, real(h), flags, out);
	if (real(h)->pMethods == NULL)
		return result;
	if ((flags & SQLITE_OPEN_WAL) != 0) {
		f->store = of(sqlite3_database_file_object(name));
		f->store->log = f;
	}
	/* SQLite calls by this what the real one may not have. */
	f->methods.iVersion = calls(h)->iVersion < 3 ? calls(h)->iVersion : 3;
	h->pMethods = &f->methods;
	return result;
}

const char *db_gather_vfs(void)
{
	static sqlite3_vfs vfs;

	if (real_vfs != NULL)
		return NAME;
	sqlite3_vfs *found = sqlite3_vfs_find(NULL);
	if (found == NULL)
		return NULL;
	vfs = *found;
	vfs.pNext = NULL;
	vfs.zName = NAME;
	vfs.szOsFile += (int)SIZE;
	vfs.xOpen = on_open;
	if (sqlite3_vfs_register(&vfs, 0) != SQLITE_OK)
		return NULL;
	real_vfs = found;
	return NAME;
}
