/*
 * inventory.c - the machine as JSON
 *
 * What cannot be found out is null, never left out and never guessed.
 */
#include "agent/inventory.h"
#include "agent/cpu_model.h"
#include "agent/machine_state.h"
#include "agent/placement.h"
#include "agent/sources/counter.h"
#include "agent/sources/powercap_scan.h"

#include <sodium.h>
#include <stdio.h>
#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

#define FINGERPRINT_BYTES 8

static json_t *text_or_null(const char *s)
{
	json_t *j = s != NULL && s[0] != '\0' ? json_string(s) : NULL;

	return j != NULL ? j : json_null(); /* json_string refuses what is no UTF-8 */
}

static json_t *number_or_null(int n)
{
	return n >= 0 ? json_integer(n) : json_null();
}

static int by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static json_t *kind_json(const struct topology *t, enum core_kind kind)
{
	_cleanup_free_ int *cpus = xcalloc(t->n + 1, sizeof *cpus);
	size_t n = 0;
	int cores = 0;

	for (size_t i = 0; i < t->n; i++) {
		if (t->cpus[i].kind != kind)
			continue;
		cpus[n++] = t->cpus[i].cpu;
		cores += t->cpus[i].sibling == 0;
	}
	if (n == 0)
		return NULL;
	qsort(cpus, n, sizeof *cpus, by_number);
	json_t *list = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_integer(cpus[i]));
	return json_pack(
		"{s:s, s:o, s:i}", "kind", core_kind_name(kind), "cpus", list, "cores", cores);
}

static json_t *cpu_json(const struct cpu_model *c, const struct topology *t)
{
	json_t *kinds = json_array();

	for (int k = CORE_PERFORMANCE; k <= CORE_LOWPOWER; k++) {
		json_t *kind = kind_json(t, (enum core_kind)k);
		if (kind != NULL)
			json_array_append_new(kinds, kind);
	}
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:i, s:i, s:i, s:i, s:o}", "vendor",
		text_or_null(c->vendor), "model", text_or_null(c->name), "family",
		number_or_null(c->family), "model_number", number_or_null(c->model), "stepping",
		number_or_null(c->stepping), "microcode", text_or_null(c->microcode), "codename",
		text_or_null(cpu_model_codename(c)), "packages", t->packages, "dies", t->dies,
		"cores", t->cores, "threads", t->threads, "kinds", kinds);
}

/* Powers of two below the number of cores that may be used, then that number. */
static json_t *thread_steps_json(const struct topology *t)
{
	json_t *steps = json_array();
	int cores = 0, last = -1;

	for (size_t i = 0; i < t->n; i++) {
		if (!t->cpus[i].is_allowed || t->cpus[i].core == last)
			continue;
		last = t->cpus[i].core;
		cores++;
	}
	for (int n = 1; n < cores; n *= 2)
		json_array_append_new(steps, json_integer(n));
	if (cores > 0)
		json_array_append_new(steps, json_integer(cores));
	return steps;
}

static json_t *caches_json(const struct topology *t)
{
	json_t *caches = json_array();

	for (size_t i = 0; i < t->caches_n; i++) {
		const struct topology_cache *c = &t->caches[i];
		json_array_append_new(
			caches, json_pack("{s:i, s:s, s:I, s:i}", "level", c->level, "type",
					c->type == 'd'   ? "data"
					: c->type == 'i' ? "instruction"
							 : "unified",
					"size", (json_int_t)c->size, "count", c->count));
	}
	return caches;
}

/* "MemTotal:  32489496 kB" or "Node 0 MemTotal:  ..."; -1 where the file has none. */
static int64_t read_mem_total(const struct machine *m, const char *path)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	long long kib;

	if (buf_read_file(&text, m->root_fd, path, 1 << 20) != 0)
		return -1;
	const char *p = strstr(text.data, "MemTotal:");
	return p != NULL && sscanf(p, "MemTotal: %lld kB", &kib) == 1 ? kib * 1024 : -1;
}

static json_t *memory_json(const struct machine *m)
{
	int64_t total = read_mem_total(m, "proc/meminfo");

	if (total >= 0)
		return json_integer(total);
	for (int node = 0; node < 1024; node++) {
		char path[64];
		snprintf(path, sizeof path, "sys/devices/system/node/node%d/meminfo", node);
		int64_t part = read_mem_total(m, path);
		if (part >= 0)
			total = (total < 0 ? 0 : total) + part;
	}
	return total >= 0 ? json_integer(total) : json_null();
}

/* Of the machine's BIOS, which sets power limits, prefetchers and C-states. */
static json_t *firmware_json(const struct machine *m)
{
	static const char *const keys[] = {"vendor", "version", "date"};
	json_t *j = json_object();
	char line[128];

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		int n = machine_read_line(
			m, line, sizeof line, "sys/class/dmi/id/bios_%s", keys[i]);
		json_object_set_new(j, keys[i], n > 0 ? text_or_null(line) : json_null());
	}
	return j;
}

/* The release alone: "6.1.0-13-amd64". */
static json_t *kernel_json(const struct machine *m)
{
	char line[256], *p, *save;

	if (machine_read_line(m, line, sizeof line, "proc/sys/kernel/osrelease") > 0)
		return text_or_null(line);
	if (machine_read_line(m, line, sizeof line, "proc/version") <= 0)
		return json_null();
	p = strtok_r(line, " ", &save); /* Linux version RELEASE ... */
	for (int i = 0; i < 2 && p != NULL; i++)
		p = strtok_r(NULL, " ", &save);
	return text_or_null(p);
}

static const struct {
	const char *sign, *name;
} hypervisors[] = {
	{"KVMKVMKVM", "kvm"},
	{"Linux KVM Hv", "kvm"},
	{"Microsoft Hv", "hyperv"},
	{"VMwareVMware", "vmware"},
	{"XenVMMXenVMM", "xen"},
	{"TCGTCGTCGTCG", "qemu"},
	{"VBoxVBoxVBox", "virtualbox"},
	{"ACRNACRNACRN", "acrn"},
	{" lrpepyh  vr", "parallels"},
	{"QEMU", "qemu"},
	{"VMware", "vmware"},
	{"innotek", "virtualbox"},
	{"Microsoft", "hyperv"},
	{"Xen", "xen"},
	{"Amazon EC2", "kvm"},
	{"Google", "kvm"},
};

static const char *hypervisor_by_sign(const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(hypervisors); i++)
		if (strncmp(text, hypervisors[i].sign, strlen(hypervisors[i].sign)) == 0)
			return hypervisors[i].name;
	return NULL;
}

/* The vendor that leaf 0x40000000 names; only of the CPU that runs this. */
static const char *hypervisor_by_cpuid(void)
{
#if defined(__x86_64__) || defined(__i386__)
	unsigned a, words[3];
	char sign[13] = "";

	__cpuid(0x40000000, a, words[0], words[1], words[2]);
	memcpy(sign, words, 12);
	return hypervisor_by_sign(sign);
#else
	return NULL;
#endif
}

/* null on bare metal; "unknown" where the CPU says that there is one and nothing names it. */
static json_t *hypervisor_json(const struct machine *m, const struct cpu_model *c)
{
	char line[128];
	const char *name = NULL;

	if (machine_read_line(m, line, sizeof line, "sys/hypervisor/type") > 0)
		return json_string(line);
	if (!c->is_guest)
		return json_null();
	if (machine_has_these_cpus(m))
		name = hypervisor_by_cpuid();
	if (name == NULL &&
		machine_read_line(m, line, sizeof line, "sys/class/dmi/id/sys_vendor") > 0)
		name = hypervisor_by_sign(line);
	return json_string(name != NULL ? name : "unknown");
}

/* One word where all CPUs agree, else "mixed". */
static json_t *governor_json(const struct machine *m, const struct topology *t)
{
	char first[GOVERNOR_SIZE] = "", line[GOVERNOR_SIZE];

	for (size_t i = 0; i < t->n; i++) {
		machine_governor(m, t->cpus[i].cpu, line);
		if (line[0] == '\0')
			continue;
		if (first[0] == '\0')
			memcpy(first, line, sizeof first);
		else if (strcmp(first, line) != 0)
			return json_string("mixed");
	}
	return text_or_null(first);
}

static json_t *turbo_json(const struct machine *m)
{
	int64_t is_on = machine_turbo(m);

	return is_on != ABSENT ? json_boolean(is_on) : json_null();
}

/* Of the fastest kind of cores. */
static json_t *frequency_json(const struct machine *m, const struct topology *t)
{
	int64_t base = ABSENT;

	for (size_t i = 0; i < t->n; i++) {
		int64_t of_this = machine_base_frequency(m, t->cpus[i].cpu);

		base = of_this > base ? of_this : base;
	}
	return json_pack("{s:o}", "base", base != ABSENT ? json_integer(base) : json_null());
}

static json_t *microseconds_or_null(int64_t ns)
{
	return ns >= 0 ? json_integer((ns + 500) / 1000) : json_null();
}

/* The sources in the order in which they are tried, and why each was used or not. */
static json_t *choices_json(const struct energy_meter *meter)
{
	size_t n = 0;
	const struct energy_choice *c = meter != NULL ? energy_choices(meter, &n) : NULL;
	json_t *choices = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(
			choices, json_pack("{s:s, s:s, s:o}", "source", c[i].source, "state",
					 c[i].state, "why", text_or_null(c[i].why)));
	return choices;
}

static json_t *zones_json(const struct energy_meter *meter)
{
	size_t n = 0;
	const struct energy_zone *z = meter != NULL ? energy_zones(meter, &n) : NULL;
	json_t *zones = json_array();

	for (size_t i = 0; i < n; i++) {
		json_t *zone = json_pack("{s:o, s:s, s:o, s:o, s:s, s:o, s:o, s:o}", "name",
			text_or_null(z[i].name), "domain", zone_domain_name(z[i].domain), "package",
			number_or_null(z[i].package), "die", number_or_null(z[i].die), "state",
			zone_state_name(z[i].state), "range_uj",
			z[i].range_uj > 0 ? json_integer(z[i].range_uj) : json_null(), "update_us",
			microseconds_or_null(z[i].update_ns), "jitter_us",
			microseconds_or_null(z[i].jitter_ns));
		int64_t unit_nj = counter_unit_nj(z[i].range_uj);
		json_object_set_new(
			zone, "unit_nj", unit_nj > 0 ? json_integer(unit_nj) : json_null());
		if (z[i].why[0] != '\0')
			json_object_set_new(zone, "why", text_or_null(z[i].why));
		if (z[i].doubt != NULL)
			json_object_set_new(zone, "doubt", json_string(z[i].doubt));
		json_array_append_new(zones, zone);
	}
	return zones;
}

static json_t *energy_json(const struct energy_meter *meter)
{
	const char *source = meter != NULL ? energy_source_name(meter) : NULL;
	const char *why = meter != NULL ? energy_why_not(meter) : "energy was not looked for";

	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "source", text_or_null(source), "why",
		text_or_null(why), "choices", choices_json(meter), "filtered",
		text_or_null(meter != NULL ? energy_filter(meter) : NULL), "zones",
		zones_json(meter));
}

/* Long and short term limits of each package, in uW; "no limit" is an absurd number of watts and
 * becomes null. Only powercap tells them, whatever measures. */
static json_t *power_limits_json(const struct machine *m)
{
	_cleanup_free_ struct powercap_found *found = NULL;
	size_t n = powercap_scan(&found, m);
	json_t *limits = json_array();

	for (size_t i = 0; i < n; i++) {
		const char *path = found[i].path;
		for (int c = 0; c < 3 && found[i].zone.domain == DOMAIN_PACKAGE; c++) {
			char name[32];
			int64_t uw;
			if (machine_read_line(
				    m, name, sizeof name, "%s/constraint_%d_name", path, c) <= 0 ||
				machine_read_int(
					m, &uw, "%s/constraint_%d_power_limit_uw", path, c) != 0)
				continue;
			json_array_append_new(limits,
				json_pack("{s:s, s:o, s:o}", "zone", found[i].zone.name, "name",
					text_or_null(name), "limit_uw",
					uw < INT64_C(4000000000) ? json_integer(uw) : json_null()));
		}
	}
	return limits;
}

static json_t *labels_json(const struct list *labels)
{
	json_t *j = json_object();

	for (size_t i = 0; labels != NULL && i < labels->n; i++) {
		const struct message_pair *p = LIST_AT(labels, struct message_pair, i);
		json_object_set_new(j, p->key, text_or_null(p->value));
	}
	return j;
}

/* What makes a machine another instrument: a change here means that numbers before and after are
 * not alike. */
static void add_fingerprint(json_t *inventory)
{
	static const char *const keys[] = {
		"cpu", "cores", "threads", "numa", "memory", "kernel", "caches"};
	unsigned char hash[crypto_generichash_BYTES];
	char hex[2 * FINGERPRINT_BYTES + 1];
	json_t *part = json_object();

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		json_object_set(part, keys[i], json_object_get(inventory, keys[i]));
	json_object_set(
		part, "energy", json_object_get(json_object_get(inventory, "energy"), "source"));
	char *text = json_dumps(part, JSON_COMPACT | JSON_SORT_KEYS);
	crypto_generichash(hash, sizeof hash, (const unsigned char *)text, strlen(text), NULL, 0);
	hex_encode(hex, hash, FINGERPRINT_BYTES);
	json_object_set_new(inventory, "fingerprint", json_string(hex));
	free(text);
	json_decref(part);
}

char *inventory_json(const struct machine *m, const struct topology *t,
	const struct energy_meter *meter, const struct list *labels)
{
	struct cpu_model cpu;

	cpu_model_read(&cpu, m);
	json_t *j = json_pack("{s:o, s:i, s:i, s:o, s:i, s:o, s:o}", "cpu", cpu_json(&cpu, t),
		"cores", t->cores, "threads", t->threads, "thread_steps", thread_steps_json(t),
		"numa", t->numa_nodes, "memory", memory_json(m), "kernel", kernel_json(m));
	json_object_set_new(j, "firmware", firmware_json(m));
	json_object_set_new(j, "hypervisor", hypervisor_json(m, &cpu));
	json_object_set_new(j, "governor", governor_json(m, t));
	json_object_set_new(j, "turbo", turbo_json(m));
	json_object_set_new(j, "frequency", frequency_json(m, t));
	json_object_set_new(j, "power_limits", power_limits_json(m));
	json_object_set_new(j, "energy", energy_json(meter));
	json_object_set_new(j, "caches", caches_json(t));
	json_object_set_new(j, "labels", labels_json(labels));
	add_fingerprint(j);
	char *text = json_dumps(j, JSON_COMPACT);
	json_decref(j);
	return text;
}

char *inventory_with(char *inventory, const char *key, json_t *value)
{
	json_t *j = json_loads(inventory, 0, NULL);

	if (j == NULL) {
		json_decref(value);
		return inventory;
	}
	json_object_set_new(j, key, value);
	char *out = json_dumps(j, JSON_COMPACT | JSON_REAL_PRECISION(15));
	json_decref(j);
	free(inventory);
	return out;
}
