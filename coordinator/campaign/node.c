/* Looking at a tree, and merging two of them. */
#include "coordinator/campaign/yaml.h"

bool node_is_null(const struct node *n)
{
	return n->kind == NODE_SCALAR && n->is_plain && strcmp(n->text, "~") == 0;
}

bool node_is_empty(const struct node *n)
{
	return n->kind == NODE_SCALAR && n->is_plain && n->text[0] == '\0';
}

const struct node_pair *node_find(const struct node *map, const char *key)
{
	if (!map || map->kind != NODE_MAP)
		return NULL;
	for (size_t i = 0; i < map->n; i++)
		if (strcmp(map->pairs[i].key->text, key) == 0)
			return &map->pairs[i];
	return NULL;
}

const struct node *node_get(const struct node *map, const char *key)
{
	const struct node_pair *pair = node_find(map, key);

	return pair && !node_is_null(pair->value) ? pair->value : NULL;
}

const struct node *node_merge(
	struct arena *a, const struct node *base, const struct node *over, int depth)
{
	struct node *map;

	if (!over || !base || over->kind != NODE_MAP || base->kind != NODE_MAP || depth == 0)
		return over ? over : base;
	map = arena_alloc(a, sizeof *map);
	*map = *over;
	map->n = 0;
	map->pairs = arena_array(a, base->n + over->n, sizeof *map->pairs);
	for (size_t i = 0; i < base->n; i++) {
		const struct node_pair *mine = node_find(over, base->pairs[i].key->text);

		map->pairs[map->n].key = mine ? mine->key : base->pairs[i].key;
		map->pairs[map->n++].value = (struct node *)node_merge(
			a, base->pairs[i].value, mine ? mine->value : NULL, depth - 1);
	}
	for (size_t i = 0; i < over->n; i++)
		if (!node_find(base, over->pairs[i].key->text))
			map->pairs[map->n++] = over->pairs[i];
	return map;
}
