#include "agent/guard.h"
#include "agent/machine_state.h"
#include "proto/clock.h"

#include <stdio.h>

/* Busy time is counted in ticks of 10 ms: over less than this a load would be too coarse. */
#define LOAD_WINDOW_NS (200 * NS_PER_MS)
#define TICK_NS        (10 * NS_PER_MS)
/* Clocks read one after the other: less is no suspend. */
#define SUSPEND_NS (10 * NS_PER_MS)

/* A megabyte: single pages of sleeping programs come and go on any machine. */
#define SWAPPED_PAGES 256

/* What is compared between the start and the end of a run. */
/* What was read while a run waited for its go holds for so long. */
#define FRESH_NS (20 * NS_PER_MS)

struct guard_state {
	struct buf governors; /* of the run's CPUs, each ended by NUL */
	int64_t turbo;
	char microcode[24]; /* of the run's first CPU: an update loads all of them */
	struct machine_cpu_time cpu_time;
	int64_t swapped_pages;
	int64_t suspended_ns;
	int64_t at_ns; /* CLOCK_MONOTONIC_RAW of the reading; 0: none since the last run */
};

struct guard {
	const struct machine *m;
	struct temperature_sensor sensors[TEMPERATURE_SENSORS];
	size_t sensors_n;

	struct id16 campaign; /* the block whose start temperatures these are */
	int64_t block;
	int64_t start[TEMPERATURE_SENSORS]; /* m°C, or ABSENT */

	int64_t patience_end;
	int64_t load_since;      /* ABSENT: not begun */
	int64_t load_since_busy; /* busy time then */
	int64_t load;            /* u1, of the last window; ABSENT: none yet in this run */

	int *cpus; /* owned; of the run, each once */
	size_t cpus_n;
	struct guard_state first;
	int64_t *busy; /* owned; of each of cpus, then */
};

int guard_open(
	struct guard **out, const struct machine *m, const struct topology *t, struct error *err)
{
	struct guard *g = xcalloc(1, sizeof *g);

	(void)t;
	(void)err;
	g->m = m;
	g->sensors_n = machine_temperature_sensors(m, g->sensors, ARRAY_SIZE(g->sensors));
	g->block = ABSENT;
	g->load_since = ABSENT;
	g->first.governors = (struct buf)BUF_INIT;
	*out = g;
	return 0;
}

void guard_close(struct guard *g)
{
	if (g == NULL)
		return;
	buf_done(&g->first.governors);
	free(g->cpus);
	free(g->busy);
	free(g);
}

/* ---- before a run ---- */

/* Oversubscribed runs name a CPU more than once. */
static void keep_cpus(struct guard *g, const int *cpus, size_t n)
{
	g->cpus = xreallocarray(g->cpus, n + 1, sizeof *g->cpus);
	g->busy = xreallocarray(g->busy, n + 1, sizeof *g->busy);
	g->cpus_n = 0;
	for (size_t i = 0; i < n; i++) {
		bool is_there = false;
		for (size_t k = 0; k < g->cpus_n && !is_there; k++)
			is_there = g->cpus[k] == cpus[i];
		if (!is_there)
			g->cpus[g->cpus_n++] = cpus[i];
	}
}

static void begin_run(struct guard *g, const struct message_assign *a, int64_t now_ns)
{
	int64_t patience = a->guard_timeout_ns != ABSENT ? a->guard_timeout_ns : GUARD_PATIENCE_NS;

	g->patience_end = now_ns > INT64_MAX - patience ? INT64_MAX : now_ns + patience;
	g->load_since = g->load = ABSENT; /* what was busy until now was the run before this one */
	if (g->block == a->block && id16_equal(&g->campaign, &a->id.campaign))
		return;
	g->block = a->block;
	g->campaign = a->id.campaign;
	for (size_t i = 0; i < g->sensors_n; i++)
		g->start[i] = machine_temperature(g->m, &g->sensors[i]);
}

/* What stands against the run now. */
struct objections {
	bool wrong_governor, wrong_turbo, blind, unsettled;
	bool is_measuring; /* the load is not known yet */
	struct buf why;    /* in words, "; " between */
};

__attribute__((format(printf, 3, 4))) static void object(
	struct objections *o, bool *what, const char *format, ...)
{
	va_list ap;

	*what = true;
	if (o->why.len > 0)
		buf_adds(&o->why, "; ");
	va_start(ap, format);
	buf_vaddf(&o->why, format, ap);
	va_end(ap);
}

static void check_governor(struct guard *g, const char *wanted, struct objections *o)
{
	char governor[GOVERNOR_SIZE];

	for (size_t i = 0; text_is_set(wanted) && i < g->cpus_n; i++) {
		machine_governor(g->m, g->cpus[i], governor);
		if (governor[0] == '\0')
			object(o, &o->blind, "CPU %d shows no governor (cpufreq), wanted: %s",
				g->cpus[i], wanted);
		else if (strcmp(governor, wanted) != 0)
			object(o, &o->wrong_governor, "the governor of CPU %d is %s, wanted: %s",
				g->cpus[i], governor, wanted);
		else
			continue;
		return; /* one CPU is enough to say so */
	}
}

static void check_turbo(struct guard *g, int64_t wanted, struct objections *o)
{
	int64_t turbo = wanted != ABSENT ? machine_turbo(g->m) : ABSENT;

	if (wanted == ABSENT)
		return;
	if (turbo == ABSENT)
		object(o, &o->blind, "this machine does not show turbo, wanted: %s",
			wanted != 0 ? "on" : "off");
	else if (turbo != (wanted != 0))
		object(o, &o->wrong_turbo, "turbo is %s, wanted: %s", turbo != 0 ? "on" : "off",
			wanted != 0 ? "on" : "off");
}

static void check_temperature(struct guard *g, int64_t bound, struct objections *o)
{
	size_t known = 0;

	if (bound == ABSENT)
		return;
	for (size_t i = 0; i < g->sensors_n; i++) {
		int64_t now =
			g->start[i] != ABSENT ? machine_temperature(g->m, &g->sensors[i]) : ABSENT;
		known += now != ABSENT;
		if (now != ABSENT && now - g->start[i] > bound)
			object(o, &o->unsettled,
				"%s is %lld.%lld K above the %lld °C where the block began",
				g->sensors[i].label, (long long)(now - g->start[i]) / 1000,
				(long long)(now - g->start[i]) % 1000 / 100,
				(long long)g->start[i] / 1000);
	}
	if (known == 0)
		object(o, &o->blind, "this machine shows no package temperature");
}

static void check_load(struct guard *g, int64_t bound, int64_t now_ns, struct objections *o)
{
	struct machine_cpu_time t;

	if (bound == ABSENT)
		return;
	machine_cpu_time(g->m, &t);
	if (t.busy == ABSENT) {
		object(o, &o->blind, "this machine does not show its load (proc/stat)");
		return;
	}
	if (g->load_since != ABSENT && now_ns - g->load_since < LOAD_WINDOW_NS) {
		o->is_measuring = g->load == ABSENT;
	} else {
		o->is_measuring = g->load_since == ABSENT;
		if (g->load_since != ABSENT)
			g->load = (int64_t)((__int128)(t.busy - g->load_since_busy) * 1000000 /
					    (now_ns - g->load_since));
		g->load_since = now_ns;
		g->load_since_busy = t.busy;
	}
	if (o->is_measuring)
		object(o, &o->is_measuring, "the load is being measured");
	else if (g->load > bound)
		object(o, &o->unsettled, "%lld.%02lld CPUs are busy", (long long)g->load / 1000000,
			(long long)g->load % 1000000 / 10000);
}

static enum guard_verdict judge(
	const struct guard *g, const char *on_violation, const struct objections *o, int64_t now_ns)
{
	bool is_fail = text_is_set(on_violation) && strcmp(on_violation, "fail") == 0;
	bool is_wait = text_is_set(on_violation) && strcmp(on_violation, "wait") == 0;
	bool is_wrong = o->wrong_governor || o->wrong_turbo;

	if (is_fail && (is_wrong || o->blind))
		return GUARD_FAIL;
	if (o->is_measuring || (is_wait && (is_wrong || o->unsettled)))
		return GUARD_WAIT;
	if (o->unsettled && now_ns < g->patience_end)
		return GUARD_WAIT;
	return o->unsettled && is_fail ? GUARD_FAIL : GUARD_FINE;
}

enum guard_verdict guard_before(struct guard *g, const struct message_assign *a, const int *cpus,
	size_t cpus_n, int64_t now_ns, bool is_first, struct measured *out, struct error *why)
{
	struct objections o = {.why = BUF_INIT};

	keep_cpus(g, cpus, cpus_n);
	g->first.at_ns = 0;
	if (is_first)
		begin_run(g, a, now_ns);
	check_governor(g, a->guard_governor, &o);
	check_turbo(g, a->guard_turbo, &o);
	check_temperature(g, a->guard_temperature, &o);
	check_load(g, a->guard_load, now_ns, &o);
	enum guard_verdict verdict = judge(g, a->on_violation, &o, now_ns);
	if (verdict != GUARD_FINE) {
		error_set(why, ERR_REFUSED, "guard: %s", o.why.data);
	} else {
		if (o.wrong_governor)
			measured_flag(out, "wrong_governor");
		if (o.wrong_turbo)
			measured_flag(out, "wrong_turbo");
		if (o.unsettled)
			measured_flag(out, "unsettled");
		if (o.blind)
			measured_flag(out, "guard_blind");
		if (o.why.len > 0)
			measured_note(out, "guard: %s", o.why.data);
	}
	buf_done(&o.why);
	return verdict;
}

/* ---- while it lasted ---- */

static void read_state(const struct guard *g, struct guard_state *s)
{
	buf_reset(&s->governors);
	for (size_t i = 0; i < g->cpus_n; i++) {
		char governor[GOVERNOR_SIZE];
		machine_governor(g->m, g->cpus[i], governor);
		buf_add(&s->governors, governor, strlen(governor) + 1);
	}
	s->turbo = machine_turbo(g->m);
	machine_microcode(g->m, g->cpus_n > 0 ? g->cpus[0] : 0, s->microcode);
	s->swapped_pages = machine_swapped_pages(g->m);
	s->suspended_ns = clock_suspended_ns();
	s->at_ns = clock_raw_ns();
}

void guard_ready(struct guard *g)
{
	read_state(g, &g->first);
}

void guard_first(struct guard *g)
{
	if (g->first.at_ns == 0 || clock_raw_ns() - g->first.at_ns > FRESH_NS)
		read_state(g, &g->first);
	g->first.at_ns = 0;
	machine_cpu_times(g->m, &g->first.cpu_time, g->cpus, g->cpus_n, g->busy);
}

/* Floor of the square root. */
static int64_t square_root(int64_t n)
{
	int64_t root = 0;

	for (int64_t bit = INT64_C(1) << 31; bit > 0; bit >>= 1)
		if (root + bit <= n / (root + bit))
			root += bit;
	return root;
}

/* n p (1 - p) of one CPU, in ticks. */
static int64_t variance_of(int64_t ticks, int64_t busy_ns)
{
	int64_t busy = busy_ns == ABSENT ? ticks / 2 : busy_ns / TICK_NS;

	if (busy <= 0)
		return 0;
	if (busy > ticks)
		busy = ticks;
	return (int64_t)((__int128)busy * (ticks - busy + 4) / (ticks + 4)) + 1;
}

int64_t guard_slack_ns(int64_t time_ns, const int64_t *busy_ns, size_t cpus)
{
	int64_t ticks = time_ns / TICK_NS, variance = 0;

	for (size_t i = 0; i < cpus; i++)
		variance += variance_of(ticks, busy_ns[i]);
	/* Four deviations: the root of 16 variances, upwards. */
	return 5 * TICK_NS + TICK_NS * (variance > 0 ? square_root(16 * variance) + 1 : 0);
}

/* 2 % of one CPU over the run, and at least two ticks. */
static int64_t load_threshold_ns(int64_t time_ns)
{
	return time_ns / 50 > 2 * TICK_NS ? time_ns / 50 : 2 * TICK_NS;
}

static void compare_load(const struct guard *g, int64_t time_ns, int64_t run_cpu_ns,
	int64_t agent_cpu_ns, struct measured *out)
{
	const struct machine_cpu_time *then = &g->first.cpu_time;
	int64_t threshold = load_threshold_ns(time_ns);
	_cleanup_free_ int64_t *busy = xcalloc(g->cpus_n + 1, sizeof *busy);
	struct machine_cpu_time now;

	machine_cpu_times(g->m, &now, g->cpus, g->cpus_n, busy);
	for (size_t i = 0; i < g->cpus_n; i++)
		busy[i] = busy[i] == ABSENT || g->busy[i] == ABSENT ? ABSENT : busy[i] - g->busy[i];
	if (now.busy == ABSENT || then->busy == ABSENT)
		return;
	if (now.stolen - then->stolen > threshold + TICK_NS) {
		measured_flag(out, "stolen_time");
		measured_note(out, "guard: %lld ms were stolen by the hypervisor",
			(long long)((now.stolen - then->stolen) / NS_PER_MS));
	}
	if (run_cpu_ns == ABSENT || agent_cpu_ns == ABSENT)
		return;
	int64_t other = now.busy - then->busy - run_cpu_ns - agent_cpu_ns;
	if (other > threshold + guard_slack_ns(time_ns, busy, g->cpus_n)) {
		measured_flag(out, "other_load");
		measured_note(out, "guard: others used %lld ms of CPU time meanwhile",
			(long long)(other / NS_PER_MS));
	}
}

/* What cannot be read ("") is not known to have changed. */
static bool is_other_text(const char *a, const char *b)
{
	return a[0] != '\0' && b[0] != '\0' && strcmp(a, b) != 0;
}

static bool has_changed_governor(const struct guard_state *a, const struct guard_state *b)
{
	const char *x = a->governors.data, *y = b->governors.data;
	const char *x_end = x + a->governors.len, *y_end = y + b->governors.len;

	for (; x < x_end && y < y_end; x += strlen(x) + 1, y += strlen(y) + 1)
		if (is_other_text(x, y))
			return true;
	return false;
}

void guard_last(struct guard *g, int64_t time_ns, int64_t run_cpu_ns, int64_t agent_cpu_ns,
	struct measured *out)
{
	struct guard_state now = {.governors = BUF_INIT};
	const struct guard_state *then = &g->first;

	/* First of all: what follows is busy time, too. */
	compare_load(g, time_ns, run_cpu_ns, agent_cpu_ns, out);
	read_state(g, &now);
	if (has_changed_governor(&now, then))
		measured_flag(out, "governor_changed");
	if (now.turbo != then->turbo && now.turbo != ABSENT && then->turbo != ABSENT)
		measured_flag(out, "turbo_changed");
	if (is_other_text(now.microcode, then->microcode))
		measured_flag(out, "microcode_changed");
	if (now.swapped_pages != ABSENT && then->swapped_pages != ABSENT &&
		now.swapped_pages - then->swapped_pages > SWAPPED_PAGES)
		measured_flag(out, "swapped");
	if (now.suspended_ns - then->suspended_ns > SUSPEND_NS)
		measured_flag(out, "suspended");
	if (machine_is_on_mains(g->m) == 0)
		measured_flag(out, "on_battery");
	buf_done(&now.governors);
}

/* ---- violations ---- */

static const char *const violations[] = {
	/* before */
	"unsettled",
	"wrong_governor",
	"wrong_turbo",
	/* beside the run */
	"governor_changed",
	"turbo_changed",
	"microcode_changed",
	"other_load",
	"stolen_time",
	"swapped",
	"on_battery",
	"suspended",
	/* found by sources and placement */
	"throttled",
	"power_limited",
	"placement_violated",
	"smi",
};

bool guard_is_violation(const char *flag)
{
	for (size_t i = 0; i < ARRAY_SIZE(violations); i++)
		if (strcmp(violations[i], flag) == 0)
			return true;
	return false;
}

const char *guard_violation(const struct measured *m)
{
	for (size_t i = 0; i < m->flags_n; i++)
		if (guard_is_violation(m->flags[i]))
			return m->flags[i];
	return NULL;
}
