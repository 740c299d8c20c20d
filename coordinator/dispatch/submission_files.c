/* What a campaign ships comes from who submitted it, as far as it is not here already. */
#include "coordinator/dispatch/submission.h"

#include <utlist.h>

/* How long a sender of files may be quiet, and how much of a content is asked for at a time. */
#define FILES_PATIENCE_NS (30 * NS_PER_S)
#define FILES_WINDOW      (8 * MESSAGE_CHUNK)

/* Ask for the next piece that is missing, where it was not asked for yet. */
static int ask(struct dispatch *d, struct submission *s, struct error *err)
{
	struct content_hash missing;
	struct message m;
	int r = content_next_missing(d->config.content, &s->preparation.tree, &missing, err);

	if (r <= 0)
		return r < 0 ? r : 1;
	if (s->from.len == 0)
		return error_set(err, ERR_INTERNAL,
			"files: a content of the campaign is missing in the coordinator's folder");
	int64_t have = content_partial_size(d->config.content, &missing);
	bool same = memcmp(missing.b, s->wanted.b, sizeof missing.b) == 0;
	if (same && have < s->asked_until)
		return 0;
	s->wanted = missing;
	s->asked_until = have + FILES_WINDOW;
	message_init(&m, MESSAGE_WANT_FILES);
	m.want_files.hash = (struct blob){.data = missing.b, .len = sizeof missing.b};
	m.want_files.offset = have;
	m.want_files.length = FILES_WINDOW;
	dispatch_queue(d, &s->from, &m);
	return 0;
}

int submission_fetch_files(
	struct dispatch *d, struct submission *s, int64_t now_ns, struct error *err)
{
	if (s->request.again != NULL)
		return submission_has_files(d, s, err);
	if (!s->preparation.has_tree)
		return 1;
	if (s->heard_ns == 0)
		s->heard_ns = now_ns;
	int r = ask(d, s, err);
	if (r == 0 && now_ns - s->heard_ns > FILES_PATIENCE_NS)
		r = error_set(err, ERR_UNAVAILABLE, "files: their sender is silent");
	return r;
}

void submissions_on_chunk(
	struct dispatch *d, int64_t now_ns, const struct route *from, const struct message *m)
{
	const struct message_file_chunk *c = &m->file_chunk;
	struct content_hash hash;
	struct submission *s;
	struct error err = {0};

	if (c->hash.len != sizeof hash.b)
		return;
	memcpy(hash.b, c->hash.data, sizeof hash.b);
	DL_FOREACH (d->submissions, s) {
		if (s->from.len == 0 || s->stage != STAGE_FILES || !route_equal(&s->from, from) ||
			memcmp(s->wanted.b, hash.b, sizeof hash.b) != 0)
			continue;
		s->heard_ns = now_ns;
		/* Two senders of one content at once: the second one's pieces are there already. */
		if (c->offset != content_partial_size(d->config.content, &hash) ||
			content_has(d->config.content, &hash))
			return;
		if (content_put(d->config.content, &hash, c->offset, c->size, c->data.data,
			    c->data.len, &err) < 0 ||
			ask(d, s, &err) < 0)
			submission_decide(d, s, NULL, NULL, &err);
		return;
	}
}
