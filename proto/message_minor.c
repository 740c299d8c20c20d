#include "proto/message_minor.h"

#include "proto/base.h"
#include <string.h>

static const struct {
	const char *verb;
	int64_t minor;
	const char *what;
} verbs[] = {
	{"rerun", 4, "running a campaign again"},
	{"extend", 4, "extending a campaign"},
	{"label", 4, "changing labels"},
	{"unschedule", 4, "schedules"},
	{"sweep", 4, "schedules"},
};

static const struct {
	const char *query;
	int64_t minor;
	const char *what;
} queries[] = {
	{"schedules", 4, "schedules"},
	{"sweeps", 4, "schedules"},
	{"notices", 4, "schedules"},
	{"deliveries", 4, "schedules"},
};

static int64_t of_submit(const struct message_submit *m, const char **what)
{
	if (m->again != NULL || m->against != NULL) {
		*what = "running a campaign again";
		return 4;
	}
	if (m->schedule == 1) {
		*what = "schedules";
		return 4;
	}
	return 0;
}

static int64_t of_steer(const struct message_steer *m, const char **what)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(m->verb, verbs[i].verb) == 0) {
			*what = verbs[i].what;
			return verbs[i].minor;
		}
	return 0;
}

static int64_t of_query(const struct message_query *m, const char **what)
{
	for (size_t i = 0; i < ARRAY_SIZE(queries); i++)
		if (strcmp(m->what, queries[i].query) == 0) {
			*what = queries[i].what;
			return queries[i].minor;
		}
	return 0;
}

int64_t message_minor(const struct message *m, const char **what)
{
	switch (m->type) {
	case MESSAGE_SUBMIT:
		return of_submit(&m->submit, what);
	case MESSAGE_STEER:
		return of_steer(&m->steer, what);
	case MESSAGE_QUERY:
		return of_query(&m->query, what);
	default:
		return 0;
	}
}
