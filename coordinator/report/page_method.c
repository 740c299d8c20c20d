/* How the numbers came about, and which runs are not among them. */
#include "coordinator/findings/host_text.h"
#include "coordinator/report/page.h"

#define MAX_REASONS 50

/* ---- method ---- */

static void print_order(const struct campaign *c, FILE *to)
{
	_cleanup_buf_ struct buf text = BUF_INIT;

	if (c->is_sequential) {
		buf_adds(&text, "All runs of a configuration were done one after the other, then "
				"those of the next: what drifted with time is not separated from "
				"what differs between configurations.");
	} else {
		buf_addf(&text,
			"Randomised complete blocks: each host ran every configuration once in a "
			"random order (seed %lld), then all of them again in another one, so that "
			"what drifts with time meets all of them alike.",
			(long long)c->seed);
	}
	if (c->pair_n > 0) {
		buf_adds(&text, " Configurations that differ in ");
		for (size_t i = 0; i < c->pair_n; i++)
			buf_addf(&text, "%s%s", i == 0 ? "" : ", ", c->pair[i]);
		buf_adds(&text, " alone ran back to back.");
	}
	if (c->warmup > 0)
		buf_addf(&text, " %lld pass%s before the first block warmed up; %s not counted.",
			(long long)c->warmup, c->warmup == 1 ? "" : "es",
			c->warmup == 1 ? "it is" : "they are");
	buf_addf(&text, " %lld blocks were asked for", (long long)c->blocks);
	if (c->until.metric != NULL)
		buf_addf(&text, ", up to %lld until the 95 %% interval of %s was within ±%.4g %%",
			(long long)c->max, c->until.metric, (double)c->until.within / 1e4);
	buf_addc(&text, '.');
	html_element(to, "p", NULL, "%s", text.data);
	fputc('\n', to);
}

static void print_comparing(const struct question *q, FILE *to)
{
	_cleanup_buf_ struct buf text = BUF_INIT;

	buf_addf(&text, "%s%sA ratio is compared / %s on the scale of logarithms, ",
		q->by == NULL ? "" : q->by, q->by == NULL ? "" : ": ", q->baseline);
	buf_adds(&text, q->kind == BY_AXIS ? "of runs of the same block on the same host, paired"
					   : "of two samples that are not paired");
	buf_addf(&text,
		"%s; its interval is at %.4g %%. It counts as changed where it is beyond ±%.4g %% "
		"and its p-value, by permutation and adjusted over all comparisons of a metric "
		"(Benjamini-Hochberg), is at most %.4g; as unchanged where the whole interval lies "
		"within ±%.4g %%; else it is inconclusive, which is no proof of sameness.",
		q->by_ranks ? " (Hodges-Lehmann)" : "", 100 * (1 - q->alpha), 100 * q->threshold,
		q->alpha, 100 * q->threshold);
	html_element(to, "p", NULL, "%s", text.data);
	fputc('\n', to);
}

int64_t report_fastest_sampling(const struct campaign *c)
{
	int64_t every = NS_PER_S / 10;

	for (size_t i = 0; c != NULL && i < c->benchmarks_n; i++)
		if (i == 0 || c->benchmarks[i].measure.every_ns < every)
			every = c->benchmarks[i].measure.every_ns;
	return every;
}

static void print_energy(const struct report *r, FILE *to)
{
	const struct gathered *g = r->g;
	bool has_net = gathered_metric(g, "energy.package.net") < g->metrics_n &&
		       g->metrics[gathered_metric(g, "energy.package.net")].is_used;
	bool any = false;

	fputs("<ul>\n", to);
	for (size_t lane = 0; lane < g->lanes_n; lane++) {
		json_t *inventory = host_inventory(g->lanes[lane].inventory);
		const char *source = host_energy_source(inventory), *why = g->lanes[lane].no_energy;
		_cleanup_buf_ struct buf overhead = BUF_INIT;

		host_overhead(inventory, report_fastest_sampling(r->study->campaign), &overhead);
		if (why == NULL)
			why = host_energy_why(inventory);
		any |= g->lanes[lane].has_energy;
		fputs("<li>", to);
		if (g->lanes[lane].has_energy)
			html_textf(to, "%s: energy from %s", g->lanes[lane].host,
				source == NULL ? "an unnamed source" : source);
		else
			html_textf(to, "%s: energy not measured: %s", g->lanes[lane].host,
				why == NULL ? "no reason is stored" : why);
		if (overhead.len > 0)
			html_textf(to, "; %s", overhead.data);
		fputs("</li>\n", to);
		json_decref(inventory);
	}
	fputs("</ul>\n", to);
	if (any)
		html_element(to, "p", NULL,
			"energy.package is the sum over the processor packages, gross: what they "
			"drew during the run, idle included. %s",
			has_net ? "energy.package.net has the idle power taken off."
				: "Idle power was not measured, so nothing is taken off.");
}

void page_method(const struct report *r, FILE *to)
{
	page_open(to, "method", "Method");
	if (r->study->campaign != NULL)
		print_order(r->study->campaign, to);
	else
		fputs("<p class=\"note\">The campaign's file is not stored or cannot be read by "
		      "this version: how its runs were ordered is not known.</p>\n",
			to);
	for (size_t i = 0; i < r->questions.n; i++)
		print_comparing(&r->questions.items[i], to);
	if (r->g->lanes_n > 0)
		print_energy(r, to);
	fputs("<p>Outliers (beyond three interquartile ranges outside the quartiles) are marked "
	      "and "
	      "kept. Joules and seconds of unlike machines are never averaged; only ratios "
	      "are.</p>\n",
		to);
	page_close(to);
}

/* ---- what is not counted ---- */

/* A reason, over all cells. */
struct reason {
	const char *state, *text;
	size_t runs, cells, first;
};

struct reasons {
	struct reason *items;
	size_t n;
};

static void count(struct reasons *r, const struct tally *t, const char *usual, size_t cell)
{
	const char *state = t->state == NULL ? usual : t->state;
	size_t i = 0;

	while (i < r->n &&
		(strcmp(r->items[i].state, state) != 0 || strcmp(r->items[i].text, t->text) != 0))
		i++;
	if (i == r->n) {
		r->items = xreallocarray(r->items, r->n + 1, sizeof *r->items);
		r->items[r->n++] = (struct reason){.state = state, .text = t->text, .first = cell};
	}
	r->items[i].runs += t->n;
	r->items[i].cells++;
}

static void print_reason(const struct gathered *g, const struct reason *reason, FILE *to)
{
	_cleanup_buf_ struct buf text = BUF_INIT;

	text_configuration(g, reason->first % g->configurations_n, &text);
	fputs("<tr>", to);
	html_element(to, "th", "scope=\"row\"", "%s", reason->state);
	html_element(to, "td", "class=\"n\"", "%zu", reason->runs);
	fputs("<td>", to);
	html_textf(to, "%s on %s", text.data, g->lanes[reason->first / g->configurations_n].host);
	if (reason->cells > 1)
		html_textf(to, " and %zu more", reason->cells - 1);
	fputs("</td>", to);
	html_element(to, "td", NULL, "%.*s", (int)strcspn(reason->text, "\n"), reason->text);
	fputs("</tr>\n", to);
}

void page_excluded(const struct report *r, FILE *to)
{
	const struct gathered *g = r->g;
	const struct campaign *campaign = r->study->campaign;
	bool has_until = campaign != NULL && campaign->until.metric != NULL;
	struct reasons all = {0};
	size_t open = 0;

	for (size_t i = 0; i < g->lanes_n * g->configurations_n; i++) {
		for (size_t k = 0; k < g->cells[i].failures.n; k++)
			count(&all, &g->cells[i].failures.items[k], "failed", i);
		for (size_t k = 0; k < g->cells[i].skips.n; k++)
			count(&all, &g->cells[i].skips.items[k], "skipped", i);
		for (size_t k = 0; k < g->cells[i].cancels.n; k++)
			count(&all, &g->cells[i].cancels.items[k], "cancelled", i);
		open += g->cells[i].open;
	}
	if (gathered_to_come(g) > open)
		open = gathered_to_come(g);
	page_open(to, "excluded", "Runs that are not counted");
	if (open > 0 && g->ended_at != ABSENT)
		html_element(to, "p", NULL, "%zu run%s planned, and never run.", open,
			open == 1 ? " was" : "s were");
	else if (open > 0)
		html_element(to, "p", NULL, "%s%zu run%s still to come.",
			has_until ? "At most " : "", open, open == 1 ? " is" : "s are");
	if (all.n == 0 && open == 0) {
		fputs("<p>None but warm-up: every run that was planned is in the numbers.</p>\n",
			to);
	} else if (all.n > 0) {
		table_open(to, "runs that are not counted");
		fputs("<thead><tr><th scope=\"col\">state<th scope=\"col\" class=\"n\">runs"
		      "<th scope=\"col\">configurations<th scope=\"col\">why</tr></thead><tbody>\n",
			to);
		for (size_t i = 0; i < all.n && i < MAX_REASONS; i++)
			print_reason(g, &all.items[i], to);
		table_close(to);
		page_thinned(to, MAX_REASONS, all.n, "joulerig runs %s --failed", g->label);
	}
	free(all.items);
	page_accounts(r, to);
	page_close(to);
}
