/*
 * summary_notes.h - the footnotes of `results`: texts with a letter each, the same text the same
 * letter
 */
#ifndef COORDINATOR_COMMANDS_SUMMARY_NOTES_H
#define COORDINATOR_COMMANDS_SUMMARY_NOTES_H

#include "proto/base.h"
#include <stdio.h>

struct notes {
	char **texts; /* owned; the i-th has the letter 'a' + i, from the 27th on '*' */
	size_t n;
};

/* Add a mark for this text to a cell's text: " a", or "b" behind a mark that stands there. */
void notes_mark(struct notes *notes, struct buf *cell, bool *has_mark, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* One line each: "a  TEXT". */
void notes_print(const struct notes *notes, FILE *to);
void notes_done(struct notes *notes);

#endif
