/*
 * inventory.h - what an agent found out about its machine, as the JSON that DESIGN.md section 8
 * names
 */
#ifndef AGENT_INVENTORY_H
#define AGENT_INVENTORY_H

#include "agent/machine.h"
#include "agent/sources/energy.h"
#include "agent/topology.h"
#include "proto/message.h"

#include <jansson.h>

/*
 * JSON object, one line: cpu {vendor model family model_number stepping microcode codename packages
 * dies cores threads kinds}, cores, threads, thread_steps, numa, memory, kernel, firmware {vendor
 * version date}, hypervisor, governor, turbo, frequency {base}, power_limits, energy {source, why,
 * choices, filtered, zones}, caches, labels, fingerprint. meter may be NULL: then energy.source is
 * null and why says why. labels are struct message_pair. The fingerprint is BLAKE2b (8 bytes, hex)
 * over what makes a machine another instrument: CPU, topology, memory, microcode, kernel, energy
 * source. The caller frees.
 */
char *inventory_json(const struct machine *m, const struct topology *t,
	const struct energy_meter *meter, const struct list *labels);

/* The inventory with one more value in it; takes both, the caller frees the new one. */
char *inventory_with(char *inventory, const char *key, json_t *value);

#endif
