/* The order of a block. */
#include "coordinator/campaign/campaign.h"
#include <gsl/gsl_rng.h>

/* splitmix64 (Steele, Lea, Flood 2014): every bit of the input reaches every bit of the output. */
static uint64_t mix(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

void plan_shuffle(int64_t seed, size_t lane, int64_t pass, size_t *order, size_t n)
{
	uint64_t h = mix(mix(mix((uint64_t)seed) ^ (uint64_t)lane) ^ (uint64_t)pass);
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);

	/* The generator takes 32 bits. */
	gsl_rng_set(rng, (uint32_t)(h ^ (h >> 32)));
	for (size_t i = 0; i < n; i++)
		order[i] = i;
	for (size_t i = n; i > 1; i--) {
		size_t j = gsl_rng_uniform_int(rng, i), swap = order[i - 1];

		order[i - 1] = order[j];
		order[j] = swap;
	}
	gsl_rng_free(rng);
}
