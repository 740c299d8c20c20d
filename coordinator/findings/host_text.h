/*
 * host_text.h - a machine in a few words, out of the JSON of its inventory
 */
#ifndef COORDINATOR_FINDINGS_HOST_TEXT_H
#define COORDINATOR_FINDINGS_HOST_TEXT_H

#include "proto/base.h"
#include <jansson.h>

/* The inventory as an object, or NULL; json_decref() it. */
json_t *host_inventory(const char *json);

/* "i9-13900K (Raptor Lake) 8P+16E": marketing words are left out. Appends nothing where the model
 * is not known. */
void host_cpu(const json_t *inventory, struct buf *out);
/* "8P+16E" on a hybrid, else "24 cores". */
void host_cores(const json_t *inventory, struct buf *out);
/* host_cpu(), then ", Linux 6.12.8, performance, turbo off", as far as known. */
void host_describe(const json_t *inventory, struct buf *out);
/*
 * What sampling every so often costs a program on this host, as `joulerig-agent overhead` measured
 * it there: "sampling at 10 Hz costs 0.03 % [0.01, 0.05]". Of the rates that were measured the
 * lowest that is at least as fast, else the fastest. Appends nothing where none was.
 */
void host_overhead(const json_t *inventory, int64_t every_ns, struct buf *out);
/*
 * The value of what --by names, "host", "host.cpu.codename" or "host.labels.pool", of a host of
 * this name; the caller frees. NULL where the inventory, which may be NULL, does not tell.
 */
char *host_value(const char *host, const json_t *inventory, const char *by);
/* inventory.energy.source, or NULL; and why there is none, or NULL. */
const char *host_energy_source(const json_t *inventory);
const char *host_energy_why(const json_t *inventory);

#endif
