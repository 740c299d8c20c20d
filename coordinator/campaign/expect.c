/* Whether a metric is what the campaign expects of it: a wrong answer is no result. */
#include "coordinator/campaign/extract.h"

#include <errno.h>
#include <math.h>

/* ---- the same answer ---- */

/* The digits of a whole number without sign and leading zeros; NULL where it is none. */
static const char *whole_digits(const char *text, bool *is_negative)
{
	*is_negative = *text == '-';
	text += *text == '-' || *text == '+';
	if (*text == '\0' || text[strspn(text, "0123456789")] != '\0')
		return NULL;
	while (text[0] == '0' && text[1] != '\0')
		text++;
	*is_negative &= strcmp(text, "0") != 0;
	return text;
}

bool expect_is_same(const char *a, const char *b)
{
	struct printed x = {.text = a, .len = strlen(a)}, y = {.text = b, .len = strlen(b)};
	bool is_a_negative, is_b_negative;
	const char *i = whole_digits(a, &is_a_negative), *k = whole_digits(b, &is_b_negative);
	double one, two;

	if (strcmp(a, b) == 0)
		return true;
	if (i && k)
		return is_a_negative == is_b_negative && strcmp(i, k) == 0;
	return printed_number(&x, &one) && printed_number(&y, &two) && one == two;
}

/* "size=1000", in quotes where a value has other letters than words and numbers have. */
static void add_value(struct buf *out, const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_-+./:@%";

	if (*text != '\0' && text[strspn(text, plain)] == '\0') {
		buf_adds(out, text);
		return;
	}
	buf_addc(out, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			buf_addc(out, '\\');
		buf_addc(out, *text);
	}
	buf_addc(out, '"');
}

static void add_axis(const struct configuration *c, const char *name, struct buf *out)
{
	const struct benchmark *b = c->benchmark;

	for (size_t i = 0; i < b->axes_n; i++) {
		if (strcmp(b->axes[i].name, name) != 0)
			continue;
		buf_addf(out, " %s=", name);
		add_value(out, configuration_value(c, i)->text);
	}
}

char *expect_same_as(const struct benchmark_metric *m, const struct configuration *c)
{
	struct buf text = BUF_INIT;

	if (m->expect != EXPECT_SAME)
		return NULL;
	add_value(&text, c->benchmark->name);
	for (size_t i = 0; i < m->expect_axes_n; i++)
		add_axis(c, m->expect_axes[i], &text);
	return buf_take(&text);
}

/* ---- checking ---- */

/* What is compared: as it was printed, else all digits of the number, or of each of a series. */
static char *compared_text(const struct extracted *e, const char *printed)
{
	struct buf text = BUF_INIT;

	if (e->text || printed)
		return xstrdup(e->text ? e->text : printed);
	if (e->series_n == 0)
		return xasprintf("%.17g", e->value);
	for (size_t i = 0; i < e->series_n; i++)
		buf_addf(&text, "%s%.17g", i ? " " : "", e->series[i]);
	return buf_take(&text);
}

static int wrong(const struct benchmark_metric *m, const char *found, const char *expected,
	struct error *err)
{
	_cleanup_buf_ struct buf is = BUF_INIT, should = BUF_INIT;

	printed_show(found, strlen(found), &is);
	printed_show(expected, strlen(expected), &should);
	return error_set(err, -EILSEQ, "%s is '%s', expected '%s'", m->name, is.data, should.data);
}

/* A scale makes decimals that are not exact any more: 12.5e-9 is 12.5 ns but for the last bit. */
static bool is_equal_number(double a, double b, bool is_scaled)
{
	return a == b || (is_scaled && fabs(a - b) <= 1e-12 * fmax(fabs(a), fabs(b)));
}

/* Each number of a metric: the one that it is, or those of its series. */
static size_t count(const struct extracted *e)
{
	return e->series_n ? e->series_n : 1;
}

static double number_at(const struct extracted *e, size_t i)
{
	return e->series_n ? e->series[i] : e->value;
}

static int check_value(const struct benchmark_metric *m, struct names *names,
	const struct extracted *e, const char *printed, struct error *err)
{
	_cleanup_buf_ struct buf expected = BUF_INIT;
	bool is_scaled = m->scale != 1;
	double number;

	if (extract_render(names, m->expect_value, false, &expected, err) < 0)
		return error_wrap(err, "metric '%s': 'expect'", m->name), -ENODATA;
	_cleanup_free_ char *found = compared_text(e, printed);
	if (e->text || (printed && !is_scaled))
		return expect_is_same(found, expected.data) ? 0
							    : wrong(m, found, expected.data, err);
	struct printed p = {.text = expected.data, .len = expected.len};
	bool is_good = printed_number(&p, &number);
	for (size_t i = 0; is_good && i < count(e); i++)
		is_good = is_equal_number(number_at(e, i), number, is_scaled);
	if (is_good)
		return 0;
	if (e->series_n == 0) {
		free(found);
		found = xasprintf("%.12g", e->value);
	}
	return wrong(m, found, expected.data, err);
}

static int check_range(
	const struct benchmark_metric *m, const struct extracted *e, struct error *err)
{
	for (size_t i = 0; i < count(e); i++) {
		double value = number_at(e, i);

		if (!(value >= m->expect_low && value <= m->expect_high))
			return error_set(err, -EILSEQ, "%s is %.12g, expected %.12g to %.12g",
				m->name, value, m->expect_low, m->expect_high);
	}
	return 0;
}

int expect_check(const struct benchmark_metric *m, struct names *names, struct extracted *e,
	const char *printed, struct error *err)
{
	switch (m->expect) {
	case EXPECT_SAME:
		e->same_as = expect_same_as(m, names_configuration(names));
		e->same_text = compared_text(e, printed);
		break;
	case EXPECT_VALUE:
		return check_value(m, names, e, printed, err);
	case EXPECT_RANGE:
		return check_range(m, e, err);
	case EXPECT_NOTHING:
	case EXPECT_MATCH:
		break;
	}
	return 0;
}
