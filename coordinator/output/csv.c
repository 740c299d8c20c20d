/*
 * CSV as RFC 4180 has it, with LF line ends as all tools on Unix read them: a header line, and
 * quotes where a field holds a comma, a quote or a line end.
 */
#include "coordinator/output/output.h"

struct output {
	FILE *to;
	size_t n;
	struct buf line; /* of the row being written */
};

static void add_field(struct buf *b, const char *text)
{
	if (strpbrk(text, ",\"\r\n") == NULL) {
		buf_adds(b, text);
		return;
	}
	buf_addc(b, '"');
	for (; *text != '\0'; text++) {
		if (*text == '"')
			buf_addc(b, '"');
		buf_addc(b, *text);
	}
	buf_addc(b, '"');
}

static void put_line(struct output *o)
{
	buf_addc(&o->line, '\n');
	fwrite(o->line.data, 1, o->line.len, o->to);
	buf_reset(&o->line);
}

static struct output *begin(FILE *to, const struct column *columns, size_t n)
{
	struct output *o = xcalloc(1, sizeof *o);

	*o = (struct output){.to = to, .n = n, .line = BUF_INIT};
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_addc(&o->line, ',');
		add_field(&o->line, columns[i].name);
	}
	put_line(o);
	return o;
}

static void row(struct output *o, const struct cell *cells)
{
	for (size_t i = 0; i < o->n; i++) {
		if (i > 0)
			buf_addc(&o->line, ',');
		if (cells[i].kind != CELL_NONE)
			add_field(&o->line, cells[i].text);
	}
	put_line(o);
}

static void end(struct output *o)
{
	fflush(o->to);
	buf_done(&o->line);
	free(o);
}

const struct output_ops output_csv = {
	.name = "csv",
	.help = "comma-separated values with a header line (RFC 4180)",
	.begin = begin,
	.row = row,
	.end = end,
};
