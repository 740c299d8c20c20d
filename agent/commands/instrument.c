/*
 * instrument.c - what the subcommands have in common
 */
#include "agent/commands/commands.h"

#include <stdio.h>

const char *const agent_energy_sources[] = {"auto", "powercap", "perf", "msr", NULL};

bool agent_wants_json(const struct agent_common_options *o)
{
	return o->format != NULL && strcmp(o->format, "json") == 0;
}

int instrument_open(struct instrument *i, const struct agent_common_options *o, bool want_meter,
	struct error *err)
{
	*i = (struct instrument){0};
	int r = machine_open(&i->machine, o->root, err);
	if (r != 0)
		return r;
	r = topology_load(&i->topology, &i->machine, err);
	if (r != 0) {
		machine_close(&i->machine);
		return r;
	}
	if (want_meter)
		energy_open(&i->meter, &i->machine, &i->topology, o->source, &i->why);
	return 0;
}

void instrument_close(struct instrument *i)
{
	energy_close(i->meter);
	topology_done(&i->topology);
	machine_close(&i->machine);
}

void agent_print_json(json_t *j)
{
	char *text = json_dumps(j, JSON_COMPACT | JSON_REAL_PRECISION(15));

	puts(text);
	free(text);
	json_decref(j);
}
