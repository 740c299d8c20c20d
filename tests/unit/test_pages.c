/* Pages of runs: what is written is read back, and what is no page is refused. */
#include "coordinator/store/pages.h"
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct page_metric metrics[] = {
	{.name = "time", .unit = "ns", .is_inner = true, .is_constant = true},
	{.name = "ops", .unit = "op", .better = "higher"},
	{.name = "energy.package-0", .unit = "uJ", .is_inner = true},
	/* The same name as another kind of number. */
	{.name = "ops", .unit = "op", .better = "lower"},
};
/* metric is the index of metrics[] here. */
static const struct page_value first[] = {{.metric = 0, .integer = 1234567890},
	{.metric = 1, .real = 0.1}, {.metric = 2, .integer = -1}};
static const struct page_value second[] = {{.metric = 0, .integer = INT64_MAX},
	{.metric = 0, .integer = INT64_MIN + 1}, {.metric = 3, .real = -1e300},
	{.metric = 1, .real = 5e-324}};
static const struct page_run runs[] = {
	{.run = 7,
		.block = 0,
		.lane = 2,
		.configuration = 12345,
		.state = "done",
		.flags = "[]",
		.cpus = "0-3",
		.energy_bound = 1200,
		.values = first,
		.n = 3},
	{.run = 8,
		.block = 1,
		.lane = ABSENT,
		.configuration = 0,
		.state = "failed",
		.reason = "",
		.flags = "[\"short\"]",
		.energy_bound = ABSENT,
		.values = second,
		.n = 4},
	{.run = 16777215,
		.block = 300,
		.lane = 0,
		.configuration = 1,
		.state = "done",
		.reason = "a remark\nof two lines: ü",
		.flags = "[]",
		.energy_bound = 0},
};

static struct blob write_page(struct pages_writer *w)
{
	pages_begin(w);
	for (size_t i = 0; i < ARRAY_SIZE(runs); i++) {
		pages_add_run(w, &runs[i]);
		/* One slot for all: guesses that fail cost time, never the answer. */
		for (size_t k = 0; k < runs[i].n; k++)
			pages_add(w, runs[i].values[k].metric == 0 ? 0 : 9,
				&metrics[runs[i].values[k].metric], &runs[i].values[k]);
		pages_end_run(w);
	}
	return (struct blob){.data = w->out.data, .len = w->out.len};
}

static void same_text(const char *a, const char *b)
{
	assert_int_equal(a == NULL, b == NULL);
	if (a != NULL)
		assert_string_equal(a, b);
}

static void same_value(
	const struct pages_reader *r, const struct page_value *is, const struct page_value *wanted)
{
	const struct page_metric *a = &r->metrics[is->metric], *b = &metrics[wanted->metric];

	same_text(a->name, b->name);
	same_text(a->unit, b->unit);
	same_text(a->better, b->better);
	assert_int_equal(a->is_inner, b->is_inner);
	if (b->is_inner)
		assert_true(is->integer == wanted->integer);
	else
		assert_memory_equal(&is->real, &wanted->real, sizeof is->real);
}

static void same_run(
	const struct pages_reader *r, const struct page_run *is, const struct page_run *wanted)
{
	assert_true(is->run == wanted->run);
	assert_true(is->block == wanted->block);
	assert_true(is->lane == wanted->lane);
	assert_true(is->configuration == wanted->configuration);
	same_text(is->state, wanted->state);
	same_text(is->reason, wanted->reason);
	same_text(is->flags, wanted->flags);
	same_text(is->cpus, wanted->cpus);
	assert_true(is->energy_bound == wanted->energy_bound);
	assert_int_equal(is->n, wanted->n);
	for (size_t k = 0; k < is->n; k++)
		same_value(r, &is->values[k], &wanted->values[k]);
}

/* Twice with one writer and one reader: nothing of a page is left in the next. */
static void test_pages_come_back(void **state)
{
	struct pages_writer *w = pages_writer_new();
	struct pages_reader r = {0};
	struct page_run run;

	(void)state;
	for (int round = 0; round < 2; round++) {
		pages_read(&r, write_page(w));
		assert_int_equal(w->runs, 3);
		assert_int_equal(w->last_run, 16777215);
		for (size_t i = 0; i < ARRAY_SIZE(runs); i++) {
			assert_int_equal(pages_next(&r, &run), 1);
			same_run(&r, &run, &runs[i]);
		}
		assert_int_equal(pages_next(&r, &run), 0);
	}
	pages_reader_done(&r);
	pages_writer_free(w);
}

static void test_an_empty_page(void **state)
{
	struct pages_reader r = {0};
	struct page_run run;

	(void)state;
	pages_read(&r, (struct blob){.data = "", .len = 0});
	assert_int_equal(pages_next(&r, &run), 0);
	pages_reader_done(&r);
}

static int read_all(struct pages_reader *r, const void *data, size_t len)
{
	struct page_run run;
	int code;

	pages_read(r, (struct blob){.data = data, .len = len});
	while ((code = pages_next(r, &run)) == 1)
		;
	return code;
}

/* A page that ends early is refused, but for where a run ends; one with other bytes gives something
 * or is refused, and is never read beyond its end (the sanitizer looks). */
static void test_what_is_no_page(void **state)
{
	static const struct {
		const char *what;
		struct blob page;
	} bad[] = {
		{"a number without an end", {.data = "\xff\xff\xff", .len = 3}},
		{"a number of more than 64 bits",
			{.data = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", .len = 12}},
		{"a text beyond the end", {.data = "\1\1\1\1\1\x50"
						   "done",
						  .len = 10}},
		{"a text without its zero byte", {.data = "\1\1\1\1\1\4donex", .len = 11}},
		{"a text that was not yet", {.data = "\1\1\1\1\x09\0\0\0\0\0", .len = 10}},
		{"a metric that was not yet", {.data = "\1\1\1\1\0\0\0\0\0\5\0", .len = 11}},
		{"a metric without a name",
			{.data = "\1\1\1\1\0\0\0\0\0\1\1\0\0\0\0\0", .len = 16}},
		{"a value that is no number", {.data = "\1\1\1\1\0\0\0\0\0\1\0\1\1m\0\1\1u\0\0"
						       "\0\0\0\0\0\0\xf8\x7f\0",
						      .len = 29}},
	};
	struct pages_writer *w = pages_writer_new();
	struct pages_reader r = {0};
	struct blob page = write_page(w);
	size_t good = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (read_all(&r, bad[i].page.data, bad[i].page.len) != -EBADMSG)
			fail_msg("%s was taken for a page", bad[i].what);
	for (size_t len = 0; len < page.len; len++) {
		_cleanup_free_ char *part = xmalloc(len + 1);
		memcpy(part, page.data, len);
		good += read_all(&r, part, len) == 0;
	}
	assert_int_equal(good, 3);
	for (size_t i = 0; i < page.len; i++) {
		_cleanup_free_ char *other = xmalloc(page.len);
		memcpy(other, page.data, page.len);
		for (int byte = 0; byte < 256; byte++) {
			other[i] = (char)byte;
			read_all(&r, other, page.len);
		}
	}
	pages_reader_done(&r);
	pages_writer_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pages_come_back),
		cmocka_unit_test(test_an_empty_page),
		cmocka_unit_test(test_what_is_no_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
