/* Contents that are missing, asked for in pieces. */
#include "agent/files_parts.h"
#include "proto/log.h"

#include <inttypes.h>

/* Asked for in one go, of one content or of many: eight pieces are under way while one is written.
 */
#define REQUEST_BYTES (8 * MESSAGE_CHUNK)

static struct files_request *find_request(struct files *f, const struct content_hash *hash)
{
	for (size_t i = 0; i < f->requests_n; i++) {
		if (memcmp(f->requests[i].hash.b, hash->b, sizeof hash->b) == 0)
			return &f->requests[i];
	}
	return NULL;
}

static void drop_request(struct files *f, const struct content_hash *hash)
{
	struct files_request *r = find_request(f, hash);
	if (r != NULL)
		*r = f->requests[--f->requests_n];
}

/* Returns the bytes that are asked for now. size is that of the content, or ABSENT. */
static int64_t ask(struct files *f, const struct content_hash *hash, int64_t size)
{
	int64_t from = content_partial_size(f->contents, hash), length = REQUEST_BYTES;
	struct files_request *r = find_request(f, hash);
	char hex[2 * CONTENT_HASH_LEN + 1];

	if (r != NULL && from < r->to)
		return 0;
	if (r == NULL) {
		if (f->requests_n == FILES_REQUESTS)
			return 0;
		r = &f->requests[f->requests_n++];
	}
	if (size != ABSENT && size - from < length)
		length = size > from ? size - from : 1; /* an empty one is asked for, too */
	*r = (struct files_request){*hash, from + length};
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
		asked +=
			f->requests[i].to - content_partial_size(f->contents, &f->requests[i].hash);
	for (size_t i = 0; i < n && (asked < REQUEST_BYTES || f->requests_n == 0); i++)
		asked += ask(f, &wants[i].hash, wants[i].size);
}

int files_fetch(struct files *f, struct work *w, const struct message_assign *a, struct error *err)
{
	struct content_want wants[FILES_REQUESTS];
	const struct content_hash tree = files_tree(a);
	int r = files_make_room(f, w, a, &tree, err);
	int n = r < 0 ? r : content_list_missing(f->contents, &tree, wants, FILES_REQUESTS, err);
	if (n > 0)
		ask_for(f, wants, (size_t)n);
	return n < 0 ? n : n > 0;
}

void files_forget_request(struct files *f)
{
	f->requests_n = 0;
}

int files_take(struct files *f, const struct message_file_chunk *c, struct error *err)
{
	struct content_hash hash;
	if (c->hash.len != sizeof hash.b)
		return error_set(err, ERR_PROTOCOL, "files: FILE_CHUNK: the hash has %zu bytes",
			c->hash.len);
	memcpy(hash.b, c->hash.data, sizeof hash.b);
	char hex[2 * CONTENT_HASH_LEN + 1];
	log_debug("files: %zu bytes of %.16s at %" PRId64, c->data.len,
		hex_encode(hex, hash.b, sizeof hash.b), c->offset);
	/* What was asked for twice may arrive twice; what follows a piece that was not taken, with
	 * a gap. */
	if (content_has(f->contents, &hash) ||
		c->offset != content_partial_size(f->contents, &hash))
		return 0;
	int r = content_put(f->contents, &hash, c->offset, c->size, c->data.data, c->data.len, err);
	struct files_request *asked = find_request(f, &hash);
	if (files_is_disk_full(r)) {
		if (!files_empty_cache(f, NULL))
			return files_error_full(f, err);
		drop_request(f, &hash); /* from where it is now */
		ask(f, &hash, c->size);
		return 0;
	}
	if (r != 0) {
		drop_request(f, &hash);
		if (r < 0)
			return error_wrap(err, "files");
		return f->requests_n <= FILES_REQUESTS / 2 ? r : 0;
	}
	if (asked != NULL && content_partial_size(f->contents, &hash) >= asked->to)
		ask(f, &hash, c->size);
	return 0;
}
