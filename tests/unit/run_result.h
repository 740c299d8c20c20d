/*
 * run_result.h - looking into the RESULT of a run
 */
#ifndef TESTS_UNIT_RUN_RESULT_H
#define TESTS_UNIT_RUN_RESULT_H

#include "proto/message.h"

#include <stdio.h>

static inline bool has_flag(const struct message *m, const char *flag)
{
	for (size_t i = 0; i < m->result.flags.n; i++) {
		if (strcmp(*LIST_AT(&m->result.flags, char *, i), flag) == 0)
			return true;
	}
	return false;
}

/*
 * Reason or notes of the run, without what a guard that nobody asked for notes of a busy machine;
 * "" where nothing is left. Valid until the next call.
 */
static inline const char *reason_of(const struct message *m)
{
	static char text[4096];
	const char *line = m->result.reason != NULL ? m->result.reason : "";
	size_t n = 0;

	while (*line != '\0') {
		size_t len = strcspn(line, "\n");
		if (strncmp(line, "guard: ", 7) != 0)
			n += (size_t)snprintf(text + n, sizeof text - n, "%s%.*s",
				n > 0 ? "\n" : "", (int)len, line);
		line += len + (line[len] == '\n');
	}
	text[n] = '\0';
	return text;
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
