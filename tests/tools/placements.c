/*
 * placements - answers many questions for placements on one machine, for check-placement
 *
 *   placements ROOT   each line of stdin holds options as `joulerig-agent placement` takes them,
 *                     without dashes and with = ("policy=close cpus=4"); each line of stdout the
 *                     CPUs that are chosen, or "refused: WHY"
 *
 * A process for each question would cost a hundred times as much.
 */
#include "agent/placement.h"

#include <stdio.h>

static void set(struct placement_request *r, char *option)
{
	char *value = strchr(option, '=');

	if (value == NULL)
		exit(2);
	*value++ = '\0';
	if (strcmp(option, "policy") == 0)
		r->policy = value;
	else if (strcmp(option, "smt") == 0)
		r->smt = value;
	else if (strcmp(option, "core-kind") == 0)
		r->core_kind = value;
	else if (strcmp(option, "list") == 0)
		r->list = value;
	else if (strcmp(option, "cpus") == 0)
		r->cpus = strtoll(value, NULL, 10);
	else if (strcmp(option, "packages") == 0)
		r->packages = strtoll(value, NULL, 10);
	else if (strcmp(option, "oversubscribe") == 0)
		r->may_oversubscribe = strcmp(value, "1") == 0;
	else
		exit(2);
}

static void answer(const struct topology *t, char *line)
{
	struct placement_request request = {.cpus = ABSENT, .packages = ABSENT};
	struct placement p;
	struct error err = {0};

	for (char *at = line, *option; (option = strsep(&at, " \n")) != NULL;)
		if (option[0] != '\0')
			set(&request, option);
	if (placement_choose(t, &request, &p, &err) != 0)
		printf("refused: %s\n", err.text);
	for (size_t i = 0; i < p.n; i++)
		printf("%d%s", p.cpus[i], i + 1 < p.n ? "," : "\n");
	fflush(stdout);
	placement_done(&p);
}

int main(int argc, char **argv)
{
	struct machine m;
	struct topology t;
	struct error err = {0};
	char *line = NULL;
	size_t size = 0;

	if (argc != 2 || machine_open(&m, argv[1], &err) != 0 || topology_load(&t, &m, &err) != 0) {
		fprintf(stderr, "placements: %s\n", argc != 2 ? "one root expected" : err.text);
		return 2;
	}
	while (getline(&line, &size, stdin) > 0)
		answer(&t, line);
	free(line);
	topology_done(&t);
	machine_close(&m);
	return 0;
}
