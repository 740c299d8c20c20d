#include "coordinator/commands/submission.h"

#include "proto/log.h"
#include "proto/units.h"
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <libgen.h>
#include <stdio.h>
#include <sys/stat.h>

#define ANSWER_NS (60 * NS_PER_S)
#define FILE_LIMIT                                                                                 \
	(2 * 1024 * 1024) /* above the language's own limit, which has a message of its own */

/* "threads=1,2" as member of set. */
static int add_set(json_t *set, const char *text, struct error *err)
{
	const char *equals = strchr(text, '=');

	if (equals == NULL || equals == text)
		return error_set(err, ERR_USAGE, "--set: '%s': expected AXIS=VALUE,VALUE", text);
	_cleanup_free_ char *axis = xstrndup(text, (size_t)(equals - text));
	_cleanup_free_ char *values = xstrdup(equals + 1);
	if (json_object_get(set, axis) != NULL)
		return error_set(err, ERR_USAGE,
			"--set %s: given twice; all its values go into one: %s=V1,V2", axis, axis);
	json_t *list = json_array();
	for (char *rest = values, *v; (v = strsep(&rest, ",")) != NULL;)
		json_array_append_new(list, json_string(v));
	json_object_set_new(set, axis, list);
	return 0;
}

/* "reason=weekly" as member of labels. */
static int add_label(json_t *labels, const char *text, struct error *err)
{
	const char *equals = strchr(text, '=');

	if (equals == NULL || equals == text)
		return error_set(err, ERR_USAGE, "--label: '%s': expected KEY=VALUE", text);
	_cleanup_free_ char *key = xstrndup(text, (size_t)(equals - text));
	if (json_object_get(labels, key) != NULL)
		return error_set(err, ERR_USAGE, "--label %s: given twice", key);
	json_object_set_new(labels, key, json_string(equals + 1));
	return 0;
}

/* An object of what an option was given as several times. */
static int add_object(json_t *changes, const char *name, const struct texts *texts,
	int (*add)(json_t *object, const char *text, struct error *err), struct error *err)
{
	json_t *object = json_object();
	int r = 0;

	for (size_t i = 0; i < texts->n && r == 0; i++)
		r = add(object, texts->items[i], err);
	if (json_object_size(object) > 0)
		json_object_set(changes, name, object);
	json_decref(object);
	return r;
}

int submission_changes(char **out, const struct submission_options *o, struct error *err)
{
	json_t *changes = json_object();
	int r = add_object(changes, "set", &o->set, add_set, err);

	if (r == 0)
		r = add_object(changes, "labels", &o->label, add_label, err);
	if (o->only != NULL)
		json_object_set_new(changes, "only", json_string(o->only));
	if (o->blocks != ABSENT)
		json_object_set_new(changes, "blocks", json_integer(o->blocks));
	if (o->seed != ABSENT)
		json_object_set_new(changes, "seed", json_integer(o->seed));
	*out = r == 0 && json_object_size(changes) > 0 ? json_dumps(changes, JSON_COMPACT) : NULL;
	json_decref(changes);
	return r;
}

int submission_priority(const char *text, int64_t *out, struct error *err)
{
	if (text != NULL && units_parse_int(text, -PRIORITY_MAX, PRIORITY_MAX, out, NULL) < 0)
		return error_set(err, ERR_USAGE,
			"--priority %s: expected a whole number from %d to %d, the higher the "
			"sooner",
			text, -PRIORITY_MAX, PRIORITY_MAX);
	return 0;
}

static char *directory_of(const char *path, struct error *err)
{
	_cleanup_free_ char *copy = xstrdup(path);
	char *directory = realpath(dirname(copy), NULL);

	if (directory == NULL)
		error_errno(err, "%s", path);
	return directory;
}

/* The paths that the campaign ships and that are not there, a line each. */
static void find_missing_files(const struct submission_file *f, const char *severity,
	const struct shipped *shipped, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		struct stat st;
		if (shipped[i].path == NULL)
			continue;
		_cleanup_free_ char *path = xasprintf("%s/%s", f->directory, shipped[i].path);
		if (lstat(path, &st) != 0)
			buf_addf(out, "%s%s: %sfiles: %s: %s", out->len > 0 ? "\n" : "", f->path,
				severity, shipped[i].path, strerror(errno));
	}
}

/* What the campaign ships may still come; it is an error when it is not there to be shipped. */
static void warn_of_missing_files(const struct submission_file *f)
{
	_cleanup_buf_ struct buf missing = BUF_INIT;
	struct render_arena *arena = NULL;
	struct shipped *shipped;
	size_t n;

	campaign_files(f->campaign, &shipped, &n, &arena);
	find_missing_files(f, "warning: ", shipped, n, &missing);
	if (missing.len > 0)
		fprintf(stderr, "%s\n", missing.data);
	if (arena != NULL)
		render_done(arena);
}

int submission_read(struct submission_file *out, const char *path,
	const struct submission_options *options, bool is_verbose, struct error *err)
{
	struct diagnostics d = {0};
	_cleanup_buf_ struct buf text = BUF_INIT;
	int r;

	*out = (struct submission_file){.path = xstrdup(path), .yaml = BUF_INIT};
	r = buf_read_file(&out->yaml, AT_FDCWD, path, FILE_LIMIT);
	/* What was read of a longer one is more than the language takes, which tells the line. */
	if (r < 0 && r != -EFBIG)
		return error_set(err, ERR_USAGE, "%s: %s", path, strerror(-r));
	if (submission_priority(options->priority, &out->priority, err) < 0)
		return ERR_USAGE;
	out->directory = directory_of(path, err);
	if (out->directory == NULL || (r = submission_changes(&out->changes, options, err)) < 0)
		return ERR_USAGE;
	out->campaign = campaign_read(out->yaml.data, out->yaml.len, out->changes, &d);
	if (d.errors > 0 || is_verbose)
		diagnostics_format(&d, path, &text);
	fputs(text.data, stderr);
	diagnostics_done(&d);
	if (out->campaign != NULL && is_verbose)
		warn_of_missing_files(out);
	return out->campaign ? 0 : ERR_CAMPAIGN;
}

void submission_done(struct submission_file *f)
{
	campaign_free(f->campaign);
	buf_done(&f->yaml);
	free(f->changes);
	free(f->directory);
	free(f->path);
}

int submission_add_files(const struct submission_file *f, struct content_store *content,
	struct content_hash *tree, bool *has_tree, struct error *err)
{
	_cleanup_buf_ struct buf missing = BUF_INIT;
	_cleanup_free_ const char **paths = NULL;
	struct render_arena *arena = NULL;
	struct shipped *shipped;
	size_t n, paths_n = 0;
	int r = 0;

	campaign_files(f->campaign, &shipped, &n, &arena);
	paths = xcalloc(n + 1, sizeof *paths);
	for (size_t i = 0; i < n; i++)
		if (shipped[i].path != NULL)
			paths[paths_n++] = shipped[i].path;
	*has_tree = paths_n > 0;
	find_missing_files(f, "", shipped, n, &missing);
	if (missing.len > 0)
		r = error_set(err, ERR_CAMPAIGN, "%s", missing.data);
	else if (*has_tree &&
		 content_add_tree(content, f->directory, paths, paths_n, tree, err) < 0)
		r = error_wrap(err, "%s", f->path);
	if (arena != NULL)
		render_done(arena);
	if (r < 0)
		err->code = ERR_CAMPAIGN;
	return r < 0 ? ERR_CAMPAIGN : 0;
}

/* Answer one WANT_FILES with its chunks. */
static int send_chunks(struct content_store *content, struct client *client,
	const struct message_want_files *want, struct error *err)
{
	struct content_hash hash;
	int64_t offset = want->offset, end, size;
	int r = 0;

	if (want->hash.len != sizeof hash.b)
		return error_set(err, ERR_PROTOCOL, "coordinator: WANT_FILES without a hash");
	memcpy(hash.b, want->hash.data, sizeof hash.b);
	size = content_size(content, &hash);
	if (size < 0)
		return error_set(err, ERR_PROTOCOL,
			"coordinator: asks for a content that this campaign does not have");
	end = offset + want->length < size ? offset + want->length : size;
	_cleanup_free_ char *chunk = xmalloc(MESSAGE_CHUNK);
	do {
		struct message m;
		size_t n = end - offset < MESSAGE_CHUNK ? (size_t)(end - offset) : MESSAGE_CHUNK;
		int64_t got = content_read(content, &hash, offset, chunk, n, err);
		if (got < 0)
			return (int)got;
		message_init(&m, MESSAGE_FILE_CHUNK);
		m.file_chunk.hash = want->hash;
		m.file_chunk.offset = offset;
		m.file_chunk.size = size;
		m.file_chunk.data = (struct blob){.data = chunk, .len = (size_t)got};
		r = client_send(client, &m, err);
		offset += got;
	} while (r == 0 && offset < end);
	return r;
}

/* What the coordinator is doing, said once; it says so again to show that it still does. */
static void show_note(const char *text, char **last)
{
	if (text == NULL || (*last != NULL && strcmp(*last, text) == 0))
		return;
	fprintf(stderr, "%s\n", text);
	free(*last);
	*last = xstrdup(text);
}

/* The conversation after SUBMIT. */
static int converse(
	struct content_store *content, struct client *client, char **label, struct error *err)
{
	_cleanup_free_ char *note = NULL;

	for (;;) {
		struct message m;
		int r = client_receive(client, ANSWER_NS, &m, err);
		if (r < 0)
			return r == -ETIMEDOUT || r == -ECONNRESET
				       ? error_set(err, ERR_UNAVAILABLE, "%s", err->text)
				       : r;
		if (m.type == MESSAGE_WANT_FILES && content != NULL) {
			r = send_chunks(content, client, &m.want_files, err);
		} else if (m.type == MESSAGE_SUBMITTED) {
			*label = xstrdup(m.submitted.label);
			if (m.submitted.notes != NULL)
				fputs(m.submitted.notes, stderr);
			r = 1;
		} else if (m.type == MESSAGE_EVENT) {
			show_note(m.event.text, &note);
		}
		message_done(&m);
		if (r != 0)
			return r < 0 ? r : 0;
	}
}

int submission_send_again(
	const struct message_submit *submit, struct client *client, char **label, struct error *err)
{
	struct message m;

	message_init(&m, MESSAGE_SUBMIT);
	m.submit = *submit;
	int r = client_send(client, &m, err);
	return r == 0 ? converse(NULL, client, label, err) : r;
}

int submission_send(
	const struct submission_file *f, struct client *client, char **label, struct error *err)
{
	const char *tmp = getenv("TMPDIR");
	_cleanup_free_ char *scratch =
		xasprintf("%s/joulerig-submit.XXXXXX", tmp && tmp[0] ? tmp : "/tmp");
	struct content_store *content = NULL;
	struct content_hash tree;
	struct message m;
	bool has_tree;

	if (mkdtemp(scratch) == NULL)
		return error_errno(err, "cannot make a folder %s", scratch);
	int r = content_open(&content, scratch, err);
	/* Of what follows a repository, the files are those of the commit. */
	has_tree = !(f->is_schedule && f->campaign->schedule.source_git != NULL);
	if (r == 0 && has_tree)
		r = submission_add_files(f, content, &tree, &has_tree, err);
	if (r == 0) {
		message_init(&m, MESSAGE_SUBMIT);
		m.submit.campaign = f->yaml.data;
		m.submit.file = f->path;
		m.submit.changes = f->changes;
		if (has_tree)
			m.submit.tree = (struct blob){.data = tree.b, .len = sizeof tree.b};
		m.submit.directory = f->directory;
		m.submit.priority = f->priority;
		if (f->is_schedule)
			m.submit.schedule = 1;
		r = client_send(client, &m, err);
	}
	if (r == 0)
		r = converse(content, client, label, err);
	content_close(content);
	(void)remove_tree(scratch);
	return r;
}
