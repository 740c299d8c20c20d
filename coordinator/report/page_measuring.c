/* What the measurement itself costs, and what it would call a change where there is none. */
#include "coordinator/findings/host_text.h"
#include "coordinator/findings/measuring.h"
#include "coordinator/findings/twins.h"
#include "coordinator/report/page.h"
#include <math.h>

/* "%.2g", for large numbers too: "150" instead of "1.5e+02". */
#define TWO_DIGITS(value) (fabs(value) < 99.5 ? 2 : 1 + (int)floor(log10(fabs(value)))), (value)

static void cell_percent(FILE *to, double share)
{
	if (isfinite(share))
		html_element(to, "td", "class=\"n\"", "%.*g %%", TWO_DIGITS(100 * share));
	else
		fputs("<td class=\"n\">–</td>", to);
}

/* "+1.2 % from first to last, p < 0.001", or that nothing is to be seen. */
static void add_drift(const struct over_blocks *o, struct buf *out)
{
	if (!o->drift.is_tested)
		buf_addf(out, "too few blocks to tell (%d at least)", DRIFT_MIN);
	else if (o->drift.is_found)
		buf_addf(out, "%+.*g %%, p %s%.2g", TWO_DIGITS(100 * o->drift.change),
			o->drift.p < 0.001 ? "< " : "= ", fmax(o->drift.p, 0.001));
	else
		buf_addf(out, "none found (p = %.2g)", o->drift.p);
}

/* ---- hosts ---- */

static void cell_idle(FILE *to, const struct over_blocks *idle)
{
	_cleanup_buf_ struct buf drift = BUF_INIT;

	if (idle->n == 0) {
		fputs("<td class=\"n\">–</td><td class=\"n\">–</td><td>not measured</td>", to);
		return;
	}
	add_drift(idle, &drift);
	html_element(to, "td", "class=\"n\"", "%.4g → %.4g W", idle->first, idle->last);
	html_element(to, "td", "class=\"n\"", "%+.*g mW", TWO_DIGITS(1000 * idle->slope));
	html_element(to, "td", NULL, "%s", drift.data);
}

static size_t runs_with_flag(const struct gathered *g, size_t lane, const char *flag)
{
	size_t n = 0;

	for (size_t c = 0; c < g->configurations_n; c++) {
		const struct tallies *flags = &gathered_cell(g, lane, c)->flags;

		for (size_t i = 0; i < flags->n; i++)
			if (strcmp(flags->items[i].text, flag) == 0)
				n += flags->items[i].n;
	}
	return n;
}

/* Flags of runs of which not all was measured, or not as finely as it should be. */
static void cell_lost(FILE *to, const struct gathered *g, size_t lane)
{
	static const char *const flags[] = {"short", "energy_partial", "zone_lost",
		"wrap_ambiguous", "samples_thinned", "counter_partial", "multiplexed",
		"metrics_dropped"};
	const char *sep = "";

	fputs("<td>", to);
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		size_t n = runs_with_flag(g, lane, flags[i]);

		if (n == 0)
			continue;
		fprintf(to, "%s%s in %zu run%s", sep, flags[i], n, n == 1 ? "" : "s");
		sep = ", ";
	}
	fputs(*sep == '\0' ? "none</td>" : "</td>", to);
}

static void print_host(const struct report *r, const struct measuring_host *h, FILE *to)
{
	json_t *inventory = host_inventory(r->g->lanes[h->lane].inventory);
	_cleanup_buf_ struct buf overhead = BUF_INIT;

	host_overhead(inventory, report_fastest_sampling(r->study->campaign), &overhead);
	json_decref(inventory);
	fputs("<tr>", to);
	html_element(to, "th", "scope=\"row\"", "%s", r->g->lanes[h->lane].host);
	cell_percent(to, h->agent);
	cell_percent(to, h->agent_worst);
	html_element(to, "td", NULL, "%s", overhead.len > 0 ? overhead.data : "not measured there");
	cell_percent(to, h->bound);
	cell_percent(to, h->bound_worst);
	cell_idle(to, &h->idle);
	cell_lost(to, r->g, h->lane);
	fputs("</tr>\n", to);
}

static void print_hosts(const struct report *r, const struct measuring_hosts *hosts, FILE *to)
{
	fputs("<p>The agent's CPU time is relative to the time of a run; the bound of energy, half "
	      "the width of what is certain of a run's joules (one step of the counter at each "
	      "end, and its rate), to its energy. Idle power is measured before a block; its slope "
	      "is Theil and Sen's, its p Mann and Kendall's.</p>\n",
		to);
	table_open(to, "what the measurement costs on each host");
	fputs("<thead><tr><th scope=\"col\">host<th scope=\"col\" class=\"n\">agent's CPU time, "
	      "median<th scope=\"col\" class=\"n\">worst run<th scope=\"col\">beside a "
	      "computation<th scope=\"col\" class=\"n\">bound of energy, median<th scope=\"col\" "
	      "class=\"n\">worst configuration<th scope=\"col\" class=\"n\">idle power, first and "
	      "last block<th scope=\"col\" class=\"n\">a block<th scope=\"col\">its drift"
	      "<th scope=\"col\">measured in part</tr></thead><tbody>\n",
		to);
	for (size_t i = 0; i < hosts->n; i++)
		print_host(r, &hosts->items[i], to);
	table_close(to);
}

/* ---- canaries ---- */

static void print_canaries(const struct report *r, const struct measuring_hosts *hosts, FILE *to)
{
	bool any = false;

	for (size_t i = 0; i < hosts->n; i++)
		any |= hosts->items[i].canaries_n > 0;
	if (!any)
		return;
	fputs("<h3>Canaries</h3>\n<p>The same program throughout: where its time moves, the "
	      "machine "
	      "did.</p>\n",
		to);
	table_open(to, "canaries");
	fputs("<thead><tr><th scope=\"col\">host<th scope=\"col\">canary<th scope=\"col\" "
	      "class=\"n\">blocks<th scope=\"col\" class=\"n\">time, first and last<th "
	      "scope=\"col\">drift</tr></thead><tbody>\n",
		to);
	for (size_t i = 0; i < hosts->n; i++) {
		for (size_t k = 0; k < hosts->items[i].canaries_n; k++) {
			const struct canary_over_blocks *c = &hosts->items[i].canaries[k];
			_cleanup_buf_ struct buf name = BUF_INIT, drift = BUF_INIT;

			text_configuration(r->g, c->configuration, &name);
			add_drift(&c->time, &drift);
			fputs("<tr>", to);
			html_element(to, "th", "scope=\"row\"", "%s",
				r->g->lanes[hosts->items[i].lane].host);
			html_element(to, "td", NULL, "%s", name.data);
			html_element(to, "td", "class=\"n\"", "%zu", c->time.n);
			html_element(to, "td", "class=\"n\"", "%.5g → %.5g s", c->time.first,
				c->time.last);
			html_element(to, "td", NULL, "%s", drift.data);
			fputs("</tr>\n", to);
		}
	}
	table_close(to);
}

/* ---- the same thing under two names ---- */

/* Where no p can be that small, none is no good sign. */
static void print_small(const struct twin_metric *m, FILE *to)
{
	size_t able = m->n - m->blind;

	fputs("<td class=\"n\">", to);
	if (able > 0)
		html_textf(to, "%zu of %zu (%.3g %%, alpha %.4g %%)", m->small, able,
			100 * (double)m->small / (double)able, 100 * m->alpha);
	if (m->blind > 0)
		html_textf(to, "%s%zu with too few blocks to tell", able > 0 ? "; " : "", m->blind);
	fputs("</td>", to);
}

static void print_twin(
	const struct report *r, const struct twin_pair *p, const struct twin_metric *m, FILE *to)
{
	_cleanup_buf_ struct buf where = BUF_INIT;

	text_configuration(r->g, m->worst_configuration, &where);
	fputs("<tr>", to);
	html_element(to, "th", "scope=\"row\"", "%s against %s", p->contender, p->baseline);
	html_element(to, "td", NULL, "%s", m->name);
	html_element(to, "td", "class=\"n\"", "%zu of %zu (%.3g %%)", m->changed, m->n,
		100 * (double)m->changed / (double)m->n);
	print_small(m, to);
	html_element(to, "td", "class=\"n\"", "%+.*g %%", TWO_DIGITS(100 * (m->worst - 1)));
	html_element(to, "td", NULL, "%s on %s", where.data, r->g->lanes[m->worst_lane].host);
	fputs("</tr>\n", to);
}

static void print_twins(const struct report *r, const struct twins *twins, FILE *to)
{
	fputs("<h3>False alarms</h3>\n", to);
	if (twins->n == 0) {
		fputs("<p class=\"note\">No axis has the same thing under two names (two values "
		      "with equal attributes): how often a change is found where there is none was "
		      "not measured.</p>\n",
			to);
		return;
	}
	fputs("<p>Values with equal attributes are the same thing under two names: what is found "
	      "between them is a false alarm. By chance alone a share of alpha of the p-values is "
	      "that small; of verdicts, which mind the threshold and the number of comparisons, "
	      "hardly any.</p>\n",
		to);
	table_open(to, "false alarms");
	fputs("<thead><tr><th scope=\"col\">the same<th scope=\"col\">metric<th scope=\"col\" "
	      "class=\"n\">told as changed<th scope=\"col\" class=\"n\">p at most alpha<th "
	      "scope=\"col\" class=\"n\">farthest<th scope=\"col\">where</tr></thead><tbody>\n",
		to);
	for (size_t i = 0; i < twins->n; i++)
		for (size_t k = 0; k < twins->items[i].n; k++)
			print_twin(r, &twins->items[i], &twins->items[i].metrics[k], to);
	table_close(to);
}

void page_measuring(const struct report *r, FILE *to)
{
	struct measuring_hosts hosts;
	struct twins twins;

	measuring_hosts_make(r->study, &hosts);
	twins_find(r->study, &twins);
	page_open(to, "measuring", "What the measurement itself costs");
	if (hosts.n > 0)
		print_hosts(r, &hosts, to);
	print_canaries(r, &hosts, to);
	print_twins(r, &twins, to);
	page_close(to);
	measuring_hosts_done(&hosts);
	twins_done(&twins);
}
