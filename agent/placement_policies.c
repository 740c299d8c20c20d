/*
 * placement_policies.c - the policies: how the CPUs that a run may use are put in order
 *
 * How to add a policy: write a function order_NAME and add its line to the table at the end.
 * Topology numbers cores in the order of package, die, kind, last-level cache and lowest CPU: that
 * number is the order that all policies begin with.
 */
#include "agent/placement_parts.h"

/* ---- close ---- */

static int by_rank_then_core(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	COMPARE(x->is_last, y->is_last);
	COMPARE(x->rank, y->rank);
	COMPARE(x->cpu->core, y->cpu->core);
	return 0;
}

static void order_close(struct candidate *c, size_t n, size_t want)
{
	(void)want;
	qsort(c, n, sizeof *c, by_rank_then_core);
}

/* ---- scatter ---- */

static int by_cache(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	COMPARE(x->is_last, y->is_last);
	COMPARE(x->rank, y->rank);
	COMPARE(x->cpu->package, y->cpu->package);
	COMPARE(x->group, y->group);
	COMPARE(x->cpu->core, y->cpu->core);
	return 0;
}

static int by_turn_of_cache(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	COMPARE(x->is_last, y->is_last);
	COMPARE(x->rank, y->rank);
	COMPARE(x->cpu->package, y->cpu->package);
	COMPARE(x->turn, y->turn);
	COMPARE(x->group, y->group);
	return 0;
}

static int by_turn_of_package(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	COMPARE(x->is_last, y->is_last);
	COMPARE(x->rank, y->rank);
	COMPARE(x->turn, y->turn);
	COMPARE(x->cpu->package, y->cpu->package);
	return 0;
}

/* A last-level cache is known by the first core that has it, so that caches come in the order of
 * their cores, whatever their numbers. */
static void group_by_cache(struct candidate *c, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		c[i].group = c[i].cpu->core;
		for (size_t j = 0; j < n; j++)
			if (c[j].cpu->llc == c[i].cpu->llc &&
				c[j].cpu->package == c[i].cpu->package &&
				c[j].cpu->core < c[i].group)
				c[i].group = c[j].cpu->core;
	}
}

/* Count 0, 1, ... within each stretch of the same rank and package, and the same cache if asked. */
static void number_turns(struct candidate *c, size_t n, bool is_by_cache)
{
	for (size_t i = 0; i < n; i++) {
		const struct candidate *p = i > 0 ? &c[i - 1] : NULL;
		bool is_same = p != NULL && p->is_last == c[i].is_last && p->rank == c[i].rank &&
			       p->cpu->package == c[i].cpu->package &&
			       (!is_by_cache || p->group == c[i].group);
		c[i].turn = is_same ? p->turn + 1 : 0;
	}
}

/* Round-robin by sorting twice: whose turn it is within its package, then within the machine. */
static void order_scatter(struct candidate *c, size_t n, size_t want)
{
	(void)want;
	group_by_cache(c, n);
	qsort(c, n, sizeof *c, by_cache);
	number_turns(c, n, true);
	qsort(c, n, sizeof *c, by_turn_of_cache);
	number_turns(c, n, false);
	qsort(c, n, sizeof *c, by_turn_of_package);
}

/* ---- balanced ---- */

/* The candidates of one core, neighbours in the array. */
struct core {
	size_t start, n;
	size_t free; /* those that are not to be used last */
	size_t share;
	bool is_last; /* the housekeeping CPU's core */
};

static int by_core(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	COMPARE(x->shares_housekeeping, y->shares_housekeeping);
	COMPARE(x->cpu->core, y->cpu->core);
	COMPARE(x->is_last, y->is_last);
	COMPARE(x->rank, y->rank);
	return 0;
}

static size_t find_cores(const struct candidate *c, size_t n, struct core *cores)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++) {
		if (i == 0 || c[i].cpu->core != c[i - 1].cpu->core)
			cores[found++] =
				(struct core){.start = i, .is_last = c[i].shares_housekeeping};
		cores[found - 1].n++;
		cores[found - 1].free += !c[i].is_last;
	}
	return found;
}

/* Share out `want` threads: evenly, what does not divide to the first cores; fewer threads than
 * cores keep the same distance from each other. The housekeeping CPU only where all else is taken.
 */
static void share_out(struct core *cores, size_t n, size_t want)
{
	size_t own = n > 0 && cores[n - 1].is_last ? n - 1 : n;

	if (want <= own) {
		for (size_t i = 0; i < want; i++)
			cores[i * own / want].share = 1;
		return;
	}
	for (size_t before = want + 1; want > 0 && want < before;) {
		before = want;
		for (size_t i = 0; i < n && want > 0; i++)
			if (cores[i].share < cores[i].free) {
				cores[i].share++;
				want--;
			}
	}
	for (size_t i = 0; i < n && want > 0; i++)
		for (; cores[i].share < cores[i].n && want > 0; want--)
			cores[i].share++;
}

static void order_balanced(struct candidate *c, size_t n, size_t want)
{
	_cleanup_free_ struct core *cores = xcalloc(n > 0 ? n : 1, sizeof *cores);
	_cleanup_free_ struct candidate *sorted = xcalloc(n > 0 ? n : 1, sizeof *sorted);
	size_t first = 0, rest = want;

	qsort(c, n, sizeof *c, by_core);
	memcpy(sorted, c, n * sizeof *c);
	size_t cores_n = find_cores(sorted, n, cores);
	share_out(cores, cores_n, want);
	for (size_t i = 0; i < cores_n; i++)
		for (size_t j = 0; j < cores[i].n; j++)
			c[j < cores[i].share ? first++ : rest++] = sorted[cores[i].start + j];
}

/* ---- all threads of a core together ---- */

/* Append the candidates of the same core as lead: those to be used last at the end. */
static size_t take_core(struct candidate *out, const struct candidate *all, size_t n, int core)
{
	size_t taken = 0;

	for (size_t i = 0; i < n; i++)
		if (all[i].cpu->core == core)
			out[taken++] = all[i];
	qsort(out, taken, sizeof *out, by_rank_then_core);
	return taken;
}

/* One candidate stands for its core; that of the housekeeping CPU comes last as a whole. */
static size_t find_leads(struct candidate *leads, const struct candidate *c, size_t n)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		if (c[i].rank == 0) {
			leads[found] = c[i];
			leads[found++].is_last = c[i].shares_housekeeping;
		}
	return found;
}

static void order_by_core(const struct policy *p, struct candidate *c, size_t n, size_t want)
{
	_cleanup_free_ struct candidate *all = xcalloc(n > 0 ? n : 1, sizeof *all);
	_cleanup_free_ struct candidate *leads = xcalloc(n > 0 ? n : 1, sizeof *leads);
	size_t leads_n = find_leads(leads, c, n), largest = 1, taken = 0;

	memcpy(all, c, n * sizeof *c);
	for (size_t i = 0; i < n; i++)
		if ((size_t)all[i].rank >= largest)
			largest = (size_t)all[i].rank + 1;
	/* As few cores as hold the threads; more than that only where cores differ. */
	for (size_t cores = (want + largest - 1) / largest; cores <= leads_n; cores++) {
		p->order(leads, leads_n, cores);
		taken = 0;
		for (size_t i = 0; i < cores; i++)
			taken += take_core(c + taken, all, n, leads[i].cpu->core);
		if (taken >= want) {
			for (size_t i = cores; i < leads_n; i++)
				taken += take_core(c + taken, all, n, leads[i].cpu->core);
			return;
		}
	}
}

void policy_order(
	const struct policy *p, bool is_by_core, struct candidate *c, size_t n, size_t want)
{
	if (is_by_core || p->is_by_core)
		order_by_core(p, c, n, want);
	else
		p->order(c, n, want);
}

const struct policy policies[] = {
	{"close", order_close, false, "one thread per core, neighbours first"},
	{"compact", order_close, true, "all threads of a core, then the next core"},
	{"scatter", order_scatter, false, "in turn over packages, caches and cores"},
	{"balanced", order_balanced, false, "split evenly over the cores, neighbours together"},
	{"explicit", NULL, false, "the CPUs that were listed, in their order"},
};
const size_t policies_n = ARRAY_SIZE(policies);
