/*
 * counter_names.c - names of counters: the kernel's, the PMUs', libpfm4's
 */
#include "agent/sources/counter_names.h"
#include "agent/sources/sysfs.h"
#include "proto/units.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <perfmon/pfmlib_perf_event.h>
#include <stdio.h>
#include <strings.h>

/* The PMUs of cores: one "cpu", or one for each kind (Linux arch/x86/events/intel/core.c). */
static const char *const one_kind_pmus[] = {"cpu_core", "cpu_atom", "cpu_lowpower"};

struct core_pmus {
	const char *names[COUNTER_KINDS];
	uint32_t types[COUNTER_KINDS];
	int n;
	bool is_hybrid;
};

static void find_core_pmus(struct core_pmus *out, const struct machine *m)
{
	*out = (struct core_pmus){0};
	for (size_t i = 0; i < ARRAY_SIZE(one_kind_pmus); i++)
		if (perf_pmu_type(m, one_kind_pmus[i], &out->types[out->n]) == 0)
			out->names[out->n++] = one_kind_pmus[i];
	out->is_hybrid = out->n > 0;
	if (out->n == 0 && perf_pmu_type(m, "cpu", &out->types[0]) == 0)
		out->names[out->n++] = "cpu";
}

/* ---- generic names ---- */

struct generic {
	const char *name;
	uint32_t type;
	uint64_t config;
	const char *unit;
	bool needs_kernel;
};

static const struct generic generics[] = {
	{"cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, "1", false},
	{"cpu-cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, "1", false},
	{"instructions", PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS, "1", false},
	{"cache-references", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_REFERENCES, "1", false},
	{"cache-misses", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_MISSES, "1", false},
	{"branches", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_INSTRUCTIONS, "1", false},
	{"branch-instructions", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_INSTRUCTIONS, "1", false},
	{"branch-misses", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_MISSES, "1", false},
	{"bus-cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BUS_CYCLES, "1", false},
	{"ref-cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_REF_CPU_CYCLES, "1", false},
	{"stalled-cycles-frontend", PERF_TYPE_HARDWARE, PERF_COUNT_HW_STALLED_CYCLES_FRONTEND, "1",
		false},
	{"stalled-cycles-backend", PERF_TYPE_HARDWARE, PERF_COUNT_HW_STALLED_CYCLES_BACKEND, "1",
		false},
	{"task-clock", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK, "ns", false},
	{"cpu-clock", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK, "ns", false},
	{"page-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS, "1", false},
	{"faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS, "1", false},
	{"minor-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MIN, "1", false},
	{"major-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MAJ, "1", false},
	{"alignment-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_ALIGNMENT_FAULTS, "1", false},
	{"emulation-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_EMULATION_FAULTS, "1", false},
	{"context-switches", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES, "1", true},
	{"cpu-migrations", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_MIGRATIONS, "1", true},
};

static int find_generic(struct counter_event out[COUNTER_KINDS], const struct core_pmus *cores,
	const char *name, struct error *why)
{
	const struct generic *g = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(generics) && g == NULL; i++)
		if (strcasecmp(generics[i].name, name) == 0)
			g = &generics[i];
	if (g == NULL)
		return -ENOENT;
	const struct counter_event e = {
		.event = {.type = g->type, .config = g->config, .scale = {1, 1}},
		.unit = g->unit,
		.is_user = g->type == PERF_TYPE_HARDWARE,
		.needs_kernel = g->needs_kernel,
	};
	out[0] = e;
	if (g->type == PERF_TYPE_SOFTWARE)
		return 1;
	if (cores->n == 0)
		return error_set(why, -EOPNOTSUPP,
			"this machine shows no performance counters (no PMU cpu; a guest has one "
			"only where its host lets it)");
	/* which kind of core: bits 63:32; perf_event_open(2), PERF_PMU_TYPE_SHIFT */
	for (int i = 0; i < cores->n && cores->is_hybrid; i++) {
		out[i] = e;
		out[i].event.config |= (uint64_t)cores->types[i] << 32;
	}
	return cores->n;
}

/* ---- events/ of core PMUs, and PMU/terms/ ---- */

static int find_in_cores(struct counter_event out[COUNTER_KINDS], const struct machine *m,
	const struct core_pmus *cores, const char *name, const char *kinds[COUNTER_KINDS])
{
	int n = 0;

	for (int i = 0; i < cores->n; i++) {
		struct counter_event e = {.unit = "1", .is_user = true};
		if (perf_event_find(&e.event, m, cores->names[i], name, NULL) != 0)
			continue;
		kinds[n] = cores->names[i];
		out[n++] = e;
	}
	return n > 0 ? n : -ENOENT;
}

static bool is_of_one_kind(const struct counter_event *e, const struct core_pmus *cores)
{
	for (int i = 0; i < cores->n && cores->is_hybrid; i++)
		if (e->event.type == cores->types[i])
			return true;
	return false;
}

static int find_in_pmu(struct counter_event *out, const struct machine *m,
	const struct core_pmus *cores, const char *name, struct error *why)
{
	const char *slash = strchr(name, '/');
	size_t len = strlen(name);
	char pmu[64], terms[256];

	if (slash == name || (size_t)(slash - name) >= sizeof pmu || name[0] == '.' ||
		len - (size_t)(slash - name) >= sizeof terms || name[len - 1] != '/' ||
		slash + 2 >= name + len)
		return error_set(why, -EINVAL, "write PMU/event/ or PMU/term=value,.../");
	snprintf(pmu, sizeof pmu, "%.*s", (int)(slash - name), name);
	snprintf(terms, sizeof terms, "%.*s", (int)(len - (size_t)(slash - name) - 2), slash + 1);
	if (strchr(terms, '/') != NULL)
		return error_set(why, -EINVAL, "write PMU/event/ or PMU/term=value,.../");
	*out = (struct counter_event){.unit = "1", .is_user = true};
	if (sysfs_has(m, PERF_DEVICES "/%s/cpumask", pmu))
		return error_set(why, -EOPNOTSUPP,
			"%s counts for packages or the whole machine, not for one run", pmu);
	bool is_named = sysfs_has(m, PERF_DEVICES "/%s/events/%s", pmu, terms);
	int r = is_named ? perf_event_find(&out->event, m, pmu, terms, why)
			 : perf_event_parse(&out->event, m, pmu, terms, why);
	if (r != 0)
		return r;
	out->is_one_kind = is_of_one_kind(out, cores);
	return 1;
}

/* ---- libpfm4 ---- */

static int encode(struct counter_event *out, const char *name, struct error *why)
{
	struct perf_event_attr attr = {.size = sizeof attr};
	pfm_perf_encode_arg_t arg = {.attr = &attr, .size = sizeof arg};

	int r = pfm_get_os_event_encoding(name, PFM_PLM3, PFM_OS_PERF_EVENT_EXT, &arg);
	if (r != PFM_SUCCESS)
		return error_set(why, r == PFM_ERR_NOTFOUND ? -ENOENT : -EINVAL,
			"%s (libpfm4); `perf list` shows what this machine counts",
			pfm_strerror(r));
	if (attr.exclude_user || attr.precise_ip != 0)
		return error_set(why, -EOPNOTSUPP,
			"counts in the kernel alone and precise events are not offered");
	*out = (struct counter_event){
		.event = {.type = attr.type,
			.config = attr.config,
			.config1 = attr.config1,
			.config2 = attr.config2,
			.scale = {1, 1}},
		.unit = "1",
		.is_user = attr.exclude_kernel,
	};
	return 1;
}

/* On a hybrid machine the library knows a PMU for each kind of core; those whose type is one of the
 * kernel's are taken. */
static int encode_each(struct counter_event out[COUNTER_KINDS], const struct core_pmus *cores,
	const char *name, const char *kinds[COUNTER_KINDS], struct error *why)
{
	int n = 0, r = -ENOENT;
	pfm_pmu_t pmu;

	for (pmu = PFM_PMU_NONE; pmu < PFM_PMU_MAX; pmu++) {
		pfm_pmu_info_t info = {.size = sizeof info};
		struct counter_event e;
		char full[256];
		if (pfm_get_pmu_info(pmu, &info) != PFM_SUCCESS || !info.is_present ||
			info.type != PFM_PMU_TYPE_CORE)
			continue;
		snprintf(full, sizeof full, "%s::%s", info.name, name);
		r = encode(&e, full, why);
		for (int i = 0; r > 0 && i < cores->n && n < COUNTER_KINDS; i++)
			if (e.event.type == cores->types[i]) {
				kinds[n] = cores->names[i];
				out[n++] = e;
			}
	}
	return n > 0 ? n : r < 0 ? r : -ENOENT;
}

static int find_in_library(struct counter_event out[COUNTER_KINDS], const struct machine *m,
	const struct core_pmus *cores, const char *name, const char *kinds[COUNTER_KINDS],
	struct error *why)
{
	/* It finds out about the running processor by itself; further calls do nothing. */
	if (!machine_has_these_cpus(m) || pfm_initialize() != PFM_SUCCESS)
		return error_set(why, -ENOENT, "no such event in %s/" PERF_DEVICES, m->root);
	if (cores->is_hybrid && strstr(name, "::") == NULL)
		return encode_each(out, cores, name, kinds, why);
	int n = encode(out, name, why);
	if (n > 0)
		out->is_one_kind = is_of_one_kind(out, cores);
	return n;
}

/* ---- all of them ---- */

void counter_names_metric(char out[64], const char *name)
{
	size_t n = 0;

	for (const char *p = name; *p != '\0' && n < 63; p++) {
		char c = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;
		if (c == '/' && (p[1] == '\0' || p[1] == ':'))
			continue;
		if (c == '/')
			c = '.';
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.'))
			c = '_';
		out[n++] = c;
	}
	out[n] = '\0';
}

/* "instructions:uk" -> "instructions" and what is behind. Returns false where that is no modifier,
 * which may be a name of libpfm4. */
static bool take_modifier(char *name, bool *is_given, bool *is_user)
{
	char *colon = strrchr(name, ':');

	*is_given = false;
	if (colon == NULL)
		return true;
	if (strcmp(colon, ":u") != 0 && strcmp(colon, ":uk") != 0 && strcmp(colon, ":ku") != 0)
		return false;
	*is_given = true;
	*is_user = colon[2] == '\0';
	*colon = '\0';
	return true;
}

static int find_plain(struct counter_event out[COUNTER_KINDS], const struct machine *m,
	const char *name, const char *kinds[COUNTER_KINDS], struct error *why)
{
	struct core_pmus cores;

	find_core_pmus(&cores, m);
	if (strchr(name, '/') != NULL)
		return find_in_pmu(out, m, &cores, name, why);
	int n = find_generic(out, &cores, name, why);
	if (n == -ENOENT) {
		n = find_in_cores(out, m, &cores, name, kinds);
		if (n == -ENOENT)
			return find_in_library(out, m, &cores, name, kinds, why);
	} else if (n > 0 && out[0].event.type == PERF_TYPE_HARDWARE && cores.is_hybrid) {
		memcpy(kinds, cores.names, sizeof cores.names);
	}
	if (!cores.is_hybrid)
		kinds[0] = NULL;
	return n;
}

/* "instructions" and "cycles" are standard metrics and mean that; another counter must not take
 * the name of one. */
static void name_metric(struct counter_event *e, const char *name, const char *kind)
{
	char plain[64], full[160];

	counter_names_metric(plain, name);
	bool is_taken = metric_by_name(plain) != NULL && strcmp(plain, "instructions") != 0 &&
			strcmp(plain, "cycles") != 0;
	snprintf(full, sizeof full, "%s%s%s%s", is_taken ? "counter." : "", plain,
		kind != NULL ? "." : "", kind != NULL ? kind : "");
	snprintf(e->metric, sizeof e->metric, "%.63s", full);
}

int counter_names_find(struct counter_event out[COUNTER_KINDS], const struct machine *m,
	const char *name, struct error *why)
{
	_cleanup_free_ char *plain = xstrdup(name);
	const char *kinds[COUNTER_KINDS] = {NULL};
	bool is_given, is_user = false;

	take_modifier(plain, &is_given, &is_user);
	if (plain[0] == '\0')
		return error_set(why, -EINVAL, "an empty name");
	int n = find_plain(out, m, plain, kinds, why);
	for (int i = 0; i < n; i++) {
		uint32_t type = out[i].event.type;
		if (type == PERF_TYPE_SOFTWARE || type == PERF_TYPE_TRACEPOINT)
			out[i].is_user = false;
		if (is_given)
			out[i].is_user = is_user;
		if (out[i].is_user && out[i].needs_kernel)
			return error_set(why, -EOPNOTSUPP,
				"it happens in the kernel: in user mode it would always be 0");
		out[i].is_one_kind = out[i].is_one_kind || (kinds[i] != NULL && n == 1);
		name_metric(&out[i], name, kinds[i]);
	}
	return n;
}
