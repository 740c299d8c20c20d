#include "coordinator/commands/commands.h"
#include "coordinator/commands/show.h"

struct options {
	struct common_options common;
	const char *host, *columns, *only, *sort;
	bool has_bars;
};

static const struct option_info table[] = {
	{"host", OPTION_TEXT, offsetof(struct options, host), "NAME", "this host alone", NULL},
	{"only", OPTION_TEXT, offsetof(struct options, only), "EXPRESSION",
		"configurations that it holds for: threads > 2 and host.cores >= 8", NULL},
	{"columns", OPTION_TEXT, offsetof(struct options, columns), "NAME,...",
		"these too: time.per_work, time.mean; cv is that of time and energy", NULL},
	{"sort", OPTION_TEXT, offsetof(struct options, sort), "NAME",
		"rows by this column, the smallest first; -NAME: the largest first", NULL},
	{"bars", OPTION_FLAG, offsetof(struct options, has_bars), NULL,
		"draw time and energy as bars beside the numbers", NULL},
	{.name = NULL},
};

static int run(void *options, const char **arguments, size_t n, struct error *err)
{
	const struct options *o = options;
	const struct show_options what = {.format = o->common.format,
		.host = o->host,
		.columns = o->columns,
		.only = o->only,
		.sort = o->sort,
		.has_bars = o->has_bars};
	struct results_where where = common_where(&o->common);
	struct results *r;

	if (results_open(&r, &where, err) < 0)
		return error_exit_status(err);
	_cleanup_free_ char *label = results_label(r, n > 0 ? arguments[0] : NULL, err);
	int code = label == NULL ? err->code : show_results(r, label, &what, stdout, err);
	results_close(r);
	return code < 0 ? (int)error_exit_status(err) : EXIT_OK;
}

const struct command command_results = {
	.name = "results",
	.usage =
		"results [ID] [--host NAME] [--only EXPRESSION] [--columns NAME,...] [--sort NAME]",
	.summary = "summary of a campaign per configuration and host",
	.details = "ID is a campaign as NAME.N, or NAME for its last submission; without one, the "
		   "last of all.\n"
		   "Each number is a median over the blocks with its exact 95 % interval, which "
		   "needs 6 of them.\n"
		   "Statistics are n median low high mean deviation cv min max outliers drift "
		   "ratio;\n"
		   "csv, json and ndjson have most of them for every metric. docs/results.md tells "
		   "how\nto read them.",
	.options = table,
	.options_size = sizeof(struct options),
	.max_arguments = 1,
	.run = run,
};
