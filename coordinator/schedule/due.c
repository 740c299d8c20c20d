#include "coordinator/schedule/due.h"

#include "proto/base.h"

#define HOUR_NS INT64_C(3600000000000)

enum due_missed due_missed_by_name(const char *name)
{
	return name != NULL && strcmp(name, "skip") == 0  ? DUE_SKIP
	       : name != NULL && strcmp(name, "all") == 0 ? DUE_ALL
							  : DUE_ONCE;
}

/*
 * The last times within [from, to], at most n of them, in order. A coordinator may have been down
 * for years: from the end, further and further back, until there are enough. *has_more: there are
 * some before them.
 */
static size_t last_times(const struct calendar *c, const struct cron *cron, int64_t from,
	int64_t to, int64_t *out, size_t n, bool *has_more)
{
	int64_t ring[DUE_MOST];

	for (int64_t window = HOUR_NS;; window = window > INT64_MAX / 4 ? INT64_MAX : 4 * window) {
		int64_t begin = to - from <= window ? from : to - window;
		size_t found = 0;
		for (int64_t t = calendar_next(c, cron, begin - 1); t != ABSENT && t <= to;
			t = calendar_next(c, cron, t))
			ring[found++ % n] = t;
		if (found <= n && begin > from)
			continue;
		size_t kept = found < n ? found : n;
		for (size_t i = 0; i < kept; i++)
			out[i] = ring[(found - kept + i) % n];
		*has_more = found > n;
		return kept;
	}
}

void due_look(const struct calendar *c, const struct cron *cron, enum due_missed missed,
	int64_t next_at, int64_t at, struct due *out)
{
	int64_t times[DUE_MOST];
	size_t n = last_times(c, cron, next_at, at, times, DUE_MOST, &out->has_more);

	if (n == 0) /* other rules of its zone since it was computed */
		times[n++] = next_at;
	bool is_on_time = at - times[n - 1] <= DUE_GRACE_NS;
	size_t wanted = missed == DUE_ALL ? n : missed == DUE_ONCE || is_on_time ? 1 : 0;
	out->begin_n = wanted;
	for (size_t i = 0; i < wanted; i++)
		out->begin[i] = times[n - wanted + i];
	out->missed_n = n - wanted;
	out->last_missed = n > wanted ? times[n - wanted - 1] : ABSENT;
	out->next_at = calendar_next(c, cron, at);
}

int64_t due_after_setback(
	const struct calendar *c, const struct cron *cron, int64_t next_at, int64_t at)
{
	int64_t next = calendar_next(c, cron, at), before = ABSENT;
	bool has_more;

	/* Nothing is due between now and what is awaited: the clock only went on. */
	if (next == ABSENT || next_at == ABSENT || next >= next_at)
		return next_at;
	(void)last_times(c, cron, at, next_at - 1, &before, 1, &has_more);
	return before != ABSENT && before - at < DUE_BACK_NS ? next_at : next;
}

enum due_verdict due_overlap(bool is_skip, size_t begun, size_t waiting)
{
	if (begun + waiting == 0)
		return DUE_BEGINS;
	if (is_skip)
		return DUE_IS_OVERLAPPED;
	return waiting > 0 ? DUE_IS_CROWDED : DUE_WAITS;
}
