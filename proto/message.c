#include "proto/message.h"

#include "proto/message_schema.h"
#include "proto/scan.h"
#include <assert.h>
#include <errno.h>
#include <msgpack.h>
#include <stdio.h>

/* ---- every field absent ---- */

static void clear_fields(const struct schema *s, void *body)
{
	memset(body, 0, s->size);
	for (const struct field *f = s->fields; f->key != NULL; f++) {
		void *at = (char *)body + f->offset;
		if (f->kind == FIELD_INT)
			*(int64_t *)at = ABSENT;
		else if (f->kind == FIELD_STRUCT)
			clear_fields(f->sub, at);
	}
}

void message_init(struct message *m, enum message_type type)
{
	const struct schema *s = message_schema(type);

	assert(s != NULL);
	memset(m, 0, sizeof *m);
	m->version = PROTOCOL_MAJOR;
	m->type = type;
	clear_fields(s, &m->hello);
}

const char *message_type_name(enum message_type t)
{
	const struct schema *s = message_schema(t);

	return s ? s->name : "?";
}

/* ---- encoding ---- */

static int append(void *out, const char *data, size_t len)
{
	buf_add(out, data, len);
	return 0;
}

static void pack_text(msgpack_packer *p, const char *s)
{
	size_t n = strlen(s);

	msgpack_pack_str(p, n);
	msgpack_pack_str_body(p, s, n);
}

static bool is_present(const struct field *f, const void *at)
{
	static const struct id16 zero;

	switch (f->kind) {
	case FIELD_INT:
		return *(const int64_t *)at != ABSENT;
	case FIELD_TEXT:
		return *(const char *const *)at != NULL;
	case FIELD_ID:
		return f->is_required || !id16_equal(at, &zero);
	case FIELD_BLOB:
		return ((const struct blob *)at)->data != NULL;
	case FIELD_TEXTS:
	case FIELD_LIST:
		return f->is_required || ((const struct list *)at)->n > 0;
	case FIELD_STRUCT:
		return true;
	}
	return false;
}

/* Of a body that is packed in two parts, each field stands in the one that gives it. */
static bool is_in_part(const struct field *f, const void *at)
{
	static const struct id16 zero;

	if (f->kind == FIELD_ID)
		return !id16_equal(at, &zero);
	if (f->kind == FIELD_TEXTS || f->kind == FIELD_LIST)
		return ((const struct list *)at)->n > 0;
	return is_present(f, at);
}

static void pack_map(msgpack_packer *p, const struct schema *s, const void *body);

static void pack_field(msgpack_packer *p, const struct field *f, const void *at)
{
	const struct blob *blob = at;
	const struct list *list = at;

	switch (f->kind) {
	case FIELD_INT:
		msgpack_pack_int64(p, *(const int64_t *)at);
		break;
	case FIELD_TEXT:
		pack_text(p, *(const char *const *)at);
		break;
	case FIELD_ID:
		msgpack_pack_bin(p, sizeof(struct id16));
		msgpack_pack_bin_body(p, at, sizeof(struct id16));
		break;
	case FIELD_BLOB:
		msgpack_pack_bin(p, blob->len);
		msgpack_pack_bin_body(p, blob->data, blob->len);
		break;
	case FIELD_TEXTS:
		msgpack_pack_array(p, list->n);
		for (size_t i = 0; i < list->n; i++)
			pack_text(p, ((const char *const *)list->items)[i]);
		break;
	case FIELD_LIST:
		msgpack_pack_array(p, list->n);
		for (size_t i = 0; i < list->n; i++)
			pack_map(p, f->sub, (const char *)list->items + i * f->sub->size);
		break;
	case FIELD_STRUCT:
		pack_map(p, f->sub, at);
		break;
	}
}

/* Keys of an embedded struct (FIELD_STRUCT) stand in the same map as the others. */
static size_t count_present(const struct schema *s, const void *body)
{
	size_t n = 0;

	for (const struct field *f = s->fields; f->key != NULL; f++) {
		const void *at = (const char *)body + f->offset;
		if (f->kind == FIELD_STRUCT)
			n += count_present(f->sub, at);
		else
			n += is_present(f, at);
	}
	return n;
}

static void pack_present(msgpack_packer *p, const struct schema *s, const void *body)
{
	for (const struct field *f = s->fields; f->key != NULL; f++) {
		const void *at = (const char *)body + f->offset;
		if (f->kind == FIELD_STRUCT) {
			pack_present(p, f->sub, at);
			continue;
		}
		if (!is_present(f, at)) {
			assert(!f->is_required);
			continue;
		}
		pack_text(p, f->key);
		pack_field(p, f, at);
	}
}

static void pack_map(msgpack_packer *p, const struct schema *s, const void *body)
{
	msgpack_pack_map(p, count_present(s, body));
	pack_present(p, s, body);
}

static void pack_head(msgpack_packer *p, const struct message *m)
{
	msgpack_pack_array(p, 5);
	msgpack_pack_int64(p, m->version);
	msgpack_pack_int64(p, m->type);
	msgpack_pack_int64(p, m->sequence);
	msgpack_pack_int64(p, m->epoch);
}

void message_encode(const struct message *m, struct buf *out)
{
	const struct schema *s = message_schema(m->type);
	msgpack_packer p;

	assert(s != NULL);
	msgpack_packer_init(&p, out, append);
	pack_head(&p, m);
	pack_map(&p, s, &m->hello);
}

/* Without p they are only counted. */
static size_t pack_part(msgpack_packer *p, const struct schema *s, const void *body)
{
	size_t n = 0;

	for (const struct field *f = s->fields; f->key != NULL; f++) {
		const void *at = (const char *)body + f->offset;
		if (f->kind == FIELD_STRUCT) {
			n += pack_part(p, f->sub, at);
		} else if (is_in_part(f, at)) {
			n++;
			if (p == NULL)
				continue;
			pack_text(p, f->key);
			pack_field(p, f, at);
		}
	}
	return n;
}

void message_encode_part(const struct message *m, struct message_part *out)
{
	_cleanup_buf_ struct buf bytes = BUF_INIT;
	msgpack_packer p;

	msgpack_packer_init(&p, &bytes, append);
	out->fields = pack_part(&p, message_schema(m->type), &m->hello);
	out->len = bytes.len;
	out->data = xmalloc(bytes.len + 1);
	memcpy(out->data, bytes.data, bytes.len);
}

void message_encode_with(const struct message *m, const struct message_part *rest, struct buf *out)
{
	const struct schema *s = message_schema(m->type);
	msgpack_packer p;

	msgpack_packer_init(&p, out, append);
	pack_head(&p, m);
	msgpack_pack_map(&p, pack_part(NULL, s, &m->hello) + rest->fields);
	pack_part(&p, s, &m->hello);
	buf_add(out, rest->data, rest->len);
}

/* ---- decoding ---- */

struct decoder {
	msgpack_zone *zone; /* memory of texts and lists */
	const char *message;
	struct error *err;
};

static int bad(struct decoder *d, const char *key, const char *what)
{
	return error_set(d->err, ERR_PROTOCOL, "message %s: key '%s' %s", d->message, key, what);
}

static int decode_text(
	struct decoder *d, const char *key, const msgpack_object *o, const char **out)
{
	if (o->type != MSGPACK_OBJECT_STR)
		return bad(d, key, "is no text");
	size_t n = o->via.str.size;
	if (n > MESSAGE_MAX_TEXT)
		return bad(d, key, "is too long");
	if (n > 0 && memchr(o->via.str.ptr, 0, n) != NULL)
		return bad(d, key, "has a NUL in it");
	char *copy = msgpack_zone_malloc(d->zone, n + 1);
	if (copy == NULL)
		return bad(d, key, "does not fit in memory");
	if (n > 0)
		memcpy(copy, o->via.str.ptr, n);
	copy[n] = '\0';
	*out = copy;
	return 0;
}

static int decode_map(
	struct decoder *d, const struct schema *s, const msgpack_object *o, void *body);

static int decode_list(
	struct decoder *d, const struct field *f, const msgpack_object *o, struct list *out)
{
	size_t item = f->kind == FIELD_TEXTS ? sizeof(char *) : f->sub->size;

	if (o->type != MSGPACK_OBJECT_ARRAY)
		return bad(d, f->key, "is no list");
	size_t n = o->via.array.size;
	if (n > MESSAGE_MAX_LIST)
		return bad(d, f->key, "has too many elements");
	char *items = msgpack_zone_malloc(d->zone, n * item + 1);
	if (items == NULL)
		return bad(d, f->key, "does not fit in memory");
	for (size_t i = 0; i < n; i++) {
		const msgpack_object *e = &o->via.array.ptr[i];
		void *at = items + i * item;
		int r = f->kind == FIELD_TEXTS ? decode_text(d, f->key, e, at)
					       : decode_map(d, f->sub, e, at);
		if (r < 0)
			return r;
	}
	*out = (struct list){.items = items, .n = n};
	return 0;
}

static int decode_field(struct decoder *d, const struct field *f, const msgpack_object *o, void *at)
{
	switch (f->kind) {
	case FIELD_INT:
		if (o->type == MSGPACK_OBJECT_POSITIVE_INTEGER && o->via.u64 <= INT64_MAX)
			*(int64_t *)at = (int64_t)o->via.u64;
		else if (o->type == MSGPACK_OBJECT_NEGATIVE_INTEGER && o->via.i64 != ABSENT)
			*(int64_t *)at = o->via.i64;
		else
			return bad(d, f->key, "is no whole number of 64 bits");
		return 0;
	case FIELD_TEXT:
		return decode_text(d, f->key, o, at);
	case FIELD_ID:
		if (o->type != MSGPACK_OBJECT_BIN || o->via.bin.size != sizeof(struct id16))
			return bad(d, f->key, "is no identity of 16 bytes");
		memcpy(at, o->via.bin.ptr, sizeof(struct id16));
		return 0;
	case FIELD_BLOB:
		if (o->type != MSGPACK_OBJECT_BIN)
			return bad(d, f->key, "is no bytes");
		*(struct blob *)at = (struct blob){.data = o->via.bin.ptr, .len = o->via.bin.size};
		return 0;
	case FIELD_TEXTS:
	case FIELD_LIST:
		return decode_list(d, f, o, at);
	case FIELD_STRUCT:
		break;
	}
	return 0;
}

static const struct field *find_field(
	const struct schema *s, const msgpack_object *key, void *body, void **at)
{
	for (const struct field *f = s->fields; f->key != NULL; f++) {
		*at = (char *)body + f->offset;
		if (f->kind == FIELD_STRUCT) {
			const struct field *inner = find_field(f->sub, key, *at, at);
			if (inner != NULL)
				return inner;
		} else if (strlen(f->key) == key->via.str.size &&
			   memcmp(f->key, key->via.str.ptr, key->via.str.size) == 0) {
			return f;
		}
	}
	return NULL;
}

static int check_required(struct decoder *d, const struct schema *s, const msgpack_object *o)
{
	for (const struct field *f = s->fields; f->key != NULL; f++) {
		bool found = !f->is_required;
		if (f->kind == FIELD_STRUCT) {
			int r = check_required(d, f->sub, o);
			if (r < 0)
				return r;
			continue;
		}
		for (uint32_t i = 0; i < o->via.map.size && !found; i++) {
			const msgpack_object *k = &o->via.map.ptr[i].key;
			found = o->via.map.ptr[i].val.type != MSGPACK_OBJECT_NIL &&
				k->via.str.size == strlen(f->key) &&
				memcmp(k->via.str.ptr, f->key, k->via.str.size) == 0;
		}
		if (!found)
			return bad(d, f->key, "is missing");
	}
	return 0;
}

static int decode_map(
	struct decoder *d, const struct schema *s, const msgpack_object *o, void *body)
{
	if (o->type != MSGPACK_OBJECT_MAP)
		return error_set(
			d->err, ERR_PROTOCOL, "message %s: %s is no map", d->message, s->name);
	clear_fields(s, body);
	for (uint32_t i = 0; i < o->via.map.size; i++) {
		const msgpack_object_kv *kv = &o->via.map.ptr[i];
		void *at;
		if (kv->key.type != MSGPACK_OBJECT_STR)
			return error_set(
				d->err, ERR_PROTOCOL, "message %s: a key is no text", d->message);
		const struct field *f = find_field(s, &kv->key, body, &at);
		int r = f != NULL && kv->val.type != MSGPACK_OBJECT_NIL
				? decode_field(d, f, &kv->val, at)
				: 0;
		if (r < 0)
			return r;
	}
	return check_required(d, s, o);
}

/* The five places of the frame before its body. */
static int decode_head(struct message *m, const msgpack_object *o, struct error *err)
{
	if (o->type != MSGPACK_OBJECT_ARRAY || o->via.array.size != 5)
		return error_set(err, ERR_PROTOCOL, "message: the frame is no array of 5");
	const msgpack_object *a = o->via.array.ptr;
	for (int i = 0; i < 4; i++)
		if (a[i].type != MSGPACK_OBJECT_POSITIVE_INTEGER || a[i].via.u64 > INT64_MAX)
			return error_set(err, ERR_PROTOCOL,
				"message: place %d of the frame is no number", i);
	m->version = (int64_t)a[0].via.u64;
	m->type = (enum message_type)(a[1].via.u64 > 255 ? 255 : a[1].via.u64);
	m->sequence = (int64_t)a[2].via.u64;
	m->epoch = (int64_t)a[3].via.u64;
	if (m->version != PROTOCOL_MAJOR)
		return error_set(err, -EPROTONOSUPPORT,
			"the peer speaks version %lld of the protocol, this program (%s) version "
			"%d; install the same release on both",
			(long long)m->version, JOULERIG_VERSION, PROTOCOL_MAJOR);
	if (message_schema(m->type) == NULL)
		return error_set(err, ERR_PROTOCOL, "message: unknown type %d", (int)m->type);
	return 0;
}

int message_decode(struct message *m, const void *data, size_t len, struct error *err)
{
	enum scan_result scan;
	size_t off = 0;

	memset(m, 0, sizeof *m);
	if (len > MESSAGE_MAX_FRAME)
		return error_set(err, ERR_PROTOCOL, "message: the frame is longer than %d bytes",
			MESSAGE_MAX_FRAME);
	scan = scan_msgpack(data, len, MESSAGE_MAX_OBJECTS);
	if (scan != SCAN_OK)
		return error_set(
			err, ERR_PROTOCOL, "message: the frame %s", scan_result_text(scan));
	msgpack_unpacked *u = xmalloc(sizeof *u);
	msgpack_unpacked_init(u);
	m->arena = u;
	int r = ERR_PROTOCOL;
	if (msgpack_unpack_next(u, data, len, &off) != MSGPACK_UNPACK_SUCCESS || off != len ||
		u->zone == NULL)
		error_set(err, ERR_PROTOCOL, "message: the frame cannot be unpacked");
	else if ((r = decode_head(m, &u->data, err)) == 0) {
		struct decoder d = {
			.zone = u->zone, .message = message_type_name(m->type), .err = err};
		r = decode_map(&d, message_schema(m->type), &u->data.via.array.ptr[4], &m->hello);
	}
	if (r < 0)
		message_done(m);
	return r;
}

void message_done(struct message *m)
{
	if (m->arena != NULL)
		msgpack_unpacked_destroy(m->arena);
	free(m->arena);
	free(m->frame);
	m->arena = m->frame = NULL;
}

static const struct field *nth_field(const struct schema *s, size_t *i)
{
	for (const struct field *f = s->fields; f->key != NULL; f++) {
		if (f->kind == FIELD_STRUCT) {
			const struct field *inner = nth_field(f->sub, i);
			if (inner != NULL)
				return inner;
		} else if ((*i)-- == 0) {
			return f;
		}
	}
	return NULL;
}

const char *message_describe_key(enum message_type type, size_t i, char out[128])
{
	static const char *const kinds[] = {
		[FIELD_INT] = "int",
		[FIELD_TEXT] = "text",
		[FIELD_ID] = "id",
		[FIELD_BLOB] = "bytes",
		[FIELD_TEXTS] = "texts",
		[FIELD_LIST] = "list of ",
	};
	const struct field *f = nth_field(message_schema(type), &i);

	if (f == NULL)
		return NULL;
	snprintf(out, 128, "%s %s%s %s", f->key, kinds[f->kind],
		f->kind == FIELD_LIST ? f->sub->name : "",
		f->is_required ? "required" : "optional");
	return out;
}
