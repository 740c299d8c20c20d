/*
 * store_fixture.h - a store with a campaign in it, filled through store_ops, for the tests of what
 * reads stores
 *
 * Campaign "demo.N": benchmark spin with threads 1 and 2 on host lab1, one warm-up pass and
 * FIXTURE_BLOCKS blocks; runs 1 and 2 are warm-up. `time` of run r is 2 s / threads + r ms,
 * energy.package 50 W of that. Run FIXTURE_FAILED_RUN failed, the last one was killed by signal 9.
 * A test program is one source file, so the functions stand here.
 */
#ifndef TESTS_UNIT_STORE_FIXTURE_H
#define TESTS_UNIT_STORE_FIXTURE_H

#include "coordinator/store/store.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define FIXTURE_BLOCKS     10
#define FIXTURE_RUNS       (2 * (FIXTURE_BLOCKS + 1))
#define FIXTURE_FAILED_RUN 7
#define FIXTURE_START      INT64_C(1790000000123000000) /* 2026-09-21T14:13:20.123Z */
#define FIXTURE_KEY        "0123456789abcdefghijABCDEFGHIJ0123456789"
#define FIXTURE_YAML                                                                               \
	"campaign: demo\nmatrix: {threads: [1, 2]}\nbenchmarks:\n"                                 \
	"  spin: {command: [/bin/true, \"{threads}\"], metrics: {loops: {json: loops, unit: "      \
	"\"1\"}}}\n"                                                                               \
	"compare: {by: threads, baseline: 1}\n"
#define FIXTURE_INVENTORY                                                                          \
	"{\"cpu\":{\"model\":\"Intel(R) Core(TM) i9-13900K\",\"codename\":\"Raptor Lake\","        \
	"\"kinds\":[{\"kind\":\"performance\",\"cpus\":[0,1],\"cores\":8},"                        \
	"{\"kind\":\"efficiency\",\"cpus\":[2],\"cores\":16}]},\"cores\":24,\"threads\":32,"       \
	"\"memory\":68719476736,\"kernel\":\"6.12.8\",\"governor\":\"performance\","               \
	"\"turbo\":false,\"energy\":{\"source\":null,\"why\":\"no powercap zone\",\"zones\":[]}}"

#define FIXTURE_FUNCTION static __attribute__((unused))

/* A fresh folder for one test. The caller frees the path of the file in it. */
FIXTURE_FUNCTION char *fixture_path(const char *name)
{
	char folder[] = "/tmp/joulerig-unit.XXXXXX";

	assert_non_null(mkdtemp(folder));
	return xasprintf("%s/%s", folder, name);
}

/* Remove a store, what lies beside it, and its folder. Frees path. */
FIXTURE_FUNCTION void fixture_remove(char *path)
{
	static const char *const suffixes[] = {"", "-wal", "-shm", ".lock"};

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		_cleanup_free_ char *file = xasprintf("%s%s", path, suffixes[i]);
		unlink(file);
	}
	*strrchr(path, '/') = '\0';
	assert_int_equal(rmdir(path), 0);
	free(path);
}

FIXTURE_FUNCTION void assert_good(int code, const struct error *err)
{
	if (code < 0)
		fail_msg("%d: %s", code, err->text);
}

FIXTURE_FUNCTION struct store *fixture_open(const char *path, bool write)
{
	struct error err = {0};
	struct store *s = NULL;

	assert_good(store_sqlite.open(&s, path, write, &err), &err);
	return s;
}

FIXTURE_FUNCTION void fixture_result(
	struct store *s, int64_t campaign, int64_t run, int64_t threads, bool has_energy)
{
	struct error err = {0};
	int64_t time_ns = 2 * NS_PER_S / threads + run * NS_PER_MS;
	const struct message_metric metrics[] = {
		{"time", "ns", time_ns, 150, ABSENT},
		{"memory.peak", "B", 31 << 20, ABSENT, ABSENT},
		{"energy.package", "uJ", time_ns / 20, 50000, 1234},
		{"energy.package-0", "uJ", time_ns / 20, 50000, ABSENT},
	};
	const struct store_metric own[] = {{.name = "loops",
		.unit = "1",
		.value = 1e6 / (double)threads + 0.1,
		.better = STORE_BETTER_HIGHER}};
	const char *const flags[] = {"shared_cpu"};
	bool has_failed = run == FIXTURE_FAILED_RUN, was_killed = run == FIXTURE_RUNS;
	struct store_result r = {
		.campaign = campaign,
		.run = run,
		.attempt = 1,
		.state = has_failed || was_killed ? RUN_FAILED : RUN_DONE,
		.reason = has_failed   ? "exit status 3"
			  : was_killed ? "killed by signal 9"
				       : NULL,
		.started_at = FIXTURE_START + run * NS_PER_S,
		.exit_code = was_killed   ? ABSENT
			     : has_failed ? 3
					  : 0,
		.signal = was_killed ? 9 : ABSENT,
		.metrics = metrics,
		.metrics_n = has_energy ? 4 : 2,
		.own = own,
		.own_n = has_failed ? 0 : 1,
		.flags = flags,
		.flags_n = run == 3 ? 1 : 0,
		.cpus = "0-1",
		.ended_at = FIXTURE_START + (run + 1) * NS_PER_S,
	};

	assert_good(store_sqlite.start_attempt(s, campaign, run, 1, FIXTURE_START, &err), &err);
	int code = store_sqlite.put_result(s, &r, &err);
	assert_good(code, &err);
	assert_int_equal(code, 1);
	assert_good(store_sqlite.put_output(
			    s, campaign, run, 1, "stdout", 0, "{\"loops\":1}\n", 12, &err),
		&err);
}

FIXTURE_FUNCTION int64_t fixture_campaign(struct store *s, bool has_energy)
{
	struct error err = {0};
	int64_t host;
	struct store_campaign c = {
		.name = "demo",
		.file = "demo.yaml",
		.yaml = FIXTURE_YAML,
		.state = "running",
		.total = FIXTURE_RUNS,
		.submitted_at = FIXTURE_START,
		.ended_at = ABSENT,
		.uuid = id16_random(),
	};

	assert_good(store_sqlite.begin(s, &err), &err);
	assert_good(store_sqlite.put_host(
			    s, "lab1", FIXTURE_KEY, FIXTURE_INVENTORY, FIXTURE_START, &host, &err),
		&err);
	assert_good(store_sqlite.add_campaign(s, &c, &err), &err);
	assert_good(
		store_sqlite.add_configuration(s, c.id, 0, "spin", "{\"threads\":1}", &err), &err);
	assert_good(
		store_sqlite.add_configuration(s, c.id, 1, "spin", "{\"threads\":2}", &err), &err);
	assert_good(store_sqlite.add_lane(s, c.id, 0, host, &err), &err);
	for (int64_t run = 1; run <= FIXTURE_RUNS; run++) {
		int64_t place = (run - 1) % 2;
		const struct store_run r = {.campaign = c.id,
			.run = run,
			.block = (run - 1) / 2,
			.pass = (run - 1) / 2,
			.host = host,
			.configuration = place,
			.state = RUN_QUEUED};
		assert_good(store_sqlite.add_run(s, &r, &err), &err);
		fixture_result(s, c.id, run, place + 1, has_energy);
	}
	assert_good(store_sqlite.set_campaign_state(
			    s, c.id, "done", FIXTURE_START + 60 * NS_PER_S, &err),
		&err);
	assert_good(store_sqlite.commit(s, &err), &err);
	return c.id;
}

#endif
