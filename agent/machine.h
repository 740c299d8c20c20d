/*
 * machine.h - where proc/ and sys/ of the measured machine are read, and reading small files there
 *
 * The root is / for this machine, a mounted host's in a container, a captured tree in tests. It
 * affects reading alone: processes and binding are always this kernel's.
 */
#ifndef AGENT_MACHINE_H
#define AGENT_MACHINE_H

#include "proto/base.h"
#include "proto/error.h"

struct machine {
	char *root;  /* owned, without a slash at its end: "" is / */
	int root_fd; /* O_PATH descriptor of the root, for openat; paths are given without leading
			slash: "sys/class/powercap" */
};

/* root NULL: $JOULERIG_ROOT, or /. Returns 0, or negative where the root is no directory. */
int machine_open(struct machine *m, const char *root, struct error *err);
void machine_close(struct machine *m);
/* Whether this is the running machine itself (root /). */
bool machine_is_this(const struct machine *m);
/*
 * Whether the CPUs below the root are those of the running machine, so that its affinity masks mean
 * them: root /, or a root whose sys/devices/system/cpu is the very directory of this kernel (a host
 * mounted into a container, the test meter).
 */
bool machine_has_these_cpus(const struct machine *m);

/* The first line of a file, without newline, NULs and spaces at its end, into out. Returns its
 * length, or -errno. */
int machine_read_line(const struct machine *m, char *out, size_t size, const char *path, ...)
	__attribute__((format(printf, 4, 5)));
/* A file that holds one decimal number. Returns 0, -errno, or -EINVAL where it is no number. */
int machine_read_int(const struct machine *m, int64_t *out, const char *path, ...)
	__attribute__((format(printf, 3, 4)));

/* Read at most size - 1 bytes from the start of an open file, and end them with NUL. Returns how
 * many, or -errno. */
int machine_read_start(int fd, char *out, size_t size);

#endif
