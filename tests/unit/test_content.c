#include "proto/content.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static char dir[64];

static int shell(const char *format, ...) __attribute__((format(printf, 1, 2)));
static int shell(const char *format, ...)
{
	char command[4096];
	va_list ap;
	va_start(ap, format);
	vsnprintf(command, sizeof command, format, ap);
	va_end(ap);
	return system(command);
}

static int make_dir(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/joulerig-test-content.XXXXXX");
	return mkdtemp(dir) == NULL ? -1 : 0;
}

static int remove_dir(void **state)
{
	(void)state;
	return shell("chmod -R u+w %s; rm -r %s", dir, dir);
}

static struct content_store *open_it(const char *name)
{
	struct error err = {0};
	struct content_store *s = NULL;
	char path[128];
	snprintf(path, sizeof path, "%s/%s", dir, name);
	if (content_open(&s, path, &err) < 0)
		fail_msg("%s", err.text);
	return s;
}

#define HASH "0000000000000000000000000000000000000000000000000000000000000000"

static const struct {
	const char *text;
	size_t n;
} good[] = {
	{"", 0},
	{"f 0644 0 " HASH " a\n", 1},
	{"d 0755 a\nf 0755 12 " HASH " a/b c\nl 3 b c a/l\n", 3},
	{"d 0755 a\nf 0644 1 " HASH " a.b\nf 0644 1 " HASH " a/b\n", 3},
	{"d 0755 a\nd 0755 a/b\nl 7 ../../x a/b/l\n", 3},
};

static const char *const bad[] = {
	"f 0644 0 " HASH " a", /* no newline */
	"\n",
	"x 0644 a\n",
	"f 0644 0 " HASH " /a\n",
	"f 0644 0 " HASH " ../a\n",
	"f 0644 0 " HASH " a/../b\n",
	"f 0644 0 " HASH " ./a\n",
	"f 0644 0 " HASH " \n",
	"f 0644 0 " HASH " a/b\n",                      /* no folder */
	"f 0644 0 " HASH " a\nf 0644 0 " HASH " a/b\n", /* a file as folder */
	"l 1 . a\nf 0644 0 " HASH " a/b\n",             /* a link as folder */
	"f 0644 0 " HASH " b\nf 0644 0 " HASH " a\n",   /* order */
	"f 0644 0 " HASH " a\nf 0644 0 " HASH " a\n",   /* twice */
	"f 4755 0 " HASH " a\n",
	"f 0777 0 " HASH " a\n",
	"f 0644 -1 " HASH " a\n",
	"f 0644 01 " HASH " a\n",
	"f 0644 99999999999999999999 " HASH " a\n",
	"f 0644 0 0123 a\n",
	"f 0644 0 zz00000000000000000000000000000000000000000000000000000000000000 a\n",
	"d 0644 a\n",
	"l 4 /etc a\n",
	"l 2 .. a\n",
	"d 0755 a\nl 8 ../../x a/l\n",
	"l 99 x a\n",
	"l 0  a\n",
	"l 1 x\n",
	"d 0755 a/\n",
	"d 0755 a//b\n",
};

static void test_manifests(void **state)
{
	(void)state;
	struct content_entry *entries;
	struct error err;
	size_t n;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		err = (struct error){0};
		assert_int_equal(content_parse_manifest(
					 good[i].text, strlen(good[i].text), &entries, &n, &err),
			0);
		assert_int_equal(n, good[i].n);
		content_entries_free(entries, n);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		err = (struct error){0};
		if (content_parse_manifest(bad[i], strlen(bad[i]), &entries, &n, &err) == 0)
			fail_msg("taken: %s", bad[i]);
		assert_int_not_equal(err.code, 0);
	}
	assert_true(content_parse_manifest("d 0755 a\0b\n", 11, &entries, &n, NULL) < 0);
}

static void test_bytes(void **state)
{
	(void)state;
	struct content_store *s = open_it("store");
	struct content_hash h, same;
	char out[16];
	assert_int_equal(content_add_bytes(s, "hello", 5, &h, NULL), 0);
	assert_int_equal(content_add_bytes(s, "hello", 5, &same, NULL), 0);
	assert_memory_equal(h.b, same.b, sizeof h.b);
	assert_true(content_has(s, &h));
	assert_int_equal(content_size(s, &h), 5);
	assert_int_equal(content_read(s, &h, 1, out, sizeof out, NULL), 4);
	assert_memory_equal(out, "ello", 4);
	assert_int_equal(content_read(s, &h, 9, out, sizeof out, NULL), 0);
	h.b[0] ^= 1;
	assert_false(content_has(s, &h));
	assert_true(content_read(s, &h, 0, out, sizeof out, NULL) < 0);
	assert_int_equal(content_size(s, &h), -ENOENT);
	content_close(s);
}

static void test_pieces(void **state)
{
	(void)state;
	struct content_store *s = open_it("store");
	struct content_hash h, wrong, empty;
	struct error err = {0};
	content_hash_bytes(&h, "hello world", 11);
	assert_int_equal(content_put(s, &h, 0, 11, "hello", 5, &err), 0);
	assert_int_equal(content_partial_size(s, &h), 5);
	assert_true(content_put(s, &h, 0, 11, "hello", 5, &err) < 0);
	assert_true(content_put(s, &h, 6, 11, "world", 5, &err) < 0);
	assert_true(content_put(s, &h, 5, 11, " world!", 7, &err) < 0);
	assert_true(content_put(s, &h, 5, -1, "", 0, &err) < 0);
	content_close(s); /* resumed by another process */
	s = open_it("store");
	assert_int_equal(content_partial_size(s, &h), 5);
	assert_int_equal(content_put(s, &h, 5, 11, " world", 6, &err), 1);
	assert_true(content_has(s, &h));
	assert_int_equal(content_partial_size(s, &h), 0);
	assert_int_equal(content_put(s, &h, 0, 11, "hello world", 11, &err), 1);

	memset(&wrong, 7, sizeof wrong);
	assert_int_equal(content_put(s, &wrong, 0, 3, "abc", 3, &err), -EILSEQ);
	assert_false(content_has(s, &wrong));
	assert_int_equal(content_partial_size(s, &wrong), 0);

	content_hash_bytes(&empty, "", 0);
	assert_int_equal(content_put(s, &empty, 0, 0, "", 0, &err), 1);
	assert_true(content_has(s, &empty));
	content_close(s);
}

/* A tree from one store to another, content by content, and laid out there. */
static void test_tree_travels(void **state)
{
	(void)state;
	assert_int_equal(shell("mkdir -p %s/in/w/sub/empty %s/in/other %s/out && cd %s/in && "
			       "echo main >w/main.c && printf '#!/bin/sh\\n' >w/run && chmod 755 "
			       "w/run && : >w/nothing && "
			       "echo deep >w/sub/deep && ln -s ../run w/sub/link && head -c 700000 "
			       "/dev/urandom >w/big && "
			       "echo no >other/no && echo yes >other/yes",
				 dir, dir, dir, dir),
		0);
	struct content_store *from = open_it("from"), *to = open_it("to");
	struct content_hash tree, again, missing;
	struct error err = {0};
	char in[128], out[128];
	const char *paths[] = {"./w/", "other/yes", "w/run"};
	snprintf(in, sizeof in, "%s/in", dir);
	snprintf(out, sizeof out, "%s/out", dir);
	if (content_add_tree(from, in, paths, 3, &tree, &err) < 0)
		fail_msg("%s", err.text);
	const char *swapped[] = {"other/yes", "w"};
	assert_int_equal(content_add_tree(from, in, swapped, 2, &again, &err), 0);
	assert_memory_equal(&tree, &again, sizeof tree);
	int fetched = 0, r;
	static char piece[100000];
	while ((r = content_next_missing(to, &tree, &missing, &err)) > 0) {
		int64_t size = content_size(from, &missing), at = 0;
		assert_true(size >= 0);
		do {
			int64_t n = content_read(from, &missing, at, piece, sizeof piece, &err);
			assert_true(
				content_put(to, &missing, at, size, piece, (size_t)n, &err) >= 0);
			at += n;
		} while (at < size);
		fetched++;
	}
	assert_int_equal(r, 0);
	assert_int_equal(fetched, 7); /* the manifest and six different files */
	if (content_lay_out(to, &tree, out, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(
		shell("rm %s/in/other/no && diff -r %s/in %s/out && test -x %s/out/w/run && "
		      "test ! -x %s/out/w/main.c && test $(readlink %s/out/w/sub/link) = ../run",
			dir, dir, dir, dir, dir, dir),
		0);
	assert_int_equal(content_lay_out(to, &tree, out, &err), -EEXIST);
	content_close(from);
	content_close(to);
}

static void test_bad_trees(void **state)
{
	(void)state;
	static const char *const bad_paths[] = {
		"../x", "/etc", "gone", "escape", "absolute", "pipe", "a/../b", "file/x", ""};
	assert_int_equal(shell("mkdir %s/in && cd %s/in && ln -s ../x escape && ln -s /etc "
			       "absolute && mkfifo pipe && "
			       ": >file",
				 dir, dir),
		0);
	struct content_store *s = open_it("store");
	struct content_hash tree;
	char in[128];
	snprintf(in, sizeof in, "%s/in", dir);
	for (size_t i = 0; i < ARRAY_SIZE(bad_paths); i++) {
		struct error err = {0};
		if (content_add_tree(s, in, &bad_paths[i], 1, &tree, &err) == 0)
			fail_msg("taken: %s", bad_paths[i]);
		assert_non_null(strstr(err.text, "files: "));
	}
	content_close(s);
}

/* A file of /proc has another size than what is read of it: as one that is written to meanwhile. */
static void test_file_changes(void **state)
{
	(void)state;
	struct content_store *s = open_it("store");
	struct content_hash hash;
	struct error err = {0};
	int64_t size;
	assert_int_equal(
		content_add_file(s, AT_FDCWD, "/proc/version", &hash, &size, &err), -EAGAIN);
	assert_non_null(strstr(err.text, "/proc/version is being written to"));
	assert_int_equal(shell("test -z \"$(find %s/store -type f)\"", dir), 0);
	content_close(s);
}

static void test_odd_trees(void **state)
{
	(void)state;
	static const char *const all[] = {"."};
	struct content_store *s = open_it("store");
	struct content_hash tree, missing;
	struct error err = {0};
	char in[128], out[128];
	snprintf(in, sizeof in, "%s/in", dir);
	snprintf(out, sizeof out, "%s/out", dir);
	assert_int_equal(
		shell("mkdir -p %s %s/empty/deep '%s/a b' && cd %s && : >'a b/\t\"\\' && "
		      "printf x >$(printf '\\377') && chmod 0600 $(printf '\\377') && ln -s "
		      "nowhere dangling",
			out, in, in, in),
		0);
	if (content_add_tree(s, in, all, 1, &tree, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(content_next_missing(s, &tree, &missing, &err), 0);
	if (content_lay_out(s, &tree, out, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(shell("diff -r --no-dereference %s %s && test -d %s/empty/deep && test "
			       "$(stat -c %%a %s/$(printf '\\377')) = 644",
				 in, out, out, out),
		0);
	assert_int_equal(shell("cd %s && touch \"$(printf 'a b/one\\ntwo')\"", in), 0);
	assert_int_equal(content_add_tree(s, in, all, 1, &tree, &err), -EINVAL);
	assert_string_equal(
		err.text, "files: there is a name with a newline in it, in a b/one; rename it");
	content_close(s);
}

/* What is missing, several at once and each once. */
static void test_list_missing(void **state)
{
	(void)state;
	static const char *const all[] = {"."};
	struct content_store *from = open_it("from"), *to = open_it("to");
	struct content_want want[8];
	struct content_hash tree;
	struct error err = {0};
	char data[8192], in[128];
	snprintf(in, sizeof in, "%s/in", dir);
	assert_int_equal(
		shell("mkdir %s && cd %s && for i in 1 2 3 4 5; do echo $i >$i; done; cp 1 "
		      "6; mkdir d",
			in, in),
		0);
	assert_int_equal(content_add_tree(from, in, all, 1, &tree, &err), 0);
	assert_int_equal(content_list_missing(to, &tree, want, 8, &err), 1);
	assert_int_equal(want[0].size, ABSENT);
	assert_memory_equal(want[0].hash.b, tree.b, sizeof tree.b);
	int64_t n = content_read(from, &tree, 0, data, sizeof data, &err);
	assert_int_equal(content_put(to, &tree, 0, n, data, (size_t)n, &err), 1);
	assert_int_equal(content_list_missing(to, &tree, want, 3, &err), 3);
	assert_int_equal(content_list_missing(to, &tree, want, 8, &err), 5);
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(want[i].size, 2);
		n = content_read(from, &want[i].hash, 0, data, sizeof data, &err);
		assert_int_equal(content_put(to, &want[i].hash, 0, n, data, (size_t)n, &err), 1);
	}
	assert_int_equal(content_list_missing(to, &tree, want, 8, &err), 0);
	content_close(from);
	content_close(to);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_manifests),
		TEST(test_bytes),
		TEST(test_pieces),
		TEST(test_tree_travels),
		TEST(test_bad_trees),
		TEST(test_file_changes),
		TEST(test_odd_trees),
		TEST(test_list_missing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
