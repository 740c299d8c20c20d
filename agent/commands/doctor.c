/*
 * doctor.c - `joulerig-agent doctor`: what cannot be measured here, why, and the command that mends
 * it
 */
#include "agent/commands/commands.h"
#include "agent/cpu_model.h"
#include "agent/sources/source.h"

#include <stdio.h>

struct report {
	json_t *findings;
	const struct machine *m;
};

__attribute__((format(printf, 5, 6))) static void find(struct report *r, const char *what,
	const char *state, const char *command, const char *why, ...)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	va_list ap;

	va_start(ap, why);
	buf_vaddf(&text, why, ap);
	va_end(ap);
	json_array_append_new(r->findings,
		json_pack("{s:s, s:s, s:s, s:o}", "what", what, "state", state, "why", text.data,
			"command", command[0] != '\0' ? json_string(command) : json_null()));
}

static void mend_zone(const struct report *r, const struct energy_zone *z, struct buf *command)
{
	const char *root = r->m->root;

	if (z->state == ZONE_DENIED)
		buf_addf(command, "sudo sh -c 'chgrp %u %s%s && chmod g+r %s%s'",
			(unsigned)getgid(), root, z->path, root, z->path);
	else if (z->state == ZONE_ABSENT)
		buf_adds(command, "sudo modprobe intel_rapl_msr");
	else if (z->state == ZONE_MASKED)
		buf_adds(command, "docker run --security-opt systempaths=unconfined ...");
}

static void check_zones(struct report *r, const struct energy_meter *meter)
{
	size_t n;
	const struct energy_zone *zones = energy_zones(meter, &n);

	for (size_t i = 0; i < n; i++) {
		_cleanup_buf_ struct buf command = BUF_INIT;
		if (zones[i].state == ZONE_OK) {
			find(r, zones[i].metric, "ok", "", "updated every %lld us at most",
				(long long)(zones[i].update_ns / 1000));
			continue;
		}
		mend_zone(r, &zones[i], &command);
		find(r, zones[i].metric, zone_state_name(zones[i].state), command.data, "%s",
			zones[i].why);
	}
}

/* Without any zone: is there a driver to be loaded, or nothing that it could read? */
static void check_energy(struct report *r, const struct energy_meter *meter)
{
	struct cpu_model cpu;
	size_t n;

	energy_zones(meter, &n);
	check_zones(r, meter);
	if (energy_source_name(meter) != NULL)
		return;
	cpu_model_read(&cpu, r->m);
	find(r, "energy", "absent", n == 0 && !cpu.is_guest ? "sudo modprobe intel_rapl_msr" : "",
		"%s", energy_why_not(meter));
}

static void check_sources(struct report *r)
{
	for (size_t i = 0; sources[i] != NULL; i++) {
		struct error why = {0};
		if (sources[i]->flags & IS_ENERGY)
			continue;
		bool is_fine = sources[i]->probe(r->m, &why) == 0;
		find(r, sources[i]->name, is_fine ? "ok" : "absent", "", "%s",
			is_fine ? sources[i]->summary : why.text);
	}
}

static void check_cpus(struct report *r, const struct topology *t)
{
	size_t allowed = 0;

	for (size_t i = 0; i < t->n; i++)
		allowed += t->cpus[i].is_allowed;
	if (allowed < 2)
		find(r, "placement", "shared", "",
			"only CPU %d may be used: the agent and the runs share it (flag "
			"shared_cpu)",
			t->housekeeping);
	else
		find(r, "placement", "ok", "", "%zu CPUs, CPU %d is the agent's and used last",
			allowed, t->housekeeping);
}

static void check_governor(struct report *r)
{
	char governor[32];

	if (machine_read_line(r->m, governor, sizeof governor,
		    "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor") <= 0)
		find(r, "governor", "absent", "",
			"no frequency control here: runs cannot be repeated at one frequency");
	else if (strcmp(governor, "performance") != 0)
		find(r, "governor", "noisy",
			"sudo sh -c 'for g in "
			"/sys/devices/system/cpu/cpu*/cpufreq/scaling_governor; do echo "
			"performance > $g; done'",
			"governor %s: times vary more than with performance", governor);
	else
		find(r, "governor", "ok", "", "performance");
}

static void print_table(const json_t *findings)
{
	const json_t *f;
	size_t i;

	json_array_foreach(findings, i, f)
	{
		const char *command = json_string_value(json_object_get(f, "command"));
		printf("%-18s %-7s %s\n", json_string_value(json_object_get(f, "what")),
			json_string_value(json_object_get(f, "state")),
			json_string_value(json_object_get(f, "why")));
		if (command != NULL)
			printf("%26s %s\n", "mend:", command);
	}
}

static int run(void *options, const char **arguments, size_t n, struct error *err)
{
	const struct agent_common_options *o = options;
	struct instrument i;

	(void)arguments;
	(void)n;
	if (instrument_open(&i, o, true, err) != 0)
		return EXIT_UNAVAILABLE;
	struct report r = {json_array(), &i.machine};
	check_energy(&r, i.meter);
	check_sources(&r);
	check_cpus(&r, &i.topology);
	check_governor(&r);
	if (agent_wants_json(o)) {
		agent_print_json(json_pack("{s:O}", "findings", r.findings));
	} else {
		print_table(r.findings);
	}
	json_decref(r.findings);
	instrument_close(&i);
	return EXIT_OK;
}

const struct agent_command agent_command_doctor = {
	.name = "doctor",
	.usage = "doctor [--format table|json]",
	.summary = "what cannot be measured here, why, and the command that mends it",
	.options_size = sizeof(struct agent_common_options),
	.run = run,
};
