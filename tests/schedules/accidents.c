/* What happens to the coordinator, the agents and what lies between them. */
#include "tests/schedules/schedules.h"

#include <errno.h>
#include <sqlite3.h>

#define ACCIDENTS_MAX 16
#define BETWEEN_NS    (40 * NS_PER_S)

static struct {
	unsigned left;
	struct event *next, *mended;
	int64_t over_ns;
} plan;

/* Small, so that a schedule is short; what makes a difference to who may run what is in them. */
/* Two hosts, and the same two the other way round. */
#define ROLES(name, server, client)                                                                \
	"campaign: " name "\n"                                                                     \
	"matrix: {threads: [1, 2]}\n"                                                              \
	"benchmarks:\n"                                                                            \
	"  a:\n"                                                                                   \
	"    roles:\n"                                                                             \
	"      server: {hosts: {names: [" server "]}, command: [/bin/true, \"{threads}\"]}\n"      \
	"      client: {hosts: {names: [" client "]}, command: [/bin/true]}\n"                     \
	"    main: client\n"                                                                       \
	"repeat: {warmup: 0, blocks: 3}\n"                                                         \
	"limits: {attempts: 1000}\n"

static const char *const campaigns[] = {
	"campaign: fragile\n"
	"matrix: {threads: [1, 2]}\n"
	"benchmarks: {a: {command: [/bin/true, \"{threads}\"]}}\n"
	"repeat: {warmup: 0, blocks: 3}\n"
	"limits: {attempts: 3}\n",
	"campaign: plain\n"
	"matrix: {threads: [1, 2]}\n"
	"benchmarks: {a: {command: [/bin/true, \"{threads}\"]}}\n"
	"repeat: {warmup: 1, blocks: 2}\n"
	"limits: {attempts: 1000}\n",
	"campaign: torn\n"
	"matrix: {threads: [1, 2]}\n"
	"benchmarks: {a: {command: [/bin/true, \"{threads}\"]}}\n"
	"repeat: {warmup: 0, blocks: 3}\n"
	"limits: {attempts: 1000}\n"
	"teardown: [[/bin/true]]\n"
	"measure: {stream: after}\n",
	"campaign: shared\n"
	"hosts: {spread: any}\n"
	"matrix: {threads: [1, 2]}\n"
	"benchmarks: {a: {command: [/bin/true, \"{threads}\"]}}\n"
	"repeat: {warmup: 1, blocks: 4}\n"
	"limits: {attempts: 1000}\n",
	ROLES("there", "lab1", "lab2"),
	ROLES("back", "lab2", "lab1"),
};

static enum death some_death(void)
{
	return happens(400) ? DEATH_POWER : DEATH_KILL;
}

/* ---- what can happen to an agent ---- */

static void kill_agent(struct node *n)
{
	agent_kill(n, some_death());
}

static void kill_agent_in_writes(struct node *n)
{
	agent_die_in_writes(n, 1 + chance(8), some_death());
}

static void stall_agent(struct node *n)
{
	n->process.stalled_until = world_now + some_time(120 * NS_PER_S);
	narrate("%s is stopped until %lld", n->name,
		(long long)(n->process.stalled_until / NS_PER_S));
}

static void part_agent(struct node *n)
{
	network_part(n, some_time(120 * NS_PER_S));
}

static void spoil_agents_disk(struct node *n)
{
	static const int codes[] = {ENOSPC, EIO, EROFS};
	int code = codes[chance(ARRAY_SIZE(codes))];

	narrate("the disk of %s says %s", n->name, strerrorname_np(code));
	disk_answer(n->disk, code);
}

static void mend_agents_disk(struct node *n)
{
	disk_answer(n->disk, 0);
}

static void on_agents_disk_mended(void *arg)
{
	mend_agents_disk(arg);
}

static void spoil_agents_disk_for_a_while(struct node *n)
{
	spoil_agents_disk(n);
	world_at(world_now + some_time(90 * NS_PER_S), NULL, on_agents_disk_mended, n);
}

/* ---- and to the coordinator ---- */

static void kill_coordinator(struct node *n)
{
	(void)n;
	coordinator_kill(some_death());
}

static void kill_coordinator_in_writes(struct node *n)
{
	(void)n;
	coordinator_die_in_writes(1 + chance(40), some_death());
}

static void kill_coordinator_in_sends(struct node *n)
{
	(void)n;
	coordinator_die_in_sends(1 + (unsigned)chance(6));
}

static void stall_coordinator(struct node *n)
{
	(void)n;
	coordinator_process.stalled_until = world_now + some_time(120 * NS_PER_S);
	narrate("the coordinator is stopped until %lld",
		(long long)(coordinator_process.stalled_until / NS_PER_S));
}

static void cut_again(void *arg)
{
	network_cut(arg);
}

/* Several connections of one agent wait for a coordinator that is busy. */
static void flap(struct node *n)
{
	coordinator_process.stalled_until = world_now + some_time(60 * NS_PER_S);
	narrate("the coordinator is busy, and the connection of %s comes and goes", n->name);
	network_cut(n);
	for (int i = 0; i < 4; i++)
		world_at(world_now + some_time(20 * NS_PER_S), NULL, cut_again, n);
}

static void spoil_store_disk(struct node *n)
{
	static const int codes[] = {SQLITE_FULL, SQLITE_IOERR_FSYNC, SQLITE_READONLY};

	(void)n;
	narrate("the coordinator's disk fails");
	store_disk_answer(codes[chance(ARRAY_SIZE(codes))]);
}

static void mend_store_disk(struct node *n)
{
	(void)n;
	store_disk_answer(SQLITE_OK);
}

static void on_store_disk_mended(void *arg)
{
	mend_store_disk(arg);
}

static void spoil_store_disk_for_a_while(struct node *n)
{
	spoil_store_disk(n);
	world_at(world_now + some_time(90 * NS_PER_S), NULL, on_store_disk_mended, NULL);
}

/* ---- and what people want ---- */

static void submit(struct node *n)
{
	(void)n;
	user_submits(random_campaign());
}

static void cancel(struct node *n)
{
	(void)n;
	user_cancels();
}

static void pause_campaign(struct node *n)
{
	(void)n;
	user_pauses(happens(500));
}

static void resume_campaign(struct node *n)
{
	(void)n;
	user_resumes();
}

static void extend_campaign(struct node *n)
{
	(void)n;
	user_wants_more("extend");
}

static void rerun_failed(struct node *n)
{
	(void)n;
	user_wants_more("rerun");
}

static void drain(struct node *n)
{
	user_drains(n, happens(500));
}

static const struct {
	const char *name;
	void (*happen)(struct node *n);
	unsigned weight;
} kinds[] = {
	{"drain", drain, 1},
	{"cut", network_cut, 6},
	{"part-agent", part_agent, 4},
	{"kill-agent", kill_agent, 3},
	{"kill-agent-in-writes", kill_agent_in_writes, 4},
	{"stall-agent", stall_agent, 2},
	{"spoil-agents-disk", spoil_agents_disk, 1},
	{"mend-agents-disk", mend_agents_disk, 1},
	{"spoil-agents-disk-for-a-while", spoil_agents_disk_for_a_while, 2},
	{"kill-coordinator", kill_coordinator, 2},
	{"kill-coordinator-in-writes", kill_coordinator_in_writes, 3},
	{"kill-coordinator-in-sends", kill_coordinator_in_sends, 2},
	{"stall-coordinator", stall_coordinator, 2},
	{"flap", flap, 2},
	{"spoil-store-disk", spoil_store_disk, 1},
	{"mend-store-disk", mend_store_disk, 1},
	{"spoil-store-disk-for-a-while", spoil_store_disk_for_a_while, 2},
	{"submit", submit, 1},
	{"cancel", cancel, 1},
	{"pause-campaign", pause_campaign, 2},
	{"resume-campaign", resume_campaign, 1},
	{"extend-campaign", extend_campaign, 2},
	{"rerun-failed", rerun_failed, 2},
};

/* ---- which of them ---- */

static struct {
	const char *campaigns; /* names, by commas; NULL: all */
	const char *accidents; /* names, by commas; NULL: all */
} wanted;

/* Whether a name stands in a list of names. */
static bool is_in(const char *list, const char *name)
{
	const size_t len = strlen(name);

	for (const char *at = list; (at = strstr(at, name)) != NULL; at += len)
		if ((at == list || at[-1] == ',') && (at[len] == ',' || at[len] == '\0'))
			return true;
	return false;
}

static bool is_wanted(const char *accident)
{
	return wanted.accidents == NULL || is_in(wanted.accidents, accident);
}

/* Of what is not an accident, but lasts: whether it is so. */
bool accidents_have(const char *what, unsigned per_mille)
{
	return wanted.accidents != NULL ? is_in(wanted.accidents, what) : happens(per_mille);
}

void accidents_choose(const char *accidents, const char *campaigns_wanted)
{
	wanted.accidents = accidents;
	wanted.campaigns = campaigns_wanted;
}

static bool is_of_several(const char *campaign)
{
	return strstr(campaign, "roles:") != NULL;
}

static bool is_wanted_campaign(const char *campaign)
{
	const char *name = strchr(campaign, ' ') + 1;
	_cleanup_free_ char *own = xasprintf("%.*s", (int)strcspn(name, "\n"), name);

	return wanted.campaigns == NULL || is_in(wanted.campaigns, own);
}

size_t random_nodes(void)
{
	return wanted.campaigns != NULL ? 2 + chance(NODES_MAX - 1) : 1 + chance(NODES_MAX);
}

const char *random_campaign(void)
{
	for (int left = 10000; left > 0; left--) {
		const char *c = campaigns[chance(ARRAY_SIZE(campaigns))];
		if (is_wanted_campaign(c) && (nodes_n > 1 || !is_of_several(c)))
			return c;
	}
	broken("no such campaign is known in accidents.c: %s", wanted.campaigns);
}

static void have_accident(void)
{
	uint64_t all = 0, at;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		all += is_wanted(kinds[i].name) ? kinds[i].weight : 0;
	at = all > 0 ? chance(all) : 0;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!is_wanted(kinds[i].name))
			continue;
		if (at < kinds[i].weight) {
			kinds[i].happen(&nodes[chance(nodes_n)]);
			return;
		}
		at -= kinds[i].weight;
	}
}

/* ---- in time ---- */

static void mend_all(void *arg)
{
	(void)arg;
	plan.mended = NULL;
	plan.over_ns = world_now;
	network_rough(false);
	store_disk_answer(SQLITE_OK);
	for (size_t i = 0; i < nodes_n; i++)
		disk_answer(nodes[i].disk, 0);
	narrate("all is mended");
	user_admits_all();
}

static void on_accident(void *arg)
{
	(void)arg;
	plan.next = NULL;
	have_accident();
	if (--plan.left > 0)
		plan.next = world_at(world_now + some_time(BETWEEN_NS), NULL, on_accident, NULL);
	else
		plan.mended = world_at(world_now + some_time(BETWEEN_NS), NULL, mend_all, NULL);
}

void accidents_begin(void)
{
	plan.left = 1 + (unsigned)chance(ACCIDENTS_MAX);
	plan.over_ns = ABSENT;
	plan.mended = NULL;
	network_rough(accidents_have("rough", 300));
	plan.next = world_at(world_now + some_time(BETWEEN_NS), NULL, on_accident, NULL);
}

int64_t accidents_over_ns(void)
{
	return plan.over_ns;
}

void accidents_end(void)
{
	world_cancel(plan.next);
	world_cancel(plan.mended);
	plan.next = plan.mended = NULL;
}
