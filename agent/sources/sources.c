/*
 * sources.c - the list of sources; energy sources in the order in which they are tried
 */
#include "agent/sources/source.h"

const struct source_ops *const sources[] = {
	&source_energy_powercap,
	&source_energy_perf,
	&source_energy_msr,
	&source_cpu_time,
	NULL,
};
