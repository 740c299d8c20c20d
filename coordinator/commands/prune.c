/* joulerig prune: remove samples and outputs of campaigns that ended long ago, and files that no
 * campaign needs any more. */
#include "coordinator/commands/commands.h"

#include "coordinator/client.h"
#include "coordinator/dispatch/prune.h"
#include "coordinator/dispatch/server.h"
#include "coordinator/output/output.h"
#include "proto/clock.h"
#include "proto/content.h"
#include "proto/log.h"
#include "proto/units.h"
#include <errno.h>
#include <stdio.h>

#define ANSWER_NS     (60 * NS_PER_S)
#define DEFAULT_OLDER (90 * INT64_C(86400) * NS_PER_S)

struct prune_options {
	struct common_options common;
	int64_t older_than; /* ns */
	int64_t keep;
	const char *what;
	bool dry_run, compact;
};

static const struct prune_options defaults = {.older_than = DEFAULT_OLDER};
static const char *const what_words[] = {"samples", "output", "all", NULL};

#define OPTION(name, kind, member, value, help, choices)                                           \
	{                                                                                          \
		name, kind, offsetof(struct prune_options, member), value, help, choices           \
	}
static const struct option_info options[] = {
	OPTION("older-than", OPTION_DURATION, older_than, "TIME",
		"campaigns that ended longer ago (default 90d)", NULL),
	OPTION("keep", OPTION_COUNT, keep, "N",
		"leave the last N that ended of each name as they are (default 0)", NULL),
	OPTION("what", OPTION_TEXT, what, "WHAT",
		"samples, output or all: both, and unneeded files (default all)", what_words),
	OPTION("dry-run", OPTION_FLAG, dry_run, NULL, "tell what would go, and leave it", NULL),
	OPTION("compact", OPTION_FLAG, compact, NULL,
		"give the space back to the disk; nobody may have the store open", NULL),
	{.name = NULL},
};

struct prune {
	const struct prune_options *o;
	const char *word; /* of what */
	unsigned what;
	struct prune_candidates campaigns; /* that ended; then those that are chosen */
	const char *db;
	struct client *client; /* of a coordinator that holds the store; else: */
	struct store *store;   /* open for writing */
	struct store_pruned pruned;
	struct pruned_files files;
};

/* ---- which ---- */

static int on_kept(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct prune_candidate *campaign = arg;

	(void)key;
	for (size_t i = 0; i < KEPT_N && i < n; i++)
		campaign->kept[i] = c[i].integer;
	return 0;
}

static bool has_any(const struct prune *p, const struct prune_candidate *c)
{
	return ((p->what & STORE_SAMPLES) != 0 && c->kept[KEPT_CHUNKS] > 0) ||
	       ((p->what & STORE_OUTPUT) != 0 && c->kept[KEPT_OUTPUTS] > 0);
}

/* Only those that are to be pruned stay in p->campaigns; each knows what it has. */
static int choose(struct prune *p, struct results *r, struct error *err)
{
	int64_t before = clock_realtime_ns() - p->o->older_than;
	int code = results_query(r, "campaigns", NULL, NULL, prune_on_campaign, &p->campaigns, err);
	_cleanup_free_ bool *is_wanted = xcalloc(p->campaigns.n + 1, sizeof *is_wanted);
	size_t n = 0;

	if (code == 0)
		code = results_query(r, "pruned", NULL, NULL, prune_on_pruned, &p->campaigns, err);
	prune_choose(&p->campaigns, before, p->o->keep);
	for (size_t i = 0; code == 0 && i < p->campaigns.n; i++) {
		struct prune_candidate *c = &p->campaigns.items[i];
		if (!c->is_chosen)
			continue;
		code = results_query(r, "kept", c->label, NULL, on_kept, c, err);
		is_wanted[i] = has_any(p, c) || (!c->was_pruned && strcmp(p->word, "all") == 0);
	}
	for (size_t i = 0; i < p->campaigns.n; i++) {
		if (is_wanted[i])
			p->campaigns.items[n++] = p->campaigns.items[i];
		else
			prune_candidate_done(&p->campaigns.items[i]);
	}
	p->campaigns.n = n;
	return code;
}

/* ---- doing it ---- */

/* A slice by the coordinator. Returns 1 where there is more, 0 or negative. */
static int steer(struct prune *p, const char *label, const char *words, struct error *err)
{
	struct message m;

	message_init(&m, MESSAGE_STEER);
	m.steer.verb = "prune";
	m.steer.label = label;
	m.steer.reason = words;
	int code = client_send(p->client, &m, err);
	if (code == 0)
		code = client_receive(p->client, ANSWER_NS, &m, err);
	if (code < 0)
		return code;
	if (m.type != MESSAGE_ROWS) {
		code = error_set(
			err, ERR_PROTOCOL, "prune: answered with %s", message_type_name(m.type));
	} else {
		const struct message_row *row =
			m.rows.rows.n > 0 ? LIST_AT(&m.rows.rows, struct message_row, 0) : NULL;
		const struct message_cell *c = row == NULL ? NULL : row->cells.items;
		if (c != NULL && row->cells.n >= 3 && label != NULL) {
			p->pruned.rows += c[0].integer;
			p->pruned.bytes += c[1].integer;
		} else if (c != NULL && row->cells.n >= 3) {
			p->files.contents += c[0].integer;
			p->files.content_bytes += c[1].integer;
			p->files.mirrors += c[2].integer;
		}
		code = m.rows.more == 1;
	}
	message_done(&m);
	return code;
}

static int prune_campaign(struct prune *p, const struct prune_candidate *c, struct error *err)
{
	bool is_first = true;
	int code = 1;

	while (code == 1) {
		code = p->client != NULL
			       ? steer(p, c->label, p->word, err)
			       : stores[0]->prune(p->store, c->id, p->what, is_first,
					 clock_realtime_ns(), PRUNE_SLICE, &p->pruned, err);
		is_first = false;
	}
	return code;
}

static int prune_beside(struct prune *p, struct error *err)
{
	int64_t older_s = p->o->older_than / NS_PER_S;
	_cleanup_free_ char *words = xasprintf("files %lld", (long long)older_s);
	_cleanup_free_ char *data = server_data_dir(p->db);
	_cleanup_free_ char *dir = xasprintf("%s/content", data);
	int code = 1;

	while (code == 1)
		code = p->client != NULL ? steer(p, NULL, words, err)
					 : prune_files(stores[0], p->store, dir, older_s,
						   PRUNE_SLICE, &p->files, err);
	return code;
}

static int do_it(struct prune *p, struct error *err)
{
	int code = 0;

	for (size_t i = 0; code == 0 && i < p->campaigns.n; i++)
		code = prune_campaign(p, &p->campaigns.items[i], err);
	if (code == 0 && strcmp(p->word, "all") == 0)
		code = prune_beside(p, err);
	if (code == 0 && p->o->compact)
		code = stores[0]->compact(p->store, err);
	return code;
}

static int open_store(struct prune *p, struct results *r, struct error *err)
{
	const struct results_where *at = results_coordinator(r);

	if (at != NULL && p->o->compact)
		return error_set(err, ERR_UNAVAILABLE,
			"prune: --compact needs the store for itself: end the coordinator for that "
			"time, or leave --compact out: what is freed is used again");
	if (at != NULL)
		return client_open(
			&p->client, at->coordinator, at->server_key, at->keys, ANSWER_NS, err);
	return stores[0]->open(&p->store, p->db, true, err);
}

/* ---- telling of it ---- */

enum { OUT_CAMPAIGN, OUT_ENDED, OUT_CHUNKS, OUT_OUTPUTS, OUT_N };
static const struct column columns[OUT_N] = {
	[OUT_CAMPAIGN] = {"campaign", NULL, false},
	[OUT_ENDED] = {"ended_at", NULL, false},
	[OUT_CHUNKS] = {"sample_chunks", "chunks of samples", true},
	[OUT_OUTPUTS] = {"outputs", "pieces of output", true},
};

static void write_campaigns(const struct prune *p, const struct output_ops *ops)
{
	struct output *o = ops->begin(stdout, columns, OUT_N);

	for (size_t i = 0; i < p->campaigns.n; i++) {
		const struct prune_candidate *c = &p->campaigns.items[i];
		char ended[32], numbers[KEPT_N][32];
		struct cell cells[OUT_N] = {
			[OUT_CAMPAIGN] = {CELL_TEXT, c->label},
			[OUT_ENDED] = {CELL_TEXT, clock_rfc3339(ended, c->ended_at)},
		};
		for (size_t k = 0; k < KEPT_N; k++) {
			unsigned of = k == KEPT_CHUNKS ? STORE_SAMPLES : STORE_OUTPUT;
			if ((p->what & of) != 0)
				cells[OUT_CHUNKS + k] = (struct cell){CELL_NUMBER,
					units_format_decimal(numbers[k], c->kept[k], 1)};
		}
		ops->row(o, cells);
	}
	ops->end(o);
}

static void tell(const struct prune *p)
{
	char size[32], files[32];

	if (p->o->dry_run) {
		log_info("%zu campaigns: nothing was removed (--dry-run)", p->campaigns.n);
		return;
	}
	log_info("%zu campaigns pruned, %s of samples and output removed; files of campaigns: %lld "
		 "removed (%s); git mirrors: %lld",
		p->campaigns.n, units_format_size(size, p->pruned.bytes),
		(long long)p->files.contents, units_format_size(files, p->files.content_bytes),
		(long long)p->files.mirrors);
}

static int run(void *target, const char **arguments, size_t n, struct error *err)
{
	const struct prune_options *o = target;
	const struct results_where where = common_where(&o->common);
	const struct output_ops *ops =
		output_by_name(o->common.format ? o->common.format : "table", err);
	struct prune p = {.o = o, .word = o->what ? o->what : "all"};
	struct results *r = NULL;

	(void)arguments;
	(void)n;
	if (ops == NULL)
		return EXIT_USAGE;
	p.db = o->common.db ? o->common.db : "joulerig.db";
	p.what = prune_what(p.word);
	int code = results_open(&r, &where, err);
	if (code == 0)
		code = choose(&p, r, err);
	if (code == 0 && !o->dry_run)
		code = open_store(&p, r, err);
	results_close(r);
	if (code == 0 && !o->dry_run)
		code = do_it(&p, err);
	if (code == 0) {
		if (p.campaigns.n > 0 || ops != &output_table)
			write_campaigns(&p, ops);
		tell(&p);
	}
	client_close(p.client);
	stores[0]->close(p.store);
	prune_candidates_done(&p.campaigns);
	return code < 0 ? (int)error_exit_status(err) : EXIT_OK;
}

const struct command command_prune = {
	.name = "prune",
	.usage = "prune [--older-than 90d] [--keep N] [--what samples|output|all] [--dry-run]",
	.summary =
		"remove samples and outputs of campaigns that ended long ago; their results stay",
	.details =
		"Runs, metrics, parts, events and what `requires` said stay for ever: results,\n"
		"compare, trend and report work as before, and say that samples or outputs were\n"
		"removed where they would show them. A campaign that goes on is never touched. "
		"With\n"
		"all, also files that were shipped for campaigns that are pruned, and git mirrors\n"
		"that nobody has used for that long. A coordinator that holds the store does it\n"
		"while runs go on. The store's file does not get smaller, as what is freed is "
		"used\n"
		"again; --compact makes it smaller.",
	.options = options,
	.options_size = sizeof(struct prune_options),
	.defaults = &defaults,
	.min_arguments = 0,
	.max_arguments = 0,
	.run = run,
};
