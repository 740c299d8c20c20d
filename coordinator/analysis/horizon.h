/*
 * horizon.h - race to idle: what a run costs until a time that is the same for all
 *
 * A machine that is done early idles until the horizon H, so that what it costs until then is
 *
 *   E_H = P T + P0 (H - T) = E + P0 max(0, H - T),
 *
 * P0 the power of the idle machine. A run that takes longer than H is run to its end all the same.
 * At a horizon as long as the slowest run and beyond, the order of the runs is that of what they
 * take above idle, E - P0 T. Before it a fast run may cost less than a slow one that is sparing:
 * its rest has not cost anything yet.
 */
#ifndef COORDINATOR_ANALYSIS_HORIZON_H
#define COORDINATOR_ANALYSIS_HORIZON_H

struct horizon_run {
	double time;   /* s */
	double energy; /* J, gross */
};

/* E_H in J, of a horizon in s; idle in W. */
double horizon_energy(const struct horizon_run *r, double idle, double horizon);

/*
 * The horizon at which two runs change places: from there on the one costs more that cost less
 * where both are stopped when they are done. It lies between the two times. NaN where one of them
 * is the cheaper at every horizon, or they cost the same.
 */
double horizon_flip(const struct horizon_run *a, const struct horizon_run *b, double idle);

#endif
