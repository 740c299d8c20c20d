/*
 * sandbox_words.h - what comes out of Lua in the language's words: values as text, and failures
 */
#ifndef COORDINATOR_CAMPAIGN_SANDBOX_WORDS_H
#define COORDINATOR_CAMPAIGN_SANDBOX_WORDS_H

#include "coordinator/campaign/sandbox.h"

/* Append a number: a whole one without a point, as far as doubles tell whole numbers apart; else
 * the shortest text that reads back as the same number. */
void number_add(double number, struct buf *out);
/* Append a value as a template shows it; nothing of nil. */
void sandbox_value_add(const struct sandbox_value *v, struct buf *out);

/* Lua's name of a type, "string", as a phrase: "a text". */
const char *sandbox_type_word(const char *type);
/* Fill err (which may be NULL) with -EINVAL and why Lua failed; text is Lua's, is_memory where it
 * had not enough. */
void sandbox_failure(bool is_memory, const char *text, struct error *err);

#endif
