/*
 * sources.c - the list of sources; energy sources in the order in which they are tried
 */
#include "agent/sources/source.h"

const struct source_ops *const sources[] = {
	&source_energy_powercap,
	&source_energy_perf,
	&source_energy_msr,
	&source_cpu_time,
	&source_frequency,
	&source_thermal,
	&source_uncore,
	&source_throttle,
	&source_smi,
	&source_cstates,
	&source_pressure,
	&source_run_io,
	&source_network,
	&source_perf_counters,
	&source_threads,
	NULL,
};
