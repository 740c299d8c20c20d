#include "coordinator/analysis/pooled.h"

#include "coordinator/analysis/logs.h"
#include "proto/base.h"
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>

static double mean_of(const struct pooled_host *h)
{
	return gsl_stats_mean(h->x, 1, h->x_n) - (h->y_n > 0 ? gsl_stats_mean(h->y, 1, h->y_n) : 0);
}

void ratio_pooled_hosts(const struct pooled_host *hosts, size_t n, double level, struct ratio *out)
{
	_cleanup_free_ double *means = xcalloc(n + 1, sizeof *means);

	ratio_nothing(out, n, n > 0 && hosts[0].y_n == 0);
	for (size_t h = 0; h < n; h++) {
		if (hosts[h].x_n == 0)
			return;
		means[h] = mean_of(&hosts[h]);
	}
	if (n > 0)
		ratio_of_logs(means, n, level, out);
}

void heterogeneity_of(const struct ratio *hosts, size_t n, struct heterogeneity *out)
{
	double weights = 0, squares = 0, sum = 0;
	size_t counted = 0;

	*out = (struct heterogeneity){.q = NAN, .p = NAN, .i2 = NAN, .between = NAN};
	for (size_t i = 0; i < n; i++) {
		double w = 1 / (hosts[i].se * hosts[i].se);

		if (!(hosts[i].se > 0) || !isfinite(w))
			continue;
		weights += w;
		squares += w * w;
		sum += w * log(hosts[i].ratio);
		counted++;
	}
	if (counted < 2)
		return;
	out->q = 0;
	for (size_t i = 0; i < n; i++) {
		double away = log(hosts[i].ratio) - sum / weights;

		if (hosts[i].se > 0 && isfinite(1 / (hosts[i].se * hosts[i].se)))
			out->q += away * away / (hosts[i].se * hosts[i].se);
	}
	double excess = fmax(0, out->q - (double)(counted - 1));
	out->p = gsl_cdf_chisq_Q(out->q, (double)(counted - 1));
	out->i2 = excess > 0 ? excess / out->q : 0;
	out->between = sqrt(excess / (weights - squares / weights));
}
