#include "coordinator/report/thin.h"
#include <math.h>

size_t thin_start(size_t n, size_t parts, size_t i)
{
	/* n x i may be more than fits */
	return n / parts * i + n % parts * i / parts;
}

static size_t keep_all(const double *values, size_t n, bool *keep)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (isnan(values[i]))
			continue;
		keep[i] = true;
		kept++;
	}
	return kept;
}

size_t thin_extremes(const double *values, size_t n, size_t most, bool *keep)
{
	size_t parts = most / 2, kept = 0;

	if (n <= most)
		return keep_all(values, n, keep);
	for (size_t p = 0; p < parts; p++) {
		size_t low = n, high = n;
		for (size_t i = thin_start(n, parts, p); i < thin_start(n, parts, p + 1); i++) {
			if (isnan(values[i]))
				continue;
			low = low == n || values[i] < values[low] ? i : low;
			high = high == n || values[i] > values[high] ? i : high;
		}
		if (low == n)
			continue;
		keep[low] = keep[high] = true;
		kept += 1 + (low != high);
	}
	return kept;
}
