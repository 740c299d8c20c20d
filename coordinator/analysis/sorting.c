#include "coordinator/analysis/sorting.h"
#include "proto/base.h"

#define RUN 8 /* sorted by insertion: shorter ones are not worth a merge */

static uint64_t insert(double *values, size_t n)
{
	uint64_t swapped = 0;

	for (size_t i = 1; i < n; i++) {
		double value = values[i];
		size_t k = i;
		for (; k > 0 && values[k - 1] > value; k--)
			values[k] = values[k - 1];
		values[k] = value;
		swapped += i - k;
	}
	return swapped;
}

/* Merge from[0..middle) and from[middle..n), both sorted, into to. */
static uint64_t merge(const double *from, size_t middle, size_t n, double *to)
{
	uint64_t swapped = 0;
	size_t a = 0, b = middle, at = 0;

	/* Without a branch on the values, which no processor could guess. */
	while (a < middle && b < n) {
		size_t is_b = from[b] < from[a];
		to[at++] = is_b ? from[b] : from[a];
		swapped += is_b * (middle - a);
		b += is_b;
		a += 1 - is_b;
	}
	memcpy(to + at, from + a, (middle - a) * sizeof *to);
	memcpy(to + at + middle - a, from + b, (n - b) * sizeof *to);
	return swapped;
}

uint64_t sort_counting(double *values, size_t n)
{
	uint64_t swapped = 0;

	for (size_t i = 0; i < n; i += RUN)
		swapped += insert(values + i, n - i < RUN ? n - i : RUN);
	if (n <= RUN)
		return swapped;
	_cleanup_free_ double *scratch = xcalloc(n, sizeof *scratch);
	double *from = values, *to = scratch;
	for (size_t width = RUN; width < n; width *= 2) {
		for (size_t i = 0; i < n; i += 2 * width) {
			size_t len = n - i < 2 * width ? n - i : 2 * width;
			swapped += merge(from + i, len < width ? len : width, len, to + i);
		}
		double *other = from;
		from = to;
		to = other;
	}
	if (from != values)
		memcpy(values, from, n * sizeof *values);
	return swapped;
}
