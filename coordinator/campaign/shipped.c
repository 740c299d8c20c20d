/* What a campaign ships: the templates of `files` over the axes that they name. */
#include "coordinator/campaign/matrix.h"
#include "coordinator/campaign/names.h"
#include "coordinator/campaign/render.h"
#include <uthash.h>

/* Texts of one source; a text of none is NULL. */
enum { PATH, GIT, REF, AS, TEXTS };

/* What was found already. */
struct known {
	UT_hash_handle hh;
	char key[];
};

struct shipper {
	struct arena *arena;
	struct names *names;
	struct shipped *items;
	size_t n, room;
	struct known *known;
	/* of the source and the benchmark that are looked at */
	const char *texts[TEXTS];
	const struct benchmark *benchmark;
	const struct value **tables;
	struct excluder *excluder; /* NULL: nothing is excluded (includes) */
};

/* ---- one source with some values ---- */

/* Returns whether it was not there yet. */
static bool remember(struct shipper *s, char *const *texts)
{
	_cleanup_buf_ struct buf key = BUF_INIT;
	struct known *known;

	for (size_t i = 0; i < TEXTS; i++)
		buf_addf(&key, "%s\n", texts[i] ? texts[i] : "");
	HASH_FIND_STR(s->known, key.data, known);
	if (known)
		return false;
	known = xcalloc(1, sizeof *known + key.len + 1);
	memcpy(known->key, key.data, key.len + 1);
	HASH_ADD_STR(s->known, key, known);
	return true;
}

static void append(struct shipper *s, char *const *texts)
{
	if (s->n == s->room) {
		s->room = s->room ? 2 * s->room : 16;
		s->items = xreallocarray(s->items, s->room, sizeof *s->items);
	}
	s->items[s->n++] = (struct shipped){
		.path = texts[PATH],
		.git = texts[GIT],
		.ref = texts[REF],
		.as = texts[AS],
	};
}

/* What cannot be rendered here is an error of the file, and was found when it was read. */
static bool add_combination(void *arg, const uint32_t *index)
{
	struct shipper *s = arg;
	const struct configuration configuration = {
		.benchmark = s->benchmark, .tables = s->tables, .indices = index};
	char *texts[TEXTS] = {NULL};

	if (s->excluder && excluder_matches(s->excluder, index))
		return true;
	names_set_configuration(s->names, &configuration);
	for (size_t i = 0; i < TEXTS; i++) {
		_cleanup_buf_ struct buf out = BUF_INIT;

		if (!s->texts[i])
			continue;
		if (template_render(s->texts[i], s->names, false, &out, NULL) < 0)
			return true;
		texts[i] = arena_strndup(s->arena, out.data, out.len);
	}
	if (remember(s, texts))
		append(s, texts);
	return true;
}

/* ---- the axes that it names ---- */

/* Returns whether the benchmark has all that the texts name. */
static bool find_used(const struct shipper *s, const struct benchmark *b, bool *used)
{
	const struct template_scope scope = {
		.benchmark = b, .names = TEMPLATE_CAMPAIGN, .where = "'files'"};
	struct diagnostics d = {0};
	bool ok;

	for (size_t i = 0; i < TEXTS; i++) {
		const struct node n = {.kind = NODE_SCALAR, .text = (char *)s->texts[i]};

		if (s->texts[i])
			template_check(&n, &scope, used, &d);
	}
	ok = d.errors == 0;
	diagnostics_done(&d);
	return ok;
}

/* The values of a rule's term; those that the axis has keep their attributes. */
static const struct value *term_values(
	const struct shipper *s, const struct axis *axis, const struct rule_term *t)
{
	struct value *out = arena_array(s->arena, t->n, sizeof *out);

	for (size_t i = 0; i < t->n; i++) {
		int64_t at = values_find(axis->values, axis->n, t->values[i].text);

		out[i] = at >= 0 ? axis->values[at] : t->values[i];
	}
	return out;
}

/* Walk the named axes; the others stand still at one value. */
static void walk(struct shipper *s, const bool *used, const struct rule *include)
{
	const struct benchmark *b = s->benchmark;
	_cleanup_free_ struct walk_axis *takes = xcalloc(b->axes_n + 1, sizeof *takes);

	for (size_t i = 0; i < b->axes_n; i++) {
		takes[i].n = used[i] ? b->axes[i].n : 1;
		s->tables[i] = b->axes[i].values;
	}
	for (size_t i = 0; include && i < include->n; i++) {
		const struct rule_term *t = &include->terms[i];

		if (!used[t->axis])
			continue;
		takes[t->axis].n = t->n;
		s->tables[t->axis] = term_values(s, &b->axes[t->axis], t);
	}
	matrix_walk(b->axes, takes, b->axes_n, add_combination, s);
}

/* The rules of exclude that are about named axes alone: only these leave none of a combination. */
static struct matrix_rules named_rules(const struct benchmark *b, const bool *used, struct arena *a)
{
	struct matrix_rules out = {
		.excludes = arena_array(a, b->rules->excludes_n, sizeof *out.excludes)};

	for (size_t i = 0; i < b->rules->excludes_n; i++) {
		const struct rule *rule = &b->rules->excludes[i];
		bool is_named = true;

		for (size_t t = 0; t < rule->n; t++)
			is_named &= used[rule->terms[t].axis];
		if (is_named)
			out.excludes[out.excludes_n++] = *rule;
	}
	return out;
}

/* A zip whose axes are not all named stands still in the others, and would end after one value. */
static void use_whole_zips(const struct benchmark *b, bool *used)
{
	for (size_t i = 0; i < b->axes_n; i++)
		for (size_t k = 0; k < b->axes_n && used[i] && b->axes[i].zip != 0; k++)
			used[k] |= b->axes[k].zip == b->axes[i].zip;
}

static void ship_for(struct shipper *s, const struct benchmark *b)
{
	_cleanup_free_ bool *used = xcalloc(b->axes_n + 1, sizeof *used);
	_cleanup_free_ const struct value **tables = xcalloc(b->axes_n + 1, sizeof *tables);
	_cleanup_free_ uint32_t *sizes = xcalloc(b->axes_n + 1, sizeof *sizes);
	struct benchmark named = *b;
	struct matrix_rules rules;

	if (!find_used(s, b, used))
		return;
	use_whole_zips(b, used);
	for (size_t i = 0; i < b->axes_n; i++) {
		tables[i] = b->axes[i].values;
		sizes[i] = (uint32_t)b->axes[i].n;
	}
	rules = named_rules(b, used, s->arena);
	named.rules = &rules;
	s->excluder = excluder_open(&named, tables, sizes);
	s->benchmark = b;
	s->tables = tables;
	walk(s, used, NULL);
	excluder_close(s->excluder);
	s->excluder = NULL;
	for (size_t i = 0; i < b->rules->includes_n; i++)
		walk(s, used, &b->rules->includes[i]);
}

void campaign_files(
	const struct campaign *c, struct shipped **out, size_t *n, struct render_arena **arena)
{
	struct shipper s = {.arena = arena_new(), .names = names_open(c)};
	struct known *known, *next;

	for (size_t i = 0; i < c->files_n; i++) {
		const struct source_file *f = &c->files[i];

		s.texts[PATH] = f->path;
		s.texts[GIT] = f->git;
		s.texts[REF] = f->ref;
		s.texts[AS] = f->as;
		for (size_t b = 0; b < c->benchmarks_n; b++)
			ship_for(&s, &c->benchmarks[b]);
	}
	names_close(s.names);
	HASH_ITER (hh, s.known, known, next) {
		HASH_DELETE(hh, s.known, known);
		free(known);
	}
	*out = arena_array(s.arena, s.n, sizeof **out);
	if (s.n > 0)
		memcpy(*out, s.items, s.n * sizeof **out);
	*n = s.n;
	free(s.items);
	*arena = arena_alloc(s.arena, sizeof **arena);
	(*arena)->arena = s.arena;
}
