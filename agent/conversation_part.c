/* Programs of several that run together: what the agent and the coordinator say to each other of
 * one of them. */
#include "agent/conversation.h"

#include "proto/log.h"

#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>

/* ---- by which address others reach this host ---- */

/* The address that this host's packets to there have; nothing is sent for that. */
static bool local_address(const struct addrinfo *there, char out[NI_MAXHOST])
{
	struct sockaddr_storage own;
	socklen_t len = sizeof own;
	_cleanup_close_ int fd = socket(there->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return fd >= 0 && connect(fd, there->ai_addr, there->ai_addrlen) == 0 &&
	       getsockname(fd, (struct sockaddr *)&own, &len) == 0 &&
	       getnameinfo(
		       (struct sockaddr *)&own, len, out, NI_MAXHOST, NULL, 0, NI_NUMERICHOST) == 0;
}

/* "tcp://HOST:PORT", HOST perhaps in brackets, taken apart. */
static bool split_endpoint(const char *endpoint, char host[NI_MAXHOST], char port[NI_MAXSERV])
{
	const char *begin = strstr(endpoint, "://"), *colon = strrchr(endpoint, ':');

	if (begin == NULL || colon == NULL || colon <= begin + 3)
		return false;
	begin += 3;
	size_t len = (size_t)(colon - begin);
	if (len > 2 && begin[0] == '[' && begin[len - 1] == ']') {
		begin++;
		len -= 2;
	}
	if (len >= NI_MAXHOST)
		return false;
	memcpy(host, begin, len);
	host[len] = '\0';
	snprintf(port, NI_MAXSERV, "%s", colon + 1);
	return true;
}

/* "" where there is none to be found. */
static void find_address(const struct connection *c, char out[NI_MAXHOST])
{
	const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM};
	struct addrinfo *all = NULL;
	char host[NI_MAXHOST], port[NI_MAXSERV];
	bool is_found = false;

	out[0] = '\0';
	if (!split_endpoint(c->endpoint, host, port) || getaddrinfo(host, port, &hints, &all) != 0)
		return;
	for (const struct addrinfo *a = all; a != NULL && !is_found; a = a->ai_next)
		is_found = local_address(a, out);
	freeaddrinfo(all);
	if (!is_found)
		out[0] = '\0';
}

/* ---- what is said ---- */

static void say_ready(struct connection *c, const struct attempt_id *id, const char *point)
{
	char address[NI_MAXHOST];
	struct message m;

	message_init(&m, MESSAGE_READY);
	m.ready.id = *id;
	m.ready.point = point;
	m.ready.address = c->options->address;
	if (!text_is_set(m.ready.address)) {
		find_address(c, address);
		m.ready.address = address[0] != '\0' ? address : NULL;
	}
	conversation_say(c, &m);
}

static void say_ended(struct connection *c, const struct attempt_id *id, int64_t raw_ns)
{
	struct message m;

	message_init(&m, MESSAGE_ENDED);
	m.ended.id = *id;
	m.ended.raw_ns = raw_ns;
	conversation_say(c, &m);
}

void conversation_on_point(
	void *arg, const struct attempt_id *id, enum run_point point, int64_t raw_ns)
{
	struct connection *c = arg;

	if (!c->is_welcome) /* it is said after the next WELCOME */
		return;
	switch (point) {
	case RUN_PREPARED:
		say_ready(c, id, "prepared");
		break;
	case RUN_READY:
		say_ready(c, id, "ready");
		break;
	case RUN_ENDED:
		say_ended(c, id, raw_ns);
		break;
	case RUN_NO_POINT:
		break;
	}
}

void conversation_say_point(struct connection *c)
{
	const struct message_assign *a = runner_current(c->runner);
	int64_t raw_ns;
	enum run_point point = runner_point(c->runner, &raw_ns);

	if (a != NULL && point != RUN_NO_POINT)
		conversation_on_point(c, &a->id, point, raw_ns);
}

/* ---- what the coordinator says ---- */

void conversation_on_part(struct connection *c, const struct message *m)
{
	if (m->type == MESSAGE_GO)
		runner_go(c->runner, &m->go);
	else
		runner_stop(c->runner, &m->stop.id);
}
