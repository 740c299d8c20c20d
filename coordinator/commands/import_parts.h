/*
 * import_parts.h - what the files of the importer share: runs from elsewhere into a store, as one
 * campaign, in one transaction
 *
 *   import_store.c           the transaction: opens the store, ends the campaign, commits; notes
 *   import_campaign.c        the campaign: its name and number, and that all runs are of it
 *   import_configurations.c  configurations and hosts, and which spellings are one of them
 *   import_results.c         each run, with its result
 *
 * Private to these; others use import_run.h.
 */
#ifndef COORDINATOR_COMMANDS_IMPORT_PARTS_H
#define COORDINATOR_COMMANDS_IMPORT_PARTS_H

#include "coordinator/commands/import_metrics.h"
#include <uthash.h>

#define RUNS_MOST (1 << 24) /* all numbers of a campaign's runs are below */

struct imported {
	UT_hash_handle hh;
	char *key;                    /* what it is, however it is spelled */
	char *benchmark, *parameters; /* as they were spelled first */
	int64_t index;                /* ABSENT: only known so far */
	int64_t *blocks;              /* [lane]: how many runs without a block it had there */
	size_t blocks_n;
};

struct spelling; /* of import_configurations.c */

struct lane {
	char *name;
	int64_t id; /* of the store */
};

struct importer {
	const struct store_ops *ops;
	struct store *store;
	const struct import_options *o;
	struct store_campaign campaign; /* id 0: not begun */
	char *name;                     /* of the campaign */
	char *carried;                  /* the label that the runs carry */
	struct imported *configurations;
	struct spelling *spellings;
	int64_t configurations_n;
	struct lane *lanes;
	size_t lanes_n;
	uint8_t *seen; /* a bit for each number of a run */
	int64_t last;  /* highest number */
	int64_t runs, latest;
	bool is_cut; /* some run had not ended */
	struct import_stored metrics;
	char **notes;
	size_t notes_n;
};

/* ---- import_store.c ---- */

/* A note for people, unless it was made before. Takes the text. */
void importer_note(struct importer *im, char *text);

/* ---- import_campaign.c ---- */

/* Begin the campaign that the first run is of, or that the options say. Returns 0, or negative:
 * ERR_USAGE where it has no name, no good one, or one that the store has already. */
int importer_begin(struct importer *im, const struct import_run *run, struct error *err);
/* Returns 0, or ERR_USAGE: a later run is of another campaign than the first. */
int importer_check(const struct importer *im, const struct import_run *run, struct error *err);

/* ---- import_configurations.c ---- */

/* Returns 0, or ERR_USAGE: a text cannot be a name; what: of what, for the message. */
int import_check_text(const char *what, const char *text, struct error *err);
/* The configuration of a spelling, new with index ABSENT where there is none; the importer's. NULL
 * with err where it cannot be one. */
struct imported *importer_configuration(
	struct importer *im, const char *benchmark, const char *parameters, struct error *err);
/* Write a configuration, which gets the next index. Returns 0 or negative. */
int importer_add_configuration(struct importer *im, struct imported *c, struct error *err);
/* The same for all that are known so far, in an order for people. */
int importer_add_known(struct importer *im, struct error *err);
/* The next block of a configuration on a host, from 1. */
int64_t importer_next_block(struct imported *c, size_t lane);
/* The index of a host's lane, which is written where it is new. Returns 0, or negative: ERR_USAGE
 * where the name cannot be one. */
int importer_lane(struct importer *im, const char *name, size_t *out, struct error *err);
/* Free configurations, spellings and lanes. */
void importer_free_names(struct importer *im);

#endif
