/*
 * yaml_write.h - a tree back to YAML text, and trees that differ a little from others
 *
 * What is written reads to an equal tree: the same keys, texts and kinds, with what was plain and a
 * number, a boolean or `~` still plain. Aliases and merges are written out, comments are not there
 * any more.
 */
#ifndef COORDINATOR_CAMPAIGN_YAML_WRITE_H
#define COORDINATOR_CAMPAIGN_YAML_WRITE_H

#include "coordinator/campaign/yaml.h"

/* Append a whole document in block style, ended by a newline. */
void yaml_write(const struct node *root, struct buf *out);
/* Append a node in flow style, on one line. */
void yaml_write_flow(const struct node *n, struct buf *out);

/* Whether two trees say the same; the order of pairs in mappings matters. */
bool node_equal(const struct node *a, const struct node *b);
/* The same but for one pair, which becomes value; a new one stands first. map may be NULL: an empty
 * one. */
struct node *node_with(
	struct arena *a, const struct node *map, const char *key, const struct node *value);
/* A scalar; plain or quoted. */
struct node *node_scalar(struct arena *a, const char *text, bool is_plain);

#endif
