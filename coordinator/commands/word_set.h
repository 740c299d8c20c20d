/*
 * word_set.h - texts that have occurred, so that each is said once
 */
#ifndef COORDINATOR_COMMANDS_WORD_SET_H
#define COORDINATOR_COMMANDS_WORD_SET_H

#include <stdbool.h>
#include <stddef.h>

struct word_set_item;

/* All zero it is empty. */
struct word_set {
	struct word_set_item *items;
};

/* Take a text in, copied. Returns whether it is new. */
bool word_set_add(struct word_set *set, const char *text);
/* The number of a text, counted from 0 in the order in which they came; it is taken in if new. */
size_t word_set_number(struct word_set *set, const char *text);
void word_set_done(struct word_set *set);

#endif
