/* What was skipped or cancelled, by host and reason: each reason once, with how many configurations
 * it is of and what these have in common. */
#include "coordinator/commands/summary_view.h"
#include "coordinator/commands/word_set.h"

#define MAX_BENCHMARKS 5 /* named in a line */

/* The configurations of a host with one reason. */
struct group {
	const char *reason;
	size_t lane, first, n;   /* first: of its configurations */
	const char **benchmarks; /* each once; those of a campaign stand together */
	size_t benchmarks_n;
	bool *differs; /* the first one's parameter i is another one elsewhere */
};

struct groups {
	struct group *items;
	size_t n;
};

/* ---- what they have in common ---- */

static const struct gathered_configuration *of(const struct gathered *g, const struct group *group)
{
	return &g->configurations[group->first];
}

static bool has_value(const struct gathered_configuration *c, const struct parameter *p)
{
	const char *value = parameters_get(&c->parameters, p->name);

	return value != NULL && strcmp(value, p->text) == 0;
}

static void take_in(const struct gathered *g, struct group *group, size_t configuration)
{
	const struct gathered_configuration *first = of(g, group),
					    *c = &g->configurations[configuration];

	group->n++;
	if (group->benchmarks_n == 0 ||
		strcmp(group->benchmarks[group->benchmarks_n - 1], c->benchmark) != 0) {
		group->benchmarks = xreallocarray(
			group->benchmarks, group->benchmarks_n + 1, sizeof *group->benchmarks);
		group->benchmarks[group->benchmarks_n++] = c->benchmark;
	}
	for (size_t i = 0; i < first->parameters.n; i++)
		if (!group->differs[i] && !has_value(c, &first->parameters.items[i]))
			group->differs[i] = true;
}

static struct group *find_or_add(const struct gathered *g, struct groups *all,
	struct word_set *seen, size_t cell, const char *reason)
{
	size_t lane = cell / g->configurations_n, configuration = cell % g->configurations_n;
	_cleanup_free_ char *key = xasprintf("%zu %s", lane, reason);
	size_t at = word_set_number(seen, key);

	if (at == all->n) {
		all->items = xreallocarray(all->items, all->n + 1, sizeof *all->items);
		all->items[all->n++] = (struct group){.reason = reason,
			.lane = lane,
			.first = configuration,
			.differs = xcalloc(
				g->configurations[configuration].parameters.n + 1, sizeof(bool))};
	}
	return &all->items[at];
}

static void make_groups(const struct summary_view *v,
	const struct tallies *(*tallies_of)(const struct gathered_cell *cell), struct groups *out)
{
	const struct gathered *g = v->g;
	struct word_set seen = {0};

	*out = (struct groups){0};
	for (size_t i = 0; i < g->lanes_n * g->configurations_n; i++) {
		const struct tallies *t = tallies_of(&g->cells[i]);
		for (size_t k = 0; k < t->n && summary_is_cell_shown(v, i); k++)
			take_in(g, find_or_add(g, out, &seen, i, t->items[k].text),
				i % g->configurations_n);
	}
	word_set_done(&seen);
}

static void groups_done(struct groups *all)
{
	for (size_t i = 0; i < all->n; i++) {
		free(all->items[i].benchmarks);
		free(all->items[i].differs);
	}
	free(all->items);
}

/* ---- a line ---- */

static bool is_there(const struct gathered_cell *c)
{
	return c->runs + c->warmups + c->skipped + c->cancelled + c->open > 0;
}

/* Whether a parameter's value is just what makes a group: the host has others, but not with it. */
static bool is_what_they_are(
	const struct summary_view *v, const struct group *group, const struct parameter *p)
{
	const struct gathered *g = v->g;
	size_t with = 0, all = 0;

	for (size_t c = 0; c < g->configurations_n; c++) {
		size_t at = group->lane * g->configurations_n + c;
		if (!summary_is_cell_shown(v, at) || !is_there(&g->cells[at]))
			continue;
		all++;
		with += has_value(&g->configurations[c], p);
	}
	return with == group->n && all > with;
}

/* The name of a value that says it all: "nogil+gil". A number needs its axis beside it. */
static const char *find_name(const struct summary_view *v, const struct group *group)
{
	const struct parameters *p = &of(v->g, group)->parameters;

	for (size_t i = 0; i < p->n; i++)
		if (!group->differs[i] && strspn(p->items[i].text, "-+.0123456789") == 0 &&
			is_what_they_are(v, group, &p->items[i]))
			return p->items[i].text;
	return NULL;
}

static size_t count_benchmarks(const struct gathered *g)
{
	size_t n = g->configurations_n > 0;

	for (size_t c = 1; c < g->configurations_n; c++)
		n += strcmp(g->configurations[c - 1].benchmark, g->configurations[c].benchmark) !=
		     0;
	return n;
}

/* "numpy_blas, numpy_fft"; nothing where it is all that the campaign has. */
static void add_benchmarks(const struct gathered *g, const struct group *group, struct buf *out)
{
	size_t n = group->benchmarks_n;

	if (n > 1 && n == count_benchmarks(g))
		return;
	for (size_t i = 0; i < n && i < MAX_BENCHMARKS; i++)
		buf_addf(out, "%s%s", i == 0 ? "" : ", ", group->benchmarks[i]);
	if (n > MAX_BENCHMARKS)
		buf_addf(out, " and %zu more", n - MAX_BENCHMARKS);
}

/* "nbody threads=8: 12 configurations", as far as they have that in common. */
static void add_common(const struct gathered *g, const struct group *group, struct buf *out)
{
	const struct gathered_configuration *first = of(g, group);
	_cleanup_free_ const char **skip = xcalloc(first->parameters.n + 1, sizeof *skip);
	_cleanup_buf_ struct buf names = BUF_INIT, common = BUF_INIT;
	size_t n = 0;

	for (size_t i = 0; i < first->parameters.n; i++)
		if (group->differs[i])
			skip[n++] = first->parameters.items[i].name;
	parameters_format(&first->parameters, skip, n, &common);
	add_benchmarks(g, group, &names);
	buf_addf(out, "%s%s%s%s", names.data, names.len > 0 && common.len > 0 ? " " : "",
		common.data, names.len > 0 || common.len > 0 ? ": " : "");
	buf_addf(out, "%zu configurations", group->n);
}

static void print_group(
	const struct summary_view *v, const struct group *group, const char *word, FILE *to)
{
	const struct gathered *g = v->g;
	const char *name = group->n > 1 ? find_name(v, group) : NULL;
	_cleanup_buf_ struct buf line = BUF_INIT;

	if (group->n == 1)
		summary_add_configuration(
			g, group->lane * g->configurations_n + group->first, " on ", &line);
	else if (name != NULL)
		buf_addf(&line, "%s on %s", name, g->lanes[group->lane].host);
	else {
		add_common(g, group, &line);
		buf_addf(&line, " on %s", g->lanes[group->lane].host);
	}
	if (group->reason[0] != '\0')
		summary_add_reason(group->reason, &line);
	summary_remark(word, &line, to);
}

void summary_groups(const struct summary_view *v, const char *word,
	const struct tallies *(*tallies_of)(const struct gathered_cell *cell), FILE *to)
{
	struct groups all;

	make_groups(v, tallies_of, &all);
	for (size_t i = 0; i < all.n && i < SUMMARY_MAX_LINES; i++)
		print_group(v, &all.items[i], word, to);
	if (all.n > SUMMARY_MAX_LINES)
		fprintf(to, "%-7s  %zu more reasons   joulerig runs %s\n", word,
			all.n - SUMMARY_MAX_LINES, v->g->label);
	groups_done(&all);
}
