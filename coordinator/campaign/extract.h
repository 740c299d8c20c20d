/*
 * extract.h - compiling the pattern of a metric, for those who check it and those who use it
 */
#ifndef COORDINATOR_CAMPAIGN_EXTRACT_H
#define COORDINATOR_CAMPAIGN_EXTRACT_H

#include "proto/error.h"

/*
 * Compile a pattern as metrics use it: multiline, UTF-8 (what is no UTF-8 in a program's output
 * never matches). Returns a pcre2_code (8 bit) for pcre2_code_free(), or NULL with err, which has
 * the place in the pattern.
 */
void *extract_compile(const char *pattern, struct error *err);

#endif
