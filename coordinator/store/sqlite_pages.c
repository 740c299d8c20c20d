/* The query "values": a page of runs and what they measured as one blob (pages.h). */
#include "coordinator/store/pages.h"
#include "coordinator/store/sqlite.h"
#include "proto/units.h"
#include <math.h>
#include <stdlib.h>

#define PAGE_BYTES (24 * 1024) /* several of them are one message */
#define PAGE_RUNS  4096

/* The columns of the runs' statement before those of the standard metrics. */
enum { RUN, BLOCK, HOST, CONFIGURATION, STATE, REASON, FLAGS, CPUS, UNCERTAINTY, FIXED };
enum { METRIC_RUN, PLACE, NAME, UNIT, VALUE, INTEGER, BETTER };

struct host_lane {
	int64_t host, lane;
};

struct paging {
	struct store *store;
	sqlite3_stmt *runs, *metrics;
	int metrics_at; /* what the metrics' statement was stepped to: SQLITE_ROW, SQLITE_DONE */
	struct host_lane *lanes;
	size_t lanes_n;
	size_t columns[PAGES_SLOTS]; /* of the standard metrics: their places in the table */
	size_t columns_n;
	struct pages_writer *page;
};

static int compare_hosts(const void *a, const void *b)
{
	const struct host_lane *x = a, *y = b;

	return (x->host > y->host) - (x->host < y->host);
}

static int read_lanes(struct paging *p, int64_t campaign, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int code = db_prepare(
		p->store, "SELECT host, lane FROM lane WHERE campaign = ?1", &statement, err);

	if (code < 0)
		return code;
	db_bind_int(statement, 1, campaign);
	while (sqlite3_step(statement) == SQLITE_ROW) {
		p->lanes = xreallocarray(p->lanes, p->lanes_n + 1, sizeof *p->lanes);
		p->lanes[p->lanes_n++] =
			(struct host_lane){.host = sqlite3_column_int64(statement, 0),
				.lane = sqlite3_column_int64(statement, 1)};
	}
	if (sqlite3_finalize(statement) != SQLITE_OK)
		return db_fail(p->store, err, "read");
	if (p->lanes_n > 0)
		qsort(p->lanes, p->lanes_n, sizeof *p->lanes, compare_hosts);
	return 0;
}

static int64_t lane_of(const struct paging *p, int64_t host)
{
	struct host_lane key = {.host = host};
	const struct host_lane *found = p->lanes_n == 0 ? NULL
							: bsearch(&key, p->lanes, p->lanes_n,
								  sizeof *p->lanes, compare_hosts);

	return found == NULL ? ABSENT : found->lane;
}

static int prepare_runs(struct paging *p, int64_t campaign, int64_t after, struct error *err)
{
	_cleanup_buf_ struct buf sql = BUF_INIT;

	buf_adds(&sql,
		"SELECT run, block, host, configuration, state, reason, flags, cpus, uncertainty");
	for (size_t i = 0; i < standard_metrics_n; i++) {
		if (!p->store->has_column[i])
			continue;
		buf_addf(&sql, ", \"%s\"", standard_metrics[i].column);
		p->columns[p->columns_n++] = i;
	}
	buf_adds(&sql, " FROM run WHERE id > ?1 AND id < ?2 ORDER BY id");
	int code = db_prepare(p->store, sql.data, &p->runs, err);
	if (code < 0)
		return code;
	db_bind_int(p->runs, 1, db_run_id(campaign, after));
	db_bind_int(p->runs, 2, db_run_id(campaign + 1, 0));
	return 0;
}

static int prepare_metrics(struct paging *p, int64_t campaign, int64_t after, struct error *err)
{
	int code = db_prepare(p->store,
		"SELECT run & 16777215, place, name, coalesce(inner, unit), value, integer, better"
		" FROM metric WHERE run > ?1 AND run < ?2 ORDER BY run, place",
		&p->metrics, err);

	if (code < 0)
		return code;
	db_bind_int(p->metrics, 1, db_run_id(campaign, after));
	db_bind_int(p->metrics, 2, db_run_id(campaign + 1, 0));
	p->metrics_at = sqlite3_step(p->metrics);
	return 0;
}

static const char *text_at(sqlite3_stmt *statement, int column)
{
	return (const char *)sqlite3_column_text(statement, column);
}

/* Of the object {"energy.package": uJ, ...}, which this program wrote: the one number is looked
 * for, as parsing it whole would cost more than all else of a run. */
static int64_t energy_bound(const char *json)
{
	static const char key[] = "\"energy.package\"";
	const char *at = json == NULL ? NULL : strstr(json, key);
	char *end;

	if (at == NULL)
		return ABSENT;
	at += strlen(key);
	at += strspn(at, " \t\r\n");
	if (*at != ':')
		return ABSENT;
	long long bound = strtoll(at + 1, &end, 10);
	/* A number with a fraction is no bound in whole units. */
	return end == at + 1 || strchr(".eE", *end) != NULL ? ABSENT : bound;
}

static void add_standard(struct paging *p)
{
	for (size_t i = 0; i < p->columns_n; i++) {
		const struct metric_info *info = &standard_metrics[p->columns[i]];
		sqlite3_value *value = sqlite3_column_value(p->runs, (int)(FIXED + i));

		if (sqlite3_value_type(value) != SQLITE_INTEGER)
			continue;
		pages_add(p->page, p->columns[i] % (PAGES_SLOTS / 2),
			&(struct page_metric){.name = info->name,
				.unit = info->inner,
				.is_inner = true,
				.is_constant = true},
			&(struct page_value){.integer = sqlite3_value_int64(value)});
	}
}

static void add_long(struct paging *p)
{
	sqlite3_stmt *s = p->metrics;
	bool is_inner = sqlite3_column_type(s, INTEGER) == SQLITE_INTEGER;
	bool is_real = sqlite3_column_type(s, VALUE) == SQLITE_FLOAT &&
		       isfinite(sqlite3_column_double(s, VALUE));

	/* A text is no number. */
	if (!is_inner && !is_real)
		return;
	size_t slot = PAGES_SLOTS / 2 + (size_t)sqlite3_column_int64(s, PLACE) % (PAGES_SLOTS / 2);
	pages_add(p->page, slot,
		&(struct page_metric){.name = text_at(s, NAME),
			.unit = text_at(s, UNIT),
			.better = text_at(s, BETTER),
			.is_inner = is_inner},
		&(struct page_value){.integer = is_inner ? sqlite3_column_int64(s, INTEGER) : 0,
			.real = is_inner ? 0 : sqlite3_column_double(s, VALUE)});
}

/* All rows of the long form that belong to this run, and past those of runs before it. */
static void add_long_of(struct paging *p, int64_t run)
{
	while (p->metrics_at == SQLITE_ROW && sqlite3_column_int64(p->metrics, METRIC_RUN) <= run) {
		if (sqlite3_column_int64(p->metrics, METRIC_RUN) == run)
			add_long(p);
		p->metrics_at = sqlite3_step(p->metrics);
	}
}

static void add_run(struct paging *p)
{
	sqlite3_stmt *s = p->runs;
	const struct page_run run = {.run = sqlite3_column_int64(s, RUN),
		.block = sqlite3_column_int64(s, BLOCK),
		.lane = lane_of(p, sqlite3_column_int64(s, HOST)),
		.configuration = sqlite3_column_int64(s, CONFIGURATION),
		.state = text_at(s, STATE),
		.reason = text_at(s, REASON),
		.flags = text_at(s, FLAGS),
		.cpus = text_at(s, CPUS),
		.energy_bound = energy_bound(text_at(s, UNCERTAINTY))};

	pages_add_run(p->page, &run);
	add_standard(p);
	add_long_of(p, run.run);
	pages_end_run(p->page);
}

/* Returns what row() did: not 0 where it wants no more. */
static int give_page(struct paging *p,
	int (*row)(void *arg, int64_t key, const struct message_cell *cells, size_t n), void *arg)
{
	const struct message_cell cell = {
		.integer = ABSENT, .blob = {.data = p->page->out.data, .len = p->page->out.len}};
	int answer = row(arg, p->page->last_run, &cell, 1);

	pages_begin(p->page);
	return answer;
}

static int give_pages(struct paging *p, int64_t limit,
	int (*row)(void *arg, int64_t key, const struct message_cell *cells, size_t n), void *arg,
	struct error *err)
{
	int result = SQLITE_DONE;

	pages_begin(p->page);
	while (limit > 0 && (result = sqlite3_step(p->runs)) == SQLITE_ROW) {
		add_run(p);
		if (p->metrics_at != SQLITE_ROW && p->metrics_at != SQLITE_DONE)
			return db_fail(p->store, err, "read");
		if (p->page->out.len < PAGE_BYTES && p->page->runs < PAGE_RUNS)
			continue;
		if (give_page(p, row, arg) != 0)
			return 0;
		limit--;
	}
	if (result != SQLITE_ROW && result != SQLITE_DONE)
		return db_fail(p->store, err, "read");
	if (p->page->runs > 0)
		give_page(p, row, arg);
	return 0;
}

int db_query_pages(struct store *s, int64_t campaign, int64_t after, int64_t limit,
	int (*row)(void *arg, int64_t key, const struct message_cell *cells, size_t n), void *arg,
	struct error *err)
{
	struct paging p = {.store = s};
	int code = read_lanes(&p, campaign, err);

	if (code == 0)
		code = prepare_runs(&p, campaign, after, err);
	if (code == 0)
		code = prepare_metrics(&p, campaign, after, err);
	if (code == 0) {
		p.page = pages_writer_new();
		code = give_pages(&p, limit, row, arg, err);
	}
	pages_writer_free(p.page);
	sqlite3_finalize(p.runs);
	sqlite3_finalize(p.metrics);
	free(p.lanes);
	return code;
}
