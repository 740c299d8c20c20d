/*
 * read.h - the parts of reading a campaign: what read.c and the other read_*.c share
 */
#ifndef COORDINATOR_CAMPAIGN_READ_H
#define COORDINATOR_CAMPAIGN_READ_H

#include "coordinator/campaign/matrix.h"
#include "coordinator/campaign/template.h"

#define CAMPAIGN_MAX_RUNS 10000000

struct campaign_private {
	struct arena *arena; /* all of the campaign lives here, and its tree */
};

/* What is known of a benchmark while it is read. */
struct benchmark_reader {
	struct benchmark *benchmark;
	const struct node *key;              /* its name */
	const struct node *own;              /* as the file has it */
	const struct node *matrices[LAYERS]; /* its matrix by layers */
	const struct node *placement, *measure, *limits, *guard, *tune, *env, *metrics, *command,
		*workdir; /* merged */
	bool *used;       /* whether axis i is named anywhere */
};

struct reader {
	struct arena *arena;
	struct diagnostics *d;
	const struct node *root;
	struct campaign *campaign;
	struct benchmark_reader *benchmarks; /* in the order of the campaign's */
};

/* Quiet looks at a tree that schema_check() has been over: what is absent or wrong gives the
 * default. */
const char *read_text(const struct node *map, const char *key, const char *otherwise);
bool read_bool(const struct node *map, const char *key);
int64_t read_int(const struct node *map, const char *key, int64_t otherwise);
int64_t read_duration(const struct node *map, const char *key, int64_t otherwise);

/* Check every template of a command, or of any list of texts or one text. */
void read_check_templates(const struct reader *r, const struct node *n,
	const struct template_scope *scope, bool *used);

/* read_settings.c: placement, tune, limits, measure, guard of a benchmark. */
void read_settings(struct reader *r, struct benchmark_reader *b);
/* read_metrics.c: the metrics of a benchmark. */
void read_metrics(struct reader *r, struct benchmark_reader *b);
/* read_hosts.c: hosts, with lab[01-08] spread out. */
void read_hosts(struct reader *r);
/* read_warnings.c: what is legal but unwise. */
void read_warnings(struct reader *r);
/* read_values.c: values that a setting cannot have; what is compared; too many runs (once all else
 * is known). */
void read_check_values(struct reader *r);
void read_check_size(struct reader *r);
/* read_changes.c: what --set, --blocks and --seed change. */
void read_changes(struct reader *r, const char *changes);

#endif
