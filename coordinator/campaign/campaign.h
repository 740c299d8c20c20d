/*
 * campaign.h - a campaign file: reading, checking, expanding to configurations per host, rendering
 * an assignment
 *
 * Reading is strict: every error of a file is one diagnostic with line, column, what was expected
 * and the nearest known word; of a file that is no YAML its first syntax error alone. The whole
 * language is read; what this version does not do of it, campaign_note_beyond() tells. The steps
 * are files of their own: yaml.c (events to a tree with marks, limits), schema*.c (which keys there
 * are and what they take), read*.c (the tree to struct campaign), matrix*.c, axis*.c and
 * rules_read.c (axes and what selects among their values), expression*.c, sandbox.c and names.c
 * (expressions, and what they and templates name), template.c, plan*.c (configurations of each
 * host), place.c and settings.c (what they ask of it), render.c (an ASSIGN of a configuration),
 * extract*.c (the program's own metrics out of its output), shipped.c (files), rewrite.c (a file
 * with its changes).
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

struct expression; /* expression.h: a text of Lua that was checked, with its place in the file */

/* A value of an axis: as written, and what it is in JSON. */
struct value {
	char *text;
	bool is_number; /* a plain JSON number */
	bool is_bool;
	const struct attributes *attributes; /* of a named value; NULL: it has none */
};

struct axis {
	char *name;
	struct value *values; /* NULL with is_each */
	size_t n;
	size_t more;  /* behind these n: named values that --set left out and include may add */
	bool is_each; /* {each: host.thread_steps}: known per host only */
	size_t zip;   /* axes with the same number walk in lock step; 0: by itself */
};

/* A named number, text or boolean that is no part of the identity: an attribute of a named value,
 * or one of `derived`. */
struct named_value {
	char *name;
	struct value value;            /* has no attributes of its own */
	const struct expression *expr; /* not NULL: the value is this, on each host */
};

enum metric_from { FROM_STDOUT, FROM_STDERR, FROM_FILE };
enum metric_take {
	TAKE_LAST, /* the default */
	TAKE_FIRST,
	TAKE_MIN,
	TAKE_MAX,
	TAKE_MEAN,
	TAKE_SUM,
	TAKE_ALL, /* a series; the run's one number is its median */
};
enum metric_expect {
	EXPECT_NOTHING,
	EXPECT_MATCH, /* that it is there at all */
	EXPECT_SAME,  /* with all runs that have equal values of expect_axes */
	EXPECT_VALUE, /* expect_value, a template */
	EXPECT_RANGE, /* expect_low <= value <= expect_high */
};

/* One of json, pattern and expr is there. */
struct benchmark_metric {
	char *name;
	char *json;                    /* key or JSON pointer */
	char *pattern;                 /* PCRE2 */
	const struct expression *expr; /* over other metrics, this run's parameters, the host */
	enum metric_from from;
	char *path; /* of FROM_FILE, a template; else NULL */
	char *unit; /* "1" where not given */
	enum better better;
	double scale; /* 1 where not given */
	enum metric_take take;
	bool is_optional;
	enum metric_expect expect;
	char **expect_axes; /* of EXPECT_SAME: names of axes; none: all runs of the benchmark */
	size_t expect_axes_n;
	char *expect_value;
	double expect_low, expect_high;
	char *role; /* whose output; NULL where the benchmark has no roles */
};

struct step {
	char **command; /* argv templates, n of them; a string command is /bin/sh -c STRING */
	size_t n;       /* 0: there is no such step */
	int64_t timeout_ns;
};

struct steps {
	struct step *items;
	size_t n;
};

/* A file that is kept with a run. */
struct collected {
	char *name;
	char *path; /* template; relative to the campaign's directory, or {tmp}/... */
};

/* What is shipped: a path beside the campaign file, or a commit of a git repository. */
struct source_file {
	char *path; /* template; NULL for git */
	char *git, *ref,
		*as; /* templates: URL, what to check out ("HEAD"), the directory it becomes */
	int line, column;
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

/* Stands for a setting that an attribute takes away with `~`; compared by its address. */
extern char setting_removed[];

/* What a named value has beside its name. */
struct attributes {
	struct named_value *items; /* {python.path} */
	size_t n;
	/* Over the benchmark's own where this value is the configuration's. */
	bool drops_env; /* nothing of the benchmark's is left */
	char **env;     /* "NAME=TEMPLATE"; "NAME" alone takes it away */
	size_t env_n;
	char *settings[SETTINGS]; /* templates; NULL: as it is; setting_removed: not given */
};

/* One program of several that run together. */
struct campaign_role {
	char *name;
	struct step command;
	char **env;
	size_t env_n;
	char *settings[SETTINGS];
	struct host_choice {
		char **names; /* patterns "lab[01-08]" already spread out; n 0: any */
		size_t names_n;
		struct message_pair *labels;
		size_t labels_n;
		const struct expression *where; /* NULL: none */
	} hosts;
	char *ready_pattern; /* PCRE2 template, or NULL */
	char *ready_port;    /* template, or NULL; without either: at once */
	int64_t ready_timeout_ns;
};

struct benchmark {
	char *name;
	struct step command;         /* its timeout is a setting; none where there are roles */
	struct campaign_role *roles; /* in the order in which they start */
	size_t roles_n;
	size_t main; /* index of the role that bounds the measured interval */
	char **env;  /* "NAME=TEMPLATE" */
	size_t env_n;
	char *workdir; /* template or NULL */
	struct benchmark_metric *metrics;
	size_t metrics_n;
	struct axis *axes; /* the campaign's with this benchmark's own merged over */
	size_t axes_n;
	struct named_value *derived; /* each may use those before it */
	size_t derived_n;
	const struct expression **where; /* all must hold */
	size_t where_n;
	struct steps setup;   /* once for a host, content and rendered commands */
	struct step requires; /* once for a host and rendered command */
	struct steps prepare, cleanup;
	struct collected *collect;
	size_t collect_n;
	const struct expression *work; /* how much a run does; NULL: not said */
	char *work_unit;               /* "1" where not given */
	char *settings[SETTINGS];      /* templates; NULL: not given */
	struct measuring measure;
	struct guarding guard;
	bool is_canary;   /* the same program in every submission: what it shows is the machine */
	int line, column; /* of the benchmark, for later messages */
	struct matrix_rules *rules; /* exclude and include; private to matrix.c */
};

/* One family of comparisons. */
struct comparison {
	/* An axis; "host", "host.cpu.codename", "host.labels.x" ...; NULL: nothing is asked along
	 * one, what else it says holds between submissions. */
	char *by;
	char *baseline; /* its value; NULL as `by` is */
	char **metrics; /* n 0: the default ones */
	size_t metrics_n;
	int64_t threshold; /* u1: 20000 is 2 % */
	double alpha;
};

/* When narrow intervals end a configuration early. */
struct until {
	char *metric;   /* NULL: no such end */
	int64_t within; /* u1: half-width of the 95 % interval relative to the median */
};

/* What a campaign may take at most; ABSENT: no bound. */
struct budget {
	int64_t time_ns;
	int64_t energy_uj;
	int64_t until_minute; /* of the day, local time: 06:00 is 360 */
};

struct schedule {
	char *cron; /* NULL: the campaign does not recur */
	char *timezone;
	char *missed;  /* "once", "skip", "all" */
	char *overlap; /* "queue", "skip" */
	char *unless;  /* "unchanged", or NULL */
	/* The campaign file and what it ships are read anew from a git repository each time; its
	 * commit becomes the label `commit`. */
	char *source_git;    /* URL; NULL: what was handed in */
	char *source_ref;    /* branch or tag */
	char *source_file;   /* path of the campaign file in it; NULL: named as what was added */
	char *baseline;      /* what a sweep is compared with: "previous", "last-N", or a label */
	int64_t deadline_ns; /* after its beginning it ends in order; ABSENT: none */
	int64_t patience_ns; /* so long it waits for hosts that are not there, when no other has
				anything left to do; then it goes on without them */
};

/* One figure of the report; NULL and 0 where the file does not say. */
struct report_figure {
	char *name;   /* "F1", in front of its title */
	char *kind;   /* "speedup" */
	char *metric; /* of which metric */
	char *x;      /* the axis (or metric, or "benchmark") along the page */
	char *by;     /* the axis whose values are lines of their own; "benchmark" */
	char *baseline;
	char *facet; /* the axis whose values are figures of their own; "benchmark" */
	const struct expression *only; /* NULL: all configurations */
	char *only_text;               /* as written, for the caption */
	char **chain;                  /* of a decomposition */
	size_t chain_n;
};

/* What of a host's configurations counts. */
enum claim_of {
	CLAIM_OF_EACH,  /* each must hold */
	CLAIM_OF_BEST,  /* the best must hold */
	CLAIM_OF_HOSTS, /* each, and not the ratio: how far it is from that of the other hosts */
};

/* What somebody says that the results should show. */
struct report_claim {
	char *name, *says;               /* "C2"; says may be NULL */
	char *metric;                    /* a metric; NULL where it is an expression over metrics */
	const struct expression *expr;   /* NULL where it is a metric */
	char *metric_text;               /* either, as written */
	char *by, *contender, *baseline; /* of whose ratio it speaks */
	const struct expression *only;   /* NULL: all configurations */
	char *only_text;
	double low, high; /* the ratio lies within */
	enum claim_of of;
};

struct report_section {
	char *title, *text; /* text is Markdown */
};

struct report_request {
	char *title; /* NULL: none */
	struct report_figure *figures;
	size_t figures_n; /* 0: all that the matrix allows */
	struct report_claim *claims;
	size_t claims_n;
	struct report_section *sections;
	size_t sections_n;
};

/* The axis of a submission that runs the contents of two interleaved (`rerun A --against B`), and
 * how many values it has. */
#define CONTENT_AXIS      "content"
#define CAMPAIGN_CONTENTS 2

/* What a run starts among, where a campaign has several. */
struct campaign_content {
	char *label; /* of the submission that it is of: the value of the axis */
	uint8_t tree[32];
	bool has_tree; /* false: that had no files */
};

struct campaign {
	char *name;
	char *description; /* NULL: none */
	int64_t seed;
	struct message_pair *labels; /* of the submission */
	size_t labels_n;
	int64_t warmup; /* passes */
	int64_t blocks; /* of each configuration at least */
	int64_t max;    /* and at most; blocks where there is no until */
	struct until until;
	char **pair; /* axes whose configurations run back to back */
	size_t pair_n;
	bool is_sequential; /* all of a configuration, then the next, instead of blocks */
	struct budget budget;
	int64_t attempts;
	char *on_disconnect; /* "finish", "stop"; NULL: not given, as "finish" */
	struct source_file *files;
	size_t files_n;
	struct steps teardown;
	struct host_choice hosts;
	bool is_spread;                /* spread: any: whole blocks go to one of the hosts each */
	const struct expression *only; /* of --only; NULL: all */
	struct comparison *comparisons;
	size_t comparisons_n;
	struct schedule schedule;
	struct report_request report;
	struct benchmark *benchmarks;
	size_t benchmarks_n;
	struct campaign_content contents[CAMPAIGN_CONTENTS]; /* the baseline's first */
	size_t contents_n; /* 0: it has the submission's own alone */
	struct campaign_private *private;
};

/*
 * Read a campaign of len bytes. Returns it, or NULL where d has errors; warnings may be there in
 * both cases. changes is the JSON object of what --set, --only, --blocks and --seed change
 * (message_submit.changes), NULL for none; errors in it are diagnostics with line 0.
 */
struct campaign *campaign_read(
	const char *text, size_t len, const char *changes, struct diagnostics *d);
void campaign_free(struct campaign *c);

/* The first comparison along `by`; NULL: along whatever. NULL where there is none. */
const struct comparison *campaign_comparison(const struct campaign *c, const char *by);

/*
 * Whether a template of a benchmark or of the campaign's files, or an expression behind one, says
 * which value of an axis a run has: "{python}", not "{python.path}". Where none does, two values
 * with equal attributes are the same thing.
 */
bool campaign_says_value(const struct campaign *c, const struct benchmark *b, const char *axis);
/* Whether a metric is what a hardware event of `measure: counters` gives: "cache_misses" of
 * "cache-misses", "cache_misses.cpu_core" of the same on a hybrid. */
bool counter_gives(const char *counter, const char *metric);

/* A host as the plan sees it. */
struct plan_host {
	const char *name;
	const char *inventory; /* JSON, with labels in it */
};

/* One benchmark with one value for every axis. Only plan*.c and matrix*.c look into it; there may
 * be millions. */
struct configuration {
	const struct benchmark *benchmark;
	/* For each axis of the benchmark, in its order: the values that it has in this plan, and
	 * which of them is this configuration's; the plan's. */
	const struct value *const *tables;
	const uint32_t *indices;
};

/* The value of an axis (an index in the benchmark's). */
const struct value *configuration_value(const struct configuration *c, size_t axis);
/* Append the canonical JSON object in axis order, {"threads":2,"size":1000}: with the benchmark its
 * identity. */
void configuration_parameters(const struct configuration *c, struct buf *out);

/* Whether the changes of a submission (JSON, NULL for none) make it one beside the history of its
 * campaign: some configurations again, or two contents against each other. */
bool changes_stand_aside(const char *changes);
/* Which of the campaign's contents it is for; NULL: the submission's own. */
const struct campaign_content *campaign_content(
	const struct campaign *c, const struct configuration *configuration);

/* What one host runs in every block. */
struct plan_lane {
	const char *host;         /* its name; of several hosts "lab01+lab02" */
	uint32_t *configurations; /* indices into the plan's, in file order */
	const char **skipped;     /* NULL, or why this host cannot run that one; same length */
	size_t n;
	size_t left_out; /* configurations of the matrix that `where` or --only does not want here
			  */
	/* Of several hosts that run together: which of those that were given, in the order of the
	 * roles. parts_n 0: one host, which has the lane's own index. */
	uint32_t *parts;
	size_t parts_n;
	size_t main; /* of those given: whom templates and expressions mean by `host` */
	const struct benchmark *of; /* all that it runs have this one's roles, and its main */
};

struct plan {
	struct configuration *configurations; /* union over the hosts, in file order */
	size_t configurations_n;
	struct plan_lane *lanes; /* one a host, in the order given; then one a choice of several */
	size_t lanes_n;
	/* All that will be numbered at most: with `every` (warmup + max) x sum of the lanes; with
	 * `any` warmup x sum of the lanes + max x configurations. */
	int64_t runs;
	char **notes; /* for people: "include: 2 configurations are in the matrix already" */
	size_t notes_n;
};

/*
 * Whether a host is one of the campaign's (names, labels and where: all given must hold), or of a
 * role's. Where not, why gets one line: "label pool is 'lab', not 'nightly'", "where: host.cores >
 * 8: it is false: host.cores is 4".
 */
bool campaign_wants_host(const struct campaign *c, const struct plan_host *host, char why[256]);
/* Whether it is one for a role: of the role's own `hosts`, of the campaign's where it has none. */
bool campaign_role_wants_host(const struct campaign *c, const struct campaign_role *role,
	const struct plan_host *host, char why[256]);
/* Whether it is one of the campaign's own `hosts`, whatever roles say. */
bool campaign_has_host(const struct campaign *c, const struct plan_host *host, char why[256]);
/* Whether all of it requires energy, of any source, and the host can measure none. why gets what
 * its agent says of that. */
bool campaign_lacks_meter(const struct campaign *c, const struct plan_host *host, char why[256]);
/* Whether two benchmarks have the same roles in the same order, and the same main; or both none. */
bool benchmarks_share_roles(const struct benchmark *a, const struct benchmark *b);
/* Whether some benchmark has roles. */
bool campaign_has_roles(const struct campaign *c);

/*
 * Expand for these hosts. Returns 0 and *out, or ERR_CAMPAIGN: more than 10 million runs, nothing
 * to run at all, an expression that fails. The plan refers to the campaign, which must outlive it.
 * A host without enough CPUs for a configuration skips it, with the reason. Touches nothing but its
 * arguments, so that a thread of its own may make a large plan.
 */
int plan_make(const struct campaign *c, const struct plan_host *hosts, size_t n, struct plan **out,
	struct error *err);
void plan_free(struct plan *p);

/* Append a line for each thing that this version reads, checks and plans, but does not act on:
 * schedule. */
void campaign_note_beyond(const struct campaign *c, struct buf *notes);

/*
 * The order of a block: fills order[0..n) with a permutation of 0..n-1, the same for the same
 * (seed, lane, pass), by GSL's mt19937 and Fisher-Yates. pass counts warm-up passes first, then
 * blocks, from 0.
 */
void plan_shuffle(int64_t seed, size_t lane, int64_t pass, size_t *order, size_t n);

/*
 * The order of a lane's places in a pass: fills order[0..lanes[lane].n). Without `pair` it is
 * plan_shuffle()'s. With it, the groups of configurations that differ only in the pair axes come in
 * random order, and within each its members in random order, back to back.
 */
void plan_order(
	const struct campaign *c, const struct plan *p, size_t lane, int64_t pass, size_t *order);

/*
 * Fill the parts of an ASSIGN that the campaign decides (all but id, lease_ns, block and tree) for
 * a configuration on a host; texts live in *arena, which the caller frees with render_done(). label
 * is the campaign's.
 */
struct render_arena;
void campaign_render(const struct campaign *c, const struct configuration *configuration,
	const struct plan_host *host, const char *label, struct message_assign *out,
	struct render_arena **arena);
/* The same for one role of a configuration of several, on its own host. */
void campaign_render_role(const struct campaign *c, const struct configuration *configuration,
	size_t role, const struct plan_host *host, const char *label, struct message_assign *out,
	struct render_arena **arena);
/* The teardown steps for a host: a list of struct message_step. */
void campaign_render_teardown(const struct campaign *c, const struct plan_host *host,
	const char *label, struct list *steps, struct render_arena **arena);
void render_done(struct render_arena *arena);

/*
 * The paths and git sources that the campaign ships, templates replaced by every combination of
 * values that a configuration of any host may have; each once. For git sources path is NULL.
 * Returns them in *out (items and texts in *arena).
 */
struct shipped {
	const char *path; /* beside the campaign file */
	const char *git, *ref, *as;
};
void campaign_files(
	const struct campaign *c, struct shipped **out, size_t *n, struct render_arena **arena);

/* ---- metrics of a run ---- */

/* What a run left behind, and what the agent measured of it. */
struct run_output {
	const char *stdout_text, *stderr_text;
	size_t stdout_len, stderr_len;
	/* Whether bytes are missing after the first stdout_gap ones: only head and tail are kept of
	 * a stream that is too long, only the head of a file. */
	bool stdout_has_gap, stderr_has_gap;
	size_t stdout_gap, stderr_gap;
	const struct run_file {
		const char *name; /* of collect, or "from:" and the rendered path */
		const char *text;
		size_t len;
		bool has_gap; /* at its end */
	} * files;
	size_t files_n;
	const struct message_metric *measured; /* standard metrics, inner units */
	size_t measured_n;
	/* Of several hosts this is main's, with what all of them left, itself too, in parts. */
	const char *role; /* NULL: there are none */
	const struct run_output *parts;
	size_t parts_n;
};

/* A number, or a text, that a campaign made of a program's output. */
struct extracted {
	char *name, *unit; /* owned, as all texts here */
	enum better better;
	double value; /* with text NAN */
	char *text;   /* what is no number: "9f86d08"; else NULL */
	double *series;
	size_t series_n; /* of take: all; 0 else */
	/* Of expect: same, what else of this name must be equal to: the benchmark and the values of
	 * the axes; NULL: nothing. What is compared is text, or the number as it was printed. */
	char *same_as;
	char *same_text;
};
struct extraction {
	struct extracted *items;
	size_t n;
};

/*
 * Extract, derive (expr, work) and check (expect) the benchmark's metrics; per_work and throughput
 * come with `work`. Returns 0, or -ENODATA where one that is not optional has no match, or -EILSEQ
 * where one is not what was expected; err names it, the stream, what was looked for and what was
 * found. out is filled as far as it came; done with extraction_done().
 */
int extract_metrics(const struct campaign *c, const struct configuration *configuration,
	const struct plan_host *host, const struct run_output *run, struct extraction *out,
	struct error *err);
void extraction_done(struct extraction *e);

#endif
