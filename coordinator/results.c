#include "coordinator/results_private.h"
#include "coordinator/store/lock.h"
#include "proto/clock.h"
#include "proto/units.h"
#include <errno.h>
#include <time.h>

#define DEFAULT_DB "./joulerig.db"
#define CONNECT_NS (5 * NS_PER_S)
#define ANSWER_NS  (60 * NS_PER_S)
#define PAGE_ROWS  1000
#define PAGE_BLOBS 10 /* rows of "values", each of some 25 kB: about one message */
#define PUBLISH_WAIT_NS                                                                            \
	(5 * NS_PER_S) /* for a coordinator that holds the file and is about to bind its socket */
#define PUBLISH_LOOK_NS (50 * NS_PER_MS)

/* ---- opening ---- */

static int open_coordinator(struct results *r, const char *endpoint, const char *server_key,
	const char *keys, struct error *err)
{
	r->name = xstrdup(endpoint);
	r->server_key = xstrdup_or_null(server_key);
	r->keys = xstrdup_or_null(keys);
	r->reached = (struct results_where){
		.coordinator = r->name, .server_key = r->server_key, .keys = r->keys};
	return client_open(&r->client, endpoint, server_key, keys, CONNECT_NS, err);
}

/* The lock's holder, once it has said where it is. As store_lock_holder(). */
static int wait_for_endpoint(const char *db, struct store_lock *lock, struct error *err)
{
	int64_t end = clock_monotonic_ns() + PUBLISH_WAIT_NS;

	for (;;) {
		int held = store_lock_holder(db, lock, err);
		if (held <= 0 || lock->endpoint[0] != '\0' || clock_monotonic_ns() > end)
			return held;
		nanosleep(&(struct timespec){.tv_nsec = PUBLISH_LOOK_NS}, NULL);
	}
}

static int open_holder(struct results *r, const char *db, const struct results_where *where,
	const struct store_lock *lock, struct error *err)
{
	const char *keys = where->keys;

	if (lock->endpoint[0] == '\0')
		return error_set(err, ERR_UNAVAILABLE,
			"%s: process %ld holds this store and cannot be asked; try again when it "
			"has ended",
			db, (long)lock->pid);
	if (keys == NULL && where->server_key == NULL)
		keys = lock->keys_dir;
	return open_coordinator(r, lock->endpoint, where->server_key, keys, err);
}

static int open_file(struct results *r, const char *db, struct error *err)
{
	r->name = xstrdup(db);
	int code = r->ops->open(&r->store, db, false, err);
	if (code == -ENOENT)
		return error_set(err, ERR_UNAVAILABLE,
			"%s: no such file; run a campaign first, name the store with --db, or a "
			"coordinator with --coordinator",
			db);
	if (code == -EINVAL && err != NULL) /* another program's file, or another version's */
		code = err->code = ERR_USAGE;
	return client_say_whose(code, err);
}

static int open_any(struct results *r, const struct results_where *where, struct error *err)
{
	const char *db = text_is_set(where->db) ? where->db : DEFAULT_DB;
	struct store_lock lock;

	if (text_is_set(where->coordinator))
		return open_coordinator(r, where->coordinator, where->server_key, where->keys, err);
	int held = wait_for_endpoint(db, &lock, err);
	if (held < 0)
		return client_say_whose(held, err);
	return held == 1 ? open_holder(r, db, where, &lock, err) : open_file(r, db, err);
}

int results_open(struct results **out, const struct results_where *where, struct error *err)
{
	struct results *r = xcalloc(1, sizeof *r);

	r->ops = stores[0];
	int code = open_any(r, where, err);
	if (code < 0) {
		results_close(r);
		return code;
	}
	*out = r;
	return 0;
}

void results_close(struct results *r)
{
	if (r == NULL)
		return;
	if (r->store != NULL)
		r->ops->close(r->store);
	if (r->client != NULL)
		client_close(r->client);
	free(r->name);
	free(r->server_key);
	free(r->keys);
	free(r);
}

const struct results_where *results_coordinator(const struct results *r)
{
	return r->client != NULL ? &r->reached : NULL;
}

/* ---- pages of rows ---- */

/* Memory of a page: given back as a whole. */
struct block {
	struct block *next;
	size_t used, size;
	char data[] __attribute__((aligned(16)));
};

struct results_cursor {
	struct results *results;
	const char *what, *label;
	size_t expected; /* columns of queries.h */
	size_t needed;   /* those that a coordinator one minor version older has */
	size_t *map;     /* our column -> the answer's, NULL: the same */
	struct block *memory;
	struct message_cell *cells; /* rows * expected, in order */
	int64_t *keys;
	size_t rows, allocated, at;
	int64_t after, limit; /* rows in a page */
	bool is_last, is_bad;
	void (*columns)(void *arg, const char *const *names, size_t n);
	void *arg;
};

static const struct {
	const char *what;
	size_t columns, needed;
} expected_columns[] = {
	{"campaigns", CAMPAIGNS_N, CAMPAIGNS_PRIORITY},
	{"values", VALUES_N, VALUES_N},
	{"configurations", CONFIGURATIONS_N, CONFIGURATIONS_N},
	{"lanes", LANES_N, LANES_N},
	{"hosts", HOSTS_N, HOSTS_N},
	{"runs", RUNS_FIXED, RUNS_FIXED},
	{"metrics", METRICS_N, METRICS_TEXT},
	{"samples", SAMPLES_N, SAMPLES_N},
	{"run_samples", SAMPLES_N, SAMPLES_N},
	{"failures", FAILURES_N, FAILURES_N},
	{"output", OUTPUT_N, OUTPUT_N},
	{"counts", COUNTS_N, COUNTS_N},
	{"parts", PARTS_N, PARTS_N},
	{"requirements", REQUIREMENTS_N, REQUIREMENTS_N},
	{"pruned", PRUNED_N, PRUNED_N},
	{"kept", KEPT_N, KEPT_N},
	{"tables", TABLES_N, TABLES_N},
	{"clocks", CLOCKS_N, CLOCKS_N},
	{"schedules", SCHEDULES_N, SCHEDULES_N},
	{"sweeps", SWEEPS_N, SWEEPS_N},
	{"notices", NOTICES_N, NOTICES_N},
	{"deliveries", DELIVERIES_N, DELIVERIES_N},
	{"events", EVENTS_N, EVENTS_N},
};

static void *take(struct results_cursor *c, size_t size)
{
	size = (size + 15) / 16 * 16;
	if (c->memory == NULL || c->memory->size - c->memory->used < size) {
		size_t block_size = size > 64 * 1024 ? size : 64 * 1024;
		struct block *b = xmalloc(sizeof *b + block_size);
		*b = (struct block){.next = c->memory, .size = block_size};
		c->memory = b;
	}
	void *p = c->memory->data + c->memory->used;
	c->memory->used += size;
	return p;
}

static const char *keep_text(struct results_cursor *c, const char *text)
{
	if (text == NULL)
		return NULL;
	size_t len = strlen(text) + 1;
	return memcpy(take(c, len), text, len);
}

static void forget_page(struct results_cursor *c)
{
	while (c->memory != NULL) {
		struct block *next = c->memory->next;
		free(c->memory);
		c->memory = next;
	}
	c->rows = c->at = 0;
}

/*
 * Where our columns stand in the answer. Only "runs" can differ: a coordinator of another version
 * may know more standard metrics, or fewer; a column that it does not have stays empty (SIZE_MAX).
 */
static void map_columns(struct results_cursor *c, const char *const *names, size_t n)
{
	if (c->map != NULL || strcmp(c->what, "runs") != 0)
		return;
	c->map = xcalloc(c->expected, sizeof *c->map);
	for (size_t i = 0; i < c->expected; i++) {
		c->map[i] = i < RUNS_FIXED ? i : SIZE_MAX;
		for (size_t j = RUNS_FIXED; i >= RUNS_FIXED && j < n; j++) {
			if (strcmp(names[j], standard_metrics[i - RUNS_FIXED].column) == 0)
				c->map[i] = j;
		}
	}
}

static void on_columns(void *arg, const char *const *names, size_t n)
{
	struct results_cursor *c = arg;

	map_columns(c, names, n);
	if (c->columns != NULL)
		c->columns(c->arg, names, n);
	c->columns = NULL;
}

static int on_row(void *arg, int64_t key, const struct message_cell *cells, size_t n)
{
	struct results_cursor *c = arg;

	if (n < c->needed) {
		c->is_bad = true;
		return 1;
	}
	if (c->rows == c->allocated) {
		c->allocated = c->allocated == 0 ? 64 : 2 * c->allocated;
		c->keys = xreallocarray(c->keys, c->allocated, sizeof *c->keys);
		c->cells = xreallocarray(c->cells, c->allocated, c->expected * sizeof *c->cells);
	}
	struct message_cell *row = &c->cells[c->rows * c->expected];
	for (size_t i = 0; i < c->expected; i++) {
		size_t from = c->map == NULL ? i : c->map[i];
		row[i] = (struct message_cell){.integer = ABSENT};
		if (from >= n)
			continue;
		row[i].integer = cells[from].integer;
		row[i].real = keep_text(c, cells[from].real);
		row[i].text = keep_text(c, cells[from].text);
		if (cells[from].blob.data != NULL)
			row[i].blob =
				(struct blob){.data = memcpy(take(c, cells[from].blob.len + 1),
						      cells[from].blob.data, cells[from].blob.len),
					.len = cells[from].blob.len};
	}
	c->keys[c->rows++] = key;
	return 0;
}

static int page_of_file(struct results_cursor *c, struct error *err)
{
	struct results *r = c->results;
	int code = r->ops->query(
		r->store, c->what, c->label, c->after, c->limit, on_columns, on_row, c, err);

	c->is_last = (int64_t)c->rows < c->limit;
	return code;
}

int results_ask(struct results *r, struct message *question, enum message_type wanted,
	struct message *answer, struct error *err)
{
	int code = client_send(r->client, question, err);

	if (code == 0)
		code = client_receive(r->client, ANSWER_NS, answer, err);
	if (code < 0)
		return code;
	if (answer->type != wanted) {
		code = error_set(err, ERR_PROTOCOL, "%s: answered %s with %s", r->name,
			message_type_name(question->type), message_type_name(answer->type));
		message_done(answer);
	}
	return code;
}

static int page_of_coordinator(struct results_cursor *c, struct error *err)
{
	struct message question, answer;

	message_init(&question, MESSAGE_QUERY);
	question.query.what = c->what;
	question.query.label = c->label;
	question.query.after = c->after;
	question.query.limit = c->limit;
	struct error why = {0};
	int code = results_ask(c->results, &question, MESSAGE_ROWS, &answer, &why);
	if (code < 0 && strstr(why.text, "no query '") != NULL)
		return error_set(err, ERR_UNAVAILABLE,
			"results: %s has no query '%s': it is of an older version; end it, and "
			"start this one there",
			c->results->name, c->what);
	if (code < 0 && err != NULL)
		*err = why;
	if (code < 0)
		return code;
	on_columns(c, (const char *const *)answer.rows.columns.items, answer.rows.columns.n);
	for (size_t i = 0; i < answer.rows.rows.n && !c->is_bad; i++) {
		const struct message_row *row = LIST_AT(&answer.rows.rows, struct message_row, i);
		on_row(c, row->key, row->cells.items, row->cells.n);
	}
	c->is_last = answer.rows.more != 1 || c->rows == 0;
	message_done(&answer);
	return 0;
}

struct results_cursor *results_cursor_open(struct results *r, const char *what, const char *label)
{
	struct results_cursor *c = xcalloc(1, sizeof *c);

	*c = (struct results_cursor){.results = r, .what = what, .label = label};
	for (size_t i = 0; i < ARRAY_SIZE(expected_columns); i++) {
		if (strcmp(expected_columns[i].what, what) != 0)
			continue;
		c->expected = expected_columns[i].columns;
		c->needed = expected_columns[i].needed;
	}
	if (strcmp(what, "runs") == 0)
		c->expected += standard_metrics_n;
	c->limit = strcmp(what, "values") == 0 ? PAGE_BLOBS : PAGE_ROWS;
	return c;
}

struct results_cursor *results_cursor_open_after(
	struct results *r, const char *what, const char *label, int64_t after)
{
	struct results_cursor *c = results_cursor_open(r, what, label);

	c->after = after;
	return c;
}

int results_cursor_next(
	struct results_cursor *c, const struct message_cell **cells, struct error *err)
{
	while (c->at == c->rows) {
		if (c->is_last)
			return 0;
		forget_page(c);
		int code = c->results->store != NULL ? page_of_file(c, err)
						     : page_of_coordinator(c, err);
		if (code < 0)
			return code;
		if (c->is_bad)
			return error_set(err, ERR_PROTOCOL, "%s: its answer to '%s' lacks columns",
				c->results->name, c->what);
		if (c->rows > 0)
			c->after = c->keys[c->rows - 1];
	}
	*cells = &c->cells[c->at++ * c->expected];
	return 1;
}

void results_cursor_close(struct results_cursor *c)
{
	if (c == NULL)
		return;
	forget_page(c);
	free(c->cells);
	free(c->keys);
	free(c->map);
	free(c);
}

int results_query(struct results *r, const char *what, const char *label,
	void (*columns)(void *arg, const char *const *names, size_t n),
	int (*row)(void *arg, int64_t key, const struct message_cell *cells, size_t n), void *arg,
	struct error *err)
{
	struct results_cursor *c = results_cursor_open(r, what, label);
	const struct message_cell *cells;
	int code;

	c->columns = columns;
	c->arg = arg;
	while ((code = results_cursor_next(c, &cells, err)) == 1) {
		if (row(arg, c->keys[c->at - 1], cells, c->expected) != 0) {
			code = 0;
			break;
		}
	}
	results_cursor_close(c);
	return code;
}
