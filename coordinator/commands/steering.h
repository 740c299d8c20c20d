/*
 * steering.h - what `cancel`, `pause` and `resume` share: a campaign is named, and the coordinator
 * that has it is told; where nobody has it, its file is written
 */
#ifndef COORDINATOR_COMMANDS_STEERING_H
#define COORDINATOR_COMMANDS_STEERING_H

#include "coordinator/commands/commands.h"
#include "coordinator/store/store.h"

/* A campaign as it was found. */
struct steered {
	struct results_where where; /* of the coordinator that has it, or of the file */
	bool is_file;               /* nobody has it */
	char *label, *state;        /* owned */
	struct id16 uuid;
	int64_t id;              /* in the store */
	struct results *results; /* what where points into */
};

/* Find the campaign that the user typed (NULL: the last of all). Returns 0 or negative;
 * steering_done() in both cases. */
int steering_find(
	struct steered *c, const struct common_options *o, const char *typed, struct error *err);
void steering_done(struct steered *c);

/* Say something to the coordinator and take its answer in; message_done() is due. */
int steering_ask(
	const struct steered *c, struct message *m, struct message *answer, struct error *err);
/* STEER of the campaign, and tell the user what has become of it. */
int steering_campaign(const struct steered *c, const char *verb, bool now, struct error *err);
/*
 * Write the file: change() gets a store within a transaction, which is committed where it returns
 * 0. verb is for messages.
 */
int steering_in_file(struct steered *c, const char *verb,
	int (*change)(const struct store_ops *ops, struct store *s, const struct steered *c,
		struct error *err),
	struct error *err);

/* The same, whatever its state is. arg is change's. */
int steering_write(struct steered *c,
	int (*change)(const struct store_ops *ops, struct store *s, const struct steered *c,
		void *arg, struct error *err),
	void *arg, struct error *err);

/* STEER, whose verb m has, of the campaign, and tell the user how far it is then. */
int steering_more(struct steered *c, struct message *m, struct error *err);
/* Nobody has it, so it waits: tell what was made of it, and how it goes on. */
void steering_say_resume(const struct steered *c, const char *what);

#endif
