/* What is held of a run's output, and the answers that runs must have in common. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "coordinator/dispatch/answers.h"
#include "coordinator/dispatch/streams.h"
#include <cmocka.h>
#include <errno.h>

static void add(struct streams *s, const char *name, int64_t offset, const char *text)
{
	const struct blob data = {text, strlen(text)};

	streams_add(s, name, offset, &data);
}

static void test_pieces_become_streams(void **state)
{
	struct streams s = {0};
	struct run_output out = {0};

	(void)state;
	streams_begin(&s, 1);
	add(&s, "stdout", 0, "ab");
	add(&s, "file:x", 0, "12");
	add(&s, "stdout", 2, "cd");
	add(&s, "stdout", 2, "cd"); /* sent again */
	add(&s, "stderr", 0, "");
	add(&s, "file:from:y", 0, "");
	assert_string_equal(streams_text(&s, "stdout")->data, "abcd");
	assert_string_equal(streams_text(&s, "file:none")->data, "");
	streams_fill(&s, &out);
	assert_int_equal(out.stdout_len, 4);
	assert_false(out.stdout_has_gap);
	assert_int_equal(out.files_n, 2);
	assert_string_equal(out.files[0].name, "x");
	assert_int_equal(out.files[0].len, 2);
	assert_string_equal(out.files[1].name, "from:y");
	assert_int_equal(out.files[1].len, 0);
	free((void *)(uintptr_t)out.files);
	streams_begin(&s, 1);
	assert_int_equal(s.n, 4);
	streams_begin(&s, 2);
	assert_int_equal(s.n, 0);
	streams_done(&s);
}

static void test_a_missing_piece_is_a_gap(void **state)
{
	struct streams s = {0};
	struct run_output out = {0};

	(void)state;
	add(&s, "stdout", 0, "ab");
	add(&s, "stdout", 3, "d");
	add(&s, "file:x", 1, "2");
	streams_fill(&s, &out);
	assert_true(out.stdout_has_gap);
	assert_int_equal(out.stdout_gap, 2);
	assert_true(out.files[0].has_gap);
	free((void *)(uintptr_t)out.files);
	streams_done(&s);
}

static void test_memory_has_bounds(void **state)
{
	struct streams s = {0};
	char *big = xcalloc(1, STREAMS_MAX_BYTES);
	const struct blob most = {big, STREAMS_MAX_BYTES - 1}, two = {big, 2}, one = {big, 1};

	(void)state;
	streams_add(&s, "stdout", 0, &most);
	streams_add(&s, "stderr", 0, &two);
	assert_int_equal(streams_text(&s, "stderr")->len, 0);
	streams_add(&s, "file:x", 0, &one);
	assert_int_equal(s.bytes, STREAMS_MAX_BYTES);
	streams_add(&s, "file:y", 0, &one);
	assert_int_equal(s.bytes, STREAMS_MAX_BYTES);
	for (int i = 0; i < 2 * STREAMS_MAX_FILES; i++) {
		_cleanup_free_ char *name = xasprintf("file:%d", i);
		add(&s, name, 0, "");
	}
	assert_int_equal(s.n, STREAMS_MAX_FILES + 2);
	streams_done(&s);
	free(big);
}

static void test_names_of_streams(void **state)
{
	static const char *const good[] = {"stdout", "stderr", "file:a", "file:from:/a b"};
	static const char *const bad[] = {"", "file:", "stdin", "File:a", "file"};
	char long_name[STREAMS_MAX_NAME + 2] = "file:";

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_true(streams_is_name(good[i]));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(streams_is_name(bad[i]));
	memset(long_name + 5, 'a', STREAMS_MAX_NAME - 5);
	assert_true(streams_is_name(long_name));
	long_name[STREAMS_MAX_NAME] = 'a';
	assert_false(streams_is_name(long_name));
	_cleanup_free_ char *shown = streams_shown_name("file:from:" MARK_TMP "/a");
	assert_string_equal(shown, "file:from:{tmp}/a");
}

/* ---- answers ---- */

static struct extraction of(struct extracted *e, const char *same_as, const char *text)
{
	*e = (struct extracted){.name = (char *)(uintptr_t) "sum",
		.same_as = (char *)(uintptr_t)same_as,
		.same_text = (char *)(uintptr_t)text};
	return (struct extraction){.items = e, .n = 1};
}

static void test_the_first_answer_is_expected(void **state)
{
	struct answers *a = answers_new();
	struct extracted e;
	struct extraction x;
	struct error err = {0};

	(void)state;
	x = of(&e, NULL, NULL);
	assert_false(answers_are_shared(&x));
	x = of(&e, "nbody size=1", "abc");
	assert_true(answers_are_shared(&x));
	assert_int_equal(answers_check(a, &x, &err), 0);
	answers_add(a, 3, "lab1", &x);
	x = of(&e, "nbody size=1", "abd");
	assert_int_equal(answers_check(a, &x, &err), -EILSEQ);
	assert_string_equal(
		err.text, "sum is 'abd', expected 'abc' as in run 3 on lab1 (nbody size=1)");
	answers_add(a, 4, "lab2", &x); /* changes nothing */
	assert_int_equal(answers_check(a, &x, &err), -EILSEQ);
	x = of(&e, "nbody size=2", "abd");
	assert_int_equal(answers_check(a, &x, &err), 0);
	x = of(&e, "nbody size=1", "abc");
	e.name = (char *)(uintptr_t) "other";
	assert_int_equal(answers_check(a, &x, &err), 0);
	answers_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces_become_streams),
		cmocka_unit_test(test_a_missing_piece_is_a_gap),
		cmocka_unit_test(test_memory_has_bounds),
		cmocka_unit_test(test_names_of_streams),
		cmocka_unit_test(test_the_first_answer_is_expected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
