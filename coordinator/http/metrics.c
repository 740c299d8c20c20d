/* /metrics: what a coordinator, its hosts and its schedules do. docs/monitoring.md has all of it.
 */
#include "coordinator/http/page.h"

#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define UJ_PER_J INT64_C(1000000)
#define UW_PER_W INT64_C(1000000)
/* Older samples say nothing of now. */
#define LIVE_NS (15 * NS_PER_S)

/* ---- the store ---- */

static int64_t size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (int64_t)st.st_size : ABSENT;
}

static int64_t room_beside(const char *db)
{
	const char *slash = strrchr(db, '/');
	_cleanup_free_ char *folder =
		slash == NULL ? xstrdup(".") : xstrndup(db, (size_t)(slash - db) + 1);
	struct statvfs fs;

	return statvfs(folder, &fs) == 0 ? (int64_t)fs.f_bavail * (int64_t)fs.f_frsize : ABSENT;
}

static void add_store(struct buf *out, const struct vitals *v, const char *db)
{
	_cleanup_free_ char *log = xasprintf("%s-wal", db);

	metric_one(out, "joulerig_store_writable", "gauge",
		"Whether the store can be written to: 1, or 0 where the coordinator waits for "
		"that.",
		v->trouble == NULL, 1);
	metric_one(out, "joulerig_store_failures_total", "counter",
		"Times that the store could not be written to any more.", v->troubles, 1);
	if (v->trouble == NULL)
		metric_one(out, "joulerig_store_epoch", "gauge",
			"How often a coordinator took this store up.", v->epoch, 1);
	metric_one(out, "joulerig_store_size_bytes", "gauge", "Size of the store's file.",
		size_of(db), 1);
	metric_one(out, "joulerig_store_log_size_bytes", "gauge",
		"Size of the log beside the store, which goes into it by and by.", size_of(log), 1);
	metric_one(out, "joulerig_store_filesystem_avail_bytes", "gauge",
		"What is free where the store is, for the coordinator.", room_beside(db), 1);
}

static void add_commits(struct buf *out, const struct vitals *v)
{
	static const char name[] = "joulerig_store_commit_duration_seconds";
	int64_t n = 0;
	char le[32];

	metric_begin(out, name, "histogram",
		"How long it took to have on disk what came in a turn of the loop.");
	for (size_t i = 0; i < TOTALS_BOUNDS; i++) {
		n += v->commits[i];
		snprintf(le, sizeof le, "%g", totals_bounds[i]);
		metric_add_by(out, "joulerig_store_commit_duration_seconds_bucket", n, 1, "le", le);
	}
	n += v->commits[TOTALS_BOUNDS];
	metric_add_by(out, "joulerig_store_commit_duration_seconds_bucket", n, 1, "le", "+Inf");
	metric_add(out, "joulerig_store_commit_duration_seconds_sum", v->commit_ns, NS_PER_S);
	metric_add(out, "joulerig_store_commit_duration_seconds_count", n, 1);
}

/* ---- campaigns and runs ---- */

static void add_work(struct buf *out, const struct vitals *v)
{
	metric_begin(out, "joulerig_campaigns", "gauge",
		"Campaigns that have not ended, by state; cancelled ones still tear down.");
	for (int s = 0; s < CAMPAIGN_STATE_N; s++)
		if (s != CAMPAIGN_DONE)
			metric_add_by(out, "joulerig_campaigns", v->campaigns[s], 1, "state",
				campaign_state_name((enum campaign_state)s));
	metric_one(out, "joulerig_submissions", "gauge",
		"Campaigns that were handed in and do not run yet.", v->submissions, 1);
	metric_begin(out, "joulerig_runs", "gauge",
		"Runs that have begun to be handed out and have not ended, by state.");
	for (int s = STATE_QUEUED; s <= STATE_RUNNING; s++)
		metric_add_by(out, "joulerig_runs", v->runs[s], 1, "state",
			run_state_name((enum run_state)s));
	metric_one(out, "joulerig_queue_runs", "gauge",
		"All runs that the campaigns which go on have yet to end; with `until` fewer may "
		"do.",
		v->queue, 1);
}

static void add_results(struct buf *out, const struct vitals *v)
{
	metric_begin(out, "joulerig_run_results_total", "counter",
		"Results of runs that were taken in, by state.");
	for (int s = STATE_DONE; s < STATE_N; s++)
		metric_add_by(out, "joulerig_run_results_total", v->results[s], 1, "state",
			run_state_name((enum run_state)s));
}

static void add_notices(struct buf *out, const struct vitals *v)
{
	metric_one(out, "joulerig_notice_deliveries_waiting", "gauge",
		"Notices that are still to be delivered, each way counted.", v->deliveries_waiting,
		1);
	metric_begin(out, "joulerig_notice_deliveries_total", "counter",
		"Notices of this store whose delivery is over, by how it ended.");
	metric_add_by(out, "joulerig_notice_deliveries_total", v->deliveries_delivered, 1, "result",
		"delivered");
	metric_add_by(out, "joulerig_notice_deliveries_total", v->deliveries_given_up, 1, "result",
		"given up");
}

/* ---- hosts ---- */

static void add_host_states(struct buf *out, const struct vitals *v)
{
	int64_t states[HOST_STATE_N] = {0}, drained = 0, aside = 0;

	for (size_t i = 0; i < v->hosts_n; i++) {
		states[v->hosts[i].state]++;
		drained += v->hosts[i].admission == HOST_DRAINED;
		aside += v->hosts[i].admission == HOST_ASIDE;
	}
	metric_begin(out, "joulerig_hosts", "gauge", "Hosts by state.");
	for (int s = 0; s < HOST_STATE_N; s++)
		metric_add_by(out, "joulerig_hosts", states[s], 1, "state",
			host_state_name((enum host_state)s));
	metric_one(out, "joulerig_hosts_drained", "gauge",
		"Hosts that get no runs, as a user wants it.", drained, 1);
	metric_one(out, "joulerig_hosts_aside", "gauge",
		"Hosts that get no runs, as everything failed there.", aside, 1);
}

/* One number of each host; ABSENT where it is not known. */
typedef int64_t host_number_fn(const struct vitals_host *h);

static int64_t is_up(const struct vitals_host *h)
{
	return h->state == HOST_IDLE || h->state == HOST_RUNNING;
}

static int64_t takes_runs(const struct vitals_host *h)
{
	return is_up(h) && h->admission == HOST_ADMITTED && !h->has_trouble;
}

static int64_t seen_at(const struct vitals_host *h)
{
	return h->seen_at;
}

static int64_t flights(const struct vitals_host *h)
{
	return h->flights;
}

static int64_t results(const struct vitals_host *h)
{
	return h->totals.results;
}

static int64_t result_at(const struct vitals_host *h)
{
	return h->totals.result_at;
}

static int64_t run_uw(const struct vitals_host *h)
{
	return h->totals.run_uw;
}

static int64_t idle_uw(const struct vitals_host *h)
{
	return h->totals.idle_uw;
}

static const struct {
	const char *name, *type, *help;
	int64_t divisor;
	host_number_fn *number;
} of_hosts[] = {
	{"joulerig_host_up", "gauge", "Whether the host's agent is connected.", 1, is_up},
	{"joulerig_host_takes_runs", "gauge",
		"Whether it would be given a run: connected, not drained or set aside, and able "
		"to.",
		1, takes_runs},
	{"joulerig_host_last_seen_timestamp_seconds", "gauge",
		"When the host's agent was heard of last.", NS_PER_S, seen_at},
	{"joulerig_host_assigned_runs", "gauge", "Runs in the host's hands.", 1, flights},
	{"joulerig_host_results_total", "counter", "Results of this host that were taken in.", 1,
		results},
	{"joulerig_host_last_result_timestamp_seconds", "gauge",
		"When its last result was taken in.", NS_PER_S, result_at},
	{"joulerig_host_run_power_watts", "gauge",
		"Mean power of the packages over the host's last run that told it.", UW_PER_W,
		run_uw},
	{"joulerig_host_idle_power_watts", "gauge",
		"Power of the packages before the block, the machine being idle, as last told.",
		UW_PER_W, idle_uw},
};

static void add_host_numbers(struct buf *out, const struct vitals *v)
{
	for (size_t i = 0; i < ARRAY_SIZE(of_hosts); i++) {
		bool has_begun = false;
		for (size_t k = 0; k < v->hosts_n; k++) {
			int64_t n = of_hosts[i].number(&v->hosts[k]);
			if (n == ABSENT)
				continue;
			if (!has_begun)
				metric_begin(
					out, of_hosts[i].name, of_hosts[i].type, of_hosts[i].help);
			has_begun = true;
			metric_add_by(out, of_hosts[i].name, n, of_hosts[i].divisor, "host",
				v->hosts[k].name);
		}
	}
}

static int64_t live_uw(const struct vitals_host *h, size_t domain, int64_t now_ns)
{
	return h->totals.live_ns != ABSENT && now_ns - h->totals.live_ns <= LIVE_NS
		       ? h->totals.live_uw[domain]
		       : ABSENT;
}

static int64_t energy_uj(const struct vitals_host *h, size_t domain, int64_t now_ns)
{
	(void)now_ns;
	return h->totals.energy_uj[domain];
}

static void add_by_domain(struct buf *out, const struct vitals *v, int64_t now_ns, const char *name,
	const char *type, const char *help, int64_t divisor,
	int64_t (*number)(const struct vitals_host *h, size_t domain, int64_t now_ns))
{
	bool has_begun = false;

	for (size_t i = 0; i < v->hosts_n; i++)
		for (size_t d = 0; d < TOTALS_DOMAINS; d++) {
			int64_t n = number(&v->hosts[i], d, now_ns);
			if (n == ABSENT)
				continue;
			if (!has_begun)
				metric_begin(out, name, type, help);
			has_begun = true;
			metric_add_by_two(out, name, n, divisor, "host", v->hosts[i].name, "domain",
				totals_domain_name((enum totals_domain)d));
		}
}

static void add_hosts(struct buf *out, const struct vitals *v, int64_t now_ns)
{
	add_host_states(out, v);
	add_host_numbers(out, v);
	add_by_domain(out, v, now_ns, "joulerig_host_power_watts", "gauge",
		"Power of a run that goes on, over its last chunk of samples; core and uncore are "
		"parts of package, psys contains it.",
		UW_PER_W, live_uw);
	add_by_domain(out, v, now_ns, "joulerig_host_energy_joules_total", "counter",
		"Energy of the runs whose results were taken in; core and uncore are parts of "
		"package, psys contains it.",
		UJ_PER_J, energy_uj);
}

/* ---- all ---- */

unsigned page_metrics(const struct page_source *from, struct buf *out)
{
	const struct vitals *v = from->vitals;

	metric_begin(out, "joulerig_build_info", "gauge", "Always 1; which joulerig this is.");
	metric_add_by(out, "joulerig_build_info", 1, 1, "version", JOULERIG_VERSION);
	metrics_add_process(out);
	if (v == NULL)
		return 200;
	metric_one(out, "joulerig_loop_age_seconds", "gauge",
		"How old the figures of this page are: more than 10 s means that the coordinator "
		"hangs.",
		from->now_ns - v->at_ns, NS_PER_S);
	add_store(out, v, from->db);
	add_commits(out, v);
	add_results(out, v);
	if (v->trouble != NULL) /* the rest is not known until the store is read anew */
		return 200;
	add_work(out, v);
	add_hosts(out, v, from->now_ns);
	add_notices(out, v);
	metrics_add_schedules(out, v);
	return 200;
}
