#include "coordinator/analysis/noise.h"
#include "proto/base.h"
#include <gsl/gsl_sf_psi.h>
#include <math.h>

/* Below this the logs of doubles differ by rounding alone. */
#define LEAST_VARIANCE 1e-20

/* x with trigamma(x) = y, by Newton on 1 / trigamma, which is nearly a line (Smyth 2004, appendix).
 */
static double trigamma_inverse(double y)
{
	double x = 0.5 + 1 / y;

	for (int i = 0; i < 50; i++) {
		double tri = gsl_sf_psi_1(x);
		double step = tri * (1 - tri / y) / gsl_sf_psi_n(2, x);

		x += step;
		if (-step < 1e-8 * x)
			break;
	}
	return x;
}

static double variance_of(const struct residuals *s)
{
	double sum = 0;

	for (size_t i = 0; i < s->n; i++)
		sum += s->values[i] * s->values[i];
	return sum / s->df;
}

/* Squared correlation of two series over the submissions that both have, less what chance gives;
 * *weight 0 where they share too few. */
static double squared_correlation(
	const struct residuals *a, const struct residuals *b, double *weight)
{
	double xx = 0, yy = 0, xy = 0, chance;
	size_t n = 0;

	for (size_t i = 0, k = 0; i < a->n && k < b->n;) {
		if (a->times[i] < b->times[k]) {
			i++;
		} else if (a->times[i] > b->times[k]) {
			k++;
		} else {
			double x = a->values[i++], y = b->values[k++];

			xx += x * x;
			yy += y * y;
			xy += x * y;
			n++;
		}
	}
	double lost = (double)a->n - a->df;
	*weight = (double)n - lost - 1;
	if (*weight < 1 || !(xx > 0) || !(yy > 0))
		return *weight = 0;
	chance = 1 / ((double)n - lost);
	return (xy * xy / (xx * yy) - chance) / (1 - chance);
}

/* How many independent series say as much about a common variance as these n. */
static double witnesses(const struct residuals *series, size_t n)
{
	double sum = 0, weights = 0, weight;

	for (size_t i = 0; i < n; i++)
		for (size_t k = i + 1; k < n; k++) {
			double r2 = squared_correlation(&series[i], &series[k], &weight);

			sum += weight * r2;
			weights += weight;
		}
	if (weights == 0)
		return 1;
	double together = fmin(1, fmax(0, sum / weights));
	return (double)n / (1 + (double)(n - 1) * together);
}

/* Means over the series: of the log variances, freed of the bias that few degrees of freedom give
 * them; of their spread beyond that of chance; of the degrees of freedom. */
struct moments {
	double level, spread, df;
	size_t n;
};

static struct moments moments_of(const struct residuals *series, size_t n)
{
	_cleanup_free_ double *e = xcalloc(n + 1, sizeof *e);
	struct moments m = {0};
	double chance = 0;

	for (size_t i = 0; i < n; i++) {
		double d = series[i].df, variance = d >= 1 ? variance_of(&series[i]) : 0;

		if (variance < LEAST_VARIANCE)
			continue;
		e[m.n] = log(variance) - gsl_sf_psi(d / 2) + log(d / 2);
		m.level += e[m.n++];
		m.df += d;
		chance += gsl_sf_psi_1(d / 2);
	}
	if (m.n < 3)
		return m;
	m.level /= (double)m.n;
	m.df /= (double)m.n;
	for (size_t i = 0; i < m.n; i++)
		m.spread += (e[i] - m.level) * (e[i] - m.level);
	m.spread = m.spread / (double)(m.n - 1) - chance / (double)m.n;
	return m;
}

struct noise_prior noise_prior_of(const struct residuals *series, size_t n)
{
	struct noise_prior prior = {0};
	struct moments m = moments_of(series, n);

	if (m.n < 3)
		return prior;
	double most = m.df * (witnesses(series, n) - 1);
	if (m.spread > 0) {
		double half = trigamma_inverse(m.spread);

		prior.df = fmin(2 * half, most);
		prior.variance = exp(m.level + gsl_sf_psi(half) - log(half));
	} else {
		prior.df = most;
		prior.variance = exp(m.level);
	}
	return prior;
}

double noise_lent(const struct noise_prior *prior, double own_df)
{
	return fmin(prior->df, fmax(0, NOISE_DF - own_df));
}
