/*
 * pattern.h - regular expressions of campaigns (PCRE2), the same wherever they are matched
 *
 * Multiline: ^ and $ match at lines. What a pattern may cost is bounded, as a campaign's text is
 * nobody's code review.
 */
#ifndef PROTO_PATTERN_H
#define PROTO_PATTERN_H

#include "proto/base.h"
#include "proto/error.h"

/* Steps of one search: far more than a sensible pattern needs, and well under a second. */
#define PATTERN_MATCH_LIMIT 1000000

/*
 * Compile one. is_utf: characters are those of UTF-8, and what is no UTF-8 in a text never matches;
 * else a byte is a character. Returns a pcre2_code (8 bit) for pcre2_code_free(), or NULL with err,
 * which has the place in the pattern.
 */
void *pattern_compile(const char *pattern, bool is_utf, struct error *err);

/* One to be searched for in many texts. */
struct pattern;
/* Returns NULL with err as above; freed by pattern_free(), to which NULL is fine. */
struct pattern *pattern_new(const char *text, struct error *err);
void pattern_free(struct pattern *p);
/*
 * Whether it matches somewhere in a text of len bytes. is_whole: what ends there is a line; else
 * more of it may come, and $ does not match at the end. Returns 1, 0, or -E2BIG where finding out
 * takes more than PATTERN_MATCH_LIMIT steps.
 */
int pattern_matches(const struct pattern *p, const char *text, size_t len, bool is_whole);

#endif
