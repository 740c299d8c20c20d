/* Medians, intervals and ratios as the tables of `results` have them. */
#include "coordinator/commands/summary_numbers.h"
#include <math.h>

#define SMALLEST_PLAIN 1e-4 /* what is smaller is written with an exponent */

/* The largest of the numbers that are shown, without its sign. */
static double largest_of(const struct summary *s)
{
	double largest = fabs(s->median);

	if (s->has_interval)
		largest = fmax(largest, fmax(fabs(s->low), fabs(s->high)));
	return largest;
}

/* Digits after the point: two digits of the interval's width; without one, four digits of the
 * value. With an exponent the point is that many places further right. */
static int decimals_of(const struct summary *s, double exponent)
{
	double width = s->has_interval ? s->high - s->low : 0;
	double digits = 3;

	if (width > 0)
		digits = 1 - floor(log10(width)) + exponent;
	else if (s->median != 0)
		digits = 3 - floor(log10(fabs(s->median))) + exponent;
	return digits < 0 ? 0 : digits > 9 ? 9 : (int)digits;
}

static void add_number(struct buf *b, char form, int decimals, double number)
{
	if (form == 'e' && number != 0)
		buf_addf(b, "%.*e", decimals, number);
	else
		buf_addf(b, "%.*f", form == 'e' ? 0 : decimals, number);
}

void summary_add_value(struct buf *value, struct buf *interval, const struct summary *s)
{
	double largest = largest_of(s);
	bool has_exponent = largest > 0 && largest < SMALLEST_PLAIN;
	int decimals = decimals_of(s, has_exponent ? floor(log10(largest)) : 0);
	char form = has_exponent ? 'e' : 'f';

	add_number(value, form, decimals, s->median);
	if (!s->has_interval)
		return;
	buf_adds(interval, " [");
	add_number(interval, form, decimals, s->low);
	buf_adds(interval, ", ");
	add_number(interval, form, decimals, s->high);
	buf_addc(interval, ']');
}

void summary_add_ratio(struct buf *b, double ratio)
{
	if (!isfinite(ratio))
		return;
	if (ratio >= 0.1)
		buf_addf(b, "%.3f", ratio);
	else
		buf_addf(b, "%.3g", ratio);
}
