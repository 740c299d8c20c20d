/*
 * network.c - bytes that the whole machine received and sent: proc/net/dev
 *
 * The sum over all interfaces of the agent's network namespace but lo; what passes through a bridge
 * or a bond counts once for each interface on its way. Source: proc_pid_net(5).
 */
#include "agent/sources/source.h"
#include "agent/sources/sysfs.h"

#include <errno.h>
#include <fcntl.h>

#define DEV_PATH "proc/net/dev"
#define MAX_TEXT (256 * 1024)

enum { RECEIVED, SENT, COUNTS };

static const struct channel channels[COUNTS] = {
	{"network.received", "B", CHANNEL_COUNTER},
	{"network.sent", "B", CHANNEL_COUNTER},
};

struct network {
	int fd;
	char *text; /* MAX_TEXT */
};

/* Bytes are the first of eight numbers received and the first of those sent. */
static bool parse_interface(const char *p, int64_t out[COUNTS])
{
	for (int i = 0; i <= 8; i++) {
		char *end;
		errno = 0;
		int64_t value = strtoll(p, &end, 10);
		if (end == p || errno != 0 || value < 0)
			return false;
		if (i == 0)
			out[RECEIVED] = value;
		p = end;
		out[SENT] = value;
	}
	return true;
}

/* Two lines of heading, then "  eth0: 327757114    7785 ...". */
static void parse(char *text, int64_t out[COUNTS])
{
	char *rest = text, *line;

	out[RECEIVED] = out[SENT] = 0;
	for (int n = 0; (line = strsep(&rest, "\n")) != NULL; n++) {
		int64_t one[COUNTS];
		char *name = line + strspn(line, " "), *colon = strchr(line, ':');
		if (n < 2 || *name == '\0')
			continue;
		if (colon == NULL || !parse_interface(colon + 1, one)) {
			out[RECEIVED] = out[SENT] = ABSENT;
			return;
		}
		if (colon - name == 2 && memcmp(name, "lo", 2) == 0)
			continue;
		for (int i = 0; i < COUNTS; i++)
			out[i] = sysfs_add(out[i], one[i]);
	}
}

static void network_read(void *state, int64_t *out)
{
	struct network *s = state;
	ssize_t n = machine_read_start(s->fd, s->text, MAX_TEXT);

	/* without its heading it is something else */
	if (n <= 0 || n + 1 == MAX_TEXT || strncmp(s->text, "Inter-|", 7) != 0) {
		out[RECEIVED] = out[SENT] = ABSENT;
		return;
	}
	parse(s->text, out);
}

static int network_open(
	void **out, const struct machine *m, const struct topology *t, struct error *err)
{
	int fd = sysfs_open(m, DEV_PATH);

	(void)t;
	if (fd < 0)
		return error_set(err, fd, "network: %s/" DEV_PATH ": %s", m->root, strerror(-fd));
	struct network *s = xcalloc(1, sizeof *s);
	s->fd = fd;
	s->text = xmalloc(MAX_TEXT);
	*out = s;
	return 0;
}

static void network_close(void *state)
{
	struct network *s = state;

	close(s->fd);
	free(s->text);
	free(s);
}

static int network_probe(const struct machine *m, struct error *why)
{
	int64_t values[COUNTS];
	void *state;

	int r = network_open(&state, m, NULL, why);
	if (r != 0)
		return r;
	network_read(state, values);
	network_close(state);
	if (values[RECEIVED] != ABSENT)
		return 0;
	return error_set(
		why, -EINVAL, "network: %s/" DEV_PATH " is not as the kernel writes it", m->root);
}

static size_t network_channels(void *state, const struct channel **out)
{
	(void)state;
	*out = channels;
	return COUNTS;
}

static void network_results(
	void *state, const struct channel_range *ranges, int64_t time_ns, struct measured *out)
{
	(void)state;
	(void)time_ns;
	for (int i = 0; i < COUNTS; i++)
		measured_metric(out, channels[i].name, "B", channel_delta(&ranges[i]));
}

const struct source_ops source_network = {
	.name = "network",
	.summary = "bytes that the machine received and sent, from proc/net/dev",
	.flags = IS_EDGES_ONLY,
	.probe = network_probe,
	.open = network_open,
	.channels = network_channels,
	.read = network_read,
	.results = network_results,
	.close = network_close,
};
