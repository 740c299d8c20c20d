/*
 * submission.h - what `run` and `submit` share: the campaign file with its changes, its files, and
 * handing both over
 */
#ifndef COORDINATOR_COMMANDS_SUBMISSION_H
#define COORDINATOR_COMMANDS_SUBMISSION_H

#include "coordinator/campaign/campaign.h"
#include "coordinator/client.h"
#include "coordinator/commands/commands.h"
#include "proto/content.h"

/* Options that change a campaign for one submission. */
struct submission_options {
	struct texts set;     /* --set axis=v1,v2 */
	const char *only;     /* --only EXPRESSION; NULL: not given */
	int64_t blocks;       /* --blocks; ABSENT: not given */
	int64_t seed;         /* --seed; ABSENT */
	struct texts label;   /* --label key=value */
	const char *priority; /* --priority; NULL: 0 */
};

#define SUBMISSION_DEFAULTS                                                                        \
	{                                                                                          \
		.blocks = ABSENT, .seed = ABSENT                                                   \
	}

/* Lines for an option table of a struct that holds a struct submission_options as `member`. */
#define SUBMISSION_OPTIONS(type, member)                                                           \
	{"set", OPTION_TEXTS, offsetof(type, member.set), "AXIS=V1,V2",                            \
		"other values for an axis", NULL},                                                 \
		{"only", OPTION_TEXT, offsetof(type, member.only), "EXPRESSION",                   \
			"only configurations for which this holds: 'threads <= 8'", NULL},         \
		{"blocks", OPTION_COUNT, offsetof(type, member.blocks), "N",                       \
			"another number of blocks", NULL},                                         \
	{                                                                                          \
		"seed", OPTION_COUNT, offsetof(type, member.seed), "N",                            \
			"another seed of the random order", NULL                                   \
	}
/* The same for what says how a submission is called. */
#define LABEL_OPTION(type, member)                                                                 \
	{                                                                                          \
		"label", OPTION_TEXTS, offsetof(type, member.label), "KEY=VALUE",                  \
			"a label of this submission, beside the file's `labels`", NULL             \
	}
/* And for what says when it runs. */
#define PRIORITY_OPTION(type, member)                                                              \
	{                                                                                          \
		"priority", OPTION_TEXT, offsetof(type, member.priority), "N",                     \
			"before campaigns of a lower one on the same hosts: -100 to 100", NULL     \
	}
/* How many lines all are. */
#define SUBMISSION_OPTIONS_N 6

/* A campaign file, read and checked. */
struct submission_file {
	char *path;      /* as typed */
	char *directory; /* absolute; where its files are */
	struct buf yaml;
	char *changes; /* JSON, or NULL */
	struct campaign *campaign;
	int64_t priority;
	bool is_schedule; /* the caller's: it is handed over to be repeated */
};

/*
 * Read and check FILE with the changes; every diagnostic is printed to stderr (warnings only with
 * is_verbose). Returns 0, or negative: ERR_CAMPAIGN with an empty text where diagnostics said it
 * all.
 */
int submission_read(struct submission_file *out, const char *path,
	const struct submission_options *options, bool is_verbose, struct error *err);
void submission_done(struct submission_file *f);

/* Put the campaign's files into a content store. *has_tree false where it has none (git sources are
 * the coordinator's). Returns 0 or negative: all that is missing is named. */
int submission_add_files(const struct submission_file *f, struct content_store *content,
	struct content_hash *tree, bool *has_tree, struct error *err);

/* What the options change, as JSON (the caller frees); NULL: nothing. Returns 0 or ERR_USAGE. */
int submission_changes(char **out, const struct submission_options *o, struct error *err);
/* --priority; 0 where text is NULL. */
int submission_priority(const char *text, int64_t *out, struct error *err);

/* SUBMIT of what the coordinator has all files of, to SUBMITTED. *label is the caller's. */
int submission_send_again(const struct message_submit *submit, struct client *client, char **label,
	struct error *err);
/* Hand it over to a coordinator: SUBMIT, the files that it wants, SUBMITTED. *label is the
 * caller's; of a schedule it is its name. */
int submission_send(
	const struct submission_file *f, struct client *client, char **label, struct error *err);

#endif
