/*
 * flag_words.h - what each flag of a run means, in the words of docs/flags.md
 */
#ifndef COORDINATOR_COMMANDS_FLAG_WORDS_H
#define COORDINATOR_COMMANDS_FLAG_WORDS_H

struct flag_words {
	const char *name;  /* "shared_cpu" */
	const char *words; /* what happened */
};

/* In the order of the page, ended by a NULL name. The build makes the table of the page's. */
extern const struct flag_words flag_words[];

#endif
