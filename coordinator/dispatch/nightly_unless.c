/* `unless: unchanged`: what would run tonight, and what ran last. */
#include "coordinator/dispatch/nightly.h"
#include "coordinator/dispatch/preparation.h"

#include "coordinator/store/queries.h"
#include <jansson.h>

struct last {
	const char *schedule;
	char *label; /* owned */
};

static int on_sweep(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct last *last = arg;

	(void)key;
	(void)n;
	if (c[SWEEPS_CAMPAIGN].text == NULL || !text_is(c[SWEEPS_SCHEDULE].text, last->schedule) ||
		!text_is(c[SWEEPS_STATE].text, sweep_state_name(SWEEP_DONE)))
		return 0;
	free(last->label);
	last->label = xstrdup(c[SWEEPS_CAMPAIGN].text);
	return 0;
}

/* Changes without labels, which may be others from day to day; a commit is none of those. */
static json_t *what_counts(const char *changes)
{
	json_t *all = text_is_set(changes) ? json_loads(changes, 0, NULL) : NULL;
	json_t *commit;

	if (!json_is_object(all)) {
		json_decref(all);
		return json_object();
	}
	commit = json_incref(json_object_get(json_object_get(all, "labels"), "commit"));
	json_object_del(all, "labels");
	if (commit != NULL)
		json_object_set_new(all, "commit", commit);
	return all;
}

static bool is_same_changes(const char *a, const char *b)
{
	json_t *x = what_counts(a), *y = what_counts(b);
	bool is_same = json_equal(x, y);

	json_decref(x);
	json_decref(y);
	return is_same;
}

struct candidate {
	const struct preparation *p;
	bool is_same;
};

static int on_campaign(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct candidate *w = arg;
	struct blob tree = c[CAMPAIGNS_TREE].blob;

	(void)key;
	(void)n;
	w->is_same = text_is(c[CAMPAIGNS_YAML].text, w->p->yaml) &&
		     is_same_changes(c[CAMPAIGNS_CHANGES].text, w->p->changes) &&
		     (w->p->has_tree ? tree.len == sizeof w->p->tree.b &&
					       memcmp(tree.data, w->p->tree.b, tree.len) == 0
				     : tree.len == 0);
	return 0;
}

bool sweep_is_unchanged(
	struct dispatch *d, const struct sweep *s, const struct preparation *p, char **label)
{
	struct last last = {.schedule = s->row.schedule};
	struct candidate w = {.p = p};
	struct error err = {0};
	int r = d->s.ops->query(
		d->s.store, "sweeps", NULL, 0, INT64_MAX, NULL, on_sweep, &last, &err);

	if (r == 0 && last.label != NULL)
		r = d->s.ops->query(
			d->s.store, "campaigns", last.label, 0, 1, NULL, on_campaign, &w, &err);
	if (r < 0)
		dispatch_fail(d, &err);
	*label = last.label;
	return r == 0 && w.is_same;
}
