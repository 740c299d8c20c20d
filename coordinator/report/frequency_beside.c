#include "coordinator/report/frequency_beside.h"
#include "coordinator/findings/host_text.h"
#include <math.h>

static const char *const throttles[] = {
	"throttle.core", "throttle.package", "throttle.power_limit"};

void frequency_beside_find(
	const struct gathered *g, bool is_along_axis, struct frequency_beside *out)
{
	struct quantity q;

	*out = (struct frequency_beside){.throttled = 0};
	out->has_busy = is_along_axis && quantity_named(g, "frequency.busy", &out->busy);
	for (size_t i = 0; i < ARRAY_SIZE(throttles); i++)
		out->has_throttled |= quantity_named(g, throttles[i], &q);
}

void frequency_beside_fields(const struct frequency_beside *b, struct figure *f)
{
	if (b->has_busy) {
		figure_field(f, "busy", FIELD_NUMBER, "GHz", "measured while busy");
		figure_field(f, "base", FIELD_NUMBER, "GHz", "base frequency: turbo is above");
	}
	if (b->has_throttled)
		figure_field(f, "throttled", FIELD_NUMBER, "%", "runs that were throttled");
}

/* The frequency that the host's CPUs have without turbo; NaN where it does not say. */
static double base_of(const struct gathered *g, size_t lane)
{
	json_t *inventory = host_inventory(g->lanes[lane].inventory);
	const json_t *base = json_object_get(json_object_get(inventory, "frequency"), "base");
	double out = json_is_number(base) ? json_number_value(base) / 1e9 : NAN;

	json_decref(inventory);
	return out;
}

static bool has_run_above_zero(const struct series *s, int64_t run, size_t *at)
{
	while (*at < s->n && s->runs[*at] < run)
		++*at;
	return *at < s->n && s->runs[*at] == run && s->values[*at] > 0;
}

/* Runs of a cell that some counter of throttling moved in; each run counts once, whichever of the
 * counters it has. NaN: not known. */
static double throttled_of(const struct gathered *g, const struct placed *cell)
{
	const struct gathered_cell *of = gathered_cell(g, cell->lane, cell->configuration);
	const struct series *s[ARRAY_SIZE(throttles)], *most = NULL;
	size_t at[ARRAY_SIZE(throttles)] = {0}, hot = 0;

	for (size_t k = 0; k < ARRAY_SIZE(throttles); k++) {
		s[k] = gathered_series(of, gathered_metric(g, throttles[k]));
		if (s[k] != NULL && (most == NULL || s[k]->n > most->n))
			most = s[k];
	}
	for (size_t i = 0; most != NULL && i < most->n; i++) {
		bool is_hot = false;
		for (size_t k = 0; k < ARRAY_SIZE(throttles); k++)
			is_hot |= s[k] != NULL && has_run_above_zero(s[k], most->runs[i], &at[k]);
		hot += is_hot;
	}
	return most == NULL || most->n == 0 ? NAN : 100 * (double)hot / (double)most->n;
}

void frequency_beside_set(struct frequency_beside *b, const struct gathered *g,
	const struct placed *cell, struct figure *f)
{
	struct summary s;

	if (b->has_busy) {
		quantity_summary(g, &b->busy, cell->lane, cell->configuration, 0.95, &s);
		figure_set_number(f, "busy", s.n > 0 ? s.median / 1e9 : NAN);
		figure_set_number(f, "base", base_of(g, cell->lane));
	}
	if (b->has_throttled) {
		double throttled = throttled_of(g, cell);
		figure_set_number(f, "throttled", throttled);
		b->throttled += throttled > 0;
	}
}
