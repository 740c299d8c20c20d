/*
 * energy_filter.c - energy filtering: registers BCH and 10AH, and the flag sgx
 */
#include "agent/sources/energy_filter.h"
#include "agent/cpu_model.h"

#include <fcntl.h>
#include <stdio.h>

#define MISC_PACKAGE_CTLS 0xbc
#define ARCH_CAPABILITIES 0x10a
#define FILTERING_ENABLE  UINT64_C(1)
#define HAS_PACKAGE_CTLS  (UINT64_C(1) << 10)

static bool read_register(int fd, uint32_t reg, uint64_t *out)
{
	return pread(fd, out, sizeof *out, reg) == (ssize_t)sizeof *out;
}

/* 1 or 0 as the register tells; -1 where it cannot be read or is not there. */
static int read_switch(const struct machine *m)
{
	_cleanup_close_ int fd = openat(m->root_fd, "dev/cpu/0/msr", O_RDONLY | O_CLOEXEC);
	uint64_t capabilities, controls;

	if (fd < 0 || !read_register(fd, ARCH_CAPABILITIES, &capabilities) ||
		!(capabilities & HAS_PACKAGE_CTLS) ||
		!read_register(fd, MISC_PACKAGE_CTLS, &controls))
		return -1;
	return (controls & FILTERING_ENABLE) != 0;
}

bool energy_filter_find(const struct machine *m, char *why, size_t size)
{
	struct cpu_model cpu;

	why[0] = '\0';
	cpu_model_read(&cpu, m);
	if (strcmp(cpu.vendor, "GenuineIntel") != 0)
		return false;
	int is_on = read_switch(m);
	if (is_on > 0)
		snprintf(
			why, size, "energy filtering is on (MSR 0xbc bit 0): counters are blurred");
	else if (is_on < 0 && cpu.has_sgx)
		snprintf(why, size,
			"SGX is on, with which microcode blurs the counters; whether it does "
			"cannot "
			"be read here, so it is taken for granted");
	return is_on > 0 || (is_on < 0 && cpu.has_sgx);
}
