/*
 * arena.h - memory that is released all at once: a campaign, its YAML tree, a rendered assignment
 *
 * A campaign's parts point at each other (aliases and merged sections share nodes), so that one
 * owner for all is simpler than many. Nothing is freed alone. Not for several threads at once.
 */
#ifndef COORDINATOR_CAMPAIGN_ARENA_H
#define COORDINATOR_CAMPAIGN_ARENA_H

#include "proto/base.h"

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *a); /* all that came from it; NULL is fine */

/* size zeroed bytes, aligned for anything. Never NULL. */
void *arena_alloc(struct arena *a, size_t size);
/* n zeroed elements of size bytes; ends the program where that overflows. */
void *arena_array(struct arena *a, size_t n, size_t size);
/* A copy of len bytes of s with a NUL behind it; of the whole of s. */
char *arena_strndup(struct arena *a, const char *s, size_t len);
char *arena_strdup(struct arena *a, const char *s);
char *arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
