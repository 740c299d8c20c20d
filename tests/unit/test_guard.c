/*
 * The guard on invented machines, in virtual time
 */
#include "agent/guard.h"
#include "agent/machine_state.h"
#include "tests/unit/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MS NS_PER_MS

struct rig {
	struct tree tree;
	struct machine m;
	struct guard *g;
	struct message message;
	struct message_assign *a;
	struct measured out;
	struct error why;
	int64_t now;
	int64_t busy_ticks; /* of proc/stat */
};

static const int cpus[] = {0, 1};

static void put(struct rig *r, const char *path, const char *text)
{
	tree_write(&r->tree, path, text);
}

static void put_stat(struct rig *r, int64_t busy_ticks, int64_t stolen_ticks)
{
	char text[256];

	r->busy_ticks = busy_ticks;
	snprintf(text, sizeof text,
		"cpu  %lld 0 0 1000 7 0 0 %lld 0 0\ncpu0 %lld 0 0 9 9 0 0 0 0 0\ncpu1 0 0 0 9 9 0 "
		"0 "
		"0 0 0\nintr 5\n",
		(long long)busy_ticks, (long long)stolen_ticks, (long long)busy_ticks);
	put(r, "proc/stat", text);
}

static void put_good_machine(struct rig *r)
{
	put(r, CPU_PATH "/cpu0/cpufreq/scaling_governor", "performance\n");
	put(r, CPU_PATH "/cpu1/cpufreq/scaling_governor", "performance\n");
	put(r, CPU_PATH "/cpu0/microcode/version", "0x4119\n");
	put(r, NO_TURBO_PATH, "1\n");
	/* A drive first: known by name, not by number. */
	put(r, "sys/class/hwmon/hwmon0/name", "nvme\n");
	put(r, "sys/class/hwmon/hwmon0/temp1_label", "Package id 0\n");
	put(r, "sys/class/hwmon/hwmon0/temp1_input", "99000\n");
	put(r, "sys/class/hwmon/hwmon3/name", "coretemp\n");
	put(r, "sys/class/hwmon/hwmon3/temp1_label", "Package id 0\n");
	put(r, "sys/class/hwmon/hwmon3/temp1_input", "40000\n");
	put(r, "sys/class/hwmon/hwmon3/temp2_label", "Core 0\n");
	put(r, "sys/class/hwmon/hwmon3/temp2_input", "90000\n");
	put(r, "sys/class/hwmon/hwmon4/name", "coretemp\n");
	put(r, "sys/class/hwmon/hwmon4/temp1_label", "Physical id 1\n");
	put(r, "sys/class/hwmon/hwmon4/temp1_input", "50000\n");
	put(r, "proc/vmstat", "nr_free_pages 5\npswpin 10\npswpout 20\nzpswpin 7\n");
	put(r, "sys/class/power_supply/AC/type", "Mains\n");
	put(r, "sys/class/power_supply/AC/online", "1\n");
	put(r, "sys/class/power_supply/BAT0/type", "Battery\n");
	put(r, "sys/class/power_supply/BAT0/status", "Charging\n");
	put_stat(r, 100, 0);
}

static void begin(struct rig *r, bool is_good)
{
	memset(r, 0, sizeof *r);
	tree_make(&r->tree);
	if (is_good)
		put_good_machine(r);
	tree_open(&r->tree, &r->m);
	message_init(&r->message, MESSAGE_ASSIGN);
	r->a = &r->message.assign;
	r->a->block = 1;
	assert_int_equal(guard_open(&r->g, &r->m, NULL, NULL), 0);
	r->now = 5 * NS_PER_S;
}

static void end(struct rig *r)
{
	guard_close(r->g);
	machine_close(&r->m);
	tree_remove(&r->tree);
}

static enum guard_verdict ask(struct rig *r, bool is_first)
{
	measured_reset(&r->out);
	r->why.text[0] = '\0';
	return guard_before(r->g, r->a, cpus, 2, r->now, is_first, &r->out, &r->why);
}

static void assert_flags(const struct measured *m, const char *want)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	for (size_t i = 0; i < m->flags_n; i++)
		buf_addf(&b, "%s%s", i > 0 ? " " : "", m->flags[i]);
	assert_string_equal(b.data, want);
}

/* ---- before ---- */

static void test_nothing_asked(void **state)
{
	struct rig r;

	(void)state;
	begin(&r, false);
	assert_int_equal(ask(&r, true), GUARD_FINE);
	assert_flags(&r.out, "");
	assert_string_equal(r.out.note, "");
	end(&r);
}

/* Governor and turbo are not waited for, but with `wait`. */
static void test_wrong_state(void **state)
{
	static const struct {
		const char *governor, *no_turbo, *want_governor;
		int64_t want_turbo;
		const char *on_violation;
		enum guard_verdict verdict;
		const char *flags;
	} rows[] = {
		{"performance", "1", "performance", 0, NULL, GUARD_FINE, ""},
		{"performance", "1", "performance", 0, "fail", GUARD_FINE, ""},
		{"powersave", "1", "performance", 0, NULL, GUARD_FINE, "wrong_governor"},
		{"powersave", "0", "performance", 0, "mark", GUARD_FINE,
			"wrong_governor wrong_turbo"},
		{"powersave", "1", "performance", ABSENT, "rerun", GUARD_FINE, "wrong_governor"},
		{"powersave", "1", "performance", ABSENT, "wait", GUARD_WAIT, ""},
		{"powersave", "1", "performance", ABSENT, "fail", GUARD_FAIL, ""},
		{"powersave", "1", NULL, ABSENT, "fail", GUARD_FINE, ""},
		{"performance", "1", NULL, 1, "mark", GUARD_FINE, "wrong_turbo"},
		{"performance", "0", NULL, 1, "fail", GUARD_FINE, ""},
		{"performance", "0", NULL, 0, "fail", GUARD_FAIL, ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct rig r;
		begin(&r, true);
		put(&r, CPU_PATH "/cpu1/cpufreq/scaling_governor", rows[i].governor);
		put(&r, NO_TURBO_PATH, rows[i].no_turbo);
		r.a->guard_governor = rows[i].want_governor;
		r.a->guard_turbo = rows[i].want_turbo;
		r.a->on_violation = rows[i].on_violation;
		assert_int_equal(ask(&r, true), rows[i].verdict);
		assert_flags(&r.out, rows[i].flags);
		if (rows[i].verdict != GUARD_FINE)
			assert_non_null(strstr(r.why.text, "guard: "));
		end(&r);
	}
}

/* What cannot be seen is neither waited for nor taken for good. */
static void test_blind(void **state)
{
	static const char *const policies[] = {NULL, "mark", "rerun", "wait"};

	(void)state;
	for (int what = 0; what < 4; what++)
		for (size_t i = 0; i <= ARRAY_SIZE(policies); i++) {
			struct rig r;
			bool is_fail = i == ARRAY_SIZE(policies);
			begin(&r, false);
			if (what == 0)
				r.a->guard_governor = "performance";
			else if (what == 1)
				r.a->guard_turbo = 0;
			else if (what == 2)
				r.a->guard_temperature = 3000;
			else
				r.a->guard_load = 200000;
			r.a->on_violation = is_fail ? "fail" : policies[i];
			assert_int_equal(ask(&r, true), is_fail ? GUARD_FAIL : GUARD_FINE);
			assert_flags(&r.out, is_fail ? "" : "guard_blind");
			assert_false(guard_is_violation("guard_blind"));
			end(&r);
		}
}

static void put_heat(struct rig *r, const char *first, const char *second)
{
	put(r, "sys/class/hwmon/hwmon3/temp1_input", first);
	put(r, "sys/class/hwmon/hwmon4/temp1_input", second);
}

static void test_temperature(void **state)
{
	struct rig r;

	(void)state;
	begin(&r, true);
	r.a->guard_temperature = 3000;
	assert_int_equal(ask(&r, true), GUARD_FINE); /* the block begins: 40 and 50 */
	put_heat(&r, "43000", "53000");
	assert_int_equal(ask(&r, true), GUARD_FINE);
	/* Each package for itself: the first is still cooler than the second was. */
	put_heat(&r, "44000", "50000");
	assert_int_equal(ask(&r, true), GUARD_WAIT);
	assert_non_null(strstr(r.why.text, "Package id 0 is 4.0 K above"));
	put_heat(&r, "42000", "53500");
	r.now += GUARD_AGAIN_NS;
	assert_int_equal(ask(&r, false), GUARD_WAIT);
	assert_non_null(strstr(r.why.text, "Physical id 1"));
	put_heat(&r, "42000", "51000");
	assert_int_equal(ask(&r, false), GUARD_FINE);
	assert_flags(&r.out, "");
	/* The next block, and another campaign, begin where they begin. */
	put_heat(&r, "60000", "60000");
	assert_int_equal(ask(&r, true), GUARD_WAIT);
	r.a->block = 2;
	assert_int_equal(ask(&r, true), GUARD_FINE);
	put_heat(&r, "70000", "60000");
	assert_int_equal(ask(&r, true), GUARD_WAIT);
	r.a->id.campaign.b[3] = 1;
	assert_int_equal(ask(&r, true), GUARD_FINE);
	end(&r);
}

static void test_thermal_zones(void **state)
{
	struct temperature_sensor s[4];
	struct rig r;

	(void)state;
	begin(&r, false);
	put(&r, "sys/class/thermal/thermal_zone0/type", "acpitz\n");
	put(&r, "sys/class/thermal/thermal_zone0/temp", "1000\n");
	put(&r, "sys/class/thermal/thermal_zone1/type", "x86_pkg_temp\n");
	put(&r, "sys/class/thermal/thermal_zone1/temp", "41000\n");
	assert_int_equal(machine_temperature_sensors(&r.m, s, 4), 1);
	assert_int_equal(machine_temperature(&r.m, &s[0]), 41000);
	/* hwmon is preferred, AMD's too */
	put(&r, "sys/class/hwmon/hwmon0/name", "k10temp\n");
	put(&r, "sys/class/hwmon/hwmon0/temp1_label", "Tctl\n");
	put(&r, "sys/class/hwmon/hwmon0/temp1_input", "55500\n");
	assert_int_equal(machine_temperature_sensors(&r.m, s, 4), 1);
	assert_int_equal(machine_temperature(&r.m, &s[0]), 55500);
	end(&r);
}

static void test_patience(void **state)
{
	static const struct {
		const char *on_violation;
		int64_t timeout;
		int64_t after;
		enum guard_verdict verdict;
		const char *flags;
	} rows[] = {
		{"mark", 2 * NS_PER_S, 2 * NS_PER_S - 1, GUARD_WAIT, ""},
		{"mark", 2 * NS_PER_S, 2 * NS_PER_S, GUARD_FINE, "unsettled"},
		{NULL, 2 * NS_PER_S, 3 * NS_PER_S, GUARD_FINE, "unsettled"},
		{"rerun", 2 * NS_PER_S, 2 * NS_PER_S, GUARD_FINE, "unsettled"},
		{"wait", 2 * NS_PER_S, 2 * NS_PER_S, GUARD_WAIT, ""},
		{"wait", 2 * NS_PER_S, 86400 * NS_PER_S, GUARD_WAIT, ""},
		{"fail", 2 * NS_PER_S, 2 * NS_PER_S - 1, GUARD_WAIT, ""},
		{"fail", 2 * NS_PER_S, 2 * NS_PER_S, GUARD_FAIL, ""},
		{"fail", ABSENT, GUARD_PATIENCE_NS - 1, GUARD_WAIT, ""},
		{"fail", ABSENT, GUARD_PATIENCE_NS, GUARD_FAIL, ""},
		{"mark", 0, 0, GUARD_FINE, "unsettled"},
		{"mark", INT64_MAX, 86400 * NS_PER_S, GUARD_WAIT, ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct rig r;
		begin(&r, true);
		r.a->guard_temperature = 3000;
		assert_int_equal(ask(&r, true), GUARD_FINE);
		put_heat(&r, "44000", "50000");
		r.a->guard_timeout_ns = rows[i].timeout;
		r.a->on_violation = rows[i].on_violation;
		bool ends_now = rows[i].timeout == 0;
		assert_int_equal(ask(&r, true), ends_now ? GUARD_FINE : GUARD_WAIT);
		r.now += rows[i].after;
		assert_int_equal(ask(&r, false), rows[i].verdict);
		assert_flags(&r.out, rows[i].flags);
		end(&r);
	}
}

static void test_load(void **state)
{
	struct rig r;

	(void)state;
	begin(&r, true);
	r.a->guard_load = 200000; /* 0.2 CPUs */
	/* Not known at first: what was busy until now was the run before. */
	put_stat(&r, 100000, 0);
	assert_int_equal(ask(&r, true), GUARD_WAIT);
	r.now += 100 * MS;
	assert_int_equal(ask(&r, false), GUARD_WAIT);
	r.now += 150 * MS;
	put_stat(&r, r.busy_ticks + 6, 0); /* 60 ms in 250 ms */
	assert_int_equal(ask(&r, false), GUARD_WAIT);
	assert_non_null(strstr(r.why.text, "0.24 CPUs are busy"));
	r.now += 100 * MS; /* too early to know better */
	assert_int_equal(ask(&r, false), GUARD_WAIT);
	r.now += 150 * MS;
	put_stat(&r, r.busy_ticks + 5, 0);
	assert_int_equal(ask(&r, false), GUARD_FINE);
	assert_flags(&r.out, "");
	/* The next run measures anew. */
	assert_int_equal(ask(&r, true), GUARD_WAIT);
	r.now += 250 * MS;
	put_stat(&r, r.busy_ticks + 50, 0);
	assert_int_equal(ask(&r, false), GUARD_WAIT);
	assert_non_null(strstr(r.why.text, "2.00 CPUs are busy"));
	r.now += GUARD_PATIENCE_NS;
	put_stat(&r, r.busy_ticks + 12000, 0);
	assert_int_equal(ask(&r, false), GUARD_FINE);
	assert_flags(&r.out, "unsettled");
	end(&r);
}

/* ---- while it lasted ---- */

struct change {
	const char *path, *text, *flags;
};

static void test_changes(void **state)
{
	static const struct change rows[] = {
		{"unrelated", "", ""},
		{CPU_PATH "/cpu1/cpufreq/scaling_governor", "powersave\n", "governor_changed"},
		{CPU_PATH "/cpu0/cpufreq/scaling_governor", "schedutil\n", "governor_changed"},
		{CPU_PATH "/cpu7/cpufreq/scaling_governor", "powersave\n", ""},
		{NO_TURBO_PATH, "0\n", "turbo_changed"},
		{CPU_PATH "/cpu0/microcode/version", "0x411c\n", "microcode_changed"},
		{"proc/vmstat", "pswpin 267\npswpout 20\n", "swapped"},
		{"proc/vmstat", "pswpin 10\npswpout 277\n", "swapped"},
		{"proc/vmstat", "pswpin 10\npswpout 20\nzpswpin 9\n", ""},
		{"sys/class/power_supply/AC/online", "0\n", "on_battery"},
		{"sys/class/power_supply/BAT0/status", "Full\n", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct rig r;
		begin(&r, true);
		assert_int_equal(ask(&r, true), GUARD_FINE);
		guard_first(r.g);
		put(&r, rows[i].path, rows[i].text);
		guard_last(r.g, NS_PER_S, NS_PER_S, 0, &r.out);
		assert_flags(&r.out, rows[i].flags);
		end(&r);
	}
}

/* Microcode of a machine whose kernel does not show it in sys/, and nothing at all. */
static void test_bare_machine(void **state)
{
	struct rig r;

	(void)state;
	begin(&r, false);
	ask(&r, true);
	guard_first(r.g);
	guard_last(r.g, NS_PER_S, NS_PER_S, 0, &r.out);
	assert_flags(&r.out, "");
	tree_write_cpuinfo(&r.tree, "GenuineIntel", 0x55, 4, "fpu");
	guard_first(r.g);
	put(&r, "proc/cpuinfo", "processor\t: 0\nmicrocode\t: 0x2b\n");
	guard_last(r.g, NS_PER_S, NS_PER_S, 0, &r.out);
	assert_flags(&r.out, "microcode_changed");
	end(&r);
}

/* What cannot be read any more, or only now, is not known to have changed. */
static void test_vanished(void **state)
{
	static const char *const paths[] = {CPU_PATH "/cpu1/cpufreq/scaling_governor",
		NO_TURBO_PATH, CPU_PATH "/cpu0/microcode/version"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct rig r;
		begin(&r, true);
		assert_int_equal(ask(&r, true), GUARD_FINE);
		guard_first(r.g);
		assert_int_equal(unlinkat(r.m.root_fd, paths[i], 0), 0);
		guard_last(r.g, NS_PER_S, NS_PER_S, 0, &r.out);
		assert_flags(&r.out, "");
		guard_first(r.g);
		put(&r, paths[i], i == 1 ? "1\n" : "performance\n");
		guard_last(r.g, NS_PER_S, NS_PER_S, 0, &r.out);
		assert_flags(&r.out, "");
		end(&r);
	}
}

static void test_mains(void **state)
{
	static const struct {
		const char *files[9]; /* path, text, ... */
		int64_t want;
	} rows[] = {
		{{"a/type", "Mains", "a/online", "1"}, 1},
		{{"a/type", "Mains", "a/online", "0"}, 1}, /* no battery: a second supply unit */
		{{"a/type", "Mains", "a/online", "0", "b/type", "Battery"}, 0},
		{{"a/type", "USB", "a/online", "1", "b/type", "Battery"}, 1},
		{{"b/type", "Battery", "b/status", "Discharging"}, 0},
		{{"b/type", "Battery", "b/status", "Not charging"}, 1},
		{{"m/type", "Battery", "m/status", "Discharging", "m/scope", "Device"}, 1},
	};
	struct rig r;

	(void)state;
	begin(&r, false);
	assert_true(machine_is_on_mains(&r.m) == ABSENT);
	end(&r);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		begin(&r, false);
		for (size_t k = 0; rows[i].files[k] != NULL; k += 2) {
			char path[64];
			snprintf(path, sizeof path, "sys/class/power_supply/%s", rows[i].files[k]);
			put(&r, path, rows[i].files[k + 1]);
		}
		assert_int_equal(machine_is_on_mains(&r.m), rows[i].want);
		end(&r);
	}
}

static void test_other_load(void **state)
{
	static const struct {
		int64_t time_ms, run_ms, agent_ms; /* CPU time by exact clocks */
		int64_t busy_ticks, stolen_ticks;  /* what proc/stat says meanwhile */
		const char *flags;
	} rows[] = {
		/* Short runs: ticks alone accuse nobody. */
		{5, 5, 0, 0, 0, ""},
		{5, 5, 0, 2, 0, ""},
		{20, 20, 1, 5, 0, ""},
		{100, 100, 2, 15, 0, ""},
		/* One CPU in full use, all others idle: 10 s are 1000 ticks. */
		{10000, 10000, 10, 1000, 0, ""},
		{10000, 10000, 10, 1024, 0, ""},
		{10000, 10000, 10, 1060, 0, "other_load"},
		{10000, 20000, 10, 2000, 0, ""},
		{10000, 20000, 10, 2060, 0, "other_load"},
		/* The agent is told apart. */
		{10000, 10000, 500, 1050, 0, ""},
		{10000, 10000, 0, 1500, 0, "other_load"},
		/* A run that sleeps half of the time: its own ticks are uncertain. */
		{10000, 5000, 0, 500, 0, ""},
		{10000, 5000, 0, 580, 0, ""},
		{10000, 5000, 0, 600, 0, "other_load"},
		/* Another program on the second CPU for the whole of a second. */
		{1000, 1000, 0, 200, 0, "other_load"},
		/* The run lost half of its CPU to another guest. */
		{10000, 5000, 0, 500, 500, "stolen_time"},
		{10000, 9900, 0, 990, 10, ""},
		/* Not known: nothing is said. */
		{10000, -1, 0, 5000, 0, ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct rig r;
		begin(&r, true);
		ask(&r, true);
		guard_first(r.g);
		put_stat(&r, r.busy_ticks + rows[i].busy_ticks, rows[i].stolen_ticks);
		guard_last(r.g, rows[i].time_ms * MS,
			rows[i].run_ms < 0 ? ABSENT : rows[i].run_ms * MS, rows[i].agent_ms * MS,
			&r.out);
		if (rows[i].flags[0] == '\0' && r.out.flags_n > 0)
			print_error("row %zu\n", i);
		assert_flags(&r.out, rows[i].flags);
		end(&r);
	}
}

static uint64_t seed = 7;

static unsigned random_below(unsigned n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

/*
 * A model of the kernel's sampling: each 10 ms it charges whom it finds. Runs of any duty and
 * length on 1 to 16 CPUs, alone on the machine, are never said to have company.
 */
static void test_slack_holds(void **state)
{
	(void)state;
	for (int round = 0; round < 5000; round++) {
		unsigned n = 1 + random_below(16), ticks = 1 + random_below(1000);
		int64_t sampled = 0, exact = 0, busy[16];
		for (unsigned c = 0; c < n; c++) {
			unsigned duty = random_below(5) == 0 ? 1000 : random_below(1001), hit = 0;
			for (unsigned k = 0; k < ticks; k++)
				hit += random_below(1000) < duty;
			busy[c] = hit * 10 * MS;
			sampled += hit;
			exact += (int64_t)ticks * duty;
		}
		int64_t slack = guard_slack_ns(ticks * 10 * MS, busy, n);
		if (sampled * 10 * MS - exact * MS / 100 > slack)
			fail_msg("%u CPUs, %u ticks: off by %lld ms, allowed %lld ms", n, ticks,
				(long long)(sampled * 10 - exact / 100), (long long)(slack / MS));
	}
	/* It stays small where it can: one CPU in full use for 10 s. */
	static const int64_t full[] = {10 * NS_PER_S, 0}, huge[] = {INT64_MAX / 2, 0, ABSENT};
	assert_in_range(guard_slack_ns(10 * NS_PER_S, full, 2), 0, 150 * MS);
	assert_in_range(guard_slack_ns(INT64_MAX / 2, huge, 3), 0, INT64_MAX / 2);
	assert_int_equal(guard_slack_ns(0, NULL, 0), 50 * MS);
}

static void test_violations(void **state)
{
	static const char *const yes[] = {"unsettled", "wrong_governor", "wrong_turbo",
		"governor_changed", "turbo_changed", "microcode_changed", "other_load",
		"stolen_time", "swapped", "on_battery", "suspended", "throttled", "power_limited",
		"placement_violated", "smi"};
	static const char *const no[] = {"short", "shared_cpu", "leftovers", "guard_blind", ""};
	struct measured m;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
		assert_true(guard_is_violation(yes[i]));
	for (size_t i = 0; i < ARRAY_SIZE(no); i++)
		assert_false(guard_is_violation(no[i]));
	measured_reset(&m);
	assert_null(guard_violation(&m));
	measured_flag(&m, "short");
	assert_null(guard_violation(&m));
	measured_flag(&m, "throttled");
	measured_flag(&m, "smi");
	assert_string_equal(guard_violation(&m), "throttled");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_asked),
		cmocka_unit_test(test_wrong_state),
		cmocka_unit_test(test_blind),
		cmocka_unit_test(test_temperature),
		cmocka_unit_test(test_thermal_zones),
		cmocka_unit_test(test_patience),
		cmocka_unit_test(test_load),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_bare_machine),
		cmocka_unit_test(test_vanished),
		cmocka_unit_test(test_mains),
		cmocka_unit_test(test_other_load),
		cmocka_unit_test(test_slack_holds),
		cmocka_unit_test(test_violations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
