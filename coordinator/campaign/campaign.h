/*
 * campaign.h - a campaign file: reading, checking, expanding to configurations per host, rendering
 * an assignment
 *
 * Reading is strict: every error of a file is one diagnostic with line, column, what was expected
 * and the nearest known word; of a file that is no YAML its first syntax error alone. What the
 * language has but this version does not is an error that says so. The steps are files of their
 * own: yaml.c (events to a tree with marks, limits), read.c (the tree to struct campaign, by the
 * key tables in schema.c), matrix.c (axes to configurations), template.c, plan.c, render.c (an
 * ASSIGN of a configuration), extract.c (the program's own metrics out of its output).
 */
#ifndef COORDINATOR_CAMPAIGN_CAMPAIGN_H
#define COORDINATOR_CAMPAIGN_CAMPAIGN_H

#include "proto/message.h"
#include "proto/units.h"

struct diagnostic {
	int line, column; /* from 1; 0 where the whole file is meant */
	bool is_warning;
	char *text; /* "unknown key 'benchmark' in the campaign; did you mean 'benchmarks'?" */
};

struct diagnostics {
	struct diagnostic *items; /* owned, sorted by line and column */
	size_t n;
	size_t errors; /* how many are no warnings */
};

void diagnostics_done(struct diagnostics *d);
/* "FILE:LINE:COLUMN: error: TEXT\n" for each. */
void diagnostics_format(const struct diagnostics *d, const char *file, struct buf *out);

/* A value of an axis: as written, and what it is in JSON. */
struct value {
	char *text;
	bool is_number; /* a plain JSON number */
	bool is_bool;
};

struct axis {
	char *name;
	struct value *values; /* NULL with is_each */
	size_t n;
	bool is_each; /* {each: host.thread_steps}: known per host only */
};

struct benchmark_metric {
	char *name;
	char *json;    /* key, or NULL */
	char *pattern; /* PCRE2, or NULL */
	bool from_stderr;
	char *unit; /* "1" where not given */
	enum better better;
	bool is_optional;
};

struct step {
	char **command; /* argv templates, n of them; a string command is /bin/sh -c STRING */
	size_t n;
	int64_t timeout_ns;
};

/* What placement, tune and limits say of a run, in which templates may stand: settings.h. */
enum setting {
	SETTING_CPUS,
	SETTING_POLICY,
	SETTING_LIST,
	SETTING_SMT,
	SETTING_CORE_KIND,
	SETTING_PACKAGES,
	SETTING_MEMORY_POLICY,
	SETTING_THREADS,
	SETTING_OVERSUBSCRIBE,
	SETTING_GOVERNOR,
	SETTING_TURBO,
	SETTING_EPP,
	SETTING_FREQUENCY_MIN,
	SETTING_FREQUENCY_MAX,
	SETTING_UNCORE,
	SETTING_POWER_LIMIT,
	SETTING_TIMEOUT,
	SETTING_OUTPUT,
	SETTING_MEMORY,
	SETTING_PROCESSES,
	SETTING_USER,
	SETTINGS,
};

/* What is measured of a run. */
struct measuring {
	char *energy; /* auto, require, off */
	char *source; /* of energy; NULL: auto */
	int64_t every_ns;
	char **counters; /* names of hardware events */
	size_t counters_n;
	int64_t idle_ns; /* ABSENT: not measured */
	char *stream;    /* NULL: live */
};

/* The state that a host must have before and in a run; ABSENT or NULL: whatever it is. */
struct guarding {
	int64_t temperature; /* m°C above the start of the block at most */
	int64_t load;        /* busy CPUs at most, in millionths */
	int64_t timeout_ns;  /* how long to wait for these two; ABSENT without them */
	char *governor;
	int64_t turbo;      /* 0 off, 1 on */
	char *on_violation; /* NULL: mark */
};

struct benchmark {
	char *name;
	struct step command; /* its timeout is a setting */
	char **env;          /* "NAME=TEMPLATE" */
	size_t env_n;
	char *workdir; /* template or NULL */
	struct benchmark_metric *metrics;
	size_t metrics_n;
	struct axis *axes; /* the campaign's with this benchmark's own merged over */
	size_t axes_n;
	char *settings[SETTINGS]; /* templates; NULL: not given */
	struct measuring measure;
	struct guarding guard;
	int line, column;           /* of the benchmark, for later messages */
	struct matrix_rules *rules; /* exclude and include; private to matrix.c */
};

struct campaign {
	char *name;
	char *description; /* NULL: none */
	int64_t seed;
	int64_t warmup; /* passes */
	int64_t blocks;
	int64_t attempts;
	char **files; /* paths beside the campaign file */
	size_t files_n;
	struct step *setup;
	size_t setup_n;
	char **host_names; /* patterns "lab[01-08]" already spread out; n 0: any */
	size_t host_names_n;
	struct message_pair *host_labels;
	size_t host_labels_n;
	char *compare_by;       /* axis, or NULL: no comparison */
	char *compare_baseline; /* value of that axis */
	struct benchmark *benchmarks;
	size_t benchmarks_n;
	struct campaign_private *private;
};

/*
 * Read a campaign of len bytes. Returns it, or NULL where d has errors; warnings may be there in
 * both cases. changes is the JSON object of what --set, --blocks and --seed change
 * (message_submit.changes), NULL for none; errors in it are diagnostics with line 0.
 */
struct campaign *campaign_read(
	const char *text, size_t len, const char *changes, struct diagnostics *d);
void campaign_free(struct campaign *c);

/* A host as the plan sees it. */
struct plan_host {
	const char *name;
	const char *inventory; /* JSON, with labels in it */
};

/* One benchmark with one value for every axis. */
struct configuration {
	const struct benchmark *benchmark;
	struct value
		*values;  /* one for each axis of the benchmark, in its order; owned by the plan */
	char *parameters; /* canonical JSON object in axis order: {"threads":2,"size":1000};
			     identity with the benchmark */
};

/* What one host runs in every block. */
struct plan_lane {
	const char *host;
	size_t *configurations; /* indices into the plan's, in file order */
	char **skipped;         /* NULL, or why this host cannot run that one; same length */
	size_t n;
};

struct plan {
	struct configuration *configurations; /* union over the hosts, in file order */
	size_t configurations_n;
	struct plan_lane *lanes; /* one a host, in the order given */
	size_t lanes_n;
	int64_t runs; /* all that will be numbered: (warmup + blocks) x sum of the lanes */
};

/*
 * Whether a host is one of the campaign's (hosts.names and hosts.labels, all given must hold).
 * where not, why gets one line: "label pool is 'lab', not 'nightly'".
 */
bool campaign_wants_host(const struct campaign *c, const struct plan_host *host, char why[256]);

/*
 * Expand for these hosts. Returns 0 and *out, or ERR_CAMPAIGN: more than 10 million runs, nothing
 * to run at all. The plan refers to the campaign, which must outlive it. A host without enough CPUs
 * for a configuration skips it, with the reason.
 */
int plan_make(const struct campaign *c, const struct plan_host *hosts, size_t n, struct plan **out,
	struct error *err);
void plan_free(struct plan *p);

/*
 * The order of a block: fills order[0..n) with a permutation of 0..n-1, the same for the same
 * (seed, lane, pass), by GSL's mt19937 and Fisher-Yates. pass counts warm-up passes first, then
 * blocks, from 0.
 */
void plan_shuffle(int64_t seed, size_t lane, int64_t pass, size_t *order, size_t n);

/*
 * Fill the parts of an ASSIGN that the campaign decides (command, env, workdir, setup, placement,
 * measure, guard, tune, limits, benchmark, parameters) for a configuration on a host; texts live in
 * *arena, which the caller frees with render_done(). label is the campaign's.
 */
struct render_arena;
void campaign_render(const struct campaign *c, const struct configuration *configuration,
	const struct plan_host *host, const char *label, struct message_assign *out,
	struct render_arena **arena);
void render_done(struct render_arena *arena);

/* A number that a campaign extracted from a program's output. */
struct extracted {
	const struct benchmark_metric *metric;
	double value;
};

/*
 * Extract the benchmark's metrics. out has room for benchmark->metrics_n. Returns how many, or
 * -ENODATA where one that is not optional has no match (err names it, the stream and what was
 * looked for).
 */
int extract_metrics(const struct benchmark *benchmark, const struct configuration *configuration,
	const char *stdout_text, size_t stdout_len, const char *stderr_text, size_t stderr_len,
	struct extracted *out, struct error *err);

#endif
