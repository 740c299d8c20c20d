/* joulerig deploy HOST...: install, enrol and start agents over ssh, and tell host by host. */
#include "coordinator/agents_here.h"
#include "coordinator/commands/commands.h"
#include "coordinator/commands/deploy_host.h"
#include "coordinator/findings/host_text.h"
#include "coordinator/output/output.h"
#include "proto/clock.h"
#include "proto/log.h"
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/utsname.h>

#define JOBS          8
#define JOBS_MAX      64
#define CONNECT_NS    (30 * NS_PER_S)
#define LOOK_AGAIN_MS 200

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
	OPTION("no-start", OPTION_FLAG, no_start, NULL, "install and enrol alone"),
	OPTION("dry-run", OPTION_FLAG, dry_run, NULL, "look at the hosts, and change nothing"),
	OPTION("jobs", OPTION_COUNT, jobs, "N", "hosts at a time (default 8)"),
	OPTION("ssh", OPTION_TEXT, ssh, "COMMAND", "how to get there: 'ssh -i KEY -p 2222'"),
	{.name = NULL},
};

/* ---- all hosts at once ---- */

struct fleet {
	struct deploy deploy;
	struct results_where where;
	struct deploy_host *hosts; /* owned */
	size_t n;
	pthread_mutex_t lock; /* of what follows */
	size_t next;          /* that nobody works at yet */
	bool *is_over;        /* its steps; owned */
	/* by the main thread alone */
	bool *is_told; /* owned */
	char **energy; /* owned, with its texts */
	int width;
};

static void *work(void *arg)
{
	struct fleet *f = arg;

	for (;;) {
		pthread_mutex_lock(&f->lock);
		size_t i = f->next < f->n ? f->next++ : f->n;
		pthread_mutex_unlock(&f->lock);
		if (i == f->n)
			return NULL;
		deploy_host_run(&f->deploy, &f->hosts[i]);
		pthread_mutex_lock(&f->lock);
		f->is_over[i] = true;
		pthread_mutex_unlock(&f->lock);
	}
}

static bool is_over(struct fleet *f, size_t i)
{
	pthread_mutex_lock(&f->lock);
	bool over = f->is_over[i];
	pthread_mutex_unlock(&f->lock);
	return over;
}

/* ---- telling ---- */

static void add_version(const struct deploy_host *h, struct buf *out)
{
	const char *version = h->version != NULL ? h->version : "";

	if (!text_is_set(h->was))
		buf_addf(out, "installed %s", version);
	else if (!text_is(h->was, version))
		buf_addf(out, "upgraded %s to %s", h->was, version);
	else
		buf_addf(out, "%s %s", h->is_changed ? "renewed" : "unchanged", version);
}

static void describe(const struct fleet *f, size_t i, struct buf *out)
{
	const struct deploy_host *h = &f->hosts[i];

	if (h->result == DEPLOY_UNREACHED) {
		buf_addf(out, "not reached: %s", h->reason);
	} else if (h->result == DEPLOY_FAILED) {
		buf_addf(out, "failed at %s: %s", h->step, h->reason);
	} else if (f->deploy.is_dry_run) {
		buf_addf(out, "would install %s", JOULERIG_VERSION);
		if (text_is_set(h->was))
			buf_addf(out, " over %s", h->was);
		buf_adds(out, text_is(h->service, "systemd") ? ", started by systemd" : "");
	} else {
		add_version(h, out);
		buf_addf(out, ", enrolled%s", f->energy[i] != NULL ? ", connected" : "");
		if (f->energy[i] != NULL)
			buf_addf(out, " (energy: %s)", f->energy[i]);
		if (text_is_set(h->note))
			buf_addf(out, "; %s", h->note);
	}
}

static const struct column columns[] = {
	{"host", NULL, false},
	{"login", NULL, false},
	{"result", NULL, false},
	{"step", NULL, false},
	{"was", NULL, false},
	{"version", NULL, false},
	{"connected", NULL, false},
	{"energy", NULL, false},
	{"text", NULL, false},
};

static struct cell text_cell(const char *text)
{
	return text_is_set(text) ? (struct cell){CELL_TEXT, text} : (struct cell){CELL_NONE, NULL};
}

static void write_rows(const struct fleet *f, const struct output_ops *ops)
{
	static const char *const results[] = {"good", "unreached", "failed"};
	struct output *o = ops->begin(stdout, columns, ARRAY_SIZE(columns));

	for (size_t i = 0; i < f->n; i++) {
		const struct deploy_host *h = &f->hosts[i];
		_cleanup_buf_ struct buf text = BUF_INIT;
		describe(f, i, &text);
		const struct cell cells[] = {
			text_cell(h->name),
			text_cell(h->login),
			text_cell(results[h->result]),
			text_cell(h->step),
			text_cell(h->was),
			text_cell(h->version),
			{CELL_BOOL, f->energy[i] != NULL ? "true" : "false"},
			text_cell(f->energy[i]),
			text_cell(text.data),
		};
		ops->row(o, cells);
	}
	ops->end(o);
}

/* A line as soon as a host is through. */
static void tell(struct fleet *f, size_t i, bool is_for_people)
{
	_cleanup_buf_ struct buf text = BUF_INIT;

	f->is_told[i] = true;
	if (!is_for_people)
		return;
	describe(f, i, &text);
	_cleanup_free_ char *line = output_harmless(text.data);
	printf("%-*s  %s\n", f->width, f->hosts[i].name, line);
	fflush(stdout);
}

/* ---- until they are connected ---- */

static char *energy_text(const char *inventory_text)
{
	json_t *inventory = host_inventory(inventory_text);
	const char *source = host_energy_source(inventory), *why = host_energy_why(inventory);
	char *text = source != NULL
			     ? xstrdup(source)
			     : xasprintf("none: %s; 'joulerig-agent doctor' there tells more",
				       text_is_set(why) ? why : "no reason given");

	json_decref(inventory);
	return text;
}

static bool is_here(const struct message_host *told, const struct deploy_host *h)
{
	return strcmp(told->name, h->name) == 0 && told->seen_at != ABSENT &&
	       (h->was_running || told->seen_at >= h->started_at) &&
	       (strcmp(told->state, "idle") == 0 || strcmp(told->state, "running") == 0);
}

static void look(struct fleet *f, struct results **r)
{
	struct error err = {0};
	struct message m;

	if (*r == NULL && results_open(r, &f->where, &err) < 0)
		return;
	if (results_report(*r, NULL, &m, &err) < 0) {
		results_close(*r);
		*r = NULL;
		return;
	}
	for (size_t i = 0; i < f->n; i++)
		for (size_t k = 0; f->energy[i] == NULL && is_over(f, i) && k < m.report.hosts.n;
			k++) {
			const struct message_host *told =
				LIST_AT(&m.report.hosts, struct message_host, k);
			if (f->hosts[i].started_at != 0 && is_here(told, &f->hosts[i]))
				f->energy[i] = energy_text(told->inventory);
		}
	message_done(&m);
}

/* Whether nothing more comes of a host, or it has had its time. */
static bool is_settled(struct fleet *f, size_t i)
{
	struct deploy_host *h = &f->hosts[i];

	if (h->result != DEPLOY_GOOD || h->started_at == 0 || f->energy[i] != NULL)
		return true;
	if (clock_realtime_ns() - h->started_at < CONNECT_NS)
		return false;
	deploy_host_ask(&f->deploy, h);
	deploy_host_fail(h, DEPLOY_FAILED, "connect",
		"its agent is started and has not connected to %s within %d s; can it reach that "
		"address? It says: %s",
		f->deploy.coordinator, (int)(CONNECT_NS / NS_PER_S),
		text_is_set(h->said) ? h->said : "nothing");
	return true;
}

static void watch(struct fleet *f, bool is_for_people)
{
	struct results *r = NULL;
	size_t told = 0;

	while (told < f->n) {
		bool waits = false;
		for (size_t i = 0; i < f->n; i++)
			waits |= is_over(f, i) && f->hosts[i].started_at != 0 &&
				 f->energy[i] == NULL && !f->is_told[i];
		if (waits)
			look(f, &r);
		for (size_t i = 0; i < f->n; i++)
			if (!f->is_told[i] && is_over(f, i) && is_settled(f, i)) {
				tell(f, i, is_for_people);
				told++;
			}
		if (told < f->n)
			poll(NULL, 0, LOOK_AGAIN_MS);
	}
	results_close(r);
}

static int go(struct fleet *f, int64_t jobs, bool is_for_people, struct error *err)
{
	pthread_t threads[JOBS_MAX];
	size_t n = 0;
	int r = 0;

	for (; n < (size_t)jobs && n < f->n && r == 0; n++)
		r = pthread_create(&threads[n], NULL, work, f);
	if (n == 0 || (r != 0 && n == 1))
		return error_set(err, ERR_INTERNAL, "deploy: no thread: %s", strerror(r));
	watch(f, is_for_people);
	for (size_t i = 0; i < n - (r != 0); i++)
		pthread_join(threads[i], NULL);
	return 0;
}

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
			label[strcspn(label, " \t\n\"'\\$`#;&|<>*?()[]{}")] != '\0')
			return error_set(err, ERR_USAGE,
				"--label '%s': KEY=VALUE was expected, without spaces, quotes and "
				"signs of shells",
				label);
		buf_addf(&words, " --label %s", label);
	}
	d->options = buf_take(&words);
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
	return r;
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
	if (o->jobs < 1 || o->jobs > JOBS_MAX)
		return error_set(err, ERR_USAGE, "--jobs: 1 to %d", JOBS_MAX);
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

static void fleet_done(struct fleet *f)
{
	for (size_t i = 0; i < f->n; i++) {
		deploy_host_done(&f->hosts[i]);
		free(f->energy[i]);
	}
	free(f->hosts);
	free(f->is_over);
	free(f->is_told);
	free(f->energy);
	free(f->deploy.options);
	free(f->deploy.files);
	free(f->deploy.architecture);
	pthread_mutex_destroy(&f->lock);
}

static int status_of(const struct fleet *f)
{
	size_t n[3] = {0};

	for (size_t i = 0; i < f->n; i++)
		n[f->hosts[i].result]++;
	log_info("%zu of %zu hosts are good; failed: %zu, not reached: %zu", n[DEPLOY_GOOD], f->n,
		n[DEPLOY_FAILED], n[DEPLOY_UNREACHED]);
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
	struct fleet f = {.deploy.keys = keys, .lock = PTHREAD_MUTEX_INITIALIZER};
	int status = EXIT_USAGE;

	if (ops == NULL)
		return EXIT_USAGE;
	bool is_for_people = ops == &output_table;
	if (prepare(&f, o, arguments, n, err) < 0 || go(&f, o->jobs, is_for_people, err) < 0) {
		status = (int)error_exit_status(err);
	} else {
		if (!is_for_people)
			write_rows(&f, ops);
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
