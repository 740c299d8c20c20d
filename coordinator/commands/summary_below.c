/* What stands below the tables of `results`: footnotes, what their flags mean, why there is no
 * energy, what runs remark, what sampling costs, which hosts drift; what did not count is
 * summary_excluded.c. */
#include "coordinator/commands/flag_words.h"
#include "coordinator/commands/summary_view.h"
#include "coordinator/commands/word_set.h"
#include "coordinator/findings/host_text.h"
#include <math.h>

#define DRIFTING_LEAST 3 /* configurations that drift together, and at least half of all */

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
		if (why == NULL && (g->yaml == NULL || g->yaml[0] == '\0'))
			why = "what was imported has none";
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

/* ---- flags ---- */

/* What the flags mean that the footnotes name, in the words of the manual. */
static void print_flags(const struct summary_view *v, FILE *to)
{
	const struct gathered *g = v->g;

	for (const struct flag_words *f = flag_words; f->name != NULL; f++) {
		bool is_used = false;

		for (size_t i = 0; i < g->lanes_n * g->configurations_n; i++)
			for (size_t k = 0; k < g->cells[i].flags.n; k++)
				is_used |= summary_is_cell_shown(v, i) &&
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

/* A remark, of how many runs and configurations it is, and the first of these. */
struct remark {
	const char *text;
	size_t remarks, done, cells, first;
	bool has_others; /* of the same words with other numbers */
};

/* What remarks have in common that differ in their numbers alone. */
static void words_of(const char *remark, struct buf *out)
{
	buf_reset(out);
	for (const char *p = remark; *p != '\0'; p++)
		if (*p < '0' || *p > '9')
			buf_addc(out, *p);
		else if (p == remark || p[-1] < '0' || p[-1] > '9')
			buf_addc(out, '0');
}

static size_t find_remarks(const struct summary_view *v, struct remark **out)
{
	const struct gathered *g = v->g;
	struct word_set seen = {0};
	_cleanup_buf_ struct buf words = BUF_INIT;
	size_t n = 0;

	for (size_t i = 0; i < g->lanes_n * g->configurations_n; i++) {
		const struct gathered_cell *cell = &g->cells[i];

		if (!summary_is_cell_shown(v, i) || cell->remark == NULL ||
			is_said(&g->lanes[i / g->configurations_n], cell->remark))
			continue;
		words_of(cell->remark, &words);
		size_t at = word_set_number(&seen, words.data);
		if (at == n) {
			*out = xreallocarray(*out, n + 1, sizeof **out);
			(*out)[n++] = (struct remark){.text = cell->remark, .first = i};
		}
		struct remark *r = &(*out)[at];
		r->remarks += cell->remarks;
		r->done += cell->done;
		r->cells++;
		r->has_others |= strcmp(r->text, cell->remark) != 0;
	}
	word_set_done(&seen);
	return n;
}

/* A remark once, with the first configuration that it is of. */
static void print_remarks(const struct summary_view *v, FILE *to)
{
	struct remark *remarks = NULL;
	size_t n = find_remarks(v, &remarks);

	for (size_t i = 0; i < n && i < SUMMARY_MAX_LINES; i++) {
		const struct remark *r = &remarks[i];
		_cleanup_buf_ struct buf line = BUF_INIT;
		buf_addf(&line, "%zu of %zu runs (", r->remarks, r->done);
		summary_add_configuration(v->g, r->first, " ", &line);
		if (r->cells > 1)
			buf_addf(&line, " and %zu more", r->cells - 1);
		buf_addc(&line, ')');
		summary_add_reason(r->text, &line);
		if (r->has_others)
			buf_adds(&line, ", and the like");
		summary_remark("note", &line, to);
	}
	free(remarks);
	if (n > SUMMARY_MAX_LINES)
		fprintf(to, "note     %zu more\n", n - SUMMARY_MAX_LINES);
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
		if (!summary_is_cell_shown(v, i) || g->cells[i].runs == 0)
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
	summary_add_configuration(g, widest, " ", &line);
	if (isinf(most))
		buf_adds(&line, " has no interval of it");
	else
		buf_addf(&line, " has ±%.2g %%", most);
	summary_remark("until", &line, to);
}

/* ---- drift of a host ---- */

/* Which of a host's configurations drift in their time, up or down. */
struct drifting {
	size_t tested, up, down;
	double changes; /* sum of those of the more frequent way */
};

static struct drifting count_drifting(const struct summary_view *v, size_t lane, size_t metric)
{
	const struct gathered *g = v->g;
	struct drifting d = {0};
	double up = 0, down = 0;
	struct drift drift;

	for (size_t i = 0; i < g->configurations_n; i++) {
		if (!summary_is_cell_shown(v, lane * g->configurations_n + i))
			continue;
		bool is_found = summary_drift(gathered_cell(g, lane, i), metric, &drift);
		d.tested += drift.is_tested;
		if (is_found && drift.change > 0) {
			d.up++;
			up += drift.change;
		} else if (is_found) {
			d.down++;
			down += drift.change;
		}
	}
	d.changes = d.up >= d.down ? up : down;
	return d;
}

/* One configuration that drifts may be a program that keeps something; many together are the
 * machine. */
static void print_drift(const struct summary_view *v, FILE *to)
{
	const struct gathered *g = v->g;
	size_t time = gathered_metric(g, "time");

	for (size_t lane = 0; lane < g->lanes_n; lane++) {
		if (!summary_is_shown(v, lane))
			continue;
		struct drifting d = count_drifting(v, lane, time);
		size_t n = d.up >= d.down ? d.up : d.down;
		if (n < DRIFTING_LEAST || 2 * n < d.tested)
			continue;
		_cleanup_buf_ struct buf line = BUF_INIT;
		buf_addf(&line,
			"%s: the time of %zu of %zu configurations drifts %s over the blocks, by "
			"%+.1f %% on average: that is the machine rather than the programs; ratios "
			"are paired within blocks and bear it, medians and their intervals do not",
			g->lanes[lane].host, n, d.tested, d.up >= d.down ? "up" : "down",
			100 * d.changes / (double)n);
		summary_remark("drift", &line, to);
	}
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
	print_drift(v, to);
	summary_excluded(v, to);
}
