/* What came of the last sweep of each schedule. */
#include "coordinator/http/page.h"

/* One number of each schedule; ABSENT where it is not known. */
typedef int64_t schedule_number_fn(const struct vitals_schedule *s);

static int64_t next_at(const struct vitals_schedule *s)
{
	return s->next_at;
}

static int64_t due_at(const struct vitals_schedule *s)
{
	return s->due_at;
}

static int64_t ended_at(const struct vitals_schedule *s)
{
	return s->ended_at;
}

static int64_t duration(const struct vitals_schedule *s)
{
	return s->began_at == ABSENT || s->ended_at == ABSENT ? ABSENT : s->ended_at - s->began_at;
}

static int64_t regressed(const struct vitals_schedule *s)
{
	return s->regressed;
}

static int64_t improved(const struct vitals_schedule *s)
{
	return s->improved;
}

static int64_t unconfirmed(const struct vitals_schedule *s)
{
	return s->unconfirmed;
}

static const struct {
	const char *name, *help;
	int64_t divisor;
	schedule_number_fn *number;
} of_schedules[] = {
	{"joulerig_schedule_next_timestamp_seconds", "When the schedule is due next.", NS_PER_S,
		next_at},
	{"joulerig_schedule_last_sweep_due_timestamp_seconds", "When its last sweep was due.",
		NS_PER_S, due_at},
	{"joulerig_schedule_last_sweep_end_timestamp_seconds",
		"When the last sweep that has ended did so.", NS_PER_S, ended_at},
	{"joulerig_schedule_last_sweep_duration_seconds",
		"How long that took, comparing and confirming with it.", NS_PER_S, duration},
	{"joulerig_schedule_last_sweep_regressions",
		"Confirmed regressions of the last sweep that was compared.", 1, regressed},
	{"joulerig_schedule_last_sweep_improvements",
		"Confirmed improvements of the last sweep that was compared.", 1, improved},
	{"joulerig_schedule_last_sweep_unconfirmed",
		"What looked changed in it, and did not when it ran again.", 1, unconfirmed},
};

static void add_states(struct buf *out, const struct vitals *v)
{
	metric_begin(out, "joulerig_schedule_last_sweep_state", "gauge",
		"1 for the state that the schedule's last sweep is in, else 0.");
	for (size_t i = 0; i < v->schedules_n; i++)
		for (int s = 0; s < SWEEP_STATE_N; s++)
			metric_add_by_two(out, "joulerig_schedule_last_sweep_state",
				v->schedules[i].state == (enum sweep_state)s, 1, "schedule",
				v->schedules[i].name, "state",
				sweep_state_name((enum sweep_state)s));
}

void metrics_add_schedules(struct buf *out, const struct vitals *v)
{
	for (size_t i = 0; i < ARRAY_SIZE(of_schedules); i++) {
		bool has_begun = false;
		for (size_t k = 0; k < v->schedules_n; k++) {
			int64_t n = of_schedules[i].number(&v->schedules[k]);
			if (n == ABSENT)
				continue;
			if (!has_begun)
				metric_begin(
					out, of_schedules[i].name, "gauge", of_schedules[i].help);
			has_begun = true;
			metric_add_by(out, of_schedules[i].name, n, of_schedules[i].divisor,
				"schedule", v->schedules[k].name);
		}
	}
	if (v->schedules_n > 0)
		add_states(out, v);
}
