#include "coordinator/analysis/parameters.h"
#include "coordinator/analysis/samples.h"
#include "coordinator/analysis/summary.h"
#include <math.h>
#include <msgpack.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define CLOSE(a, b) assert_true(fabs((a) - (b)) <= 1e-12 * fabs((double)(b)))

/*
 * Ranks k and n + 1 - k of the interval at 95 %, from 2^-n and sums of binomial coefficients by
 * hand: n = 6 has 1 - 2/64 = 96.875 %, n = 10 1 - 2 (1 + 10)/1024 = 97.85 %; at n = 9 k = 2 has 1 -
 * 2 (1 + 9)/512 = 96.09 %; at n = 8 k = 2 would have 1 - 2 (1 + 8)/256 = 92.97 %, so k = 1. n = 30,
 * k = 10: 1 - 2 x 0.02139 = 95.72 % (the usual table).
 */
static void test_interval_ranks(void **state)
{
	static const struct {
		size_t n, low, high; /* ranks from 1; 0: no interval */
	} vectors[] = {
		{1, 0, 0},
		{2, 0, 0},
		{5, 0, 0},
		{6, 1, 6},
		{7, 1, 7},
		{8, 1, 8},
		{9, 2, 8},
		{10, 2, 9},
		{12, 3, 10},
		{15, 4, 12},
		{20, 6, 15},
		{25, 8, 18},
		{30, 10, 21},
	};

	(void)state;
	for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
		double values[32];
		struct summary s;
		/* Descending: the summary has to sort. */
		for (size_t k = 0; k < vectors[i].n; k++)
			values[k] = (double)(vectors[i].n - k);
		summary_of(values, vectors[i].n, 0.95, &s);
		assert_int_equal(s.n, vectors[i].n);
		assert_int_equal(s.has_interval, vectors[i].low != 0);
		CLOSE(s.median, ((double)vectors[i].n + 1) / 2);
		CLOSE(s.mean, ((double)vectors[i].n + 1) / 2);
		if (vectors[i].low != 0) {
			CLOSE(s.low, (double)vectors[i].low);
			CLOSE(s.high, (double)vectors[i].high);
		}
	}
}

static void test_nothing_gives_nothing(void **state)
{
	struct summary s;

	(void)state;
	summary_of(NULL, 0, 0.95, &s);
	assert_int_equal(s.n, 0);
	assert_false(s.has_interval);
}

/* Quartiles of 1..9 are 3 and 7, three times their distance is 12: -9 and 19 are just no outliers.
 */
static void test_outliers(void **state)
{
	double inside[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
	double same[] = {2, 2, 2, 2, 2, 2, 2};
	double one_off[] = {2, 2, 2, 2, 2, 2, 2, 2.1};
	double far[] = {1, 2, 3, 4, 5, 6, 7, 8, 19.5};
	struct summary s;

	(void)state;
	summary_of(inside, 9, 0.95, &s);
	assert_int_equal(s.outliers, 0);
	summary_of(same, 7, 0.95, &s);
	assert_int_equal(s.outliers, 0);
	summary_of(one_off, 8, 0.95, &s);
	assert_int_equal(s.outliers, 1);
	summary_of(far, 9, 0.95, &s);
	assert_int_equal(s.outliers, 1);
	assert_int_equal(s.n, 9); /* kept */
}

static void test_ratio(void **state)
{
	static const double two[] = {2, 8}, one[] = {1, 2}, bad[] = {1, 0}, negative[] = {1, -1};

	(void)state;
	CLOSE(ratio_paired(two, one, 2), sqrt(8)); /* sqrt(2 x 4) */
	CLOSE(ratio_paired(one, one, 2), 1);
	CLOSE(ratio_paired(one, two, 1), 0.5);
	assert_true(isnan(ratio_paired(one, two, 0)));
	assert_true(isnan(ratio_paired(bad, two, 2)));
	assert_true(isnan(ratio_paired(two, negative, 2)));
}

/* ---- parameters ---- */

static void test_parameters_keep_what_was_written(void **state)
{
	struct parameters p;
	struct buf b = BUF_INIT;
	static const char *const skipped[] = {"n"};

	(void)state;
	assert_true(parameters_parse(&p,
		" { \"threads\" : 2, \"x\":1.50 ,\"s\":\"a, \\\"b\\\": {\\u00e9\", \"on\":true,"
		"\"n\":null,\"list\":[1,{\"k\":\"]\"}],\"e\":1e3}"));
	assert_int_equal(p.n, 7);
	assert_string_equal(parameters_get(&p, "x"), "1.50");
	assert_string_equal(parameters_get(&p, "s"), "a, \"b\": {é");
	assert_string_equal(parameters_get(&p, "on"), "true");
	assert_string_equal(parameters_get(&p, "list"), "[1,{\"k\":\"]\"}]");
	assert_string_equal(parameters_get(&p, "e"), "1e3");
	assert_null(parameters_get(&p, "y"));
	parameters_format(&p, skipped, 1, &b);
	assert_non_null(strstr(b.data, "threads=2 x=1.50 s=a"));
	assert_null(strstr(b.data, "n=null"));
	buf_done(&b);
	parameters_done(&p);
	assert_true(parameters_parse(&p, "{}"));
	assert_int_equal(p.n, 0);
	parameters_done(&p);
}

static void test_what_is_no_object_has_no_parameters(void **state)
{
	static const char *const vectors[] = {
		NULL, "", "[]", "1", "{", "{\"a\":}", "{\"a\" 1}", "{\"a\":1}x"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct parameters p;
		assert_false(parameters_parse(&p, vectors[i]));
		assert_int_equal(p.n, 0);
		parameters_done(&p);
	}
}

/* ---- samples ---- */

/* [1, 3, [["energy.package-0","uJ","counter"],["temperature","m°C","gauge"]], 1000, [10, 11],
 * [[5,1,2],[40,nil,-3]]] */
static const uint8_t chunk[] = "\x96\x01\x03\x92\x93\xb0"
			       "energy.package-0"
			       "\xa2uJ\xa7"
			       "counter"
			       "\x93\xab"
			       "temperature"
			       "\xa4m\xc2\xb0"
			       "C\xa5gauge"
			       "\xcd\x03\xe8\x92\x0a\x0b\x92\x93\x05\x01\x02\x93\x28\xc0\xfd";

static void test_samples_decode(void **state)
{
	struct samples s;
	struct error err = {0};

	(void)state;
	if (samples_decode(&s, chunk, sizeof chunk - 1, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(s.n, 3);
	assert_int_equal(s.channels_n, 2);
	assert_string_equal(s.channels[0].name, "energy.package-0");
	assert_true(s.channels[0].is_counter);
	assert_false(s.channels[1].is_counter);
	assert_string_equal(s.channels[1].unit, "m°C");
	assert_int_equal(s.times[2], 1021);
	static const int64_t values[] = {5, 40, 6, ABSENT, 8, 37};
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		assert_int_equal(s.values[i], values[i]);
	samples_done(&s);
}

/* Every truncation and every changed byte is either refused or decodes to something bounded;
 * nothing is read beyond. */
static void test_damaged_samples_are_refused(void **state)
{
	struct samples s;
	struct error err;

	(void)state;
	for (size_t len = 0; len < sizeof chunk - 1; len++) {
		uint8_t *copy = xmalloc(len + 1);
		memcpy(copy, chunk, len);
		assert_int_equal(samples_decode(&s, copy, len, &err), ERR_PROTOCOL);
		free(copy);
	}
	for (size_t at = 0; at < sizeof chunk - 1; at++) {
		for (int value = 0; value < 256; value++) {
			uint8_t copy[sizeof chunk - 1];
			memcpy(copy, chunk, sizeof copy);
			copy[at] = (uint8_t)value;
			if (samples_decode(&s, copy, sizeof copy, &err) == 0)
				samples_done(&s);
		}
	}
}

/* Sums of deltas that leave int64, and numbers of samples without samples. */
static void test_impossible_samples_are_refused(void **state)
{
	static const struct {
		const char *data;
		size_t len;
	} vectors[] = {
#define CHUNK(text) {text, sizeof text - 1}
		CHUNK("\x96\x02\x00\x90\x00\x90\x90"),                 /* version 2 */
		CHUNK("\x96\x01\xce\xff\xff\xff\xff\x90\x00\x90\x90"), /* many
									* samples,
									* none there
									*/
		CHUNK("\x96\x01\xff\x90\x00\x90\x90"),                 /* -1 samples */
		CHUNK("\x96\x01\x02\x90\xcf\x7f\xff\xff\xff\xff\xff\xff\xff\x91\x01"
		      "\x90"), /* time
				  overflows
				*/
		CHUNK("\x96\x01\x01\x91\x93\xa1"
		      "a\xa1"
		      "1\xa5gauge\x00\x90\x91\x91\xcf\xff\xff\xff\xff\xff\xff\xff"
		      "\xff"),
		CHUNK("\x96\x01\x01\x91\x93\xa1"
		      "a\xa1"
		      "1\xa5gauge\x00\x90\x91\x91\xa1x"),
		CHUNK("\x96\x01\x01\x91\x93\xa2"
		      "a\0\xa1"
		      "1\xa5gauge\x00\x90\x91\x91\x01"), /* NUL in a name */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct samples s;
		struct error err = {0};
		assert_int_equal(
			samples_decode(&s, vectors[i].data, vectors[i].len, &err), ERR_PROTOCOL);
		assert_non_null(strstr(err.text, "samples"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_interval_ranks),
		cmocka_unit_test(test_nothing_gives_nothing),
		cmocka_unit_test(test_outliers),
		cmocka_unit_test(test_ratio),
		cmocka_unit_test(test_parameters_keep_what_was_written),
		cmocka_unit_test(test_what_is_no_object_has_no_parameters),
		cmocka_unit_test(test_samples_decode),
		cmocka_unit_test(test_damaged_samples_are_refused),
		cmocka_unit_test(test_impossible_samples_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
