#include "coordinator/commands/plan_hosts.h"

#include "coordinator/agents_here.h"
#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>

static void add_host(struct hosts *h, const char *name, const char *inventory)
{
	struct plan_host host = {.name = xstrdup(name), .inventory = xstrdup(inventory)};
	char why[256];

	h->all = xreallocarray(h->all, h->all_n + 1, sizeof *h->all);
	h->all[h->all_n++] = host;
	if (campaign_wants_host(h->campaign, &host, why)) {
		h->items = xreallocarray(h->items, h->n + 1, sizeof *h->items);
		h->items[h->n++] = host;
		return;
	}
	h->unwanted = xreallocarray(h->unwanted, h->unwanted_n + 1, sizeof *h->unwanted);
	h->unwanted[h->unwanted_n++] =
		(struct unwanted_host){.name = xstrdup(name), .why = xstrdup(why)};
}

void hosts_done(struct hosts *h)
{
	for (size_t i = 0; i < h->all_n; i++) {
		free((char *)h->all[i].name);
		free((char *)h->all[i].inventory);
	}
	for (size_t i = 0; i < h->unwanted_n; i++) {
		free(h->unwanted[i].name);
		free(h->unwanted[i].why);
	}
	buf_done(&h->notes);
	free(h->items);
	free(h->all);
	free(h->unwanted);
}

void hosts_add_tuples(struct hosts *h, const struct plan *p)
{
	h->items = xreallocarray(h->items, p->lanes_n + 1, sizeof *h->items);
	for (size_t l = h->n; l < p->lanes_n; l++)
		h->items[l] = (struct plan_host){.name = p->lanes[l].host,
			.inventory = h->items[p->lanes[l].main].inventory};
}

/* ---- of a coordinator ---- */

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct plan_host *)a)->name, ((const struct plan_host *)b)->name);
}

static int unwanted_by_name(const void *a, const void *b)
{
	return strcmp(
		((const struct unwanted_host *)a)->name, ((const struct unwanted_host *)b)->name);
}

static bool has_host(const struct hosts *h, const char *name)
{
	for (size_t i = 0; i < h->all_n; i++)
		if (strcmp(h->all[i].name, name) == 0)
			return true;
	return false;
}

static bool is_wanted(const struct hosts *h, const char *name)
{
	for (size_t i = 0; i < h->n; i++)
		if (strcmp(h->items[i].name, name) == 0)
			return true;
	return false;
}

/* Who is wanted and would take no part if it were submitted now. */
static int note_absent(struct hosts *h, struct results *results, struct error *err)
{
	const struct campaign *c = h->campaign;
	struct message m;
	int rc = results_report(results, NULL, &m, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < m.report.hosts.n; i++) {
		const struct message_host *host = LIST_AT(&m.report.hosts, struct message_host, i);
		bool is_away =
			strcmp(host->state, "silent") == 0 || strcmp(host->state, "offline") == 0;
		if (is_away && is_wanted(h, host->name))
			buf_addf(&h->notes, "%s is not connected: it takes no part until it is\n",
				host->name);
	}
	message_done(&m);
	for (size_t i = 0; i < c->hosts.names_n; i++)
		if (!has_host(h, c->hosts.names[i]))
			buf_addf(&h->notes, "%s is not known there: it takes no part\n",
				c->hosts.names[i]);
	return 0;
}

static int host_row(void *arg, int64_t key, const struct message_cell *cells, size_t n)
{
	(void)key;
	if (n >= HOSTS_N && cells[HOSTS_NAME].text && cells[HOSTS_INVENTORY].text)
		add_host(arg, cells[HOSTS_NAME].text, cells[HOSTS_INVENTORY].text);
	return 0;
}

int hosts_of_coordinator(struct hosts *h, const struct common_options *o, struct error *err)
{
	struct results_where where = common_where(o);
	struct results *results = NULL;
	int rc = results_open(&results, &where, err);

	if (rc == 0)
		rc = results_query(results, "hosts", NULL, NULL, host_row, h, err);
	if (rc == 0)
		rc = note_absent(h, results, err);
	if (h->n > 0)
		qsort(h->items, h->n, sizeof *h->items, by_name);
	if (h->unwanted_n > 0)
		qsort(h->unwanted, h->unwanted_n, sizeof *h->unwanted, unwanted_by_name);
	results_close(results);
	return rc;
}

/* ---- of this machine ---- */

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

/* Start it with its stdout in a pipe. Returns the end to read from, or negative. */
static int start(char *const *argv, pid_t *pid, struct error *err)
{
	posix_spawn_file_actions_t actions;
	int fds[2], rc;

	if (pipe(fds) < 0)
		return error_errno(err, "cannot make a pipe");
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addclose(&actions, fds[0]);
	posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO);
	posix_spawn_file_actions_addclose(&actions, fds[1]);
	rc = posix_spawnp(pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(fds[1]);
	if (rc == 0)
		return fds[0];
	close(fds[0]);
	return error_set(err, ERR_UNAVAILABLE, "cannot start %s: %s", argv[0], strerror(rc));
}

int agent_tells(const char **argv, struct buf *out, struct error *err)
{
	_cleanup_free_ char *agent = find_agent();
	pid_t pid;
	int status = 0, fd, rc;

	argv[0] = agent;
	fd = start((char *const *)argv, &pid, err);
	if (fd < 0)
		return fd;
	rc = read_all(fd, out, err);
	close(fd);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (rc == 0 && status != 0)
		return error_set(err, ERR_UNAVAILABLE, "%s %s failed", agent, argv[1]);
	return rc;
}

int hosts_of_this_machine(struct hosts *h, const char *root, struct error *err)
{
	const char *argv[] = {
		NULL, "inventory", "--format", "json", root ? "--root" : NULL, root, NULL};
	_cleanup_buf_ struct buf inventory = BUF_INIT;
	char name[HOST_NAME_MAX + 1] = "localhost";
	int rc = agent_tells(argv, &inventory, err);

	if (rc < 0)
		return rc;
	gethostname(name, sizeof name - 1);
	name[strcspn(name, ".")] = '\0';
	add_host(h, name, inventory.data);
	return 0;
}
