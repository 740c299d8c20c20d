/*
 * inventory.c - `joulerig-agent inventory`: what is this machine?
 */
#include "agent/inventory.h"
#include "agent/commands/commands.h"
#include "agent/placement.h"
#include "proto/units.h"

#include <stdio.h>

/* "-" for what is not known. */
static const char *text_of(const json_t *j, char out[64])
{
	if (json_is_string(j))
		return json_string_value(j);
	if (json_is_integer(j))
		snprintf(out, 64, "%lld", (long long)json_integer_value(j));
	else
		snprintf(out, 64, "%s", json_is_true(j) ? "on" : json_is_false(j) ? "off" : "-");
	return out;
}

static void print_line(const char *label, const json_t *j)
{
	char number[64];

	printf("%-12s %s\n", label, text_of(j, number));
}

/* [0, 1, 2, 8] as "0-2,8". The caller frees. */
static char *cpu_list_of(const json_t *array)
{
	size_t n = json_array_size(array);
	_cleanup_free_ int *cpus = xcalloc(n, sizeof *cpus);

	for (size_t i = 0; i < n; i++)
		cpus[i] = (int)json_integer_value(json_array_get(array, i));
	return cpu_list_format(cpus, n);
}

static void print_cpu(const json_t *cpu)
{
	char a[64], b[64], c[64], d[64];
	const json_t *kinds = json_object_get(cpu, "kinds"), *kind;
	size_t i;

	print_line("model", json_object_get(cpu, "model"));
	printf("%-12s %s, family %s model %s stepping %s, microcode %s\n", "cpu",
		text_of(json_object_get(cpu, "codename"), a),
		text_of(json_object_get(cpu, "family"), b),
		text_of(json_object_get(cpu, "model_number"), c),
		text_of(json_object_get(cpu, "stepping"), d),
		json_is_string(json_object_get(cpu, "microcode"))
			? json_string_value(json_object_get(cpu, "microcode"))
			: "-");
	printf("%-12s %lld packages, %lld dies, %lld cores, %lld threads\n", "topology",
		(long long)json_integer_value(json_object_get(cpu, "packages")),
		(long long)json_integer_value(json_object_get(cpu, "dies")),
		(long long)json_integer_value(json_object_get(cpu, "cores")),
		(long long)json_integer_value(json_object_get(cpu, "threads")));
	json_array_foreach(kinds, i, kind)
	{
		_cleanup_free_ char *cpus = cpu_list_of(json_object_get(kind, "cpus"));
		printf("%-12s %lld %s cores: CPUs %s\n", i == 0 ? "kinds" : "",
			(long long)json_integer_value(json_object_get(kind, "cores")),
			json_string_value(json_object_get(kind, "kind")), cpus);
	}
}

static void print_caches(const json_t *caches)
{
	const json_t *c;
	char size[32];
	size_t i;

	json_array_foreach(caches, i, c)
	{
		printf("%-12s L%lld %s: %lld x %s\n", i == 0 ? "caches" : "",
			(long long)json_integer_value(json_object_get(c, "level")),
			json_string_value(json_object_get(c, "type")),
			(long long)json_integer_value(json_object_get(c, "count")),
			units_format_size(size, json_integer_value(json_object_get(c, "size"))));
	}
}

static void print_memory(const json_t *memory)
{
	char size[32];

	printf("%-12s %s\n", "memory",
		json_is_integer(memory) ? units_format_size(size, json_integer_value(memory))
					: "-");
}

/* "HP V70 Ver. 01.02.03, 09/13/2023" */
static void print_firmware(const json_t *firmware)
{
	const json_t *version = json_object_get(firmware, "version"),
		     *date = json_object_get(firmware, "date");
	char a[64], b[64];

	if (!json_is_string(version)) {
		print_line("firmware", NULL);
		return;
	}
	printf("%-12s %s %s%s%s\n", "firmware", text_of(json_object_get(firmware, "vendor"), a),
		json_string_value(version), json_is_string(date) ? ", " : "",
		json_is_string(date) ? text_of(date, b) : "");
}

/* "package-0 long_term: 125 W"; an absurd limit is none. */
static void print_power_limits(const json_t *limits)
{
	const json_t *limit;
	size_t i;

	json_array_foreach(limits, i, limit)
	{
		const json_t *name = json_object_get(limit, "name"),
			     *uw = json_object_get(limit, "limit_uw");

		printf("%-12s %s %s: ", i == 0 ? "power limits" : "",
			json_string_value(json_object_get(limit, "zone")),
			json_is_string(name) ? json_string_value(name) : "-");
		if (json_is_integer(uw))
			printf("%.6g W\n", (double)json_integer_value(uw) / 1e6);
		else
			puts("none");
	}
	if (i == 0)
		print_line("power limits", NULL);
}

/* "package-0: ok, updated at least every 1003 us, jitter 25 us" */
static void print_zone(const char *label, const json_t *z)
{
	const json_t *why = json_object_get(z, "why"), *update = json_object_get(z, "update_us"),
		     *jitter = json_object_get(z, "jitter_us");

	printf("%-12s %s: %s", label, json_string_value(json_object_get(z, "name")),
		json_string_value(json_object_get(z, "state")));
	if (json_is_integer(update))
		printf(", updated at least every %lld us", (long long)json_integer_value(update));
	if (json_is_integer(jitter))
		printf(", jitter %lld us", (long long)json_integer_value(jitter));
	printf("%s%s\n", json_is_string(why) ? ", " : "",
		json_is_string(why) ? json_string_value(why) : "");
}

static void print_energy(const json_t *energy)
{
	const json_t *source = json_object_get(energy, "source"),
		     *why = json_object_get(energy, "why"),
		     *filtered = json_object_get(energy, "filtered"), *c, *z;
	size_t i;

	printf("%-12s %s\n", "energy",
		json_is_string(source) ? json_string_value(source)
		: json_is_string(why)  ? json_string_value(why)
				       : "not measured");
	if (json_is_string(filtered))
		print_line("filtered", filtered);
	json_array_foreach(json_object_get(energy, "choices"), i, c)
	{
		const json_t *reason = json_object_get(c, "why");
		printf("%-12s %s: %s%s%s\n", i == 0 ? "sources" : "",
			json_string_value(json_object_get(c, "source")),
			json_string_value(json_object_get(c, "state")),
			json_is_string(reason) ? ": " : "",
			json_is_string(reason) ? json_string_value(reason) : "");
	}
	json_array_foreach(json_object_get(energy, "zones"), i, z)
		print_zone(i == 0 ? "zones" : "", z);
}

static void print_table(const json_t *j)
{
	print_cpu(json_object_get(j, "cpu"));
	print_caches(json_object_get(j, "caches"));
	print_line("numa nodes", json_object_get(j, "numa"));
	print_memory(json_object_get(j, "memory"));
	print_firmware(json_object_get(j, "firmware"));
	print_line("kernel", json_object_get(j, "kernel"));
	print_line("hypervisor", json_object_get(j, "hypervisor"));
	print_line("governor", json_object_get(j, "governor"));
	print_line("turbo", json_object_get(j, "turbo"));
	print_power_limits(json_object_get(j, "power_limits"));
	print_energy(json_object_get(j, "energy"));
	print_line("fingerprint", json_object_get(j, "fingerprint"));
}

static const struct option_info option_table[] = {
	{"source", OPTION_TEXT, offsetof(struct agent_common_options, source), "SOURCE",
		"what measures energy: auto (the default), powercap, perf or msr",
		agent_energy_sources},
	{.name = NULL},
};

static int run(void *options, const char **arguments, size_t n, struct error *err)
{
	const struct agent_common_options *o = options;
	struct instrument i;

	(void)arguments;
	(void)n;
	if (instrument_open(&i, o, true, err) != 0)
		return EXIT_UNAVAILABLE;
	_cleanup_free_ char *text = inventory_json(&i.machine, &i.topology, i.meter, NULL);
	instrument_close(&i);
	if (agent_wants_json(o)) {
		puts(text);
		return EXIT_OK;
	}
	json_t *j = json_loads(text, 0, NULL);
	print_table(j);
	json_decref(j);
	return EXIT_OK;
}

const struct agent_command agent_command_inventory = {
	.name = "inventory",
	.usage = "inventory [--source auto|powercap|perf|msr] [--format table|json]",
	.summary = "what this machine is: CPU, topology, memory, firmware, kernel, energy zones",
	.options = option_table,
	.options_size = sizeof(struct agent_common_options),
	.run = run,
};
