#include "tests/simulation/simulation.h"

#include "coordinator/analysis/permutation.h"
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

/* A count as far off as this by chance hardly comes up among a thousand; the seed stays. */
#define BY_CHANCE 1e-5

void require_rate(struct simulation *s, size_t hits, size_t trials, double low, double high,
	const char *what, ...)
{
	va_list ap;

	s->checks++;
	if (trials == 0)
		return;
	/* Few hits are no normal distribution's. */
	if ((low <= 0 || gsl_cdf_binomial_P((unsigned)hits, low, (unsigned)trials) >= BY_CHANCE) &&
		(high >= 1 || hits == 0 ||
			gsl_cdf_binomial_Q((unsigned)hits - 1, high, (unsigned)trials) >=
				BY_CHANCE))
		return;
	s->failures++;
	va_start(ap, what);
	vfprintf(stderr, what, ap);
	va_end(ap);
	fprintf(stderr, ": %.2f %% of %zu; %.2f to %.2f %% are required\n",
		100 * (double)hits / (double)trials, trials, 100 * low, 100 * high);
}

void print_header(const char *first, const size_t *columns, size_t n)
{
	printf("| %s |", first);
	for (size_t i = 0; i < n; i++)
		printf(" %zu |", columns[i]);
	printf("\n|---|");
	for (size_t i = 0; i < n; i++)
		printf("---|");
	printf("\n");
}

void print_rate(size_t hits, size_t trials)
{
	double percent = 100 * (double)hits / (double)trials;

	if (trials == 0)
		printf(" - |");
	else if (percent < 5)
		printf(" %.2f |", percent);
	else
		printf(" %.1f |", percent);
}

/* ---- p ---- */

double __real_permutation_of_signs(const double *d, size_t n, uint64_t seed);
double __wrap_permutation_of_signs(const double *d, size_t n, uint64_t seed);
double __real_permutation_of_labels(
	const double *x, size_t x_n, const double *y, size_t y_n, uint64_t seed);
double __wrap_permutation_of_labels(
	const double *x, size_t x_n, const double *y, size_t y_n, uint64_t seed);

static bool is_without_p;

void leave_out_p(bool yes)
{
	is_without_p = yes;
}

double __wrap_permutation_of_signs(const double *d, size_t n, uint64_t seed)
{
	return is_without_p ? NAN : __real_permutation_of_signs(d, n, seed);
}

double __wrap_permutation_of_labels(
	const double *x, size_t x_n, const double *y, size_t y_n, uint64_t seed)
{
	return is_without_p ? NAN : __real_permutation_of_labels(x, x_n, y, y_n, seed);
}
