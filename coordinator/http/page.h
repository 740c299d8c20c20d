/*
 * page.h - what is answered: texts made of vitals
 *
 * Private to coordinator/http.
 */
#ifndef COORDINATOR_HTTP_PAGE_H
#define COORDINATOR_HTTP_PAGE_H

#include "coordinator/dispatch/vitals.h"

/* So long may the loop be silent before the coordinator is called unwell. */
#define HTTP_STALE_NS (10 * NS_PER_S)

struct page_source {
	const struct vitals *vitals;
	const char *db;     /* the store's file */
	int64_t started_ns; /* CLOCK_MONOTONIC */
	int64_t now_ns;
};

/* Append the page to out; returns the HTTP status. */
unsigned page_index(const struct page_source *from, struct buf *out);
unsigned page_health(const struct page_source *from, struct buf *out);
unsigned page_metrics(const struct page_source *from, struct buf *out);

/* The part of it about schedules. */
void metrics_add_schedules(struct buf *out, const struct vitals *v);
/* The metrics of every process, by the names that all exporters have for them. */
void metrics_add_process(struct buf *out);

/* ---- text format, version 0.0.4 ---- */

/* HELP and TYPE of what follows. */
void metric_begin(struct buf *out, const char *name, const char *type, const char *help);
/* A sample without labels, with one, with two. The value is value / divisor, exactly; ABSENT:
 * nothing is written. */
void metric_add(struct buf *out, const char *name, int64_t value, int64_t divisor);
void metric_add_by(struct buf *out, const char *name, int64_t value, int64_t divisor,
	const char *label, const char *text);
void metric_add_by_two(struct buf *out, const char *name, int64_t value, int64_t divisor,
	const char *label, const char *text, const char *label2, const char *text2);
/* Both, of a metric without labels. */
void metric_one(struct buf *out, const char *name, const char *type, const char *help,
	int64_t value, int64_t divisor);

#endif
