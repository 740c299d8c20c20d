#include "coordinator/campaign/names.h"

#include "coordinator/campaign/expression.h"
#include "coordinator/campaign/host_fields.h"
#include "coordinator/campaign/sandbox.h"
#include "coordinator/campaign/sandbox_words.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>

/* Named values that need each other. */
#define MAX_DEPTH 100
/* A named value that is computed; texts double with each `..`. */
#define MAX_TEXT 65536

/* A named value's expression that was evaluated for this configuration. */
struct computed {
	const struct named_value *of;
	bool is_done; /* else it is being computed: who needs it now, needs itself */
	struct sandbox_value value;
	char *text; /* its; owned */
};

struct names {
	const struct campaign *campaign;
	struct sandbox *sandbox; /* made at first need */
	char *host_name;
	json_t *inventory;
	bool has_host; /* the sandbox has it */
	const struct configuration *configuration;
	char cpus[64];
	bool has_cpus;
	bool (*lookup)(void *arg, const char *name, double *value);
	void *lookup_arg;
	struct computed *computed;
	size_t computed_n, computed_room;
	int depth;
	struct buf text; /* of the last evaluation */
};

/* ---- what is set ---- */

static void forget(struct names *n)
{
	for (size_t i = 0; i < n->computed_n; i++)
		free(n->computed[i].text);
	n->computed_n = 0;
}

struct names *names_open(const struct campaign *c)
{
	struct names *n = xcalloc(1, sizeof *n);

	n->campaign = c;
	n->text = (struct buf)BUF_INIT;
	return n;
}

void names_close(struct names *n)
{
	if (!n)
		return;
	forget(n);
	sandbox_close(n->sandbox);
	json_decref(n->inventory);
	free(n->host_name);
	free(n->computed);
	buf_done(&n->text);
	free(n);
}

int names_set_host(struct names *n, const char *name, const char *inventory, struct error *err)
{
	json_error_t why = {0};
	json_t *json = json_loads(inventory ? inventory : "", 0, &why);

	if (!json_is_object(json)) {
		json_decref(json);
		return error_set(err, ERR_CAMPAIGN, "the inventory of %s is no JSON object: %s",
			name, why.text);
	}
	json_decref(n->inventory);
	free(n->host_name);
	n->inventory = json;
	n->host_name = xstrdup(name);
	n->has_host = false;
	names_set_configuration(n, NULL);
	return 0;
}

const char *names_host_name(const struct names *n)
{
	return n->host_name;
}

const json_t *names_inventory(const struct names *n)
{
	return n->inventory;
}

void names_set_configuration(struct names *n, const struct configuration *c)
{
	forget(n);
	n->configuration = c;
	n->has_cpus = false;
	names_set_metrics(n, NULL, NULL);
}

const struct configuration *names_configuration(const struct names *n)
{
	return n->configuration;
}

void names_set_cpus(struct names *n, const char *text)
{
	n->has_cpus = text != NULL;
	snprintf(n->cpus, sizeof n->cpus, "%s", text ? text : "");
}

void names_set_metrics(
	struct names *n, bool (*lookup)(void *arg, const char *name, double *value), void *arg)
{
	n->lookup = lookup;
	n->lookup_arg = arg;
}

/* ---- parameters ---- */

/* The value of a path, plain or named; both NULL where the configuration has no such thing. */
struct found {
	const struct value *value;
	const struct named_value *named;
};

static struct found find_attribute(const struct value *value, const char *name)
{
	const struct attributes *a = value->attributes;

	for (size_t i = 0; a && i < a->n; i++)
		if (strcmp(a->items[i].name, name) == 0)
			return (struct found){&a->items[i].value, &a->items[i]};
	return (struct found){0};
}

static struct found find_parameter(const struct configuration *c, const char *path)
{
	size_t len = strcspn(path, ".");
	const struct benchmark *b;

	if (!c)
		return (struct found){0};
	b = c->benchmark;
	for (size_t i = 0; i < b->axes_n; i++) {
		if (strncmp(b->axes[i].name, path, len) != 0 || b->axes[i].name[len] != '\0')
			continue;
		if (path[len] == '.')
			return find_attribute(configuration_value(c, i), path + len + 1);
		return (struct found){configuration_value(c, i), NULL};
	}
	for (size_t i = 0; path[len] == '\0' && i < b->derived_n; i++)
		if (strcmp(b->derived[i].name, path) == 0)
			return (struct found){&b->derived[i].value, &b->derived[i]};
	return (struct found){0};
}

static struct sandbox_value plain_value(const struct value *v)
{
	if (v->is_bool)
		return (struct sandbox_value){
			.type = SANDBOX_BOOL, .truth = strcmp(v->text, "true") == 0};
	return (struct sandbox_value){
		.type = v->is_number ? SANDBOX_NUMERAL : SANDBOX_TEXT,
		.text = v->text,
		.len = strlen(v->text),
	};
}

static int evaluate(
	struct names *n, const struct expression *e, struct sandbox_value *out, struct error *err);

/* A value that is kept: short enough, and something that can be written. */
static int check_computed(const struct sandbox_value *v, struct error *err)
{
	if (v->type == SANDBOX_TEXT && v->len > MAX_TEXT)
		return error_set(err, -EINVAL, "it is a text of more than 64 KiB");
	if (v->type == SANDBOX_TEXT && strlen(v->text) != v->len)
		return error_set(err, -EINVAL, "it is a text with a zero byte");
	if (v->type == SANDBOX_FLOAT && !isfinite(v->number))
		return error_set(err, -EINVAL, "it is no finite number");
	return 0;
}

static struct computed *add_computed(struct names *n, const struct named_value *of)
{
	if (n->computed_n == n->computed_room) {
		n->computed_room = n->computed_room ? 2 * n->computed_room : 8;
		n->computed = xreallocarray(n->computed, n->computed_room, sizeof *n->computed);
	}
	n->computed[n->computed_n] = (struct computed){.of = of};
	return &n->computed[n->computed_n++];
}

/* Say where the expression stands, and what it is. */
static void wrap_place(const struct expression *e, struct error *err)
{
	if (e->line > 0)
		error_wrap(err, "line %d: %s", e->line, e->what);
	else
		error_wrap(err, "%s", e->what);
}

/* Evaluate what is not known yet; others may be added meanwhile, and move it. */
static int compute_anew(struct names *n, const struct named_value *named, struct error *err)
{
	size_t at = n->computed_n;
	struct sandbox_value value;
	int rc;

	if (n->depth >= MAX_DEPTH)
		return error_set(
			err, -EINVAL, "it needs more than %d others, one by one", MAX_DEPTH);
	add_computed(n, named);
	n->depth++;
	rc = evaluate(n, named->expr, &value, err);
	n->depth--;
	if (rc == 0) {
		rc = check_computed(&value, err);
		if (rc < 0)
			wrap_place(named->expr, err);
	}
	if (rc < 0) {
		/* What was added behind it needs none of this: it failed or is done. */
		for (size_t i = at; i < n->computed_n; i++)
			free(n->computed[i].text);
		n->computed_n = at;
		return rc;
	}
	if (value.type == SANDBOX_TEXT)
		value.text = n->computed[at].text = xstrdup(value.text);
	n->computed[at].value = value;
	n->computed[at].is_done = true;
	return 0;
}

static int compute(struct names *n, const struct named_value *named, struct sandbox_value *out,
	struct error *err)
{
	int rc;

	for (size_t i = 0; i < n->computed_n; i++) {
		if (n->computed[i].of != named)
			continue;
		if (!n->computed[i].is_done) {
			error_set(err, -EINVAL, "it needs itself");
			wrap_place(named->expr, err);
			return -EINVAL;
		}
		*out = n->computed[i].value;
		return 0;
	}
	rc = compute_anew(n, named, err);
	if (rc < 0)
		return rc;
	return compute(n, named, out, err);
}

/* What a path is for an expression; what is not there is nil. */
static int argument(struct names *n, const struct expression_name *name, struct sandbox_value *out,
	struct error *err)
{
	struct found found;

	*out = (struct sandbox_value){.type = SANDBOX_NIL};
	if (name->kind == NAME_BENCHMARK) {
		if (n->configuration)
			*out = (struct sandbox_value){.type = SANDBOX_TEXT,
				.text = n->configuration->benchmark->name,
				.len = strlen(n->configuration->benchmark->name)};
		return 0;
	}
	found = find_parameter(n->configuration, name->path);
	if (found.named && found.named->expr)
		return compute(n, found.named, out, err);
	if (found.value)
		*out = plain_value(found.value);
	return 0;
}

/* ---- as text ---- */

/* Append the value of a known field of the host. Returns whether it has one. */
static bool add_field(const struct names *n, const char *path, struct buf *out)
{
	int64_t count;
	const json_t *value;

	if (strcmp(path, "host.name") == 0) {
		buf_adds(out, n->host_name);
		return true;
	}
	value = host_field(n->inventory, path, &count);
	if (count != ABSENT)
		buf_addf(out, "%lld", (long long)count);
	else if (json_is_string(value))
		buf_adds(out, json_string_value(value));
	else if (json_is_integer(value))
		buf_addf(out, "%lld", (long long)json_integer_value(value));
	else if (json_is_real(value))
		number_add(json_real_value(value), out);
	else if (json_is_boolean(value))
		buf_adds(out, json_is_true(value) ? "true" : "false");
	return value != NULL || count != ABSENT;
}

static void describe_one(struct names *n, const struct expression_name *name, struct buf *out)
{
	struct sandbox_value v = {.type = SANDBOX_NIL};
	size_t start = out->len;
	double number;

	if (name->kind == NAME_HOST && n->inventory) {
		int64_t count;
		bool is_text = strcmp(name->path, "host.name") == 0 ||
			       json_is_string(host_field(n->inventory, name->path, &count));

		buf_adds(out, is_text ? "'" : "");
		add_field(n, name->path, out);
		buf_adds(out, is_text ? "'" : "");
	} else if (name->kind == NAME_METRIC) {
		if (n->lookup && n->lookup(n->lookup_arg, name->path, &number))
			number_add(number, out);
	} else if (name->kind != NAME_HOST && argument(n, name, &v, NULL) == 0) {
		buf_adds(out, v.type == SANDBOX_TEXT ? "'" : "");
		sandbox_value_add(&v, out);
		buf_adds(out, v.type == SANDBOX_TEXT ? "'" : "");
	}
	if (out->len == start)
		buf_adds(out, "nil");
}

void names_describe(struct names *n, const struct expression *e, struct buf *out)
{
	for (size_t i = 0; i < e->names_n; i++) {
		buf_addf(out, "%s%s%s is ", i ? ", " : "",
			e->names[i].kind == NAME_METRIC ? "metric " : "", e->names[i].path);
		describe_one(n, &e->names[i], out);
	}
}

/* ---- evaluating ---- */

static int prepare_sandbox(struct names *n, struct error *err)
{
	if (!n->sandbox)
		n->sandbox = sandbox_open();
	sandbox_set_metrics(n->sandbox, n->lookup, n->lookup_arg);
	if (n->has_host || !n->host_name)
		return 0;
	n->has_host = true;
	return sandbox_set_host(n->sandbox, n->host_name, n->inventory, err);
}

static void add_description(struct names *n, const struct expression *e, struct error *err)
{
	_cleanup_buf_ struct buf values = BUF_INIT;
	_cleanup_free_ char *why = err ? xstrdup(err->text) : NULL;

	if (!err)
		return;
	names_describe(n, e, &values);
	if (values.len > 0)
		error_set(err, -EINVAL, "%s (%s)", why, values.data);
}

static bool is_missing(const struct names *n, const char *path)
{
	int64_t count;
	const json_t *value = host_field(n->inventory, path, &count);

	return strcmp(path, "host.name") != 0 && count == ABSENT &&
	       (value == NULL || json_is_null(value));
}

/* Each may need all before it: names that are looked at in all. */
#define MAX_LOOKED_AT 1000

/* The first field that an expression names, or what it computes with, and this host does not tell
 * of; NULL: none. */
static const char *find_missing(struct names *n, const struct expression *e, int *left)
{
	const char *path = NULL;

	for (size_t i = 0; i < e->names_n && path == NULL && (*left)-- > 0; i++) {
		const struct expression_name *name = &e->names[i];
		struct found found = {0};

		if (name->kind == NAME_HOST && host_field_is_known(name->path))
			path = is_missing(n, name->path) ? name->path : NULL;
		else if (name->kind == NAME_PARAMETER)
			found = find_parameter(n->configuration, name->path);
		if (found.named && found.named->expr)
			path = find_missing(n, found.named->expr, left);
	}
	return path;
}

static const char *missing_field(struct names *n, const struct expression *e)
{
	int left = MAX_LOOKED_AT;

	return n->inventory ? find_missing(n, e, &left) : NULL;
}

/* What fails for want of a field is no fault of the file, which is for other hosts, too. The
 * sandbox says nil wherever it did not want one. */
static int code_of(struct names *n, const struct expression *e, const struct error *why)
{
	return strstr(why->text, "nil") && missing_field(n, e) ? -ENOENT : -EINVAL;
}

/* In place of what Lua has to say of it. */
static int say_missing(struct names *n, const struct expression *e, struct error *err)
{
	const char *path = missing_field(n, e);

	return error_set(err, -ENOENT, "%s is not known here", path ? path : "host");
}

static int run(
	struct names *n, const struct expression *e, struct sandbox_value *out, struct error *err)
{
	struct sandbox_value arguments[EXPRESSION_MAX_PARAMETERS];
	struct error own = {0};
	int rc;

	for (size_t i = 0; i < e->parameters_n; i++) {
		rc = argument(n, &e->names[i], &arguments[i], err);

		if (rc < 0)
			return rc;
	}
	if (!err)
		err = &own;
	if (prepare_sandbox(n, err) == 0 &&
		sandbox_run(n->sandbox, e, e->code, arguments, e->parameters_n, out, err) == 0)
		return 0;
	rc = code_of(n, e, err);
	add_description(n, e, err);
	return rc;
}

static int evaluate(
	struct names *n, const struct expression *e, struct sandbox_value *out, struct error *err)
{
	int rc = run(n, e, out, err);

	if (rc < 0)
		wrap_place(e, err);
	return rc;
}

int names_evaluate(
	struct names *n, const struct expression *e, struct evaluated *out, struct error *err)
{
	struct sandbox_value v;

	*out = (struct evaluated){.type = EVALUATED_NIL};
	if (evaluate(n, e, &v, err) < 0)
		return -EINVAL;
	if (v.type == SANDBOX_NIL)
		return 0;
	out->type = v.type == SANDBOX_BOOL   ? EVALUATED_BOOL
		    : v.type == SANDBOX_TEXT ? EVALUATED_TEXT
					     : EVALUATED_NUMBER;
	out->truth = v.type == SANDBOX_BOOL ? v.truth : true;
	out->number = v.number;
	buf_reset(&n->text);
	sandbox_value_add(&v, &n->text);
	out->text = n->text.data;
	return 0;
}

/* Whether a benchmark of several has not what the expression names. */
static bool lacks_a_name(const struct names *n, const struct expression *e)
{
	for (size_t i = 0; e->is_of_any && i < e->parameters_n; i++)
		if (e->names[i].kind == NAME_PARAMETER &&
			!find_parameter(n->configuration, e->names[i].path).value)
			return true;
	return false;
}

/* "line 7: where: host.frequency.base is not known here". */
static int fail_missing(struct names *n, const struct expression *e, struct error *err)
{
	say_missing(n, e, err);
	wrap_place(e, err);
	return -ENOENT;
}

int names_holds(struct names *n, const struct expression *e, struct error *err)
{
	struct sandbox_value v;
	_cleanup_buf_ struct buf text = BUF_INIT;
	int rc = evaluate(n, e, &v, err);

	if (rc < 0) {
		if (!lacks_a_name(n, e))
			return rc == -ENOENT ? fail_missing(n, e, err) : rc;
		if (err)
			*err = (struct error){0};
		return 0;
	}
	if (v.type == SANDBOX_BOOL || v.type == SANDBOX_NIL)
		return v.truth;
	sandbox_value_add(&v, &text);
	error_set(err, -EINVAL, "it is '%.80s', expected true or false", text.data);
	add_description(n, e, err);
	wrap_place(e, err);
	return -EINVAL;
}

/* ---- templates ---- */

static int get_computed(struct names *n, const struct found *found, const char *path,
	struct buf *out, struct error *err)
{
	struct sandbox_value v;

	int rc = compute(n, found->named, &v, err);

	if (rc == -ENOENT) {
		say_missing(n, found->named->expr, err);
		error_wrap(err, "%s", path);
	}
	if (rc < 0)
		return rc;
	if (v.type == SANDBOX_NIL) {
		_cleanup_buf_ struct buf values = BUF_INIT;

		names_describe(n, found->named->expr, &values);
		return error_set(err, -ENOENT, "%s is nothing here%s%s%s", path,
			values.len ? " (" : "", values.data, values.len ? ")" : "");
	}
	sandbox_value_add(&v, out);
	return 0;
}

static int get_host(struct names *n, const char *path, struct buf *out, struct error *err)
{
	if (add_field(n, path, out))
		return 0;
	if (strncmp(path, HOST_LABELS, strlen(HOST_LABELS)) == 0)
		return error_set(err, -ENOENT, "%s has no label '%s'", n->host_name,
			path + strlen(HOST_LABELS));
	return error_set(err, -ENOENT, "%s has no %s", n->host_name, path);
}

int names_get(struct names *n, const char *path, struct buf *out, struct error *err)
{
	struct found found = find_parameter(n->configuration, path);

	if (found.named && found.named->expr)
		return get_computed(n, &found, path, out, err);
	if (found.value)
		buf_adds(out, found.value->text);
	else if (strncmp(path, "host.", 5) == 0 && n->host_name && host_field_is_known(path))
		return get_host(n, path, out, err);
	else if (strcmp(path, "cpus") == 0 && n->has_cpus)
		buf_adds(out, n->cpus);
	else if (strcmp(path, "campaign") == 0 && n->campaign)
		buf_adds(out, n->campaign->name);
	else if (strncmp(path, "hosts.", 6) == 0 && strlen(path) > 14)
		/* hosts.ROLE.address: known once all of its hosts are ready for the run. */
		buf_addf(out, MARK_ADDRESS "%.*s\003", (int)strlen(path) - 14, path + 6);
	else if (strcmp(path, "tmp") == 0)
		buf_adds(out, MARK_TMP);
	else if (strcmp(path, "cpu_list") == 0)
		buf_adds(out, MARK_CPU_LIST);
	else
		return error_set(err, -ENOENT, "{%s} is not known here", path);
	return 0;
}

bool names_is_computed(const struct names *n, const char *path)
{
	struct found found = find_parameter(n->configuration, path);

	return found.value ? found.named && found.named->expr : strncmp(path, "host.", 5) == 0;
}
