/*
 * The tables of schema*.c as a JSON Schema, so that editors complete keys and mark mistakes while a
 * campaign is written. It says less than schema_check(): what needs more than one key to be seen
 * (names of axes, templates, bounds of quantities) is for `joulerig check`.
 */
#include "coordinator/campaign/schema.h"
#include <jansson.h>

/* draft-07 is what editors know best. */
#define DIALECT  "http://json-schema.org/draft-07/schema#"
#define TEMPLATE "\\{[A-Za-z_][A-Za-z0-9_]*(\\.[A-Za-z_][A-Za-z0-9_]*)*\\}"
#define NUMBER   "^[0-9]+(\\.[0-9]+)?"

static json_t *json_of(const struct schema *s);

/* ---- pieces ---- */

/* What YAML may take a text for. */
static json_t *scalar(void)
{
	return json_pack("{s:[s,s,s]}", "type", "string", "number", "boolean");
}

static json_t *either(json_t *a, json_t *b)
{
	return json_pack("{s:[o,o]}", "anyOf", a, b);
}

static json_t *or_null(json_t *a)
{
	return either(a, json_pack("{s:s}", "type", "null"));
}

static json_t *text_like(const char *pattern)
{
	return json_pack("{s:s, s:s}", "type", "string", "pattern", pattern);
}

static json_t *list_of(json_t *items, int64_t min, int64_t max)
{
	json_t *list = json_pack("{s:s, s:o}", "type", "array", "items", items);

	if (min > 0)
		json_object_set_new(list, "minItems", json_integer(min));
	if (max > 0)
		json_object_set_new(list, "maxItems", json_integer(max));
	return list;
}

/* ---- scalars ---- */

static json_t *text_of(const struct schema *s)
{
	json_t *out = scalar();

	if (!s->is_good || !s->is_good(""))
		json_object_set_new(out, "minLength", json_integer(1));
	if (s->pattern)
		json_object_set_new(out, "pattern", json_string(s->pattern));
	return out;
}

static json_t *choices_of(const struct schema *s)
{
	json_t *all = json_array();

	for (const char *const *c = s->choices; *c; c++)
		json_array_append_new(all, json_string(*c));
	return json_pack("{s:o}", "enum", all);
}

static json_t *integer_of(const struct schema *s)
{
	json_t *out = json_pack("{s:s, s:I}", "type", "integer", "minimum", (json_int_t)s->min);

	if (s->max != INT64_MAX)
		json_object_set_new(out, "maximum", json_integer(s->max));
	return out;
}

static json_t *quantity_of(const struct schema *s)
{
	static const char *const patterns[] = {
		[TYPE_DURATION] = NUMBER "(ns|us|ms|s|min|h|d)$",
		[TYPE_SIZE] = NUMBER "([kKMGT]?B|[KMGT]iB)$",
		[TYPE_FREQUENCY] = NUMBER "[kMG]?Hz$",
		[TYPE_POWER] = NUMBER "[mk]?W$",
		[TYPE_ENERGY] = NUMBER "([umkMG]?J|k?Wh)$",
		[TYPE_PERCENT] = NUMBER "%$",
		[TYPE_TEMPERATURE] = NUMBER "m?K$",
	};
	json_t *out = text_like(patterns[s->type]);

	return s->choices ? either(choices_of(s), out) : out;
}

static json_t *cpus(void)
{
	json_t *text = json_pack("{s:[s,s], s:s}", "type", "string", "integer", "pattern",
		"^[0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*$|" TEMPLATE);

	return either(text, list_of(json_copy(text), 1, 0));
}

/* A scalar without templates; NULL where the type is none. */
static json_t *scalar_of(const struct schema *s)
{
	switch (s->type) {
	case TYPE_TEXT:
	case TYPE_TEMPLATE:
	case TYPE_EXPRESSION:
		return text_of(s);
	case TYPE_BOOL:
		return json_pack("{s:s}", "type", "boolean");
	case TYPE_INT:
		return integer_of(s);
	case TYPE_DURATION:
	case TYPE_SIZE:
	case TYPE_FREQUENCY:
	case TYPE_POWER:
	case TYPE_ENERGY:
	case TYPE_PERCENT:
	case TYPE_TEMPERATURE:
		return quantity_of(s);
	case TYPE_DECIMAL:
		return json_pack("{s:s, s:i}", "type", "number", "minimum", 0);
	case TYPE_NUMBER:
		return json_pack("{s:s}", "type", "number");
	case TYPE_CPUS:
		return cpus();
	case TYPE_CHOICE:
		return choices_of(s);
	default:
		return NULL;
	}
}

/* ---- mappings ---- */

/* What a key is for, and what its value may be where the type does not say it all. */
static json_t *description(const struct key_info *k)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	json_t *type = scalar_of(k->schema);

	buf_adds(&text, k->help);
	if (type && k->schema->type != TYPE_BOOL && k->schema->type != TYPE_CHOICE &&
		k->schema != &schema_text && k->schema != &schema_template) {
		buf_adds(&text, " (");
		schema_expectation(k->schema, &text);
		buf_addc(&text, ')');
	}
	json_decref(type);
	return json_string(text.data);
}

/* {"by": ["baseline"], "baseline": ["by"]}; empty: no key needs another one. */
static json_t *dependencies_of(const struct schema *s)
{
	json_t *out = json_object();

	for (const struct key_info *k = s->keys; k->name; k++) {
		json_t *others = json_array();

		for (const struct key_info *o = s->keys; (k->flags & KEY_TOGETHER) && o->name; o++)
			if (o != k && (o->flags & KEY_TOGETHER))
				json_array_append_new(others, json_string(o->name));
		if (json_array_size(others))
			json_object_set(out, k->name, others);
		json_decref(others);
	}
	return out;
}

static json_t *map_of(const struct schema *s)
{
	json_t *properties = json_object(), *required = json_array(), *out;
	json_t *dependencies = dependencies_of(s);

	for (const struct key_info *k = s->keys; k->name; k++) {
		json_t *value = json_of(k->schema);

		if (s->is_layer || (k->flags & KEY_LAYER))
			value = or_null(value);
		json_object_set_new(value, "description", description(k));
		json_object_set_new(properties, k->name, value);
		if (k->flags & KEY_REQUIRED)
			json_array_append_new(required, json_string(k->name));
	}
	out = json_pack("{s:s, s:o, s:b}", "type", "object", "properties", properties,
		"additionalProperties", 0);
	if (json_array_size(required))
		json_object_set(out, "required", required);
	json_decref(required);
	if (json_object_size(dependencies))
		json_object_set(out, "dependencies", dependencies);
	json_decref(dependencies);
	if (s->is_one) {
		json_object_set_new(out, "minProperties", json_integer(1));
		json_object_set_new(out, "maxProperties", json_integer(1));
	}
	return out;
}

static json_t *names_of(const struct schema *s)
{
	json_t *value = json_of(s->of), *out;

	if (s->is_layer)
		value = or_null(value);
	out = json_pack("{s:s, s:o}", "type", "object", "additionalProperties", value);
	if (s->pattern)
		json_object_set_new(
			out, "propertyNames", json_pack("{s:s}", "pattern", s->pattern));
	if (!s->is_layer)
		json_object_set_new(out, "minProperties", json_integer(1));
	if (s->max)
		json_object_set_new(out, "maxProperties", json_integer(s->max));
	return out;
}

/* ---- the matrix ---- */

/* {from, to, factor or step}. */
static json_t *range(void)
{
	return json_pack("{s:s, s:{s:{s:s}, s:{s:s}, s:{s:s, s:i}, s:{s:s, s:i}}, s:[s,s], "
			 "s:[{s:[s]}, {s:[s]}], s:b}",
		"type", "object", "properties", "from", "type", "integer", "to", "type", "integer",
		"factor", "type", "integer", "minimum", 2, "step", "type", "integer", "minimum", 1,
		"required", "from", "to", "oneOf", "required", "factor", "required", "step",
		"additionalProperties", 0);
}

static json_t *each(void)
{
	return json_pack("{s:s, s:{s:{s:[s]}}, s:[s], s:b}", "type", "object", "properties", "each",
		"enum", "host.thread_steps", "required", "each", "additionalProperties", 0);
}

/* A value, or {expr: EXPRESSION}. */
static json_t *attribute(void)
{
	return either(
		scalar(), json_pack("{s:s, s:{s:o}, s:[s], s:b}", "type", "object", "properties",
				  "expr", scalar(), "required", "expr", "additionalProperties", 0));
}

static json_t *named_values(void)
{
	json_t *sections = json_object();

	json_object_set_new(sections, "env",
		or_null(json_pack("{s:s, s:o}", "type", "object", "additionalProperties",
			or_null(scalar()))));
	json_object_set_new(sections, "placement", or_null(json_of(&schema_placement)));
	json_object_set_new(sections, "tune", or_null(json_of(&schema_tune)));
	json_object_set_new(sections, "limits", or_null(json_of(&schema_own_limits)));
	return json_pack("{s:s, s:i, s:{s:s, s:o, s:o}}", "type", "object", "minProperties", 1,
		"additionalProperties", "type", "object", "properties", sections,
		"additionalProperties", attribute());
}

static json_t *axis(void)
{
	json_t *forms = json_array();

	json_array_append_new(forms, json_pack("{s:s}", "type", "null"));
	json_array_append_new(forms, list_of(scalar(), 1, 0));
	json_array_append_new(forms, range());
	json_array_append_new(forms, each());
	json_array_append_new(forms, named_values());
	return json_pack("{s:o}", "anyOf", forms);
}

/* Mappings of axes to values. */
static json_t *rule(void)
{
	return json_pack("{s:s, s:i, s:o}", "type", "object", "minProperties", 1,
		"additionalProperties", either(scalar(), list_of(scalar(), 1, 0)));
}

static void add_word(json_t *properties, const char *name, json_t *value, const char *help)
{
	value = or_null(value);
	json_object_set_new(value, "description", json_string(help));
	json_object_set_new(properties, name, value);
}

static json_t *matrix(void)
{
	json_t *words = json_object();

	add_word(words, "exclude", list_of(either(scalar(), rule()), 0, 0),
		"configurations that go: mappings of axes to values, or expressions");
	add_word(words, "include", list_of(rule(), 0, 0),
		"configurations that are added: each entry is a small matrix of its own");
	add_word(words, "where", scalar(), "an expression that must hold, on each host");
	add_word(words, "zip", list_of(list_of(scalar(), 2, 0), 0, 0),
		"axes that walk in lock step");
	add_word(words, "derived",
		json_pack("{s:s, s:o}", "type", "object", "additionalProperties",
			or_null(attribute())),
		"parameters that are computed of others");
	return json_pack("{s:s, s:o, s:{s:s}, s:o}", "type", "object", "properties", words,
		"propertyNames", "pattern", "^[A-Za-z_][A-Za-z0-9_]*$", "additionalProperties",
		axis());
}

/* ---- all of it ---- */

/* What stands in several places, by a name of its own. */
static const struct {
	const struct schema *schema;
	const char *name;
} shared[] = {
	{&schema_command, "command"},
	{&schema_steps, "steps"},
	{&schema_labels, "labels"},
	{&schema_matrix, "matrix"},
	{&schema_placement, "placement"},
	{&schema_measure, "measure"},
	{&schema_guard, "guard"},
	{&schema_tune, "tune"},
	{&schema_limits, "limits"},
	{&schema_own_limits, "own_limits"},
	{&schema_defaults, "benchmark"},
};

static json_t *whole(const struct schema *s)
{
	json_t *out = scalar_of(s);

	if (out)
		return s->is_template ? either(out, text_like(TEMPLATE)) : out;
	switch (s->type) {
	case TYPE_COMMAND:
		out = scalar();
		json_object_set_new(out, "minLength", json_integer(1));
		return either(list_of(scalar(), 1, 0), out);
	case TYPE_STEPS:
		return json_pack("{s:[o,o,o]}", "anyOf", json_of(&schema_command), json_of(s->of),
			list_of(either(json_of(&schema_command), json_of(s->of)), 1, 0));
	case TYPE_MAP:
		return map_of(s);
	case TYPE_NAMES:
		return names_of(s);
	case TYPE_LIST:
		return list_of(json_of(s->of), s->min, s->max);
	case TYPE_ONE_OR_LIST:
		return either(json_of(s->of), list_of(json_of(s->of), 0, s->max));
	case TYPE_SCALAR_OR_MAP:
		return either(json_of(s->scalar), json_of(s->of));
	default:
		return matrix();
	}
}

static json_t *json_of(const struct schema *s)
{
	/* What benchmarks begin with has their keys. */
	if (s->keys && s->keys == schema_defaults.keys)
		s = &schema_defaults;
	for (size_t i = 0; i < ARRAY_SIZE(shared); i++) {
		_cleanup_free_ char *path = xasprintf("#/definitions/%s", shared[i].name);

		if (shared[i].schema == s)
			return json_pack("{s:s}", "$ref", path);
	}
	return whole(s);
}

char *schema_to_json(void)
{
	json_t *root = json_pack("{s:s, s:s, s:s}", "$schema", DIALECT, "title",
		       "A campaign of joulerig", "description",
		       "What `joulerig check` accepts, as far as a schema can say it."),
	       *definitions = json_object(), *all = map_of(&schema_campaign);
	_cleanup_buf_ struct buf out = BUF_INIT;
	char *text;

	json_object_update(root, all);
	json_decref(all);
	for (size_t i = 0; i < ARRAY_SIZE(shared); i++)
		json_object_set_new(definitions, shared[i].name, whole(shared[i].schema));
	json_object_set_new(root, "definitions", definitions);
	text = json_dumps(root, JSON_INDENT(2));
	json_decref(root);
	buf_adds(&out, text);
	buf_addc(&out, '\n');
	free(text);
	return buf_take(&out);
}
