#include "coordinator/analysis/permutation.h"

#include "coordinator/analysis/tail_bound.h"
#include "proto/base.h"
#include <gsl/gsl_rng.h>
#include <math.h>

/* What draws can show at best. */
#define LEAST_DRAWN (1.0 / (1 + PERMUTATIONS))

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

/* ---- sorted sums ---- */

struct sums {
	double *items; /* owned; rising */
	size_t n;
};

/* All of a, each with add, and all of b, each with other, in rising order. */
static struct sums merge(const struct sums *a, double add, const struct sums *b, double other)
{
	struct sums out = {.items = xcalloc(a->n + b->n + 1, sizeof *out.items)};
	size_t i = 0, k = 0;

	while (i < a->n && k < b->n) {
		double x = a->items[i] + add, y = b->items[k] + other;
		bool is_first = x <= y;

		out.items[out.n++] = is_first ? x : y;
		i += is_first;
		k += !is_first;
	}
	for (; i < a->n; i++)
		out.items[out.n++] = a->items[i] + add;
	for (; k < b->n; k++)
		out.items[out.n++] = b->items[k] + other;
	return out;
}

static void replace(struct sums *s, struct sums by)
{
	free(s->items);
	*s = by;
}

static struct sums one_zero(void)
{
	return (struct sums){.items = xcalloc(1, sizeof(double)), .n = 1};
}

/* How many pairs, one of each, have a sum of at least bound. */
static double count_above(const struct sums *a, const struct sums *b, double bound)
{
	double count = 0;
	size_t k = b->n;

	for (size_t i = 0; i < a->n; i++) {
		while (k > 0 && a->items[i] + b->items[k - 1] >= bound)
			k--;
		count += (double)(b->n - k);
	}
	return count;
}

static double count_below(const struct sums *a, const struct sums *b, double bound)
{
	double count = 0;
	size_t k = b->n;

	for (size_t i = 0; i < a->n; i++) {
		while (k > 0 && a->items[i] + b->items[k - 1] > bound)
			k--;
		count += (double)k;
	}
	return count;
}

/* ---- signs ---- */

static struct sums signed_sums(const double *d, size_t n)
{
	struct sums s = one_zero();

	for (size_t i = 0; i < n; i++)
		replace(&s, merge(&s, -fabs(d[i]), &s, fabs(d[i])));
	return s;
}

static double exact_signs(const double *d, size_t n, double bound)
{
	struct sums a = signed_sums(d, n / 2), b = signed_sums(d + n / 2, n - n / 2);
	/* All signs turned round give the same sum, negative. */
	double extreme = 2 * count_above(&a, &b, bound);

	free(a.items);
	free(b.items);
	return extreme / ldexp(1, (int)n);
}

/* The sums of eight differences for all of their signs: a byte of random bits then is one look-up.
 */
static double *byte_sums(const double *d, size_t n, size_t *bytes)
{
	double *sums;

	*bytes = (n + 7) / 8;
	sums = xcalloc(*bytes * 256, sizeof *sums);
	for (size_t byte = 0; byte < *bytes; byte++)
		for (size_t bits = 0; bits < 256; bits++)
			for (size_t k = 0; k < 8 && 8 * byte + k < n; k++)
				sums[256 * byte + bits] +=
					bits >> k & 1 ? d[8 * byte + k] : -d[8 * byte + k];
	return sums;
}

static double drawn_signs(gsl_rng *rng, const double *d, size_t n, double bound)
{
	size_t bytes, extreme = 0;
	_cleanup_free_ double *sums = byte_sums(d, n, &bytes);

	for (size_t drawn = 1; drawn <= PERMUTATIONS; drawn++) {
		unsigned long bits = 0;
		double sum = 0;

		for (size_t byte = 0; byte < bytes; byte++) {
			if (byte % 4 == 0)
				bits = gsl_rng_get(rng);
			sum += sums[256 * byte + (bits & 255)];
			bits >>= 8;
		}
		extreme += fabs(sum) >= bound;
		if (extreme == PERMUTATION_HITS)
			return (double)extreme / (double)drawn;
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
	if (!(bound > 0))
		return 1;
	if (n <= PERMUTATION_EXACT_N)
		return exact_signs(d, n, bound);
	p = tail_bound_of_signs(d, n, bound);
	if (p < LEAST_DRAWN)
		return p;
	rng = gsl_rng_alloc(gsl_rng_mt19937);
	gsl_rng_set(rng, seed);
	p = drawn_signs(rng, d, n, bound);
	gsl_rng_free(rng);
	return p;
}

/* ---- labels ---- */

/*
 * With the mean of all values taken from each, the difference of both means is the sum of the first
 * sample times n / (k (n - k)): an arrangement is as extreme as another by that sum alone. That of
 * the other sample is the same, negative: the smaller one is looked at.
 */
struct labels {
	double *all; /* owned; about their mean */
	size_t n, k;
	double bound; /* of the sum of k of them */
};

/* n over k. */
static double choices(size_t n, size_t k)
{
	double c = 1;

	for (size_t i = 0; i < k; i++)
		c = c * (double)(n - i) / (double)(i + 1);
	return round(c);
}

/* Sums of j out of n values, for each j up to n. */
static struct sums *chosen_sums(const double *values, size_t n)
{
	struct sums *of = xcalloc(n + 1, sizeof *of);

	of[0] = one_zero();
	for (size_t i = 0; i < n; i++)
		for (size_t j = i + 1; j > 0; j--)
			replace(&of[j], merge(&of[j], 0, &of[j - 1], values[i]));
	return of;
}

static void sums_free(struct sums *of, size_t n)
{
	for (size_t j = 0; j <= n; j++)
		free(of[j].items);
	free(of);
}

static double exact_by_halves(const struct labels *l)
{
	size_t half = l->n / 2, rest = l->n - half;
	struct sums *a = chosen_sums(l->all, half), *b = chosen_sums(l->all + half, rest);
	double extreme = 0;

	for (size_t j = 0; j <= half && j <= l->k; j++) {
		if (l->k - j > rest)
			continue;
		extreme += count_above(&a[j], &b[l->k - j], l->bound);
		extreme += count_below(&a[j], &b[l->k - j], -l->bound);
	}
	sums_free(a, half);
	sums_free(b, rest);
	return extreme / choices(l->n, l->k);
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

static double exact_one_by_one(const struct labels *l)
{
	_cleanup_free_ size_t *index = xcalloc(l->k, sizeof *index);
	uint64_t extreme = 0, all = 0;

	for (size_t i = 0; i < l->k; i++)
		index[i] = i;
	do {
		double sum = 0;

		for (size_t i = 0; i < l->k; i++)
			sum += l->all[index[i]];
		extreme += fabs(sum) >= l->bound;
		all++;
	} while (next_choice(index, l->k, l->n));
	return (double)extreme / (double)all;
}

static double drawn_labels(const struct labels *l, uint64_t seed)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	size_t extreme = 0, drawn = 0;
	double *all = l->all;

	gsl_rng_set(rng, seed);
	while (drawn < PERMUTATIONS && extreme < PERMUTATION_HITS) {
		double sum = 0;

		/* k of n, drawn into its beginning; what stood there before is as good a start. */
		for (size_t i = 0; i < l->k; i++) {
			size_t at = i + (size_t)(((uint64_t)gsl_rng_get(rng) * (l->n - i)) >> 32);
			double one = all[at];

			all[at] = all[i];
			all[i] = one;
			sum += one;
		}
		extreme += fabs(sum) >= l->bound;
		drawn++;
	}
	gsl_rng_free(rng);
	if (extreme == PERMUTATION_HITS)
		return (double)extreme / (double)drawn;
	return (double)(1 + extreme) / (1 + PERMUTATIONS);
}

static double p_of_labels(const struct labels *l, uint64_t seed)
{
	double p;

	if (!(l->bound > 0))
		return 1;
	if (l->n <= PERMUTATION_EXACT_N)
		return exact_by_halves(l);
	if (choices(l->n, l->k) <= PERMUTATION_EXACT)
		return exact_one_by_one(l);
	p = tail_bound_of_labels(l->all, l->n, l->k, l->bound);
	return p < LEAST_DRAWN ? p : drawn_labels(l, seed);
}

double permutation_of_labels(
	const double *x, size_t x_n, const double *y, size_t y_n, uint64_t seed)
{
	size_t n = x_n + y_n;
	_cleanup_free_ double *all = xcalloc(n + 1, sizeof *all);
	struct labels l = {.all = all, .n = n, .k = x_n < y_n ? x_n : y_n};
	double mean = 0, sum = 0;

	memcpy(all, x, x_n * sizeof *all);
	memcpy(all + x_n, y, y_n * sizeof *all);
	for (size_t i = 0; i < n; i++)
		mean += all[i] / (double)n;
	/* The rounding of mean grows with its size, not with that of what is left of the values. */
	double scale = scale_of(all, n);
	for (size_t i = 0; i < n; i++) {
		all[i] -= mean;
		sum += i < x_n ? all[i] : 0;
	}
	l.bound = bound_of(sum, scale);
	return p_of_labels(&l, seed);
}

/* ---- what they can show ---- */

double permutation_least_of_signs(size_t n)
{
	return ldexp(1, 1 - (int)n);
}

double permutation_least_of_labels(size_t x_n, size_t y_n)
{
	return (x_n == y_n ? 2 : 1) / choices(x_n + y_n, x_n < y_n ? x_n : y_n);
}
