#include "coordinator/dispatch/notice_send.h"

#include "coordinator/dispatch/child.h"
#include "proto/clock.h"
#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>

#define PROGRAM_NS (60 * NS_PER_S)
#define TEXT_MAX   (64 * 1024) /* bytes of a text in the environment; the kernel takes twice that */

const char *notice_host(char out[256])
{
	if (gethostname(out, 256) != 0 || out[0] == '\0')
		snprintf(out, 256, "localhost");
	out[255] = '\0';
	return out;
}

/* ---- programs ---- */

/* The environment of this program with what says in short what it is about. */
static char **make_environment(const struct notice_message *m)
{
	size_t n = 0;
	char **all;

	while (environ[n] != NULL)
		n++;
	all = xcalloc(n + 5, sizeof *all);
	all[0] = xasprintf("JOULERIG_NOTICE_ID=%s", m->id);
	all[1] = xasprintf("JOULERIG_NOTICE_KIND=%s", m->kinds);
	all[2] = xasprintf("JOULERIG_NOTICE_SUBJECT=%s", m->subject);
	all[3] = xasprintf("JOULERIG_NOTICE_TEXT=%.*s", TEXT_MAX, m->text);
	for (size_t i = 0, k = 4; i < n; i++)
		if (strncmp(environ[i], "JOULERIG_NOTICE_", 16) != 0)
			all[k++] = environ[i];
	return all;
}

static void free_environment(char **all)
{
	for (size_t i = 0; i < 4; i++)
		free(all[i]);
	free(all);
}

/* The last line that it printed to stderr, as a rule what is wrong. */
static void add_last_line(const struct buf *text, struct buf *out)
{
	size_t end = text->len, begin;

	while (end > 0 && (text->data[end - 1] == '\n' || text->data[end - 1] == ' '))
		end--;
	for (begin = end; begin > 0 && text->data[begin - 1] != '\n'; begin--)
		;
	if (end > begin)
		buf_addf(out, ": %.*s", (int)(end - begin < 300 ? end - begin : 300),
			text->data + begin);
}

static enum notice_result judge(
	const char *program, const struct child_output *o, struct error *err)
{
	_cleanup_buf_ struct buf said = BUF_INIT;

	add_last_line(&o->err, &said);
	if (o->was_stopped)
		error_set(err, -EINTR, "%s was ended, as the coordinator ends", program);
	else if (o->was_too_slow)
		error_set(err, -ETIMEDOUT, "%s had not ended after %lld s%s", program,
			(long long)(PROGRAM_NS / NS_PER_S), said.data);
	else if (WIFSIGNALED(o->status))
		error_set(err, -EIO, "%s was ended by signal %d%s", program, WTERMSIG(o->status),
			said.data);
	else if (WEXITSTATUS(o->status) != 0)
		error_set(err, -EIO, "%s ended with %d%s", program, WEXITSTATUS(o->status),
			said.data);
	else
		return NOTICE_DELIVERED;
	return NOTICE_FAILED;
}

static enum notice_result run(const char *const *argv, const struct notice_message *m,
	const char *input, size_t input_len, int stop_fd, struct error *err)
{
	char **environment = make_environment(m);
	enum notice_result result = NOTICE_FAILED;
	struct child_output o;

	if (child_run_with(argv, environment, input, input_len, stop_fd, PROGRAM_NS, &o, err) == 0)
		result = judge(argv[0], &o, err);
	child_output_done(&o);
	free_environment(environment);
	return result;
}

static enum notice_result send_mail(const struct settings_channel *c, const char *sendmail,
	const struct notice_message *m, int stop_fd, struct error *err)
{
	const char *const argv[] = {sendmail, "-t", "-oi", NULL};
	_cleanup_buf_ struct buf mail = BUF_INIT;
	char host[256];

	notice_message_mail(m, c->target, c->from, notice_host(host), clock_realtime_ns(), &mail);
	return run(argv, m, mail.data, mail.len, stop_fd, err);
}

enum notice_result notice_send(const struct settings_channel *channel, const char *sendmail,
	const struct notice_message *m, int stop_fd, struct error *err)
{
	switch (channel->kind) {
	case CHANNEL_WEBHOOK:
		return notice_post(channel->target, m, stop_fd, err);
	case CHANNEL_MAIL:
		return send_mail(channel, sendmail, m, stop_fd, err);
	case CHANNEL_COMMAND:
		break;
	}
	return run((const char *const *)channel->argv, m, m->json, strlen(m->json), stop_fd, err);
}
