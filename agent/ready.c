#include "agent/ready.h"

#include "proto/pattern.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#define TCP_LISTENING 0x0A /* TCP_LISTEN of include/net/tcp_states.h */

struct ready_lines {
	struct pattern *pattern;
	struct buf unfinished[READY_STREAMS]; /* the line that has not ended yet */
};

struct ready_lines *ready_lines_new(const char *pattern, struct error *err)
{
	struct pattern *p = pattern_new(pattern, err);

	if (p == NULL)
		return NULL;
	struct ready_lines *l = xcalloc(1, sizeof *l);
	l->pattern = p;
	for (size_t i = 0; i < READY_STREAMS; i++)
		l->unfinished[i] = (struct buf)BUF_INIT;
	return l;
}

void ready_lines_free(struct ready_lines *l)
{
	if (l == NULL)
		return;
	pattern_free(l->pattern);
	for (size_t i = 0; i < READY_STREAMS; i++)
		buf_done(&l->unfinished[i]);
	free(l);
}

static int match(
	const struct ready_lines *l, const struct buf *line, bool is_whole, struct error *err)
{
	int found = pattern_matches(l->pattern, line->data, line->len, is_whole);

	if (found < 0)
		return error_set(err, found,
			"ready: its pattern takes too long on a line of the output; make it "
			"simpler");
	return found;
}

int ready_lines_add(
	struct ready_lines *l, int stream, const char *data, size_t len, struct error *err)
{
	struct buf *line = &l->unfinished[stream];
	const char *end = data + len;

	while (data < end) {
		const char *newline = memchr(data, '\n', (size_t)(end - data));
		size_t n = (size_t)((newline != NULL ? newline : end) - data);
		size_t room = READY_LINE_MAX - line->len;
		buf_add(line, data, n < room ? n : room);
		int found = match(l, line, newline != NULL, err);
		if (found != 0 || newline == NULL)
			return found;
		buf_reset(line);
		data = newline + 1;
	}
	return 0;
}

/* ---- ports ---- */

/* A line of the table: "  0: 0100007F:1B58 00000000:0000 0A ...", addresses and state in
 * hexadecimal (Linux Documentation/networking/proc_net_tcp.rst). */
static bool is_listener(const char *line, int64_t port)
{
	unsigned local, state;

	return sscanf(line, " %*[^:]: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x", &local, &state) ==
		       2 &&
	       local == (unsigned)port && state == TCP_LISTENING;
}

static int look_into(const char *path, int64_t port, struct error *err)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;
	int found = 0;

	if (f == NULL)
		return error_errno(err, "ready: port %" PRId64 ": %s", port, path);
	while (found == 0 && getline(&line, &size, f) > 0)
		found = is_listener(line, port);
	free(line);
	fclose(f);
	return found;
}

int ready_port_listens(int64_t port, struct error *err)
{
	int found = look_into("/proc/net/tcp", port, err);

	if (found == 0) {
		/* A kernel without IPv6 has no such table. */
		found = look_into("/proc/net/tcp6", port, err);
		found = found == -ENOENT ? 0 : found;
	}
	return found;
}
