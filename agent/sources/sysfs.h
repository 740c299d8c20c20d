/*
 * sysfs.h - files below the machine's root that sources read again and again
 */
#ifndef AGENT_SOURCES_SYSFS_H
#define AGENT_SOURCES_SYSFS_H

#include "agent/machine.h"

#include <sys/types.h>

/* Open a file for reading, close-on-exec. Returns a descriptor or -errno. */
int sysfs_open(const struct machine *m, const char *path, ...)
	__attribute__((format(printf, 2, 3)));
/* The decimal number that an open file holds; ABSENT where it holds none or cannot be read, and
 * where fd is negative. */
int64_t sysfs_read_int(int fd);
/* Whether a file is there. */
bool sysfs_has(const struct machine *m, const char *path, ...)
	__attribute__((format(printf, 2, 3)));
/*
 * The names in a folder that begin with prefix and fit, numbers in them in their order (cpu2 before
 * cpu10); *out is the caller's to free, also where it has none. Returns how many.
 */
typedef char sysfs_name[64];
size_t sysfs_list(const struct machine *m, const char *dir, const char *prefix, sysfs_name **out);

/* a + b of two readings; ABSENT where either is, as a sum with a part missing would go down and up
 * again. Saturates. */
int64_t sysfs_add(int64_t a, int64_t b);

#endif
