/*
 * units.h - quantities as people write them, exact decimals, and the table of standard metrics
 *
 * Inside, every quantity is an int64 of a small unit: ns, uJ, uW, B, Hz, m°C, 1. At the edges
 * (YAML, tables, exports) it is a decimal of the metric's unit: s, J, W, B, Hz, °C, 1. Conversions
 * here are exact: no floating point is involved.
 */
#ifndef PROTO_UNITS_H
#define PROTO_UNITS_H

#include "proto/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Parse a quantity; the whole text must be one. A bare number where a unit is due is an error. Each
 * returns 0 and sets *out, or returns -EINVAL with err telling what was expected (`a duration such
 * as 250ms, 10s, 5min or 1h`); -ERANGE where it does not fit.
 */
int units_parse_duration(
	const char *text, int64_t *out_ns, struct error *err); /* 1ns 250us 250ms 10s 5min 1h 1d */
int units_parse_size(const char *text, int64_t *out_bytes,
	struct error *err); /* 12B 64KiB 1MiB 2GB; no fractions of B */
int units_parse_percent(const char *text, int64_t *out_ppm, struct error *err); /* 2% -> 20000 */
int units_parse_frequency(const char *text, int64_t *out_hz,
	struct error *err); /* 2.1GHz 800MHz; no fractions of Hz */
int units_parse_power(const char *text, int64_t *out_uw, struct error *err);  /* 65W 500mW 1.2kW */
int units_parse_energy(const char *text, int64_t *out_uj, struct error *err); /* 500J 2MJ 1.5kWh */
/* A difference, so that its zero is none of a scale: 3K -> 3000 m°C. */
int units_parse_temperature_difference(const char *text, int64_t *out_mk, struct error *err);
/* A plain number without sign, unit and exponent, in millionths: 0.2 -> 200000. */
int units_parse_decimal(const char *text, int64_t *out_u1, struct error *err);
/* A decimal integer without sign tricks, leading zeros or spaces, within [min, max]. */
int units_parse_int(const char *text, int64_t min, int64_t max, int64_t *out, struct error *err);

/*
 * value / divisor as a shortest exact decimal: (1234567890, 1000000000) -> "1.23456789", (5, 1) ->
 * "5". divisor is a power of ten. out holds 32 bytes. Returns out.
 */
char *units_format_decimal(char out[32], int64_t value, int64_t divisor);

/* For people: "5 h 12 min", "3 min 20 s", "1.25 s", "32 ms"; out holds 32 bytes. Returns out. */
char *units_format_duration(char out[32], int64_t ns);
/* For people: "39 MiB", "1.5 GiB". */
char *units_format_size(char out[32], int64_t bytes);

/* Which way a metric is good. */
enum better { BETTER_NONE, BETTER_LOWER, BETTER_HIGHER };

/* A unit of the inside and what it is at the edges. */
struct unit {
	const char *inner; /* as on the wire: "ns" */
	const char *outer; /* as people read it: "s" */
	int64_t divisor;   /* inner units in one outer unit: 1000000000 */
};

/* The unit with this inner name, or NULL. */
const struct unit *unit_by_inner(const char *inner);

/* A standard metric: what it is called everywhere. */
struct metric_info {
	const char *name;   /* "energy.package" */
	const char *column; /* of the run table and of v_run: "energy_package" */
	const char *inner;  /* "uJ" */
	enum better better;
	const char *help; /* one line */
};

/* The table, in the order in which exports show it, ended by a NULL name. */
extern const struct metric_info standard_metrics[];
/* Its length without the end. */
extern const size_t standard_metrics_n;

/* The entry with this name, or NULL where the name is no standard metric (then its place is the
 * long form). */
const struct metric_info *metric_by_name(const char *name);

#endif
