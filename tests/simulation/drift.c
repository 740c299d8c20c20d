/* How often a drift is told, where there is none and where there is one. */
#include "tests/simulation/simulation.h"

#include "coordinator/analysis/drift.h"
#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdio.h>

#define MAX_BLOCKS 100

static const size_t sizes[] = {8, 10, 12, 20, 50, MAX_BLOCKS};

/* rise: of the logs, from the first block to the last; with it sd is 1 %. */
static void count(struct simulation *s, enum model m, double rise, size_t n)
{
	int64_t blocks[MAX_BLOCKS];
	size_t told = 0, trials = s->trials / 2;

	for (size_t i = 0; i < n; i++)
		blocks[i] = (int64_t)i + 1;
	for (size_t t = 0; t < trials; t++) {
		double values[MAX_BLOCKS];
		struct drift d;

		model_draw(s, m, values, n);
		for (size_t i = 0; i < n && rise > 0; i++)
			values[i] = exp(rise * (double)i / (double)(n - 1) +
					gsl_ran_gaussian(s->rng, 0.01));
		drift_of(values, blocks, n, &d);
		told += d.is_found;
	}
	print_rate(told, trials);
	if (rise <= 0 && model_is_independent(m))
		require_rate(s, told, trials, 0, DRIFT_ALPHA, "drift told of %s, n %zu",
			model_name(m), n);
	if (rise > 0)
		require_rate(
			s, told, trials, n < 20 ? 0.5 : 0.98, 1, "a rise of %g, n %zu", rise, n);
}

void simulate_drift(struct simulation *s)
{
	printf("Configurations of which a drift is told, %%:\n\n");
	print_header("blocks", sizes, ARRAY_SIZE(sizes));
	for (enum model m = 0; m < MODELS; m++) {
		printf("| %s |", model_name(m));
		for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
			count(s, m, 0, sizes[i]);
		printf("\n");
	}
	printf("| a rise by 5 %%, sd 1 %% |");
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		count(s, MODEL_NORMAL, 0.05, sizes[i]);
	printf("\n\n");
}
