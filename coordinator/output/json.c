/* Rows as JSON objects: one array of them (json), or one object a line (ndjson). */
#include "coordinator/output/output.h"

struct output {
	FILE *to;
	const struct column *columns;
	size_t n;
	bool is_array;
	size_t rows;
	struct buf line;
};

static struct output *begin_any(FILE *to, const struct column *columns, size_t n, bool is_array)
{
	struct output *o = xcalloc(1, sizeof *o);
	struct column *copy = xcalloc(n + 1, sizeof *copy);

	memcpy(copy, columns, n * sizeof *copy);
	*o = (struct output){
		.to = to, .columns = copy, .n = n, .is_array = is_array, .line = BUF_INIT};
	return o;
}

static struct output *begin_json(FILE *to, const struct column *columns, size_t n)
{
	return begin_any(to, columns, n, true);
}

static struct output *begin_ndjson(FILE *to, const struct column *columns, size_t n)
{
	return begin_any(to, columns, n, false);
}

static void add_cell(struct buf *b, const struct cell *cell)
{
	switch (cell->kind) {
	case CELL_NONE:
		buf_adds(b, "null");
		break;
	case CELL_TEXT:
		json_add_string(b, cell->text, strlen(cell->text));
		break;
	case CELL_NUMBER:
	case CELL_BOOL:
	case CELL_JSON:
		buf_adds(b, cell->text);
		break;
	}
}

static void row(struct output *o, const struct cell *cells)
{
	struct buf *b = &o->line;

	buf_reset(b);
	if (o->is_array)
		buf_adds(b, o->rows == 0 ? "[\n" : ",\n");
	buf_addc(b, '{');
	for (size_t i = 0; i < o->n; i++) {
		if (i > 0)
			buf_addc(b, ',');
		json_add_string(b, o->columns[i].name, strlen(o->columns[i].name));
		buf_addc(b, ':');
		add_cell(b, &cells[i]);
	}
	buf_addc(b, '}');
	if (!o->is_array)
		buf_addc(b, '\n');
	fwrite(b->data, 1, b->len, o->to);
	o->rows++;
}

static void end(struct output *o)
{
	if (o->is_array)
		fputs(o->rows == 0 ? "[]\n" : "\n]\n", o->to);
	fflush(o->to);
	buf_done(&o->line);
	free((void *)o->columns);
	free(o);
}

const struct output_ops output_json = {
	.name = "json",
	.help = "one array of objects",
	.begin = begin_json,
	.row = row,
	.end = end,
};

const struct output_ops output_ndjson = {
	.name = "ndjson",
	.help = "one object a line",
	.begin = begin_ndjson,
	.row = row,
	.end = end,
};
