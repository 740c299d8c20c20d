/* joulerig new: a campaign file to begin with. */
#include "coordinator/commands/commands.h"
#include "proto/log.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#define NAME_MAX_LETTERS 64 /* of a campaign */

/* @ is the campaign's name. It runs as it is, with /bin/sh alone. */
static const char starter[] =
	"# @: say here which question this campaign answers, and how to read the answer.\n"
	"#\n"
	"#   joulerig check @.yaml    every mistake, with line and column\n"
	"#   joulerig plan @.yaml     what would run here, on which CPUs, in which order\n"
	"#   joulerig run @.yaml      run it and show the table; results are kept in "
	"./joulerig.db\n"
	"#   joulerig results @       the table again\n"
	"#\n"
	"# It runs as it is. Put your own program into `command`, your own values into `matrix`;\n"
	"# take away the \"# \" before what else you need, and the line that it replaces.\n"
	"campaign: @\n"
	"description: how does the time of a loop in the shell grow with its steps?\n"
	"\n"
	"# Each axis has a list of values; every benchmark runs with each combination of them.\n"
	"matrix:\n"
	"  steps: [100000, 200000]\n"
	"  # threads: {each: host.thread_steps}           # 1, 2, 4 ... and all cores of a host\n"
	"  # size: {from: 1000, to: 1000000, factor: 10}  # 1000, 10000, 100000, 1000000\n"
	"\n"
	"benchmarks:\n"
	"  loop:\n"
	"    # {steps} is the value of the axis. A text is run by /bin/sh; a list without a "
	"shell:\n"
	"    # command: [./program, --size, \"{steps}\"]\n"
	"    command: \"i=0; while [ $i -lt {steps} ]; do i=$((i + 1)); done; echo counted $i\"\n"
	"    # Numbers out of its output; time, CPU time, memory and energy need not be asked "
	"for.\n"
	"    metrics:\n"
	"      # A wrong answer is a failed run, not a fast one.\n"
	"      counted: {pattern: 'counted (\\d+)', expect: {value: \"{steps}\"}}\n"
	"      # rate: {json: rate, unit: M/s, better: higher}  # of a line such as {\"rate\": "
	"7.3}\n"
	"      # sum: {json: sum, expect: {same: [steps]}}      # whatever it is: the same "
	"wherever "
	"steps is\n"
	"    # work: metric.counted                           # gives energy and time per step\n"
	"\n"
	"# What your program needs: paths beside this file, and how it is built, once on each "
	"host.\n"
	"# A command then starts beside these files.\n"
	"# files: [src, Makefile]\n"
	"# setup: {command: [make], timeout: 10min}\n"
	"\n"
	"# The CPUs that a run gets.\n"
	"placement: {cpus: 1}\n"
	"# placement: {cpus: \"{threads}\", policy: scatter, smt: avoid, core_kind: performance}\n"
	"\n"
	"# What is measured. Energy is, where the machine has counters: `joulerig-agent doctor`.\n"
	"measure: {energy: auto}\n"
	"# measure: {energy: require, idle: 10s, counters: [instructions, cache-misses]}\n"
	"\n"
	"# How often: every block runs each configuration once, in a random order.\n"
	"repeat: {warmup: 1, blocks: 10}\n"
	"# repeat: {warmup: 1, blocks: 10, max: 40, until: {metric: time, within: 2%}}\n"
	"limits: {timeout: 1min}\n"
	"\n"
	"# What is compared with what: the × columns of the table.\n"
	"compare: {by: steps, baseline: 100000}\n"
	"\n"
	"# Which machines, where a coordinator has several.\n"
	"# hosts: {labels: {pool: lab}, where: host.cores >= 8}\n";

/* ---- the schema ---- */

/* Where campaign.schema.json lies: installed, or in the tree that the program was built in. The
 * caller frees; NULL where it is not there. */
static char *find_schema(void)
{
	static const char *const places[] = {
		"../share/joulerig/configs", "../configs", "../../configs"};
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

	if (n <= 0)
		return NULL;
	self[n] = '\0';
	*strrchr(self, '/') = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		_cleanup_free_ char *path =
			xasprintf("%s/%s/campaign.schema.json", self, places[i]);
		char *found = realpath(path, NULL);

		if (found)
			return found;
	}
	return NULL;
}

/* ---- the file ---- */

static void fill(struct buf *out, const char *name)
{
	_cleanup_free_ char *schema = find_schema();

	if (schema)
		buf_addf(out, "# yaml-language-server: $schema=%s\n", schema);
	for (const char *s = starter; *s; s++) {
		if (*s == '@')
			buf_adds(out, name);
		else
			buf_addc(out, *s);
	}
}

static bool is_campaign_name(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len <= NAME_MAX_LETTERS && name[0] != '-' &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

/* "try 'my-test'" for "My_Test.yaml": what is nearest to it and a good name. */
static void add_good_name(struct buf *out, const char *name)
{
	_cleanup_buf_ struct buf good = BUF_INIT;
	size_t len = strlen(name);

	if (len > 5 && strcmp(name + len - 5, ".yaml") == 0)
		len -= 5;
	for (size_t i = 0; i < len && good.len < NAME_MAX_LETTERS; i++) {
		char c = name[i];

		if (c >= 'A' && c <= 'Z')
			buf_addc(&good, (char)(c - 'A' + 'a'));
		else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			buf_addc(&good, c);
		else if (good.len > 0 && good.data[good.len - 1] != '-')
			buf_addc(&good, '-');
	}
	if (good.len > 0)
		buf_addf(out, "; try '%s'", good.data);
}

static int check_name(const char *name, struct error *err)
{
	_cleanup_buf_ struct buf hint = BUF_INIT;

	if (is_campaign_name(name))
		return 0;
	add_good_name(&hint, name);
	return error_set(err, ERR_USAGE,
		"new: '%s' is no name of a campaign: letters a-z, digits and -, at most %d, not "
		"beginning with -%s",
		name, NAME_MAX_LETTERS, hint.data);
}

static int write_file(const char *path, const struct buf *text, struct error *err)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

	if (fd < 0 && errno == EEXIST)
		return error_set(err, ERR_USAGE,
			"new: %s is there already, and is left as it is; choose another name",
			path);
	if (fd < 0)
		return error_set(err, ERR_USAGE, "new: %s: %s", path, strerror(errno));
	for (size_t done = 0; done < text->len;) {
		ssize_t n = write(fd, text->data + done, text->len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			error_errno(err, "new: %s", path);
			unlink(path);
			return ERR_USAGE;
		}
		done += (size_t)n;
	}
	return 0;
}

static int run_new(void *options, const char **arguments, size_t n, struct error *err)
{
	const char *name = arguments[0];
	_cleanup_free_ char *path = xasprintf("%s.yaml", name);
	_cleanup_buf_ struct buf text = BUF_INIT;

	(void)options;
	(void)n;
	if (check_name(name, err) < 0)
		return EXIT_USAGE;
	fill(&text, name);
	if (write_file(path, &text, err) < 0)
		return EXIT_USAGE;
	printf("%s runs as it is; put your own program into it. Next:\n"
	       "  joulerig check %s   every mistake, with line and column\n"
	       "  joulerig plan %s    what would run here, and where\n"
	       "  joulerig run %s     run it and show the table\n",
		path, path, path, path);
	return EXIT_OK;
}

const struct command command_new = {
	.name = "new",
	.usage = "new NAME",
	.summary = "write NAME.yaml, a commented campaign to begin with",
	.details = "It runs as it is. A file that is there already is never overwritten.",
	.options_size = sizeof(struct common_options),
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run_new,
};
