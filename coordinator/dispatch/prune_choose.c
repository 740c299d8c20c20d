/* Which campaigns are old enough to lose what they left. */
#include "coordinator/dispatch/prune.h"

#include "proto/base.h"

static int by_name_then_newest(const void *a, const void *b)
{
	const struct prune_candidate *x = *(struct prune_candidate *const *)a,
				     *y = *(struct prune_candidate *const *)b;
	int order = strcmp(x->name, y->name);

	return order != 0 ? order : (x->number < y->number) - (x->number > y->number);
}

void prune_choose(struct prune_candidate *all, size_t n, int64_t before, int64_t keep)
{
	_cleanup_free_ struct prune_candidate **sorted = xcalloc(n + 1, sizeof *sorted);
	int64_t newer = 0; /* of its name */

	for (size_t i = 0; i < n; i++)
		sorted[i] = &all[i];
	qsort(sorted, n, sizeof *sorted, by_name_then_newest);
	for (size_t i = 0; i < n; i++) {
		bool is_same = i > 0 && strcmp(sorted[i]->name, sorted[i - 1]->name) == 0;
		newer = is_same ? newer + 1 : 0;
		sorted[i]->is_chosen = sorted[i]->ended_at <= before && newer >= keep;
	}
}

void prune_candidate_done(struct prune_candidate *c)
{
	free(c->name);
	free(c->label);
}
