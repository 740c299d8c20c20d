#include "coordinator/analysis/verdict.h"

#include "coordinator/analysis/permutation.h"
#include "proto/base.h"
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort_double.h>
#include <math.h>

#define POWER 0.8

const char *verdict_name(enum verdict v)
{
	static const char *const names[] = {
		[VERDICT_NONE] = "none",
		[VERDICT_INCONCLUSIVE] = "inconclusive",
		[VERDICT_UNCHANGED] = "unchanged",
		[VERDICT_IMPROVED] = "improved",
		[VERDICT_REGRESSED] = "regressed",
		[VERDICT_CHANGED] = "changed",
	};

	return names[v];
}

void adjust_family(double *p, size_t n)
{
	_cleanup_free_ size_t *order = xcalloc(n + 1, sizeof *order),
			      *places = xcalloc(n + 1, sizeof *places);
	_cleanup_free_ double *valid = xcalloc(n + 1, sizeof *valid);
	size_t m = 0;
	double least = 1;

	for (size_t i = 0; i < n; i++) {
		if (isnan(p[i]))
			continue;
		valid[m] = p[i];
		places[m++] = i;
	}
	gsl_sort_index(order, valid, 1, m);
	for (size_t rank = m; rank > 0; rank--) {
		size_t at = order[rank - 1];
		double adjusted = valid[at] * (double)m / (double)rank;

		least = adjusted < least ? adjusted : least;
		p[places[at]] = least;
	}
}

enum verdict verdict_of(const struct ratio *r, double p_adjusted, double threshold, double alpha,
	enum better better)
{
	double above = 1 + threshold, below = 1 / above;

	if (isnan(r->ratio))
		return VERDICT_NONE;
	if (r->low > below && r->high < above)
		return VERDICT_UNCHANGED;
	if (!(p_adjusted <= alpha) || (r->ratio <= above && r->ratio >= below))
		return VERDICT_INCONCLUSIVE;
	if (better == BETTER_NONE)
		return VERDICT_CHANGED;
	return (r->ratio < 1) == (better == BETTER_LOWER) ? VERDICT_IMPROVED : VERDICT_REGRESSED;
}

double smallest_effect(const struct ratio *r, double alpha)
{
	if (isnan(r->se) || isnan(r->df) || r->least_p > alpha)
		return NAN;
	return exp((gsl_cdf_tdist_Pinv(1 - alpha / 2, r->df) + gsl_cdf_tdist_Pinv(POWER, r->df)) *
		       r->se) -
	       1;
}

/* The fewest blocks at which a half-width of t(1 - alpha/2) sd / sqrt(n) is at most `room`. */
static size_t blocks_for(double sd, double room, double alpha)
{
	size_t low = 2, high = MAX_MORE_BLOCKS;

	while (low < high) {
		size_t n = (low + high) / 2;
		double t = gsl_cdf_tdist_Pinv(1 - alpha / 2, (double)n - 1);

		if (t * sd / sqrt((double)n) <= room)
			high = n;
		else
			low = n + 1;
	}
	return low;
}

size_t blocks_for_p(bool is_paired, double alpha)
{
	size_t n = 2;

	while (n < MAX_MORE_BLOCKS && (is_paired ? permutation_least_of_signs(n)
						 : permutation_least_of_labels(n, n)) > alpha)
		n++;
	return n;
}

size_t blocks_to_settle(const struct ratio *r, double threshold, double alpha)
{
	double away = fabs(log(r->ratio)), edge = log1p(threshold), room, sd;
	size_t needed, least;

	if (isnan(r->ratio) || isnan(r->se) || !(r->se > 0))
		return 0;
	room = away > edge ? away : edge - away;
	if (fabs(away - edge) < 1e-9)
		return 0;
	sd = r->se * sqrt((double)r->n);
	needed = blocks_for(sd, room, alpha);
	least = away > edge ? blocks_for_p(r->is_paired, alpha) : 0;
	needed = needed > least ? needed : least;
	if (needed >= MAX_MORE_BLOCKS)
		return 0; /* all but on the threshold: a number would promise what nobody runs */
	return needed > r->n ? needed - r->n : 1;
}

double equivalence_p(const struct ratio *r, double threshold)
{
	double edge = log1p(threshold), mean = log(r->ratio), upper, lower;

	if (isnan(r->ratio) || isnan(r->se))
		return NAN;
	if (!(r->se > 0))
		return fabs(mean) < edge ? 0 : 1;
	upper = gsl_cdf_tdist_P((mean - edge) / r->se, r->df);
	lower = gsl_cdf_tdist_Q((mean + edge) / r->se, r->df);
	return upper > lower ? upper : lower;
}
