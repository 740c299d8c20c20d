#include "agent/tune.h"
#include "agent/machine_state.h"
#include "agent/state_file.h"
#include "agent/tune_settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>

#define JOURNAL       "tune.journal"
#define JOURNAL_LIMIT (4 << 20) /* bytes: 4096 CPUs with all settings */

/*
 * Files depend on each other: a minimum cannot be above the maximum, intel_pstate takes no epp but
 * one while the governor is performance, turbo moves the highest frequency. What one order of
 * writing cannot do is done in the next round, and the last round only reads.
 */
#define ROUNDS 4

struct tune {
	const struct machine *m;
	const struct topology *t;
	int dir_fd;
	char *journal; /* its path, for messages */
	struct tune_entries entries;
	int machine_fd;       /* locked while anything is in force; -1: not */
	struct error refused; /* the journal is not to be touched: code 0 where it is fine */
};

/* ---- the files ---- */

static bool parse_whole(const char *text, int64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoll(text, &end, 10);
	return end != text && *end == '\0' && errno == 0;
}

static bool is_alike(const struct tune_entry *e, const char *a, const char *b)
{
	int64_t x, y;

	if (strcmp(a, b) == 0)
		return true;
	if (!parse_whole(a, &x) || !parse_whole(b, &y) || x < 0 || y < 0)
		return false;
	return (x > y ? x - y : y - x) <= e->tolerance;
}

static int read_value(const struct tune *t, const struct tune_entry *e, char out[128])
{
	int n = machine_read_line(t->m, out, 128, "%s", e->path);

	return n < 0 ? n : 0;
}

static int say_failure(const struct tune *t, const struct tune_entry *e, int code,
	const char *value, struct error *err)
{
	_cleanup_buf_ struct buf why = BUF_INIT;

	tune_explain(t->m, e, code, &why);
	return error_set(
		err, code, "tune: %s/%s: %s (for %s)", t->m->root, e->path, why.data, value);
}

/* Make a file's value so. Returns 1 where another value was replaced by it, 0 where it is as near
 * as it can be, or negative. */
static int set_value(
	const struct tune *t, const struct tune_entry *e, const char *value, struct error *err)
{
	char now[128];
	int r = read_value(t, e, now);

	if (r < 0)
		return say_failure(t, e, r, value, err);
	/* What is put back is put back to the letter. */
	if (value == e->found ? strcmp(now, value) == 0 : is_alike(e, now, value))
		return 0;
	r = state_file_write(t->m, e->path, value);
	if (r == 0)
		r = read_value(t, e, now);
	if (r < 0)
		return say_failure(t, e, r, value, err);
	if (!is_alike(e, now, value))
		return error_set(err, -EIO, "tune: %s/%s: did not take: wanted %s, read back %s",
			t->m->root, e->path, value, now);
	/* Within the unit of the hardware: writing it again would change nothing. */
	return strcmp(now, value) == 0;
}

static bool is_gone(int code)
{
	return code == -ENOENT || code == -ENODEV;
}

/* All files to what is wanted, or back to what was found. err is the first failure of the last
 * round; *gone counts files that are not there any more. */
static int settle(struct tune *t, bool back, size_t *gone, struct error *err)
{
	struct error first = {0};

	for (int round = 0; round < ROUNDS; round++) {
		size_t written = 0;
		first.code = 0;
		*gone = 0;
		for (size_t k = 0; k < t->entries.n; k++) {
			const struct tune_entry *e =
				&t->entries.items[back ? t->entries.n - 1 - k : k];
			struct error why = {0};
			int r = set_value(t, e, back ? e->found : e->wanted, &why);
			written += r > 0;
			*gone += r < 0 && is_gone(r);
			if (r < 0 && (first.code == 0 || is_gone(first.code)))
				first = why;
		}
		/* A round without a write would only say the same again. */
		if (written == 0)
			break;
		if (first.code == 0 && round == ROUNDS - 1)
			error_set(&first, -EIO,
				"tune: what was written does not stay: somebody else writes "
				"%s/%s, too",
				t->m->root, t->entries.items[0].path);
	}
	if (first.code != 0 && err != NULL)
		*err = first;
	return first.code;
}

/* ---- the journal ---- */

static int write_journal(struct tune *t, struct error *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT;

	for (size_t i = 0; i < t->entries.n; i++)
		buf_addf(&text, "%s\t%s\n", t->entries.items[i].path, t->entries.items[i].found);
	int r = state_file_replace(t->dir_fd, JOURNAL, text.data, text.len, 0600);
	return r == 0 ? 0
		      : error_set(
				err, r, "tune: %s: %s; nothing was set", t->journal, strerror(-r));
}

static int refuse_journal(struct tune *t, int line, const char *what)
{
	return error_set(&t->refused, -EINVAL,
		"tune: %s: line %d %s: nothing is put back or set; put the machine back by hand "
		"and remove that file",
		t->journal, line, what);
}

/* All lines or none are taken. */
static int parse_journal(struct tune *t, char *text)
{
	int line = 0;

	for (char *p = text, *next; *p != '\0'; p = next) {
		char *end = strchr(p, '\n'), *tab = strchr(p, '\t');
		line++;
		if (end == NULL || tab == NULL || tab > end)
			return refuse_journal(t, line, "is not PATH<TAB>VALUE");
		next = end + 1;
		*end = *tab = '\0';
		if (!tune_take_journalled(&t->entries, p, tab + 1))
			return refuse_journal(t, line, "names a file that tune does not set");
	}
	return 0;
}

static int load_journal(struct tune *t, struct error *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	int r = buf_read_file(&text, t->dir_fd, JOURNAL, JOURNAL_LIMIT);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		r = error_set(&t->refused, r, "tune: %s: %s", t->journal, strerror(-r));
	else if (strlen(text.data) != text.len)
		r = refuse_journal(t, 1, "and on hold NULs");
	else
		r = parse_journal(t, text.data);
	if (r < 0) {
		tune_entries_done(&t->entries);
		if (err != NULL)
			*err = t->refused;
	}
	return r;
}

/* ---- one agent at a time ---- */

/* What another agent of this machine has set must not be taken for what was found. A file system
 * that has no locks has no second agent either. */
static int hold_machine(struct tune *t, struct error *err)
{
	if (t->machine_fd >= 0)
		return 0;
	int fd = openat(t->m->root_fd, CPU_PATH, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
		close(fd);
		return error_set(err, -EBUSY,
			"tune: another joulerig-agent of this machine has set it for a campaign: "
			"one at a time");
	}
	t->machine_fd = fd;
	return 0;
}

static void let_machine_go(struct tune *t)
{
	if (t->machine_fd >= 0)
		close(t->machine_fd);
	t->machine_fd = -1;
}

/* ---- what is called ---- */

int tune_open(struct tune **out, const struct machine *m, const struct topology *t,
	const char *state, struct error *err)
{
	struct tune *tune = xcalloc(1, sizeof *tune);

	tune->m = m;
	tune->t = t;
	tune->machine_fd = -1;
	tune->journal = xasprintf("%s/" JOURNAL, state);
	tune->dir_fd = open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*out = tune;
	if (tune->dir_fd < 0) {
		error_errno(&tune->refused, "tune: %s", state);
		if (err != NULL)
			*err = tune->refused;
		return tune->refused.code;
	}
	int r = load_journal(tune, err);
	return r < 0 ? r : tune_restore(tune, err);
}

void tune_close(struct tune *t)
{
	if (t == NULL)
		return;
	tune_restore(t, NULL);
	tune_entries_done(&t->entries);
	let_machine_go(t);
	if (t->dir_fd >= 0)
		close(t->dir_fd);
	free(t->journal);
	free(t);
}

bool tune_is_active(const struct tune *t)
{
	return t->entries.n > 0;
}

int tune_restore(struct tune *t, struct error *err)
{
	struct error why = {0};
	size_t gone = 0;

	if (t->refused.code != 0 || t->entries.n == 0)
		return 0;
	if (hold_machine(t, err) < 0)
		return -EBUSY;
	int code = settle(t, true, &gone, &why);
	if (code < 0) {
		if (err != NULL)
			*err = why;
		error_wrap(err, "what was found cannot be put back (see %s)", t->journal);
		if (!is_gone(code))
			return code;
	}
	int r = state_file_remove(t->dir_fd, JOURNAL);
	if (r < 0)
		return error_set(err, r, "tune: %s: %s", t->journal, strerror(-r));
	tune_entries_done(&t->entries);
	let_machine_go(t);
	return code;
}

/* Whether the fresh list has the same files in the same order as what is in force. */
static bool has_same_files(const struct tune_entries *a, const struct tune_entries *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->items[i].path, b->items[i].path) != 0)
			return false;
	return true;
}

/* Other files than before: what was found is what is there when nothing of ours is in force, since
 * one setting can change what another file shows. */
static int begin(struct tune *t, struct tune_entries *fresh, struct error *err)
{
	int r = tune_restore(t, err);

	if (r == 0)
		r = hold_machine(t, err);
	for (size_t i = 0; r == 0 && i < fresh->n; i++) {
		struct tune_entry *e = &fresh->items[i];
		char value[128];
		r = read_value(t, e, value);
		if (r == 0 && strpbrk(value, "\t\r") != NULL)
			r = -EBADMSG;
		if (r < 0) {
			let_machine_go(t);
			return say_failure(t, e, r, e->wanted, err);
		}
		e->found = xstrdup(value);
	}
	if (r < 0)
		return r;
	t->entries = *fresh;
	*fresh = (struct tune_entries){0};
	r = write_journal(t, err);
	if (r < 0) {
		tune_entries_done(&t->entries);
		let_machine_go(t);
	}
	return r;
}

/* The values of the fresh list over those that are in force. */
static void take_wanted(struct tune *t, struct tune_entries *fresh)
{
	for (size_t i = 0; i < fresh->n; i++) {
		free(t->entries.items[i].wanted);
		t->entries.items[i].wanted = fresh->items[i].wanted;
		fresh->items[i].wanted = NULL;
	}
}

static int collect_all(
	struct tune *t, const struct list *wanted, struct tune_entries *out, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < wanted->n; i++)
		r = tune_collect(out, t->m, t->t, LIST_AT(wanted, struct message_pair, i), err);
	return r;
}

int tune_apply(struct tune *t, const struct list *wanted, struct error *err)
{
	struct tune_entries fresh = {0};
	struct error why = {0};
	size_t gone;

	if (wanted->n == 0)
		return tune_restore(t, err);
	if (t->refused.code != 0)
		return error_set(err, t->refused.code, "%s", t->refused.text);
	int r = collect_all(t, wanted, &fresh, &why);
	if (r == 0 && t->entries.n > 0 && has_same_files(&t->entries, &fresh))
		take_wanted(t, &fresh);
	else if (r == 0)
		r = begin(t, &fresh, &why);
	tune_entries_done(&fresh);
	if (r == 0)
		r = settle(t, false, &gone, &why);
	if (r == 0)
		return 0;
	struct error back = {0};
	if (tune_restore(t, &back) < 0)
		return error_set(err, r, "%s; and %s", why.text, back.text);
	return error_set(err, r, "%s", why.text);
}
