#include "coordinator/results_private.h"

/* ---- campaigns and hosts ---- */

struct report_builder {
	const char *label;
	struct message_campaign *campaigns;
	size_t campaigns_n;
	size_t last_ended; /* index + 1 */
	struct message_host *hosts;
	size_t hosts_n;
};

static bool has_ended(const char *state)
{
	return strcmp(state, "done") == 0 || strcmp(state, "cancelled") == 0;
}

static int add_campaign(void *arg, int64_t key, const struct message_cell *cells, size_t n)
{
	struct report_builder *b = arg;

	/* We read the file, so nobody holds it: what was running was cut off, and can be resumed.
	 */
	const char *state = cell_text(&cells[CAMPAIGNS_STATE]);
	if (!has_ended(state))
		state = "paused";
	(void)key;
	(void)n;
	b->campaigns = xreallocarray(b->campaigns, b->campaigns_n + 1, sizeof *b->campaigns);
	b->campaigns[b->campaigns_n++] = (struct message_campaign){
		.label = xstrdup(cell_text(&cells[CAMPAIGNS_LABEL])),
		.state = xstrdup(state),
		.total = cells[CAMPAIGNS_TOTAL].integer,
		.done = cells[CAMPAIGNS_DONE].integer,
		.failed = cells[CAMPAIGNS_FAILED].integer,
		.skipped = cells[CAMPAIGNS_SKIPPED].integer,
		.running = 0,
		.hosts = cells[CAMPAIGNS_HOSTS].integer,
		.submitted_at = cells[CAMPAIGNS_SUBMITTED_AT].integer,
		.ended_at = cells[CAMPAIGNS_ENDED_AT].integer,
		.left_ns = ABSENT,
		.priority = cells[CAMPAIGNS_PRIORITY].integer,
	};
	if (has_ended(b->campaigns[b->campaigns_n - 1].state))
		b->last_ended = b->campaigns_n;
	return 0;
}

static char *copy_text(const struct message_cell *c)
{
	return c->text == NULL ? NULL : xstrdup(c->text);
}

static int add_host(void *arg, int64_t key, const struct message_cell *cells, size_t n)
{
	struct report_builder *b = arg;

	(void)key;
	(void)n;
	b->hosts = xreallocarray(b->hosts, b->hosts_n + 1, sizeof *b->hosts);
	b->hosts[b->hosts_n++] = (struct message_host){
		.name = xstrdup(cell_text(&cells[HOSTS_NAME])),
		.state = "offline",
		.public_key = xstrdup(cell_text(&cells[HOSTS_KEY])),
		.inventory = xstrdup(cell_text(&cells[HOSTS_INVENTORY])),
		.seen_at = cells[HOSTS_SEEN_AT].integer,
		.offset = ABSENT,
		.delay = ABSENT,
		.admission = copy_text(&cells[HOSTS_ADMISSION]),
		.reason = copy_text(&cells[HOSTS_ADMISSION_REASON]),
		.admission_at = cells[HOSTS_ADMISSION_AT].integer,
	};
	return 0;
}

/* Without a label: what has not ended, and the last that has. */
static void drop_old(struct report_builder *b)
{
	size_t kept = 0;

	for (size_t i = 0; i < b->campaigns_n; i++) {
		struct message_campaign *c = &b->campaigns[i];
		if (has_ended(c->state) && i + 1 != b->last_ended) {
			free((void *)(uintptr_t)c->label);
			free((void *)(uintptr_t)c->state);
		} else {
			b->campaigns[kept++] = *c;
		}
	}
	b->campaigns_n = kept;
}

static void builder_done(struct report_builder *b)
{
	for (size_t i = 0; i < b->campaigns_n; i++) {
		free((void *)(uintptr_t)b->campaigns[i].label);
		free((void *)(uintptr_t)b->campaigns[i].state);
	}
	for (size_t i = 0; i < b->hosts_n; i++) {
		free((void *)(uintptr_t)b->hosts[i].name);
		free((void *)(uintptr_t)b->hosts[i].public_key);
		free((void *)(uintptr_t)b->hosts[i].inventory);
		free((void *)(uintptr_t)b->hosts[i].admission);
		free((void *)(uintptr_t)b->hosts[i].reason);
	}
	free(b->campaigns);
	free(b->hosts);
}

/* What the coordinator would have answered, with the owner of its texts the same: a decoded
 * message. */
static int encode_report(const struct report_builder *b, struct message *out, struct error *err)
{
	_cleanup_buf_ struct buf frame = BUF_INIT;
	struct message m;

	message_init(&m, MESSAGE_REPORT);
	m.report.campaigns = (struct list){.items = b->campaigns, .n = b->campaigns_n};
	m.report.hosts = (struct list){.items = b->hosts, .n = b->hosts_n};
	message_encode(&m, &frame);
	return message_decode(out, frame.data, frame.len, err);
}

static int report_of_file(
	struct results *r, const char *label, struct message *out, struct error *err)
{
	struct report_builder b = {.label = label};
	int code = results_query(r, "campaigns", label, NULL, add_campaign, &b, err);

	if (code == 0)
		code = results_query(r, "hosts", NULL, NULL, add_host, &b, err);
	if (code == 0 && !text_is_set(label))
		drop_old(&b);
	if (code == 0)
		code = encode_report(&b, out, err);
	builder_done(&b);
	return code;
}

int results_report(struct results *r, const char *label, struct message *out, struct error *err)
{
	struct message question;

	if (r->store != NULL)
		return report_of_file(r, label, out, err);
	message_init(&question, MESSAGE_STATUS);
	question.status.label = text_is_set(label) ? label : NULL;
	return results_ask(r, &question, MESSAGE_REPORT, out, err);
}

/* ---- labels ---- */

struct label_list {
	char **items;
	size_t n;
};

static int add_label(void *arg, int64_t key, const struct message_cell *cells, size_t n)
{
	struct label_list *l = arg;

	(void)key;
	(void)n;
	l->items = xreallocarray(l->items, l->n + 1, sizeof *l->items);
	l->items[l->n++] = xstrdup(cell_text(&cells[CAMPAIGNS_LABEL]));
	return 0;
}

static void list_done(struct label_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->items[i]);
	free(l->items);
}

static bool has_name(const char *label, const char *name, size_t len)
{
	return strncmp(label, name, len) == 0 && label[len] == '.';
}

/*
 * What was meant: the last submission of the campaign where only its number is wrong, or where its
 * file was typed; else that of the nearest name, or the nearest label. NULL: nothing is near.
 */
static const char *nearest_label(const struct label_list *all, const char *typed)
{
	const char *dot = strrchr(typed, '.'), *slash = strrchr(typed, '/');
	const char *name = slash == NULL ? typed : slash + 1;
	size_t len = dot != NULL && dot > name ? (size_t)(dot - name) : strlen(name);
	char **names = xcalloc(all->n + 1, sizeof *names);
	const char *found = NULL;

	for (size_t i = 0; i < all->n; i++) {
		names[i] = xstrndup(all->items[i], strcspn(all->items[i], "."));
		if (has_name(all->items[i], name, len))
			found = all->items[i];
	}
	const char *near = nearest_word(typed, (const char *const *)names, all->n);
	if (found == NULL)
		for (size_t i = 0; i < all->n && near != NULL; i++)
			if (strcmp(names[i], near) == 0)
				found = all->items[i];
	if (found == NULL)
		found = nearest_word(typed, (const char *const *)all->items, all->n);
	for (size_t i = 0; i < all->n; i++)
		free(names[i]);
	free(names);
	return found;
}

static int no_such_label(struct results *r, const char *typed, struct error *err)
{
	struct label_list all = {0};
	int code = results_query(r, "campaigns", NULL, NULL, add_label, &all, err);

	if (code == 0 && all.n == 0) {
		code = error_set(err, ERR_USAGE,
			"%s holds no campaign yet; `joulerig run FILE` makes one", r->name);
	} else if (code == 0) {
		const char *nearest = nearest_label(&all, typed);
		code = error_set(err, ERR_USAGE, "%s has no campaign '%s'; %s '%s'%s", r->name,
			typed, nearest == NULL ? "the last one is" : "did you mean",
			nearest == NULL ? all.items[all.n - 1] : nearest,
			nearest == NULL ? "" : "?");
	}
	list_done(&all);
	return code;
}

char *results_label(struct results *r, const char *typed, struct error *err)
{
	struct label_list found = {0};
	char *label = NULL;

	if (results_query(r, "campaigns", typed, NULL, add_label, &found, err) == 0) {
		if (found.n > 0)
			label = xstrdup(found.items[found.n - 1]);
		else
			no_such_label(r, text_is_set(typed) ? typed : "", err);
	}
	list_done(&found);
	return label;
}
