/* What a comparison says beside its rows: what was refused or not compared, and what else differs.
 */
#include "coordinator/commands/compare_view.h"

/* So many lines of a kind, the rest is counted. */
#define MOST 5

static void print_list(const char *title, char *const *texts, size_t n, bool is_all, FILE *to)
{
	int indent = text_width(title);

	for (size_t i = 0; i < n && (i < MOST || is_all); i++) {
		fprintf(to, "%*s", indent, i == 0 ? title : "");
		output_wrapped(texts[i], indent, to);
	}
	if (n > MOST && !is_all)
		fprintf(to, "%*sand %zu more (--all)\n", indent, "", n - MOST);
}

/* ---- what else differs ---- */

/* Two machines, or one at two times, and what differs between them. */
struct pair {
	const char *host, *other;
	struct buf text;
};

struct pairs {
	struct pair *items;
	size_t n;
};

static struct pair *pair_of(struct pairs *pairs, const struct difference *d)
{
	/* Differences of a pair stand one after the other. */
	struct pair *last = pairs->n > 0 ? &pairs->items[pairs->n - 1] : NULL;

	if (last != NULL && strcmp(last->host, d->host) == 0 && strcmp(last->other, d->other) == 0)
		return last;
	pairs->items = xreallocarray(pairs->items, pairs->n + 1, sizeof *pairs->items);
	pairs->items[pairs->n] =
		(struct pair){.host = d->host, .other = d->other, .text = BUF_INIT};
	return &pairs->items[pairs->n++];
}

/* "lab03: kernel 6.12.8, was 6.1.0", "lab07 / lab03: governor powersave / performance". */
static char **difference_lines(const struct comparison_result *c, size_t *n)
{
	bool is_later = c->question->kind == BY_SUBMISSION;
	struct pairs pairs = {0};
	char **lines;

	for (size_t i = 0; i < c->differences_n; i++) {
		const struct difference *d = &c->differences[i];
		struct pair *pair = pair_of(&pairs, d);

		buf_addf(&pair->text, "%s%s %s%s%s", pair->text.len > 0 ? " · " : "", d->what,
			d->contender, is_later ? ", was " : " / ", d->baseline);
	}
	lines = xcalloc(pairs.n + 1, sizeof *lines);
	for (*n = 0; *n < pairs.n; (*n)++) {
		struct pair *pair = &pairs.items[*n];

		lines[*n] = is_later ? xasprintf("%s: %s", pair->host, pair->text.data)
				     : xasprintf("%s / %s: %s", pair->host, pair->other,
					       pair->text.data);
		buf_done(&pair->text);
	}
	free(pairs.items);
	return lines;
}

static bool knows_machines(const struct gathered *g)
{
	for (size_t i = 0; i < g->lanes_n; i++)
		if (g->lanes[i].inventory == NULL || g->lanes[i].inventory[0] != '{')
			return false;
	return true;
}

/* It has no campaign file, and nobody saw in which order its runs ran. */
static bool is_imported(const struct gathered *g)
{
	return g->yaml == NULL || g->yaml[0] == '\0';
}

static void print_differences(const struct comparison_result *c, bool is_all, FILE *to)
{
	const struct question *q = c->question;
	_cleanup_free_ char *title = xasprintf(
		"differs beside %s: ", q->kind == BY_SUBMISSION ? "the submission" : q->by);
	size_t n = 0;
	char **lines;

	if (q->kind == BY_HISTORY || c->n == 0)
		return;
	lines = difference_lines(c, &n);
	if (n > 0)
		print_list(title, lines, n, is_all, to);
	else if (q->kind != BY_AXIS &&
		 (!knows_machines(c->contender) || !knows_machines(c->baseline)))
		fprintf(to, "%snot known: there is no inventory of each machine\n", title);
	else if (is_imported(c->contender))
		fprintf(to, "%snot known: imported; pairs may not have run side by side\n", title);
	else
		fprintf(to, "%snothing\n", title);
	for (size_t i = 0; i < n; i++)
		free(lines[i]);
	free(lines);
	if (q->kind == BY_SUBMISSION && strcmp(c->contender->yaml, c->baseline->yaml) != 0)
		fputs("The campaign's file is not the same in both.\n", to);
}

void compare_left_out(const struct comparison_result *c, FILE *to)
{
	for (size_t i = 0; i < c->refused_n && i < MOST; i++)
		fprintf(to, "compare: refused: %s\n", c->refused[i]);
	for (size_t i = 0; i < c->missing_n && i < MOST; i++)
		fprintf(to, "compare: not compared: %s\n", c->missing[i]);
	if (c->refused_n > MOST || c->missing_n > MOST)
		fputs("compare: and more of the kind: --format table --all\n", to);
}

void compare_remarks(const struct comparison_result *c, bool is_all, FILE *to)
{
	print_list("", c->canaries, c->canaries_n, true, to);
	print_list("refused: ", c->refused, c->refused_n, is_all, to);
	print_list("not compared: ", c->missing, c->missing_n, is_all, to);
	print_differences(c, is_all, to);
}
