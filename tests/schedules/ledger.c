/* What was seen from outside of both, and the rules that must hold, whatever happens. */
#include "tests/schedules/schedules.h"

#include "agent/conversation.h"

#include "proto/clock.h"
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <uthash.h>
#include <utlist.h>

/* Each host of a run of several has an attempt of its own. */
struct attempt_key {
	struct attempt_id id;
	int64_t place; /* 0, or 1 + the index of its host */
};

struct attempt {
	struct attempt_key key;
	const struct node *node; /* on which it ran */
	bool is_main, has_ended, is_acknowledged;
	const char *state;
	int64_t time_ns, energy_uj;
	UT_hash_handle hh;
};

struct run_id {
	struct id16 campaign;
	int64_t run, place; /* as of an attempt */
};

/* The last attempt of a run that was handed out. */
struct lease {
	struct run_id id;
	int64_t attempt;
	const struct node *node;
	int64_t called_off; /* the last attempt that CANCEL was said of; 0: none */
	UT_hash_handle hh;
};

struct submitted {
	struct id16 uuid;
	char *label;
	bool is_cancelled;
	bool may_be_paused; /* STEER was said, and nothing undid it */
	bool is_paused;     /* and answered */
	struct submitted *prev, *next;
};

static struct {
	struct attempt *attempts;
	struct lease *leases;
	struct submitted *submitted;
} ledger;

void ledger_begin(void)
{
	memset(&ledger, 0, sizeof ledger);
}

void ledger_end(void)
{
	struct attempt *a, *next_attempt;
	struct lease *l, *next_lease;
	struct submitted *s, *next;

	HASH_ITER (hh, ledger.attempts, a, next_attempt) {
		HASH_DEL(ledger.attempts, a);
		free(a);
	}
	HASH_ITER (hh, ledger.leases, l, next_lease) {
		HASH_DEL(ledger.leases, l);
		free(l);
	}
	DL_FOREACH_SAFE (ledger.submitted, s, next) {
		DL_DELETE(ledger.submitted, s);
		free(s->label);
		free(s);
	}
}

/* ---- campaigns ---- */

void ledger_submitted(const struct id16 *uuid, const char *label)
{
	struct submitted *s = xcalloc(1, sizeof *s);

	narrate("%s is taken", label);
	s->uuid = *uuid;
	s->label = xstrdup(label);
	DL_APPEND(ledger.submitted, s);
}

const struct id16 *ledger_random_campaign(void)
{
	struct submitted *s;
	size_t n = 0;

	DL_COUNT(ledger.submitted, s, n);
	if (n == 0)
		return NULL;
	n = chance(n);
	DL_FOREACH (ledger.submitted, s) {
		if (n-- == 0)
			break;
	}
	return s->is_cancelled ? NULL : &s->uuid;
}

static struct submitted *find_submitted(const struct id16 *uuid)
{
	struct submitted *s;

	DL_FOREACH (ledger.submitted, s) {
		if (id16_equal(&s->uuid, uuid))
			return s;
	}
	return NULL;
}

void ledger_cancelled(const struct id16 *uuid)
{
	find_submitted(uuid)->is_cancelled = true;
}

void ledger_pauses(const struct id16 *uuid)
{
	find_submitted(uuid)->may_be_paused = true;
}

void ledger_paused(const struct id16 *uuid)
{
	find_submitted(uuid)->is_paused = true;
}

void ledger_resumes(const struct id16 *uuid)
{
	find_submitted(uuid)->is_paused = false;
}

void ledger_resumed(const struct id16 *uuid)
{
	find_submitted(uuid)->may_be_paused = false;
}

bool ledger_is_paused(const struct id16 *uuid)
{
	const struct submitted *s = find_submitted(uuid);

	return s->is_paused || s->may_be_paused;
}

const struct id16 *ledger_paused_campaign(void)
{
	struct submitted *s;

	DL_FOREACH (ledger.submitted, s) {
		if (s->may_be_paused)
			return &s->uuid;
	}
	return NULL;
}

const char *ledger_label(const struct id16 *uuid)
{
	return find_submitted(uuid)->label;
}

/* ---- attempts ---- */

static int64_t place_of(const struct node *n, bool is_part)
{
	return is_part ? 1 + (int64_t)n->index : 0;
}

static struct attempt *find_attempt(const struct attempt_id *id, int64_t place)
{
	struct attempt_key key;
	struct attempt *a;

	memset(&key, 0, sizeof key);
	key.id = *id;
	key.place = place;
	HASH_FIND(hh, ledger.attempts, &key, sizeof key, a);
	return a;
}

void ledger_started(const struct node *n, const struct message_assign *m)
{
	const struct attempt_id *id = &m->id;
	const int64_t place = place_of(n, text_is_set(m->role));
	struct attempt *a = find_attempt(id, place);

	narrate("%s begins run %" PRId64 " attempt %" PRId64, n->name, id->run, id->attempt);
	if (a != NULL)
		broken("run %" PRId64 " attempt %" PRId64 " runs twice: on %s, now on %s", id->run,
			id->attempt, a->node->name, n->name);
	a = xcalloc(1, sizeof *a);
	a->key.id = *id;
	a->key.place = place;
	a->node = n;
	a->is_main = m->is_main == 1;
	HASH_ADD(hh, ledger.attempts, key, sizeof a->key, a);
}

void ledger_ended(const struct node *n, const struct attempt_id *id, bool is_part,
	const char *state, int64_t time_ns, int64_t energy_uj)
{
	struct attempt *a = find_attempt(id, place_of(n, is_part));

	narrate("%s ends run %" PRId64 " attempt %" PRId64 ": %s", n->name, id->run, id->attempt,
		state);
	a->has_ended = true;
	a->state = state;
	a->time_ns = time_ns;
	a->energy_uj = energy_uj;
}

void ledger_acknowledged(const struct node *n, const struct attempt_id *id)
{
	struct attempt *a = find_attempt(id, 0);

	if (a == NULL)
		a = find_attempt(id, place_of(n, true));
	if (a == NULL || !a->has_ended)
		broken("%s: run %" PRId64 " attempt %" PRId64 " is acknowledged, and has not ended",
			n->name, id->run, id->attempt);
	a->is_acknowledged = true;
}

/* ---- leases ---- */

static struct lease *get_lease(const struct attempt_id *id, int64_t place)
{
	struct run_id key;
	struct lease *l;

	memset(&key, 0, sizeof key);
	key.campaign = id->campaign;
	key.run = id->run;
	key.place = place;
	HASH_FIND(hh, ledger.leases, &key, sizeof key, l);
	if (l == NULL) {
		l = xcalloc(1, sizeof *l);
		l->id = key;
		HASH_ADD(hh, ledger.leases, id, sizeof l->id, l);
	}
	return l;
}

/* A run is handed out: whoever had it before must have lost it, or is told so with what waits to be
 * sent there. */
static void check_lease(const struct lease *l, const struct node *to, const struct attempt_id *id)
{
	const struct attempt_id before = {
		.campaign = id->campaign, .run = id->run, .attempt = l->attempt};

	if (id->attempt < l->attempt || (id->attempt == l->attempt && l->node != to))
		broken("run %" PRId64 ": attempt %" PRId64 " goes to %s after attempt %" PRId64
		       " went to %s",
			id->run, id->attempt, to->name, l->attempt, l->node->name);
	if (l->attempt > l->called_off && id->attempt > l->attempt && !l->node->is_full &&
		agent_holds(l->node, &before) && world_now - l->node->heard_ns <= LEASE_NS)
		broken("two leases of run %" PRId64 ": %s has attempt %" PRId64
		       ", and attempt %" PRId64 " goes to %s",
			id->run, l->node->name, l->attempt, id->attempt, to->name);
}

static void note_call_off_at(const struct attempt_id *id, int64_t place)
{
	struct lease *l = get_lease(id, place);

	if (id->attempt > l->called_off)
		l->called_off = id->attempt;
}

static void note_call_off(const struct node *n, const struct attempt_id *id)
{
	note_call_off_at(id, 0);
	if (n != NULL)
		note_call_off_at(id, place_of(n, true));
}

/* A part of an attempt is handed out: none of an earlier one may be in anybody's hands. */
static void check_parts(const struct node *to, const struct attempt_id *id)
{
	for (size_t i = 0; i < nodes_n; i++) {
		const struct lease *l = get_lease(id, place_of(&nodes[i], true));
		if (l->node != NULL && (&nodes[i] == to || l->attempt < id->attempt))
			check_lease(l, &nodes[i], id);
	}
}

void ledger_sent(const struct route *to, const struct message *m)
{
	if (m->type == MESSAGE_CANCEL)
		note_call_off(network_node_behind(to), &m->cancel.id);
	if (m->type != MESSAGE_ASSIGN)
		return;
	const struct node *n = network_node_of(to);
	if (n == NULL)
		return;
	const struct submitted *s = find_submitted(&m->assign.id.campaign);
	if (s != NULL && s->is_paused)
		broken("%s is paused, and run %" PRId64 " attempt %" PRId64 " goes to %s", s->label,
			m->assign.id.run, m->assign.id.attempt, n->name);
	bool is_part = text_is_set(m->assign.role);
	struct lease *l = get_lease(&m->assign.id, place_of(n, is_part));
	if (is_part)
		check_parts(n, &m->assign.id);
	else
		check_lease(l, n, &m->assign.id);
	l->attempt = m->assign.id.attempt;
	l->node = n;
}

/* The second value of a frame is its type. */
static bool is_hello(const uint8_t *data, size_t len)
{
	return len > 2 && data[2] == MESSAGE_HELLO;
}

void ledger_heard(struct node *from, const struct route *route, const void *data, size_t len)
{
	if (is_hello(data, len))
		from->route = *route;
	if (route_equal(&from->route, route))
		from->heard_ns = world_now;
}

static bool is_called_off(const struct node *n, const struct message_assign *m)
{
	return m->id.attempt <= get_lease(&m->id, place_of(n, text_is_set(m->role)))->called_off;
}

/* Two attempts of a run, of which the first was not called off, are one too many. A part of a run
 * has its machine for itself. */
static void check_pair(
	const struct node *n, const struct message_assign *x, const struct message_assign *y)
{
	const struct attempt_id *a = &x->id, *b = &y->id;
	const int64_t place = place_of(n, text_is_set(x->role));

	if ((text_is_set(x->role) || text_is_set(y->role)) && !is_called_off(n, x) &&
		!is_called_off(n, y))
		broken("%s has run %" PRId64 " and run %" PRId64
		       ", and one of them is of several hosts",
			n->name, a->run, b->run);
	if (!id16_equal(&a->campaign, &b->campaign) || a->run != b->run)
		return;
	if ((a->attempt < b->attempt ? a->attempt : b->attempt) > get_lease(a, place)->called_off)
		broken("two leases on one machine: %s has run %" PRId64 " twice", n->name, a->run);
}

void ledger_check_hands(void)
{
	struct assignment *a, *b;

	for (size_t i = 0; i < nodes_n; i++) {
		if (nodes[i].c == NULL)
			continue;
		DL_FOREACH (nodes[i].c->queue, a) {
			for (b = a->next; b != NULL; b = b->next)
				check_pair(&nodes[i], &a->m.assign, &b->m.assign);
		}
	}
}

/* ---- the end ---- */

static sqlite3_int64 number(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *s;

	if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK || sqlite3_step(s) != SQLITE_ROW)
		broken("%s: %s", sql, sqlite3_errmsg(db));
	sqlite3_int64 value = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return value;
}

static void check_none(sqlite3 *db, const char *what, const char *sql)
{
	sqlite3_int64 n = number(db, sql);

	if (n != 0)
		broken("%lld %s", (long long)n, what);
}

/* Since when losses of a host count: since the user last wanted more of the campaign after its end.
 */
#define ASKED_AGAIN                                                                                \
	"(SELECT coalesce(max(m.id), 0) FROM event m WHERE m.kind = 'more' AND m.campaign = "      \
	"r.campaign)"

/* Queries that must find nothing. */
static void check_rules(sqlite3 *db)
{
	static const char *const rules[][2] = {
		{"campaigns are neither done nor cancelled",
			"SELECT count(*) FROM campaign WHERE state NOT IN ('done', 'cancelled')"},
		{"runs have not ended", "SELECT count(*) FROM run WHERE state NOT IN"
					" ('done', 'failed', 'timeout', 'skipped', 'cancelled')"},
		{"campaigns have not all their runs",
			"SELECT count(*) FROM campaign c WHERE state = 'done' AND total <>"
			" (SELECT count(*) FROM run WHERE campaign = c.id)"},
		{"campaigns count their runs wrongly",
			"SELECT count(*) FROM campaign c WHERE state = 'done' AND done <>"
			" (SELECT count(*) FROM run WHERE campaign = c.id)"},
		{"runs of campaigns that are done have no counted attempt",
			"SELECT count(*) FROM run r JOIN campaign c ON c.id = r.campaign"
			" WHERE c.state = 'done' AND r.result IS NULL AND r.state <> 'skipped'"
			" AND NOT (r.state = 'failed' AND r.reason LIKE 'quarantined:%')"},
		{"runs were tried again after their host was lost with them three times",
			"SELECT count(*) FROM run r JOIN campaign c ON c.id = r.campaign WHERE"
			" c.name = 'fragile' AND (SELECT count(*) FROM event e WHERE e.kind ="
			" 'host_lost' AND e.campaign = r.campaign AND e.run = r.run AND"
			" e.id > " ASKED_AGAIN ")"
			" >= 3 + (r.state = 'failed' AND r.reason LIKE 'quarantined:%')"},
		{"runs are quarantined whose host was not lost with them so often",
			"SELECT count(*) FROM run r JOIN campaign c ON c.id = r.campaign WHERE"
			" r.reason LIKE 'quarantined:%' AND (c.name <> 'fragile' OR 3 <> (SELECT"
			" count(*) FROM event e WHERE e.kind = 'host_lost' AND"
			" e.campaign = r.campaign AND e.run = r.run AND e.id > " ASKED_AGAIN "))"},
		{"runs are there twice",
			"SELECT count(*) FROM (SELECT 1 FROM run r JOIN campaign c ON c.id = "
			"r.campaign WHERE c.yaml NOT LIKE '%spread: any%'"
			" GROUP BY r.campaign, r.host, r.pass, r.configuration HAVING count(*) > "
			"1)"},
		{"runs of blocks are there twice",
			"SELECT count(*) FROM (SELECT 1 FROM run r JOIN campaign c ON c.id = "
			"r.campaign WHERE c.yaml LIKE '%spread: any%' AND r.block > 0"
			" GROUP BY r.campaign, r.block, r.configuration HAVING count(*) > 1)"},
		{"counted attempts are not those of their runs",
			"SELECT count(*) FROM run WHERE result > attempt"},
		{"runs have another energy than their samples",
			"SELECT count(*) FROM run r WHERE r.result IS NOT NULL AND"
			" r.energy_package <> (SELECT coalesce(sum(chunk_energy(data)), 0)"
			" FROM sample_chunk s WHERE s.run = r.id AND s.attempt = r.result)"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		check_none(db, rules[i][0], rules[i][1]);
}

/* All took part, or none: main's time, and everybody's energy. */
static void check_composed(
	const struct attempt_id *id, const char *state, int64_t time_ns, int64_t energy_uj)
{
	bool is_done = strcmp(state, "done") == 0;
	int64_t energy = 0;
	size_t done = 0;

	for (size_t i = 0; i < nodes_n; i++) {
		const struct attempt *a = find_attempt(id, place_of(&nodes[i], true));
		if (a == NULL || !a->has_ended)
			continue;
		energy += a->energy_uj;
		done += strcmp(a->state, "done") == 0;
		if (is_done && a->is_main && a->time_ns != time_ns)
			broken("run %" PRId64 " has not the time of its main role", id->run);
	}
	if (is_done && (done != 2 || energy != energy_uj))
		broken("run %" PRId64 " is done, and %zu of its 2 hosts are, with %" PRId64 " uJ",
			id->run, done, energy);
}

/* What a run's row says must be what that very attempt measured. */
static void check_counted(sqlite3 *db)
{
	sqlite3_stmt *s;

	if (sqlite3_prepare_v2(db,
		    "SELECT c.uuid, r.run, r.result, r.state, r.time, r.energy_package, h.name, "
		    "h.key"
		    " FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host"
		    " WHERE r.result IS NOT NULL",
		    -1, &s, NULL) != SQLITE_OK)
		broken("%s", sqlite3_errmsg(db));
	while (sqlite3_step(s) == SQLITE_ROW) {
		struct attempt_id id = {
			.run = sqlite3_column_int64(s, 1), .attempt = sqlite3_column_int64(s, 2)};
		memcpy(id.campaign.b, sqlite3_column_blob(s, 0), sizeof id.campaign.b);
		if (strncmp((const char *)sqlite3_column_text(s, 7), ROLES_HOST,
			    strlen(ROLES_HOST)) == 0) {
			check_composed(&id, (const char *)sqlite3_column_text(s, 3),
				sqlite3_column_int64(s, 4), sqlite3_column_int64(s, 5));
			continue;
		}
		const struct attempt *a = find_attempt(&id, 0);
		if (a == NULL || !a->has_ended)
			broken("run %" PRId64 " counts attempt %" PRId64 ", which never ended",
				id.run, id.attempt);
		if (strcmp(a->state, (const char *)sqlite3_column_text(s, 3)) != 0 ||
			a->time_ns != sqlite3_column_int64(s, 4) ||
			a->energy_uj != sqlite3_column_int64(s, 5) ||
			strcmp(a->node->name, (const char *)sqlite3_column_text(s, 6)) != 0)
			broken("run %" PRId64 " has not what its attempt %" PRId64 " measured",
				id.run, id.attempt);
	}
	sqlite3_finalize(s);
}

/* COMMITTED was said of it: it is there, counted or as a late one. */
static void check_acknowledged(sqlite3 *db)
{
	struct attempt *a, *next;
	sqlite3_stmt *s;

	if (sqlite3_prepare_v2(db,
		    "SELECT count(*) FROM attempt a JOIN run r ON r.id = a.run JOIN campaign c ON "
		    "c.id = r.campaign WHERE c.uuid = ?1 AND r.run = ?2 AND a.attempt = ?3 AND"
		    " CASE WHEN ?5 IS NULL THEN a.late IS NOT NULL OR (a.state = ?4 AND r.result ="
		    " a.attempt) ELSE EXISTS (SELECT 1 FROM part p JOIN host h ON h.id = p.host"
		    " WHERE p.run = r.id AND p.attempt = a.attempt AND h.name = ?5 AND p.state = "
		    "?4)"
		    " END",
		    -1, &s, NULL) != SQLITE_OK)
		broken("%s", sqlite3_errmsg(db));
	HASH_ITER (hh, ledger.attempts, a, next) {
		if (!a->is_acknowledged || strcmp(a->state, "cancelled") == 0)
			continue;
		sqlite3_bind_blob(
			s, 1, a->key.id.campaign.b, sizeof a->key.id.campaign.b, SQLITE_STATIC);
		sqlite3_bind_int64(s, 2, a->key.id.run);
		sqlite3_bind_int64(s, 3, a->key.id.attempt);
		sqlite3_bind_text(s, 4, a->state, -1, SQLITE_STATIC);
		sqlite3_bind_text(s, 5, a->key.place > 0 ? a->node->name : NULL, -1, SQLITE_STATIC);
		if (sqlite3_step(s) != SQLITE_ROW || sqlite3_column_int64(s, 0) != 1)
			broken("run %" PRId64 " attempt %" PRId64
			       " was acknowledged, and is not in the store",
				a->key.id.run, a->key.id.attempt);
		sqlite3_reset(s);
	}
	sqlite3_finalize(s);
}

static void check_submitted(sqlite3 *db)
{
	struct submitted *c;
	sqlite3_stmt *s;

	if (sqlite3_prepare_v2(db, "SELECT state FROM campaign WHERE uuid = ?", -1, &s, NULL) !=
		SQLITE_OK)
		broken("%s", sqlite3_errmsg(db));
	DL_FOREACH (ledger.submitted, c) {
		sqlite3_bind_blob(s, 1, c->uuid.b, sizeof c->uuid.b, SQLITE_STATIC);
		if (sqlite3_step(s) != SQLITE_ROW)
			broken("%s was submitted, and is not in the store", c->label);
		if (c->is_cancelled &&
			strcmp((const char *)sqlite3_column_text(s, 0), "cancelled") != 0)
			broken("%s was cancelled, and is not", c->label);
		sqlite3_reset(s);
	}
	sqlite3_finalize(s);
}

static void chunk_energy(sqlite3_context *context, int n, sqlite3_value **values)
{
	sqlite3_int64 energy = 0;

	(void)n;
	memcpy(&energy, sqlite3_value_blob(values[0]), sizeof energy);
	sqlite3_result_int64(context, energy);
}

void ledger_check_store(const char *path)
{
	sqlite3 *db;

	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
		broken("the store: %s", sqlite3_errmsg(db));
	sqlite3_create_function(db, "chunk_energy", 1, SQLITE_UTF8, NULL, chunk_energy, NULL, NULL);
	check_rules(db);
	check_counted(db);
	check_acknowledged(db);
	check_submitted(db);
	sqlite3_close(db);
}
