#include "coordinator/dispatch/ask.h"

#include "coordinator/dispatch/child.h"
#include <errno.h>
#include <sys/wait.h>

/* Many comparisons over slow disks take minutes. */
#define ASK_TIMEOUT_NS (1800 * NS_PER_S)
/* The kernel's name of what runs here: the same release, also when another one was installed
 * since. */
#define OWN_PROGRAM "/proc/self/exe"

extern char **environ;

/* The first line that is no note, without "joulerig: "; else all of it. */
static void say_why(const struct buf *text, const char *command, int status, struct error *err)
{
	const char *line = text->data;
	size_t len = strcspn(line, "\n");

	while (strncmp(line, "note: ", strlen("note: ")) == 0 && line[len] != '\0') {
		line += len + 1;
		len = strcspn(line, "\n");
	}
	if (len == 0)
		error_set(err, ERR_INTERNAL, "joulerig %s ended with status %d and no word",
			command, status);
	else
		error_set(err, ERR_INTERNAL, "%.*s", (int)len, line);
}

static int status_of(const struct child_output *o, const char *command, struct error *err)
{
	if (o->was_stopped)
		return error_set(err, -ECANCELED, "joulerig %s was stopped", command);
	if (o->was_too_slow)
		return error_set(err, -ETIMEDOUT, "joulerig %s took more than %lld min", command,
			(long long)(ASK_TIMEOUT_NS / NS_PER_S / 60));
	if (o->was_too_long)
		return error_set(err, -EFBIG,
			"joulerig %s says more than %d MiB: the campaign has too many "
			"configurations to be compared each night; schedule parts of it",
			command, ASK_MOST / 1024 / 1024);
	if (!WIFEXITED(o->status))
		return error_set(err, -EIO, "joulerig %s was ended by signal %d", command,
			WTERMSIG(o->status));
	if (WEXITSTATUS(o->status) != 0)
		say_why(&o->err, command, WEXITSTATUS(o->status), err);
	return WEXITSTATUS(o->status);
}

int ask_own_program(const char *const *words, const char *db, const char *keys, int stop_fd,
	struct buf *out, struct error *err)
{
	_cleanup_free_ const char **argv = NULL;
	struct child_output o;
	size_t n = 0;

	while (words[n] != NULL)
		n++;
	argv = xcalloc(n + 6, sizeof *argv);
	argv[0] = OWN_PROGRAM;
	memcpy(argv + 1, words, n * sizeof *argv);
	argv[n + 1] = "--db";
	argv[n + 2] = db;
	argv[n + 3] = "--keys";
	argv[n + 4] = keys;
	/* What stands in the environment for who runs the coordinator must not lead elsewhere. */
	size_t kept = 0, all = 0;
	while (environ[all] != NULL)
		all++;
	_cleanup_free_ char **environment = xcalloc(all + 1, sizeof *environment);
	for (size_t i = 0; i < all; i++)
		if (strncmp(environ[i], "JOULERIG_", strlen("JOULERIG_")) != 0)
			environment[kept++] = environ[i];
	int r = child_run_most(argv, environment, stop_fd, ASK_TIMEOUT_NS, ASK_MOST, &o, err);
	if (r == 0)
		r = status_of(&o, words[0], err);
	if (r == 0)
		buf_add(out, o.out.data, o.out.len);
	child_output_done(&o);
	return r;
}
