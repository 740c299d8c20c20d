#include "coordinator/campaign/template.h"

#include "coordinator/campaign/matrix.h"
#include "coordinator/campaign/schema.h"
#include "proto/message.h"
#include <errno.h>
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

/* ---- what the inventory of a host has ---- */

/* Paths below host. that are single values; labels and kinds have names of their own. */
static const char *const host_paths[] = {"host.name", "host.cores", "host.threads", "host.numa",
	"host.memory", "host.kernel", "host.hypervisor", "host.governor", "host.turbo",
	"host.fingerprint", "host.cpu.vendor", "host.cpu.model", "host.cpu.family",
	"host.cpu.model_number", "host.cpu.stepping", "host.cpu.microcode", "host.cpu.codename",
	"host.cpu.packages", "host.cpu.dies", "host.cpu.cores", "host.cpu.threads",
	"host.energy.source"};

#define LABELS_PREFIX "host.labels."
#define KINDS_PREFIX  "host.cpu.kinds."

static bool has_prefix(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

/* The entry of a list of objects whose `kind` is this. */
static const json_t *kind_by_name(const json_t *kinds, const char *name, size_t len)
{
	size_t i;
	json_t *kind;

	json_array_foreach(kinds, i, kind)
	{
		const char *text = json_string_value(json_object_get(kind, "kind"));

		if (text && strlen(text) == len && memcmp(text, name, len) == 0)
			return kind;
	}
	return NULL;
}

/* host.cpu.kinds.KIND.cores: a number, 0 where the host has none of that kind; cpus may be a list
 * of them. */
static int add_kind(const json_t *inventory, const char *path, struct buf *out)
{
	const char *kind = path + strlen(KINDS_PREFIX), *dot = strchr(kind, '.');
	const json_t *cpu = json_object_get(inventory, "cpu"), *entry, *value;

	if (!dot)
		return -ENOENT;
	entry = kind_by_name(json_object_get(cpu, "kinds"), kind, (size_t)(dot - kind));
	value = json_object_get(entry, dot + 1);
	if (json_is_array(value))
		buf_addf(out, "%zu", json_array_size(value));
	else if (json_is_string(value))
		buf_adds(out, json_string_value(value));
	else
		buf_addf(out, "%lld", (long long)json_integer_value(value));
	return 0;
}

static int add_json_scalar(const json_t *value, struct buf *out)
{
	if (json_is_string(value))
		buf_adds(out, json_string_value(value));
	else if (json_is_integer(value))
		buf_addf(out, "%lld", (long long)json_integer_value(value));
	else if (json_is_real(value))
		buf_addf(out, "%.17g", json_real_value(value));
	else if (json_is_boolean(value))
		buf_adds(out, json_is_true(value) ? "true" : "false");
	else
		return -ENOENT;
	return 0;
}

static int add_host(
	const struct template_values *v, const char *path, struct buf *out, struct error *err)
{
	const json_t *at = v->inventory;
	const char *name = path + strlen("host.");
	int rc;

	if (strcmp(path, "host.name") == 0) {
		buf_adds(out, v->host_name);
		return 0;
	}
	if (has_prefix(path, KINDS_PREFIX)) {
		rc = add_kind(v->inventory, path, out);
	} else {
		_cleanup_free_ char *copy = xstrdup(name);
		char *rest = copy, *part;

		while ((part = strsep(&rest, ".")))
			at = json_object_get(at, part);
		rc = add_json_scalar(at, out);
	}
	return rc == 0 ? 0 : error_set(err, -ENOENT, "%s has no %s", v->host_name, path);
}

static bool is_host_path(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(host_paths); i++)
		if (strcmp(host_paths[i], path) == 0)
			return true;
	if (has_prefix(path, LABELS_PREFIX))
		return strchr(path + strlen(LABELS_PREFIX), '.') == NULL;
	if (has_prefix(path, KINDS_PREFIX)) {
		const char *dot = strchr(path + strlen(KINDS_PREFIX), '.');

		return dot && (strcmp(dot, ".cores") == 0 || strcmp(dot, ".cpus") == 0);
	}
	return false;
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
	size_t axes_n = b ? b->axes_n : 0, words_n = 0;
	_cleanup_free_ const char **words =
		xcalloc(axes_n + ARRAY_SIZE(known_names) + ARRAY_SIZE(host_paths), sizeof *words);
	char nearest[96];

	for (size_t i = 0; i < axes_n; i++)
		words[words_n++] = b->axes[i].name;
	for (size_t i = 0; i < ARRAY_SIZE(known_names); i++)
		if (scope->names & known_names[i].names)
			words[words_n++] = known_names[i].name;
	for (size_t i = 0; i < ARRAY_SIZE(host_paths); i++)
		if (scope->names & TEMPLATE_HOST)
			words[words_n++] = host_paths[i];
	diag_nearest(nearest, path, words, words_n);
	diag_error(d, n, "unknown name '%s' in a template%s%s", path, nearest,
		nearest[0] ? "" : "; for a literal text write it with two braces on each side");
}

/* A name that is known, but not where it stands: too early, or to come. */
static void misplaced_name(const struct node *n, const struct template_scope *scope,
	const char *path, struct diagnostics *d)
{
	if (scope->is_later)
		diag_error(d, n, "{%s} in %s is not supported yet by this version", path,
			scope->where);
	else
		diag_error(d, n, "{%s} is not known yet in %s", path, scope->where);
}

/* A path that begins with an axis. */
static void check_axis_path(const struct node *n, const struct template_scope *scope, int axis,
	const char *path, bool *used, struct diagnostics *d)
{
	const char *dot = strchr(path, '.');

	if (used)
		used[axis] = true;
	/* Of an axis with errors nothing is known. */
	if (dot && (scope->benchmark->axes[axis].n > 0 || scope->benchmark->axes[axis].is_each))
		diag_error(d, n, "axis '%s' has no attribute '%s': its values have no attributes",
			scope->benchmark->axes[axis].name, dot + 1);
}

static void check_host_path(const struct node *n, const struct template_scope *scope,
	const char *path, struct diagnostics *d)
{
	if (!is_host_path(path))
		unknown_name(n, scope, path, d);
	else if (!(scope->names & TEMPLATE_HOST))
		misplaced_name(n, scope, path, d);
}

static bool is_dropped(const struct template_scope *scope, const char *name)
{
	const struct benchmark *b = scope->benchmark;

	return b && scope->layers && matrix_is_axis(name) &&
	       axis_find(b->axes, b->axes_n, name) < 0 && matrix_axis_key(scope->layers, name);
}

static void check_path(const struct node *n, const struct template_scope *scope, const char *path,
	bool *used, struct diagnostics *d)
{
	const struct benchmark *b = scope->benchmark;
	char first[96];
	int axis;

	snprintf(first, sizeof first, "%.*s", (int)strcspn(path, "."), path);
	axis = b ? axis_find(b->axes, b->axes_n, first) : -1;
	if (axis >= 0) {
		check_axis_path(n, scope, axis, path, used, d);
		return;
	}
	if (strcmp(first, "host") == 0) {
		check_host_path(n, scope, path, d);
		return;
	}
	if (strcmp(first, "hosts") == 0) {
		diag_error(d, n, "{%s}: roles are not supported yet by this version", path);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(known_names); i++) {
		if (strcmp(known_names[i].name, path) != 0)
			continue;
		if (!(scope->names & known_names[i].names))
			misplaced_name(n, scope, path, d);
		return;
	}
	if (is_dropped(scope, first))
		diag_error(
			d, n, "'%s' is no axis of benchmark '%s', which drops it", first, b->name);
	else
		unknown_name(n, scope, path, d);
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

		if (p.kind == PIECE_SLOT && is_dropped(scope, name))
			return true;
	}
	return false;
}

/* ---- replacing ---- */

static void add_quoted(const char *s, bool is_pattern, struct buf *out)
{
	for (; *s; s++) {
		if (is_pattern && strchr("\\^$.[]|()?*+{}-#/ \t\n", *s))
			buf_addc(out, '\\');
		buf_addc(out, *s);
	}
}

static int add_path(
	const struct template_values *v, const char *path, struct buf *out, struct error *err)
{
	int axis = axis_find(v->axes, v->axes_n, path);

	if (axis >= 0)
		buf_adds(out, v->values[axis].text);
	else if (has_prefix(path, "host.") && v->host_name)
		return add_host(v, path, out, err);
	else if (strcmp(path, "cpus") == 0 && v->cpus)
		buf_adds(out, v->cpus);
	else if (strcmp(path, "campaign") == 0 && v->campaign)
		buf_adds(out, v->campaign);
	else if (strcmp(path, "tmp") == 0)
		buf_adds(out, MARK_TMP);
	else if (strcmp(path, "cpu_list") == 0)
		buf_adds(out, MARK_CPU_LIST);
	else
		return error_set(err, -ENOENT, "{%s} is not known here", path);
	return 0;
}

int template_render(
	const char *text, const struct template_values *v, struct buf *out, struct error *err)
{
	const char *at = text;
	struct piece p;

	while ((p = next_piece(&at)).kind != PIECE_END) {
		_cleanup_buf_ struct buf value = BUF_INIT;
		_cleanup_free_ char *path = NULL;
		int rc;

		if (p.kind == PIECE_TEXT) {
			buf_add(out, p.start, p.len);
			continue;
		}
		path = xstrndup(p.start, p.len);
		rc = add_path(v, path, &value, err);
		if (rc < 0)
			return rc;
		add_quoted(value.data, v->is_pattern, out);
	}
	return 0;
}

int template_is_axis(const char *text, const struct axis *axes, size_t n)
{
	struct piece p = next_piece(&text);
	_cleanup_free_ char *path = NULL;

	if (p.kind != PIECE_SLOT || *text != '\0')
		return -1;
	path = xstrndup(p.start, p.len);
	return axis_find(axes, n, path);
}
