/*
 * machine_state.h - the state of a machine that a run depends on and that can change under it:
 * governor, turbo, microcode, package temperature, CPU time, swapping, mains
 *
 * Everything is read anew at each call, below the machine's root, and without waking other CPUs
 * (so never proc/cpuinfo as a whole: its "cpu MHz" interrupts each CPU on some kernels). What this
 * machine does not show is ABSENT, "" or a count of 0, never guessed.
 */
#ifndef AGENT_MACHINE_STATE_H
#define AGENT_MACHINE_STATE_H

#include "agent/machine.h"

#define CPU_PATH      "sys/devices/system/cpu"
#define CPUFREQ_PATH  CPU_PATH "/cpu%d/cpufreq" /* of one CPU */
#define NO_TURBO_PATH CPU_PATH "/intel_pstate/no_turbo"
#define BOOST_PATH    CPU_PATH "/cpufreq/boost"

#define GOVERNOR_SIZE 32

/* The frequency governor of one CPU; "" where there is no frequency control. */
void machine_governor(const struct machine *m, int cpu, char out[GOVERNOR_SIZE]);

/*
 * 1: cores may go beyond their base frequency, 0: they may not, ABSENT: not to be found out.
 * intel_pstate says so in no_turbo; where that driver is off, its file cannot be read, and the
 * common cpufreq/boost holds. Source: Linux
 * Documentation/admin-guide/pm/{intel_pstate,cpufreq}.rst.
 */
int64_t machine_turbo(const struct machine *m);

/*
 * The base frequency of one CPU in Hz, what it holds without turbo; ABSENT: the kernel
 * does not show it. Sources: Linux Documentation/admin-guide/pm/intel_pstate.rst (base_frequency,
 * in kHz), admin-guide/acpi/cppc_sysfs.rst (nominal_freq, in MHz).
 */
int64_t machine_base_frequency(const struct machine *m, int cpu);

/* The microcode of one CPU, "0x4119"; "" unknown. */
void machine_microcode(const struct machine *m, int cpu, char out[24]);

/* Where package temperatures are shown; found once, read often. */
struct temperature_sensor {
	char path[96];  /* below the root; holds m°C */
	char label[32]; /* "Package id 0", "Tctl", "x86_pkg_temp" */
};
#define TEMPERATURE_SENSORS 64
/*
 * Sensors of whole packages, at most size: hwmon's coretemp ("Package id N", before Linux 3.15
 * "Physical id N") and k10temp (Tctl); without these the thermal zones x86_pkg_temp. Numbers of
 * hwmon folders and of inputs change from boot to boot: they are known by name and label. Returns
 * how many. Source: Linux Documentation/hwmon/{coretemp,k10temp}.rst.
 */
size_t machine_temperature_sensors(
	const struct machine *m, struct temperature_sensor *out, size_t size);
/* m°C now, or ABSENT. */
int64_t machine_temperature(const struct machine *m, const struct temperature_sensor *s);

/* Time of all CPUs together since boot, in ns, in the kernel's steps of 10 ms. */
struct machine_cpu_time {
	int64_t busy;   /* user, nice, system, irq, softirq; ABSENT where it cannot be read */
	int64_t stolen; /* a hypervisor ran something else meanwhile */
};
void machine_cpu_time(const struct machine *m, struct machine_cpu_time *out);
/* The same, and busy time of n single CPUs into each; ABSENT where one is offline. */
void machine_cpu_times(const struct machine *m, struct machine_cpu_time *out, const int *cpus,
	size_t n, int64_t *each);

/* Pages swapped in and out since boot, together; ABSENT where not counted, or where there is no
 * swap space: their count is one of some hundred that the kernel would have to make. */
int64_t machine_swapped_pages(const struct machine *m);

/*
 * 1: on mains, or without a battery of its own; 0: on battery; ABSENT: the machine does not list
 * its supplies. A battery of a mouse (scope Device) is none of the machine's.
 * Source: Linux Documentation/ABI/testing/sysfs-class-power.
 */
int64_t machine_is_on_mains(const struct machine *m);

#endif
