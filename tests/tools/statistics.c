/*
 * statistics - our statistics of given data, for tests that compare them with another
 * implementation's
 *
 * Reads {"sets": [{"name", "kind", "level", ...data}, ...]} on stdin and prints [{"name", ...
 * statistics}, ...]; the kinds are those of the table at the end. A number that there is not (NaN)
 * is null.
 */
#include "coordinator/analysis/drift.h"
#include "coordinator/analysis/line.h"
#include "coordinator/analysis/pooled.h"
#include "coordinator/analysis/ratio.h"
#include "coordinator/analysis/summary.h"
#include "coordinator/analysis/verdict.h"
#include "proto/base.h"

#include <jansson.h>
#include <math.h>

#define SEED      1
#define THRESHOLD 0.02

__attribute__((noreturn)) static void die(const char *name, const char *what)
{
	fprintf(stderr, "statistics: %s: %s\n", name, what);
	exit(2);
}

/* The numbers of set[key], null as NaN; the caller frees. */
static double *numbers(const json_t *set, const char *key, size_t *n)
{
	const json_t *array = json_object_get(set, key), *one;
	double *out;
	size_t i;

	if (!json_is_array(array))
		die(json_string_value(json_object_get(set, "name")), key);
	*n = json_array_size(array);
	out = xcalloc(*n + 1, sizeof *out);
	json_array_foreach(array, i, one) out[i] = json_is_null(one) ? NAN : json_number_value(one);
	return out;
}

static double level_of(const json_t *set)
{
	return json_number_value(json_object_get(set, "level"));
}

static void put(json_t *out, const char *key, double value)
{
	json_object_set_new(out, key, isnan(value) ? json_null() : json_real(value));
}

static void put_ratio(json_t *out, const struct ratio *r, double level)
{
	put(out, "ratio", r->ratio);
	put(out, "low", r->low);
	put(out, "high", r->high);
	put(out, "p", r->p);
	if (isnan(r->se))
		return;
	put(out, "se", r->se);
	put(out, "df", r->df);
	put(out, "equivalence_p", equivalence_p(r, THRESHOLD));
	put(out, "smallest_effect", smallest_effect(r, 1 - level));
}

static void do_summary(const json_t *set, json_t *out)
{
	struct summary s;
	size_t n;
	_cleanup_free_ double *values = numbers(set, "values", &n);

	summary_of(values, n, level_of(set), &s);
	put(out, "median", s.median);
	put(out, "mean", s.mean);
	put(out, "low", s.has_interval ? s.low : NAN);
	put(out, "high", s.has_interval ? s.high : NAN);
	put(out, "deviation", s.deviation);
	put(out, "cv", s.cv);
	put(out, "outliers", (double)s.outliers);
}

static void do_pairs(const json_t *set, json_t *out)
{
	struct ratio r;
	size_t n, m;
	_cleanup_free_ double *x = numbers(set, "contender", &n);
	_cleanup_free_ double *y = numbers(set, "baseline", &m);

	ratio_of_pairs(x, y, n < m ? n : m, level_of(set), SEED, &r);
	put_ratio(out, &r, level_of(set));
}

static void do_samples(const json_t *set, json_t *out)
{
	struct ratio r;
	size_t n, m;
	_cleanup_free_ double *x = numbers(set, "contender", &n);
	_cleanup_free_ double *y = numbers(set, "baseline", &m);

	ratio_of_samples(x, n, y, m, level_of(set), SEED, &r);
	put_ratio(out, &r, level_of(set));
}

static void do_pair_ranks(const json_t *set, json_t *out)
{
	struct ratio r;
	size_t n, m;
	_cleanup_free_ double *x = numbers(set, "contender", &n);
	_cleanup_free_ double *y = numbers(set, "baseline", &m);

	ratio_of_pair_ranks(x, y, n < m ? n : m, level_of(set), &r);
	put_ratio(out, &r, level_of(set));
}

static void do_sample_ranks(const json_t *set, json_t *out)
{
	struct ratio r;
	size_t n, m;
	_cleanup_free_ double *x = numbers(set, "contender", &n);
	_cleanup_free_ double *y = numbers(set, "baseline", &m);

	ratio_of_sample_ranks(x, n, y, m, level_of(set), &r);
	put_ratio(out, &r, level_of(set));
}

/* hosts: a list of lists of logs. */
static void do_pooled(const json_t *set, json_t *out)
{
	const json_t *hosts = json_object_get(set, "hosts"), *one;
	size_t n = json_array_size(hosts), total = 0, h;
	_cleanup_free_ size_t *start = xcalloc(n + 1, sizeof *start);
	_cleanup_free_ double *logs = NULL;
	struct ratio r;

	json_array_foreach(hosts, h, one)
	{
		size_t of_host = json_array_size(one);

		logs = xreallocarray(logs, total + of_host + 1, sizeof *logs);
		for (size_t i = 0; i < of_host; i++)
			logs[total++] = json_number_value(json_array_get(one, i));
		start[h + 1] = total;
	}
	ratio_pooled(logs, start, n, level_of(set), &r);
	put(out, "ratio", r.ratio);
	put(out, "low", r.low);
	put(out, "high", r.high);
}

static void do_family(const json_t *set, json_t *out)
{
	size_t n;
	_cleanup_free_ double *p = numbers(set, "p", &n);
	json_t *adjusted = json_array();

	adjust_family(p, n);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(adjusted, isnan(p[i]) ? json_null() : json_real(p[i]));
	json_object_set_new(out, "adjusted", adjusted);
}

static void do_drift(const json_t *set, json_t *out)
{
	struct drift d;
	size_t n, m;
	_cleanup_free_ double *values = numbers(set, "values", &n);
	_cleanup_free_ double *numbered = numbers(set, "blocks", &m);
	_cleanup_free_ int64_t *blocks = xcalloc(m + 1, sizeof *blocks);

	for (size_t i = 0; i < m; i++)
		blocks[i] = (int64_t)numbered[i];
	drift_of(values, blocks, n, &d);
	put(out, "s", (double)d.s);
	put(out, "p", d.p);
	put(out, "change", d.change);
}

static void do_line(const json_t *set, json_t *out)
{
	struct line line;
	size_t n, m;
	_cleanup_free_ double *x = numbers(set, "x", &n);
	_cleanup_free_ double *y = numbers(set, "y", &m);

	line_fit(x, y, n, level_of(set), &line);
	put(out, "slope", line.slope);
	put(out, "intercept", line.intercept);
	put(out, "r2", line.r2);
	put(out, "low", line.low);
	put(out, "high", line.high);
}

/* Hosts with the ratio and its error of each. */
static void do_heterogeneity(const json_t *set, json_t *out)
{
	struct heterogeneity h;
	size_t n, m;
	_cleanup_free_ double *logs = numbers(set, "logs", &n);
	_cleanup_free_ double *errors = numbers(set, "errors", &m);
	_cleanup_free_ struct ratio *hosts = xcalloc(n + 1, sizeof *hosts);

	for (size_t i = 0; i < n; i++)
		hosts[i] = (struct ratio){.ratio = exp(logs[i]), .se = errors[i]};
	heterogeneity_of(hosts, n, &h);
	put(out, "q", h.q);
	put(out, "p", h.p);
	put(out, "i2", h.i2);
	put(out, "between", h.between);
}

static const struct {
	const char *kind;
	void (*compute)(const json_t *set, json_t *out);
} kinds[] = {
	{"summary", do_summary},             /* values */
	{"pairs", do_pairs},                 /* contender, baseline */
	{"samples", do_samples},             /* contender, baseline */
	{"pair_ranks", do_pair_ranks},       /* contender, baseline */
	{"sample_ranks", do_sample_ranks},   /* contender, baseline */
	{"pooled", do_pooled},               /* hosts: logs of each */
	{"family", do_family},               /* p */
	{"drift", do_drift},                 /* values, blocks */
	{"line", do_line},                   /* x, y */
	{"heterogeneity", do_heterogeneity}, /* logs, errors */
};

static json_t *compute(const json_t *set)
{
	const char *name = json_string_value(json_object_get(set, "name"));
	const char *kind = json_string_value(json_object_get(set, "kind"));
	json_t *out = json_object();

	if (name == NULL || kind == NULL)
		die(name ? name : "a set", "no name, or no kind");
	json_object_set_new(out, "name", json_string(name));
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strcmp(kinds[i].kind, kind) != 0)
			continue;
		kinds[i].compute(set, out);
		return out;
	}
	die(name, "unknown kind");
}

int main(void)
{
	json_error_t err;
	json_t *all = json_loadf(stdin, 0, &err), *out = json_array(), *set;
	size_t i;

	if (all == NULL)
		die("input", err.text);
	json_array_foreach(json_object_get(all, "sets"), i, set)
		json_array_append_new(out, compute(set));
	json_dumpf(out, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(17));
	putchar('\n');
	json_decref(out);
	json_decref(all);
	return 0;
}
