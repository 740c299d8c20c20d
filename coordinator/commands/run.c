/*
 * joulerig run FILE: a campaign here, with a coordinator inside this process and an agent as its
 * child, or on a coordinator elsewhere; and joulerig resume ID: go on with one that was paused, or
 * interrupted here.
 */
#include "coordinator/commands/run.h"
#include "coordinator/agents_here.h"
#include "coordinator/client.h"
#include "coordinator/commands/follow.h"
#include "coordinator/commands/steering.h"
#include "coordinator/commands/submission.h"
#include "coordinator/dispatch/server.h"
#include "proto/clock.h"
#include "proto/log.h"
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>

#define CONNECT_NS (5 * NS_PER_S)
/* An agent measures its zones before it says HELLO; a slow machine may take a while. */
#define GATHER_NS (60 * NS_PER_S)

struct run_options {
	struct common_options common;
	struct submission_options submission;
	const char *root;
	int64_t agents;
	bool detach;
};

#define OPTION(name, kind, member, value, help)                                                    \
	{                                                                                          \
		name, kind, offsetof(struct run_options, member), value, help, NULL                \
	}
static const struct option_info run_table[] = {
	SUBMISSION_OPTIONS(struct run_options, submission),
	LABEL_OPTION(struct run_options, submission),
	PRIORITY_OPTION(struct run_options, submission),
	OPTION("root", OPTION_TEXT, root, "DIR",
		"where the agent finds proc/ and sys/ of the measured machine"),
	OPTION("agents", OPTION_COUNT, agents, "N",
		"start N agents here, each with its share of the CPUs"),
	OPTION("detach", OPTION_FLAG, detach, NULL,
		"with --coordinator: print the label and return"),
	{.name = NULL},
};
static const struct run_options defaults = {.submission = SUBMISSION_DEFAULTS, .agents = 1};

/* ---- on a coordinator elsewhere ---- */

static int run_remote(
	struct run_options *o, const struct submission_file *file, char **label, struct error *err)
{
	struct results_where where = common_where(&o->common);
	struct client *client = NULL;
	struct follow f;
	int r = client_open(
		&client, where.coordinator, where.server_key, where.keys, CONNECT_NS, err);

	follow_init(&f, &o->common);
	if (r == 0)
		r = submission_send(file, client, label, err);
	if (r == 0 && o->detach)
		printf("%s\n", *label);
	else if (r == 0)
		r = follow_remote(&f, &client, *label, &where, err);
	if (r == -EINTR && *label != NULL)
		error_set(err, -EINTR,
			"interrupted; %s goes on there: 'joulerig watch %s' follows it, 'joulerig "
			"cancel %s' ends it",
			*label, *label, *label);
	client_close(client);
	return r < 0 ? (err->code ? (int)error_exit_status(err) : EXIT_USAGE) : r;
}

/* ---- here ---- */

struct here {
	struct run_options *o;
	struct server *server;
	struct agents_here *agents;
	struct follow follow;
	char *data_dir, *keys_dir;
	const struct dispatch_request *request; /* NULL: of a campaign that was there before */
	char *label;                            /* once it was decided */
	struct error failure;                   /* of the submission or of an agent */
	int interrupts;
};

static void on_signal(void *arg, int signo)
{
	struct here *h = arg;

	if (signo == SIGHUP && h->interrupts == 0 && isatty(STDERR_FILENO) == 0)
		return;
	h->interrupts++;
	server_stop(h->server, EXIT_INTERRUPTED);
}

static void on_decided(void *arg, const char *label, const struct error *err)
{
	struct here *h = arg;

	if (err->code != 0) {
		h->failure = *err;
		server_stop(h->server, error_exit_status(err));
		return;
	}
	h->label = xstrdup(label);
	server_set_only(h->server, label);
}

static void on_campaign_event(void *arg, const struct message *event)
{
	struct here *h = arg;

	follow_event(&h->follow, event);
	if (h->follow.has_ended)
		server_stop(h->server, follow_status(&h->follow));
}

/*
 * The store could not be written to, and can again: go on with the campaign, or hand it in once
 * more where it had not come into the store.
 */
static void on_trouble(void *arg, const char *trouble)
{
	struct here *h = arg;

	follow_clear(&h->follow);
	if (trouble != NULL)
		return;
	struct dispatch *d = server_dispatch(h->server);
	if (h->label != NULL && dispatch_observe(d, h->label, on_campaign_event, h))
		return;
	if (h->request == NULL) {
		error_set(
			&h->failure, ERR_INTERNAL, "resume: %s cannot be taken up again", h->label);
		server_stop(h->server, EXIT_INTERNAL);
		return;
	}
	free(h->label);
	h->label = NULL;
	server_set_only(h->server, "");
	dispatch_submit(d, clock_monotonic_ns(), h->request);
}

static void on_agent_failure(void *arg, const struct error *err)
{
	struct here *h = arg;

	h->failure = *err;
	server_stop(h->server, error_exit_status(err));
}

/* Keys of earlier runs that were killed; nobody uses them, as we hold the store. */
static void remove_old_keys(const struct here *h)
{
	DIR *d = opendir(h->data_dir);
	const struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL) {
		_cleanup_free_ char *path = xasprintf("%s/%s", h->data_dir, e->d_name);
		if (strncmp(e->d_name, "run-keys.", 9) == 0 && strcmp(path, h->keys_dir) != 0)
			(void)remove_tree(path);
	}
	if (d != NULL)
		closedir(d);
}

static int cannot_make(const char *path, struct error *err)
{
	int code = error_errno(err, "store: cannot make %s", path);
	bool is_others = client_say_owner(code, err) != code;

	return error_set(err, ERR_UNAVAILABLE, "%s%s name another place with --db", err->text,
		is_others ? ", or" : ";");
}

/* The folder beside the store, and in it one for the coordinator's keys, made for this run. */
static int make_folders(struct here *h, const char *db, struct error *err)
{
	_cleanup_free_ char *relative = server_data_dir(db);

	if (mkdir(relative, SERVER_DATA_MODE) != 0 && errno != EEXIST)
		return cannot_make(relative, err);
	h->data_dir = realpath(relative, NULL);
	if (h->data_dir == NULL)
		return error_errno(err, "%s", relative);
	h->keys_dir = xasprintf("%s/run-keys.XXXXXX", h->data_dir);
	if (mkdtemp(h->keys_dir) == NULL)
		return cannot_make(h->keys_dir, err);
	return 0;
}

static int start_agents(struct here *h, struct error *err)
{
	const struct agents_here_config config = {
		.loop = server_loop(h->server),
		.keyring = server_keyring(h->server),
		.endpoint = server_endpoint(h->server),
		.server_key = server_public_key(h->server),
		.data_dir = h->data_dir,
		.root = h->o->root,
		.n = h->o->agents,
		.is_verbose = h->o->common.verbose,
		.on_failure = on_agent_failure,
		.arg = h,
	};

	return agents_here_start(&h->agents, &config, err);
}

static int open_here(struct here *h, struct run_options *o, const char *only, struct error *err)
{
	const char *db = o->common.db ? o->common.db : "joulerig.db";

	*h = (struct here){.o = o};
	follow_init(&h->follow, &o->common);
	if (o->agents < 1 || o->agents > 1024)
		return error_set(
			err, ERR_USAGE, "--agents %lld: expected 1 to 1024", (long long)o->agents);
	int r = make_folders(h, db, err);
	if (r < 0)
		return r;
	const struct server_config config = {
		.db = db,
		.endpoint = "tcp://127.0.0.1:*",
		.keys = h->keys_dir,
		.is_embedded = true,
		.only = only,
		.gather_ns = GATHER_NS,
		.on_trouble = on_trouble,
		.on_signal = on_signal,
		.arg = h,
	};
	r = server_open(&h->server, &config, err);
	if (r < 0)
		return r;
	remove_old_keys(h);
	return 0;
}

static void close_here(struct here *h)
{
	/* Agents hear that the last result is committed, and so drop it, before they hear BYE. */
	if (server_say_bye(h->server) > 0)
		agents_here_wait(h->agents);
	agents_here_stop(h->agents);
	server_close(h->server);
	if (h->keys_dir != NULL)
		(void)remove_tree(h->keys_dir);
	free(h->keys_dir);
	free(h->data_dir);
}

/* Run the server to the campaign's end, and say how to go on where it did not come to it. */
static int follow_here(struct here *h, struct error *err)
{
	int status = server_run(h->server, err);

	follow_clear(&h->follow);
	if (h->failure.code != 0) {
		*err = h->failure;
		return (int)error_exit_status(err);
	}
	if (status < 0)
		return (int)error_exit_status(err);
	if (status == EXIT_INTERRUPTED && h->label != NULL)
		log_info("interrupted; what was measured is kept, and 'joulerig resume %s%s%s' "
			 "goes on",
			h->label, h->o->common.db ? " --db " : "",
			h->o->common.db ? h->o->common.db : "");
	return status;
}

/* file: whose files are added to the request; NULL: all that it needs is here. */
static int request_here(struct run_options *o, struct dispatch_request request,
	const struct submission_file *file, char **label, struct error *err)
{
	struct content_hash tree;
	bool has_tree = false;
	struct here h;
	int status, r = open_here(&h, o, "", err);

	if (r == 0 && file != NULL)
		r = submission_add_files(file, server_content(h.server), &tree, &has_tree, err);
	if (r == 0)
		r = start_agents(&h, err);
	if (r == 0) {
		request.on_decided = on_decided;
		request.observer = on_campaign_event;
		request.arg = &h;
		if (has_tree)
			request.tree = (struct blob){.data = tree.b, .len = sizeof tree.b};
		h.request = &request;
		dispatch_submit(server_dispatch(h.server), clock_monotonic_ns(), &request);
		status = follow_here(&h, err);
	} else {
		status = (int)error_exit_status(err);
	}
	close_here(&h);
	*label = h.label;
	return status;
}

static int run_here(
	struct run_options *o, const struct submission_file *file, char **label, struct error *err)
{
	struct dispatch_request request = {
		.yaml = file->yaml.data,
		.file = file->path,
		.changes = file->changes,
		.directory = file->directory,
		.priority = file->priority,
	};

	return request_here(o, request, file, label, err);
}

/* ---- the commands ---- */

/* What was measured, as `joulerig results` shows it. Its own troubles do not change the campaign's
 * exit status. */
static void show_results(const struct common_options *common, const char *label)
{
	const struct command *c = &command_results;
	_cleanup_free_ struct common_options *o = xcalloc(1, c->options_size);
	struct error err = {0};

	if (c->defaults != NULL)
		memcpy(o, c->defaults, c->options_size);
	*o = *common;
	c->run(o, &label, 1, &err);
	if (err.text[0] != '\0')
		log_error("%s", err.text);
}

static bool wants_results(int status)
{
	return status == EXIT_OK || status == EXIT_RUN_FAILED;
}

int run_request(
	const struct run_place *place, const struct dispatch_request *request, struct error *err)
{
	struct run_options o = defaults;
	_cleanup_free_ char *label = NULL;

	o.common = place->common;
	o.root = place->root;
	o.agents = place->agents;
	int status = request_here(&o, *request, NULL, &label, err);
	if (label != NULL && wants_results(status))
		show_results(&place->common, label);
	return status;
}

static int run(void *target, const char **arguments, size_t n, struct error *err)
{
	struct run_options *o = target;
	struct submission_file file;
	_cleanup_free_ char *label = NULL;
	int status;

	(void)n;
	if (o->detach && o->common.coordinator == NULL) {
		error_set(err, ERR_UNAVAILABLE,
			"run: --detach leaves the campaign to a coordinator; name one with "
			"--coordinator ADDRESS, or run it here without --detach");
		return EXIT_UNAVAILABLE;
	}
	if (submission_read(&file, arguments[0], &o->submission, o->common.verbose, err) < 0)
		status = EXIT_USAGE;
	else if (o->common.coordinator != NULL)
		status = run_remote(o, &file, &label, err);
	else
		status = run_here(o, &file, &label, err);
	submission_done(&file);
	if (label != NULL && wants_results(status) && !(o->detach && o->common.coordinator != NULL))
		show_results(&o->common, label);
	return status;
}

struct unfinished {
	const char *name; /* NULL: any */
	bool is_live;     /* a coordinator has them: only what is paused waits */
	char *label;      /* owned; the last that fits */
};

static int on_campaign_row(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct unfinished *u = arg;
	const char *state = cell_text(&c[CAMPAIGNS_STATE]);

	(void)key;
	(void)n;
	/* What is queued was not even written to its end. */
	if (strcmp(state, "done") == 0 || strcmp(state, "cancelled") == 0 ||
		strcmp(state, "queued") == 0)
		return 0;
	if (u->name == NULL && u->is_live && strcmp(state, "paused") != 0)
		return 0;
	if (u->name != NULL && strcmp(u->name, cell_text(&c[CAMPAIGNS_NAME])) != 0 &&
		strcmp(u->name, cell_text(&c[CAMPAIGNS_LABEL])) != 0)
		return 0;
	free(u->label);
	u->label = xstrdup(cell_text(&c[CAMPAIGNS_LABEL]));
	return 0;
}

/* The campaign to go on with: the last of that label or name, or of all, that waits for it. */
static int find_unfinished(
	const struct common_options *o, const char *typed, struct steered *c, struct error *err)
{
	struct unfinished u = {.name = typed};
	int r = steering_find(c, o, NULL, err);

	u.is_live = !c->is_file;
	if (r == 0)
		r = results_query(c->results, "campaigns", NULL, NULL, on_campaign_row, &u, err);
	if (r == 0 && u.label == NULL)
		r = error_set(err, ERR_USAGE,
			"resume: no campaign%s%s waits to go on; 'joulerig status' shows what "
			"there is",
			typed ? " " : "", typed ? typed : "");
	free(c->label);
	c->label = u.label;
	return r;
}

/* Go on, here, with a campaign that nobody has. */
static int resume_here(struct run_options *o, const char *label, struct error *err)
{
	struct here h = {0};
	int r = open_here(&h, o, label, err);

	if (r == 0 && !dispatch_observe(server_dispatch(h.server), label, on_campaign_event, &h))
		r = error_set(err, ERR_INTERNAL, "resume: %s cannot be taken up", label);
	if (r == 0) {
		dispatch_resume(server_dispatch(h.server), label);
		h.label = xstrdup(label);
		r = start_agents(&h, err);
	}
	int status = r == 0 ? follow_here(&h, err) : (int)error_exit_status(err);
	close_here(&h);
	free(h.label);
	if (wants_results(status) && r == 0)
		show_results(&o->common, label);
	return status;
}

static int resume(void *target, const char **arguments, size_t n, struct error *err)
{
	struct run_options *o = target;
	struct steered c;
	int r = find_unfinished(&o->common, n > 0 ? arguments[0] : NULL, &c, err), status;
	_cleanup_free_ char *label = r == 0 ? xstrdup(c.label) : NULL;

	if (r == 0 && !c.is_file)
		r = steering_campaign(&c, "resume", false, err);
	status = r < 0 ? (int)error_exit_status(err) : EXIT_OK;
	bool is_here = r == 0 && c.is_file;
	steering_done(&c);
	return is_here ? resume_here(o, label, err) : status;
}

const struct command command_run = {
	.name = "run",
	.usage = "run FILE [options]",
	.summary = "run a campaign here, or on --coordinator ADDRESS; follow it to the end",
	.details = "Without --coordinator nothing else is needed: a coordinator runs inside, an "
		   "agent as its child.\n"
		   "Results go to the store (--db) as they come; the table at the end is that of "
		   "'joulerig results'.",
	.options = run_table,
	.options_size = sizeof(struct run_options),
	.defaults = &defaults,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};

const struct command command_resume = {
	.name = "resume",
	.usage = "resume [ID]",
	.summary = "go on with a campaign that was paused, or a 'run' that was interrupted",
	.details = "A coordinator that has it goes on with it, and this returns; what nobody has "
		   "goes on here.\nWhat was measured before stays and is not measured again.",
	.options = run_table + SUBMISSION_OPTIONS_N, /* not those that change a campaign */
	.options_size = sizeof(struct run_options),
	.defaults = &defaults,
	.min_arguments = 0,
	.max_arguments = 1,
	.run = resume,
};
