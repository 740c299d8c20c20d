/*
 * notice_text.h - what a notice says: one sentence for people, and the JSON of docs/nightly.md
 *
 * Nothing is in here but JSON and texts.
 */
#ifndef COORDINATOR_DISPATCH_NOTICE_TEXT_H
#define COORDINATOR_DISPATCH_NOTICE_TEXT_H

#include "coordinator/dispatch/judge_hosts.h"

/* What all notices of a sweep have in common. */
struct notice_facts {
	const char *schedule;
	const char *campaign;               /* label; NULL: none was submitted */
	const char *baseline;               /* as the schedule has it: "previous" */
	int64_t sweep, at;                  /* id; CLOCK_REALTIME */
	const json_t *measured;             /* hosts, as texts; NULL: none */
	const json_t *moved;                /* hosts of which a canary moved; NULL: none */
	const char *commit, *commit_before; /* labels `commit` of both sides; NULL: there is none */
	const char *db; /* the store's file, for commands to copy; NULL: they do not name it */
};

/* A notice in the making. */
struct notice_text {
	const char *kind; /* a text without end of life */
	char *subject, *text, *json;
};
void notice_text_done(struct notice_text *n);

/* Of a change (judge_bundle()) with "against", "cause" ("content", "machine", "file"; none: not
 * known) and "shown_by" (the label of the confirmation). */
void notice_of_change(const json_t *change, const struct notice_facts *f, struct notice_text *out);
/* Of what judge_host_notices() gives. */
void notice_of_host(const json_t *what, const struct notice_facts *f, struct notice_text *out);

#endif
