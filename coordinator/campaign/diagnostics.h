/*
 * diagnostics.h - gathering what is wrong with a campaign file while it is read
 *
 * Every part of the reader adds what it finds and goes on, so that one look shows all errors of a
 * file.
 */
#ifndef COORDINATOR_CAMPAIGN_DIAGNOSTICS_H
#define COORDINATOR_CAMPAIGN_DIAGNOSTICS_H

#include "coordinator/campaign/campaign.h"
#include "coordinator/campaign/yaml.h"

/* Add an error or a warning at line and column (from 1; 0: the whole file). */
void diag_add(struct diagnostics *d, int line, int column, bool is_warning, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* An error or a warning at a node. */
#define diag_error(d, node, ...)   diag_add(d, (node)->line, (node)->column, false, __VA_ARGS__)
#define diag_warning(d, node, ...) diag_add(d, (node)->line, (node)->column, true, __VA_ARGS__)

/*
 * Sort by line and column (what was added first stays first) and drop what was said twice, which
 * happens where several benchmarks share a section.
 */
void diagnostics_sort(struct diagnostics *d);

/* "; did you mean 'X'?" for the word that is nearest, or "", in out; returns out. Of very many
 * words the first 300 are looked at. */
const char *diag_nearest(char out[96], const char *word, const char *const *words, size_t n);

#endif
