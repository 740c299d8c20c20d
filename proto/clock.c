#include "proto/clock.h"

#include "proto/base.h"
#include <ctype.h>
#include <stdio.h>
#include <time.h>

static int64_t now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

int64_t clock_raw_ns(void)
{
	return now(CLOCK_MONOTONIC_RAW);
}

int64_t clock_monotonic_ns(void)
{
	return now(CLOCK_MONOTONIC);
}

int64_t clock_realtime_ns(void)
{
	return now(CLOCK_REALTIME);
}

int64_t clock_suspended_ns(void)
{
	int64_t awake_ns = now(CLOCK_MONOTONIC);

	return now(CLOCK_BOOTTIME) - awake_ns;
}

/* With so many digits of the second's fraction, 3 or 6. */
static char *format_date(char out[32], int64_t realtime_ns, int digits)
{
	int64_t ns = ((realtime_ns % NS_PER_S) + NS_PER_S) % NS_PER_S;
	time_t s = (time_t)((realtime_ns - ns) / NS_PER_S);
	int64_t fraction = digits == 3 ? ns / NS_PER_MS : ns / 1000;
	struct tm tm;
	char date[24];

	gmtime_r(&s, &tm);
	strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out, 32, "%.20s.%0*dZ", date, digits, (int)fraction);
	return out;
}

char *clock_rfc3339(char out[32], int64_t realtime_ns)
{
	return format_date(out, realtime_ns, 3);
}

char *clock_rfc3339_micro(char out[32], int64_t realtime_ns)
{
	return format_date(out, realtime_ns, 6);
}

/* Exactly n digits into *out, then the character end; moves *p behind both. */
static bool take_digits(const char **p, int n, char end, int *out)
{
	*out = 0;
	for (int i = 0; i < n; i++, (*p)++) {
		if (!isdigit((unsigned char)**p))
			return false;
		*out = *out * 10 + (**p - '0');
	}
	if (end == '\0')
		return true;
	return *(*p)++ == end;
}

/* ".123" where there is one, at most nine digits counted; moves *p behind it. */
static bool take_fraction(const char **p, int64_t *ns)
{
	int64_t unit = NS_PER_S / 10;

	*ns = 0;
	if (**p != '.')
		return true;
	if (!isdigit((unsigned char)(*p)[1]))
		return false;
	for ((*p)++; isdigit((unsigned char)**p); (*p)++, unit /= 10)
		*ns += (**p - '0') * unit;
	return true;
}

/* "Z", "+02:00" or "-04:30" up to the text's end. */
static bool take_offset(const char *p, int64_t *seconds)
{
	int hours, minutes, sign = *p == '-' ? -1 : 1;

	*seconds = 0;
	if (strcmp(p, "Z") == 0)
		return true;
	if (*p != '+' && *p != '-')
		return false;
	p++;
	if (!take_digits(&p, 2, ':', &hours) || !take_digits(&p, 2, '\0', &minutes) || *p != '\0' ||
		hours > 23 || minutes > 59)
		return false;
	*seconds = sign * (hours * 60 + minutes) * 60;
	return true;
}

int64_t clock_parse_rfc3339(const char *text)
{
	struct tm tm = {0}, back;
	int64_t ns, offset;
	const char *p = text;

	if (!take_digits(&p, 4, '-', &tm.tm_year) || !take_digits(&p, 2, '-', &tm.tm_mon) ||
		!take_digits(&p, 2, 'T', &tm.tm_mday) || !take_digits(&p, 2, ':', &tm.tm_hour) ||
		!take_digits(&p, 2, ':', &tm.tm_min) || !take_digits(&p, 2, '\0', &tm.tm_sec) ||
		!take_fraction(&p, &ns) || !take_offset(p, &offset))
		return ABSENT;
	/* 64 bits of ns reach from 1677 to 2262. */
	if (tm.tm_year < 1678 || tm.tm_year > 2261)
		return ABSENT;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	struct tm given = tm;
	time_t s = timegm(&tm);
	gmtime_r(&s, &back);
	/* A 30th of February comes back as another day. */
	if (back.tm_mon != given.tm_mon || back.tm_mday != given.tm_mday ||
		back.tm_hour != given.tm_hour || back.tm_min != given.tm_min ||
		back.tm_sec != given.tm_sec)
		return ABSENT;
	return ((int64_t)s - offset) * NS_PER_S + ns;
}
