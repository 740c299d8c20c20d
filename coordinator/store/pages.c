#include "coordinator/store/pages.h"
#include <errno.h>
#include <math.h>

/* ---- writing ---- */

struct pages_writer *pages_writer_new(void)
{
	struct pages_writer *w = xcalloc(1, sizeof *w);

	w->out = (struct buf)BUF_INIT;
	for (size_t i = 0; i < PAGES_SLOTS; i++) {
		w->texts[i].text = (struct buf)BUF_INIT;
		w->metrics[i].name = w->metrics[i].unit = w->metrics[i].better =
			(struct buf)BUF_INIT;
	}
	return w;
}

void pages_writer_free(struct pages_writer *w)
{
	if (w == NULL)
		return;
	for (size_t i = 0; i < PAGES_SLOTS; i++) {
		buf_done(&w->texts[i].text);
		buf_done(&w->metrics[i].name);
		buf_done(&w->metrics[i].unit);
		buf_done(&w->metrics[i].better);
	}
	buf_done(&w->out);
	free(w);
}

void pages_begin(struct pages_writer *w)
{
	buf_reset(&w->out);
	w->runs = w->texts_n = w->metrics_n = 0;
	w->last_run = 0;
	for (size_t i = 0; i < PAGES_SLOTS; i++)
		w->texts[i].is_set = w->metrics[i].is_set = false;
}

static void add_number(struct pages_writer *w, uint64_t value)
{
	unsigned char bytes[10];
	size_t n = 0;

	for (; value >= 0x80; value >>= 7)
		bytes[n++] = (unsigned char)(value | 0x80);
	bytes[n++] = (unsigned char)value;
	buf_add(&w->out, bytes, n);
}

/* 1 + zigzag wraps to 0 for INT64_MIN alone. */
static void add_signed(struct pages_writer *w, int64_t value)
{
	uint64_t zigzag = (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);

	add_number(w, zigzag + 1);
}

static void keep(struct buf *b, const char *text)
{
	buf_reset(b);
	buf_adds(b, text == NULL ? "" : text);
}

/* FNV-1a, 32 bit. (Fowler, Noll, Vo: draft-eastlake-fnv, section 2.) */
static size_t slot_of(const char *text)
{
	uint32_t hash = 2166136261u;

	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char)*text) * 16777619u;
	return (hash ^ hash >> 8 ^ hash >> 16) % PAGES_SLOTS;
}

static void add_text(struct pages_writer *w, const char *text)
{
	if (text == NULL) {
		add_number(w, 0);
		return;
	}
	size_t slot = slot_of(text);
	if (w->texts[slot].is_set && strcmp(w->texts[slot].text.data, text) == 0) {
		add_number(w, w->texts[slot].number + 2);
		return;
	}
	keep(&w->texts[slot].text, text);
	w->texts[slot].number = w->texts_n++;
	w->texts[slot].is_set = true;
	add_number(w, 1);
	add_number(w, strlen(text));
	buf_add(&w->out, text, strlen(text) + 1);
}

void pages_add_run(struct pages_writer *w, const struct page_run *run)
{
	add_number(w, (uint64_t)(run->run - w->last_run));
	add_signed(w, run->block);
	add_signed(w, run->lane);
	add_signed(w, run->configuration);
	add_text(w, run->state);
	add_text(w, run->reason);
	add_text(w, run->flags);
	add_text(w, run->cpus);
	add_signed(w, run->energy_bound);
	w->last_run = run->run;
	w->runs++;
}

static bool is_same(const struct buf *kept, const char *text)
{
	return strcmp(kept->data, text == NULL ? "" : text) == 0;
}

static void add_metric(struct pages_writer *w, size_t slot, const struct page_metric *m)
{
	if (w->metrics[slot].is_set && m->is_constant && w->metrics[slot].constant == m->name) {
		add_number(w, w->metrics[slot].number + 2);
		return;
	}
	if (w->metrics[slot].is_set && w->metrics[slot].is_inner == m->is_inner &&
		is_same(&w->metrics[slot].name, m->name) &&
		is_same(&w->metrics[slot].unit, m->unit) &&
		is_same(&w->metrics[slot].better, m->better)) {
		add_number(w, w->metrics[slot].number + 2);
		return;
	}
	keep(&w->metrics[slot].name, m->name);
	keep(&w->metrics[slot].unit, m->unit);
	keep(&w->metrics[slot].better, m->better);
	w->metrics[slot].constant = m->is_constant ? m->name : NULL;
	w->metrics[slot].is_inner = m->is_inner;
	w->metrics[slot].number = w->metrics_n++;
	w->metrics[slot].is_set = true;
	add_number(w, 1);
	add_number(w, m->is_inner);
	add_text(w, m->name);
	add_text(w, m->unit);
	add_text(w, m->better);
}

void pages_add(struct pages_writer *w, size_t slot, const struct page_metric *metric,
	const struct page_value *value)
{
	add_metric(w, slot, metric);
	if (metric->is_inner) {
		add_signed(w, value->integer);
		return;
	}
	unsigned char bytes[8];
	uint64_t bits;
	memcpy(&bits, &value->real, sizeof bits);
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (unsigned char)(bits >> (8 * i));
	buf_add(&w->out, bytes, sizeof bytes);
}

void pages_end_run(struct pages_writer *w)
{
	add_number(w, 0);
}

/* ---- reading; what does not hold leaves r->at NULL, so that one look at the end is enough ---- */

void pages_read(struct pages_reader *r, struct blob page)
{
	r->at = (const unsigned char *)page.data;
	r->end = r->at + page.len;
	r->last_run = 0;
	r->texts_n = r->metrics_n = 0;
}

void pages_reader_done(struct pages_reader *r)
{
	free(r->texts);
	free(r->metrics);
	free(r->values);
	*r = (struct pages_reader){0};
}

static uint64_t read_number(struct pages_reader *r)
{
	uint64_t value = 0;

	for (unsigned shift = 0; r->at != NULL && r->at < r->end && shift < 64; shift += 7) {
		unsigned char byte = *r->at++;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return value;
	}
	r->at = NULL;
	return 0;
}

static int64_t read_signed(struct pages_reader *r)
{
	uint64_t zigzag = read_number(r) - 1;

	return (int64_t)(zigzag >> 1 ^ (zigzag & 1 ? UINT64_MAX : 0));
}

/* Room for one more; both kinds of items are small. */
static void grow(void **items, size_t n, size_t *allocated, size_t size)
{
	if (n < *allocated)
		return;
	*allocated = *allocated == 0 ? 16 : 2 * *allocated;
	*items = xreallocarray(*items, *allocated, size);
}

static const char *read_new_text(struct pages_reader *r)
{
	uint64_t len = read_number(r);

	if (r->at == NULL || len >= (uint64_t)(r->end - r->at) || r->at[len] != '\0') {
		r->at = NULL;
		return NULL;
	}
	const char *text = (const char *)r->at;
	r->at += len + 1;
	grow((void **)&r->texts, r->texts_n, &r->texts_allocated, sizeof *r->texts);
	r->texts[r->texts_n++] = text;
	return text;
}

static const char *read_text(struct pages_reader *r)
{
	uint64_t number = read_number(r);

	if (number == 0)
		return NULL;
	if (number == 1)
		return read_new_text(r);
	if (number - 2 < r->texts_n)
		return r->texts[number - 2];
	r->at = NULL;
	return NULL;
}

static void read_metric(struct pages_reader *r)
{
	struct page_metric m = {.is_inner = (read_number(r) & 1) != 0};

	m.name = read_text(r);
	m.unit = read_text(r);
	m.better = read_text(r);
	if (m.name == NULL || m.unit == NULL) {
		r->at = NULL;
		return;
	}
	grow((void **)&r->metrics, r->metrics_n, &r->metrics_allocated, sizeof *r->metrics);
	r->metrics[r->metrics_n++] = m;
}

static double read_double(struct pages_reader *r)
{
	uint64_t bits = 0;
	double value;

	if (r->at == NULL || r->end - r->at < 8) {
		r->at = NULL;
		return 0;
	}
	for (unsigned i = 0; i < 8; i++)
		bits |= (uint64_t)*r->at++ << (8 * i);
	memcpy(&value, &bits, sizeof value);
	if (!isfinite(value))
		r->at = NULL;
	return value;
}

static void read_values(struct pages_reader *r)
{
	uint64_t number;

	r->values_n = 0;
	while ((number = read_number(r)) != 0 && r->at != NULL) {
		size_t metric = number == 1 ? r->metrics_n : number - 2;
		if (number == 1)
			read_metric(r);
		if (r->at == NULL || metric >= r->metrics_n) {
			r->at = NULL;
			return;
		}
		grow((void **)&r->values, r->values_n, &r->values_allocated, sizeof *r->values);
		struct page_value *v = &r->values[r->values_n++];
		*v = (struct page_value){.metric = metric, .integer = ABSENT};
		if (r->metrics[metric].is_inner)
			v->integer = read_signed(r);
		else
			v->real = read_double(r);
	}
}

int pages_next(struct pages_reader *r, struct page_run *run)
{
	if (r->at == r->end)
		return 0;
	*run = (struct page_run){.run = (int64_t)((uint64_t)r->last_run + read_number(r))};
	run->block = read_signed(r);
	run->lane = read_signed(r);
	run->configuration = read_signed(r);
	run->state = read_text(r);
	run->reason = read_text(r);
	run->flags = read_text(r);
	run->cpus = read_text(r);
	run->energy_bound = read_signed(r);
	read_values(r);
	if (r->at == NULL)
		return -EBADMSG;
	r->last_run = run->run;
	run->values = r->values;
	run->n = r->values_n;
	return 1;
}
