#include "coordinator/campaign/yaml_write.h"

#include <stdio.h>

/* ---- scalars ---- */

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '.' || c == '/';
}

/* Whether a text can stand without quotes everywhere, also in flow style: fewer than YAML allows.
 */
static bool is_safe_plain(const char *text)
{
	const char *p = text;

	if (strcmp(text, "~") == 0)
		return true;
	if ((*p == '-' || *p == '+') && is_letter(p[1]))
		p++;
	if (!is_letter(*p) || strncmp(text, "...", 3) == 0)
		return false;
	for (; *p != '\0'; p++)
		if (!is_letter(*p) && !(strchr("+-%@=", *p) != NULL))
			return false;
	return true;
}

/* Whether single quotes can hold it. */
static bool is_one_line(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 127 || (unsigned char)*text >= 128)
			return false;
	return true;
}

static void write_escaped(const char *text, struct buf *out)
{
	buf_addc(out, '"');
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;
		if (c == '\n')
			buf_adds(out, "\\n");
		else if (c == '\t')
			buf_adds(out, "\\t");
		else if (c < ' ' || c == 127)
			buf_addf(out, "\\x%02X", c);
		else if (c == '"' || c == '\\')
			buf_addf(out, "\\%c", c);
		/* U+0085, U+2028 and U+2029 are line breaks for YAML. */
		else if (strncmp(text, "\xC2\x85", 2) == 0)
			buf_adds(out, "\\N"), text += 1;
		else if (strncmp(text, "\xE2\x80\xA8", 3) == 0)
			buf_adds(out, "\\L"), text += 2;
		else if (strncmp(text, "\xE2\x80\xA9", 3) == 0)
			buf_adds(out, "\\P"), text += 2;
		else
			buf_addc(out, (char)c);
	}
	buf_addc(out, '"');
}

static void write_scalar(const struct node *n, struct buf *out)
{
	if (n->is_plain && is_safe_plain(n->text)) {
		buf_adds(out, n->text);
	} else if (!is_one_line(n->text)) {
		write_escaped(n->text, out);
	} else {
		buf_addc(out, '\'');
		for (const char *p = n->text; *p != '\0'; p++)
			buf_addf(out, *p == '\'' ? "''" : "%c", *p);
		buf_addc(out, '\'');
	}
}

/* ---- flow style ---- */

static void write_key(const struct node *key, struct buf *out)
{
	struct node plain = *key;

	plain.is_plain = true; /* whether a key is quoted says nothing */
	if (strcmp(key->text, "~") == 0 || strcmp(key->text, "<<") == 0)
		plain.is_plain = key->is_plain;
	write_scalar(&plain, out);
}

void yaml_write_flow(const struct node *n, struct buf *out)
{
	if (n->kind == NODE_SCALAR) {
		if (!node_is_empty(n))
			write_scalar(n, out);
		return;
	}
	buf_addc(out, n->kind == NODE_LIST ? '[' : '{');
	for (size_t i = 0; i < n->n; i++) {
		buf_adds(out, i > 0 ? ", " : "");
		if (n->kind == NODE_MAP) {
			write_key(n->pairs[i].key, out);
			buf_adds(out, ": ");
		}
		yaml_write_flow(n->kind == NODE_MAP ? n->pairs[i].value : n->items[i], out);
	}
	buf_addc(out, n->kind == NODE_LIST ? ']' : '}');
}

/* ---- block style ---- */

/* Whether a node goes onto the line of its key: scalars, what is empty, lists of scalars. */
static bool is_inline(const struct node *n)
{
	if (n->kind == NODE_SCALAR || n->n == 0)
		return true;
	if (n->kind == NODE_MAP)
		return false;
	for (size_t i = 0; i < n->n; i++)
		if (n->items[i]->kind != NODE_SCALAR || node_is_empty(n->items[i]))
			return false;
	return true;
}

static void write_block(const struct node *n, int indent, bool is_begun, struct buf *out);

/* What stands behind "key:" or "-". */
static void write_value(const struct node *n, int indent, bool is_item, struct buf *out)
{
	if (is_inline(n)) {
		buf_adds(out, n->kind == NODE_SCALAR && node_is_empty(n) ? "" : " ");
		yaml_write_flow(n, out);
		buf_addc(out, '\n');
		return;
	}
	buf_adds(out, is_item ? " " : "\n");
	write_block(n, indent + 2, is_item, out);
}

/* is_begun: the first line is indented already. */
static void write_block(const struct node *n, int indent, bool is_begun, struct buf *out)
{
	for (size_t i = 0; i < n->n; i++) {
		if (!is_begun || i > 0)
			buf_addf(out, "%*s", indent, "");
		if (n->kind == NODE_LIST) {
			buf_addc(out, '-');
			write_value(n->items[i], indent, true, out);
		} else {
			write_key(n->pairs[i].key, out);
			buf_addc(out, ':');
			write_value(n->pairs[i].value, indent, false, out);
		}
	}
}

void yaml_write(const struct node *root, struct buf *out)
{
	if (!is_inline(root)) {
		write_block(root, 0, false, out);
		return;
	}
	yaml_write_flow(root, out);
	buf_addc(out, '\n');
}

/* ---- trees ---- */

/* Whether quotes make a difference: to numbers and booleans, `~`, and nothing at all. */
static bool equal_scalars(const struct node *a, const struct node *b)
{
	static const char *const words[] = {"", "~", "true", "false"};
	bool matters = a->text[0] == '-' || (a->text[0] >= '0' && a->text[0] <= '9');

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		matters |= strcmp(a->text, words[i]) == 0;
	return strcmp(a->text, b->text) == 0 && (!matters || a->is_plain == b->is_plain);
}

bool node_equal(const struct node *a, const struct node *b)
{
	if (a == b)
		return true;
	if (a->kind != b->kind)
		return false;
	if (a->kind == NODE_SCALAR)
		return equal_scalars(a, b);
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		if (a->kind == NODE_LIST
				? !node_equal(a->items[i], b->items[i])
				: strcmp(a->pairs[i].key->text, b->pairs[i].key->text) != 0 ||
					  !node_equal(a->pairs[i].value, b->pairs[i].value))
			return false;
	}
	return true;
}

struct node *node_scalar(struct arena *a, const char *text, bool is_plain)
{
	struct node *n = arena_alloc(a, sizeof *n);

	*n = (struct node){.kind = NODE_SCALAR,
		.is_plain = is_plain,
		.text = arena_strdup(a, text),
		.height = 1,
		.weight = 1};
	return n;
}

struct node *node_with(
	struct arena *a, const struct node *map, const char *key, const struct node *value)
{
	struct node *out = arena_alloc(a, sizeof *out);
	size_t at = 0, n = map ? map->n : 0;

	*out = map ? *map : (struct node){.kind = NODE_MAP, .height = 1, .weight = 1};
	while (at < n && strcmp(map->pairs[at].key->text, key) != 0)
		at++;
	bool is_new = at == n;
	out->pairs = arena_array(a, n + 1, sizeof *out->pairs);
	for (size_t i = 0; i < n; i++)
		out->pairs[i + is_new] = map->pairs[i];
	out->n = n + is_new;
	if (is_new)
		out->pairs[0].key = node_scalar(a, key, true);
	out->pairs[is_new ? 0 : at].value = (struct node *)value;
	return out;
}
