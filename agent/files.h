/*
 * files.h - the directories that runs start in: a campaign's files, laid out and set up once
 *
 * A work directory belongs to a tree of files, the rendered commands of its setup and the user that
 * runs them: campaigns that share all of these share it. A campaign without either has an empty
 * private one. STATE/files holds contents, STATE/work/KEY the directories; STATE/work/KEY.done says
 * that one was completed, so that it serves again after a restart.
 *
 * Threads: belongs to the thread of its loop; laying out a tree blocks as long as copying takes.
 */
#ifndef AGENT_FILES_H
#define AGENT_FILES_H

#include "agent/uses.h"
#include "proto/content.h"
#include "proto/message.h"

enum work_state {
	WORK_MISSING, /* contents are being fetched; try again after files_take() returned 1 */
	WORK_SETUP,   /* laid out; the setup steps are to be run in it */
	WORK_READY,
	WORK_FAILED, /* reason says why; it stays so for its campaign */
	WORK_WAITS,  /* this machine's disk fails, as reason says; to be tried again; never a state
		      */
};

struct work {
	char *key;       /* owned; 32 hexadecimal digits */
	char *directory; /* owned; absolute */
	enum work_state state;
	char *reason;         /* owned; of WORK_FAILED, WORK_WAITS */
	struct id16 campaign; /* that last began to prepare it */
	bool is_private;      /* that campaign's alone: it has no files */
	bool is_begun;        /* a step of setup was started in it */
	bool has_room;        /* room was made for it */
	bool was_damaged;     /* a content that it needs was, and was fetched again */
	struct work *next;
};

struct files_handler {
	/* Ask the coordinator for a piece of a content (WANT_FILES). */
	void (*want)(void *arg, const struct content_hash *hash, int64_t offset, int64_t length);
	void *arg;
};

struct files;

/* Open STATE/files and STATE/work (made where missing); state is absolute. Returns 0 or negative.
 */
int files_open(struct files **out, const char *state, const struct files_handler *handler,
	struct error *err);
void files_close(struct files *f);

/*
 * Contents and work directories together may take so many bytes of disk (ABSENT: any number, as at
 * first). What is above that goes at once.
 */
void files_limit(struct files *f, int64_t bytes);
/* An assignment is in hand: what it needs stays. It lives until files_release(). */
void files_hold(struct files *f, const struct message_assign *a);
void files_release(struct files *f, const struct message_assign *a);

/*
 * The work directory of an assignment; valid until its campaign is forgotten. To be asked for once
 * a run: a setup that an earlier run left unfinished, or that failed for another campaign, starts
 * anew from an empty directory.
 */
struct work *files_work(struct files *f, const struct message_assign *a);
/* Go on with it as far as is possible now: asks for what is missing, or lays out. Returns its
 * state. */
enum work_state files_prepare(struct files *f, struct work *w, const struct message_assign *a);
/* A piece arrived. Returns 1 where there is something to go on with (prepare again), 0 otherwise,
 * negative on error. */
int files_take(struct files *f, const struct message_file_chunk *c, struct error *err);
/* The connection is a new one: what was asked for on the old one must be asked for again. */
void files_forget_request(struct files *f);
/* Setup steps are about to run. */
void files_setup_begins(struct work *w);
/* All setup steps succeeded (reason NULL), or one failed. */
void files_setup_done(struct files *f, struct work *w, const char *reason);

/* A run of this assignment is about to be, its commands in directory: remembered on disk. Returns 0
 * or negative. */
int files_used(struct files *f, struct work *w, const struct message_assign *a,
	const char *directory, struct error *err);
/* Where a campaign was: *out is the caller's, files_uses_free(). Returns how many. */
size_t files_uses(const struct files *f, const struct id16 *campaign, struct use **out);
void files_uses_free(struct use *uses, size_t n);
/* Steps of a teardown are about to run in a work directory: after them it must be made anew. */
void files_spoil(struct files *f, const char *key);
/* It is torn down: forget where it was, and remove what is its alone. No run is under way. */
void files_forget_campaign(struct files *f, const struct id16 *campaign);

/* Make a directory and those above it (0700). Returns 0 or negative. */
int files_make_directory(const char *path, struct error *err);

/* Whether a negative errno tells of a disk that fails or is read-only: that is no campaign's fault,
 * and passes when the disk is mended. A full one may be too small for what a campaign ships. */
bool files_is_disk_broken(int code);

#endif
