#include "coordinator/campaign/diagnostics.h"

#include <stdio.h>

/* More names than these are not looked at for a suggestion. */
#define MAX_WORDS 300

void diag_add(struct diagnostics *d, int line, int column, bool is_warning, const char *format, ...)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	va_list ap;

	va_start(ap, format);
	buf_vaddf(&text, format, ap);
	va_end(ap);
	/* One line each: what was quoted from the file may have newlines. */
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.data[i] < ' ')
			text.data[i] = ' ';
	/* Sizes are doubled: a file may have thousands of errors. */
	if ((d->n & (d->n - 1)) == 0)
		d->items = xreallocarray(d->items, d->n ? 2 * d->n : 1, sizeof *d->items);
	d->items[d->n++] = (struct diagnostic){
		.line = line,
		.column = column,
		.is_warning = is_warning,
		.text = buf_take(&text),
	};
	d->errors += !is_warning;
}

/* The index breaks ties, as qsort() keeps no order among equals. */
struct sortable {
	struct diagnostic item;
	size_t index;
};

static int compare(const void *a, const void *b)
{
	const struct sortable *x = a, *y = b;

	if (x->item.line != y->item.line)
		return x->item.line < y->item.line ? -1 : 1;
	if (x->item.column != y->item.column)
		return x->item.column < y->item.column ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

static bool is_same(const struct diagnostic *a, const struct diagnostic *b)
{
	return a->line == b->line && a->column == b->column && a->is_warning == b->is_warning &&
	       strcmp(a->text, b->text) == 0;
}

/* Whether the last n items hold one like this; only those of the same place can. */
static bool was_said(const struct diagnostics *d, const struct diagnostic *item)
{
	for (size_t i = d->n; i > 0 && d->items[i - 1].line == item->line &&
			      d->items[i - 1].column == item->column;
		i--)
		if (is_same(&d->items[i - 1], item))
			return true;
	return false;
}

void diagnostics_sort(struct diagnostics *d)
{
	_cleanup_free_ struct sortable *all = xcalloc(d->n ? d->n : 1, sizeof *all);
	size_t n = d->n;

	for (size_t i = 0; i < n; i++)
		all[i] = (struct sortable){.item = d->items[i], .index = i};
	qsort(all, n, sizeof *all, compare);
	d->n = 0;
	d->errors = 0;
	for (size_t i = 0; i < n; i++) {
		if (was_said(d, &all[i].item)) {
			free(all[i].item.text);
			continue;
		}
		d->items[d->n++] = all[i].item;
		d->errors += !all[i].item.is_warning;
	}
	/* diag_add() grows at powers of two, so the array must be as large as its rule says. */
	if (d->n)
		d->items = xreallocarray(d->items, 2 * n, sizeof *d->items);
}

void diagnostics_done(struct diagnostics *d)
{
	for (size_t i = 0; i < d->n; i++)
		free(d->items[i].text);
	free(d->items);
	*d = (struct diagnostics){0};
}

void diagnostics_format(const struct diagnostics *d, const char *file, struct buf *out)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct diagnostic *item = &d->items[i];

		buf_adds(out, file);
		if (item->line > 0)
			buf_addf(out, ":%d:%d", item->line, item->column);
		buf_addf(out, ": %s: %s\n", item->is_warning ? "warning" : "error", item->text);
	}
}

const char *diag_nearest(char out[96], const char *word, const char *const *words, size_t n)
{
	/* A file may have thousands of errors, each beside thousands of names. */
	const char *nearest = nearest_word(word, words, n < MAX_WORDS ? n : MAX_WORDS);

	out[0] = '\0';
	if (nearest)
		snprintf(out, 96, "; did you mean '%.64s'?", nearest);
	return out;
}
