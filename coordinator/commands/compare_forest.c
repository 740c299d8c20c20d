/* Bars of `compare`: where intervals lie about 1. */
#include "coordinator/commands/compare_view.h"

#include <math.h>

/* At least this far about 1, so that a table of what is equal is not blown up. */
#define LEAST_SPAN 0.01

static void widen(struct forest *f, double value)
{
	if (!(value > 0) || !isfinite(value))
		return;
	f->low = fmin(f->low, value);
	f->high = fmax(f->high, value);
}

struct forest forest_of(const struct ratio *const *ratios, size_t n, size_t width)
{
	struct forest f = {.low = 1 / (1 + LEAST_SPAN), .high = 1 + LEAST_SPAN, .width = width};

	for (size_t i = 0; i < n; i++) {
		widen(&f, ratios[i]->ratio);
		widen(&f, ratios[i]->low);
		widen(&f, ratios[i]->high);
	}
	return f;
}

/* The character in which a ratio lies. */
static size_t place_of(const struct forest *f, double ratio)
{
	double at = log(ratio / f->low) / log(f->high / f->low) * (double)(f->width - 1);

	return at < 0 ? 0 : at > (double)(f->width - 1) ? f->width - 1 : (size_t)lround(at);
}

char *forest_bar(const struct forest *f, const struct ratio *r)
{
	struct buf out = BUF_INIT;
	size_t one = place_of(f, 1), from, to, dot;

	if (!isfinite(r->ratio))
		return NULL;
	dot = place_of(f, r->ratio);
	from = isfinite(r->low) ? place_of(f, r->low) : dot;
	to = isfinite(r->high) ? place_of(f, r->high) : dot;
	for (size_t i = 0; i < f->width; i++) {
		bool is_in = i >= from && i <= to;

		buf_adds(&out, i == dot            ? "●"
			       : is_in && i == one ? "┼"
			       : is_in             ? "─"
			       : i == one          ? "│"
						   : " ");
	}
	return buf_take(&out);
}

char *forest_scale(const struct forest *f)
{
	_cleanup_free_ char *low = xasprintf("%.3g", f->low), *high = xasprintf("%.3g", f->high);
	size_t one = place_of(f, 1), end = f->width - strlen(high);
	char *out = xmalloc(f->width + 1);

	memset(out, ' ', f->width);
	out[f->width] = '\0';
	memcpy(out, low, strlen(low));
	memcpy(out + end, high, strlen(high));
	if (one > strlen(low) && one + 1 < end)
		out[one] = '1';
	return out;
}
