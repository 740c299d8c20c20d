/*
 * energy_models.c - the table of models
 */
#include "agent/sources/energy_models.h"

#include <stdio.h>

#define PKG  ENERGY_HAS(DOMAIN_PACKAGE)
#define PP0  ENERGY_HAS(DOMAIN_CORE)
#define PP1  ENERGY_HAS(DOMAIN_UNCORE)
#define RAM  ENERGY_HAS(DOMAIN_DRAM)
#define PSYS ENERGY_HAS(DOMAIN_PSYS)

/* The range that powercap shows for a 32-bit counter of 15.3 uJ. */
#define RANGE_FIXED_DRAM INT64_C(65712999613)

static const struct energy_model sandy_bridge = {.domains = PP0 | PKG | PP1};
static const struct energy_model sandy_bridge_server = {.domains = PP0 | PKG | RAM};
static const struct energy_model haswell = {.domains = PP0 | PKG | RAM | PP1};
static const struct energy_model haswell_server = {.domains = PKG | RAM, .dram = DRAM_FIXED};
static const struct energy_model broadwell_d = {.domains = PKG | RAM, .dram = DRAM_DISPUTED};
static const struct energy_model skylake = {.domains = PP0 | PKG | RAM | PP1 | PSYS};
static const struct energy_model silvermont = {.domains = PP0 | PKG, .unit = UNIT_MULTIPLIES};
static const struct energy_model sapphire_rapids = {
	.domains = PP0 | PKG | RAM | PSYS, .has_joule_psys = true};
static const struct energy_model granite_rapids = {
	.domains = PKG | RAM | PSYS, .interface = INTERFACE_TPMI};
static const struct energy_model zen = {.domains = PKG, .is_amd = true};

static const struct row {
	uint8_t family, model;
	const struct energy_model *what;
} rows[] = {
	{6, 0x2a, &sandy_bridge}, {6, 0x3a, &sandy_bridge}, {6, 0x2d, &sandy_bridge_server},
	{6, 0x3e, &sandy_bridge_server}, {6, 0x3c, &haswell}, {6, 0x45, &haswell},
	{6, 0x46, &haswell}, {6, 0x3d, &haswell}, {6, 0x47, &haswell}, {6, 0x5c, &haswell},
	{6, 0x5f, &haswell}, {6, 0x7a, &haswell}, {6, 0x3f, &haswell_server},
	{6, 0x4f, &haswell_server}, {6, 0x55, &haswell_server}, {6, 0x6a, &haswell_server},
	{6, 0x6c, &haswell_server}, {6, 0x57, &haswell_server}, {6, 0x85, &haswell_server},
	{6, 0x56, &broadwell_d}, {6, 0x4e, &skylake}, {6, 0x5e, &skylake}, {6, 0x8e, &skylake},
	{6, 0x9e, &skylake}, {6, 0x66, &skylake}, {6, 0xa5, &skylake}, {6, 0xa6, &skylake},
	{6, 0x7d, &skylake}, {6, 0x7e, &skylake}, {6, 0x8c, &skylake}, {6, 0x8d, &skylake},
	{6, 0xa7, &skylake}, {6, 0x97, &skylake}, {6, 0x9a, &skylake}, {6, 0xbe, &skylake},
	{6, 0xb7, &skylake}, {6, 0xba, &skylake}, {6, 0xbf, &skylake}, {6, 0xac, &skylake},
	{6, 0xaa, &skylake}, {6, 0xc6, &skylake}, {6, 0xc5, &skylake}, {6, 0xb5, &skylake},
	{6, 0xbd, &skylake},
	/* Lakefield, NNPI, Panther Lake, Bartlett Lake, Tremont: powercap's driver gives them its
	   common units; which domains they have, their registers tell. */
	{6, 0x8a, &skylake}, {6, 0x9d, &skylake}, {6, 0xcc, &skylake}, {6, 0xd7, &skylake},
	{6, 0x86, &haswell}, {6, 0x96, &haswell}, {6, 0x9c, &haswell}, {6, 0x37, &silvermont},
	{6, 0x4a, &silvermont}, {6, 0x4c, &silvermont}, {6, 0x4d, &silvermont},
	{6, 0x5a, &silvermont}, {6, 0x8f, &sapphire_rapids}, {6, 0xcf, &sapphire_rapids},
	{6, 0xad, &granite_rapids}, {6, 0xae, &granite_rapids}, {6, 0xaf, &granite_rapids},
	{6, 0xb6, &granite_rapids}, {6, 0xdd, &granite_rapids},
	{19, 0x01, &granite_rapids}, /* Diamond Rapids */
};

const struct energy_model *energy_model_find(const struct cpu_model *c)
{
	if (cpu_model_is_amd(c)) /* families 17h to 1Ah alone have these counters */
		return c->family >= 0x17 && c->family <= 0x1a ? &zen : NULL;
	if (strcmp(c->vendor, "GenuineIntel") != 0)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].family == c->family && rows[i].model == c->model)
			return rows[i].what;
	return NULL;
}

bool energy_model_is_client(const struct energy_model *e)
{
	return (e->domains & PP1) != 0 || e->unit == UNIT_MULTIPLIES;
}

struct perf_scale energy_model_unit(
	const struct energy_model *e, enum zone_domain domain, unsigned esu)
{
	if (domain == DOMAIN_DRAM && e->dram == DRAM_FIXED)
		return (struct perf_scale){153, 10000000};
	if (domain == DOMAIN_PSYS && e->has_joule_psys)
		return (struct perf_scale){1, 1};
	if (e->unit == UNIT_MULTIPLIES)
		return (struct perf_scale){UINT64_C(1) << esu, 1000000};
	return (struct perf_scale){1, UINT64_C(1) << esu};
}

int64_t energy_model_cap_uw(enum zone_domain domain, bool is_client)
{
	const int64_t kilowatt = INT64_C(1000000000);

	if (domain == DOMAIN_PSYS)
		return 10 * kilowatt;
	return (is_client ? 1 : 2) * kilowatt;
}

/* Whether the kernel is older than 6.1, the first with the right unit for these models' dram. */
static bool is_before_6_1(const struct machine *m)
{
	char release[64], *end;

	if (machine_read_line(m, release, sizeof release, "proc/sys/kernel/osrelease") <= 0)
		return false;
	long major = strtol(release, &end, 10);
	long minor = *end == '.' ? strtol(end + 1, NULL, 10) : 0;
	return end != release && (major < 6 || (major == 6 && minor < 1));
}

static void doubt(struct energy_zone *z, const char *why)
{
	z->doubt = "dram_unit";
	if (z->why[0] == '\0')
		snprintf(z->why, sizeof z->why, "%s", why);
}

void energy_model_judge(struct energy_zone *z, const struct cpu_model *c, const struct machine *m,
	const char *source)
{
	const struct energy_model *e = energy_model_find(c);

	if (z->domain != DOMAIN_DRAM || e == NULL)
		return;
	if (e->dram == DRAM_DISPUTED)
		doubt(z, "the unit of dram is uncertain on Broadwell-D: the kernel's powercap and "
			 "perf drivers differ by 4");
	if (!e->has_joule_psys || strcmp(source, "msr") == 0)
		return;
	if (z->range_uj == RANGE_FIXED_DRAM || (z->range_uj == 0 && is_before_6_1(m)))
		doubt(z, "this kernel takes 15.3 uJ for dram's unit, which is 61 uJ on this model: "
			 "a quarter of the truth; Linux 6.1 has it right");
}

void energy_model_note(char *out, size_t size, const struct cpu_model *c, const char *source)
{
	const struct energy_model *e = energy_model_find(c);
	struct buf note = BUF_INIT;

	if (c->is_guest)
		buf_adds(&note, "a hypervisor runs this machine: its counters may be estimates");
	if (e != NULL && e->dram == DRAM_DISPUTED)
		buf_addf(&note,
			"%son Broadwell-D perf and powercap count dram in units that differ "
			"by 4, so dram yields no number",
			note.len > 0 ? "; " : "");
	if (e != NULL && e->interface == INTERFACE_TPMI && strcmp(source, "perf") == 0)
		buf_addf(&note,
			"%sthis model's perf driver does not carry its counters over a wrap; "
			"that is mended here, but powercap is the better source",
			note.len > 0 ? "; " : "");
	snprintf(out, size, "%s", note.data);
	buf_done(&note);
}
