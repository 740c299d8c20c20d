/* STEER "prune": a slice of it. The answer is a ROWS of what went, with `more` as long as there is
 * more to remove. */
#include "coordinator/dispatch/prune.h"
#include "coordinator/dispatch/core.h"

#include "coordinator/store/queries.h"
#include "proto/clock.h"
#include "proto/units.h"
#include <errno.h>
#include <stdio.h>

unsigned prune_what(const char *word)
{
	static const struct {
		const char *word;
		unsigned what;
	} words[] = {
		{"samples", STORE_SAMPLES},
		{"output", STORE_OUTPUT},
		{"all", STORE_SAMPLES | STORE_OUTPUT},
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(words[i].word, word) == 0)
			return words[i].what;
	return 0;
}

static void answer(struct dispatch *d, const struct route *to, int64_t removed, int64_t bytes,
	int64_t mirrors, bool is_more)
{
	static const char *const columns[] = {"removed", "bytes", "mirrors"};
	const struct message_cell cells[] = {
		{.integer = removed},
		{.integer = bytes},
		{.integer = mirrors},
	};
	const struct message_row row = {
		.key = 1, .cells = {.items = cells, .n = ARRAY_SIZE(cells)}};
	struct message m;

	message_init(&m, MESSAGE_ROWS);
	m.rows.columns = (struct list){.items = columns, .n = ARRAY_SIZE(columns)};
	m.rows.rows = (struct list){.items = &row, .n = 1};
	m.rows.more = is_more;
	dispatch_queue(d, to, &m);
}

/* "files SECONDS": what no campaign needs any more. */
static void prune_beside(struct dispatch *d, const struct route *from, const char *seconds)
{
	struct pruned_files files = {0};
	struct error err = {0};
	int64_t older_s = 0;

	if (units_parse_int(seconds, 0, INT64_MAX / NS_PER_S, &older_s, &err) < 0) {
		dispatch_queue_error(d, from, "protocol", "STEER prune: files: %s", err.text);
		return;
	}
	if (d->submissions != NULL) {
		dispatch_queue_error(d, from, "unavailable",
			"a campaign is being submitted, whose files are not known yet; prune again "
			"when it has begun");
		return;
	}
	int more = prune_files(d->config.ops, d->config.store, d->config.content_dir, older_s,
		PRUNE_SLICE, &files, &err);
	content_forget_tree(d->config.content);
	if (more < 0)
		dispatch_queue_error(d, from, "internal", "%s", err.text);
	else
		answer(d, from, files.contents, files.content_bytes, files.mirrors, more == 1);
}

static int on_campaign(void *arg, int64_t key, const struct message_cell *cells, size_t n)
{
	int64_t *id = arg;

	(void)n;
	(void)cells;
	*id = key;
	return 0;
}

static bool is_live(const struct dispatch *d, int64_t id)
{
	for (const struct live *l = d->lives; l != NULL; l = l->next)
		if (l->id == id)
			return true;
	return false;
}

static void prune_campaign(
	struct dispatch *d, const struct route *from, const char *label, unsigned what)
{
	struct store_pruned pruned = {0};
	struct error err = {0};
	int64_t id = 0;

	if (d->config.ops->query(
		    d->config.store, "campaigns", label, 0, 1, NULL, on_campaign, &id, &err) < 0) {
		dispatch_queue_error(d, from, "internal", "%s", err.text);
		return;
	}
	if (id == 0 || is_live(d, id)) {
		dispatch_queue_error(d, from, "unknown",
			id == 0 ? "prune: there is no campaign '%s' here"
				: "prune: %s has not ended",
			label);
		return;
	}
	if (dispatch_begin(d) < 0)
		return;
	bool is_first = d->pruning != id;
	int more = d->config.ops->prune(d->config.store, id, what, is_first, clock_realtime_ns(),
		PRUNE_SLICE, &pruned, &err);
	if (more == -EBUSY) {
		dispatch_queue_error(d, from, "unknown", "prune: %s has not ended", label);
	} else if (more < 0) {
		dispatch_fail(d, &err);
	} else {
		d->pruning = more == 1 ? id : 0;
		answer(d, from, pruned.rows, pruned.bytes, 0, more == 1);
	}
}

void prune_on_steer(
	struct dispatch *d, int64_t now_ns, const struct route *from, const struct message_steer *m)
{
	static const char files[] = "files ";
	const char *words = text_is_set(m->reason) ? m->reason : "all";
	unsigned what = prune_what(words);

	(void)now_ns;
	if (!text_is_set(m->label) && strncmp(words, files, sizeof files - 1) == 0)
		prune_beside(d, from, words + sizeof files - 1);
	else if (!text_is_set(m->label) || what == 0)
		dispatch_queue_error(d, from, "protocol",
			"STEER prune: expected a label and samples, output or all, or no label and "
			"'files SECONDS'");
	else
		prune_campaign(d, from, m->label, what);
}
