#include "proto/options.h"

#include "proto/units.h"
#include <stdio.h>

static const struct option_info standard[] = {
	{.name = "help", .kind = OPTION_FLAG, .help = "this text"},
	{.name = "version", .kind = OPTION_FLAG, .help = "the version"},
	{.name = NULL},
};

/* Looks a name up in the tables, and gathers all names for a suggestion when it is in none. */
static const struct option_info *find(const char *name, size_t len,
	const struct option_info *const tables[3], const char **words, size_t *n, size_t room)
{
	for (size_t t = 0; t < 3; t++) {
		for (const struct option_info *o = tables[t]; o != NULL && o->name != NULL; o++) {
			if (strlen(o->name) == len && strncmp(o->name, name, len) == 0)
				return o;
			if (*n < room)
				words[(*n)++] = o->name;
		}
	}
	return NULL;
}

static int check_choice(const struct option_info *o, const char *value, struct error *err)
{
	_cleanup_buf_ struct buf list = BUF_INIT;
	size_t n = 0;

	if (o->choices == NULL)
		return 0;
	for (; o->choices[n] != NULL; n++) {
		if (strcmp(o->choices[n], value) == 0)
			return 0;
		buf_addf(&list, "%s%s", n ? ", " : "", o->choices[n]);
	}
	const char *near = nearest_word(value, o->choices, n);
	return error_set(err, ERR_USAGE, "--%s: '%s' is none of %s%s%s%s", o->name, value,
		list.data, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static int store(const struct option_info *o, const char *value, void *target, struct error *err)
{
	char *field = (char *)target + o->offset;
	struct texts *texts = (struct texts *)(void *)field;
	int r = 0;

	switch (o->kind) {
	case OPTION_FLAG:
		*(bool *)field = true;
		break;
	case OPTION_TEXT:
		r = check_choice(o, value, err);
		*(const char **)(void *)field = value;
		break;
	case OPTION_TEXTS:
		texts->items = xreallocarray(texts->items, texts->n + 1, sizeof *texts->items);
		texts->items[texts->n++] = value;
		break;
	case OPTION_DURATION:
		r = units_parse_duration(value, (int64_t *)(void *)field, err);
		break;
	case OPTION_COUNT:
		r = units_parse_int(value, 0, INT64_MAX, (int64_t *)(void *)field, err);
		break;
	}
	if (r < 0 && o->kind >= OPTION_DURATION)
		error_wrap(err, "--%s", o->name);
	return r < 0 ? ERR_USAGE : 0;
}

/* One option at argv[*i], without its dashes; moves *i to its value where that is an argument of
 * its own. */
static int parse_one(int argc, char **argv, int *i, const char *name,
	const struct option_info *const tables[3], void *target, struct options_result *out,
	struct error *err)
{
	const char *equals = strchr(name, '='), *words[128], *value = NULL;
	size_t len = equals ? (size_t)(equals - name) : strlen(name), n = 0;
	const struct option_info *o = find(name, len, tables, words, &n, ARRAY_SIZE(words));

	if (o == NULL) {
		_cleanup_free_ char *word = xstrndup(name, len);
		const char *near = nearest_word(word, words, n);
		return error_set(err, ERR_USAGE, "unknown option '--%s'%s%s%s", word,
			near ? "; did you mean '--" : "", near ? near : "",
			near ? "'?" : "; --help lists the options");
	}
	if (o->kind == OPTION_FLAG && equals != NULL)
		return error_set(err, ERR_USAGE, "--%s takes no value", o->name);
	if (o >= standard && o < standard + ARRAY_SIZE(standard)) {
		*(strcmp(o->name, "help") == 0 ? &out->help : &out->version) = true;
		return 0;
	}
	if (o->kind != OPTION_FLAG) {
		value = equals ? equals + 1 : *i + 1 < argc ? argv[++*i] : NULL;
		if (value == NULL)
			return error_set(err, ERR_USAGE, "--%s needs a value: --%s %s", o->name,
				o->name, o->value);
	}
	int r = store(o, value, target, err);
	if (r < 0 && err != NULL)
		err->code = ERR_USAGE;
	return r;
}

int options_parse(int argc, char **argv, const struct option_info *table,
	const struct option_info *common, void *target, bool stop_at_argument,
	struct options_result *out, struct error *err)
{
	const struct option_info *const tables[3] = {table, common, standard};
	bool only_arguments = false;

	*out = (struct options_result){
		.arguments = xcalloc((size_t)argc + 1, sizeof *out->arguments)};
	for (int i = 1; i < argc; i++) {
		const char *a = argv[i];
		if (!only_arguments && strcmp(a, "--") == 0) {
			only_arguments = true;
		} else if (only_arguments || a[0] != '-' || a[1] == '\0') {
			only_arguments = only_arguments || stop_at_argument;
			out->arguments[out->n++] = a;
		} else if (strcmp(a, "-h") == 0) {
			out->help = true;
		} else if (a[1] != '-' && strcmp(a, "-o") != 0) {
			return error_set(err, ERR_USAGE,
				"unknown option '%s'; options begin with two dashes, --help lists "
				"them",
				a);
		} else {
			int r = parse_one(argc, argv, &i, a[1] == '-' ? a + 2 : "output", tables,
				target, out, err);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

void options_done(struct options_result *r)
{
	free(r->arguments);
	*r = (struct options_result){0};
}

void options_free_texts(const struct option_info *table, void *target)
{
	for (const struct option_info *o = table; o != NULL && o->name != NULL; o++) {
		struct texts *texts = (struct texts *)(void *)((char *)target + o->offset);
		if (o->kind != OPTION_TEXTS)
			continue;
		free(texts->items);
		*texts = (struct texts){0};
	}
}

void options_help(const struct option_info *table, struct buf *out)
{
	for (const struct option_info *o = table; o != NULL && o->name != NULL; o++) {
		char left[64];
		snprintf(left, sizeof left, "--%s%s%s", o->name, o->value ? " " : "",
			o->value ? o->value : "");
		buf_addf(out, "  %-24s %s\n", left, o->help);
	}
}

void options_help_standard(struct buf *out)
{
	options_help(standard, out);
}
