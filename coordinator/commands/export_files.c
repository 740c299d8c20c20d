/*
 * `export --what output --to DIR`: each stream and each collected file of a run as a file of its
 * own, DIR/RUN/NAME, byte for byte as it was kept.
 */
#include "coordinator/commands/show.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define COLLECTED "file:"

/* The file that is being written. */
struct target {
	const char *dir;
	int64_t run;  /* of the file */
	char *stream; /* "stdout", "file:profile"; NULL: none yet */
	char *path;
	int fd;
};

static void target_close(struct target *t)
{
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
	free(t->stream);
	free(t->path);
	t->stream = t->path = NULL;
}

/* The stream as a name of a file in a folder: nothing in it leads elsewhere. */
static char *file_name(const char *stream)
{
	size_t skipped = strncmp(stream, COLLECTED, strlen(COLLECTED)) == 0 ? strlen(COLLECTED) : 0;
	char *name = xstrdup(stream + skipped);

	for (char *p = name; *p != '\0'; p++)
		if (*p == '/' || (p == name && *p == '.'))
			*p = '_';
	return name;
}

static int make_folder(const char *path, struct error *err)
{
	return mkdir(path, 0777) < 0 && errno != EEXIST ? error_errno(err, "export: %s", path) : 0;
}

/* What stands there already is not written over. */
static int target_open(struct target *t, int64_t run, const char *stream, struct error *err)
{
	_cleanup_free_ char *folder = xasprintf("%s/%lld", t->dir, (long long)run);
	_cleanup_free_ char *name = file_name(stream);
	int code = make_folder(folder, err);

	if (code < 0)
		return code;
	t->run = run;
	t->stream = xstrdup(stream);
	t->path = xasprintf("%s/%s", folder, name);
	t->fd = open(t->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	return t->fd < 0 ? error_errno(err, "export: %s", t->path) : 0;
}

static int write_piece(struct target *t, int64_t offset, const struct blob *data, struct error *err)
{
	const char *p = data->data;
	size_t left = data->len;

	while (left > 0) {
		ssize_t n = pwrite(t->fd, p, left, offset);

		if (n < 0)
			return error_errno(err, "export: %s", t->path);
		p += n;
		offset += n;
		left -= (size_t)n;
	}
	return 0;
}

/* Whether a run is exported. Both cursors go by run. */
static int is_wanted(struct results_cursor *runs, int64_t run, bool with_warmup, struct error *err)
{
	const struct message_cell *row;
	int code;

	while ((code = results_cursor_next(runs, &row, err)) == 1)
		if (row[RUNS_RUN].integer == run)
			return with_warmup || row[RUNS_BLOCK].integer > 0;
	return code;
}

int export_files(
	struct results *r, const char *label, const char *dir, bool with_warmup, struct error *err)
{
	struct results_cursor *runs = results_cursor_open(r, "runs", label);
	struct results_cursor *pieces = results_cursor_open(r, "output", label);
	struct target t = {.dir = dir, .fd = -1};
	const struct message_cell *row;
	int64_t run = 0;
	int wanted = 0, code = make_folder(dir, err);

	while (code >= 0 && (code = results_cursor_next(pieces, &row, err)) == 1) {
		const char *stream = cell_text(&row[OUTPUT_STREAM]);

		if (row[OUTPUT_RUN].integer != run) {
			run = row[OUTPUT_RUN].integer;
			code = wanted = is_wanted(runs, run, with_warmup, err);
		}
		if (code < 0 || !wanted)
			continue;
		if (t.stream == NULL || t.run != run || strcmp(t.stream, stream) != 0) {
			target_close(&t);
			code = target_open(&t, run, stream, err);
		}
		if (code >= 0)
			code = write_piece(
				&t, row[OUTPUT_OFFSET].integer, &row[OUTPUT_DATA].blob, err);
	}
	target_close(&t);
	results_cursor_close(pieces);
	results_cursor_close(runs);
	return code;
}
