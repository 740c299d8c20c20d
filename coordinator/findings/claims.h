/*
 * claims.h - what a campaign's report claims, held against its results
 *
 * A claim says between which bounds the ratio of a metric of one value of an axis to that of
 * another lies. Each configuration on each host that it speaks of is one comparison (comparison.h),
 * so is their pool over hosts: replicated where the interval of the ratio lies within the bounds,
 * contradicted where it lies wholly outside, else inconclusive.
 *
 * With `of: hosts` it is about the hosts themselves: each one's ratio is held against that of all
 * the others together (analysis/agreement.h), and how far it lies from theirs is what the bounds
 * are of. All hosts are judged as one host with the rows of all.
 *
 * The metric may be an expression, as of a campaign's own metric with `expr`: over metrics,
 * parameters, what they derive, the host, the benchmark.
 */
#ifndef COORDINATOR_FINDINGS_CLAIMS_H
#define COORDINATOR_FINDINGS_CLAIMS_H

#include "coordinator/findings/comparison.h"
#include "coordinator/findings/study.h"

enum claim_verdict { CLAIM_INCONCLUSIVE, CLAIM_CONTRADICTED, CLAIM_REPLICATED };

/* "replicated" ... */
const char *claim_verdict_name(enum claim_verdict v);

struct claim_row {
	char *host;           /* NULL: pooled over hosts */
	size_t configuration; /* the contender's */
	struct ratio ratio;   /* of: hosts: the host's to that of the others */
	double i2; /* how much of what the hosts of this configuration differ by is no chance, 0 to
		      1 (pooled.h); NaN of a row of one host, but for of: hosts */
	enum claim_verdict verdict;
};

/* Of all rows of a host, or of all pooled ones. */
struct claim_host {
	const char *host; /* of a row; NULL: pooled, or of: hosts all of them */
	enum claim_verdict verdict;
	size_t rows;  /* that stand after those of the host before; of all hosts of: hosts none */
	size_t best;  /* of: best: the row that counts */
	double level; /* of the intervals of its rows */
	double i2;    /* the largest of its rows; of: best that of the best; NaN: none has one */
};

/* How many hosts come to which verdict. */
struct claim_hosts {
	size_t hosts, n[CLAIM_REPLICATED + 1];
};

struct claim_answer {
	const struct report_claim *claim;
	double level;           /* that its verdicts hold at: 0.99 */
	struct claim_row *rows; /* by host, then configuration; pooled ones last */
	size_t n;
	struct claim_host *hosts;
	size_t hosts_n;
	char *why; /* there are no rows: "no run has energy.package"; else NULL */
};

struct claim_answers {
	struct claim_answer *items;
	size_t n;
};

/*
 * Hold all claims of a study's campaign against its runs. With `of: each` a host's verdict is
 * replicated where all of its k rows are, contradicted where one lies outside even at level
 * 1 - alpha / k (Bonferroni: of many rows one lies outside by chance); with `of: best` that of the
 * row with the best ratio, by the metric's better (where it has none, of the one that goes farthest
 * in the direction of the claim). Which row is the best of m the runs themselves decide: the
 * intervals of all m are at level 1 - alpha / m then (Bonferroni), so that the one that is picked
 * holds at 1 - alpha. What cannot be answered says why. The study must outlive it.
 */
void claims_make(const struct study *s, struct claim_answers *out);
/* Whether hosts agree: how many of an answer's hosts come to which verdict, pooled ones aside. */
struct claim_hosts claims_hosts_by_verdict(const struct claim_answer *a);
void claims_done(struct claim_answers *a);

#endif
