/*
 * kept.h - a submission as the store keeps it, to do more of it or all of it again
 */
#ifndef COORDINATOR_DISPATCH_KEPT_H
#define COORDINATOR_DISPATCH_KEPT_H

#include "coordinator/dispatch/campaign_state.h"
#include "coordinator/store/store.h"
#include "proto/content.h"

struct kept {
	int64_t id;
	struct id16 uuid;
	char *label, *name; /* owned, as all texts */
	char *file, *yaml;
	char *changes, *directory; /* NULL: none */
	struct content_hash tree;
	bool has_tree;
	enum campaign_state state;
	int64_t priority;
};

/*
 * Find the submission of a label (or the last of a name). It must be one that ran here: what was
 * imported has no command to run. verb begins the messages ("rerun"). Returns 0, or ERR_CAMPAIGN:
 * there is none, or it was imported; or negative where the store failed. kept_done() in all cases.
 */
int kept_find(struct kept *out, const struct store_ops *ops, struct store *s, const char *label,
	const char *verb, struct error *err);
/* The same, also of one that was imported. */
int kept_find_any(struct kept *out, const struct store_ops *ops, struct store *s, const char *label,
	const char *verb, struct error *err);
void kept_done(struct kept *k);

#endif
