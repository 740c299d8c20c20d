/*
 * cpus.h - CPUs as a campaign lists them: "0,2,4-7", in thread order
 */
#ifndef COORDINATOR_CAMPAIGN_CPUS_H
#define COORDINATOR_CAMPAIGN_CPUS_H

#include "coordinator/campaign/yaml.h"
#include "proto/base.h"

#define CPUS_MAX 65536 /* numbers are below this one */

/* How many CPUs a list has; 0 where it is none, or has one twice. */
int64_t cpus_count(const char *text);

/* Calls each with the CPUs of a good list, in its order, until it returns false. Returns whether
 * all were visited. */
bool cpus_each(const char *text, bool (*each)(void *arg, int64_t cpu), void *arg);

/* The text of `list`: of a scalar as it is, of a list its items with commas between. */
void cpus_join(const struct node *n, struct buf *out);

#endif
