/* Where the numbers come from: machines, the campaign as it was submitted, and the commands that
 * give every number again. */
#include "coordinator/report/page.h"

/* ---- the campaign ---- */

static void print_fact(FILE *to, const char *name, const char *value)
{
	if (value == NULL || value[0] == '\0')
		return;
	fputs("<tr>", to);
	html_element(to, "th", "scope=\"row\"", "%s", name);
	html_element(to, "td", NULL, "%s", value);
	fputs("</tr>\n", to);
}

static void print_facts(const struct report *r, FILE *to)
{
	const struct campaign *c = r->study->campaign;
	_cleanup_buf_ struct buf submitted = BUF_INIT, ended = BUF_INIT, labels = BUF_INIT;
	_cleanup_free_ char *seed = c == NULL ? NULL : xasprintf("%lld", (long long)c->seed);

	text_date(r->g->submitted_at, &submitted);
	if (r->g->ended_at != ABSENT && r->g->ended_at > 0)
		text_date(r->g->ended_at, &ended);
	for (size_t i = 0; c != NULL && i < c->labels_n; i++)
		buf_addf(&labels, "%s%s=%s", i == 0 ? "" : ", ", c->labels[i].key,
			c->labels[i].value);
	table_open(to, "the campaign");
	fputs("<tbody>\n", to);
	print_fact(to, "campaign", r->g->label);
	print_fact(to, "identity", r->uuid);
	print_fact(to, "state", r->g->state);
	print_fact(to, "submitted", submitted.data);
	print_fact(to, "ended", ended.data);
	print_fact(to, "labels", labels.data);
	print_fact(to, "seed", seed);
	print_fact(to, "file", r->file);
	print_fact(to, "changed at submission", r->g->changes);
	print_fact(to, "report by", "joulerig " JOULERIG_VERSION);
	table_close(to);
}

static void print_commands(const struct report *r, FILE *to)
{
	static const struct {
		const char *arguments, *gives;
	} commands[] = {
		{"results %s", "the medians"},
		{"compare %s --all", "ratios, intervals and verdicts"},
		{"runs %s", "one row a run"},
		{"export %s --what runs --format csv", "every number of every run"},
		{"export %s --what requirements", "what was found on the hosts"},
		{"export %s --what campaign", "the campaign's file, to run it again"},
		{"report %s -o report.html --figures figures", "this page; charts as files"},
	};

	fputs("<h3>Every number again</h3>\n<table class=\"commands\"><tbody>\n", to);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		const char *at = strstr(commands[i].arguments, "%s");

		if (r->no_questions != NULL && strncmp(commands[i].arguments, "compare", 7) == 0)
			continue;
		if (r->requirements.n == 0 && strstr(commands[i].arguments, "requirements") != NULL)
			continue;
		fputs("<tr><td><code>", to);
		html_textf(to, "joulerig %.*s%s%s", (int)(at - commands[i].arguments),
			commands[i].arguments, r->g->label, at + 2);
		fputs("</code></td>", to);
		html_element(to, "td", NULL, "%s", commands[i].gives);
		fputs("</tr>\n", to);
	}
	fputs("</tbody></table>\n", to);
}

void page_provenance(const struct report *r, FILE *to)
{
	page_open(to, "provenance", "Provenance");
	page_machines(r, to);
	page_found(r, to);
	fputs("<h3>Campaign</h3>\n", to);
	print_facts(r, to);
	if (r->g->yaml[0] != '\0') {
		fputs("<details class=\"minor\"><summary>The campaign's file</summary><pre "
		      "tabindex=\"0\">\n",
			to);
		html_text(to, r->g->yaml);
		fputs("</pre></details>\n", to);
	}
	print_commands(r, to);
	page_close(to);
}
