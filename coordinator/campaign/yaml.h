/*
 * yaml.h - YAML text to a tree whose every node knows its line and column
 *
 * Aliases share the node of their anchor; merge keys (`<<`) are already merged: what a mapping says
 * itself holds, what is merged stands where `<<` stood. Tags and several documents are errors.
 * Limits: 1 MiB of text, 32 levels of nesting, 100,000 nodes after expansion of aliases; so whoever
 * walks the tree may recurse.
 */
#ifndef COORDINATOR_CAMPAIGN_YAML_H
#define COORDINATOR_CAMPAIGN_YAML_H

#include "coordinator/campaign/arena.h"

#define YAML_MAX_BYTES (1024 * 1024)
#define YAML_MAX_DEPTH 32
#define YAML_MAX_NODES 100000

struct diagnostics;

enum node_kind { NODE_SCALAR, NODE_LIST, NODE_MAP };

struct node_pair {
	struct node *key; /* a scalar */
	struct node *value;
};

struct node {
	enum node_kind kind;
	int line, column; /* from 1 */
	/* Characters of the text before it and before what follows it; of a block list or mapping
	 * up to the end of its last item. Of what an alias stands for: where the anchor is. */
	size_t from, to;
	bool is_plain; /* a scalar without quotes */
	bool is_flow;  /* a list in [], a mapping in {} */
	char *text; /* of a scalar, without NUL in it; as written apart from quotes and escapes */
	size_t n;   /* of items or pairs */
	struct node **items;
	struct node_pair *pairs;
	int height;    /* levels below and with this one: 1 for a scalar */
	size_t weight; /* nodes of the whole subtree, aliases expanded */
};

/*
 * Read len bytes. Returns the root, which lives in a, or NULL with an error in d where the text is
 * no YAML (its first syntax error), is empty, or breaks a limit. Duplicate keys, tags and bad
 * merges are errors in d too, but the tree is there all the same.
 */
struct node *yaml_read(const char *text, size_t len, struct arena *a, struct diagnostics *d);

/* The pair with this key in a mapping, or NULL; also NULL where map is NULL or no mapping. */
const struct node_pair *node_find(const struct node *map, const char *key);
/* Its value; NULL also where that is a plain `~`, which removes what a lower layer gave. */
const struct node *node_get(const struct node *map, const char *key);

bool node_is_null(const struct node *n);  /* a plain ~ */
bool node_is_empty(const struct node *n); /* nothing was written */

/*
 * over merged onto base, key by key and all the way down, either may be NULL: `~` removes, lists
 * and scalars are replaced. Nodes are shared with both. depth: how many levels are merged, beyond
 * which mappings are replaced too.
 */
const struct node *node_merge(
	struct arena *a, const struct node *base, const struct node *over, int depth);

#endif
