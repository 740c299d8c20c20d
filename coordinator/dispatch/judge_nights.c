/*
 * How much nights vary. Where two nights had the same file and contents, running the later one
 * again shows that night once more, and not whether its machine is another one: nights differ by
 * more than their runs tell. So such a case must also be beyond what the nights before vary by;
 * where these are too few to know that, a second night must show it.
 */
#include "coordinator/dispatch/judge_parts.h"

#define KEY_NIGHTS "nights"

static void drop(struct judgement *j, json_t *one, const char *why, bool is_open)
{
	json_object_del(one, KEY_NIGHTS);
	judge_put_off(j, one, why, is_open);
}

static bool is_of_machine(
	struct judgement *j, const struct sweep *s, json_t *causes, const char *against)
{
	if (json_object_get(causes, against) == NULL)
		json_object_set_new(causes, against, json_string(judge_cause_of(j, s, against)));
	return strcmp(judge_text(causes, against), CAUSE_MACHINE) == 0;
}

static void mark(struct judgement *j, const struct judge_view *v, json_t *one)
{
	int64_t n = judge_nights_of(v, one);

	if (json_integer_value(json_object_get(one, "tries")) > 0)
		return; /* the second night: those before have the first one among them */
	if (n >= JUDGE_NIGHTS_LEAST)
		json_object_set_new(one, KEY_NIGHTS,
			json_integer(n < JUDGE_NIGHTS_MOST ? n : JUDGE_NIGHTS_MOST));
	else
		drop(j, one,
			"it is of one night alone, and how much nights vary is not known yet; "
			"the next sweep looks again",
			true);
}

void judge_nights_mark(struct judgement *j, const struct sweep *s)
{
	const struct judge_view v = judge_view_of(j, s);
	json_t *all = json_copy(judge_list(j, "candidates")), *causes = json_object(), *one;
	size_t i;

	json_array_foreach(all, i, one)
	{
		if (judge_is_of_one_night(&v, one) &&
			is_of_machine(j, s, causes, judge_text(one, "against")))
			mark(j, &v, one);
	}
	json_decref(causes);
	json_decref(all);
}

/* The first number of nights that is still to be asked for; 0: none. */
static int64_t next_nights(struct judgement *j)
{
	json_t *one;
	size_t i;

	json_array_foreach(judge_list(j, "candidates"), i, one)
	{
		if (json_object_get(one, KEY_NIGHTS) != NULL)
			return json_integer_value(json_object_get(one, KEY_NIGHTS));
	}
	return 0;
}

static void weigh_one(struct judgement *j, json_t *one, const json_t *rows)
{
	const json_t *found = NULL;

	if (rows == NULL || judge_weigh(one, rows, &found) == WEIGHED_CONFIRMED || found == NULL)
		json_object_del(one, KEY_NIGHTS);
	else
		drop(j, one, "nights vary as much", false);
}

static void weigh_all(struct judgement *j, int64_t nights, const json_t *rows)
{
	json_t *all = json_copy(judge_list(j, "candidates")), *one;
	size_t i;

	json_array_foreach(all, i, one)
	{
		if (json_integer_value(json_object_get(one, KEY_NIGHTS)) == nights)
			weigh_one(j, one, rows);
	}
	json_decref(all);
}

int judge_nights_weigh(struct judgement *j, const struct sweep *s)
{
	int64_t nights;

	while ((nights = next_nights(j)) > 0) {
		_cleanup_free_ char *baseline = xasprintf("last-%lld", (long long)nights);
		const char *const words[] = {"compare", s->label, "--baseline", baseline, NULL};
		struct error err = {0};
		json_t *rows = NULL;

		if (!judge_is_asking(j))
			judge_ask(j, words);
		int r = judge_answered(j, &rows, &err);
		if (r == 0)
			return 0;
		if (r < 0)
			json_array_append_new(judge_list(j, "notes"), json_string(err.text));
		weigh_all(j, nights, rows);
		json_decref(rows);
	}
	return 1;
}
