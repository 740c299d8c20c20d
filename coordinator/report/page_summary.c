/* The head of the page: in words, for someone who has never seen the campaign. */
#include "coordinator/report/page.h"
#include <math.h>

/* "8 runs", "1 run". */
static void add_count(struct buf *out, size_t n, const char *one)
{
	buf_addf(out, "%zu %s%s", n, one, n == 1 ? "" : "s");
}

static size_t benchmarks_of(const struct gathered *g)
{
	size_t n = 0;

	for (size_t i = 0; i < g->configurations_n; i++)
		n += i == 0 || strcmp(g->configurations[i].benchmark,
				       g->configurations[i - 1].benchmark) != 0;
	return n;
}

static void add_names(const struct gathered_lane *lanes, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n && i < 8; i++)
		buf_addf(out, "%s%s", i == 0 ? " (" : ", ", lanes[i].host);
	buf_adds(out, n > 8 ? ", …)" : n > 0 ? ")" : "");
}

static void add_hosts(const struct gathered *g, struct buf *out)
{
	add_count(out, g->hosts_n, "host");
	add_names(g->lanes, g->hosts_n, out);
	if (g->lanes_n == g->hosts_n)
		return;
	buf_adds(out, ", of which those run together that + joins");
	add_names(g->lanes + g->hosts_n, g->lanes_n - g->hosts_n, out);
}

static void add_blocks(const struct gathered *g, struct buf *out)
{
	size_t least = SIZE_MAX, most = 0;

	for (size_t i = 0; i < g->lanes_n * g->configurations_n; i++) {
		size_t n = g->cells[i].done;

		if (n == 0)
			continue;
		least = n < least ? n : least;
		most = n > most ? n : most;
	}
	if (most > 0 && least == most)
		buf_addf(out, " Each configuration was measured %zu time%s on a host.", most,
			most == 1 ? "" : "s");
	else if (most > 0)
		buf_addf(out, " Each configuration was measured %zu to %zu times on a host.", least,
			most);
}

static void add_energy(double joules, struct buf *out)
{
	static const char *const units[] = {"J", "kJ", "MJ", "GJ"};
	size_t unit = 0;

	for (; joules >= 1000 && unit + 1 < ARRAY_SIZE(units); unit++)
		joules /= 1000;
	buf_addf(out, "%.3g %s", joules, units[unit]);
}

static void print_story(const struct report *r, FILE *to)
{
	const struct gathered *g = r->g;
	_cleanup_buf_ struct buf text = BUF_INIT;

	add_count(&text, benchmarks_of(g), "benchmark");
	buf_adds(&text, " in ");
	add_count(&text, g->configurations_n, "configuration");
	buf_adds(&text, " on ");
	add_hosts(g, &text);
	buf_adds(&text, ", from ");
	text_date(g->submitted_at, &text);
	buf_adds(
		&text, g->ended_at == ABSENT || g->ended_at <= 0 ? "; it has not ended: " : " to ");
	if (g->ended_at != ABSENT && g->ended_at > 0) {
		text_date(g->ended_at, &text);
		buf_adds(&text, ": ");
	}
	add_count(&text, g->runs, "run");
	if (g->failed > 0)
		buf_addf(&text, ", of which %zu failed and %s not counted", g->failed,
			g->failed == 1 ? "is" : "are");
	buf_adds(&text, ".");
	add_blocks(g, &text);
	if (g->energy > 0) {
		buf_adds(&text, " All of it took ");
		add_energy(g->energy, &text);
		buf_addc(&text, '.');
	} else {
		buf_adds(&text, " Energy was not measured.");
	}
	html_element(to, "p", NULL, "%s", text.data);
	fputc('\n', to);
}

/* ---- what came out of a question ---- */

/* The row that is farthest from 1, among those with a verdict. */
static const struct compared *farthest(
	const struct comparison_result *c, size_t metric, enum verdict verdict)
{
	const struct compared *most = NULL;

	for (size_t i = 0; i < c->n; i++) {
		const struct compared *row = &c->rows[i];

		if (row->metric != metric || row->verdict != verdict || !(row->ratio.ratio > 0))
			continue;
		if (most == NULL || fabs(log(row->ratio.ratio)) > fabs(log(most->ratio.ratio)))
			most = row;
	}
	return most;
}

static void add_example(
	const struct comparison_result *c, size_t metric, enum verdict verdict, struct buf *out)
{
	const struct compared *row = farthest(c, metric, verdict);

	if (row == NULL)
		return;
	buf_adds(out, " (most: ");
	text_configuration(c->contender, row->configuration, out);
	buf_addf(out, " on %s, ", row->host);
	text_change(row->ratio.ratio, out);
	buf_addc(out, ')');
}

static void print_metric(const struct comparison_result *c, size_t metric, FILE *to)
{
	static const enum verdict order[] = {VERDICT_REGRESSED, VERDICT_IMPROVED, VERDICT_CHANGED,
		VERDICT_INCONCLUSIVE, VERDICT_UNCHANGED, VERDICT_NONE};
	_cleanup_buf_ struct buf text = BUF_INIT;
	size_t all = 0;
	const char *sep = "";

	for (size_t i = 0; i < c->n; i++)
		all += c->rows[i].metric == metric;
	for (size_t k = 0; k < ARRAY_SIZE(order); k++) {
		size_t n = 0;

		for (size_t i = 0; i < c->n; i++)
			n += c->rows[i].metric == metric && c->rows[i].verdict == order[k];
		if (n == 0)
			continue;
		buf_addf(&text, "%s%zu %s", sep, n,
			order[k] == VERDICT_NONE ? "without a verdict" : verdict_name(order[k]));
		if (order[k] != VERDICT_INCONCLUSIVE && order[k] != VERDICT_UNCHANGED)
			add_example(c, metric, order[k], &text);
		sep = ", ";
	}
	fputs("<li>", to);
	html_element(to, "b", NULL, "%s", c->question->metrics[metric]);
	html_textf(to, ": of %zu comparison%s %s", all, all == 1 ? "" : "s", text.data);
	fputs("</li>\n", to);
}

static void print_answer(const struct comparison_result *c, FILE *to)
{
	const struct question *q = c->question;

	fputs("<p>", to);
	if (q->by != NULL)
		html_textf(to, "What does %s change, against %s?", q->by, q->baseline);
	else
		html_textf(to, "What changed since %s?", q->baseline);
	fputs("</p>\n<ul>\n", to);
	for (size_t metric = 0; metric < q->metrics_n; metric++)
		print_metric(c, metric, to);
	fputs("</ul>\n", to);
}

void page_summary(const struct report *r, FILE *to)
{
	page_open(to, "summary", "In short");
	if (r->study->campaign != NULL && r->study->campaign->description != NULL)
		html_element(to, "p", "class=\"lead\"", "%s", r->study->campaign->description);
	print_story(r, to);
	for (size_t i = 0; i < r->g->notes_n; i++)
		html_element(to, "p", "class=\"note\"", "%s", r->g->notes[i]);
	page_claims_in_short(r, to);
	for (size_t i = 0; i < r->questions.n; i++)
		if (r->unanswered[i] == NULL)
			print_answer(&r->answers[i], to);
	if (r->questions.n > 0)
		fputs("<p>A change counts only where it is beyond the threshold and beyond doubt; "
		      "<a href=\"#method\">how that is decided</a>.</p>\n",
			to);
	page_close(to);
}
