#include "coordinator/findings/gather.h"
#include "coordinator/analysis/summary.h"
#include "coordinator/findings/run_reader.h"
#include <jansson.h>
#include <math.h>

/* ---- small containers ---- */

static void series_add(struct series *s, const struct message_cell *run, double value)
{
	if (s->n == s->allocated) {
		s->allocated = s->allocated == 0 ? 16 : 2 * s->allocated;
		s->values = xreallocarray(s->values, s->allocated, sizeof *s->values);
		s->blocks = xreallocarray(s->blocks, s->allocated, sizeof *s->blocks);
		s->runs = xreallocarray(s->runs, s->allocated, sizeof *s->runs);
	}
	s->values[s->n] = value;
	s->runs[s->n] = run[RUNS_RUN].integer;
	s->blocks[s->n++] = run[RUNS_BLOCK].integer;
}

static void tally(struct tallies *t, const char *text)
{
	for (size_t i = 0; i < t->n; i++) {
		if (strcmp(t->items[i].text, text) == 0) {
			t->items[i].n++;
			return;
		}
	}
	t->items = xreallocarray(t->items, t->n + 1, sizeof *t->items);
	t->items[t->n++] = (struct tally){.text = xstrdup(text), .n = 1};
}

static void tallies_done(struct tallies *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->items[i].text);
	free(t->items);
}

/* ---- what the campaign is ---- */

static int on_campaign(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct gathered *g = arg;

	(void)key;
	(void)n;
	if (g->label != NULL)
		return 1;
	g->label = xstrdup(cell_text(&c[CAMPAIGNS_LABEL]));
	g->state = xstrdup(cell_text(&c[CAMPAIGNS_STATE]));
	g->yaml = xstrdup(cell_text(&c[CAMPAIGNS_YAML]));
	g->changes = c[CAMPAIGNS_CHANGES].text == NULL ? NULL : xstrdup(c[CAMPAIGNS_CHANGES].text);
	g->submitted_at = c[CAMPAIGNS_SUBMITTED_AT].integer;
	g->ended_at = c[CAMPAIGNS_ENDED_AT].integer;
	return 0;
}

static int on_configuration(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct gathered *g = arg;
	struct gathered_configuration new = {
		.benchmark = xstrdup(cell_text(&c[CONFIGURATIONS_BENCHMARK])),
		.json = xstrdup(cell_text(&c[CONFIGURATIONS_PARAMETERS]))};

	(void)key;
	(void)n;
	parameters_parse(&new.parameters, new.json);
	g->configurations = xreallocarray(g->configurations, g->configurations_n + 1, sizeof new);
	g->configurations[g->configurations_n++] = new;
	return 0;
}

static int on_lane(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct gathered *g = arg;

	(void)key;
	(void)n;
	g->lanes = xreallocarray(g->lanes, g->lanes_n + 1, sizeof *g->lanes);
	g->lanes[g->lanes_n++] = (struct gathered_lane){.host = xstrdup(cell_text(&c[LANES_HOST])),
		.inventory = xstrdup(cell_text(&c[LANES_INVENTORY]))};
	return 0;
}

static int on_event(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct gathered *g = arg;

	(void)key;
	(void)n;
	if (strcmp(cell_text(&c[EVENTS_KIND]), "note") != 0)
		return 0;
	g->notes = xreallocarray(g->notes, g->notes_n + 1, sizeof *g->notes);
	g->notes[g->notes_n++] = xstrdup(cell_text(&c[EVENTS_TEXT]));
	return 0;
}

static void add_metric(
	struct gathered *g, const char *name, const char *unit, enum better better, bool is_own)
{
	g->metrics = xreallocarray(g->metrics, g->metrics_n + 1, sizeof *g->metrics);
	g->metrics[g->metrics_n++] = (struct gathered_metric){
		.name = xstrdup(name), .unit = xstrdup(unit), .better = better, .is_own = is_own};
}

/* ---- runs ---- */

size_t gathered_metric(const struct gathered *g, const char *name)
{
	size_t i = 0;

	while (i < g->metrics_n && strcmp(g->metrics[i].name, name) != 0)
		i++;
	return i;
}

static void add_value(struct gathered *g, struct gathered_cell *cell, size_t metric,
	const struct message_cell *run, double value)
{
	if (cell->series_n <= metric) {
		cell->series = xreallocarray(cell->series, g->metrics_n, sizeof *cell->series);
		memset(cell->series + cell->series_n, 0,
			(g->metrics_n - cell->series_n) * sizeof *cell->series);
		cell->series_n = g->metrics_n;
	}
	g->metrics[metric].is_used = true;
	series_add(&cell->series[metric], run, value);
}

static void on_energy_bound(void *arg, const struct run_metric *m, const char *decimal)
{
	if (strcmp(m->name, "energy.package") == 0)
		*(double *)arg += strtod(decimal, NULL);
}

static void add_flags(struct gathered_cell *cell, const char *json)
{
	json_t *array = json == NULL ? NULL : json_loads(json, 0, NULL), *flag;
	size_t i;

	json_array_foreach(array, i, flag)
	{
		if (json_is_string(flag))
			tally(&cell->flags, json_string_value(flag));
	}
	json_decref(array);
}

/* A remark on energy begins so. */
static const char energy_remark[] = "energy: ";

/* The first line of a text that is, or is not, about energy; NULL where there is none. *len is its
 * length. */
static const char *find_line(const char *text, bool is_about_energy, size_t *len)
{
	while (*text != '\0') {
		*len = strcspn(text, "\n");
		if ((strncmp(text, energy_remark, strlen(energy_remark)) == 0) == is_about_energy)
			return text;
		text += *len + (text[*len] == '\n');
	}
	return NULL;
}

/* The reason of a done run is its remarks, a line each, such as why a number is missing. They
 * differ in figures from run to run, so one stands for all; what has no other place comes first. */
static void add_remarks(
	struct gathered_cell *cell, struct gathered_lane *lane, bool has_energy, const char *text)
{
	const size_t skipped = strlen(energy_remark);
	size_t len = 0, energy_len = 0;

	if (!text_is_set(text))
		return;
	const char *energy = find_line(text, true, &energy_len);
	const char *line = find_line(text, false, &len);
	if (energy != NULL && !has_energy && lane->no_energy == NULL)
		lane->no_energy = xstrndup(energy + skipped, energy_len - skipped);
	cell->remarks++;
	if (cell->remark == NULL)
		cell->remark = line != NULL ? xstrndup(line, len) : xstrndup(energy, energy_len);
}

/* Power is energy by time, run by run, where the agent did not give it. */
static void add_power(struct gathered *g, struct gathered_cell *cell, const struct run_row *row)
{
	const struct run_metric *energy = run_metric(row, "energy.package"),
				*time = run_metric(row, "time");

	if (energy == NULL || time == NULL || run_metric(row, "power.package") != NULL)
		return;
	double seconds = strtod(time->decimal, NULL);
	size_t metric = gathered_metric(g, "power.package");
	if (seconds > 0 && metric < g->metrics_n)
		add_value(g, cell, metric, row->cells, strtod(energy->decimal, NULL) / seconds);
}

static void add_done(struct gathered *g, struct gathered_cell *cell, struct gathered_lane *lane,
	const struct run_row *row)
{
	const struct run_metric *energy = run_metric(row, "energy.package");

	cell->done++;
	for (size_t i = 0; i < row->n; i++) {
		const struct run_metric *m = &row->metrics[i];
		size_t metric = gathered_metric(g, m->name);
		if (metric == g->metrics_n)
			add_metric(g, m->name, m->unit, m->better, m->is_own);
		add_value(g, cell, metric, row->cells, strtod(m->decimal, NULL));
	}
	add_power(g, cell, row);
	add_flags(cell, row->cells[RUNS_FLAGS].text);
	add_remarks(cell, lane, energy != NULL, row->cells[RUNS_REASON].text);
	if (energy != NULL) {
		lane->has_energy = true;
		cell->energy += strtod(energy->decimal, NULL);
		run_bounds(row, RUNS_UNCERTAINTY, on_energy_bound, &cell->energy_bound);
	}
}

static int add_run(struct gathered *g, const struct run_row *row, struct error *err)
{
	const struct message_cell *c = row->cells;
	const char *state = cell_text(&c[RUNS_STATE]), *reason = cell_text(&c[RUNS_REASON]);
	const struct run_metric *energy = run_metric(row, "energy.package");
	size_t lane = (size_t)c[RUNS_LANE].integer,
	       configuration = (size_t)c[RUNS_CONFIGURATION].integer;

	if (lane >= g->lanes_n || configuration >= g->configurations_n)
		return error_set(err, ERR_INTERNAL,
			"results: run %lld of %s is of no host or configuration of it",
			(long long)c[RUNS_RUN].integer, g->label);
	if (energy != NULL)
		g->energy += strtod(energy->decimal, NULL);
	struct gathered_cell *cell = gathered_cell(g, lane, configuration);
	if (strcmp(state, "skipped") == 0) {
		cell->skipped++;
		tally(&cell->skips, reason);
		return 0;
	}
	if (c[RUNS_BLOCK].integer == 0)
		return 0;
	bool has_failed = strcmp(state, "failed") == 0 || strcmp(state, "timeout") == 0;
	if (strcmp(state, "done") == 0) {
		add_done(g, cell, &g->lanes[lane], row);
	} else if (has_failed) {
		g->failed++;
		tally(&cell->failures, reason[0] != '\0' ? reason : state);
	} else {
		return 0;
	}
	cell->runs++;
	g->runs++;
	return 0;
}

static int add_runs(struct gathered *g, struct results *r, struct error *err)
{
	struct run_reader *reader = run_reader_open(r, g->label);
	const struct run_row *row;
	int code;

	while ((code = run_reader_next(reader, &row, err)) == 1) {
		code = add_run(g, row, err);
		if (code < 0)
			break;
	}
	run_reader_close(reader);
	return code;
}

/* Of a file that nobody holds nothing runs: as `status` has it. */
static void mark_paused(struct gathered *g, const struct results *r)
{
	if (results_coordinator(r) != NULL || g->ended_at != ABSENT)
		return;
	free(g->state);
	g->state = xstrdup("paused");
}

int gather(struct results *r, const char *label, const struct gather_wanted *wanted,
	struct gathered *out, struct error *err)
{
	(void)wanted;
	*out = (struct gathered){0};
	for (size_t i = 0; i < standard_metrics_n; i++) {
		const struct metric_info *m = &standard_metrics[i];
		const struct unit *unit = unit_by_inner(m->inner);
		add_metric(out, m->name, unit == NULL ? m->inner : unit->outer, m->better, false);
	}
	int code = results_query(r, "campaigns", label, NULL, on_campaign, out, err);
	if (code == 0 && out->label == NULL)
		code = error_set(err, ERR_USAGE, "results: there is no campaign '%s'", label);
	if (code == 0)
		mark_paused(out, r);
	if (code == 0)
		code = results_query(
			r, "configurations", out->label, NULL, on_configuration, out, err);
	if (code == 0)
		code = results_query(r, "lanes", out->label, NULL, on_lane, out, err);
	if (code == 0)
		code = results_query(r, "events", out->label, NULL, on_event, out, err);
	if (code < 0)
		return code;
	out->cells = xcalloc(out->lanes_n * out->configurations_n + 1, sizeof *out->cells);
	return add_runs(out, r, err);
}

static void cell_done(struct gathered_cell *cell)
{
	for (size_t i = 0; i < cell->series_n; i++) {
		free(cell->series[i].values);
		free(cell->series[i].blocks);
		free(cell->series[i].runs);
	}
	free(cell->series);
	tallies_done(&cell->flags);
	free(cell->remark);
	tallies_done(&cell->failures);
	tallies_done(&cell->skips);
}

void gathered_done(struct gathered *g)
{
	for (size_t i = 0; g->cells != NULL && i < g->lanes_n * g->configurations_n; i++)
		cell_done(&g->cells[i]);
	for (size_t i = 0; i < g->configurations_n; i++) {
		free(g->configurations[i].benchmark);
		free(g->configurations[i].json);
		parameters_done(&g->configurations[i].parameters);
	}
	for (size_t i = 0; i < g->notes_n; i++)
		free(g->notes[i]);
	free(g->notes);
	for (size_t i = 0; i < g->lanes_n; i++) {
		free(g->lanes[i].host);
		free(g->lanes[i].inventory);
		free(g->lanes[i].no_energy);
	}
	for (size_t i = 0; i < g->metrics_n; i++) {
		free(g->metrics[i].name);
		free(g->metrics[i].unit);
	}
	free(g->cells);
	free(g->configurations);
	free(g->lanes);
	free(g->metrics);
	free(g->label);
	free(g->state);
	free(g->yaml);
	free(g->changes);
	*g = (struct gathered){0};
}

/* ---- reading it ---- */

const struct series *gathered_series(const struct gathered_cell *cell, size_t metric)
{
	return metric < cell->series_n && cell->series[metric].n > 0 ? &cell->series[metric] : NULL;
}

size_t gathered_pairs(const struct series *a, const struct series *b, double **x, double **y)
{
	size_t n = 0;

	*x = xcalloc(a->n + 1, sizeof **x);
	*y = xcalloc(a->n + 1, sizeof **y);
	for (size_t i = 0, k = 0; i < a->n && k < b->n;) {
		if (a->blocks[i] < b->blocks[k]) {
			i++;
		} else if (a->blocks[i] > b->blocks[k]) {
			k++;
		} else {
			(*x)[n] = a->values[i++];
			(*y)[n++] = b->values[k++];
		}
	}
	return n;
}

bool gathered_is_counterpart(const struct gathered_configuration *a,
	const struct gathered_configuration *b, const char *axis)
{
	if (strcmp(a->benchmark, b->benchmark) != 0 || a->parameters.n != b->parameters.n)
		return false;
	for (size_t i = 0; i < a->parameters.n; i++) {
		const struct parameter *p = &a->parameters.items[i];
		const char *other = parameters_get(&b->parameters, p->name);

		if (other == NULL)
			return false;
		if ((axis == NULL || strcmp(p->name, axis) != 0) && strcmp(other, p->text) != 0)
			return false;
	}
	return true;
}

double gathered_ratio(const struct gathered_cell *contender, const struct gathered_cell *baseline,
	size_t metric, size_t *n)
{
	const struct series *a = gathered_series(contender, metric),
			    *b = gathered_series(baseline, metric);
	_cleanup_free_ double *above = NULL, *below = NULL;

	if (n != NULL)
		*n = 0;
	if (a == NULL || b == NULL)
		return NAN;
	size_t pairs = gathered_pairs(a, b, &above, &below);
	if (n != NULL)
		*n = pairs;
	return ratio_paired(above, below, pairs);
}
