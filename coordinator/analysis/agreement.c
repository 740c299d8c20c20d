#include "coordinator/analysis/agreement.h"

#include "coordinator/analysis/logs.h"
#include <math.h>

void ratio_against_others(
	const struct ratio *hosts, size_t n, size_t which, double level, struct ratio *out)
{
	double mean = 0, variance = 0, over = 0, all_df = 0;

	ratio_nothing(out, n > which ? hosts[which].n : 0, n > which && hosts[which].is_paired);
	if (n < 2 || which >= n)
		return;
	for (size_t i = 0; i < n; i++) {
		double share = i == which ? 1 : -1 / (double)(n - 1);
		double v = share * share * hosts[i].se * hosts[i].se;

		mean += share * log(hosts[i].ratio);
		variance += v;
		over += v * v / hosts[i].df;
		all_df += hosts[i].df;
	}
	if (!isfinite(mean))
		return;
	out->ratio = exp(mean);
	if (!isfinite(variance) || !isfinite(all_df) || !(all_df > 0))
		return;
	out->se = sqrt(variance);
	out->df = over > 0 ? variance * variance / over : all_df;
	ratio_set_interval(out, mean, level);
}
