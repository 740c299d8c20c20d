/*
 * judge_rows.h - what `compare --format json` and `results --format json` say, and what follows
 * from it for a sweep
 *
 * A case is a metric of a configuration on a host; here it is a JSON object with the keys of a row
 * of `compare`: "metric", "benchmark", "parameters", "host", "verdict", "ratio", "low", "high",
 * "p_adjusted", "baseline_median", "contender_median", "unit", "against" (the label that it was
 * compared with, of several the newest), "canary", "flags". A change is what became of the same
 * metric, benchmark and parameters on one host or several: the same keys, with "hosts", an array of
 * what differs between them.
 *
 * Nothing is in here but JSON: no store, no clocks. Arrays and objects that are returned are the
 * caller's (json_decref).
 */
#ifndef COORDINATOR_DISPATCH_JUDGE_ROWS_H
#define COORDINATOR_DISPATCH_JUDGE_ROWS_H

#include "proto/base.h"
#include "proto/error.h"
#include <jansson.h>

/* The rows of a JSON array, without those that pool hosts. NULL with err where it is none. */
json_t *judge_rows_read(const struct buf *text, struct error *err);

/* "time nbody {"threads":8}" of a case or a change: the same each night. Parameters are in the
 * order of their names, without the axis `content`; the work that a metric was taken per is none of
 * its name. The caller frees. */
char *judge_subject(const json_t *row);
/* The same with " on HOST". */
char *judge_case_key(const json_t *row);
/* Put cases into an object, by their keys. */
void judge_index(json_t *to, const json_t *cases);
/* Benchmark, parameters and host of a row, whatever its metric. The caller frees. */
char *judge_configuration_key(const json_t *row);
/* A text of an object; "" where it has none. */
const char *judge_text(const json_t *object, const char *key);

/* The same text, with a question mark for each byte of what is no UTF-8: programs print what they
 * like, and a text that is too long may end within a character. */
json_t *judge_json_text(const char *text);

/* Whether the verdict is "regressed" or "improved". */
bool judge_has_moved(const json_t *row);
/* Add what is not yet in an array of texts. */
void judge_add_text(json_t *texts, const char *text);
bool judge_has_text(const json_t *texts, const char *text);

/* Hosts on which something of `results` was done, as texts. */
json_t *judge_measured(const json_t *results);
/* Of those hosts the cases of which fewer runs than these are done, as texts. */
json_t *judge_unmeasured(const json_t *results, const json_t *measured, int64_t least);
/*
 * Of the hosts of `results` on which anything was done the `metrics` (texts) that no run has, as
 * {"metric", "host"}: of no case of that host, or with "benchmark" of none of that benchmark, or
 * with "parameters" too of that case alone.
 */
json_t *judge_without(const json_t *results, const json_t *metrics);
/* Put them into an object, by keys of their own. */
void judge_index_without(json_t *to, const json_t *without);
/* Whether such an object has a case, or its configuration by judge_configuration_key(). */
bool judge_is_among(const json_t *keys, const json_t *one);
/* "energy.package nbody {"threads":8} on lab03", without what it does not say. The caller frees. */
char *judge_without_key(const json_t *one);

/* Hosts on which a canary moved. */
json_t *judge_moved_hosts(const json_t *rows);

/* An expression as of --only that holds for just these cases, on just their hosts. */
void judge_only(const json_t *cases, struct buf *out);

/* What a confirmation says of a case. */
enum weighed { WEIGHED_CONFIRMED, WEIGHED_NOT, WEIGHED_OPEN };
/* rows are of the confirmation. NOT: it is shown to be unchanged, or the other way round. OPEN:
 * nothing could be shown. Where the case has the verdict "unchanged" (it is back where it was),
 * that is what must be shown. */
enum weighed judge_weigh(const json_t *one, const json_t *rows, const json_t **found);

/* The changes that cases are: those of one metric, benchmark, parameters and verdict together, in
 * the order of the first ones. The numbers of the change itself are those of the host that is
 * furthest from 1. */
json_t *judge_bundle(const json_t *cases);

#endif
