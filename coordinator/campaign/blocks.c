#include "coordinator/campaign/blocks.h"

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
