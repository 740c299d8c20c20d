#include "coordinator/findings/normalise.h"

#include "coordinator/findings/series.h"

const char *const normalised_names[] = {"core", "hertz", "watt", NULL};

enum normalised_per normalised_by_name(const char *name)
{
	for (size_t i = 0; normalised_names[i] != NULL; i++)
		if (strcmp(normalised_names[i], name) == 0)
			return (enum normalised_per)(PER_CORE + i);
	return PER_NOTHING;
}

/* ---- units ---- */

/* "s", and "s/item" of work. */
static bool is_time(const char *unit)
{
	return unit[0] == 's' && (unit[1] == '\0' || unit[1] == '/');
}

static bool is_rate(const char *unit)
{
	size_t len = strlen(unit);

	return len > 2 && strcmp(unit + len - 2, "/s") == 0;
}

static bool is_amount(const char *unit)
{
	return strcmp(unit, "J") == 0 || strncmp(unit, "J/", 2) == 0 || strcmp(unit, "W") == 0 ||
	       strcmp(unit, "B") == 0;
}

bool normalise_fits(enum normalised_per per, const char *unit)
{
	return is_time(unit) || is_rate(unit) || (per == PER_CORE && is_amount(unit));
}

char *normalised_unit(enum normalised_per per, const char *unit)
{
	static const char *const times[] = {
		[PER_CORE] = "core·s", [PER_HERTZ] = "1", [PER_WATT] = "J"};
	static const char *const rates[] = {
		[PER_CORE] = "/core", [PER_HERTZ] = "/Hz", [PER_WATT] = "/W"};

	if (is_time(unit))
		return xasprintf("%s%s", times[per], unit + 1);
	return xasprintf("%s%s", unit, rates[per]);
}

/* ---- values ---- */

/* The same number for every run: the CPUs that the placement gave. */
static struct series of_cores(const struct gathered_cell *cell, const struct series *like)
{
	struct series out = series_combine(like, like, SERIES_FIRST);

	for (size_t i = 0; i < out.n; i++)
		out.values[i] = (double)cell->cpus;
	if (cell->cpus == 0)
		out.n = 0;
	return out;
}

struct series normalised_series(enum normalised_per per, const struct gathered *g, size_t lane,
	size_t configuration, const struct series *s, const char *unit)
{
	const struct gathered_cell *cell = gathered_cell(g, lane, configuration);
	enum series_operation operation = is_time(unit) ? SERIES_TIMES : SERIES_OVER;
	struct series cores = {0}, out;

	if (per == PER_CORE) {
		cores = of_cores(cell, s);
		out = series_combine(s, &cores, operation);
		series_done(&cores);
		return out;
	}
	return series_combine(s,
		series_of(g, lane, configuration,
			per == PER_HERTZ ? "frequency.busy" : "power.package"),
		operation);
}
