/*
 * cpu_sites.c - sys/devices/system/cpu/{online,cpuN/topology}
 */
#include "agent/sources/cpu_sites.h"

#include <errno.h>

#define MAX_CPUS 65536

static bool take_number(const char **p, int *out)
{
	char *end;

	if (**p < '0' || **p > '9')
		return false;
	long n = strtol(*p, &end, 10);
	if (n >= MAX_CPUS)
		return false;
	*p = end;
	*out = (int)n;
	return true;
}

/* "3" or "18-20" at *p. */
static bool take_range(const char **p, struct buf *list)
{
	int first, last;

	if (!take_number(p, &first))
		return false;
	last = first;
	if (**p == '-') {
		(*p)++;
		if (!take_number(p, &last))
			return false;
	}
	for (int c = first; c <= last; c++)
		buf_add(list, &c, sizeof c);
	return first <= last;
}

static int by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

int cpu_sites_parse(const char *text, int **out, size_t *n)
{
	_cleanup_buf_ struct buf list = BUF_INIT;

	*out = NULL;
	*n = 0;
	while (take_range(&text, &list) && list.len < MAX_CPUS * sizeof **out) {
		if (*text == '\0') {
			*n = list.len / sizeof **out;
			*out = xcalloc(*n, sizeof **out);
			memcpy(*out, list.data, list.len);
			qsort(*out, *n, sizeof **out, by_number);
			return 0;
		}
		if (*text++ != ',')
			break;
	}
	return -EINVAL;
}

static bool read_site(const struct machine *m, int cpu, struct cpu_site *out)
{
	int64_t package, die;

	if (machine_read_int(m, &package,
		    "sys/devices/system/cpu/cpu%d/topology/physical_package_id", cpu) != 0 ||
		package < 0 || package > INT32_MAX)
		return false;
	if (machine_read_int(m, &die, "sys/devices/system/cpu/cpu%d/topology/die_id", cpu) != 0 ||
		die < 0 || die > INT32_MAX)
		die = 0;
	*out = (struct cpu_site){cpu, (int)package, (int)die};
	return true;
}

size_t cpu_sites_read(struct cpu_site **out, const struct machine *m)
{
	_cleanup_free_ int *cpus = NULL;
	char line[4096];
	size_t n = 0, kept = 0;

	if (machine_read_line(m, line, sizeof line, "sys/devices/system/cpu/online") > 0)
		cpu_sites_parse(line, &cpus, &n);
	*out = xcalloc(n + 1, sizeof **out);
	for (size_t i = 0; i < n; i++)
		kept += read_site(m, cpus[i], &(*out)[kept]);
	return kept;
}

const struct cpu_site *cpu_sites_find(const struct cpu_site *sites, size_t n, int cpu)
{
	for (size_t i = 0; i < n; i++)
		if (sites[i].cpu == cpu)
			return &sites[i];
	return NULL;
}

bool cpu_sites_has_dies(const struct cpu_site *sites, size_t n, int package)
{
	int die = -1;

	for (size_t i = 0; i < n; i++) {
		if (sites[i].package != package)
			continue;
		if (die >= 0 && sites[i].die != die)
			return true;
		die = sites[i].die;
	}
	return false;
}
