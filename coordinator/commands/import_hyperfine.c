/*
 * hyperfine --export-json: results[], each a command with the times of its runs, and with newer
 * versions exit_codes and memory_usage_byte. User and system time are there as means only, which no
 * run has: they are left out.
 */
#include "coordinator/commands/import_foreign.h"

#include <math.h>

/* Of commands with parameters the program's name is the benchmark, so that values can be compared;
 * of others the command. */
static char *name_of(const json_t *result)
{
	const char *command = json_string_value(json_object_get(result, "command"));
	size_t n;

	if (json_object_size(json_object_get(result, "parameters")) == 0)
		return xstrdup(command);
	n = strcspn(command, " \t");
	for (size_t i = n; i-- > 0;)
		if (command[i] == '/')
			return xstrndup(command + i + 1, n - i - 1);
	return xstrndup(command, n);
}

/* No parameters are none, too. */
static bool have_same_parameters(const json_t *a, const json_t *b)
{
	const json_t *x = json_object_get(a, "parameters"), *y = json_object_get(b, "parameters");

	if (json_object_size(x) == 0 || json_object_size(y) == 0)
		return json_object_size(x) == json_object_size(y);
	return json_equal(x, y);
}

/* Whether two results would be one configuration. */
static bool are_alike(const json_t *results, const char *benchmark)
{
	for (size_t i = 0; i < json_array_size(results); i++) {
		const json_t *a = json_array_get(results, i);
		_cleanup_free_ char *name = name_of(a);

		for (size_t k = i + 1; k < json_array_size(results); k++) {
			const json_t *b = json_array_get(results, k);
			_cleanup_free_ char *other = name_of(b);

			if ((benchmark != NULL || strcmp(name, other) == 0) &&
				have_same_parameters(a, b))
				return true;
		}
	}
	return false;
}

static char *parameters_of(const json_t *result, bool with_command)
{
	json_t *all = json_object();

	json_object_update(all, json_object_get(result, "parameters"));
	if (with_command)
		json_object_set(all, "command", json_object_get(result, "command"));
	char *text = json_dumps(all, JSON_COMPACT);
	json_decref(all);
	return text;
}

/* Exit codes are a list; null is a run that a signal ended. */
static void take_exit(struct import_run *run, const json_t *result, size_t i)
{
	const json_t *code = json_array_get(json_object_get(result, "exit_codes"), i);

	if (json_is_integer(code))
		run->exit_code = json_integer_value(code);
	if (code != NULL && (!json_is_integer(code) || json_integer_value(code) != 0))
		run->state = RUN_FAILED;
}

static int add_run(struct importer *im, const json_t *result, size_t i, const char *benchmark,
	const char *parameters, struct error *err)
{
	const json_t *time = json_array_get(json_object_get(result, "times"), i);
	const json_t *memory = json_array_get(json_object_get(result, "memory_usage_byte"), i);
	struct import_metric metrics[2];
	struct import_run run = import_run_empty();
	char seconds[32], bytes[32];

	if (!json_is_number(time) || !(json_number_value(time) >= 0))
		return error_set(err, ERR_USAGE, "times: expected numbers of seconds");
	run.benchmark = benchmark;
	run.parameters = parameters;
	run.metrics = metrics;
	foreign_metric(&run, "time", "s", foreign_decimal(json_number_value(time), seconds));
	if (json_is_integer(memory)) {
		snprintf(bytes, sizeof bytes, "%lld", (long long)json_integer_value(memory));
		foreign_metric(&run, "memory.peak", "B", bytes);
	}
	take_exit(&run, result, i);
	return importer_add(im, &run, err);
}

static int add_result(
	struct importer *im, const json_t *result, bool with_command, struct error *err)
{
	const json_t *times = json_object_get(result, "times");
	_cleanup_free_ char *name = name_of(result);
	_cleanup_free_ char *parameters = parameters_of(result, with_command);
	int rc = 0;

	for (size_t i = 0; i < json_array_size(times) && rc == 0; i++)
		rc = add_run(im, result, i, name, parameters, err);
	return rc;
}

static int check(const char *file, const json_t *results, struct error *err)
{
	if (!json_is_array(results))
		return error_set(err, ERR_USAGE,
			"%s: expected 'results', as hyperfine --export-json writes them", file);
	for (size_t i = 0; i < json_array_size(results); i++) {
		const json_t *r = json_array_get(results, i);

		if (!json_is_string(json_object_get(r, "command")))
			return error_set(
				err, ERR_USAGE, "%s: results[%zu] has no command", file, i);
		if (json_array_size(json_object_get(r, "times")) == 0)
			return error_set(err, ERR_USAGE,
				"%s: results[%zu] has no times: only a summary, which no run has",
				file, i);
	}
	return 0;
}

static int add_file(
	struct importer *im, const struct import_options *o, const char *file, struct error *err)
{
	json_t *root = foreign_load(file, err);
	const json_t *results = json_object_get(root, "results");
	int rc = root == NULL ? err->code : check(file, results, err);
	bool with_command = rc == 0 && are_alike(results, o->benchmark);

	for (size_t i = 0; rc == 0 && i < json_array_size(results); i++)
		if ((rc = add_result(im, json_array_get(results, i), with_command, err)) < 0)
			error_wrap(err, "%s: results[%zu]", file, i);
	json_decref(root);
	return rc;
}

int import_hyperfine(struct importer *im, const struct import_options *o, const char **files,
	size_t n, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++)
		rc = add_file(im, o, files[i], err);
	return rc;
}
