#include "agent/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>
#include <utlist.h>

#define MAGIC      "JRS1"
#define HASH_BYTES 16
#define MAX_RECORD (1024 * 1024 * 1024U)

struct header {
	char magic[4];
	uint32_t length; /* of the payload */
	uint64_t generation;
	struct attempt_id id;
	uint8_t hash[HASH_BYTES]; /* of all before it and of the payload */
};
_Static_assert(sizeof(struct header) == 64, "a record's header has no gaps");

struct segment {
	uint64_t number; /* of its file name */
	int fd;
	int64_t size;        /* bytes of the file */
	int64_t end;         /* where the next record goes */
	size_t held;         /* records that are not acknowledged */
	uint64_t generation; /* of its records */
	bool is_broken;      /* writing to it has failed: it is only read */
	struct segment *prev, *next;
};

struct record {
	struct attempt_id id;
	struct segment *segment;
	int64_t at; /* of the header */
	uint32_t length;
	struct record *prev, *next;
};

struct spool {
	char *dir; /* owned */
	int dir_fd;
	struct segment *segments; /* in order; the last one is written to */
	struct record *records;   /* in order of coming */
	size_t n;
	struct buf scratch; /* header and payload of a record, as written */
};

static int64_t padded(size_t len)
{
	return (int64_t)((len + 7) & ~(size_t)7);
}

static void hash_record(uint8_t out[HASH_BYTES], const struct header *h, const void *payload)
{
	crypto_generichash_state state;
	crypto_generichash_init(&state, NULL, 0, HASH_BYTES);
	crypto_generichash_update(&state, (const uint8_t *)h, offsetof(struct header, hash));
	crypto_generichash_update(&state, payload, h->length);
	crypto_generichash_final(&state, out, HASH_BYTES);
}

static uint64_t new_generation(void)
{
	uint64_t g;
	randombytes_buf(&g, sizeof g);
	return g;
}

/* ---- segments ---- */

static struct segment *add_segment(struct spool *s, uint64_t number, int fd, int64_t size)
{
	struct segment *g = xcalloc(1, sizeof *g);
	*g = (struct segment){
		.number = number, .fd = fd, .size = size, .generation = new_generation()};
	DL_APPEND(s->segments, g);
	return g;
}

static void remove_segment(struct spool *s, struct segment *g)
{
	char name[32];
	snprintf(name, sizeof name, "%08" PRIu64 ".seg", g->number);
	unlinkat(s->dir_fd, name, 0);
	close(g->fd);
	DL_DELETE(s->segments, g);
	free(g);
}

/* Real zeroes, not a hole or reserved blocks: then a later write changes data alone. */
static int fill(int fd, int64_t size)
{
	static const char zeroes[65536];
	for (int64_t at = 0; at < size;) {
		size_t len =
			size - at < (int64_t)sizeof zeroes ? (size_t)(size - at) : sizeof zeroes;
		ssize_t n = pwrite(fd, zeroes, len, at);
		if (n < 0 && errno != EINTR)
			return -1;
		at += n > 0 ? n : 0;
	}
	return fsync(fd);
}

static struct segment *new_segment(struct spool *s, int64_t need, struct error *err)
{
	struct segment *last = s->segments != NULL ? s->segments->prev : NULL;
	uint64_t number = last != NULL ? last->number + 1 : 1;
	int64_t size = need > SPOOL_SEGMENT ? need : SPOOL_SEGMENT;
	char name[32];

	snprintf(name, sizeof name, "%08" PRIu64 ".seg", number);
	int fd = openat(s->dir_fd, name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		error_errno(err, "%s/%s", s->dir, name);
		return NULL;
	}
	if (fill(fd, size) < 0 || fsync(s->dir_fd) < 0) {
		error_errno(err, "%s/%s: cannot reserve %" PRId64 " bytes for results", s->dir,
			name, size);
		unlinkat(s->dir_fd, name, 0);
		close(fd);
		return NULL;
	}
	return add_segment(s, number, fd, size);
}

/* No record of it is held: use it again from the start, so that a restart finds nothing there. */
static void start_over(struct segment *g)
{
	static const struct header none;
	if (g->is_broken)
		return;
	/* No need to be durable: a record that comes back after a power cut is one that the
	 * coordinator knows already. */
	if (g->end > 0 && pwrite(g->fd, &none, sizeof none, 0) < 0)
		return;
	g->end = 0;
	g->generation = new_generation();
}

/* ---- recovery ---- */

static void hold(struct spool *s, const struct header *h, struct segment *g, int64_t at)
{
	struct record *r = xcalloc(1, sizeof *r);
	*r = (struct record){.id = h->id, .segment = g, .at = at, .length = h->length};
	DL_APPEND(s->records, r);
	s->n++;
	g->held++;
}

static bool read_all(int fd, void *data, size_t len, int64_t at)
{
	char *to = data;
	while (len > 0) {
		ssize_t n = pread(fd, to, len, at);
		if (n == 0 || (n < 0 && errno != EINTR))
			return false;
		if (n > 0) {
			to += n;
			len -= (size_t)n;
			at += n;
		}
	}
	return true;
}

/* The record at an offset into h and the spool's scratch; false where there is no whole one. */
static bool read_record(struct spool *s, const struct segment *g, int64_t at, struct header *h)
{
	uint8_t hash[HASH_BYTES];
	if (at + (int64_t)sizeof *h > g->size || !read_all(g->fd, h, sizeof *h, at) ||
		memcmp(h->magic, MAGIC, sizeof h->magic) != 0 || h->length > MAX_RECORD ||
		at + (int64_t)sizeof *h + h->length > g->size)
		return false;
	buf_reset(&s->scratch);
	buf_reserve(&s->scratch, h->length);
	if (!read_all(g->fd, s->scratch.data, h->length, at + (int64_t)sizeof *h))
		return false;
	hash_record(hash, h, s->scratch.data);
	return memcmp(hash, h->hash, sizeof hash) == 0;
}

static struct record *find(const struct spool *s, const struct attempt_id *id)
{
	struct record *r;
	DL_FOREACH (s->records, r) {
		if (attempt_equal(&r->id, id))
			return r;
	}
	return NULL;
}

/* Returns its segment, with which nothing is done. */
static struct segment *forget(struct spool *s, struct record *r)
{
	struct segment *g = r->segment;
	DL_DELETE(s->records, r);
	free(r);
	s->n--;
	g->held--;
	return g;
}

/* A later record of the same attempt holds. Segments stay as they are until all are read: the one
 * at hand must not start over behind what was read of it. */
static void recover_segment(struct spool *s, struct segment *g)
{
	struct header h;
	while (read_record(s, g, g->end, &h) && (g->end == 0 || h.generation == g->generation)) {
		g->generation = h.generation;
		struct record *earlier = find(s, &h.id);
		if (earlier != NULL)
			forget(s, earlier);
		hold(s, &h, g, g->end);
		g->end += (int64_t)sizeof h + padded(h.length);
	}
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

/* Numbers of the segments that are there, sorted; the caller frees. */
static uint64_t *list_segments(struct spool *s, size_t *n)
{
	uint64_t *numbers = NULL;
	*n = 0;
	int fd = openat(s->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (dir == NULL) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	for (struct dirent *e; (e = readdir(dir)) != NULL;) {
		uint64_t number;
		int used = 0;
		if (sscanf(e->d_name, "%" SCNu64 ".seg%n", &number, &used) != 1 || used == 0 ||
			e->d_name[used] != '\0')
			continue;
		numbers = xreallocarray(numbers, *n + 1, sizeof *numbers);
		numbers[(*n)++] = number;
	}
	closedir(dir);
	if (*n > 0)
		qsort(numbers, *n, sizeof *numbers, by_number);
	return numbers;
}

static int recover(struct spool *s, struct error *err)
{
	size_t n;
	_cleanup_free_ uint64_t *numbers = list_segments(s, &n);
	for (size_t i = 0; i < n; i++) {
		char name[32];
		struct stat st;
		snprintf(name, sizeof name, "%08" PRIu64 ".seg", numbers[i]);
		int fd = openat(s->dir_fd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
		if (fd < 0 || fstat(fd, &st) < 0) {
			int code = error_errno(err, "%s/%s", s->dir, name);
			if (fd >= 0)
				close(fd);
			return code;
		}
		recover_segment(s, add_segment(s, numbers[i], fd, st.st_size));
	}
	struct segment *g, *next;
	DL_FOREACH_SAFE (s->segments, g, next) {
		if (g->held == 0 && g->next != NULL)
			remove_segment(s, g);
	}
	return 0;
}

int spool_open(struct spool **out, const char *dir, struct error *err)
{
	if (sodium_init() < 0)
		return error_set(err, ERR_INTERNAL, "libsodium cannot be initialised");
	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return error_errno(err, "%s", dir);
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, "%s", dir);
	struct spool *s = xcalloc(1, sizeof *s);
	s->dir = xstrdup(dir);
	s->dir_fd = fd;
	s->scratch = (struct buf)BUF_INIT;
	int r = recover(s, err);
	/* The first segment is made now: making it takes a moment that the first run should not
	 * wait for. */
	if (r == 0 && s->segments == NULL && new_segment(s, 0, err) == NULL)
		r = -EIO;
	if (r < 0) {
		spool_close(s);
		return r;
	}
	*out = s;
	return 0;
}

void spool_close(struct spool *s)
{
	if (s == NULL)
		return;
	struct record *r, *next_record;
	DL_FOREACH_SAFE (s->records, r, next_record)
		free(r);
	struct segment *g, *next;
	DL_FOREACH_SAFE (s->segments, g, next) {
		close(g->fd);
		free(g);
	}
	buf_done(&s->scratch);
	close(s->dir_fd);
	free(s->dir);
	free(s);
}

/* ---- adding, dropping, reading ---- */

static int write_record(struct spool *s, struct segment *g, struct error *err)
{
	const char *from = s->scratch.data;
	size_t len = s->scratch.len;
	int64_t at = g->end;
	while (len > 0) {
		ssize_t n = pwrite(g->fd, from, len, at);
		if (n < 0 && errno != EINTR)
			return error_errno(err, "%s: writing a result", s->dir);
		if (n > 0) {
			from += n;
			len -= (size_t)n;
			at += n;
		}
	}
	if (fdatasync(g->fd) < 0)
		return error_errno(err, "%s: making a result durable", s->dir);
	return 0;
}

/* A segment with room for a record of so many bytes, header and all. NULL with err. */
static struct segment *find_room(struct spool *s, int64_t need, struct error *err)
{
	struct segment *last = s->segments->prev, *g;

	if (last->held == 0)
		start_over(last);
	if (!last->is_broken && last->end + need <= last->size)
		return last;
	g = new_segment(s, need, err);
	if (g != NULL && last->held == 0)
		remove_segment(s, last);
	return g;
}

static int64_t bytes_of_record(size_t len)
{
	return (int64_t)sizeof(struct header) + padded(len);
}

int spool_reserve(struct spool *s, size_t len, struct error *err)
{
	if (find_room(s, bytes_of_record(len < MAX_RECORD ? len : MAX_RECORD), err) != NULL)
		return 0;
	return err != NULL && err->code < 0 ? err->code : -EIO;
}

int spool_add(struct spool *s, const struct attempt_id *id, const void *payload, size_t len,
	struct error *err)
{
	if (len > MAX_RECORD)
		return error_set(
			err, -EFBIG, "%s: a result of %zu bytes is too large", s->dir, len);
	struct header h = {.magic = MAGIC, .length = (uint32_t)len, .id = *id};
	spool_drop(s, id);
	struct segment *g = find_room(s, bytes_of_record(len), err);
	if (g == NULL)
		return err != NULL && err->code < 0 ? err->code : -EIO;
	h.generation = g->generation;
	hash_record(h.hash, &h, payload);
	buf_reset(&s->scratch);
	buf_add(&s->scratch, &h, sizeof h);
	buf_add(&s->scratch, payload, len);
	buf_add(&s->scratch, "\0\0\0\0\0\0\0", (size_t)padded(len) - len);
	int r = write_record(s, g, err);
	if (r < 0) {
		g->is_broken = true;
		return r;
	}
	hold(s, &h, g, g->end);
	g->end += bytes_of_record(len);
	if (s->scratch.size > SPOOL_SEGMENT)
		buf_done(&s->scratch);
	return 0;
}

bool spool_has(const struct spool *s, const struct attempt_id *id)
{
	return find(s, id) != NULL;
}

bool spool_drop(struct spool *s, const struct attempt_id *id)
{
	struct record *r = find(s, id);
	if (r == NULL)
		return false;
	struct segment *g = forget(s, r);
	if (g->held == 0) {
		if (g->next != NULL)
			remove_segment(s, g);
		else
			start_over(g);
	}
	return true;
}

size_t spool_count(const struct spool *s)
{
	return s->n;
}

const struct attempt_id *spool_at(const struct spool *s, size_t i)
{
	struct record *r;
	DL_FOREACH (s->records, r) {
		if (i-- == 0)
			return &r->id;
	}
	return NULL;
}

int spool_read(
	const struct spool *s, const struct attempt_id *id, struct buf *out, struct error *err)
{
	const struct record *r = find(s, id);
	if (r == NULL)
		return error_set(err, -ENOENT, "%s: no such result", s->dir);
	buf_reserve(out, r->length);
	if (!read_all(r->segment->fd, out->data + out->len, r->length,
		    r->at + (int64_t)sizeof(struct header)))
		return error_set(err, -EIO, "%s: a result cannot be read back", s->dir);
	out->len += r->length;
	out->data[out->len] = '\0';
	return 0;
}

/* ---- frames within a payload ---- */

size_t spool_frame_begin(struct buf *payload)
{
	buf_add(payload, "\0\0\0\0", 4);
	return payload->len;
}

void spool_frame_end(struct buf *payload, size_t begun)
{
	uint32_t len = (uint32_t)(payload->len - begun);
	memcpy(payload->data + begun - 4, &len, sizeof len);
}

bool spool_next_frame(
	const void *payload, size_t len, size_t *at, const void **frame, size_t *frame_len)
{
	uint32_t n;
	if (len - *at < sizeof n)
		return false;
	memcpy(&n, (const char *)payload + *at, sizeof n);
	if (n > len - *at - sizeof n)
		return false;
	*frame = (const char *)payload + *at + sizeof n;
	*frame_len = n;
	*at += sizeof n + n;
	return true;
}
