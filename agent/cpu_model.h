/*
 * cpu_model.h - vendor, family, model, stepping of a CPU, and the codename of its generation
 *
 * Two machines of one codename are the same kind of measuring instrument; the marketing name does
 * not say that.
 */
#ifndef AGENT_CPU_MODEL_H
#define AGENT_CPU_MODEL_H

#include "agent/machine.h"

struct cpu_model {
	char vendor[32];    /* "GenuineIntel"; "" unknown */
	char name[96];      /* "13th Gen Intel(R) Core(TM) i7-1370P"; "" unknown */
	char microcode[24]; /* "0x4119"; "" unknown */
	int family;         /* as /proc/cpuinfo counts it; -1 unknown */
	int model;          /* the model number; -1 unknown */
	int stepping;       /* -1 unknown */
	bool is_guest;      /* the CPU says that a hypervisor runs it */
	bool has_sgx;       /* SGX is switched on, with which microcode blurs energy counters */
};

/* Read the first CPU of proc/cpuinfo. What is missing stays unknown; a machine without the file is
 * all unknown. */
void cpu_model_read(struct cpu_model *out, const struct machine *m);

/*
 * Codename of an Intel generation ("Raptor Lake", "Cascade Lake-SP"), or NULL where it is not in
 * the table. Numbers as in Linux' arch/x86/include/asm/intel-family.h; 0x55 is told apart by its
 * stepping.
 */
const char *cpu_model_codename(const struct cpu_model *c);

/* AMD and Hygon count energy per core and package, in other words than Intel. */
bool cpu_model_is_amd(const struct cpu_model *c);

#endif
