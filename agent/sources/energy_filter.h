/*
 * energy_filter.h - whether a machine blurs its energy counters on purpose
 *
 * Against the reading of secrets from power, Intel's CPUs add noise to what the counters show: with
 * SGX switched on since the microcode of November 2020, or by bit 0 of IA32_MISC_PACKAGE_CTLS (MSR
 * BCH), which IA32_ARCH_CAPABILITIES (10AH) bit 10 announces. Longer averages stay right.
 * Source: Intel INTEL-SA-00389 and its guidance on running average power limit energy reporting.
 */
#ifndef AGENT_SOURCES_ENERGY_FILTER_H
#define AGENT_SOURCES_ENERGY_FILTER_H

#include "agent/machine.h"

/*
 * Whether they are blurred, or have to be taken for it: SGX is on and the register cannot be read.
 * why gets the reason in one line, "" where there is nothing to say.
 */
bool energy_filter_find(const struct machine *m, char *why, size_t size);

#endif
