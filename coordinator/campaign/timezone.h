/*
 * timezone.h - whether this machine knows a time zone by its name
 */
#ifndef COORDINATOR_CAMPAIGN_TIMEZONE_H
#define COORDINATOR_CAMPAIGN_TIMEZONE_H

#include <stdbool.h>

/*
 * Whether there is such a zone: a file of that name below /usr/share/zoneinfo. Where that folder is
 * not there, whether the name could be one. Where not, nearest gets "; did you mean 'X'?" or "".
 */
bool timezone_is_known(const char *name, char nearest[96]);

#endif
