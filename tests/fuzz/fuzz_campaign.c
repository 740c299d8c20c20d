/*
 * Whatever bytes come as a campaign file: reading ends in a campaign or in errors that have a place
 * and a text; what was accepted is planned for two unlike hosts, each configuration is rendered,
 * and metrics are looked for in a program's output. The files of tests/campaigns make a good
 * corpus.
 *
 * With libFuzzer: clang -fsanitize=fuzzer,address,undefined. With -DFUZZ_REPLAY a main of its own
 * runs each file that is named.
 */
#include "coordinator/campaign/campaign.h"
#include "tests/fuzz/replay.h"
#include <stdio.h>

/* More configurations are the planner's ordinary work, and only slow here. */
#define MAX_CONFIGURATIONS 5000
#define MAX_RENDERED       20

static const struct plan_host hosts[] = {
	{"big", "{\"cores\":8,\"threads\":16,\"thread_steps\":[1,2,4,8],\"numa\":1,"
		"\"memory\":68719476736,\"kernel\":\"6.1\",\"governor\":\"performance\","
		"\"cpu\":{\"vendor\":\"GenuineIntel\",\"codename\":\"Raptor Lake\",\"packages\":1,"
		"\"kinds\":[{\"kind\":\"performance\",\"cpus\":[0,1,2,3,4,5,6,7],\"cores\":4},"
		"{\"kind\":\"efficiency\",\"cpus\":[8,9,10,11],\"cores\":4}]},"
		"\"energy\":{\"source\":\"powercap\"},\"labels\":{\"pool\":\"lab\"}}"},
	{"small", "{\"cores\":1,\"threads\":1,\"thread_steps\":[1],\"cpu\":{},\"labels\":{}}"},
};

static void fail(const char *what)
{
	fprintf(stderr, "%s\n", what);
	abort();
}

static void check_diagnostics(const struct diagnostics *d)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->items[i].text == NULL || d->items[i].text[0] == '\0' ||
			d->items[i].line < 0 || d->items[i].column < 0)
			fail("a diagnostic without a text or a place");
}

static bool is_small(const struct campaign *c)
{
	for (size_t i = 0; i < c->benchmarks_n; i++) {
		size_t product = 1;

		for (size_t a = 0; a < c->benchmarks[i].axes_n; a++) {
			product *= c->benchmarks[i].axes[a].n + c->benchmarks[i].axes[a].is_each;
			if (product > MAX_CONFIGURATIONS)
				return false;
		}
	}
	return c->benchmarks_n < 100;
}

static const char output[] = "Triad:  12.5 GB/s\nwork: 3\n{\"work\": 12, \"items\": [1, 2, 3], "
			     "\"latency\": {\"p99\": 0.25}, \"ok\": true}\n";

static void check_metrics(const struct campaign *c, const struct configuration *configuration,
	const struct plan_host *host)
{
	static const struct message_metric measured[] = {
		{.name = "time", .unit = "ns", .value = 1500000000},
		{.name = "energy.package", .unit = "uJ", .value = 2500000},
	};
	struct run_output run = {.stdout_text = output,
		.stdout_len = sizeof output - 1,
		.stderr_text = "",
		.measured = measured,
		.measured_n = ARRAY_SIZE(measured)};
	struct extraction found = {0};
	struct error err = {0};

	if (extract_metrics(c, configuration, host, &run, &found, &err) < 0 && err.text[0] == '\0')
		fail("a failed extraction without a reason");
	extraction_done(&found);
}

static void check_render(const struct campaign *c, const struct configuration *configuration,
	const struct plan_host *host)
{
	struct render_arena *arena = NULL;
	struct message m;

	message_init(&m, MESSAGE_ASSIGN);
	campaign_render(c, configuration, host, "x.1", &m.assign, &arena);
	if (m.assign.command.n == 0)
		fail("a run without a command");
	render_done(arena);
	check_metrics(c, configuration, host);
}

static void check_order(const struct campaign *c, const struct plan *p, size_t lane)
{
	size_t n = p->lanes[lane].n;
	_cleanup_free_ size_t *order = xcalloc(n + 1, sizeof *order);
	_cleanup_free_ bool *seen = xcalloc(n + 1, sizeof *seen);

	plan_order(c, p, lane, 1, order);
	for (size_t i = 0; i < n; i++) {
		if (order[i] >= n || seen[order[i]])
			fail("an order that is no permutation");
		seen[order[i]] = true;
	}
}

static void check_lane(const struct campaign *c, const struct plan *p, size_t l)
{
	const struct plan_lane *lane = &p->lanes[l];
	struct render_arena *arena = NULL;
	struct list steps = {0};
	size_t rendered = 0;

	check_order(c, p, l);
	for (size_t i = 0; i < lane->n && rendered < MAX_RENDERED; i++) {
		const struct configuration *at = &p->configurations[lane->configurations[i]];

		if (lane->skipped[i] && lane->skipped[i][0] == '\0')
			fail("skipped without a reason");
		if (lane->skipped[i] || at->benchmark->roles_n > 0)
			continue;
		check_render(c, at, &hosts[l]);
		rendered++;
	}
	campaign_render_teardown(c, &hosts[l], "x.1", &steps, &arena);
	render_done(arena);
}

static void check_around(const struct campaign *c)
{
	struct render_arena *arena = NULL;
	struct shipped *shipped;
	size_t n;
	char why[256];

	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++)
		if (!campaign_wants_host(c, &hosts[i], why) && why[0] == '\0')
			fail("a host is not wanted, without a reason");
	campaign_files(c, &shipped, &n, &arena);
	for (size_t i = 0; i < n; i++)
		if ((shipped[i].path == NULL) == (shipped[i].git == NULL))
			fail("what is shipped is neither a path nor of git");
	render_done(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct diagnostics d = {0};
	struct error err = {0};
	struct campaign *c = campaign_read((const char *)data, size, NULL, &d);
	struct plan *p;

	check_diagnostics(&d);
	if (c == NULL && d.errors == 0)
		fail("refused without an error");
	if (c != NULL && d.errors > 0)
		fail("accepted with an error");
	if (c != NULL && is_small(c)) {
		check_around(c);
		if (plan_make(c, hosts, ARRAY_SIZE(hosts), &p, &err) == 0) {
			for (size_t l = 0; l < p->lanes_n; l++)
				check_lane(c, p, l);
			plan_free(p);
		} else if (err.text[0] == '\0') {
			fail("no plan, without a reason");
		}
	}
	campaign_free(c);
	diagnostics_done(&d);
	return 0;
}

#ifdef FUZZ_REPLAY
static size_t replay_bytes(const char *path, char *bytes, size_t len)
{
	(void)path;
	(void)bytes;
	return len;
}
#endif
