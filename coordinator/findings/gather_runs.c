#include "coordinator/findings/gather_runs.h"
#include "coordinator/findings/gather_cells.h"
#include "coordinator/findings/run_reader.h"
#include "coordinator/store/pages.h"
#include <jansson.h>
#include <math.h>

struct known_metric {
	size_t metric;   /* of the gathered ones; SIZE_MAX: none yet */
	size_t variant;  /* of it; SIZE_MAX: none */
	bool is_whole;   /* both are known */
	bool is_inner;   /* an integer in inner units, */
	int64_t divisor; /* so many of which are one at the edge */
};

struct reading {
	struct gathered *g;
	struct noted noted;
	struct pages_reader page;
	struct known_metric *known; /* of the page's metrics */
	size_t known_allocated, known_n;
	size_t next_metric; /* behind the one of g's that was found last */
	double *values;     /* of the run, in edge units */
	size_t values_allocated;
	double energy, time, power, edp;             /* of the run; NaN: it has none */
	size_t energy_at, time_at, power_at, edp_at; /* these metrics */
	char *flags_text;                            /* flags of the last run that had any, */
	json_t *flags;                               /* and what they are */
};

/* ---- small containers ---- */

/* state is one of few literals, or NULL. */
static void tally(struct tallies *t, const char *text, const char *state)
{
	for (size_t i = 0; i < t->n; i++) {
		if (t->items[i].state == state && strcmp(t->items[i].text, text) == 0) {
			t->items[i].n++;
			return;
		}
	}
	t->items = xreallocarray(t->items, t->n + 1, sizeof *t->items);
	t->items[t->n++] = (struct tally){.text = xstrdup(text), .state = state, .n = 1};
}

/* ---- what a run says ---- */

static void add_flags(struct reading *r, struct gathered_cell *cell, const char *json)
{
	json_t *flag;
	size_t i;

	if (json == NULL || strcmp(json, "[]") == 0)
		return;
	if (r->flags_text == NULL || strcmp(r->flags_text, json) != 0) {
		free(r->flags_text);
		json_decref(r->flags);
		r->flags_text = xstrdup(json);
		r->flags = json_loads(json, 0, NULL);
	}
	json_array_foreach(r->flags, i, flag)
	{
		if (json_is_string(flag))
			tally(&cell->flags, json_string_value(flag), NULL);
	}
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
	cell->remarks++;
	if (cell->remark != NULL && (has_energy || lane->no_energy != NULL))
		return;
	const char *energy = find_line(text, true, &energy_len);
	const char *line = find_line(text, false, &len);
	if (energy != NULL && !has_energy && lane->no_energy == NULL)
		lane->no_energy = xstrndup(energy + skipped, energy_len - skipped);
	if (cell->remark == NULL)
		cell->remark = line != NULL ? xstrndup(line, len) : xstrndup(energy, energy_len);
}

/* ---- its values ---- */

/* The double that is nearest to value / divisor. Both are doubles themselves up to 2^53, and then a
 * division rounds once; beyond it goes by the decimal. */
static double outer_value(int64_t value, int64_t divisor)
{
	char decimal[32];

	if (value >= -(INT64_C(1) << 53) && value <= INT64_C(1) << 53)
		return (double)value / (double)divisor;
	return strtod(units_format_decimal(decimal, value, divisor), NULL);
}

/* As gathered_metric(), but from behind the one found last: every page names its metrics anew,
 * mostly in the same order, and runs with thousands of them are a page each. */
static size_t find_metric(struct reading *r, const char *name)
{
	const struct gathered *g = r->g;

	for (size_t i = 0; i < g->metrics_n; i++) {
		size_t at = (r->next_metric + i) % g->metrics_n;

		if (strcmp(g->metrics[at].name, name) == 0) {
			r->next_metric = at + 1;
			return at;
		}
	}
	return g->metrics_n;
}

/* What a page's metric is here. */
static struct known_metric *known_metric(struct reading *r, size_t of_page)
{
	if (of_page >= r->known_allocated) {
		r->known_allocated = 2 * of_page + 16;
		r->known = xreallocarray(r->known, r->known_allocated, sizeof *r->known);
	}
	for (; r->known_n <= of_page; r->known_n++) {
		const struct page_metric *m = &r->page.metrics[r->known_n];
		const struct unit *unit = m->is_inner ? unit_by_inner(m->unit) : NULL;
		size_t metric = find_metric(r, m->name);
		r->known[r->known_n] = (struct known_metric){
			.metric = metric < r->g->metrics_n ? metric : SIZE_MAX,
			.is_inner = m->is_inner,
			.divisor = unit == NULL ? 1 : unit->divisor};
	}
	return &r->known[of_page];
}

/* Note the values of a run by themselves, and those that others are made of. */
static void read_values(struct reading *r, const struct page_run *run)
{
	r->energy = r->time = r->power = r->edp = NAN;
	if (r->values_allocated < run->n) {
		r->values_allocated = 2 * run->n;
		r->values = xreallocarray(r->values, r->values_allocated, sizeof *r->values);
	}
	for (size_t i = 0; i < run->n; i++) {
		const struct known_metric *m = known_metric(r, run->values[i].metric);
		double value = m->is_inner ? outer_value(run->values[i].integer, m->divisor)
					   : run->values[i].real;
		double *special = m->metric == r->energy_at  ? &r->energy
				  : m->metric == r->time_at  ? &r->time
				  : m->metric == r->power_at ? &r->power
				  : m->metric == r->edp_at   ? &r->edp
							     : NULL;
		r->values[i] = value;
		if (special != NULL && isnan(*special))
			*special = value;
	}
}

static enum better better_of(const struct page_metric *m)
{
	return m->is_inner                    ? run_better_of_part(m->name)
	       : m->better == NULL            ? BETTER_NONE
	       : text_is(m->better, "lower")  ? BETTER_LOWER
	       : text_is(m->better, "higher") ? BETTER_HIGHER
					      : BETTER_NONE;
}

static void add_new_metric(struct gathered *g, const struct page_metric *m)
{
	const struct unit *unit = m->is_inner ? unit_by_inner(m->unit) : NULL;

	gather_add_metric(
		g, m->name, unit == NULL ? m->unit : unit->outer, better_of(m), !m->is_inner);
}

/* The gathered metric of a page's, which a configuration has: a new one is added when a counted
 * run has it. What joulerig measures itself has no variants. */
static size_t gathered_of(struct reading *r, size_t of_page, size_t configuration)
{
	struct known_metric *m = &r->known[of_page];
	const struct page_metric *is = &r->page.metrics[of_page];

	if (!m->is_whole) {
		if (m->metric == SIZE_MAX)
			m->metric = find_metric(r, is->name);
		if (m->metric == r->g->metrics_n)
			add_new_metric(r->g, is);
		m->variant = r->g->metrics[m->metric].is_own
				     ? gather_variant(r->g, m->metric, is->unit, better_of(is))
				     : SIZE_MAX;
		m->is_whole = true;
	}
	if (m->variant != SIZE_MAX)
		gather_has_variant(&r->g->configurations[configuration], m->variant);
	return m->metric;
}

/* How many CPUs a list such as "0-3,8" names. */
static size_t count_cpus(const char *list)
{
	size_t n = 0;
	long from, to;
	char *end;

	while (list != NULL && *list != '\0') {
		from = to = strtol(list, &end, 10);
		if (end == list)
			break;
		if (*end == '-')
			to = strtol(end + 1, &end, 10);
		n += to >= from ? (size_t)to - (size_t)from + 1 : 0;
		list = *end == ',' ? end + 1 : end;
	}
	return n;
}

/* The bound is in inner units of the run's own energy. */
static double energy_bound(const struct page_run *run)
{
	const struct unit *unit = unit_by_inner("uJ");

	return run->energy_bound == ABSENT ? 0 : outer_value(run->energy_bound, unit->divisor);
}

static void add_done(struct reading *r, size_t at, const struct page_run *run)
{
	struct gathered *g = r->g;
	struct gathered_cell *cell = &g->cells[at];
	struct gathered_lane *lane = &g->lanes[run->lane];
	bool has_energy = !isnan(r->energy);

	if (cell->done++ == 0)
		cell->cpus = count_cpus(run->cpus);
	noted_add_run(&r->noted, run->run, run->block, at);
	for (size_t i = 0; i < run->n; i++)
		noted_add_value(&r->noted,
			gathered_of(r, run->values[i].metric, at % g->configurations_n),
			r->values[i]);
	/* Power is energy by time, run by run, where the agent did not give it; likewise energy
	 * times time. */
	if (has_energy && r->time > 0 && isnan(r->power))
		noted_add_value(&r->noted, r->power_at, r->energy / r->time);
	if (has_energy && r->time > 0 && isnan(r->edp))
		noted_add_value(&r->noted, r->edp_at, r->energy * r->time);
	add_flags(r, cell, run->flags);
	add_remarks(cell, lane, has_energy, run->reason);
	if (has_energy) {
		lane->has_energy = true;
		cell->energy += r->energy;
		cell->energy_bound += energy_bound(run);
	}
}

static const char state_failed[] = "failed", state_timeout[] = "timeout",
		  state_skipped[] = "skipped", state_cancelled[] = "cancelled";

/* Whether a run is one of those that count; where not, what it is instead is noted. */
static bool is_counted(
	struct gathered_cell *cell, int64_t block, const char *state, const char *reason)
{
	bool is_done = strcmp(state, "done") == 0;
	bool has_failed = strcmp(state, state_failed) == 0 || strcmp(state, state_timeout) == 0;

	if (strcmp(state, state_skipped) == 0) {
		cell->skipped++;
		tally(&cell->skips, reason, state_skipped);
	} else if (block == 0) {
		cell->warmups += is_done || has_failed;
	} else if (strcmp(state, state_cancelled) == 0) {
		cell->cancelled++;
		tally(&cell->cancels, reason, state_cancelled);
	} else if (!is_done && !has_failed) {
		cell->open++;
	} else {
		return true;
	}
	return false;
}

static void add_ended(struct reading *r, size_t at, const struct page_run *run, const char *state)
{
	struct gathered_cell *cell = &r->g->cells[at];
	const char *reason = text_is_set(run->reason) ? run->reason : state;
	bool is_late = strcmp(state, state_timeout) == 0;

	if (strcmp(state, "done") == 0) {
		add_done(r, at, run);
	} else {
		r->g->failed++;
		cell->timeouts += is_late;
		tally(&cell->failures, reason, is_late ? state_timeout : state_failed);
	}
	cell->runs++;
	r->g->runs++;
}

static int add_run(struct reading *r, const struct page_run *run, struct error *err)
{
	struct gathered *g = r->g;
	const char *state = run->state == NULL ? "" : run->state;
	const char *reason = run->reason == NULL ? "" : run->reason;
	size_t lane = (size_t)run->lane, configuration = (size_t)run->configuration;

	if (lane >= g->lanes_n || configuration >= g->configurations_n)
		return error_set(err, ERR_INTERNAL,
			"results: run %lld of %s is of no host or configuration of it",
			(long long)run->run, g->label);
	size_t at = lane * g->configurations_n + configuration;
	struct gathered_cell *cell = &g->cells[at];
	read_values(r, run);
	if (!isnan(r->energy))
		g->energy += r->energy;
	if (is_counted(cell, run->block, state, reason))
		add_ended(r, at, run, state);
	return 0;
}

static int add_page(void *arg, struct blob page, struct error *err)
{
	struct reading *r = arg;
	struct page_run run;
	int code;

	pages_read(&r->page, page);
	r->known_n = 0;
	while ((code = pages_next(&r->page, &run)) == 1) {
		code = add_run(r, &run, err);
		if (code < 0)
			return code;
	}
	if (code < 0)
		return error_set(err, ERR_PROTOCOL, "results: a page of %s's runs cannot be read",
			r->g->label);
	return 0;
}

static void reading_done(struct reading *r)
{
	noted_done(&r->noted);
	pages_reader_done(&r->page);
	free(r->known);
	free(r->values);
	free(r->flags_text);
	json_decref(r->flags);
}

static int read_pages(struct reading *r, struct results *results, struct error *err)
{
	struct results_cursor *cursor = results_cursor_open(results, "values", r->g->label);
	const struct message_cell *cells;
	struct error why = {0};
	bool is_first = true;
	int code;

	while ((code = results_cursor_next(cursor, &cells, &why)) == 1) {
		is_first = false;
		code = add_page(r, cells[VALUES_PAGE].blob, &why);
		if (code < 0)
			break;
	}
	results_cursor_close(cursor);
	/* A coordinator that is older than this query says so. */
	if (code < 0 && is_first && strstr(why.text, "no query 'values'") != NULL)
		return gather_rows(results, r->g->label, add_page, r, err);
	if (code < 0 && err != NULL)
		*err = why;
	return code;
}

int gather_runs(struct gathered *g, struct results *results, const struct gather_wanted *wanted,
	struct error *err)
{
	struct reading r = {.g = g,
		.noted = {.g = g, .wanted = wanted},
		.time_at = gathered_metric(g, "time"),
		.energy_at = gathered_metric(g, "energy.package"),
		.power_at = gathered_metric(g, "power.package"),
		.edp_at = gathered_metric(g, "edp.package")};
	int code = read_pages(&r, results, err);

	if (code == 0)
		noted_fill_cells(&r.noted);
	reading_done(&r);
	return code;
}
