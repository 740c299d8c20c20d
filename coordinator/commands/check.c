/* joulerig check: is it a good campaign? */
#include "coordinator/commands/submission.h"
#include "proto/log.h"
#include <stdio.h>

struct check_options {
	struct common_options common;
	struct submission_options changes;
};

static const struct option_info check_option_table[] = {
	SUBMISSION_OPTIONS(struct check_options, changes),
	{0},
};

/* Axes of all benchmarks, each name once. */
static size_t count_axes(const struct campaign *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->benchmarks_n; i++) {
		for (size_t a = 0; a < c->benchmarks[i].axes_n; a++) {
			bool is_new = true;

			for (size_t k = 0; k < i && is_new; k++)
				for (size_t o = 0; o < c->benchmarks[k].axes_n && is_new; o++)
					is_new = strcmp(c->benchmarks[k].axes[o].name,
							 c->benchmarks[i].axes[a].name) != 0;
			n += is_new;
		}
	}
	return n;
}

static void print_verdict(const struct submission_file *f)
{
	const struct campaign *c = f->campaign;
	size_t axes = count_axes(c);

	printf("%s: %s: %zu benchmark%s, %zu ax%s, good\n", f->path, c->name, c->benchmarks_n,
		c->benchmarks_n == 1 ? "" : "s", axes, axes == 1 ? "is" : "es");
}

static bool check_file(const char *path, const struct submission_options *changes)
{
	struct submission_file file;
	struct error err = {0};
	int rc = submission_read(&file, path, changes, true, &err);

	if (rc == 0)
		print_verdict(&file);
	else if (err.text[0] != '\0')
		log_error("%s", err.text);
	submission_done(&file);
	return rc == 0;
}

static int run_check(void *options, const char **arguments, size_t n, struct error *err)
{
	struct check_options *o = options;
	bool is_good = true;

	(void)err;
	for (size_t i = 0; i < n; i++)
		is_good &= check_file(arguments[i], &o->changes);
	return is_good ? EXIT_OK : EXIT_USAGE;
}

static const struct check_options check_defaults = {.changes = SUBMISSION_DEFAULTS};

const struct command command_check = {
	.name = "check",
	.usage = "check FILE ... [options]",
	.summary = "is it a good campaign? every mistake, with line and column",
	.details = "Every error of the files goes to stderr as FILE:LINE:COLUMN: error: TEXT, and "
		   "the exit status\n"
		   "is 2. Warnings are about what is legal but unwise.",
	.options = check_option_table,
	.options_size = sizeof(struct check_options),
	.defaults = &check_defaults,
	.min_arguments = 1,
	.max_arguments = SIZE_MAX,
	.run = run_check,
};
