#include "coordinator/analysis/parameters.h"
#include <jansson.h>

static const char *skip_space(const char *p)
{
	return p + strspn(p, " \t\r\n");
}

/* The end of the JSON value that begins at p; the object as a whole was seen to be good before. */
static const char *value_end(const char *p)
{
	int depth = 0;

	for (; *p != '\0'; p++) {
		if (*p == '"') {
			for (p++; *p != '"' && *p != '\0'; p++) {
				if (*p == '\\' && p[1] != '\0')
					p++;
			}
			if (*p == '\0')
				return p;
		} else if (*p == '{' || *p == '[') {
			depth++;
		} else if (*p == '}' || *p == ']') {
			if (depth-- == 0)
				return p;
		} else if (depth == 0 && (*p == ',' || *p == ':')) {
			return p;
		}
	}
	return p;
}

/* The text between, without space at its end; a JSON string without quotes and escapes. */
static char *plain_text(const char *from, const char *to)
{
	while (to > from && strchr(" \t\r\n", to[-1]) != NULL)
		to--;
	if (*from != '"')
		return xstrndup(from, (size_t)(to - from));
	json_t *string = json_loadb(from, (size_t)(to - from), JSON_DECODE_ANY, NULL);
	char *text = xstrdup(json_is_string(string) ? json_string_value(string) : "");
	json_decref(string);
	return text;
}

static bool is_object(const char *json)
{
	json_t *object = json == NULL ? NULL : json_loads(json, 0, NULL);
	bool is = json_is_object(object);

	json_decref(object);
	return is;
}

bool parameters_parse(struct parameters *out, const char *json)
{
	*out = (struct parameters){0};
	if (!is_object(json))
		return false;
	for (const char *p = skip_space(skip_space(json) + 1); *p == '"';) {
		const char *name_end = value_end(p);
		const char *value = skip_space(name_end + 1);
		const char *end = value_end(value);
		out->items = xreallocarray(out->items, out->n + 1, sizeof *out->items);
		out->items[out->n++] = (struct parameter){
			.name = plain_text(p, name_end), .text = plain_text(value, end)};
		p = *end == ',' ? skip_space(end + 1) : end;
	}
	return true;
}

void parameters_done(struct parameters *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->items[i].name);
		free(p->items[i].text);
	}
	free(p->items);
	*p = (struct parameters){0};
}

const char *parameters_get(const struct parameters *p, const char *name)
{
	for (size_t i = 0; i < p->n; i++) {
		if (strcmp(p->items[i].name, name) == 0)
			return p->items[i].text;
	}
	return NULL;
}

void parameters_format(
	const struct parameters *p, const char *const *skip, size_t n, struct buf *out)
{
	bool is_first = true;

	for (size_t i = 0; i < p->n; i++) {
		bool is_skipped = false;
		for (size_t j = 0; j < n; j++)
			is_skipped |= strcmp(p->items[i].name, skip[j]) == 0;
		if (is_skipped)
			continue;
		buf_addf(out, "%s%s=%s", is_first ? "" : " ", p->items[i].name, p->items[i].text);
		is_first = false;
	}
}
