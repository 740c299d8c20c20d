#include "coordinator/schedule/calendar.h"

#include "proto/base.h"
#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <time.h>

#define MINUTE    INT64_C(60)
#define DAY       INT64_C(86400)
#define CENTURY   (INT64_C(36525) * DAY)
#define FAR       (4 * CENTURY) /* beyond every instant that is asked about, s */
#define ALL_HOURS 0xffffffu

/* From `start` (s since 1970) until the next span's start the wall is `offset` s ahead of UTC. */
struct span {
	int64_t start, offset;
};

struct calendar {
	GTimeZone *zone;
	struct span
		*spans; /* in time's order, the first from before 1970 on; their offsets differ */
	size_t n;
};

static int64_t floor_to(int64_t value, int64_t unit)
{
	int64_t rest = value % unit;

	return value - rest - (rest < 0 ? unit : 0);
}

/* ---- the zone ---- */

static int64_t offset_at(const struct calendar *c, int64_t at)
{
	return g_time_zone_get_offset(
		c->zone, g_time_zone_find_interval(c->zone, G_TIME_TYPE_UNIVERSAL, at));
}

static void add_span(struct calendar *c, int64_t start)
{
	int64_t offset = offset_at(c, start);

	if (c->n > 0 && c->spans[c->n - 1].offset == offset)
		return; /* a new name alone */
	c->spans = xreallocarray(c->spans, c->n + 1, sizeof *c->spans);
	c->spans[c->n++] = (struct span){.start = start, .offset = offset};
}

/* The library tells in which of its intervals an instant is, not where they begin: halving finds
 * every beginning in (from, to]. */
static void find_spans(struct calendar *c, int64_t from, int from_at, int64_t to, int to_at)
{
	int64_t middle = from + (to - from) / 2;
	int middle_at;

	if (from_at == to_at)
		return;
	if (to - from == 1) {
		add_span(c, to);
		return;
	}
	middle_at = g_time_zone_find_interval(c->zone, G_TIME_TYPE_UNIVERSAL, middle);
	find_spans(c, from, from_at, middle, middle_at);
	find_spans(c, middle, middle_at, to, to_at);
}

/* NULL where there is none. The library would also read any file. */
static GTimeZone *zone_of(const char *name)
{
	if (!name)
		return g_time_zone_new_local();
	if (*name == '\0' || *name == '/' || strstr(name, ".."))
		return NULL;
	return g_time_zone_new_identifier(name);
}

int calendar_open(struct calendar **out, const char *name, struct error *err)
{
	GTimeZone *zone = zone_of(name);
	struct calendar *c;

	if (!zone)
		return error_set(err, -ENOENT,
			"time zone '%s' is not known here; 'ls /usr/share/zoneinfo' (package "
			"tzdata) "
			"shows the names, such as Europe/Berlin",
			name);
	c = xcalloc(1, sizeof *c);
	c->zone = zone;
	add_span(c, -DAY);
	find_spans(c, -DAY, g_time_zone_find_interval(zone, G_TIME_TYPE_UNIVERSAL, -DAY), FAR,
		g_time_zone_find_interval(zone, G_TIME_TYPE_UNIVERSAL, FAR));
	*out = c;
	return 0;
}

void calendar_free(struct calendar *c)
{
	if (!c)
		return;
	g_time_zone_unref(c->zone);
	free(c->spans);
	free(c);
}

static size_t span_at(const struct calendar *c, int64_t at)
{
	size_t low = 0, high = c->n;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (c->spans[middle].start <= at)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static int64_t span_end(const struct calendar *c, size_t i)
{
	return i + 1 < c->n ? c->spans[i + 1].start : FAR;
}

/* ---- the wall: seconds since 1970 as if it were in UTC ---- */

static bool has_day(const struct cron *cron, const struct tm *day)
{
	bool is_day = cron->days & (1u << day->tm_mday);
	bool is_weekday = cron->weekdays & (1u << day->tm_wday);

	/* crontab(5): where both are restricted, either may match */
	return cron->is_any_day || cron->is_any_weekday ? is_day && is_weekday
							: is_day || is_weekday;
}

/* The first minute at or after hour:minute of a day; in minutes of the day, or -1. */
static int next_in_day(const struct cron *cron, int hour, int minute)
{
	for (; hour < 24; hour++, minute = 0) {
		uint64_t left = cron->minutes >> minute;

		if ((cron->hours & (1u << hour)) && left)
			return hour * 60 + minute + __builtin_ctzll(left);
	}
	return -1;
}

static int64_t first_of_next_month(const struct tm *day)
{
	struct tm next = {.tm_year = day->tm_year, .tm_mon = day->tm_mon + 1, .tm_mday = 1};

	return timegm(&next);
}

/* The first time on the wall in [from, to) at which the expression holds; `to` where there is
 * none. */
static int64_t next_on_wall(const struct cron *cron, int64_t from, int64_t to)
{
	while (from < to) {
		struct tm day;
		int in_day;

		gmtime_r(&(time_t){from}, &day);
		if (!(cron->months & (1u << (day.tm_mon + 1)))) {
			from = first_of_next_month(&day);
			continue;
		}
		in_day = has_day(cron, &day) ? next_in_day(cron, day.tm_hour, day.tm_min) : -1;
		if (in_day >= 0) {
			from = floor_to(from, DAY) + in_day * MINUTE;
			break;
		}
		from = floor_to(from, DAY) + DAY;
	}
	return from < to ? from : to;
}

/* ---- both together ---- */

/* The first instant of span i after `after`, which is in it or before it; ABSENT: none. */
static int64_t next_in_span(
	const struct calendar *c, const struct cron *cron, size_t i, int64_t after, int64_t limit)
{
	const struct span *s = &c->spans[i];
	int64_t end = span_end(c, i) < limit ? span_end(c, i) : limit;
	int64_t from = after < s->start ? s->start - 1 : after, found;
	bool names_times = (cron->hours & ALL_HOURS) != ALL_HOURS;

	from = floor_to(from + s->offset, MINUTE) + MINUTE;
	if (names_times && i > 0) {
		int64_t before = s->start + s[-1].offset; /* what the wall would have shown */

		if (after < s->start && before < s->start + s->offset &&
			next_on_wall(cron, before, s->start + s->offset) < s->start + s->offset)
			return s->start;
		if (from < before)
			from = before; /* all until then was shown already */
	}
	found = next_on_wall(cron, from, end + s->offset);
	return found < end + s->offset ? found - s->offset : ABSENT;
}

int64_t calendar_next(const struct calendar *c, const struct cron *cron, int64_t after)
{
	int64_t second = floor_to(after, NS_PER_S) / NS_PER_S, limit = second + CENTURY + 1;

	for (size_t i = span_at(c, second); i < c->n; i++) {
		int64_t found;

		if (c->spans[i].start >= limit)
			break;
		found = next_in_span(c, cron, i, second, limit);
		if (found != ABSENT) /* years after 2262 are no instants here */
			return found > INT64_MAX / NS_PER_S ? ABSENT : found * NS_PER_S;
	}
	return ABSENT;
}

size_t calendar_next_n(
	const struct calendar *c, const struct cron *cron, int64_t after, int64_t *out, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		after = calendar_next(c, cron, after);
		if (after == ABSENT)
			break;
		out[i] = after;
	}
	return i;
}

const char *calendar_text(const struct calendar *c, int64_t at, char out[64])
{
	static const char *const weekdays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	int64_t second = floor_to(at, NS_PER_S) / NS_PER_S;
	int interval = g_time_zone_find_interval(c->zone, G_TIME_TYPE_UNIVERSAL, second);
	int64_t wall = second + g_time_zone_get_offset(c->zone, interval);
	struct tm tm;

	gmtime_r(&(time_t){wall}, &tm);
	snprintf(out, 64, "%s %04d-%02d-%02d %02d:%02d %s", weekdays[tm.tm_wday], tm.tm_year + 1900,
		tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
		g_time_zone_get_abbreviation(c->zone, interval));
	return out;
}

const char *calendar_rfc3339(const struct calendar *c, int64_t at, char out[64])
{
	int64_t second = floor_to(at, NS_PER_S) / NS_PER_S, offset = offset_at(c, second);
	int64_t minutes = (offset < 0 ? -offset : offset) / MINUTE;
	struct tm tm;

	gmtime_r(&(time_t){second + offset}, &tm);
	snprintf(out, 64, "%04d-%02d-%02dT%02d:%02d:%02d%c%02d:%02d", tm.tm_year + 1900,
		tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, offset < 0 ? '-' : '+',
		(int)(minutes / 60), (int)(minutes % 60));
	return out;
}

const char *calendar_zone(const struct calendar *c)
{
	const char *name = g_time_zone_get_identifier(c->zone);
	GTimeZone *again = name ? g_time_zone_new_identifier(name) : NULL;

	if (!again)
		return NULL;
	g_time_zone_unref(again);
	return name;
}
