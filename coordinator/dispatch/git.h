/*
 * git.h - commits of git repositories, by the program git
 *
 * Each repository has a bare mirror in a folder of ours, so that the second campaign of one fetches
 * what is new alone. Nothing asks for a password: what git cannot read by itself is an error. All
 * of this takes long and may wait for a network: call it in a thread of its own. Submodules are not
 * fetched: their folders are empty.
 */
#ifndef COORDINATOR_DISPATCH_GIT_H
#define COORDINATOR_DISPATCH_GIT_H

#include "proto/base.h"
#include "proto/error.h"

struct git_repository {
	const char *url; /* as the campaign has it, for messages */
	char *from;      /* what git gets: an absolute path, or an address; owned */
	char *mirror;    /* its folder; owned */
	int stop_fd;     /* becomes readable where it should end early */
	int lock_fd;     /* held while the mirror is changed or read */
};

/*
 * Open the mirror of a repository below the folder mirrors, made where needed. A relative path
 * begins at directory; where that is NULL it is an error, as are options, commands (ext::) and
 * other ways than file, git, http, https and ssh. Returns 0, or negative with err.
 */
int git_open(struct git_repository *g, const char *mirrors, const char *directory, const char *url,
	int stop_fd, struct error *err);
void git_close(struct git_repository *g);

/* 40 hexadecimal digits, or 64 where a repository has such. */
#define GIT_COMMIT_SIZE 65

/* Fetch what is new, and find the commit of a branch, a tag, a commit or HEAD. Returns 0 and
 * commit, or negative with err: git's own last lines, or that there is no such ref. */
int git_resolve(
	struct git_repository *g, const char *ref, char commit[GIT_COMMIT_SIZE], struct error *err);
/* Write the files of a commit into an empty folder; index is the name of a file that does not exist
 * and may be written. */
int git_check_out(struct git_repository *g, const char *commit, const char *directory,
	const char *index, struct error *err);

#endif
