/*
 * The files of campaigns on an agent: fetching them from a store that stands for the coordinator's,
 * keeping them within a size, and what is found damaged.
 */
#include "agent/files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#define MIB (1024 * 1024)

static char dir[64];
static char state_dir[80];
static struct content_store *origin; /* the coordinator's */
static struct files *files;

/* What was asked for and not answered yet. */
static struct wish {
	struct content_hash hash;
	int64_t offset, length;
} wishes[64];
static size_t wishes_n, wishes_most;
static int64_t sent_bytes;

static void want(void *arg, const struct content_hash *hash, int64_t offset, int64_t length)
{
	(void)arg;
	assert_true(wishes_n < ARRAY_SIZE(wishes));
	wishes[wishes_n++] = (struct wish){*hash, offset, length};
	wishes_most = wishes_n > wishes_most ? wishes_n : wishes_most;
}

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

static void open_files(void)
{
	struct error err = {0};
	const struct files_handler h = {.want = want};
	if (files_open(&files, state_dir, &h, &err) < 0)
		fail_msg("%s", err.text);
}

static int set_up(void **state)
{
	struct error err = {0};
	(void)state;
	strcpy(dir, "/tmp/joulerig-test-files.XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(state_dir, sizeof state_dir, "%s/state", dir);
	_cleanup_free_ char *path = xasprintf("%s/origin", dir);
	wishes_n = wishes_most = 0;
	sent_bytes = 0;
	if (content_open(&origin, path, &err) < 0)
		return -1;
	open_files();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	files_close(files);
	content_close(origin);
	return shell("rm -rf %s", dir);
}

/* ---- campaigns with files ---- */

struct campaign {
	struct content_hash tree;
	struct message_assign assign;
};

/* A campaign whose files a shell script makes in an empty folder. */
static void make_campaign(struct campaign *c, int number, const char *script)
{
	struct error err = {0};
	struct message m;
	static const char *const everything[] = {"."};
	_cleanup_free_ char *in = xasprintf("%s/in-%d", dir, number);
	assert_int_equal(shell("mkdir %s && cd %s && %s", in, in, script), 0);
	if (content_add_tree(origin, in, everything, 1, &c->tree, &err) < 0)
		fail_msg("%s", err.text);
	message_init(&m, MESSAGE_ASSIGN);
	c->assign = m.assign;
	c->assign.id = (struct attempt_id){.campaign = {{(uint8_t)number}}, .run = 1, .attempt = 1};
	c->assign.tree = (struct blob){c->tree.b, sizeof c->tree.b};
}

/* Answer one wish as the coordinator does. */
static int answer(struct error *err)
{
	static char data[MESSAGE_CHUNK];
	struct wish w = wishes[0];
	int64_t size = content_size(origin, &w.hash), at = w.offset;
	int r = 0;
	memmove(wishes, wishes + 1, --wishes_n * sizeof wishes[0]);
	assert_true(size >= 0 && w.offset <= size);
	do {
		struct message_file_chunk c = {
			.hash = {w.hash.b, sizeof w.hash.b}, .offset = at, .size = size};
		int64_t left = w.offset + w.length - at;
		int64_t n = content_read(origin, &w.hash, at, data,
			left < MESSAGE_CHUNK ? (size_t)left : MESSAGE_CHUNK, err);
		assert_true(n >= 0);
		c.data = (struct blob){data, (size_t)n};
		sent_bytes += n;
		at += n;
		r = files_take(files, &c, err);
	} while (r >= 0 && at < size && at < w.offset + w.length);
	return r;
}

static enum work_state get(struct work *w, const struct message_assign *a)
{
	struct error err = {0};
	enum work_state s;
	while ((s = files_prepare(files, w, a)) == WORK_MISSING) {
		assert_true(wishes_n > 0);
		while (wishes_n > 0) {
			if (answer(&err) < 0)
				fail_msg("%s", err.text);
		}
	}
	return s;
}

static struct work *lay_out(struct campaign *c)
{
	struct work *w = files_work(files, &c->assign);
	struct error err = {0};
	if (get(w, &c->assign) != WORK_READY)
		fail_msg("%s", w->reason);
	if (files_used(files, w, &c->assign, w->directory, &err) < 0)
		fail_msg("%s", err.text);
	return w;
}

static void assert_laid_out(const struct work *w, int number)
{
	assert_int_equal(shell("diff -r %s/in-%d %s", dir, number, w->directory), 0);
}

static int64_t bytes_of(const char *below)
{
	char line[64];
	_cleanup_free_ char *command = xasprintf("du -sB1 %s/%s", state_dir, below);
	FILE *p = popen(command, "r");
	assert_non_null(fgets(line, sizeof line, p));
	pclose(p);
	return strtoll(line, NULL, 10);
}

/* ---- tests ---- */

static void test_many_small_files(void **state)
{
	(void)state;
	struct campaign c;
	make_campaign(&c, 1,
		"mkdir -p a/b empty && for i in $(seq 300); do echo $i >a/$i; done; : >nothing; "
		"echo 7 >a/b/same; ln -s a/b link; chmod +x a/1");
	struct work *w = lay_out(&c);
	assert_laid_out(w, 1);
	assert_int_equal(
		shell("test -x %s/a/1 && test -d %s/empty && test $(readlink %s/link) = a/b",
			w->directory, w->directory, w->directory),
		0);
	/* Not one by one, and each once: 300 numbers, one of them twice. */
	assert_true(wishes_most > 8);
	int64_t expected = 1;
	for (int i = 1; i <= 300; i++)
		expected += snprintf(NULL, 0, "%d\n", i);
	assert_int_equal(sent_bytes, expected - 1 + content_size(origin, &c.tree));
	/* Another campaign with these files asks for none. */
	struct campaign again = c;
	again.assign.id.campaign = (struct id16){{2}};
	sent_bytes = 0;
	assert_ptr_equal(lay_out(&again), w);
	assert_int_equal(sent_bytes, 0);
}

static void test_resumes(void **state)
{
	(void)state;
	struct campaign c;
	struct error err = {0};
	make_campaign(&c, 1, "head -c 9000000 /dev/urandom >big; echo small >small");
	struct work *w = files_work(files, &c.assign);
	assert_int_equal(files_prepare(files, w, &c.assign), WORK_MISSING);
	assert_int_equal(answer(&err), 1); /* the manifest */
	assert_int_equal(files_prepare(files, w, &c.assign), WORK_MISSING);
	assert_true(answer(&err) >= 0 && answer(&err) >= 0); /* two times 2 MiB */
	int64_t had = sent_bytes;
	assert_true(had > 4 * MIB - 1 && had < 5 * MIB);
	/* The link is cut; then the agent is started anew as well. */
	wishes_n = 0;
	files_forget_request(files);
	files_close(files);
	open_files();
	assert_laid_out(lay_out(&c), 1);
	assert_int_equal(sent_bytes, 9000000 + 6 + content_size(origin, &c.tree));
}

static void test_gaps_and_repetitions(void **state)
{
	(void)state;
	struct campaign c;
	struct error err = {0};
	make_campaign(&c, 1, "head -c 3000000 /dev/urandom >big");
	struct work *w = files_work(files, &c.assign);
	files_prepare(files, w, &c.assign);
	answer(&err);
	files_prepare(files, w, &c.assign);
	struct wish first = wishes[0];
	/* The answer to a wish of an earlier connection: not what follows what is here. */
	wishes[0].offset = 1000;
	assert_int_equal(answer(&err), 0);
	wishes[wishes_n++] = first;
	wishes[wishes_n++] = first;
	assert_laid_out(lay_out(&c), 1);
}

static void test_damaged(void **state)
{
	(void)state;
	struct campaign c, same;
	make_campaign(&c, 1, "echo one >one; echo two >two; head -c 100000 /dev/zero >three");
	lay_out(&c);
	/* A power cut tore them: one by its size, one by its bytes, and the manifest. */
	same = c;
	same.assign.user = "nobody"; /* a directory of its own */
	assert_int_equal(
		shell("cd %s/files && for f in [0-9a-f]*/*; do chmod u+w $f; case $(stat -c %%s "
		      "$f) in 4) : >$f;; 100000) head -c 100000 /dev/urandom >$f;; esac; "
		      "done",
			state_dir),
		0);
	sent_bytes = 0;
	struct work *w = lay_out(&same);
	assert_laid_out(w, 1);
	assert_int_equal(sent_bytes, 4 + 4 + 100000);
	files_close(files);
	assert_int_equal(shell("cd %s/files && for f in [0-9a-f]*/*; do if grep -q '^f 0644' $f; "
			       "then chmod u+w "
			       "$f; echo 'f 0644' >$f; fi; done; rm %s/work/*.done",
				 state_dir, state_dir),
		0);
	open_files();
	sent_bytes = 0;
	assert_laid_out(lay_out(&c), 1);
	assert_int_equal(sent_bytes, content_size(origin, &c.tree));
}

static bool is_here(const struct work *w)
{
	return access(w->directory, F_OK) == 0;
}

static void test_limit(void **state)
{
	(void)state;
	struct campaign c[5];
	struct work *w[5];
	for (int i = 0; i < 4; i++) {
		_cleanup_free_ char *script =
			xasprintf("head -c 1000000 /dev/urandom >f; echo %d >n", i);
		make_campaign(&c[i], i, script);
	}
	files_limit(files, 7 * MIB); /* each takes 2 MB here: kept and laid out */
	w[0] = lay_out(&c[0]);
	w[1] = lay_out(&c[1]);
	w[2] = lay_out(&c[2]);
	assert_true(is_here(w[0]) && is_here(w[1]) && is_here(w[2]));
	/* All were torn down; the first is used again, then comes the fourth. */
	for (int i = 0; i < 3; i++)
		files_forget_campaign(files, &c[i].assign.id.campaign);
	assert_int_equal(shell("cd %s/work && touch -d '3 hours ago' %s.done && touch -d '2 hours "
			       "ago' %s.done && find %s/files -type f -exec touch -d '4 hours ago' "
			       "{} +",
				 state_dir, w[0]->key, w[1]->key, state_dir),
		0);
	lay_out(&c[0]);
	w[3] = lay_out(&c[3]);
	assert_laid_out(w[3], 3);
	assert_true(bytes_of("") <= 7 * MIB + 100000);
	/* Contents were used longest ago: one or two of them went, and no directory. */
	assert_true(is_here(w[0]) && is_here(w[1]) && is_here(w[2]));
	assert_true(bytes_of("files") < 7 * MIB / 2);
	/* What is in hand stays, even where a larger one comes. */
	make_campaign(&c[4], 4, "head -c 3400000 /dev/urandom >f");
	files_hold(files, &c[0].assign);
	sent_bytes = 0;
	w[4] = lay_out(&c[4]);
	assert_true(is_here(w[0]) && is_here(w[4]));
	assert_false(is_here(w[1]) || is_here(w[2]) || is_here(w[3]));
	files_release(files, &c[0].assign);
	/* What went comes back. */
	assert_int_equal(w[1]->state, WORK_MISSING);
	assert_laid_out(lay_out(&c[1]), 1);
	/* At the start, too. */
	files_close(files);
	open_files();
	files_limit(files, 0);
	assert_true(bytes_of("") < 200000);
}

static void test_too_large(void **state)
{
	(void)state;
	struct campaign c;
	struct error err = {0};
	make_campaign(&c, 1, "head -c 3000000 /dev/urandom >f");
	files_limit(files, 5 * MIB);
	struct work *w = files_work(files, &c.assign);
	assert_int_equal(files_prepare(files, w, &c.assign), WORK_MISSING);
	assert_int_equal(answer(&err), 1);
	assert_int_equal(files_prepare(files, w, &c.assign), WORK_FAILED);
	assert_string_equal(w->reason, "files: they take 5.7 MiB here, kept and laid out, and the "
				       "agent may use 5.0 MiB: give "
				       "it a larger --cache");
	assert_int_equal(sent_bytes, content_size(origin, &c.tree));
}

/* In a child with a file system of its own, where that is allowed. */
static int fill_disk(void)
{
	struct campaign c[3];
	struct error err = {0};
	files_close(files);
	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		mount("small", state_dir, "tmpfs", 0, "size=7m") < 0)
		return 77;
	open_files();
	make_campaign(&c[0], 1, "head -c 2500000 /dev/urandom >f");
	make_campaign(&c[1], 2, "head -c 3000000 /dev/urandom >f");
	make_campaign(&c[2], 3, "head -c 5000000 /dev/urandom >f");
	lay_out(&c[0]);
	files_forget_campaign(files, &c[0].assign.id.campaign);
	assert_laid_out(lay_out(&c[1]), 2); /* the first one went */
	files_hold(files, &c[1].assign);
	struct work *w = files_work(files, &c[2].assign);
	int r = 0;
	while (r >= 0 && files_prepare(files, w, &c[2].assign) == WORK_MISSING) {
		while (r >= 0 && wishes_n > 0)
			r = answer(&err);
	}
	if (r >= 0)
		snprintf(err.text, sizeof err.text, "%s", w->reason);
	if (strncmp(err.text, "files: the disk is full, and nothing", 36) != 0)
		fail_msg("%s", err.text);
	assert_laid_out(files_work(files, &c[1].assign), 2);
	return 0;
}

static void test_full_disk(void **state)
{
	(void)state;
	int status;
	pid_t pid = fork();
	if (pid == 0)
		_exit(fill_disk());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_uses(void **state)
{
	(void)state;
	struct campaign c;
	struct use *uses;
	make_campaign(&c, 1, "echo 1 >f");
	c.assign.user = "bench";
	struct work *w = lay_out(&c);
	lay_out(&c);
	_cleanup_free_ char *key = xstrdup(w->key);
	assert_int_equal(files_used(files, w, &c.assign, "/usr/a b", NULL), 0);
	assert_int_equal(files_used(files, w, &c.assign, "/x\ny", NULL), -EINVAL);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(files_uses(files, &c.assign.id.campaign, &uses), 2);
		assert_string_equal(uses[0].key, key);
		assert_string_equal(uses[0].user, "bench");
		assert_false(uses[0].is_private);
		assert_string_equal(uses[1].directory, "/usr/a b");
		files_uses_free(uses, 2);
		files_close(files);
		/* What is no such file, or was cut short, does no harm. */
		assert_int_equal(shell("cd %s/work && echo x >%032d.ran && printf "
				       "'0123456789abcdef0123456789abcdef shared' >%031d1.ran",
					 state_dir, 5, 0),
			0);
		open_files();
	}
	/* Where a teardown was, the next campaign starts anew. */
	lay_out(&c);
	assert_int_equal(shell("touch %s/work/%s/built", state_dir, key), 0);
	files_spoil(files, key);
	assert_laid_out(lay_out(&c), 1);
	files_forget_campaign(files, &c.assign.id.campaign);
	assert_int_equal(files_uses(files, &c.assign.id.campaign, &uses), 0);
	files_uses_free(uses, 0);
	assert_int_equal(
		shell("test ! -e %s/work/01000000000000000000000000000000.ran", state_dir), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_many_small_files),
		TEST(test_resumes),
		TEST(test_gaps_and_repetitions),
		TEST(test_damaged),
		TEST(test_limit),
		TEST(test_too_large),
		TEST(test_full_disk),
		TEST(test_uses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
