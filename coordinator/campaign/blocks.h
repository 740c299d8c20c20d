/*
 * blocks.h - how many blocks a comparison needs before it can say anything at all
 */
#ifndef COORDINATOR_CAMPAIGN_BLOCKS_H
#define COORDINATOR_CAMPAIGN_BLOCKS_H

#include "coordinator/campaign/campaign.h"

/*
 * Blocks that one change among so many comparisons of a metric needs at least, for a verdict at
 * alpha (0.01 is one in a hundred). Each block is one pair. A two-sided sign-flip test on n pairs
 * has 2^n outcomes, two of them as extreme as possible, so p >= 2 x 2^-n; Benjamini and Hochberg
 * (J. R. Stat. Soc. B 57, 1995) let the smallest p of m pass at alpha / m. No comparison needs
 * none; no number is enough for an alpha of 0 or below: INT64_MAX.
 */
int64_t blocks_needed(int64_t comparisons, double alpha);

/*
 * How many comparisons a metric an entry of `compare` makes on a host (on all where they are
 * named), as far as that is known without one. It must have a `by`.
 */
int64_t blocks_family(const struct campaign *c, const struct comparison *comparison);

#endif
