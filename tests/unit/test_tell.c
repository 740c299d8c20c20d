/* Notices: as one message, as a mail, and when they are tried on which way. */
#include "tests/unit/dispatch_rig.h"

#include "coordinator/dispatch/nightly.h"
#include "coordinator/dispatch/notice_message.h"
#include "coordinator/dispatch/tell_delays.h"
#include "coordinator/settings.h"
#include <fcntl.h>
#include <jansson.h>

#define AT        (INT64_C(1790000000) * NS_PER_S)
#define MINUTE_NS (60 * NS_PER_S)
#define TWO_DAYS  (INT64_C(48) * 60 * MINUTE_NS)
#define NOTICE(number, what, says)                                                                 \
	{                                                                                          \
		.id = (number), .schedule = "nightly", .at = AT, .kind = (what), .subject = "",    \
		.text = (says), .json = "{}"                                                       \
	}

/* ---- messages ---- */

static void make(struct notice_message *m, const struct store_notice *notices, size_t n)
{
	const struct id16 store = {{0xab, 1}};

	notice_message_make(m, &store, "rig", notices, n);
}

static void test_a_message_says_what_there_is_of_each_kind(void **state)
{
	const struct store_notice notices[] = {
		NOTICE(3, "regressed", "a\n\n"),
		NOTICE(5, "failed", "b\033[2J"),
		NOTICE(9, "regressed", "c"),
	};
	struct notice_message m;

	(void)state;
	make(&m, notices, ARRAY_SIZE(notices));
	assert_string_equal(m.subject, "joulerig: nightly: 2 regressed, 1 failed");
	assert_string_equal(m.kinds, "regressed,failed");
	assert_string_equal(m.id, "ab010000000000000000000000000000-3-9-3");
	assert_string_equal(m.text, "a\nb [2J\nc\n");
	notice_message_done(&m);
}

/* Whoever reads a mail wants to copy the command; notices that share one need it once. */
static void test_a_message_says_what_shows_it(void **state)
{
	struct store_notice notices[] = {
		NOTICE(3, "regressed", "a"),
		NOTICE(5, "regressed", "b"),
		NOTICE(9, "sweep", "c"),
	};
	struct notice_message m;

	(void)state;
	notices[0].json = notices[1].json = "{\"command\": \"joulerig compare x.2\"}";
	notices[2].json = "{\"command\": \"joulerig results x.3\"}";
	make(&m, notices, ARRAY_SIZE(notices));
	assert_string_equal(m.subject, "joulerig: nightly: 2 regressed, the sweep failed");
	assert_string_equal(
		m.text, "a\nb\n    joulerig compare x.2\nc\n    joulerig results x.3\n");
	notice_message_done(&m);
}

/* What a notice says comes from a campaign, and from what a program printed. */
static void test_a_broken_text_makes_no_broken_message(void **state)
{
	struct store_notice bad = NOTICE(1, "failed", "\xff\xfe");
	struct notice_message m;

	(void)state;
	bad.json = "{no json";
	bad.schedule = NULL;
	make(&m, &bad, 1);
	json_t *root = json_loads(m.json, 0, NULL);
	assert_non_null(root);
	const json_t *notice = json_array_get(json_object_get(root, "notices"), 0);
	assert_true(json_is_null(json_object_get(notice, "details")));
	assert_true(json_is_null(json_object_get(notice, "text")));
	assert_string_equal(
		json_string_value(json_object_get(root, "subject")), "joulerig: 1 failed");
	json_decref(root);
	notice_message_done(&m);
}

static void test_nothing_in_a_notice_makes_a_header(void **state)
{
	_cleanup_buf_ struct buf mail = BUF_INIT;
	struct store_notice bad =
		NOTICE(1, "y\r\nBcc: evil@example.org", "z\n\nBcc: evil@example.org\n.");
	struct notice_message m;

	(void)state;
	bad.schedule = "x\nBcc: evil@example.org";
	make(&m, &bad, 1);
	notice_message_mail(&m, "lab@example.org", NULL, "rig", AT, &mail);
	char *end = strstr(mail.data, "\n\n");
	assert_non_null(end);
	assert_non_null(strstr(end, "\nBcc: evil@example.org\n"));
	*end = '\0';
	assert_null(strstr(mail.data, "\nBcc"));
	assert_null(strchr(mail.data, '\r'));
	assert_non_null(strstr(mail.data, "From: joulerig@rig\nTo: lab@example.org\n"));
	assert_non_null(strstr(mail.data, "\nDate: Mon, 21 Sep 2026 14:13:20 +0000\n"));
	notice_message_done(&m);
}

static void test_lines_of_a_mail_are_short(void **state)
{
	_cleanup_buf_ struct buf mail = BUF_INIT, text = BUF_INIT;
	struct notice_message m;
	size_t longest = 0;

	(void)state;
	for (int i = 0; i < 500; i++)
		buf_adds(&text, i % 7 == 0 ? "\xc3\xa4=" : "word ");
	const struct store_notice n = NOTICE(1, "failed", text.data);
	make(&m, &n, 1);
	notice_message_mail(&m, "lab@example.org", "rig@example.org", "rig", AT, &mail);
	for (const char *p = mail.data; *p != '\0'; p += strcspn(p, "\n") + 1) {
		size_t len = strcspn(p, "\n");
		longest = len > longest ? len : longest;
		for (size_t i = 0; i < len; i++)
			assert_true((unsigned char)p[i] < 0x80);
	}
	assert_in_range(longest, 70, 76);
	notice_message_done(&m);
}

/* ---- when ---- */

static void test_it_is_tried_for_about_two_days(void **state)
{
	int64_t sum = 0, before = 0;
	int64_t n = 1;

	(void)state;
	for (; tell_delay(n) != ABSENT; n++) {
		assert_true(tell_delay(n) > before);
		before = tell_delay(n);
		sum += before;
	}
	assert_in_range(sum, TWO_DAYS - TWO_DAYS / 6, TWO_DAYS + TWO_DAYS / 6);
	assert_int_equal(tell_delay(1), MINUTE_NS);
	assert_int_equal(tell_delay(1000), ABSENT);
}

/* A command that writes what it was told to `told`, and fails while there is `broken`. */
static void settings_with(struct settings *s, const char *kinds)
{
	struct diagnostics d = {0};
	struct error err = {0};
	_cleanup_free_ char *path = xasprintf("%s/settings.yaml", rig.dir);
	_cleanup_free_ char *text =
		xasprintf("notify:\n  - {command: 'test ! -e %s/broken && printf \"%%s.\" "
			  "\"$JOULERIG_NOTICE_TEXT\" >>%s/told', name: c%s}\n",
			rig.dir, rig.dir, kinds);
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_good(settings_read(s, path, &d, &err), &err);
	diagnostics_done(&d);
	dispatch_set_settings(rig.dispatch, s);
}

static void say(const char *kind, const char *text)
{
	struct store_notice n = NOTICE(0, kind, text);
	struct error err = {0};

	assert_int_equal(dispatch_begin(rig.dispatch), 0);
	assert_good(tell(rig.dispatch, &n, &err), &err);
}

static void turn(int64_t at)
{
	struct error err = {0};

	tell_tick(rig.dispatch, 0, at);
	tell_tick(rig.dispatch, 0, at); /* what the first one began is over */
	rig.is_flushing = true;
	assert_good(dispatch_flush(rig.dispatch, 0, &err), &err);
	rig.is_flushing = false;
}

static void touch(const char *name, bool is_there)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", rig.dir, name);
	int fd = is_there ? open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600) : -1;

	if (fd >= 0)
		close(fd);
	else
		unlink(path);
}

static void assert_told(const char *expected)
{
	_cleanup_free_ char *path = xasprintf("%s/told", rig.dir);
	_cleanup_buf_ struct buf text = BUF_INIT;

	(void)buf_read_file(&text, AT_FDCWD, path, 4096);
	assert_string_equal(text.data, expected);
}

static int on_delivery(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	(void)key;
	(void)n;
	buf_addf(arg, "%lld %s %lld;", (long long)c[DELIVERIES_NOTICE].integer,
		c[DELIVERIES_STATE].text, (long long)c[DELIVERIES_ATTEMPTS].integer);
	return 0;
}

static void assert_deliveries(const char *expected)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct error err = {0};

	assert_good(store_sqlite.query(
			    rig.store, "deliveries", NULL, 0, 100, NULL, on_delivery, &text, &err),
		&err);
	assert_string_equal(text.data, expected);
}

static void test_nothing_is_told_before_it_is_on_disk(void **state)
{
	struct settings s;
	struct error err = {0};

	(void)state;
	settings_with(&s, "");
	say("regressed", "a");
	tell_tick(rig.dispatch, 0, AT);
	assert_told("");
	rig.is_flushing = true;
	assert_good(dispatch_flush(rig.dispatch, 0, &err), &err);
	rig.is_flushing = false;
	assert_deliveries("1 waiting 0;");
	turn(AT);
	assert_told("a\n.");
	assert_deliveries("1 delivered 1;");
	turn(AT + MINUTE_NS);
	assert_told("a\n.");
	settings_done(&s);
}

static void test_what_waits_of_a_sweep_goes_together(void **state)
{
	struct settings s;

	(void)state;
	settings_with(&s, ", kinds: [regressed, failed]");
	say("regressed", "a");
	say("improved", "b");
	say("failed", "c");
	turn(AT);
	turn(AT);
	assert_told("a\nc\n.");
	assert_deliveries("1 delivered 1;3 delivered 1;");
	settings_done(&s);
}

static void test_what_fails_is_tried_later(void **state)
{
	struct settings s;

	(void)state;
	settings_with(&s, "");
	touch("broken", true);
	say("regressed", "a");
	turn(AT);
	turn(AT);
	assert_deliveries("1 waiting 1;");
	turn(AT + MINUTE_NS - 1);
	assert_deliveries("1 waiting 1;");
	turn(AT + MINUTE_NS);
	assert_deliveries("1 waiting 2;");
	rig_crash(); /* and begins again where it was */
	rig_start(NULL);
	dispatch_set_settings(rig.dispatch, &s);
	touch("broken", false);
	turn(AT + 6 * MINUTE_NS - 1);
	assert_told("");
	turn(AT + 6 * MINUTE_NS);
	assert_told("a\n.");
	assert_deliveries("1 delivered 3;");
	settings_done(&s);
}

static void test_a_clock_that_is_set_back_holds_nothing_up(void **state)
{
	struct settings s;

	(void)state;
	settings_with(&s, "");
	touch("broken", true);
	say("regressed", "a");
	turn(AT);
	turn(AT);
	assert_deliveries("1 waiting 1;");
	touch("broken", false);
	turn(AT - 30 * TWO_DAYS);
	turn(AT - 30 * TWO_DAYS);
	assert_deliveries("1 delivered 2;");
	settings_done(&s);
}

static void test_after_two_days_it_is_given_up(void **state)
{
	struct settings s;

	(void)state;
	settings_with(&s, "");
	touch("broken", true);
	say("regressed", "a");
	for (int64_t at = AT; at < AT + 2 * TWO_DAYS; at += 10 * MINUTE_NS)
		turn(at);
	assert_deliveries("1 given up 8;");
	settings_done(&s);
}

/* Another way's name, after SIGHUP. */
static void test_a_way_that_is_gone_is_given_up(void **state)
{
	struct settings s, none;
	struct diagnostics d = {0};
	struct error err = {0};

	(void)state;
	settings_with(&s, "");
	touch("broken", true);
	say("regressed", "a");
	turn(AT);
	turn(AT);
	dispatch_set_settings(rig.dispatch, NULL);
	turn(AT + TWO_DAYS);
	assert_deliveries("1 waiting 1;");
	assert_good(settings_read(&none, NULL, &d, &err), &err);
	dispatch_set_settings(rig.dispatch, &none);
	turn(AT + TWO_DAYS);
	assert_deliveries("1 given up 1;");
	settings_done(&s);
	settings_done(&none);
}

int main(void)
{
#define IN_RIG(test) cmocka_unit_test_setup_teardown(test, rig_begin, rig_end)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_message_says_what_there_is_of_each_kind),
		cmocka_unit_test(test_a_message_says_what_shows_it),
		cmocka_unit_test(test_a_broken_text_makes_no_broken_message),
		cmocka_unit_test(test_nothing_in_a_notice_makes_a_header),
		cmocka_unit_test(test_lines_of_a_mail_are_short),
		cmocka_unit_test(test_it_is_tried_for_about_two_days),
		IN_RIG(test_nothing_is_told_before_it_is_on_disk),
		IN_RIG(test_what_waits_of_a_sweep_goes_together),
		IN_RIG(test_what_fails_is_tried_later),
		IN_RIG(test_a_clock_that_is_set_back_holds_nothing_up),
		IN_RIG(test_after_two_days_it_is_given_up),
		IN_RIG(test_a_way_that_is_gone_is_given_up),
	};

	log_setup("test", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
