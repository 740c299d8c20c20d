/* joulerig compare: is it faster, does it use less energy, by how much, how sure. */
#include "coordinator/campaign/campaign.h"
#include "coordinator/commands/commands.h"
#include "coordinator/commands/compare_view.h"

#define DEFAULT_THRESHOLD 0.02
#define DEFAULT_ALPHA     0.01

struct options {
	struct common_options common;
	const char *by, *baseline, *threshold, *alpha;
	struct texts metrics;
	bool by_ranks, is_all, is_gate;
};

static const struct option_info table[] = {
	{"by", OPTION_TEXT, offsetof(struct options, by), "WHAT",
		"an axis, host, or a path below it such as host.cpu.codename", NULL},
	{"baseline", OPTION_TEXT, offsetof(struct options, baseline), "VALUE",
		"the value that the others are compared with", NULL},
	{"metric", OPTION_TEXTS, offsetof(struct options, metrics), "NAME",
		"this metric; several times for more (time and energy.package)", NULL},
	{"threshold", OPTION_TEXT, offsetof(struct options, threshold), "PERCENT",
		"a change up to this is none (2%)", NULL},
	{"alpha", OPTION_TEXT, offsetof(struct options, alpha), "NUMBER",
		"false alarms accepted among what is called changed (0.01)", NULL},
	{"ranks", OPTION_FLAG, offsetof(struct options, by_ranks), NULL,
		"Hodges-Lehmann and rank tests instead of means of logs", NULL},
	{"all", OPTION_FLAG, offsetof(struct options, is_all), NULL, "unchanged ones too", NULL},
	{"gate", OPTION_FLAG, offsetof(struct options, is_gate), NULL,
		"exit with 3 where something regressed", NULL},
	{.name = NULL},
};

/* All that is asked of one or two campaigns. */
struct inquiry {
	const struct options *o;
	struct gathered contender, second; /* second: of two campaigns the first, the baseline */
	bool has_second;
	struct campaign *campaign; /* the contender's, or NULL */
	struct question *questions;
	struct comparison_result *results;
	size_t n;
};

/* ---- the questions ---- */

static struct question *add_question(struct inquiry *q)
{
	q->questions = xreallocarray(q->questions, q->n + 1, sizeof *q->questions);
	q->questions[q->n] =
		(struct question){.threshold = DEFAULT_THRESHOLD, .alpha = DEFAULT_ALPHA};
	return &q->questions[q->n++];
}

static bool is_measured(const struct gathered *g, const char *metric)
{
	size_t at = gathered_metric(g, metric);

	return at < g->metrics_n && g->metrics[at].is_used;
}

/* From the command line, else the campaign's, else time and energy as far as they were measured. */
static void set_metrics(struct inquiry *q, struct question *out, char *const *of, size_t n)
{
	static const char *const usual[] = {"time", "energy.package"};
	const struct texts *given = &q->o->metrics;

	out->metrics = xcalloc(given->n + n + ARRAY_SIZE(usual), sizeof *out->metrics);
	for (size_t i = 0; i < given->n; i++)
		out->metrics[out->metrics_n++] = given->items[i];
	for (size_t i = 0; i < n && given->n == 0; i++)
		if (is_measured(&q->contender, of[i]))
			out->metrics[out->metrics_n++] = of[i];
	for (size_t i = 0; i < ARRAY_SIZE(usual) && given->n + n == 0; i++)
		if (is_measured(&q->contender, usual[i]))
			out->metrics[out->metrics_n++] = usual[i];
}

static enum compared_by kind_of(const char *by)
{
	return strcmp(by, "host") == 0 || strncmp(by, "host.", strlen("host.")) == 0 ? BY_HOST
										     : BY_AXIS;
}

static void ask_of_submissions(struct inquiry *q)
{
	struct question *out = add_question(q);

	out->kind = BY_SUBMISSION;
	out->baseline = q->second.label;
	set_metrics(q, out, NULL, 0);
}

/* The campaign's comparison along the same axis knows the baseline, where none is given. */
static int ask_by(struct inquiry *q, const char *by, struct error *err)
{
	const struct campaign *c = q->campaign;
	const struct comparison *known = NULL;
	const char *baseline = q->o->baseline;
	struct question *out;

	for (size_t i = 0; c != NULL && i < c->comparisons_n; i++)
		if (strcmp(c->comparisons[i].by, by) == 0)
			known = &c->comparisons[i];
	if (baseline == NULL && known != NULL)
		baseline = known->baseline;
	if (baseline == NULL)
		return error_set(err, ERR_USAGE,
			"compare: --by %s needs --baseline VALUE: the value that the others are "
			"compared with",
			by);
	out = add_question(q);
	out->kind = kind_of(by);
	out->by = by;
	out->baseline = baseline;
	set_metrics(q, out, known ? known->metrics : NULL, known ? known->metrics_n : 0);
	if (known != NULL && known->alpha > 0) {
		out->threshold = (double)known->threshold / 1e6;
		out->alpha = known->alpha;
	}
	return 0;
}

static int ask(struct inquiry *q, struct error *err)
{
	int rc = 0;

	if (q->has_second && q->o->by != NULL)
		return error_set(err, ERR_USAGE,
			"compare: --by is along an axis of one campaign; two campaigns are "
			"compared with each other");
	if (q->has_second)
		ask_of_submissions(q);
	else if (q->o->by != NULL)
		rc = ask_by(q, q->o->by, err);
	else if (q->campaign == NULL || q->campaign->comparisons_n == 0)
		rc = error_set(err, ERR_USAGE,
			"compare: the campaign %s has no 'compare'; say --by AXIS --baseline "
			"VALUE, or name two campaigns",
			q->contender.label);
	for (size_t i = 0; rc == 0 && q->n == 0 && i < q->campaign->comparisons_n; i++)
		rc = ask_by(q, q->campaign->comparisons[i].by, err);
	return rc;
}

/* --threshold and --alpha hold for all questions. */
static int apply_levels(struct inquiry *q, struct error *err)
{
	int64_t threshold = 0;
	double alpha = 0;
	char *end;

	if (q->o->threshold != NULL && units_parse_percent(q->o->threshold, &threshold, err) < 0)
		return error_wrap(err, "compare: --threshold"), ERR_USAGE;
	if (q->o->alpha != NULL) {
		alpha = strtod(q->o->alpha, &end);
		if (*end != '\0' || !(alpha > 0 && alpha < 0.5))
			return error_set(err, ERR_USAGE,
				"compare: --alpha: '%s', expected a number between 0 and 0.5",
				q->o->alpha);
	}
	for (size_t i = 0; i < q->n; i++) {
		q->questions[i].by_ranks = q->o->by_ranks;
		if (q->o->threshold != NULL)
			q->questions[i].threshold = (double)threshold / 1e6;
		if (alpha > 0)
			q->questions[i].alpha = alpha;
	}
	return 0;
}

/* ---- the answers ---- */

static int answer(struct inquiry *q, struct error *err)
{
	int rc = 0;

	q->results = xcalloc(q->n + 1, sizeof *q->results);
	for (size_t i = 0; i < q->n && rc == 0; i++) {
		if (q->questions[i].metrics_n == 0)
			return error_set(err, ERR_USAGE,
				"compare: %s has none of the metrics to compare; --metric names "
				"others",
				q->contender.label);
		rc = comparison_make(&q->questions[i], &q->contender,
			q->has_second ? &q->second : &q->contender, &q->results[i], err);
		if (rc == 0 && q->results[i].n == 0)
			rc = error_set(err, ERR_USAGE,
				"compare: there is nothing to compare with %s%s%s",
				q->questions[i].baseline, q->results[i].missing_n ? ": " : "",
				q->results[i].missing_n ? q->results[i].missing[0] : "");
	}
	return rc;
}

static bool has_regressed(const struct inquiry *q)
{
	bool any = false;

	for (size_t i = 0; i < q->n; i++) {
		const struct comparison_result *c = &q->results[i];

		for (size_t k = 0; k < c->n; k++) {
			const struct compared *row = &c->rows[k];
			const struct gathered_configuration *of =
				&c->contender->configurations[row->configuration];

			if (row->verdict != VERDICT_REGRESSED)
				continue;
			any = true;
			fprintf(stderr, "regressed: %s of %s %s on %s: %.2f %% worse\n",
				c->question->metrics[row->metric], of->benchmark, of->json,
				row->host,
				100 * (row->ratio.ratio > 1 ? row->ratio.ratio - 1
							    : 1 - row->ratio.ratio));
		}
	}
	return any;
}

static int show(const struct inquiry *q, struct error *err)
{
	const char *format = q->o->common.format;
	const struct output_ops *ops = output_by_name(format == NULL ? "table" : format, err);
	struct comparison_result **all;

	if (ops == NULL)
		return ERR_USAGE;
	all = xcalloc(q->n + 1, sizeof *all);
	for (size_t i = 0; i < q->n; i++)
		all[i] = &q->results[i];
	if (ops != &output_table && ops != &output_markdown)
		compare_rows(all, q->n, ops, stdout);
	for (size_t i = 0; i < q->n && (ops == &output_table || ops == &output_markdown); i++) {
		if (i > 0)
			putchar('\n');
		compare_table(&q->results[i], q->o->is_all, ops, stdout);
	}
	free(all);
	return 0;
}

static int gather_one(struct results *r, const char *typed, struct gathered *out, struct error *err)
{
	_cleanup_free_ char *label = results_label(r, typed, err);

	*out = (struct gathered){0};
	return label == NULL ? err->code : gather(r, label, out, err);
}

static int gather_all(
	struct inquiry *q, struct results *r, const char **arguments, size_t n, struct error *err)
{
	struct diagnostics d = {0};
	int rc = 0;

	q->has_second = n > 1;
	if (n > 1)
		rc = gather_one(r, arguments[0], &q->second, err);
	if (rc == 0)
		rc = gather_one(r, n > 0 ? arguments[n - 1] : NULL, &q->contender, err);
	if (rc < 0)
		return rc;
	q->campaign = campaign_read(
		q->contender.yaml, strlen(q->contender.yaml), q->contender.changes, &d);
	diagnostics_done(&d);
	return 0;
}

static void inquiry_done(struct inquiry *q)
{
	for (size_t i = 0; i < q->n; i++) {
		if (q->results != NULL)
			comparison_done(&q->results[i]);
		free(q->questions[i].metrics);
	}
	free(q->results);
	free(q->questions);
	gathered_done(&q->contender);
	gathered_done(&q->second);
	campaign_free(q->campaign);
}

static int run(void *options, const char **arguments, size_t n, struct error *err)
{
	const struct options *o = options;
	struct results_where where = common_where(&o->common);
	struct inquiry q = {.o = o};
	struct results *r;

	if (results_open(&r, &where, err) < 0)
		return error_exit_status(err);
	int rc = gather_all(&q, r, arguments, n, err);
	results_close(r);
	if (rc == 0)
		rc = ask(&q, err);
	if (rc == 0)
		rc = apply_levels(&q, err);
	if (rc == 0)
		rc = answer(&q, err);
	if (rc == 0)
		rc = show(&q, err);
	int status = rc < 0 ? (int)error_exit_status(err) : EXIT_OK;
	if (rc == 0 && o->is_gate && has_regressed(&q))
		status = EXIT_REGRESSION;
	inquiry_done(&q);
	return status;
}

const struct command command_compare = {
	.name = "compare",
	.usage = "compare A [B] [--by AXIS|host|host.PATH] [--baseline VALUE] [--metric NAME ...]",
	.summary = "what changed: two campaigns, or the values of an axis, or hosts",
	.details =
		"A and B are campaigns as NAME.N, or NAME for the last submission; B is compared "
		"with A.\n"
		"With one campaign, what its file says under 'compare', or --by and --baseline.\n"
		"A ratio is contender / baseline, paired within host and block along an axis, with "
		"its interval;\n"
		"p-values are adjusted over all comparisons of a metric (Benjamini-Hochberg).",
	.options = table,
	.options_size = sizeof(struct options),
	.min_arguments = 1,
	.max_arguments = 2,
	.run = run,
};
