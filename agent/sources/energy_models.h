/*
 * energy_models.h - what is known of the energy counters of each CPU model: domains, units, and
 * what kernels and models get wrong
 *
 * A source that the kernel stands behind needs none of this to count; it is for reading registers
 * without the kernel's driver, and for telling which numbers cannot be right. "Has a domain" means
 * that the model may have it: which are there on a machine, its counters tell.
 * Sources: Linux arch/x86/events/rapl.c, drivers/powercap/intel_rapl_{common,msr,tpmi}.c and
 * arch/x86/include/asm/intel-family.h; Intel SDM vol 3B 15.10 and vol 4; turbostat.
 */
#ifndef AGENT_SOURCES_ENERGY_MODELS_H
#define AGENT_SOURCES_ENERGY_MODELS_H

#include "agent/cpu_model.h"
#include "agent/sources/energy.h"
#include "agent/sources/perf_event.h"

enum energy_interface {
	INTERFACE_MSR,  /* model-specific registers */
	INTERFACE_TPMI, /* memory-mapped; the registers are not there or not to be trusted */
};

enum dram_unit {
	DRAM_AS_PACKAGE,
	DRAM_FIXED,    /* 15.3 uJ whatever the unit register says */
	DRAM_DISPUTED, /* the kernel's two drivers count it in units that are 4 apart */
};

enum unit_rule {
	UNIT_DIVIDES,    /* 1/2^ESU J */
	UNIT_MULTIPLIES, /* 2^ESU uJ: Silvermont and Airmont */
};

/* domains is a set of these. */
#define ENERGY_HAS(domain) (1u << (domain))

struct energy_model {
	unsigned domains;
	enum energy_interface interface;
	enum dram_unit dram;
	enum unit_rule unit;
	bool has_joule_psys; /* psys counts whole joules */
	bool is_amd;         /* AMD's registers: package and single cores */
};

/* NULL where the model is not in the table. */
const struct energy_model *energy_model_find(const struct cpu_model *c);

/* Whether it goes into laptops and desktops: those have a graphics domain, or are small. */
bool energy_model_is_client(const struct energy_model *e);

/* Joules of one count of a domain's status register, where the unit register has this ESU (0..31;
 * bits 12:8). */
struct perf_scale energy_model_unit(
	const struct energy_model *e, enum zone_domain domain, unsigned esu);

/*
 * Highest plausible power of a zone where the machine itself tells none, uW: 1 kW for client parts
 * and 2 kW for others, 10 kW for a platform, which is all that the board draws.
 */
int64_t energy_model_cap_uw(enum zone_domain domain, bool is_client);

/*
 * Set z->doubt and z->why where the machine's kernel is known to count a dram zone in the wrong
 * unit, or where it cannot be told: Sapphire and Emerald Rapids before the kernel's correction,
 * Broadwell-D. source: "powercap", "perf" or "msr"; z->range_uj: as powercap shows it, 0 unknown.
 */
void energy_model_judge(struct energy_zone *z, const struct cpu_model *c, const struct machine *m,
	const char *source);

/* What is to be known of a source on this machine, in one line: a hypervisor's estimates, two
 * interfaces that disagree. out gets "" where there is nothing. */
void energy_model_note(char *out, size_t size, const struct cpu_model *c, const char *source);

#endif
