/* Lists of CPUs as text, in the kernel's form. */
#include "agent/placement_parts.h"

#include <errno.h>

static int compare_int(const void *a, const void *b)
{
	COMPARE(*(const int *)a, *(const int *)b);
	return 0;
}

char *cpu_list_format(const int *cpus, size_t n)
{
	_cleanup_free_ int *sorted = xcalloc(n > 0 ? n : 1, sizeof *sorted);
	struct buf out = BUF_INIT;

	if (n > 0)
		memcpy(sorted, cpus, n * sizeof *sorted);
	qsort(sorted, n, sizeof *sorted, compare_int);
	for (size_t i = 0; i < n;) {
		size_t end = i + 1;
		while (end < n && sorted[end] <= sorted[end - 1] + 1)
			end++;
		buf_addf(&out, "%s%d", i > 0 ? "," : "", sorted[i]);
		if (sorted[end - 1] > sorted[i])
			buf_addf(&out, "-%d", sorted[end - 1]);
		i = end;
	}
	return out.len > 0 ? buf_take(&out) : xstrdup("");
}

/* Two neighbours are written out: "0,1,0,1" is easier to read than "0-1,0-1". */
char *cpu_order_format(const int *cpus, size_t n)
{
	struct buf out = BUF_INIT;

	for (size_t i = 0; i < n;) {
		size_t end = i + 1;
		while (end < n && cpus[end] == cpus[end - 1] + 1)
			end++;
		end = end - i < 3 ? i + 1 : end;
		buf_addf(&out, "%s%d", i > 0 ? "," : "", cpus[i]);
		if (end > i + 1)
			buf_addf(&out, "-%d", cpus[end - 1]);
		i = end;
	}
	return out.len > 0 ? buf_take(&out) : xstrdup("");
}

/* One CPU number at *p, which moves behind it; -1 where there is none. Numbers end far below the
 * limit of int. */
static int parse_cpu(const char **p)
{
	int n = 0, digits = 0;

	for (; **p >= '0' && **p <= '9' && digits < 7; (*p)++, digits++)
		n = n * 10 + (**p - '0');
	return digits > 0 && digits < 7 ? n : -1;
}

int cpu_list_parse(const char *text, int **out, size_t *n, struct error *err)
{
	struct buf list = BUF_INIT;
	const char *p = text;

	*out = NULL;
	*n = 0;
	while (*p != '\0') {
		int first = parse_cpu(&p), last = first;
		if (first >= 0 && *p == '-') {
			p++;
			last = parse_cpu(&p);
		}
		if (first < 0 || last < first || (*p != ',' && *p != '\0') ||
			(*p == ',' && p[1] == '\0')) {
			buf_done(&list);
			return error_set(err, -EINVAL,
				"CPU list '%s': a list such as 0-3,8 was expected", text);
		}
		for (int c = first; c <= last; c++)
			buf_add(&list, &c, sizeof c);
		p += *p == ',';
	}
	*n = list.len / sizeof **out;
	*out = xcalloc(*n > 0 ? *n : 1, sizeof **out);
	memcpy(*out, list.data, list.len);
	buf_done(&list);
	return 0;
}
