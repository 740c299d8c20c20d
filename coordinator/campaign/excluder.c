/* The mappings of exclude as look-ups: a million configurations are asked for each of them. */
#include "coordinator/campaign/matrix.h"

/* One axis of a mapping. */
struct match {
	size_t axis;
	bool *is_matched; /* the value of this index */
};

struct excluder {
	const struct matrix_rules *rules;
	struct match **matches; /* one a mapping, with as many as it has terms */
};

static struct match *make_matches(
	const struct rule *rule, const struct value *const *values, const uint32_t *sizes)
{
	struct match *out = xcalloc(rule->n + 1, sizeof *out);

	for (size_t i = 0; i < rule->n; i++) {
		const struct rule_term *t = &rule->terms[i];
		struct value_set set = {0};

		value_set_fill(&set, t->values, t->n);
		out[i].axis = t->axis;
		out[i].is_matched = xcalloc(sizes[t->axis] + 1, sizeof *out[i].is_matched);
		for (uint32_t v = 0; v < sizes[t->axis]; v++)
			out[i].is_matched[v] =
				value_set_find(&set, t->values, values[t->axis][v].text) >= 0;
		value_set_done(&set);
	}
	return out;
}

struct excluder *excluder_open(
	const struct benchmark *b, const struct value *const *values, const uint32_t *sizes)
{
	struct excluder *e = xcalloc(1, sizeof *e);

	e->rules = b->rules;
	e->matches = xcalloc(b->rules->excludes_n + 1, sizeof *e->matches);
	for (size_t i = 0; i < b->rules->excludes_n; i++)
		e->matches[i] = make_matches(&b->rules->excludes[i], values, sizes);
	return e;
}

void excluder_close(struct excluder *e)
{
	for (size_t i = 0; i < e->rules->excludes_n; i++) {
		for (size_t k = 0; k < e->rules->excludes[i].n; k++)
			free(e->matches[i][k].is_matched);
		free(e->matches[i]);
	}
	free(e->matches);
	free(e);
}

static bool is_match(const struct match *m, size_t n, const uint32_t *index)
{
	for (size_t i = 0; i < n; i++)
		if (!m[i].is_matched[index[m[i].axis]])
			return false;
	return true;
}

bool excluder_matches(const struct excluder *e, const uint32_t *index)
{
	for (size_t i = 0; i < e->rules->excludes_n; i++)
		if (is_match(e->matches[i], e->rules->excludes[i].n, index))
			return true;
	return false;
}
