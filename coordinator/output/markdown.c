/* A table as GitHub's Markdown has it. */
#include "coordinator/output/output.h"

struct output {
	FILE *to;
	size_t n;
	struct buf line;
};

static void add_cell(struct buf *b, const char *text)
{
	buf_adds(b, " ");
	for (; *text != '\0'; text++) {
		if (*text == '|' || *text == '\\')
			buf_addc(b, '\\');
		if (*text == '\n')
			buf_adds(b, "<br>");
		else
			buf_addc(b, *text);
	}
	buf_adds(b, " |");
}

static void put_line(struct output *o)
{
	fprintf(o->to, "|%s\n", o->line.data);
	buf_reset(&o->line);
}

static struct output *begin(FILE *to, const struct column *columns, size_t n)
{
	struct output *o = xcalloc(1, sizeof *o);

	*o = (struct output){.to = to, .n = n, .line = BUF_INIT};
	for (size_t i = 0; i < n; i++)
		add_cell(&o->line, columns[i].title == NULL ? columns[i].name : columns[i].title);
	put_line(o);
	for (size_t i = 0; i < n; i++)
		buf_adds(&o->line, columns[i].is_right ? " ---: |" : " --- |");
	put_line(o);
	return o;
}

static void row(struct output *o, const struct cell *cells)
{
	for (size_t i = 0; i < o->n; i++)
		add_cell(&o->line, cells[i].kind == CELL_NONE ? "" : cells[i].text);
	put_line(o);
}

static void end(struct output *o)
{
	fflush(o->to);
	buf_done(&o->line);
	free(o);
}

const struct output_ops output_markdown = {
	.name = "markdown",
	.help = "a table for README files and issues",
	.begin = begin,
	.row = row,
	.end = end,
};
