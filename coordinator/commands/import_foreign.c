#include "coordinator/commands/import_foreign.h"

#include <errno.h>
#include <stdio.h>

json_t *foreign_load(const char *file, struct error *err)
{
	bool is_stdin = strcmp(file, "-") == 0;
	FILE *from = is_stdin ? stdin : fopen(file, "re");
	json_error_t why;
	json_t *out;

	if (from == NULL) {
		error_errno(err, "import: %s", file);
		err->code = ERR_USAGE;
		return NULL;
	}
	out = json_loadf(from, JSON_REJECT_DUPLICATES, &why);
	if (!is_stdin)
		fclose(from);
	if (out == NULL) {
		error_set(err, ERR_USAGE, "%s:%d:%d: %s", file, why.line, why.column, why.text);
	} else if (!json_is_object(out)) {
		error_set(err, ERR_USAGE, "%s:1:1: expected an object", file);
		json_decref(out);
		out = NULL;
	}
	return out;
}

void foreign_metric(struct import_run *run, const char *name, const char *unit, const char *number)
{
	run->metrics[run->metrics_n++] =
		(struct import_metric){.name = name, .unit = unit, .number = number};
}

const char *foreign_decimal(double value, char out[32])
{
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(out, 32, "%.*g", digits, value);
		if (!(strtod(out, NULL) < value) && !(strtod(out, NULL) > value))
			break;
	}
	return out;
}
