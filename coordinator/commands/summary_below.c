/* What stands below the tables of `results`: footnotes, what their flags mean, why there is no
 * energy, what runs remark, what sampling costs, what was skipped, what failed. */
#include "coordinator/commands/flag_words.h"
#include "coordinator/findings/host_text.h"
#include "coordinator/commands/summary_view.h"
#include <math.h>

#define MAX_LINES 12 /* of skipped, and of failed ones; `runs` has the rest */

static bool has_done_runs(const struct gathered *g, size_t lane)
{
	for (size_t i = 0; i < g->configurations_n; i++)
		if (gathered_cell(g, lane, i)->done > 0)
			return true;
	return false;
}

/* Once for all hosts where the reason is one; else a line for each host without. */
static void print_no_energy(const struct summary_view *v, bool has_energy, FILE *to)
{
	const struct gathered *g = v->g;
	struct notes said = {0};

	for (size_t lane = 0; lane < g->lanes_n; lane++) {
		const struct gathered_lane *l = &g->lanes[lane];
		struct buf line = BUF_INIT;
		bool has_mark = false;
		if (!summary_is_shown(v, lane) || l->has_energy)
			continue;
		json_t *inventory = host_inventory(l->inventory);
		const char *why =
			v->is_energy_off ? "the campaign says `energy: off`" : l->no_energy;
		if (why == NULL)
			why = host_energy_why(inventory);
		/* Where nothing ran there was nothing to measure. */
		bool is_idle = why == NULL && !has_done_runs(g, lane);
		if (why == NULL)
			why = "the agent gave no reason; `joulerig-agent doctor` there tells more";
		if (!is_idle)
			notes_mark(&said, &line, &has_mark, "energy not measured%s%s: %s",
				has_energy ? " on " : "", has_energy ? l->host : "", why);
		buf_done(&line);
		json_decref(inventory);
	}
	for (size_t i = 0; i < said.n; i++)
		output_wrapped(said.texts[i], 0, to);
	notes_done(&said);
}

static void add_configuration(const struct gathered *g, size_t lane, size_t configuration,
	const char *between, struct buf *out)
{
	_cleanup_buf_ struct buf text = BUF_INIT;

	parameters_format(&g->configurations[configuration].parameters, NULL, 0, &text);
	buf_addf(out, "%s%s%s%s%s", g->configurations[configuration].benchmark,
		text.len > 0 ? " " : "", text.data, between, g->lanes[lane].host);
}

static void add_reason(const char *reason, struct buf *out)
{
	/* The first line of it, so that a table stays one. */
	buf_addf(out, ": %.*s", (int)strcspn(reason, "\n"), reason);
}

/* A word of at most seven letters, and what is to be said, in lines below each other. */
static void print_remark(const char *word, const struct buf *line, FILE *to)
{
	fprintf(to, "%-7s  ", word);
	output_wrapped(line->data, 9, to);
}

/* ---- flags ---- */

/* What the flags mean that the footnotes name, in the words of the manual. */
static void print_flags(const struct summary_view *v, FILE *to)
{
	const struct gathered *g = v->g;

	for (const struct flag_words *f = flag_words; f->name != NULL; f++) {
		bool is_used = false;

		for (size_t i = 0; i < g->lanes_n * g->configurations_n; i++)
			for (size_t k = 0; k < g->cells[i].flags.n; k++)
				is_used |= summary_is_shown(v, i / g->configurations_n) &&
					   strcmp(g->cells[i].flags.items[k].text, f->name) == 0;
		if (!is_used)
			continue;
		fprintf(to, "%s  ", f->name);
		output_wrapped(f->words, (int)strlen(f->name) + 2, to);
	}
}

/* ---- remarks and costs ---- */

/* Whether "energy not measured" has said it of the whole host. */
static bool is_said(const struct gathered_lane *lane, const char *remark)
{
	const char *why = lane->no_energy;

	if (lane->has_energy)
		return false;
	if (why != NULL && strncmp(remark, "energy: ", 8) == 0)
		return strcmp(why, remark + 8) == 0;
	/* Stores from before runs had other remarks have the host's reason alone. */
	json_t *inventory = host_inventory(lane->inventory);
	why = host_energy_why(inventory);
	bool is_same = why != NULL && strcmp(why, remark) == 0;
	json_decref(inventory);
	return is_same;
}

/* Whether a cell before this one has the same remark. */
static bool is_repeated(const struct summary_view *v, size_t cell)
{
	const struct gathered *g = v->g;

	for (size_t i = 0; i < cell; i++)
		if (summary_is_shown(v, i / g->configurations_n) && g->cells[i].remark != NULL &&
			strcmp(g->cells[i].remark, g->cells[cell].remark) == 0)
			return true;
	return false;
}

/* A remark once, with the first configuration that it is of. */
static void print_remarks(const struct summary_view *v, FILE *to)
{
	const struct gathered *g = v->g;
	size_t lines = 0;

	for (size_t i = 0; i < g->lanes_n * g->configurations_n; i++) {
		const struct gathered_cell *cell = &g->cells[i];
		size_t lane = i / g->configurations_n;

		if (!summary_is_shown(v, lane) || cell->remark == NULL ||
			is_said(&g->lanes[lane], cell->remark) || is_repeated(v, i) ||
			lines++ >= MAX_LINES)
			continue;
		_cleanup_buf_ struct buf line = BUF_INIT;
		buf_addf(&line, "%zu of %zu runs (", cell->remarks, cell->done);
		add_configuration(g, lane, i % g->configurations_n, " ", &line);
		buf_addc(&line, ')');
		add_reason(cell->remark, &line);
		print_remark("note", &line, to);
	}
	if (lines > MAX_LINES)
		fprintf(to, "note     %zu more\n", lines - MAX_LINES);
}

static void print_overhead(const struct summary_view *v, FILE *to)
{
	for (size_t lane = 0; lane < v->g->lanes_n; lane++) {
		_cleanup_buf_ struct buf line = BUF_INIT;
		json_t *inventory = host_inventory(v->g->lanes[lane].inventory);

		host_overhead(inventory, v->every_ns, &line);
		if (line.len > 0 && summary_is_shown(v, lane))
			fprintf(to, "%s on %s\n", line.data, v->g->lanes[lane].host);
		json_decref(inventory);
	}
}

/* ---- what was to be reached ---- */

/* Half of the interval's width, relative to the median, in percent; INFINITY where there is none.
 */
static double spread_of(const struct gathered_cell *cell, size_t metric)
{
	struct summary s;

	summary_of_cell(cell, metric, &s);
	return s.has_interval && s.median != 0 ? 50 * (s.high - s.low) / fabs(s.median) : INFINITY;
}

/* Of a campaign that ends when it is precise enough: what ended otherwise. */
static void print_until(const struct summary_view *v, FILE *to)
{
	const struct gathered *g = v->g;
	size_t n = 0, open = 0, widest = 0;
	double most = -1;
	char percent[32];

	if (v->campaign == NULL || v->campaign->until.metric == NULL || v->campaign->is_spread ||
		strcmp(g->state, "done") != 0)
		return;
	double within = (double)v->campaign->until.within / 10000;
	size_t metric = gathered_metric(g, v->campaign->until.metric);
	for (size_t i = 0; i < g->lanes_n * g->configurations_n; i++) {
		if (!summary_is_shown(v, i / g->configurations_n) || g->cells[i].runs == 0)
			continue;
		double spread = spread_of(&g->cells[i], metric);
		n++;
		open += spread > within;
		if (spread > most) {
			most = spread;
			widest = i;
		}
	}
	if (open == 0)
		return;
	_cleanup_buf_ struct buf line = BUF_INIT;
	units_format_decimal(percent, v->campaign->until.within, 10000);
	buf_addf(&line, "%zu of %zu configurations did not come to ±%s %% of %s: ", open, n,
		percent, v->campaign->until.metric);
	add_configuration(
		g, widest / g->configurations_n, widest % g->configurations_n, " ", &line);
	if (isinf(most))
		buf_adds(&line, " has no interval of it");
	else
		buf_addf(&line, " has ±%.2g %%", most);
	print_remark("until", &line, to);
}

/* ---- what is not there ---- */

static void print_skipped(const struct summary_view *v, FILE *to)
{
	const struct gathered *g = v->g;
	size_t lines = 0;

	for (size_t i = 0; i < g->lanes_n * g->configurations_n; i++) {
		size_t lane = i / g->configurations_n;
		for (size_t k = 0; k < g->cells[i].skips.n && summary_is_shown(v, lane); k++) {
			if (lines++ >= MAX_LINES)
				continue;
			_cleanup_buf_ struct buf line = BUF_INIT;
			add_configuration(g, lane, i % g->configurations_n, " on ", &line);
			add_reason(g->cells[i].skips.items[k].text, &line);
			print_remark("skipped", &line, to);
		}
	}
	if (lines > MAX_LINES)
		fprintf(to, "skipped  %zu more   joulerig runs %s\n", lines - MAX_LINES, g->label);
}

/* Whether a failure is the first with its reason; if so, of how many runs and configurations it is.
 */
static bool count_failure(
	const struct summary_view *v, size_t at, const char *reason, size_t *runs, size_t *cells)
{
	const struct gathered *g = v->g;

	*runs = *cells = 0;
	for (size_t i = 0; i < g->lanes_n * g->configurations_n; i++)
		for (size_t k = 0; k < g->cells[i].failures.n; k++) {
			if (!summary_is_shown(v, i / g->configurations_n) ||
				strcmp(g->cells[i].failures.items[k].text, reason) != 0)
				continue;
			if (i < at)
				return false;
			*runs += g->cells[i].failures.items[k].n;
			++*cells;
		}
	return true;
}

/* A reason once, with the first configuration that it is of. */
static void print_failed(const struct summary_view *v, FILE *to)
{
	const struct gathered *g = v->g;
	size_t lines = 0, runs, cells;

	for (size_t i = 0; i < g->lanes_n * g->configurations_n; i++) {
		size_t lane = i / g->configurations_n;
		for (size_t k = 0; k < g->cells[i].failures.n && summary_is_shown(v, lane); k++) {
			const char *reason = g->cells[i].failures.items[k].text;
			if (!count_failure(v, i, reason, &runs, &cells) || lines++ >= MAX_LINES)
				continue;
			_cleanup_buf_ struct buf line = BUF_INIT;
			buf_addf(&line, "%zu run%s (", runs, runs == 1 ? "" : "s");
			add_configuration(g, lane, i % g->configurations_n, " ", &line);
			if (cells > 1)
				buf_addf(&line, " and %zu more", cells - 1);
			buf_addc(&line, ')');
			add_reason(reason, &line);
			print_remark("failed", &line, to);
		}
	}
	if (lines > MAX_LINES)
		fprintf(to, "failed   %zu more reasons\n", lines - MAX_LINES);
	if (lines > 0)
		fprintf(to,
			"         joulerig runs %s --failed          each of them\n"
			"         joulerig export %s --what output   what they printed\n",
			g->label, g->label);
}

static void print_left_out(const struct notes *left_out, FILE *to)
{
	_cleanup_buf_ struct buf line = BUF_INIT;

	if (left_out->n == 0)
		return;
	buf_adds(&line, "no room for ");
	for (size_t i = 0; i < left_out->n; i++)
		buf_addf(&line, "%s%s", i == 0 ? "" : ", ", left_out->texts[i]);
	buf_adds(&line, ": name what you want in --columns");
	output_wrapped(line.data, 0, to);
}

void summary_below(const struct summary_view *v, bool has_energy, const struct notes *notes,
	const struct notes *left_out, FILE *to)
{
	fputc('\n', to);
	notes_print(notes, to);
	print_flags(v, to);
	print_left_out(left_out, to);
	print_no_energy(v, has_energy, to);
	print_remarks(v, to);
	print_overhead(v, to);
	print_until(v, to);
	print_skipped(v, to);
	print_failed(v, to);
}
