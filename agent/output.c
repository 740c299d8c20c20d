#include "agent/output.h"

/* Buffers larger than this are given back between runs. */
#define KEEP_BYTES (1024 * 1024)

static void ready(struct buf *b)
{
	if (b->data == NULL)
		*b = (struct buf)BUF_INIT;
	if (b->size > KEEP_BYTES)
		buf_done(b);
	buf_reset(b);
}

void output_reset(struct output *o, int64_t limit)
{
	ready(&o->head);
	ready(&o->tail);
	o->limit = limit < 0 ? 0 : limit > OUTPUT_MAX ? OUTPUT_MAX : (size_t)limit;
	o->total = 0;
	o->tail_next = 0;
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

void output_add(struct output *o, const void *data, size_t len)
{
	const char *from = data;
	const size_t head_size = o->limit / 2, tail_size = o->limit - head_size;

	o->total += (int64_t)len;
	size_t n = smaller(len, head_size - o->head.len);
	buf_add(&o->head, from, n);
	from += n;
	len -= n;
	n = smaller(len, tail_size - o->tail.len);
	buf_add(&o->tail, from, n);
	from += n;
	len -= n;
	if (tail_size == 0)
		return;
	if (len > tail_size) { /* only the end of it will be left */
		size_t skipped = len - tail_size;
		o->tail_next = (o->tail_next + skipped) % tail_size;
		from += skipped;
		len = tail_size;
	}
	while (len > 0) {
		n = smaller(len, tail_size - o->tail_next);
		memcpy(o->tail.data + o->tail_next, from, n);
		o->tail_next = (o->tail_next + n) % tail_size;
		from += n;
		len -= n;
	}
}

size_t output_kept(const struct output *o)
{
	return o->head.len + o->tail.len;
}

size_t output_head(const struct output *o)
{
	return o->total > (int64_t)output_kept(o) ? o->head.len : output_kept(o);
}

void output_copy(const struct output *o, struct buf *out)
{
	buf_add(out, o->head.data, o->head.len);
	buf_add(out, o->tail.data + o->tail_next, o->tail.len - o->tail_next);
	buf_add(out, o->tail.data, o->tail_next);
}

void output_done(struct output *o)
{
	if (o->head.data != NULL)
		buf_done(&o->head);
	if (o->tail.data != NULL)
		buf_done(&o->tail);
}
