#include "coordinator/analysis/logs.h"

#include "proto/base.h"
#include <math.h>

void ratio_nothing(struct ratio *out, size_t n, bool is_paired)
{
	*out = (struct ratio){.n = n,
		.is_paired = is_paired,
		.ratio = NAN,
		.low = NAN,
		.high = NAN,
		.p = NAN,
		.se = NAN,
		.df = NAN,
		.least_p = NAN};
}

double *logs_of(const double *values, size_t n)
{
	double *logs = xcalloc(n + 1, sizeof *logs);

	for (size_t i = 0; i < n; i++) {
		if (!(values[i] > 0) || !isfinite(values[i])) {
			free(logs);
			return NULL;
		}
		logs[i] = log(values[i]);
	}
	if (n > 0)
		return logs;
	free(logs);
	return NULL;
}
