/*
 * energy_period.c - watching counters change
 */
#include "agent/sources/energy_period.h"
#include "agent/sources/counter.h"
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

/* Gaps that are kept for their median; later ones count for the longest alone. */
#define KEPT_GAPS 512

struct gap {
	int64_t length_ns;  /* between the middles of the readings around either change */
	int64_t variance;   /* ns^2, of that for its readings */
	int64_t spacing_ns; /* widest space between readings in it */
};

struct watch {
	int64_t value;
	int64_t read_ns;   /* start of the last reading */
	int64_t change_ns; /* start of the last reading before the last change: the update came
			      after it */
	int64_t edge_ns;   /* and about then */
	int64_t edge_width_ns;
	int64_t widest_ns;  /* largest space between readings since then */
	int64_t silence_ns; /* longest time without a change, seen whole or not */
	bool has_change;    /* so that the next change ends a gap */
	struct {
		int gaps;
		int64_t longest_ns;
	} seen[DENSITIES];
	struct gap gaps[KEPT_GAPS];
	size_t gaps_n;
};

/* Between two readings one after the other a change can have come with the density of a triangle:
 * width^2 / 24. */
static void keep_gap(struct watch *w, int64_t edge_ns, int64_t edge_width_ns)
{
	if (w->gaps_n == KEPT_GAPS || w->widest_ns > spacing_ns[DENSITIES - 1])
		return;
	w->gaps[w->gaps_n++] = (struct gap){edge_ns - w->edge_ns,
		(w->edge_width_ns * w->edge_width_ns + edge_width_ns * edge_width_ns) / 24,
		w->widest_ns};
}

static void see_change(struct watch *w, struct energy_period *p, int64_t value, int64_t end_ns)
{
	int64_t gap_ns = end_ns - w->change_ns; /* at most */
	int64_t edge_width_ns = end_ns - w->read_ns, edge_ns = w->read_ns + edge_width_ns / 2;

	if (gap_ns > w->silence_ns)
		w->silence_ns = gap_ns;
	for (size_t d = 0; d < DENSITIES && w->has_change; d++) {
		if (w->widest_ns > spacing_ns[d])
			continue;
		w->seen[d].gaps++;
		if (gap_ns > w->seen[d].longest_ns)
			w->seen[d].longest_ns = gap_ns;
	}
	if (w->has_change)
		keep_gap(w, edge_ns, edge_width_ns);
	w->value = value;
	w->change_ns = w->read_ns;
	w->edge_ns = edge_ns;
	w->edge_width_ns = edge_width_ns;
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

static int compare_gaps(const void *a, const void *b)
{
	const struct gap *x = a, *y = b;

	return x->length_ns < y->length_ns ? -1 : x->length_ns > y->length_ns;
}

/* Drop the gaps that were read less densely than that. Returns how many are left. */
static size_t keep_dense(struct watch *w, int64_t at_most_ns)
{
	size_t kept = 0;

	for (size_t i = 0; i < w->gaps_n; i++)
		if (w->gaps[i].spacing_ns <= at_most_ns)
			w->gaps[kept++] = w->gaps[i];
	return w->gaps_n = kept;
}

static void find_usual(struct watch *w, struct energy_period *p, int64_t time_ns)
{
	int64_t sum = 0;

	for (size_t d = 0; d < DENSITIES; d++)
		if (w->seen[d].gaps >= ENOUGH_GAPS / 4) {
			keep_dense(w, spacing_ns[d]);
			break;
		}
	if (w->gaps_n < FEW_GAPS) {
		p->median_ns = p->changes > 1 ? time_ns / p->changes : p->gap_ns;
		p->deviation_ns = p->median_ns / 2;
		return;
	}
	qsort(w->gaps, w->gaps_n, sizeof w->gaps[0], compare_gaps);
	p->median_ns = w->gaps[w->gaps_n / 2].length_ns;
	for (size_t i = 0; i < w->gaps_n; i++) {
		int64_t off = w->gaps[i].length_ns - p->median_ns;
		sum += off * off - w->gaps[i].variance;
	}
	p->deviation_ns = sum > 0 ? counter_root(sum / (int64_t)w->gaps_n) : 0;
}

void energy_period_measure(
	struct energy_period *out, size_t n, energy_read_fn *read, void *arg, int64_t limit_ns)
{
	_cleanup_free_ struct watch *w = xcalloc(n > 0 ? n : 1, sizeof *w);
	bool is_last = false;

	for (size_t i = 0; i < n; i++) {
		out[i] = (struct energy_period){0};
		w[i].read_ns = w[i].change_ns = clock_raw_ns();
		w[i].value = read(arg, i);
		out[i].is_broken = w[i].value < 0;
	}
	/* However slowly we get on: the last reading comes after the whole time. */
	int64_t start_ns = clock_raw_ns();
	while (!is_last && !has_seen_enough(w, out, n)) {
		is_last = clock_raw_ns() - start_ns >= limit_ns;
		for (size_t i = 0; i < n; i++)
			if (!out[i].is_broken)
				look(&w[i], &out[i], i, read, arg);
	}

	int64_t end_ns = clock_raw_ns();
	for (size_t i = 0; i < n; i++) {
		out[i].gap_ns = longest_gap(&w[i], end_ns);
		find_usual(&w[i], &out[i], end_ns - start_ns);
		/* The middle of a gap's ends may be further apart than its bound by rounding alone.
		 */
		if (out[i].median_ns > out[i].gap_ns)
			out[i].median_ns = out[i].gap_ns;
		if (out[i].median_ns < 1)
			out[i].median_ns = 1;
	}
}
