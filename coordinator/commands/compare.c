/* joulerig compare: is it faster, does it use less energy, by how much, how sure. */
#include "coordinator/commands/commands.h"
#include "coordinator/commands/compare_view.h"
#include "coordinator/findings/questions.h"

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

/* One or two campaigns, what is asked of them, and the answers. */
struct inquiry {
	const struct options *o;
	struct study contender, second; /* second: of two campaigns the first, the baseline */
	bool has_second;
	struct questions questions;
	struct comparison_result *results;
};

/* ---- the answers ---- */

static int answer(struct inquiry *q, struct error *err)
{
	int rc = 0;

	const struct gathered *contender = &q->contender.g;
	const struct gathered *baseline = q->has_second ? &q->second.g : contender;

	q->results = xcalloc(q->questions.n + 1, sizeof *q->results);
	for (size_t i = 0; i < q->questions.n && rc == 0; i++) {
		const struct question *question = &q->questions.items[i];

		if (question->metrics_n == 0)
			return error_set(err, ERR_USAGE,
				"compare: %s has none of the metrics to compare; --metric names "
				"others",
				contender->label);
		rc = comparison_make(question, contender, baseline, &q->results[i], err);
		if (rc == 0 && q->results[i].n == 0)
			rc = error_set(err, ERR_USAGE,
				"compare: there is nothing to compare with %s%s%s",
				question->baseline, q->results[i].missing_n ? ": " : "",
				q->results[i].missing_n ? q->results[i].missing[0] : "");
	}
	return rc;
}

static bool has_regressed(const struct inquiry *q)
{
	bool any = false;

	for (size_t i = 0; i < q->questions.n; i++) {
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
	all = xcalloc(q->questions.n + 1, sizeof *all);
	for (size_t i = 0; i < q->questions.n; i++)
		all[i] = &q->results[i];
	if (ops != &output_table && ops != &output_markdown)
		compare_rows(all, q->questions.n, ops, stdout);
	for (size_t i = 0; i < q->questions.n && (ops == &output_table || ops == &output_markdown); i++) {
		if (i > 0)
			putchar('\n');
		compare_table(&q->results[i], q->o->is_all, ops, stdout);
	}
	free(all);
	return 0;
}

static int open_all(
	struct inquiry *q, struct results *r, const char **arguments, size_t n, struct error *err)
{
	int rc = 0;

	q->has_second = n > 1;
	if (n > 1)
		rc = study_open(r, arguments[0], NULL, &q->second, err);
	if (rc == 0)
		rc = study_open(r, n > 0 ? arguments[n - 1] : NULL, NULL, &q->contender, err);
	return rc;
}

static int ask(struct inquiry *q, struct error *err)
{
	const struct asked asked = {.by = q->o->by,
		.baseline = q->o->baseline,
		.threshold = q->o->threshold,
		.alpha = q->o->alpha,
		.metrics = &q->o->metrics,
		.by_ranks = q->o->by_ranks};

	return questions_make(
		&asked, &q->contender, q->has_second ? &q->second : NULL, &q->questions, err);
}

static void inquiry_done(struct inquiry *q)
{
	for (size_t i = 0; q->results != NULL && i < q->questions.n; i++)
		comparison_done(&q->results[i]);
	free(q->results);
	questions_done(&q->questions);
	study_done(&q->contender);
	study_done(&q->second);
}

static int run(void *options, const char **arguments, size_t n, struct error *err)
{
	const struct options *o = options;
	struct results_where where = common_where(&o->common);
	struct inquiry q = {.o = o};
	struct results *r;

	if (results_open(&r, &where, err) < 0)
		return error_exit_status(err);
	int rc = open_all(&q, r, arguments, n, err);
	results_close(r);
	if (rc == 0)
		rc = ask(&q, err);
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
