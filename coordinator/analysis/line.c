#include "coordinator/analysis/line.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_fit.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>

void line_fit(const double *x, const double *y, size_t n, double level, struct line *out)
{
	double c00, c01, c11, rest, total;

	*out = (struct line){
		.n = n, .slope = NAN, .intercept = NAN, .r2 = NAN, .low = NAN, .high = NAN};
	if (n < 3 || !(gsl_stats_sd(x, 1, n) > 0))
		return;
	gsl_fit_linear(x, 1, y, 1, n, &out->intercept, &out->slope, &c00, &c01, &c11, &rest);
	total = gsl_stats_tss(y, 1, n);
	out->r2 = total > 0 ? 1 - rest / total : NAN;
	double t = gsl_cdf_tdist_Pinv(0.5 + level / 2, (double)n - 2);
	out->low = out->slope - t * sqrt(c11);
	out->high = out->slope + t * sqrt(c11);
}
