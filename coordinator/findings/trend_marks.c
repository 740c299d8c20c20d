/* What was new in a submission: its labels, the commits of its sources, its files. */
#include "coordinator/findings/trend_parts.h"

#define COMMIT_DIGITS 12

static void add_word(struct buf *out, const char *key, const char *value)
{
	buf_addf(out, "%s%s=%s", out->len > 0 ? " " : "", key, value);
}

static const char *label_of(const struct submitted *s, const char *key)
{
	const struct campaign *c = s == NULL ? NULL : s->campaign;

	for (size_t i = 0; c != NULL && i < c->labels_n; i++)
		if (strcmp(c->labels[i].key, key) == 0)
			return c->labels[i].value;
	return NULL;
}

static void add_labels(struct buf *out, const struct submitted *now, const struct submitted *before)
{
	const struct campaign *c = now->campaign;

	for (size_t i = 0; c != NULL && i < c->labels_n; i++) {
		const char *had = label_of(before, c->labels[i].key);

		if (had == NULL || strcmp(had, c->labels[i].value) != 0)
			add_word(out, c->labels[i].key, c->labels[i].value);
	}
}

/* The list of changes.sources, or NULL; *owner is to be decref'd. */
static const json_t *sources_of(const struct submitted *s, json_t **owner)
{
	*owner = s == NULL || s->changes == NULL ? NULL : json_loads(s->changes, 0, NULL);
	return json_object_get(*owner, "sources");
}

static const char *commit_of(const json_t *sources, const char *as)
{
	const json_t *source;
	size_t i;

	json_array_foreach(sources, i, source)
	{
		const char *name = json_string_value(json_object_get(source, "as"));
		if (name != NULL && strcmp(name, as) == 0)
			return json_string_value(json_object_get(source, "commit"));
	}
	return NULL;
}

static void add_commits(
	struct buf *out, const struct submitted *now, const struct submitted *before)
{
	json_t *owner, *owner_before;
	const json_t *sources = sources_of(now, &owner), *had = sources_of(before, &owner_before);
	const json_t *source;
	size_t i;

	json_array_foreach(sources, i, source)
	{
		const char *as = json_string_value(json_object_get(source, "as"));
		const char *commit = json_string_value(json_object_get(source, "commit"));
		const char *old = as == NULL ? NULL : commit_of(had, as);
		char shown[COMMIT_DIGITS + 1];

		if (as == NULL || commit == NULL || (old != NULL && strcmp(old, commit) == 0))
			continue;
		snprintf(shown, sizeof shown, "%s", commit);
		add_word(out, as, shown);
	}
	json_decref(owner);
	json_decref(owner_before);
}

static bool has_other_files(const struct submitted *now, const struct submitted *before)
{
	return before != NULL &&
	       (now->tree.len != before->tree.len ||
		       (now->tree.len > 0 &&
			       memcmp(now->tree.data, before->tree.data, now->tree.len) != 0));
}

char *mark_of(const struct submitted *now, const struct submitted *before)
{
	_cleanup_buf_ struct buf out = BUF_INIT;

	add_labels(&out, now, before);
	add_commits(&out, now, before);
	/* Where nobody said what is new, that something is. */
	if (out.len == 0 && before != NULL && strcmp(now->yaml, before->yaml) != 0)
		buf_adds(&out, "campaign file changed");
	if (out.len == 0 && has_other_files(now, before))
		buf_adds(&out, "files changed");
	return out.len == 0 ? NULL : buf_take(&out);
}
