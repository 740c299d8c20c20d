#include "coordinator/analysis/samples.h"
#include "proto/message.h"
#include "proto/scan.h"
#include <msgpack.h>

static int bad(struct error *err, const char *what)
{
	return error_set(err, ERR_PROTOCOL, "a chunk of samples is damaged: %s", what);
}

static bool is_array(const msgpack_object *o, size_t n)
{
	return o->type == MSGPACK_OBJECT_ARRAY && o->via.array.size == n;
}

static bool get_int(const msgpack_object *o, int64_t *out)
{
	if (o->type == MSGPACK_OBJECT_POSITIVE_INTEGER && o->via.u64 <= INT64_MAX)
		*out = (int64_t)o->via.u64;
	else if (o->type == MSGPACK_OBJECT_NEGATIVE_INTEGER)
		*out = o->via.i64;
	else
		return false;
	return true;
}

static char *get_text(const msgpack_object *o)
{
	if (o->type != MSGPACK_OBJECT_STR || memchr(o->via.str.ptr, '\0', o->via.str.size) != NULL)
		return NULL;
	return xstrndup(o->via.str.ptr, o->via.str.size);
}

static int decode_channels(struct samples *s, const msgpack_object *list, struct error *err)
{
	if (list->type != MSGPACK_OBJECT_ARRAY)
		return bad(err, "no list of channels");
	s->channels_n = list->via.array.size;
	s->channels = xcalloc(s->channels_n + 1, sizeof *s->channels);
	for (size_t i = 0; i < s->channels_n; i++) {
		const msgpack_object *channel = &list->via.array.ptr[i];
		if (!is_array(channel, 3))
			return bad(err, "a channel is not [name, unit, kind]");
		_cleanup_free_ char *kind = get_text(&channel->via.array.ptr[2]);
		s->channels[i].name = get_text(&channel->via.array.ptr[0]);
		s->channels[i].unit = get_text(&channel->via.array.ptr[1]);
		if (s->channels[i].name == NULL || s->channels[i].unit == NULL || kind == NULL)
			return bad(err, "a channel's name, unit or kind is no text");
		s->channels[i].is_counter = strcmp(kind, "counter") == 0;
	}
	return 0;
}

static int decode_times(struct samples *s, const msgpack_object *first, const msgpack_object *steps,
	struct error *err)
{
	int64_t step;

	if (s->n == 0)
		return 0;
	if (!get_int(first, &s->times[0]) || !is_array(steps, s->n - 1))
		return bad(err, "its times do not fit the number of samples");
	for (size_t i = 1; i < s->n; i++) {
		if (!get_int(&steps->via.array.ptr[i - 1], &step) ||
			__builtin_add_overflow(s->times[i - 1], step, &s->times[i]))
			return bad(err, "a time is no number");
	}
	return 0;
}

static int decode_column(
	struct samples *s, size_t channel, const msgpack_object *column, struct error *err)
{
	int64_t last = 0, step;

	for (size_t i = 0; i < s->n; i++) {
		const msgpack_object *o = &column->via.array.ptr[i];
		int64_t *value = &s->values[i * s->channels_n + channel];
		*value = ABSENT;
		if (o->type == MSGPACK_OBJECT_NIL)
			continue;
		if (!get_int(o, &step) || __builtin_add_overflow(last, step, value))
			return bad(err, "a value is no number");
		last = *value;
	}
	return 0;
}

/* All columns are as long as announced; seen before they are allocated, as only the frame's length
 * bounds n. */
static bool columns_fit(const struct samples *s, const msgpack_object *columns)
{
	if (!is_array(columns, s->channels_n))
		return false;
	for (size_t i = 0; i < s->channels_n; i++) {
		if (!is_array(&columns->via.array.ptr[i], s->n))
			return false;
	}
	return true;
}

static int decode(struct samples *s, const msgpack_object *root, struct error *err)
{
	int64_t version, n;

	if (!is_array(root, 6))
		return bad(err, "not six parts");
	const msgpack_object *parts = root->via.array.ptr;
	if (!get_int(&parts[0], &version) || version != 1)
		return bad(err, "its version is not 1; update joulerig");
	if (!get_int(&parts[1], &n) || n < 0 || n > MESSAGE_MAX_OBJECTS)
		return bad(err, "an impossible number of samples");
	s->n = (size_t)n;
	int code = decode_channels(s, &parts[2], err);
	if (code < 0)
		return code;
	if (!columns_fit(s, &parts[5]))
		return bad(err, "its columns do not fit the channels and the number of samples");
	s->times = xcalloc(s->n + 1, sizeof *s->times);
	code = decode_times(s, &parts[3], &parts[4], err);
	if (code == 0)
		s->values = xcalloc(s->n * s->channels_n + 1, sizeof *s->values);
	for (size_t i = 0; code == 0 && i < s->channels_n; i++)
		code = decode_column(s, i, &parts[5].via.array.ptr[i], err);
	return code;
}

int samples_decode(struct samples *out, const void *data, size_t len, struct error *err)
{
	msgpack_unpacked unpacked;
	size_t offset = 0;

	*out = (struct samples){0};
	enum scan_result scan = scan_msgpack(data, len, MESSAGE_MAX_OBJECTS);
	if (scan != SCAN_OK)
		return bad(err, scan_result_text(scan));
	msgpack_unpacked_init(&unpacked);
	int code = ERR_PROTOCOL;
	if (msgpack_unpack_next(&unpacked, data, len, &offset) == MSGPACK_UNPACK_SUCCESS)
		code = decode(out, &unpacked.data, err);
	else
		bad(err, "no msgpack");
	msgpack_unpacked_destroy(&unpacked);
	if (code < 0)
		samples_done(out);
	return code;
}

void samples_done(struct samples *s)
{
	for (size_t i = 0; i < s->channels_n && s->channels != NULL; i++) {
		free(s->channels[i].name);
		free(s->channels[i].unit);
	}
	free(s->channels);
	free(s->times);
	free(s->values);
	*s = (struct samples){0};
}
