/*
 * study.h - a stored campaign ready to be asked: its gathered runs and what its file says
 */
#ifndef COORDINATOR_FINDINGS_STUDY_H
#define COORDINATOR_FINDINGS_STUDY_H

#include "coordinator/campaign/campaign.h"
#include "coordinator/findings/gather.h"

struct study {
	struct gathered g;
	/* NULL: it was imported, or this version cannot read its file; its results are shown
	 * without what only the file says. */
	struct campaign *campaign;
};

/*
 * Read a campaign; typed as in results_label() ("NAME.N", "NAME", NULL: the last of all); wanted as
 * in gather(). Returns 0 or negative; study_done() in both cases.
 */
int study_open(struct results *r, const char *typed, const struct gather_wanted *wanted,
	struct study *out, struct error *err);
void study_done(struct study *s);

/* The benchmark of the file that a configuration is of; NULL where there is no file, or no such
 * benchmark in it. */
const struct benchmark *study_benchmark(const struct study *s, size_t configuration);

/*
 * The names of a study's configurations on its hosts, as they were when it ran, for expressions.
 * Returns 0 and *out, or negative: the file does not give these configurations any more.
 */
struct study_names;
int study_names_open(const struct study *s, struct study_names **out, struct error *err);
void study_names_close(struct study_names *n); /* NULL is fine */
/* Those of one configuration on one host (names.h), until the next call. NULL with err. */
struct names *study_names_at(
	struct study_names *n, size_t lane, size_t configuration, struct error *err);

/*
 * Which configurations an expression like --only holds for: kept[lane * configurations_n +
 * configuration], the caller's. Names as in a campaign's `only`: parameters, their attributes,
 * derived ones, host, benchmark; without a file, parameters, host.name and benchmark alone.
 * Returns 0, or ERR_USAGE: no expression, an unknown name, it fails; it holds for none.
 */
int study_only(const struct study *s, const char *expression, bool *kept, struct error *err);
/* The same for an expression that the campaign's file has (struct report_figure.only); all where it
 * is NULL. That it holds for none is no error. */
int study_only_of(const struct study *s, const struct expression *e, bool *kept, struct error *err);

#endif
