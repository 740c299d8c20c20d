/*
 * plan_text.h - what `plan` says of a run's surroundings: placement on each host, guard, tune
 */
#ifndef COORDINATOR_COMMANDS_PLAN_TEXT_H
#define COORDINATOR_COMMANDS_PLAN_TEXT_H

#include "coordinator/campaign/campaign.h"
#include <stdio.h>

/*
 * Lines "place", "guard" and "tune", each where the campaign asks for any; of benchmarks that do
 * not agree one for each. hosts are those of the plan's lanes, in their order.
 */
void plan_print_surroundings(
	const struct campaign *c, const struct plan *p, const struct plan_host *hosts, FILE *to);

#endif
