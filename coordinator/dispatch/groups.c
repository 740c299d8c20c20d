#include "coordinator/dispatch/groups.h"
#include <uthash.h>

struct group {
	size_t number;
	UT_hash_handle hh;
	char key[];
};

static bool is_named(const char *const *axes, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(axes[i], name) == 0)
			return true;
	return false;
}

/* Whether an axis, or one that walks in lock step with it, is among the named ones. */
static bool is_free(const struct benchmark *b, size_t axis, const char *const *axes, size_t n)
{
	if (is_named(axes, n, b->axes[axis].name))
		return true;
	for (size_t i = 0; b->axes[axis].zip != 0 && i < b->axes_n; i++)
		if (b->axes[i].zip == b->axes[axis].zip && is_named(axes, n, b->axes[i].name))
			return true;
	return false;
}

/* What all members of a group have in common; the lengths keep values apart. */
static void add_key(
	const struct configuration *c, const char *const *axes, size_t axes_n, struct buf *key)
{
	buf_adds(key, c->benchmark->name);
	for (size_t i = 0; i < c->benchmark->axes_n; i++) {
		const char *text = configuration_value(c, i)->text;

		if (!is_free(c->benchmark, i, axes, axes_n))
			buf_addf(key, "\n%zu:%zu:%s", i, strlen(text), text);
	}
}

static size_t number_of(struct group **groups, const struct buf *key)
{
	struct group *g;

	HASH_FIND(hh, *groups, key->data, key->len, g);
	if (g != NULL)
		return g->number;
	g = xcalloc(1, sizeof *g + key->len + 1);
	g->number = HASH_COUNT(*groups);
	memcpy(g->key, key->data, key->len);
	HASH_ADD_KEYPTR(hh, *groups, g->key, key->len, g);
	return g->number;
}

size_t *groups_make(const struct plan *p, const uint32_t *configurations, size_t n,
	const char *const *axes, size_t axes_n, size_t *groups_n)
{
	size_t *of = xcalloc(n + 1, sizeof *of);
	struct group *groups = NULL, *g, *next;
	_cleanup_buf_ struct buf key = BUF_INIT;

	for (size_t i = 0; i < n; i++) {
		size_t index = configurations ? configurations[i] : i;

		buf_reset(&key);
		add_key(&p->configurations[index], axes, axes_n, &key);
		of[i] = number_of(&groups, &key);
	}
	*groups_n = HASH_COUNT(groups);
	HASH_ITER (hh, groups, g, next) {
		HASH_DEL(groups, g);
		free(g);
	}
	return of;
}

const struct value *groups_value(const struct configuration *c, const char *axis)
{
	for (size_t i = 0; i < c->benchmark->axes_n; i++)
		if (strcmp(c->benchmark->axes[i].name, axis) == 0)
			return configuration_value(c, i);
	return NULL;
}
