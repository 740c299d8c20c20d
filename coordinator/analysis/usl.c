#include "coordinator/analysis/usl.h"

#include <math.h>
#include <stdbool.h>

#define STEPS 200

/* Two coefficients, a and b; what is not free stays 0. */
struct fit {
	const double *n, *s;
	size_t count;
	double scale;
	bool is_free[2];
	double at[2];
	double rest; /* sum of squares that at leaves */
};

static double value(double scale, const double at[2], double n)
{
	return scale * n / (1 + at[0] * (n - 1) + at[1] * n * (n - 1));
}

double usl_at(const struct usl *u, double n)
{
	return value(u->scale, (const double[]){u->contention, u->coherence}, n);
}

static double rest_of(const struct fit *f, const double at[2])
{
	double sum = 0;

	for (size_t i = 0; i < f->count; i++) {
		double off = f->s[i] - value(f->scale, at, f->n[i]);
		sum += off * off;
	}
	return sum;
}

/* J'J and J'r of the free coefficients. */
static void normal_equations(const struct fit *f, double jj[2][2], double jr[2])
{
	for (int i = 0; i < 2; i++)
		jr[i] = jj[i][0] = jj[i][1] = 0;
	for (size_t i = 0; i < f->count; i++) {
		double n = f->n[i], s = value(f->scale, f->at, n);
		/* dS/da = -S^2 (n - 1) / (c n), dS/db = -S^2 (n - 1) / c */
		double slope[2] = {-s * s * (n - 1) / (f->scale * n), -s * s * (n - 1) / f->scale};
		for (int k = 0; k < 2; k++) {
			slope[k] = f->is_free[k] ? slope[k] : 0;
			jr[k] += slope[k] * (f->s[i] - s);
			for (int m = 0; m <= k; m++)
				jj[k][m] += slope[k] * slope[m];
		}
	}
	jj[0][1] = jj[1][0];
}

/* One step of Levenberg and Marquardt with this damping into `to`. */
static void step(const struct fit *f, double damping, double to[2])
{
	double jj[2][2], jr[2];

	normal_equations(f, jj, jr);
	for (int k = 0; k < 2; k++)
		jj[k][k] = f->is_free[k] ? jj[k][k] * (1 + damping) : 1;
	double det = jj[0][0] * jj[1][1] - jj[0][1] * jj[1][0];
	to[0] = f->at[0] + (jr[0] * jj[1][1] - jr[1] * jj[0][1]) / det;
	to[1] = f->at[1] + (jr[1] * jj[0][0] - jr[0] * jj[1][0]) / det;
}

/* The least squares over what is free, from where it is. */
static void descend(struct fit *f)
{
	double damping = 1e-3;

	f->rest = rest_of(f, f->at);
	for (int i = 0; i < STEPS && damping < 1e15; i++) {
		double to[2];
		step(f, damping, to);
		double rest = rest_of(f, to);
		if (!(rest <= f->rest)) {
			damping *= 10;
			continue;
		}
		f->at[0] = to[0];
		f->at[1] = to[1];
		f->rest = rest;
		damping = damping > 1e-12 ? damping / 10 : damping;
	}
}

/*
 * The best point with a, b >= 0 is one inside, or one on an edge, where the coefficient is 0: each
 * set of free coefficients by itself, then the best of those that are allowed.
 */
static void best_of(struct fit *f)
{
	static const bool sets[][2] = {{false, false}, {true, false}, {false, true}, {true, true}};
	struct fit best = *f;

	for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
		struct fit one = *f;
		for (int k = 0; k < 2; k++) {
			one.is_free[k] = sets[i][k];
			one.at[k] = sets[i][k] ? (k == 0 ? 0.1 : 0.01) : 0;
		}
		descend(&one);
		bool is_allowed = one.at[0] >= 0 && one.at[1] >= 0 && isfinite(one.rest);
		if (is_allowed && (i == 0 || one.rest < best.rest))
			best = one;
	}
	*f = best;
}

static bool is_enough(const double *n, const double *s, size_t count)
{
	size_t different = 0;

	for (size_t i = 0; i < count; i++) {
		bool is_new = true;
		if (!(n[i] >= 1) || !(s[i] > 0) || !isfinite(n[i]) || !isfinite(s[i]))
			return false;
		for (size_t k = 0; k < i && is_new; k++)
			is_new = n[k] < n[i] || n[k] > n[i];
		different += is_new;
	}
	return different >= USL_LEAST_POINTS;
}

static double peak_of(const struct usl *u)
{
	if (u->contention >= 1)
		return 1;
	return u->coherence > 0 ? fmax(1, sqrt((1 - u->contention) / u->coherence)) : INFINITY;
}

static double r2_of(const struct fit *f)
{
	double mean = 0, total = 0;

	for (size_t i = 0; i < f->count; i++)
		mean += f->s[i] / (double)f->count;
	for (size_t i = 0; i < f->count; i++)
		total += (f->s[i] - mean) * (f->s[i] - mean);
	return total > 0 ? 1 - f->rest / total : NAN;
}

int usl_fit(const double *n, const double *s, size_t count, double scale, struct usl *out)
{
	struct fit f = {.n = n, .s = s, .count = count, .scale = scale};

	if (!(scale > 0) || !isfinite(scale) || !is_enough(n, s, count))
		return -1;
	best_of(&f);
	*out = (struct usl){.scale = scale, .contention = f.at[0], .coherence = f.at[1]};
	out->r2 = r2_of(&f);
	out->peak = peak_of(out);
	/* Without coherence it grows towards c / a. */
	out->most = isfinite(out->peak)   ? usl_at(out, out->peak)
		    : out->contention > 0 ? scale / out->contention
					  : INFINITY;
	return 0;
}
