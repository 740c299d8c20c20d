#include "agent/epoch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define HEX_LEN (2 * sizeof(struct id16))

int epoch_open(struct epoch *e, const char *state, struct error *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	*e = (struct epoch){.path = xasprintf("%s/coordinator", state)};
	int r = buf_read_file(&text, AT_FDCWD, e->path, 256);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return error_set(err, r, "%s: %s", e->path, strerror(-r));
	char hex[HEX_LEN + 1];
	if (sscanf(text.data, "%32s %" SCNd64, hex, &e->highest) != 2 ||
		!hex_decode(e->store.b, sizeof e->store.b, hex)) {
		/* A torn write, at most: then the coordinator is met as a new one. */
		e->store = (struct id16){0};
		e->highest = 0;
	}
	return 0;
}

void epoch_done(struct epoch *e)
{
	free(e->path);
	*e = (struct epoch){0};
}

int epoch_save(struct epoch *e, struct error *err)
{
	if (!e->is_unsaved)
		return 0;
	char hex[HEX_LEN + 1];
	_cleanup_free_ char *fresh = xasprintf("%s.new", e->path);
	_cleanup_free_ char *text = xasprintf(
		"%s %" PRId64 "\n", hex_encode(hex, e->store.b, sizeof e->store.b), e->highest);
	_cleanup_close_ int fd =
		open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	size_t len = strlen(text);
	if (fd < 0 || write(fd, text, len) != (ssize_t)len || fsync(fd) < 0 ||
		rename(fresh, e->path) < 0)
		return error_errno(err, "%s", e->path);
	e->is_unsaved = false;
	return 0;
}

enum epoch_verdict epoch_meet(
	struct epoch *e, const struct id16 *store, int64_t number, struct error *err)
{
	enum epoch_verdict verdict = EPOCH_SAME;
	if (!id16_equal(&e->store, store))
		verdict = EPOCH_OTHER_STORE;
	else if (number < e->highest)
		verdict = EPOCH_STALE;
	else if (number > e->highest)
		verdict = EPOCH_NEWER;
	if (verdict == EPOCH_SAME || verdict == EPOCH_STALE)
		return verdict;
	e->store = *store;
	e->highest = number;
	e->is_unsaved = true;
	epoch_save(e, err);
	return verdict;
}
