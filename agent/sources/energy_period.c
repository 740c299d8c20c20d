/*
 * energy_period.c - watching counters change
 */
#include "agent/sources/energy_period.h"
#include "proto/clock.h"

/*
 * A gap counts when no two readings in it were further apart than this: longer, and updates may
 * have gone by unseen. Where enough gaps were read more densely, they alone count, because each gap
 * looks longer by up to two such spaces.
 */
static const int64_t spacing_ns[] = {25000, 100000, 300000};

#define DENSITIES ARRAY_SIZE(spacing_ns)

/* Enough gaps to have seen the rare long one. */
#define ENOUGH_GAPS 200

/* Too few to say anything about a largest one. */
#define FEW_GAPS 5

struct watch {
	int64_t value;
	int64_t read_ns;    /* start of the last reading */
	int64_t change_ns;  /* start of the last reading before the last change: the update came
			       after it */
	int64_t widest_ns;  /* largest space between readings since then */
	int64_t silence_ns; /* longest time without a change, seen whole or not */
	bool has_change;    /* so that the next change ends a gap */
	struct {
		int gaps;
		int64_t longest_ns;
	} seen[DENSITIES];
};

static void see_change(struct watch *w, struct energy_period *p, int64_t value, int64_t end_ns)
{
	int64_t gap_ns = end_ns - w->change_ns; /* at most */

	if (gap_ns > w->silence_ns)
		w->silence_ns = gap_ns;
	for (size_t d = 0; d < DENSITIES && w->has_change; d++) {
		if (w->widest_ns > spacing_ns[d])
			continue;
		w->seen[d].gaps++;
		if (gap_ns > w->seen[d].longest_ns)
			w->seen[d].longest_ns = gap_ns;
	}
	w->value = value;
	w->change_ns = w->read_ns;
	w->widest_ns = end_ns - w->read_ns;
	w->has_change = true;
	p->changes++;
}

static void look(
	struct watch *w, struct energy_period *p, size_t i, energy_read_fn *read, void *arg)
{
	int64_t begin_ns = clock_raw_ns();
	int64_t value = read(arg, i);
	int64_t end_ns = clock_raw_ns();

	if (value < 0) {
		p->is_broken = true;
		return;
	}
	if (end_ns - w->read_ns > w->widest_ns)
		w->widest_ns = end_ns - w->read_ns;
	if (value != w->value)
		see_change(w, p, value, end_ns);
	w->read_ns = begin_ns;
}

static bool has_seen_enough(const struct watch *w, const struct energy_period *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!p[i].is_broken && w[i].seen[0].gaps < ENOUGH_GAPS)
			return false;
	return true;
}

/* Of the densest readings that are enough; of any that are a few; else the longest silence, the one
 * at the end too. */
static int64_t longest_gap(const struct watch *w, int64_t end_ns)
{
	for (size_t d = 0; d < DENSITIES; d++)
		if (w->seen[d].gaps >= ENOUGH_GAPS / 4)
			return w->seen[d].longest_ns;
	for (size_t d = DENSITIES; d-- > 0;)
		if (w->seen[d].gaps >= FEW_GAPS)
			return w->seen[d].longest_ns;
	return end_ns - w->change_ns > w->silence_ns ? end_ns - w->change_ns : w->silence_ns;
}

void energy_period_measure(
	struct energy_period *out, size_t n, energy_read_fn *read, void *arg, int64_t limit_ns)
{
	_cleanup_free_ struct watch *w = xcalloc(n > 0 ? n : 1, sizeof *w);
	int64_t start_ns = clock_raw_ns();

	for (size_t i = 0; i < n; i++) {
		out[i] = (struct energy_period){0};
		w[i].read_ns = w[i].change_ns = clock_raw_ns();
		w[i].value = read(arg, i);
		out[i].is_broken = w[i].value < 0;
	}
	while (!has_seen_enough(w, out, n) && clock_raw_ns() - start_ns < limit_ns)
		for (size_t i = 0; i < n; i++)
			if (!out[i].is_broken)
				look(&w[i], &out[i], i, read, arg);

	int64_t end_ns = clock_raw_ns();
	for (size_t i = 0; i < n; i++)
		out[i].gap_ns = longest_gap(&w[i], end_ns);
}
