/* joulerig check: is it a good campaign? */
#include "coordinator/campaign/blocks.h"
#include "coordinator/commands/submission.h"
#include "coordinator/output/output.h"
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

/* How many blocks a verdict needs, by which one sees whether there are enough. */
static void print_blocks(const struct campaign *c, const struct comparison *comparison)
{
	int64_t n = comparison->by == NULL ? 0 : blocks_family(c, comparison);
	int64_t needed = blocks_needed(n, comparison->alpha);

	if (n > 0 && needed < INT64_MAX)
		printf("  by %s: one change among %lld comparison%s a metric needs at least %lld "
		       "blocks\n",
			comparison->by, (long long)n, n == 1 ? "" : "s", (long long)needed);
}

/* For people, some lines for each good file; what is wrong with the others has its own on stderr.
 */
static void print_verdict(const struct submission_file *f)
{
	const struct campaign *c = f->campaign;
	size_t axes = count_axes(c);

	printf("%s: %s: %zu benchmark%s, %zu ax%s, good\n", f->path, c->name, c->benchmarks_n,
		c->benchmarks_n == 1 ? "" : "s", axes, axes == 1 ? "is" : "es");
	for (size_t i = 0; i < c->comparisons_n; i++)
		print_blocks(c, &c->comparisons[i]);
}

enum check_column { CHECK_FILE, CHECK_GOOD, CHECK_CAMPAIGN, CHECK_BENCHMARKS, CHECK_AXES };

static const struct column columns[] = {
	[CHECK_FILE] = {.name = "file"},
	[CHECK_GOOD] = {.name = "good"},
	[CHECK_CAMPAIGN] = {.name = "campaign"},
	[CHECK_BENCHMARKS] = {.name = "benchmarks", .is_right = true},
	[CHECK_AXES] = {.name = "axes", .is_right = true},
};

/* For programs, a row for each file; c is NULL where it is not good. */
static void write_row(
	const struct output_ops *ops, struct output *to, const char *path, const struct campaign *c)
{
	char benchmarks[CELL_TEXT_SIZE], axes[CELL_TEXT_SIZE];
	struct cell cells[ARRAY_SIZE(columns)] = {
		[CHECK_FILE] = {CELL_TEXT, path},
		[CHECK_GOOD] = {CELL_BOOL, c != NULL ? "true" : "false"},
	};

	if (c != NULL) {
		cells[CHECK_CAMPAIGN] = (struct cell){CELL_TEXT, c->name};
		snprintf(benchmarks, sizeof benchmarks, "%zu", c->benchmarks_n);
		cells[CHECK_BENCHMARKS] = (struct cell){CELL_NUMBER, benchmarks};
		snprintf(axes, sizeof axes, "%zu", count_axes(c));
		cells[CHECK_AXES] = (struct cell){CELL_NUMBER, axes};
	}
	ops->row(to, cells);
}

/* to is NULL where people read it. */
static bool check_file(const char *path, const struct submission_options *changes,
	const struct output_ops *ops, struct output *to)
{
	struct submission_file file;
	struct error err = {0};
	int rc = submission_read(&file, path, changes, true, &err);

	if (to != NULL)
		write_row(ops, to, path, rc == 0 ? file.campaign : NULL);
	else if (rc == 0)
		print_verdict(&file);
	if (rc != 0 && err.text[0] != '\0')
		log_error("%s", err.text);
	submission_done(&file);
	return rc == 0;
}

static int run_check(void *options, const char **arguments, size_t n, struct error *err)
{
	struct check_options *o = options;
	const struct output_ops *ops =
		output_by_name(o->common.format ? o->common.format : "table", err);
	struct output *to = NULL;
	bool is_good = true;

	if (ops == NULL)
		return EXIT_USAGE;
	if (ops != &output_table)
		to = ops->begin(stdout, columns, ARRAY_SIZE(columns));
	for (size_t i = 0; i < n; i++)
		is_good &= check_file(arguments[i], &o->changes, ops, to);
	if (to != NULL)
		ops->end(to);
	return is_good ? EXIT_OK : EXIT_USAGE;
}

static const struct check_options check_defaults = {.changes = SUBMISSION_DEFAULTS};

const struct command command_check = {
	.name = "check",
	.usage = "check FILE ... [options]",
	.summary = "is it a good campaign? every mistake, with line and column",
	.details = "Every error of the files goes to stderr as FILE:LINE:COLUMN: error: TEXT, and "
		   "the exit status\n"
		   "is 2. Warnings are about what is legal but unwise. Of what `compare` asks it "
		   "says how many blocks\n"
		   "one change among its comparisons needs at least.",
	.options = check_option_table,
	.options_size = sizeof(struct check_options),
	.defaults = &check_defaults,
	.min_arguments = 1,
	.max_arguments = SIZE_MAX,
	.run = run_check,
};
