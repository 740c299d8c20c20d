/*
 * queries.h - the named queries of a store: what subcommands read, from the file or through the
 * coordinator
 *
 * Each query has fixed columns; the enums below number them, so that readers write
 * cells[RUNS_STATE]. Rows come in the order of their key where nothing else is said; to go on, ask
 * with after = the last row's key. label is "NAME.N"; a query that needs one and finds none yields
 * no rows.
 */
#ifndef COORDINATOR_STORE_QUERIES_H
#define COORDINATOR_STORE_QUERIES_H

/* "campaigns": all (label NULL or "") or the one of the label; also "NAME" alone: its last
 * submission. key: id */
enum {
	CAMPAIGNS_ID,
	CAMPAIGNS_LABEL,
	CAMPAIGNS_NAME,
	CAMPAIGNS_NUMBER,
	CAMPAIGNS_UUID /* blob */,
	CAMPAIGNS_STATE,
	CAMPAIGNS_FILE,
	CAMPAIGNS_YAML,
	CAMPAIGNS_CHANGES,
	CAMPAIGNS_TREE /* blob */,
	CAMPAIGNS_DIRECTORY,
	CAMPAIGNS_TOTAL,
	CAMPAIGNS_SUBMITTED_AT,
	CAMPAIGNS_ENDED_AT,
	CAMPAIGNS_DONE /* ended runs, any way */,
	CAMPAIGNS_FAILED /* counted ones */,
	CAMPAIGNS_SKIPPED,
	CAMPAIGNS_RUNNING,
	CAMPAIGNS_HOSTS,
	CAMPAIGNS_PRIORITY,
	CAMPAIGNS_N
};
/* "configurations" of a campaign. key: index + 1 */
enum {
	CONFIGURATIONS_INDEX,
	CONFIGURATIONS_BENCHMARK,
	CONFIGURATIONS_PARAMETERS,
	CONFIGURATIONS_N
};
/* "lanes" of a campaign. key: lane + 1 */
enum { LANES_LANE, LANES_HOST_ID, LANES_HOST, LANES_KEY, LANES_INVENTORY, LANES_N };
/* "hosts": those of agents, not those that results were imported from. key: id */
enum {
	HOSTS_ID,
	HOSTS_NAME,
	HOSTS_KEY,
	HOSTS_SEEN_AT,
	HOSTS_INVENTORY,
	HOSTS_ADMISSION /* "drained", "aside": it gets no runs; nothing: it does */,
	HOSTS_ADMISSION_REASON,
	HOSTS_ADMISSION_AT,
	HOSTS_N
};
/*
 * "runs" of a campaign, warm-up too. key: run. After RUNS_FIXED come the standard metrics in the
 * order of standard_metrics[], inner units, integers or nothing.
 */
enum {
	RUNS_RUN,
	RUNS_BLOCK,
	RUNS_PASS,
	RUNS_LANE,
	RUNS_HOST,
	RUNS_CONFIGURATION /* index */,
	RUNS_BENCHMARK,
	RUNS_PARAMETERS,
	RUNS_STATE,
	RUNS_REASON,
	RUNS_ATTEMPT,
	RUNS_STARTED_AT,
	RUNS_EXIT_CODE,
	RUNS_SIGNAL,
	RUNS_FLAGS /* JSON array */,
	RUNS_CPUS,
	RUNS_UNCERTAINTY /* JSON object, name: inner units */,
	RUNS_DEVIATION /* likewise */,
	RUNS_FIXED
};
/*
 * "metrics" of a campaign: the long form's own rows (the campaign's metrics, and standard ones that
 * are no column, such as energy.package-0). VALUE is real for the campaign's own; INTEGER is set
 * (and UNIT an inner one) for standard ones. In the order of runs. key: opaque, grows.
 */
enum {
	METRICS_RUN,
	METRICS_NAME,
	METRICS_UNIT,
	METRICS_VALUE,
	METRICS_INTEGER,
	METRICS_BETTER /* "lower" ... */,
	METRICS_TEXT /* as it was printed; VALUE is nothing where that is no number */,
	METRICS_SERIES /* JSON array: all values of the run, for which VALUE stands */,
	METRICS_N
};
/*
 * "values" of a campaign: all runs and their numbers, many runs in one row, for summaries. The blob
 * is a page of pages.h. key: the number of the last run in it
 */
enum { VALUES_PAGE /* blob */, VALUES_N };
/*
 * "samples" of a campaign's counted attempts, in the order of run and chunk. key: opaque, of the
 * row to go on after; it does not grow.
 */
enum { SAMPLES_RUN, SAMPLES_ATTEMPT, SAMPLES_CHUNK, SAMPLES_DATA /* blob */, SAMPLES_N };
/* "run_samples": the same of one run, which is a part of the key: ask with after = run << 32. key:
 * run << 32 | chunk + 1 */
/* "failures" of a campaign: its counted runs that failed or timed out. key: run */
enum {
	FAILURES_RUN,
	FAILURES_BLOCK,
	FAILURES_LANE,
	FAILURES_CONFIGURATION /* index */,
	FAILURES_STATE,
	FAILURES_REASON,
	FAILURES_N
};
/* "output" of a campaign's counted attempts, in the order of run, stream, offset. key: as with
 * samples */
enum { OUTPUT_RUN, OUTPUT_ATTEMPT, OUTPUT_STREAM, OUTPUT_OFFSET, OUTPUT_DATA /* blob */, OUTPUT_N };
/* "counts" of a campaign: how many of its runs are in a state on a host, in the order of lanes.
 * key: place */
enum {
	COUNTS_HOST,
	COUNTS_WARMUP /* 1: of block 0 */,
	COUNTS_STATE,
	COUNTS_RUNS,
	COUNTS_FLAGGED /* of these: with a flag */,
	COUNTS_LOST /* attempts at these that were lost */,
	COUNTS_N
};
/* "parts" of a campaign's counted attempts at runs of several hosts, in the order of run and role.
 * key: run << 12 | place of the role */
enum {
	PARTS_RUN,
	PARTS_BLOCK,
	PARTS_ROLE,
	PARTS_HOST,
	PARTS_STATE,
	PARTS_REASON,
	PARTS_ATTEMPT,
	PARTS_STARTED_AT,
	PARTS_ENDED_AT,
	PARTS_EXIT_CODE,
	PARTS_SIGNAL,
	PARTS_CPUS,
	PARTS_N
};
/* "requirements" of a campaign: what `requires` said on its hosts, in the order in which it was
 * told. key: id */
enum {
	REQUIREMENTS_HOST,
	REQUIREMENTS_COMMAND /* JSON array */,
	REQUIREMENTS_ANSWER /* from 1 */,
	REQUIREMENTS_VERDICT /* "met", "unmet" */,
	REQUIREMENTS_REASON,
	REQUIREMENTS_FIRST_AT,
	REQUIREMENTS_LAST_AT,
	REQUIREMENTS_OUTPUT /* blob */,
	REQUIREMENTS_TOTAL,
	REQUIREMENTS_HEAD,
	REQUIREMENTS_N
};
/* "pruned": campaigns that were, all or the one of the label. key: id */
enum { PRUNED_LABEL, PRUNED_AT, PRUNED_N };
/* "kept" of a campaign: how many rows of what can be pruned it has; one row */
enum { KEPT_CHUNKS, KEPT_OUTPUTS, KEPT_N };
/* "tables": bytes of the file by table, its indices with it, the largest first. It reads all of the
 * file. key: place */
enum { TABLES_TABLE, TABLES_BYTES, TABLES_N };
/*
 * "clocks": what the clocks of a campaign's hosts were found to be from ten minutes before it was
 * submitted to ten after its end, in the order of host and time; see store_clock. key: place
 */
enum {
	CLOCKS_HOST,
	CLOCKS_AT,
	CLOCKS_RAW,
	CLOCKS_EPOCH,
	CLOCKS_SESSION /* blob */,
	CLOCKS_OFFSET,
	CLOCKS_DELAY,
	CLOCKS_N
};
/* "schedules": all. key: id */
enum {
	SCHEDULES_ID,
	SCHEDULES_NAME,
	SCHEDULES_FILE,
	SCHEDULES_YAML,
	SCHEDULES_CHANGES,
	SCHEDULES_TREE /* blob */,
	SCHEDULES_PRIORITY,
	SCHEDULES_CRON,
	SCHEDULES_TIMEZONE,
	SCHEDULES_ADDED_AT,
	SCHEDULES_NEXT_AT,
	SCHEDULES_LAST /* id of its last sweep */,
	SCHEDULES_N
};
/* "sweeps": all, or with a label those of that campaign. key: id */
enum {
	SWEEPS_ID,
	SWEEPS_SCHEDULE /* name */,
	SWEEPS_DUE_AT,
	SWEEPS_BEGAN_AT,
	SWEEPS_ENDED_AT,
	SWEEPS_STATE,
	SWEEPS_REASON,
	SWEEPS_BASELINE,
	SWEEPS_CAMPAIGN /* label */,
	SWEEPS_CONFIRMATION /* label */,
	SWEEPS_ANSWER /* JSON */,
	SWEEPS_CAMPAIGN_ID,
	SWEEPS_CONFIRMATION_ID,
	SWEEPS_N
};
/* "notices": all. key: id */
enum {
	NOTICES_ID,
	NOTICES_SWEEP /* id */,
	NOTICES_SCHEDULE,
	NOTICES_AT,
	NOTICES_KIND,
	NOTICES_SUBJECT,
	NOTICES_TEXT,
	NOTICES_JSON,
	NOTICES_N
};
/* "deliveries": all. key: id */
enum {
	DELIVERIES_ID,
	DELIVERIES_NOTICE,
	DELIVERIES_CHANNEL,
	DELIVERIES_STATE,
	DELIVERIES_ATTEMPTS,
	DELIVERIES_NEXT_AT,
	DELIVERIES_REASON,
	DELIVERIES_N
};
/* "events", of a campaign or (label NULL) all. key: id */
enum {
	EVENTS_ID,
	EVENTS_AT,
	EVENTS_CAMPAIGN,
	EVENTS_HOST,
	EVENTS_RUN,
	EVENTS_KIND,
	EVENTS_TEXT,
	EVENTS_N
};

#endif
