/*
 * A table for people: columns as wide as what stands in them, two spaces between. Rows are kept
 * until the end, as the widths are known only then. Where the whole is wider than a page, the last
 * column, if it is text, goes on in lines of its own.
 */
#include "coordinator/output/output.h"

#define MIN_LAST 16 /* narrower than this a wrapped column helps nobody */

struct output {
	FILE *to;
	struct column *columns; /* owned copy */
	int *widths;
	size_t n;
	char **texts; /* owned: rows * n */
	size_t rows, allocated;
};

static const char *title_of(const struct column *c)
{
	return c->title == NULL ? c->name : c->title;
}

static struct output *begin(FILE *to, const struct column *columns, size_t n)
{
	struct output *o = xcalloc(1, sizeof *o);

	*o = (struct output){.to = to, .n = n};
	o->columns = xcalloc(n + 1, sizeof *o->columns);
	o->widths = xcalloc(n + 1, sizeof *o->widths);
	memcpy(o->columns, columns, n * sizeof *columns);
	for (size_t i = 0; i < n; i++)
		o->widths[i] = text_width(title_of(&columns[i]));
	return o;
}

static void row(struct output *o, const struct cell *cells)
{
	if (o->rows == o->allocated) {
		o->allocated = o->allocated == 0 ? 16 : 2 * o->allocated;
		o->texts = xreallocarray(o->texts, o->allocated * (o->n + 1), sizeof *o->texts);
	}
	for (size_t i = 0; i < o->n; i++) {
		char *text = output_harmless(cells[i].kind == CELL_NONE ? "" : cells[i].text);
		int width = text_width(text);
		if (width > o->widths[i])
			o->widths[i] = width;
		o->texts[o->rows * o->n + i] = text;
	}
	o->rows++;
}

static void put_padded(struct output *o, const char *text, size_t column, bool is_last)
{
	int pad = o->widths[column] - text_width(text);

	if (o->columns[column].is_right)
		fprintf(o->to, "%*s%s", pad > 0 ? pad : 0, "", text);
	else
		fprintf(o->to, "%s%*s", text, pad > 0 && !is_last ? pad : 0, "");
	if (!is_last)
		fputs("  ", o->to);
}

/* Bytes of text that fit into width columns, ending at a space where there is one. */
static size_t fitting(const char *text, int width)
{
	size_t best = 0, i = 0;
	_cleanup_free_ char *part = xstrdup(text);

	if (text_width(text) <= width)
		return strlen(text);
	while (text[i] != '\0') {
		size_t next = i + 1;
		while (((unsigned char)text[next] & 0xc0) == 0x80)
			next++;
		part[next] = '\0';
		bool is_too_wide = text_width(part) > width;
		part[next] = text[next];
		if (is_too_wide)
			break;
		if (text[i] == ' ' && output_may_break(text, i))
			best = i;
		i = next;
	}
	return best > 0 ? best : i > 0 ? i : strlen(text);
}

/* The last column's text, its further lines indented to where it stands. */
static void put_wrapped(struct output *o, const char *text, int indent)
{
	size_t last = o->n - 1;

	for (bool is_first = true; is_first || *text != '\0'; is_first = false) {
		size_t len = fitting(text, o->widths[last]);
		fprintf(o->to, "%*s%.*s\n", is_first ? 0 : indent, "", (int)len, text);
		text += len;
		text += strspn(text, " ");
	}
}

static void put_row(struct output *o, char *const *texts, int indent)
{
	size_t last = o->n - 1;
	size_t filled = last;

	/* No spaces at the end of a line. */
	while (filled > 0 && texts[filled][0] == '\0')
		filled--;
	for (size_t i = 0; i < filled; i++)
		put_padded(o, texts[i], i, false);
	if (filled == last && !o->columns[last].is_right) {
		put_wrapped(o, texts[last], indent);
		return;
	}
	put_padded(o, texts[filled], filled, true);
	fputc('\n', o->to);
}

/* Narrow the last column to the page; returns where it stands. */
static int fit_page(struct output *o)
{
	int indent = 0;

	for (size_t i = 0; i + 1 < o->n; i++)
		indent += o->widths[i] + 2;
	int room = output_page_width() - indent;
	if (o->widths[o->n - 1] > room && room >= MIN_LAST && !o->columns[o->n - 1].is_right)
		o->widths[o->n - 1] = room;
	return indent;
}

static void end(struct output *o)
{
	if (o->n > 0) {
		char **titles = xcalloc(o->n, sizeof *titles);
		int indent = fit_page(o);
		for (size_t i = 0; i < o->n; i++)
			titles[i] = (char *)(uintptr_t)title_of(&o->columns[i]);
		put_row(o, titles, indent);
		for (size_t i = 0; i < o->rows; i++)
			put_row(o, &o->texts[i * o->n], indent);
		free(titles);
	}
	fflush(o->to);
	for (size_t i = 0; i < o->rows * o->n; i++)
		free(o->texts[i]);
	free(o->texts);
	free(o->columns);
	free(o->widths);
	free(o);
}

const struct output_ops output_table = {
	.name = "table",
	.help = "aligned columns for people",
	.begin = begin,
	.row = row,
	.end = end,
};
