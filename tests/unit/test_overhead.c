/*
 * What sampling costs: the request, the interval, the kernel, the file that keeps it
 */
#include "agent/overhead.h"
#include "agent/overhead_kernel.h"
#include "proto/clock.h"
#include "proto/message.h"
#include "tests/unit/tree.h"

#include <errno.h>
#include <math.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_rates(void **state)
{
	static const struct {
		const char *text;
		size_t n;
		int64_t rates[3];
	} good[] = {
		{"10", 1, {10}},
		{"10,100,1000", 3, {10, 100, 1000}},
		{"10000,1", 2, {10000, 1}},
	};
	static const char *const bad[] = {"", ",", "10,", "0", "-1", "10001", "10Hz", " 10", "1e3",
		"10;100", "1,2,3,4,5,6,7,8,9", "99999999999999999999"};
	struct overhead_request r;
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(overhead_parse_rates(good[i].text, &r, &err), 0);
		assert_int_equal(r.rates_n, good[i].n);
		assert_memory_equal(r.rates, good[i].rates, good[i].n * sizeof *r.rates);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		err.text[0] = '\0';
		assert_int_equal(overhead_parse_rates(bad[i], &r, &err), -EINVAL);
		assert_true(err.text[0] != '\0');
	}
}

/* Two-sided 95 %, from tables of Student's t. */
static void test_student(void **state)
{
	static const struct {
		size_t freedom;
		double t;
	} table[] = {{10, 2.2281}, {15, 2.1314}, {19, 2.0930}, {20, 2.0860}, {25, 2.0595},
		{30, 2.0423}, {40, 2.0211}, {60, 2.0003}, {120, 1.9799}, {1000000, 1.9600}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		assert_true(fabs(overhead_student(table[i].freedom) - table[i].t) < 1e-4);
}

/* Ten ratios of 1.01 and ten of 1.03: mean of the logs 0.0197546, standard deviation 0.0100573,
 * half-width 2.0930 * that / sqrt(20). */
static void test_interval(void **state)
{
	double logs[20];
	struct overhead_rate r = {.rate = 10};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(logs); i++)
		logs[i] = log(i % 2 == 0 ? 1.01 : 1.03);
	overhead_interval(&r, logs, ARRAY_SIZE(logs));
	assert_int_equal(r.pairs, 20);
	assert_true(fabs(r.ratio - 1.0199510) < 1e-6);
	assert_true(fabs(r.low - 1.0151615) < 1e-5);
	assert_true(fabs(r.high - 1.0247630) < 1e-5);
}

static void test_interval_of_equals(void **state)
{
	double logs[20] = {0};
	struct overhead_rate r = {0};

	(void)state;
	overhead_interval(&r, logs, ARRAY_SIZE(logs));
	assert_true(r.ratio == 1 && r.low == 1 && r.high == 1);
}

static int first_cpu(void)
{
	cpu_set_t set;
	int cpu = 0;

	sched_getaffinity(0, sizeof set, &set);
	while (!CPU_ISSET(cpu, &set))
		cpu++;
	return cpu;
}

/* A piece is work that was asked for, and takes time accordingly: four times it cannot take less
 * than what the same work took at its fastest. */
static void test_kernel(void **state)
{
	int cpu = first_cpu();
	struct overhead_kernel *k;
	struct error err;
	int64_t fastest[2] = {INT64_MAX, INT64_MAX};

	(void)state;
	assert_int_equal(overhead_kernel_open(&k, &cpu, 1, &err), 0);
	int64_t work = overhead_kernel_work(k, 2 * NS_PER_MS);
	assert_true(work >= 1);
	for (int i = 0; i < 10 || (i < 1000 && fastest[1] <= fastest[0]); i++) {
		for (int j = 0; j < 2; j++) {
			int64_t begun = clock_raw_ns();
			overhead_kernel_go(k, NS_PER_MS, work * (j == 0 ? 1 : 4));
			int64_t time = overhead_kernel_take(k);
			assert_true(time > 0 && time + NS_PER_MS <= clock_raw_ns() - begun);
			fastest[j] = time < fastest[j] ? time : fastest[j];
		}
	}
	assert_true(fastest[1] > fastest[0]);
	overhead_kernel_close(k);
}

/* Two on one CPU must meet, too. */
static void test_kernel_of_two(void **state)
{
	int cpus[2] = {first_cpu(), first_cpu()};
	struct overhead_kernel *k;
	struct error err;

	(void)state;
	assert_int_equal(overhead_kernel_open(&k, cpus, 2, &err), 0);
	overhead_kernel_go(k, 0, 10);
	assert_true(overhead_kernel_take(k) > 0);
	overhead_kernel_close(k);
}

static void test_kernel_without_cpu(void **state)
{
	int cpus[2] = {first_cpu(), 8191};
	struct overhead_kernel *k;
	struct error err = {0};

	(void)state;
	assert_true(overhead_kernel_open(&k, cpus, 2, &err) < 0);
	assert_null(k);
	assert_non_null(strstr(err.text, "8191"));
}

static void measure_in(const char *root, int64_t time_ns, int code, const char *words)
{
	struct overhead_request r = {.time_ns = time_ns, .rates = {1000}, .rates_n = 1, .seed = 1};
	struct error err = {0};
	struct topology t = {0};
	struct machine m;
	struct overhead o;

	assert_int_equal(machine_open(&m, root, NULL), 0);
	assert_int_equal(overhead_measure(&o, &m, &t, NULL, &r, &err), code);
	assert_non_null(strstr(err.text, words));
	machine_close(&m);
}

static void test_refused(void **state)
{
	struct tree tree;

	(void)state;
	tree_make(&tree);
	measure_in(tree.path, 10 * NS_PER_S, -ENOTSUP, "not this machine's");
	measure_in("/", NS_PER_S, -EINVAL, "20 pairs");
	tree_remove(&tree);
}

/* The whole of it, at fast rates. What it costs is the machine's; what must hold is that it is all
 * there and in order. */
static void test_measure(void **state)
{
	struct overhead_request r = {.rates = {500, 1000}, .rates_n = 2, .seed = 7};
	struct error err = {0};
	struct machine m;
	struct topology t;
	struct overhead o;

	(void)state;
	r.time_ns = overhead_shortest_ns(&r);
	assert_int_equal(machine_open(&m, "/", &err), 0);
	assert_int_equal(topology_load(&t, &m, &err), 0);
	assert_int_equal(overhead_measure(&o, &m, &t, NULL, &r, &err), 0);
	assert_int_equal(o.rates_n, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct overhead_rate *x = &o.rates[i];
		assert_int_equal(x->rate, r.rates[i]);
		assert_int_equal(x->pairs, OVERHEAD_PAIRS);
		assert_true(x->low <= x->ratio && x->ratio <= x->high && x->low > 0);
		assert_true(x->sample_us > 0 && x->cpu > 0);
		assert_true(fabs(x->cpu - x->sample_us * 1e-6 * (double)x->rate) < 1e-9);
	}
	overhead_done(&o);
	topology_done(&t);
	machine_close(&m);
}

static json_t *example(const char *fingerprint)
{
	char cpus[] = "1-3";
	const struct overhead_request r = {.seed = 42};
	const struct overhead o = {.measured_at = 1700000000 * NS_PER_S,
		.cpus = cpus,
		.rates = {{10, 20, 1.0003, 1.0001, 1.0005, 0.0004, 40.5},
			{1000, 100, 1.004, 1.002, 1.006, NAN, NAN}},
		.rates_n = 2};

	return overhead_json(&o, &r, "6.1.0", fingerprint);
}

static void test_json(void **state)
{
	json_t *got = example("00ff"),
	       *want = json_loads("{\"10\": {\"ratio\": 1.0003, \"low\": 1.0001, \"high\": 1.0005, "
				  "\"cpu\": 0.0004, \"sample_us\": 40.5, \"pairs\": 20}, "
				  "\"1000\": {\"ratio\": 1.004, \"low\": 1.002, \"high\": 1.006, "
				  "\"cpu\": null, \"sample_us\": null, \"pairs\": 100}, "
				  "\"measured_at\": \"2023-11-14T22:13:20.000Z\", \"agent\": "
				  "\"" JOULERIG_VERSION "\", \"kernel\": \"6.1.0\", "
				  "\"fingerprint\": \"00ff\", \"cpus\": \"1-3\", \"shared_cpu\": "
				  "false, \"seed\": 42}",
		       0, NULL);
	char *text = json_dumps(got, JSON_REAL_PRECISION(15));
	json_t *read = json_loads(text, 0, NULL);

	(void)state;
	assert_non_null(want);
	char *wanted = json_dumps(want, JSON_SORT_KEYS | JSON_REAL_PRECISION(12));
	char *found = json_dumps(read, JSON_SORT_KEYS | JSON_REAL_PRECISION(12));
	assert_string_equal(found, wanted);
	free(wanted);
	free(found);
	free(text);
	json_decref(read);
	json_decref(got);
	json_decref(want);
}

static void test_kept(void **state)
{
	struct tree tree;
	struct error err = {0};
	json_t *j = example("00ff");

	(void)state;
	tree_make(&tree);
	_cleanup_free_ char *dir = xasprintf("%s/a/state", tree.path);
	assert_null(overhead_load(dir, "00ff"));
	assert_int_equal(overhead_save(dir, j, &err), 0);
	assert_int_equal(overhead_save(dir, j, &err), 0);
	json_t *back = overhead_load(dir, "00ff");
	assert_non_null(json_object_get(back, "10"));
	json_decref(back);
	assert_null(overhead_load(dir, "00fe"));
	_cleanup_free_ char *left = xasprintf("%s/overhead.json.new", dir);
	assert_int_not_equal(access(left, F_OK), 0);
	json_decref(j);
	tree_remove(&tree);
}

static void test_not_kept(void **state)
{
	static const char *const files[] = {"", "{", "[]", "null", "1", "{}",
		"{\"fingerprint\": 7}", "{\"fingerprint\": \"00ff\", \"fingerprint\": \"00ff\"}",
		"{\"fingerprint\": \"00ff\"} x"};
	struct tree tree;
	struct error err = {0};
	json_t *j = example("00ff");

	(void)state;
	tree_make(&tree);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		tree_write(&tree, "overhead.json", files[i]);
		assert_null(overhead_load(tree.path, "00ff"));
	}
	_cleanup_free_ char *dir = xasprintf("%s/overhead.json", tree.path);
	assert_true(overhead_save(dir, j, &err) < 0);
	assert_non_null(strstr(err.text, dir));
	json_decref(j);
	tree_remove(&tree);
}

static void assert_added(const char *inventory, const char *state, const char *want)
{
	char *got = overhead_add(xstrdup(inventory), state);

	assert_string_equal(got, want);
	free(got);
}

static void test_inventory(void **state)
{
	struct tree tree;

	(void)state;
	tree_make(&tree);
	assert_added(
		"{\"fingerprint\":\"a\"}", tree.path, "{\"fingerprint\":\"a\",\"overhead\":null}");
	tree_write(&tree, "overhead.json", "{\"fingerprint\": \"a\"}");
	assert_added("{\"fingerprint\":\"a\"}", tree.path,
		"{\"fingerprint\":\"a\",\"overhead\":{\"fingerprint\":\"a\"}}");
	assert_added(
		"{\"fingerprint\":\"b\"}", tree.path, "{\"fingerprint\":\"b\",\"overhead\":null}");
	assert_added("no inventory", tree.path, "no inventory");
	tree_remove(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rates),
		cmocka_unit_test(test_student),
		cmocka_unit_test(test_interval),
		cmocka_unit_test(test_interval_of_equals),
		cmocka_unit_test(test_kernel),
		cmocka_unit_test(test_kernel_of_two),
		cmocka_unit_test(test_kernel_without_cpu),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_measure),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_not_kept),
		cmocka_unit_test(test_inventory),
	};

	return cmocka_run_group_tests_name("overhead", tests, NULL, NULL);
}
