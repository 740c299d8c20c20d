/*
 * simulation - coverage of the intervals, error rates and power of the verdicts, as tables in
 * Markdown
 *
 * Exit status 1: a requirement does not hold; which ones is said on stderr.
 */
#include "tests/simulation/simulation.h"

#include <stdio.h>

static const struct {
	const char *name, *title;
	void (*simulate)(struct simulation *s);
} parts[] = {
	{"medians", "Coverage: medians", simulate_medians},
	{"ratios", "Coverage: ratios", simulate_ratios},
	{"hosts", "Coverage: ratios over hosts", simulate_hosts},
	{"families", "False verdicts: nothing differs", simulate_families},
	{"unchanged", "False verdicts: unchanged", simulate_unchanged},
	{"designs", "False alarms and drift", simulate_designs},
	{"power", "Power: runs for a ratio", simulate_power},
	{"smallest", "Power: the smallest effect", simulate_smallest},
	{"settling", "Power: blocks that settle", simulate_settling},
	{"nights", "False alarms from night to night", simulate_nights},
	{"drift", "Drift that is told", simulate_drift},
};

static void usage(FILE *out)
{
	fputs("usage: simulation [--trials N] [--seed N] [PART ...]\n\n"
	      "Parts (all):",
		out);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		fprintf(out, " %s", parts[i].name);
	fputc('\n', out);
}

static bool is_wanted(const char *name, char **wanted, int n)
{
	for (int i = 0; i < n; i++)
		if (strcmp(wanted[i], name) == 0)
			return true;
	return n == 0;
}

static bool is_part(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (strcmp(parts[i].name, name) == 0)
			return true;
	return false;
}

int main(int argc, char **argv)
{
	struct simulation s = {.trials = 4000};
	unsigned long seed = 20260305;
	int at = 1;

	for (; at + 1 < argc && strncmp(argv[at], "--", 2) == 0; at += 2) {
		if (strcmp(argv[at], "--trials") == 0)
			s.trials = strtoul(argv[at + 1], NULL, 10);
		else if (strcmp(argv[at], "--seed") == 0)
			seed = strtoul(argv[at + 1], NULL, 10);
		else
			return usage(stderr), 2;
	}
	for (int i = at; i < argc; i++)
		if (!is_part(argv[i]))
			return usage(stderr), 2;
	if (s.trials < 100)
		return fputs("simulation: at least 100 trials are needed\n", stderr), 2;
	s.rng = gsl_rng_alloc(gsl_rng_mt19937);
	printf("Seed %lu, %zu trials a cell.\n\n", seed, s.trials);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		if (!is_wanted(parts[i].name, argv + at, argc - at))
			continue;
		/* Each part is the same whatever ran before it. */
		gsl_rng_set(s.rng, seed + i);
		printf("### %s\n\n", parts[i].title);
		fflush(stdout);
		parts[i].simulate(&s);
	}
	gsl_rng_free(s.rng);
	fprintf(stderr, "%zu of %zu requirements hold\n", s.checks - s.failures, s.checks);
	return s.failures > 0;
}
