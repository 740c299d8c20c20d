#include "coordinator/findings/residual.h"

#include "coordinator/analysis/line.h"
#include "coordinator/analysis/verdict.h"
#include "coordinator/findings/counterparts.h"
#include "coordinator/findings/series.h"
#include <math.h>

/* ---- cell against cell ---- */

static void ratio_of_power(const struct gathered *g, struct residual *r, double level)
{
	struct series power[2];
	const size_t configurations[] = {r->configuration, r->baseline};

	for (int i = 0; i < 2; i++)
		power[i] =
			series_combine(series_of(g, r->lane, configurations[i], "energy.package"),
				series_of(g, r->lane, configurations[i], "time"), SERIES_OVER);
	series_ratio(&power[0], &power[1], level, &r->power);
	series_done(&power[0]);
	series_done(&power[1]);
}

enum residual_verdict residual_judge(
	const struct ratio *power, double equivalence, double alpha, double band)
{
	if (equivalence <= alpha)
		return RESIDUAL_PROPORTIONAL;
	if (power->low > 1 + band || power->high < 1 / (1 + band))
		return RESIDUAL_NOT_PROPORTIONAL;
	return RESIDUAL_UNDECIDED;
}

static void add(struct residuals *out, const struct gathered *g, struct residual *r, double alpha,
	double band)
{
	double level = 1 - alpha;

	ratio_of_power(g, r, level);
	if (isnan(r->power.ratio))
		return;
	series_ratio(series_of(g, r->lane, r->configuration, "time"),
		series_of(g, r->lane, r->baseline, "time"), level, &r->time);
	series_ratio(series_of(g, r->lane, r->configuration, "energy.package"),
		series_of(g, r->lane, r->baseline, "energy.package"), level, &r->energy);
	r->equivalence = equivalence_p(&r->power, band);
	r->verdict = residual_judge(&r->power, r->equivalence, alpha, band);
	out->proportional += r->verdict == RESIDUAL_PROPORTIONAL;
	out->not_proportional += r->verdict == RESIDUAL_NOT_PROPORTIONAL;
	out->undecided += r->verdict == RESIDUAL_UNDECIDED;
	out->items = xreallocarray(out->items, out->n + 1, sizeof *out->items);
	out->items[out->n++] = *r;
}

static int add_all(struct residuals *out, const struct gathered *g, const char *by,
	const char *baseline, double alpha, double band, struct error *err)
{
	if (counterparts_check(g, by, baseline, err) < 0)
		return ERR_USAGE;
	struct counterparts *index = counterparts_new(g, by, baseline);
	for (size_t c = 0; c < g->configurations_n; c++) {
		const char *value = parameters_get(&g->configurations[c].parameters, by);
		int base = value == NULL ? -1 : counterparts_find(index, &g->configurations[c]);

		for (size_t lane = 0; base >= 0 && (size_t)base != c && lane < g->lanes_n; lane++) {
			struct residual r = {
				.configuration = c, .baseline = (size_t)base, .lane = lane};

			add(out, g, &r, alpha, band);
		}
	}
	counterparts_free(index);
	return 0;
}

/* ---- the line through all cells ---- */

static double mean_log(const struct series *s)
{
	double sum = 0;

	for (size_t i = 0; i < s->n; i++)
		sum += log(s->values[i]);
	return sum / (double)s->n;
}

/* log T and log E of the cells of a host, appended. */
static size_t add_points(const struct gathered *g, size_t lane, double *x, double *y, size_t n)
{
	for (size_t c = 0; c < g->configurations_n; c++) {
		const struct series *time = series_of(g, lane, c, "time");
		const struct series *energy = series_of(g, lane, c, "energy.package");

		if (time == NULL || energy == NULL)
			continue;
		double t = mean_log(time), e = mean_log(energy);
		if (!isfinite(t) || !isfinite(e))
			continue;
		x[n] = t;
		y[n++] = e;
	}
	return n;
}

static void add_fit(struct residuals *out, size_t lane, const double *x, const double *y, size_t n,
	double level)
{
	struct line line;

	if (n == 0)
		return;
	line_fit(x, y, n, level, &line);
	struct residual_fit fit = {.lane = lane,
		.cells = n,
		.slope = line.slope,
		.low = line.low,
		.high = line.high,
		.intercept = line.intercept,
		.r2 = line.r2,
		.power_low = INFINITY,
		.power_high = 0};
	for (size_t i = 0; i < n; i++) {
		double power = exp(y[i] - x[i]);

		fit.power_low = fmin(fit.power_low, power);
		fit.power_high = fmax(fit.power_high, power);
	}
	out->fits = xreallocarray(out->fits, out->fits_n + 1, sizeof *out->fits);
	out->fits[out->fits_n++] = fit;
}

static void add_fits(struct residuals *out, const struct gathered *g, double level)
{
	size_t cells = g->lanes_n * g->configurations_n, n = 0;
	_cleanup_free_ double *x = xcalloc(cells + 1, sizeof *x),
			      *y = xcalloc(cells + 1, sizeof *y);

	for (size_t lane = 0; lane < g->lanes_n; lane++) {
		size_t from = n;

		n = add_points(g, lane, x, y, n);
		add_fit(out, lane, x + from, y + from, n - from, level);
	}
	if (out->fits_n > 1)
		add_fit(out, g->lanes_n, x, y, n, level);
}

/* ---- all of it ---- */

int residuals_make(const struct gathered *g, const char *by, const char *baseline, double alpha,
	double band, struct residuals *out, struct error *err)
{
	*out = (struct residuals){0};
	if (by != NULL && add_all(out, g, by, baseline, alpha, band, err) < 0)
		return ERR_USAGE;
	add_fits(out, g, 1 - alpha);
	return 0;
}

void residuals_done(struct residuals *r)
{
	free(r->items);
	free(r->fits);
	*r = (struct residuals){0};
}

const char *residual_name(enum residual_verdict v)
{
	static const char *const names[] = {
		[RESIDUAL_UNDECIDED] = "undecided",
		[RESIDUAL_PROPORTIONAL] = "proportional",
		[RESIDUAL_NOT_PROPORTIONAL] = "not proportional",
	};

	return names[v];
}
