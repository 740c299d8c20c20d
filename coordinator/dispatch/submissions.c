/* A campaign between SUBMIT and its first run: its files come in, its hosts gather, its plan is
 * made. */
#include "coordinator/dispatch/core.h"

#include "proto/log.h"
#include <stdio.h>
#include <utlist.h>

/* How long a sender of files may be quiet, and how much of a content is asked for at a time. */
#define FILES_PATIENCE_NS (30 * NS_PER_S)
#define FILES_WINDOW      (8 * MESSAGE_CHUNK)

static char *copy_text(const char *s)
{
	return s ? xstrdup(s) : NULL;
}

static void drop(struct dispatch *d, struct submission *s)
{
	DL_DELETE(d->submissions, s);
	free((void *)s->request.yaml);
	free((void *)s->request.file);
	free((void *)s->request.changes);
	free((void *)s->request.directory);
	free(s);
}

void submissions_free(struct dispatch *d)
{
	while (d->submissions != NULL)
		drop(d, d->submissions);
}

/* Say what became of it, and forget it. notes may be NULL. */
static void decide(struct dispatch *d, struct submission *s, const struct live *l,
	const char *notes, const struct error *err)
{
	const char *code = err->code == ERR_CAMPAIGN      ? "campaign"
			   : err->code == ERR_UNAVAILABLE ? "unavailable"
							  : "internal";

	if (s->from.len == 0) {
		s->request.on_decided(s->request.arg, l ? l->label : NULL, err);
	} else if (err->code != 0) {
		dispatch_queue_error(d, &s->from, code, "%s", err->text);
	} else {
		struct message m;
		message_init(&m, MESSAGE_SUBMITTED);
		m.submitted.id = l->uuid;
		m.submitted.label = l->label;
		m.submitted.notes = notes;
		dispatch_queue(d, &s->from, &m);
	}
	drop(d, s);
}

void submissions_add(struct dispatch *d, int64_t now_ns, const struct route *from,
	const struct dispatch_request *request)
{
	struct submission *s = xcalloc(1, sizeof *s);

	s->request = *request;
	s->request.yaml = xstrdup(request->yaml);
	s->request.file = xstrdup(request->file);
	s->request.changes = copy_text(request->changes);
	s->request.directory = copy_text(request->directory);
	if (request->tree.data != NULL) {
		memcpy(s->tree, request->tree.data, sizeof s->tree);
		s->request.tree = (struct blob){.data = s->tree, .len = sizeof s->tree};
	}
	if (from != NULL)
		s->from = *from;
	s->heard_ns = now_ns;
	s->gather_until_ns = now_ns + d->config.gather_ns;
	DL_APPEND(d->submissions, s);
}

/* ---- files ---- */

/* Ask the sender for the next piece that is missing. Returns 1 where all is here, 0 while something
 * is under way. */
static int fetch_files(struct dispatch *d, struct submission *s, struct error *err)
{
	struct content_hash tree, missing;
	struct message m;

	if (s->request.tree.data == NULL)
		return 1;
	memcpy(tree.b, s->tree, sizeof tree.b);
	int r = content_next_missing(d->config.content, &tree, &missing, err);
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
		if (s->from.len == 0 || !route_equal(&s->from, from) ||
			memcmp(s->wanted.b, hash.b, sizeof hash.b) != 0)
			continue;
		s->heard_ns = now_ns;
		/* Two senders of one content at once: the second one's pieces are there already. */
		if (c->offset != content_partial_size(d->config.content, &hash) ||
			content_has(d->config.content, &hash))
			return;
		if (content_put(d->config.content, &hash, c->offset, c->size, c->data.data,
			    c->data.len, &err) < 0 ||
			fetch_files(d, s, &err) < 0)
			decide(d, s, NULL, NULL, &err);
		return;
	}
}

/* ---- hosts ---- */

struct choice {
	struct host **hosts;
	size_t n;
	struct buf refused; /* why others do not take part */
	struct buf notes;
};

static bool is_named(const struct campaign *c, const char *name)
{
	for (size_t i = 0; i < c->hosts.names_n; i++)
		if (strcmp(c->hosts.names[i], name) == 0)
			return true;
	return c->hosts.names_n == 0;
}

/* Whether a trusted agent that this campaign could want is not here yet. */
static bool is_gathering(struct dispatch *d, const struct campaign *c)
{
	const struct trusted_key *k;

	for (size_t i = 0; (k = keyring_at(d->config.keyring, i)) != NULL; i++) {
		if (k->role != ROLE_AGENT || !is_named(c, k->name))
			continue;
		const struct host *h = dispatch_host(d, k->public_key);
		if (h == NULL || !host_is_connected(h))
			return true;
	}
	return false;
}

static int by_host_name(const void *a, const void *b)
{
	return strcmp((*(struct host *const *)a)->name, (*(struct host *const *)b)->name);
}

static bool is_known(const struct dispatch *d, const char *name)
{
	for (const struct host *h = d->hosts; h != NULL; h = h->hh.next)
		if (strcmp(h->name, name) == 0)
			return true;
	return false;
}

static void choose_hosts(struct dispatch *d, const struct campaign *c, struct choice *out)
{
	struct host *h;

	for (h = d->hosts; h != NULL; h = h->hh.next) {
		struct plan_host p = {.name = h->name, .inventory = h->inventory};
		char why[256];
		if (!campaign_wants_host(c, &p, why)) {
			buf_addf(&out->refused, "\n  %s: %s", h->name, why);
		} else if (!host_is_connected(h)) {
			buf_addf(&out->refused, "\n  %s: not connected", h->name);
			buf_addf(&out->notes, "%s is not connected and takes no part\n", h->name);
		} else {
			out->hosts = xreallocarray(out->hosts, out->n + 1, sizeof *out->hosts);
			out->hosts[out->n++] = h;
		}
	}
	for (size_t i = 0; i < c->hosts.names_n; i++)
		if (!is_known(d, c->hosts.names[i]))
			buf_addf(&out->notes, "%s is not known here and takes no part\n",
				c->hosts.names[i]);
	if (out->n > 0)
		qsort(out->hosts, out->n, sizeof *out->hosts, by_host_name);
}

static int no_host(const struct choice *c, struct error *err)
{
	if (c->refused.len == 0)
		return error_set(err, ERR_UNAVAILABLE,
			"no host: no agent is connected; start joulerig-agent on a machine and "
			"trust its key with 'joulerig key trust NAME KEY --role agent'");
	return error_set(err, ERR_UNAVAILABLE, "no host for this campaign:%s", c->refused.data);
}

/* ---- the decision ---- */

/* An error text has room for a few diagnostics only; all of them were shown where the file was
 * checked before. */
static int campaign_error(const struct diagnostics *d, const char *file, struct error *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT;

	diagnostics_format(d, file, &text);
	while (text.len > 0 && text.data[text.len - 1] == '\n')
		text.data[--text.len] = '\0';
	return error_set(err, ERR_CAMPAIGN, "%s", text.data);
}

static int start(struct dispatch *d, struct submission *s, struct campaign *c,
	const struct choice *choice, struct live **out, struct error *err)
{
	const struct live_request request = {
		.yaml = s->request.yaml,
		.file = s->request.file,
		.changes = s->request.changes,
		.directory = s->request.directory,
		.tree = s->request.tree,
		.hosts = choice->hosts,
		.hosts_n = choice->n,
	};

	if (dispatch_begin(d) < 0)
		return error_set(err, d->failure.code, "%s", d->failure.text);
	int r = live_create(out, c, &request, d->s, err);
	if (r == 0)
		DL_APPEND(d->lives, *out);
	else if (r != ERR_CAMPAIGN && r != ERR_UNAVAILABLE)
		dispatch_fail(d, err);
	return r;
}

/* Returns whether it was decided. */
static bool try_start(struct dispatch *d, struct submission *s, int64_t now_ns)
{
	struct diagnostics diagnostics = {0};
	struct choice choice = {.refused = BUF_INIT, .notes = BUF_INIT};
	struct error err = {0};
	struct live *l = NULL;
	struct campaign *c = campaign_read(
		s->request.yaml, strlen(s->request.yaml), s->request.changes, &diagnostics);

	if (c == NULL) {
		campaign_error(&diagnostics, s->request.file, &err);
	} else if (is_gathering(d, c) && now_ns < s->gather_until_ns) {
		campaign_free(c);
		diagnostics_done(&diagnostics);
		return false;
	} else {
		choose_hosts(d, c, &choice);
		if (choice.n == 0) {
			campaign_free(c);
			no_host(&choice, &err);
		} else if (start(d, s, c, &choice, &l, &err) == 0) {
			log_debug("%s: %zu hosts, %lld runs", l->label, choice.n,
				(long long)l->total);
			if (s->request.observer != NULL)
				dispatch_watch(
					d, &l->uuid, NULL, s->request.observer, s->request.arg);
		}
	}
	decide(d, s, l, choice.notes.len ? choice.notes.data : NULL, &err);
	diagnostics_done(&diagnostics);
	buf_done(&choice.refused);
	buf_done(&choice.notes);
	free(choice.hosts);
	return true;
}

void submissions_tick(struct dispatch *d, int64_t now_ns)
{
	struct submission *s, *next;

	DL_FOREACH_SAFE (d->submissions, s, next) {
		struct error err = {0};
		int r = fetch_files(d, s, &err);
		if (r == 0 && now_ns - s->heard_ns > FILES_PATIENCE_NS)
			r = error_set(&err, ERR_UNAVAILABLE, "files: their sender is silent");
		if (r < 0)
			decide(d, s, NULL, NULL, &err);
		else if (r > 0)
			try_start(d, s, now_ns);
	}
}
