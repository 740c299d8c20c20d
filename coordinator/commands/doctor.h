/*
 * doctor.h - the parts of `joulerig doctor`: findings (doctor.c), what is in the store
 * (doctor_store.c), notices (doctor_notices.c), what is around it (doctor_around.c)
 */
#ifndef COORDINATOR_COMMANDS_DOCTOR_H
#define COORDINATOR_COMMANDS_DOCTOR_H

#include "coordinator/commands/commands.h"

enum doctor_state {
	DOCTOR_OK,
	DOCTOR_NOTE, /* good to know, and nothing is wrong */
	DOCTOR_BAD,
};

struct store;

struct doctor_finding {
	const char *what; /* a constant: "file", "lock" ... */
	enum doctor_state state;
	char *why;     /* owned */
	char *command; /* that mends it, or NULL; owned */
};

struct doctor {
	const char *db, *keys; /* keys: --keys or NULL */
	struct doctor_finding *findings;
	size_t n;
};

/* Add a finding. command may be NULL. */
void doctor_find(struct doctor *d, const char *what, enum doctor_state state, const char *command,
	const char *why, ...) __attribute__((format(printf, 5, 6)));

/* The file, its tables, and that what is in it fits together. */
void doctor_check_store(struct doctor *d);
/* doctor_notices.c: notices that reached nobody. */
void doctor_check_notices(struct doctor *d, struct store *s);
/* Who holds it, the log beside it, the disk, the file system, keys. */
void doctor_check_around(struct doctor *d);

#endif
