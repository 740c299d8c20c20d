#include "coordinator/analysis/permutation.h"

#include "proto/base.h"
#include <gsl/gsl_rng.h>
#include <math.h>

/* Sums of the same numbers in another order differ by rounding: those are as extreme. */
static double bound_of(double observed, double scale)
{
	return fabs(observed) - 1e-12 * scale;
}

static double scale_of(const double *values, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += fabs(values[i]);
	return sum;
}

/* ---- signs ---- */

/* In the order of a Gray code, so that each arrangement differs from the last by one sign. */
static double exact_signs(const double *d, size_t n, double sum, double bound)
{
	_cleanup_free_ double *flipped = xcalloc(n, sizeof *flipped);
	uint64_t all = UINT64_C(1) << n, extreme = 1;

	memcpy(flipped, d, n * sizeof *d);
	for (uint64_t i = 1; i < all; i++) {
		int at = __builtin_ctzll(i);

		sum -= 2 * flipped[at];
		flipped[at] = -flipped[at];
		extreme += fabs(sum) >= bound;
	}
	return (double)extreme / (double)all;
}

static double drawn_signs(gsl_rng *rng, const double *d, size_t n, double bound)
{
	uint64_t extreme = 0;

	for (int i = 0; i < PERMUTATIONS; i++) {
		unsigned long bits = 0;
		double sum = 0;

		for (size_t k = 0; k < n; k++) {
			if (k % 32 == 0)
				bits = gsl_rng_get(rng);
			sum += bits & 1 ? d[k] : -d[k];
			bits >>= 1;
		}
		extreme += fabs(sum) >= bound;
	}
	return (double)(1 + extreme) / (1 + PERMUTATIONS);
}

double permutation_of_signs(const double *d, size_t n, uint64_t seed)
{
	double sum = 0, bound, p;
	gsl_rng *rng;

	for (size_t i = 0; i < n; i++)
		sum += d[i];
	bound = bound_of(sum, scale_of(d, n));
	if (n <= 17)
		return exact_signs(d, n, sum, bound);
	rng = gsl_rng_alloc(gsl_rng_mt19937);
	gsl_rng_set(rng, seed);
	p = drawn_signs(rng, d, n, bound);
	gsl_rng_free(rng);
	return p;
}

/* ---- labels ---- */

/* n over k, or more than limit. */
static double choices(size_t n, size_t k)
{
	double c = 1;

	for (size_t i = 0; i < k; i++)
		c = c * (double)(n - i) / (double)(i + 1);
	return c;
}

/* All ways to choose k of n, as rising indices, one after the other. */
static bool next_choice(size_t *index, size_t k, size_t n)
{
	size_t i = k;

	while (i > 0 && index[i - 1] == n - k + i - 1)
		i--;
	if (i == 0)
		return false;
	index[i - 1]++;
	for (; i < k; i++)
		index[i] = index[i - 1] + 1;
	return true;
}

/* With the total fixed, the difference of the means depends on the sum of the first sample alone.
 */
struct labels {
	const double *all;
	size_t n, k;
	double total, bound;
};

static bool is_extreme(const struct labels *l, double sum)
{
	double rest = l->total - sum;

	return fabs(sum / (double)l->k - rest / (double)(l->n - l->k)) >= l->bound;
}

static double exact_labels(const struct labels *l)
{
	_cleanup_free_ size_t *index = xcalloc(l->k, sizeof *index);
	uint64_t extreme = 0, all = 0;

	for (size_t i = 0; i < l->k; i++)
		index[i] = i;
	do {
		double sum = 0;

		for (size_t i = 0; i < l->k; i++)
			sum += l->all[index[i]];
		extreme += is_extreme(l, sum);
		all++;
	} while (next_choice(index, l->k, l->n));
	return (double)extreme / (double)all;
}

static double drawn_labels(const struct labels *l, uint64_t seed)
{
	_cleanup_free_ double *shuffled = xcalloc(l->n, sizeof *shuffled);
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	uint64_t extreme = 0;

	gsl_rng_set(rng, seed);
	memcpy(shuffled, l->all, l->n * sizeof *shuffled);
	for (int i = 0; i < PERMUTATIONS; i++) {
		double sum = 0;

		for (size_t k = 0; k < l->k; k++) {
			size_t at = k + gsl_rng_uniform_int(rng, l->n - k);
			double one = shuffled[at];

			shuffled[at] = shuffled[k];
			shuffled[k] = one;
			sum += one;
		}
		extreme += is_extreme(l, sum);
	}
	gsl_rng_free(rng);
	return (double)(1 + extreme) / (1 + PERMUTATIONS);
}

double permutation_of_labels(
	const double *x, size_t x_n, const double *y, size_t y_n, uint64_t seed)
{
	_cleanup_free_ double *all = xcalloc(x_n + y_n, sizeof *all);
	struct labels l = {.all = all, .n = x_n + y_n, .k = x_n};
	double sum = 0;

	memcpy(all, x, x_n * sizeof *all);
	memcpy(all + x_n, y, y_n * sizeof *all);
	for (size_t i = 0; i < l.n; i++) {
		l.total += all[i];
		sum += i < x_n ? all[i] : 0;
	}
	l.bound = bound_of(sum / (double)x_n - (l.total - sum) / (double)y_n, scale_of(all, l.n));
	if (choices(l.n, l.k) <= PERMUTATION_EXACT)
		return exact_labels(&l);
	return drawn_labels(&l, seed);
}
