/*
 * What a command is launched with: marks, and whose variables win
 */
#include "agent/render.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char *get(const struct rendered *r, const char *key)
{
	const char *found = NULL;
	size_t len = strlen(key);

	for (char **e = r->env; *e != NULL; e++)
		if (strncmp(*e, key, len) == 0 && (*e)[len] == '=') {
			assert_null(found); /* each once */
			found = *e + len + 1;
		}
	return found;
}

static void check(const struct rendered *r, const char *key, const char *want)
{
	const char *got = get(r, key);

	if (want == NULL)
		assert_null(got);
	else if (got == NULL)
		fail_msg("%s is not there", key);
	else
		assert_string_equal(got, want);
}

static const char *const exports[] = {
	"OMP_NUM_THREADS=4", "OMP_PLACES={0},{1}", "LD_PRELOAD=/lib/pin.so", "not a variable"};

static void test_basic(void **state)
{
	const struct message_assign a = {0};
	const struct render_context c = {
		.directory = "/d", .tmp = "/t", .cpu_list = "0", .threads = ABSENT};
	struct rendered r;

	(void)state;
	render_run(&r, &a, &c);
	check(&r, "TMPDIR", "/t");
	check(&r, "LANG", "C.UTF-8");
	check(&r, "OMP_NUM_THREADS", NULL);
	check(&r, "JOULERIG_STATE", NULL);
	check(&r, "JOULERIG_PADDING", NULL);
	check(&r, "LD_PRELOAD", NULL);
	assert_string_equal(r.workdir, "/d");
	rendered_done(&r);
}

static void test_layers(void **state)
{
	struct message_pair env[] = {{"OMP_PLACES", "threads"}, {"LD_PRELOAD", "/lib/alloc.so"},
		{"TMPDIR", MARK_TMP "/mine"}, {"JOULERIG_PADDING", ""}};
	const struct render_context c = {.directory = "/d",
		.tmp = "/t",
		.cpu_list = "0-1",
		.threads = 2,
		.exports = exports,
		.exports_n = ARRAY_SIZE(exports),
		.state = "/var/lib/x",
		.padding = 5};
	struct message_assign a = {0};
	struct rendered r;

	(void)state;
	render_run(&r, &a, &c);
	check(&r, "OMP_NUM_THREADS", "4"); /* the export's, over the basic one */
	check(&r, "OMP_PLACES", "{0},{1}");
	check(&r, "LD_PRELOAD", "/lib/pin.so");
	check(&r, "JOULERIG_STATE", "/var/lib/x");
	check(&r, "JOULERIG_PADDING", "xxxxx");
	rendered_done(&r);

	a.env = (struct list){.items = env, .n = ARRAY_SIZE(env)};
	render_run(&r, &a, &c);
	check(&r, "OMP_NUM_THREADS", "4");
	check(&r, "OMP_PLACES", "threads");
	check(&r, "LD_PRELOAD", "/lib/pin.so:/lib/alloc.so"); /* both */
	check(&r, "TMPDIR", "/t/mine");
	check(&r, "JOULERIG_PADDING", "");
	rendered_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_basic),
		cmocka_unit_test(test_layers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
