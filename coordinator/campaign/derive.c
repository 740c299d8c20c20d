/*
 * Metrics that are computed of others: those with `expr`, and what comes with `work`:
 *
 *   throughput = work / time, time.per_work = time / work, energy.X.per_work = energy.X / work,
 *   and of roles ROLE.time.per_work and ROLE.energy.X.per_work, by the work of all
 */
#include "coordinator/campaign/extract.h"

#include <errno.h>
#include <math.h>

struct known {
	const struct run_output *run;
	const struct extraction *own;
};

static const struct extracted *find_own(const struct extraction *own, const char *name)
{
	for (size_t i = 0; i < own->n; i++)
		if (strcmp(own->items[i].name, name) == 0)
			return &own->items[i];
	return NULL;
}

static double outer_value(const struct message_metric *m)
{
	const struct unit *unit = unit_by_inner(m->unit ? m->unit : "1");

	return (double)m->value / (double)(unit ? unit->divisor : 1);
}

static const struct message_metric *find_measured(const struct run_output *run, const char *name)
{
	for (size_t i = 0; i < run->measured_n; i++)
		if (strcmp(run->measured[i].name, name) == 0 && run->measured[i].value != ABSENT)
			return &run->measured[i];
	return NULL;
}

/* A number of this run by its name, in the unit that people see. */
static bool look_up(void *arg, const char *name, double *value)
{
	const struct known *k = arg;
	const struct extracted *own = find_own(k->own, name);
	const struct message_metric *m;

	if (own) {
		*value = own->value;
		return !own->text;
	}
	m = find_measured(k->run, name);
	if (m)
		*value = outer_value(m);
	return m != NULL;
}

/* ---- expr ---- */

static int no_value(const struct benchmark_metric *m, const char *why, struct error *err)
{
	return error_set(err, -ENODATA, "metric '%s': %s", m->name, why), 0;
}

/* Returns 1 with *out, 0 where there is no value (err says why), or negative. */
static int evaluate(struct names *names, const struct benchmark_metric *m, struct evaluated *out,
	struct error *err)
{
	bool wants_text = m->expect == EXPECT_SAME || m->expect == EXPECT_VALUE;

	/* What was not measured is nil, and computing with it is an error, which names the metric:
	 * as if it gave nil. */
	if (names_evaluate(names, m->expr, out, err) < 0)
		return 0;
	switch (out->type) {
	case EVALUATED_NIL:
		return no_value(m, "its expression gives nil: what it needs was not measured", err);
	case EVALUATED_NUMBER:
		if (!isfinite(out->number))
			return no_value(m, "its expression gives no finite number", err);
		return 1;
	case EVALUATED_BOOL:
		return 1;
	case EVALUATED_TEXT:
		break;
	}
	if (wants_text)
		return 1;
	return error_set(err, -ENODATA, "metric '%s': its expression gives '%s', expected a number",
		m->name, out->text);
}

static int add_expr(struct names *names, const struct benchmark_metric *m, struct extraction *out,
	struct error *err)
{
	bool wants_text = m->expect == EXPECT_SAME || m->expect == EXPECT_VALUE;
	struct evaluated v;
	int rc = evaluate(names, m, &v, err);

	if (rc < 0 || (rc == 0 && !m->is_optional))
		return -ENODATA;
	if (rc == 0 || m->expect == EXPECT_MATCH)
		return 0;
	_cleanup_free_ char *text = xstrdup(v.text);
	struct extracted *e = extraction_add(out, m->name, m->unit, m->better);
	if (v.type == EVALUATED_NUMBER)
		e->value = extract_scaled(v.number, m->scale);
	else if (v.type == EVALUATED_BOOL && !wants_text)
		e->value = v.truth;
	else
		e->text = xstrdup(text);
	return expect_check(m, names, e, e->text ? text : NULL, err);
}

/* ---- work ---- */

static void add_derived(struct extraction *out, const char *name, const char *unit,
	enum better better, double value)
{
	if (isfinite(value))
		extraction_add(out, name, unit, better)->value = value;
}

/* "J/item"; of work without a unit "J". */
static char *unit_per(const char *unit, const char *work_unit)
{
	return strcmp(work_unit, "1") == 0 ? xstrdup(unit) : xasprintf("%s/%s", unit, work_unit);
}

static void add_per_work(
	struct extraction *out, const struct message_metric *m, const char *work_unit, double work)
{
	const struct unit *u = unit_by_inner(m->unit ? m->unit : "1");
	_cleanup_free_ char *name = xasprintf("%s.per_work", m->name);
	_cleanup_free_ char *unit = unit_per(u ? u->outer : m->unit, work_unit);

	add_derived(out, name, unit, BETTER_LOWER, outer_value(m) / work);
}

/* Time and energies, in the order of the table, of the whole run or of the role that the prefix
 * tells; the parts of a domain, energy.package-0, are none of it. */
static void add_all_per_work(struct extraction *out, const struct run_output *run,
	const char *prefix, const char *work_unit, double work)
{
	for (size_t i = 0; i < standard_metrics_n; i++) {
		const char *standard = standard_metrics[i].name;
		_cleanup_free_ char *name = xasprintf("%s%s", prefix, standard);
		const struct message_metric *m = find_measured(run, name);

		if (m && (strcmp(standard, "time") == 0 || strncmp(standard, "energy.", 7) == 0))
			add_per_work(out, m, work_unit, work);
	}
}

static int evaluate_work(
	struct names *names, const struct benchmark *b, double *work, struct error *err)
{
	struct evaluated v;

	if (names_evaluate(names, b->work, &v, err) < 0)
		return -ENODATA;
	if (v.type == EVALUATED_NIL)
		return error_set(err, -ENODATA,
			"work: its expression gives nil: what it needs was not measured");
	if (v.type != EVALUATED_NUMBER)
		return error_set(err, -ENODATA,
			"work: its expression gives '%s', expected a number", v.text);
	if (!isfinite(v.number) || v.number <= 0)
		return error_set(err, -ENODATA, "work is %.12g, expected more than 0", v.number);
	*work = v.number;
	return 0;
}

static int add_work(struct names *names, const struct benchmark *b, const struct run_output *run,
	struct extraction *out, struct error *err)
{
	const struct message_metric *time = find_measured(run, "time");
	const char *work_unit = b->work_unit ? b->work_unit : "1";
	_cleanup_free_ char *rate = xasprintf("%s/s", work_unit);
	double work = 0;
	int rc = evaluate_work(names, b, &work, err);

	if (rc < 0)
		return rc;
	if (time)
		add_derived(out, "throughput", rate, BETTER_HIGHER, work / outer_value(time));
	add_all_per_work(out, run, "", work_unit, work);
	for (size_t i = 0; i < b->roles_n; i++) {
		_cleanup_free_ char *prefix = xasprintf("%s.", b->roles[i].name);

		add_all_per_work(out, run, prefix, work_unit, work);
	}
	return 0;
}

int derive_metrics(struct names *names, const struct benchmark *b, const struct run_output *run,
	struct extraction *out, struct error *err)
{
	struct known known = {.run = run, .own = out};
	int rc = 0;

	names_set_metrics(names, look_up, &known);
	for (size_t i = 0; i < b->metrics_n && rc == 0; i++)
		if (b->metrics[i].expr)
			rc = add_expr(names, &b->metrics[i], out, err);
	if (rc == 0 && b->work)
		rc = add_work(names, b, run, out, err);
	names_set_metrics(names, NULL, NULL);
	return rc;
}
