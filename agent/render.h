/*
 * render.h - a command as it is launched: argv, environment and directory of a run, with the marks
 * filled in
 *
 * Nothing is inherited. The environment is PATH, HOME, LANG=C.UTF-8, TMPDIR, OMP_NUM_THREADS where
 * the campaign asked for a number of CPUs, JOULERIG_STATE and JOULERIG_PADDING; over these what
 * placement exports, and the campaign's env over all. Only LD_PRELOAD is joined: a campaign that
 * preloads an allocator does not lose the pinning of its threads by that. Addresses of other hosts
 * are known to the run itself alone: what is done around it gets empty texts there.
 */
#ifndef AGENT_RENDER_H
#define AGENT_RENDER_H

#include "proto/message.h"

struct render_context {
	const char *directory;        /* the campaign's, absolute */
	const char *tmp;              /* for MARK_TMP and TMPDIR */
	const char *cpu_list;         /* for MARK_CPU_LIST */
	const struct list *addresses; /* struct message_pair: role, address; for MARK_ADDRESS. NULL,
					 or one that is not there: an empty text */
	int64_t threads;              /* for OMP_NUM_THREADS; ABSENT: not exported */
	const char *const *exports; /* more of what placement exports, "NAME=value"; may be NULL */
	size_t exports_n;
	const char *home;  /* for HOME; NULL: the agent's */
	const char *state; /* the agent's state directory, by which leftovers of a killed agent are
			      found; NULL: not exported */
	size_t padding;    /* length of JOULERIG_PADDING in bytes; 0: not exported. The size of the
			      environment shifts the stack and with it the time of a program, so
			      it is to differ from run to run */
};

struct rendered {
	char **argv; /* owned, NULL-ended, as env */
	char **env;
	char *workdir; /* owned, absolute */
};

/* A run's command; done with rendered_done(). */
void render_run(
	struct rendered *out, const struct message_assign *a, const struct render_context *c);
/* A step's that belongs to a run: in its workdir, with its environment. */
void render_run_step(struct rendered *out, const struct message_step *step,
	const struct message_assign *a, const struct render_context *c);
/* Another step's, in the campaign's directory with the basic environment. */
void render_step(
	struct rendered *out, const struct message_step *step, const struct render_context *c);
/* Where a run starts, absolute; and a path with its marks filled in. The caller frees. */
char *render_workdir(const struct message_assign *a, const struct render_context *c);
char *render_path(const char *path, const struct render_context *c);
/* The role that a run's command or environment names the address of, and which has none among
 * these; NULL: there is none such. Valid until the next call. */
const char *render_lacks_address(const struct message_assign *a, const struct list *addresses);
void rendered_done(struct rendered *r);

#endif
