/*
 * schedules - run schedules, and tell the seeds of those in which a rule was broken
 *
 * schedules [--first N] [--count N] [--jobs N] [--accidents LIST] [--campaigns LIST] [--trace]
 * [--stop]
 *
 * Seeds are N, N + 1, ...; each schedule follows from its seed alone. --trace tells what happens
 * (for one), --stop ends at the first that fails. --accidents and --campaigns let only those happen
 * that a rule is about (names as in accidents.c), so that a schedule that breaks it is found soon.
 * Exit status 1 where one failed. Schedules run in processes of their own, many in each, so that
 * one that crashes is told of as well.
 */
#include "tests/schedules/schedules.h"

#include "agent/spool.h"

#include "proto/keys.h"
#include "proto/log.h"
#include "proto/options.h"
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define CALM_NS      (2 * 3600 * NS_PER_S) /* in which all must come to its end, once mended */
#define FAILURES_MAX 20
#define JOBS_MAX     64

struct options {
	const char *first, *count, *jobs, *accidents, *campaigns;
	bool trace, stop, help;
};

static const struct option_info table[] = {
	{"first", OPTION_TEXT, offsetof(struct options, first), "N", "the first seed", NULL},
	{"count", OPTION_TEXT, offsetof(struct options, count), "N", "how many", NULL},
	{"jobs", OPTION_TEXT, offsetof(struct options, jobs), "N", "processes", NULL},
	{"accidents", OPTION_TEXT, offsetof(struct options, accidents), "LIST", "only those", NULL},
	{"campaigns", OPTION_TEXT, offsetof(struct options, campaigns), "LIST", "only those", NULL},
	{"trace", OPTION_FLAG, offsetof(struct options, trace), NULL, "tell what happens", NULL},
	{"stop", OPTION_FLAG, offsetof(struct options, stop), NULL, "at the first failure", NULL},
	{.name = NULL},
};

static struct {
	char dir[64];
	char *store;
	struct content_store *content;
	struct keyring *keyring;
} place;

/* ---- one schedule ---- */

static bool is_over(void)
{
	if (accidents_over_ns() == ABSENT || !coordinator_is_idle() || user_waits())
		return false;
	for (size_t i = 0; i < nodes_n; i++)
		if (!agent_is_empty(&nodes[i]))
			return false;
	return true;
}

static void never_ends(void)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	if (!coordinator_is_idle())
		buf_adds(&b, " the coordinator has campaigns;");
	if (user_waits())
		buf_adds(&b, " the user waits;");
	for (size_t i = 0; i < nodes_n; i++)
		if (!agent_is_empty(&nodes[i]))
			buf_addf(&b, " %s has something in hand;", nodes[i].name);
	broken("it does not come to its end:%s", b.data);
}

static void check_spools(void)
{
	for (size_t i = 0; i < nodes_n; i++) {
		_cleanup_free_ char *dir = xasprintf("%s/spool", nodes[i].dir);
		struct error err = {0};
		struct spool *s;
		if (spool_open(&s, dir, &err) < 0)
			broken("%s", err.text);
		if (spool_count(s) != 0)
			broken("%zu results are left in the spool of %s", spool_count(s),
				nodes[i].name);
		spool_close(s);
	}
}

static void come_to_an_end(void)
{
	while (!is_over()) {
		if (!world_step())
			broken("nothing happens any more");
		if (accidents_over_ns() != ABSENT && world_now - accidents_over_ns() > CALM_NS)
			never_ends();
	}
}

static void run_schedule(uint64_t seed)
{
	world_begin(seed);
	store_disk_restore();
	network_begin();
	ledger_begin();
	agents_begin(random_nodes(), place.dir);
	coordinator_begin(place.store, place.content, place.keyring);
	user_submits(random_campaign());
	accidents_begin();
	come_to_an_end();
	/* What is on the disks must be as good as what the processes believe. */
	coordinator_kill(DEATH_KILL);
	for (size_t i = 0; i < nodes_n; i++)
		agent_kill(&nodes[i], DEATH_KILL);
	come_to_an_end();
	narrate("it is over");
	accidents_end();
	coordinator_end();
	ledger_check_store(place.store);
	check_spools();
	agents_end();
	network_end();
	ledger_end();
	world_end();
}

/* ---- many of them ---- */

/* Work in a folder of this process's own. */
static void open_place(void)
{
	static const char *const keys[NODES_MAX] = {"1111111111111111111111111111111111111111",
		"2222222222222222222222222222222222222222",
		"3333333333333333333333333333333333333333"};
	static const char *const names[NODES_MAX] = {"lab1", "lab2", "lab3"};
	struct error err = {0};
	struct store *s;

	snprintf(place.dir, sizeof place.dir, "/dev/shm/joulerig-schedules.XXXXXX");
	if (mkdtemp(place.dir) == NULL) {
		snprintf(place.dir, sizeof place.dir, "/tmp/joulerig-schedules.XXXXXX");
		if (mkdtemp(place.dir) == NULL)
			broken("%s: %s", place.dir, strerror(errno));
	}
	place.store = xasprintf("%s/store.db", place.dir);
	_cleanup_free_ char *content = xasprintf("%s/content", place.dir);
	if (content_open(&place.content, content, &err) < 0)
		broken("%s", err.text);
	place.keyring = keyring_open(NULL);
	for (size_t i = 0; i < NODES_MAX; i++)
		keyring_add(place.keyring, names[i], keys[i], ROLE_AGENT);
	keyring_add(place.keyring, "ann", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", ROLE_USER);
	world_begin(0);
	if (store_sqlite.open(&s, place.store, true, &err) < 0)
		broken("%s", err.text);
	store_sqlite.close(s);
	store_disk_remember();
}

static void close_place(void)
{
	keyring_free(place.keyring);
	content_close(place.content);
	free(place.store);
	remove_tree(place.dir);
}

/* Shared with its process. */
struct worker {
	pid_t pid;
	volatile uint64_t at; /* its seed */
	char dir[64];         /* its place */
};

/* A process for every `step`-th seed. */
static pid_t spawn(struct worker *w, uint64_t end, uint64_t step)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	open_place();
	snprintf(w->dir, sizeof w->dir, "%s", place.dir);
	for (; w->at < end; w->at += step)
		run_schedule(w->at);
	close_place();
	exit(0);
}

static uint64_t number(const char *text, uint64_t otherwise)
{
	return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

/* The seed that a process ended at has failed; the next one goes on behind it. */
static int run_all(uint64_t first, uint64_t count, uint64_t jobs, bool stop)
{
	struct worker *workers = mmap(NULL, sizeof *workers * jobs, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t failures = 0, running = jobs;
	int status;

	for (uint64_t i = 0; i < jobs; i++) {
		workers[i].at = first + i;
		workers[i].pid = spawn(&workers[i], first + count, jobs);
	}
	while (running > 0) {
		pid_t pid = wait(&status);
		struct worker *w = workers;
		while (w->pid != pid)
			w++;
		running--;
		w->pid = 0;
		if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
			continue;
		remove_tree(w->dir);
		printf("seed %llu failed%s\n", (unsigned long long)w->at,
			WIFSIGNALED(status) ? ": it crashed" : "");
		fflush(stdout);
		if (++failures == FAILURES_MAX || stop)
			break;
		w->at += jobs;
		w->pid = spawn(w, first + count, jobs);
		running++;
	}
	for (uint64_t i = 0; running > 0 && i < jobs; i++) {
		if (workers[i].pid > 0 && kill(workers[i].pid, SIGKILL) == 0 &&
			waitpid(workers[i].pid, NULL, 0) > 0)
			remove_tree(workers[i].dir);
	}
	return failures > 0;
}

int main(int argc, char **argv)
{
	struct options o = {0};
	struct options_result parsed;
	struct error err = {0};

	log_setup("schedules", LOG_LEVEL_ERROR);
	if (options_parse(argc, argv, table, NULL, &o, false, &parsed, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return 2;
	}
	accidents_choose(o.accidents, o.campaigns);
	uint64_t jobs = number(o.jobs, 1), count = number(o.count, 1);
	world_tells = o.trace;
	if (o.trace)
		log_setup("schedules", LOG_LEVEL_DEBUG);
	store_disk_register();
	int status = run_all(number(o.first, 1), count,
		jobs < 1          ? 1
		: jobs > JOBS_MAX ? JOBS_MAX
				  : jobs,
		o.stop);
	options_done(&parsed);
	return status;
}
