/* What was found on the hosts: which of a thing each had, as the campaign's `requires` told it. */
#include "coordinator/report/page.h"

static void print_properties(const struct requirement *q, FILE *to)
{
	const char *name;
	json_t *value;

	fputs("<dl class=\"found\">\n", to);
	json_object_foreach(q->found, name, value)
	{
		_cleanup_free_ char *text = requirement_value(value);
		html_element(to, "dt", NULL, "%s", name);
		html_element(to, "dd", NULL, "%s", text);
		fputc('\n', to);
	}
	fputs("</dl>", to);
}

/* All of what it printed, where that is more than is shown already. */
static void print_output(const struct requirement *q, FILE *to)
{
	size_t len = strlen(q->output);

	while (len > 0 && strchr(" \t\r\n", q->output[len - 1]) != NULL)
		len--;
	if (len <= strlen(q->line))
		return;
	fputs("<details class=\"minor\"><summary>all that it printed</summary><pre "
	      "tabindex=\"0\">\n",
		to);
	html_text(to, q->output);
	fputs("</pre></details>", to);
}

static void print_change(const struct requirement *q, const struct requirement *before, FILE *to)
{
	_cleanup_buf_ struct buf names = BUF_INIT, date = BUF_INIT;

	requirement_changes(q, before, &names);
	text_date(q->first_at, &date);
	html_element(to, "p", "class=\"changed\"", "changed, first seen %s%s%s", date.data,
		names.len > 0 ? ": " : "", names.data);
	fputc('\n', to);
}

static void print_found(const struct requirement *q, const struct requirement *before, FILE *to)
{
	fputs("<td>", to);
	if (before != NULL)
		print_change(q, before, to);
	if (!q->is_met)
		html_element(to, "p", NULL, "skipped: %s", q->reason);
	else if (q->found != NULL)
		print_properties(q, to);
	else
		html_element(to, "p", NULL, "%s",
			q->line[0] != '\0' ? q->line : "it is there; nothing was printed");
	print_output(q, to);
	fputs("</td>", to);
}

static void print_requirement(const struct requirements *all, size_t i, FILE *to)
{
	const struct requirement *q = &all->items[i];

	fputs("<tr>", to);
	html_element(to, "th", "scope=\"row\"", "%s", q->host);
	fputs("<td>", to);
	html_element(to, "code", NULL, "%s", q->command);
	fputs("</td>", to);
	print_found(q, requirement_before(all, i), to);
	fputs("</tr>\n", to);
}

static size_t count_changed(const struct requirements *all)
{
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++)
		n += all->items[i].answer == 2;
	return n;
}

void page_found(const struct report *r, FILE *to)
{
	const struct requirements *all = &r->requirements;
	size_t changed = count_changed(all);

	if (all->n == 0 && r->no_requirements == NULL)
		return;
	fputs("<h3 id=\"found\">What was found on the hosts</h3>\n", to);
	if (r->no_requirements != NULL) {
		html_element(to, "p", "class=\"note\"", "Not known: %s", r->no_requirements);
		return;
	}
	if (changed > 0)
		html_element(to, "p", "class=\"changed\"",
			"%zu command%s said something else in the course of the campaign: runs "
			"before and after may not be of the same thing.",
			changed, changed == 1 ? "" : "s");
	table_open(to, "what was found on the hosts");
	fputs("<thead><tr><th scope=\"col\">host<th scope=\"col\">requires<th "
	      "scope=\"col\">found</tr></thead><tbody>\n",
		to);
	for (size_t i = 0; i < all->n && i < PAGE_MAX_ROWS; i++)
		print_requirement(all, i, to);
	table_close(to);
	page_thinned(
		to, PAGE_MAX_ROWS, all->n, "joulerig export %s --what requirements", r->g->label);
}
