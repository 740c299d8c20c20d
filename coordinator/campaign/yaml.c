#include "coordinator/campaign/yaml.h"

#include "coordinator/campaign/diagnostics.h"
#include <uthash.h>
#include <yaml.h>

struct anchor {
	UT_hash_handle hh;
	char *name;        /* the key */
	struct node *node; /* NULL while it is still open: an alias inside would be a circle */
};

struct yaml_reader {
	yaml_parser_t parser;
	struct arena *arena;
	struct diagnostics *diagnostics;
	struct anchor *anchors; /* name -> struct anchor, both in the arena */
	const char *text;
	size_t len;
	size_t nodes; /* so far, aliases expanded */
};

static struct node *read_node(struct yaml_reader *r, yaml_event_t *event, int depth);

static void error_at(struct yaml_reader *r, yaml_mark_t mark, const char *text)
{
	diag_add(r->diagnostics, (int)mark.line + 1, (int)mark.column + 1, false, "%s", text);
}

/* Where a line of the text begins; its end where it has no such line. */
static const char *line_start(const struct yaml_reader *r, size_t line)
{
	const char *p = r->text, *end = r->text + r->len;

	while (line-- > 0) {
		p = memchr(p, '\n', (size_t)(end - p));
		if (!p)
			return end;
		p++;
	}
	return p;
}

static bool is_indented_with_tab(const struct yaml_reader *r, size_t line)
{
	const char *p = line_start(r, line), *end = r->text + r->len;

	while (p < end && *p == ' ')
		p++;
	return p < end && *p == '\t';
}

/* Whether a line of the text has `{name}` outside quotes' reach of YAML: what a forgotten pair of
 * quotes looks like. */
static bool line_has_template(const struct yaml_reader *r, size_t line)
{
	const char *p = line_start(r, line), *end = r->text + r->len;

	for (; p < end && *p != '\n'; p++) {
		const char *q = p + 1;

		if (*p != '{' || (p > r->text && (p[-1] == '"' || p[-1] == '\'')))
			continue;
		while (q < end && (*q == '_' || *q == '.' || (*q >= 'a' && *q <= 'z') ||
					  (*q >= 'A' && *q <= 'Z') || (*q >= '0' && *q <= '9')))
			q++;
		if (q < end && q > p + 1 && *q == '}')
			return true;
	}
	return false;
}

static void syntax_error(struct yaml_reader *r)
{
	const yaml_parser_t *p = &r->parser;
	const char *hint = "", *problem = p->problem ? p->problem : "unreadable";
	_cleanup_buf_ struct buf context = BUF_INIT;
	yaml_mark_t mark = p->problem_mark;

	/* What was found before means little in a file that is no YAML. */
	diagnostics_done(r->diagnostics);
	if (p->error == YAML_READER_ERROR) {
		/* The reader knows the byte alone. */
		mark = (yaml_mark_t){0};
		for (size_t i = 0; i < p->problem_offset && i < r->len; i++) {
			mark.column = r->text[i] == '\n' ? 0 : mark.column + 1;
			mark.line += r->text[i] == '\n';
		}
		hint = "; the file must be UTF-8 without control characters";
	} else if (strstr(problem, "escape")) {
		hint = "; use single quotes, in which a backslash is just a backslash: '\\d'";
	} else if (strstr(problem, "cannot start any token") &&
		   is_indented_with_tab(r, mark.line)) {
		hint = ": a tab; indent with spaces";
	} else if (strstr(problem, "cannot start any token")) {
		hint = "; indent with spaces, and quote a text that starts with %, @ or `";
	} else if (strstr(problem, "mapping values are not allowed")) {
		hint = "; quote a text that has ': ' in it, and write a mapping within a line in "
		       "{ }";
	} else if (strstr(problem, "end of stream") && p->context) {
		/* Where it begins helps more than where the file ends. */
		mark = p->context_mark;
		hint = "; it begins here";
	} else if (line_has_template(r, mark.line)) {
		hint = "; write a template in quotes: \"{name}\"";
	}
	/* What was not closed may begin far above of where that is seen. */
	if (p->context && p->error != YAML_READER_ERROR && p->context_mark.line < mark.line)
		buf_addf(&context, "%s (from line %zu on), ", p->context, p->context_mark.line + 1);
	else if (p->context)
		buf_addf(&context, "%s, ", p->context);
	diag_add(r->diagnostics, (int)mark.line + 1, (int)mark.column + 1, false,
		"this is no YAML: %s%s%s", context.data, problem, hint);
}

/* The next event, or false after its error was noted. The caller deletes the event. */
static bool next_event(struct yaml_reader *r, yaml_event_t *event)
{
	if (yaml_parser_parse(&r->parser, event))
		return true;
	syntax_error(r);
	return false;
}

/* Count nodes against the limit. */
static bool add_nodes(struct yaml_reader *r, size_t n, yaml_mark_t mark)
{
	r->nodes += n;
	if (r->nodes <= YAML_MAX_NODES)
		return true;
	error_at(r, mark, "more than 100,000 nodes once aliases are expanded");
	return false;
}

static struct anchor *add_anchor(struct yaml_reader *r, const yaml_char_t *name)
{
	struct anchor *a;

	if (!name)
		return NULL;
	HASH_FIND_STR(r->anchors, (const char *)name, a);
	if (!a) {
		a = arena_alloc(r->arena, sizeof *a);
		a->name = arena_strdup(r->arena, (const char *)name);
		HASH_ADD_KEYPTR(hh, r->anchors, a->name, strlen(a->name), a);
	}
	a->node = NULL;
	return a;
}

static struct node *read_alias(struct yaml_reader *r, const yaml_event_t *event, int depth)
{
	const char *name = (const char *)event->data.alias.anchor;
	struct anchor *a;

	HASH_FIND_STR(r->anchors, name, a);
	if (!a || !a->node) {
		diag_add(r->diagnostics, (int)event->start_mark.line + 1,
			(int)event->start_mark.column + 1, false,
			a ? "alias *%s stands inside its own anchor"
			  : "alias *%s has no anchor &%s before it",
			name, name);
		return NULL;
	}
	if (depth + a->node->height - 1 > YAML_MAX_DEPTH) {
		error_at(r, event->start_mark, "nested more than 32 levels deep");
		return NULL;
	}
	return add_nodes(r, a->node->weight, event->start_mark) ? a->node : NULL;
}

static struct node *new_node(struct yaml_reader *r, enum node_kind kind, const yaml_event_t *event)
{
	struct node *n = arena_alloc(r->arena, sizeof *n);

	*n = (struct node){
		.kind = kind,
		.line = (int)event->start_mark.line + 1,
		.column = (int)event->start_mark.column + 1,
		.from = event->start_mark.index,
		.to = event->end_mark.index,
		.height = 1,
		.weight = 1,
	};
	return n;
}

static void check_tag(struct yaml_reader *r, const yaml_event_t *event, const yaml_char_t *tag)
{
	if (tag)
		diag_add(r->diagnostics, (int)event->start_mark.line + 1,
			(int)event->start_mark.column + 1, false,
			"tag '%s': tags are not used in campaigns; quote a text that starts with !",
			(const char *)tag);
}

static struct node *read_scalar(struct yaml_reader *r, const yaml_event_t *event)
{
	struct node *n = new_node(r, NODE_SCALAR, event);
	const char *value = (const char *)event->data.scalar.value;
	size_t len = event->data.scalar.length;

	check_tag(r, event, event->data.scalar.tag);
	n->is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	n->text = arena_strndup(r->arena, value, len);
	/* NUL would cut the text; 2 and 3 frame the marks that an agent fills in. */
	for (size_t i = 0; i < len; i++) {
		if (value[i] == '\0' || value[i] == '\002' || value[i] == '\003') {
			error_at(r, event->start_mark,
				"the characters \\0, \\x02 and \\x03 cannot be used");
			break;
		}
	}
	return n;
}

static void grow_with(struct node *parent, const struct node *child)
{
	parent->weight += child->weight;
	if (child->height >= parent->height)
		parent->height = child->height + 1;
	if (child->to > parent->to)
		parent->to = child->to;
}

static struct node *read_list(struct yaml_reader *r, const yaml_event_t *start, int depth)
{
	struct node *list = new_node(r, NODE_LIST, start);
	struct node **items = NULL;
	size_t room = 0;

	check_tag(r, start, start->data.sequence_start.tag);
	list->is_flow = start->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
	for (;;) {
		yaml_event_t event;
		struct node *item;
		bool is_end;

		if (!next_event(r, &event))
			goto fail;
		is_end = event.type == YAML_SEQUENCE_END_EVENT;
		if (is_end && list->is_flow)
			list->to = event.end_mark.index;
		item = is_end ? NULL : read_node(r, &event, depth + 1);
		yaml_event_delete(&event);
		if (is_end)
			break;
		if (!item)
			goto fail;
		if (list->n == room) {
			room = room ? 2 * room : 8;
			items = xreallocarray(items, room, sizeof(struct node *));
		}
		items[list->n++] = item;
		grow_with(list, item);
	}
	list->items = arena_array(r->arena, list->n, sizeof(struct node *));
	if (list->n)
		memcpy(list->items, items, list->n * sizeof(struct node *));
	free(items);
	return list;
fail:
	free(items);
	return NULL;
}

/* Pairs of a mapping while it is read, and an index of its keys: a linear search would take the
 * square of a long one. */
struct key_entry {
	UT_hash_handle hh;
	const struct node *key;
};

struct map_reader {
	struct node_pair *pairs;
	size_t n, room;
	struct key_entry *keys; /* text -> struct key_entry */
};

static void map_append(struct map_reader *m, struct node *key, struct node *value)
{
	if (m->n == m->room) {
		m->room = m->room ? 2 * m->room : 8;
		m->pairs = xreallocarray(m->pairs, m->room, sizeof *m->pairs);
	}
	m->pairs[m->n++] = (struct node_pair){key, value};
}

static const struct node *map_find(const struct map_reader *m, const char *text)
{
	struct key_entry *e;

	HASH_FIND_STR(m->keys, text, e);
	return e ? e->key : NULL;
}

static void map_index(struct map_reader *m, const struct node *key)
{
	struct key_entry *e = xcalloc(1, sizeof *e);

	e->key = key;
	HASH_ADD_KEYPTR(hh, m->keys, key->text, strlen(key->text), e);
}

static void map_done(struct map_reader *m)
{
	struct key_entry *e, *next;

	HASH_ITER (hh, m->keys, e, next) {
		HASH_DELETE(hh, m->keys, e);
		free(e);
	}
	free(m->pairs);
}

static bool is_merge_key(const struct node *key)
{
	return key->is_plain && strcmp(key->text, "<<") == 0;
}

/* A key that was read: whether it can be one. */
static bool check_key(struct yaml_reader *r, struct map_reader *m, const struct node *key)
{
	const struct node *other;

	if (key->kind != NODE_SCALAR) {
		diag_error(r->diagnostics, key, "a %s cannot be a key%s",
			key->kind == NODE_MAP ? "mapping" : "list",
			key->is_flow && key->kind == NODE_MAP
				? "; write a template in quotes: \"{name}\""
				: "");
		return false;
	}
	other = map_find(m, key->text);
	if (other) {
		diag_error(r->diagnostics, key, "duplicate key '%s': it stands on line %d already",
			key->text, other->line);
		return false;
	}
	map_index(m, key);
	return true;
}

/* Read key and value; returns 1, 0 at the end of the mapping, -1 after an error that ends the
 * reading. */
static int read_pair(struct yaml_reader *r, struct map_reader *m, struct node *map, int depth)
{
	yaml_event_t event;
	struct node *key, *value;
	bool is_end;

	if (!next_event(r, &event))
		return -1;
	is_end = event.type == YAML_MAPPING_END_EVENT;
	if (is_end && map->is_flow)
		map->to = event.end_mark.index;
	key = is_end ? NULL : read_node(r, &event, depth + 1);
	yaml_event_delete(&event);
	if (is_end)
		return 0;
	if (!key || !next_event(r, &event))
		return -1;
	value = read_node(r, &event, depth + 1);
	yaml_event_delete(&event);
	if (!value)
		return -1;
	grow_with(map, key);
	grow_with(map, value);
	if (check_key(r, m, key))
		map_append(m, key, value);
	return 1;
}

/* Put the pairs of a merged mapping where its `<<` stood; what is there already holds. */
static void merge_map(struct map_reader *m, struct map_reader *out, const struct node *from)
{
	for (size_t i = 0; i < from->n; i++) {
		if (map_find(m, from->pairs[i].key->text))
			continue;
		map_index(m, from->pairs[i].key);
		map_append(out, from->pairs[i].key, from->pairs[i].value);
	}
}

static void merge_into(struct yaml_reader *r, struct map_reader *m, struct map_reader *out,
	const struct node *value)
{
	bool is_list = value->kind == NODE_LIST;
	size_t n = is_list ? value->n : 1;

	for (size_t i = 0; i < n; i++) {
		const struct node *from = is_list ? value->items[i] : value;

		if (from->kind == NODE_MAP)
			merge_map(m, out, from);
		else
			diag_error(r->diagnostics, from,
				"'<<' merges mappings: expected an alias of one, or a list of "
				"such");
	}
}

/* Resolve merge keys and hand the pairs to the node. */
static void finish_map(struct yaml_reader *r, struct map_reader *m, struct node *map)
{
	struct map_reader out = {0};

	for (size_t i = 0; i < m->n; i++) {
		if (is_merge_key(m->pairs[i].key))
			merge_into(r, m, &out, m->pairs[i].value);
		else
			map_append(&out, m->pairs[i].key, m->pairs[i].value);
	}
	map->n = out.n;
	map->pairs = arena_array(r->arena, out.n, sizeof *map->pairs);
	if (out.n)
		memcpy(map->pairs, out.pairs, out.n * sizeof *map->pairs);
	free(out.pairs);
}

static struct node *read_map(struct yaml_reader *r, const yaml_event_t *start, int depth)
{
	struct node *map = new_node(r, NODE_MAP, start);
	struct map_reader m = {0};
	int got;

	check_tag(r, start, start->data.mapping_start.tag);
	map->is_flow = start->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE;
	do {
		got = read_pair(r, &m, map, depth);
	} while (got > 0);
	if (got == 0)
		finish_map(r, &m, map);
	map_done(&m);
	return got == 0 ? map : NULL;
}

static struct node *read_node(struct yaml_reader *r, yaml_event_t *event, int depth)
{
	struct anchor *anchor = NULL;
	struct node *n;

	if (event->type == YAML_ALIAS_EVENT)
		return read_alias(r, event, depth);
	if (depth > YAML_MAX_DEPTH) {
		error_at(r, event->start_mark, "nested more than 32 levels deep");
		return NULL;
	}
	if (!add_nodes(r, 1, event->start_mark))
		return NULL;
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		anchor = add_anchor(r, event->data.scalar.anchor);
		n = read_scalar(r, event);
		break;
	case YAML_SEQUENCE_START_EVENT:
		anchor = add_anchor(r, event->data.sequence_start.anchor);
		n = read_list(r, event, depth);
		break;
	case YAML_MAPPING_START_EVENT:
		anchor = add_anchor(r, event->data.mapping_start.anchor);
		n = read_map(r, event, depth);
		break;
	default:
		error_at(r, event->start_mark, "this is no YAML: a value was expected here");
		return NULL;
	}
	if (anchor)
		anchor->node = n;
	return n;
}

/* Skip to the first node and read it; then nothing but the end may come. */
static struct node *read_document(struct yaml_reader *r)
{
	struct node *root = NULL;
	yaml_event_t event;
	yaml_event_type_t type;

	do {
		yaml_mark_t mark;

		if (!next_event(r, &event))
			return NULL;
		type = event.type;
		mark = event.start_mark;
		if (type == YAML_DOCUMENT_START_EVENT && root) {
			error_at(r, mark, "a second document: a campaign file has one");
			type = YAML_STREAM_END_EVENT;
		} else if (type == YAML_STREAM_END_EVENT && !root) {
			diag_add(r->diagnostics, 1, 1, false,
				"the file is empty, expected a mapping with 'campaign' and "
				"'benchmarks'");
		} else if (type != YAML_STREAM_START_EVENT && type != YAML_DOCUMENT_START_EVENT &&
			   type != YAML_DOCUMENT_END_EVENT && type != YAML_STREAM_END_EVENT) {
			root = read_node(r, &event, 1);
			if (!root)
				type = YAML_STREAM_END_EVENT;
		}
		yaml_event_delete(&event);
	} while (type != YAML_STREAM_END_EVENT);
	return root;
}

struct node *yaml_read(const char *text, size_t len, struct arena *a, struct diagnostics *d)
{
	/* An editor may have left a mark of the byte order. */
	size_t mark = len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	struct yaml_reader r = {
		.arena = a, .diagnostics = d, .text = text + mark, .len = len - mark};
	struct node *root;

	if (len > YAML_MAX_BYTES) {
		int line = 1;

		for (size_t i = 0; i < YAML_MAX_BYTES; i++)
			line += text[i] == '\n';
		diag_add(d, line, 1, false, "the file is longer than 1 MiB, which ends here");
		return NULL;
	}
	if (!yaml_parser_initialize(&r.parser)) {
		diag_add(d, 0, 0, false, "no memory for the YAML parser");
		return NULL;
	}
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)r.text, r.len);
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	root = read_document(&r);
	HASH_CLEAR(hh, r.anchors);
	yaml_parser_delete(&r.parser);
	return root;
}
