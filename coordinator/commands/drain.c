/* joulerig drain HOST, joulerig admit HOST: whether a host gets runs. */
#include "coordinator/commands/commands.h"

#include "coordinator/client.h"
#include "coordinator/store/store.h"
#include "proto/clock.h"
#include <stdio.h>

#define ANSWER_NS (10 * NS_PER_S)

struct drain_options {
	struct common_options common;
	const char *reason;
	bool now;
};

static const struct option_info drain_table[] = {
	{"now", OPTION_FLAG, offsetof(struct drain_options, now), NULL,
		"end what runs there, and run it again later; else it is let end", NULL},
	{"reason", OPTION_TEXT, offsetof(struct drain_options, reason), "TEXT",
		"why, for those who see it", NULL},
	{.name = NULL},
};

/* ---- a coordinator that runs ---- */

static void show(const struct message_host *h)
{
	if (h->admission == NULL)
		fprintf(stderr, "%s  gets runs (%s)\n", h->name, h->state);
	else if (strcmp(h->admission, "maintenance") == 0)
		fprintf(stderr, "%s  admitted, in maintenance %s\n", h->name,
			h->reason ? h->reason : "");
	else
		fprintf(stderr, "%s  %s%s%s%s\n", h->name, h->admission,
			text_is_set(h->doing) ? ": " : "", text_is_set(h->doing) ? h->doing : "",
			text_is_set(h->doing) ? " ends first" : "");
}

static int ask(const struct results_where *c, struct message *m, struct error *err)
{
	struct client *client = NULL;
	struct message answer;
	int r = client_open(&client, c->coordinator, c->server_key, c->keys, ANSWER_NS, err);

	if (r == 0)
		r = client_send(client, m, err);
	if (r == 0)
		r = client_receive(client, ANSWER_NS, &answer, err);
	if (r == 0) {
		if (answer.type == MESSAGE_REPORT && answer.report.hosts.n > 0)
			show(LIST_AT(&answer.report.hosts, struct message_host, 0));
		message_done(&answer);
	}
	client_close(client);
	return r;
}

/* ---- a file that nobody holds ---- */

static int write_host(const struct store_ops *ops, struct store *s, int64_t host,
	const struct message_steer *m, struct error *err)
{
	bool is_drain = strcmp(m->verb, "drain") == 0;
	int64_t at = clock_realtime_ns();
	int r = ops->set_host_admission(s, host, is_drain ? "drained" : NULL, m->reason, at, err);

	if (r == 0)
		r = ops->add_event(
			s, 0, host, 0, is_drain ? "drained" : "admitted", m->reason, at, err);
	return r;
}

static int write_file(
	const char *db, int64_t host, const struct message_steer *m, struct error *err)
{
	const struct store_ops *ops = stores[0];
	struct store *s = NULL;
	int r = ops->open(&s, db, true, err);

	if (r == 0)
		r = ops->begin(s, err);
	if (r == 0)
		r = write_host(ops, s, host, m, err);
	if (r == 0)
		r = ops->commit(s, err);
	if (s != NULL)
		ops->close(s);
	if (r == 0)
		fprintf(stderr, "%s  %s\n", m->host,
			strcmp(m->verb, "drain") == 0 ? "drained" : "gets runs");
	return r;
}

/* ---- both ---- */

struct found {
	const char *name;
	int64_t id; /* 0: there is none of that name */
	char **names;
	size_t n;
};

static int on_host(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct found *f = arg;

	(void)n;
	if (strcmp(cell_text(&c[HOSTS_NAME]), f->name) == 0)
		f->id = key;
	f->names = xreallocarray(f->names, f->n + 1, sizeof *f->names);
	f->names[f->n++] = xstrdup(cell_text(&c[HOSTS_NAME]));
	return 0;
}

/* The store id of the host, or negative. */
static int64_t find_host(struct results *results, const struct message_steer *m, struct error *err)
{
	struct found f = {.name = m->host};
	int r = results_query(results, "hosts", NULL, NULL, on_host, &f, err);
	const char *near = nearest_word(f.name, (const char *const *)f.names, f.n);

	if (r == 0 && f.id == 0)
		r = error_set(err, ERR_USAGE,
			"%s: there is no host '%s'%s%s%s; 'joulerig hosts' lists them", m->verb,
			f.name, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
	for (size_t i = 0; i < f.n; i++)
		free(f.names[i]);
	free(f.names);
	return r < 0 ? r : f.id;
}

static int steer(
	const struct common_options *o, const struct message_steer *wanted, struct error *err)
{
	const struct results_where where = common_where(o), *coordinator;
	struct results *results = NULL;
	struct message m;
	int r = results_open(&results, &where, err);

	if (r < 0)
		return error_exit_status(err);
	int64_t host = find_host(results, wanted, err);
	coordinator = results_coordinator(results);
	bool is_file = coordinator == NULL;
	message_init(&m, MESSAGE_STEER);
	m.steer = *wanted;
	if (host > 0 && !is_file)
		r = ask(coordinator, &m, err);
	results_close(results);
	if (host > 0 && is_file)
		r = write_file(where.db ? where.db : "joulerig.db", host, wanted, err);
	return host < 0 || r < 0 ? (int)error_exit_status(err) : EXIT_OK;
}

static int run_drain(void *target, const char **arguments, size_t n, struct error *err)
{
	const struct drain_options *o = target;
	const struct message_steer m = {.verb = "drain",
		.host = arguments[0],
		.now = o->now ? 1 : ABSENT,
		.reason = text_is_set(o->reason) ? o->reason : NULL};

	(void)n;
	return steer(&o->common, &m, err);
}

static int run_admit(void *target, const char **arguments, size_t n, struct error *err)
{
	const struct message_steer m = {.verb = "admit", .host = arguments[0], .now = ABSENT};

	(void)n;
	return steer(target, &m, err);
}

const struct command command_drain = {
	.name = "drain",
	.usage = "drain HOST [--now] [--reason TEXT]",
	.summary = "give a host no more runs; what runs there is let end",
	.details = "What waits there is called off and run later, nothing is lost. The host stays "
		   "connected, and\ndrained when its agent or the coordinator is started anew, "
		   "until 'joulerig admit HOST'. Blocks of\ncampaigns with spread: any go to other "
		   "hosts; those with spread: every wait for it.",
	.options = drain_table,
	.options_size = sizeof(struct drain_options),
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run_drain,
};

const struct command command_admit = {
	.name = "admit",
	.usage = "admit HOST",
	.summary = "give a host runs again that was drained or set aside",
	.options_size = sizeof(struct common_options),
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run_admit,
};
