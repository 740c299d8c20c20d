#include "agent/lock.h"

#include <fcntl.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_file(void)
{
	static const char *const paths[] = {"/run/lock/joulerig.lock", "/tmp/joulerig.lock"};
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		/* Reading is enough for a shared lock; the file may belong to another user. */
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
	struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
	l->fd = open_file();
	if (l->fd >= 0 && fcntl(l->fd, F_OFD_SETLK, &lock) < 0)
		machine_lock_close(l);
}

bool machine_lock_is_alone(const struct machine_lock *l)
{
	/* Only asked for: what would an exclusive lock meet? Ours is not in its way. */
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	return l->fd >= 0 && fcntl(l->fd, F_OFD_GETLK, &lock) == 0 && lock.l_type == F_UNLCK;
}

void machine_lock_close(struct machine_lock *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}
