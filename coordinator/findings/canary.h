/*
 * canary.h - what the canaries of two submissions say of their hosts
 *
 * A canary is a benchmark of which the campaign says that it is the same program in every
 * submission (`canary: true`). What moved in it moved with the machine: a comparison of two
 * submissions on that host compares two machines as well.
 */
#ifndef COORDINATOR_FINDINGS_CANARY_H
#define COORDINATOR_FINDINGS_CANARY_H

#include "coordinator/analysis/ratio.h"
#include "coordinator/findings/gather.h"

/* A canary that moved on a host. */
struct canary {
	size_t configuration, lane; /* of the contender */
	const char *host;           /* a text of the contender */
	/* Which metric was asked for, and which speaks for it: the same, or "time" where no canary
	 * has it. */
	const char *asked, *metric;
	struct ratio ratio; /* contender / baseline, two samples */
	double p_adjusted;  /* over the canaries of all hosts, of this metric */
	char *text;         /* "canary spin on lab03: time moved by +2.1 % [+1.8, +2.4]: the machine
			       changed"; owned */
};

struct canaries {
	struct canary *items; /* in the order of metrics, lanes, configurations */
	size_t n;
};

/*
 * The canaries whose metrics moved between two submissions: adjusted p <= alpha, and by more than
 * half of the threshold, as so much of a verdict's margin is the machine's. Series are compared as
 * two samples. Both gathered were read by study_open(), as the file says what is a canary;
 * canaries_done() frees.
 */
void canaries_find(const struct gathered *contender, const struct gathered *baseline,
	const char *const *metrics, size_t n, double threshold, double alpha, struct canaries *out);
void canaries_done(struct canaries *c);

/* The canary that moved the most on this host, of those that speak for this metric. NULL: none. */
const struct canary *canaries_on(const struct canaries *c, const char *host, const char *metric);

#endif
