/*
 * preparation.h - the parts of a submission that may take long: reading the campaign, fetching its
 * git sources, planning
 *
 * Each step is a work_fn (work.h) and touches its struct preparation alone, so that a thread of its
 * own can take it while other campaigns run. The owner fills the inputs, takes one step after the
 * other, and looks at err after each.
 */
#ifndef COORDINATOR_DISPATCH_PREPARATION_H
#define COORDINATOR_DISPATCH_PREPARATION_H

#include "coordinator/campaign/campaign.h"
#include "proto/content.h"

/* Where the campaign file is read from a git repository; git NULL: it is not. Owned. */
struct preparation_follow {
	char *git, *ref;
	char *file; /* path in it */
	char *name; /* of the campaign, as it must be there */
	char *yaml; /* once it was read: preparation.yaml */
};

struct preparation {
	/* inputs, not owned */
	const char *yaml, *file;
	const char *directory;   /* where a relative path of a git source begins; NULL: nowhere */
	const char *content_dir; /* of the content store; mirrors of git sources are in git/ below
				    it */
	bool needs_no_hint;      /* that it runs once: of a schedule, or again what ran before */
	/* in and out */
	struct preparation_follow follow;
	char *changes;            /* JSON, owned; preparation_fetch() adds "sources" */
	struct content_hash tree; /* what the user ships; preparation_fetch() merges sources in */
	bool has_tree;
	/* preparation_read() */
	struct campaign *campaign;
	struct shipped *shipped;
	size_t shipped_n;
	struct render_arena *arena; /* of shipped */
	struct buf beyond;          /* notes on what is read and not acted on */
	/* preparation_fetch() */
	struct buf sources; /* a line for each: "zstd-dev: dev is 1a2b3c4... of URL" */
	/* preparation_plan(): planned is an input, owned */
	struct plan_host *planned;
	size_t planned_n;
	struct plan *plan;

	struct error err; /* of the last step; code 0: it was good */
};

/* Nothing yet. */
#define PREPARATION_INIT                                                                           \
	{                                                                                          \
		.beyond = BUF_INIT, .sources = BUF_INIT                                            \
	}

/* A step each; arg is a struct preparation. */
void preparation_read(void *arg, int stop_fd);
/* In place of preparation_read(), where follow says so: read the file of the ref's commit, put what
 * it ships from there into the content store, and label it with the commit. */
void preparation_follow(void *arg, int stop_fd);
/* After preparation_read(): whether the repository that its `schedule` follows can be followed, as
 * it is now. Changes nothing but notes in sources. */
void preparation_check_follow(void *arg, int stop_fd);
void preparation_fetch(void *arg, int stop_fd);
void preparation_plan(void *arg, int stop_fd);

/* What a campaign's `schedule` follows; file is the path of its own file. Nothing where it follows
 * nothing. */
void preparation_fill_follow(
	struct preparation_follow *f, const struct campaign *c, const char *file);
/* Whether there is anything for preparation_fetch(). */
bool preparation_has_sources(const struct preparation *p);
/* "URL (REF), URL (REF)" of what it fetches. */
void preparation_describe_sources(const struct preparation *p, struct buf *out);

/* Free what is planned with; NULL is fine. */
void planned_free(struct plan_host *hosts, size_t n);
/* Free what is owned. What was taken over must have been set to NULL. */
void preparation_done(struct preparation *p);

#endif
