/*
 * A campaign in the order in which it ran: each run against the median of its configuration on its
 * host, so that all configurations fit one chart and what is left is the machine's doing. What
 * failed, what lies far out and how warm it was stand beside it.
 */
#include "coordinator/report/figure_parts.h"
#include "coordinator/report/sequence.h"
#include "coordinator/report/thin.h"
#include <math.h>

#define MAX_HOSTS  6  /* with up to four charts each */
#define MAX_LEVELS 40 /* stretches of runs that a median is drawn of */
#define LEVEL_RUNS 8  /* of as many runs each at least */
#define MAX_FAILED 5  /* one in so many rows at most is a failed run */
#define MAX_TOLD   6  /* changes that the note spells out */

struct plotted {
	const struct figure_source *source;
	struct quantity q;
	struct sequence *hosts; /* [lanes_n] */
	size_t *order;          /* lanes, those that moved most first */
	size_t shown, with_runs;
	size_t runs, rows, failed, failed_rows;
	bool has[SEQUENCE_VALUES];
	bool has_levels, has_outliers, has_canary;
	size_t changes, searched; /* of level; hosts that were looked at for them */
	double low, high;         /* of ratios */
};

/* ---- which hosts ---- */

static void rank_hosts(struct plotted *p)
{
	size_t n = p->source->study->g.lanes_n;

	for (size_t i = 0; i < n; i++) {
		size_t at = p->with_runs;
		if (p->hosts[i].n == 0)
			continue;
		while (at > 0 && p->hosts[p->order[at - 1]].moved < p->hosts[i].moved)
			at--;
		memmove(p->order + at + 1, p->order + at, (p->with_runs - at) * sizeof *p->order);
		p->order[at] = i;
		p->with_runs++;
	}
	p->shown = p->with_runs < MAX_HOSTS ? p->with_runs : MAX_HOSTS;
}

static int compare_lanes(const void *a, const void *b)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b;

	return x < y ? -1 : x > y;
}

static bool is_canary(const struct plotted *p, size_t configuration)
{
	const struct benchmark *b = study_benchmark(p->source->study, configuration);

	return b != NULL && b->is_canary;
}

static void look_at_hosts(struct plotted *p)
{
	p->low = INFINITY;
	p->high = -INFINITY;
	for (size_t i = 0; i < p->shown; i++) {
		const struct sequence *s = &p->hosts[p->order[i]];
		p->runs += s->n;
		p->failed += s->failed_n;
		p->has_levels |= s->levels_n > 0;
		p->changes += s->changes_n;
		p->searched += s->is_searched;
		for (size_t k = 0; k < s->n; k++) {
			const struct sequence_run *r = &s->runs[k];
			p->low = fmin(p->low, r->values[SEQUENCE_RATIO]);
			p->high = fmax(p->high, r->values[SEQUENCE_RATIO]);
			p->has_outliers |= r->is_outlier;
			p->has_canary |= !r->is_outlier && is_canary(p, r->configuration);
			for (int v = 0; v < SEQUENCE_VALUES; v++)
				p->has[v] |= !isnan(r->values[v]);
		}
	}
}

/* ---- rows ---- */

static void new_row(const struct plotted *p, struct figure *f, size_t lane, const char *kind,
	double run, const char *configuration)
{
	figure_row(f);
	if (f->facet != NULL)
		figure_set_text(f, "host", p->source->study->g.lanes[lane].host);
	figure_set_number(f, "run", run);
	figure_set_text(f, "kind", kind);
	figure_set_text(f, "configuration", configuration);
}

static char *name_of(const struct plotted *p, size_t configuration)
{
	const struct gathered_configuration *c = &p->source->study->g.configurations[configuration];
	struct buf out = BUF_INIT;

	buf_addf(&out, "%s%s", c->benchmark, c->parameters.n > 0 ? " " : "");
	parameters_format(&c->parameters, NULL, 0, &out);
	return out.data;
}

static void add_run(
	const struct plotted *p, struct figure *f, size_t lane, const struct sequence_run *r)
{
	_cleanup_free_ char *name = name_of(p, r->configuration);

	new_row(p, f, lane,
		r->is_outlier                    ? "outlier"
		: is_canary(p, r->configuration) ? "canary"
						 : "run",
		(double)r->run, name);
	figure_set_number(f, "ratio", r->values[SEQUENCE_RATIO]);
	if (p->has[SEQUENCE_TEMPERATURE])
		figure_set_number(f, "temperature", r->values[SEQUENCE_TEMPERATURE]);
	if (p->has[SEQUENCE_FREQUENCY])
		figure_set_number(f, "frequency", r->values[SEQUENCE_FREQUENCY] / 1e9);
}

static void mark_extremes(
	const struct sequence *s, enum sequence_value value, size_t most, bool *keep)
{
	_cleanup_free_ double *values = xcalloc(s->n + 1, sizeof *values);

	for (size_t i = 0; i < s->n; i++)
		values[i] = s->runs[i].values[value];
	thin_extremes(values, s->n, most, keep);
}

/* What was measured beside the ratios gets a sixth of the rows each. */
static void add_runs(struct plotted *p, struct figure *f, size_t lane, size_t most)
{
	const struct sequence *s = &p->hosts[lane];
	_cleanup_free_ bool *keep = xcalloc(s->n + 1, sizeof *keep);
	size_t rest = s->n <= most ? 0 : most / 6;

	for (int v = SEQUENCE_RATIO + 1; v < SEQUENCE_VALUES && rest > 0; v++) {
		if (!p->has[v])
			continue;
		mark_extremes(s, v, rest, keep);
		most -= rest;
	}
	mark_extremes(s, SEQUENCE_RATIO, most, keep);
	for (size_t i = 0; i < s->n; i++) {
		if (!keep[i])
			continue;
		add_run(p, f, lane, &s->runs[i]);
		p->rows++;
	}
}

static void add_failed(struct plotted *p, struct figure *f, size_t lane, size_t most)
{
	const struct sequence *s = &p->hosts[lane];
	size_t n = s->failed_n < most ? s->failed_n : most;

	for (size_t i = 0; i < n; i++) {
		const struct sequence_failed *r = &s->failed[thin_start(s->failed_n, n, i)];
		_cleanup_free_ char *name = name_of(p, r->configuration);
		new_row(p, f, lane, "failed", (double)r->run, name);
		p->failed_rows++;
	}
}

static void add_levels(const struct plotted *p, struct figure *f, size_t lane)
{
	const struct sequence *s = &p->hosts[lane];

	for (size_t i = 0; i < s->levels_n; i++) {
		new_row(p, f, lane, "median of neighbours", s->levels[i].run, NULL);
		figure_set_number(f, "ratio", s->levels[i].ratio);
	}
}

static void add_changes(const struct plotted *p, struct figure *f, size_t lane)
{
	const struct sequence *s = &p->hosts[lane];

	for (size_t i = 0; i < s->changes_n; i++) {
		new_row(p, f, lane, "level changed", (double)s->changes[i].run, NULL);
		figure_set_number(f, "change", 100 * (s->changes[i].ratio - 1));
	}
}

static void add_rows(struct plotted *p, struct figure *f)
{
	for (size_t i = 0; i < p->shown; i++) {
		size_t lane = p->order[i], share = FIGURE_MAX_ROWS / p->shown;
		size_t levels = p->hosts[lane].levels_n + p->hosts[lane].changes_n,
		       failed = share / MAX_FAILED;
		add_levels(p, f, lane);
		add_changes(p, f, lane);
		failed = p->hosts[lane].failed_n < failed ? p->hosts[lane].failed_n : failed;
		add_failed(p, f, lane, failed);
		add_runs(p, f, lane, share - levels - failed);
	}
}

/* ---- the chart ---- */

static void add_fields(const struct plotted *p, struct figure *f)
{
	if (p->shown > 1) {
		figure_field(f, "host", FIELD_TEXT, NULL, "host");
		f->facet = "host";
	}
	figure_field(f, "run", FIELD_NUMBER, NULL, "number of the run");
	figure_field(f, "kind", FIELD_TEXT, NULL, "what it is");
	figure_field(f, "ratio", FIELD_NUMBER, NULL, "%s, against the median", p->q.title);
	if (p->changes > 0)
		figure_field(f, "change", FIELD_NUMBER, "%", "new level against old");
	if (p->has[SEQUENCE_TEMPERATURE])
		figure_field(f, "temperature", FIELD_NUMBER, "°C", "hottest package");
	if (p->has[SEQUENCE_FREQUENCY])
		figure_field(f, "frequency", FIELD_NUMBER, "GHz", "frequency while busy");
	figure_field(f, "configuration", FIELD_TEXT, NULL, "configuration");
}

#define X           "'x':{'field':'run','type':'quantitative','scale':{'zero':false,'nice':false}}"
#define Y(it)       "'y':{'field':'" it "','type':'quantitative','scale':{'zero':false}}"
#define COLOR(rest) "'color':{'field':'kind','type':'nominal','scale':{'domain':[%s]}" rest "}"
#define ONE                                                                                        \
	"{'mark':{'type':'rule','strokeDash':[4,4]},'encoding':{'x':null,'color':null,"            \
	"'y':{'datum':1,'type':'quantitative'}}}"
#define LEVELS                                                                                     \
	"{'transform':[{'filter':{'field':'kind','equal':'median of neighbours'}}],"               \
	"'mark':{'type':'line','strokeWidth':3}}"
#define CANARY                                                                                     \
	",{'transform':[{'filter':{'field':'kind','equal':'canary'}}],"                            \
	"'mark':{'type':'line','strokeWidth':1,'point':true}}"
#define CHANGES                                                                                    \
	",{'transform':[{'filter':{'field':'kind','equal':'level changed'}}],"                     \
	"'mark':{'type':'rule','strokeWidth':2},'encoding':{'y':null}}"
#define HOW_MUCH                                                                                   \
	",{'transform':[{'filter':{'field':'kind','equal':'level changed'}}],"                     \
	"'mark':{'type':'text','align':'left','dx':4},'encoding':{'y':{'value':6},"                \
	"'text':{'field':'change','type':'quantitative','format':'+.1f'}}}"

/* The kinds that there are, each with a colour of its own in both charts. */
static char *domain_of(const struct plotted *p)
{
	const bool has[] = {
		true, p->has_outliers, p->has_canary, p->failed > 0, p->has_levels, p->changes > 0};
	static const char *const kinds[] = {
		"run", "outlier", "canary", "failed", "median of neighbours", "level changed"};
	struct buf out = BUF_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (has[i])
			buf_addf(&out, "%s'%s'", i == 0 ? "" : ",", kinds[i]);
	}
	return out.data;
}

/* Of few runs each can be seen from afar. */
static int point_size(const struct plotted *p)
{
	return p->rows < 200 ? 40 : p->rows < 1000 ? 20 : 14;
}

/* All runs; then the medians of neighbours again, alone, as outliers leave them little height. */
static void add_ratios(const struct plotted *p, struct figure *f)
{
	bool is_wide = p->low > 0 && p->high > 20 * p->low;
	_cleanup_free_ char *domain = domain_of(p);
	int size = point_size(p);

	figure_panel(f,
		"{'encoding':{" X
		",'y':{'field':'ratio','type':'quantitative','scale':{%s}}," COLOR(
			"") "},'layer':[" ONE ","
			    "{'transform':[{'filter':{'field':'kind','oneOf':['run','outlier','"
			    "canary']}}],"
			    "'mark':{'type':'point','filled':true,'size':%d,'opacity':0.7}}%s%s%s%"
			    "s]"
			    "}",
		is_wide ? "'type':'log'" : "'zero':false", domain, size,
		p->has_levels ? "," LEVELS : "", p->changes > 0 ? CHANGES : "",
		p->failed == 0 ? ""
			       : ",{'transform':[{'filter':{'field':'kind','equal':'failed'}}],"
				 "'mark':{'type':'point','shape':'cross','filled':true,'size':70},"
				 "'encoding':{",
		p->failed == 0 ? "" : "'y':{'value':'height'}}}");
	if (p->has_levels || p->has_canary)
		figure_panel(f,
			"{'height':110,'encoding':{" X
			"," Y("ratio") "," COLOR(",'legend':null") "},'layer':[" ONE "%s%s%s%s]}",
			domain, p->has_canary ? CANARY : "", p->has_levels ? "," LEVELS : "",
			p->changes > 0 ? CHANGES : "", p->changes > 0 ? HOW_MUCH : "");
}

static void add_panels(const struct plotted *p, struct figure *f)
{
	add_ratios(p, f);
	if (p->has[SEQUENCE_TEMPERATURE])
		figure_panel(f,
			"{'height':110,'mark':{'type':'point','filled':true,'size':%d},"
			"'encoding':{" X "," Y("temperature") "}}",
			point_size(p));
	if (p->has[SEQUENCE_FREQUENCY])
		figure_panel(f,
			"{'height':110,'mark':{'type':'point','filled':true,'size':%d},"
			"'encoding':{" X "," Y("frequency") "}}",
			point_size(p));
}

static void tell_changes(const struct plotted *p, struct figure *f)
{
	size_t told = 0;

	for (size_t i = 0; i < p->shown; i++) {
		const struct sequence *s = &p->hosts[p->order[i]];
		for (size_t k = 0; k < s->changes_n && told < MAX_TOLD; k++, told++)
			figure_note(f, "%s: from run %lld on %+.1f %% [%+.1f, %+.1f].",
				p->source->study->g.lanes[p->order[i]].host,
				(long long)s->changes[k].run, 100 * (s->changes[k].ratio - 1),
				100 * (s->changes[k].low - 1), 100 * (s->changes[k].high - 1));
	}
	if (p->changes > told)
		figure_note(f, "%zu more changes are in the table.", p->changes - told);
	if (p->changes == 0 && p->searched > 0)
		figure_note(f, "No change of level beyond ±%g %% was found.",
			50 * p->source->threshold);
}

static void add_note(const struct plotted *p, struct figure *f)
{
	tell_changes(p, f);
	if (p->rows < p->runs)
		figure_note(f,
			"Of %zu runs on these hosts %zu are drawn: of every stretch of runs the "
			"lowest and the "
			"highest.",
			p->runs, p->rows);
	if (p->failed_rows < p->failed)
		figure_note(f, "Of %zu failed runs %zu are drawn.", p->failed, p->failed_rows);
	if (p->shown < p->with_runs)
		figure_note(f,
			"Of %zu hosts the %zu are shown whose medians of neighbours move most.",
			p->with_runs, p->shown);
}

static void draw(struct plotted *p, struct figures *out)
{
	struct figure *f = figure_add(out, "sequence", "%s, run after run", p->q.title);

	add_fields(p, f);
	add_rows(p, f);
	add_panels(p, f);
	figure_reading(f,
		"Each point is a run, in the order in which they ran; 1 is the median of its "
		"configuration on that host.%s%s%s%s",
		p->has_levels ? " The line, once more by itself, is the median of neighbouring "
				"runs: where it climbs or falls, the machine drifted, whatever the "
				"program did."
			      : "",
		p->changes > 0 ? " An upright line is where the level changed, by so many percent."
			       : "",
		p->has_canary ? " The canary is one program that nothing is compared in: what "
				"moves it moves the machine."
			      : "",
		p->failed > 0 ? " What failed stands at the lower edge." : "");
	add_note(p, f);
}

static int make(const struct report_figure *request, const struct figure_source *source,
	struct figures *out, struct error *err)
{
	const struct gathered *g = &source->study->g;
	const char *metric = request->metric != NULL ? request->metric : "time";
	struct plotted p = {.source = source};

	if (!quantity_named(g, metric, &p.q)) {
		figures_leave_out(out, "sequence: no run has %s", metric);
		return 0;
	}
	p.hosts = xcalloc(g->lanes_n + 1, sizeof *p.hosts);
	p.order = xcalloc(g->lanes_n + 1, sizeof *p.order);
	int code = sequences_make(source, p.q.metric, MAX_LEVELS, LEVEL_RUNS, p.hosts, err);
	if (code == 0) {
		rank_hosts(&p);
		qsort(p.order, p.shown, sizeof *p.order, compare_lanes);
		look_at_hosts(&p);
		if (p.runs == 0)
			figures_leave_out(out, "sequence: no run that is asked for has %s", metric);
		else
			draw(&p, out);
	}
	sequences_done(p.hosts, g->lanes_n);
	free(p.hosts);
	free(p.order);
	return code;
}

const struct figure_ops figure_sequence = {
	.kind = "sequence",
	.help = "all runs in their order against the median of their configuration, with "
		"temperature",
	.make = make,
};
