#include "coordinator/analysis/gini.h"
#include <gsl/gsl_sort_double.h>
#include <math.h>

double gini(double *values, size_t n)
{
	double sum = 0, weighted = 0;

	gsl_sort(values, 1, n);
	for (size_t i = 0; i < n; i++) {
		sum += values[i];
		weighted += (double)(i + 1) * values[i];
	}
	if (n < 2 || !(sum > 0))
		return NAN;
	return (2 * weighted / sum - (double)n - 1) / ((double)n - 1);
}
