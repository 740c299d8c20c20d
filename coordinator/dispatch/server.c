#include "coordinator/dispatch/server.h"

#include "coordinator/client.h"
#include "coordinator/dispatch/ask.h"
#include "coordinator/dispatch/recovery.h"
#include "coordinator/dispatch/vitals.h"
#include "coordinator/store/lock.h"
#include "proto/clock.h"
#include "proto/log.h"
#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define TICK_NS (250 * NS_PER_MS)
/* Anybody who reaches the port may come with any key, as often as they like: so many are told of in
 * a minute, that the log does not grow with it. */
#define REFUSED_TOLD 20
#define VITALS_NS    NS_PER_S

/* What malloc keeps for itself, bytes. By default it gives 128 KiB back to the kernel and takes
 * them again with each batch of frames: their pages cost up to a third of what taking samples in
 * does. */
#define MEMORY_KEPT  (64 * 1024 * 1024)
#define MEMORY_LARGE (4 * 1024 * 1024) /* from here on the kernel gives it and gets it back */
#define TRIM_NS      (60 * NS_PER_S)   /* so often all of it is given back */

struct server {
	struct server_config config;
	const struct store_ops *ops;
	struct loop *loop;
	struct store *store;
	struct content_store *content;
	struct keyring *keyring;
	struct keypair keys;
	struct link_server *link;
	struct recovery *recovery;
	struct totals *totals; /* NULL: nobody asks for vitals */
	struct vitals_reader *vitals;
	int64_t vitals_ns; /* CLOCK_MONOTONIC when they were last told */
	char *trouble;     /* of the store; NULL: none */
	char *content_dir;
	char *db;                 /* by its whole path */
	char *endpoint;           /* that is bound, with its port */
	int wake_fd;              /* an eventfd */
	int64_t refused_since_ns; /* CLOCK_MONOTONIC: when the minute began */
	unsigned refused_n;       /* in it */
	bool has_said_bye;
	struct error failure;
};

static void tell_refused(struct server *s, const char *public_key)
{
	int64_t now = clock_monotonic_ns();

	if (s->refused_n == 0 || now - s->refused_since_ns > 60 * NS_PER_S) {
		s->refused_since_ns = now;
		s->refused_n = 0;
	}
	if (s->refused_n > REFUSED_TOLD)
		return;
	if (s->refused_n++ == REFUSED_TOLD)
		log_warning("more peers are refused; who they are is not told for a minute");
	else
		log_warning("refused a peer with the key '%s'; to let it in: joulerig key trust "
			    "NAME '%s' --role agent|user|viewer --keys %s",
			public_key, public_key, s->config.keys);
}

static bool is_trusted(void *arg, const char *public_key)
{
	struct server *s = arg;

	if (keyring_find(s->keyring, public_key) != NULL)
		return true;
	tell_refused(s, public_key);
	return false;
}

static void on_frame(
	void *arg, const struct route *from, const char *public_key, const void *data, size_t len)
{
	struct server *s = arg;

	recovery_on_frame(s->recovery, clock_monotonic_ns(), from, public_key, data, len);
}

static int send_frame(void *arg, const struct route *to, const void *data, size_t len)
{
	struct server *s = arg;

	return s->link != NULL ? link_server_send(s->link, to, data, len) : -EHOSTUNREACH;
}

static int ask(void *arg, const char *const *words, int stop_fd, struct buf *out, struct error *err)
{
	const struct server *s = arg;

	return ask_own_program(words, s->config.db, s->config.keys, stop_fd, out, err);
}

static void on_tick(void *arg, int64_t now_ns)
{
	struct server *s = arg;

	recovery_tick(s->recovery, now_ns);
}

/* Have another turn, from any thread: on_wake() is called in it. */
static void wake(void *arg)
{
	const struct server *s = arg;
	const uint64_t one = 1;

	(void)!write(s->wake_fd, &one, sizeof one);
}

static void on_wake(void *arg, int fd, short revents)
{
	struct server *s = arg;
	uint64_t n;

	(void)revents;
	(void)!read(fd, &n, sizeof n);
	recovery_go_on(s->recovery, clock_monotonic_ns());
}

/* After a commit, so that all of it is on disk. */
static void tell_vitals(struct server *s, int64_t now_ns)
{
	struct error err = {0};
	struct vitals f;

	if (s->totals == NULL || (s->vitals_ns != 0 && now_ns - s->vitals_ns < VITALS_NS))
		return;
	s->vitals_ns = now_ns;
	if (dispatch_vitals(recovery_dispatch(s->recovery), s->totals, s->vitals, now_ns,
		    s->trouble, &f, &err) < 0)
		log_error("%s", err.text);
	s->config.on_vitals(s->config.arg, &f);
}

static void on_before_sleep(void *arg)
{
	struct server *s = arg;

	if (s->failure.code == 0 &&
		recovery_flush(s->recovery, clock_monotonic_ns(), &s->failure) < 0)
		loop_stop(s->loop, EXIT_INTERNAL);
	if (s->failure.code == 0)
		tell_vitals(s, clock_monotonic_ns());
	if (recovery_is_busy(s->recovery))
		wake(s);
}

static void on_signal(void *arg, int signo)
{
	struct server *s = arg;

	if (signo != SIGHUP)
		loop_stop(s->loop, EXIT_OK);
	else if (s->config.on_hangup != NULL)
		s->config.on_hangup(s->config.arg);
}

/* Many agents are many descriptors: as many as the administrator allows. */
static void raise_descriptor_limit(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) == 0 && l.rlim_cur < l.rlim_max) {
		l.rlim_cur = l.rlim_max < 65536 ? l.rlim_max : 65536;
		(void)setrlimit(RLIMIT_NOFILE, &l);
	}
}

char *server_data_dir(const char *db)
{
	return xasprintf("%s.d", db);
}

static int open_content(struct server *s, struct error *err)
{
	_cleanup_free_ char *dir = server_data_dir(s->config.db);

	s->content_dir = xasprintf("%s/content", dir);
	if (mkdir(dir, SERVER_DATA_MODE) != 0 && errno != EEXIST)
		return error_errno(err, "store: cannot make %s", dir);
	return content_open(&s->content, s->content_dir, err);
}

static void on_change(void *arg, const char *trouble)
{
	struct server *s = arg;

	free(s->trouble);
	s->trouble = xstrdup_or_null(trouble);
	if (s->totals != NULL)
		s->totals->troubles += trouble != NULL;
	s->vitals_ns = 0; /* told at once */
	if (s->config.on_trouble != NULL)
		s->config.on_trouble(s->config.arg, trouble);
}

/* Listen where it was listened before, or for the first time where the configuration says. */
static int listen_anew(void *arg, struct error *err)
{
	struct server *s = arg;
	const struct link_server_handler handler = {
		.is_trusted = is_trusted, .on_frame = on_frame, .arg = s};

	link_server_close(s->link);
	s->link = NULL;
	int r = link_server_open(&s->link, s->loop,
		s->endpoint != NULL ? s->endpoint : s->config.endpoint, &s->keys, &handler, err);
	if (r == 0 && s->endpoint == NULL)
		s->endpoint = xstrdup(link_server_endpoint(s->link));
	return r;
}

static int open_all(struct server *s, struct error *err)
{
	int r;

	if ((r = s->ops->open(&s->store, s->config.db, true, err)) < 0 ||
		(r = open_content(s, err)) < 0 ||
		(r = keypair_load_or_create(&s->keys, s->config.keys, err)) < 0)
		return client_say_owner(r, err);
	s->db = realpath(s->config.db, NULL);
	s->keyring = keyring_open(s->config.keys);
	keyring_add(s->keyring, "coordinator", s->keys.public_key, ROLE_USER);
	const struct recovery_config config = {
		.dispatch =
			{
				.ops = s->ops,
				.store = s->store,
				.content = s->content,
				.content_dir = s->content_dir,
				.db = s->db,
				.wake = wake,
				.ask = s->config.is_embedded ? NULL : ask,
				.keyring = s->keyring,
				.is_embedded = s->config.is_embedded,
				.gather_ns = s->config.gather_ns,
				.settings = s->config.settings,
				.totals = s->totals,
				.send = send_frame,
				.arg = s,
			},
		.db = s->config.db,
		.retry_ns = s->config.retry_ns,
		.reconnect = listen_anew,
		.on_change = on_change,
		.arg = s,
	};
	s->recovery = recovery_new(&config);
	if ((r = recovery_load(s->recovery, s->config.only, err)) < 0 ||
		(r = listen_anew(s, err)) < 0)
		return r;
	return store_lock_publish(s->config.db, s->endpoint, s->config.keys, err);
}

/* ---- memory ---- */

#ifdef __GLIBC__
static void on_trim(void *arg, int64_t now_ns)
{
	(void)arg;
	(void)now_ns;
	malloc_trim(0);
}

static void keep_memory(struct loop *loop)
{
	mallopt(M_TRIM_THRESHOLD, MEMORY_KEPT);
	mallopt(M_MMAP_THRESHOLD, MEMORY_LARGE);
	loop_add_timer(loop, clock_monotonic_ns() + TRIM_NS, TRIM_NS, on_trim, NULL);
}
#else
static void keep_memory(struct loop *loop)
{
	(void)loop;
}
#endif

int server_open(struct server **out, const struct server_config *config, struct error *err)
{
	struct server *s = xcalloc(1, sizeof *s);

	s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	s->config = *config;
	s->ops = stores[0];
	s->totals = config->on_vitals != NULL ? totals_new() : NULL;
	s->vitals = vitals_reader_new();
	s->loop = loop_new();
	raise_descriptor_limit();
	signal(SIGPIPE, SIG_IGN); /* a reader of our output that goes must not end the campaign */
	loop_catch_signals(s->loop, config->on_signal ? config->on_signal : on_signal,
		config->on_signal ? config->arg : s);
	int r = open_all(s, err);
	if (r < 0) {
		server_close(s);
		if (r == -EBUSY || r == -EADDRINUSE || r == -ENOSPC || r == -EDQUOT)
			r = ERR_UNAVAILABLE;
		else if (r == -EINVAL || r == -EACCES || r == -EROFS || r == -ENOTDIR ||
			 r == -ENOENT)
			r = ERR_USAGE;
		err->code = r;
		return r;
	}
	loop_add_timer(s->loop, clock_monotonic_ns(), TICK_NS, on_tick, s);
	keep_memory(s->loop);
	loop_before_sleep(s->loop, on_before_sleep, s);
	loop_watch_fd(s->loop, s->wake_fd, POLLIN, on_wake, s);
	*out = s;
	return 0;
}

int server_run(struct server *s, struct error *err)
{
	int status = loop_run(s->loop);

	if (s->failure.code != 0) {
		*err = s->failure;
		return err->code;
	}
	return status;
}

void server_stop(struct server *s, int status)
{
	loop_stop(s->loop, status);
}

size_t server_say_bye(struct server *s)
{
	struct error err = {0};
	struct dispatch *d =
		s != NULL && s->recovery != NULL ? recovery_dispatch(s->recovery) : NULL;
	size_t told = 0;

	if (d == NULL || s->link == NULL || s->failure.code != 0 || s->has_said_bye)
		return 0;
	s->has_said_bye = true;
	if (s->config.is_embedded) {
		told = dispatch_connected(d);
		dispatch_say_bye(d, "the campaign has ended");
	}
	if (dispatch_flush(d, clock_monotonic_ns(), &err) < 0)
		log_error("%s", err.text);
	return told;
}

void server_close(struct server *s)
{
	if (s == NULL)
		return;
	server_say_bye(s);
	recovery_free(s->recovery);
	totals_free(s->totals);
	vitals_reader_free(s->vitals);
	free(s->trouble);
	link_server_close(s->link);
	keyring_free(s->keyring);
	content_close(s->content);
	if (s->store != NULL)
		s->ops->close(s->store);
	keypair_wipe(&s->keys);
	loop_free(s->loop);
	if (s->wake_fd >= 0)
		close(s->wake_fd);
	free(s->content_dir);
	free(s->db);
	free(s->endpoint);
	free(s);
}

struct loop *server_loop(struct server *s)
{
	return s->loop;
}

struct dispatch *server_dispatch(struct server *s)
{
	return recovery_dispatch(s->recovery);
}

void server_set_only(struct server *s, const char *only)
{
	recovery_set_only(s->recovery, only);
}

void server_set_settings(struct server *s, const struct settings *settings)
{
	s->config.settings = settings;
	recovery_set_settings(s->recovery, settings);
}

struct keyring *server_keyring(struct server *s)
{
	return s->keyring;
}

struct content_store *server_content(struct server *s)
{
	return s->content;
}

const char *server_endpoint(const struct server *s)
{
	return s->endpoint;
}

const char *server_public_key(const struct server *s)
{
	return s->keys.public_key;
}
