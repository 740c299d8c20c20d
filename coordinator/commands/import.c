/* joulerig import FILE: results from elsewhere, as a campaign that ended. */
#include "coordinator/commands/commands.h"
#include "coordinator/commands/import_run.h"
#include "coordinator/findings/host_text.h"
#include <fcntl.h>
#include <stdio.h>

#define DEFAULT_DB "./joulerig.db"

struct options {
	struct common_options common;
	const char *as, *from, *host, *benchmark, *campaign;
	struct texts inventory;
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
	{"campaign", OPTION_TEXT, offsetof(struct options, campaign), "FILE",
		"the campaign's file that the runs are of: kept, and asked", NULL},
	{"inventory", OPTION_TEXTS, offsetof(struct options, inventory), "HOST=FILE",
		"what a host is, as `joulerig-agent inventory --format json` tells", NULL},
	{.name = NULL},
};

/* ---- what machines the hosts are ---- */

#define INVENTORY_LIMIT (4 * 1024 * 1024)

static int read_inventory(const char *text, struct import_inventory *out, struct error *err)
{
	const char *equals = strchr(text, '=');
	struct buf json = BUF_INIT;
	json_t *parsed;

	if (equals == NULL || equals == text || equals[1] == '\0')
		return error_set(err, ERR_USAGE, "--inventory: '%s': expected HOST=FILE", text);
	out->host = xstrndup(text, (size_t)(equals - text));
	int rc = buf_read_file(&json, AT_FDCWD, equals + 1, INVENTORY_LIMIT);
	out->json = buf_take(&json);
	if (rc < 0)
		return error_set(err, ERR_USAGE, "--inventory: %s: %s", equals + 1, strerror(-rc));
	parsed = host_inventory(out->json);
	if (parsed == NULL)
		return error_set(err, ERR_USAGE,
			"--inventory: %s: expected a JSON object, as `joulerig-agent inventory "
			"--format json` prints it",
			equals + 1);
	json_decref(parsed);
	return 0;
}

static int read_inventories(
	const struct texts *texts, struct import_inventory *out, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; i < texts->n && rc == 0; i++) {
		rc = read_inventory(texts->items[i], &out[i], err);
		for (size_t k = 0; rc == 0 && k < i; k++)
			if (strcmp(out[k].host, out[i].host) == 0)
				rc = error_set(err, ERR_USAGE, "--inventory: %s: given twice",
					out[i].host);
	}
	return rc;
}

static int check(const struct options *o, bool needs_name, struct error *err)
{
	if (o->common.coordinator != NULL)
		return error_set(err, ERR_USAGE,
			"import: it writes the store's file itself: name that with --db, on the "
			"machine where it is, while no coordinator holds it");
	if (needs_name && o->as == NULL && o->campaign == NULL)
		return error_set(err, ERR_USAGE,
			"import: files of %s do not say of which campaign they are; --as NAME does",
			o->from);
	return 0;
}

static int run(void *options, const char **arguments, size_t n, struct error *err)
{
	const struct options *o = options;
	static const struct submission_options unchanged = SUBMISSION_DEFAULTS;
	struct import_inventory *inventories = xcalloc(o->inventory.n + 1, sizeof *inventories);
	struct submission_file campaign = {0};
	const struct import_options how = {.as = o->as,
		.host = o->host,
		.benchmark = o->benchmark,
		.from = o->from == NULL ? "ndjson" : o->from,
		.campaign = o->campaign == NULL ? NULL : &campaign,
		.inventories = inventories,
		.inventories_n = o->inventory.n,
		.file = strcmp(arguments[0], "-") == 0 ? "standard input" : arguments[0]};
	struct importer *im = NULL;
	_cleanup_free_ char *label = NULL;
	size_t which = 0, notes_n = 0;

	while (strcmp(readers[which].name, how.from) != 0)
		which++;
	int rc = check(o, readers[which].needs_name, err);
	if (rc == 0 && o->campaign != NULL)
		err->code = rc = submission_read(&campaign, o->campaign, &unchanged, false, err);
	if (rc == 0)
		rc = read_inventories(&o->inventory, inventories, err);
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
	for (size_t i = 0; i < o->inventory.n; i++) {
		free(inventories[i].host);
		free(inventories[i].json);
	}
	free(inventories);
	submission_done(&campaign);
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
		   "With the campaign's file and inventories of its hosts, all that `compare` and "
		   "`report` ask of\n"
		   "that file can be asked here.\n"
		   "All of it is imported, or nothing. Prints the label of the new campaign.",
	.options = table,
	.options_size = sizeof(struct options),
	.min_arguments = 1,
	.max_arguments = 1000000,
	.run = run,
};
