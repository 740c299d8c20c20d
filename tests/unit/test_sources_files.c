/*
 * What each source makes of the files of a machine: clients, servers, hybrids, old kernels, files
 * that vanish or hold nonsense
 */
#include "agent/sources/frequency.h"
#include "agent/sources/sysfs.h"
#include "tests/unit/source_trees.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#define HWMON    "sys/class/hwmon/"
#define THROTTLE "/thermal_throttle/"
#define UNCORE   CPUS "/intel_uncore_frequency/"
#define PSI(n)   "some avg10=0.00 avg60=0.00 avg300=0.00 total=" #n "\nfull avg10=0.00 total=9\n"
#define NET      "Inter-|   Receive   |  Transmit\n face |bytes    packets |bytes\n"
#define ZEROS    " 0 0 0 0 0 0 0 "

/*
 * before is the machine as the source opens it, after what changes during the run. want is what
 * results has: "name=value ... !flag ..."; NULL where the source refuses to open. A folder run/ is
 * the cgroup of the run.
 */
static const struct vector {
	const char *title;
	const struct source_ops *source;
	const struct topology *topology;
	struct tree_file before[20], after[12];
	const char *want;
} vectors[] = {
	{"a client's sensors, numbered as they came up", &source_thermal, &client,
		{
			{HWMON "hwmon0/name", "acpitz\n"},
			{HWMON "hwmon0/temp1_input", "99000\n"},
			{HWMON "hwmon3/name", "coretemp\n"},
			{HWMON "hwmon3/temp1_label", "Package id 0\n"},
			{HWMON "hwmon3/temp1_input", "41000\n"},
			{HWMON "hwmon3/temp2_label", "Core 0\n"},
			{HWMON "hwmon3/temp2_input", "40000\n"},
			{HWMON "hwmon3/temp10_label", "Core 8\n"},
			{HWMON "hwmon3/temp10_input", "43000\n"},
		},
		{{HWMON "hwmon3/temp1_input", "71000\n"}, {HWMON "hwmon3/temp2_input", "77000\n"}},
		"temperature.package.start=41000 temperature.package.max=71000 "
		"temperature.core.max=77000"},
	{"two packages, the second one's monitor first", &source_thermal, &server,
		{
			{HWMON "hwmon1/name", "coretemp\n"},
			{HWMON "hwmon1/temp1_label", "Package id 1\n"},
			{HWMON "hwmon1/temp1_input", "52000\n"},
			{HWMON "hwmon2/name", "coretemp\n"},
			{HWMON "hwmon2/temp1_label", "Package id 0\n"},
			{HWMON "hwmon2/temp1_input", "44000\n"},
		},
		{{HWMON "hwmon2/temp1_input", "61000\n"}, {HWMON "hwmon1/temp1_input", "50000\n"}},
		"temperature.package.start=52000 temperature.package.max=61000"},
	{"an old kernel: files below device/, another label", &source_thermal, &client,
		{
			{HWMON "hwmon0/device/name", "coretemp\n"},
			{HWMON "hwmon0/device/temp1_label", "Physical id 0\n"},
			{HWMON "hwmon0/device/temp1_input", "33000\n"},
		},
		{{NULL, NULL}}, "temperature.package.start=33000 temperature.package.max=33000"},
	{"AMD: Tdie before Tctl, which has an offset", &source_thermal, &client,
		{
			{HWMON "hwmon0/name", "k10temp\n"},
			{HWMON "hwmon0/temp1_label", "Tctl\n"},
			{HWMON "hwmon0/temp1_input", "70000\n"},
			{HWMON "hwmon0/temp2_label", "Tdie\n"},
			{HWMON "hwmon0/temp2_input", "50000\n"},
			{HWMON "hwmon0/temp3_label", "Tccd1\n"},
			{HWMON "hwmon0/temp3_input", "90000\n"},
		},
		{{NULL, NULL}}, "temperature.package.start=50000 temperature.package.max=50000"},
	{"AMD without labels", &source_thermal, &client,
		{{HWMON "hwmon0/name", "k10temp\n"}, {HWMON "hwmon0/temp1_input", "48000\n"}},
		{{NULL, NULL}}, "temperature.package.start=48000 temperature.package.max=48000"},
	{"a zone where there is no monitor", &source_thermal, &client,
		{
			{"sys/class/thermal/thermal_zone0/type", "acpitz\n"},
			{"sys/class/thermal/thermal_zone0/temp", "20000\n"},
			{"sys/class/thermal/thermal_zone1/type", "x86_pkg_temp\n"},
			{"sys/class/thermal/thermal_zone1/temp", "45000\n"},
		},
		{{"sys/class/thermal/thermal_zone1/temp", "46000\n"}},
		"temperature.package.start=45000 temperature.package.max=46000"},
	{"a sensor that shows nonsense, one that breaks", &source_thermal, &client,
		{
			{HWMON "hwmon0/name", "coretemp\n"},
			{HWMON "hwmon0/temp1_label", "Package id 0\n"},
			{HWMON "hwmon0/temp1_input", "999999\n"},
			{HWMON "hwmon0/temp2_label", "Core 0\n"},
			{HWMON "hwmon0/temp2_input", "50000\n"},
		},
		{{HWMON "hwmon0/temp2_input", "hot\n"}}, "temperature.core.max=50000"},
	{"a monitor of something else", &source_thermal, &client,
		{{HWMON "hwmon0/name", "nvme\n"}, {HWMON "hwmon0/temp1_input", "48000\n"}},
		{{NULL, NULL}}, NULL},

	{"each core and each package once", &source_throttle, &client,
		{
			{CPUS "/cpu0" THROTTLE "core_throttle_count", "5\n"},
			{CPUS "/cpu1" THROTTLE "core_throttle_count", "7\n"},
			{CPUS "/cpu2" THROTTLE "core_throttle_count", "5\n"},
			{CPUS "/cpu3" THROTTLE "core_throttle_count", "7\n"},
			{CPUS "/cpu0" THROTTLE "package_throttle_count", "100\n"},
			{CPUS "/cpu1" THROTTLE "package_throttle_count", "100\n"},
			{CPUS "/cpu0" THROTTLE "package_power_limit_count", "3\n"},
		},
		{
			{CPUS "/cpu0" THROTTLE "core_throttle_count", "6\n"},
			{CPUS "/cpu2" THROTTLE "core_throttle_count", "6\n"},
			{CPUS "/cpu0" THROTTLE "package_throttle_count", "110\n"},
			{CPUS "/cpu1" THROTTLE "package_throttle_count", "110\n"},
			{CPUS "/cpu0" THROTTLE "package_power_limit_count", "4\n"},
		},
		"throttle.core=1 throttle.package=10 throttle.power_limit=1 !throttled "
		"!power_limited"},
	{"both packages are added up", &source_throttle, &server,
		{
			{CPUS "/cpu0" THROTTLE "package_throttle_count", "0\n"},
			{CPUS "/cpu1" THROTTLE "package_throttle_count", "10\n"},
			{CPUS "/cpu2" THROTTLE "package_throttle_count", "0\n"},
			{CPUS "/cpu3" THROTTLE "package_throttle_count", "10\n"},
		},
		{
			{CPUS "/cpu0" THROTTLE "package_throttle_count", "1\n"},
			{CPUS "/cpu2" THROTTLE "package_throttle_count", "1\n"},
			{CPUS "/cpu1" THROTTLE "package_throttle_count", "12\n"},
			{CPUS "/cpu3" THROTTLE "package_throttle_count", "12\n"},
		},
		"throttle.package=3 !throttled"},
	{"nothing happened", &source_throttle, &client,
		{{CPUS "/cpu0" THROTTLE "core_throttle_count", "5\n"}}, {{NULL, NULL}},
		"throttle.core=0"},
	{"a CPU goes offline: no sum, rather than a part of it", &source_throttle, &client,
		{
			{CPUS "/cpu0" THROTTLE "core_throttle_count", "5\n"},
			{CPUS "/cpu1" THROTTLE "core_throttle_count", "5\n"},
			{CPUS "/cpu0" THROTTLE "package_throttle_count", "7\n"},
		},
		{{CPUS "/cpu1" THROTTLE "core_throttle_count", NULL}}, "throttle.package=0"},
	{"counts start again", &source_throttle, &client,
		{{CPUS "/cpu0" THROTTLE "core_throttle_count", "5\n"}},
		{{CPUS "/cpu0" THROTTLE "core_throttle_count", "1\n"}}, ""},
	{"a guest has no counts", &source_throttle, &client,
		{{CPUS "/cpu0/topology/core_id", "0\n"}}, {{NULL, NULL}}, NULL},

	{"the highest of two dies", &source_uncore, &server,
		{
			{UNCORE "package_00_die_00/current_freq_khz", "1200000\n"},
			{UNCORE "package_01_die_00/current_freq_khz", "2400000\n"},
		},
		{{UNCORE "package_00_die_00/current_freq_khz", "2000000\n"},
			{UNCORE "package_01_die_00/current_freq_khz", "800000\n"}},
		"frequency.uncore=2400000000"},
	{"with TPMI clusters alone tell", &source_uncore, &server,
		{
			{UNCORE "package_00_die_00/max_freq_khz", "2200000\n"},
			{UNCORE "uncore00/current_freq_khz", "1500000\n"},
			{UNCORE "uncore01/current_freq_khz", "oops\n"},
		},
		{{UNCORE "uncore00/current_freq_khz", "1600000\n"}}, "frequency.uncore=1600000000"},
	{"limits alone are no frequency", &source_uncore, &server,
		{{UNCORE "package_00_die_00/max_freq_khz", "2200000\n"}}, {{NULL, NULL}}, NULL},

	{"pressure of the machine", &source_pressure, &client,
		{
			{"proc/pressure/cpu", PSI(1000)},
			{"proc/pressure/memory", PSI(0)},
			{"proc/pressure/io", PSI(5)},
		},
		{{"proc/pressure/cpu", PSI(1250)}, {"proc/pressure/io", "some total=x\n"}},
		"pressure.cpu=250000 pressure.memory=0"},
	{"pressure of the run's cgroup, where it tells", &source_pressure, &client,
		{
			{"proc/pressure/cpu", PSI(1000)},
			{"proc/pressure/memory", PSI(100)},
			{"proc/pressure/io", PSI(100)},
			{"run/cpu.pressure", PSI(7)},
			{"run/memory.pressure", PSI(0)},
		},
		{{"proc/pressure/cpu", PSI(9000)}, {"run/cpu.pressure", PSI(9)},
			{"proc/pressure/io", PSI(101)}},
		"pressure.cpu=2000 pressure.memory=0 pressure.io=1000"},
	{"pressure that was switched off", &source_pressure, &client, {{"proc/pressure/cpu", ""}},
		{{NULL, NULL}}, NULL},

	{"disks of the run's cgroup", &source_run_io, &client,
		{
			{"sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory\n"},
			{"run/io.stat", ""},
		},
		{{"run/io.stat", "8:0 rbytes=4096 wbytes=100 rios=1 wios=1 dbytes=0 dios=0\n"
				 "259:0 rbytes=1000 wbytes=0 rios=1 wios=0 dbytes=7 dios=0\n"}},
		"io.read=5096 io.written=100"},
	{"another file in its place", &source_run_io, &client,
		{
			{"sys/fs/cgroup/cgroup.controllers", "io\n"},
			{"run/io.stat", "8:0\n259:0 rbytes=1 wbytes=0\n"},
		},
		{{"run/io.stat", "Disk rbytes=4096 wbytes=100\n"}}, ""},
	{"a run without a cgroup", &source_run_io, &client,
		{{"sys/fs/cgroup/unified/cgroup.controllers", "io\n"}}, {{NULL, NULL}}, ""},
	{"no controller io, though some have it in their names", &source_run_io, &client,
		{{"sys/fs/cgroup/cgroup.controllers", "cpu iox bio memory\n"}}, {{NULL, NULL}},
		NULL},

	{"the network, lo left out", &source_network, &client,
		{{"proc/net/dev", NET "    lo: 900" ZEROS "900" ZEROS "\n  eth0:1000" ZEROS
				      "500" ZEROS "\nlong0: 1" ZEROS "1" ZEROS "\n"}},
		{{"proc/net/dev", NET "    lo: 999" ZEROS "999" ZEROS "\n  eth0:1500" ZEROS
				      "600" ZEROS "\nlong0: 2" ZEROS "1" ZEROS "\n"}},
		"network.received=501 network.sent=100"},
	{"an interface went away: no number", &source_network, &client,
		{{"proc/net/dev",
			NET " eth0: 100" ZEROS "200" ZEROS "\n eth1: 50" ZEROS "0" ZEROS "\n"}},
		{{"proc/net/dev", NET " eth0: 120" ZEROS "210" ZEROS "\n"}}, "network.sent=10"},
	{"another file", &source_network, &client, {{"proc/net/dev", "hello\n"}}, {{NULL, NULL}},
		NULL},

	{"idle states by name, over all CPUs", &source_cstates, &hybrid,
		{
			{CPUS "/cpu0/cpuidle/state0/name", "POLL\n"},
			{CPUS "/cpu0/cpuidle/state0/time", "10\n"},
			{CPUS "/cpu0/cpuidle/state1/name", "C1_ACPI\n"},
			{CPUS "/cpu0/cpuidle/state1/time", "100\n"},
			{CPUS "/cpu0/cpuidle/state2/name", "C10\n"},
			{CPUS "/cpu0/cpuidle/state2/time", "1000\n"},
			{CPUS "/cpu1/cpuidle/state0/name", "POLL\n"},
			{CPUS "/cpu1/cpuidle/state0/time", "1\n"},
			{CPUS "/cpu1/cpuidle/state1/name", "C10\n"},
			{CPUS "/cpu1/cpuidle/state1/time", "5\n"},
		},
		{{CPUS "/cpu0/cpuidle/state2/time", "1010\n"},
			{CPUS "/cpu1/cpuidle/state1/time", "7\n"},
			{CPUS "/cpu0/cpuidle/state1/time", "gone\n"}},
		"cstate.poll=0 cstate.c10=12000"},
	{"a CPU without idle states", &source_cstates, &client, {{CPUS "/cpu0/online", "1\n"}},
		{{NULL, NULL}}, NULL},

	{"cpufreq, the reading before the go left out", &source_frequency, &client,
		{
			{CPUS "/cpu0/cpufreq/scaling_cur_freq", "800000\n"},
			{CPUS "/cpu1/cpufreq/scaling_cur_freq", "800000\n"},
			{CPUS "/cpu2/cpufreq/scaling_cur_freq", "800000\n"},
			{CPUS "/cpu3/cpufreq/scaling_cur_freq", "800000\n"},
		},
		{{CPUS "/cpu0/cpufreq/scaling_cur_freq", "3000000\n"},
			{CPUS "/cpu1/cpufreq/scaling_cur_freq", "2000000\n"},
			{CPUS "/cpu2/cpufreq/scaling_cur_freq", "<unsupported>\n"},
			{CPUS "/cpu3/cpufreq/scaling_cur_freq", "1000000\n"}},
		"frequency.busy=2000000000"},
	{"the kernel's own average is better", &source_frequency, &hybrid,
		{
			{CPUS "/cpu0/cpufreq/scaling_cur_freq", "1\n"},
			{CPUS "/cpu0/cpufreq/cpuinfo_avg_freq", "800000\n"},
		},
		{{CPUS "/cpu0/cpufreq/cpuinfo_avg_freq", "2700000\n"}},
		"frequency.busy=2700000000"},
	{"events of another machine cannot be opened", &source_frequency, &client,
		{
			{"sys/bus/event_source/devices/msr/type", "9\n"},
			{"sys/bus/event_source/devices/msr/format/event", "config:0-63\n"},
			{"sys/bus/event_source/devices/msr/events/tsc", "event=0x00\n"},
			{"sys/bus/event_source/devices/msr/events/aperf", "event=0x01\n"},
			{"sys/bus/event_source/devices/msr/events/mperf", "event=0x02\n"},
		},
		{{NULL, NULL}}, NULL},
	{"nor can interrupts be counted there", &source_smi, &client,
		{
			{"sys/bus/event_source/devices/msr/type", "9\n"},
			{"sys/bus/event_source/devices/msr/format/event", "config:0-63\n"},
			{"sys/bus/event_source/devices/msr/events/smi", "event=0x04\n"},
		},
		{{NULL, NULL}}, NULL},
};

#define N ARRAY_SIZE(vectors)

struct scene {
	struct tree tree;
	struct machine machine;
	void *state;
	char cgroup[128];
	struct channel_range ranges[128];
	size_t n;
};

static struct scene scenes[N];
static struct measured measured;

static void begin(const struct vector *v, struct scene *s)
{
	struct source_scope scope = {.cpus = all_cpus, .cpus_n = v->topology->n};
	const struct channel *channels;
	int64_t first[ARRAY_SIZE(s->ranges)];

	snprintf(s->cgroup, sizeof s->cgroup, "%s/run", s->tree.path);
	if (access(s->cgroup, F_OK) == 0)
		scope.cgroup = s->cgroup;
	assert_int_equal(v->source->open(&s->state, &s->machine, v->topology, NULL), 0);
	if (v->source->attach != NULL)
		v->source->attach(s->state, &scope, &measured);
	s->n = v->source->channels(s->state, &channels);
	assert_true(s->n < ARRAY_SIZE(s->ranges));
	v->source->read(s->state, first);
	for (size_t c = 0; c < s->n; c++)
		s->ranges[c] = (struct channel_range){first[c], ABSENT, first[c], first[c]};
}

static void end(const struct vector *v, struct scene *s)
{
	_cleanup_buf_ struct buf got = BUF_INIT;
	int64_t last[ARRAY_SIZE(s->ranges)];

	measured_reset(&measured);
	if (s->n > 0)
		v->source->read(s->state, last);
	for (size_t c = 0; c < s->n; c++) {
		struct channel_range *r = &s->ranges[c];
		r->last = last[c];
		if (last[c] != ABSENT && (r->min == ABSENT || last[c] < r->min))
			r->min = last[c];
		if (last[c] != ABSENT && (r->max == ABSENT || last[c] > r->max))
			r->max = last[c];
	}
	if (s->n > 0)
		v->source->results(s->state, s->ranges, NS_PER_S, &measured);
	for (size_t i = 0; i < measured.n; i++)
		buf_addf(&got, "%s%s=%lld", got.len > 0 ? " " : "", measured.metrics[i].name,
			(long long)measured.metrics[i].value);
	for (size_t i = 0; i < measured.flags_n; i++)
		buf_addf(&got, " !%s", measured.flags[i]);
	if (strcmp(got.data, v->want) != 0)
		fail_msg("%s: %s\n  instead of %s", v->title, got.data, v->want);
	if (v->source->detach != NULL)
		v->source->detach(s->state);
	v->source->close(s->state);
}

/* All at once, as some sources repeat what they read within the last second. */
static void test_vectors(void **state)
{
	const struct timespec second = {1, 0};

	(void)state;
	for (size_t i = 0; i < N; i++) {
		struct error why = {0};
		tree_make(&scenes[i].tree);
		tree_write_files(&scenes[i].tree, vectors[i].before);
		tree_open(&scenes[i].tree, &scenes[i].machine);
		int r = vectors[i].source->probe(&scenes[i].machine, &why);
		if ((r == 0) != (vectors[i].want != NULL))
			fail_msg("%s: probe returned %d: %s", vectors[i].title, r, why.text);
		if (r == 0)
			begin(&vectors[i], &scenes[i]);
		tree_write_files(&scenes[i].tree, vectors[i].after);
	}
	nanosleep(&second, NULL);
	for (size_t i = 0; i < N; i++) {
		if (vectors[i].want != NULL)
			end(&vectors[i], &scenes[i]);
		machine_close(&scenes[i].machine);
		tree_remove(&scenes[i].tree);
	}
}

static void test_busy_frequency(void **state)
{
	static const struct {
		uint64_t tsc, aperf, mperf;
		int64_t time_ns, want;
	} table[] = {
		{2000000000, 1500000000, 1000000000, NS_PER_S, 3000000000}, /* turbo */
		{2000000000, 100, 200, NS_PER_S, 1000000000},               /* half, hardly busy */
		{20000000, 7, 7, 10 * NS_PER_MS, 2000000000},
		/* a week of 64 CPUs: nothing overflows */
		{UINT64_C(64) * 604800 * 2000000000 / 64, UINT64_MAX, UINT64_MAX, 604800 * NS_PER_S,
			2000000000},
		{2000000000, 100, 0, NS_PER_S, ABSENT}, /* idle throughout */
		{2000000000, 0, 100, NS_PER_S, ABSENT},
		{2000000000, 1000000, 1, NS_PER_S, ABSENT}, /* no frequency */
		{UINT64_MAX, 1, 1, 1, ABSENT},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		assert_int_equal(frequency_busy_hz(table[i].tsc, table[i].aperf, table[i].mperf,
					 table[i].time_ns),
			table[i].want);
}

static void test_sums(void **state)
{
	(void)state;
	assert_int_equal(sysfs_add(1, 2), 3);
	assert_true(sysfs_add(ABSENT, 5) == ABSENT);
	assert_true(sysfs_add(5, ABSENT) == ABSENT);
	assert_true(sysfs_add(INT64_MAX, 5) == INT64_MAX);
}

/* ---- cpu_time ---- */

/* user nice system idle iowait irq softirq steal guest: guest is in user already */
static void test_cpu_time(void **state)
{
	const int64_t tick_ns = NS_PER_S / sysconf(_SC_CLK_TCK);
	const struct source_scope scope = {0};
	struct tree t;
	struct machine m;
	void *s;
	const struct channel *c;
	int64_t v[8];

	(void)state;
	tree_make(&t);
	tree_write(&t, "proc/stat",
		"cpu  1 2 3 1000 4 5 6 7 1 0\ncpu0 1 2 3 1000 4 5 6 7 1 0\n"
		"cpu1 0 0 1 0 0 0 0 0 0 0\ncpu2 2 0 0 0 0 0 0 0 0 0\ncpu3 0 0 0 5 0 0 0 0 0 0\n"
		"intr 17 0\n");
	tree_open(&t, &m);
	assert_int_equal(source_cpu_time.open(&s, &m, &client, NULL), 0);
	assert_int_equal(source_cpu_time.channels(s, &c), 7);
	assert_string_equal(c[3].name, "cpu.busy.0");
	assert_string_equal(c[6].name, "cpu.busy.3");
	source_cpu_time.read(s, v);
	const int64_t want[] = {17, 4, 7, 17, 1, 2, 0};
	for (size_t i = 0; i < ARRAY_SIZE(want); i++)
		assert_int_equal(v[i], want[i] * tick_ns);
	/* one CPU offline, one cut off */
	tree_write(&t, "proc/stat", "cpu  1 2 3 1 4 5 6 7\ncpu0 1 2 3 4 5 6 7 8\ncpu3 1 1 1 1 1 1");
	source_cpu_time.attach(s, &scope, NULL);
	source_cpu_time.read(s, v);
	assert_int_equal(v[3], (1 + 2 + 3 + 6 + 7) * tick_ns);
	assert_true(v[4] == ABSENT && v[5] == ABSENT && v[6] == ABSENT);
	tree_write(&t, "proc/stat", "cpu  x\n");
	source_cpu_time.attach(s, &scope, NULL);
	source_cpu_time.read(s, v);
	for (size_t i = 0; i < 7; i++)
		assert_true(v[i] == ABSENT);
	source_cpu_time.close(s);
	machine_close(&m);
	tree_remove(&t);
}

/* 2 packages with 40 CPUs each: more than have a channel of their own. */
static void test_cpu_time_of_packages(void **state)
{
	static struct topology_cpu cpus[80];
	const struct topology large = {.cpus = cpus, .n = 80, .packages = 2};
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct tree t;
	struct machine m;
	void *s;
	const struct channel *c;
	int64_t v[5];

	(void)state;
	buf_adds(&text, "cpu  80 0 0 0 0 0 0 0 0 0\n");
	for (int i = 0; i < 80; i++) {
		cpus[i] = (struct topology_cpu){.cpu = i % 40 * 2 + i / 40, .package = i / 40};
		buf_addf(&text, "cpu%d %d 0 0 0 0 0 0 0 0 0\n", i, i % 2 == 0 ? 3 : 1);
	}
	tree_make(&t);
	tree_write(&t, "proc/stat", text.data);
	tree_open(&t, &m);
	assert_int_equal(source_cpu_time.open(&s, &m, &large, NULL), 0);
	assert_int_equal(source_cpu_time.channels(s, &c), 5);
	assert_string_equal(c[4].name, "cpu.busy.package-1");
	source_cpu_time.read(s, v);
	assert_int_equal(v[3], 120 * (NS_PER_S / sysconf(_SC_CLK_TCK)));
	assert_int_equal(v[4], 40 * (NS_PER_S / sysconf(_SC_CLK_TCK)));
	source_cpu_time.close(s);
	machine_close(&m);
	tree_remove(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_busy_frequency),
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_cpu_time),
		cmocka_unit_test(test_cpu_time_of_packages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
