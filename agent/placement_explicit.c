/* The policy explicit: a list of CPUs as it was given, where it can be had. */
#include "agent/placement_parts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

static const struct topology_cpu *find_cpu(const struct topology *t, int cpu)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->cpus[i].cpu == cpu)
			return &t->cpus[i];
	return NULL;
}

/* What the other wishes say against a CPU that is there and allowed: "" nothing. */
static const char *objection(
	const struct topology *t, const struct wish *w, const struct topology_cpu *c)
{
	if (w->packages != ABSENT && c->package > w->last_package)
		return "is not in the packages that were asked for";
	if (w->kind >= 0 && (int)c->kind != w->kind)
		return "has a core of another kind than core_kind asks for";
	if (w->smt == SMT_ONLY && allowed_threads_of_core(t, c) < 2)
		return "has its core for itself, and smt asks for cores with several threads";
	return "";
}

static int check_cpu(const struct topology *t, const struct placement_request *request,
	const struct wish *w, int cpu, struct error *err)
{
	const struct topology_cpu *c = find_cpu(t, cpu);
	const char *why = c == NULL        ? "is not online on this machine"
			  : !c->is_allowed ? "is online, but this process may not use it: its "
					     "affinity mask or cpuset leaves it out"
					   : objection(t, w, c);

	return why[0] == '\0' ? 0
			      : error_set(err, -ENOSPC, "placement: list %s: CPU %d %s",
					request->list, cpu, why);
}

/* Two entries that cannot stand in one list: the same CPU twice, or two threads of a core. */
static int check_pair(const struct topology *t, const struct placement_request *request,
	const struct wish *w, int a, int b, struct error *err)
{
	if (a == b && !request->may_oversubscribe)
		return error_set(err, -EINVAL,
			"placement: list %s: CPU %d comes twice, and oversubscribe was not asked "
			"for",
			request->list, a);
	if (a != b && w->smt == SMT_AVOID && find_cpu(t, a)->core == find_cpu(t, b)->core)
		return error_set(err, -ENOSPC,
			"placement: list %s: CPUs %d and %d are threads of one core, and smt is "
			"avoid",
			request->list, a, b);
	return 0;
}

/* cpus may be absent, or say the same; more only where CPUs may come up again. */
static int check_length(const struct placement_request *request, size_t n, struct error *err)
{
	if (n == 0)
		return error_set(err, -EINVAL,
			"placement: the policy explicit needs a list, such as 0,2,4-7");
	if (request->cpus == ABSENT || (uint64_t)request->cpus == n ||
		(request->may_oversubscribe && (uint64_t)request->cpus > n))
		return 0;
	return error_set(err, -EINVAL,
		"placement: %" PRId64 " CPUs asked for, list %s has %zu: leave out one of the two",
		request->cpus, request->list, n);
}

static int check_list(const struct topology *t, const struct placement_request *request,
	const struct wish *w, const int *cpus, size_t n, struct error *err)
{
	int r = check_length(request, n, err);

	for (size_t i = 0; i < n && r == 0; i++)
		r = check_cpu(t, request, w, cpus[i], err);
	for (size_t i = 0; i < n && r == 0; i++)
		for (size_t j = 0; j < i && r == 0; j++)
			r = check_pair(t, request, w, cpus[j], cpus[i], err);
	return r;
}

int explicit_choose(const struct topology *t, const struct placement_request *request,
	const struct wish *w, struct placement *out, struct error *err)
{
	_cleanup_free_ int *cpus = NULL;
	size_t n = 0;

	int r = cpu_list_parse(request->list != NULL ? request->list : "", &cpus, &n, err);
	if (r != 0)
		return error_wrap(err, "placement"), r;
	r = check_list(t, request, w, cpus, n, err);
	if (r != 0)
		return r;
	out->n = request->cpus == ABSENT ? n : (size_t)request->cpus;
	out->cpus = xcalloc(out->n, sizeof *out->cpus);
	for (size_t i = 0; i < out->n; i++)
		out->cpus[i] = cpus[i % n];
	return 0;
}
