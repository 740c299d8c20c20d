/*
 * uses.h - in which directories a campaign was on this machine, remembered until it is torn down
 *
 * WORK/CAMPAIGN.ran, in hexadecimal, has a line for each: KEY KIND USER DIRECTORY, where KIND is
 * "shared" or "private" and USER "-" for the agent's own. The file is replaced as a whole, durably,
 * so that a killed agent still knows what to tear down.
 */
#ifndef AGENT_USES_H
#define AGENT_USES_H

#include "proto/base.h"
#include "proto/error.h"

struct use {
	struct id16 campaign;
	char *key;       /* owned; of the work directory */
	char *user;      /* owned; who ran it; NULL: the agent's own */
	char *directory; /* owned; absolute; where its commands started: not always the work
			    directory */
	bool is_private; /* the work directory is this campaign's alone */
};

struct uses {
	char *dir; /* owned */
	struct use *items;
	size_t n;
};

/* Read what is known; lines that make no sense are left out. */
void uses_open(struct uses *u, const char *dir);
void uses_close(struct uses *u);

/* Remember one; nothing happens where it is known. Texts are copied. Returns 0, 1 where it is new,
 * or negative. */
int uses_add(struct uses *u, const struct use *use, struct error *err);
/* Whether a work directory is one of a campaign that was not torn down. */
bool uses_has_key(const struct uses *u, const char *key);
/* Forget all of a campaign. */
void uses_forget(struct uses *u, const struct id16 *campaign);

#endif
