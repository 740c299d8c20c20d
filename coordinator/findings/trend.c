/* A trend: its submissions, read one after the other, as series of points. */
#include "coordinator/findings/trend.h"
#include "coordinator/findings/questions.h"
#include "coordinator/findings/trend_parts.h"
#include <math.h>
#include <uthash.h>

/* A submission as the store has it. */
struct stored {
	char *label, *yaml, *changes;
	unsigned char tree[64];
	size_t tree_len;
	int64_t submitted_at;
};

/* A series in the making. */
struct making {
	char *key; /* owned: what it is a series of */
	struct trend_series series;
	size_t metric, host, configuration; /* its order */
	size_t state;                       /* of the host at its last point */
	UT_hash_handle hh;
};

struct builder {
	struct results *results;
	const struct trend_asked *asked;
	const char *name;
	struct stored *stored;
	size_t stored_n;
	bool has_unended;
	const char **metrics;
	size_t metrics_n;
	struct machines machines;
	struct making *making; /* hash by key */
	size_t configurations;
	struct trend *out;
	bool *has_metric; /* of metrics: some submission has it */
	char *near;       /* for the one that none has: the nearest that there is */
};

/* ---- which submissions ---- */

static void pass_over(struct trend *t, const char *label)
{
	t->aside = xreallocarray(t->aside, t->aside_n + 1, sizeof *t->aside);
	t->aside[t->aside_n++] = xstrdup(label);
}

static int on_campaign(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct builder *b = arg;
	struct blob tree = c[CAMPAIGNS_TREE].blob;

	(void)key;
	(void)n;
	if (strcmp(cell_text(&c[CAMPAIGNS_NAME]), b->name) != 0)
		return 0;
	if (c[CAMPAIGNS_ENDED_AT].integer == ABSENT) {
		b->has_unended = true;
		return 0;
	}
	if (changes_stand_aside(c[CAMPAIGNS_CHANGES].text)) {
		pass_over(b->out, cell_text(&c[CAMPAIGNS_LABEL]));
		return 0;
	}
	b->stored = xreallocarray(b->stored, b->stored_n + 1, sizeof *b->stored);
	struct stored *s = &b->stored[b->stored_n++];
	*s = (struct stored){.label = xstrdup(cell_text(&c[CAMPAIGNS_LABEL])),
		.yaml = xstrdup(cell_text(&c[CAMPAIGNS_YAML])),
		.changes = c[CAMPAIGNS_CHANGES].text == NULL ? NULL
							     : xstrdup(c[CAMPAIGNS_CHANGES].text),
		.submitted_at = c[CAMPAIGNS_SUBMITTED_AT].integer};
	s->tree_len = tree.len <= sizeof s->tree ? tree.len : 0;
	if (s->tree_len > 0)
		memcpy(s->tree, tree.data, s->tree_len);
	return 0;
}

static void stored_done(struct stored *s)
{
	free(s->label);
	free(s->yaml);
	free(s->changes);
}

/* The newest alone, where so many are asked for. */
static void keep_last(struct builder *b)
{
	size_t extra = b->asked->last > 0 && (size_t)b->asked->last < b->stored_n
			       ? b->stored_n - (size_t)b->asked->last
			       : 0;

	for (size_t i = 0; i < extra; i++)
		stored_done(&b->stored[i]);
	b->stored_n -= extra;
	if (extra > 0)
		memmove(b->stored, b->stored + extra, b->stored_n * sizeof *b->stored);
}

static int find_submissions(struct builder *b, struct error *err)
{
	int code = results_query(b->results, "campaigns", NULL, NULL, on_campaign, b, err);

	if (code < 0)
		return code;
	keep_last(b);
	if (b->stored_n > 0)
		return 0;
	if (b->has_unended)
		return error_set(
			err, ERR_USAGE, "trend: no submission of %s has ended yet", b->name);
	if (b->out->aside_n > 0)
		return error_set(err, ERR_USAGE,
			"trend: all that is left of %s are reruns of some configurations, or of "
			"two contents; they are no history",
			b->name);
	_cleanup_free_ char *label = results_label(b->results, b->name, err);
	if (label == NULL)
		return err->code;
	return error_set(err, ERR_USAGE,
		"trend: '%s' is one submission; `joulerig trend %.*s` shows all of them", b->name,
		(int)strcspn(b->name, "."), b->name);
}

/* ---- what is asked ---- */

static void add_metric(struct builder *b, const char *name)
{
	for (size_t i = 0; i < b->metrics_n; i++)
		if (strcmp(b->metrics[i], name) == 0)
			return;
	b->metrics = xreallocarray(b->metrics, b->metrics_n + 1, sizeof *b->metrics);
	b->metrics[b->metrics_n++] = name;
}

/* What the command line says, else the comparisons of the last submission's file. */
static void set_question(struct builder *b, const struct campaign *last)
{
	const struct comparison *first =
		last == NULL || last->comparisons_n == 0 ? NULL : &last->comparisons[0];
	bool is_said = first != NULL && first->alpha > 0;

	for (size_t i = 0; i < b->asked->metrics_n; i++)
		add_metric(b, b->asked->metrics[i]);
	for (size_t i = 0; last != NULL && i < last->comparisons_n && b->asked->metrics_n == 0; i++)
		for (size_t k = 0; k < last->comparisons[i].metrics_n; k++)
			add_metric(b, last->comparisons[i].metrics[k]);
	if (b->metrics_n == 0) {
		add_metric(b, "time");
		add_metric(b, "energy.package");
	}
	b->has_metric = xcalloc(b->metrics_n, sizeof *b->has_metric);
	b->out->threshold = b->asked->has_threshold ? b->asked->threshold
			    : is_said               ? (double)first->threshold / 1e6
						    : DEFAULT_THRESHOLD;
	b->out->alpha = b->asked->alpha > 0 ? b->asked->alpha
			: is_said           ? first->alpha
					    : DEFAULT_ALPHA;
}

/* ---- points ---- */

static char *key_of(const struct gathered *g, size_t metric, size_t lane, size_t configuration)
{
	const struct gathered_configuration *c = &g->configurations[configuration];

	return xasprintf("%s\n%s\n%s\n%s\n%s", g->metrics[metric].name,
		gathered_metric_as(g, metric, configuration)->unit, g->lanes[lane].host,
		c->benchmark, c->json);
}

static size_t host_number(const struct builder *b, const char *host)
{
	size_t i = 0;

	while (i < b->machines.n && strcmp(b->machines.items[i].host, host) != 0)
		i++;
	return i;
}

static struct making *series_of(struct builder *b, const struct gathered *g, size_t metric,
	size_t asked, size_t lane, size_t configuration)
{
	_cleanup_free_ char *key = key_of(g, metric, lane, configuration);
	struct making *m;

	HASH_FIND_STR(b->making, key, m);
	if (m != NULL)
		return m;
	m = xcalloc(1, sizeof *m);
	*m = (struct making){.key = xstrdup(key),
		.metric = asked,
		.host = host_number(b, g->lanes[lane].host),
		.configuration = b->configurations++,
		.series = {.benchmark = xstrdup(g->configurations[configuration].benchmark),
			.parameters = xstrdup(g->configurations[configuration].json),
			.host = xstrdup(g->lanes[lane].host),
			.metric = xstrdup(g->metrics[metric].name),
			.unit = xstrdup(gathered_metric_as(g, metric, configuration)->unit)}};
	HASH_ADD_KEYPTR(hh, b->making, m->key, strlen(m->key), m);
	return m;
}

/* The standard error of the log of the median of sorted values, from the median of their absolute
 * deviations, so that an outlier does not count: 1.2533 s / sqrt(n), s = 1.4826 MAD, as of normal
 * ones. */
static double spread_of(const double *sorted, size_t n, double median)
{
	double *off;
	struct summary s;

	if (n < 3 || !(sorted[0] > 0))
		return 0;
	off = xcalloc(n, sizeof *off);
	for (size_t i = 0; i < n; i++)
		off[i] = fabs(log(sorted[i] / median));
	summary_of(off, n, 0.95, &s);
	free(off);
	return 1.2533 * 1.4826 * s.median / sqrt((double)n);
}

static void add_point(struct builder *b, struct making *m, size_t submission,
	const struct series *from, size_t state)
{
	struct trend_series *s = &m->series;
	_cleanup_free_ double *values = xcalloc(from->n, sizeof *values);

	/* Doubled when it is a power of two: the number stands in n. */
	if ((s->n & (s->n - 1)) == 0)
		s->points = xreallocarray(s->points, s->n == 0 ? 1 : 2 * s->n, sizeof *s->points);
	struct trend_point *p = &s->points[s->n];
	*p = (struct trend_point){.submission = submission};
	memcpy(values, from->values, from->n * sizeof *values);
	summary_of(values, from->n, 0.95, &p->summary);
	p->spread = spread_of(values, from->n, p->summary.median);
	if (!(p->summary.median > 0))
		s->is_mute = true;
	if (s->n > 0 && m->state != state) {
		p->is_break = true;
		p->why = machines_why(&b->machines, s->host, m->state, state);
	}
	m->state = state;
	s->n++;
}

static void add_lane(
	struct builder *b, const struct study *s, size_t submission, size_t lane, const bool *kept)
{
	const struct gathered *g = &s->g;
	size_t state = machines_note(&b->machines, g->lanes[lane].host, g->lanes[lane].inventory);

	if (b->asked->host != NULL && strcmp(b->asked->host, g->lanes[lane].host) != 0)
		return;
	for (size_t i = 0; i < b->metrics_n; i++) {
		size_t metric = gathered_metric(g, b->metrics[i]);

		for (size_t k = 0; metric < g->metrics_n && k < g->configurations_n; k++) {
			const struct series *values =
				gathered_series(gathered_cell(g, lane, k), metric);
			const struct benchmark *benchmark = study_benchmark(s, k);

			if (values == NULL || !kept[lane * g->configurations_n + k])
				continue;
			struct making *m = series_of(b, g, metric, i, lane, k);
			m->series.better = gathered_metric_as(g, metric, k)->better;
			if (benchmark != NULL)
				m->series.is_canary = benchmark->is_canary;
			add_point(b, m, submission, values, state);
			b->has_metric[i] = true;
		}
	}
}

/* ---- a submission ---- */

static struct submitted submitted_of(const struct stored *s, const struct campaign *c)
{
	return (struct submitted){.campaign = c,
		.yaml = s->yaml,
		.changes = s->changes,
		.tree = {.data = s->tree, .len = s->tree_len}};
}

static void note_nearest(struct builder *b, const struct gathered *g)
{
	const char **names = xcalloc(g->metrics_n + 1, sizeof *names);
	const char *near = NULL;

	for (size_t i = 0; i < g->metrics_n; i++)
		names[i] = g->metrics[i].is_used ? g->metrics[i].name : NULL;
	for (size_t i = 0; i < b->metrics_n && near == NULL; i++)
		near = b->has_metric[i] ? NULL : nearest_word(b->metrics[i], names, g->metrics_n);
	free(b->near);
	b->near = near == NULL ? NULL : xstrdup(near);
	free(names);
}

/*
 * The configurations that --only holds for; the caller frees. An older submission may not know a
 * name of the expression, or have no such configuration: then it has no points. Of the last one
 * that is an error.
 */
static bool *kept_of(
	const struct builder *b, const struct study *s, bool is_last, int *code, struct error *err)
{
	size_t n = s->g.lanes_n * s->g.configurations_n;
	bool *kept = xcalloc(n + 1, sizeof *kept);

	if (b->asked->only == NULL) {
		memset(kept, true, n);
	} else if (study_only(s, b->asked->only, kept, err) < 0) {
		memset(kept, false, n);
		*code = is_last ? err->code : 0;
	}
	return kept;
}

static int add_submission(
	struct builder *b, size_t at, struct campaign **campaign, struct error *err)
{
	const struct gather_wanted wanted = {.metrics = b->metrics, .n = b->metrics_n};
	struct study s;
	int code = study_open(b->results, b->stored[at].label, &wanted, &s, err);

	bool is_last = at + 1 == b->stored_n;
	bool *kept = code < 0 ? NULL : kept_of(b, &s, is_last, &code, err);
	for (size_t lane = 0; code == 0 && lane < s.g.lanes_n; lane++)
		add_lane(b, &s, at, lane, kept);
	if (code == 0 && is_last)
		note_nearest(b, &s.g);
	free(kept);
	*campaign = s.campaign;
	s.campaign = NULL;
	study_done(&s);
	return code;
}

static int add_submissions(struct builder *b, struct error *err)
{
	struct campaign *last = NULL, *now = NULL;
	int code = 0;

	b->out->submissions = xcalloc(b->stored_n, sizeof *b->out->submissions);
	for (size_t i = 0; i < b->stored_n && code == 0; i++) {
		code = add_submission(b, i, &now, err);
		struct submitted new = submitted_of(&b->stored[i], now);
		struct submitted old = i == 0 ? new : submitted_of(&b->stored[i - 1], last);

		b->out->submissions[i] =
			(struct trend_submission){.label = xstrdup(b->stored[i].label),
				.submitted_at = b->stored[i].submitted_at,
				.mark = code < 0 ? NULL : mark_of(&new, i == 0 ? NULL : &old)};
		b->out->submissions_n = i + 1;
		campaign_free(last);
		last = now;
	}
	campaign_free(last);
	return code;
}

/* ---- all of it ---- */

static int by_order(const void *left, const void *right)
{
	const struct making *a = *(struct making *const *)left, *b = *(struct making *const *)right;
	int unit = strcmp(a->series.unit, b->series.unit);

	return a->metric != b->metric                ? (a->metric < b->metric ? -1 : 1)
	       : unit != 0                           ? unit
	       : a->host != b->host                  ? (a->host < b->host ? -1 : 1)
	       : a->configuration < b->configuration ? -1
						     : a->configuration > b->configuration;
}

static void take_series(struct builder *b)
{
	size_t n = HASH_COUNT(b->making), at = 0;
	struct making **all = xcalloc(n + 1, sizeof *all), *m, *next;

	HASH_ITER (hh, b->making, m, next) {
		all[at++] = m;
	}
	qsort(all, n, sizeof *all, by_order);
	b->out->series = xcalloc(n + 1, sizeof *b->out->series);
	b->out->series_n = n;
	for (size_t i = 0; i < n; i++)
		b->out->series[i] = all[i]->series;
	HASH_CLEAR(hh, b->making);
	for (size_t i = 0; i < n; i++) {
		free(all[i]->key);
		free(all[i]);
	}
	free(all);
}

static int no_such_host(const struct builder *b, struct error *err)
{
	const char **hosts = xcalloc(b->machines.n + 1, sizeof *hosts);

	for (size_t i = 0; i < b->machines.n; i++)
		hosts[i] = b->machines.items[i].host;
	const char *near = nearest_word(b->asked->host, hosts, b->machines.n);
	free(hosts);
	return error_set(err, ERR_USAGE, "trend: no submission of %s was on a host '%s'%s%s%s",
		b->name, b->asked->host, near ? "; did you mean '" : "", near ? near : "",
		near ? "'?" : "");
}

/* A host or a metric that was asked for by name and that is not there, or nothing to show. */
static int check_found(const struct builder *b, struct error *err)
{
	if (b->asked->host != NULL && host_number(b, b->asked->host) == b->machines.n)
		return no_such_host(b, err);
	for (size_t i = 0; i < b->metrics_n && b->asked->metrics_n > 0; i++)
		if (!b->has_metric[i])
			return error_set(err, ERR_USAGE,
				"trend: no submission of %s has a metric '%s'%s%s%s", b->name,
				b->metrics[i], b->near ? "; did you mean '" : "",
				b->near ? b->near : "", b->near ? "'?" : "");
	if (b->out->series_n == 0)
		return error_set(err, ERR_USAGE,
			"trend: the submissions of %s have no time and no energy; --metric names "
			"others",
			b->name);
	return 0;
}

static struct campaign *read_last(const struct builder *b)
{
	const struct stored *s = &b->stored[b->stored_n - 1];
	struct diagnostics d = {0};
	struct campaign *c = campaign_read(s->yaml, strlen(s->yaml), s->changes, &d);

	diagnostics_done(&d);
	return c;
}

static void builder_done(struct builder *b)
{
	for (size_t i = 0; i < b->stored_n; i++)
		stored_done(&b->stored[i]);
	free(b->stored);
	free(b->metrics);
	free(b->has_metric);
	free(b->near);
	machines_done(&b->machines);
}

int trend_make(struct results *r, const char *name, const struct trend_asked *asked,
	struct trend *out, struct error *err)
{
	struct builder b = {.results = r, .asked = asked, .name = name, .out = out};
	struct campaign *last = NULL;

	*out = (struct trend){0};
	int code = find_submissions(&b, err);
	if (code == 0) {
		last = read_last(&b);
		set_question(&b, last);
		code = add_submissions(&b, err);
	}
	take_series(&b);
	if (code == 0)
		code = check_found(&b, err);
	if (code == 0)
		trend_find_changes(out);
	campaign_free(last);
	builder_done(&b);
	return code;
}

void trend_done(struct trend *t)
{
	for (size_t i = 0; i < t->submissions_n; i++) {
		free(t->submissions[i].label);
		free(t->submissions[i].mark);
	}
	for (size_t i = 0; i < t->aside_n; i++)
		free(t->aside[i]);
	free(t->aside);
	for (size_t i = 0; i < t->series_n; i++) {
		struct trend_series *s = &t->series[i];

		for (size_t k = 0; k < s->n; k++)
			free(s->points[k].why);
		free(s->points);
		free(s->changes);
		free(s->benchmark);
		free(s->parameters);
		free(s->host);
		free(s->metric);
		free(s->unit);
	}
	free(t->submissions);
	free(t->series);
	*t = (struct trend){0};
}
