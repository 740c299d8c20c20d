/*
 * gang_compose.h - one result of what several hosts told of a run
 *
 * Every standard metric of a part is there under its role: "server.energy.package". Without a
 * prefix are main's, but for energies and powers, which are sums over the parts: E = sum of E_i,
 * with the hard bounds added (u = sum of u_i) and the deviations as those of independent values (s
 * = sqrt(sum of s_i^2)). Where a part lacks one, there is no sum: a sum of some hosts would pass
 * for that of all. edp.package is the sum of energy.package times main's time. Energies of single
 * zones ("energy.package-0") have no sum, as each host numbers its own.
 *
 * Nothing here knows of agents or of the store.
 */
#ifndef COORDINATOR_DISPATCH_GANG_COMPOSE_H
#define COORDINATOR_DISPATCH_GANG_COMPOSE_H

#include "proto/message.h"

/* Set where one host measured energy.package and another did not: docs/flags.md. */
#define FLAG_PARTIAL_ENERGY "energy_partial"

struct composing_part {
	const char *role, *host;
	const struct message_result *result; /* NULL: none has come */
};

struct composed {
	struct message_result result; /* its texts are those of the parts, and of this */
	size_t told;                  /* the part whose end is told: main, or the one that failed */
	struct message_metric *metrics;
	char **names; /* owned, of metrics */
	size_t names_n;
	const char **flags;
	char *reason;
};

/*
 * Compose the parts, main among them. The run is done where all are; else it is as the first part
 * that failed, timed out or was skipped (main before others), and the reason says which role and
 * host: "server on lab01: exit status 2". broken (a part; n: none) ended before it may: with what
 * its result says, where that is no success, else failed with the reason why. composed_done()
 * afterwards.
 */
void compose(struct composed *out, const struct composing_part *parts, size_t n, size_t main,
	size_t broken, const char *why);
void composed_done(struct composed *c);

#endif
