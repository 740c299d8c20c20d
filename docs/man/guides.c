#include "docs/man/guides.h"

#include <fcntl.h>
#include <stdio.h>

#define MOST_BYTES (1 << 22)
#define MOST_CELLS 8

static void read_file(struct buf *out, const char *path)
{
	int rc = buf_read_file(out, AT_FDCWD, path, MOST_BYTES);

	if (rc < 0) {
		fprintf(stderr, "man: cannot read %s: %s\n", path, strerror(-rc));
		exit(1);
	}
	buf_addc(out, '\n');
}

void guides_read(struct guides *g, const char *const *paths, size_t n, const char *reference)
{
	*g = (struct guides){.lines = BUF_INIT, .reference = BUF_INIT};
	for (size_t i = 0; i < n; i++)
		read_file(&g->lines, paths[i]);
	if (reference)
		read_file(&g->reference, reference);
}

void guides_done(struct guides *g)
{
	buf_done(&g->lines);
	buf_done(&g->reference);
}

static const char *next_line(const char *line)
{
	line += strcspn(line, "\n");
	return *line == '\n' ? line + 1 : line;
}

/* ---- command lines ---- */

static const char *skip_word(const char *at, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(at, word, len) != 0)
		return NULL;
	at += len;
	return *at == ' ' || *at == '\n' ? at + strspn(at, " ") : NULL;
}

/* "joulerig run a.yaml     # what it does": the command's length, and where what it does begins. */
static size_t split_comment(const char *line, size_t len, const char **comment)
{
	*comment = NULL;
	for (size_t i = 0; i + 1 < len; i++) {
		size_t gap = strspn(line + i, " ");

		if (gap < 2 || i + gap >= len)
			continue;
		*comment = line + i + gap;
		*comment += strspn(*comment, "# ");
		return i;
	}
	return len;
}

static void add_command(struct buf *out, const char *line)
{
	const char *comment;
	size_t len = strcspn(line, "\n"), command = split_comment(line, len, &comment);

	if (comment)
		buf_addf(out, "# %.*s\n", (int)(line + len - comment), comment);
	buf_addf(out, "%.*s\n", (int)command, line);
}

/* What is run in a line of a block of code, past `build/`; NULL where it is none. */
static const char *code_line(const char *line)
{
	if (strspn(line, " ") != 4)
		return NULL;
	line += 4;
	return strncmp(line, "build/", 6) == 0 ? line + 6 : line;
}

void guides_commands(
	const struct guides *g, const char *program, const char *command, size_t n, struct buf *out)
{
	for (const char *line = g->lines.data; *line != '\0' && n > 0; line = next_line(line)) {
		const char *code = code_line(line), *rest = code ? skip_word(code, program) : NULL;

		if (!rest || (*command != '\0' ? !skip_word(rest, command) : *rest != '-'))
			continue;
		add_command(out, code);
		n--;
	}
}

/* ---- tables of keys ---- */

/* The cells of "| a | b \| c |", unescaped and owned; returns how many. */
static size_t split_row(const char *line, char *cells[MOST_CELLS])
{
	size_t n = 0;
	struct buf cell = BUF_INIT;

	for (const char *c = line + 1; *c != '\n' && *c != '\0' && n < MOST_CELLS; c++) {
		if (c[0] == '\\' && c[1] == '|') {
			buf_addc(&cell, *++c);
		} else if (*c != '|') {
			if (cell.len > 0 || *c != ' ')
				buf_addc(&cell, *c);
		} else {
			while (cell.len > 0 && cell.data[cell.len - 1] == ' ')
				cell.data[--cell.len] = '\0';
			cells[n++] = buf_take(&cell);
		}
	}
	buf_done(&cell);
	return n;
}

static void free_cells(char *cells[MOST_CELLS], size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(cells[i]);
}

static const char *without_article(const char *title)
{
	const char *space = strchr(title, ' ');

	return space && (strncmp(title, "a ", 2) == 0 || strncmp(title, "an ", 3) == 0 ||
				strncmp(title, "the ", 4) == 0)
		       ? space + 1
		       : title;
}

/* Whether a cell such as "`requires` `setup`" or "`hosts` of a role" names the key. */
static bool names_key(const char *cell, const char *key)
{
	_cleanup_free_ char *quoted = xasprintf("`%s`", key);

	return strstr(cell, quoted) != NULL;
}

/* Whether a chapter's heading is about what the title says: "Benchmarks", "a benchmark". */
static bool is_about(const char *chapter, const char *title)
{
	size_t len = strcspn(chapter, "\n"), wanted = strlen(title);

	for (size_t i = 0; i + wanted <= len; i++)
		if (strncasecmp(chapter + i, title, wanted) == 0)
			return true;
	return false;
}

/* Whether an example shows this key: a row may be about several. */
static bool shows_key(const char *example, const char *key)
{
	_cleanup_free_ char *colon = xasprintf("%s:", key);

	return strstr(example, colon) != NULL;
}

/* Where the row `line` of a table is about the key: true and what it says. */
static bool take_row(struct guide_key *out, const char *title, const char *path, const char *key,
	const char *line)
{
	_cleanup_free_ char *dotted = xasprintf("%s.%s", title, key);
	_cleanup_free_ char *whole = xasprintf("%s.%s", path, key);
	char *cells[MOST_CELLS];
	size_t n = split_row(line, cells);
	bool is_it = n >= 2 && (names_key(cells[0], dotted) || names_key(cells[0], whole) ||
				       (is_about(out->chapter, title) && names_key(cells[0], key)));

	if (is_it) {
		out->fallback = xstrdup(n >= 5 ? cells[2] : "");
		out->example = xstrdup(n >= 5 && shows_key(cells[4], key) ? cells[4] : "");
	}
	free_cells(cells, n);
	return is_it;
}

struct guide_key guides_key(
	const struct guides *g, const char *title, const char *path, const char *key)
{
	struct guide_key out = {0};

	for (const char *line = g->reference.data; *line != '\0'; line = next_line(line)) {
		if (strncmp(line, "## ", 3) == 0)
			out.chapter = line;
		else if (*line == '|' && out.chapter &&
			 take_row(&out, without_article(title), path, key, line))
			return out;
	}
	return (struct guide_key){.fallback = xstrdup(""), .example = xstrdup("")};
}

void guide_key_done(struct guide_key *k)
{
	free(k->fallback);
	free(k->example);
}

/* ---- chapters ---- */

static bool is_in_chapter(const char *line, const char *chapter)
{
	return *line != '\0' && (line == chapter || strncmp(line, "## ", 3) != 0);
}

char *guides_examples(const char *chapter)
{
	struct buf out = BUF_INIT;
	bool is_example = false;

	for (const char *line = chapter; is_in_chapter(line, chapter); line = next_line(line)) {
		if (strncmp(line, "```", 3) == 0) {
			is_example = strncmp(line, "```yaml\n", 8) == 0;
			if (is_example && out.len > 0)
				buf_addc(&out, '\n');
		} else if (is_example) {
			buf_add(&out, line, strcspn(line, "\n") + 1);
		}
	}
	return out.len > 0 ? buf_take(&out) : NULL;
}

void guides_rows(const struct guides *g, const char *head,
	void (*row)(void *arg, const char *first, const char *second), void *arg)
{
	const char *line = strstr(g->reference.data, head);
	char *cells[MOST_CELLS];

	if (!line)
		return;
	line = next_line(next_line(line)); /* and the line of dashes */
	for (; *line == '|'; line = next_line(line)) {
		size_t n = split_row(line, cells);

		if (n >= 2)
			row(arg, cells[0], cells[1]);
		free_cells(cells, n);
	}
}
