#define PCRE2_CODE_UNIT_WIDTH 8
#include "coordinator/campaign/extract.h"

#include "coordinator/campaign/names.h"
#include "coordinator/campaign/template.h"
#include <errno.h>
#include <jansson.h>
#include <locale.h>
#include <math.h>
#include <pcre2.h>

/* Steps of one search: far more than a sensible pattern needs, and well under a second. */
#define MATCH_LIMIT 1000000
/* The last match counts, so all are looked at; a pattern that matches more often is a mistake. */
#define MAX_MATCHES 1000000

/* Integers are read as real numbers: a 64-bit checksum would else be refused as too big. */
#define JSON_FLAGS (JSON_DISABLE_EOF_CHECK | JSON_DECODE_INT_AS_REAL)

struct stream {
	const char *name;
	const char *text;
	size_t len;
	bool is_parsed;
	json_t *json; /* its last complete JSON value, or NULL */
};

/* ---- JSON ---- */

/*
 * The last complete object or list that begins at the start of a line. Tried at each line from the
 * front, as a line inside of a value is no start of one. Broken attempts are read again and again,
 * so their bytes are bounded.
 */
static json_t *last_json(const char *text, size_t len)
{
	uint64_t budget = 8 * (uint64_t)len + 1024 * 1024;
	json_t *last = NULL;
	size_t at = 0;

	while (at < len) {
		const char *newline;

		if (text[at] == '{' || text[at] == '[') {
			json_error_t why = {0};
			json_t *value = json_loadb(text + at, len - at, JSON_FLAGS, &why);
			uint64_t read = why.position > 0 ? (uint64_t)why.position : 1;

			if (value) {
				json_decref(last);
				last = value;
				at += read;
			} else if (read > budget) {
				break;
			} else {
				budget -= read;
			}
		}
		newline = memchr(text + at, '\n', len - at);
		at = newline ? (size_t)(newline - text) + 1 : len;
	}
	return last;
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

static const json_t *pointer_get(const json_t *value, const char *pointer)
{
	_cleanup_free_ char *copy = xstrdup(pointer + 1);
	char *rest = copy, *token;

	while (value && (token = strsep(&rest, "/"))) {
		unescape(token);
		if (json_is_array(value)) {
			size_t digits = strspn(token, "0123456789");

			value = digits > 0 && digits < 10 && token[digits] == '\0' &&
						(digits == 1 || token[0] != '0')
					? json_array_get(value, strtoul(token, NULL, 10))
					: NULL;
		} else {
			value = json_object_get(value, token);
		}
	}
	return value;
}

static int no_match(const struct benchmark_metric *m, const struct stream *s, const char *what,
	struct error *err)
{
	return error_set(err, -ENODATA, "metric '%s': %s in %s", m->name, what, s->name);
}

/* Returns 1 and *out, 0 where there is none, or -ENODATA where there is something else. */
static int extract_json(const struct benchmark_metric *m, const char *key, struct stream *s,
	double *out, struct error *err)
{
	const json_t *value;

	if (!s->is_parsed)
		s->json = last_json(s->text, s->len);
	s->is_parsed = true;
	value = key[0] == '/' ? pointer_get(s->json, key) : json_object_get(s->json, key);
	if (json_is_number(value))
		*out = json_number_value(value);
	else if (json_is_boolean(value))
		*out = json_is_true(value);
	else if (value && !json_is_null(value))
		return error_set(err, -ENODATA, "metric '%s': '%s' in %s is no number", m->name,
			key, s->name);
	else if (!s->json)
		return no_match(m, s, "no JSON value that begins at the start of a line", err), 0;
	else
		return error_set(err, -ENODATA, "metric '%s': no '%s' in the last JSON value of %s",
			       m->name, key, s->name),
		       0;
	return 1;
}

/* ---- patterns ---- */

static void *compile(const char *pattern, uint32_t utf, struct error *err);

void *extract_compile(const char *pattern, struct error *err)
{
	return compile(pattern, PCRE2_UTF | PCRE2_MATCH_INVALID_UTF, err);
}

static void *compile(const char *pattern, uint32_t utf, struct error *err)
{
	uint32_t options = PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C | utf;
	PCRE2_UCHAR why[128];
	PCRE2_SIZE offset;
	int code;
	void *compiled = pcre2_compile(
		(PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, options, &code, &offset, NULL);

	if (!compiled) {
		pcre2_get_error_message(code, why, sizeof why);
		error_set(err, -EINVAL, "bad pattern '%s': %s at character %zu", pattern,
			(char *)why, (size_t)offset + 1);
	}
	return compiled;
}

/* The last match of a compiled pattern. Returns 1 and the first group's place, 0, or negative. */
static int last_match(pcre2_code *code, const struct benchmark_metric *m, const struct stream *s,
	size_t group[2], struct error *err)
{
	pcre2_match_context *context = pcre2_match_context_create(NULL);
	pcre2_match_data *data = pcre2_match_data_create(2, NULL);
	const PCRE2_SIZE *at = pcre2_get_ovector_pointer(data);
	size_t start = 0;
	int found = 0, rc = 0;

	pcre2_set_match_limit(context, MATCH_LIMIT);
	while (found < MAX_MATCHES && start <= s->len) {
		rc = pcre2_match(code, (PCRE2_SPTR)s->text, s->len, start, 0, data, context);
		if (rc < 0)
			break;
		/* \K can put the start behind the end; always move on. */
		start = at[1] > start ? at[1] : start + 1;
		if (rc == 1 || at[2] == PCRE2_UNSET)
			continue;
		group[0] = at[2];
		group[1] = at[3];
		found++;
	}
	pcre2_match_data_free(data);
	pcre2_match_context_free(context);
	if (rc < 0 && rc != PCRE2_ERROR_NOMATCH)
		return error_set(err, -ENODATA,
			"metric '%s': its pattern takes too long on %s; make it simpler", m->name,
			s->name);
	if (found == MAX_MATCHES)
		return error_set(err, -ENODATA,
			"metric '%s': its pattern matches %s more than %d times", m->name, s->name,
			MAX_MATCHES);
	return found > 0;
}

/* A decimal number, whatever the locale of the program; the whole text must be one. */
static bool parse_number(const char *text, size_t len, double *out)
{
	static locale_t c_locale;
	char copy[128], *end;

	if (len == 0 || len >= sizeof copy || strspn(text, "0123456789+-.eE") < len)
		return false;
	if (!c_locale)
		c_locale = newlocale(LC_ALL_MASK, "C", NULL);
	memcpy(copy, text, len);
	copy[len] = '\0';
	*out = strtod_l(copy, &end, c_locale);
	return *end == '\0' && isfinite(*out);
}

static bool is_plain(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] >= 0x80)
			return false;
	return true;
}

static int extract_pattern(const struct benchmark_metric *m, const char *pattern,
	const struct stream *s, double *out, struct error *err)
{
	/* With UTF each match would look at the whole rest of the stream first. */
	bool is_ascii = is_plain(pattern, strlen(pattern)) && is_plain(s->text, s->len);
	pcre2_code *code = is_ascii ? compile(pattern, 0, err) : extract_compile(pattern, err);
	size_t group[2] = {0, 0};
	int rc;

	if (!code)
		return error_wrap(err, "metric '%s'", m->name), -ENODATA;
	rc = last_match(code, m, s, group, err);
	pcre2_code_free(code);
	if (rc < 0)
		return rc;
	if (rc == 0)
		return error_set(err, -ENODATA, "metric '%s': nothing in %s matches '%s'", m->name,
			       s->name, pattern),
		       0;
	if (!parse_number(s->text + group[0], group[1] - group[0], out))
		return error_set(err, -ENODATA, "metric '%s': '%.*s' in %s is no number", m->name,
			(int)(group[1] - group[0] < 64 ? group[1] - group[0] : 64),
			s->text + group[0], s->name);
	return 1;
}

static int extract_one(const struct benchmark_metric *m, struct names *names, struct stream *s,
	 double *out, struct error *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT;

	if (template_render(m->pattern ? m->pattern : m->json, names, m->pattern != NULL, &text, err) < 0)
		return -ENODATA;
	if (m->pattern)
		return extract_pattern(m, text.data, s, out, err);
	return extract_json(m, text.data, s, out, err);
}

static void add(struct extraction *out, const struct benchmark_metric *m, double value)
{
	out->items = xreallocarray(out->items, out->n + 1, sizeof *out->items);
	out->items[out->n++] = (struct extracted){
		.name = xstrdup(m->name),
		.unit = xstrdup(m->unit),
		.better = m->better,
		.value = value,
	};
}

int extract_metrics(const struct campaign *c, const struct configuration *configuration,
	const struct plan_host *host, const struct run_output *run, struct extraction *out,
	struct error *err)
{
	const struct benchmark *benchmark = configuration->benchmark;
	struct stream streams[] = {
		{.name = "stdout",
			.text = run->stdout_text ? run->stdout_text : "",
			.len = run->stdout_text ? run->stdout_len : 0},
		{.name = "stderr",
			.text = run->stderr_text ? run->stderr_text : "",
			.len = run->stderr_text ? run->stderr_len : 0},
	};
	struct names *names = names_open(c);
	int rc = 0;

	*out = (struct extraction){0};
	rc = names_set_host(names, host->name, host->inventory, err);
	names_set_configuration(names, configuration);
	for (size_t i = 0; i < benchmark->metrics_n && rc >= 0; i++) {
		const struct benchmark_metric *m = &benchmark->metrics[i];
		double value = 0;

		rc = extract_one(m, names, &streams[m->from == FROM_STDERR], &value, err);
		if (rc > 0)
			add(out, m, value);
		else if (rc == 0 && !m->is_optional)
			rc = -ENODATA;
	}
	names_close(names);
	json_decref(streams[0].json);
	json_decref(streams[1].json);
	return rc < 0 ? -ENODATA : 0;
}

void extraction_done(struct extraction *e)
{
	for (size_t i = 0; i < e->n; i++) {
		free(e->items[i].name);
		free(e->items[i].unit);
		free(e->items[i].text);
		free(e->items[i].series);
		free(e->items[i].same_as);
		free(e->items[i].same_text);
	}
	free(e->items);
	*e = (struct extraction){0};
}
