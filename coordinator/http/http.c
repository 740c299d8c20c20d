#include "coordinator/http/http.h"

#include "coordinator/http/page.h"
#include "proto/clock.h"
#include "proto/log.h"
#include "proto/units.h"
#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTIONS       64
#define TIMEOUT_S         10
#define CONNECTION_MEMORY (16 * 1024)
#define DEFAULT_PORT      7711
#define LOOPBACK          "127.0.0.1"

/* What was published: freed by whoever lets go of it last. */
struct published {
	struct vitals vitals;
	atomic_int users;
};

struct http {
	struct MHD_Daemon *daemon;
	pthread_mutex_t lock; /* of current, for as long as taking it up takes */
	struct published *current;
	char *db, *address;
	bool is_loopback;
	int64_t started_ns;
};

/* ---- vitals from thread to thread ---- */

static void let_go(struct published *p)
{
	if (p != NULL && atomic_fetch_sub(&p->users, 1) == 1) {
		vitals_done(&p->vitals);
		free(p);
	}
}

static struct published *take_up(struct http *h)
{
	pthread_mutex_lock(&h->lock);
	struct published *p = h->current;
	if (p != NULL)
		atomic_fetch_add(&p->users, 1);
	pthread_mutex_unlock(&h->lock);
	return p;
}

void http_publish(struct http *h, struct vitals *v)
{
	struct published *p = xcalloc(1, sizeof *p), *before;

	p->vitals = *v;
	*v = (struct vitals){0};
	atomic_init(&p->users, 1);
	pthread_mutex_lock(&h->lock);
	before = h->current;
	h->current = p;
	pthread_mutex_unlock(&h->lock);
	let_go(before);
}

/* ---- answers ---- */

static const struct page {
	const char *path, *type;
	unsigned (*make)(const struct page_source *from, struct buf *out);
} pages[] = {
	{"/", "text/html; charset=utf-8", page_index},
	{"/healthz", "application/json", page_health},
	{"/metrics", "text/plain; version=0.0.4; charset=utf-8", page_metrics},
};

static unsigned make_page(struct http *h, const struct page *page, struct buf *out)
{
	struct published *p = take_up(h);
	const struct page_source from = {.vitals = p != NULL ? &p->vitals : NULL,
		.db = h->db,
		.started_ns = h->started_ns,
		.now_ns = clock_monotonic_ns()};
	unsigned status = page->make(&from, out);

	let_go(p);
	return status;
}

/* out is empty after that. */
static enum MHD_Result send_text(struct MHD_Connection *connection, unsigned status,
	const char *type, struct buf *out, const char *allow)
{
	size_t len = out->len;
	struct MHD_Response *r =
		MHD_create_response_from_buffer(len, buf_take(out), MHD_RESPMEM_MUST_FREE);
	enum MHD_Result result;

	if (r == NULL)
		return MHD_NO;
	MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	MHD_add_response_header(r, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");
	if (allow != NULL)
		MHD_add_response_header(r, MHD_HTTP_HEADER_ALLOW, allow);
	result = MHD_queue_response(connection, status, r);
	MHD_destroy_response(r);
	return result;
}

/* At once when the headers are there: nobody has anything to send here. */
static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_len,
	void **state)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	static const char plain[] = "text/plain; charset=utf-8";

	(void)version;
	(void)upload;
	(void)upload_len;
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pages); i++) {
		if (strcmp(url, pages[i].path) != 0)
			continue;
		if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 &&
			strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
			buf_adds(&out, "this can be read alone: GET or HEAD\n");
			return send_text(
				connection, MHD_HTTP_METHOD_NOT_ALLOWED, plain, &out, "GET, HEAD");
		}
		unsigned status = make_page(arg, &pages[i], &out);
		return send_text(connection, status, pages[i].type, &out, NULL);
	}
	buf_adds(&out, "there is nothing here; there are /healthz and /metrics\n");
	return send_text(connection, MHD_HTTP_NOT_FOUND, plain, &out, NULL);
}

static void __attribute__((format(printf, 2, 0)))
on_complaint(void *arg, const char *format, va_list ap)
{
	_cleanup_buf_ struct buf text = BUF_INIT;

	(void)arg;
	buf_vaddf(&text, format, ap);
	while (text.len > 0 && text.data[text.len - 1] == '\n')
		text.data[--text.len] = '\0';
	log_debug("http: %s", text.data);
}

/* ---- the address ---- */

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* "[::1]:7711", "127.0.0.1:7711", ":7711", "7711": the host (the caller frees; "" for none) and the
 * port. */
static char *split(const char *text, int64_t *port, struct error *err)
{
	const char *colon = strrchr(text, ':'), *close = strrchr(text, ']');
	const char *digits = colon != NULL ? colon + 1 : text;

	*port = DEFAULT_PORT;
	if (close != NULL && (colon == NULL || colon < close))
		digits = colon = NULL; /* "[::1]" */
	else if (colon == NULL && strspn(text, "0123456789") < strlen(text))
		digits = NULL; /* "127.0.0.1" */
	if (digits != NULL && units_parse_int(digits, 0, 65535, port, err) < 0)
		return NULL;
	if (digits == text)
		return xstrdup("");
	size_t len = colon != NULL ? (size_t)(colon - text) : strlen(text);
	if (len >= 2 && text[0] == '[' && text[len - 1] == ']')
		return xstrndup(text + 1, len - 2);
	return xstrndup(text, len);
}

static int parse_address(const char *text, union address *out, struct error *err)
{
	struct error why = {0};
	int64_t port;
	_cleanup_free_ char *host = split(text, &port, &why);
	static const char expected[] =
		"expected such as 127.0.0.1:7711 (this machine alone) or 0.0.0.0:7711 (anybody who "
		"can reach it: there is no authentication)";

	*out = (union address){0};
	if (host == NULL)
		return error_set(
			err, ERR_USAGE, "http: '%s': no port from 0 to 65535; %s", text, expected);
	const char *numbers = host[0] == '\0' || strcmp(host, "localhost") == 0 ? LOOPBACK : host;
	if (inet_pton(AF_INET, numbers, &out->v4.sin_addr) == 1) {
		out->v4.sin_family = AF_INET;
		out->v4.sin_port = htons((uint16_t)port);
	} else if (inet_pton(AF_INET6, numbers, &out->v6.sin6_addr) == 1) {
		out->v6.sin6_family = AF_INET6;
		out->v6.sin6_port = htons((uint16_t)port);
	} else {
		return error_set(
			err, ERR_USAGE, "http: '%s' is no address in numbers; %s", text, expected);
	}
	return 0;
}

int http_check_address(const char *address, struct error *err)
{
	union address a;

	return parse_address(address, &a, err);
}

static socklen_t length_of(const union address *a)
{
	return a->any.sa_family == AF_INET ? sizeof a->v4 : sizeof a->v6;
}

static bool is_loopback(const union address *a)
{
	return a->any.sa_family == AF_INET ? ntohl(a->v4.sin_addr.s_addr) >> 24 == 127
					   : IN6_IS_ADDR_LOOPBACK(&a->v6.sin6_addr);
}

static char *show(const union address *a)
{
	char host[INET6_ADDRSTRLEN];

	if (a->any.sa_family == AF_INET)
		return xasprintf("%s:%u", inet_ntop(AF_INET, &a->v4.sin_addr, host, sizeof host),
			ntohs(a->v4.sin_port));
	return xasprintf("[%s]:%u", inet_ntop(AF_INET6, &a->v6.sin6_addr, host, sizeof host),
		ntohs(a->v6.sin6_port));
}

/* ---- a server ---- */

static int fail(struct error *err, const char *address, int code)
{
	return error_set(err, code == EADDRINUSE || code == EADDRNOTAVAIL ? ERR_UNAVAILABLE : -code,
		"http: cannot listen on %s: %s%s", address, strerror(code),
		code == EADDRINUSE ? "; another program does; choose another port with --http"
				   : "");
}

/* Returns a socket that listens, or negative. */
static int listen_on(union address *a, const char *text, struct error *err)
{
	socklen_t len = length_of(a);
	const int on = 1;
	int fd = socket(a->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return fail(err, text, errno);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, &a->any, len) != 0 || listen(fd, CONNECTIONS) != 0 ||
		getsockname(fd, &a->any, &len) != 0) {
		int code = errno;
		close(fd);
		return fail(err, text, code);
	}
	return fd;
}

int http_open(struct http **out, const char *address, const char *db, struct error *err)
{
	union address a;
	int r = parse_address(address, &a, err);
	int fd = r < 0 ? r : listen_on(&a, address, err);

	if (fd < 0)
		return fd;
	struct http *h = xcalloc(1, sizeof *h);
	pthread_mutex_init(&h->lock, NULL);
	h->db = xstrdup(db);
	h->address = show(&a);
	h->is_loopback = is_loopback(&a);
	h->started_ns = clock_monotonic_ns();
	/* The port is in the socket: it closes with the daemon. */
	h->daemon = MHD_start_daemon(
		MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_AUTO | MHD_USE_ERROR_LOG, 0, NULL, NULL,
		on_request, h, MHD_OPTION_EXTERNAL_LOGGER, on_complaint, NULL,
		MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)TIMEOUT_S,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY, MHD_OPTION_END);
	if (h->daemon == NULL) {
		close(fd);
		http_close(h);
		return error_set(err, ERR_INTERNAL, "http: libmicrohttpd cannot serve %s", address);
	}
	*out = h;
	return 0;
}

void http_close(struct http *h)
{
	if (h == NULL)
		return;
	if (h->daemon != NULL)
		MHD_stop_daemon(h->daemon);
	let_go(h->current);
	pthread_mutex_destroy(&h->lock);
	free(h->db);
	free(h->address);
	free(h);
}

const char *http_address(const struct http *h)
{
	return h->address;
}

bool http_is_loopback(const struct http *h)
{
	return h->is_loopback;
}
