/* joulerig trend: since when is it slower, and was it the program. */
#include "coordinator/commands/commands.h"
#include "coordinator/commands/trend_view.h"
#include "proto/units.h"

struct options {
	struct common_options common;
	const char *host, *only, *threshold, *alpha, *since;
	struct texts metrics;
	int64_t last;
	bool is_all, is_gate;
};

static const struct option_info table[] = {
	{"metric", OPTION_TEXTS, offsetof(struct options, metrics), "NAME",
		"this metric; several times for more (those of 'compare')", NULL},
	{"host", OPTION_TEXT, offsetof(struct options, host), "NAME", "this host alone", NULL},
	{"only", OPTION_TEXT, offsetof(struct options, only), "EXPRESSION",
		"the configurations for which it holds", NULL},
	{"last", OPTION_COUNT, offsetof(struct options, last), "N", "the newest N submissions",
		NULL},
	{"threshold", OPTION_TEXT, offsetof(struct options, threshold), "PERCENT",
		"a change up to this is none (2%)", NULL},
	{"alpha", OPTION_TEXT, offsetof(struct options, alpha), "NUMBER",
		"false alarms accepted among the changes (0.01)", NULL},
	{"all", OPTION_FLAG, offsetof(struct options, is_all), NULL,
		"every series of a change that many share", NULL},
	{"gate", OPTION_FLAG, offsetof(struct options, is_gate), NULL,
		"exit with 3 where the last change of a series is a regression", NULL},
	{"since", OPTION_TEXT, offsetof(struct options, since), "ID",
		"--gate minds changes from this submission on alone", NULL},
	{.name = NULL},
};

/* ---- what is asked ---- */

static int read_levels(const struct options *o, struct trend_asked *out, struct error *err)
{
	int64_t threshold = 0;
	char *end;

	if (o->threshold != NULL && units_parse_percent(o->threshold, &threshold, err) < 0)
		return error_wrap(err, "trend: --threshold"), ERR_USAGE;
	out->threshold = (double)threshold / 1e6;
	out->has_threshold = o->threshold != NULL;
	if (o->since != NULL && !o->is_gate)
		return error_set(
			err, ERR_USAGE, "trend: --since is of --gate: it does nothing without");
	if (o->alpha == NULL)
		return 0;
	out->alpha = strtod(o->alpha, &end);
	if (*end != '\0' || !(out->alpha > 0 && out->alpha < 0.5))
		return error_set(err, ERR_USAGE,
			"trend: --alpha: '%s', expected a number between 0 and 0.5", o->alpha);
	return 0;
}

/* The place of the submission from which on the gate minds changes. */
static int read_since(
	const struct options *o, const struct trend *t, size_t *out, struct error *err)
{
	const char **labels;

	*out = 0;
	if (o->since == NULL)
		return 0;
	labels = xcalloc(t->submissions_n, sizeof *labels);
	for (size_t i = 0; i < t->submissions_n; i++)
		labels[i] = t->submissions[i].label;
	while (*out < t->submissions_n && strcmp(labels[*out], o->since) != 0)
		(*out)++;
	const char *near = nearest_word(o->since, labels, t->submissions_n);
	free(labels);
	if (*out < t->submissions_n)
		return 0;
	return error_set(err, ERR_USAGE, "trend: --since: no submission '%s' is shown; %s '%s'%s",
		o->since, near ? "did you mean" : "the last one is",
		near ? near : t->submissions[t->submissions_n - 1].label, near ? "?" : "");
}

/* ---- the gate ---- */

static bool has_regressed(const struct trend *t, size_t since)
{
	bool any = false;

	for (size_t i = 0; i < t->series_n; i++) {
		const struct trend_series *s = &t->series[i];
		const struct trend_change *c =
			s->changes_n == 0 ? NULL : &s->changes[s->changes_n - 1];

		if (c == NULL || !c->is_worse || c->is_machine || s->is_canary ||
			s->points[c->point].submission < since)
			continue;
		any = true;
		fprintf(stderr, "regressed: %s of %s %s on %s: %+.2f %% since %s\n", s->metric,
			s->benchmark, s->parameters, s->host, 100 * (c->ratio - 1),
			t->submissions[s->points[c->point].submission].label);
	}
	return any;
}

static void note_aside(const struct trend *t)
{
	for (size_t i = 0; i < t->aside_n; i++)
		fprintf(stderr,
			"note: %s is passed over: it is a rerun of some configurations, or of two "
			"contents\n",
			t->aside[i]);
}

static int show(const struct options *o, const struct trend *t, const char *name, struct error *err)
{
	const char *format = o->common.format == NULL ? "table" : o->common.format;
	const struct output_ops *ops = output_by_name(format, err);

	if (ops == NULL)
		return ERR_USAGE;
	if (ops == &output_table || ops == &output_markdown)
		trend_table(t, name, o->is_all, ops, stdout);
	else
		trend_rows(t, ops, stdout);
	return 0;
}

static int run(void *options, const char **arguments, size_t n, struct error *err)
{
	const struct options *o = options;
	struct trend_asked asked = {.metrics = o->metrics.items,
		.metrics_n = o->metrics.n,
		.host = o->host,
		.only = o->only,
		.last = o->last};
	struct results_where where = common_where(&o->common);
	struct results *r;
	struct trend t;
	size_t since = 0;

	(void)n;
	if (read_levels(o, &asked, err) < 0 || results_open(&r, &where, err) < 0)
		return error_exit_status(err);
	int rc = trend_make(r, arguments[0], &asked, &t, err);
	results_close(r);
	if (rc == 0)
		rc = read_since(o, &t, &since, err);
	if (rc == 0)
		rc = show(o, &t, arguments[0], err);
	if (rc == 0 && !o->common.quiet)
		note_aside(&t);
	int status = rc < 0 ? (int)error_exit_status(err) : EXIT_OK;
	if (rc == 0 && o->is_gate && has_regressed(&t, since))
		status = EXIT_REGRESSION;
	trend_done(&t);
	return status;
}

const struct command command_trend = {
	.name = "trend",
	.usage = "trend NAME [--metric METRIC ...] [--host HOST] [--only EXPRESSION] [--gate]",
	.summary = "every submission of a campaign, with change points",
	.details =
		"NAME is a campaign's; all of its submissions that ended are read, oldest first.\n"
		"A series is a configuration on a host, a point its median in a submission. A "
		"change is told\n"
		"once, at the first submission of the new level, as soon as three submissions have "
		"it.\n"
		"A series breaks where the host's fingerprint changes. Benchmarks with 'canary: "
		"true' tell\n"
		"what the machine did: a change that they share is its own.",
	.options = table,
	.options_size = sizeof(struct options),
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};
