/* The metrics of a run, one after the other in the order of the file. */
#include "coordinator/campaign/extract.h"

#include "coordinator/campaign/template.h"
#include <errno.h>
#include <math.h>

/* Prefix of a file that is kept for metrics alone. */
#define FROM_PREFIX "from:"

/* What one program left. */
struct sources {
	const struct run_output *run;
	struct extract_source streams[2]; /* stdout, stderr */
	struct extract_source *files;     /* files_n of run; names owned */
};

/* What the metrics of one run are taken from. */
struct extracting {
	struct names *names;
	struct sources *of; /* the run's, or one for each of its parts (owned) */
	size_t n;
};

int extract_render(
	struct names *names, const char *text, bool is_pattern, struct buf *out, struct error *err)
{
	return template_render(text, names, is_pattern, out, err);
}

/* ---- sources ---- */

/* A rendered path as it was written: the run's own directory is a mark in it. */
static char *shown_path(const char *path)
{
	const char *mark = strstr(path, MARK_TMP);

	return mark ? xasprintf("%.*s{tmp}%s", (int)(mark - path), path, mark + strlen(MARK_TMP))
		    : xstrdup(path);
}

static void open_sources(struct sources *x, const struct run_output *run)
{
	x->run = run;
	x->streams[0] = (struct extract_source){.name = "stdout",
		.text = run->stdout_text ? run->stdout_text : "",
		.len = run->stdout_text ? run->stdout_len : 0,
		.has_gap = run->stdout_has_gap,
		.gap = run->stdout_gap};
	x->streams[1] = (struct extract_source){.name = "stderr",
		.text = run->stderr_text ? run->stderr_text : "",
		.len = run->stderr_text ? run->stderr_len : 0,
		.has_gap = run->stderr_has_gap,
		.gap = run->stderr_gap};
	x->files = xcalloc(run->files_n + 1, sizeof *x->files);
	for (size_t i = 0; i < run->files_n; i++) {
		const char *name = run->files[i].name;
		bool has_prefix = strncmp(name, FROM_PREFIX, strlen(FROM_PREFIX)) == 0;
		_cleanup_free_ char *shown =
			shown_path(has_prefix ? name + strlen(FROM_PREFIX) : name);

		x->files[i] = (struct extract_source){.name = xasprintf("the file '%s'", shown),
			.text = run->files[i].text ? run->files[i].text : "",
			.len = run->files[i].text ? run->files[i].len : 0,
			.has_gap = run->files[i].has_gap,
			.gap = run->files[i].len};
	}
}

static void close_sources(struct sources *x)
{
	for (size_t i = 0; i < x->run->files_n; i++)
		free((void *)(uintptr_t)x->files[i].name);
	free(x->files);
}

static void open_all(struct extracting *x, const struct run_output *run)
{
	x->n = run->parts_n > 0 ? run->parts_n : 1;
	x->of = xcalloc(x->n, sizeof *x->of);
	for (size_t i = 0; i < x->n; i++)
		open_sources(&x->of[i], run->parts_n > 0 ? &run->parts[i] : run);
}

static void close_all(struct extracting *x)
{
	for (size_t i = 0; i < x->n; i++)
		close_sources(&x->of[i]);
	free(x->of);
}

/* Of the program whose output a metric names. */
static struct sources *sources_of(const struct extracting *x, const struct benchmark_metric *m)
{
	for (size_t i = 0; m->role != NULL && i < x->n; i++)
		if (x->of[i].run->role != NULL && strcmp(x->of[i].run->role, m->role) == 0)
			return &x->of[i];
	return &x->of[0];
}

/* Returns 1 and *out, 0 where the run left no such file, or -ENODATA. */
static int find_source(const struct extracting *all, const struct benchmark_metric *m,
	struct extract_source **out, struct error *err)
{
	struct sources *x = sources_of(all, m);
	_cleanup_buf_ struct buf name = BUF_INIT;

	*out = &x->streams[m->from == FROM_STDERR];
	if (m->from == FROM_FILE) {
		size_t i = 0;

		buf_adds(&name, FROM_PREFIX);
		if (extract_render(all->names, m->path, false, &name, err) < 0)
			return error_wrap(err, "metric '%s': 'from'", m->name), -ENODATA;
		while (i < x->run->files_n && strcmp(x->run->files[i].name, name.data) != 0)
			i++;
		_cleanup_free_ char *shown = shown_path(name.data + strlen(FROM_PREFIX));
		if (i == x->run->files_n)
			return error_set(err, -ENODATA, "metric '%s': the run left no file '%s'",
				       m->name, shown),
			       0;
		*out = &x->files[i];
	}
	return 1;
}

int extract_fail_gap(
	const struct benchmark_metric *m, const struct extract_source *s, struct error *err)
{
	return error_set(err, -ENODATA,
		"metric '%s': %s is longer than what is kept of it, and what is looked for may be "
		"in "
		"the rest; write less, or raise limits.output",
		m->name, s->name);
}

/* ---- one metric ---- */

struct extracted *extraction_add(
	struct extraction *out, const char *name, const char *unit, enum better better)
{
	out->items = xreallocarray(out->items, out->n + 1, sizeof *out->items);
	out->items[out->n] = (struct extracted){
		.name = xstrdup(name), .unit = xstrdup(unit), .better = better, .value = NAN};
	return &out->items[out->n++];
}

double extract_scaled(double value, double scale)
{
	double divisor = round(1 / scale);

	return fabs(scale) < 1 && 1 / divisor == scale ? value / divisor : value * scale;
}

/* Texts are answers to compare; what is to be measured is a number. */
static bool wants_text(const struct benchmark_metric *m)
{
	return m->expect == EXPECT_SAME || m->expect == EXPECT_VALUE;
}

static int no_number(const struct benchmark_metric *m, const struct extract_source *s,
	const struct printed *p, struct error *err)
{
	_cleanup_buf_ struct buf shown = BUF_INIT;

	printed_show(p->text, p->len, &shown);
	if (p->len > EXTRACT_MAX_TEXT)
		return error_set(err, -ENODATA, "metric '%s': '%s' in %s is longer than %d bytes",
			m->name, shown.data, s->name, EXTRACT_MAX_TEXT);
	if (m->json)
		return error_set(err, -ENODATA, "metric '%s': '%s' in %s is no number", m->name,
			m->json, s->name);
	return error_set(err, -ENODATA, "metric '%s': '%s' in %s is no number", m->name, shown.data,
		s->name);
}

/* What was taken as the metric's value, checked. */
static int settle(struct extracting *x, const struct benchmark_metric *m,
	const struct extract_source *s, struct taking *t, struct extraction *out, struct error *err)
{
	_cleanup_free_ char *printed = taking_is_printed(t) ? printed_text(&t->kept) : NULL;
	bool is_text = wants_text(m) && taking_is_printed(t) && printed_is_bool(&t->kept);
	double value = NAN;

	if (!is_text && !taking_number(t, &value)) {
		is_text = true;
		if (!wants_text(m) || !printed)
			return no_number(m, s, &t->kept, err);
	}
	struct extracted *e = extraction_add(out, m->name, m->unit, m->better);
	if (is_text) {
		e->text = xstrdup(printed);
	} else {
		e->value = extract_scaled(value, m->scale);
		e->series_n = t->take == TAKE_ALL ? t->n : 0;
		e->series = t->series;
		t->series = NULL;
		for (size_t i = 0; i < e->series_n; i++)
			e->series[i] = extract_scaled(e->series[i], m->scale);
	}
	return expect_check(m, x->names, e, printed, err);
}

/* Returns 1, 0 where nothing was found, or negative. */
static int extract_one(struct extracting *x, const struct benchmark_metric *m,
	struct extraction *out, struct error *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct taking t = {.take = m->take};
	struct extract_source *s;
	int rc = find_source(x, m, &s, err);

	if (rc <= 0)
		return rc;
	if (extract_render(x->names, m->pattern ? m->pattern : m->json, m->pattern != NULL, &text,
		    err) < 0)
		return error_wrap(err, "metric '%s'", m->name), -ENODATA;
	rc = m->pattern ? extract_pattern(m, text.data, s, &t, err)
			: extract_json(m, text.data, s, &t, err);
	if (rc > 0 && m->expect != EXPECT_MATCH) {
		int code = settle(x, m, s, &t, out, err);
		rc = code < 0 ? code : rc;
	}
	taking_done(&t);
	return rc;
}

static int extract_all(
	struct extracting *x, const struct benchmark *b, struct extraction *out, struct error *err)
{
	for (size_t i = 0; i < b->metrics_n; i++) {
		const struct benchmark_metric *m = &b->metrics[i];

		if (m->expr)
			continue;
		int rc = extract_one(x, m, out, err);
		if (rc < 0)
			return rc;
		if (rc == 0 && !m->is_optional)
			return m->expect == EXPECT_MATCH ? -EILSEQ : -ENODATA;
	}
	return 0;
}

/* A unit may name a parameter, as every text of a metric may. */
static int render_units(struct names *names, struct extraction *out, struct error *err)
{
	for (size_t i = 0; i < out->n; i++) {
		struct extracted *e = &out->items[i];
		_cleanup_buf_ struct buf unit = BUF_INIT;

		if (!strchr(e->unit, '{'))
			continue;
		if (extract_render(names, e->unit, false, &unit, err) < 0)
			return error_wrap(err, "metric '%s': its unit", e->name), -ENODATA;
		free(e->unit);
		e->unit = buf_take(&unit);
	}
	return 0;
}

int extract_metrics(const struct campaign *c, const struct configuration *configuration,
	const struct plan_host *host, const struct run_output *run, struct extraction *out,
	struct error *err)
{
	const struct benchmark *b = configuration->benchmark;
	struct extracting x = {0};
	int rc;

	*out = (struct extraction){0};
	if (b->metrics_n == 0 && !b->work)
		return 0;
	x.names = names_open(c);
	rc = names_set_host(x.names, host->name, host->inventory, err);
	names_set_configuration(x.names, configuration);
	open_all(&x, run);
	if (rc == 0)
		rc = extract_all(&x, b, out, err);
	if (rc == 0)
		rc = derive_metrics(x.names, b, run, out, err);
	if (rc == 0)
		rc = render_units(x.names, out, err);
	close_all(&x);
	names_close(x.names);
	return rc < 0 && rc != -EILSEQ ? -ENODATA : rc;
}

void extraction_done(struct extraction *e)
{
	for (size_t i = 0; i < e->n; i++) {
		free(e->items[i].name);
		free(e->items[i].unit);
		free(e->items[i].text);
		free(e->items[i].series);
		free(e->items[i].same_as);
		free(e->items[i].same_text);
	}
	free(e->items);
	*e = (struct extraction){0};
}
