#include "agent/output.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct vector {
	int64_t limit;
	const char *pieces[8];
	const char *kept;
	size_t head;
	int64_t total;
};

static const struct vector vectors[] = {
	{10, {NULL}, "", 0, 0},
	{10, {"abc"}, "abc", 3, 3},
	{10, {"abcde", "fghij"}, "abcdefghij", 10, 10},
	{10, {"abcdefghijk"}, "abcdeghijk", 5, 11},
	{10, {"abcdefghij", "k", "l", "m"}, "abcdeijklm", 5, 13},
	{10, {"abc", "defghijklmnop", "qrs"}, "abcdeopqrs", 5, 19},
	{10, {"abcdefg", "hijklmnopqrstuvwxyz", "0", "123456"}, "abcde23456", 5, 33},
	{3, {"abcdef"}, "aef", 1, 6},
	{1, {"abcdef"}, "f", 0, 6},
	{0, {"abcdef"}, "", 0, 6},
	{-1, {"abc"}, "", 0, 3},
};

static void test_head_and_tail(void **state)
{
	(void)state;
	struct output o = {0};
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		const struct vector *v = &vectors[i];
		_cleanup_buf_ struct buf kept = BUF_INIT;
		output_reset(&o, v->limit);
		for (size_t j = 0; v->pieces[j] != NULL; j++)
			output_add(&o, v->pieces[j], strlen(v->pieces[j]));
		output_copy(&o, &kept);
		assert_string_equal(kept.data, v->kept);
		assert_int_equal(output_kept(&o), strlen(v->kept));
		assert_int_equal(output_head(&o), v->head);
		assert_int_equal(o.total, v->total);
	}
	output_done(&o);
}

/* The same bytes in any pieces give the same; checked against the plain definition. */
static void test_any_pieces(void **state)
{
	(void)state;
	struct output o = {0};
	char text[5000];
	unsigned seed = 1;
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)('a' + i % 23);
	for (int round = 0; round < 200; round++) {
		size_t limit = (size_t)rand_r(&seed) % 700,
		       len = (size_t)rand_r(&seed) % sizeof text;
		_cleanup_buf_ struct buf kept = BUF_INIT;
		output_reset(&o, (int64_t)limit);
		for (size_t at = 0; at < len;) {
			size_t n = (size_t)rand_r(&seed) % 900;
			n = n < len - at ? n : len - at;
			output_add(&o, text + at, n);
			at += n;
		}
		output_copy(&o, &kept);
		if (len <= limit) {
			assert_int_equal(kept.len, len);
			assert_memory_equal(kept.data, text, len);
		} else {
			size_t head = limit / 2;
			assert_int_equal(kept.len, limit);
			assert_memory_equal(kept.data, text, head);
			assert_memory_equal(
				kept.data + head, text + len - (limit - head), limit - head);
		}
	}
	output_done(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_head_and_tail),
		cmocka_unit_test(test_any_pieces),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
