/*
 * backup.h - the parts of `joulerig backup`: the file (backup.c), and what is beside it
 * (backup_beside.c)
 */
#ifndef COORDINATOR_COMMANDS_BACKUP_H
#define COORDINATOR_COMMANDS_BACKUP_H

#include "coordinator/store/store.h"

struct backup_beside {
	const char *db;   /* the store */
	const char *keys; /* folder of the coordinator's keys; NULL: they are left out */
	const char *to;   /* the folder, which is made; it must not be there */
	int64_t contents; /* out: files of campaigns that go on */
	int64_t missing;  /* out: of these, not there (an upload goes on) */
	int64_t n_keys;   /* out: files of keys */
};

/*
 * Put beside a copy of a store (copy is open) what is needed to go on from it: the coordinator's
 * key and those that it trusts, and the files of campaigns that have not ended. All is on the disk
 * when it returns 0; negative with err, and the folder is as it may be.
 */
int backup_beside(struct backup_beside *b, struct store *copy, struct error *err);

/* Force a file or folder to the disk. Returns 0 or negative. */
int backup_sync(const char *path, struct error *err);

#endif
