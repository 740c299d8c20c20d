/* joulerig plan: what would run, where, and how often */
#include "coordinator/agents_here.h"
#include "coordinator/campaign/blocks.h"
#include "coordinator/commands/plan_text.h"
#include "coordinator/commands/submission.h"
#include "coordinator/output/output.h"
#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>

struct plan_options {
	struct common_options common;
	struct submission_options changes;
	const char *root;
};

static const struct option_info plan_option_table[] = {
	SUBMISSION_OPTIONS(struct plan_options, changes),
	{"root", OPTION_TEXT, offsetof(struct plan_options, root), "DIR",
		"the machine whose proc/ and sys/ are there, instead of this one", NULL},
	{0},
};

/* Hosts that were asked for or found; names and inventories are owned. */
struct hosts {
	struct plan_host *items;
	size_t n;
	const struct campaign *campaign;
	struct buf unwanted; /* "lab03: label pool is 'lab', not 'nightly'\n" */
};

static void hosts_done(struct hosts *h)
{
	for (size_t i = 0; i < h->n; i++) {
		free((char *)h->items[i].name);
		free((char *)h->items[i].inventory);
	}
	free(h->items);
	buf_done(&h->unwanted);
}

static void add_host(struct hosts *h, const char *name, const char *inventory)
{
	struct plan_host host = {.name = name, .inventory = inventory};
	char why[256];

	if (!campaign_wants_host(h->campaign, &host, why)) {
		buf_addf(&h->unwanted, "%s: %s\n", name, why);
		return;
	}
	h->items = xreallocarray(h->items, h->n + 1, sizeof *h->items);
	h->items[h->n++] = (struct plan_host){
		.name = xstrdup(name),
		.inventory = xstrdup(inventory),
	};
}

/* ---- where hosts come from ---- */

static int host_row(void *arg, int64_t key, const struct message_cell *cells, size_t n)
{
	(void)key;
	if (n >= HOSTS_N && cells[HOSTS_NAME].text && cells[HOSTS_INVENTORY].text)
		add_host(arg, cells[HOSTS_NAME].text, cells[HOSTS_INVENTORY].text);
	return 0;
}

static int hosts_of_coordinator(struct hosts *h, const struct plan_options *o, struct error *err)
{
	struct results_where where = common_where(&o->common);
	struct results *results = NULL;
	int rc = results_open(&results, &where, err);

	if (rc == 0)
		rc = results_query(results, "hosts", NULL, NULL, host_row, h, err);
	results_close(results);
	return rc;
}

/* joulerig-agent stands beside the running program, where it was built or installed; else PATH has
 * it. */
static char *find_agent(void)
{
	char *agent = program_beside("joulerig-agent", NULL);

	return agent != NULL ? agent : xstrdup("joulerig-agent");
}

/* What a program prints on stdout, until it closes it. */
static int read_all(int fd, struct buf *out, struct error *err)
{
	for (;;) {
		char piece[8192];
		ssize_t n = read(fd, piece, sizeof piece);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(err, "cannot read from joulerig-agent");
		if (n == 0)
			return 0;
		buf_add(out, piece, (size_t)n);
	}
}

static int run_agent(char **argv, struct buf *out, struct error *err)
{
	posix_spawn_file_actions_t actions;
	int fds[2], status = 0, rc;
	pid_t pid;

	if (pipe(fds) < 0)
		return error_errno(err, "cannot make a pipe");
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addclose(&actions, fds[0]);
	posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO);
	posix_spawn_file_actions_addclose(&actions, fds[1]);
	rc = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(fds[1]);
	if (rc != 0) {
		close(fds[0]);
		return error_set(
			err, ERR_UNAVAILABLE, "cannot start %s: %s", argv[0], strerror(rc));
	}
	rc = read_all(fds[0], out, err);
	close(fds[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (rc == 0 && status != 0)
		return error_set(err, ERR_UNAVAILABLE, "%s could not tell this machine's inventory",
			argv[0]);
	return rc;
}

static int hosts_of_this_machine(struct hosts *h, const struct plan_options *o, struct error *err)
{
	_cleanup_free_ char *agent = find_agent();
	char *argv[] = {agent, (char *)"inventory", (char *)"--format", (char *)"json",
		o->root ? (char *)"--root" : NULL, (char *)o->root, NULL};
	_cleanup_buf_ struct buf inventory = BUF_INIT;
	char name[HOST_NAME_MAX + 1] = "localhost";
	int rc = run_agent(argv, &inventory, err);

	if (rc < 0)
		return rc;
	gethostname(name, sizeof name - 1);
	name[strcspn(name, ".")] = '\0';
	add_host(h, name, inventory.data);
	return 0;
}

/* ---- what is shown ---- */

static int64_t count_skipped(const struct plan *p)
{
	int64_t n = 0;

	for (size_t l = 0; l < p->lanes_n; l++)
		for (size_t i = 0; i < p->lanes[l].n; i++)
			n += p->lanes[l].skipped[i] != NULL;
	return n;
}

/* Configurations that are compared with a baseline, on all hosts: the family of comparisons of one
 * metric. */
static int64_t count_comparisons(const struct campaign *c, const struct plan *p)
{
	int64_t n = 0;

	for (size_t l = 0; c->comparisons_n && l < p->lanes_n; l++) {
		for (size_t i = 0; i < p->lanes[l].n; i++) {
			const struct configuration *conf =
				&p->configurations[p->lanes[l].configurations[i]];
			const struct benchmark *b = conf->benchmark;

			for (size_t a = 0; a < b->axes_n && !p->lanes[l].skipped[i]; a++)
				n += strcmp(b->axes[a].name, c->comparisons[0].by) == 0 &&
				     strcmp(configuration_value(conf, a)->text, c->comparisons[0].baseline) != 0;
		}
	}
	return n;
}

static void print_skipped(const struct plan *p, const struct plan_lane *lane)
{
	for (size_t i = 0; i < lane->n; i++) {
		const struct configuration *c = &p->configurations[lane->configurations[i]];
		_cleanup_buf_ struct buf parameters = BUF_INIT;

		configuration_parameters(c, &parameters);
		if (lane->skipped[i])
			printf("skipped  %s %s on %s: %s\n", c->benchmark->name, parameters.data,
				lane->host, lane->skipped[i]);
	}
}

static void print_table(const struct plan *p)
{
	_cleanup_free_ size_t *hosts = xcalloc(p->configurations_n + 1, sizeof *hosts);
	int width = (int)strlen("benchmark");

	for (size_t l = 0; l < p->lanes_n; l++)
		for (size_t i = 0; i < p->lanes[l].n; i++)
			hosts[p->lanes[l].configurations[i]] += !p->lanes[l].skipped[i];
	for (size_t i = 0; i < p->configurations_n; i++) {
		int len = (int)strlen(p->configurations[i].benchmark->name);

		width = len > width ? len : width;
	}
	printf("%-*s  hosts  parameters\n", width, "benchmark");
	for (size_t i = 0; i < p->configurations_n; i++) {
		_cleanup_buf_ struct buf parameters = BUF_INIT;

		configuration_parameters(&p->configurations[i], &parameters);
		printf("%-*s  %5zu  %s\n", width, p->configurations[i].benchmark->name, hosts[i],
			parameters.data);
	}
	for (size_t l = 0; l < p->lanes_n; l++)
		print_skipped(p, &p->lanes[l]);
}

static void print_summary(
	const struct campaign *c, const struct plan *p, const struct plan_host *hosts)
{
	int64_t skipped = count_skipped(p), comparisons = count_comparisons(c, p);

	printf("hosts   ");
	for (size_t l = 0; l < p->lanes_n; l++)
		printf(" %s (%zu)", p->lanes[l].host, p->lanes[l].n);
	printf("\nruns     %lld: %zu configuration%s, %lld block%s and %lld warm-up pass%s",
		(long long)p->runs, p->configurations_n, p->configurations_n == 1 ? "" : "s",
		(long long)c->blocks, c->blocks == 1 ? "" : "s", (long long)c->warmup,
		c->warmup == 1 ? "" : "es");
	if (skipped)
		printf("; %lld of them skipped", (long long)(skipped * (c->warmup + c->blocks)));
	printf("\norder    every host runs each configuration once in a random order (seed %lld), "
	       "then the next "
	       "block\n",
		(long long)c->seed);
	plan_print_surroundings(c, p, hosts, stdout);
	if (comparisons > 0)
		printf("compare  %lld comparison%s a metric: one change among them needs at least "
		       "%lld blocks%s\n",
			(long long)comparisons, comparisons == 1 ? "" : "s",
			(long long)blocks_needed(comparisons, 0.01),
			blocks_needed(comparisons, 0.01) > c->blocks ? ", more than there are" : "");
	puts("time     this version has no estimate; a first block tells");
}

static void add_member(struct buf *out, const char *key, const char *value)
{
	buf_addf(out, "\"%s\":", key);
	json_add_string(out, value, strlen(value));
}

/* The parameters are JSON already, with numbers as the file has them. */
static void add_configuration(struct buf *out, const struct configuration *c)
{
	buf_addc(out, '{');
	add_member(out, "benchmark", c->benchmark->name);
	buf_adds(out, ",\"parameters\":");
	configuration_parameters(c, out);
}

static void add_lane(
	struct buf *hosts, struct buf *skipped, const struct plan *p, const struct plan_lane *lane)
{
	const char *comma = "";

	buf_adds(hosts, hosts->len ? ",{" : "{");
	add_member(hosts, "name", lane->host);
	buf_adds(hosts, ",\"configurations\":[");
	for (size_t i = 0; i < lane->n; i++) {
		if (!lane->skipped[i]) {
			buf_addf(hosts, "%s%zu", comma, (size_t)lane->configurations[i]);
			comma = ",";
			continue;
		}
		if (skipped->len)
			buf_addc(skipped, ',');
		add_configuration(skipped, &p->configurations[lane->configurations[i]]);
		buf_addc(skipped, ',');
		add_member(skipped, "host", lane->host);
		buf_addc(skipped, ',');
		add_member(skipped, "reason", lane->skipped[i]);
		buf_addc(skipped, '}');
	}
	buf_adds(hosts, "]}");
}

static void print_json(const struct campaign *c, const struct plan *p)
{
	_cleanup_buf_ struct buf out = BUF_INIT, hosts = BUF_INIT, skipped = BUF_INIT;

	buf_addc(&out, '{');
	add_member(&out, "campaign", c->name);
	buf_adds(&out, ",\"configurations\":[");
	for (size_t i = 0; i < p->configurations_n; i++) {
		if (i)
			buf_addc(&out, ',');
		add_configuration(&out, &p->configurations[i]);
		buf_addc(&out, '}');
	}
	for (size_t l = 0; l < p->lanes_n; l++)
		add_lane(&hosts, &skipped, p, &p->lanes[l]);
	buf_addf(&out,
		"],\"hosts\":[%s],\"skipped\":[%s],\"warmup\":%lld,\"blocks\":%lld,\"seed\":%lld,"
		"\"runs\":%lld}",
		hosts.data, skipped.data, (long long)c->warmup, (long long)c->blocks,
		(long long)c->seed, (long long)p->runs);
	puts(out.data);
}

static int make_and_print(const struct plan_options *o, struct hosts *h, struct error *err)
{
	const char *format = o->common.format ? o->common.format : "table";
	struct plan *p;
	int rc;

	if (strcmp(format, "table") != 0 && strcmp(format, "json") != 0)
		return error_set(err, ERR_USAGE, "--format %s: plan knows table and json", format);
	rc = o->common.coordinator ? hosts_of_coordinator(h, o, err)
				   : hosts_of_this_machine(h, o, err);
	if (rc < 0)
		return rc;
	if (h->n == 0)
		return error_set(err, ERR_UNAVAILABLE, "no host is one of the campaign's%s%s",
			h->unwanted.len ? ":\n" : "", h->unwanted.data);
	fputs(h->unwanted.data, stderr);
	rc = plan_make(h->campaign, h->items, h->n, &p, err);
	if (rc < 0)
		return rc;
	if (strcmp(format, "json") == 0) {
		print_json(h->campaign, p);
	} else {
		print_table(p);
		print_summary(h->campaign, p, h->items);
	}
	plan_free(p);
	return 0;
}

static int run_plan(void *options, const char **arguments, size_t n, struct error *err)
{
	struct plan_options *o = options;
	struct submission_file file;
	struct hosts hosts = {.unwanted = BUF_INIT};
	int rc;

	(void)n;
	rc = submission_read(&file, arguments[0], &o->changes, true, err);
	if (rc == 0) {
		hosts.campaign = file.campaign;
		rc = make_and_print(o, &hosts, err);
		hosts_done(&hosts);
	}
	submission_done(&file);
	if (rc == 0)
		return EXIT_OK;
	/* Where diagnostics said it all, err says nothing. */
	return err->code ? (int)error_exit_status(err) : EXIT_USAGE;
}

static const struct plan_options plan_defaults = {.changes = {.blocks = ABSENT, .seed = ABSENT}};

const struct command command_plan = {
	.name = "plan",
	.usage = "plan FILE [options]",
	.summary = "what would run, where, and how often",
	.details = "On this machine, or on the hosts that --coordinator knows. Nothing is run.",
	.options = plan_option_table,
	.options_size = sizeof(struct plan_options),
	.defaults = &plan_defaults,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run_plan,
};
