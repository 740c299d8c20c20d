#include "coordinator/findings/canary.h"
#include "coordinator/analysis/verdict.h"
#include <math.h>

/* The seed of p-values by permutation: the same data give the same numbers. */
#define SEED 20240301

struct search {
	const struct gathered *contender, *baseline;
	const char *asked, *metric;
	double alpha;
	struct canary *found; /* all canaries of the metric, moved or not */
	size_t n;
};

static bool lane_of(const struct gathered *g, const char *host, size_t *lane)
{
	for (*lane = 0; *lane < g->lanes_n; (*lane)++)
		if (strcmp(g->lanes[*lane].host, host) == 0)
			return true;
	return false;
}

static bool counterpart_of(const struct search *s, size_t configuration, size_t *out)
{
	const struct gathered_configuration *of = &s->contender->configurations[configuration];

	for (*out = 0; *out < s->baseline->configurations_n; (*out)++)
		if (gathered_is_counterpart(of, &s->baseline->configurations[*out], NULL))
			return true;
	return false;
}

static void look_at(struct search *s, size_t lane, size_t configuration)
{
	const char *host = s->contender->lanes[lane].host;
	size_t other_lane, other;
	struct canary c = {.configuration = configuration,
		.lane = lane,
		.host = host,
		.asked = s->asked,
		.metric = s->metric};

	if (!s->contender->configurations[configuration].is_canary ||
		!lane_of(s->baseline, host, &other_lane) ||
		!counterpart_of(s, configuration, &other))
		return;
	const struct series *now = gathered_series(gathered_cell(s->contender, lane, configuration),
		gathered_metric(s->contender, s->metric));
	const struct series *then = gathered_series(gathered_cell(s->baseline, other_lane, other),
		gathered_metric(s->baseline, s->metric));
	if (now == NULL || then == NULL)
		return;
	ratio_of_samples(now->values, now->n, then->values, then->n, 1 - s->alpha, SEED, &c.ratio);
	s->found = xreallocarray(s->found, s->n + 1, sizeof *s->found);
	s->found[s->n++] = c;
}

static char *text_of(const struct search *s, const struct canary *c)
{
	const struct gathered_configuration *of = &s->contender->configurations[c->configuration];
	_cleanup_buf_ struct buf out = BUF_INIT;

	buf_addf(&out, "canary %s%s", of->benchmark, of->parameters.n > 0 ? " " : "");
	parameters_format(&of->parameters, NULL, 0, &out);
	buf_addf(&out, " on %s: %s moved by %+.1f %% [%+.1f, %+.1f]: the machine changed", c->host,
		c->metric, 100 * (c->ratio.ratio - 1), 100 * (c->ratio.low - 1),
		100 * (c->ratio.high - 1));
	return buf_take(&out);
}

static void look_at_all(struct search *s)
{
	for (size_t lane = 0; lane < s->contender->lanes_n; lane++)
		for (size_t k = 0; k < s->contender->configurations_n; k++)
			look_at(s, lane, k);
}

/* Those of a metric that moved, into out. */
static void keep_moved(struct search *s, double threshold, struct canaries *out)
{
	double *p = xcalloc(s->n + 1, sizeof *p);

	for (size_t i = 0; i < s->n; i++)
		p[i] = s->found[i].ratio.p;
	adjust_family(p, s->n);
	for (size_t i = 0; i < s->n; i++) {
		struct canary *c = &s->found[i];

		c->p_adjusted = p[i];
		if (!(p[i] <= s->alpha) || !(fabs(log(c->ratio.ratio)) > log1p(threshold / 2)))
			continue;
		c->text = text_of(s, c);
		out->items = xreallocarray(out->items, out->n + 1, sizeof *out->items);
		out->items[out->n++] = *c;
	}
	free(p);
}

void canaries_find(const struct gathered *contender, const struct gathered *baseline,
	const char *const *metrics, size_t n, double threshold, double alpha, struct canaries *out)
{
	*out = (struct canaries){0};
	for (size_t i = 0; i < n; i++) {
		struct search s = {.contender = contender,
			.baseline = baseline,
			.asked = metrics[i],
			.metric = metrics[i],
			.alpha = alpha};

		look_at_all(&s);
		if (s.n == 0) {
			s.metric = "time";
			look_at_all(&s);
		}
		keep_moved(&s, threshold, out);
		free(s.found);
	}
}

void canaries_done(struct canaries *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->items[i].text);
	free(c->items);
	*c = (struct canaries){0};
}

const struct canary *canaries_on(const struct canaries *c, const char *host, const char *metric)
{
	const struct canary *most = NULL;

	for (size_t i = 0; i < c->n; i++) {
		const struct canary *one = &c->items[i];

		if (strcmp(one->host, host) != 0 || strcmp(one->asked, metric) != 0)
			continue;
		if (most == NULL || fabs(log(one->ratio.ratio)) > fabs(log(most->ratio.ratio)))
			most = one;
	}
	return most;
}
