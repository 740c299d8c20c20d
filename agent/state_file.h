/*
 * state_file.h - writing the machine's state below its root, and files that survive a crash
 *
 * All paths are below the machine's root, without leading slash, and cannot leave it: links are
 * followed as if the root were /.
 */
#ifndef AGENT_STATE_FILE_H
#define AGENT_STATE_FILE_H

#include "agent/machine.h"

/* Open a file below the root; flags and mode as for openat(2). Returns a descriptor (O_CLOEXEC), or
 * -errno. */
int state_file_open(const struct machine *m, const char *path, int flags, unsigned mode);

/* Write one value and a newline over a file that is there, as `echo VALUE > FILE` does. Returns 0,
 * or -errno, which is the kernel's answer to the value where the file is one of sysfs. */
int state_file_write(const struct machine *m, const char *path, const char *value);

/*
 * Replace a whole file by way of a temporary one (NAME.new) beside it, which is on the disk before
 * it takes the name; the folder is written, too. Whoever reads it after a crash finds the old text
 * or the new one. Returns 0 or -errno. dir_fd is the folder's descriptor, not O_PATH.
 */
int state_file_replace(int dir_fd, const char *name, const void *data, size_t len, unsigned mode);
/* Remove it and its temporary one, durably. Returns 0 (also where there is none) or -errno. */
int state_file_remove(int dir_fd, const char *name);

#endif
