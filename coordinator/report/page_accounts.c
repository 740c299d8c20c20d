/* Planned against completed: what became of every run, host by host. */
#include "coordinator/report/page.h"

static void print_number(int64_t n, FILE *to)
{
	html_element(to, "td", "class=\"n\"", "%lld", (long long)n);
}

static void print_account(const struct account *a, const char *host, FILE *to)
{
	const int64_t numbers[] = {a->planned, a->done, a->failed, a->timeout, a->skipped,
		a->cancelled, a->open, a->warmup, a->flagged, a->lost};

	fputs("<tr>", to);
	html_element(to, "th", "scope=\"row\"", "%s", host);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		print_number(numbers[i], to);
	fputs("</tr>\n", to);
}

void page_accounts(const struct report *r, FILE *to)
{
	const struct accounts *all = &r->accounts;

	if (r->no_accounts != NULL) {
		html_element(to, "p", "class=\"note\"",
			"What became of the planned runs is not known: %s", r->no_accounts);
		return;
	}
	if (all->n == 0)
		return;
	fputs("<h3 id=\"accounts\">Planned and completed</h3>\n", to);
	table_open(to, "planned and completed runs");
	fprintf(to,
		"<thead><tr><th scope=\"col\">host"
		"<th scope=\"col\" class=\"n\">planned<th scope=\"col\" class=\"n\">done"
		"<th scope=\"col\" class=\"n\">failed<th scope=\"col\" class=\"n\">timeout"
		"<th scope=\"col\" class=\"n\">skipped<th scope=\"col\" class=\"n\">cancelled"
		"<th scope=\"col\" class=\"n\">%s<th scope=\"col\" class=\"n\">warm-up"
		"<th scope=\"col\" class=\"n\">flagged<th scope=\"col\" class=\"n\">lost"
		"</tr></thead><tbody>\n",
		r->g->ended_at != ABSENT ? "never run" : "still to come");
	for (size_t i = 0; i < all->n; i++)
		print_account(&all->items[i],
			all->items[i].host != NULL ? all->items[i].host : "not handed out yet", to);
	if (all->n > 1)
		print_account(&all->all, "all", to);
	table_close(to);
	fputs("<p class=\"note\">Planned is the sum of done to warm-up. Warm-up runs are none of "
	      "the others, unless they were skipped or have not ended. Flagged runs are among "
	      "those done, and in the numbers; lost are attempts, after each of which the run "
	      "was tried again or has failed.</p>\n",
		to);
}
