#include "coordinator/analysis/change_points.h"
#include "coordinator/analysis/noise.h"
#include "coordinator/analysis/verdict.h"
#include "proto/base.h"
#include <gsl/gsl_cdf.h>
#include <math.h>

/* Below this the logs of doubles differ by rounding alone. */
#define LEAST_VARIANCE 1e-20
/* Series are first cut at this level, each by its own noise, to see what noise is left. */
#define WEAK_ALPHA 0.05

/* ---- sums of pieces ---- */

struct line {
	double *sum, *squares; /* of the points before this one, about their mean: n + 1 */
	size_t n;
};

static void line_of(struct line *l, const struct stretch *s)
{
	double mean = 0;

	*l = (struct line){.n = s->n};
	l->sum = xcalloc(s->n + 1, sizeof *l->sum);
	l->squares = xcalloc(s->n + 1, sizeof *l->squares);
	for (size_t i = 0; i < s->n; i++)
		mean += s->logs[i] / (double)s->n;
	for (size_t i = 0; i < s->n; i++) {
		double y = s->logs[i] - mean;

		l->sum[i + 1] = l->sum[i] + y;
		l->squares[i + 1] = l->squares[i] + y * y;
	}
}

static double mean_of(const struct line *l, size_t from, size_t to)
{
	return (l->sum[to] - l->sum[from]) / (double)(to - from);
}

/* What a mean of a piece explains: its sum squared over its number. */
static double explained(const struct line *l, size_t from, size_t to)
{
	double sum = l->sum[to] - l->sum[from];

	return sum * sum / (double)(to - from);
}

static double residual(const struct line *l, size_t from, size_t to)
{
	return fmax(0, l->squares[to] - l->squares[from] - explained(l, from, to));
}

/* ---- the best cuts of a piece ---- */

struct cuts {
	size_t n; /* 1 or 2; 0: none is possible */
	size_t at[2];
	double gain;   /* what they explain more */
	double places; /* where they might have been */
};

static double choices_of_one(size_t n)
{
	return n < 2 * LEAST_LEVEL ? 0 : (double)(n - 2 * LEAST_LEVEL + 1);
}

static double choices_of_two(size_t n)
{
	double free = (double)n - 3 * LEAST_LEVEL + 1;

	return free < 1 ? 0 : free * (free + 1) / 2;
}

/* Cuts between levels that differ by less than least are none. */
static struct cuts best_one(const struct line *l, size_t from, size_t to, double least)
{
	struct cuts best = {0};
	double whole = explained(l, from, to);

	for (size_t i = from + LEAST_LEVEL; i + LEAST_LEVEL <= to; i++) {
		double gain = explained(l, from, i) + explained(l, i, to) - whole;

		if (gain <= best.gain || fabs(mean_of(l, i, to) - mean_of(l, from, i)) < least)
			continue;
		best = (struct cuts){.n = 1, .at = {i}, .gain = gain};
	}
	best.places = choices_of_one(to - from);
	return best;
}

static struct cuts best_two(const struct line *l, size_t from, size_t to, double least)
{
	struct cuts best = {0};
	double whole = explained(l, from, to);

	for (size_t i = from + LEAST_LEVEL; i + 2 * LEAST_LEVEL <= to; i++) {
		double first = explained(l, from, i) - whole, before = mean_of(l, from, i);

		for (size_t k = i + LEAST_LEVEL; k + LEAST_LEVEL <= to; k++) {
			double gain = first + explained(l, i, k) + explained(l, k, to);

			if (gain <= best.gain)
				continue;
			double between = mean_of(l, i, k);
			if (fabs(between - before) < least ||
				fabs(mean_of(l, k, to) - between) < least)
				continue;
			best = (struct cuts){.n = 2, .at = {i, k}, .gain = gain};
		}
	}
	best.places = choices_of_two(to - from);
	return best;
}

/* ---- a series in pieces ---- */

struct piece {
	size_t from, to;
	struct cuts one, two; /* the best, of an unaltered piece */
	double p;             /* of the cut at its beginning: the largest on the way to it */
	double adjusted;      /* the same over the family */
};

struct pieces {
	const struct stretch *stretch;
	struct line line;
	struct piece *items;
	size_t n;
	double least; /* the smallest change that is one */
	double prior_variance, prior_df;
	double failed_p; /* of the cut that was not made */
};

static void look_at(struct pieces *p, struct piece *piece)
{
	piece->one = best_one(&p->line, piece->from, piece->to, p->least);
	piece->two = best_two(&p->line, piece->from, piece->to, p->least);
}

static void pieces_begin(struct pieces *p, const struct stretch *s, double least)
{
	*p = (struct pieces){.stretch = s, .least = least, .failed_p = NAN};
	line_of(&p->line, s);
	p->items = xcalloc(s->n + 1, sizeof *p->items);
	p->items[0] = (struct piece){.to = s->n};
	p->n = 1;
}

static void pieces_done(struct pieces *p)
{
	free(p->line.sum);
	free(p->line.squares);
	free(p->items);
}

static double residual_of_all(const struct pieces *p)
{
	double sum = 0;

	for (size_t i = 0; i < p->n; i++)
		sum += residual(&p->line, p->items[i].from, p->items[i].to);
	return sum;
}

/* The noise of a point where residuals of df degrees of freedom have this sum of squares; *df
 * becomes that of the answer. */
static double noise_of(const struct pieces *p, double squares, double *df)
{
	const struct noise_prior prior = {.variance = p->prior_variance, .df = p->prior_df};
	double lent = noise_lent(&prior, *df);
	double variance = (lent * prior.variance + squares) / (lent + *df);

	*df += lent;
	return fmax(fmax(variance, p->stretch->own), LEAST_VARIANCE);
}

/* How likely chance gives as good a cut somewhere; NaN where there is no place for one. Two kinds
 * of cuts are tried where both are possible, so each has half of the level. */
static double p_of(
	const struct pieces *p, const struct cuts *c, double residual_now, bool is_one_of_two)
{
	double df = (double)p->line.n - (double)p->n - (double)c->n;

	if (c->places == 0)
		return NAN;
	if (c->n == 0 || df < 1)
		return 1;
	double variance = noise_of(p, fmax(0, residual_now - c->gain), &df);
	double f = c->gain / (double)c->n / variance;
	return fmin(1, gsl_cdf_fdist_Q(f, (double)c->n, df) * c->places * (is_one_of_two ? 2 : 1));
}

static void cut(struct pieces *p, size_t at, const struct cuts *c, double significance)
{
	struct piece *items = p->items;
	size_t end = items[at].to;

	memmove(&items[at + 1 + c->n], &items[at + 1], (p->n - at - 1) * sizeof *items);
	p->n += c->n;
	for (size_t i = 0; i <= c->n; i++) {
		struct piece *new = &items[at + i];

		if (i > 0)
			*new = (struct piece){.from = c->at[i - 1], .p = significance};
		new->to = i == c->n ? end : c->at[i];
		look_at(p, new);
	}
}

/* Cut as long as the best cut has at most this p. */
static void cut_all(struct pieces *p, double alpha)
{
	double largest = 0;

	look_at(p, &p->items[0]);
	for (;;) {
		double residual_now = residual_of_all(p), best_p = 2;
		const struct cuts *best = NULL;
		size_t at = 0;

		for (size_t i = 0; i < p->n; i++) {
			const struct cuts *each[] = {&p->items[i].one, &p->items[i].two};
			bool has_both = each[1]->places > 0;

			for (size_t k = 0; k < 2; k++) {
				double one_p = p_of(p, each[k], residual_now, has_both);

				if (!(one_p < best_p))
					continue;
				best_p = one_p;
				best = each[k];
				at = i;
			}
		}
		p->failed_p = best == NULL ? NAN : best_p;
		if (best == NULL || best->n == 0 || best_p > alpha)
			return;
		largest = fmax(largest, best_p);
		cut(p, at, &(struct cuts){.n = best->n, .at = {best->at[0], best->at[1]}}, largest);
	}
}

/* ---- cuts that stay ---- */

/* Join a piece with the one before it. */
static void join(struct pieces *p, size_t at)
{
	p->items[at - 1].to = p->items[at].to;
	memmove(&p->items[at], &p->items[at + 1], (p->n - at - 1) * sizeof *p->items);
	p->n--;
}

/* Each cut to the best place between its neighbours, until none moves. */
static void settle(struct pieces *p)
{
	bool has_moved = true;

	for (int round = 0; has_moved && round < 20; round++) {
		has_moved = false;
		for (size_t i = 1; i < p->n; i++) {
			struct piece *before = &p->items[i - 1], *after = &p->items[i];
			struct cuts best = best_one(&p->line, before->from, after->to, 0);

			if (best.n == 0 || best.at[0] == after->from)
				continue;
			before->to = after->from = best.at[0];
			has_moved = true;
		}
	}
}

/* The p of a cut by the two levels beside it alone; 1 where they differ by less than a change. */
static double p_beside(const struct pieces *p, size_t at, double residual_now)
{
	const struct piece *before = &p->items[at - 1], *after = &p->items[at];
	double df = (double)p->line.n - (double)p->n;
	double change = mean_of(&p->line, after->from, after->to) -
			mean_of(&p->line, before->from, before->to);

	if (fabs(change) < p->least)
		return 1;
	double gain = residual(&p->line, before->from, after->to) -
		      residual(&p->line, before->from, before->to) -
		      residual(&p->line, after->from, after->to);
	double variance = noise_of(p, residual_now, &df);
	return fmin(1, gsl_cdf_fdist_Q(fmax(0, gain) / variance, 1, df) *
			       choices_of_one(after->to - before->from));
}

/* Take back the least significant cut as long as it is none by itself. */
static void take_back(struct pieces *p, double alpha)
{
	for (;;) {
		double worst = 0, residual_now;
		size_t at = 0;

		settle(p);
		residual_now = residual_of_all(p);
		for (size_t i = 1; i < p->n; i++) {
			double one_p = p_beside(p, i, residual_now);

			if (one_p > worst) {
				worst = one_p;
				at = i;
			}
		}
		if (at == 0 || worst <= alpha)
			break;
		join(p, at);
	}
	for (size_t i = 1; i < p->n; i++)
		p->items[i].p = fmax(p->items[i].p, p_beside(p, i, residual_of_all(p)));
}

/* ---- all series ---- */

static void find_weakly(const struct stretch *s, double *values, struct residuals *out)
{
	struct pieces p;

	pieces_begin(&p, s, 0);
	cut_all(&p, WEAK_ALPHA);
	take_back(&p, WEAK_ALPHA);
	for (size_t i = 0; i < p.n; i++) {
		size_t from = p.items[i].from, to = p.items[i].to;
		double mean = 0;

		for (size_t k = from; k < to; k++)
			mean += s->logs[k] / (double)(to - from);
		for (size_t k = from; k < to; k++)
			values[k] = s->logs[k] - mean;
	}
	*out = (struct residuals){
		.values = values, .times = s->times, .n = s->n, .df = (double)s->n - (double)p.n};
	pieces_done(&p);
}

static size_t groups_of(const struct stretch *s, size_t n)
{
	size_t groups = 0;

	for (size_t i = 0; i < n; i++)
		groups = s[i].group >= groups ? s[i].group + 1 : groups;
	return groups;
}

/* What the series of each group say of its noise. Only young ones ask for it. */
static struct noise_prior *priors_of(const struct stretch *s, size_t n)
{
	size_t groups = groups_of(s, n);
	struct noise_prior *priors = xcalloc(groups + 1, sizeof *priors);
	struct residuals *residuals = xcalloc(n + 1, sizeof *residuals);
	double **values = xcalloc(n + 1, sizeof *values);

	for (size_t g = 0; g < groups; g++) {
		bool has_young = false;
		size_t count = 0;

		for (size_t i = 0; i < n; i++)
			has_young |= s[i].group == g && s[i].n < NOISE_DF + 2 * LEAST_LEVEL;
		for (size_t i = 0; has_young && i < n; i++) {
			if (s[i].group != g || s[i].n < 2)
				continue;
			values[count] = xcalloc(s[i].n, sizeof **values);
			find_weakly(&s[i], values[count], &residuals[count]);
			count++;
		}
		priors[g] = noise_prior_of(residuals, count);
		for (size_t i = 0; i < count; i++)
			free(values[i]);
	}
	free(values);
	free(residuals);
	return priors;
}

/* Adjust the p of all cuts of a family, with those that were not made; cuts that fail then go. */
static void keep_by_family(struct pieces *p, size_t n, size_t family, double alpha)
{
	double *all;
	size_t count = 0, at = 0;

	for (size_t i = 0; i < n; i++)
		count += p[i].stretch->family == family ? p[i].n : 0;
	all = xcalloc(count + 1, sizeof *all);
	for (size_t i = 0; i < n; i++) {
		if (p[i].stretch->family != family)
			continue;
		for (size_t k = 1; k < p[i].n; k++)
			all[at++] = p[i].items[k].p;
		all[at++] = p[i].failed_p;
	}
	adjust_family(all, count);
	for (size_t i = 0, from = 0; i < n; i++) {
		if (p[i].stretch->family != family)
			continue;
		size_t had = p[i].n;
		for (size_t k = had - 1; k > 0; k--) {
			p[i].items[k].adjusted = all[from + k - 1];
			if (all[from + k - 1] > alpha)
				join(&p[i], k);
		}
		from += had;
	}
	free(all);
}

static void tell(struct pieces *p, struct stretch *out, double alpha)
{
	double df = (double)p->line.n - (double)p->n;

	settle(p);
	out->variance = df < 1 ? NAN : noise_of(p, residual_of_all(p), &df);
	out->df = df < 1 ? 0 : df;
	out->changes = xcalloc(p->n, sizeof *out->changes);
	for (size_t i = 1; i < p->n; i++) {
		const struct piece *before = &p->items[i - 1], *after = &p->items[i];
		double change = mean_of(&p->line, after->from, after->to) -
				mean_of(&p->line, before->from, before->to);
		double se = sqrt(out->variance * (1 / (double)(before->to - before->from) +
							 1 / (double)(after->to - after->from)));
		double half = gsl_cdf_tdist_Qinv(alpha / 2, df) * se;

		out->changes[out->changes_n++] = (struct change_point){.at = after->from,
			.ratio = exp(change),
			.low = exp(change - half),
			.high = exp(change + half),
			.p = after->p,
			.p_adjusted = after->adjusted};
	}
}

void change_points_find(struct stretch *stretches, size_t n, double threshold, double alpha)
{
	struct noise_prior *priors = priors_of(stretches, n);
	struct pieces *all = xcalloc(n + 1, sizeof *all);
	size_t families = 0;

	for (size_t i = 0; i < n; i++) {
		const struct noise_prior *prior = &priors[stretches[i].group];

		pieces_begin(&all[i], &stretches[i], log1p(threshold));
		all[i].prior_variance = prior->variance;
		all[i].prior_df = prior->df;
		cut_all(&all[i], alpha);
		take_back(&all[i], alpha);
		families = stretches[i].family >= families ? stretches[i].family + 1 : families;
	}
	for (size_t i = 0; i < families; i++)
		keep_by_family(all, n, i, alpha);
	for (size_t i = 0; i < n; i++) {
		tell(&all[i], &stretches[i], alpha);
		pieces_done(&all[i]);
	}
	free(all);
	free(priors);
}

void change_points_done(struct stretch *stretches, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(stretches[i].changes);
		stretches[i].changes = NULL;
		stretches[i].changes_n = 0;
	}
}
