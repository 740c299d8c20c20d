#include "coordinator/commands/plan_estimate.h"

#include "proto/units.h"
#include <uthash.h>

/* So many submissions are looked at, the last one first, until all is known. */
#define LOOKED_AT 5

struct numbers {
	int64_t *items;
	size_t n, room;
};

static void numbers_add(struct numbers *l, int64_t value)
{
	if (l->n == l->room) {
		l->room = l->room ? 2 * l->room : 8;
		l->items = xreallocarray(l->items, l->room, sizeof *l->items);
	}
	l->items[l->n++] = value;
}

static int compare_int64(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* The lower one of two in the middle. Sorts. ABSENT of none. */
static int64_t median(struct numbers *l)
{
	if (l->n == 0)
		return ABSENT;
	qsort(l->items, l->n, sizeof *l->items, compare_int64);
	return l->items[(l->n - 1) / 2];
}

/* ---- what one submission tells ---- */

/* A configuration on a host. */
struct past_cell {
	UT_hash_handle hh;
	struct numbers times, energies; /* ns, uJ */
	int64_t time, energy;           /* their medians, where they were taken */
	char key[];                     /* host, benchmark, parameters, a line each */
};

/* A host, with what lies between its runs. */
struct past_host {
	UT_hash_handle hh;
	struct interval {
		int64_t start, end;
	} * runs;
	size_t n, room;
	int64_t gap;
	char name[];
};

struct past {
	struct past_cell *cells;
	struct past_host *hosts;
	struct buf from;
	size_t time_column, energy_column;
	size_t fresh; /* cells that the submission that is read now added */
	/* that one alone */
	struct past_cell *its_cells;
	struct past_host *its_hosts;
};

static char *cell_key(const char *host, const char *benchmark, const char *parameters)
{
	return xasprintf("%s\n%s\n%s", host, benchmark, parameters);
}

static struct past_cell *its_cell(struct past *p, const char *key)
{
	struct past_cell *cell;

	HASH_FIND_STR(p->its_cells, key, cell);
	if (cell)
		return cell;
	cell = xcalloc(1, sizeof *cell + strlen(key) + 1);
	memcpy(cell->key, key, strlen(key) + 1);
	HASH_ADD_STR(p->its_cells, key, cell);
	return cell;
}

static struct past_host *its_host(struct past *p, const char *name)
{
	struct past_host *host;

	HASH_FIND_STR(p->its_hosts, name, host);
	if (host)
		return host;
	host = xcalloc(1, sizeof *host + strlen(name) + 1);
	memcpy(host->name, name, strlen(name) + 1);
	HASH_ADD_STR(p->its_hosts, name, host);
	return host;
}

static void add_interval(struct past_host *host, int64_t start, int64_t time)
{
	if (start == ABSENT || __builtin_add_overflow(start, time, &time))
		return;
	if (host->n == host->room) {
		host->room = host->room ? 2 * host->room : 64;
		host->runs = xreallocarray(host->runs, host->room, sizeof *host->runs);
	}
	host->runs[host->n++] = (struct interval){.start = start, .end = time};
}

static int on_run(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct past *p = arg;
	int64_t time = n > p->time_column ? c[p->time_column].integer : ABSENT;
	int64_t energy = n > p->energy_column ? c[p->energy_column].integer : ABSENT;

	(void)key;
	if (time == ABSENT || time < 0 || strcmp(cell_text(&c[RUNS_STATE]), "done") != 0)
		return 0;
	add_interval(its_host(p, cell_text(&c[RUNS_HOST])), c[RUNS_STARTED_AT].integer, time);
	if (c[RUNS_BLOCK].integer == 0)
		return 0;
	_cleanup_free_ char *name = cell_key(cell_text(&c[RUNS_HOST]),
		cell_text(&c[RUNS_BENCHMARK]), cell_text(&c[RUNS_PARAMETERS]));
	struct past_cell *cell = its_cell(p, name);
	numbers_add(&cell->times, time);
	if (energy != ABSENT)
		numbers_add(&cell->energies, energy);
	return 0;
}

static int compare_starts(const void *a, const void *b)
{
	const struct interval *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

/* The median of what lay between two runs; 0 of a single one. */
static int64_t gap_of(struct past_host *host)
{
	struct numbers gaps = {0};
	int64_t gap;

	if (host->n > 0)
		qsort(host->runs, host->n, sizeof *host->runs, compare_starts);
	for (size_t i = 1; i < host->n; i++)
		if (host->runs[i].start >= host->runs[i - 1].end)
			numbers_add(&gaps, host->runs[i].start - host->runs[i - 1].end);
	gap = median(&gaps);
	free(gaps.items);
	return gap == ABSENT ? 0 : gap;
}

static void cell_free(struct past_cell *cell)
{
	free(cell->times.items);
	free(cell->energies.items);
	free(cell);
}

static void host_free(struct past_host *host)
{
	free(host->runs);
	free(host);
}

/* Take the medians of a submission over where no later one has the cell or the host. */
static void merge(struct past *p)
{
	struct past_cell *cell, *next_cell, *known_cell;
	struct past_host *host, *next_host, *known_host;

	p->fresh = 0;
	HASH_ITER (hh, p->its_cells, cell, next_cell) {
		HASH_DELETE(hh, p->its_cells, cell);
		HASH_FIND_STR(p->cells, cell->key, known_cell);
		if (known_cell) {
			cell_free(cell);
			continue;
		}
		cell->time = median(&cell->times);
		cell->energy = median(&cell->energies);
		HASH_ADD_STR(p->cells, key, cell);
		p->fresh++;
	}
	HASH_ITER (hh, p->its_hosts, host, next_host) {
		HASH_DELETE(hh, p->its_hosts, host);
		HASH_FIND_STR(p->hosts, host->name, known_host);
		if (known_host) {
			host_free(host);
			continue;
		}
		host->gap = gap_of(host);
		HASH_ADD_STR(p->hosts, name, host);
	}
}

static void past_done(struct past *p)
{
	struct past_cell *cell, *next_cell;
	struct past_host *host, *next_host;

	merge(p);
	HASH_ITER (hh, p->cells, cell, next_cell) {
		HASH_DELETE(hh, p->cells, cell);
		cell_free(cell);
	}
	HASH_ITER (hh, p->hosts, host, next_host) {
		HASH_DELETE(hh, p->hosts, host);
		host_free(host);
	}
	buf_done(&p->from);
}

/* ---- reading ---- */

/* The labels of a name, the last one first. */
struct labels {
	const char *name;
	char **items;
	size_t n;
};

static int on_campaign(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct labels *l = arg;

	(void)key;
	if (n < CAMPAIGNS_N || strcmp(cell_text(&c[CAMPAIGNS_NAME]), l->name) != 0)
		return 0;
	l->items = xreallocarray(l->items, l->n + 1, sizeof *l->items);
	l->items[l->n++] = xstrdup(cell_text(&c[CAMPAIGNS_LABEL]));
	return 0;
}

static bool is_known(const struct past *p, const char *host, const struct configuration *c,
	struct past_cell **out)
{
	_cleanup_buf_ struct buf parameters = BUF_INIT;

	*out = NULL;
	if (!p->cells)
		return false;
	configuration_parameters(c, &parameters);
	_cleanup_free_ char *key = cell_key(host, c->benchmark->name, parameters.data);
	HASH_FIND_STR(p->cells, key, *out);
	return *out != NULL;
}

static bool is_all_known(const struct past *past, const struct plan *p)
{
	struct past_cell *ignored;

	for (size_t l = 0; l < p->lanes_n; l++)
		for (size_t i = 0; i < p->lanes[l].n; i++)
			if (!p->lanes[l].skipped[i] &&
				!is_known(past, p->lanes[l].host,
					&p->configurations[p->lanes[l].configurations[i]],
					&ignored))
				return false;
	return true;
}

static int read_past(struct past *past, struct results *r, const struct campaign *c,
	const struct plan *p, struct error *err)
{
	struct labels labels = {.name = c->name};
	int rc = results_query(r, "campaigns", NULL, NULL, on_campaign, &labels, err);

	for (size_t i = labels.n, looked = 0; rc == 0 && i > 0 && looked < LOOKED_AT; looked++) {
		const char *label = labels.items[--i];

		rc = results_query(r, "runs", label, NULL, on_run, past, err);
		merge(past);
		if (past->fresh > 0)
			buf_addf(&past->from, "%s%s", past->from.len ? ", " : "", label);
		if (is_all_known(past, p))
			break;
	}
	for (size_t i = 0; i < labels.n; i++)
		free(labels.items[i]);
	free(labels.items);
	return rc;
}

/* ---- the sum ---- */

/* One block on a host. */
struct block {
	double seconds, joules;
};

static struct block block_of(const struct past *past, const struct plan *p,
	const struct plan_lane *lane, double idle, struct plan_estimate *e)
{
	struct block b = {0};
	struct past_host *host;
	double gap;

	HASH_FIND_STR(past->hosts, lane->host, host);
	gap = host ? (double)host->gap / 1e9 : 0;
	for (size_t i = 0; i < lane->n; i++) {
		struct past_cell *cell;

		if (lane->skipped[i])
			continue;
		e->of++;
		if (!is_known(past, lane->host, &p->configurations[lane->configurations[i]], &cell))
			continue;
		e->known++;
		b.seconds += (double)cell->time / 1e9 + gap;
		if (cell->energy != ABSENT) {
			e->with_energy++;
			b.joules += (double)cell->energy / 1e6;
		}
	}
	if (b.seconds > 0)
		b.seconds += idle;
	return b;
}

/* The idle baseline before each block, s. */
static double idle_of(const struct campaign *c)
{
	int64_t idle = 0;

	for (size_t i = 0; i < c->benchmarks_n; i++)
		if (c->benchmarks[i].measure.idle_ns > idle)
			idle = c->benchmarks[i].measure.idle_ns;
	return (double)idle / 1e9;
}

/* Hosts work at the same time: the slowest one ends it. With spread: any they share the blocks. */
static void sum_up(struct plan_estimate *e, const struct campaign *c, const struct block *blocks,
	size_t n, double least, double most)
{
	double slowest = 0, rate = 0, joules = 0, warmup = (double)c->warmup;
	size_t working = 0;

	for (size_t i = 0; i < n; i++) {
		if (!(blocks[i].seconds > 0))
			continue;
		slowest = blocks[i].seconds > slowest ? blocks[i].seconds : slowest;
		rate += 1 / blocks[i].seconds;
		joules += blocks[i].joules;
		working++;
	}
	if (working == 0)
		return;
	double each = c->is_spread ? 1 / rate : slowest;
	double cost = c->is_spread ? joules / (double)working : joules;
	e->seconds.least = warmup * slowest + least * each;
	e->seconds.most = warmup * slowest + most * each;
	e->joules.least = warmup * joules + least * cost;
	e->joules.most = warmup * joules + most * cost;
}

/* What several hosts run together takes the time of each of them. */
static void share_hosts(const struct plan *p, struct block *blocks)
{
	for (size_t l = 0; l < p->lanes_n; l++)
		for (size_t i = 0; i < p->lanes[l].parts_n; i++)
			blocks[p->lanes[l].parts[i]].seconds += blocks[l].seconds;
}

static void estimate(struct plan_estimate *e, const struct past *past, const struct campaign *c,
	const struct plan *p)
{
	_cleanup_free_ struct block *blocks = xcalloc(p->lanes_n + 1, sizeof *blocks);
	double idle = idle_of(c);

	for (size_t l = 0; l < p->lanes_n; l++)
		blocks[l] = block_of(past, p, &p->lanes[l], idle, e);
	if (!c->is_spread)
		share_hosts(p, blocks);
	sum_up(e, c, blocks, p->lanes_n, (double)c->blocks, (double)c->max);
}

static size_t column_of(const char *metric)
{
	size_t i = 0;

	while (i < standard_metrics_n && strcmp(standard_metrics[i].name, metric) != 0)
		i++;
	return RUNS_FIXED + i;
}

void plan_estimate_make(struct plan_estimate *out, const struct campaign *c, const struct plan *p,
	const struct results_where *where)
{
	struct past past = {.from = BUF_INIT,
		.time_column = column_of("time"),
		.energy_column = column_of("energy.package")};
	struct results *r = NULL;
	struct error err = {0};
	int rc = results_open(&r, where, &err);

	*out = (struct plan_estimate){0};
	if (rc == 0)
		rc = read_past(&past, r, c, p, &err);
	estimate(out, &past, c, p);
	if (out->known > 0)
		out->from = xstrdup(past.from.data);
	else if (rc == 0)
		out->why = past.from.len
				   ? xasprintf("%s ran other configurations, or on other hosts",
					     past.from.data)
				   : xasprintf("'%s' was not run before", c->name);
	else if (rc == ERR_UNAVAILABLE && !where->coordinator)
		out->why = xasprintf("'%s' was not run before: there is no %s", c->name,
			where->db ? where->db : "./joulerig.db");
	else
		out->why = xstrdup(err.text);
	past_done(&past);
	results_close(r);
}

void plan_estimate_done(struct plan_estimate *e)
{
	free(e->from);
	free(e->why);
}
