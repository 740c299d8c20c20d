#include "coordinator/findings/questions.h"

struct asking {
	const struct asked *asked;
	const struct study *contender, *baseline; /* baseline: NULL within one campaign */
	struct questions *out;
};

static struct question *add_question(struct questions *q)
{
	q->items = xreallocarray(q->items, q->n + 1, sizeof *q->items);
	q->items[q->n] = (struct question){.threshold = DEFAULT_THRESHOLD, .alpha = DEFAULT_ALPHA};
	return &q->items[q->n++];
}

static bool is_used(const struct gathered *g, const char *metric)
{
	size_t at = gathered_metric(g, metric);

	return at < g->metrics_n && g->metrics[at].is_used;
}

/* On either side: what one of them lost is to be said, not left out. */
static bool is_measured(const struct asking *a, const char *metric)
{
	return is_used(&a->contender->g, metric) ||
	       (a->baseline != NULL && is_used(&a->baseline->g, metric));
}

/* Once each: a metric is one family. */
static void add_metric(struct question *q, const char *metric)
{
	for (size_t i = 0; i < q->metrics_n; i++)
		if (strcmp(q->metrics[i], metric) == 0)
			return;
	q->metrics[q->metrics_n++] = metric;
}

/* From the command line, else those of all these comparisons of the campaign, else time and energy;
 * what nobody asked for by name, as far as it was measured. Of what was not, `results` tells why
 * where it is a standard metric, such as energy. */
static void set_metrics(const struct asking *a, struct question *out,
	const struct comparison *known, size_t known_n)
{
	static const char *const usual[] = {"time", "energy.package"};
	const struct texts *given = a->asked->metrics;
	size_t given_n = given == NULL ? 0 : given->n, said = 0;

	for (size_t i = 0; i < known_n; i++)
		said += known[i].metrics_n;
	out->metrics = xcalloc(given_n + said + ARRAY_SIZE(usual), sizeof *out->metrics);
	out->unmeasured = xcalloc(said + 1, sizeof *out->unmeasured);
	for (size_t i = 0; i < given_n; i++)
		add_metric(out, given->items[i]);
	for (size_t i = 0; i < known_n && given_n == 0; i++)
		for (size_t k = 0; k < known[i].metrics_n; k++)
			if (is_measured(a, known[i].metrics[k]))
				add_metric(out, known[i].metrics[k]);
			else if (metric_by_name(known[i].metrics[k]) == NULL)
				out->unmeasured[out->unmeasured_n++] = known[i].metrics[k];
	for (size_t i = 0; i < ARRAY_SIZE(usual) && given_n + said == 0; i++)
		if (is_measured(a, usual[i]))
			add_metric(out, usual[i]);
}

static void set_levels(struct question *out, const struct comparison *known)
{
	if (known == NULL || !(known->alpha > 0))
		return;
	out->threshold = (double)known->threshold / 1e6;
	out->alpha = known->alpha;
}

enum compared_by compared_by_of(const char *by)
{
	return strcmp(by, "host") == 0 || strncmp(by, "host.", strlen("host.")) == 0 ? BY_HOST
										     : BY_AXIS;
}

/* What the campaign asks along its axes it minds between its submissions, too. */
static void ask_of_submissions(const struct asking *a)
{
	const struct campaign *c = a->contender->campaign;
	const struct comparison *known = c == NULL ? NULL : c->comparisons;
	size_t known_n = c == NULL ? 0 : c->comparisons_n;
	struct question *out = add_question(a->out);

	out->kind = BY_SUBMISSION;
	out->baseline = a->baseline->g.label;
	set_metrics(a, out, known, known_n);
	set_levels(out, known_n == 0 ? NULL : known);
}

/* known is the campaign's comparison along the same axis, or NULL; it knows the baseline, where
 * none is given. */
static int ask_by(
	const struct asking *a, const char *by, const struct comparison *known, struct error *err)
{
	const char *baseline = a->asked->baseline;
	struct question *out;

	if (baseline == NULL && known != NULL)
		baseline = known->baseline;
	if (baseline == NULL)
		return error_set(err, ERR_USAGE,
			"compare: --by %s needs --baseline VALUE: the value that the others are "
			"compared with",
			by);
	out = add_question(a->out);
	out->kind = compared_by_of(by);
	out->by = by;
	out->baseline = baseline;
	set_metrics(a, out, known, known != NULL);
	set_levels(out, known);
	return 0;
}

/* The campaign's comparison along an axis: that with the baseline that is asked for, else the first
 * one. */
static const struct comparison *known_by(const struct asking *a, const char *by)
{
	const struct campaign *c = a->contender->campaign;
	const char *baseline = a->asked->baseline;
	const struct comparison *found = NULL;

	for (size_t i = 0; c != NULL && i < c->comparisons_n; i++) {
		const struct comparison *one = &c->comparisons[i];

		if (one->by == NULL || strcmp(one->by, by) != 0)
			continue;
		if (baseline != NULL && strcmp(one->baseline, baseline) == 0)
			return one;
		found = found == NULL ? one : found;
	}
	return found;
}

static int ask(const struct asking *a, struct error *err)
{
	const struct campaign *c = a->contender->campaign;
	int rc = 0;

	if (a->baseline != NULL && a->asked->by != NULL)
		return error_set(err, ERR_USAGE,
			"compare: --by is along an axis of one campaign; two campaigns are "
			"compared with each other");
	if (a->baseline != NULL) {
		ask_of_submissions(a);
		return 0;
	}
	if (a->asked->by != NULL)
		return ask_by(a, a->asked->by, known_by(a, a->asked->by), err);
	if (c == NULL || campaign_comparison(c, NULL) == NULL)
		return error_set(err, ERR_USAGE,
			"compare: the campaign %s has no 'compare'%s; say --by AXIS --baseline "
			"VALUE, or --baseline previous, or name two campaigns",
			a->contender->g.label,
			c == NULL || c->comparisons_n == 0 ? "" : " along an axis");
	for (size_t i = 0; rc == 0 && i < c->comparisons_n; i++)
		if (c->comparisons[i].by != NULL)
			rc = ask_by(a, c->comparisons[i].by, &c->comparisons[i], err);
	return rc;
}

/* --threshold and --alpha hold for all questions. */
static int apply_levels(const struct asking *a, struct error *err)
{
	const struct asked *asked = a->asked;
	int64_t threshold = 0;
	double alpha = 0;
	char *end;

	if (asked->threshold != NULL && units_parse_percent(asked->threshold, &threshold, err) < 0)
		return error_wrap(err, "compare: --threshold"), ERR_USAGE;
	if (asked->alpha != NULL) {
		alpha = strtod(asked->alpha, &end);
		if (*end != '\0' || !(alpha > 0 && alpha < 0.5))
			return error_set(err, ERR_USAGE,
				"compare: --alpha: '%s', expected a number between 0 and 0.5",
				asked->alpha);
	}
	for (size_t i = 0; i < a->out->n; i++) {
		a->out->items[i].by_ranks = asked->by_ranks;
		a->out->items[i].with_ranks = asked->with_ranks;
		a->out->items[i].per = asked->per;
		if (asked->threshold != NULL)
			a->out->items[i].threshold = (double)threshold / 1e6;
		if (alpha > 0)
			a->out->items[i].alpha = alpha;
	}
	return 0;
}

int questions_make(const struct asked *asked, const struct study *contender,
	const struct study *baseline, struct questions *out, struct error *err)
{
	const struct asking a = {
		.asked = asked, .contender = contender, .baseline = baseline, .out = out};

	*out = (struct questions){0};
	int rc = ask(&a, err);
	return rc < 0 ? rc : apply_levels(&a, err);
}

void questions_done(struct questions *q)
{
	for (size_t i = 0; i < q->n; i++) {
		free(q->items[i].metrics);
		free(q->items[i].unmeasured);
	}
	free(q->items);
	*q = (struct questions){0};
}
