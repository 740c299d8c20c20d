/*
 * A submission of what was submitted before: its file, changes and contents, which are here already
 * (git sources too, at the commits of then). With `against` the contents of a third one run
 * interleaved with these: that is among the changes, as read_again.c has it, so that all who read
 * the campaign later know it.
 */
#include "coordinator/dispatch/kept.h"
#include "coordinator/dispatch/submission.h"

#include <jansson.h>

static const char verb[] = "rerun";

/* ---- the changes of both ---- */

static json_t *object_of(const char *text)
{
	json_t *o = text != NULL ? json_loads(text, 0, NULL) : NULL;

	if (json_is_object(o))
		return o;
	json_decref(o);
	return json_object();
}

/* Each axis, or label, of the new ones in the place of the old ones'. */
static void merge_into(json_t *all, json_t *added, const char *key)
{
	json_t *to = json_object_get(all, key), *from = json_object_get(added, key);

	if (to != NULL && from != NULL)
		json_object_update(to, from);
	else if (from != NULL)
		json_object_set(all, key, from);
}

/* What both leave. */
static void merge_only(json_t *all, const json_t *added)
{
	const char *old = json_string_value(json_object_get(all, "only"));
	const char *new = json_string_value(json_object_get(added, "only"));

	if (new == NULL)
		return;
	_cleanup_free_ char *both =
		old != NULL ? xasprintf("(%s) and (%s)", old, new) : xstrdup(new);
	json_object_set_new(all, "only", json_string(both));
}

static json_t *merge(const char *old, const char *added)
{
	json_t *all = object_of(old), *more = object_of(added), *value;
	const char *key;

	json_object_foreach(more, key, value)
	{
		if (strcmp(key, "only") == 0)
			merge_only(all, more);
		else if (strcmp(key, "set") == 0 || strcmp(key, "labels") == 0)
			merge_into(all, more, key);
		else
			json_object_set(all, key, value);
	}
	json_decref(more);
	return all;
}

/* ---- contents ---- */

static json_t *tree_json(const struct kept *k)
{
	char hex[2 * CONTENT_HASH_LEN + 1];

	return k->has_tree ? json_string(hex_encode(hex, k->tree.b, sizeof k->tree.b))
			   : json_null();
}

/* Where of itself ran two contents, these are the ones. */
static bool has_two_contents(const json_t *changes)
{
	return json_object_get(json_object_get(changes, "again"), "against") != NULL;
}

static int add_against(struct dispatch *d, struct submission *s, const struct kept *of,
	json_t *changes, struct error *err)
{
	struct kept other;
	int r = kept_find(&other, d->s.ops, d->s.store, s->request.against, verb, err);
	json_t *others = object_of(other.changes);

	if (r == 0 && (has_two_contents(changes) || has_two_contents(others)))
		r = error_set(err, ERR_CAMPAIGN,
			"%s: %s ran the contents of two submissions itself; name these", verb,
			has_two_contents(changes) ? of->label : other.label);
	if (r == 0 && other.id == of->id)
		r = error_set(err, ERR_CAMPAIGN,
			"%s: %s against itself: name another submission of its campaign", verb,
			of->label);
	if (r == 0 && strcmp(of->yaml, other.yaml) != 0)
		r = error_set(err, ERR_CAMPAIGN,
			"%s: the campaign files of %s and %s differ, so that what one measures the "
			"other may not have; 'joulerig compare' compares their results",
			verb, of->label, other.label);
	if (r == 0)
		json_object_set_new(changes, "again",
			json_pack("{s:s, s:s, s:{s:o, s:o}}", "of", of->label, "against",
				other.label, "trees", of->label, tree_json(of), other.label,
				tree_json(&other)));
	json_decref(others);
	kept_done(&other);
	return r;
}

static void take(struct submission *s, struct kept *of, json_t *changes)
{
	struct preparation *p = &s->preparation;

	free((void *)s->request.yaml);
	free((void *)s->request.file);
	free((void *)s->request.directory);
	s->request.yaml = of->yaml;
	s->request.file = of->file;
	s->request.directory = of->directory;
	of->yaml = of->file = of->directory = NULL;
	p->yaml = s->request.yaml;
	p->file = s->request.file;
	p->has_tree = of->has_tree;
	p->tree = of->tree;
	free(p->changes);
	p->changes = json_dumps(changes, JSON_COMPACT);
}

int submission_again(struct dispatch *d, struct submission *s, int64_t now_ns, struct error *err)
{
	struct kept of;
	int r;

	(void)now_ns;
	if (s->request.again == NULL && s->request.against != NULL)
		return error_set(err, ERR_CAMPAIGN,
			"%s: against %s: it does not say which submission runs again", verb,
			s->request.against);
	if (s->request.again == NULL)
		return 1;
	r = kept_find(&of, d->s.ops, d->s.store, s->request.again, verb, err);
	json_t *changes = merge(of.changes, s->preparation.changes);
	if (r == 0 && s->request.against != NULL)
		r = add_against(d, s, &of, changes, err);
	else if (r == 0 && !has_two_contents(changes))
		json_object_set_new(changes, "again", json_pack("{s:s}", "of", of.label));
	if (r == 0)
		take(s, &of, changes);
	json_decref(changes);
	kept_done(&of);
	return r < 0 ? r : 1;
}

/* ---- are they here ---- */

static int has_tree(
	struct dispatch *d, const struct content_hash *tree, const char *label, struct error *err)
{
	struct content_hash missing;
	int r = content_next_missing(d->config.content, tree, &missing, err);

	if (r <= 0)
		return r;
	return error_set(err, ERR_CAMPAIGN,
		"%s: the files of %s are not here any more: they were pruned; submit its campaign "
		"file anew",
		verb, label);
}

int submission_has_files(struct dispatch *d, const struct submission *s, struct error *err)
{
	const struct preparation *p = &s->preparation;
	const struct campaign *c = p->campaign;
	int r = p->has_tree ? has_tree(d, &p->tree, s->request.again, err) : 0;

	for (size_t i = 0; r == 0 && i < c->contents_n; i++) {
		struct content_hash tree;

		memcpy(tree.b, c->contents[i].tree, sizeof tree.b);
		if (c->contents[i].has_tree)
			r = has_tree(d, &tree, c->contents[i].label, err);
	}
	return r < 0 ? r : 1;
}
