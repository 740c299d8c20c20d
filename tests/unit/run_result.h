/*
 * run_result.h - looking into the RESULT of a run
 */
#ifndef TESTS_UNIT_RUN_RESULT_H
#define TESTS_UNIT_RUN_RESULT_H

#include "proto/message.h"

static inline bool has_flag(const struct message *m, const char *flag)
{
	for (size_t i = 0; i < m->result.flags.n; i++) {
		if (strcmp(*LIST_AT(&m->result.flags, char *, i), flag) == 0)
			return true;
	}
	return false;
}

/* The metric of a name, or NULL. */
static inline const struct message_metric *find_metric(const struct message *m, const char *name)
{
	for (size_t i = 0; i < m->result.metrics.n; i++) {
		const struct message_metric *e =
			LIST_AT(&m->result.metrics, struct message_metric, i);
		if (strcmp(e->name, name) == 0)
			return e;
	}
	return NULL;
}

/* Its value, in inner units; ABSENT where there is none. */
static inline int64_t metric_value(const struct message *m, const char *name)
{
	const struct message_metric *e = find_metric(m, name);

	return e == NULL ? ABSENT : e->value;
}

#endif
