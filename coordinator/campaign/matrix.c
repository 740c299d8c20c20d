#include "coordinator/campaign/matrix.h"

int axis_find(const struct axis *axes, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(axes[i].name, name) == 0)
			return (int)i;
	return -1;
}

int derived_find(const struct benchmark *b, const char *name)
{
	for (size_t i = 0; i < b->derived_n; i++)
		if (strcmp(b->derived[i].name, name) == 0)
			return (int)i;
	return -1;
}

int64_t values_find(const struct value *values, size_t n, const char *text)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(values[i].text, text) == 0)
			return (int64_t)i;
	return -1;
}

bool values_have(const struct value *values, size_t n, const char *text)
{
	return values_find(values, n, text) >= 0;
}

bool axis_is_named(const struct axis *axis)
{
	for (size_t i = 0; i < axis->n; i++)
		if (axis->values[i].attributes)
			return true;
	return false;
}

/* ---- the walk ---- */

/* Whether an axis turns with an earlier one. */
static bool is_follower(const struct axis *axes, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (axes[i].zip != 0 && axes[k].zip == axes[i].zip)
			return true;
	return false;
}

/* The axes that turn by themselves: their numbers in out, which has room for n. */
static size_t find_leaders(const struct axis *axes, size_t n, size_t *out)
{
	size_t leaders = 0;

	for (size_t i = 0; i < n; i++)
		if (!is_follower(axes, i))
			out[leaders++] = i;
	return leaders;
}

static void set_axis(const struct axis *axes, const struct walk_axis *takes, size_t n,
	size_t leader, size_t at, uint32_t *index)
{
	index[leader] = takes[leader].indices ? takes[leader].indices[at] : (uint32_t)at;
	for (size_t i = leader + 1; axes[leader].zip != 0 && i < n; i++)
		if (axes[i].zip == axes[leader].zip)
			index[i] = takes[i].indices ? takes[i].indices[at] : (uint32_t)at;
}

bool matrix_walk(const struct axis *axes, const struct walk_axis *takes, size_t n,
	bool (*visit)(void *arg, const uint32_t *index), void *arg)
{
	_cleanup_free_ uint32_t *index = xcalloc(n + 1, sizeof *index);
	_cleanup_free_ size_t *leaders = xcalloc(n + 1, sizeof *leaders);
	_cleanup_free_ size_t *at = xcalloc(n + 1, sizeof *at);
	size_t leaders_n = find_leaders(axes, n, leaders), i;

	for (i = 0; i < n; i++)
		if (takes[i].n == 0)
			return true;
	for (i = 0; i < leaders_n; i++)
		set_axis(axes, takes, n, leaders[i], 0, index);
	do {
		if (!visit(arg, index))
			return false;
		/* The last axis turns fastest, as the digits of a number do. */
		for (i = leaders_n; i > 0; i--) {
			bool is_carried = ++at[i - 1] == takes[leaders[i - 1]].n;

			if (is_carried)
				at[i - 1] = 0;
			set_axis(axes, takes, n, leaders[i - 1], at[i - 1], index);
			if (!is_carried)
				break;
		}
	} while (i > 0);
	return true;
}

int64_t matrix_product(
	const struct axis *axes, const struct walk_axis *takes, size_t n, int64_t limit)
{
	int64_t product = 1;

	for (size_t i = 0; i < n; i++)
		if (takes[i].n == 0)
			return 0;
	for (size_t i = 0; i < n; i++) {
		if (is_follower(axes, i))
			continue;
		if (__builtin_mul_overflow(product, (int64_t)takes[i].n, &product) ||
			product > limit)
			return limit + 1;
	}
	return product;
}

/* ---- JSON ---- */

void text_add_json(const char *s, struct buf *out)
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
		text_add_json(v->text, out);
}
