/* base.c and error.c */
#include "proto/base.h"
#include "proto/error.h"
#include "proto/message.h"
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cmocka.h>

static char dir[64];

static int make_dir(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/joulerig-unit.XXXXXX");
	return mkdtemp(dir) == NULL ? -1 : 0;
}

static int remove_dir(void **state)
{
	(void)state;
	return remove_tree(dir);
}

static void write_file(const char *path, size_t len)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT, 0600);

	assert_true(fd >= 0);
	for (size_t i = 0; i < len; i++)
		assert_int_equal(write(fd, "x", 1), 1);
}

static void test_buf(void **state)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	char *taken;

	(void)state;
	assert_string_equal(b.data, "");
	buf_add(&b, NULL, 0);
	assert_int_equal(b.size, 0);
	for (int i = 0; i < 1000; i++) {
		buf_addf(&b, "%d,", i);
		assert_int_equal(b.data[b.len], '\0');
		assert_int_equal(strlen(b.data), b.len);
	}
	assert_true(strncmp(b.data, "0,1,2,", 6) == 0);
	buf_reset(&b);
	assert_string_equal(b.data, "");
	buf_add(&b, "a\0b", 3);
	buf_addc(&b, 'c');
	buf_adds(&b, "de");
	assert_int_equal(b.len, 6);
	assert_memory_equal(b.data, "a\0bcde", 7);
	taken = buf_take(&b);
	assert_int_equal(b.len, 0);
	assert_string_equal(b.data, "");
	free(taken);
	taken = buf_take(&b); /* of an empty one, too, it is the caller's */
	assert_string_equal(taken, "");
	free(taken);
	buf_done(&b);
	buf_reset(&b);
	buf_adds(&b, "again");
	assert_string_equal(b.data, "again");
}

static void test_read_file(void **state)
{
	_cleanup_free_ char *path = xasprintf("%s/file", dir);
	_cleanup_buf_ struct buf b = BUF_INIT;

	(void)state;
	write_file(path, 5000);
	buf_adds(&b, "before:");
	assert_int_equal(buf_read_file(&b, AT_FDCWD, path, 5000), 0);
	assert_int_equal(b.len, 5007);
	buf_reset(&b);
	assert_int_equal(buf_read_file(&b, AT_FDCWD, path, 4999), -EFBIG);
	buf_reset(&b);
	assert_int_equal(buf_read_file(&b, AT_FDCWD, "/nowhere/at/all", 10), -ENOENT);
	assert_int_equal(buf_read_file(&b, AT_FDCWD, dir, 10), -EISDIR);
}

static void test_remove_tree(void **state)
{
	_cleanup_free_ char *top = xasprintf("%s/top", dir), *sub = xasprintf("%s/top/sub", dir);
	_cleanup_free_ char *file = xasprintf("%s/top/sub/file", dir),
			    *kept = xasprintf("%s/kept", dir);
	_cleanup_free_ char *away = xasprintf("%s/top/link", dir);

	(void)state;
	assert_int_equal(mkdir(top, 0700), 0);
	assert_int_equal(mkdir(sub, 0700), 0);
	write_file(file, 3);
	write_file(kept, 3);
	assert_int_equal(symlink(dir, away), 0);
	assert_int_equal(chmod(sub, 0), 0);
	assert_int_equal(remove_tree(top), 0);
	assert_int_not_equal(access(top, F_OK), 0);
	assert_int_equal(access(kept, F_OK), 0); /* the link was removed, not followed */
	assert_int_equal(remove_tree(top), 0);
}

static void test_hex(void **state)
{
	static const char *const bad[] = {
		"", "0", "00ff1", "00ff12a", "00ff12ab0", "00ff1g", "00 f1a", "0x00f1", "00ff1 "};
	uint8_t bytes[3];
	char text[7];

	(void)state;
	assert_string_equal(hex_encode(text, "\x00\xff\x1a", 3), "00ff1a");
	assert_true(hex_decode(bytes, 3, "00ff1a"));
	assert_memory_equal(bytes, "\x00\xff\x1a", 3);
	assert_true(hex_decode(bytes, 3, "00FF1A"));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(hex_decode(bytes, 3, bad[i]));
}

static void test_nearest_word(void **state)
{
	static const char *const words[] = {
		"benchmarks", NULL, "matrix", "measure", "repeat", "on", "limits"};
	static const struct {
		const char *word, *want;
	} v[] = {
		{"benchmark", "benchmarks"},
		{"bnechmarks", "benchmarks"},
		{"matrx", "matrix"},
		{"matirx", "matrix"},
		{"measrue", "measure"},
		{"om", "on"},
		{"limit", "limits"},
		{"bench", "benchmarks"}, /* cut short */
		{"mat", "matrix"},
		{"me", NULL}, /* two letters say nothing */
		{"repetitions", NULL},
		{"zzz", NULL},
		{"", NULL},
		{"q", NULL},
		{"a-word-of-more-than-sixty-three-letters-is-far-from-everything-that-there-is",
			NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		const char *got = nearest_word(v[i].word, words, ARRAY_SIZE(words));
		if ((got == NULL) != (v[i].want == NULL) ||
			(got != NULL && strcmp(got, v[i].want) != 0))
			fail_msg("'%s' is nearest to '%s', not to '%s'", v[i].word,
				got ? got : "nothing", v[i].want ? v[i].want : "nothing");
	}
	assert_null(nearest_word("a", words, 0));
}

static void test_id16(void **state)
{
	struct id16 a = id16_random(), b = id16_random();

	(void)state;
	assert_true(id16_equal(&a, &a));
	assert_false(id16_equal(&a, &b));
}

static void test_error(void **state)
{
	struct error e = {0};
	char *longer = xcalloc(1, 5000);

	(void)state;
	assert_int_equal(error_exit_status(&e), EXIT_OK);
	assert_int_equal(error_set(&e, -EIO, "file %d", 7), -EIO);
	assert_string_equal(e.text, "file 7");
	assert_int_equal(error_wrap(&e, "store %s", "x.db"), -EIO);
	assert_string_equal(e.text, "store x.db: file 7");
	errno = ENOENT;
	assert_int_equal(error_errno(&e, "/x"), -ENOENT);
	assert_string_equal(e.text, "/x: No such file or directory");
	assert_int_equal(error_set(&e, ERR_UNAVAILABLE, "%s", e.text), ERR_UNAVAILABLE);
	assert_string_equal(e.text, "/x: No such file or directory");
	assert_int_equal(error_set(NULL, -EIO, "nobody listens"), -EIO);
	assert_int_equal(error_wrap(NULL, "nobody"), ERR_INTERNAL);
	memset(longer, 'a', 4999);
	error_set(&e, -EIO, "%s", longer);
	error_wrap(&e, "%s", longer);
	assert_true(strlen(e.text) < sizeof e.text);
	free(longer);
}

static void test_exit_status(void **state)
{
	static const struct {
		int code;
		enum exit_status status;
	} v[] = {{0, EXIT_OK}, {ERR_USAGE, EXIT_USAGE}, {ERR_CAMPAIGN, EXIT_USAGE},
		{ERR_UNAVAILABLE, EXIT_UNAVAILABLE}, {ERR_REFUSED, EXIT_UNAVAILABLE},
		{-EINTR, EXIT_INTERRUPTED}, {ERR_INTERNAL, EXIT_INTERNAL},
		{ERR_PROTOCOL, EXIT_INTERNAL}, {-EIO, EXIT_INTERNAL}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		struct error e = {.code = v[i].code};
		assert_int_equal(error_exit_status(&e), v[i].status);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_buf),
		cmocka_unit_test(test_read_file),
		cmocka_unit_test(test_remove_tree),
		cmocka_unit_test(test_hex),
		cmocka_unit_test(test_nearest_word),
		cmocka_unit_test(test_id16),
		cmocka_unit_test(test_error),
		cmocka_unit_test(test_exit_status),
	};

	return cmocka_run_group_tests_name("base", tests, make_dir, remove_dir);
}
