/* How large a matrix is, before any host is known. */
#include "coordinator/campaign/matrix.h"

int64_t matrix_max_product(const struct benchmark *b)
{
	int64_t rules = (int64_t)b->rules->excludes_n;

	return INT64_C(1000000000) / (rules > 10 ? rules : 10);
}

struct count {
	const struct excluder *excluder;
	int64_t n, limit;
};

static bool count_one(void *arg, const uint32_t *index)
{
	struct count *c = arg;

	c->n += !excluder_matches(c->excluder, index);
	return c->n <= c->limit;
}

/* What exclude leaves of the product. */
static int64_t count_left(const struct benchmark *b, const struct walk_axis *takes, int64_t limit)
{
	/* A host's axis is one value that no rule matches. */
	static const struct value unknown = {.text = (char *)""};
	_cleanup_free_ const struct value **values = xcalloc(b->axes_n + 1, sizeof *values);
	_cleanup_free_ uint32_t *sizes = xcalloc(b->axes_n + 1, sizeof *sizes);
	struct count c = {.limit = limit};
	struct excluder *e;

	for (size_t i = 0; i < b->axes_n; i++) {
		values[i] = b->axes[i].is_each ? &unknown : b->axes[i].values;
		sizes[i] = (uint32_t)takes[i].n;
	}
	e = excluder_open(b, values, sizes);
	c.excluder = e;
	matrix_walk(b->axes, takes, b->axes_n, count_one, &c);
	excluder_close(e);
	return c.n;
}

/* Those of includes may be there already, so the longest of them counts alone. */
static int64_t count_included(
	const struct benchmark *b, const struct walk_axis *takes, int64_t limit)
{
	_cleanup_free_ struct walk_axis *own = xcalloc(b->axes_n + 1, sizeof *own);
	int64_t most = 0;

	for (size_t r = 0; r < b->rules->includes_n; r++) {
		const struct rule *rule = &b->rules->includes[r];
		int64_t n;

		memcpy(own, takes, b->axes_n * sizeof *own);
		for (size_t i = 0; i < rule->n; i++)
			own[rule->terms[i].axis].n = rule->terms[i].n;
		n = matrix_product(b->axes, own, b->axes_n, limit);
		most = n > most ? n : most;
	}
	return most;
}

int64_t matrix_size(const struct benchmark *b, int64_t limit)
{
	_cleanup_free_ struct walk_axis *takes = xcalloc(b->axes_n + 1, sizeof *takes);
	int64_t n, included, max = matrix_max_product(b);

	for (size_t i = 0; i < b->axes_n; i++)
		takes[i].n = b->axes[i].is_each ? 1 : b->axes[i].n;
	n = matrix_product(b->axes, takes, b->axes_n, max);
	if (n <= max && (b->where_n > 0 || b->rules->exclude_ifs_n > 0))
		return 0;
	if (n <= max && b->rules->excludes_n > 0)
		n = count_left(b, takes, limit);
	included = count_included(b, takes, limit);
	n = included > n ? included : n;
	return n > limit ? limit + 1 : n;
}
