/* The pages of files in YAML, from the tables by which they are checked. */
#include "docs/man/pages.h"

#include "docs/man/roff.h"

#define MOST_MAPS 64

/* A mapping of the file, and where it stands: "benchmarks.NAME.metrics.NAME". */
struct map {
	char *path; /* owned */
	const struct schema *schema;
};

struct maps {
	struct map items[MOST_MAPS];
	size_t n;
};

/* ---- the mappings ---- */

/* The mapping in a value, such as that of each entry of a list; NULL where there is none. With
 * *has_names there is a name between. */
static const struct schema *map_in(const struct schema *s, bool *has_names)
{
	while (s && s->type != TYPE_MAP) {
		*has_names = *has_names || s->type == TYPE_NAMES;
		s = s->of;
	}
	return s;
}

static struct map *find_map(struct maps *m, const struct key_info *keys)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->items[i].schema->keys == keys)
			return &m->items[i];
	return NULL;
}

static void add_map(struct maps *m, const char *outer, const struct key_info *k)
{
	bool has_names = false;
	const struct schema *map = map_in(k->schema, &has_names);
	struct map *known = map ? find_map(m, map->keys) : NULL;
	char *path;

	if (!map || (known && !has_names))
		return;
	path = xasprintf("%s%s%s%s", outer, *outer ? "." : "", k->name, has_names ? ".NAME" : "");
	if (known) { /* `defaults` has the keys of `benchmarks.NAME`, which is the better name */
		free(known->path);
		*known = (struct map){path, map};
		return;
	}
	if (m->n == MOST_MAPS)
		abort(); /* a table is larger than any that there was */
	m->items[m->n++] = (struct map){path, map};
}

static void find_maps(struct maps *m, const struct schema *top)
{
	m->items[m->n++] = (struct map){xstrdup(""), top};
	for (size_t i = 0; i < m->n; i++)
		for (const struct key_info *k = m->items[i].schema->keys; k->name; k++)
			add_map(m, m->items[i].path, k);
}

/* ---- a key ---- */

/* "a duration such as 10s" of a value that is no mapping, and of the scalar in place of one. */
static void add_type(struct buf *out, const struct schema *s)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	bool has_names = false;

	if (s->type == TYPE_MAP || (s->type == TYPE_NAMES && map_in(s, &has_names)))
		return;
	schema_expectation(s, &text);
	if (text.len == 0)
		return;
	buf_adds(out, ".br\nIt is ");
	roff_text(out, text.data);
	buf_adds(out, ".\n");
}

static void add_below(struct buf *out, struct maps *m, const struct schema *s)
{
	bool has_names = false;
	const struct schema *map = map_in(s, &has_names);

	if (!map)
		return;
	buf_adds(out, ".br\nKeys: see \\fB");
	roff_text(out, find_map(m, map->keys)->path);
	buf_adds(out, "\\fR below.\n");
}

static void add_default(struct buf *out, const struct key_info *k, const char *fallback)
{
	if ((k->flags & KEY_REQUIRED) || strcmp(fallback, "required") == 0) {
		buf_adds(out, ".br\nRequired.\n");
	} else if (*fallback != '\0' && strncmp(fallback, "see ", 4) != 0) {
		buf_adds(out, ".br\nDefault: ");
		roff_markdown(out, fallback);
		buf_addc(out, '\n');
	}
}

/* Returns the guide's chapter that has the key, or NULL. */
static const char *add_key(struct buf *out, const struct guides *g, struct maps *m,
	const struct map *map, const struct key_info *k)
{
	struct guide_key guide = guides_key(g, map->schema->title, map->path, k->name);
	const char *chapter = guide.chapter;

	roff_item(out, k->name, NULL);
	roff_text(out, k->help);
	buf_addc(out, '\n');
	add_type(out, k->schema);
	add_default(out, k, guide.fallback);
	add_below(out, m, k->schema);
	if (*guide.example != '\0') {
		buf_adds(out, ".br\nExample: ");
		roff_markdown(out, guide.example);
		buf_addc(out, '\n');
	}
	guide_key_done(&guide);
	return chapter;
}

/* ---- the page ---- */

static void add_form(void *arg, const char *first, const char *second)
{
	struct buf *out = arg;

	buf_adds(out, ".TP\n");
	roff_markdown(out, first);
	buf_addc(out, '\n');
	roff_markdown(out, second);
	buf_addc(out, '\n');
}

static bool is_among(const char *const *all, size_t n, const char *one)
{
	for (size_t i = 0; i < n; i++)
		if (all[i] == one)
			return true;
	return false;
}

/* A mapping's keys, then the examples of the guide's chapter that has them, unless shown before. */
static void add_mapping(struct buf *out, const struct guides *g, struct maps *m, size_t i,
	const char *shown[MOST_MAPS])
{
	const struct map *map = &m->items[i];
	_cleanup_free_ char *examples = NULL;
	const char *chapter = NULL;

	roff_section(out, *map->path ? map->path : "keys");
	for (const struct key_info *k = map->schema->keys; k->name; k++) {
		const char *found = add_key(out, g, m, map, k);

		chapter = chapter ? chapter : found;
	}
	if (!chapter || is_among(shown, i, chapter))
		return;
	shown[i] = chapter;
	examples = guides_examples(chapter);
	if (examples) {
		buf_adds(out, ".PP\nFor example:\n");
		roff_verbatim(out, examples);
	}
}

static bool has_matrix(const struct schema *s)
{
	for (const struct key_info *k = s->keys; k->name; k++)
		if (k->schema->type == TYPE_MATRIX)
			return true;
	return false;
}

void pages_file(const struct guides *g, const struct file_page *file, page_fn *page, void *arg)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	const char *shown[MOST_MAPS] = {NULL};
	struct maps m = {.n = 0};

	find_maps(&m, file->schema);
	roff_page(&out, file->name, "5", file->summary);
	roff_section(&out, "description");
	roff_paragraphs(&out, file->about);
	for (size_t i = 0; i < m.n; i++)
		add_mapping(&out, g, &m, i, shown);
	if (has_matrix(file->schema)) {
		roff_section(&out, "an axis of the matrix");
		guides_rows(g, "| form | values |", add_form, &out);
	}
	if (file->example) {
		roff_section(&out, "example");
		roff_verbatim(&out, file->example);
	}
	roff_section(&out, "see also");
	roff_reference(&out, "joulerig", "1", true);
	roff_reference(&out, file->command, "1", false);
	buf_addc(&out, '\n');
	page(arg, file->name, "5", out.data);
	for (size_t i = 0; i < m.n; i++)
		free(m.items[i].path);
}
