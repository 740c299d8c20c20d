#include "coordinator/report/axis_choice.h"
#include "proto/units.h"

bool axis_number(const char *text, enum axis_meaning meaning, double *out)
{
	int64_t value;

	if (text_is_number(text, out))
		return true;
	if (meaning == AXIS_FREQUENCY ? units_parse_frequency(text, &value, NULL) < 0
				      : units_parse_size(text, &value, NULL) < 0)
		return false;
	*out = (double)value;
	return true;
}

bool axis_make_numeric(struct direction *d, enum axis_meaning meaning, bool *has_unit)
{
	double *numbers;

	*has_unit = false;
	if (d->is_numeric)
		return true;
	numbers = xcalloc(d->n + 1, sizeof *numbers);
	for (size_t i = 0; i < d->n; i++) {
		double plain;
		if (!axis_number(d->values[i], meaning, &numbers[i])) {
			free(numbers);
			return false;
		}
		*has_unit |= !text_is_number(d->values[i], &plain);
	}
	free(d->numbers);
	d->numbers = numbers;
	d->is_numeric = d->n > 0;
	return d->is_numeric;
}

static bool is_text(const char *a, const char *b)
{
	return a != NULL && strcmp(a, b) == 0;
}

/* By what the campaign does with it, or by its name. */
static bool is_frequency(const struct figure_source *source, const char *name)
{
	static const char *const names[] = {"clock", "ghz", "mhz", "khz", "hz"};
	const struct campaign *c = source->study->campaign;
	_cleanup_free_ char *template = xasprintf("{%s}", name);

	for (size_t i = 0; c != NULL && i < c->benchmarks_n; i++) {
		char *const *settings = c->benchmarks[i].settings;
		if (is_text(settings[SETTING_FREQUENCY_MIN], template) ||
			is_text(settings[SETTING_FREQUENCY_MAX], template))
			return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcasecmp(name, names[i]) == 0)
			return true;
	}
	return strcasestr(name, "freq") != NULL;
}

/* The axis that says how much runs at once, the caller's; NULL: there is none. */
static char *parallel_axis(const struct figure_source *source)
{
	const struct report_figure any = {.kind = NULL};
	struct layout l;

	layout_make(&any, source, NULL, LAYOUT_X_THREADS, &l);
	char *name = l.x.name == NULL ? NULL : xstrdup(l.x.name);
	layout_done(&l);
	return name;
}

static bool is_drawn(const struct figure_source *source, size_t configuration)
{
	const struct gathered *g = &source->study->g;

	for (size_t lane = 0; lane < g->lanes_n; lane++) {
		if (source->kept[lane * g->configurations_n + configuration] &&
			gathered_cell(g, lane, configuration)->done > 0)
			return true;
	}
	return false;
}

/* Whether it has several values, all of them numbers but where it is one of names. */
static bool is_varied(
	const struct figure_source *source, const char *name, enum axis_meaning meaning)
{
	const struct gathered *g = &source->study->g;
	const char *first = NULL;
	bool differs = false;

	for (size_t i = 0; i < g->configurations_n; i++) {
		const char *value = parameters_get(&g->configurations[i].parameters, name);
		double number;
		if (value == NULL || !is_drawn(source, i))
			continue;
		if (meaning != AXIS_CLOCK && !axis_number(value, meaning, &number))
			return false;
		differs |= first != NULL && strcmp(first, value) != 0;
		first = value;
	}
	return differs;
}

const char *axis_choose(const struct figure_source *source, enum axis_meaning meaning)
{
	const struct gathered *g = &source->study->g;
	_cleanup_free_ char *parallel = parallel_axis(source);
	const char *seen[64];
	size_t seen_n = 0;

	for (size_t i = 0; i < g->configurations_n; i++) {
		const struct parameters *p = &g->configurations[i].parameters;
		for (size_t k = 0; k < p->n; k++) {
			const char *name = p->items[k].name;
			bool is_new = true;
			for (size_t j = 0; j < seen_n && is_new; j++)
				is_new = strcmp(seen[j], name) != 0;
			if (!is_new || seen_n == ARRAY_SIZE(seen))
				continue;
			seen[seen_n++] = name;
			if (is_text(parallel, name) ||
				is_frequency(source, name) != (meaning != AXIS_SIZE))
				continue;
			if (is_varied(source, name, meaning))
				return name;
		}
	}
	return NULL;
}
