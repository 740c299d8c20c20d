/*
 * Each change is made twice: to the tree, and as an edit of the text at the marks of its nodes. The
 * edited text holds if it reads to the changed tree; anchors, merges and whatever else may make an
 * edit go wrong are found that way, and then the tree is written instead.
 */
#include "coordinator/campaign/rewrite.h"

#include "coordinator/campaign/expression_scan.h"
#include "coordinator/campaign/matrix.h"
#include "coordinator/campaign/template.h"
#include "coordinator/campaign/yaml_write.h"
#include <jansson.h>
#include <stdio.h>

struct edit {
	size_t from, to; /* characters of the text */
	char *text;      /* in the arena */
	size_t number;   /* in the order of changes */
};

struct rewriter {
	struct arena *arena;
	const struct campaign *campaign; /* as it was without the changes */
	const struct node *root;         /* as it is after the changes so far */
	struct edit *edits;              /* owned */
	size_t n;
	struct error *err;
};

/* ---- edits ---- */

static void add_edit(struct rewriter *r, size_t from, size_t to, const char *text)
{
	r->edits = xreallocarray(r->edits, r->n + 1, sizeof *r->edits);
	r->edits[r->n] = (struct edit){from, to, arena_strdup(r->arena, text), r->n};
	r->n++;
}

/* The pair of a mapping of the file gets this value; a new pair goes before the first one. */
static void edit_pair(
	struct rewriter *r, const struct node *map, const char *key, const struct node *value)
{
	const struct node_pair *old = node_find(map, key);
	_cleanup_buf_ struct buf text = BUF_INIT;

	if (map == NULL || map->n == 0)
		return; /* there is no place: the edited text will not be what it should */
	/* What stands in lines of its own is replaced by something on the line of the key. */
	bool is_block = old != NULL && old->value->kind != NODE_SCALAR && !old->value->is_flow;
	if (old == NULL || is_block)
		buf_addf(&text, "%s: ", old == NULL ? key : "");
	yaml_write_flow(value, &text);
	if (old != NULL) {
		add_edit(r, is_block ? old->key->to : old->value->from, old->value->to, text.data);
		return;
	}
	const struct node *first = map->pairs[0].key;
	if (map->is_flow)
		buf_adds(&text, ", ");
	else
		buf_addf(&text, "\n%*s", first->column - 1, "");
	add_edit(r, first->from, first->from, text.data);
}

static int by_place(const void *a, const void *b)
{
	const struct edit *x = a, *y = b;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	/* What is new goes before all else. */
	return (x->number < y->number) - (x->number > y->number);
}

/* Append text with the edits. Marks count characters, text is bytes. */
static void apply_edits(struct rewriter *r, const char *text, struct buf *out)
{
	size_t at = 0, next = 0;

	if (r->n > 0)
		qsort(r->edits, r->n, sizeof *r->edits, by_place);
	for (const char *p = text;; p++) {
		bool is_start = ((unsigned char)*p & 0xC0) != 0x80;
		while (is_start && next < r->n && r->edits[next].from == at) {
			buf_adds(out, r->edits[next].text);
			if (r->edits[next].to > at)
				break;
			next++;
		}
		if (*p == '\0')
			return;
		if (next < r->n && r->edits[next].from <= at && at < r->edits[next].to) {
			/* What is replaced; a block scalar ends with the newline after it. */
			if (is_start && at + 1 == r->edits[next].to && *p == '\n')
				buf_addc(out, '\n');
		} else {
			buf_addc(out, *p);
		}
		if (((unsigned char)p[1] & 0xC0) == 0x80)
			continue;
		at++;
		if (next < r->n && r->edits[next].to <= at && r->edits[next].from < at)
			next++;
	}
}

/* ---- changes of the tree ---- */

/* The mapping at root.key. */
static const struct node *section(const struct rewriter *r, const char *key)
{
	const struct node *n = node_get(r->root, key);

	return n && n->kind == NODE_MAP ? n : NULL;
}

static void set_top(struct rewriter *r, const char *key, const struct node *value)
{
	edit_pair(r, r->root, key, value);
	r->root = node_with(r->arena, r->root, key, value);
}

/* root.outer.key becomes value. */
static void set_below(
	struct rewriter *r, const char *outer, const char *key, const struct node *value)
{
	const struct node *map = section(r, outer), *changed = node_with(r->arena, map, key, value);

	if (map != NULL && map->n > 0) {
		edit_pair(r, map, key, value);
		r->root = node_with(r->arena, r->root, outer, changed);
	} else {
		set_top(r, outer, changed);
	}
}

static const struct node *number(struct rewriter *r, const json_t *value)
{
	char text[32];

	snprintf(text, sizeof text, "%lld", (long long)json_integer_value(value));
	return node_scalar(r->arena, text, true);
}

/* ---- --set ---- */

/* The item of a list of values with this text, or NULL. */
static struct node *find_item(const struct node *list, const char *text)
{
	for (size_t i = 0; list->kind == NODE_LIST && i < list->n; i++)
		if (list->items[i]->kind == NODE_SCALAR && strcmp(list->items[i]->text, text) == 0)
			return list->items[i];
	return NULL;
}

/* What an axis becomes: chosen ones of its named values, or a list. */
static const struct node *new_axis(struct rewriter *r, const struct node *old, const json_t *values)
{
	bool is_named = old->kind == NODE_MAP && matrix_is_named_values(old);
	struct node *out = arena_alloc(r->arena, sizeof *out);
	size_t n = json_array_size(values);

	*out = (struct node){.kind = is_named ? NODE_MAP : NODE_LIST, .is_flow = true, .n = n};
	out->pairs = arena_array(r->arena, n, sizeof *out->pairs);
	out->items = arena_array(r->arena, n, sizeof(struct node *));
	for (size_t i = 0; i < n; i++) {
		const char *text = json_string_value(json_array_get(values, i));
		const struct node_pair *pair = is_named ? node_find(old, text) : NULL;
		const struct value value = value_read(text, true);
		struct node *item = find_item(old, text);

		if (pair)
			out->pairs[i] = *pair;
		else if (is_named)
			out->pairs[i] = (struct node_pair){node_scalar(r->arena, text, true),
				arena_alloc(r->arena, sizeof(struct node))};
		else
			out->items[i] = item ? item
					     : node_scalar(r->arena, text,
						       value.is_number || value.is_bool);
		if (is_named && !pair)
			out->pairs[i].value->kind = NODE_MAP;
	}
	return out;
}

/* A matrix with the axis changed, where it has that axis; else itself. */
static const struct node *set_in_matrix(
	struct rewriter *r, const struct node *matrix, const char *axis, const json_t *values)
{
	const struct node *old = node_get(matrix, axis);

	if (old == NULL)
		return matrix;
	const struct node *changed = new_axis(r, old, values);
	edit_pair(r, matrix, axis, changed);
	return node_with(r->arena, matrix, axis, changed);
}

/* The same for map.matrix. */
static const struct node *set_in(
	struct rewriter *r, const struct node *map, const char *axis, const json_t *values)
{
	const struct node *matrix = node_get(map, "matrix");
	const struct node *changed = matrix ? set_in_matrix(r, matrix, axis, values) : NULL;

	return changed == matrix ? map : node_with(r->arena, map, "matrix", changed);
}

static void set_axis(struct rewriter *r, const char *axis, const json_t *values)
{
	const struct node *defaults = section(r, "defaults"), *benchmarks;

	r->root = set_in(r, r->root, axis, values);
	if (defaults != NULL)
		r->root =
			node_with(r->arena, r->root, "defaults", set_in(r, defaults, axis, values));
	benchmarks = section(r, "benchmarks");
	for (size_t i = 0; benchmarks != NULL && i < benchmarks->n; i++)
		benchmarks = node_with(r->arena, benchmarks, benchmarks->pairs[i].key->text,
			set_in(r, benchmarks->pairs[i].value, axis, values));
	if (benchmarks != NULL)
		r->root = node_with(r->arena, r->root, "benchmarks", benchmarks);
}

/* ---- --only ---- */

static bool has_parameter(const struct benchmark *b, const struct token *t)
{
	for (size_t i = 0; i < b->axes_n; i++)
		if (token_is(t, b->axes[i].name))
			return true;
	for (size_t i = 0; i < b->derived_n; i++)
		if (token_is(t, b->derived[i].name))
			return true;
	return false;
}

/* A parameter that only others have is nil in --only, and unknown in a benchmark's `where`. */
static bool is_lacking(const struct campaign *c, const struct benchmark *b, const struct token *t)
{
	bool others = false;

	for (size_t i = 0; i < c->benchmarks_n; i++)
		others |= has_parameter(&c->benchmarks[i], t);
	return t->kind == TOKEN_NAME && others && !has_parameter(b, t);
}

static void write_only(
	const struct campaign *c, const struct benchmark *b, const char *only, struct buf *out)
{
	bool is_field = false;

	for (struct token t = token_next(only); t.kind != TOKEN_END && t.kind != TOKEN_BAD;
		t = token_next(t.start + t.len)) {
		if (out->len > 0 && !is_field && !token_is(&t, "."))
			buf_addc(out, ' ');
		if (!is_field && is_lacking(c, b, &t))
			buf_adds(out, "(nil)");
		else
			buf_add(out, t.start, t.len);
		is_field = token_is(&t, ".");
	}
}

/* A benchmark whose own `where` asks for the expression, too. */
static const struct node *with_only(
	struct rewriter *r, const struct node *map, const struct benchmark *b, const char *only)
{
	const struct node *matrix = node_get(map, "matrix");
	const struct node_pair *where = matrix ? node_find(matrix, "where") : NULL;
	_cleanup_buf_ struct buf text = BUF_INIT, wanted = BUF_INIT;

	if ((where && node_is_null(where->value)) ||
		(!matrix && node_find(map, "matrix") != NULL)) {
		error_set(r->err, ERR_CAMPAIGN,
			"benchmark '%s' takes 'where' away with ~, where --only cannot be written",
			b->name);
		return map;
	}
	write_only(r->campaign, b, only, &wanted);
	if (where)
		buf_addf(&text, "(%s) and (%s)", where->value->text, wanted.data);
	const struct node *value = node_scalar(r->arena, where ? text.data : wanted.data, false);
	const struct node *changed = node_with(r->arena, matrix, "where", value);
	if (matrix && matrix->n > 0)
		edit_pair(r, matrix, "where", value);
	else
		edit_pair(r, map, "matrix", changed);
	return node_with(r->arena, map, "matrix", changed);
}

static void set_only(struct rewriter *r, const char *only)
{
	const struct node *benchmarks = section(r, "benchmarks");

	for (size_t i = 0; benchmarks != NULL && i < r->campaign->benchmarks_n; i++) {
		const struct benchmark *b = &r->campaign->benchmarks[i];
		const struct node *own = node_get(benchmarks, b->name);
		if (own != NULL)
			benchmarks = node_with(
				r->arena, benchmarks, b->name, with_only(r, own, b, only));
	}
	r->root = node_with(r->arena, r->root, "benchmarks", benchmarks);
}

/* ---- git sources ---- */

/* One item of files, with its ref as the commit that it was. */
static struct node *with_commit(struct rewriter *r, struct node *item, const json_t *source)
{
	const struct node *git = node_get(item, "git"), *ref = node_get(item, "ref");
	const char *commit = json_string_value(json_object_get(source, "commit"));
	const char *url = json_string_value(json_object_get(source, "git"));
	const char *was = json_string_value(json_object_get(source, "ref"));

	if (!git || git->kind != NODE_SCALAR || !commit || !url || !was ||
		strcmp(git->text, url) != 0 || (ref && strcmp(ref->text, was) != 0) ||
		(!ref && strcmp(was, "HEAD") != 0) || strcmp(was, commit) == 0)
		return item;
	const struct node *value = node_scalar(r->arena, commit, false);
	edit_pair(r, item, "ref", value);
	return node_with(r->arena, item, "ref", value);
}

static void pin_sources(struct rewriter *r, const json_t *sources)
{
	const struct node *files = node_get(r->root, "files");
	struct node *changed = arena_alloc(r->arena, sizeof *changed);
	const json_t *source;
	size_t k;

	if (!files || files->kind != NODE_LIST)
		return;
	*changed = *files;
	changed->items = arena_array(r->arena, files->n, sizeof(struct node *));
	for (size_t i = 0; i < files->n; i++) {
		changed->items[i] = files->items[i];
		json_array_foreach(sources, k, source)
		{
			if (changed->items[i] == files->items[i])
				changed->items[i] = with_commit(r, files->items[i], source);
		}
	}
	r->root = node_with(r->arena, r->root, "files", changed);
}

/* ---- all of it ---- */

static void set_blocks(struct rewriter *r, const json_t *blocks)
{
	int64_t n = json_integer_value(blocks), max = r->campaign->max;

	set_below(r, "repeat", "blocks", number(r, blocks));
	if (r->campaign->until.metric == NULL)
		return;
	/* It is the minimum then; the maximum stays, where that is no less. */
	_cleanup_free_ char *text = xasprintf("%lld", (long long)(max < n ? n : max));
	set_below(r, "repeat", "max", node_scalar(r->arena, text, true));
}

/* One that was taken away, where the file has it. */
static void take_label(struct rewriter *r, const char *key)
{
	const struct node *labels = node_get(r->root, "labels");
	struct node *left;

	if (labels == NULL || node_find(labels, key) == NULL)
		return;
	left = arena_alloc(r->arena, sizeof *left);
	*left = *labels;
	left->pairs = arena_array(r->arena, labels->n + 1, sizeof *left->pairs);
	left->n = 0;
	for (size_t i = 0; i < labels->n; i++)
		if (strcmp(labels->pairs[i].key->text, key) != 0)
			left->pairs[left->n++] = labels->pairs[i];
	r->root = node_with(r->arena, r->root, "labels", left);
}

static void change(struct rewriter *r, const json_t *changes)
{
	const json_t *value;
	const char *key;

	json_object_foreach(json_object_get(changes, "set"), key, value)
	{
		set_axis(r, key, value);
	}
	if ((value = json_object_get(changes, "only")) != NULL)
		set_only(r, json_string_value(value));
	if ((value = json_object_get(changes, "blocks")) != NULL)
		set_blocks(r, value);
	if ((value = json_object_get(changes, "max")) != NULL)
		set_below(r, "repeat", "max", number(r, value));
	json_object_foreach(json_object_get(changes, "labels"), key, value)
	{
		if (json_string_length(value) == 0)
			take_label(r, key);
		else
			set_below(r, "labels", key,
				node_scalar(r->arena, json_string_value(value), false));
	}
	if ((value = json_object_get(changes, "seed")) != NULL)
		set_top(r, "seed", number(r, value));
	if ((value = json_object_get(changes, "sources")) != NULL)
		pin_sources(r, value);
}

/* Whether a text reads to this tree. */
static bool reads_to(struct rewriter *r, const struct buf *text, const struct node *root)
{
	struct diagnostics d = {0};
	const struct node *got = yaml_read(text->data, text->len, r->arena, &d);
	bool is_same = got != NULL && d.errors == 0 && node_equal(got, root);

	diagnostics_done(&d);
	return is_same;
}

static int check(const struct buf *text, struct error *err)
{
	struct diagnostics d = {0};
	struct campaign *c = campaign_read(text->data, text->len, NULL, &d);
	int r = 0;

	if (c == NULL) {
		size_t i = 0;
		while (i + 1 < d.n && d.items[i].is_warning)
			i++;
		r = error_set(err, ERR_CAMPAIGN, "%s", d.n ? d.items[i].text : "it is no campaign");
	}
	campaign_free(c);
	diagnostics_done(&d);
	return r;
}

int campaign_rewrite(const char *text, const char *changes, struct buf *out, struct error *err)
{
	json_t *parsed = text_is_set(changes) ? json_loads(changes, 0, NULL) : NULL;
	struct rewriter r = {.arena = arena_new(), .err = err};
	_cleanup_buf_ struct buf edited = BUF_INIT;
	struct diagnostics d = {0};
	struct campaign *c = campaign_read(text, strlen(text), NULL, &d);
	int code = 0;

	r.campaign = c;
	r.root = c ? yaml_read(text, strlen(text), r.arena, &d) : NULL;
	err->code = 0;
	if (json_object_get(json_object_get(parsed, "again"), "against") != NULL) {
		code = error_set(err, ERR_CAMPAIGN,
			"it ran the contents of two submissions, which no file can say");
	} else if (parsed == NULL) {
		buf_adds(&edited, text);
	} else if (r.root == NULL) {
		code = error_set(err, ERR_CAMPAIGN, "this version cannot read it any more");
	} else {
		change(&r, parsed);
		apply_edits(&r, text, &edited);
		if (!reads_to(&r, &edited, r.root)) {
			buf_reset(&edited);
			yaml_write(r.root, &edited);
		}
		code = err->code < 0 ? err->code : check(&edited, err);
	}
	if (code == 0)
		buf_add(out, edited.data, edited.len);
	json_decref(parsed);
	diagnostics_done(&d);
	campaign_free(c);
	arena_free(r.arena);
	free(r.edits);
	return code;
}
