#include "coordinator/commands/summary_notes.h"

static char letter(size_t i)
{
	return i < 26 ? (char)('a' + i) : i < 52 ? (char)('A' + i - 26) : '*';
}

/* Marks stand at the end of a cell, in the order of the alphabet. */
static void add_mark(struct buf *cell, char mark)
{
	buf_addc(cell, mark);
	for (size_t i = cell->len - 1; i > 0 && cell->data[i - 1] > mark; i--) {
		cell->data[i] = cell->data[i - 1];
		cell->data[i - 1] = mark;
	}
}

void notes_mark(struct notes *notes, struct buf *cell, bool *has_mark, const char *format, ...)
{
	struct buf text = BUF_INIT;
	size_t i = 0;
	va_list ap;

	va_start(ap, format);
	buf_vaddf(&text, format, ap);
	va_end(ap);
	while (i < notes->n && strcmp(notes->texts[i], text.data) != 0)
		i++;
	if (i == notes->n) {
		notes->texts = xreallocarray(notes->texts, notes->n + 1, sizeof *notes->texts);
		notes->texts[notes->n++] = buf_take(&text);
	}
	buf_done(&text);
	if (!*has_mark)
		buf_addc(cell, ' ');
	add_mark(cell, letter(i));
	*has_mark = true;
}

void notes_print(const struct notes *notes, FILE *to)
{
	for (size_t i = 0; i < notes->n; i++)
		fprintf(to, "%c  %s\n", letter(i), notes->texts[i]);
}

void notes_done(struct notes *notes)
{
	for (size_t i = 0; i < notes->n; i++)
		free(notes->texts[i]);
	free(notes->texts);
	*notes = (struct notes){0};
}
