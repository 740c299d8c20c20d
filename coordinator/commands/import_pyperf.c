/*
 * pyperf's JSON: benchmarks[].runs[], a run being one process with several values. Values of one
 * process are not independent of each other, so a process is one run: its mean, and the values as
 * a series beside it. Processes that only calibrated or warmed up have no values.
 */
#include "coordinator/commands/import_foreign.h"

#include <math.h>

static const json_t *metadata(const json_t *of, const char *key)
{
	return json_object_get(json_object_get(of, "metadata"), key);
}

/* Innermost first: of the run, of the benchmark, of the file. */
static const char *text_of(
	const json_t *run, const json_t *benchmark, const json_t *root, const char *key)
{
	const json_t *const levels[] = {run, benchmark, root};

	for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
		const char *text = json_string_value(metadata(levels[i], key));

		if (text != NULL)
			return text;
	}
	return NULL;
}

/* What pyperf measures is the time of one call, memory, or some number. */
static void names_of(const char *unit, const char **name, const char **out)
{
	bool is_time = unit == NULL || strcmp(unit, "second") == 0;
	bool is_memory = !is_time && strcmp(unit, "byte") == 0;

	*name = is_time ? "time" : is_memory ? "memory.peak" : "value";
	*out = is_time ? "s" : is_memory ? "B" : "1";
}

static int take_values(const json_t *list, double *values, double *mean, struct error *err)
{
	size_t n = json_array_size(list);

	*mean = 0;
	for (size_t i = 0; i < n; i++) {
		const json_t *value = json_array_get(list, i);

		if (!json_is_number(value) || !isfinite(json_number_value(value)))
			return error_set(err, ERR_USAGE, "values: expected numbers");
		values[i] = json_number_value(value);
		*mean += values[i] / (double)n;
	}
	return 0;
}

static int add_run(struct importer *im, const json_t *root, const json_t *benchmark,
	const json_t *process, struct error *err)
{
	const json_t *list = json_object_get(process, "values");
	size_t n = json_array_size(list);
	_cleanup_free_ double *values = xcalloc(n + 1, sizeof *values);
	struct import_metric metrics[2];
	struct import_run run = import_run_empty();
	const char *name, *unit;
	char text[32];
	double mean;
	int rc = take_values(list, values, &mean, err);

	if (rc < 0 || n == 0)
		return rc;
	names_of(text_of(process, benchmark, root, "unit"), &name, &unit);
	run.benchmark = text_of(NULL, benchmark, root, "name");
	run.host = text_of(process, benchmark, root, "hostname");
	run.metrics = metrics;
	foreign_metric(&run, name, unit, foreign_decimal(mean, text));
	if (n > 1) {
		foreign_metric(&run, "values", unit, text);
		metrics[1].series = values;
		metrics[1].series_n = n;
	}
	return importer_add(im, &run, err);
}

static int add_file(struct importer *im, const char *file, struct error *err)
{
	json_t *root = foreign_load(file, err);
	const json_t *benchmarks = json_object_get(root, "benchmarks");
	int rc = root == NULL ? err->code : 0;

	if (rc == 0 && !json_is_array(benchmarks))
		rc = error_set(
			err, ERR_USAGE, "%s: expected 'benchmarks', as pyperf writes them", file);
	for (size_t i = 0; rc == 0 && i < json_array_size(benchmarks); i++) {
		const json_t *benchmark = json_array_get(benchmarks, i);
		const json_t *runs = json_object_get(benchmark, "runs");

		for (size_t k = 0; rc == 0 && k < json_array_size(runs); k++) {
			rc = add_run(im, root, benchmark, json_array_get(runs, k), err);
			if (rc < 0)
				error_wrap(err, "%s: benchmarks[%zu].runs[%zu]", file, i, k);
		}
	}
	json_decref(root);
	return rc;
}

int import_pyperf(struct importer *im, const struct import_options *o, const char **files, size_t n,
	struct error *err)
{
	int rc = 0;

	(void)o;
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = add_file(im, files[i], err);
	return rc;
}
