/* How often a verdict is false: changes where nothing differs, and no change where something does.
 */
#include "tests/simulation/simulation.h"

#include "coordinator/analysis/verdict.h"
#include <math.h>
#include <stdio.h>

#define MAX_FAMILY 100
#define MAX_N      16
#define MAX_APART  8 /* of two samples: all arrangements of 8 + 8 are counted in no time */

struct family {
	enum model model;
	size_t n, size;
	double alpha, threshold;
	bool is_paired, by_ranks;
};

static bool is_alarm(enum verdict v)
{
	return v == VERDICT_IMPROVED || v == VERDICT_REGRESSED;
}

static void compare_one(struct simulation *s, const struct family *f, double ratio, uint64_t seed,
	struct ratio *out)
{
	double x[MAX_N], y[MAX_N], level = 1 - f->alpha;

	arms_draw(s, f->model, DESIGN_INTERLEAVED, ratio, x, y, f->n);
	if (f->is_paired && f->by_ranks)
		ratio_of_pair_ranks(x, y, f->n, level, out);
	else if (f->is_paired)
		ratio_of_pairs(x, y, f->n, level, seed, out);
	else if (f->by_ranks)
		ratio_of_sample_ranks(x, f->n, y, f->n, level, out);
	else
		ratio_of_samples(x, f->n, y, f->n, level, seed, out);
}

/* Alarms of one family in which nothing differs. */
static size_t alarms_of(struct simulation *s, const struct family *f)
{
	struct ratio r[MAX_FAMILY];
	double p[MAX_FAMILY];
	size_t alarms = 0;

	for (size_t i = 0; i < f->size; i++) {
		compare_one(s, f, 1, i, &r[i]);
		p[i] = r[i].p;
	}
	adjust_family(p, f->size);
	for (size_t i = 0; i < f->size; i++)
		alarms += is_alarm(verdict_of(&r[i], p[i], f->threshold, f->alpha, BETTER_LOWER));
	return alarms;
}

static void count_families(struct simulation *s, const struct family *f)
{
	size_t trials = s->trials / (f->size > 24 ? 8 : f->size > 1 ? 2 : 1);
	size_t alarms = 0, families = 0;

	for (size_t i = 0; i < trials; i++) {
		size_t of_this = alarms_of(s, f);

		alarms += of_this;
		families += of_this > 0;
	}
	print_rate(families, trials);
	print_rate(alarms, trials * f->size);
	require_rate(s, families, trials, 0, f->alpha,
		"families of %zu with a false verdict, %s n %zu %s%s alpha %g threshold %g",
		f->size, model_name(f->model), f->n, f->is_paired ? "paired" : "two samples",
		f->by_ranks ? " by ranks" : "", f->alpha, f->threshold);
	require_rate(s, alarms, trials * f->size, 0, f->alpha,
		"false verdicts of families of %zu, %s n %zu %s%s alpha %g threshold %g", f->size,
		model_name(f->model), f->n, f->is_paired ? "paired" : "two samples",
		f->by_ranks ? " by ranks" : "", f->alpha, f->threshold);
}

static void tabulate_families(struct simulation *s, struct family f, const char *what)
{
	static const size_t families[] = {1, 24, 100};

	printf("%s, alpha %g %%, threshold %g %%:\n\n| runs | n |", what, 100 * f.alpha,
		100 * f.threshold);
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		printf(" of %zu: any | each |", families[i]);
	printf("\n|---|---|---|---|---|---|---|---|\n");
	for (f.model = 0; f.model < MODELS; f.model++) {
		static const size_t paired[] = {10, 14}, two[] = {5, MAX_APART};

		for (size_t k = 0; k < 2; k++) {
			f.n = f.is_paired ? paired[k] : two[k];
			printf("| %s | %zu |", model_name(f.model), f.n);
			for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
				f.size = families[i];
				count_families(s, &f);
			}
			printf("\n");
		}
	}
	printf("\n");
}

void simulate_families(struct simulation *s)
{
	struct family f = {.alpha = 0.05, .is_paired = true};

	tabulate_families(s, f, "Pairs, permutation of signs");
	f.alpha = 0.01;
	tabulate_families(s, f, "Pairs, permutation of signs");
	f.threshold = 0.02;
	tabulate_families(s, f, "Pairs, permutation of signs");
	f.threshold = 0;
	f.alpha = 0.05;
	f.by_ranks = true;
	tabulate_families(s, f, "Pairs, ranks");
	f.is_paired = false;
	tabulate_families(s, f, "Two samples, ranks");
	f.by_ranks = false;
	tabulate_families(s, f, "Two samples, permutation of labels");
}

/* ---- unchanged, where the truth is at the threshold ---- */

void simulate_unchanged(struct simulation *s)
{
	static const size_t sizes[] = {5, 6, 8, 10, 12, 16};
	static const enum model models[] = {MODEL_BIMODAL, MODEL_OUTLIERS, MODEL_DRIFT};
	static const double thresholds[] = {0.3, 0.03, 0.02};
	const double alpha = 0.05;

	printf("A true change as large as the threshold, called unchanged (alpha %g %%):\n\n",
		100 * alpha);
	print_header("pairs", sizes, ARRAY_SIZE(sizes));
	leave_out_p(true);
	for (size_t k = 0; k < ARRAY_SIZE(models); k++) {
		printf("| %s, threshold %g %% |", model_name(models[k]), 100 * thresholds[k]);
		for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
			struct family f = {.model = models[k],
				.n = sizes[i],
				.alpha = alpha,
				.is_paired = true};
			size_t hits = 0;

			for (size_t t = 0; t < s->trials; t++) {
				struct ratio r;

				compare_one(s, &f, 1 + thresholds[k], t, &r);
				hits += verdict_of(&r, 1, thresholds[k], alpha, BETTER_LOWER) ==
					VERDICT_UNCHANGED;
			}
			print_rate(hits, s->trials);
			require_rate(s, hits, s->trials, 0, alpha, "unchanged, %s n %zu",
				model_name(models[k]), sizes[i]);
		}
		printf("\n");
	}
	leave_out_p(false);
	printf("\n");
}
