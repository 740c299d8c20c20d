#include "coordinator/findings/break_even.h"

#include "coordinator/analysis/summary.h"
#include "coordinator/findings/counterparts.h"
#include "coordinator/findings/series.h"
#include <math.h>

struct side {
	const struct series *time, *energy, *net, *idle;
};

static struct side side_of(const struct gathered *g, size_t lane, size_t configuration)
{
	return (struct side){
		.time = series_of(g, lane, configuration, "time"),
		.energy = series_of(g, lane, configuration, "energy.package"),
		.net = series_of(g, lane, configuration, "energy.package.net"),
		.idle = series_of(g, lane, configuration, "power.package.idle"),
	};
}

/* The ratio of two powers, each an energy by the time of the same run. */
static void ratio_of_power(const struct series *energy, const struct series *time,
	const struct series *other_energy, const struct series *other_time, double level,
	struct ratio *out)
{
	struct series a = series_combine(energy, time, SERIES_OVER);
	struct series b = series_combine(other_energy, other_time, SERIES_OVER);

	series_ratio(&a, &b, level, out);
	series_done(&a);
	series_done(&b);
}

enum break_even_sign break_even_judge(const struct ratio *energy)
{
	if (isnan(energy->ratio))
		return BREAK_EVEN_NONE;
	if (energy->high < 1)
		return BREAK_EVEN_SAVES;
	return energy->low > 1 ? BREAK_EVEN_WASTES : BREAK_EVEN_UNDECIDED;
}

static double idle_of(const struct side *a, const struct side *b)
{
	size_t n = (a->idle ? a->idle->n : 0) + (b->idle ? b->idle->n : 0);
	_cleanup_free_ double *all = xcalloc(n + 1, sizeof *all);
	const struct side *both[] = {a, b};
	struct summary s;

	n = 0;
	for (int k = 0; k < 2; k++)
		for (size_t i = 0; both[k]->idle != NULL && i < both[k]->idle->n; i++)
			all[n++] = both[k]->idle->values[i];
	summary_of(all, n, 0.95, &s);
	return n > 0 ? s.median : NAN;
}

/* Returns whether there is anything to say. */
static bool fill(struct break_even *b, const struct gathered *g, double level)
{
	const struct side c = side_of(g, b->lane, b->configuration);
	const struct side base = side_of(g, b->lane, b->baseline);

	series_ratio(c.energy, base.energy, level, &b->energy);
	series_ratio(base.time, c.time, level, &b->speedup);
	if (isnan(b->energy.ratio) || isnan(b->speedup.ratio))
		return false;
	series_ratio(c.net, base.net, level, &b->net_energy);
	ratio_of_power(c.energy, c.time, base.energy, base.time, level, &b->gross);
	ratio_of_power(c.net, c.time, base.net, base.time, level, &b->net);
	b->idle = idle_of(&c, &base);
	b->sign = break_even_judge(&b->energy);
	b->net_sign = break_even_judge(&b->net_energy);
	return true;
}

int break_evens_make(const struct gathered *g, const char *by, const char *baseline, double level,
	struct break_evens *out, struct error *err)
{
	*out = (struct break_evens){0};
	if (counterparts_check(g, by, baseline, err) < 0)
		return ERR_USAGE;
	struct counterparts *index = counterparts_new(g, by, baseline);
	for (size_t c = 0; c < g->configurations_n; c++) {
		const char *value = parameters_get(&g->configurations[c].parameters, by);
		int base = value == NULL ? -1 : counterparts_find(index, &g->configurations[c]);

		if (base < 0 || (size_t)base == c)
			continue;
		for (size_t lane = 0; lane < g->lanes_n; lane++) {
			struct break_even b = {
				.configuration = c, .baseline = (size_t)base, .lane = lane};

			if (gathered_cell(g, lane, c)->done == 0 ||
				gathered_cell(g, lane, (size_t)base)->done == 0)
				continue;
			if (!fill(&b, g, level)) {
				out->without_energy++;
				continue;
			}
			out->items = xreallocarray(out->items, out->n + 1, sizeof *out->items);
			out->items[out->n++] = b;
		}
	}
	counterparts_free(index);
	return 0;
}

void break_evens_done(struct break_evens *b)
{
	free(b->items);
	*b = (struct break_evens){0};
}

const char *break_even_name(enum break_even_sign sign)
{
	static const char *const names[] = {
		[BREAK_EVEN_NONE] = "none",
		[BREAK_EVEN_UNDECIDED] = "undecided",
		[BREAK_EVEN_SAVES] = "saves",
		[BREAK_EVEN_WASTES] = "wastes",
	};

	return names[sign];
}
