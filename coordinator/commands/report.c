/* joulerig report: a campaign as one HTML page, and its charts as files. */
#include "coordinator/report/report.h"
#include "coordinator/commands/commands.h"
#include "proto/log.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

struct options {
	struct common_options common;
	const char *output, *figures;
};

static const struct option_info table[] = {
	{"output", OPTION_TEXT, offsetof(struct options, output), "FILE",
		"write the page there (-o FILE); - is standard output, the default", NULL},
	{"figures", OPTION_TEXT, offsetof(struct options, figures), "DIR",
		"each chart as DIR/ID.vl.json (Vega-Lite) with DIR/ID.csv", NULL},
	{.name = NULL},
};

static int write_to(struct report *report, FILE *to, const char *path, struct error *err)
{
	if (to == NULL)
		return error_errno(err, "report: cannot write %s", path);
	int code = report_page(report, to, err);
	if (fclose(to) != 0 && code == 0)
		code = error_errno(err, "report: cannot write %s", path);
	return code;
}

/* The page goes beside its place first, so that a page that is there stays whole until the new one
 * is. What is no file, such as a pipe or /dev/null, must not be replaced by one: it is written to;
 * and a symbolic link stays one. */
static int write_file(struct report *report, const char *path, struct error *err)
{
	_cleanup_free_ char *real = realpath(path, NULL);
	const char *place = real == NULL ? path : real;
	struct stat there;

	if (stat(path, &there) == 0 && !S_ISREG(there.st_mode) && !S_ISDIR(there.st_mode))
		return write_to(report, fopen(path, "we"), path, err);
	_cleanup_free_ char *beside = xasprintf("%s.%d.part", place, (int)getpid());
	FILE *to = fopen(beside, "wxe");
	bool is_made = to != NULL;
	int code = write_to(report, to, path, err);
	if (code == 0 && rename(beside, place) != 0)
		code = error_errno(err, "report: cannot write %s", path);
	if (code < 0 && is_made)
		unlink(beside);
	return code;
}

static int write_all(struct report *report, const struct options *o, struct error *err)
{
	bool is_stdout = o->output == NULL || strcmp(o->output, "-") == 0;
	int code = 0;

	if (o->figures != NULL)
		code = report_figures(report, o->figures, err);
	if (code >= 0 && o->figures != NULL)
		log_info("%d figure%s in %s", code, code == 1 ? "" : "s", o->figures);
	if (code < 0 || (o->output == NULL && o->figures != NULL))
		return code;
	return is_stdout ? report_page(report, stdout, err) : write_file(report, o->output, err);
}

static int run(void *options, const char **arguments, size_t n, struct error *err)
{
	const struct options *o = options;
	struct results_where where = common_where(&o->common);
	struct report *report = NULL;
	struct study study;
	struct results *r;

	if (isatty(STDOUT_FILENO) && o->output == NULL && o->figures == NULL) {
		error_set(err, ERR_USAGE, "report: say where the page is to go: -o report.html");
		return EXIT_USAGE;
	}
	if (results_open(&r, &where, err) < 0)
		return error_exit_status(err);
	int code = study_open(r, n > 0 ? arguments[0] : NULL, NULL, &study, err);
	if (code == 0)
		code = report_make(r, &study, &report, err);
	if (code == 0)
		code = write_all(report, o, err);
	report_free(report);
	study_done(&study);
	results_close(r);
	return code < 0 ? (int)error_exit_status(err) : EXIT_OK;
}

const struct command command_report = {
	.name = "report",
	.usage = "report [ID] -o FILE [--figures DIR]",
	.summary = "a campaign as one HTML page with charts",
	.details = "ID is a campaign as NAME.N, or NAME for its last submission; without one, the "
		   "last of all.\n"
		   "The page needs no network and no other file. It shows what the campaign's file "
		   "says under\n"
		   "'report', else every figure that its matrix allows.",
	.options = table,
	.options_size = sizeof(struct options),
	.max_arguments = 1,
	.run = run,
};
