/*
 * compute - work that scales: independent items, each a chain of integer and floating-point steps
 * in registers
 *
 * An item is the orbit of a logistic map whose start comes from a mixed counter. Items touch no
 * memory and know nothing of each other, so twice the cores should take half the time. The checksum
 * adds up the items and is the same for any split.
 */
#include "threads.h"

#define STEPS 64 /* of one item's orbit */

/* The output function of SplitMix64 (Steele, Lea, Flood 2014): every bit of the counter reaches
 * every bit of the result. */
static uint64_t mix(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

static uint32_t item(uint64_t number)
{
	uint64_t bits = mix(number);
	double x = (double)(bits >> 12) / 4503599627370496.0; /* 2^52: within [0, 1) */

	for (int i = 0; i < STEPS; i++) {
		x = 3.9 * x * (1 - x);
		bits = (bits ^ (bits >> 29)) * UINT64_C(0xbf58476d1ce4e5b9) + (uint64_t)i;
	}
	return (uint32_t)(bits >> 32) ^ (uint32_t)(x * 4294967295.0);
}

static void body(struct member *m)
{
	uint32_t sum = 0;

	for (int64_t i = m->first; i < m->end; i++)
		sum += item((uint64_t)i);
	m->checksum = sum;
}

int main(int argc, char **argv)
{
	struct settings s = {.threads = 1, .work = 4000000};

	parse_arguments(argc, argv, &s, "items", 1, INT64_C(1) << 40);
	return print_result(s.work, run_team(&s, body));
}
