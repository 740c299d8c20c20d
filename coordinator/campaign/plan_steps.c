/* The thread steps of all hosts together, for axes that are {each: host.thread_steps}. */
#include "coordinator/campaign/plan_build.h"

static int compare_int64(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* The steps of all hosts one after the other; ends[h] is behind those of host h. */
struct all_steps {
	int64_t *steps;
	size_t *ends;
	size_t n;
};

static int read_inventory(
	const struct plan_host *host, bool is_needed, struct all_steps *all, struct error *err)
{
	json_error_t why;
	json_t *inventory = json_loads(host->inventory ? host->inventory : "", 0, &why);
	const json_t *steps = json_object_get(inventory, "thread_steps");
	int rc = 0;

	if (!json_is_object(inventory))
		rc = error_set(err, ERR_CAMPAIGN, "the inventory of %s is no JSON object: %s",
			host->name, why.text);
	else if (is_needed && json_array_size(steps) == 0)
		rc = error_set(err, ERR_CAMPAIGN,
			"the inventory of %s has no thread_steps, which an axis of the campaign "
			"needs",
			host->name);
	all->steps =
		xreallocarray(all->steps, all->n + json_array_size(steps) + 1, sizeof *all->steps);
	for (size_t i = 0; i < json_array_size(steps); i++)
		all->steps[all->n++] = json_integer_value(json_array_get(steps, i));
	json_decref(inventory);
	return rc;
}

static bool needs_steps(const struct campaign *c)
{
	for (size_t i = 0; i < c->benchmarks_n; i++)
		for (size_t a = 0; a < c->benchmarks[i].axes_n; a++)
			if (c->benchmarks[i].axes[a].is_each)
				return true;
	return false;
}

static void unite_steps(struct builder *b, const struct all_steps *all)
{
	_cleanup_free_ int64_t *sorted = xcalloc(all->n + 1, sizeof *sorted);
	struct whole_plan *w = b->whole;
	size_t from = 0;

	if (all->n == 0)
		return;
	memcpy(sorted, all->steps, all->n * sizeof *sorted);
	qsort(sorted, all->n, sizeof *sorted, compare_int64);
	for (size_t i = 0; i < all->n; i++)
		if (w->steps_n == 0 || sorted[w->steps_n - 1] != sorted[i])
			sorted[w->steps_n++] = sorted[i];
	w->steps = xcalloc(w->steps_n, sizeof *w->steps);
	for (size_t i = 0; i < w->steps_n; i++)
		w->steps[i] = (struct value){
			.text = xasprintf("%lld", (long long)sorted[i]), .is_number = true};
	b->has_step = xcalloc(w->steps_n * b->hosts_n, sizeof *b->has_step);
	for (size_t h = 0; h < b->hosts_n; from = all->ends[h++])
		for (size_t i = from; i < all->ends[h]; i++) {
			const int64_t *at = bsearch(
				&all->steps[i], sorted, w->steps_n, sizeof *sorted, compare_int64);

			b->has_step[h * w->steps_n + (size_t)(at - sorted)] = true;
		}
}

int plan_gather_steps(struct builder *b, struct error *err)
{
	struct all_steps all = {.ends = xcalloc(b->hosts_n + 1, sizeof *all.ends)};
	bool is_needed = needs_steps(b->campaign);
	int rc = 0;

	for (size_t h = 0; rc == 0 && h < b->hosts_n; h++) {
		rc = read_inventory(&b->hosts[h], is_needed, &all, err);
		all.ends[h] = all.n;
	}
	if (rc == 0)
		unite_steps(b, &all);
	free(all.steps);
	free(all.ends);
	return rc;
}
