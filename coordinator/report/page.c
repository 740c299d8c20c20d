/* The page around its parts: head, order, style, scripts. */
#include "coordinator/report/page.h"
#include "coordinator/report/bundles.h"
#include "coordinator/report/report.h"
#include <errno.h>
#include <sodium.h>

#include "proto/error.h"
#include "proto/message.h"

static const char *title_of(const struct report *r)
{
	const struct campaign *c = r->study->campaign;

	return c != NULL && c->report.title != NULL ? c->report.title : r->g->label;
}

/* 'sha256-...': a script with these very bytes may run, and no other. */
static void add_hash(const struct bundle *script, struct buf *out)
{
	unsigned char hash[crypto_hash_sha256_BYTES];
	char text[sodium_base64_ENCODED_LEN(sizeof hash, sodium_base64_VARIANT_ORIGINAL)];

	crypto_hash_sha256(hash, (const unsigned char *)script->text, script->len);
	sodium_bin2base64(text, sizeof text, hash, sizeof hash, sodium_base64_VARIANT_ORIGINAL);
	buf_addf(out, " 'sha256-%s'", text);
}

/*
 * Nothing is loaded from anywhere, and of scripts only the page's own run. Vega makes functions of
 * the charts' expressions, which is what 'unsafe-eval' allows. A user's names are in them as values
 * of categories to sort by alone: literals, which Vega parses and writes anew with their quotes.
 */
static void print_policy(const struct bundle *scripts, size_t n, FILE *to)
{
	_cleanup_buf_ struct buf hashes = BUF_INIT;

	for (size_t i = 0; i < n; i++)
		add_hash(&scripts[i], &hashes);
	fprintf(to,
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		"script-src 'unsafe-eval'%s; style-src 'unsafe-inline'; img-src data:; "
		"base-uri 'none'; form-action 'none'\">\n",
		hashes.data);
}

static void print_bundle(const char *tag, const struct bundle *b, FILE *to)
{
	fprintf(to, "<%s>", tag);
	fwrite(b->text, 1, b->len, to);
	fprintf(to, "</%s>\n", tag);
}

static const char verdicts_link[] = "<a href=\"#verdicts\">Verdicts</a> ";

static void print_section_links(const struct campaign *c, size_t from, size_t end, FILE *to)
{
	for (size_t i = from; c != NULL && i < c->report.sections_n && i < end; i++) {
		fprintf(to, "<a href=\"#section-%zu\">", i + 1);
		html_text(to, c->report.sections[i].title);
		fputs("</a> ", to);
	}
}

static void print_contents(const struct report *r, FILE *to)
{
	const struct campaign *c = r->study->campaign;

	fputs("<nav aria-label=\"contents\"><a href=\"#summary\">In short</a> ", to);
	print_section_links(c, 0, 1, to);
	if (r->claims.n == 0)
		fputs(verdicts_link, to);
	if (r->claims.n > 0)
		fputs("<a href=\"#claims\">Claims</a> ", to);
	if (page_has_choices(r))
		fputs("<a href=\"#choices\">Which to use</a> ", to);
	if (r->figures.n > 0)
		fputs("<a href=\"#figures\">Figures</a> ", to);
	print_section_links(c, 1, SIZE_MAX, to);
	if (r->claims.n > 0)
		fputs(verdicts_link, to);
	fputs("<a href=\"#results\">Results</a> <a href=\"#method\">Method</a> <a "
	      "href=\"#measuring\">Its cost</a> <a "
	      "href=\"#excluded\">Not counted</a> <a href=\"#provenance\">Provenance</a></nav>\n",
		to);
}

static void print_head(const struct report *r, const struct bundle *scripts, size_t n, FILE *to)
{
	const struct bundle style = bundle_style();

	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n", to);
	print_policy(scripts, n, to);
	fputs("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	      "<meta name=\"color-scheme\" content=\"light dark\">\n"
	      "<meta name=\"generator\" content=\"joulerig " JOULERIG_VERSION "\">\n",
		to);
	html_element(to, "title", NULL, "%s", title_of(r));
	print_bundle("style", &style, to);
	fputs("</head>\n<body>\n<header><h1>", to);
	html_text(to, title_of(r));
	fputs("</h1>\n", to);
	html_element(to, "p", "class=\"label\"", "%s", r->g->label);
	fputs("<button type=\"button\" id=\"theme\" hidden>Dark</button>\n", to);
	print_contents(r, to);
	fputs("</header>\n<main>\n", to);
}

static void print_foot(const struct bundle *scripts, size_t n, FILE *to)
{
	const struct bundle licenses = bundle_licenses();
	_cleanup_free_ char *text = xstrndup(licenses.text, licenses.len);

	fputs("</main>\n<footer><p>Made by joulerig " JOULERIG_VERSION
	      ". The charts are drawn by Vega and Vega-Lite, which are in this page.</p>\n"
	      "<details class=\"minor\"><summary>Their licences</summary><pre tabindex=\"0\">\n",
		to);
	html_text(to, text);
	fputs("</pre></details></footer>\n", to);
	for (size_t i = 0; i < n; i++)
		print_bundle("script", &scripts[i], to);
	fputs("</body>\n</html>\n", to);
}

/* The question, the answer, what shows it, and how it was come by: where a campaign claims
 * something, that is its question, and verdicts are what the answer is made of. */
int report_page(struct report *r, FILE *to, struct error *err)
{
	const struct bundle scripts[] = {bundle_vega(), bundle_vega_lite(), bundle_script()};

	print_head(r, scripts, ARRAY_SIZE(scripts), to);
	page_summary(r, to);
	page_sections(r, 0, 1, to);
	if (r->claims.n == 0)
		page_verdicts(r, to);
	page_claims(r, to);
	page_choices(r, to);
	page_figures(r, to);
	page_sections(r, 1, SIZE_MAX, to);
	if (r->claims.n > 0)
		page_verdicts(r, to);
	page_results(r, to);
	page_method(r, to);
	page_measuring(r, to);
	page_excluded(r, to);
	page_provenance(r, to);
	print_foot(scripts, ARRAY_SIZE(scripts), to);
	if (fflush(to) != 0 || ferror(to))
		return error_errno(err, "report: cannot write the page");
	return 0;
}
