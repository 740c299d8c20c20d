/*
 * read.h - the parts of reading a campaign: what read.c and the other read_*.c share
 */
#ifndef COORDINATOR_CAMPAIGN_READ_H
#define COORDINATOR_CAMPAIGN_READ_H

#include "coordinator/campaign/matrix.h"
#include "coordinator/campaign/template.h"

#define CAMPAIGN_MAX_RUNS 10000000

/* What a command other than the run's own gets where it has no timeout of its own. */
#define DEFAULT_STEP_TIMEOUT (3600 * NS_PER_S)

struct campaign_private {
	struct arena *arena; /* all of the campaign lives here, and its tree */
};

/* What is known of a benchmark while it is read. */
struct benchmark_reader {
	struct benchmark *benchmark;
	const struct node *key;              /* its name */
	const struct node *own;              /* as the file has it */
	const struct node *matrices[LAYERS]; /* its matrix by layers */
	/* Its sections, of all layers merged; NULL: not given. */
	const struct node *placement, *measure, *limits, *guard, *tune, *env, *metrics, *command,
		*workdir, *roles, *main, *requires, *setup, *prepare, *cleanup, *collect, *work;
	bool *used; /* whether axis i is named anywhere */
};

struct reader {
	struct arena *arena;
	struct diagnostics *d;
	const struct node *root;
	size_t host_names; /* of all lists together, so far */
	struct campaign *campaign;
	struct benchmark_reader *benchmarks; /* in the order of the campaign's */
};

/* Quiet looks at a tree that schema_check() has been over: what is absent or wrong gives the
 * default. */
const char *read_text(const struct node *map, const char *key, const char *otherwise);
bool read_bool(const struct node *map, const char *key);
int64_t read_int(const struct node *map, const char *key, int64_t otherwise);
int64_t read_duration(const struct node *map, const char *key, int64_t otherwise);
int64_t read_percent(const struct node *map, const char *key, int64_t otherwise);
double read_number(const struct node *map, const char *key, double otherwise);
/* The place of the text of a key among words, 0 where it is none of them. */
int read_word(const struct node *map, const char *key, const char *const *words, size_t n);

/* The texts of a node that is one, or a list of them (the first SCHEMA_MAX_ENTRIES); none where it
 * is NULL. Their count in *n. The
 * k-th of them is that of read_item(). */
char **read_texts(struct arena *a, const struct node *n, size_t *count);
const struct node *read_item(const struct node *n, size_t k);
/* Labels: names to texts. */
struct message_pair *read_pairs(struct arena *a, const struct node *map, size_t *n);

/* What may be named in the texts of a benchmark: where is "'command'". */
struct template_scope read_scope(
	const struct benchmark_reader *b, unsigned names, const char *where);
/* Check every template of a command, or of any list of texts or one text; n may be NULL. */
void read_check_templates(const struct reader *r, const struct node *n,
	const struct template_scope *scope, bool *used);
/* The axes that some benchmark has, for suggestions: *n of them, some twice. free() the array. */
const char **read_axis_names(const struct reader *r, size_t *n);
/* Whether a benchmark has an axis of this name. */
bool read_is_axis(const struct campaign *c, const char *name);
/* Whether a value that someone names may be one of this axis, of some benchmark. Where not, out
 * gets "; did you mean 'X'?" or "". */
bool read_has_value(const struct reader *r, const char *axis, const char *value, char out[96]);
/* Check that a scalar names an axis of some benchmark, `host` or a field of it. what is "'by'". */
bool read_check_by(struct reader *r, const struct node *n, const char *what);
/* Check that a scalar names a value of what `by` names, as far as that can be known. */
void read_check_value_of(
	struct reader *r, const struct node *n, const struct node *by, const char *what);

/* read_settings.c: placement, tune, limits, measure, guard of a benchmark; what a role has in
 * place of these. own_placement is its own layer, for messages. */
void read_settings(struct reader *r, struct benchmark_reader *b);
void read_role_settings(struct reader *r, struct benchmark_reader *b, const struct node *placement,
	const struct node *own_placement, char *given[SETTINGS]);
/* read_commands.c: commands, what is done around runs, environments, what is shipped and kept. */
void read_command(struct arena *a, const struct node *n, struct step *out);
char **read_env(struct reader *r, struct benchmark_reader *b, const struct node *env,
	const struct template_scope *scope, size_t *n);
void read_commands(struct reader *r, struct benchmark_reader *b);
void read_teardown(struct reader *r);
void read_files(struct reader *r);
/* read_roles.c: the programs of a benchmark that has several. */
void read_roles(struct reader *r, struct benchmark_reader *b);
/* Before what names them: {hosts.ROLE.address}, `role` of a metric. */
void read_role_names(struct reader *r, struct benchmark_reader *b);
/* read_metrics.c: the metrics of a benchmark, and its work. */
void read_metrics(struct reader *r, struct benchmark_reader *b);
/* metric_names.c: whether some benchmark has a metric; an error where not. what is "'metrics'". */
bool metric_is_known(const struct campaign *c, const char *name);
/* Whether a benchmark has it; what `work` gives only where the result as a whole is looked at. */
bool metric_is_of(const struct benchmark *b, const char *name, bool is_of_result);
/* "; did you mean 'X'?" for the nearest metric that one of n benchmarks may have, or "", in out. */
void metric_nearest(
	const struct benchmark *all, size_t n, const char *name, bool is_of_result, char out[96]);
/* Compile a pattern, with templates; where it is bad with some values, it is bad with all. Returns
 * how many groups it has, or -1 with an error told. */
int read_groups_of_pattern(struct reader *r, const struct node *n);
/* Whether `work` gives a metric of this name: throughput, time.per_work ... */
bool metric_is_of_work(const char *name);
void metric_check(struct reader *r, const struct node *n, const char *what);
/* read_hosts.c: hosts, with lab[01-08] spread out. */
void read_hosts(struct reader *r, const struct node *hosts, struct host_choice *out);
/* read_repeat.c: repeat, order, budget, schedule. */
void read_repeat(struct reader *r);
void read_schedule(struct reader *r);
/* read_compare.c, read_report.c: what becomes of the results. */
void read_compare(struct reader *r);
void read_report(struct reader *r);
/* read_warnings.c: what is legal but unwise. */
void read_warnings(struct reader *r);
/* read_values.c: values that a setting cannot have; too many runs (once all else is known). */
void read_check_values(struct reader *r);
void read_check_size(struct reader *r);
/* read_changes.c: what --set, --only, --blocks and --seed change. */
void read_changes(struct reader *r, const char *changes);
/* read_again.c: whose contents run. again is a JSON object, or NULL. */
struct json_t;
void read_again(struct reader *r, const struct json_t *again);

#endif
