/*
 * How busy each CPU was: a row for each configuration, a column for each CPU, from the samples of
 * one run of it; below it, how many CPUs that makes and how unevenly the load lay on them.
 */
#include "coordinator/analysis/gini.h"
#include "coordinator/findings/timeline.h"
#include "coordinator/report/figure_parts.h"
#include "coordinator/report/labels.h"
#include "coordinator/report/thin.h"
#include <math.h>

#define MAX_COLUMNS 24 /* of a host */
#define MAX_HOSTS   6

static const char each_prefix[] = "cpu.busy.", package_prefix[] = "cpu.busy.package-";

/* What one run says. */
struct column {
	size_t lane, configuration;
	int64_t run;
	char *label;
	int *cpus; /* their numbers, or those of packages; ascending as the agent has them */
	double *shares;
	size_t n;
};

struct columns {
	const struct figure_source *source;
	struct column *items;
	size_t n, wanted;
	size_t hosts, all_hosts; /* with columns; with runs at all */
	bool is_by_package;
	size_t cpus; /* most of a host */
};

/* ---- a column out of samples ---- */

/* Channels "cpu.busy.17", or where there are too many CPUs "cpu.busy.package-1". */
static bool busy_channel(const char *name, int *number, bool *is_package)
{
	const char *digits = NULL;

	*is_package = strncmp(name, package_prefix, strlen(package_prefix)) == 0;
	if (strncmp(name, each_prefix, strlen(each_prefix)) == 0)
		digits = name + strlen(*is_package ? package_prefix : each_prefix);
	if (digits == NULL || *digits == '\0' || digits[strspn(digits, "0123456789")] != '\0' ||
		strlen(digits) > 6)
		return false;
	*number = atoi(digits);
	return true;
}

static void take_shares(struct columns *all, struct column *c, const struct timeline *t)
{
	c->cpus = xcalloc(t->channels_n + 1, sizeof *c->cpus);
	c->shares = xcalloc(t->channels_n + 1, sizeof *c->shares);
	for (size_t i = 0; i < t->channels_n; i++) {
		const struct timeline_channel *from = &t->channels[i];
		bool is_package;
		if (!(from->covered > 0) || !busy_channel(from->name, &c->cpus[c->n], &is_package))
			continue;
		/* Ticks of 10 ms can make a little more than all of a short run. */
		double share = from->total / from->covered;
		c->shares[c->n++] = is_package ? share : fmin(share, 1);
		all->is_by_package |= is_package;
	}
	all->cpus = c->n > all->cpus ? c->n : all->cpus;
}

static void column_done(struct column *c)
{
	free(c->label);
	free(c->cpus);
	free(c->shares);
}

static int add_column(struct columns *all, size_t lane, size_t configuration, struct error *err)
{
	const struct gathered *g = &all->source->study->g;
	struct column c = {.lane = lane, .configuration = configuration};
	struct timeline t;

	c.run = typical_run(
		gathered_cell(g, lane, configuration), gathered_metric(g, "time"), NULL);
	if (c.run == 0)
		return 0;
	int code = timeline_read(all->source->results, g->label, c.run, &t, err);
	if (code == 0)
		take_shares(all, &c, &t);
	timeline_done(&t);
	if (code < 0 || c.n == 0) {
		column_done(&c);
		return code;
	}
	all->items = xreallocarray(all->items, all->n + 1, sizeof c);
	all->items[all->n++] = c;
	return 0;
}

/* ---- which columns ---- */

static size_t wanted_of(const struct columns *all, size_t lane, size_t *configurations)
{
	const struct gathered *g = &all->source->study->g;
	size_t n = 0;

	for (size_t c = 0; c < g->configurations_n; c++) {
		if (all->source->kept[lane * g->configurations_n + c] &&
			gathered_cell(g, lane, c)->done > 0)
			configurations[n++] = c;
	}
	return n;
}

/* How many CPUs a host has: the first of its runs with samples tells. 0: none has any. */
static int look_at_host(
	struct columns *all, size_t lane, const size_t *wanted, size_t n, struct error *err)
{
	size_t before = all->n, most = n < MAX_COLUMNS ? n : MAX_COLUMNS;
	int code = 0;

	for (size_t i = 0; i < most && code == 0 && all->n == before; i++)
		code = add_column(all, lane, wanted[thin_start(n, most, i)], err);
	if (all->n > before)
		column_done(&all->items[--all->n]);
	return code;
}

/* As many columns of each host as its share of the rows has room for, spread evenly. */
static int add_host(struct columns *all, size_t lane, const size_t *wanted, size_t n, size_t hosts,
	struct error *err)
{
	size_t most = n < MAX_COLUMNS ? n : MAX_COLUMNS, before = all->n;
	int code = look_at_host(all, lane, wanted, n, err);

	if (code < 0 || all->cpus == 0)
		return code;
	size_t room = FIGURE_MAX_ROWS / hosts / all->cpus;
	most = room < 1 ? 1 : room < most ? room : most;
	for (size_t i = 0; i < most && code == 0; i++)
		code = add_column(all, lane, wanted[most == 1 ? 0 : i * (n - 1) / (most - 1)], err);
	all->hosts += all->n > before;
	return code;
}

static int add_hosts(struct columns *all, struct error *err)
{
	const struct gathered *g = &all->source->study->g;
	_cleanup_free_ size_t *wanted = xcalloc(g->configurations_n + 1, sizeof *wanted);
	size_t hosts = 0;
	int code = 0;

	for (size_t lane = 0; lane < g->lanes_n; lane++)
		hosts += wanted_of(all, lane, wanted) > 0;
	hosts = hosts < MAX_HOSTS ? hosts : MAX_HOSTS;
	for (size_t lane = 0; lane < g->lanes_n && code == 0; lane++) {
		size_t n = wanted_of(all, lane, wanted);
		all->all_hosts += n > 0;
		all->wanted += n;
		if (n > 0 && all->hosts < hosts)
			code = add_host(all, lane, wanted, n, hosts, err);
	}
	return code;
}

static void name_columns(struct columns *all)
{
	_cleanup_free_ size_t *configurations = xcalloc(all->n + 1, sizeof *configurations);
	_cleanup_free_ char **labels = xcalloc(all->n + 1, sizeof *labels);

	for (size_t i = 0; i < all->n; i++)
		configurations[i] = all->items[i].configuration;
	labels_make(&all->source->study->g, configurations, all->n, NULL, labels);
	for (size_t i = 0; i < all->n; i++)
		all->items[i].label = labels[i];
}

/* ---- the figure ---- */

static double effective_cores(const struct columns *all, const struct column *c)
{
	const struct gathered *g = &all->source->study->g;
	struct quantity q;
	struct summary s;
	double sum = 0;

	if (quantity_named(g, "cores.effective", &q)) {
		quantity_summary(g, &q, c->lane, c->configuration, 0.95, &s);
		if (s.n > 0)
			return s.median;
	}
	for (size_t i = 0; i < c->n; i++)
		sum += c->shares[i];
	return sum;
}

static void add_rows(const struct columns *all, struct figure *f, const struct column *c)
{
	_cleanup_free_ double *sorted = xcalloc(c->n, sizeof *sorted);

	memcpy(sorted, c->shares, c->n * sizeof *sorted);
	for (size_t i = 0; i < c->n; i++) {
		figure_row(f);
		if (f->facet != NULL)
			figure_set_text(f, "host", all->source->study->g.lanes[c->lane].host);
		figure_set_text(f, "configuration", c->label);
		figure_set_number(f, "cpu", c->cpus[i]);
		figure_set_number(
			f, "share", all->is_by_package ? c->shares[i] : 100 * c->shares[i]);
		if (i > 0)
			continue;
		figure_set_number(f, "cores", effective_cores(all, c));
		figure_set_number(f, "gini", gini(sorted, c->n));
	}
}

#define Y "'y':{'field':'configuration','type':'nominal','title':null,'sort':null}"

/* Of a host. */
static size_t most_columns(const struct columns *all)
{
	size_t most = 0, n = 0;

	for (size_t i = 0; i < all->n; i++) {
		n = i > 0 && all->items[i].lane == all->items[i - 1].lane ? n + 1 : 1;
		most = n > most ? n : most;
	}
	return most;
}

static void add_fields_and_panels(const struct columns *all, struct figure *f)
{
	const char *what = all->is_by_package ? "package" : "CPU";

	if (all->hosts > 1) {
		figure_field(f, "host", FIELD_TEXT, NULL, "host");
		f->facet = "host";
	}
	figure_field(f, "configuration", FIELD_TEXT, NULL, "configuration");
	figure_field(f, "cpu", FIELD_NUMBER, NULL, "%s", what);
	figure_field(f, "share", FIELD_NUMBER, all->is_by_package ? NULL : "%",
		all->is_by_package ? "busy CPUs" : "busy");
	figure_field(f, "cores", FIELD_NUMBER, NULL, "CPUs that the program kept busy");
	figure_field(f, "gini", FIELD_NUMBER, NULL, "unevenness (Gini)");
	figure_panel(f,
		"{'mark':'rect','encoding':{'x':{'field':'cpu','type':'ordinal'}," Y
		",'color':{'field':'share','type':'quantitative'%s}}}",
		all->is_by_package ? "" : ",'scale':{'domain':[0,100]}");
	figure_panel(f,
		"{'transform':[{'filter':'datum.cores != null'}],'encoding':{" Y "},'layer':["
		"{'mark':'bar','encoding':{'x':{'field':'cores','type':'quantitative'}}},"
		"{'mark':{'type':'text','align':'left','dx':4},"
		"'encoding':{'x':{'field':'cores','type':'quantitative'},"
		"'text':{'field':'gini','type':'quantitative','format':'.2f'}}}]}");
	f->tall = most_columns(all);
}

static void draw(struct columns *all, struct figures *out)
{
	const char *what = all->is_by_package ? "package" : "CPU";
	struct figure *f = figure_add(out, "utilisation", "How busy each %s was", what);

	name_columns(all);
	add_fields_and_panels(all, f);
	for (size_t i = 0; i < all->n; i++)
		add_rows(all, f, &all->items[i]);
	figure_reading(f,
		"A row is a configuration, a column a %s: the stronger the colour, the busier it "
		"was. Bars below are how many CPUs the program kept busy on average; the number "
		"beside is how unevenly the load lay: 0 the same on each %s, 1 all on one.",
		what, what);
	figure_note(f, "Each row is one run, of its configuration the one that is nearest to the "
		       "median time; what other programs did is in it.");
	if (all->n < all->wanted)
		figure_note(f,
			"Of %zu configurations on %zu host%s, %zu on %zu are shown, spread "
			"evenly.",
			all->wanted, all->all_hosts, all->all_hosts == 1 ? "" : "s", all->n,
			all->hosts);
}

static int make(const struct report_figure *request, const struct figure_source *source,
	struct figures *out, struct error *err)
{
	struct columns all = {.source = source};

	(void)request;
	int code = add_hosts(&all, err);
	if (code == 0 && all.n > 0)
		draw(&all, out);
	else if (code == 0)
		figures_leave_out(out, "utilisation: %s",
			all.wanted == 0 ? "no run that is asked for is done"
					: "the store has no samples of how busy each CPU was");
	for (size_t i = 0; i < all.n; i++)
		column_done(&all.items[i]);
	free(all.items);
	return code;
}

const struct figure_ops figure_utilisation = {
	.kind = "utilisation",
	.help = "how busy each CPU was in each configuration, effective cores and the Gini "
		"coefficient",
	.make = make,
};
