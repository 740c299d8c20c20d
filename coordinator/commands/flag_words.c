#include "coordinator/commands/flag_words.h"

#include <stddef.h>

const struct flag_words flag_words[] = {
#include "coordinator/commands/flag_words.inc" /* made of docs/flags.md: see the Makefile */
	{NULL, NULL},
};
