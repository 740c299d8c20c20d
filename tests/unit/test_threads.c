/*
 * Threads that are off their placement are seen: real processes, whose threads bind themselves as
 * they are told
 */
#include "agent/sources/source.h"
#include "proto/clock.h"
#include "tests/unit/tree.h"

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>

#include <cmocka.h>

#define MANY 8

static struct machine machine;
static int cpus[2]; /* two that this process may use, or one twice */
static int cpus_n;

/* ---- a process that does what it is told ---- */

struct puppet {
	pid_t pid;
	int tell, answer;
};

static sem_t ready, done[MANY]; /* of the puppet's threads */

static void bind_to(int first, int last)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)first, &set);
	CPU_SET((size_t)last, &set);
	if (sched_setaffinity(0, sizeof set, &set) != 0)
		abort();
}

struct role {
	char where; /* '0' or '1': that one of cpus; '*': both */
	size_t number;
};

static void *play(void *argument)
{
	const struct role *r = argument;

	bind_to(cpus[r->where == '1'], cpus[r->where != '0']);
	sem_post(&ready);
	sem_wait(&done[r->number]);
	return NULL;
}

/* "0", "1", "*": a new thread bound there; "m0", "m1", "m*": the first one; "eN": thread N ends;
 * "f": a child that waits. */
static void obey(int from, int to)
{
	static struct role roles[MANY];
	static pthread_t threads[MANY];
	size_t n = 0;
	char c;

	while (read(from, &c, 1) == 1) {
		char argument = '\0';
		if ((c == 'm' || c == 'e') && read(from, &argument, 1) != 1)
			break;
		if (c == 'm') {
			bind_to(cpus[argument == '1'], cpus[argument != '0']);
		} else if (c == 'e') {
			sem_post(&done[argument - '1']);
			pthread_join(threads[argument - '1'], NULL);
		} else if (c == 'f') {
			if (fork() == 0) {
				close(to);
				while (read(from, &c, 1) == 1 && c != 'x') {
				}
				_exit(0);
			}
		} else {
			roles[n] = (struct role){c, n};
			pthread_create(&threads[n], NULL, play, &roles[n]);
			sem_wait(&ready);
			n++;
		}
		if (write(to, "", 1) != 1)
			break;
	}
	_exit(0);
}

static void puppet_start(struct puppet *p)
{
	int tell[2], answer[2];

	assert_int_equal(pipe(tell), 0);
	assert_int_equal(pipe(answer), 0);
	sem_init(&ready, 0, 0);
	for (size_t i = 0; i < MANY; i++)
		sem_init(&done[i], 0, 0);
	p->pid = fork();
	assert_true(p->pid >= 0);
	if (p->pid == 0) {
		close(tell[1]);
		close(answer[0]);
		obey(tell[0], answer[1]);
	}
	close(tell[0]);
	close(answer[1]);
	p->tell = tell[1];
	p->answer = answer[0];
}

static void puppet_tell(const struct puppet *p, const char *what)
{
	char c;

	assert_int_equal(write(p->tell, what, strlen(what)), (ssize_t)strlen(what));
	assert_int_equal(read(p->answer, &c, 1), 1);
}

static void puppet_end(const struct puppet *p)
{
	close(p->tell);
	kill(p->pid, SIGKILL);
	waitpid(p->pid, NULL, 0);
	close(p->answer);
}

/* ---- the source ---- */

struct watch {
	void *state;
	struct source_scope scope;
	int64_t values[2];
};

static void watch_open(
	struct watch *w, pid_t pid, const char *cgroup, const int *list, size_t n, bool is_pinned)
{
	static struct measured out;
	const struct topology none = {0};

	*w = (struct watch){.scope = {.pid = pid,
				    .cgroup = cgroup,
				    .cpus = list,
				    .cpus_n = n,
				    .is_pinned = is_pinned}};
	assert_int_equal(source_threads.open(&w->state, &machine, &none, NULL), 0);
	measured_reset(&out);
	source_threads.attach(w->state, &w->scope, &out);
	source_threads.read(w->state, w->values);
}

/* Read until it looked so often, which is seen by nothing but the time; a task counts when it was
 * seen twice. */
static void watch_look(struct watch *w)
{
	const struct timespec rest = {.tv_nsec = 120 * NS_PER_MS};

	for (int i = 0; i < 3; i++) {
		source_threads.read(w->state, w->values);
		nanosleep(&rest, NULL);
	}
	source_threads.read(w->state, w->values);
}

static void watch_close(struct watch *w, struct measured *out)
{
	const struct channel_range ranges[2] = {{0, 0, 0, 0}, {0, 0, 0, 0}};

	measured_reset(out);
	source_threads.results(w->state, ranges, NS_PER_S, out);
	source_threads.detach(w->state);
	source_threads.read(w->state, w->values);
	assert_true(w->values[0] == ABSENT && w->values[1] == ABSENT);
	source_threads.close(w->state);
}

static int64_t metric(const struct measured *m, const char *name)
{
	const struct message_metric *found = measured_find(m, name);

	return found != NULL ? found->value : ABSENT;
}

/* ---- the tests ---- */

static void test_nobody_looked(void **state)
{
	static struct measured out;
	struct puppet p;
	struct watch w;

	(void)state;
	puppet_start(&p);
	watch_open(&w, p.pid, NULL, cpus, 1, false);
	puppet_end(&p);
	source_threads.read(w.state, w.values);
	assert_int_equal(w.values[0], 0);
	watch_close(&w, &out);
	assert_int_equal(out.n, 0); /* no number, where 0 would say that all was well */
	assert_int_equal(out.flags_n, 0);
}

static void test_inside_and_outside(void **state)
{
#ifdef __SANITIZE_THREAD__
	skip(); /* each process has threads of its own */
#endif
	static struct measured out;
	const int elsewhere[] = {cpus[0] + 1};
	struct puppet p;
	struct watch w;

	(void)state;
	puppet_start(&p);
	puppet_tell(&p, "m0");
	puppet_tell(&p, "0");
	watch_open(&w, p.pid, NULL, cpus, 1, false);
	watch_look(&w);
	assert_int_equal(w.values[0], 2);
	assert_int_equal(w.values[1], 0);
	watch_close(&w, &out);
	assert_int_equal(metric(&out, "placement.violations"), 0);
	assert_int_equal(metric(&out, "threads.max"), 2);
	assert_false(measured_has_flag(&out, "placement_violated"));

	watch_open(&w, p.pid, NULL, elsewhere, 1, false);
	watch_look(&w);
	watch_close(&w, &out);
	assert_true(metric(&out, "placement.violations") >= 2);
	assert_true(measured_has_flag(&out, "placement_violated"));
	assert_non_null(strstr(out.note, "which is not the run's"));
	puppet_end(&p);
}

/* What the threads of a process do, first to last, and whether that is what `threads: each` is. */
static void test_pinned(void **state)
{
#ifdef __SANITIZE_THREAD__
	skip(); /* each process has threads of its own */
#endif
	static const struct {
		const char *tell[8];
		bool is_fine;
	} rows[] = {
		{{"m*"}, true}, /* no second thread: nothing is numbered */
		{{"m0", "1", "0", "1"}, true}, {{"m0", "1", "0"}, true}, {{"m0", "0"}, false},
		{{"m1", "0"}, false}, {{"m0", "1", "1"}, false},
		{{"m0", "1", "0", "1", "look", "e3", "1"}, true},
		{{"m0", "1", "0", "look", "e1", "1"}, true},  /* the number is taken again */
		{{"m0", "1", "0", "look", "e1", "*"}, false}, /* may run anywhere */
	};

	(void)state;
	if (cpus_n < 2)
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		static struct measured out;
		struct puppet p;
		struct watch w;
		bool is_open = false;
		puppet_start(&p);
		for (size_t j = 0; j < 8 && rows[i].tell[j] != NULL; j++) {
			if (strcmp(rows[i].tell[j], "look") != 0) {
				puppet_tell(&p, rows[i].tell[j]);
				continue;
			}
			watch_open(&w, p.pid, NULL, cpus, 2, true);
			watch_look(&w);
			assert_int_equal(w.values[1], 0);
			is_open = true;
		}
		if (!is_open)
			watch_open(&w, p.pid, NULL, cpus, 2, true);
		watch_look(&w);
		puppet_end(&p);
		watch_close(&w, &out);
		if ((metric(&out, "placement.violations") == 0) != rows[i].is_fine)
			fail_msg("row %zu: %s", i, out.note);
	}
}

static void test_processes(void **state)
{
#ifdef __SANITIZE_THREAD__
	skip(); /* each process has threads of its own */
#endif
	static struct measured out;
	struct puppet p, q;
	struct watch w;
	struct tree t = {""};
	char text[64];

	(void)state;
	puppet_start(&p);
	puppet_start(&q);
	puppet_tell(&q, "0");
	tree_make(&t);
	snprintf(text, sizeof text, "%d\n%d\n", (int)p.pid, (int)q.pid);
	tree_write(&t, "cgroup.procs", text);
	watch_open(&w, p.pid, t.path, cpus, 2, false);
	assert_int_equal(w.values[0], 3);
	watch_close(&w, &out);
	/* a number that ends where the text does may have been cut */
	snprintf(text, sizeof text, "%d\n%d", (int)p.pid, (int)q.pid);
	tree_write(&t, "cgroup.procs", text);
	watch_open(&w, p.pid, t.path, cpus, 2, false);
	assert_int_equal(w.values[0], 1);
	watch_close(&w, &out);
	tree_remove(&t);

	if (access("/proc/thread-self/children", R_OK) == 0) {
		puppet_tell(&p, "f");
		watch_open(&w, p.pid, "/nowhere", cpus, 2, false);
		assert_int_equal(w.values[0], 2);
		watch_close(&w, &out);
	}
	puppet_end(&p);
	puppet_end(&q);
}

static void test_other_machine(void **state)
{
	struct machine m;
	struct tree t = {""};
	struct error why = {0};

	(void)state;
	tree_make(&t);
	tree_open(&t, &m);
	assert_true(source_threads.probe(&m, &why) < 0);
	assert_non_null(strstr(why.text, t.path));
	machine_close(&m);
	tree_remove(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nobody_looked),
		cmocka_unit_test(test_inside_and_outside),
		cmocka_unit_test(test_pinned),
		cmocka_unit_test(test_processes),
		cmocka_unit_test(test_other_machine),
	};
	cpu_set_t set;

	if (machine_open(&machine, "/", NULL) != 0 || sched_getaffinity(0, sizeof set, &set) != 0)
		return 1;
	for (int i = 0; i < CPU_SETSIZE && cpus_n < 2; i++)
		if (CPU_ISSET((size_t)i, &set))
			cpus[cpus_n++] = i;
	if (cpus_n == 1)
		cpus[1] = cpus[0];
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	machine_close(&machine);
	return failed;
}
