/*
 * connection.h - an agent at work: its conversation with the coordinator (PROTOCOL.md), and the
 * runs that follow from it
 *
 * The agent keeps at most four assignments, runs them one at a time in order, spools what came out
 * of each before it sends it, and keeps that until it is acknowledged. While the coordinator is
 * away it finishes what it has and goes on trying.
 */
#ifndef AGENT_CONNECTION_H
#define AGENT_CONNECTION_H

#include "proto/error.h"
#include "proto/options.h"

struct connection_options {
	const char *coordinator; /* address; required */
	const char *server_key;  /* Z85; required */
	const char *state;       /* directory for key, spool, files; required; made where missing */
	const char *name;        /* what the machine calls itself; NULL: its host name */
	const char *address; /* by which other hosts reach this one; NULL: what its packets to the
				coordinator have */
	const char *root;    /* machine.h */
	struct texts labels; /* "k=v" */
	int64_t cache;       /* files_limit(): bytes of contents and work directories */
	int64_t drain_timeout_ns; /* how long SIGTERM lets what runs go on; 0: not at all */
	bool verbose;
};

/*
 * Serve until the coordinator says BYE or a signal comes. The first SIGTERM lets what runs end, and
 * its result be committed, for as long as drain_timeout_ns; a second one ends all at once, as
 * SIGINT does. SIGHUP has the machine looked at again (an energy meter that can be read now, the
 * inventory), and the coordinator told, once no run is under way. What has not ended is run again,
 * results that are not committed stay in the spool. Returns the exit status: 0 ended by BYE or
 * SIGTERM, 130 by SIGINT; otherwise err says why (EXIT_UNAVAILABLE: refused by the coordinator,
 * with the line that its administrator should type).
 */
int connection_serve(const struct connection_options *o, struct error *err);

#endif
