/*
 * perf stat -x, : a line a counter, value,unit,event,... A file is one run. With -r perf writes
 * means over its repeats (a field such as 0.12% follows the event), whose runs cannot be had back.
 */
#include "coordinator/commands/import_foreign.h"

#include "proto/units.h"
#include <math.h>
#include <stdio.h>

#define METRICS_MOST 1024

/* Events that are one of our metrics; factor: from perf's unit. */
static const struct {
	const char *event, *name, *unit;
	double factor;
} known[] = {
	{"duration_time", "time", "s", 1e-9},
	{"user_time", "time.user", "s", 1e-9},
	{"system_time", "time.system", "s", 1e-9},
	{"power/energy-pkg/", "energy.package", "J", 1},
	{"power/energy-cores/", "energy.core", "J", 1},
	{"power/energy-ram/", "energy.dram", "J", 1},
	{"power/energy-gpu/", "energy.uncore", "J", 1},
	{"power/energy-psys/", "energy.psys", "J", 1},
	{"instructions", "instructions", "1", 1},
	{"cycles", "cycles", "1", 1},
	{"cpu-cycles", "cycles", "1", 1},
	{"cpu-migrations", "migrations", "1", 1},
	{"migrations", "migrations", "1", 1},
	{"major-faults", "page_faults.major", "1", 1},
	{"minor-faults", "page_faults.minor", "1", 1},
};

struct file {
	const char *name;
	int64_t line;
	struct arena *arena;
	struct import_run run;
	size_t uncounted; /* <not counted>, <not supported> */
};

static int fail(const struct file *f, struct error *err, const char *why)
{
	return error_set(err, ERR_USAGE, "%s:%lld:1: %s", f->name, (long long)f->line, why);
}

static bool has_metric(const struct file *f, const char *name)
{
	for (size_t i = 0; i < f->run.metrics_n; i++)
		if (strcmp(f->run.metrics[i].name, name) == 0)
			return true;
	return false;
}

/* A counter of another kind of core, or the same once more, has its own name. */
static void add(struct file *f, const char *event, const char *unit, const char *number)
{
	char text[32];

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (strcmp(known[i].event, event) != 0 || has_metric(f, known[i].name))
			continue;
		foreign_decimal(strtod(number, NULL) * known[i].factor, text);
		foreign_metric(&f->run, known[i].name, known[i].unit,
			arena_strdup(f->arena, known[i].factor < 1 ? text : number));
		return;
	}
	const char *name = arena_strdup(f->arena, event);
	for (int i = 2; has_metric(f, name) || metric_by_name(name) != NULL; i++)
		name = arena_printf(f->arena, "%s.%d", event, i);
	foreign_metric(&f->run, name, unit[0] != '\0' ? arena_strdup(f->arena, unit) : "1",
		arena_strdup(f->arena, number));
}

static bool is_number(const char *s)
{
	size_t n = strspn(s, "0123456789");

	return n > 0 &&
	       (s[n] == '\0' || (s[n] == '.' && s[n + 1] != '\0' &&
					s[n + 1 + strspn(s + n + 1, "0123456789")] == '\0'));
}

static int take_line(struct file *f, char *line, struct error *err)
{
	char *fields[4] = {NULL}, *rest = line;
	size_t n = 0;

	line[strcspn(line, "\r\n")] = '\0';
	if (line[0] == '\0' || line[0] == '#')
		return 0;
	while (n < ARRAY_SIZE(fields) && rest != NULL)
		fields[n++] = strsep(&rest, ",");
	if (n < 3)
		return fail(f, err, "expected value,unit,event as of perf stat -x,");
	if (n > 3 && fields[3][0] != '\0' && fields[3][strlen(fields[3]) - 1] == '%')
		return fail(f, err,
			"these are means over the repeats of -r, of which no run can be had back; "
			"let perf stat write a file for each run");
	if (fields[0][0] == '<') {
		f->uncounted++;
		return 0;
	}
	if (fields[2][0] == '\0' || !is_number(fields[0]))
		return fail(f, err,
			"expected a number, its unit and its event; counts by core, socket or "
			"thread (-A, --per-socket) are not taken");
	if (f->run.metrics_n == METRICS_MOST)
		return fail(f, err, "too many counters");
	add(f, fields[2], fields[1], fields[0]);
	return 0;
}

static int read_file(struct file *f, FILE *from, struct error *err)
{
	_cleanup_free_ char *line = NULL;
	size_t room = 0;
	int rc = 0;

	while (rc == 0 && getline(&line, &room, from) >= 0) {
		f->line++;
		rc = take_line(f, line, err);
	}
	if (rc == 0 && ferror(from))
		rc = error_errno(err, "import: %s", f->name);
	if (rc == 0 && f->run.metrics_n == 0)
		rc = error_set(err, ERR_USAGE, "%s: there is no counter in it", f->name);
	return rc;
}

static int add_file(struct importer *im, const char *name, struct error *err)
{
	struct import_metric metrics[METRICS_MOST];
	struct file f = {.name = name, .run = import_run_empty(), .arena = arena_new()};
	FILE *from = strcmp(name, "-") == 0 ? stdin : fopen(name, "re");
	int rc;

	f.run.metrics = metrics;
	if (from == NULL) {
		error_errno(err, "import: %s", name);
		rc = err->code = ERR_USAGE;
	} else {
		rc = read_file(&f, from, err);
	}
	if (rc == 0 && (rc = importer_add(im, &f.run, err)) < 0)
		error_wrap(err, "%s", name);
	if (from != NULL && from != stdin)
		fclose(from);
	arena_free(f.arena);
	return rc;
}

int import_perf_stat(struct importer *im, const struct import_options *o, const char **files,
	size_t n, struct error *err)
{
	int rc = 0;

	if (o->benchmark == NULL)
		return error_set(err, ERR_USAGE,
			"import: perf stat does not say what ran; --benchmark NAME does");
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = add_file(im, files[i], err);
	return rc;
}
