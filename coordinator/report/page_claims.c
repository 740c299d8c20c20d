/* Claims: what the campaign's file says that comes out, and what came out. */
#include "coordinator/report/page.h"

static const char *mark_of(enum claim_verdict v)
{
	return v == CLAIM_REPLICATED ? "✓" : v == CLAIM_CONTRADICTED ? "✗" : "?";
}

static void print_words(const struct claim_answer *a, FILE *to)
{
	const struct report_claim *c = a->claim;

	html_element(to, "h3", NULL, "%s%s%s", c->name == NULL ? "Claim" : c->name,
		c->says == NULL ? "" : ": ", c->says == NULL ? "" : c->says);
	fputs("<p>", to);
	html_textf(to, "%s of %s=%s / %s=%s within %.6g and %.6g%s%s, %s.", c->metric_text, c->by,
		c->contender, c->by, c->baseline, c->low, c->high,
		c->only_text == NULL ? "" : ", where ", c->only_text == NULL ? "" : c->only_text,
		c->is_best ? "of the best configuration" : "of each configuration");
	fputs("</p>\n", to);
}

static void print_verdict(FILE *to, enum claim_verdict v)
{
	fprintf(to, "<td class=\"verdict %s\">%s %s</td>", claim_verdict_name(v), mark_of(v),
		claim_verdict_name(v));
}

static void print_rows(const struct report *r, const struct claim_answer *a,
	const struct claim_host *h, size_t from, FILE *to)
{
	const char *host = h->host == NULL ? "all hosts" : h->host;

	fputs("<tr class=\"pooled\">", to);
	html_element(to, "th", "scope=\"row\"", "%s", host);
	html_element(to, "td", NULL, "%s", a->claim->is_best ? "the best" : "each");
	html_element(to, "td", "class=\"n\"",
		a->claim->is_best ? "of %zu, each at %.6g %%" : "of %zu", h->rows, 100 * h->level);
	print_verdict(to, h->verdict);
	fputs("</tr>\n", to);
	for (size_t i = from; i < from + h->rows && i < PAGE_MAX_ROWS; i++) {
		const struct claim_row *row = &a->rows[i];
		_cleanup_buf_ struct buf name = BUF_INIT, ratio = BUF_INIT;

		text_configuration(r->g, row->configuration, &name);
		text_ratio(&row->ratio, &ratio);
		fputs("<tr><td></td>", to);
		html_element(to, "td", NULL, "%s", name.data);
		html_element(to, "td", "class=\"n\"", "%s", ratio.data);
		print_verdict(to, row->verdict);
		fputs("</tr>\n", to);
	}
}

static void print_claim(const struct report *r, const struct claim_answer *a, FILE *to)
{
	size_t from = 0;

	print_words(a, to);
	if (a->why != NULL) {
		html_element(to, "p", "class=\"note\"", "It cannot be answered: %s", a->why);
		fputc('\n', to);
		return;
	}
	table_open(to, a->claim->name == NULL ? "claim" : a->claim->name);
	fputs("<thead><tr><th scope=\"col\">host<th scope=\"col\">configuration"
	      "<th scope=\"col\" class=\"n\">",
		to);
	if (a->claim->is_best)
		html_textf(to, "ratio [interval, %.4g %% for the best]", 100 * a->level);
	else
		html_textf(to, "ratio [%.4g %% interval]", 100 * a->level);
	fputs("<th scope=\"col\">verdict</tr></thead><tbody>\n", to);
	for (size_t i = 0; i < a->hosts_n; from += a->hosts[i].rows, i++)
		print_rows(r, a, &a->hosts[i], from, to);
	table_close(to);
	page_thinned(to, PAGE_MAX_ROWS, a->n, "joulerig compare %s --all", r->g->label);
}

void page_claims(const struct report *r, FILE *to)
{
	if (r->claims.n == 0)
		return;
	page_open(to, "claims", "Claims");
	fputs("<p>Replicated: the interval of the ratio lies within what is claimed; contradicted: "
	      "it "
	      "lies wholly outside; else inconclusive. Where the best of m configurations "
	      "counts, each of their intervals is at level 1 - alpha / m (Bonferroni), since the "
	      "same runs say which is the best.</p>\n",
		to);
	for (size_t i = 0; i < r->claims.n; i++)
		print_claim(r, &r->claims.items[i], to);
	page_close(to);
}
