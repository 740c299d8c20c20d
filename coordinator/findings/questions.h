/*
 * questions.h - what is asked of a study: by the command line, else by its campaign's `compare`
 */
#ifndef COORDINATOR_FINDINGS_QUESTIONS_H
#define COORDINATOR_FINDINGS_QUESTIONS_H

#include "coordinator/findings/comparison.h"
#include "coordinator/findings/study.h"
#include "proto/options.h"

#define DEFAULT_THRESHOLD 0.02
#define DEFAULT_ALPHA     0.01

/* What the command line says; zeroes ask what the campaign asks. */
struct asked {
	const char *by, *baseline;     /* --by, --baseline */
	const char *threshold, *alpha; /* texts, "3%", "0.05" */
	const struct texts *metrics;   /* --metric; NULL: none */
	bool by_ranks, with_ranks;
	enum normalised_per per;
};

struct questions {
	struct question *items;
	size_t n;
};

/*
 * The questions to a contender; to it against baseline where that is not NULL (its label is their
 * baseline then): there the metrics are those of all comparisons of the contender's campaign, the
 * threshold and alpha those of the first. Returns 0, or ERR_USAGE with what to say instead;
 * questions_done() in both cases. What is asked and the studies must outlive them.
 */
int questions_make(const struct asked *asked, const struct study *contender,
	const struct study *baseline, struct questions *out, struct error *err);
void questions_done(struct questions *q);

/* How a text as of --by is compared: along an axis or along hosts. */
enum compared_by compared_by_of(const char *by);

#endif
