#include "coordinator/dispatch/judge_told.h"

#define LAST_LEAST JUDGE_NIGHTS_LEAST

/* So many sweeps in a row try in vain to confirm the same, and then each so manieth. */
#define OPEN_TRIES 3
#define OPEN_EVERY 4

enum baseline_kind judge_baseline_kind(const char *text, int64_t *n)
{
	char *end;

	*n = 0;
	if (text == NULL || text[0] == '\0' || strcmp(text, "previous") == 0)
		return BASELINE_PREVIOUS;
	if (strncmp(text, "last-", strlen("last-")) != 0)
		return BASELINE_LABEL;
	*n = strtoll(text + strlen("last-"), &end, 10);
	if (*n > 0 && *end == '\0')
		return BASELINE_LAST;
	*n = 0;
	return BASELINE_LABEL;
}

/* ---- labels ---- */

/* N of NAME.N; 0 where it is none. */
static int64_t number_of(const char *label)
{
	const char *dot = strrchr(label, '.');

	return dot != NULL ? strtoll(dot + 1, NULL, 10) : 0;
}

static bool are_of_one_name(const char *a, const char *b)
{
	const char *dot = strrchr(a, '.'), *other = strrchr(b, '.');

	return dot != NULL && other != NULL && dot - a == other - b &&
	       strncmp(a, b, (size_t)(dot - a)) == 0;
}

/* ---- notices ---- */

void judge_told_add(json_t *told, const char *kind, const char *subject, const char *json)
{
	json_t *notice = json_loads(json, 0, NULL);

	if (!json_is_object(notice)) {
		json_decref(notice);
		notice = json_object();
	}
	json_object_set_new(notice, "kind", json_string(kind));
	json_object_set_new(notice, "subject", json_string(subject));
	json_array_append_new(told, notice);
}

static bool is_of_level(const json_t *notice)
{
	const char *kind = judge_text(notice, "kind");

	return strcmp(kind, NOTICE_REGRESSED) == 0 || strcmp(kind, NOTICE_IMPROVED) == 0 ||
	       strcmp(kind, NOTICE_RETURNED) == 0;
}

static bool names_host(const json_t *notice, const char *name)
{
	json_t *host;
	size_t i;

	json_array_foreach(json_object_get(notice, "hosts"), i, host)
	{
		if (strcmp(judge_text(host, "host"), name) == 0)
			return true;
	}
	return false;
}

static bool says_of(const json_t *notice, const char *subject, const json_t *one)
{
	const char *host = judge_text(one, "host");

	return is_of_level(notice) && strcmp(judge_text(notice, "subject"), subject) == 0 &&
	       (names_host(notice, host) ||
		       !judge_has_text(json_object_get(notice, "measured"), host));
}

const json_t *judge_told_last(const json_t *told, const json_t *one)
{
	_cleanup_free_ char *subject = judge_subject(one);

	for (size_t i = json_array_size(told); i-- > 0;)
		if (says_of(json_array_get(told, i), subject, one))
			return json_array_get(told, i);
	return NULL;
}

bool judge_told_is_open(const json_t *told, const char *subject, const char *host)
{
	for (size_t i = json_array_size(told); i-- > 0;) {
		const json_t *notice = json_array_get(told, i);

		if (strcmp(judge_text(notice, "subject"), subject) != 0 || is_of_level(notice))
			continue;
		if (strcmp(judge_text(notice, "kind"), NOTICE_RECOVERED) == 0)
			return false; /* on all of its hosts */
		if (host == NULL || names_host(notice, host))
			return true;
	}
	return false;
}

/* ---- what a case is held against ---- */

static const json_t *find_open(const struct judge_view *v, const json_t *one)
{
	_cleanup_free_ char *key = judge_case_key(one);
	json_t *other;
	size_t i;

	json_array_foreach(v->open, i, other)
	{
		_cleanup_free_ char *its = judge_case_key(other);

		if (strcmp(its, key) == 0)
			return other;
	}
	return NULL;
}

/* Where a case was measured and settled last. */
struct level {
	const char *label; /* NULL: nowhere */
	bool is_old;       /* nothing settled it, for long */
};

/* Of the sweeps before: what somebody submitted by hand since is not held against anything. */
static struct level level_of(const struct judge_view *v, const json_t *one)
{
	_cleanup_free_ char *key = judge_case_key(one);
	struct level level = {0};
	int nights = 0;

	for (size_t i = json_array_size(v->sweeps); i-- > 0;) {
		const json_t *sweep = json_array_get(v->sweeps, i), *unsettled;

		if (!judge_has_text(json_object_get(sweep, "measured"), judge_text(one, "host")) ||
			judge_is_among(json_object_get(sweep, "unmeasured"), one))
			continue;
		level.label = judge_text(sweep, "label");
		unsettled = json_object_get(json_object_get(sweep, "unsettled"), key);
		if (unsettled == NULL)
			return level;
		level.is_old = ++nights == JUDGE_NIGHTS_MOST;
		if (level.is_old)
			return level;
		/* Where no sweep is left, what even the first one was held against. */
		level.label = judge_text(unsettled, "against");
	}
	return level;
}

bool judge_level_is_old(const struct judge_view *v, const json_t *one)
{
	return level_of(v, one).is_old;
}

static char *previous_of(const struct judge_view *v, const json_t *one)
{
	const char *label = level_of(v, one).label;

	return xstrdup(label != NULL ? label : "previous");
}

/* Against a single night before. */
static char *earlier_of(const struct judge_view *v, const json_t *one)
{
	const json_t *open = find_open(v, one);

	return open != NULL ? xstrdup(judge_text(open, "against")) : previous_of(v, one);
}

/* The last sweeps in which anything was measured, `wanted` at most: with notice not NULL only those
 * from the one on that told of it. How many there are, and in how many of them the host was. */
struct window {
	int64_t n, with_host;
};

static struct window window_of(
	const struct judge_view *v, const json_t *notice, const char *host, int64_t wanted)
{
	const char *told_in = notice != NULL ? judge_text(notice, "campaign") : NULL;
	struct window w = {0};

	for (size_t i = json_array_size(v->sweeps); i-- > 0 && w.n < wanted;) {
		const json_t *sweep = json_array_get(v->sweeps, i);
		const json_t *measured = json_object_get(sweep, "measured");
		const char *label = judge_text(sweep, "label");

		if (told_in != NULL &&
			(!are_of_one_name(label, told_in) || number_of(label) < number_of(told_in)))
			continue;
		w.n += json_array_size(measured) > 0;
		w.with_host += judge_has_text(measured, host);
	}
	return w;
}

bool judge_is_tried_again(int64_t sweeps)
{
	return sweeps < OPEN_TRIES || (sweeps - OPEN_TRIES + 1) % OPEN_EVERY == 0;
}

int64_t judge_nights_of(const struct judge_view *v, const json_t *one)
{
	const json_t *notice = judge_told_last(v->told, one);

	return window_of(v, notice, judge_text(one, "host"), INT64_MAX).with_host;
}

/* A level is one of three nights at least, of the same host. */
static char *last_of(const struct judge_view *v, const json_t *one, int64_t wanted)
{
	const json_t *notice = judge_told_last(v->told, one);
	struct window w = window_of(v, notice, judge_text(one, "host"), wanted);

	if (notice == NULL && w.n < LAST_LEAST) /* the first nights */
		return xstrdup(v->baseline);
	if (w.with_host < LAST_LEAST)
		return earlier_of(v, one);
	return w.n >= wanted || notice == NULL ? xstrdup(v->baseline)
					       : xasprintf("last-%lld", (long long)w.n);
}

char *judge_baseline_of(const struct judge_view *v, const json_t *one)
{
	int64_t n;

	switch (judge_baseline_kind(v->baseline, &n)) {
	case BASELINE_LABEL:
		return xstrdup(v->baseline);
	case BASELINE_LAST:
		return last_of(v, one, n);
	default:
		return earlier_of(v, one);
	}
}

bool judge_is_of_one_night(const struct judge_view *v, const json_t *one)
{
	_cleanup_free_ char *baseline = judge_baseline_of(v, one);
	int64_t n;

	return judge_baseline_kind(v->baseline, &n) != BASELINE_LABEL &&
	       judge_baseline_kind(baseline, &n) != BASELINE_LAST;
}

const char *judge_against_of(const struct judge_view *v, const json_t *one)
{
	const json_t *open = find_open(v, one);

	return judge_text(open != NULL ? open : one, "against");
}

/* ---- news ---- */

static bool is_unchanged(const json_t *row)
{
	return strcmp(judge_text(row, "verdict"), "unchanged") == 0;
}

/* As a notice would say it. */
static const char *kind_of(const json_t *row)
{
	return is_unchanged(row) ? NOTICE_RETURNED : judge_text(row, "verdict");
}

/* What is no news of a case against a label: what was told or seen of it last, and what others were
 * told since, while it was away: there it may be as they are, or as it was. */
static json_t *known_kinds(const struct judge_view *v, const json_t *row)
{
	_cleanup_free_ char *subject = judge_subject(row), *key = judge_case_key(row);
	const json_t *seen = json_object_get(v->seen, key);
	json_int_t since = json_integer_value(json_object_get(seen, "sweep"));
	json_t *kinds = json_array(), *notice;
	size_t i;

	judge_add_text(kinds, seen != NULL ? kind_of(seen) : NOTICE_RETURNED);
	json_array_foreach(v->told, i, notice)
	{
		bool is_of_this = strcmp(judge_text(notice, "baseline"), v->baseline) == 0;

		if (!says_of(notice, subject, row) ||
			(seen != NULL &&
				json_integer_value(json_object_get(notice, "sweep")) <= since))
			continue;
		if (!is_of_this || names_host(notice, judge_text(row, "host")))
			json_array_clear(kinds);
		judge_add_text(kinds, is_of_this ? judge_text(notice, "kind") : NOTICE_RETURNED);
	}
	return kinds;
}

static bool is_new_to_label(const struct judge_view *v, const json_t *row)
{
	json_t *kinds = known_kinds(v, row);
	bool is =
		(judge_has_moved(row) || is_unchanged(row)) && !judge_has_text(kinds, kind_of(row));

	json_decref(kinds);
	return is;
}

/* Against an earlier submission: unless the same was told of a later one than that. So a host that
 * was away meanwhile does not tell again what others have told. */
static bool is_new_since(const struct judge_view *v, const json_t *row)
{
	_cleanup_free_ char *subject = judge_subject(row);
	const char *against = judge_against_of(v, row);
	json_t *notice;
	size_t i;

	json_array_foreach(v->told, i, notice)
	{
		const char *told_in = judge_text(notice, "campaign");

		if (says_of(notice, subject, row) &&
			strcmp(judge_text(notice, "kind"), judge_text(row, "verdict")) == 0 &&
			are_of_one_name(told_in, against) &&
			number_of(told_in) > number_of(against))
			return false;
	}
	return judge_has_moved(row);
}

bool judge_is_new(const struct judge_view *v, const json_t *row)
{
	int64_t n;

	return judge_baseline_kind(v->baseline, &n) == BASELINE_LABEL ? is_new_to_label(v, row)
								      : is_new_since(v, row);
}

bool judge_is_first_sight(const struct judge_view *v, const json_t *row)
{
	int64_t n;

	if (judge_baseline_kind(v->baseline, &n) != BASELINE_LABEL ||
		(!judge_has_moved(row) && !is_unchanged(row)))
		return false;
	json_t *kinds = known_kinds(v, row);
	bool is = json_array_size(kinds) > 1;
	json_decref(kinds);
	return is;
}
