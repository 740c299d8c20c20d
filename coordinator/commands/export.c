#include "coordinator/commands/commands.h"
#include "coordinator/commands/show.h"

#include "proto/clock.h"
#include "proto/log.h"

struct options {
	struct common_options common;
	const char *what, *to;
	bool with_warmup;
};

static const struct {
	const char *what;
	int (*write)(struct results *r, const char *label, const char *format, bool with_warmup,
		FILE *to, struct error *err);
} kinds[] = {
	{"runs", export_runs},
	{"parts", export_parts},
	{"samples", export_samples},
	{"output", export_output},
	{"events", export_events},
	{"requirements", export_requirements},
	{"campaign", export_campaign},
};

static const char *const whats[] = {
	"runs", "parts", "samples", "output", "events", "requirements", "campaign", NULL};

static const struct option_info table[] = {
	{"what", OPTION_TEXT, offsetof(struct options, what), "WHAT",
		"runs (default), parts, samples, output, events, requirements or campaign", whats},
	{"to", OPTION_TEXT, offsetof(struct options, to), "DIR",
		"with --what output: files DIR/RUN/NAME, byte for byte", NULL},
	{"warmup", OPTION_FLAG, offsetof(struct options, with_warmup), NULL,
		"warm-up runs too (block 0)", NULL},
	{.name = NULL},
};

static int check_format(const char *format, struct error *err)
{
	if (format == NULL || strcmp(format, "ndjson") == 0 || strcmp(format, "csv") == 0)
		return 0;
	return error_set(
		err, ERR_USAGE, "export: --format: '%s' is neither ndjson nor csv", format);
}

static int on_event(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	const char *label = arg;
	char at[32];

	(void)key;
	(void)n;
	if (strcmp(cell_text(&c[EVENTS_KIND]), "pruned") == 0)
		log_warning("%s was pruned at %s: %s were removed", label,
			clock_rfc3339(at, c[EVENTS_AT].integer), cell_text(&c[EVENTS_TEXT]));
	return 0;
}

/* Nothing there, and nothing ever there, are not the same. */
static int tell_pruned(struct results *r, char *label, const char *what, struct error *err)
{
	if (strcmp(what, "samples") != 0 && strcmp(what, "output") != 0)
		return 0;
	return results_query(r, "events", label, NULL, on_event, label, err);
}

static int write_kind(
	const struct options *o, struct results *r, const char *typed, struct error *err)
{
	const char *format = o->common.format == NULL ? "ndjson" : o->common.format;
	const char *what = o->what == NULL ? "runs" : o->what;
	_cleanup_free_ char *label = NULL;

	if (o->to != NULL && strcmp(what, "output") != 0)
		return error_set(err, ERR_USAGE, "export: --to goes with --what output");
	label = results_label(r, typed, err);
	if (label == NULL)
		return err->code;
	if (tell_pruned(r, label, what, err) < 0)
		return err->code;
	if (o->to != NULL)
		return export_files(r, label, o->to, o->with_warmup, err);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strcmp(kinds[i].what, what) == 0)
			return kinds[i].write(r, label, format, o->with_warmup, stdout, err);
	}
	return error_set(err, ERR_USAGE,
		"export: --what: '%s' is none of runs, parts, samples, output, events, "
		"requirements, "
		"campaign",
		what);
}

static int run(void *options, const char **arguments, size_t n, struct error *err)
{
	const struct options *o = options;
	struct results_where where = common_where(&o->common);
	struct results *r;

	if (check_format(o->common.format, err) < 0 || results_open(&r, &where, err) < 0)
		return error_exit_status(err);
	int code = write_kind(o, r, n > 0 ? arguments[0] : NULL, err);
	results_close(r);
	return code < 0 ? (int)error_exit_status(err) : EXIT_OK;
}

const struct command command_export = {
	.name = "export",
	.usage = "export [ID] [--what WHAT] [--format ndjson|csv]",
	.summary =
		"runs, parts, samples, output, events or the campaign itself, for other programs",
	.details = "ID is a campaign as NAME.N, or NAME for its last submission; without one, the "
		   "last of all.\n"
		   "runs: one object a run, in the order of runs: campaign, run, block, host, "
		   "benchmark,\n"
		   "parameters, state, attempt, started_at, exit_code, metrics, units, "
		   "uncertainty, flags.\n"
		   "parts: of runs of several hosts, one object a role: what its host told.\n"
		   "requirements: what `requires` said on each host, one object an answer.\n"
		   "campaign: a campaign file that does the same again, with what --set, --only, "
		   "--blocks,\n"
		   "--seed and --label changed, and the commits of git sources in comments.",
	.options = table,
	.options_size = sizeof(struct options),
	.max_arguments = 1,
	.run = run,
};
