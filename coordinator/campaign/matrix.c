#include "coordinator/campaign/matrix.h"

int axis_find(const struct axis *axes, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(axes[i].name, name) == 0)
			return (int)i;
	return -1;
}

bool values_have(const struct value *values, size_t n, const char *text)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(values[i].text, text) == 0)
			return true;
	return false;
}

bool matrix_walk(const struct walk_axis *axes, size_t n,
	bool (*visit)(void *arg, const size_t *index), void *arg)
{
	_cleanup_free_ size_t *index = xcalloc(n + 1, sizeof *index);
	size_t i;

	for (i = 0; i < n; i++)
		if (axes[i].n == 0)
			return true;
	do {
		if (!visit(arg, index))
			return false;
		/* The last axis turns fastest, as the digits of a number do. */
		for (i = n; i > 0; i--) {
			if (++index[i - 1] < axes[i - 1].n)
				break;
			index[i - 1] = 0;
		}
	} while (i > 0);
	return true;
}

int64_t matrix_product(const struct walk_axis *axes, size_t n, int64_t limit)
{
	int64_t product = 1;

	for (size_t i = 0; i < n; i++)
		if (axes[i].n == 0)
			return 0;
	for (size_t i = 0; i < n; i++)
		if (__builtin_mul_overflow(product, (int64_t)axes[i].n, &product) ||
			product > limit)
			return limit + 1;
	return product;
}

static bool rule_matches(const struct rule *rule, const struct walk_axis *axes, const size_t *index)
{
	for (size_t i = 0; i < rule->n; i++) {
		const struct rule_term *t = &rule->terms[i];

		if (!values_have(t->values, t->n, axes[t->axis].values[index[t->axis]].text))
			return false;
	}
	return true;
}

bool matrix_is_excluded(
	const struct matrix_rules *rules, const struct walk_axis *axes, const size_t *index)
{
	for (size_t i = 0; i < rules->excludes_n; i++)
		if (rule_matches(&rules->excludes[i], axes, index))
			return true;
	return false;
}

void matrix_include_axes(
	const struct rule *rule, const struct walk_axis *axes, size_t n, struct walk_axis *out)
{
	for (size_t i = 0; i < n; i++)
		out[i] = axes[i];
	for (size_t i = 0; i < rule->n; i++)
		out[rule->terms[i].axis] =
			(struct walk_axis){rule->terms[i].values, rule->terms[i].n};
}

static void add_json_text(const char *s, struct buf *out)
{
	buf_addc(out, '"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			buf_addf(out, "\\%c", *s);
		else if ((unsigned char)*s < ' ')
			buf_addf(out, "\\u%04x", (unsigned)*s);
		else
			buf_addc(out, *s);
	}
	buf_addc(out, '"');
}

void value_add_json(const struct value *v, struct buf *out)
{
	if (v->is_number || v->is_bool)
		buf_adds(out, v->text);
	else
		add_json_text(v->text, out);
}

void parameters_add_json(
	const struct axis *axes, const struct value *values, size_t n, struct buf *out)
{
	buf_addc(out, '{');
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_addc(out, ',');
		add_json_text(axes[i].name, out);
		buf_addc(out, ':');
		value_add_json(&values[i], out);
	}
	buf_addc(out, '}');
}
