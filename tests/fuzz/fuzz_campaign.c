/*
 * Whatever bytes come as a campaign file: reading ends in a campaign or in errors that have a place
 * and a text; what was accepted is planned for two unlike hosts, and a configuration of each is
 * rendered. The files of tests/campaigns make a good corpus.
 *
 * With libFuzzer: clang -fsanitize=fuzzer,address,undefined. With -DFUZZ_REPLAY a main of its own
 * runs each file that is named.
 */
#include "coordinator/campaign/campaign.h"
#include <fcntl.h>
#include <stdio.h>

/* More configurations are the planner's ordinary work, and only slow here. */
#define MAX_CONFIGURATIONS 5000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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

static void check_render(const struct campaign *c, const struct plan *p)
{
	for (size_t l = 0; l < p->lanes_n; l++) {
		const struct plan_lane *lane = &p->lanes[l];
		struct render_arena *arena = NULL;
		struct message m;

		if (lane->n == 0 || lane->skipped[0] != NULL)
			continue;
		message_init(&m, MESSAGE_ASSIGN);
		campaign_render(c, &p->configurations[lane->configurations[0]], &hosts[l], "x.1",
			&m.assign, &arena);
		if (m.assign.command.n == 0)
			fail("a run without a command");
		render_done(arena);
	}
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
		if (plan_make(c, hosts, ARRAY_SIZE(hosts), &p, &err) == 0) {
			check_render(c, p);
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
static void replay(const char *path)
{
	_cleanup_buf_ struct buf bytes = BUF_INIT;

	if (buf_read_file(&bytes, AT_FDCWD, path, 4 * 1024 * 1024) < 0) {
		fprintf(stderr, "%s cannot be read\n", path);
		exit(1);
	}
	/* A copy of its exact size, so that a sanitizer sees every byte that is read beyond it. */
	_cleanup_free_ uint8_t *exact = xmalloc(bytes.len + 1);
	memcpy(exact, bytes.data, bytes.len);
	LLVMFuzzerTestOneInput(exact, bytes.len);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	return 0;
}
#endif
