/*
 * plan - what it takes to plan a million runs
 *
 *   plan CASE     flat: a million configurations, one block each; blocks: a hundred thousand, ten
 *                 blocks each; where: a million of which an expression over all axes takes none
 *                 away; pair: the order of one pass of `flat`, with pairs, on top
 *
 * Prints "NANOSECONDS BYTES": from the text of the campaign to its plan, and the most memory that
 * this process had.
 */
#include "coordinator/campaign/campaign.h"
#include "proto/clock.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

static const struct plan_host host = {
	"lab03", "{\"threads\": 8, \"cores\": 8, \"thread_steps\": [1, 2, 4, 8], \"labels\": {}}"};

static const char head[] =
	"campaign: million\n"
	"hosts: {names: [lab03]}\n"
	"matrix:\n"
	"  python:\n"
	"    gil: {path: /opt/a/python3, width: {expr: host.cores}}\n"
	"    nogil: {path: /opt/b/python3, width: {expr: host.threads}, env: {PYTHON_GIL: '0'}}\n"
	"  threads: [1, 2, 4, 8, 6]\n"
	"  size: {from: 1, to: 1000, step: 1}\n";
static const char tail[] =
	"benchmarks:\n"
	"  a:\n"
	"    command: ['{python.path}', a.py, '{threads}', '{size}', '{seed}', '{host.name}']\n"
	"placement: {cpus: '{threads}', smt: avoid}\n";

static const struct bench_case {
	const char *name, *more;
} cases[] = {
	{"flat", "  seed: {from: 1, to: 100, step: 1}\n"
		 "repeat: {warmup: 0, blocks: 1}\n"},
	{"blocks", "  seed: {from: 1, to: 10, step: 1}\n"
		   "repeat: {warmup: 0, blocks: 10}\n"},
	{"where", "  seed: {from: 1, to: 100, step: 1}\n"
		  "  where: threads <= python.width and size * seed > 0\n"
		  "repeat: {warmup: 0, blocks: 1}\n"},
	{"pair", "  seed: {from: 1, to: 100, step: 1}\n"
		 "repeat: {warmup: 0, blocks: 1, pair: [python]}\n"},
};

__attribute__((noreturn)) static void fail(const char *what)
{
	fprintf(stderr, "plan: %s\n", what);
	exit(1);
}

static struct campaign *read_case(const char *name)
{
	_cleanup_buf_ struct buf text = BUF_INIT, said = BUF_INIT;
	struct diagnostics d = {0};
	struct campaign *c;

	buf_adds(&text, head);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (strcmp(cases[i].name, name) == 0)
			buf_adds(&text, cases[i].more);
	buf_adds(&text, tail);
	c = campaign_read(text.data, text.len, NULL, &d);
	diagnostics_format(&d, name, &said);
	diagnostics_done(&d);
	if (!c)
		fail(said.data);
	return c;
}

int main(int argc, char **argv)
{
	int64_t start = clock_monotonic_ns();
	struct rusage usage;
	struct campaign *c;
	struct plan *p;
	struct error err;

	if (argc != 2)
		fail("usage: plan flat|blocks|where|pair");
	c = read_case(argv[1]);
	if (plan_make(c, &host, 1, &p, &err) < 0)
		fail(err.text);
	if (p->runs != 1000000)
		fail("that are not a million runs");
	if (strcmp(argv[1], "pair") == 0) {
		size_t *order = xcalloc(p->lanes[0].n, sizeof *order);

		plan_order(c, p, 0, 0, order);
		free(order);
	}
	getrusage(RUSAGE_SELF, &usage);
	printf("%lld %lld\n", (long long)(clock_monotonic_ns() - start),
		(long long)usage.ru_maxrss * 1024);
	plan_free(p);
	campaign_free(c);
	return 0;
}
