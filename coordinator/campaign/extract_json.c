/*
 * Values in a program's JSON. jansson says where the last complete value is, so what is walked here
 * is known to be good JSON; the walk keeps a value as it was printed.
 */
#include "coordinator/campaign/extract.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>

/* Integers are read as real numbers: a 64-bit checksum would else be refused as too big. */
#define JSON_FLAGS (JSON_DISABLE_EOF_CHECK | JSON_DECODE_INT_AS_REAL)

/* ": unexpected token near 'NaN'", as jansson says it, of which the program wrote a part. */
static void show_broken(char broken[96], const char *why)
{
	_cleanup_buf_ struct buf text = BUF_INIT;

	printed_show(why, strlen(why), &text);
	snprintf(broken, 96, ": %s", text.data);
}

/*
 * The last complete object or list that begins at the start of a line. Tried at each line from the
 * front, as a line inside of a value is no start of one. Broken attempts are read again and again,
 * so their bytes are bounded. broken gets why the last of them is none.
 */
static struct printed last_json(const char *text, size_t len, char broken[96])
{
	uint64_t budget = 8 * (uint64_t)len + 1024 * 1024;
	struct printed last = {0};
	size_t at = 0;

	while (at < len) {
		const char *newline;

		if (text[at] == '{' || text[at] == '[') {
			json_error_t why = {0};
			json_t *value = json_loadb(text + at, len - at, JSON_FLAGS, &why);
			uint64_t read = why.position > 0 ? (uint64_t)why.position : 1;

			if (value) {
				json_decref(value);
				last = (struct printed){.text = text + at, .len = read};
				at += read;
			} else {
				show_broken(broken, why.text);
				if (read > budget)
					break;
				budget -= read;
			}
		}
		newline = memchr(text + at, '\n', len - at);
		at = newline ? (size_t)(newline - text) + 1 : len;
	}
	return last;
}

/* ---- walking ---- */

struct walk {
	const char *at, *end;
};

static void skip_space(struct walk *w)
{
	while (w->at < w->end && strchr(" \t\r\n", *w->at))
		w->at++;
}

static void skip_string(struct walk *w)
{
	for (w->at++; w->at < w->end && *w->at != '"'; w->at++)
		if (*w->at == '\\')
			w->at++;
	w->at++;
}

/* Past one value, which begins here. */
static struct printed take_value(struct walk *w)
{
	const char *start = w->at;
	size_t depth = 0;

	do {
		char c = *w->at;

		if (c == '"') {
			skip_string(w);
			continue;
		}
		depth += c == '{' || c == '[';
		if (c == '}' || c == ']')
			depth--;
		w->at++;
		/* A number or a word ends before what is none of it. */
		if (depth == 0 && !strchr("{[}]", c))
			while (w->at < w->end && !strchr(",:]} \t\r\n", *w->at))
				w->at++;
	} while (depth > 0 && w->at < w->end);
	return (struct printed){.text = start,
		.len = (size_t)(w->at - start),
		.kind = *start == '"' ? PRINTED_QUOTED : PRINTED_PLAIN};
}

/* To the next element or member of what w is in, from its opening bracket on; false at its end. */
static bool next_element(struct walk *w)
{
	w->at++;
	skip_space(w);
	return w->at < w->end && *w->at != ']' && *w->at != '}';
}

static bool is_key(const struct printed *token, const char *key)
{
	if (!memchr(token->text, '\\', token->len))
		return token->len == strlen(key) + 2 &&
		       memcmp(token->text + 1, key, token->len - 2) == 0;
	json_t *string = json_loadb(token->text, token->len, JSON_DECODE_ANY, NULL);
	bool is_same = json_is_string(string) && strcmp(json_string_value(string), key) == 0;
	json_decref(string);
	return is_same;
}

/* The member of an object; of several with one name the last, as everywhere. len 0: none. */
static struct printed member(const struct printed *object, const char *key)
{
	struct printed found = {0};
	struct walk w;

	if (object->len == 0 || object->text[0] != '{')
		return found;
	w = (struct walk){object->text, object->text + object->len};
	while (next_element(&w)) {
		struct printed name = take_value(&w), value;

		skip_space(&w);
		w.at++; /* the colon */
		skip_space(&w);
		value = take_value(&w);
		if (is_key(&name, key))
			found = value;
		skip_space(&w);
		if (*w.at != ',')
			break;
	}
	return found;
}

/* The element of an array; len 0: none. */
static struct printed element(const struct printed *array, size_t index)
{
	struct walk w = {array->text, array->text + array->len};

	for (size_t i = 0; next_element(&w); i++) {
		struct printed value = take_value(&w);

		if (i == index)
			return value;
		skip_space(&w);
		if (*w.at != ',')
			break;
	}
	return (struct printed){0};
}

/* One token of a JSON pointer, unescaped in place: ~1 is /, ~0 is ~ (RFC 6901). */
static void unescape(char *token)
{
	char *out = token;

	for (; *token; token++) {
		if (token[0] == '~' && (token[1] == '0' || token[1] == '1'))
			*out++ = *++token == '0' ? '~' : '/';
		else
			*out++ = *token;
	}
	*out = '\0';
}

static struct printed pointer_get(struct printed value, const char *pointer)
{
	_cleanup_free_ char *copy = xstrdup(pointer + 1);
	char *rest = copy, *token;

	while (value.len > 0 && (token = strsep(&rest, "/"))) {
		unescape(token);
		if (value.text[0] == '[') {
			size_t digits = strspn(token, "0123456789");
			bool is_index = digits > 0 && digits < 10 && token[digits] == '\0' &&
					(digits == 1 || token[0] != '0');

			value = is_index ? element(&value, strtoul(token, NULL, 10))
					 : (struct printed){0};
		} else {
			value = member(&value, token);
		}
	}
	return value;
}

/* ---- metrics ---- */

static int no_number(const struct benchmark_metric *m, const char *key, size_t place,
	const struct extract_source *s, int code, struct error *err)
{
	_cleanup_free_ char *which =
		place ? xasprintf("element %zu of '%s'", place, key) : xasprintf("'%s'", key);

	if (code == -E2BIG)
		return error_set(err, -ENODATA,
			"metric '%s': '%s' in %s has more than %d values; 'take' one of them",
			m->name, key, s->name, EXTRACT_MAX_SERIES);
	return error_set(
		err, -ENODATA, "metric '%s': %s in %s is no number", m->name, which, s->name);
}

#define MAX_KEYS 8  /* that an error names */
#define MAX_KEY  64 /* of such letters, with its quotes */

/* "no 'rte' in the last JSON value of stdout, which has 'rate', 'sum'"; without the rest where it
 * is there and null. */
static int no_value(const struct benchmark_metric *m, const char *key,
	const struct extract_source *s, bool with_keys, struct error *err)
{
	_cleanup_buf_ struct buf keys = BUF_INIT;
	struct walk w = {s->json.text, s->json.text + s->json.len};

	for (size_t i = 0; with_keys && i < MAX_KEYS && next_element(&w) && *s->json.text == '{';
		i++) {
		struct printed name = take_value(&w);

		if (name.len > MAX_KEY)
			break;
		buf_addf(&keys, "%s'%.*s'", i == 0 ? ", which has " : ", ", (int)name.len - 2,
			name.text + 1);
		skip_space(&w);
		w.at++; /* the colon */
		skip_space(&w);
		take_value(&w);
		skip_space(&w);
		if (*w.at != ',')
			break;
	}
	error_set(err, -ENODATA, "metric '%s': no '%s' in the last JSON value of %s%s", m->name,
		key, s->name, keys.data);
	return 0;
}

static int take_elements(const struct benchmark_metric *m, const char *key,
	const struct printed *array, const struct extract_source *s, struct taking *t,
	struct error *err)
{
	struct walk w = {array->text, array->text + array->len};

	for (size_t i = 1; next_element(&w) && !taking_has_enough(t); i++) {
		struct printed value = take_value(&w);
		int code = strchr("{[n", value.text[0]) ? -EINVAL : taking_add(t, &value);

		if (code < 0)
			return no_number(m, key, i, s, code, err);
		skip_space(&w);
		if (*w.at != ',')
			break;
	}
	if (t->n == 0)
		return error_set(err, -ENODATA, "metric '%s': '%s' in %s is an empty list", m->name,
			       key, s->name),
		       0;
	return 1;
}

/*
 * Of a source with a gap only a value that is the last thing in it is known to be the last one, and
 * no part of a larger one that began in the gap.
 */
static bool is_surely_last(const struct extract_source *s)
{
	const char *end = s->text + s->len, *at = s->json.text + s->json.len;

	if (s->json.len == 0 || s->json.text < s->text + s->gap)
		return false;
	while (at < end && strchr(" \t\r\n", *at))
		at++;
	return at == end;
}

int extract_json(const struct benchmark_metric *m, const char *key, struct extract_source *s,
	struct taking *t, struct error *err)
{
	struct printed value;
	int code;

	if (!s->is_parsed)
		s->json = last_json(s->text, s->len, s->broken);
	s->is_parsed = true;
	if (s->has_gap && !is_surely_last(s))
		return extract_fail_gap(m, s, err);
	value = key[0] == '/' ? pointer_get(s->json, key) : member(&s->json, key);
	if (s->json.len == 0)
		return error_set(err, -ENODATA,
			       "metric '%s': no JSON value that begins at the start of a line in "
			       "%s%s",
			       m->name, s->name, s->broken),
		       0;
	if (value.len == 0 || value.text[0] == 'n')
		return no_value(m, key, s, value.len == 0, err);
	if (m->expect == EXPECT_MATCH)
		return 1;
	if (value.text[0] == '[')
		return take_elements(m, key, &value, s, t, err);
	code = value.text[0] == '{' ? -EINVAL : taking_add(t, &value);
	return code < 0 ? no_number(m, key, 0, s, code, err) : 1;
}
