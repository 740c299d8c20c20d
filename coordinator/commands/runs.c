#include "coordinator/commands/commands.h"
#include "coordinator/commands/show.h"

struct options {
	struct common_options common;
	bool only_failed, with_warmup;
};

static const struct option_info table[] = {
	{"failed", OPTION_FLAG, offsetof(struct options, only_failed), NULL,
		"those alone that failed or timed out", NULL},
	{"warmup", OPTION_FLAG, offsetof(struct options, with_warmup), NULL,
		"warm-up runs too (block 0)", NULL},
	{.name = NULL},
};

static int run(void *options, const char **arguments, size_t n, struct error *err)
{
	const struct options *o = options;
	struct results_where where = common_where(&o->common);
	struct results *r;

	if (results_open(&r, &where, err) < 0)
		return error_exit_status(err);
	_cleanup_free_ char *label = results_label(r, n > 0 ? arguments[0] : NULL, err);
	int code = label == NULL ? err->code
				 : show_runs(r, label, o->common.format, o->only_failed,
					   o->with_warmup, stdout, err);
	results_close(r);
	return code < 0 ? (int)error_exit_status(err) : EXIT_OK;
}

const struct command command_runs = {
	.name = "runs",
	.usage = "runs [ID] [--failed] [--warmup]",
	.summary = "one row a run of a campaign",
	.details = "ID is a campaign as NAME.N, or NAME for its last submission; without one, the "
		   "last of all.",
	.options = table,
	.options_size = sizeof(struct options),
	.max_arguments = 1,
	.run = run,
};
