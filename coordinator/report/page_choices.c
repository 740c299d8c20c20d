/* Which to use: of what does the same work, the fastest, and what takes the least energy. */
#include "coordinator/findings/choice.h"
#include "coordinator/report/page.h"
#include <math.h>

/* A configuration in what it has beside the work that all candidates share. */
static void add_name(
	const struct report *r, const struct choice *c, size_t configuration, struct buf *out)
{
	const struct gathered_configuration *of = &r->g->configurations[configuration];
	_cleanup_free_ const char **skip = xcalloc(of->parameters.n + 1, sizeof *skip);
	size_t n = 0;

	for (size_t i = 0; i < of->parameters.n; i++) {
		_cleanup_free_ char *one = xasprintf(
			" %s=%s", of->parameters.items[i].name, of->parameters.items[i].text);
		const char *at = strstr(c->work, one);

		if (at != NULL && (at[strlen(one)] == ' ' || at[strlen(one)] == '\0'))
			skip[n++] = of->parameters.items[i].name;
	}
	parameters_format(&of->parameters, skip, n, out);
}

static void cell_ratio(FILE *to, bool has, const struct ratio *ratio, const char *itself)
{
	_cleanup_buf_ struct buf text = BUF_INIT;

	if (itself != NULL)
		buf_adds(&text, itself);
	else if (has)
		text_ratio(ratio, &text);
	else
		buf_adds(&text, "–");
	html_element(to, "td", "class=\"n\"", "%s", text.data);
}

static void cell_certain(const struct report *r, const struct choice *c, FILE *to)
{
	_cleanup_buf_ struct buf name = BUF_INIT, ratio = BUF_INIT;

	add_name(r, c, c->runner_up, &name);
	text_ratio(&c->runner_up_to, &ratio);
	fprintf(to, "<td class=\"verdict%s\">", c->rivals == 0 ? " replicated" : "");
	if (c->rivals == 0)
		fputs("✓ certain", to);
	else
		html_textf(
			to, "? %zu other%s may be as good", c->rivals, c->rivals == 1 ? "" : "s");
	html_textf(to, "; second of %zu: %s, %s", c->candidates, name.data, ratio.data);
	fputs("</td>", to);
}

static void print_choice(const struct report *r, const struct choice *c, FILE *to)
{
	_cleanup_buf_ struct buf name = BUF_INIT;

	add_name(r, c, c->best, &name);
	fputs("<tr>", to);
	html_element(to, "th", "scope=\"row\"", "%s", c->work);
	html_element(to, "td", NULL, "%s", r->g->lanes[c->lane].host);
	html_element(to, "td", NULL, "%s", strcmp(c->metric, "time") == 0 ? "time" : "energy");
	html_element(to, "td", NULL, "%s", name.data);
	cell_ratio(to, c->has_same, &c->to_same,
		c->has_same && c->same == c->best ? "it is the baseline" : NULL);
	cell_ratio(to, c->has_baseline_best, &c->to_baseline_best,
		c->has_baseline_best && c->baseline_best == c->best ? "it is that" : NULL);
	cell_certain(r, c, to);
	fputs("</tr>\n", to);
}

/* The first question along an axis, which names the baseline. */
static const struct question *question_of(const struct report *r)
{
	for (size_t i = 0; i < r->questions.n; i++)
		if (r->questions.items[i].kind == BY_AXIS && r->unanswered[i] == NULL)
			return &r->questions.items[i];
	return NULL;
}

bool page_has_choices(const struct report *r)
{
	return question_of(r) != NULL;
}

void page_choices(const struct report *r, FILE *to)
{
	const struct question *q = question_of(r);
	struct choices choices;

	if (q == NULL)
		return;
	choices_make(r->study, q->by, q->baseline, q->alpha, &choices);
	page_open(to, "choices", "Which to use");
	html_element(to, "p", NULL,
		"Of all configurations that do the same work on a host, the one that takes the "
		"least time, and the one that takes the least energy; its ratio to %s with the "
		"same "
		"parameters, and to the best that %s does with any. As the same runs say which of "
		"m "
		"is the best, the first interval is at 1 - %.4g / m; and which of b is the best "
		"of %s, the second at 1 - %.4g / (b (m - b)). It is certain where each other "
		"is beyond doubt worse; else the choice among those that may be as good is free.",
		q->baseline, q->baseline, q->alpha, q->baseline, q->alpha);
	if (choices.n == 0)
		fputs("<p class=\"note\">No two configurations do the same work.</p>\n", to);
	table_open(to, "which to use");
	fputs("<thead><tr><th scope=\"col\">work<th scope=\"col\">host<th scope=\"col\">least"
	      "<th scope=\"col\">use<th scope=\"col\" class=\"n\">to ",
		to);
	html_text(to, q->baseline);
	fputs("<th scope=\"col\" class=\"n\">to the best ", to);
	html_text(to, q->baseline);
	fputs("<th scope=\"col\">sure?</tr></thead><tbody>\n", to);
	for (size_t i = 0; i < choices.n && i < PAGE_MAX_ROWS; i++)
		print_choice(r, &choices.items[i], to);
	table_close(to);
	page_thinned(to, PAGE_MAX_ROWS, choices.n, "joulerig results %s --all", r->g->label);
	page_close(to);
	choices_done(&choices);
}
