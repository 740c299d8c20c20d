/*
 * topology.c - what hwloc says about a machine, as one sorted array of hardware threads
 */
#include "agent/topology.h"

#include <errno.h>
#include <hwloc.h>
#include <sched.h>

static const char *const kind_names[] = {
	[CORE_PERFORMANCE] = "performance",
	[CORE_EFFICIENCY] = "efficiency",
	[CORE_LOWPOWER] = "lowpower",
};

const char *core_kind_name(enum core_kind k)
{
	return kind_names[k];
}

/*
 * hwloc takes another root from the environment only. The x86 component is left out: it would bind
 * this thread to every CPU in turn, and knows nothing of a captured machine.
 */
static int load_hwloc(hwloc_topology_t *out, const struct machine *m, struct error *err)
{
	hwloc_topology_t t;

	if (hwloc_topology_init(&t) != 0)
		return error_set(err, -ENOMEM, "topology: hwloc gives no handle");
	hwloc_topology_set_flags(t, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED);
	hwloc_topology_set_io_types_filter(t, HWLOC_TYPE_FILTER_KEEP_NONE);
	hwloc_topology_set_cache_types_filter(t, HWLOC_TYPE_FILTER_KEEP_ALL);
	hwloc_topology_set_icache_types_filter(t, HWLOC_TYPE_FILTER_KEEP_ALL);
	hwloc_topology_set_components(t, HWLOC_TOPOLOGY_COMPONENTS_FLAG_BLACKLIST, "x86");

	setenv("HWLOC_HIDE_ERRORS", "2", 0); /* it would print what we return */
	if (!machine_is_this(m))
		setenv("HWLOC_FSROOT", m->root, 1);
	int r = hwloc_topology_load(t);
	if (!machine_is_this(m))
		unsetenv("HWLOC_FSROOT");
	if (r != 0) {
		hwloc_topology_destroy(t);
		return error_set(
			err, -EIO, "topology: hwloc cannot read %s/sys/devices/system", m->root);
	}
	*out = t;
	return 0;
}

/* What hwloc knows of one kind of CPU. */
struct kind_facts {
	hwloc_bitmap_t cpus;
	const char *core_type; /* "IntelAtom", NULL where unknown */
	long base, max;        /* MHz; 0 unknown */
	long capacity;         /* 0 unknown */
};

static void read_kind(hwloc_topology_t t, unsigned i, struct kind_facts *k)
{
	struct hwloc_info_s *infos = NULL;
	unsigned n = 0;
	int efficiency;

	*k = (struct kind_facts){.cpus = hwloc_bitmap_alloc()};
	if (hwloc_cpukinds_get_info(t, i, k->cpus, &efficiency, &n, &infos, 0) != 0)
		return;
	for (unsigned j = 0; j < n; j++) {
		if (strcmp(infos[j].name, "CoreType") == 0)
			k->core_type = infos[j].value;
		else if (strcmp(infos[j].name, "FrequencyBaseMHz") == 0)
			k->base = strtol(infos[j].value, NULL, 10);
		else if (strcmp(infos[j].name, "FrequencyMaxMHz") == 0)
			k->max = strtol(infos[j].value, NULL, 10);
		else if (strcmp(infos[j].name, "LinuxCapacity") == 0)
			k->capacity = strtol(infos[j].value, NULL, 10);
	}
}

static enum core_kind kind_by_type(const char *core_type)
{
	if (strcmp(core_type, "IntelAtom") == 0)
		return CORE_EFFICIENCY;
	if (strcmp(core_type, "IntelLowPower") == 0)
		return CORE_LOWPOWER;
	return CORE_PERFORMANCE;
}

static long fact_base(const struct kind_facts *k)
{
	return k->base;
}
static long fact_capacity(const struct kind_facts *k)
{
	return k->capacity;
}
static long fact_max(const struct kind_facts *k)
{
	return k->max;
}

/*
 * Tell the kinds apart by one fact that all of them have. The largest value is the performance
 * core. Favoured cores (Turbo Boost Max 3.0) differ a little in highest frequency and capacity, so
 * these must be at least a sixth below; the base frequency is the same for all cores of a kind. The
 * third and lower values count as efficiency cores, too: none of these facts tells low-power cores.
 */
static bool kinds_by_fact(const struct kind_facts *k, size_t n,
	long (*fact)(const struct kind_facts *), bool needs_distance, enum core_kind *out)
{
	long top = 0;
	bool differ = false;

	for (size_t i = 0; i < n; i++) {
		if (fact(&k[i]) <= 0)
			return false;
		top = fact(&k[i]) > top ? fact(&k[i]) : top;
	}
	for (size_t i = 0; i < n; i++) {
		bool lower = needs_distance ? fact(&k[i]) * 6 <= top * 5 : fact(&k[i]) < top;
		out[i] = lower ? CORE_EFFICIENCY : CORE_PERFORMANCE;
		differ = differ || lower;
	}
	return differ;
}

static bool classify_kinds(const struct kind_facts *k, size_t n, enum core_kind *out)
{
	bool typed = n > 0, differ = false;

	for (size_t i = 0; i < n; i++)
		typed = typed && k[i].core_type != NULL;
	if (typed) {
		for (size_t i = 0; i < n; i++) {
			out[i] = kind_by_type(k[i].core_type);
			differ = differ || out[i] != out[0];
		}
		return differ;
	}
	return kinds_by_fact(k, n, fact_base, false, out) ||
	       kinds_by_fact(k, n, fact_capacity, true, out) ||
	       kinds_by_fact(k, n, fact_max, true, out);
}

/* The CPUs of one of the kernel's PMUs of hybrid machines into set. Returns whether it has some. */
static bool read_pmu(const struct machine *m, const char *name, hwloc_bitmap_t set)
{
	char text[4096];

	if (machine_read_line(m, text, sizeof text, "sys/devices/%s/cpus", name) < 0 &&
		machine_read_line(
			m, text, sizeof text, "sys/bus/event_source/devices/%s/cpus", name) < 0)
		return false;
	return hwloc_bitmap_list_sscanf(set, text) == 0 && !hwloc_bitmap_iszero(set);
}

/* The kernel itself tells the kinds apart where it has a PMU for each (Linux
 * arch/x86/events/intel/core.c); hwloc knows the third one from 2.13 on only. */
static bool kinds_by_pmu(struct topology *t, const struct machine *m)
{
	static const char *const pmus[] = {"cpu_core", "cpu_atom", "cpu_lowpower"};
	hwloc_bitmap_t set = hwloc_bitmap_alloc();
	int found = 0;

	for (size_t k = 0; k < ARRAY_SIZE(pmus); k++) {
		if (!read_pmu(m, pmus[k], set))
			continue;
		found++;
		for (size_t i = 0; i < t->n; i++)
			if (hwloc_bitmap_isset(set, (unsigned)t->cpus[i].cpu))
				t->cpus[i].kind = (enum core_kind)k;
	}
	hwloc_bitmap_free(set);
	return found > 1;
}

static void kinds_by_hwloc(struct topology *t, hwloc_topology_t h)
{
	struct kind_facts facts[16];
	enum core_kind kinds[ARRAY_SIZE(facts)];
	int found = hwloc_cpukinds_get_nr(h, 0);
	size_t n = found < 0 ? 0 : (size_t)found;

	if (n < 2 || n > ARRAY_SIZE(facts))
		return; /* one kind, or none known: all are performance cores */
	for (size_t i = 0; i < n; i++)
		read_kind(h, (unsigned)i, &facts[i]);
	t->is_hybrid = classify_kinds(facts, n, kinds);
	for (size_t c = 0; c < t->n && t->is_hybrid; c++)
		for (size_t i = 0; i < n; i++)
			if (hwloc_bitmap_isset(facts[i].cpus, (unsigned)t->cpus[c].cpu))
				t->cpus[c].kind = kinds[i];
	for (size_t i = 0; i < n; i++)
		hwloc_bitmap_free(facts[i].cpus);
}

/* Low-power cores lie outside the ring, so they have no share of the last-level cache that the
 * others have (from Meteor Lake on; their PMU is that of efficiency cores). llc holds the level
 * here. */
static void find_lowpower(struct topology *t)
{
	int level = 0;

	for (size_t i = 0; i < t->n; i++)
		if (t->cpus[i].kind == CORE_PERFORMANCE && t->cpus[i].llc >> 24 > level)
			level = t->cpus[i].llc >> 24;
	for (size_t i = 0; i < t->n; i++)
		if (t->cpus[i].kind == CORE_EFFICIENCY && level > 2 && t->cpus[i].llc >= 0 &&
			t->cpus[i].llc >> 24 < level)
			t->cpus[i].kind = CORE_LOWPOWER;
}

static void find_kinds(struct topology *t, const struct machine *m, hwloc_topology_t h)
{
	t->is_hybrid = kinds_by_pmu(t, m);
	if (!t->is_hybrid) {
		for (size_t i = 0; i < t->n; i++)
			t->cpus[i].kind = CORE_PERFORMANCE;
		kinds_by_hwloc(t, h);
	}
	if (t->is_hybrid)
		find_lowpower(t);
}

/* The node that holds this CPU; the smallest where several do (memory of another sort beside the
 * CPU's own). */
static int numa_of(hwloc_topology_t h, unsigned cpu)
{
	hwloc_obj_t best = NULL, node = NULL;

	while ((node = hwloc_get_next_obj_by_type(h, HWLOC_OBJ_NUMANODE, node)) != NULL)
		if (hwloc_bitmap_isset(node->cpuset, cpu) &&
			(best == NULL || hwloc_bitmap_weight(node->cpuset) <
						 hwloc_bitmap_weight(best->cpuset)))
			best = node;
	return best != NULL ? (int)best->os_index : -1;
}

/* core is hwloc's own number here; sort_and_number() replaces it. */
static void read_cpu(
	struct topology_cpu *c, const struct machine *m, hwloc_topology_t h, hwloc_obj_t pu)
{
	int64_t package;

	*c = (struct topology_cpu){.cpu = (int)pu->os_index, .core = -1, .llc = -1};
	/* hwloc has no package where the kernel's masks contradict each other. */
	if (machine_read_int(m, &package,
		    "sys/devices/system/cpu/cpu%d/topology/physical_package_id", c->cpu) == 0 &&
		package >= 0 && package < INT32_MAX)
		c->package = (int)package;
	for (hwloc_obj_t o = pu->parent; o != NULL; o = o->parent) {
		if (o->type == HWLOC_OBJ_CORE)
			c->core = (int)o->logical_index;
		else if (o->type == HWLOC_OBJ_DIE && o->os_index != HWLOC_UNKNOWN_INDEX)
			c->die = (int)o->os_index;
		else if (o->type == HWLOC_OBJ_PACKAGE && o->os_index != HWLOC_UNKNOWN_INDEX)
			c->package = (int)o->os_index;
		else if (hwloc_obj_type_is_dcache(o->type))
			c->llc = (int)(o->attr->cache.depth << 24 | o->logical_index);
	}
	c->numa = numa_of(h, pu->os_index);
}

static void read_cpus(struct topology *t, const struct machine *m, hwloc_topology_t h)
{
	int n = hwloc_get_nbobjs_by_type(h, HWLOC_OBJ_PU);

	t->cpus = xcalloc(n > 0 ? (size_t)n : 1, sizeof *t->cpus);
	for (int i = 0; i < n; i++) {
		read_cpu(&t->cpus[t->n], m, h, hwloc_get_obj_by_type(h, HWLOC_OBJ_PU, (unsigned)i));
		if (t->cpus[t->n].core <
			0) /* no core known: each thread is one; above all real numbers */
			t->cpus[t->n].core = (1 << 24) + i;
		t->n++;
	}
}

static void count_cache(struct topology *t, const struct topology_cache *c)
{
	for (size_t i = 0; i < t->caches_n; i++) {
		struct topology_cache *have = &t->caches[i];
		if (have->level == c->level && have->type == c->type && have->size == c->size) {
			have->count++;
			return;
		}
	}
	if (t->caches_n < ARRAY_SIZE(t->caches))
		t->caches[t->caches_n++] = *c;
}

static void read_caches(struct topology *t, hwloc_topology_t h)
{
	static const hwloc_obj_type_t types[] = {HWLOC_OBJ_L1CACHE, HWLOC_OBJ_L1ICACHE,
		HWLOC_OBJ_L2CACHE, HWLOC_OBJ_L3CACHE, HWLOC_OBJ_L4CACHE};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		for (hwloc_obj_t o = NULL;
			(o = hwloc_get_next_obj_by_type(h, types[i], o)) != NULL;) {
			enum hwloc_obj_cache_type_e type = o->attr->cache.type;
			const struct topology_cache c = {
				.level = (int)o->attr->cache.depth,
				.type = type == HWLOC_OBJ_CACHE_DATA          ? 'd'
					: type == HWLOC_OBJ_CACHE_INSTRUCTION ? 'i'
									      : 'u',
				.size = (int64_t)o->attr->cache.size,
				.count = 1,
			};
			count_cache(t, &c);
		}
}

#define COMPARE(a, b)                                                                              \
	do {                                                                                       \
		if ((a) != (b))                                                                    \
			return (a) < (b) ? -1 : 1;                                                 \
	} while (0)

static int by_core_then_cpu(const void *a, const void *b)
{
	const struct topology_cpu *x = a, *y = b;

	COMPARE(x->core, y->core);
	COMPARE(x->cpu, y->cpu);
	return 0;
}

/* core holds the lowest CPU of the core here, so that cores come in the order of their lowest CPU.
 */
static int by_place(const void *a, const void *b)
{
	const struct topology_cpu *x = a, *y = b;

	COMPARE(x->package, y->package);
	COMPARE(x->die, y->die);
	COMPARE(x->kind, y->kind);
	COMPARE(x->llc, y->llc);
	COMPARE(x->core, y->core);
	COMPARE(x->sibling, y->sibling);
	return 0;
}

static int by_llc(const void *a, const void *b)
{
	const struct topology_cpu *x = a, *y = b;

	COMPARE(x->llc, y->llc);
	COMPARE(x->cpu, y->cpu);
	return 0;
}

/* Numbers of last-level caches, which are in order, to 0, 1, ... */
static void count_up_caches(struct topology *t)
{
	int raw = -1, number = -1;

	for (size_t i = 0; i < t->n; i++) {
		if (t->cpus[i].llc < 0)
			continue;
		if (t->cpus[i].llc != raw)
			number++;
		raw = t->cpus[i].llc;
		t->cpus[i].llc = number;
	}
}

/* hwloc's numbers of last-level caches, with the level in front, to 0, 1, ... in the order of the
 * lowest CPU of each: where some cores lack a level, their place must not depend on that. */
static void number_caches(struct topology *t)
{
	qsort(t->cpus, t->n, sizeof *t->cpus, by_llc);
	count_up_caches(t);
	_cleanup_free_ int *lowest = xcalloc(t->n + 1, sizeof *lowest);
	for (size_t i = t->n; i-- > 0;)
		if (t->cpus[i].llc >= 0)
			lowest[t->cpus[i].llc] = t->cpus[i].cpu;
	for (size_t i = 0; i < t->n; i++)
		if (t->cpus[i].llc >= 0)
			t->cpus[i].llc = lowest[t->cpus[i].llc];
	qsort(t->cpus, t->n, sizeof *t->cpus, by_llc);
	count_up_caches(t);
}

/* Siblings are counted by CPU number within a core; a core is then known by its lowest CPU, until
 * all are in order. */
static void number_siblings(struct topology *t)
{
	int raw = -1, sibling = 0, lowest = -1;

	qsort(t->cpus, t->n, sizeof *t->cpus, by_core_then_cpu);
	for (size_t i = 0; i < t->n; i++) {
		struct topology_cpu *c = &t->cpus[i];
		if (c->core != raw) {
			raw = c->core;
			sibling = 0;
			lowest = c->cpu;
		}
		c->sibling = sibling++;
		c->core = lowest;
	}
}

static void number_cores(struct topology *t)
{
	int lowest = -1, core = -1;

	qsort(t->cpus, t->n, sizeof *t->cpus, by_place);
	for (size_t i = 0; i < t->n; i++) {
		struct topology_cpu *c = &t->cpus[i];
		if (c->core != lowest)
			core++;
		lowest = c->core;
		c->core = core;
	}
	t->cores = core + 1;
}

static void count_packages(struct topology *t, hwloc_topology_t h)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct topology_cpu *c = &t->cpus[i], *p = i > 0 ? c - 1 : NULL;
		t->packages += p == NULL || p->package != c->package;
		t->dies += p == NULL || p->package != c->package || p->die != c->die;
	}
	t->threads = (int)t->n;
	t->numa_nodes = hwloc_get_nbobjs_by_type(h, HWLOC_OBJ_NUMANODE);
}

/* CPUs may have numbers above 1023: the mask grows until the kernel takes it. */
static void mark_allowed(struct topology *t, bool is_ours)
{
	for (int n = 1024; is_ours && n <= 1 << 20; n *= 2) {
		cpu_set_t *set = CPU_ALLOC((size_t)n);
		size_t size = CPU_ALLOC_SIZE((size_t)n);
		if (set != NULL && sched_getaffinity(0, size, set) == 0) {
			for (size_t i = 0; i < t->n; i++)
				t->cpus[i].is_allowed =
					CPU_ISSET_S((size_t)t->cpus[i].cpu, size, set);
			CPU_FREE(set);
			return;
		}
		CPU_FREE(set);
	}
	for (size_t i = 0; i < t->n; i++)
		t->cpus[i].is_allowed = true;
}

/* The lowest allowed CPU of the first package where one is allowed. */
static void find_housekeeping(struct topology *t)
{
	const struct topology_cpu *best = NULL;

	for (size_t i = 0; i < t->n; i++) {
		const struct topology_cpu *c = &t->cpus[i];
		if (c->is_allowed &&
			(best == NULL || (c->package == best->package && c->cpu < best->cpu)))
			best = c;
	}
	t->housekeeping = best != NULL ? best->cpu : t->cpus[0].cpu;
}

int topology_load(struct topology *t, const struct machine *m, struct error *err)
{
	hwloc_topology_t h = NULL;

	*t = (struct topology){.housekeeping = -1};
	int r = load_hwloc(&h, m, err);
	if (r != 0)
		return r;
	read_cpus(t, m, h);
	read_caches(t, h);
	find_kinds(t, m, h);
	number_caches(t);
	number_siblings(t);
	number_cores(t);
	count_packages(t, h);
	hwloc_topology_destroy(h);
	if (t->n == 0) {
		topology_done(t);
		return error_set(err, -ENODEV,
			"topology: no CPU found below %s/sys/devices/system/cpu; is the root "
			"right?",
			m->root);
	}
	mark_allowed(t, machine_has_these_cpus(m));
	find_housekeeping(t);
	return 0;
}

void topology_done(struct topology *t)
{
	free(t->cpus);
	*t = (struct topology){.housekeeping = -1};
}
