/* What was found on the hosts: which of a thing each had, as the campaign's `requires` told it. */
#include "coordinator/report/page.h"

/* Bytes of one answer, and of all: a command may print whatever it likes on each host, and the page
 * has to stay one that a browser opens. */
#define ROOM_OF_ONE (16 * 1024)
#define ROOM_OF_ALL (1024 * 1024)

struct room {
	size_t one, all;
	bool is_cut;
};

/* As much of a text as there is room for; the caller frees. */
static char *fit(struct room *room, const char *text)
{
	size_t len = strlen(text), most = room->one < room->all ? room->one : room->all;

	if (len <= most) {
		room->one -= len;
		room->all -= len;
		return xstrdup(text);
	}
	room->is_cut = true;
	room->one -= most;
	room->all -= most;
	while (most > 0 && ((unsigned char)text[most] & 0xc0) == 0x80)
		most--; /* no character is cut in two */
	return xasprintf("%.*s…", (int)most, text);
}

static void print_fit(
	FILE *to, const char *tag, const char *before, struct room *room, const char *text)
{
	_cleanup_free_ char *shown = fit(room, text);

	html_element(to, tag, NULL, "%s%s", before, shown);
}

static void print_properties(const struct requirement *q, struct room *room, FILE *to)
{
	const char *name;
	json_t *value;

	fputs("<dl class=\"found\">\n", to);
	json_object_foreach(q->found, name, value)
	{
		_cleanup_free_ char *text = requirement_value(value);
		if (room->one == 0 || room->all == 0) {
			room->is_cut = true;
			break;
		}
		print_fit(to, "dt", "", room, name);
		print_fit(to, "dd", "", room, text);
		fputc('\n', to);
	}
	fputs("</dl>", to);
}

/* All of what it printed, where that is more than is shown already. */
static void print_output(const struct requirement *q, struct room *room, FILE *to)
{
	size_t len = strlen(q->output);

	while (len > 0 && strchr(" \t\r\n", q->output[len - 1]) != NULL)
		len--;
	if (len <= strlen(q->line))
		return;
	fputs("<details class=\"minor\"><summary>all that it printed</summary><pre "
	      "tabindex=\"0\">\n",
		to);
	_cleanup_free_ char *shown = fit(room, q->output);
	html_text(to, shown);
	fputs("</pre></details>", to);
}

static void print_change(
	const struct requirement *q, const struct requirement *before, struct room *room, FILE *to)
{
	_cleanup_buf_ struct buf names = BUF_INIT, date = BUF_INIT;

	requirement_changes(q, before, &names);
	text_date(q->first_at, &date);
	_cleanup_free_ char *shown = fit(room, names.data);
	html_element(to, "p", "class=\"changed\"", "changed, first seen %s%s%s", date.data,
		names.len > 0 ? ": " : "", shown);
	fputc('\n', to);
}

static void print_found(
	const struct requirement *q, const struct requirement *before, struct room *room, FILE *to)
{
	fputs("<td>", to);
	if (before != NULL)
		print_change(q, before, room, to);
	if (!q->is_met)
		print_fit(to, "p", "skipped: ", room, q->reason);
	else if (q->found != NULL)
		print_properties(q, room, to);
	else
		print_fit(to, "p", "", room,
			q->line[0] != '\0' ? q->line : "it is there; nothing was printed");
	print_output(q, room, to);
	fputs("</td>", to);
}

static void print_requirement(const struct requirements *all, size_t i, struct room *room, FILE *to)
{
	const struct requirement *q = &all->items[i];

	room->one = ROOM_OF_ONE;
	fputs("<tr>", to);
	html_element(to, "th", "scope=\"row\"", "%s", q->host);
	fputs("<td>", to);
	print_fit(to, "code", "", room, q->command);
	fputs("</td>", to);
	print_found(q, requirement_before(all, i), room, to);
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
	struct room room = {.all = ROOM_OF_ALL};
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
		print_requirement(all, i, &room, to);
	table_close(to);
	if (room.is_cut)
		html_element(to, "p", "class=\"note\"",
			"What ends with … goes on: joulerig export %s --what requirements",
			r->g->label);
	page_thinned(
		to, PAGE_MAX_ROWS, all->n, "joulerig export %s --what requirements", r->g->label);
}
