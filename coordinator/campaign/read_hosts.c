/* Hosts: names such as lab[01-08,12] spread out, labels, and what must hold. */
#include "coordinator/campaign/expression.h"
#include "coordinator/campaign/read.h"
#include "proto/units.h"
#include <stdio.h>

#define MAX_NAMES 10000
/* Of all lists of a campaign together: its own, and those of its roles. */
#define MAX_ALL_NAMES 100000

struct host_names {
	struct reader *r;
	const struct node *at;
	char **items; /* in malloc's memory while it grows */
	size_t n, room;
	bool is_full; /* which was said */
};

static bool add_name(struct host_names *names, const char *name)
{
	if (names->n == MAX_NAMES) {
		diag_error(names->r->d, names->at, "'%s' makes more than 10,000 host names",
			names->at->text);
		names->is_full = true;
		return false;
	}
	if (names->r->host_names == MAX_ALL_NAMES) {
		diag_error(names->r->d, names->at, "'%s' makes more than 100,000 host names in all",
			names->at->text);
		names->is_full = true;
		return false;
	}
	names->r->host_names++;
	if (names->n == names->room) {
		names->room = names->room ? 2 * names->room : 16;
		names->items = xreallocarray(names->items, names->room, sizeof *names->items);
	}
	names->items[names->n++] = arena_strdup(names->r->arena, name);
	return true;
}

static bool bad_pattern(struct host_names *names)
{
	diag_error(names->r->d, names->at,
		"'%s' is no good host name, expected a name, or several as lab[01-08] or lab[1,3]",
		names->at->text);
	return false;
}

static bool spread(struct host_names *names, const char *prefix, const char *pattern);

/* One of the ranges between brackets, "01-08" or "3", of len bytes. */
static bool spread_range(struct host_names *names, const char *prefix, const char *range,
	size_t len, const char *rest)
{
	size_t digits = strspn(range, "0123456789");
	const char *last = range[digits] == '-' ? range + digits + 1 : range;
	size_t last_digits = strspn(last, "0123456789");
	unsigned long from, to;

	if (digits == 0 || digits > 9 || last_digits == 0 || last_digits > 9 ||
		last + last_digits != range + len)
		return bad_pattern(names);
	from = strtoul(range, NULL, 10);
	to = strtoul(last, NULL, 10);
	if (from > to)
		return bad_pattern(names);
	for (unsigned long i = from; i <= to; i++) {
		/* As many digits as the first one has: 01-12 is 01, 02 ... 12. */
		_cleanup_free_ char *name = xasprintf("%s%0*lu", prefix, (int)digits, i);

		if (!spread(names, name, rest))
			return false;
	}
	return true;
}

/* Add prefix followed by all that pattern stands for. */
static bool spread(struct host_names *names, const char *prefix, const char *pattern)
{
	size_t len = strcspn(pattern, "[");
	_cleanup_free_ char *start = xasprintf("%s%.*s", prefix, (int)len, pattern);
	const char *end, *at;

	if (memchr(pattern, ']', len))
		return bad_pattern(names);
	if (pattern[len] == '\0')
		return add_name(names, start);
	end = strchr(pattern + len, ']');
	if (!end)
		return bad_pattern(names);
	for (at = pattern + len + 1; at <= end; at += strcspn(at, ",]") + 1)
		if (!spread_range(names, start, at, strcspn(at, ",]"), end + 1))
			return false;
	return true;
}

static void read_names(struct reader *r, const struct node *n, struct host_choice *out)
{
	bool is_list = n && n->kind == NODE_LIST;
	size_t count = !n ? 0 : is_list ? n->n : 1;
	struct host_names names = {.r = r};

	for (size_t i = 0; i < count && !names.is_full; i++) {
		names.at = is_list ? n->items[i] : n;
		if (names.at->kind == NODE_SCALAR && names.at->text[0])
			spread(&names, "", names.at->text);
	}
	out->names_n = names.n;
	out->names = arena_array(r->arena, names.n, sizeof *out->names);
	if (names.n)
		memcpy(out->names, names.items, names.n * sizeof *names.items);
	free(names.items);
}

void read_hosts(struct reader *r, const struct node *hosts, struct host_choice *out)
{
	const struct template_scope scope = {.names = TEMPLATE_HOST, .where = "'where'"};
	const struct node *where = node_get(hosts, "where");

	read_names(r, node_get(hosts, "names"), out);
	out->labels = read_pairs(r->arena, node_get(hosts, "labels"), &out->labels_n);
	if (where && where->kind == NODE_SCALAR && where->text[0])
		out->where = expression_read(where, "where", &scope, NULL, r->arena, r->d);
}
