/* Our own ndjson, line by line: no more than the first lines are held. */
#include "coordinator/commands/import_run.h"

#include <errno.h>
#include <stdio.h>

/* So many lines are looked through before the first is written: with them come nearly all
 * configurations, so that these can be put in an order for people. */
#define LINES_AHEAD 20000
#define BYTES_AHEAD (64u << 20)

struct source {
	FILE *from;
	const char *name;
	int64_t line;
	char *text; /* the line, as getline() has it */
	size_t room;
	ssize_t len;
};

/* Each line costs less than its own memory: the arena is made anew now and then. */
struct work {
	struct importer *im;
	const char *name;
	struct arena *arena;
	int lines;
};

static int parse(struct work *w, int64_t number, const char *text, size_t len,
	struct import_run *out, struct error *err)
{
	struct reading in = {.file = w->name,
		.line = number,
		.start = text,
		.at = text,
		.end = text + len,
		.err = err};

	if (w->lines++ % 64 == 0) {
		arena_free(w->arena);
		w->arena = arena_new();
	}
	in.arena = w->arena;
	if (memchr(text, '\0', len) != NULL)
		return reading_fail(&in, memchr(text, '\0', len), "a zero byte");
	return import_line(&in, out);
}

static bool is_blank(const char *text)
{
	return text[strspn(text, " \t\r\n")] == '\0';
}

static int add_line(struct work *w, int64_t number, const char *text, size_t len, struct error *err)
{
	struct import_run run;
	int rc = parse(w, number, text, len, &run, err);

	if (rc == 0 && (rc = importer_add(w->im, &run, err)) < 0)
		error_wrap(err, "%s:%lld", w->name, (long long)number);
	return rc;
}

/* ---- the lines ahead ---- */

struct ahead {
	char **lines;
	size_t *lens;
	int64_t *numbers;
	size_t n, bytes;
};

static int read_line(struct source *s, struct error *err)
{
	s->len = getline(&s->text, &s->room, s->from);
	if (s->len < 0 && !ferror(s->from))
		return 0;
	if (s->len < 0) {
		int code = error_errno(err, "import: %s", s->name);
		return code == -EISDIR ? error_set(err, ERR_USAGE,
						 "import: %s is a folder; name a file", s->name)
				       : code;
	}
	s->line++;
	return 1;
}

static int look_ahead(struct source *s, struct work *w, struct ahead *a, struct error *err)
{
	struct import_run run;
	int rc = 1;

	a->lines = xcalloc(LINES_AHEAD, sizeof *a->lines);
	a->lens = xcalloc(LINES_AHEAD, sizeof *a->lens);
	a->numbers = xcalloc(LINES_AHEAD, sizeof *a->numbers);
	while (a->n < LINES_AHEAD && a->bytes < BYTES_AHEAD && (rc = read_line(s, err)) == 1) {
		if (is_blank(s->text))
			continue;
		rc = parse(w, s->line, s->text, (size_t)s->len, &run, err);
		if (rc < 0)
			return rc;
		if (run.benchmark != NULL)
			importer_know(w->im, run.benchmark, run.parameters);
		a->numbers[a->n] = s->line;
		a->lens[a->n] = (size_t)s->len;
		a->bytes += (size_t)s->len;
		a->lines[a->n++] = s->text;
		s->text = NULL;
		s->room = 0;
	}
	return rc < 0 ? rc : 0;
}

static void ahead_done(struct ahead *a)
{
	for (size_t i = 0; i < a->n; i++)
		free(a->lines[i]);
	free(a->lines);
	free(a->lens);
	free(a->numbers);
}

static int read_all(struct source *s, struct work *w, struct error *err)
{
	struct ahead ahead = {0};
	int rc = look_ahead(s, w, &ahead, err);

	for (size_t i = 0; i < ahead.n && rc == 0; i++)
		rc = add_line(w, ahead.numbers[i], ahead.lines[i], ahead.lens[i], err);
	ahead_done(&ahead);
	while (rc == 0 && (rc = read_line(s, err)) == 1)
		rc = is_blank(s->text) ? 0 : add_line(w, s->line, s->text, (size_t)s->len, err);
	return rc;
}

int import_ndjson(struct importer *im, const struct import_options *o, const char **files, size_t n,
	struct error *err)
{
	bool is_stdin = strcmp(files[0], "-") == 0;
	struct source s = {.name = is_stdin ? "standard input" : files[0]};
	struct work w = {.im = im, .name = s.name};

	(void)o;
	if (n != 1)
		return error_set(err, ERR_USAGE, "import: ndjson is one file a campaign");
	s.from = is_stdin ? stdin : fopen(files[0], "re");
	if (s.from == NULL) {
		error_errno(err, "import: %s", files[0]);
		return err->code = ERR_USAGE;
	}
	int rc = read_all(&s, &w, err);
	if (!is_stdin)
		fclose(s.from);
	arena_free(w.arena);
	free(s.text);
	return rc;
}
