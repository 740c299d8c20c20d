#include "coordinator/commands/summary_columns.h"

static const struct {
	const char *name;
	bool has_unit;
} statistics[STATISTICS] = {
	[STATISTIC_WHOLE] = {"", true},
	[STATISTIC_N] = {"n", false},
	[STATISTIC_MEDIAN] = {"median", true},
	[STATISTIC_LOW] = {"low", true},
	[STATISTIC_HIGH] = {"high", true},
	[STATISTIC_MEAN] = {"mean", true},
	[STATISTIC_DEVIATION] = {"deviation", true},
	[STATISTIC_CV] = {"cv", false},
	[STATISTIC_MIN] = {"min", true},
	[STATISTIC_MAX] = {"max", true},
	[STATISTIC_OUTLIERS] = {"outliers", false},
	[STATISTIC_DRIFT] = {"drift", false},
	[STATISTIC_RATIO] = {"ratio", false},
};

const char *statistic_name(enum statistic statistic)
{
	return statistics[statistic].name;
}

bool statistic_has_unit(enum statistic statistic)
{
	return statistics[statistic].has_unit;
}

/* The statistic of this name; STATISTICS where there is none. */
static enum statistic find_statistic(const char *name)
{
	size_t i = STATISTIC_WHOLE + 1;

	while (i < STATISTICS && strcmp(statistics[i].name, name) != 0)
		i++;
	return (enum statistic)i;
}

/* The metric of len bytes of name that some run has; metrics_n where there is none. */
static size_t find_metric(const struct gathered *g, const char *name, size_t len)
{
	_cleanup_free_ char *copy = xstrndup(name, len);
	size_t metric = gathered_metric(g, copy);

	return metric < g->metrics_n && g->metrics[metric].is_used ? metric : g->metrics_n;
}

struct found {
	struct summary_column *items;
	size_t n;
};

/* Once, although it is named twice, or by itself and with its metric. */
static void add(struct found *f, size_t metric, enum statistic statistic)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->items[i].metric == metric && f->items[i].statistic == statistic)
			return;
	f->items = xreallocarray(f->items, f->n + 1, sizeof *f->items);
	f->items[f->n++] = (struct summary_column){.metric = metric, .statistic = statistic};
}

/* A metric, or a metric and its statistic. */
static bool add_metric(const struct gathered *g, const char *name, struct found *f)
{
	const char *dot = strrchr(name, '.');
	size_t metric = find_metric(g, name, strlen(name));

	if (metric < g->metrics_n) {
		add(f, metric, STATISTIC_WHOLE);
		return true;
	}
	enum statistic statistic = dot == NULL ? STATISTICS : find_statistic(dot + 1);
	if (statistic == STATISTICS)
		return false;
	metric = find_metric(g, name, (size_t)(dot - name));
	if (metric < g->metrics_n)
		add(f, metric, statistic);
	return metric < g->metrics_n;
}

/* A statistic alone. */
static bool add_statistic(const struct gathered *g, const char *name, struct found *f)
{
	static const char *const of[] = {"time", "energy.package"};
	enum statistic statistic = find_statistic(name);
	bool is_known = false;

	for (size_t i = 0; i < ARRAY_SIZE(of) && statistic < STATISTICS; i++) {
		size_t metric = find_metric(g, of[i], strlen(of[i]));
		if (metric < g->metrics_n) {
			add(f, metric, statistic);
			is_known = true;
		}
	}
	return is_known;
}

static int refuse(const struct gathered *g, const char *option, const char *name, struct error *err)
{
	const char **known = xcalloc(g->metrics_n + STATISTICS, sizeof *known);

	for (size_t i = 0; i < g->metrics_n; i++)
		known[i] = g->metrics[i].is_used ? g->metrics[i].name : NULL;
	for (size_t i = STATISTIC_WHOLE + 1; i < STATISTICS; i++)
		known[g->metrics_n + i] = statistics[i].name;
	const char *nearest = nearest_word(name, known, g->metrics_n + STATISTICS);
	int code = error_set(err, ERR_USAGE, "results: %s: no run of %s has a metric '%s'%s%s%s",
		option, g->label, name, nearest == NULL ? "" : "; did you mean '",
		nearest == NULL ? "" : nearest, nearest == NULL ? "" : "'?");
	free(known);
	return code;
}

int summary_columns_find(const struct gathered *g, const char *option, const char *list,
	struct summary_column **out, struct error *err)
{
	_cleanup_free_ char *copy = xstrdup(list);
	struct found f = {0};
	char *rest = NULL;
	int code = 0;

	for (char *name = strtok_r(copy, ",", &rest); name != NULL && code == 0;
		name = strtok_r(NULL, ",", &rest)) {
		if (!add_metric(g, name, &f) && !add_statistic(g, name, &f))
			code = refuse(g, option, name, err);
	}
	*out = f.items;
	return code < 0 ? code : (int)f.n;
}
