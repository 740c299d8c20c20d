#include "coordinator/analysis/time_axis.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

struct point {
	int64_t host_raw; /* ns of the host's clock */
	int64_t at;       /* on the axis */
	int64_t half;     /* of the round trip */
	struct id16 session;
};

struct host_points {
	char *name;           /* owned; key */
	struct point *points; /* owned, in the order in which they came */
	size_t n, size;
	UT_hash_handle hh;
};

/* Where the axis of one process of the coordinator begins. */
struct anchor {
	int64_t epoch; /* key */
	int64_t at, raw;
	UT_hash_handle hh;
};

struct time_axis {
	struct host_points *hosts; /* hash (owned) */
	struct anchor *anchors;    /* hash (owned) */
};

struct time_axis *time_axis_new(void)
{
	return xcalloc(1, sizeof(struct time_axis));
}

void time_axis_free(struct time_axis *a)
{
	struct host_points *h, *next_host;
	struct anchor *o, *next_anchor;

	if (a == NULL)
		return;
	HASH_ITER (hh, a->hosts, h, next_host) {
		HASH_DEL(a->hosts, h);
		free(h->name);
		free(h->points);
		free(h);
	}
	HASH_ITER (hh, a->anchors, o, next_anchor) {
		HASH_DEL(a->anchors, o);
		free(o);
	}
	free(a);
}

static const struct anchor *anchor_of(struct time_axis *a, const struct time_point *p)
{
	struct anchor *o;

	HASH_FIND(hh, a->anchors, &p->epoch, sizeof p->epoch, o);
	if (o == NULL) {
		o = xcalloc(1, sizeof *o);
		*o = (struct anchor){.epoch = p->epoch, .at = p->at, .raw = p->raw};
		HASH_ADD(hh, a->anchors, epoch, sizeof o->epoch, o);
	}
	return o;
}

static struct host_points *find_host(const struct time_axis *a, const char *name)
{
	struct host_points *h;

	HASH_FIND_STR(a->hosts, name, h);
	return h;
}

void time_axis_add(struct time_axis *a, const struct time_point *p)
{
	const struct anchor *o = anchor_of(a, p);
	struct host_points *h = find_host(a, p->host);

	if (h == NULL) {
		h = xcalloc(1, sizeof *h);
		h->name = xstrdup(p->host);
		HASH_ADD_KEYPTR(hh, a->hosts, h->name, strlen(h->name), h);
	}
	if (h->n == h->size) {
		h->size = h->size ? 2 * h->size : 16;
		h->points = xreallocarray(h->points, h->size, sizeof *h->points);
	}
	h->points[h->n++] = (struct point){.host_raw = p->raw - p->offset,
		.at = o->at + (p->raw - o->raw),
		.half = p->delay / 2,
		.session = p->session};
}

static int64_t distance(int64_t a, int64_t b)
{
	return a > b ? a - b : b - a;
}

static size_t nearest(const struct host_points *h, int64_t near)
{
	size_t best = 0;

	for (size_t i = 1; i < h->n; i++)
		if (distance(h->points[i].at, near) < distance(h->points[best].at, near))
			best = i;
	return best;
}

/* The neighbour of i in one direction, of the same process of the agent; i itself where there is
 * none. */
static size_t neighbour(const struct host_points *h, size_t i, int step)
{
	if ((step < 0 && i == 0) || (step > 0 && i + 1 == h->n))
		return i;
	size_t next = step < 0 ? i - 1 : i + 1;
	return id16_equal(&h->points[next].session, &h->points[i].session) &&
			       (h->points[next].host_raw > h->points[i].host_raw) == (step > 0)
		       ? next
		       : i;
}

/* Go on from a point until the instant lies between it and its neighbour; both are the same beyond
 * the ends. */
static void bracket(const struct host_points *h, size_t i, int64_t raw, size_t *from, size_t *to)
{
	int step = raw >= h->points[i].host_raw ? 1 : -1;
	size_t next;

	while ((next = neighbour(h, i, step)) != i && (h->points[next].host_raw - raw) * step < 0)
		i = next;
	*from = i;
	*to = next;
}

bool time_axis_put(const struct time_axis *a, const char *host, int64_t raw, int64_t near,
	int64_t *at, int64_t *bound)
{
	const struct host_points *h = find_host(a, host);
	size_t from, to;

	if (h == NULL)
		return false;
	bracket(h, nearest(h, near), raw, &from, &to);
	const struct point *p = &h->points[from], *q = &h->points[to];
	int64_t after = raw - p->host_raw, span = q->host_raw - p->host_raw;
	if (span == 0) {
		*at = p->at + after;
		*bound = p->half + distance(after, 0) / (1000000 / TIME_AXIS_DRIFT_PPM);
		return true;
	}
	/* What the two clocks went apart between the points, in proportion: a small number, so that
	 * the product stays within 64 bits for spans of months. */
	int64_t apart = q->at - p->at - span;
	*at = p->at + after + (int64_t)((__int128)apart * after / span);
	*bound = p->half > q->half ? p->half : q->half;
	return true;
}
