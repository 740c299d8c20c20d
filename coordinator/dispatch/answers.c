#include "coordinator/dispatch/answers.h"

#include "coordinator/campaign/extract.h"
#include "coordinator/store/queries.h"
#include <errno.h>
#include <uthash.h>

struct answer {
	char *key; /* metric, newline, whose answers */
	char *text;
	int64_t run;
	char *host;
	UT_hash_handle hh;
};

struct answers {
	struct answer *table;
};

struct answers *answers_new(void)
{
	return xcalloc(1, sizeof(struct answers));
}

void answers_free(struct answers *a)
{
	struct answer *one, *next;

	if (a == NULL)
		return;
	HASH_ITER (hh, a->table, one, next) {
		HASH_DEL(a->table, one);
		free(one->key);
		free(one->text);
		free(one->host);
		free(one);
	}
	free(a);
}

static struct answer *find(const struct answers *a, const char *name, const char *same_as)
{
	_cleanup_free_ char *key = xasprintf("%s\n%s", name, same_as);
	struct answer *one;

	HASH_FIND_STR(a->table, key, one);
	return one;
}

static void add(struct answers *a, const char *name, const char *same_as, const char *text,
	int64_t run, const char *host)
{
	struct answer *one;

	if (find(a, name, same_as) != NULL)
		return;
	one = xcalloc(1, sizeof *one);
	*one = (struct answer){.key = xasprintf("%s\n%s", name, same_as),
		.text = xstrdup(text),
		.run = run,
		.host = xstrdup(host)};
	HASH_ADD_KEYPTR(hh, a->table, one->key, strlen(one->key), one);
}

bool answers_are_shared(const struct extraction *e)
{
	for (size_t i = 0; i < e->n; i++)
		if (e->items[i].same_as != NULL)
			return true;
	return false;
}

int answers_check(const struct answers *a, const struct extraction *e, struct error *err)
{
	for (size_t i = 0; i < e->n; i++) {
		const struct extracted *x = &e->items[i];
		_cleanup_buf_ struct buf is = BUF_INIT, should = BUF_INIT;
		const struct answer *one;

		if (x->same_as == NULL)
			continue;
		one = find(a, x->name, x->same_as);
		if (one == NULL || expect_is_same(one->text, x->same_text))
			continue;
		printed_show(x->same_text, strlen(x->same_text), &is);
		printed_show(one->text, strlen(one->text), &should);
		return error_set(err, -EILSEQ,
			"%s is '%s', expected '%s' as in run %lld on %s (%s)", x->name, is.data,
			should.data, (long long)one->run, one->host, x->same_as);
	}
	return 0;
}

void answers_add(struct answers *a, int64_t run, const char *host, const struct extraction *e)
{
	for (size_t i = 0; i < e->n; i++)
		if (e->items[i].same_as != NULL)
			add(a, e->items[i].name, e->items[i].same_as, e->items[i].same_text, run,
				host);
}

/* ---- from the store ---- */

/* What the metrics' rows do not say of their run. */
struct run_of {
	size_t configuration;
	size_t lane;
	bool is_done;
};

struct loading {
	struct answers *answers;
	const struct plan *plan;
	struct run_of *runs; /* by number */
	size_t n;
};

static int on_run(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct loading *g = arg;
	size_t run = (size_t)key;

	(void)n;
	if (!text_is(c[RUNS_STATE].text, RUN_DONE))
		return 0;
	if (run >= g->n) {
		size_t size = run + run / 2 + 64;
		g->runs = xreallocarray(g->runs, size, sizeof *g->runs);
		memset(g->runs + g->n, 0, (size - g->n) * sizeof *g->runs);
		g->n = size;
	}
	g->runs[run] = (struct run_of){.configuration = (size_t)c[RUNS_CONFIGURATION].integer,
		.lane = (size_t)c[RUNS_LANE].integer,
		.is_done = true};
	return 0;
}

static const struct benchmark_metric *metric_of(const struct configuration *c, const char *name)
{
	const struct benchmark *b = c->benchmark;

	for (size_t i = 0; i < b->metrics_n; i++)
		if (strcmp(b->metrics[i].name, name) == 0)
			return &b->metrics[i];
	return NULL;
}

static int on_metric(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct loading *g = arg;
	size_t run = (size_t)c[METRICS_RUN].integer;
	const char *text = c[METRICS_TEXT].text ? c[METRICS_TEXT].text : c[METRICS_VALUE].real;

	(void)key;
	(void)n;
	if (run >= g->n || !g->runs[run].is_done || text == NULL || c[METRICS_NAME].text == NULL ||
		g->runs[run].configuration >= g->plan->configurations_n ||
		g->runs[run].lane >= g->plan->lanes_n)
		return 0;
	const struct configuration *of = &g->plan->configurations[g->runs[run].configuration];
	const struct benchmark_metric *m = metric_of(of, c[METRICS_NAME].text);
	_cleanup_free_ char *same_as = m == NULL ? NULL : expect_same_as(m, of);
	if (same_as != NULL)
		add(g->answers, m->name, same_as, text, (int64_t)run,
			g->plan->lanes[g->runs[run].lane].host);
	return 0;
}

int answers_load(struct answers *a, const struct plan *plan, const char *label,
	const struct store_ops *ops, struct store *store, struct error *err)
{
	struct loading g = {.answers = a, .plan = plan};
	int r = ops->query(store, "runs", label, 0, INT64_MAX, NULL, on_run, &g, err);

	if (r == 0 && g.n > 0)
		r = ops->query(store, "metrics", label, 0, INT64_MAX, NULL, on_metric, &g, err);
	free(g.runs);
	return r;
}
