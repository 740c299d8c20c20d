/*
 * cache.h - keeping STATE/files and STATE/work within a size: what was not used for longest goes
 *
 * An item is a content (STATE/files/XX/REST, or one that is still coming) or a work directory with
 * its marker (STATE/work/KEY, KEY.done). Its size is the disk space that it takes now; it was last
 * used at its file's time of change, a work directory at that of its marker.
 */
#ifndef AGENT_CACHE_H
#define AGENT_CACHE_H

#include "proto/content.h"

enum cache_need {
	CACHE_FREE,
	CACHE_LATER,  /* only when all that is free is gone */
	CACHE_NEEDED, /* stays */
};

struct cache {
	const char *contents, *work; /* directories */
	enum cache_need (*need_content)(void *arg, const struct content_hash *hash);
	enum cache_need (*need_work)(void *arg, const char *key);
	/* One is about to go. */
	void (*on_content)(void *arg, const struct content_hash *hash);
	void (*on_work)(void *arg, const char *key);
	void *arg;
};

/*
 * Remove items until all together take at most limit bytes, or nothing is left that may go. Returns
 * the bytes that are still taken; *freed (may be NULL) is what went.
 */
int64_t cache_shrink(const struct cache *c, int64_t limit, int64_t *freed);

#endif
