#include "coordinator/schedule/cron.h"

#include "proto/base.h"
#include <ctype.h>
#include <errno.h>
#include <strings.h>

static const char *const month_names[] = {
	"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec", NULL};
static const char *const weekday_names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL};

struct field {
	const char *name;
	unsigned min, max;
	const char *const *names; /* of min, min + 1 ...; NULL: none */
};

static const struct field fields[] = {
	{"minute", 0, 59, NULL},
	{"hour", 0, 23, NULL},
	{"day", 1, 31, NULL},
	{"month", 1, 12, month_names},
	{"weekday", 0, 7, weekday_names},
};

static const struct {
	const char *name, *means;
} nicknames[] = {
	{"@yearly", "0 0 1 1 *"},
	{"@annually", "0 0 1 1 *"},
	{"@monthly", "0 0 1 * *"},
	{"@weekly", "0 0 * * 0"},
	{"@daily", "0 0 * * *"},
	{"@midnight", "0 0 * * *"},
	{"@hourly", "0 * * * *"},
};

/* A number or a name at *at, which moves behind it. */
static bool read_value(const struct field *f, const char **at, unsigned *out)
{
	size_t digits = strspn(*at, "0123456789");

	if (digits > 0 && digits <= 2) {
		*out = (unsigned)strtoul(*at, NULL, 10);
		if (*out < f->min || *out > f->max)
			return false;
		*at += digits;
		return true;
	}
	for (unsigned i = 0; f->names && f->names[i]; i++) {
		if (strncasecmp(*at, f->names[i], 3) != 0 || isalnum((unsigned char)(*at)[3]))
			continue;
		*out = f->min + i;
		*at += 3;
		return true;
	}
	return false;
}

/* "*", "5", "1-5", each but the second with "/STEP". */
static bool read_range(const struct field *f, const char **at, uint64_t *bits)
{
	unsigned from = f->min, to = f->max, step = 1;
	bool is_single = false;

	if (**at == '*') {
		++*at;
	} else {
		if (!read_value(f, at, &from))
			return false;
		to = from;
		is_single = **at != '-';
		if (!is_single) {
			++*at;
			if (!read_value(f, at, &to) || to < from)
				return false; /* also fri-mon: crontab(5) has no such range */
		}
	}
	if (**at == '/') {
		size_t digits = strspn(*at + 1, "0123456789");

		step = (unsigned)strtoul(*at + 1, NULL, 10);
		/* Beyond the field it would be the first value alone, which nobody means by it. */
		if (is_single || digits == 0 || digits > 2 || step == 0 || step > f->max)
			return false;
		*at += 1 + digits;
	}
	for (unsigned i = from; i <= to; i += step)
		*bits |= UINT64_C(1) << i;
	return true;
}

static int read_field(const struct field *f, const char *text, uint64_t *bits, struct error *err)
{
	const char *at = text;
	bool is_good;

	*bits = 0;
	for (;;) {
		is_good = read_range(f, &at, bits);
		if (!is_good || *at != ',')
			break;
		at++;
	}
	if (is_good && *at == '\0')
		return 0;
	return error_set(err, -EINVAL,
		"%s '%s': expected %u to %u%s%s, also as a list, a range, a step of 1 to %u: 1,3 "
		"or 1-5 or */2",
		f->name, text, f->min, f->max, f->names ? ", or a name such as " : "",
		f->names ? f->names[1] : "", f->max);
}

/* The longest month of those that match must have one of the days. */
static bool has_a_day(const struct cron *c)
{
	static const uint8_t lengths[] = {0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	for (unsigned m = 1; m <= 12; m++)
		if ((c->months & (1u << m)) &&
			(c->days & (uint32_t)((UINT64_C(1) << (lengths[m] + 1)) - 1)))
			return true;
	return false;
}

static const char *spelled_out(const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(nicknames); i++)
		if (strcmp(text, nicknames[i].name) == 0)
			return nicknames[i].means;
	return text;
}

int cron_parse(const char *text, struct cron *out, struct error *err)
{
	_cleanup_free_ char *copy = xstrdup(spelled_out(text));
	char *rest = copy, *part, *parts[ARRAY_SIZE(fields)];
	uint64_t bits[ARRAY_SIZE(fields)];
	size_t n = 0;

	while ((part = strsep(&rest, " \t")))
		if (*part != '\0' && n++ < ARRAY_SIZE(fields))
			parts[n - 1] = part;
	if (n != ARRAY_SIZE(fields))
		return error_set(err, -EINVAL,
			"'%s': expected five fields (minute, hour, day, month, weekday), or "
			"@hourly, @daily, @weekly, @monthly, @yearly",
			text);
	for (size_t i = 0; i < n; i++)
		if (read_field(&fields[i], parts[i], &bits[i], err) < 0)
			return -EINVAL;
	*out = (struct cron){
		.minutes = bits[0],
		.hours = (uint32_t)bits[1],
		.days = (uint32_t)bits[2],
		.months = (uint32_t)bits[3],
		.weekdays = (uint32_t)((bits[4] | bits[4] >> 7) & 0x7f),
		.is_any_day = parts[2][0] == '*',
		.is_any_weekday = parts[4][0] == '*',
	};
	if (out->is_any_weekday && !has_a_day(out))
		return error_set(
			err, -EINVAL, "'%s' never comes: no such month has that day", text);
	return 0;
}
