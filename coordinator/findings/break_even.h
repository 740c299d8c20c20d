/*
 * break_even.h - how much faster a contender has to be so that it uses no more energy, and whether
 * it is
 *
 * Energy is power times time. A contender that draws more power saves energy only when its speed-up
 *
 *   S = T_baseline / T_contender
 *
 * is larger than the ratio of the powers, the break-even speed-up:
 *
 *   gross  S* = P_contender / P_baseline
 *   net    S* = (P_contender - P0) / (P_baseline - P0),  P0 the power of the idle machine
 *
 * S / S* is E_baseline / E_contender, so the ratio of the energies says with its interval whether
 * it was reached. Gross and net may give opposite answers: net asks what a machine that is on
 * anyway draws in addition, gross what one draws that is on for this alone. Net is only there where
 * the idle power was measured (measure.idle): P - P0 is energy.package.net by time.
 */
#ifndef COORDINATOR_FINDINGS_BREAK_EVEN_H
#define COORDINATOR_FINDINGS_BREAK_EVEN_H

#include "coordinator/analysis/ratio.h"
#include "coordinator/findings/gather.h"

enum break_even_sign {
	BREAK_EVEN_NONE,      /* not measured */
	BREAK_EVEN_UNDECIDED, /* the interval of the energy ratio has 1 in it */
	BREAK_EVEN_SAVES,
	BREAK_EVEN_WASTES,
};

/* A contender's cell against its baseline on the same host, paired by block. */
struct break_even {
	size_t configuration, baseline, lane;
	struct ratio speedup;    /* S: T_baseline / T_contender */
	struct ratio gross;      /* S* gross */
	struct ratio net;        /* S* net; its ratio is NaN where there is none */
	struct ratio energy;     /* E_contender / E_baseline, energy.package: 1 / (S / S*) */
	struct ratio net_energy; /* the same of energy.package.net */
	double idle;             /* W, median of power.package.idle of both; NaN: not measured */
	enum break_even_sign sign, net_sign;
};

struct break_evens {
	struct break_even *items; /* in the order of configurations, then hosts */
	size_t n;
	size_t without_energy; /* pairs that are left out: no energy, or no common block */
};

/*
 * Of all configurations against those whose axis `by` has the value `baseline`. level: of the
 * intervals (0.99). Returns 0, or ERR_USAGE: no such axis or value. break_evens_done() in both
 * cases.
 */
int break_evens_make(const struct gathered *g, const char *by, const char *baseline, double level,
	struct break_evens *out, struct error *err);
void break_evens_done(struct break_evens *b);

/* What a ratio of energies, contender to baseline, says with its interval. */
enum break_even_sign break_even_judge(const struct ratio *energy);
/* "saves", "wastes", "undecided"; "none". */
const char *break_even_name(enum break_even_sign sign);

#endif
