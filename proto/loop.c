#include "proto/loop.h"

#include "proto/base.h"
#include "proto/clock.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <utlist.h>
#include <zmq.h>

struct watch {
	void *socket; /* NULL: fd */
	int fd;
	short events;
	loop_fd_fn *on_fd;
	loop_socket_fn *on_socket;
	void *arg;
};

struct loop_timer {
	int64_t at_ns, period_ns;
	loop_timer_fn *fn;
	void *arg;
	bool is_cancelled; /* freed at the end of the turn, so that handlers may cancel each other
			    */
	struct loop_timer *prev, *next;
};

struct loop {
	struct watch *watches;
	zmq_pollitem_t *items; /* one for each watch, made anew when they change */
	zmq_pollitem_t *ready; /* what the last poll said, while its handlers run */
	size_t n, size;
	bool items_stale;
	struct loop_timer *timers;
	loop_hook_fn *before_sleep;
	void *before_sleep_arg;
	loop_signal_fn *on_signal;
	void *on_signal_arg;
	int signal_fd;
	bool is_stopping;
	int status;
};

struct loop *loop_new(void)
{
	struct loop *l = xcalloc(1, sizeof *l);

	l->signal_fd = -1;
	return l;
}

void loop_free(struct loop *l)
{
	struct loop_timer *t, *next;

	if (l == NULL)
		return;
	DL_FOREACH_SAFE (l->timers, t, next)
		free(t);
	if (l->signal_fd >= 0)
		close(l->signal_fd);
	free(l->watches);
	free(l->items);
	free(l->ready);
	free(l);
}

static struct watch *find(struct loop *l, void *socket, int fd)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->watches[i].socket == socket && (socket != NULL || l->watches[i].fd == fd))
			return &l->watches[i];
	return NULL;
}

static void watch(struct loop *l, const struct watch *w)
{
	struct watch *old = find(l, w->socket, w->fd);

	if (old == NULL) {
		if (l->n == l->size) {
			l->size = l->size ? 2 * l->size : 8;
			l->watches = xreallocarray(l->watches, l->size, sizeof *l->watches);
			l->items = xreallocarray(l->items, l->size, sizeof *l->items);
			l->ready = xreallocarray(l->ready, l->size, sizeof *l->ready);
		}
		old = &l->watches[l->n++];
	}
	*old = *w;
	l->items_stale = true;
}

static void unwatch(struct loop *l, void *socket, int fd)
{
	struct watch *w = find(l, socket, fd);

	if (w == NULL)
		return;
	*w = l->watches[--l->n];
	l->items_stale = true;
}

void loop_watch_fd(struct loop *l, int fd, short events, loop_fd_fn *fn, void *arg)
{
	watch(l, &(struct watch){.fd = fd, .events = events, .on_fd = fn, .arg = arg});
}

void loop_unwatch_fd(struct loop *l, int fd)
{
	unwatch(l, NULL, fd);
}

void loop_watch_socket(struct loop *l, void *zmq_socket, loop_socket_fn *fn, void *arg)
{
	watch(l, &(struct watch){.socket = zmq_socket, .fd = -1, .on_socket = fn, .arg = arg});
}

void loop_unwatch_socket(struct loop *l, void *zmq_socket)
{
	unwatch(l, zmq_socket, -1);
}

struct loop_timer *loop_add_timer(
	struct loop *l, int64_t at_ns, int64_t period_ns, loop_timer_fn *fn, void *arg)
{
	struct loop_timer *t = xcalloc(1, sizeof *t);

	*t = (struct loop_timer){.at_ns = at_ns, .period_ns = period_ns, .fn = fn, .arg = arg};
	DL_APPEND(l->timers, t);
	return t;
}

void loop_cancel_timer(struct loop *l, struct loop_timer *t)
{
	(void)l;
	if (t != NULL)
		t->is_cancelled = true;
}

void loop_before_sleep(struct loop *l, loop_hook_fn *fn, void *arg)
{
	l->before_sleep = fn;
	l->before_sleep_arg = arg;
}

static void on_signal_fd(void *arg, int fd, short revents)
{
	struct loop *l = arg;
	struct signalfd_siginfo info;

	(void)revents;
	while (read(fd, &info, sizeof info) == sizeof info)
		l->on_signal(l->on_signal_arg, (int)info.ssi_signo);
}

void loop_catch_signals(struct loop *l, loop_signal_fn *fn, void *arg)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	l->on_signal = fn;
	l->on_signal_arg = arg;
	if (l->signal_fd < 0) {
		l->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
		loop_watch_fd(l, l->signal_fd, POLLIN, on_signal_fd, l);
	}
}

/* Milliseconds until the earliest timer, rounded up; -1 without timers. */
static long timeout_ms(const struct loop *l)
{
	const struct loop_timer *t;
	int64_t first = INT64_MAX, now = clock_monotonic_ns();

	DL_FOREACH (l->timers, t) {
		if (!t->is_cancelled && t->at_ns < first)
			first = t->at_ns;
	}
	if (first == INT64_MAX)
		return -1;
	return first <= now ? 0 : (long)((first - now + NS_PER_MS - 1) / NS_PER_MS);
}

static void fire_timers(struct loop *l)
{
	struct loop_timer *t, *next, *last = l->timers ? l->timers->prev : NULL;
	int64_t now = clock_monotonic_ns();

	/* Timers added by handlers come behind `last` and wait for the next turn. */
	for (t = l->timers; t != NULL; t = t == last ? NULL : t->next) {
		if (t->is_cancelled || t->at_ns > now)
			continue;
		if (t->period_ns > 0)
			t->at_ns += ((now - t->at_ns) / t->period_ns + 1) * t->period_ns;
		else
			t->is_cancelled = true;
		t->fn(t->arg, now);
	}
	DL_FOREACH_SAFE (l->timers, t, next) {
		if (t->is_cancelled) {
			DL_DELETE(l->timers, t);
			free(t);
		}
	}
}

static void make_items(struct loop *l)
{
	for (size_t i = 0; i < l->n; i++)
		l->items[i] = (zmq_pollitem_t){
			.socket = l->watches[i].socket,
			.fd = l->watches[i].fd,
			.events =
				l->watches[i].socket
					? ZMQ_POLLIN
					: (short)((l->watches[i].events & POLLIN ? ZMQ_POLLIN : 0) |
						  (l->watches[i].events & POLLOUT ? ZMQ_POLLOUT
										  : 0)),
		};
	l->items_stale = false;
}

/* Handlers may add and remove watches: look each ready one up again by what it was. */
static void dispatch(struct loop *l, size_t n)
{
	memcpy(l->ready, l->items, n * sizeof *l->ready);
	for (size_t i = 0; i < n && !l->is_stopping; i++) {
		const zmq_pollitem_t item = l->ready[i]; /* a handler may let the array move */

		if (item.revents == 0)
			continue;
		struct watch *w = find(l, item.socket, item.fd);
		if (w == NULL)
			continue;
		if (w->socket != NULL)
			w->on_socket(w->arg, w->socket);
		else
			w->on_fd(w->arg, w->fd,
				(short)((item.revents & ZMQ_POLLIN ? POLLIN : 0) |
					(item.revents & ZMQ_POLLOUT ? POLLOUT : 0) |
					(item.revents & ZMQ_POLLERR ? POLLERR : 0)));
	}
}

int loop_run(struct loop *l)
{
	l->is_stopping = false;
	while (!l->is_stopping) {
		if (l->before_sleep != NULL)
			l->before_sleep(l->before_sleep_arg);
		if (l->is_stopping)
			break;
		if (l->items_stale)
			make_items(l);
		size_t n = l->n;
		int ready = zmq_poll(l->items, (int)n, timeout_ms(l));
		if (ready < 0 && errno != EINTR)
			return -errno;
		if (ready > 0)
			dispatch(l, n);
		fire_timers(l);
	}
	if (l->before_sleep != NULL)
		l->before_sleep(l->before_sleep_arg);
	return l->status;
}

void loop_stop(struct loop *l, int status)
{
	if (!l->is_stopping)
		l->status = status;
	l->is_stopping = true;
}

bool loop_is_stopping(const struct loop *l)
{
	return l->is_stopping;
}
