#include "coordinator/dispatch/minor.h"

static const char *step_of(const struct benchmark *b)
{
	if (b->requires.n > 0)
		return "requires";
	if (b->prepare.n > 0)
		return "prepare";
	if (b->cleanup.n > 0)
		return "cleanup";
	if (b->collect_n > 0)
		return "collect";
	for (size_t i = 0; i < b->metrics_n; i++)
		if (b->metrics[i].from == FROM_FILE)
			return "from";
	return NULL;
}

const char *minor_lacks(const struct host *h, const struct campaign *c)
{
	const char *key = NULL;

	for (size_t i = 0; key == NULL && h->minor < MINOR_OF_STEPS && i < c->benchmarks_n; i++)
		key = step_of(&c->benchmarks[i]);
	return key;
}
