/*
 * again.h - what the changes of a submission say of being another one again
 *
 * {"again": {"of": LABEL, "against": LABEL, "trees": {LABEL: HEX or null, ...}}}: see read_again.c.
 */
#ifndef COORDINATOR_DISPATCH_AGAIN_H
#define COORDINATOR_DISPATCH_AGAIN_H

#include "proto/content.h"

/* Call each with every tree that the changes (JSON, NULL: none) name. */
void again_each_tree(
	const char *changes, void (*each)(void *arg, const struct content_hash *tree), void *arg);

#endif
