/*
 * plan_build.h - a plan while it is made: what plan.c and the other plan_*.c share
 *
 * First the matrix is walked over the union of the hosts' values, so that configurations come in
 * file order whatever the hosts have; for each one a bit a host says whether it has it. Then each
 * host is asked, one after the other, which of them it wants and can run. What no host wants is
 * dropped at the end.
 */
#ifndef COORDINATOR_CAMPAIGN_PLAN_BUILD_H
#define COORDINATOR_CAMPAIGN_PLAN_BUILD_H

#include "coordinator/campaign/matrix.h"
#include "coordinator/campaign/names.h"

struct reason;

/* The values that the axes of one benchmark have in a plan. */
struct value_tables {
	const struct value **values; /* of each axis: its own, or one of more */
	uint32_t *sizes;
	struct value **more;    /* NULL where the axis' own do; their texts belong to others */
	struct value_set *sets; /* filled at first need */
	size_t axes_n;
};

/* What plan_make() returns the head of. */
struct whole_plan {
	struct plan plan;
	struct value *steps; /* union of the hosts' thread steps, rising */
	size_t steps_n;
	struct value_tables *tables; /* one a benchmark of the campaign */
	size_t tables_n;
	uint32_t **chunks; /* of the configurations' indices */
	size_t chunks_n;
	struct reason *reasons; /* text -> why something is skipped */
	const char **texts;     /* of these, by their numbers */
	size_t reasons_n;
};

struct builder {
	const struct campaign *campaign;
	struct plan_host *hosts; /* owned; of each lane: a host, or that of main */
	size_t hosts_n,
		given_n; /* how many lanes; the first of them are the hosts that there are */
	struct plan_tuples *tuples; /* plan_tuples.c */
	struct whole_plan *whole;
	struct plan *plan;         /* its head */
	struct names *names;       /* of the host that is asked */
	struct names **part_names; /* of a lane of several: of each of its hosts */
	bool *has_step;            /* [host * steps_n + step] */
	size_t room;               /* configurations that there is room for */
	uint8_t *bits;             /* [configuration * row + host / 8] */
	size_t row;                /* bytes of one configuration */
	uint32_t *next;            /* where the next indices go */
	size_t left;               /* numbers that there is room for there */
};

/* ---- plan_tuples.c ---- */

/* Make the lanes, empty: one for each host, and one for each choice of hosts for roles. Returns 0,
 * or ERR_CAMPAIGN where these are too many. */
int plan_make_lanes(struct builder *b, const struct plan_host *hosts, size_t n, struct error *err);
void plan_lanes_done(struct builder *b);
/* Whether a lane is one for a benchmark. */
bool plan_lane_runs(const struct builder *b, size_t lane, const struct benchmark *benchmark);
/* Say which benchmarks have roles that no choice of hosts can fill; nothing where there are none.
 */
void plan_note_no_tuple(const struct builder *b, struct buf *out);

/* ---- plan_steps.c ---- */

/* Gather the thread steps of all hosts. Returns 0, or ERR_CAMPAIGN. */
int plan_gather_steps(struct builder *b, struct error *err);

/* ---- plan_expand.c ---- */

/* Add the configurations of every benchmark, and the plan's notes. Returns 0, or ERR_CAMPAIGN. */
int plan_expand(struct builder *b, struct error *err);

bool plan_has_bit(const struct builder *b, size_t configuration, size_t host);
void plan_set_bit(struct builder *b, size_t configuration, size_t host, bool on);
/* Drop the configurations from `first` on that no host has. new_index (may be NULL) gets where each
 * went. */
void plan_drop_unwanted(struct builder *b, size_t first, uint32_t *new_index);
/* "more than 10,000,000 runs ...". */
int plan_too_large(struct error *err);

/* ---- plan_lanes.c ---- */

/* Ask every host, and fill the lanes. Returns 0, or ERR_CAMPAIGN. */
int plan_fill_lanes(struct builder *b, struct error *err);
/* Clear the bits of what an expression of `exclude` holds for, from configuration `first` on. */
int plan_exclude_ifs(
	struct builder *b, const struct benchmark *benchmark, size_t first, struct error *err);

/* ---- plan_check.c ---- */

/*
 * What a host thinks of the configurations of a benchmark. An answer that depends on some of the
 * axes alone is kept and found again, so that a million configurations are a million look-ups.
 */
struct checks;

enum { ANSWER_UNKNOWN, ANSWER_YES, ANSWER_NO, ANSWER_REASON /* and above: plan_reason() */ };

/* Of all that decides on a host; n is how many configurations there will be. */
struct checks *checks_open(struct builder *b, const struct benchmark *benchmark, size_t n);
/* Of an expression of `exclude`. */
struct checks *checks_open_expression(
	struct builder *b, const struct benchmark *benchmark, const struct expression *e, size_t n);
void checks_close(struct checks *c);
/* Returns ANSWER_YES: run it; ANSWER_NO: it is not wanted; a reason to skip it; or ERR_CAMPAIGN
 * with err naming the configuration and the host. */
int64_t checks_ask(struct checks *c, const struct configuration *configuration, struct error *err);

/* The number of a text as an answer, and the other way round. */
uint32_t plan_reason(struct whole_plan *w, const char *text);
const char *plan_reason_text(const struct whole_plan *w, int64_t answer);
void plan_free_reasons(struct whole_plan *w);

#endif
