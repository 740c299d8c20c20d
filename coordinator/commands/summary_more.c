/* Which metrics a table of `results` shows beyond the usual ones, as far as there is room. */
#include "coordinator/commands/summary_view.h"

static bool is_compared(const struct summary_view *v, const char *metric)
{
	const struct campaign *c = v->campaign;

	for (size_t i = 0; c != NULL && i < c->comparisons_n; i++)
		for (size_t k = 0; k < c->comparisons[i].metrics_n; k++)
			if (strcmp(c->comparisons[i].metrics[k], metric) == 0)
				return true;
	return false;
}

static bool is_answer(const struct summary_view *v, const char *metric)
{
	const struct campaign *c = v->campaign;

	for (size_t i = 0; c != NULL && i < c->benchmarks_n; i++) {
		const struct benchmark *b = &c->benchmarks[i];
		for (size_t k = 0; k < b->metrics_n; k++)
			if (strcmp(b->metrics[k].name, metric) == 0 &&
				(b->metrics[k].expect == EXPECT_SAME ||
					b->metrics[k].expect == EXPECT_VALUE))
				return true;
	}
	return false;
}

static bool is_usual(const char *metric)
{
	static const char *const usual[] = {
		"time", "energy.package", "power.package", "memory.peak"};

	for (size_t i = 0; i < ARRAY_SIZE(usual); i++)
		if (strcmp(usual[i], metric) == 0)
			return true;
	return false;
}

/* Under a role: the benchmark did not ask for it by a name of its own. */
static bool is_of_role(const struct summary_view *v, const char *metric)
{
	const struct campaign *c = v->campaign;

	for (size_t i = 0; c != NULL && i < c->benchmarks_n; i++)
		for (size_t k = 0; k < c->benchmarks[i].roles_n; k++) {
			const char *role = c->benchmarks[i].roles[k].name;

			if (strncmp(metric, role, strlen(role)) == 0 && metric[strlen(role)] == '.')
				return true;
		}
	return false;
}

static bool is_per_work(const char *metric)
{
	static const char end[] = ".per_work";
	size_t len = strlen(metric);

	return len > strlen(end) && strcmp(metric + len - strlen(end), end) == 0;
}

enum summary_more summary_more(const struct summary_view *v, size_t metric)
{
	const struct gathered_metric *m = &v->g->metrics[metric];

	if (is_usual(m->name))
		return MORE_NEVER;
	if (is_compared(v, m->name))
		return MORE_COMPARED;
	if (!m->is_own || is_answer(v, m->name))
		return MORE_NEVER;
	if (is_per_work(m->name))
		return is_of_role(v, m->name) ? MORE_NEVER : MORE_PER_WORK;
	return strcmp(m->name, "throughput") == 0 ? MORE_THROUGHPUT : MORE_OWN;
}
