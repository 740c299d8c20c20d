#include "agent/spool.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cmocka.h>

static char dir[] = "/tmp/joulerig-test-spool.XXXXXX";

static int make_dir(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/joulerig-test-spool.XXXXXX");
	return mkdtemp(dir) == NULL ? -1 : 0;
}

static int remove_dir(void **state)
{
	char command[128];
	(void)state;
	snprintf(command, sizeof command, "rm -r %s", dir);
	return system(command);
}

static struct attempt_id id_of(int64_t run)
{
	return (struct attempt_id){.campaign = {{1, 2, 3}}, .run = run, .attempt = 1};
}

static struct spool *open_it(void)
{
	struct error err = {0};
	struct spool *s = NULL;
	if (spool_open(&s, dir, &err) < 0)
		fail_msg("%s", err.text);
	return s;
}

static void add(struct spool *s, int64_t run, size_t len)
{
	struct error err = {0};
	struct attempt_id id = id_of(run);
	_cleanup_free_ char *data = xmalloc(len + 1);
	memset(data, (int)('a' + run % 26), len);
	if (spool_add(s, &id, data, len, &err) < 0)
		fail_msg("%s", err.text);
}

static void check(struct spool *s, int64_t run, size_t len)
{
	struct attempt_id id = id_of(run);
	_cleanup_buf_ struct buf b = BUF_INIT;
	assert_int_equal(spool_read(s, &id, &b, NULL), 0);
	assert_int_equal(b.len, len);
	for (size_t i = 0; i < len; i++)
		assert_int_equal(b.data[i], 'a' + run % 26);
}

static bool drop(struct spool *s, int64_t run)
{
	struct attempt_id id = id_of(run);
	return spool_drop(s, &id);
}

static int files_in(void)
{
	char command[128];
	int n = -1;
	snprintf(command, sizeof command, "ls %s | wc -l", dir);
	FILE *f = popen(command, "r");
	if (f != NULL && fscanf(f, "%d", &n) != 1)
		n = -1;
	if (f != NULL)
		pclose(f);
	return n;
}

static void test_add_read_drop(void **state)
{
	(void)state;
	struct spool *s = open_it();
	add(s, 1, 100);
	add(s, 2, 0);
	add(s, 3, 70001);
	assert_int_equal(spool_count(s), 3);
	check(s, 1, 100);
	check(s, 2, 0);
	check(s, 3, 70001);
	assert_true(drop(s, 2));
	assert_false(drop(s, 2));
	assert_false(spool_has(s, &(struct attempt_id){.run = 2}));
	assert_int_equal(spool_at(s, 1)->run, 3);
	assert_null(spool_at(s, 2));
	spool_close(s);
}

/* What may be there where a write of start_over() failed: two whole records of one attempt. */
static void test_recovers_doubles(void **state)
{
	(void)state;
	char path[128], record[64 + 104];
	struct spool *s = open_it();
	for (int i = 1; i <= 3; i++)
		add(s, i, 100);
	spool_close(s);
	snprintf(path, sizeof path, "%s/00000001.seg", dir);
	int fd = open(path, O_RDWR);
	assert_int_equal(pread(fd, record, sizeof record, 0), sizeof record);
	assert_int_equal(pwrite(fd, record, sizeof record, sizeof record), sizeof record);
	close(fd);
	s = open_it();
	assert_int_equal(spool_count(s), 2);
	check(s, 1, 100);
	check(s, 3, 100);
	add(s, 4, 100);
	check(s, 3, 100);
	spool_close(s);
}

static void test_recovers(void **state)
{
	(void)state;
	struct spool *s = open_it();
	for (int i = 1; i <= 20; i++)
		add(s, i, (size_t)i * 37);
	spool_close(s);
	s = open_it();
	assert_int_equal(spool_count(s), 20);
	for (int i = 1; i <= 20; i++) {
		check(s, i, (size_t)i * 37);
		assert_int_equal(spool_at(s, (size_t)i - 1)->run, i);
	}
	/* What follows comes behind what was recovered. */
	add(s, 21, 50);
	spool_close(s);
	s = open_it();
	assert_int_equal(spool_count(s), 21);
	check(s, 20, 740);
	check(s, 21, 50);
	spool_close(s);
}

static void test_acknowledged_ones_do_not_come_back(void **state)
{
	(void)state;
	struct spool *s = open_it();
	for (int i = 1; i <= 50; i++) {
		add(s, i, 200);
		if (i > 1)
			drop(s, i - 1);
	}
	drop(s, 50);
	assert_int_equal(spool_count(s), 0);
	spool_close(s);
	s = open_it();
	assert_int_equal(spool_count(s), 0);
	/* The old records that lie behind a new first one are of another generation. */
	add(s, 51, 200);
	spool_close(s);
	s = open_it();
	assert_int_equal(spool_count(s), 1);
	check(s, 51, 200);
	spool_close(s);
}

static void test_rotates(void **state)
{
	(void)state;
	struct spool *s = open_it();
	for (int i = 1; i <= 10; i++)
		add(s, i, 1000000);
	assert_int_equal(files_in(), 3);
	add(s, 11, 6000000); /* larger than a segment */
	check(s, 11, 6000000);
	for (int i = 1; i <= 10; i++) {
		check(s, i, 1000000);
		drop(s, i);
	}
	assert_int_equal(files_in(), 1);
	spool_close(s);
	s = open_it();
	assert_int_equal(spool_count(s), 1);
	check(s, 11, 6000000);
	drop(s, 11);
	for (int i = 12; i < 200; i++) {
		add(s, i, 100000);
		drop(s, i);
	}
	assert_int_equal(files_in(), 1);
	spool_close(s);
}

/* Any byte of the last record that is wrong takes that record away, and no other. */
static void test_torn_record_is_left_out(void **state)
{
	(void)state;
	char path[128];
	snprintf(path, sizeof path, "%s/00000001.seg", dir);
	for (off_t at = 0; at < 64 + 40; at++) {
		struct spool *s = open_it();
		add(s, 1, 40);
		add(s, 2, 40);
		spool_close(s);
		int fd = open(path, O_RDWR);
		char byte;
		assert_int_equal(pread(fd, &byte, 1, 104 + at), 1);
		byte = (char)(byte ^ 1);
		assert_int_equal(pwrite(fd, &byte, 1, 104 + at), 1);
		close(fd);
		s = open_it();
		assert_int_equal(spool_count(s), 1);
		check(s, 1, 40);
		add(s, 3, 40);
		spool_close(s);
		s = open_it();
		assert_int_equal(spool_count(s), 2);
		drop(s, 1);
		drop(s, 3);
		spool_close(s);
	}
}

static void test_short_and_foreign_files(void **state)
{
	(void)state;
	char command[256];
	snprintf(command, sizeof command,
		"cd %s && : >00000001.seg && head -c 30 /dev/urandom >00000002.seg && "
		"head -c 5000 /dev/urandom >00000003.seg && echo x >notes.txt",
		dir);
	assert_int_equal(system(command), 0);
	struct spool *s = open_it();
	assert_int_equal(spool_count(s), 0);
	add(s, 1, 40);
	check(s, 1, 40);
	spool_close(s);
	s = open_it();
	assert_int_equal(spool_count(s), 1);
	check(s, 1, 40);
	spool_close(s);
}

static void test_again_replaces(void **state)
{
	(void)state;
	struct spool *s = open_it();
	add(s, 1, 10);
	add(s, 1, 20);
	assert_int_equal(spool_count(s), 1);
	check(s, 1, 20);
	spool_close(s);
}

static void test_frames(void **state)
{
	(void)state;
	_cleanup_buf_ struct buf b = BUF_INIT;
	const char *texts[] = {"one", "", "three"};
	const void *frame;
	size_t len, at = 0;
	for (size_t i = 0; i < 3; i++) {
		size_t begun = spool_frame_begin(&b);
		buf_adds(&b, texts[i]);
		spool_frame_end(&b, begun);
	}
	for (size_t i = 0; i < 3; i++) {
		assert_true(spool_next_frame(b.data, b.len, &at, &frame, &len));
		assert_int_equal(len, strlen(texts[i]));
		assert_memory_equal(frame, texts[i], len);
	}
	assert_false(spool_next_frame(b.data, b.len, &at, &frame, &len));
	at = 0;
	assert_false(spool_next_frame("\xff\xff\xff\xff..", 6, &at, &frame, &len));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_add_read_drop),
		TEST(test_recovers),
		TEST(test_recovers_doubles),
		TEST(test_acknowledged_ones_do_not_come_back),
		TEST(test_rotates),
		TEST(test_torn_record_is_left_out),
		TEST(test_short_and_foreign_files),
		TEST(test_again_replaces),
		TEST(test_frames),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
