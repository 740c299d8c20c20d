/* joulerig compare: is it faster, does it use less energy, by how much, how sure. */
#include "coordinator/commands/commands.h"
#include "coordinator/commands/compare_extra.h"
#include "coordinator/commands/compare_view.h"
#include "coordinator/commands/gate.h"
#include "coordinator/findings/normalise.h"
#include "coordinator/findings/questions.h"
#include "coordinator/findings/residual.h"

struct options {
	struct common_options common;
	const char *by, *baseline, *threshold, *alpha, *per, *show, *chain, *band;
	struct texts metrics;
	bool by_ranks, with_ranks, is_all, is_gate, is_forest;
};

static const char *const shows[] = {"verdicts", "break-even", "residual", NULL};

/* Those of every subcommand, and what build servers read. */
static const char *const formats[] = {
	"table", "csv", "json", "ndjson", "markdown", "junit", "github", "gitlab", NULL};

static const struct option_info table[] = {
	{"by", OPTION_TEXT, offsetof(struct options, by), "WHAT",
		"an axis, host, or a path below it such as host.cpu.codename", NULL},
	{"baseline", OPTION_TEXT, offsetof(struct options, baseline), "VALUE",
		"the value to compare with; or the submission: previous, last-7, NAME.N", NULL},
	{"metric", OPTION_TEXTS, offsetof(struct options, metrics), "NAME",
		"this one; several times for more (the campaign's, else time, energy)", NULL},
	{"threshold", OPTION_TEXT, offsetof(struct options, threshold), "PERCENT",
		"a change up to this is none (the campaign's, else 2%)", NULL},
	{"alpha", OPTION_TEXT, offsetof(struct options, alpha), "NUMBER",
		"false alarms accepted among changes (the campaign's, else 0.01)", NULL},
	{"ranks", OPTION_FLAG, offsetof(struct options, by_ranks), NULL,
		"Hodges-Lehmann and rank tests instead of means of logs", NULL},
	{"rank-test", OPTION_FLAG, offsetof(struct options, with_ranks), NULL,
		"p-values of ranks beside: Wilcoxon of pairs, Mann-Whitney of samples", NULL},
	{"per", OPTION_TEXT, offsetof(struct options, per), "RESOURCE",
		"times and rates normalised: per core, hertz or watt", normalised_names},
	{"show", OPTION_TEXT, offsetof(struct options, show), "WHAT",
		"verdicts, break-even (which speed-up saves), residual (energy as time)", shows},
	{"chain", OPTION_TEXT, offsetof(struct options, chain), "A,B,C",
		"of which parts the ratio of C to A is made: values of the axis", NULL},
	{"band", OPTION_TEXT, offsetof(struct options, band), "PERCENT",
		"of --show residual: up to this energy is proportional to time (10%)", NULL},
	{"forest", OPTION_FLAG, offsetof(struct options, is_forest), NULL,
		"a bar for each interval, in place of medians where the page is narrow", NULL},
	{"all", OPTION_FLAG, offsetof(struct options, is_all), NULL, "unchanged ones too", NULL},
	{"gate", OPTION_FLAG, offsetof(struct options, is_gate), NULL,
		"exit with 3 where something regressed", NULL},
	{"format", OPTION_TEXT, offsetof(struct options, common.format), "FORMAT",
		"table, csv, json, ndjson, markdown, or for CI junit, github, gitlab", formats},
	{.name = NULL},
};

/* One or two campaigns, what is asked of them, and the answers. */
struct inquiry {
	const struct options *o;
	struct study contender, second; /* second: of two campaigns the first, the baseline */
	bool has_second;
	struct history history; /* what --baseline means, where it means submissions */
	struct gate gate;
	struct questions questions;
	struct comparison_result *results;
	char *chain_begin; /* the first value of --chain: the baseline, where none is given */
};

/* ---- the answers ---- */

static const char *why_nothing(const struct comparison_result *c)
{
	return c->refused_n > 0 ? c->refused[0] : c->missing_n > 0 ? c->missing[0] : NULL;
}

/* Whether nothing to compare is an answer: a gate is told of what cannot be measured any more. */
static bool is_answer(const struct inquiry *q)
{
	const char *format = q->o->common.format;

	return (q->o->is_gate || (format != NULL && ci_by_name(format) != NULL)) &&
	       gate_is_broken(&q->contender.g);
}

static int answer(struct inquiry *q, struct error *err)
{
	int rc = 0;

	const struct gathered *contender = &q->contender.g;
	const struct gathered *baseline = q->has_second ? &q->second.g : contender;

	q->results = xcalloc(q->questions.n + 1, sizeof *q->results);
	for (size_t i = 0; i < q->questions.n && rc == 0; i++) {
		const struct question *question = &q->questions.items[i];

		q->results[i] = (struct comparison_result){
			.question = question, .contender = contender, .baseline = baseline};
		if (question->metrics_n == 0 && is_answer(q))
			continue;
		if (question->metrics_n == 0)
			return error_set(err, ERR_USAGE,
				"compare: %s has none of the metrics to compare; --metric names "
				"others",
				contender->label);
		if (q->history.kind == HISTORY_LAST)
			rc = history_compare(
				&q->history, question, contender, baseline, &q->results[i], err);
		else
			rc = comparison_make(question, contender, baseline, &q->results[i], err);
		if (q->history.kind == HISTORY_LAST && q->results[i].missing_n > 0)
			continue; /* too few nights so far are no mistake */
		const char *why = why_nothing(&q->results[i]);
		if (rc == 0 && q->results[i].n == 0 && q->results[i].refused_n == 0 &&
			question->kind == BY_SUBMISSION && !is_answer(q))
			rc = error_set(err, ERR_USAGE,
				"compare: %s and %s have no benchmark with the same parameters on "
				"a host of the same name%s%s; `joulerig results` shows what each "
				"has",
				baseline->label, contender->label, why ? ": " : "", why ? why : "");
		else if (rc == 0 && q->results[i].n == 0 && !is_answer(q))
			rc = error_set(err, ERR_USAGE,
				"compare: there is nothing to compare with %s%s%s",
				question->baseline, why ? ": " : "", why ? why : "");
	}
	return rc;
}

/* ---- options that go together ---- */

static bool is_shown(const struct options *o, const char *what)
{
	return o->show != NULL && strcmp(o->show, what) == 0;
}

/* Of two options one would do nothing, which nobody would notice. */
static int refuse(const char *one, const char *other, struct error *err)
{
	return error_set(
		err, ERR_USAGE, "compare: %s does nothing with %s: leave one out", one, other);
}

/* --chain, --show residual and --show break-even have intervals of their own kind. */
static int check_extra(const struct options *o, struct error *err)
{
	const char *extra = o->chain != NULL          ? "--chain"
			    : is_shown(o, "residual") ? "--show residual"
						      : "--show break-even";
	const struct {
		bool is_set;
		const char *name;
	} without[] = {{o->by_ranks, "--ranks"}, {o->with_ranks, "--rank-test"},
		{o->per != NULL, "--per"}, {o->threshold != NULL, "--threshold"},
		{o->is_forest, "--forest"}, {o->is_all, "--all"},
		{o->chain == NULL && o->metrics.n > 0, "--metric"},
		{o->chain != NULL && o->show != NULL, "--show"}};

	for (size_t i = 0; i < ARRAY_SIZE(without); i++)
		if (without[i].is_set)
			return refuse(without[i].name, extra, err);
	return 0;
}

static int check_options(const struct options *o, size_t campaigns, struct error *err)
{
	bool is_extra = o->chain != NULL || is_shown(o, "residual") || is_shown(o, "break-even");

	if (campaigns > 1 && o->baseline != NULL)
		return refuse(
			"--baseline", "two campaigns, of which the first is the baseline", err);
	if (o->band != NULL && (!is_shown(o, "residual") || o->chain != NULL))
		return error_set(err, ERR_USAGE, "compare: --band is of --show residual alone");
	if (o->by_ranks && o->with_ranks)
		return refuse("--rank-test", "--ranks, which has its p-values", err);
	return is_extra ? check_extra(o, err) : 0;
}

/* Of last-N the submissions are the units, so few that there are no ranks of them. */
static int check_history(const struct options *o, const struct history *h, struct error *err)
{
	const char *option = o->by_ranks      ? "--ranks"
			     : o->with_ranks  ? "--rank-test"
			     : o->per != NULL ? "--per"
					      : NULL;

	return h->kind != HISTORY_LAST || option == NULL
		       ? 0
		       : refuse(option, "--baseline last-N, where submissions are compared", err);
}

/* ---- other answers ---- */

static bool is_extra(const struct options *o)
{
	return o->chain != NULL || (o->show != NULL && strcmp(o->show, "verdicts") != 0);
}

/* Which question an axis is of: the first that has one. */
static const struct question *axis_question(const struct inquiry *q, struct error *err)
{
	for (size_t i = 0; i < q->questions.n; i++)
		if (q->questions.items[i].kind == BY_AXIS)
			return &q->questions.items[i];
	error_set(err, ERR_USAGE,
		"compare: --%s is along an axis of one campaign: --by AXIS --baseline VALUE",
		q->o->chain ? "chain" : "show");
	return NULL;
}

static int band_of(const struct options *o, double *out, struct error *err)
{
	int64_t band = 0;

	*out = RESIDUAL_BAND;
	if (o->band == NULL)
		return 0;
	if (units_parse_percent(o->band, &band, err) < 0)
		return error_wrap(err, "compare: --band"), ERR_USAGE;
	*out = (double)band / 1e6;
	return 0;
}

static int answer_extra(const struct inquiry *q, struct error *err)
{
	const struct options *o = q->o;
	const char *format = o->common.format == NULL ? "table" : o->common.format;
	const struct question *question = axis_question(q, err);
	const struct output_ops *ops = question == NULL ? NULL : output_by_name(format, err);
	double band;

	if (o->is_gate)
		return error_set(err, ERR_USAGE,
			"compare: --gate judges by verdicts: leave out --%s",
			o->chain ? "chain" : "show");
	if (ops == NULL || band_of(o, &band, err) < 0)
		return ERR_USAGE;
	if (o->chain != NULL)
		return compare_decomposition(question, &q->contender.g, o->chain, ops, stdout, err);
	if (strcmp(o->show, "residual") == 0)
		return compare_residual(question, &q->contender.g, band, ops, stdout, err);
	return compare_break_even(question, &q->contender.g, ops, stdout, err);
}

static int show(const struct inquiry *q, struct error *err)
{
	const char *format = q->o->common.format == NULL ? "table" : q->o->common.format;
	const struct ci_ops *ci = ci_by_name(format);
	const struct output_ops *ops = ci == NULL ? output_by_name(format, err) : NULL;
	const struct compare_look look = {.is_all = q->o->is_all,
		.is_forest = q->o->is_forest,
		.is_plain = ops == &output_markdown};
	struct comparison_result **all;

	if (ci != NULL) {
		gate_report(&q->gate, ci, stdout);
		return 0;
	}
	if (ops == NULL)
		return ERR_USAGE;
	all = xcalloc(q->questions.n + 1, sizeof *all);
	for (size_t i = 0; i < q->questions.n; i++)
		all[i] = &q->results[i];
	bool is_table = ops == &output_table || ops == &output_markdown;
	if (!is_table)
		compare_rows(all, q->questions.n, &q->contender, ops, stdout);
	for (size_t i = 0; i < q->questions.n; i++) {
		if (is_table && i > 0)
			putchar('\n');
		if (is_table)
			compare_table(&q->results[i], &look, ops, stdout);
		else if (!q->o->common.quiet)
			compare_left_out(&q->results[i], stderr);
	}
	free(all);
	return 0;
}

/* What answers are made of where --metric names them; else the campaign's file says, which is read
 * with the runs. */
struct wanted {
	const char **metrics; /* owned */
	char **per_work;      /* owned, and the texts */
	struct gather_wanted all;
};

static const struct gather_wanted *want(struct wanted *w, const struct texts *named)
{
	/* Of canaries, and of --per. */
	static const char *const beside[] = {"time", "frequency.busy", "power.package"};
	size_t n = 0;

	if (named->n == 0)
		return NULL;
	w->metrics = xcalloc(2 * named->n + ARRAY_SIZE(beside), sizeof *w->metrics);
	w->per_work = xcalloc(named->n, sizeof *w->per_work);
	for (size_t i = 0; i < named->n; i++) {
		w->per_work[i] = xasprintf("%s.per_work", named->items[i]);
		w->metrics[n++] = named->items[i];
		w->metrics[n++] = w->per_work[i];
	}
	for (size_t i = 0; i < ARRAY_SIZE(beside); i++)
		w->metrics[n++] = beside[i];
	w->all = (struct gather_wanted){.metrics = w->metrics, .n = n};
	return &w->all;
}

static void wanted_done(struct wanted *w, const struct texts *named)
{
	for (size_t i = 0; w->per_work != NULL && i < named->n; i++)
		free(w->per_work[i]);
	free(w->per_work);
	free(w->metrics);
}

/* Earlier submissions, where --baseline names some. */
static int open_history(
	struct inquiry *q, struct results *r, const struct gather_wanted *wanted, struct error *err)
{
	struct history *h = &q->history;
	int rc = history_find(r, q->contender.g.label, q->o->baseline, h, err);

	q->has_second = h->labels_n > 0;
	if (rc == 0)
		rc = check_history(q->o, h, err);
	if (rc == 0 && q->has_second)
		rc = study_open(r, h->labels[0], wanted, &q->second, err);
	if (rc == 0 && h->kind == HISTORY_LAST)
		rc = history_read(h, r, &q->contender.g, wanted, err);
	return rc;
}

static int open_all(
	struct inquiry *q, struct results *r, const char **arguments, size_t n, struct error *err)
{
	struct wanted w = {0};
	const struct gather_wanted *wanted = want(&w, &q->o->metrics);
	int rc = 0;

	q->has_second = n > 1;
	if (n > 1)
		rc = study_open(r, arguments[0], wanted, &q->second, err);
	if (rc == 0)
		rc = study_open(r, n > 0 ? arguments[n - 1] : NULL, wanted, &q->contender, err);
	if (rc == 0 && n < 2 && q->o->baseline != NULL && q->o->by == NULL)
		rc = open_history(q, r, wanted, err);
	wanted_done(&w, &q->o->metrics);
	return rc < 0 ? rc : gate_open(&q->gate, r, &q->contender, err);
}

static int ask(struct inquiry *q, struct error *err)
{
	const struct history *h = &q->history;
	const char *chain = q->o->chain, *baseline = q->o->baseline;

	if (chain != NULL && q->o->by != NULL && baseline == NULL)
		baseline = q->chain_begin = xstrndup(chain, strcspn(chain, ","));
	const struct asked asked = {.by = q->o->by,
		.baseline = h->kind == HISTORY_NONE ? baseline : NULL,
		.threshold = q->o->threshold,
		.alpha = q->o->alpha,
		.metrics = &q->o->metrics,
		.by_ranks = q->o->by_ranks,
		.with_ranks = q->o->with_ranks,
		.per = q->o->per == NULL ? PER_NOTHING : normalised_by_name(q->o->per)};

	if (h->kind != HISTORY_NONE && !q->has_second)
		return 0; /* the first of its name */
	int rc = questions_make(
		&asked, &q->contender, q->has_second ? &q->second : NULL, &q->questions, err);
	for (size_t i = 0; h->kind == HISTORY_LAST && i < q->questions.n; i++) {
		q->questions.items[i].kind = BY_HISTORY;
		q->questions.items[i].baseline = h->title;
	}
	return rc;
}

/* Notes and regressions, on stderr; the exit status. */
static int judge(struct inquiry *q)
{
	if (q->has_second && strcmp(q->contender.g.label, q->second.g.label) == 0)
		fprintf(stderr,
			"note: both sides are %s, so every ratio is 1; name two submissions, or "
			"--by AXIS --baseline VALUE\n",
			q->contender.g.label);
	if (q->o->is_gate)
		return gate_judge(&q->gate, stderr);
	gate_notes(&q->history, stderr);
	if (!q->o->common.quiet)
		gate_state(&q->contender.g, stderr);
	return EXIT_OK;
}

static void inquiry_done(struct inquiry *q)
{
	for (size_t i = 0; q->results != NULL && i < q->questions.n; i++)
		comparison_done(&q->results[i]);
	free(q->results);
	free(q->chain_begin);
	questions_done(&q->questions);
	history_done(&q->history);
	gate_done(&q->gate);
	study_done(&q->contender);
	study_done(&q->second);
}

static int run(void *options, const char **arguments, size_t n, struct error *err)
{
	const struct options *o = options;
	struct results_where where = common_where(&o->common);
	struct inquiry q = {.o = o};
	struct results *r;

	if (check_options(o, n, err) < 0 || results_open(&r, &where, err) < 0)
		return error_exit_status(err);
	int rc = open_all(&q, r, arguments, n, err);
	results_close(r);
	if (rc == 0)
		rc = ask(&q, err);
	if (rc == 0 && is_extra(o)) {
		rc = answer_extra(&q, err);
		inquiry_done(&q);
		return rc < 0 ? (int)error_exit_status(err) : EXIT_OK;
	}
	if (rc == 0)
		rc = answer(&q, err);
	q.gate.history = &q.history;
	q.gate.results = q.results;
	q.gate.n = q.questions.n;
	q.gate.is_quiet = o->common.quiet;
	if (rc == 0)
		rc = show(&q, err);
	int status = rc < 0 ? (int)error_exit_status(err) : judge(&q);
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
		"p-values are adjusted over all comparisons of a metric (Benjamini-Hochberg).\n"
		"A metric whose work differs between two sides is compared per unit of work. "
		"Energies that are not\n"
		"of a kind are refused and named, as is what has no counterpart, and what else "
		"differs between hosts\n"
		"or nights. docs/compare.md has all formulas.\n"
		"--baseline previous, last-7 or NAME.N without --by compares A with the "
		"submissions "
		"before it.\n"
		"Metrics, threshold and alpha are those of the campaign's 'compare' (between "
		"submissions: the\n"
		"metrics of all of them, the levels of the first) unless options say otherwise.",
	.options = table,
	.options_size = sizeof(struct options),
	.min_arguments = 1,
	.max_arguments = 2,
	.run = run,
};
