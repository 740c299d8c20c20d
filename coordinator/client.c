#include "coordinator/client.h"

#include "proto/clock.h"
#include "proto/link.h"
#include "proto/loop.h"
#include "proto/message_minor.h"
#include <errno.h>
#include <signal.h>
#include <utlist.h>

/* So many failed handshakes in a row are no accident. */
#define HANDSHAKES 3

/* Frames that came before they were asked for. */
struct waiting {
	char *data;
	size_t len;
	struct waiting *prev, *next;
};

struct client {
	struct loop *loop;
	struct link_client *link;
	struct keypair keys;
	char *endpoint;
	struct waiting *frames;
	int64_t sequence, epoch;
	int64_t minor;         /* of the coordinator's protocol; 0 before WELCOME */
	int failed_handshakes; /* of somebody who does not prove the server key */
	bool is_connected, is_refused, was_disconnected, was_interrupted;
};

enum { STOP_EVENT = 1, STOP_TIMEOUT = 2 };

static void on_frame(void *arg, const void *data, size_t len)
{
	struct client *c = arg;
	struct waiting *w = xcalloc(1, sizeof *w);

	w->data = xmalloc(len);
	w->len = len;
	memcpy(w->data, data, len);
	DL_APPEND(c->frames, w);
	loop_stop(c->loop, STOP_EVENT);
}

static void on_event(void *arg, enum link_event event)
{
	struct client *c = arg;

	switch (event) {
	case LINK_CONNECTED:
		c->is_connected = true;
		break;
	case LINK_DISCONNECTED:
		c->is_connected = false;
		c->was_disconnected = true;
		break;
	case LINK_REFUSED:
		c->is_refused = true;
		break;
	case LINK_NO_HANDSHAKE:
		c->failed_handshakes++;
		break;
	}
	loop_stop(c->loop, STOP_EVENT);
}

static void on_signal(void *arg, int signo)
{
	struct client *c = arg;

	if (signo == SIGHUP)
		return;
	c->was_interrupted = true;
	loop_stop(c->loop, STOP_EVENT);
}

static void on_timeout(void *arg, int64_t now_ns)
{
	struct client *c = arg;

	(void)now_ns;
	loop_stop(c->loop, STOP_TIMEOUT);
}

/* Sleep until something happened or the deadline (ABSENT: none). Returns false on the deadline. */
static bool wait_event(struct client *c, int64_t deadline_ns)
{
	struct loop_timer *t = NULL;

	if (deadline_ns != ABSENT)
		t = loop_add_timer(c->loop, deadline_ns, 0, on_timeout, c);
	int status = loop_run(c->loop);
	if (status != STOP_TIMEOUT)
		loop_cancel_timer(c->loop, t);
	return status != STOP_TIMEOUT;
}

int client_send(struct client *c, struct message *m, struct error *err)
{
	_cleanup_buf_ struct buf frame = BUF_INIT;
	const char *what = NULL;
	int64_t needed = message_minor(m, &what);

	if (needed > c->minor)
		return error_set(err, ERR_UNAVAILABLE,
			"coordinator %s: it is of an older release, which knows nothing of %s "
			"(minor version %lld of the protocol, %lld is needed); upgrade it",
			c->endpoint, what, (long long)c->minor, (long long)needed);
	m->sequence = ++c->sequence;
	m->epoch = c->epoch;
	message_encode(m, &frame);
	if (link_client_send(c->link, frame.data, frame.len) < 0)
		return error_set(
			err, -ECONNRESET, "coordinator %s: the connection was lost", c->endpoint);
	return 0;
}

/* An ERROR of the coordinator as an error of ours. */
static int from_error_message(const struct message *m, const char *endpoint, struct error *err)
{
	const char *code = m->error.code;
	int number = strcmp(code, "refused") == 0    ? ERR_REFUSED
		     : strcmp(code, "campaign") == 0 ? ERR_CAMPAIGN
		     : strcmp(code, "unavailable") == 0 || strcmp(code, "version") == 0 ||
				     strcmp(code, "unknown") == 0
			     ? ERR_UNAVAILABLE
			     : ERR_INTERNAL;

	if (number == ERR_CAMPAIGN)
		return error_set(err, number, "%s", m->error.text);
	return error_set(err, number, "coordinator %s: %s", endpoint, m->error.text);
}

static int refused(struct client *c, struct error *err)
{
	return error_set(err, ERR_REFUSED,
		"coordinator %s refused us: our key is not trusted there; on its machine run "
		"joulerig key trust NAME '%s' --role user --keys DIR",
		c->endpoint, c->keys.public_key);
}

int client_receive(struct client *c, int64_t timeout_ns, struct message *out, struct error *err)
{
	int64_t deadline = timeout_ns == ABSENT ? ABSENT : clock_monotonic_ns() + timeout_ns;

	while (c->frames == NULL) {
		if (c->was_interrupted) {
			c->was_interrupted = false;
			return error_set(err, -EINTR, "interrupted");
		}
		if (c->is_refused)
			return refused(c, err);
		if (c->was_disconnected) {
			c->was_disconnected = false;
			return error_set(err, -ECONNRESET,
				"coordinator %s: the connection was lost", c->endpoint);
		}
		if (!wait_event(c, deadline))
			return error_set(
				err, -ETIMEDOUT, "coordinator %s: no answer in time", c->endpoint);
	}
	struct waiting *w = c->frames;
	DL_DELETE(c->frames, w);
	int r = message_decode(out, w->data, w->len, err);
	if (r == 0) {
		out->frame = w->data;
		if (out->type == MESSAGE_ERROR) {
			r = from_error_message(out, c->endpoint, err);
			message_done(out);
		}
	} else {
		free(w->data);
	}
	free(w);
	return r;
}

static int say_hello(struct client *c, int64_t timeout_ns, struct error *err)
{
	struct message m;

	message_init(&m, MESSAGE_HELLO);
	m.hello.program = "joulerig";
	m.hello.version = JOULERIG_VERSION;
	m.hello.minor = PROTOCOL_MINOR;
	m.hello.session = id16_random();
	int r = client_send(c, &m, err);
	if (r < 0 || (r = client_receive(c, timeout_ns, &m, err)) < 0)
		return r;
	if (m.type != MESSAGE_WELCOME)
		r = error_set(err, ERR_PROTOCOL, "coordinator %s: answered HELLO with %s",
			c->endpoint, message_type_name(m.type));
	else
		c->epoch = m.epoch;
	if (r == 0)
		c->minor = m.welcome.minor;
	message_done(&m);
	return r;
}

static int wait_connected(struct client *c, int64_t timeout_ns, struct error *err)
{
	int64_t deadline = clock_monotonic_ns() + timeout_ns;

	while (!c->is_connected) {
		if (c->was_interrupted)
			return error_set(err, -EINTR, "interrupted");
		if (c->is_refused)
			return refused(c, err);
		/* One may be a coordinator that is just coming up. */
		bool is_over = c->failed_handshakes >= HANDSHAKES || !wait_event(c, deadline);
		if (is_over && c->failed_handshakes > 0)
			return error_set(err, ERR_UNAVAILABLE,
				"coordinator %s: it does not prove to have the server key that we "
				"were given; compare with 'joulerig key show --keys DIR' there",
				c->endpoint);
		if (is_over)
			return error_set(err, ERR_UNAVAILABLE,
				"coordinator %s: nobody answers; is 'joulerig serve' running "
				"there?",
				c->endpoint);
	}
	return 0;
}

int client_say_owner(int code, struct error *err)
{
	if (code != -EACCES || err == NULL)
		return code;
	return error_set(err, ERR_UNAVAILABLE,
		"%s; run this as the user whose it is (a service's: 'sudo -u joulerig joulerig "
		"...')",
		err->text);
}

int client_say_whose(int code, struct error *err)
{
	if (code != -EACCES || err == NULL)
		return code;
	(void)client_say_owner(code, err);
	return error_set(err, ERR_UNAVAILABLE,
		"%s, or ask the coordinator with --coordinator, --server-key and a key of your "
		"own: what 'joulerig key show' prints is trusted there by 'joulerig key trust NAME "
		"KEY --role user'",
		err->text);
}

/* Which key we have, and which one the coordinator must have. */
static int choose_keys(
	struct client *c, char server_key[Z85_KEY_LEN + 1], const char *keys_dir, struct error *err)
{
	_cleanup_free_ char *user_dir = keys_user_dir();
	int r;

	if (keys_dir != NULL) {
		r = keypair_load(&c->keys, keys_dir, err);
		if (r == 0 && server_key[0] == '\0')
			memcpy(server_key, c->keys.public_key, Z85_KEY_LEN + 1);
		if (r == -ENOENT)
			return error_set(err, ERR_UNAVAILABLE,
				"--keys %s: no key is there; give the folder that 'joulerig serve' "
				"of %s has, or leave it out and give --server-key",
				keys_dir, c->endpoint);
		if (r == -EACCES)
			return client_say_whose(r, err);
		return r < 0 ? error_set(err, ERR_UNAVAILABLE, "%s", err->text) : 0;
	}
	if (server_key[0] == '\0')
		return error_set(err, ERR_USAGE,
			"coordinator %s: its key is not known; give --server-key (or "
			"JOULERIG_SERVER_KEY), or --keys DIR on its own machine",
			c->endpoint);
	return keypair_load_or_create(&c->keys, user_dir, err);
}

int client_open(struct client **out, const char *endpoint, const char *server_key,
	const char *keys_dir, int64_t timeout_ns, struct error *err)
{
	const struct link_client_handler handler = {.on_frame = on_frame, .on_event = on_event};
	struct link_client_handler h = handler;
	char key[Z85_KEY_LEN + 1] = "";
	struct client *c = xcalloc(1, sizeof *c);
	int r = ERR_USAGE;

	c->loop = loop_new();
	loop_catch_signals(c->loop, on_signal, c);
	c->endpoint = link_endpoint(endpoint, err);
	if (c->endpoint == NULL)
		goto fail;
	if (server_key != NULL && strlen(server_key) < sizeof key)
		memcpy(key, server_key, strlen(server_key) + 1);
	else if (server_key != NULL)
		memcpy(key, "?",
			2); /* too long to be one: refused by link_client_open() with its reason */
	r = choose_keys(c, key, keys_dir, err);
	if (r < 0)
		goto fail;
	h.arg = c;
	r = link_client_open(&c->link, c->loop, c->endpoint, key, &c->keys, &h, err);
	if (r < 0 || (r = wait_connected(c, timeout_ns, err)) < 0 ||
		(r = say_hello(c, timeout_ns, err)) < 0)
		goto fail;
	*out = c;
	return 0;
fail:
	client_close(c);
	return r;
}

void client_close(struct client *c)
{
	struct waiting *w, *next;

	if (c == NULL)
		return;
	link_client_close(c->link);
	DL_FOREACH_SAFE (c->frames, w, next) {
		free(w->data);
		free(w);
	}
	keypair_wipe(&c->keys);
	loop_free(c->loop);
	free(c->endpoint);
	free(c);
}
