/*
 * A run's temporary directory. Making one and removing it takes a file system a millisecond at
 * times, and leaves work in its journal that disturbs the next run: one that the run did not touch
 * is as good as new, and is the next run's.
 */
#include "agent/run_parts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/xattr.h>

int run_make_tmp(struct runner *r, struct error *err)
{
	const struct attempt_id *id = &r->assign->id;
	char campaign[17];

	r->tmp = r->kept_tmp;
	r->kept_tmp = NULL;
	if (r->tmp != NULL)
		return 0;
	r->tmp = xasprintf("%s/%s-%" PRId64 "-%" PRId64, r->tmp_dir,
		hex_encode(campaign, id->campaign.b, 8), id->run, id->attempt);
	if (mkdir(r->tmp, 0700) < 0) {
		remove_tree(r->tmp);
		if (mkdir(r->tmp, 0700) < 0) {
			int code = error_errno(err, "%s", r->tmp);
			free(r->tmp);
			r->tmp = NULL;
			return code;
		}
	}
	r->tmp_attributes = llistxattr(r->tmp, NULL, 0);
	return lstat(r->tmp, &r->tmp_stat) < 0 ? error_errno(err, "%s", r->tmp) : 0;
}

static bool is_same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

/* All that is done to a directory changes its time of change, but within the same tick of the
 * kernel's clock. */
static bool is_unchanged(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_mode == b->st_mode &&
	       a->st_uid == b->st_uid && a->st_gid == b->st_gid && a->st_nlink == b->st_nlink &&
	       is_same_time(&a->st_mtim, &b->st_mtim) && is_same_time(&a->st_ctim, &b->st_ctim);
}

/* Closes fd. */
static bool is_empty(int fd)
{
	DIR *dir = fdopendir(fd);
	size_t n = 0;

	if (dir == NULL) {
		close(fd);
		return false;
	}
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n == 2; /* . and .. */
}

static bool is_untouched(const struct runner *r)
{
	struct stat now;
	int fd = open(r->tmp, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return false;
	if (fstat(fd, &now) < 0 || !is_unchanged(&now, &r->tmp_stat) ||
		flistxattr(fd, NULL, 0) != r->tmp_attributes) {
		close(fd);
		return false;
	}
	return is_empty(fd);
}

void run_give_back_tmp(struct runner *r)
{
	if (r->tmp == NULL)
		return;
	if (is_untouched(r)) {
		r->kept_tmp = r->tmp;
	} else {
		remove_tree(r->tmp);
		free(r->tmp);
	}
	r->tmp = NULL;
}

void run_remove_tmp(struct runner *r)
{
	if (r->kept_tmp == NULL)
		return;
	remove_tree(r->kept_tmp);
	free(r->kept_tmp);
	r->kept_tmp = NULL;
}
