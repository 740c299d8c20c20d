#include "coordinator/findings/counterparts.h"

#include <uthash.h>

struct entry {
	char *key; /* owned */
	size_t configuration;
	UT_hash_handle hh;
};

struct counterparts {
	const char *axis;
	struct entry *entries; /* by key */
};

static int by_name(const void *a, const void *b)
{
	const struct parameter *const *p = a, *const *q = b;

	return strcmp((*p)->name, (*q)->name);
}

/* Benchmark and parameters, sorted by name; of the axis the name alone. Texts stand behind their
 * lengths, so that no two configurations give the same key. */
static char *key_of(const struct gathered_configuration *c, const char *axis)
{
	const struct parameter **sorted = xcalloc(c->parameters.n + 1, sizeof *sorted);
	struct buf key = BUF_INIT;

	for (size_t i = 0; i < c->parameters.n; i++)
		sorted[i] = &c->parameters.items[i];
	qsort(sorted, c->parameters.n, sizeof *sorted, by_name);
	buf_addf(&key, "%zu:%s", strlen(c->benchmark), c->benchmark);
	for (size_t i = 0; i < c->parameters.n; i++) {
		bool is_axis = axis != NULL && strcmp(sorted[i]->name, axis) == 0;

		buf_addf(&key, " %s", sorted[i]->name);
		if (!is_axis)
			buf_addf(&key, "=%zu:%s", strlen(sorted[i]->text), sorted[i]->text);
	}
	free(sorted);
	return buf_take(&key);
}

static void add(struct counterparts *c, const struct gathered_configuration *of, size_t index)
{
	char *key = key_of(of, c->axis);
	struct entry *e = NULL;

	/* Of two with the same identity the first stands, as a search would find it. */
	HASH_FIND_STR(c->entries, key, e);
	if (e != NULL) {
		free(key);
		return;
	}
	e = xcalloc(1, sizeof *e);
	*e = (struct entry){.key = key, .configuration = index};
	HASH_ADD_KEYPTR(hh, c->entries, e->key, strlen(e->key), e);
}

struct counterparts *counterparts_new(const struct gathered *g, const char *axis, const char *value)
{
	struct counterparts *c = xcalloc(1, sizeof *c);

	c->axis = axis;
	for (size_t i = 0; i < g->configurations_n; i++) {
		const char *has = axis == NULL
					  ? NULL
					  : parameters_get(&g->configurations[i].parameters, axis);

		if (axis == NULL || (has != NULL && strcmp(has, value) == 0))
			add(c, &g->configurations[i], i);
	}
	return c;
}

void counterparts_free(struct counterparts *c)
{
	struct entry *e, *next;

	if (c == NULL)
		return;
	HASH_ITER (hh, c->entries, e, next) {
		HASH_DEL(c->entries, e);
		free(e->key);
		free(e);
	}
	free(c);
}

int counterparts_find(const struct counterparts *c, const struct gathered_configuration *like)
{
	_cleanup_free_ char *key = key_of(like, c->axis);
	struct entry *e = NULL;

	HASH_FIND_STR(c->entries, key, e);
	return e == NULL ? -1 : (int)e->configuration;
}

/* ---- is there such an axis, such a value ---- */

struct words {
	const char **items;
	size_t n;
};

/* There are few different names or values; a campaign of many configurations repeats them. */
static void add_word(struct words *w, const char *word)
{
	for (size_t i = w->n; i-- > 0;)
		if (strcmp(w->items[i], word) == 0)
			return;
	w->items = xreallocarray(w->items, w->n + 1, sizeof *w->items);
	w->items[w->n++] = word;
}

int counterparts_check(
	const struct gathered *g, const char *axis, const char *value, struct error *err)
{
	struct words axes = {0}, values = {0};
	bool has_value = false;
	int rc = 0;

	for (size_t i = 0; i < g->configurations_n && !has_value; i++) {
		const struct parameters *p = &g->configurations[i].parameters;
		const char *has = parameters_get(p, axis);

		for (size_t k = 0; k < p->n; k++)
			add_word(&axes, p->items[k].name);
		if (has == NULL)
			continue;
		has_value = strcmp(has, value) == 0;
		add_word(&values, has);
	}
	if (!has_value) {
		bool has_axis = values.n > 0;
		const char *nearest = has_axis ? nearest_word(value, values.items, values.n)
					       : nearest_word(axis, axes.items, axes.n);

		rc = error_set(err, ERR_USAGE, "compare: %s has no %s '%s'%s%s%s", g->label,
			has_axis ? axis : "axis", has_axis ? value : axis,
			nearest ? "; did you mean '" : "", nearest ? nearest : "",
			nearest ? "'?" : "");
	}
	free(axes.items);
	free(values.items);
	return rc;
}
