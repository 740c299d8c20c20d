/* joulerig export --what campaign: a file that does the same again. */
#include "coordinator/campaign/rewrite.h"
#include "coordinator/commands/commands.h"
#include "coordinator/commands/show.h"

#include "proto/clock.h"
#include "proto/log.h"
#include <jansson.h>

struct stored {
	char *file, *yaml, *changes; /* owned */
	int64_t submitted_at;
	bool has_tree;
};

static char *copy(const struct message_cell *c)
{
	return xstrdup_or_null(c->text);
}

static int on_row(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct stored *s = arg;

	(void)key;
	(void)n;
	s->file = copy(&c[CAMPAIGNS_FILE]);
	s->yaml = copy(&c[CAMPAIGNS_YAML]);
	s->changes = copy(&c[CAMPAIGNS_CHANGES]);
	s->submitted_at = c[CAMPAIGNS_SUBMITTED_AT].integer;
	s->has_tree = c[CAMPAIGNS_TREE].blob.data != NULL;
	return 0;
}

static void add_option(struct buf *out, const char *option, const char *value)
{
	buf_addf(out, " %s ", option);
	buf_add_word(out, value);
}

static void add_set(struct buf *out, const char *axis, const json_t *values)
{
	_cleanup_buf_ struct buf text = BUF_INIT;

	buf_addf(&text, "%s=", axis);
	for (size_t i = 0; i < json_array_size(values); i++)
		buf_addf(&text, "%s%s", i > 0 ? "," : "",
			json_string_value(json_array_get(values, i)));
	add_option(out, "--set", text.data);
}

/* The command line that made these changes. */
static void add_command(struct buf *out, const char *file, const json_t *changes)
{
	static const char *const numbers[] = {"blocks", "seed"};
	const json_t *value;
	const char *key, *only = json_string_value(json_object_get(changes, "only"));

	buf_adds(out, "joulerig run ");
	buf_add_word(out, file);
	json_object_foreach(json_object_get(changes, "set"), key, value)
	{
		add_set(out, key, value);
	}
	if (only != NULL)
		add_option(out, "--only", only);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if ((value = json_object_get(changes, numbers[i])) != NULL)
			buf_addf(out, " --%s %lld", numbers[i],
				(long long)json_integer_value(value));
	json_object_foreach(json_object_get(changes, "labels"), key, value)
	{
		_cleanup_free_ char *label = xasprintf("%s=%s", key, json_string_value(value));
		add_option(out, "--label", label);
	}
}

static void add_sources(struct buf *out, const json_t *sources)
{
	for (size_t i = 0; i < json_array_size(sources); i++) {
		const json_t *s = json_array_get(sources, i);
		static const char *const words[] = {"as", "git", "ref", "commit"};
		const char *v[ARRAY_SIZE(words)];
		for (size_t k = 0; k < ARRAY_SIZE(words); k++)
			v[k] = json_string_value(json_object_get(s, words[k]));
		buf_addf(out, "# source: %s is %s, commit %s (ref %s)\n", v[0], v[1], v[3], v[2]);
	}
}

static void add_again(struct buf *out, const json_t *again)
{
	const char *of = json_string_value(json_object_get(again, "of"));
	const char *against = json_string_value(json_object_get(again, "against"));

	if (of != NULL)
		buf_addf(out, "# again: joulerig rerun %s%s%s\n", of, against ? " --against " : "",
			against ? against : "");
}

/* Where it comes from, as comments. */
static void add_header(struct buf *out, const struct stored *s, const char *label)
{
	json_t *changes = text_is_set(s->changes) ? json_loads(s->changes, 0, NULL) : json_object();
	const char *file = s->file ? s->file : "FILE";
	char date[32];

	buf_addf(out, "# %s, submitted at %s: ", label, clock_rfc3339(date, s->submitted_at));
	add_command(out, file, changes);
	buf_adds(out, "\n");
	add_again(out, json_object_get(changes, "again"));
	add_sources(out, json_object_get(changes, "sources"));
	json_decref(changes);
}

int export_campaign(struct results *r, const char *label, const char *format, bool with_warmup,
	FILE *to, struct error *err)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct stored s = {0};
	int code = results_query(r, "campaigns", label, NULL, on_row, &s, err);

	(void)format;
	(void)with_warmup;
	if (code == 0 && s.yaml == NULL)
		code = error_set(err, ERR_USAGE, "there is no campaign '%s' here", label);
	if (code == 0 && s.yaml[0] == '\0')
		code = error_set(err, ERR_USAGE,
			"export: %s was imported from %s: there is no campaign file to it", label,
			s.file ? s.file : "elsewhere");
	if (code == 0) {
		add_header(&out, &s, label);
		code = campaign_rewrite(s.yaml, s.changes, &out, err);
	}
	if (code == ERR_CAMPAIGN) {
		log_warning("%s: its changes cannot be written into a file (%s): this is the file "
			    "as it was; the options are in its first lines",
			label, err->text);
		buf_adds(&out, s.yaml);
		*err = (struct error){0};
		code = 0;
	}
	if (code == 0)
		fwrite(out.data, 1, out.len, to);
	free(s.file);
	free(s.yaml);
	free(s.changes);
	return code;
}
