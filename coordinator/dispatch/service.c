#include "coordinator/dispatch/service.h"

#include "proto/clock.h"
#include "proto/log.h"
#include "proto/notify.h"

#define LOOK_NS NS_PER_S

static void add_count(struct buf *out, size_t n, const char *one, const char *many)
{
	buf_addf(out, "%s%zu %s", out->len > 0 ? ", " : "", n, n == 1 ? one : many);
}

static void tell_status(const struct service *s)
{
	const struct dispatch *d = server_dispatch(s->server);
	_cleanup_buf_ struct buf line = BUF_INIT;
	size_t running, paused;

	if (s->trouble != NULL || d == NULL) {
		notify_status("%s", s->trouble != NULL ? s->trouble : "the store is read anew");
		return;
	}
	add_count(&line, dispatch_connected(d), "host", "hosts");
	(void)dispatch_campaigns(d, &running, &paused);
	add_count(&line, running, "campaign running", "campaigns running");
	if (paused > 0)
		buf_addf(&line, ", %zu paused", paused);
	notify_status("%s", line.data);
}

static void on_look(void *arg, int64_t now_ns)
{
	notify_alive(now_ns);
	tell_status(arg);
}

void service_open(void)
{
	struct error err = {0};

	if (notify_open(&err) < 0)
		log_warning("%s", err.text);
}

void service_ready(void)
{
	struct error err = {0};

	if (notify_ready(&err) < 0)
		log_warning("%s", err.text);
}

void service_reloading(void)
{
	notify_reloading();
}

void service_begin(struct service *s, struct server *server)
{
	s->server = server;
	if (!notify_is_on())
		return;
	service_ready();
	tell_status(s);
	loop_add_timer(server_loop(server), clock_monotonic_ns(), LOOK_NS, on_look, s);
}

void service_on_trouble(void *arg, const char *trouble)
{
	struct service *s = arg;

	free(s->trouble);
	s->trouble = xstrdup_or_null(trouble);
	if (s->server != NULL)
		tell_status(s);
}

void service_end(struct service *s)
{
	notify_stopping(0);
	free(s->trouble);
	s->trouble = NULL;
}
