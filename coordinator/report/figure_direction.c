/* The values that cells have in one direction: distinct, in order. */
#include "coordinator/report/figure_parts.h"
#include <math.h>

bool text_is_number(const char *text, double *out)
{
	char *end;

	*out = strtod(text, &end);
	return end != text && *end == '\0' && isfinite(*out);
}

struct entry {
	const char *text;
	double number;
	size_t first; /* the first cell that has it */
	size_t index;
};

static int by_text(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = strcmp(x->text, y->text);

	return order != 0 ? order : x->first < y->first ? -1 : x->first > y->first;
}

static int by_first(const void *a, const void *b)
{
	const struct entry *x = *(const struct entry *const *)a,
			   *y = *(const struct entry *const *)b;

	return x->first < y->first ? -1 : x->first > y->first;
}

static int by_number(const void *a, const void *b)
{
	const struct entry *x = *(const struct entry *const *)a,
			   *y = *(const struct entry *const *)b;

	return x->number < y->number ? -1 : x->number > y->number ? 1 : by_first(a, b);
}

void direction_build(struct direction *d, const char *const *texts, size_t n, size_t *index)
{
	_cleanup_free_ struct entry *all = xcalloc(n + 1, sizeof *all);
	_cleanup_free_ struct entry **heads = xcalloc(n + 1, sizeof *heads);

	d->is_numeric = n > 0;
	for (size_t i = 0; i < n; i++) {
		all[i] = (struct entry){.text = texts[i], .first = i};
		d->is_numeric = text_is_number(texts[i], &all[i].number) && d->is_numeric;
	}
	qsort(all, n, sizeof *all, by_text);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || strcmp(all[i].text, all[i - 1].text) != 0)
			heads[d->n++] = &all[i];
	}
	qsort(heads, d->n, sizeof *heads, d->is_numeric ? by_number : by_first);
	d->values = xcalloc(d->n + 1, sizeof *d->values);
	d->numbers = d->is_numeric ? xcalloc(d->n + 1, sizeof *d->numbers) : NULL;
	for (size_t i = 0; i < d->n; i++) {
		d->values[i] = xstrdup(heads[i]->text);
		heads[i]->index = i;
		if (d->is_numeric)
			d->numbers[i] = heads[i]->number;
	}
	for (size_t i = 0, head = 0; i < n; i++) {
		if (strcmp(all[i].text, all[head].text) != 0)
			head = i;
		index[all[i].first] = all[head].index;
	}
}

size_t direction_index(const struct direction *d, const char *text)
{
	for (size_t i = 0; i < d->n && text != NULL; i++) {
		if (strcmp(d->values[i], text) == 0)
			return i;
	}
	return NO_INDEX;
}

void direction_done(struct direction *d)
{
	for (size_t i = 0; i < d->n; i++)
		free(d->values[i]);
	free(d->values);
	free(d->numbers);
	free(d->name);
}
