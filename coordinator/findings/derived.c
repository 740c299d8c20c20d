#include "coordinator/findings/derived.h"

#include "coordinator/campaign/expression.h"
#include "coordinator/campaign/names.h"

/* One run, whose metrics an expression asks for. */
struct asked_run {
	const struct gathered *g;
	const struct gathered_cell *cell;
	int64_t run;
};

static bool lookup(void *arg, const char *name, double *value)
{
	const struct asked_run *a = arg;
	const struct series *s = gathered_series(a->cell, gathered_metric(a->g, name));

	for (size_t i = 0; s != NULL && i < s->n; i++) {
		if (s->runs[i] == a->run) {
			*value = s->values[i];
			return true;
		}
	}
	return false;
}

static void add_value(struct series *s, const struct series *like, size_t i, double value)
{
	if (s->values == NULL) {
		s->values = xcalloc(like->n, sizeof *s->values);
		s->blocks = xcalloc(like->n, sizeof *s->blocks);
		s->runs = xcalloc(like->n, sizeof *s->runs);
	}
	s->values[s->n] = value;
	s->blocks[s->n] = like->blocks[i];
	s->runs[s->n++] = like->runs[i];
}

/* Runs that lack one of the metrics have no value; err has why of the last. */
static void evaluate_cell(const struct gathered *g, const struct gathered_cell *cell,
	const struct expression *e, struct names *names, struct series *out, struct error *err)
{
	const struct series *first = NULL;

	for (size_t i = 0; first == NULL && i < e->names_n; i++)
		if (e->names[i].kind == NAME_METRIC)
			first = gathered_series(cell, gathered_metric(g, e->names[i].path));
	for (size_t i = 0; first != NULL && i < first->n; i++) {
		struct asked_run asked = {.g = g, .cell = cell, .run = first->runs[i]};
		struct evaluated value;

		names_set_metrics(names, lookup, &asked);
		if (names_evaluate(names, e, &value, err) == 0 && value.type == EVALUATED_NUMBER)
			add_value(out, first, i, value.number);
	}
}

void derived_done(struct derived *d)
{
	size_t n = d->g.lanes_n * d->g.configurations_n;

	for (size_t i = 0; d->g.cells != NULL && i < n; i++) {
		free(d->g.cells[i].series->values);
		free(d->g.cells[i].series->blocks);
		free(d->g.cells[i].series->runs);
		free(d->g.cells[i].series);
	}
	free(d->g.cells);
}

/* The kept cells of d, which have no series yet. */
static int derive_cells(const struct study *s, const struct expression *e, const bool *kept,
	struct study_names *names, struct derived *d, struct error *err)
{
	size_t n = s->g.lanes_n * s->g.configurations_n;

	for (size_t i = 0; i < n; i++) {
		struct gathered_cell *cell = &d->g.cells[i];
		struct names *at;

		if (!kept[i])
			continue;
		at = study_names_at(
			names, i / s->g.configurations_n, i % s->g.configurations_n, err);

		if (at == NULL)
			return err->code;
		evaluate_cell(&s->g, &s->g.cells[i], e, at, cell->series, err);
		d->metric.is_used |= cell->series->n > 0;
	}
	return 0;
}

/* What was measured nowhere says more than what an expression makes of its absence. */
static void say_why(
	const struct study *s, const struct expression *e, const char *name, struct error *err)
{
	for (size_t i = 0; i < e->names_n; i++) {
		size_t metric;

		if (e->names[i].kind != NAME_METRIC)
			continue;
		metric = gathered_metric(&s->g, e->names[i].path);
		if (metric == s->g.metrics_n || !s->g.metrics[metric].is_used) {
			error_set(err, ERR_USAGE, "no run has a metric '%s'", e->names[i].path);
			return;
		}
	}
	if (err->text[0] == '\0')
		error_set(err, ERR_USAGE, "no run that it speaks of has the metrics of %s", name);
}

bool derived_make(const struct study *s, const struct expression *e, const bool *kept, char *name,
	struct derived *d, struct error *err)
{
	size_t n = s->g.lanes_n * s->g.configurations_n;
	struct study_names *names;

	if (study_names_open(s, &names, err) < 0)
		return false;
	d->metric = (struct gathered_metric){.name = name, .unit = (char *)"1", .is_own = true};
	d->g = s->g;
	d->g.metrics = &d->metric;
	d->g.metrics_n = 1;
	d->g.cells = xcalloc(n + 1, sizeof *d->g.cells);
	for (size_t i = 0; i < n; i++) {
		d->g.cells[i] = s->g.cells[i];
		d->g.cells[i].series = xcalloc(1, sizeof *d->g.cells[i].series);
		d->g.cells[i].series_n = 1;
	}
	int code = derive_cells(s, e, kept, names, d, err);
	study_names_close(names);
	if (code == 0 && d->metric.is_used)
		*err = (struct error){0};
	else if (code == 0)
		say_why(s, e, name, err);
	return code == 0 && d->metric.is_used;
}
