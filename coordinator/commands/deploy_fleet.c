#include "coordinator/commands/deploy_fleet.h"

#include "coordinator/findings/host_text.h"
#include "proto/clock.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define CONNECT_NS    (30 * NS_PER_S)
#define LOOK_AGAIN_MS 200

/* ---- told to end ---- */

/* What runs over ssh has no terminal and would outlive this program. So signals are read, and all
 * threads end what they run. */
static void catch_signals(struct fleet *f)
{
	sigset_t ends;

	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &ends, NULL);
	f->signal_fd = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
	f->deploy.stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

static void stop(struct fleet *f)
{
	const uint64_t one = 1;

	(void)!write(f->deploy.stop_fd, &one, sizeof one);
}

static void wait_a_moment(struct fleet *f)
{
	struct pollfd p = {.fd = f->signal_fd, .events = POLLIN};
	struct signalfd_siginfo info;

	if (poll(&p, 1, LOOK_AGAIN_MS) > 0 && read(f->signal_fd, &info, sizeof info) > 0)
		stop(f);
}

/* ---- all hosts at once ---- */

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

void fleet_write(const struct fleet *f, const struct output_ops *ops)
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

	if ((*r == NULL && results_open(r, &f->where, &err) < 0) ||
		results_report(*r, NULL, &m, &err) < 0) {
		if (err.code == -EINTR) /* it reads signals, too */
			stop(f);
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
	if (deploy_is_stopped(&f->deploy)) {
		deploy_host_fail(h, DEPLOY_FAILED, "connect",
			"interrupted; its agent is started, and was not waited for");
		return true;
	}
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
			wait_a_moment(f);
	}
	results_close(r);
}

int fleet_go(struct fleet *f, int64_t jobs, bool is_for_people, struct error *err)
{
	pthread_t threads[FLEET_JOBS_MAX];
	size_t n = 0;
	int r = 0;

	catch_signals(f);
	for (; n < (size_t)jobs && n < f->n && r == 0; n++)
		r = pthread_create(&threads[n], NULL, work, f);
	if (n == 0 || (r != 0 && n == 1))
		return error_set(err, ERR_INTERNAL, "deploy: no thread: %s", strerror(r));
	watch(f, is_for_people);
	for (size_t i = 0; i < n - (r != 0); i++)
		pthread_join(threads[i], NULL);
	return 0;
}

void fleet_done(struct fleet *f)
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
	if (f->signal_fd >= 0)
		close(f->signal_fd);
	if (f->deploy.stop_fd >= 0)
		close(f->deploy.stop_fd);
	pthread_mutex_destroy(&f->lock);
}
