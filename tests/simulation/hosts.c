/* The ratio over hosts, each of which has its own. */
#include "tests/simulation/simulation.h"

#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdio.h>

#define MAX_HOSTS 20
#define BLOCKS    8

static const size_t hosts_n[] = {2, 3, 4, 5, 8, 12, 20};

/* between: sd of the hosts' true log ratios, whose mean is what the interval is of. */
static void cover(struct simulation *s, size_t hosts, double between, double level)
{
	const double truth = 0.05, within = 0.02;
	size_t hits = 0, trials = s->trials;

	for (size_t i = 0; i < trials; i++) {
		double logs[MAX_HOSTS * BLOCKS];
		size_t start[MAX_HOSTS + 1] = {0};
		struct ratio r;

		for (size_t h = 0; h < hosts; h++) {
			double of_host = truth + gsl_ran_gaussian(s->rng, between);

			start[h + 1] = start[h] + BLOCKS;
			for (size_t b = start[h]; b < start[h + 1]; b++)
				logs[b] = of_host + gsl_ran_gaussian(s->rng, within);
		}
		ratio_pooled(logs, start, hosts, level, &r);
		hits += log(r.low) <= truth && log(r.high) >= truth;
	}
	print_rate(hits, trials);
	require_rate(s, hits, trials, level - 0.02, level + 0.02,
		"%zu hosts that differ by %g, pooled at %g", hosts, between, level);
}

void simulate_hosts(struct simulation *s)
{
	static const double levels[] = {0.95, 0.99}, between[] = {0, 0.01, 0.05};

	for (size_t l = 0; l < ARRAY_SIZE(levels); l++) {
		printf("Ratio over hosts, %d blocks on each, sd 2 %%, %g %%:\n\n", BLOCKS,
			100 * levels[l]);
		print_header("hosts", hosts_n, ARRAY_SIZE(hosts_n));
		for (size_t k = 0; k < ARRAY_SIZE(between); k++) {
			if (between[k] > 0)
				printf("| their ratios differ by %g %% |", 100 * between[k]);
			else
				printf("| their ratios are one |");
			for (size_t i = 0; i < ARRAY_SIZE(hosts_n); i++)
				cover(s, hosts_n[i], between[k], levels[l]);
			printf("\n");
		}
		printf("\n");
	}
}
