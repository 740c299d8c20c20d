/*
 * sampler_chunk.c - msgpack of samples
 */
#include "agent/sampler_chunk.h"

#include <msgpack.h>

static int write_to_buf(void *b, const char *data, size_t len)
{
	buf_add(b, data, len);
	return 0;
}

static void pack_text(msgpack_packer *p, const char *s)
{
	msgpack_pack_str(p, strlen(s));
	msgpack_pack_str_body(p, s, strlen(s));
}

static void pack_channels(const struct sample_rows *rows, msgpack_packer *p)
{
	msgpack_pack_array(p, rows->channels_n);
	for (size_t c = 0; c < rows->channels_n; c++) {
		msgpack_pack_array(p, 3);
		pack_text(p, rows->channels[c].name);
		pack_text(p, rows->channels[c].unit);
		pack_text(p, rows->channels[c].kind == CHANNEL_COUNTER ? "counter" : "gauge");
	}
}

static void pack_column(const struct sample_rows *rows, msgpack_packer *p, size_t c)
{
	int64_t last = 0;

	msgpack_pack_array(p, rows->n);
	for (size_t i = 0; i < rows->n; i++) {
		int64_t value = rows->values[i * rows->channels_n + c];
		if (value == ABSENT) {
			msgpack_pack_nil(p);
			continue;
		}
		msgpack_pack_int64(p, value - last);
		last = value;
	}
}

void sampler_chunk_pack(const struct sample_rows *rows, struct buf *out)
{
	msgpack_packer p;

	msgpack_packer_init(&p, out, write_to_buf);
	msgpack_pack_array(&p, 6);
	msgpack_pack_int(&p, 1);
	msgpack_pack_uint64(&p, rows->n);
	pack_channels(rows, &p);
	msgpack_pack_int64(&p, rows->times[0]);
	msgpack_pack_array(&p, rows->n - 1);
	for (size_t i = 1; i < rows->n; i++)
		msgpack_pack_int64(&p, rows->times[i] - rows->times[i - 1]);
	msgpack_pack_array(&p, rows->channels_n);
	for (size_t c = 0; c < rows->channels_n; c++)
		pack_column(rows, &p, c);
}
