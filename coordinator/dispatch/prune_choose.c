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

static char *copy_of(const struct message_cell *c)
{
	return xstrdup(c->text != NULL ? c->text : "");
}

int prune_on_campaign(void *arg, int64_t key, const struct message_cell *cells, size_t n)
{
	struct prune_candidates *all = arg;

	(void)n;
	if (cells[CAMPAIGNS_ENDED_AT].integer == ABSENT)
		return 0;
	all->items = xreallocarray(all->items, all->n + 1, sizeof *all->items);
	all->items[all->n++] = (struct prune_candidate){
		.id = key,
		.number = cells[CAMPAIGNS_NUMBER].integer,
		.ended_at = cells[CAMPAIGNS_ENDED_AT].integer,
		.name = copy_of(&cells[CAMPAIGNS_NAME]),
		.label = copy_of(&cells[CAMPAIGNS_LABEL]),
	};
	return 0;
}

int prune_on_pruned(void *arg, int64_t key, const struct message_cell *cells, size_t n)
{
	const struct prune_candidates *all = arg;

	(void)cells;
	(void)n;
	for (size_t i = 0; i < all->n; i++)
		all->items[i].was_pruned |= all->items[i].id == key;
	return 0;
}

void prune_choose(struct prune_candidates *all, int64_t before, int64_t keep)
{
	size_t n = all->n;
	_cleanup_free_ struct prune_candidate **sorted = xcalloc(n + 1, sizeof *sorted);
	int64_t newer = 0; /* of its name */

	for (size_t i = 0; i < n; i++)
		sorted[i] = &all->items[i];
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

void prune_candidates_done(struct prune_candidates *all)
{
	for (size_t i = 0; i < all->n; i++)
		prune_candidate_done(&all->items[i]);
	free(all->items);
	*all = (struct prune_candidates){0};
}
