/*
 * powercap_scan.c - the zones below sys/class/powercap
 */
#include "agent/sources/powercap_scan.h"
#include "agent/sources/energy_models.h"
#include "agent/sources/energy_zones.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

/* "No limit" is written as an absurd number of watts. */
#define NO_LIMIT_UW INT64_C(4000000000)

struct scan {
	const struct machine *m;
	struct cpu_model cpu;
	struct powercap_found *found; /* POWERCAP_MAX_ZONES */
	size_t n;
};

/* intel-rapl:0, intel-rapl-mmio:a:0: one or two hexadecimal numbers behind the control type. */
bool powercap_is_zone_id(const char *s)
{
	int numbers = 0;

	if (strncmp(s, "intel-rapl", 10) != 0)
		return false;
	s += 10;
	if (strncmp(s, "-mmio", 5) == 0)
		s += 5;
	for (; *s == ':'; numbers++) {
		size_t digits = strspn(s + 1, "0123456789abcdef");
		if (digits == 0)
			return false;
		s += 1 + digits;
	}
	return *s == '\0' && (numbers == 1 || numbers == 2);
}

static bool is_mmio(const char *id)
{
	return strncmp(id, "intel-rapl-mmio", 15) == 0;
}

static void add_found(struct scan *s, const char *id, const char *path)
{
	struct stat st;

	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->found[i].id, id) == 0)
			return;
	if (s->n == POWERCAP_MAX_ZONES || strlen(id) >= sizeof s->found[0].id ||
		strlen(path) >= sizeof s->found[0].path)
		return;
	struct powercap_found *f = &s->found[s->n++];
	*f = (struct powercap_found){0};
	memcpy(f->id, id, strlen(id) + 1);
	memcpy(f->path, path, strlen(path) + 1);
	f->is_dangling = fstatat(s->m->root_fd, path, &st, 0) != 0;
	int n = machine_read_line(s->m, f->zone.name, sizeof f->zone.name, "%s/name", path);
	f->name_error = n < 0 ? n : n == 0 ? -EINVAL : 0;
}

/* The class holds flat links; captured trees may hold the nested directories alone. Both are
 * walked. */
static void scan_dir(struct scan *s, const char *path, int depth)
{
	int fd = openat(s->m->root_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *e;

	if (d == NULL) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((e = readdir(d)) != NULL) {
		char sub[512];
		bool is_type = strcmp(e->d_name, "intel-rapl") == 0 ||
			       strcmp(e->d_name, "intel-rapl-mmio") == 0;
		if (!is_type && !powercap_is_zone_id(e->d_name))
			continue;
		if (snprintf(sub, sizeof sub, "%s/%s", path, e->d_name) >= (int)sizeof sub)
			continue;
		if (!is_type)
			add_found(s, e->d_name, sub);
		if (depth < 3)
			scan_dir(s, sub, depth + 1);
	}
	closedir(d);
}

/* A number behind prefix: "package-", "-die-". Returns what follows, or NULL where it is not there.
 */
static const char *number_after(const char *s, const char *prefix, int *out)
{
	size_t len = strlen(prefix);
	char *end;

	if (strncmp(s, prefix, len) != 0 || s[len] < '0' || s[len] > '9')
		return NULL;
	long n = strtol(s + len, &end, 10);
	if (n > 65535)
		return NULL;
	*out = (int)n;
	return end;
}

/* package and die of "package-1-die-0"; -1 where that is no such name. */
static bool parse_package(const char *name, int *package, int *die)
{
	const char *rest = number_after(name, "package-", package);

	*die = -1;
	if (rest != NULL && (*rest == '\0' || ((rest = number_after(rest, "-die-", die)) != NULL &&
						      *rest == '\0')))
		return true;
	*package = *die = -1;
	return false;
}

/* The zone whose id is id without its last number; NULL for a zone at the top. */
static const struct powercap_found *parent_of(const struct scan *s, const struct powercap_found *f)
{
	size_t len = (size_t)(strrchr(f->id, ':') - f->id);

	for (size_t i = 0; i < s->n; i++)
		if (strlen(s->found[i].id) == len && strncmp(s->found[i].id, f->id, len) == 0)
			return &s->found[i];
	return NULL;
}

static enum zone_domain domain_of(const char *name)
{
	int n;

	if (strcmp(name, "core") == 0)
		return DOMAIN_CORE;
	if (strcmp(name, "uncore") == 0)
		return DOMAIN_UNCORE;
	if (strcmp(name, "dram") == 0)
		return DOMAIN_DRAM;
	if (strcmp(name, "psys") == 0 || number_after(name, "psys-", &n) != NULL)
		return DOMAIN_PSYS;
	return DOMAIN_OTHER;
}

/* f->zone has its name, where it has one. */
static void identify(const struct scan *s, struct powercap_found *f)
{
	const struct powercap_found *parent = parent_of(s, f);
	struct energy_zone *z = &f->zone;

	z->package = z->die = -1;
	z->update_ns = z->jitter_ns = ABSENT;
	if (z->name[0] == '\0')
		memcpy(z->name, f->id, sizeof f->id);
	snprintf(z->path, sizeof z->path, "/%.110s/energy_uj", f->path);
	if (parse_package(z->name, &z->package, &z->die)) {
		z->domain = DOMAIN_PACKAGE;
	} else {
		z->domain = domain_of(z->name);
		if (parent != NULL)
			parse_package(parent->zone.name, &z->package, &z->die);
	}
	energy_zone_set_metric(z);
}

/* Only client parts have `uncore`; a model that the table has is known better. */
static bool is_client(const struct scan *s)
{
	const struct energy_model *model = energy_model_find(&s->cpu);

	if (model != NULL)
		return energy_model_is_client(model);
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->found[i].zone.name, "uncore") == 0)
			return true;
	return false;
}

/*
 * Of a package, twice the largest of what it calls its maximum and its limits, as parts boost to a
 * multiple of the rated power; where the rated power is not told (ENODATA, 0) or a limit is off,
 * and for all other zones, what such a machine can draw.
 */
static int64_t find_cap(const struct scan *s, const struct powercap_found *f)
{
	int64_t cap, limit, fallback = energy_model_cap_uw(f->zone.domain, is_client(s));

	if (f->zone.domain != DOMAIN_PACKAGE ||
		machine_read_int(s->m, &cap, "%s/constraint_0_max_power_uw", f->path) != 0 ||
		cap <= 0)
		return fallback;
	for (int i = 0; i < 3; i++)
		if (machine_read_int(s->m, &limit, "%s/constraint_%d_power_limit_uw", f->path, i) ==
				0 &&
			limit > cap)
			cap = limit;
	return cap < NO_LIMIT_UW ? 2 * cap : fallback;
}

/*
 * Zones that would count twice or mean something else: the mmio interface to the same meter; on AMD
 * `core`, which is one core of all, and the second and further dies, which mirror their socket's
 * counter on older kernels.
 */
static bool is_superfluous(
	const struct powercap_found *kept, size_t n, const struct energy_zone *z, bool is_amd)
{
	if (is_amd && z->domain == DOMAIN_CORE)
		return true;
	for (size_t i = 0; i < n; i++) {
		const struct energy_zone *other = &kept[i].zone;
		if (energy_zone_is_same(other, z))
			return true;
		if (is_amd && z->domain == DOMAIN_PACKAGE && other->domain == DOMAIN_PACKAGE &&
			z->package == other->package)
			return true;
	}
	return false;
}

/* On AMD what an older kernel calls a die's counter is the whole socket's. */
static void merge_dies(struct energy_zone *z)
{
	if (z->domain != DOMAIN_PACKAGE || z->die < 0)
		return;
	z->die = -1;
	snprintf(z->metric, sizeof z->metric, "energy.package-%d", z->package);
}

static int compare_found(const void *a, const void *b)
{
	const struct powercap_found *x = a, *y = b;

	if (is_mmio(x->id) != is_mmio(y->id))
		return is_mmio(x->id) ? 1 : -1; /* of two ways to one meter the first is kept */
	return strverscmp(x->id, y->id);
}

static int compare_zones(const void *a, const void *b)
{
	const struct powercap_found *x = a, *y = b;

	return energy_zone_compare(&x->zone, &y->zone);
}

static void number_psys(struct powercap_found *found, size_t n)
{
	struct energy_zone *zones[POWERCAP_MAX_ZONES];

	for (size_t i = 0; i < n; i++)
		zones[i] = &found[i].zone;
	energy_zones_number_psys(zones, n);
}

size_t powercap_scan(struct powercap_found **out, const struct machine *m)
{
	struct powercap_found *found = xcalloc(POWERCAP_MAX_ZONES, sizeof *found);
	struct scan s = {.m = m, .found = found};
	size_t kept = 0;

	cpu_model_read(&s.cpu, m);
	scan_dir(&s, POWERCAP_CLASS, 0);
	qsort(found, s.n, sizeof *found, compare_found);
	for (size_t i = 0; i < s.n; i++) {
		struct energy_zone *z = &found[i].zone;
		identify(&s, &found[i]);
		if (machine_read_int(m, &z->range_uj, "%s/max_energy_range_uj", found[i].path) !=
				0 ||
			z->range_uj < 0)
			z->range_uj = 0;
		z->cap_uw = find_cap(&s, &found[i]);
		energy_model_judge(z, &s.cpu, m, "powercap");
	}
	for (size_t i = 0; i < s.n; i++)
		if (!is_superfluous(found, kept, &found[i].zone, cpu_model_is_amd(&s.cpu)))
			found[kept++] = found[i];
	if (cpu_model_is_amd(&s.cpu))
		for (size_t i = 0; i < kept; i++)
			merge_dies(&found[i].zone);
	number_psys(found, kept);
	qsort(found, kept, sizeof *found, compare_zones);
	*out = found;
	return kept;
}

const struct energy_zone *powercap_twin(
	const struct powercap_found *found, size_t n, const struct energy_zone *z)
{
	for (size_t i = 0; i < n; i++)
		if (energy_zone_is_same(&found[i].zone, z))
			return &found[i].zone;
	return NULL;
}
