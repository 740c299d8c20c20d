/*
 * follow.h - a campaign's progress on the user's terminal, from its EVENT messages
 *
 * On a terminal one line that is drawn anew; otherwise a plain line now and then. A failed
 * run is told at once, the first of a configuration and reason, of a setup the first of a host. All
 * of it goes to stderr.
 */
#ifndef COORDINATOR_COMMANDS_FOLLOW_H
#define COORDINATOR_COMMANDS_FOLLOW_H

#include "coordinator/client.h"
#include "coordinator/commands/commands.h"

#define FOLLOW_TOLD 256

struct follow {
	bool is_quiet, is_terminal;
	bool has_line;    /* an unfinished line stands on the terminal */
	int64_t plain_ns; /* when the last plain line was printed */
	uint64_t waits;   /* hash of the hosts that it waits for, as was last told; 0: for none */
	bool is_paused;   /* likewise */
	bool wants_hosts; /* the hosts that it waits for are to be asked for */
	bool has_ended;
	bool was_cancelled;
	bool was_skipped;           /* nothing of it could run */
	int64_t failed;             /* counted runs that failed or timed out, once it has ended */
	uint64_t told[FOLLOW_TOLD]; /* hashes of the last failures that were told */
	size_t told_n;
	int64_t setup_more; /* runs whose setup failed as that of one that was told */
};

void follow_init(struct follow *f, const struct common_options *o);
/* One EVENT. */
void follow_event(struct follow *f, const struct message *m);
/* The campaign has ended as c says. */
void follow_end(struct follow *f, const struct message_campaign *c);
/* Say that it has ended, where no table follows. */
void follow_say_end(const struct follow *f, const char *label);
/* End the unfinished line, before something else is printed. */
void follow_clear(struct follow *f);
/* The exit status that a campaign's end means. */
int follow_status(const struct follow *f);

/*
 * WATCH a campaign through a coordinator until its end; connections that break are made anew for a
 * minute. Returns the exit status, or negative with err (-EINTR: the user has enough; the campaign
 * goes on).
 */
int follow_remote(struct follow *f, struct client **client, const char *label,
	const struct results_where *where, struct error *err);

#endif
