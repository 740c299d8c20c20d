/*
 * line.h - a straight line through points by least squares
 *
 * Formulas: Draper and Smith, Applied Regression Analysis, 3rd ed., sections 1.3 and 1.4.
 */
#ifndef COORDINATOR_ANALYSIS_LINE_H
#define COORDINATOR_ANALYSIS_LINE_H

#include <stddef.h>

struct line {
	size_t n;
	double slope, intercept, r2; /* NaN below n = 3, or where all x are the same */
	double low, high;            /* of the slope, Student's t with n - 2 degrees of freedom */
};

/* y over x, n points. level of the interval: 0.99. */
void line_fit(const double *x, const double *y, size_t n, double level, struct line *out);

#endif
