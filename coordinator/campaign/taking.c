/* One value of the several that a program printed, and what a printed value is. */
#include "coordinator/campaign/extract.h"

#include <errno.h>
#include <jansson.h>
#include <locale.h>
#include <math.h>

#define SHOWN 64 /* bytes of a value that messages show */

/* ---- printed values ---- */

bool printed_number(const struct printed *p, double *out)
{
	static locale_t c_locale;
	char copy[128], *end;

	if (p->kind == PRINTED_QUOTED || p->len == 0 || p->len >= sizeof copy)
		return false;
	memcpy(copy, p->text, p->len);
	copy[p->len] = '\0';
	if (strspn(copy, "0123456789+-.eE") < p->len)
		return false;
	if (!c_locale)
		c_locale = newlocale(LC_ALL_MASK, "C", NULL);
	*out = strtod_l(copy, &end, c_locale);
	return *end == '\0' && isfinite(*out);
}

static bool is_word(const struct printed *p, const char *word)
{
	return p->kind == PRINTED_PLAIN && p->len == strlen(word) &&
	       memcmp(p->text, word, p->len) == 0;
}

bool printed_is_bool(const struct printed *p)
{
	return is_word(p, "true") || is_word(p, "false");
}

char *printed_text(const struct printed *p)
{
	char *text;

	if (p->len > EXTRACT_MAX_TEXT || memchr(p->text, '\0', p->len))
		return NULL;
	if (p->kind == PRINTED_PLAIN)
		return xstrndup(p->text, p->len);
	json_t *string = json_loadb(p->text, p->len, JSON_DECODE_ANY, NULL);
	text = json_is_string(string) ? xstrdup(json_string_value(string)) : NULL;
	json_decref(string);
	return text;
}

void printed_show(const char *text, size_t len, struct buf *out)
{
	size_t n = len < SHOWN ? len : SHOWN;

	/* Not through the middle of a character. */
	while (n < len && n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
		n--;
	for (size_t i = 0; i < n; i++)
		buf_addc(out, (unsigned char)text[i] < ' ' || text[i] == 0x7f ? ' ' : text[i]);
	if (n < len)
		buf_adds(out, "...");
}

/* ---- taking ---- */

static int add_to_series(struct taking *t, double value)
{
	if (t->n == EXTRACT_MAX_SERIES)
		return -E2BIG;
	if (t->n == t->allocated) {
		t->allocated = t->allocated ? 2 * t->allocated : 16;
		t->series = xreallocarray(t->series, t->allocated, sizeof *t->series);
	}
	t->series[t->n] = value;
	return 0;
}

/* true and false count as 1 and 0 where numbers are taken together. */
static bool as_number(const struct printed *p, double *out)
{
	if (!printed_is_bool(p))
		return printed_number(p, out);
	*out = p->text[0] == 't';
	return true;
}

int taking_add(struct taking *t, const struct printed *p)
{
	double value = 0;
	int rc = 0;

	if (t->take != TAKE_LAST && t->take != TAKE_FIRST && !as_number(p, &value))
		return -EINVAL;
	switch (t->take) {
	case TAKE_ALL:
		rc = add_to_series(t, value);
		break;
	case TAKE_MEAN:
	case TAKE_SUM:
		t->number += value;
		break;
	case TAKE_MIN:
		if (t->n > 0 && value >= t->number)
			return t->n++, 0;
		t->number = value;
		break;
	case TAKE_MAX:
		if (t->n > 0 && value <= t->number)
			return t->n++, 0;
		t->number = value;
		break;
	case TAKE_FIRST:
		if (t->n > 0)
			return 0;
		break;
	case TAKE_LAST:
		break;
	}
	t->kept = *p;
	t->n += rc == 0;
	return rc;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(const double *values, size_t n)
{
	_cleanup_free_ double *sorted = xcalloc(n, sizeof *sorted);

	memcpy(sorted, values, n * sizeof *sorted);
	qsort(sorted, n, sizeof *sorted, by_size);
	return n % 2 ? sorted[n / 2] : sorted[n / 2 - 1] / 2 + sorted[n / 2] / 2;
}

bool taking_number(const struct taking *t, double *out)
{
	switch (t->take) {
	case TAKE_LAST:
	case TAKE_FIRST:
		return as_number(&t->kept, out);
	case TAKE_MIN:
	case TAKE_MAX:
	case TAKE_SUM:
		*out = t->number;
		break;
	case TAKE_MEAN:
		*out = t->number / (double)t->n;
		break;
	case TAKE_ALL:
		*out = median(t->series, t->n);
		break;
	}
	return isfinite(*out);
}

void taking_done(struct taking *t)
{
	free(t->series);
	*t = (struct taking){0};
}
