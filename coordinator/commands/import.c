/* joulerig import FILE: results from elsewhere, as a campaign that ended. */
#include "coordinator/commands/commands.h"
#include "coordinator/commands/import_run.h"
#include <stdio.h>

#define DEFAULT_DB "./joulerig.db"

struct options {
	struct common_options common;
	const char *as, *from, *host, *benchmark;
};

static const struct {
	const char *name;
	int (*read)(struct importer *im, const struct import_options *o, const char **files,
		size_t n, struct error *err);
	bool needs_name; /* its files carry no label */
} readers[] = {
	{"ndjson", import_ndjson, false},
	{"hyperfine", import_hyperfine, true},
	{"pyperf", import_pyperf, true},
	{"perf-stat", import_perf_stat, true},
};

static const char *const names[] = {"ndjson", "hyperfine", "pyperf", "perf-stat", NULL};

static const struct option_info table[] = {
	{"as", OPTION_TEXT, offsetof(struct options, as), "NAME",
		"the campaign's name, or NAME.N (the label that the runs carry)", NULL},
	{"from", OPTION_TEXT, offsetof(struct options, from), "TOOL",
		"ndjson (the default), hyperfine, pyperf or perf-stat", names},
	{"host", OPTION_TEXT, offsetof(struct options, host), "NAME", "the host of all runs", NULL},
	{"benchmark", OPTION_TEXT, offsetof(struct options, benchmark), "NAME",
		"the benchmark of all runs", NULL},
	{.name = NULL},
};

static int check(const struct options *o, bool needs_name, struct error *err)
{
	if (o->common.coordinator != NULL)
		return error_set(err, ERR_USAGE,
			"import: it writes the store's file itself: name that with --db, on the "
			"machine where it is, while no coordinator holds it");
	if (needs_name && o->as == NULL)
		return error_set(err, ERR_USAGE,
			"import: files of %s do not say of which campaign they are; --as NAME does",
			o->from);
	return 0;
}

static int run(void *options, const char **arguments, size_t n, struct error *err)
{
	const struct options *o = options;
	const struct import_options how = {.as = o->as,
		.host = o->host,
		.benchmark = o->benchmark,
		.from = o->from == NULL ? "ndjson" : o->from,
		.file = strcmp(arguments[0], "-") == 0 ? "standard input" : arguments[0]};
	struct importer *im = NULL;
	_cleanup_free_ char *label = NULL;
	size_t which = 0, notes_n = 0;

	while (strcmp(readers[which].name, how.from) != 0)
		which++;
	int rc = check(o, readers[which].needs_name, err);
	if (rc == 0)
		rc = importer_open(
			&im, text_is_set(o->common.db) ? o->common.db : DEFAULT_DB, &how, err);
	if (rc == 0)
		rc = readers[which].read(im, &how, arguments, n, err);
	if (rc == 0)
		rc = importer_finish(im, &label, err);
	if (rc == 0) {
		char *const *notes = importer_notes(im, &notes_n);
		for (size_t i = 0; i < notes_n; i++)
			fprintf(stderr, "note: %s\n", notes[i]);
		if (!o->common.quiet)
			fprintf(stderr, "%lld run%s imported\n", (long long)importer_runs(im),
				importer_runs(im) == 1 ? "" : "s");
		puts(label);
	}
	importer_close(im);
	return rc < 0 ? (int)error_exit_status(err) : EXIT_OK;
}

const struct command command_import = {
	.name = "import",
	.usage = "import FILE... [--as NAME] [--from ndjson|hyperfine|pyperf|perf-stat]",
	.summary = "results from elsewhere as a campaign of this store",
	.details = "FILE is what `export --what runs --format ndjson` wrote, or results of another "
		   "tool "
		   "put into\n"
		   "that form; - is standard input. With --from, files of that tool as it writes "
		   "them:\n"
		   "hyperfine --export-json, pyperf -o, perf stat -x, -o (each file is a run).\n"
		   "All of it is imported, or nothing. Prints the label of the new campaign.",
	.options = table,
	.options_size = sizeof(struct options),
	.min_arguments = 1,
	.max_arguments = 1000000,
	.run = run,
};
