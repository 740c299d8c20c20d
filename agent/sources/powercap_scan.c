/*
 * powercap_scan.c - the zones below sys/class/powercap
 */
#include "agent/sources/powercap_scan.h"
#include "agent/cpu_model.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

/* "No limit" is written as an absurd number of watts. */
#define NO_LIMIT_UW INT64_C(4000000000)

struct scan {
	const struct machine *m;
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

/* package and die of "package-1-die-0". */
static bool parse_package(const char *name, int *package, int *die)
{
	const char *rest = number_after(name, "package-", package);

	*die = -1;
	if (rest == NULL)
		return false;
	return *rest == '\0' ||
	       ((rest = number_after(rest, "-die-", die)) != NULL && *rest == '\0');
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

/* "energy.dram-0-die-1"; packages and psys carry their numbers in their names. */
static void name_metric(struct energy_zone *z)
{
	struct buf name = BUF_INIT;

	buf_addf(&name, "energy.%s", z->name);
	if (z->domain != DOMAIN_PACKAGE && z->domain != DOMAIN_PSYS && z->package >= 0) {
		buf_addf(&name, "-%d", z->package);
		if (z->die >= 0)
			buf_addf(&name, "-die-%d", z->die);
	}
	for (char *c = name.data; *c != '\0'; c++) {
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
		if (!((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') ||
			    strchr("._-", *c) != NULL))
			*c = '_';
	}
	snprintf(z->metric, sizeof z->metric, "%s", name.data);
	buf_done(&name);
}

/* Several platform zones have numbers, but the first may do without: `energy.psys` is their sum. */
static void number_psys(struct powercap_found *found, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += found[i].zone.domain == DOMAIN_PSYS;
	for (size_t i = 0; i < n && count > 1; i++) {
		struct energy_zone *z = &found[i].zone;
		if (z->domain == DOMAIN_PSYS && strcmp(z->name, "psys") == 0)
			snprintf(z->metric, sizeof z->metric, "energy.psys-0");
	}
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
	z->update_ns = ABSENT;
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
	name_metric(z);
}

/*
 * Twice the largest of what the zone itself calls its maximum and its limits; parts boost to a
 * multiple of the rated power, so where one of them is unknown or unlimited, 1 kW for client parts
 * (only they have `uncore`) and 2 kW for others.
 */
static int64_t find_cap(
	const struct scan *s, const struct powercap_found *f, enum zone_domain domain)
{
	int64_t cap = 0, limit;
	bool is_client = false;

	for (int i = 0; i < 3; i++) {
		if (machine_read_int(s->m, &limit, "%s/constraint_%d_power_limit_uw", f->path, i) !=
			0)
			limit = i == 0 ? NO_LIMIT_UW : 0;
		cap = limit > cap ? limit : cap;
	}
	if (machine_read_int(s->m, &limit, "%s/constraint_0_max_power_uw", f->path) != 0 ||
		limit <= 0)
		limit = NO_LIMIT_UW;
	cap = limit > cap ? limit : cap;
	if (cap < NO_LIMIT_UW && domain == DOMAIN_PACKAGE)
		return 2 * cap;
	for (size_t i = 0; i < s->n; i++)
		is_client = is_client || strcmp(s->found[i].zone.name, "uncore") == 0;
	if (domain == DOMAIN_PSYS) /* all that the board draws */
		return 10 * INT64_C(1000000000);
	return (is_client ? 1 : 2) * INT64_C(1000000000);
}

static bool is_same_meter(const struct energy_zone *a, const struct energy_zone *b)
{
	if (a->domain == DOMAIN_OTHER || a->domain != b->domain)
		return false;
	return a->package == b->package && a->die == b->die && strcmp(a->name, b->name) == 0;
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
		if (is_same_meter(other, z))
			return true;
		if (is_amd && z->domain == DOMAIN_PACKAGE && other->domain == DOMAIN_PACKAGE &&
			z->package == other->package)
			return true;
	}
	return false;
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
	const struct energy_zone *x = &((const struct powercap_found *)a)->zone;
	const struct energy_zone *y = &((const struct powercap_found *)b)->zone;

	if (x->domain != y->domain)
		return x->domain < y->domain ? -1 : 1;
	if (x->package != y->package)
		return x->package < y->package ? -1 : 1;
	return x->die - y->die;
}

size_t powercap_scan(struct powercap_found **out, const struct machine *m)
{
	struct powercap_found *found = xcalloc(POWERCAP_MAX_ZONES, sizeof *found);
	struct scan s = {.m = m, .found = found};
	struct cpu_model cpu;
	size_t kept = 0;

	cpu_model_read(&cpu, m);
	scan_dir(&s, POWERCAP_CLASS, 0);
	qsort(found, s.n, sizeof *found, compare_found);
	for (size_t i = 0; i < s.n; i++) {
		struct energy_zone *z = &found[i].zone;
		identify(&s, &found[i]);
		if (machine_read_int(m, &z->range_uj, "%s/max_energy_range_uj", found[i].path) !=
				0 ||
			z->range_uj < 0)
			z->range_uj = 0;
		z->cap_uw = find_cap(&s, &found[i], z->domain);
	}
	for (size_t i = 0; i < s.n; i++)
		if (!is_superfluous(found, kept, &found[i].zone, cpu_model_is_amd(&cpu)))
			found[kept++] = found[i];
	number_psys(found, kept);
	qsort(found, kept, sizeof *found, compare_zones);
	*out = found;
	return kept;
}
