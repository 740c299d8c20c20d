#include "coordinator/findings/accounts.h"

static struct account *account_of(struct accounts *a, const char *host)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->items[i].host != NULL && host != NULL && strcmp(a->items[i].host, host) == 0)
			return &a->items[i];
	a->items = xreallocarray(a->items, a->n + 1, sizeof *a->items);
	a->items[a->n] = (struct account){.host = xstrdup_or_null(host)};
	return &a->items[a->n++];
}

/* Where runs of a state belong. */
static int64_t *part_of(struct account *a, const char *state, bool is_warmup)
{
	const struct {
		const char *state;
		int64_t *part;
		bool is_of_warmup; /* those of warm-up, too */
	} parts[] = {
		{"done", &a->done, false},
		{"failed", &a->failed, false},
		{"timeout", &a->timeout, false},
		{"cancelled", &a->cancelled, false},
		{"skipped", &a->skipped, true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (strcmp(parts[i].state, state) == 0)
			return is_warmup && !parts[i].is_of_warmup ? &a->warmup : parts[i].part;
	return &a->open;
}

static int on_count(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct accounts *all = arg;
	struct account *a = account_of(all, cell_text(&c[COUNTS_HOST]));
	int64_t runs = c[COUNTS_RUNS].integer;
	int64_t *part = part_of(a, cell_text(&c[COUNTS_STATE]), c[COUNTS_WARMUP].integer == 1);

	(void)key;
	(void)n;
	*part += runs;
	a->planned += runs;
	a->lost += c[COUNTS_LOST].integer;
	if (part == &a->done)
		a->flagged += c[COUNTS_FLAGGED].integer;
	return 0;
}

static void add(struct account *sum, const struct account *a)
{
	sum->planned += a->planned;
	sum->done += a->done;
	sum->failed += a->failed;
	sum->timeout += a->timeout;
	sum->cancelled += a->cancelled;
	sum->skipped += a->skipped;
	sum->open += a->open;
	sum->warmup += a->warmup;
	sum->flagged += a->flagged;
	sum->lost += a->lost;
}

/* Runs that are planned and not stored yet. One that came to its own end has none. */
static void add_unwritten(struct accounts *a, const struct gathered *g)
{
	bool has_ended = g->ended_at != ABSENT && strcmp(g->state, "cancelled") != 0;
	int64_t stored = 0;

	for (size_t i = 0; i < a->n; i++)
		stored += a->items[i].planned;
	if (has_ended || g->total <= stored)
		return;
	struct account *of = account_of(a, g->lanes_n == 1 ? g->lanes[0].host : NULL);
	of->planned += g->total - stored;
	of->open += g->total - stored;
}

int accounts_make(
	struct results *r, const struct gathered *g, struct accounts *out, struct error *err)
{
	*out = (struct accounts){0};
	int code = results_query(r, "counts", g->label, NULL, on_count, out, err);

	if (code < 0)
		return code;
	add_unwritten(out, g);
	for (size_t i = 0; i < out->n; i++)
		add(&out->all, &out->items[i]);
	return 0;
}

void accounts_done(struct accounts *a)
{
	for (size_t i = 0; i < a->n; i++)
		free(a->items[i].host);
	free(a->items);
	*a = (struct accounts){0};
}
