#include "coordinator/campaign/template.h"

#include "coordinator/campaign/host_fields.h"
#include "coordinator/campaign/matrix.h"
#include "coordinator/campaign/names.h"
#include "coordinator/campaign/plan_depends.h"
#include "coordinator/campaign/schema.h"
#include <stdio.h>

enum piece_kind {
	PIECE_END,
	PIECE_TEXT,   /* [start, len) as it is */
	PIECE_SLOT,   /* a path, without its braces */
	PIECE_DOLLAR, /* ${path}: the path */
};

struct piece {
	enum piece_kind kind;
	const char *start;
	size_t len;
};

/* Bytes of a path name(.field)* at s, or 0 where there is none. */
static size_t path_len(const char *s)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
	size_t len = 0;

	for (;;) {
		size_t part = strspn(s + len, letters);

		if (!is_identifier(s + len, part))
			return 0;
		len += part;
		if (s[len] != '.')
			return len;
		len++;
	}
}

/* Whether {path} stands at s; *len is that of the path. */
static bool is_slot(const char *s, size_t *len)
{
	if (*s != '{')
		return false;
	*len = path_len(s + 1);
	return *len > 0 && s[1 + *len] == '}';
}

/* The next piece of a text, from *at, which moves behind it. */
static struct piece next_piece(const char **at)
{
	const char *s = *at, *p;
	size_t len;

	if (*s == '\0')
		return (struct piece){PIECE_END, s, 0};
	if (s[0] == '$' && is_slot(s + 1, &len)) {
		*at = s + len + 3;
		return (struct piece){PIECE_DOLLAR, s + 2, len};
	}
	/* {{path}}: what stands between the outer braces is the text. */
	if (s[0] == '{' && is_slot(s + 1, &len) && s[len + 3] == '}') {
		*at = s + len + 4;
		return (struct piece){PIECE_TEXT, s + 1, len + 2};
	}
	if (is_slot(s, &len)) {
		*at = s + len + 2;
		return (struct piece){PIECE_SLOT, s + 1, len};
	}
	for (p = s + 1; *p && *p != '{' && *p != '$'; p++)
		;
	*at = p;
	return (struct piece){PIECE_TEXT, s, (size_t)(p - s)};
}

/* ---- checking ---- */

struct known_name {
	const char *name;
	unsigned names; /* what a scope must have */
};

static const struct known_name known_names[] = {
	{"cpus", TEMPLATE_CPUS},
	{"cpu_list", TEMPLATE_RUN},
	{"tmp", TEMPLATE_RUN},
	{"campaign", TEMPLATE_CAMPAIGN},
};

static void unknown_name(const struct node *n, const struct template_scope *scope, const char *path,
	struct diagnostics *d)
{
	const struct benchmark *b = scope->benchmark;
	size_t own = b ? b->axes_n + b->derived_n : 0, words_n = 0, fields_n;
	const char *const *fields = host_fields(&fields_n);
	_cleanup_free_ const char **words =
		xcalloc(own + ARRAY_SIZE(known_names) + fields_n, sizeof *words);
	char nearest[96];

	for (size_t i = 0; b && i < b->axes_n; i++)
		words[words_n++] = b->axes[i].name;
	for (size_t i = 0; b && i < b->derived_n; i++)
		words[words_n++] = b->derived[i].name;
	for (size_t i = 0; i < ARRAY_SIZE(known_names); i++)
		if (scope->names & known_names[i].names)
			words[words_n++] = known_names[i].name;
	for (size_t i = 0; i < fields_n && scope->names & TEMPLATE_HOST; i++)
		words[words_n++] = fields[i];
	if (strncmp(path, "host.", strlen("host.")) == 0)
		host_field_nearest(nearest, path);
	else
		diag_nearest(nearest, path, words, words_n);
	diag_error(d, n, "unknown name '%s' in a template%s%s", path, nearest,
		nearest[0] ? "" : "; for a literal text write it with two braces on each side");
}

/* A name that is known, but not where it stands. */
static void misplaced_name(const struct node *n, const struct template_scope *scope,
	const char *path, struct diagnostics *d)
{
	diag_error(d, n, "{%s} is not known yet in %s", path, scope->where);
}

/* ---- attributes ---- */

static bool value_has(const struct value *v, const char *attribute)
{
	for (size_t i = 0; v->attributes && i < v->attributes->n; i++)
		if (strcmp(v->attributes->items[i].name, attribute) == 0)
			return true;
	return false;
}

bool template_axis_has(const struct axis *axis, const char *attribute, const char **lacking)
{
	bool has = false;

	if (lacking)
		*lacking = NULL;
	for (size_t i = 0; i < axis->n; i++) {
		if (value_has(&axis->values[i], attribute))
			has = true;
		else if (lacking && !*lacking)
			*lacking = axis->values[i].text;
	}
	return has;
}

const char *template_attribute_nearest(char out[96], const struct axis *axis, const char *attribute)
{
	_cleanup_free_ const char **words = NULL;
	size_t n = 0;

	for (size_t i = 0; i < axis->n; i++) {
		const struct attributes *a = axis->values[i].attributes;

		words = xreallocarray(words, n + (a ? a->n : 0) + 1, sizeof *words);
		for (size_t k = 0; a && k < a->n; k++)
			words[n++] = a->items[k].name;
	}
	if (n == 0) {
		snprintf(out, 96, ": its values have no attributes");
		return out;
	}
	return diag_nearest(out, attribute, words, n);
}

/* A path that begins with an axis. */
static void check_axis_path(const struct node *n, const struct template_scope *scope, int axis,
	const char *path, bool *used, struct diagnostics *d)
{
	const struct axis *a = &scope->benchmark->axes[axis];
	const char *dot = strchr(path, '.'), *lacking;
	char nearest[96];

	if (used)
		use_path(scope->benchmark, path, used);
	/* Of an axis with errors nothing is known. */
	if (!dot || (a->n == 0 && !a->is_each))
		return;
	if (!template_axis_has(a, dot + 1, &lacking))
		diag_error(d, n, "axis '%s' has no attribute '%s'%s", a->name, dot + 1,
			template_attribute_nearest(nearest, a, dot + 1));
	else if (lacking)
		diag_error(d, n, "value '%s' of axis '%s' has no attribute '%s'", lacking, a->name,
			dot + 1);
}

/* ---- paths ---- */

static void check_host_path(const struct node *n, const struct template_scope *scope,
	const char *path, struct diagnostics *d)
{
	if (!host_field_is_known(path))
		unknown_name(n, scope, path, d);
	else if (!(scope->names & TEMPLATE_HOST))
		misplaced_name(n, scope, path, d);
}

/* hosts.ROLE.address */
static void check_role_path(const struct node *n, const struct template_scope *scope,
	const char *path, struct diagnostics *d)
{
	const struct benchmark *b = scope->benchmark;
	size_t roles_n = b ? b->roles_n : 0;
	_cleanup_free_ const char **words = xcalloc(roles_n + 1, sizeof *words);
	_cleanup_free_ char *role = NULL;
	const char *rest = path + strcspn(path, ".");
	char nearest[96];

	if (*rest == '\0' || !strchr(rest + 1, '.') ||
		strcmp(strchr(rest + 1, '.'), ".address") != 0) {
		diag_error(
			d, n, "unknown name '%s' in a template, expected hosts.ROLE.address", path);
		return;
	}
	role = xstrndup(rest + 1, strcspn(rest + 1, "."));
	for (size_t i = 0; i < roles_n; i++) {
		words[i] = b->roles[i].name;
		if (strcmp(words[i], role) != 0)
			continue;
		if (!(scope->names & TEMPLATE_ROLES))
			misplaced_name(n, scope, path, d);
		return;
	}
	if (roles_n == 0)
		diag_error(d, n, "{%s}: there are no roles here", path);
	else
		diag_error(d, n, "{%s}: '%s' is none of the roles%s", path, role,
			diag_nearest(nearest, role, words, roles_n));
}

bool template_is_dropped(const char *name, const struct template_scope *scope)
{
	const struct benchmark *b = scope->benchmark;

	return b && scope->layers && matrix_is_axis(name) &&
	       axis_find(b->axes, b->axes_n, name) < 0 && matrix_axis_key(scope->layers, name);
}

static bool is_derived(const struct benchmark *b, const char *name)
{
	for (size_t i = 0; b && i < b->derived_n; i++)
		if (strcmp(b->derived[i].name, name) == 0)
			return true;
	return false;
}

/* A name that is no axis, nor the host's. */
static void check_other(const struct node *n, const struct template_scope *scope, const char *path,
	struct diagnostics *d)
{
	char first[96];

	snprintf(first, sizeof first, "%.*s", (int)strcspn(path, "."), path);
	for (size_t i = 0; i < ARRAY_SIZE(known_names); i++) {
		if (strcmp(known_names[i].name, path) != 0)
			continue;
		if (!(scope->names & known_names[i].names))
			misplaced_name(n, scope, path, d);
		return;
	}
	if (is_derived(scope->benchmark, first))
		diag_error(d, n, "'%s' is a single value: it has no attributes", first);
	else if (template_is_dropped(first, scope))
		diag_error(d, n, "'%s' is no axis of benchmark '%s', which drops it", first,
			scope->benchmark->name);
	else
		unknown_name(n, scope, path, d);
}

static void check_path(const struct node *n, const struct template_scope *scope, const char *path,
	bool *used, struct diagnostics *d)
{
	const struct benchmark *b = scope->benchmark;
	char first[96];
	int axis;

	snprintf(first, sizeof first, "%.*s", (int)strcspn(path, "."), path);
	axis = b ? axis_find(b->axes, b->axes_n, first) : -1;
	if (axis >= 0)
		check_axis_path(n, scope, axis, path, used, d);
	else if (strcmp(first, "host") == 0)
		check_host_path(n, scope, path, d);
	else if (strcmp(first, "hosts") == 0)
		check_role_path(n, scope, path, d);
	else if (!is_derived(b, path))
		check_other(n, scope, path, d);
	else if (used)
		use_path(b, path, used);
}

void template_check(
	const struct node *n, const struct template_scope *scope, bool *used, struct diagnostics *d)
{
	const char *at = n->text;
	struct piece p;

	while ((p = next_piece(&at)).kind != PIECE_END) {
		_cleanup_free_ char *path = xstrndup(p.start, p.len);

		if (p.kind == PIECE_DOLLAR)
			diag_error(d, n,
				"${%s} could be a template or the shell's; write $%s or ${{%s}}",
				path, path, path);
		else if (p.kind == PIECE_SLOT)
			check_path(n, scope, path, used, d);
	}
}

bool template_names_dropped(const char *text, const struct template_scope *scope)
{
	struct piece p;

	while ((p = next_piece(&text)).kind != PIECE_END) {
		_cleanup_free_ char *name = xstrndup(p.start, strcspn(p.start, ".}"));

		if (p.kind == PIECE_SLOT && template_is_dropped(name, scope))
			return true;
	}
	return false;
}

/* ---- replacing ---- */

/* What a regular expression would take for an operator is quoted. */
static void add_quoted(const char *s, struct buf *out)
{
	for (; *s; s++) {
		if (strchr("\\^$.[]|()?*+{}-#/ \t\n", *s))
			buf_addc(out, '\\');
		buf_addc(out, *s);
	}
}

/* Append what a path stands for. */
static int add_slot(
	const struct piece *p, struct names *n, bool is_pattern, struct buf *out, struct error *err)
{
	_cleanup_buf_ struct buf value = BUF_INIT;
	_cleanup_free_ char *allocated = NULL;
	char path[64];
	const char *name = path;
	int rc;

	if (p->len < sizeof path) {
		memcpy(path, p->start, p->len);
		path[p->len] = '\0';
	} else {
		name = allocated = xstrndup(p->start, p->len);
	}
	rc = names_get(n, name, is_pattern ? &value : out, err);
	add_quoted(value.data, out);
	return rc;
}

int template_render(
	const char *text, struct names *n, bool is_pattern, struct buf *out, struct error *err)
{
	const char *at = text;
	struct piece p;

	while ((p = next_piece(&at)).kind != PIECE_END) {
		int rc = 0;

		if (p.kind == PIECE_TEXT)
			buf_add(out, p.start, p.len);
		else
			rc = add_slot(&p, n, is_pattern, out, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

bool template_is_path(const char *text, char path[TEMPLATE_MAX_PATH])
{
	struct piece p = next_piece(&text);

	if (p.kind != PIECE_SLOT || *text != '\0' || p.len >= TEMPLATE_MAX_PATH)
		return false;
	memcpy(path, p.start, p.len);
	path[p.len] = '\0';
	return true;
}

int template_is_axis(const char *text, const struct axis *axes, size_t n)
{
	char path[TEMPLATE_MAX_PATH];

	return template_is_path(text, path) ? axis_find(axes, n, path) : -1;
}
