#include "agent/lock.h"

#include <fcntl.h>
#include <stddef.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_file(void)
{
	static const char *const paths[] = {"/run/lock/joulerig.lock", "/tmp/joulerig.lock"};
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		/* Reading is enough for flock; the file may belong to another user. */
		int fd = open(paths[i], O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		if (fd < 0)
			fd = open(paths[i], O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
		if (fd >= 0)
			return fd;
	}
	return -1;
}

void machine_lock_open(struct machine_lock *l)
{
	l->fd = open_file();
	l->is_mine = false;
	machine_lock_try(l);
}

bool machine_lock_try(struct machine_lock *l)
{
	if (!l->is_mine && l->fd >= 0)
		l->is_mine = flock(l->fd, LOCK_EX | LOCK_NB) == 0;
	return l->is_mine;
}

void machine_lock_close(struct machine_lock *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
	l->is_mine = false;
}
