/* Claims: what the campaign's file says that comes out, and what came out. */
#include "coordinator/report/page.h"
#include <math.h>

static const char *mark_of(enum claim_verdict v)
{
	return v == CLAIM_REPLICATED ? "✓" : v == CLAIM_CONTRADICTED ? "✗" : "?";
}

static const char *of_words(enum claim_of of)
{
	static const char *const words[] = {
		[CLAIM_OF_EACH] = "of each configuration",
		[CLAIM_OF_BEST] = "of the best configuration",
		[CLAIM_OF_HOSTS] = "of each configuration on each host",
	};

	return words[of];
}

static void print_words(const struct claim_answer *a, FILE *to)
{
	const struct report_claim *c = a->claim;

	fputs("<summary>", to);
	html_element(to, "h3", NULL, "%s%s%s", c->name == NULL ? "Claim" : c->name,
		c->says == NULL ? "" : ": ", c->says == NULL ? "" : c->says);
	fputs("</summary>\n<p>", to);
	html_textf(to, "%s of %s=%s / %s=%s%s within %.6g and %.6g%s%s, %s.", c->metric_text, c->by,
		c->contender, c->by, c->baseline,
		c->of == CLAIM_OF_HOSTS ? ", on a host / on all others," : "", c->low, c->high,
		c->only_text == NULL ? "" : ", where ", c->only_text == NULL ? "" : c->only_text,
		of_words(c->of));
	fputs("</p>\n", to);
}

static void print_verdict(FILE *to, enum claim_verdict v, double i2)
{
	fprintf(to, "<td class=\"verdict %s\">%s %s", claim_verdict_name(v), mark_of(v),
		claim_verdict_name(v));
	if (isfinite(i2))
		fprintf(to, " · I² %.0f %%", 100 * i2);
	fputs("</td>", to);
}

/* What counts of a host, in the column of configurations, and of how many. */
static void print_counted(const struct claim_answer *a, const struct claim_host *h, FILE *to)
{
	bool is_best = a->claim->of == CLAIM_OF_BEST;

	html_element(to, "td", NULL, "%s", is_best ? "the best" : "each");
	if (h->rows == 0)
		html_element(to, "td", "class=\"n\"", "of %zu hosts", a->hosts_n - 1);
	else if (is_best)
		html_element(to, "td", "class=\"n\"", "of %zu, each at %.6g %%", h->rows,
			100 * h->level);
	else
		html_element(to, "td", "class=\"n\"", "of %zu", h->rows);
}

static void print_rows(const struct report *r, const struct claim_answer *a,
	const struct claim_host *h, size_t from, FILE *to)
{
	fputs("<tr class=\"pooled\">", to);
	html_element(to, "th", "scope=\"row\"", "%s", h->host == NULL ? "all hosts" : h->host);
	print_counted(a, h, to);
	print_verdict(to, h->verdict, NAN);
	fputs("</tr>\n", to);
	for (size_t i = from; i < from + h->rows && i < PAGE_MAX_ROWS; i++) {
		const struct claim_row *row = &a->rows[i];
		_cleanup_buf_ struct buf name = BUF_INIT, ratio = BUF_INIT;

		text_configuration(r->g, row->configuration, &name);
		text_ratio(&row->ratio, &ratio);
		fputs("<tr><td></td>", to);
		html_element(to, "td", NULL, "%s", name.data);
		html_element(to, "td", "class=\"n\"", "%s", ratio.data);
		print_verdict(to, row->verdict, row->i2);
		fputs("</tr>\n", to);
	}
}

static void print_claim(const struct report *r, const struct claim_answer *a, FILE *to)
{
	size_t from = 0;

	fputs("<details class=\"claim\" open>", to);
	print_words(a, to);
	if (a->why != NULL) {
		html_element(to, "p", "class=\"note\"", "It cannot be answered: %s", a->why);
		fputs("</details>\n", to);
		return;
	}
	table_open(to, a->claim->name == NULL ? "claim" : a->claim->name);
	fputs("<thead><tr><th scope=\"col\">host<th scope=\"col\">configuration"
	      "<th scope=\"col\" class=\"n\">",
		to);
	if (a->claim->of == CLAIM_OF_BEST)
		html_textf(to, "ratio [interval, %.4g %% for the best]", 100 * a->level);
	else if (a->claim->of == CLAIM_OF_HOSTS)
		html_textf(
			to, "ratio / that of the other hosts [%.4g %% interval]", 100 * a->level);
	else
		html_textf(to, "ratio [%.4g %% interval]", 100 * a->level);
	fputs("<th scope=\"col\">verdict</tr></thead><tbody>\n", to);
	for (size_t i = 0; i < a->hosts_n; from += a->hosts[i].rows, i++)
		print_rows(r, a, &a->hosts[i], from, to);
	table_close(to);
	page_thinned(to, PAGE_MAX_ROWS, a->n, "joulerig compare %s --all", r->g->label);
	fputs("</details>\n", to);
}

/* ---- all claims at a glance ---- */

/* Whether hosts agree: how many come to which verdict. */
static void print_agreement(const struct claim_answer *a, FILE *to)
{
	const struct claim_hosts by = claims_hosts_by_verdict(a);
	const struct claim_host *all = &a->hosts[a->hosts_n - 1];
	const char *sep = "";

	fputs("<td>", to);
	if (by.hosts == 1)
		fputs("one host alone", to);
	for (int v = CLAIM_REPLICATED; v >= 0 && by.hosts > 1; v--) {
		if (by.n[v] == 0)
			continue;
		fprintf(to, "%s%zu", sep, by.n[v]);
		if (*sep == '\0')
			fprintf(to, " of %zu hosts", by.hosts);
		fprintf(to, " %s", claim_verdict_name((enum claim_verdict)v));
		sep = ", ";
	}
	if (all->host == NULL && isfinite(all->i2))
		fprintf(to, "; I² %.0f %%", 100 * all->i2);
	fputs("</td>", to);
}

static const struct claim_host *host_of(const struct claim_answer *a, const char *host)
{
	for (size_t i = 0; i < a->hosts_n; i++)
		if (host == NULL ? a->hosts[i].host == NULL
				 : a->hosts[i].host != NULL && strcmp(a->hosts[i].host, host) == 0)
			return &a->hosts[i];
	return NULL;
}

static void print_host_of(const struct claim_answer *a, const char *host, FILE *to)
{
	const struct claim_host *h = host_of(a, host);

	if (h == NULL)
		fputs("<td class=\"verdict\">–</td>", to);
	else
		print_verdict(to, h->verdict, NAN);
}

/* The hosts that claims speak of, in order of occurrence: of `by: host` pairs of them. The caller
 * frees the array. */
static const char **hosts_of(const struct claim_answers *claims, size_t *n)
{
	const char **hosts = NULL;

	*n = 0;
	for (size_t i = 0; i < claims->n; i++) {
		for (size_t k = 0; k < claims->items[i].hosts_n; k++) {
			const char *host = claims->items[i].hosts[k].host;
			bool is_new = host != NULL;

			for (size_t h = 0; is_new && h < *n; h++)
				is_new = strcmp(hosts[h], host) != 0;
			if (!is_new)
				continue;
			hosts = xreallocarray(hosts, *n + 1, sizeof *hosts);
			hosts[(*n)++] = host;
		}
	}
	return hosts;
}

static void print_line(
	const struct claim_answer *a, const char *const *hosts, size_t n, bool has_all, FILE *to)
{
	const struct report_claim *c = a->claim;

	fputs("<tr>", to);
	html_element(to, "th", "scope=\"row\"", "%s", c->name);
	html_element(to, "td", NULL, "%s", c->says == NULL ? "" : c->says);
	if (a->why != NULL) {
		fprintf(to, "<td colspan=\"%zu\">not answered: ", n + 1 + has_all);
		html_text(to, a->why);
		fputs("</td></tr>\n", to);
		return;
	}
	for (size_t i = 0; i < n; i++)
		print_host_of(a, hosts[i], to);
	if (has_all)
		print_host_of(a, NULL, to);
	print_agreement(a, to);
	fputs("</tr>\n", to);
}

static void print_glance(const struct claim_answers *claims, FILE *to)
{
	size_t n;
	_cleanup_free_ const char **hosts = hosts_of(claims, &n);
	bool has_all = false;

	for (size_t i = 0; i < claims->n; i++)
		has_all |= host_of(&claims->items[i], NULL) != NULL;
	table_open(to, "all claims");
	fputs("<thead><tr><th scope=\"col\">claim<th scope=\"col\">says", to);
	for (size_t i = 0; i < n; i++)
		html_element(to, "th", "scope=\"col\"", "%s", hosts[i]);
	fputs(has_all ? "<th scope=\"col\">all hosts" : "", to);
	fputs("<th scope=\"col\">do hosts agree?</tr></thead><tbody>\n", to);
	for (size_t i = 0; i < claims->n; i++)
		print_line(&claims->items[i], hosts, n, has_all, to);
	table_close(to);
}

/* ---- in short ---- */

#define IN_SHORT_HOSTS 8

/* "all hosts: 9 of 12 replicated, 2 contradicted (C4, C6), 1 inconclusive (C8)" */
static void print_counts(const struct claim_answers *claims, const char *host, FILE *to)
{
	static const enum claim_verdict order[] = {
		CLAIM_REPLICATED, CLAIM_CONTRADICTED, CLAIM_INCONCLUSIVE};
	_cleanup_buf_ struct buf text = BUF_INIT;
	size_t all = 0;

	for (size_t k = 0; k < ARRAY_SIZE(order); k++) {
		_cleanup_buf_ struct buf names = BUF_INIT;
		size_t n = 0;

		for (size_t i = 0; i < claims->n; i++) {
			const struct claim_host *h = host_of(&claims->items[i], host);
			const char *name = claims->items[i].claim->name;

			if (h == NULL || h->verdict != order[k])
				continue;
			n++;
			buf_addf(&names, "%s%s", names.len == 0 ? "" : ", ",
				name == NULL ? "one without a name" : name);
		}
		all += n;
		if (n > 0)
			buf_addf(&text, "%s%zu %s (%s)", text.len == 0 ? "" : "; ", n,
				claim_verdict_name(order[k]), names.data);
	}
	if (all == 0)
		return;
	fputs("<li>", to);
	html_element(to, "b", NULL, "%s", host == NULL ? "all hosts" : host);
	html_textf(to, ": %s", text.data);
	fputs("</li>\n", to);
}

static void print_unanswered(const struct claim_answers *claims, FILE *to)
{
	_cleanup_buf_ struct buf names = BUF_INIT;
	size_t n = 0;

	for (size_t i = 0; i < claims->n; i++) {
		const char *name = claims->items[i].claim->name;

		if (claims->items[i].why == NULL)
			continue;
		buf_addf(&names, "%s%s", n++ == 0 ? "" : ", ",
			name == NULL ? "one without a name" : name);
	}
	if (n > 0)
		html_element(to, "li", NULL, "%zu not answered (%s)", n, names.data);
}

void page_claims_in_short(const struct report *r, FILE *to)
{
	size_t n;

	if (r->claims.n == 0)
		return;
	_cleanup_free_ const char **hosts = hosts_of(&r->claims, &n);
	fprintf(to,
		"<p>What of the %zu <a href=\"#claims\">claim%s</a>?</p>\n<ul class=\"claims\">\n",
		r->claims.n, r->claims.n == 1 ? "" : "s");
	for (size_t i = 0; i < n && i < IN_SHORT_HOSTS; i++)
		print_counts(&r->claims, hosts[i], to);
	if (n > IN_SHORT_HOSTS)
		fprintf(to, "<li>and %zu more</li>\n", n - IN_SHORT_HOSTS);
	print_counts(&r->claims, NULL, to);
	print_unanswered(&r->claims, to);
	fputs("</ul>\n", to);
}

void page_claims(const struct report *r, FILE *to)
{
	if (r->claims.n == 0)
		return;
	page_open(to, "claims", "Claims");
	fputs("<p>Replicated: the interval of the ratio lies within what is claimed; contradicted: "
	      "it "
	      "lies wholly outside; else inconclusive. Of k configurations that must each hold, "
	      "one contradicts them all where it lies outside even at level 1 - alpha / k. Where "
	      "the best of m configurations "
	      "counts, each of their intervals is at level 1 - alpha / m (Bonferroni), since the "
	      "same runs say which is the best. All hosts: the pooled ratio, of hosts like these; "
	      "where hosts are held against each other, each of them must be where the others are. "
	      "I² is the share of what hosts differ by that is no chance, of the configuration "
	      "where it is the largest.</p>\n",
		to);
	print_glance(&r->claims, to);
	fputs("<p>What decides each of them:</p>\n", to);
	for (size_t i = 0; i < r->claims.n; i++)
		print_claim(r, &r->claims.items[i], to);
	page_close(to);
}
