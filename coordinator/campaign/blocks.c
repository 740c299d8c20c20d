#include "coordinator/campaign/blocks.h"
#include "coordinator/campaign/matrix.h"
#include "coordinator/campaign/read.h"

int64_t blocks_needed(int64_t comparisons, double alpha)
{
	double smallest = 1; /* p of one pair */
	int64_t n = 1;

	if (comparisons <= 0)
		return 0;
	if (!(alpha > 0))
		return INT64_MAX;
	for (; smallest * (double)comparisons > alpha; n++)
		smallest /= 2;
	return n;
}

/* Configurations of a benchmark that are no baseline, as far as that is known without a host. */
static int64_t count_contenders(const struct benchmark *b, const struct comparison *comparison)
{
	int64_t n = matrix_size(b, CAMPAIGN_MAX_RUNS);
	int axis = axis_find(b->axes, b->axes_n, comparison->by);

	/* Of hosts, one other kind of them at least. */
	if (axis < 0)
		return strncmp(comparison->by, "host", 4) == 0 ? n : 0;
	if (b->axes[axis].is_each || b->axes[axis].n == 0)
		return n;
	return n - n / (int64_t)b->axes[axis].n;
}

int64_t blocks_family(const struct campaign *c, const struct comparison *comparison)
{
	int64_t n = 0;

	for (size_t i = 0; i < c->benchmarks_n; i++)
		n += count_contenders(&c->benchmarks[i], comparison);
	if (c->hosts.names_n > 1 && !c->is_spread && strncmp(comparison->by, "host", 4) != 0)
		n *= (int64_t)c->hosts.names_n;
	return n;
}
