#include "agent/commands/doctor_changes.h"
#include "agent/commands/commands.h"
#include "agent/state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#define FOLDER        "var/lib/joulerig"
#define JOURNAL       "doctor.journal"
#define JOURNAL_LIMIT (4 << 20)

/* ---- telling ---- */

/* A value in a few words; what has lines is shown below. */
static void add_value(struct buf *out, const json_t *v)
{
	int gid, mode;
	const char *text;

	if (v == NULL || json_is_null(v))
		buf_adds(out, "not there");
	else if (json_is_true(v))
		buf_adds(out, "there");
	else if (json_is_string(v))
		buf_adds(out, json_string_value(v));
	else if (json_unpack((json_t *)v, "{s:i, s:i}", "gid", &gid, "mode", &mode) == 0)
		buf_addf(out, "group %d, mode %04o", gid, (unsigned)mode);
	else if (json_unpack((json_t *)v, "{s:s, s:i}", "text", &text, "mode", &mode) == 0)
		buf_addf(out, "%zu bytes, mode %04o", strlen(text), (unsigned)mode);
}

static void print_lines(char sign, const json_t *v)
{
	const char *p = json_string_value(json_object_get(v, "text"));

	while (p != NULL && *p != '\0') {
		size_t len = strcspn(p, "\n");
		printf("%10c %.*s\n", sign, (int)len, p);
		p += len + (p[len] == '\n');
	}
}

/* One step: before and after may be NULL. Steals no reference. */
static void tell_step(struct changes *c, const char *what, const char *state, json_t *before,
	json_t *after, const char *why)
{
	_cleanup_buf_ struct buf line = BUF_INIT;

	c->failed += strcmp(state, "failed") == 0;
	c->changed += strcmp(state, "changed") == 0;
	if (c->is_json) {
		json_array_append_new(
			c->steps, json_pack("{s:s, s:s, s:O?, s:O?, s:s?}", "what", what, "state",
					  state, "before", before, "after", after, "why", why));
		return;
	}
	buf_addf(&line, "%-8s %s", state, what);
	if (strcmp(state, "same") != 0 && after != NULL) {
		buf_adds(&line, ": ");
		add_value(&line, before);
		buf_adds(&line, " -> ");
		add_value(&line, after);
	}
	if (why != NULL)
		buf_addf(&line, ": %s", why);
	puts(line.data);
	if (strcmp(state, "changed") == 0 || strcmp(state, "would") == 0) {
		print_lines('-', before);
		print_lines('+', after);
	}
}

void change_tell(struct changes *c, const char *what, const char *state, const char *why)
{
	tell_step(c, what, state, NULL, NULL, why);
}

/* As people know it: "/etc/...", below the root where there is one; a group by its name. */
static char *name_of(const struct changes *c, const struct change_kind *k, const char *path)
{
	if (k->is_only_here)
		return xasprintf("%s %s", k->name, path);
	return xasprintf("%s/%s", c->m->root, path);
}

/* ---- the journal ---- */

static int open_journal_folder(const struct changes *c)
{
	return state_file_open(c->m, FOLDER, O_RDONLY | O_DIRECTORY, 0);
}

/* Folders that are missing on the way to the journal are changes, too; the first ones. */
static int make_journal_folder(struct changes *c)
{
	static const char *const folders[] = {"var", "var/lib", FOLDER};
	const struct change_kind *k = change_kind_find("folder");
	size_t at = 0;

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		json_t *now = k->read(c->m, folders[i]);
		bool is_there = json_is_true(now);
		json_decref(now);
		if (is_there)
			continue;
		int r = k->write(c->m, folders[i], json_true());
		if (r < 0)
			return r;
		json_array_insert_new(c->journal, at++,
			json_pack("{s:s, s:s, s:n, s:b}", "kind", k->name, "path", folders[i],
				"before", "after", 1));
	}
	return 0;
}

static int save(struct changes *c)
{
	int r = make_journal_folder(c);
	_cleanup_close_ int folder = r == 0 ? open_journal_folder(c) : r;

	if (folder < 0)
		return folder;
	json_t *whole = json_pack("{s:i, s:O}", "version", 1, "changes", c->journal);
	char *text = json_dumps(whole, JSON_INDENT(1));
	r = state_file_replace(folder, JOURNAL, text, strlen(text), 0600);
	free(text);
	json_decref(whole);
	return r;
}

static bool is_fine_entry(const json_t *e)
{
	const struct change_kind *k =
		change_kind_find(json_string_value(json_object_get(e, "kind")));
	const char *path = json_string_value(json_object_get(e, "path"));

	return k != NULL && path != NULL && change_kind_may(k, path) &&
	       json_object_get(e, "before") != NULL && json_object_get(e, "after") != NULL;
}

static int parse(struct changes *c, const char *text, struct error *err)
{
	json_error_t where;
	json_t *whole = json_loads(text, JSON_REJECT_DUPLICATES, &where);
	json_t *list = json_object_get(whole, "changes");
	const json_t *e;
	size_t i;
	int r = 0;

	if (!json_is_array(list))
		r = error_set(err, -EINVAL,
			"doctor: %s/" FOLDER "/" JOURNAL ": no list of changes%s%s", c->m->root,
			whole == NULL ? ": " : "", whole == NULL ? where.text : "");
	json_array_foreach(list, i, e)
	{
		if (r == 0 && !is_fine_entry(e))
			r = error_set(err, -EINVAL,
				"doctor: %s/" FOLDER "/" JOURNAL
				": change %zu is none that doctor makes; nothing was done",
				c->m->root, i + 1);
	}
	if (r == 0)
		json_array_extend(c->journal, list);
	json_decref(whole);
	return r;
}

/* Whoever can write the journal could have root write what they like. */
static int check_owner(const struct changes *c, int fd, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return error_errno(err, "doctor: %s/" FOLDER "/" JOURNAL, c->m->root);
	if ((st.st_uid == 0 || st.st_uid == geteuid()) && (st.st_mode & 022) == 0 &&
		S_ISREG(st.st_mode))
		return 0;
	return error_set(err, -EPERM,
		"doctor: %s/" FOLDER "/" JOURNAL
		" belongs to user %u, or others may write it: it is not trusted",
		c->m->root, (unsigned)st.st_uid);
}

static int read_journal(struct changes *c, struct error *err)
{
	_cleanup_close_ int fd =
		state_file_open(c->m, FOLDER "/" JOURNAL, O_RDONLY | O_NOFOLLOW, 0);
	_cleanup_buf_ struct buf text = BUF_INIT;
	char self[40];

	if (fd == -ENOENT)
		return 0;
	int r = fd < 0 ? fd : check_owner(c, fd, err);
	if (r < 0 && fd >= 0)
		return r;
	/* The very file that was looked at. */
	snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
	if (r == 0)
		r = buf_read_file(&text, AT_FDCWD, self, JOURNAL_LIMIT);
	return r < 0 ? error_set(err, r, "doctor: %s/" FOLDER "/" JOURNAL ": %s", c->m->root,
			       strerror(-r))
		     : parse(c, text.data, err);
}

int changes_open(
	struct changes *c, const struct machine *m, bool is_dry, bool is_json, struct error *err)
{
	*c = (struct changes){.m = m,
		.is_dry = is_dry,
		.is_json = is_json,
		.steps = json_array(),
		.journal = json_array()};
	int r = read_journal(c, err);
	if (r < 0) {
		json_decref(c->steps);
		json_decref(c->journal);
	}
	return r;
}

void changes_close(struct changes *c)
{
	if (c->is_json)
		agent_print_json(json_pack("{s:O}", "steps", c->steps));
	json_decref(c->steps);
	json_decref(c->journal);
}

/* Where in the journal this thing is; its length where it is not. */
static size_t find_entry(const struct changes *c, const char *kind, const char *path)
{
	const json_t *e;
	size_t i;

	json_array_foreach(c->journal, i, e)
	{
		if (strcmp(json_string_value(json_object_get(e, "kind")), kind) == 0 &&
			strcmp(json_string_value(json_object_get(e, "path")), path) == 0)
			break;
	}
	return i;
}

/* ---- doing ---- */

json_t *change_read(const struct changes *c, const char *kind, const char *path)
{
	return change_kind_find(kind)->read(c->m, path);
}

/* Write, and see whether it took. Returns 0 or -errno; -EBADE: it reads otherwise. */
static int write_and_check(
	const struct changes *c, const struct change_kind *k, const char *path, const json_t *value)
{
	int r = k->write(c->m, path, value);

	if (r < 0)
		return r;
	json_t *now = k->read(c->m, path);
	r = now != NULL && json_equal(now, value) ? 0 : -EBADE;
	json_decref(now);
	return r;
}

static const char *reason(int code)
{
	return code == -EBADE ? "it did not take" : strerror(-code);
}

/* Journal it, do it; take it out again where it could not be done. */
static int make(struct changes *c, const struct change_kind *k, const char *path, json_t *before,
	json_t *after)
{
	size_t at = find_entry(c, k->name, path);
	bool is_new = at == json_array_size(c->journal);

	if (is_new)
		json_array_append_new(
			c->journal, json_pack("{s:s, s:s, s:O, s:O}", "kind", k->name, "path", path,
					    "before", before, "after", after));
	else
		json_object_set(json_array_get(c->journal, at), "after", after);
	int r = save(c);
	if (r == 0)
		r = write_and_check(c, k, path, after);
	if (r == 0)
		return 0;
	k->write(c->m, path, before);
	if (is_new) /* the folders of the journal may have come before it */
		json_array_remove(c->journal, find_entry(c, k->name, path));
	else
		json_object_set(json_array_get(c->journal, at), "after", before);
	save(c);
	return r;
}

void change_make(struct changes *c, const char *kind, const char *path, json_t *after)
{
	const struct change_kind *k = change_kind_find(kind);
	_cleanup_free_ char *what = name_of(c, k, path);
	_cleanup_buf_ struct buf command = BUF_INIT;
	json_t *before = NULL;

	if (k->is_only_here && !machine_is_this(c->m)) {
		k->show(path, after, &command);
		tell_step(c, what, "shown", NULL, NULL, command.data);
	} else if ((before = k->read(c->m, path)) == NULL) {
		tell_step(c, what, "failed", NULL, NULL, strerror(errno));
	} else if (json_equal(before, after)) {
		tell_step(c, what, "same", before, after, NULL);
	} else if (c->is_dry) {
		tell_step(c, what, "would", before, after, NULL);
	} else {
		int r = make(c, k, path, before, after);
		tell_step(c, what, r < 0 ? "failed" : "changed", before, after,
			r < 0 ? reason(r) : NULL);
	}
	json_decref(before);
	json_decref(after);
}

/* Returns whether the entry is done with. */
static bool undo(struct changes *c, const json_t *entry)
{
	const char *path = json_string_value(json_object_get(entry, "path"));
	const struct change_kind *k =
		change_kind_find(json_string_value(json_object_get(entry, "kind")));
	json_t *before = json_object_get(entry, "before"), *after = json_object_get(entry, "after");
	json_t *now = k->read(c->m, path);
	_cleanup_free_ char *what = name_of(c, k, path);
	int r = 0;

	if (now == NULL) {
		r = -errno;
		tell_step(c, what, "failed", NULL, NULL, strerror(-r));
	} else if (json_equal(now, before)) {
		tell_step(c, what, "same", now, before, NULL);
	} else if (k->is_lasting && !json_equal(now, after)) {
		tell_step(c, what, "kept", NULL, NULL, "somebody has changed it since");
	} else if (!k->is_lasting && json_is_null(now)) {
		tell_step(c, what, "gone", NULL, NULL, "it is not there any more");
	} else if (c->is_dry) {
		tell_step(c, what, "would", now, before, NULL);
	} else {
		r = write_and_check(c, k, path, before);
		if (r == -ENOTEMPTY || r == -EEXIST || r == -EBUSY) {
			tell_step(c, what, "kept", NULL, NULL, "something else is in it");
			r = 0;
		} else {
			tell_step(c, what, r < 0 ? "failed" : "changed", now, before,
				r < 0 ? reason(r) : NULL);
		}
	}
	json_decref(now);
	return r == 0;
}

/* Undo the entries that are folders, or the others; those that are done with leave the journal. */
static void undo_all(struct changes *c, bool folders)
{
	for (size_t i = json_array_size(c->journal); i-- > 0;) {
		json_t *entry = json_incref(json_array_get(c->journal, i));
		const char *kind = json_string_value(json_object_get(entry, "kind"));
		if ((strcmp(kind, "folder") == 0) == folders && undo(c, entry) && !c->is_dry)
			json_array_remove(c->journal, i);
		json_decref(entry);
	}
}

void changes_undo(struct changes *c)
{
	if (json_array_size(c->journal) == 0) {
		change_tell(c, "--fix", "same", "nothing of it is in force");
		return;
	}
	undo_all(c, false);
	if (c->failed > 0 || c->is_dry) {
		if (!c->is_dry)
			save(c);
		return;
	}
	/* The journal's own folder goes last, and cannot with the journal in it. */
	_cleanup_close_ int folder = open_journal_folder(c);
	int r = folder < 0 ? folder : state_file_remove(folder, JOURNAL);
	if (r < 0)
		tell_step(c, FOLDER "/" JOURNAL, "failed", NULL, NULL, strerror(-r));
	else
		undo_all(c, true);
}
