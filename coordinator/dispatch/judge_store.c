/* What the store has of earlier sweeps of a schedule. */
#include "coordinator/dispatch/judge_parts.h"

#include "coordinator/dispatch/judge_hosts.h"
#include "coordinator/store/queries.h"

struct reading {
	struct judgement *j;
	const struct sweep *of;
};

static bool is_of(const struct reading *r, const char *schedule)
{
	return schedule != NULL && strcmp(schedule, r->of->row.schedule) == 0;
}

static int on_notice(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	const struct reading *r = arg;

	(void)key;
	(void)n;
	if (is_of(r, c[NOTICES_SCHEDULE].text))
		judge_told_add(r->j->told, c[NOTICES_KIND].text, c[NOTICES_SUBJECT].text,
			c[NOTICES_JSON].text);
	return 0;
}

/* As a set: there may be many. */
static json_t *set_of(const json_t *texts)
{
	json_t *out = json_object(), *one;
	size_t i;

	json_array_foreach(texts, i, one)
	{
		json_object_set_new(out, json_string_value(one), json_true());
	}
	return out;
}

/* What a sweep has nothing of. */
static json_t *unmeasured_of(const json_t *answer)
{
	json_t *out = set_of(json_object_get(answer, "unmeasured"));

	judge_index_without(out, json_object_get(answer, "without"));
	return out;
}

/* What became no level in a sweep. */
static json_t *unsettled_of(const json_t *answer)
{
	json_t *out = json_object();

	judge_index(out, json_object_get(answer, "unsettled"));
	judge_index(out, json_object_get(answer, "open"));
	return out;
}

/* Of sweeps of longer ago that is not wanted, and it may be much. */
static void forget_unsettled(const json_t *sweeps)
{
	size_t n = json_array_size(sweeps);

	if (n > JUDGE_NIGHTS_MOST)
		json_object_del(json_array_get(sweeps, n - JUDGE_NIGHTS_MOST - 1), "unsettled");
}

/* What a sweep with the same label as its baseline saw without a word. */
static void add_seen(const struct reading *r, const struct message_cell *c, const json_t *answer)
{
	const char *baseline = r->of->row.baseline;
	json_t *still = json_object_get(answer, "still"), *one;
	size_t i;

	if (baseline == NULL || !text_is(c[SWEEPS_BASELINE].text, baseline))
		return;
	json_array_foreach(still, i, one)
	{
		json_object_set_new(one, "sweep", json_integer(c[SWEEPS_ID].integer));
	}
	judge_index(r->j->seen, still);
}

static int on_sweep(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	const struct reading *r = arg;
	json_t *answer, *one;

	(void)n;
	if (key >= r->of->row.id || !is_of(r, c[SWEEPS_SCHEDULE].text) ||
		strcmp(c[SWEEPS_STATE].text, sweep_state_name(SWEEP_DONE)) != 0 ||
		c[SWEEPS_ANSWER].text == NULL || c[SWEEPS_CAMPAIGN].text == NULL)
		return 0;
	answer = json_loads(c[SWEEPS_ANSWER].text, 0, NULL);
	if (json_is_array(json_object_get(answer, "measured"))) {
		one = json_pack("{s:s, s:O, s:o, s:o, s:b}", "label", c[SWEEPS_CAMPAIGN].text,
			"measured", json_object_get(answer, "measured"), "unmeasured",
			unmeasured_of(answer), "unsettled", unsettled_of(answer), "knows_metrics",
			json_object_get(answer, "without") != NULL);
		json_array_append_new(r->j->sweeps, one);
		forget_unsettled(r->j->sweeps);
		json_decref(r->j->open);
		r->j->open = json_incref(json_object_get(answer, "open"));
		json_decref(r->j->missing);
		r->j->missing = judge_missing_hosts(json_object_get(answer, "hosts"));
		add_seen(r, c, answer);
	}
	json_decref(answer);
	return 0;
}

int judge_read_store(struct judgement *j, const struct sweep *s, struct error *err)
{
	struct reading r = {.j = j, .of = s};
	const struct live_store *store = &j->d->s;
	int code;

	j->told = json_array();
	j->sweeps = json_array();
	j->seen = json_object();
	code = store->ops->query(
		store->store, "notices", NULL, 0, INT64_MAX, NULL, on_notice, &r, err);
	if (code >= 0)
		code = store->ops->query(
			store->store, "sweeps", NULL, 0, INT64_MAX, NULL, on_sweep, &r, err);
	return code < 0 ? code : 0;
}

void judge_drop_store(struct judgement *j)
{
	json_decref(j->told);
	json_decref(j->sweeps);
	json_decref(j->open);
	json_decref(j->missing);
	json_decref(j->seen);
	j->told = j->sweeps = j->open = j->missing = j->seen = NULL;
}

struct judge_view judge_view_of(const struct judgement *j, const struct sweep *s)
{
	return (struct judge_view){
		.baseline = s->row.baseline != NULL ? s->row.baseline : "previous",
		.told = j->told,
		.sweeps = j->sweeps,
		.open = j->open,
		.seen = j->seen,
	};
}

void judge_keep_answer(const struct judgement *j, struct sweep *s)
{
	free((char *)s->row.answer);
	s->row.answer = json_dumps(j->answer, JSON_COMPACT);
}

json_t *judge_list(struct judgement *j, const char *key)
{
	json_t *list = json_object_get(j->answer, key);

	if (list == NULL) {
		list = json_array();
		json_object_set_new(j->answer, key, list);
	}
	return list;
}
