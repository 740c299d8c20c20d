/* Lists of CPUs in campaign files. */
#include "coordinator/campaign/cpus.h"

/* A number below CPUS_MAX at *at, which moves behind it; -1 where there is none. */
static int64_t take_number(const char **at)
{
	size_t digits = strspn(*at, "0123456789");
	int64_t n = 0;

	if (digits == 0 || digits > 5)
		return -1;
	for (size_t i = 0; i < digits; i++)
		n = n * 10 + ((*at)[i] - '0');
	*at += digits;
	return n < CPUS_MAX ? n : -1;
}

/* The next CPU or range, with the comma behind it. Returns false where there is none. */
static bool take_range(const char **at, int64_t *first, int64_t *last)
{
	*first = *last = take_number(at);
	if (*first >= 0 && **at == '-') {
		(*at)++;
		*last = take_number(at);
	}
	if (*first < 0 || *last < *first)
		return false;
	if (**at == ',' && (*at)[1] != '\0')
		(*at)++;
	else if (**at != '\0')
		return false;
	return true;
}

int64_t cpus_count(const char *text)
{
	_cleanup_free_ bool *seen = xcalloc(CPUS_MAX, sizeof *seen);
	int64_t n = 0, first, last;

	while (*text != '\0') {
		if (!take_range(&text, &first, &last))
			return 0;
		for (int64_t cpu = first; cpu <= last; cpu++, n++) {
			if (seen[cpu])
				return 0;
			seen[cpu] = true;
		}
	}
	return n;
}

bool cpus_each(const char *text, bool (*each)(void *arg, int64_t cpu), void *arg)
{
	int64_t first, last;

	while (*text != '\0' && take_range(&text, &first, &last))
		for (int64_t cpu = first; cpu <= last; cpu++)
			if (!each(arg, cpu))
				return false;
	return true;
}

void cpus_join(const struct node *n, struct buf *out)
{
	if (n->kind == NODE_SCALAR)
		buf_adds(out, n->text);
	for (size_t i = 0; n->kind == NODE_LIST && i < n->n; i++)
		buf_addf(out, "%s%s", i ? "," : "",
			n->items[i]->kind == NODE_SCALAR ? n->items[i]->text : "");
}
