/* joulerig deploy HOST...: install, enrol and start agents over ssh, and tell host by host. */
#include "coordinator/agents_here.h"
#include "coordinator/client.h"
#include "coordinator/commands/commands.h"
#include "coordinator/commands/deploy_fleet.h"
#include "coordinator/output/output.h"
#include "proto/log.h"
#include <errno.h>
#include <stdio.h>
#include <sys/utsname.h>

#define JOBS 8

struct deploy_options {
	struct common_options common;
	struct texts label, package;
	const char *ssh;
	int64_t jobs;
	bool sudo, user_service, no_start, dry_run;
};

static const struct deploy_options defaults = {.jobs = JOBS};

#define OPTION(name, kind, member, value, help)                                                    \
	{                                                                                          \
		name, kind, offsetof(struct deploy_options, member), value, help, NULL             \
	}
static const struct option_info options[] = {
	OPTION("label", OPTION_TEXTS, label, "K=V",
		"a label of these hosts; may be given several times"),
	OPTION("sudo", OPTION_FLAG, sudo, NULL,
		"become root there by sudo, which must not ask: a service of the system"),
	OPTION("package", OPTION_TEXTS, package, "FILE",
		"install this Debian package instead of this machine's programs; several"),
	OPTION("user-service", OPTION_FLAG, user_service, NULL,
		"below the login's home, also where that is root's"),
	OPTION("no-start", OPTION_FLAG, no_start, NULL,
		"install and enrol alone; an agent that ran goes on"),
	OPTION("dry-run", OPTION_FLAG, dry_run, NULL, "look at the hosts, and change nothing"),
	OPTION("jobs", OPTION_COUNT, jobs, "N", "hosts at a time (default 8)"),
	OPTION("ssh", OPTION_TEXT, ssh, "COMMAND", "how to get there: 'ssh -i KEY -p 2222'"),
	{.name = NULL},
};

/* ---- what is asked for ---- */

static int add_file(struct buf *words, const char *path, struct error *err)
{
	_cleanup_free_ char *real = realpath(path, NULL);

	if (real == NULL)
		return error_errno(err, "deploy: %s", path);
	char *slash = strrchr(real, '/');
	*slash = '\0';
	buf_adds(words, words->len > 0 ? " -C " : "-C ");
	buf_add_word(words, slash == real ? "/" : real);
	buf_addc(words, ' ');
	buf_add_word(words, slash + 1);
	return 0;
}

/* The programs of this machine, as they lie beside joulerig, or where `make install` puts them. */
static int add_programs(struct buf *words, struct error *err)
{
	static const char *const beside[] = {"joulerig-exec", "libjoulerig-pin.so"};
	_cleanup_free_ char *agent = program_beside("joulerig-agent", err);
	int r = agent == NULL ? err->code : add_file(words, agent, err);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(beside); i++) {
		int dir = (int)(strrchr(agent, '/') - agent);
		_cleanup_free_ char *path = xasprintf("%.*s/%s", dir, agent, beside[i]);
		if (access(path, R_OK) != 0) {
			free(path);
			path = xasprintf("%.*s/../libexec/joulerig/%s", dir, agent, beside[i]);
		}
		r = add_file(words, path, err);
	}
	return r;
}

static int read_files(struct deploy *d, const struct deploy_options *o, struct error *err)
{
	struct buf words = BUF_INIT;
	int r = o->package.n == 0 ? add_programs(&words, err) : 0;

	for (size_t i = 0; r == 0 && i < o->package.n; i++) {
		const char *dot = strrchr(o->package.items[i], '.');
		r = dot != NULL && strcmp(dot, ".deb") == 0
			    ? add_file(&words, o->package.items[i], err)
			    : error_set(err, ERR_USAGE, "--package %s: a .deb was expected",
				      o->package.items[i]);
	}
	d->files = buf_take(&words);
	return r;
}

/* They stand in a file from which service managers take words. */
static int read_labels(struct deploy *d, const struct texts *labels, struct error *err)
{
	_cleanup_buf_ struct buf words = BUF_INIT;

	for (size_t i = 0; i < labels->n; i++) {
		const char *label = labels->items[i];
		if (strchr(label, '=') == NULL || label[0] == '=' ||
			label[strcspn(label, " \t\n\r\v\f\"'\\$`#;&|<>*?()[]{}")] != '\0')
			return error_set(err, ERR_USAGE,
				"--label '%s': KEY=VALUE was expected, without spaces, quotes and "
				"signs of shells",
				label);
		buf_addf(&words, " --label %s", label);
	}
	d->options = buf_take(&words);
	return 0;
}

/* It stands there, too; what is no address at all is told when it is called. */
static int check_address(const char *address, struct error *err)
{
	for (const char *c = address; *c != '\0'; c++)
		if ((unsigned char)*c <= ' ' || strchr("\"'\\$`#;", *c) != NULL)
			return error_set(err, ERR_USAGE,
				"--coordinator '%s': an address such as tcp://HOST:7710 was "
				"expected, without spaces, quotes and signs of shells",
				address);
	return 0;
}

static int read_server_key(struct deploy *d, struct error *err)
{
	struct keypair k;
	int r = keypair_load(&k, d->keys, err);

	if (r == 0)
		memcpy(d->server_key, k.public_key, sizeof d->server_key);
	keypair_wipe(&k);
	if (r == -ENOENT)
		return error_set(err, ERR_USAGE,
			"deploy: %s has no key of a coordinator; run this where it runs, with the "
			"--db or --keys of 'joulerig serve'",
			d->keys);
	return client_say_whose(r, err);
}

static int read_hosts(struct fleet *f, const char **typed, size_t n, struct error *err)
{
	int r = 0;

	f->hosts = xcalloc(n + 1, sizeof *f->hosts);
	f->is_over = xcalloc(n + 1, sizeof *f->is_over);
	f->is_told = xcalloc(n + 1, sizeof *f->is_told);
	f->energy = xcalloc(n + 1, sizeof *f->energy);
	for (; r == 0 && f->n < n; f->n++) {
		struct deploy_host *h = &f->hosts[f->n];
		r = deploy_host_read(h, typed[f->n], err);
		if (r == 0 && (int)strlen(h->name) > f->width)
			f->width = (int)strlen(h->name);
		for (size_t i = 0; r == 0 && i < f->n; i++)
			if (strcmp(f->hosts[i].name, h->name) == 0)
				r = error_set(err, ERR_USAGE,
					"deploy: '%s' and '%s' would both be %s; give names: "
					"NAME=%s",
					f->hosts[i].login, h->login, h->name, h->login);
	}
	return r;
}

/* Nobody is to be changed where no coordinator would be found after. */
static int check_coordinator(const struct fleet *f, struct error *err)
{
	struct results *r = NULL;
	int code = results_open(&r, &f->where, err);

	results_close(r);
	return code;
}

static int prepare(struct fleet *f, const struct deploy_options *o, const char **typed, size_t n,
	struct error *err)
{
	struct deploy *d = &f->deploy;
	struct utsname machine;
	int r = 0;

	if (!text_is_set(o->common.coordinator))
		return error_set(err, ERR_USAGE,
			"deploy: --coordinator tcp://HOST:7710 is missing: where the agents find "
			"it");
	if (check_address(o->common.coordinator, err) < 0)
		return ERR_USAGE;
	if (o->jobs < 1 || o->jobs > FLEET_JOBS_MAX)
		return error_set(err, ERR_USAGE, "--jobs: 1 to %d", FLEET_JOBS_MAX);
	d->ssh = text_is_set(o->ssh) ? o->ssh : "ssh";
	d->coordinator = o->common.coordinator;
	d->is_user_service = o->user_service;
	d->is_package = o->package.n > 0;
	d->with_sudo = o->sudo;
	d->is_dry_run = o->dry_run;
	d->is_start = !o->no_start && !o->dry_run;
	if (uname(&machine) == 0)
		d->architecture = xstrdup(machine.machine);
	f->where = (struct results_where){.coordinator = d->coordinator, .keys = d->keys};
	if ((r = read_hosts(f, typed, n, err)) == 0 && (r = read_files(d, o, err)) == 0 &&
		(r = read_labels(d, &o->label, err)) == 0 && (r = read_server_key(d, err)) == 0 &&
		d->is_start)
		r = check_coordinator(f, err);
	return r;
}

static int status_of(const struct fleet *f)
{
	size_t n[3] = {0};

	for (size_t i = 0; i < f->n; i++)
		n[f->hosts[i].result]++;
	log_info("%zu of %zu hosts are good; failed: %zu, not reached: %zu", n[DEPLOY_GOOD], f->n,
		n[DEPLOY_FAILED], n[DEPLOY_UNREACHED]);
	if (deploy_is_stopped(&f->deploy))
		return EXIT_INTERRUPTED;
	return n[DEPLOY_FAILED] > 0      ? EXIT_RUN_FAILED
	       : n[DEPLOY_UNREACHED] > 0 ? EXIT_UNAVAILABLE
					 : EXIT_OK;
}

static int run(void *target, const char **arguments, size_t n, struct error *err)
{
	const struct deploy_options *o = target;
	const struct output_ops *ops =
		output_by_name(o->common.format ? o->common.format : "table", err);
	_cleanup_free_ char *keys =
		o->common.keys
			? xstrdup(o->common.keys)
			: xasprintf("%s.d/keys", o->common.db ? o->common.db : "joulerig.db");
	struct fleet f = {.deploy = {.keys = keys, .stop_fd = -1},
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.signal_fd = -1};
	int status = EXIT_USAGE;

	if (ops == NULL)
		return EXIT_USAGE;
	bool is_for_people = ops == &output_table;
	if (prepare(&f, o, arguments, n, err) < 0 ||
		fleet_go(&f, o->jobs, is_for_people, err) < 0) {
		status = (int)error_exit_status(err);
	} else {
		if (!is_for_people)
			fleet_write(&f, ops);
		status = status_of(&f);
	}
	fleet_done(&f);
	return status;
}

const struct command command_deploy = {
	.name = "deploy",
	.usage = "deploy [NAME=][USER@]HOST... --coordinator ADDRESS [options]",
	.summary = "install, enrol and start agents on hosts, over ssh",
	.details =
		"Run it where the coordinator runs (its --keys, or --db). ssh must get to each "
		"host\n"
		"without a question. The agent goes below the login's home, or, where that is\n"
		"root or with --sudo, to /usr/local as a service of the system; its key is made\n"
		"there and trusted here. The same again is an upgrade: a run that goes on ends\n"
		"first, and key and results stay. ADDRESS is where the hosts find the "
		"coordinator.\n"
		"Exit status: 0 all are connected, 1 some failed, 4 some were not reached.",
	.options = options,
	.options_size = sizeof(struct deploy_options),
	.defaults = &defaults,
	.min_arguments = 1,
	.max_arguments = 1000,
	.run = run,
};
