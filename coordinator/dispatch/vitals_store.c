/*
 * What the store says of schedules and of notices under way. Both tables grow with the years, so
 * what has ended is read once: the reader remembers up to which row that is, and what it came to.
 */
#include "coordinator/dispatch/vitals.h"

#include "coordinator/store/queries.h"
#include <jansson.h>

/* The last sweep of a schedule, by its name. */
struct last_sweep {
	char *name;                   /* owned; key of the hash */
	struct vitals_schedule known; /* without name and next_at */
	UT_hash_handle hh;
};

struct vitals_reader {
	struct last_sweep *sweeps; /* hash (owned) */
	int64_t sweeps_after;      /* all rows up to this one have ended and are in the hash */
	int64_t deliveries_after;  /* likewise, and are counted in these */
	int64_t delivered, given_up;
};

struct vitals_reader *vitals_reader_new(void)
{
	return xcalloc(1, sizeof(struct vitals_reader));
}

void vitals_reader_free(struct vitals_reader *r)
{
	struct last_sweep *l, *next;

	if (r == NULL)
		return;
	HASH_ITER (hh, r->sweeps, l, next) {
		HASH_DEL(r->sweeps, l);
		free(l->name);
		free(l);
	}
	free(r);
}

static int64_t integer_of(const struct message_cell *c)
{
	return c->text == NULL && c->real == NULL ? c->integer : ABSENT;
}

/* ---- sweeps ---- */

struct sweeps_read {
	struct vitals_reader *reader;
	bool is_open; /* a sweep came that has not ended: it will be read again */
};

static const struct vitals_schedule nothing_known = {.next_at = ABSENT,
	.state = SWEEP_STATE_N,
	.due_at = ABSENT,
	.began_at = ABSENT,
	.ended_at = ABSENT,
	.ended_state = SWEEP_STATE_N,
	.regressed = ABSENT,
	.improved = ABSENT,
	.unconfirmed = ABSENT};

static struct last_sweep *last_of(struct vitals_reader *r, const char *name)
{
	struct last_sweep *l;

	HASH_FIND_STR(r->sweeps, name, l);
	if (l != NULL)
		return l;
	l = xcalloc(1, sizeof *l);
	l->name = xstrdup(name);
	l->known = nothing_known;
	HASH_ADD_KEYPTR(hh, r->sweeps, l->name, strlen(l->name), l);
	return l;
}

/* Members of an array, or ABSENT where the answer has none. */
static int64_t length_of(const json_t *answer, const char *key)
{
	const json_t *array = json_object_get(answer, key);

	return json_is_array(array) ? (int64_t)json_array_size(array) : ABSENT;
}

static void take_answer(struct vitals_schedule *s, const char *text)
{
	json_t *answer = text != NULL ? json_loads(text, 0, NULL) : NULL;

	if (json_object_get(answer, "compared") != NULL) {
		s->regressed = length_of(answer, "regressed");
		s->improved = length_of(answer, "improved");
		s->unconfirmed = length_of(answer, "unconfirmed");
	}
	json_decref(answer);
}

static int on_sweep(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct sweeps_read *read = arg;

	(void)n;
	if (c[SWEEPS_SCHEDULE].text == NULL || c[SWEEPS_STATE].text == NULL)
		return 0;
	struct vitals_schedule *s = &last_of(read->reader, c[SWEEPS_SCHEDULE].text)->known;
	s->state = sweep_state_by_name(c[SWEEPS_STATE].text);
	s->due_at = integer_of(&c[SWEEPS_DUE_AT]);
	if (!sweep_state_is_end(s->state)) {
		read->is_open = true;
		return 0;
	}
	s->ended_state = s->state;
	s->began_at = integer_of(&c[SWEEPS_BEGAN_AT]);
	s->ended_at = integer_of(&c[SWEEPS_ENDED_AT]);
	take_answer(s, c[SWEEPS_ANSWER].text);
	if (!read->is_open)
		read->reader->sweeps_after = key;
	return 0;
}

/* ---- schedules ---- */

struct schedules_read {
	struct vitals_reader *reader;
	struct vitals *out;
};

static int on_schedule(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	const struct schedules_read *read = arg;
	struct vitals *out = read->out;
	struct last_sweep *last = NULL;

	(void)key;
	(void)n;
	HASH_FIND_STR(read->reader->sweeps, c[SCHEDULES_NAME].text, last);
	out->schedules =
		xreallocarray(out->schedules, out->schedules_n + 1, sizeof *out->schedules);
	struct vitals_schedule *s = &out->schedules[out->schedules_n++];
	*s = last != NULL ? last->known : nothing_known;
	s->name = xstrdup(c[SCHEDULES_NAME].text);
	s->next_at = integer_of(&c[SCHEDULES_NEXT_AT]);
	return 0;
}

/* ---- deliveries ---- */

struct deliveries_read {
	struct vitals_reader *reader;
	struct vitals *out;
	bool is_open;
};

static int on_delivery(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct deliveries_read *read = arg;
	const char *state = c[DELIVERIES_STATE].text;
	bool is_delivered = text_is(state, DELIVERY_DELIVERED);

	(void)n;
	if (!is_delivered && !text_is(state, DELIVERY_GIVEN_UP)) {
		read->out->deliveries_waiting++;
		read->is_open = true;
		return 0;
	}
	if (read->is_open) { /* counted again next time */
		read->out->deliveries_delivered += is_delivered;
		read->out->deliveries_given_up += !is_delivered;
		return 0;
	}
	read->reader->delivered += is_delivered;
	read->reader->given_up += !is_delivered;
	read->reader->deliveries_after = key;
	return 0;
}

int vitals_read(struct vitals_reader *r, const struct store_ops *ops, struct store *s,
	struct vitals *out, struct error *err)
{
	struct sweeps_read sweeps = {.reader = r};
	struct schedules_read schedules = {.reader = r, .out = out};
	struct deliveries_read deliveries = {.reader = r, .out = out};
	int code;

	if ((code = ops->query(s, "sweeps", NULL, r->sweeps_after, INT64_MAX, NULL, on_sweep,
		     &sweeps, err)) < 0 ||
		(code = ops->query(s, "schedules", NULL, 0, INT64_MAX, NULL, on_schedule,
			 &schedules, err)) < 0 ||
		(code = ops->query(s, "deliveries", NULL, r->deliveries_after, INT64_MAX, NULL,
			 on_delivery, &deliveries, err)) < 0)
		return code;
	out->deliveries_delivered += r->delivered;
	out->deliveries_given_up += r->given_up;
	return 0;
}
