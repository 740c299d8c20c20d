/*
 * settings_schema.h - the keys of a coordinator's settings as tables, in the manner of
 * coordinator/campaign/schema.h
 */
#ifndef COORDINATOR_SETTINGS_SCHEMA_H
#define COORDINATOR_SETTINGS_SCHEMA_H

#include "coordinator/campaign/schema.h"

extern const struct schema schema_settings;

#endif
