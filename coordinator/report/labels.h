/*
 * labels.h - configurations by what tells them apart
 */
#ifndef COORDINATOR_REPORT_LABELS_H
#define COORDINATOR_REPORT_LABELS_H

#include "coordinator/findings/gather.h"

/*
 * Name n configurations by their benchmark, where the campaign has several, and their parameters,
 * as far as they are not the same in all of them: "threads=2", "nbody threads=2". but is an axis
 * that is left away all the same, or NULL. out[i] is the caller's; where nothing tells them apart
 * it is the benchmark's name.
 */
void labels_make(const struct gathered *g, const size_t *configurations, size_t n, const char *but,
	char **out);

#endif
