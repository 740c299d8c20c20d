/* The coordinator's process: turns of the real core on a real store, its ends and its starts; and a
 * user, who says what he wants until it is answered. */
#include "tests/schedules/schedules.h"

#include "coordinator/dispatch/core.h"
#include "coordinator/dispatch/recovery.h"
#include <errno.h>
#include <inttypes.h>
#include <utlist.h>

#define TURN_NS    (2 * NS_PER_MS) /* from what comes in to the turn that takes it */
#define TICK_NS    (250 * NS_PER_MS)
#define RESTART_NS (90 * NS_PER_S)
#define ASK_NS     (5 * NS_PER_S)
#define BUDGET     256
#define CREDIT     (1024 * 1024) /* so little that samples have to wait for it */
#define WISHES_MAX 8
#define KEY_USER   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

struct input {
	struct route from;
	struct node *node; /* NULL: the user */
	void *data;
	size_t len;
	struct input *prev, *next;
};

struct process coordinator_process;

static const struct route user_route = {.len = 5, .id = {0, 0xff, 0xff, 0xff, 0xff}};

static struct {
	struct store *store;
	struct recovery *recovery; /* NULL: its process is not there */
	struct content_store *content;
	struct keyring *keyring;
	const char *path;
	struct input *inbox;
	struct event *turn, *tick, *starting, *asking;
	unsigned sends_left; /* 0: no end in sight */
	bool is_dying;
	enum death death;
	char *wishes[WISHES_MAX]; /* campaigns that are not taken yet */
	size_t wishes_n;
	struct id16 to_cancel;
	bool has_to_cancel;
	struct id16 to_steer;
	const char *verb; /* of STEER; NULL: none is to be said */
	bool now;
	const struct node *to_drain; /* NULL: none */
	bool is_to_drain_now, admits;
} it;

/* NULL: its process is not there, or its store cannot be written to. */
static struct dispatch *core(void)
{
	return it.recovery != NULL ? recovery_dispatch(it.recovery) : NULL;
}

bool coordinator_is_up(void)
{
	return it.recovery != NULL;
}

/* ---- its end ---- */

static void on_start(void *arg)
{
	(void)arg;
	it.starting = NULL;
	coordinator_start();
}

static void start_later(void)
{
	if (it.starting == NULL)
		it.starting = world_at(
			world_now + NS_PER_MS + some_time(RESTART_NS), NULL, on_start, NULL);
}

static void drop_input(struct input *i)
{
	DL_DELETE(it.inbox, i);
	free(i->data);
	free(i);
}

static void close_all(void)
{
	while (it.inbox != NULL)
		drop_input(it.inbox);
	world_cancel(it.turn);
	world_cancel(it.tick);
	it.turn = it.tick = NULL;
	recovery_free(it.recovery);
	it.recovery = NULL;
	if (it.store != NULL)
		store_sqlite.close(it.store);
	it.store = NULL;
}

void coordinator_kill(enum death how)
{
	if (it.recovery == NULL)
		return;
	narrate("the coordinator is killed%s", how == DEATH_POWER ? " by a loss of power" : "");
	store_disk_die_after(1);
	close_all();
	store_disk_revive(how);
	it.sends_left = 0;
	it.is_dying = false;
	network_coordinator_died();
	start_later();
}

void coordinator_die_in_sends(unsigned n)
{
	it.sends_left = n;
}

void coordinator_die_in_writes(uint64_t n, enum death how)
{
	it.death = how;
	store_disk_die_after(n);
}

/* Whether it lives on after what it just did. */
static bool lives(int status, const struct error *err)
{
	if (status == 0 && !it.is_dying && !store_disk_is_dead())
		return true;
	if (status < 0)
		narrate("the coordinator ends: %s", err->text);
	coordinator_kill(store_disk_is_dead() ? it.death : DEATH_KILL);
	return false;
}

/* ---- turns ---- */

/* What was steered has ended meanwhile, or goes on as it was wanted. */
static void end_steering(void)
{
	if (it.verb != NULL)
		ledger_resumed(&it.to_steer);
	it.verb = NULL;
}

/* Answers to what was said before may come yet. */
static void hear_steered(const struct message *m)
{
	const struct message_campaign *c =
		LIST_AT(&m->report.campaigns, struct message_campaign, 0);
	bool is_paused = strcmp(c->state, "paused") == 0;

	if (strcmp(c->label, ledger_label(&it.to_steer)) != 0 ||
		is_paused != (strcmp(it.verb, "pause") == 0))
		return;
	if (is_paused) {
		ledger_paused(&it.to_steer);
		it.verb = NULL;
	} else {
		end_steering();
	}
}

static void hear_answer(const struct message *m)
{
	if (m->type == MESSAGE_SUBMITTED && it.wishes_n > 0) {
		ledger_submitted(&m->submitted.id, m->submitted.label);
		free(it.wishes[0]);
		memmove(it.wishes, it.wishes + 1, --it.wishes_n * sizeof *it.wishes);
	} else if (m->type == MESSAGE_EVENT && it.has_to_cancel) {
		ledger_cancelled(&it.to_cancel);
		it.has_to_cancel = false;
	} else if (m->type == MESSAGE_REPORT && m->report.hosts.n == 0 && it.verb != NULL) {
		hear_steered(m);
	} else if (m->type == MESSAGE_REPORT && m->report.campaigns.n == 0 && it.to_drain != NULL) {
		it.to_drain = NULL;
	} else if (m->type == MESSAGE_ERROR) {
		narrate("the user is told: %s", m->error.text);
		/* Hosts that it needs may not be there yet: it is handed in again. */
		if (strcmp(m->error.code, "campaign") == 0 && !strstr(m->error.text, "at once") &&
			strncmp(m->error.text, "extend:", 7) != 0 &&
			strncmp(m->error.text, "rerun", 5) != 0)
			broken("the fixture's campaign: %s", m->error.text);
		/* It has ended meanwhile, or the answer to an earlier CANCEL was lost. */
		if (strcmp(m->error.code, "unknown") == 0 &&
			strncmp(m->error.text, "no such", 7) == 0)
			it.has_to_cancel = false;
		else if (strncmp(m->error.text, "drain", 5) == 0)
			it.to_drain = NULL;
		else if (strcmp(m->error.code, "unknown") == 0)
			end_steering();
	}
}

static int send_frame(void *arg, const struct route *to, const void *data, size_t len)
{
	struct error err = {0};
	struct message m;

	(void)arg;
	if (store_sqlite.in_transaction(it.store))
		broken("something was sent before the commit");
	if (it.is_dying || store_disk_is_dead())
		return 0;
	if (message_decode(&m, data, len, &err) < 0)
		broken("the coordinator sends what nobody can read: %s", err.text);
	int r = 0;
	if (route_equal(to, &user_route)) {
		hear_answer(&m);
	} else {
		ledger_sent(to, &m);
		r = network_send_down(to, data, len);
	}
	message_done(&m);
	if (it.sends_left > 0 && --it.sends_left == 0)
		it.is_dying = true;
	return r;
}

/* Of hosts that get no runs: what they have in hand. */
struct closed {
	const struct host *host;
	struct attempt_id in_hand[HOST_FLIGHTS_MAX];
	size_t n;
};

static size_t note_closed(struct closed *out)
{
	size_t n = 0;

	for (const struct host *h = core() ? core()->hosts : NULL; h != NULL; h = h->hh.next) {
		if (h->admission == HOST_ADMITTED)
			continue;
		out[n].host = h;
		out[n].n = h->flights_n;
		for (size_t i = 0; i < h->flights_n; i++)
			agents_fill_id(&out[n].in_hand[i], h->flights[i].live, h->flights[i].run);
		n++;
	}
	return n;
}

static bool is_same(const struct attempt_id *a, const struct attempt_id *b)
{
	return id16_equal(&a->campaign, &b->campaign) && a->run == b->run &&
	       a->attempt == b->attempt;
}

static void check_closed(const struct closed *c)
{
	for (size_t i = 0; i < c->host->flights_n; i++) {
		struct attempt_id id;
		bool was_there = false;

		agents_fill_id(&id, c->host->flights[i].live, c->host->flights[i].run);
		for (size_t k = 0; k < c->n; k++)
			was_there = was_there || is_same(&id, &c->in_hand[k]);
		if (!was_there)
			broken("%s gets no runs, and gets run %" PRId64 " attempt %" PRId64,
				c->host->name, id.run, id.attempt);
	}
}

static void flush(void)
{
	struct closed closed[NODES_MAX];
	size_t closed_n = note_closed(closed);
	const struct dispatch *before = core();
	struct error err = {0};
	int r = recovery_flush(it.recovery, world_now, &err);

	for (size_t i = 0; r == 0 && core() == before && i < closed_n; i++)
		check_closed(&closed[i]);
	if (lives(r, &err))
		ledger_check_hands();
}

static void on_turn(void *arg);

static void have_turn(int64_t in_ns)
{
	if (it.turn == NULL)
		it.turn = world_at(world_now + in_ns, &coordinator_process, on_turn, NULL);
}

/* Of what waits from different peers, any may be first. */
static void take_input(void)
{
	struct input *i, *chosen = it.inbox;
	uint64_t n = chance(8);

	for (i = it.inbox; i != NULL && n > 0; i = i->next, n--)
		chosen = i;
	DL_FOREACH (it.inbox, i) {
		if (route_equal(&i->from, &chosen->from))
			break;
	}
	if (i->node != NULL)
		ledger_heard(i->node, &i->from, i->data, i->len);
	recovery_on_frame(it.recovery, world_now, &i->from,
		i->node != NULL ? i->node->key : KEY_USER, i->data, i->len);
	drop_input(i);
}

static void on_turn(void *arg)
{
	uint64_t budget = happens(900) ? BUDGET : 1 + chance(4);

	(void)arg;
	it.turn = NULL;
	while (it.inbox != NULL && budget-- > 0)
		take_input();
	recovery_go_on(it.recovery, world_now);
	if (it.inbox != NULL || recovery_is_busy(it.recovery))
		have_turn(NS_PER_MS / 10);
	flush();
}

/* What it has in hand alone: others may be why it loses what it has with them. */
static size_t count_own(const struct host *h)
{
	size_t n = 0;

	for (size_t i = 0; i < h->flights_n; i++)
		n += h->flights[i].live->lanes[h->flights[i].run->lane].members_n == 0;
	return n;
}

/* Of hosts: what a tick must leave them, as nothing but silence may take it. */
static size_t note_leases(struct host **out, size_t *flights)
{
	size_t n = 0;

	for (struct host *h = core() ? core()->hosts : NULL; h != NULL; h = h->hh.next) {
		const struct node *at = network_node_of(&h->route);
		if (at == NULL || !route_equal(&at->route, &h->route) ||
			world_now - at->heard_ns > LEASE_NS)
			continue;
		out[n] = h;
		flights[n++] = count_own(h);
	}
	return n;
}

static void tick(void)
{
	struct host *hosts[NODES_MAX];
	size_t flights[NODES_MAX], n = note_leases(hosts, flights);
	const struct dispatch *before = core();

	recovery_tick(it.recovery, world_now);
	for (size_t i = 0; core() == before && before != NULL && i < n; i++)
		if (count_own(hosts[i]) < flights[i])
			broken("%s loses its runs before its lease is over", hosts[i]->name);
}

/* Sockets come before timers. */
static void on_tick(void *arg)
{
	(void)arg;
	it.tick = world_at(world_now + TICK_NS, &coordinator_process, on_tick, NULL);
	while (it.inbox != NULL)
		take_input();
	tick();
	flush();
}

void coordinator_receive(const struct route *from, struct node *n, void *data, size_t len)
{
	struct input *i;

	if (it.recovery == NULL) {
		free(data);
		return;
	}
	i = xcalloc(1, sizeof *i);
	*i = (struct input){.from = *from, .node = n, .data = data, .len = len};
	DL_APPEND(it.inbox, i);
	have_turn(some_time(TURN_NS));
}

/* ---- its start ---- */

static void forget_routes(void)
{
	for (size_t i = 0; i < nodes_n; i++) {
		nodes[i].heard_ns = world_now;
		nodes[i].route = (struct route){0};
	}
}

/* What came on the old connections is dropped with them. */
static int reconnect(void *arg, struct error *err)
{
	(void)arg;
	(void)err;
	while (it.inbox != NULL)
		drop_input(it.inbox);
	network_coordinator_died();
	forget_routes();
	return 0;
}

static void on_change(void *arg, const char *trouble)
{
	(void)arg;
	narrate("the coordinator %s%s", trouble != NULL ? "is in trouble: " : "goes on",
		trouble != NULL ? trouble : "");
}

static int open_all(struct error *err)
{
	int r = store_sqlite.open(&it.store, it.path, true, err);

	if (r < 0)
		return r;
	const struct recovery_config config = {
		.dispatch =
			{
				.ops = &store_sqlite,
				.store = it.store,
				.content = it.content,
				.keyring = it.keyring,
				.gather_ns = 0,
				.credit = CREDIT,
				.send = send_frame,
			},
		.db = it.path,
		.retry_ns = NS_PER_S,
		.reconnect = reconnect,
		.on_change = on_change,
	};
	it.recovery = recovery_new(&config);
	return recovery_load(it.recovery, NULL, err);
}

void coordinator_start(void)
{
	struct error err = {0};

	if (it.recovery != NULL)
		return;
	coordinator_process.stalled_until = 0;
	int r = open_all(&err);
	if (r < 0 || store_disk_is_dead()) {
		narrate("the coordinator cannot start: %s", err.text);
		bool is_dead = store_disk_is_dead();
		store_disk_die_after(1);
		close_all();
		store_disk_revive(is_dead ? it.death : DEATH_KILL);
		start_later();
		return;
	}
	narrate("the coordinator starts");
	forget_routes();
	it.tick = world_at(world_now + TICK_NS, &coordinator_process, on_tick, NULL);
}

bool coordinator_is_idle(void)
{
	const struct dispatch *d = core();

	return d != NULL && d->lives == NULL && d->submissions == NULL && it.inbox == NULL;
}

/* ---- the user ---- */

static void say(struct message *m)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	message_encode(m, &b);
	coordinator_receive(&user_route, NULL, b.data, b.len);
	b = (struct buf)BUF_INIT;
}

/* In the end nothing stays paused. */
static void steer_again(void)
{
	if (it.verb == NULL && accidents_over_ns() != ABSENT)
		user_resumes();
}

static void say_steer(const char *verb, const char *host, bool now)
{
	struct message m;

	message_init(&m, MESSAGE_STEER);
	m.steer.verb = verb;
	m.steer.host = host;
	m.steer.now = now;
	say(&m);
}

static void steer_hosts(void)
{
	if (it.to_drain != NULL)
		say_steer("drain", it.to_drain->name, it.is_to_drain_now);
	for (const struct host *h = core() ? core()->hosts : NULL; h != NULL && it.admits;
		h = h->hh.next)
		if (h->admission != HOST_ADMITTED)
			say_steer("admit", h->name, false);
}

static void on_ask(void *arg)
{
	struct message m;
	bool goes_on = user_waits() || (it.admits && !coordinator_is_idle());

	(void)arg;
	it.asking = goes_on ? world_at(world_now + ASK_NS, NULL, on_ask, NULL) : NULL;
	steer_again();
	if (it.recovery == NULL)
		return;
	if (it.verb != NULL) {
		message_init(&m, MESSAGE_STEER);
		m.steer.verb = it.verb;
		m.steer.label = ledger_label(&it.to_steer);
		m.steer.now = it.now ? 1 : ABSENT;
		say(&m);
	}
	if (it.wishes_n > 0 && (core() == NULL || core()->submissions == NULL)) {
		message_init(&m, MESSAGE_SUBMIT);
		m.submit.campaign = it.wishes[0];
		m.submit.file = "schedule.yaml";
		say(&m);
	}
	if (it.has_to_cancel) {
		message_init(&m, MESSAGE_CANCEL);
		m.cancel.id = (struct attempt_id){.campaign = it.to_cancel};
		say(&m);
	}
	steer_hosts();
}

static void ask_soon(void)
{
	if (it.asking == NULL)
		it.asking = world_at(world_now + some_time(NS_PER_S), NULL, on_ask, NULL);
}

void user_submits(const char *yaml)
{
	if (it.wishes_n == WISHES_MAX)
		return;
	it.wishes[it.wishes_n++] = xstrdup(yaml);
	ask_soon();
}

void user_cancels(void)
{
	const struct id16 *uuid = ledger_random_campaign();

	if (uuid == NULL || it.has_to_cancel)
		return;
	narrate("the user cancels a campaign");
	it.to_cancel = *uuid;
	it.has_to_cancel = true;
	ask_soon();
}

static void steer(const struct id16 *uuid, const char *verb, bool now)
{
	narrate("the user says %s%s of %s", verb, now ? " --now" : "", ledger_label(uuid));
	it.to_steer = *uuid;
	it.verb = verb;
	it.now = now;
	ask_soon();
}

void user_pauses(bool now)
{
	const struct id16 *uuid = ledger_random_campaign();

	if (uuid == NULL || it.verb != NULL)
		return;
	ledger_pauses(uuid);
	steer(uuid, "pause", now);
}

void user_resumes(void)
{
	const struct id16 *uuid = ledger_paused_campaign();

	if (uuid == NULL || it.verb != NULL)
		return;
	ledger_resumes(uuid);
	steer(uuid, "resume", false);
}

/* More of a campaign, whether it has ended or not. Said once: whether it is heard changes nothing
 * of what must hold. */
void user_wants_more(const char *verb)
{
	const struct id16 *uuid = ledger_random_campaign();
	struct message m;

	/* One that ends while it is paused would run then. */
	if (uuid == NULL || it.recovery == NULL || ledger_is_paused(uuid))
		return;
	narrate("the user says %s of %s", verb, ledger_label(uuid));
	message_init(&m, MESSAGE_STEER);
	m.steer.verb = verb;
	m.steer.label = ledger_label(uuid);
	m.steer.blocks = 1;
	say(&m);
}

void user_drains(const struct node *n, bool now)
{
	narrate("the user drains %s%s", n->name, now ? " at once" : "");
	it.to_drain = n;
	it.is_to_drain_now = now;
	ask_soon();
}

void user_admits_all(void)
{
	it.to_drain = NULL;
	it.admits = true;
	ask_soon();
}

bool user_waits(void)
{
	return it.wishes_n > 0 || it.has_to_cancel || it.verb != NULL || it.to_drain != NULL ||
	       ledger_paused_campaign() != NULL;
}

/* ---- schedules ---- */

void coordinator_begin(const char *path, struct content_store *content, struct keyring *keyring)
{
	it.path = path;
	it.content = content;
	it.keyring = keyring;
	coordinator_start();
}

void coordinator_end(void)
{
	store_disk_die_after(0);
	close_all();
	world_cancel(it.starting);
	world_cancel(it.asking);
	for (size_t i = 0; i < it.wishes_n; i++)
		free(it.wishes[i]);
	memset(&it, 0, sizeof it);
}
