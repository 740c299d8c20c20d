/* Below the tables of `trend`: each change once, with what was new there, and where series break.
 */
#include "coordinator/commands/trend_view.h"

#include "coordinator/analysis/parameters.h"
#include "proto/clock.h"
#include <math.h>

/* The fewest submissions that can have an old level and a new one. */
#define TWO_LEVELS 6

/* Series of one change that are listed before the rest is counted. */
#define LISTED 8

struct listed {
	const struct trend_series *series;
	const struct trend_change *change;
	size_t submission;
};

const char *trend_verdict(const struct trend_change *c)
{
	return c->is_worse ? "regressed" : c->is_better ? "improved" : "changed";
}

static const char *symbol_of(const struct trend_change *c)
{
	return c->is_worse ? "▲" : c->is_better ? "▼" : "◆";
}

/* The last mark at or before a submission. */
static const char *mark_before(const struct trend *t, size_t submission)
{
	for (size_t i = submission + 1; i > 0; i--)
		if (t->submissions[i - 1].mark != NULL)
			return t->submissions[i - 1].mark;
	return NULL;
}

void trend_add_mark(const struct trend *t, const struct trend_series *s,
	const struct trend_change *c, struct buf *out)
{
	size_t first = s->points[c->point].submission;
	size_t last = s->points[c->point - 1].submission;
	const char *new = mark_before(t, first), *old = mark_before(t, last);

	/* Nothing was new between the two: what changed is nothing that anybody named. */
	if (new == NULL || new == old)
		return;
	if (old != NULL && strchr(old, '=') != NULL && strchr(new, '=') != NULL)
		buf_addf(out, "between %s and %s", old, new);
	else if (strchr(new, '=') != NULL)
		buf_addf(out, "from %s on", new);
	else
		buf_addf(out, "%s", new);
}

/* "+5.9 % [+5.2, +6.6]" */
static void add_percent(struct buf *out, double ratio, double low, double high)
{
	int digits = high - low < 0.004 ? 2 : 1;

	buf_addf(out, "%+.*f %% [%+.*f, %+.*f]", digits, 100 * (ratio - 1), digits, 100 * (low - 1),
		digits, 100 * (high - 1));
}

static void add_series(struct buf *out, const struct trend_series *s)
{
	struct parameters p;

	buf_adds(out, s->benchmark);
	parameters_parse(&p, s->parameters);
	if (p.n > 0)
		buf_addc(out, ' ');
	parameters_format(&p, NULL, 0, out);
	parameters_done(&p);
}

/* The canary beside a change: what explains it, or what is less than it. */
static void add_canary(struct buf *out, const struct trend_change *c)
{
	if (c->canary == NULL)
		return;
	buf_adds(out, c->is_machine ? " (canary " : "; more than the machine: canary ");
	add_series(out, c->canary);
	buf_addf(out, " %+.1f %%%s", 100 * (c->canary_ratio - 1), c->is_machine ? ")" : "");
}

static bool is_of_machine(const struct listed *l)
{
	return l->change->is_machine || l->series->is_canary;
}

/* ---- changes ---- */

static int by_submission(const void *left, const void *right)
{
	const struct listed *a = left, *b = right;

	if (a->submission != b->submission)
		return a->submission < b->submission ? -1 : 1;
	if (is_of_machine(a) != is_of_machine(b))
		return is_of_machine(a) ? 1 : -1;
	if (a->change->is_worse != b->change->is_worse)
		return a->change->is_worse ? -1 : 1;
	return a->series < b->series ? -1 : a->series > b->series;
}

static struct listed *list_changes(const struct trend *t, size_t *n)
{
	struct listed *all = NULL;

	*n = 0;
	for (size_t i = 0; i < t->series_n; i++)
		for (size_t k = 0; k < t->series[i].changes_n; k++) {
			const struct trend_change *c = &t->series[i].changes[k];

			all = xreallocarray(all, *n + 1, sizeof *all);
			all[(*n)++] = (struct listed){.series = &t->series[i],
				.change = c,
				.submission = t->series[i].points[c->point].submission};
		}
	if (*n > 0)
		qsort(all, *n, sizeof *all, by_submission);
	return all;
}

static void print_indented(const char *text, int indent, FILE *to)
{
	fprintf(to, "%*s", indent, "");
	output_wrapped(text, indent, to);
}

static void print_change(const struct listed *l, FILE *to)
{
	_cleanup_buf_ struct buf out = BUF_INIT;

	buf_addf(&out, "%s %s: %s of ", symbol_of(l->change), trend_verdict(l->change),
		l->series->metric);
	if (l->series->is_canary)
		buf_adds(&out, "canary ");
	add_series(&out, l->series);
	buf_addf(&out, " on %s ", l->series->host);
	add_percent(&out, l->change->ratio, l->change->low, l->change->high);
	add_canary(&out, l->change);
	print_indented(out.data, is_of_machine(l) ? 4 : 2, to);
}

/* Changes of one kind, [from, until) of a submission's. */
static void print_changes(
	const struct listed *all, size_t from, size_t until, bool is_all, FILE *to)
{
	size_t shown = is_all || until - from <= LISTED + 1 ? until : from + LISTED;

	if (from < until && is_of_machine(&all[from]))
		fputs("  the machine, not the program:\n", to);
	for (size_t i = from; i < shown; i++)
		print_change(&all[i], to);
	if (shown < until)
		fprintf(to, "%*sand %zu more (--all shows them)\n",
			is_of_machine(&all[from]) ? 4 : 2, "", until - shown);
}

/* All that changed at a submission: [from, until) of the list. */
static void print_submission(
	const struct trend *t, const struct listed *all, size_t n, bool is_all, FILE *to)
{
	const struct trend_submission *s = &t->submissions[all->submission];
	_cleanup_buf_ struct buf head = BUF_INIT;
	size_t program = 0;
	char at[32];

	clock_rfc3339(at, s->submitted_at);
	buf_addf(&head, "%s (%.10s) ", s->label, at);
	trend_add_mark(t, all->series, all->change, &head);
	fputc('\n', to);
	output_wrapped(head.data, 0, to);
	while (program < n && !is_of_machine(&all[program]))
		program++;
	print_changes(all, 0, program, is_all, to);
	print_changes(all, program, n, is_all, to);
}

/* ---- breaks ---- */

static bool is_told(const struct trend *t, size_t series, const struct trend_point *p)
{
	for (size_t i = 0; i < series; i++) {
		const struct trend_series *s = &t->series[i];

		for (size_t k = 0; k < s->n && strcmp(s->host, t->series[series].host) == 0; k++)
			if (s->points[k].is_break && s->points[k].submission == p->submission)
				return true;
	}
	return false;
}

static void print_breaks(const struct trend *t, FILE *to)
{
	bool has_head = false;

	for (size_t i = 0; i < t->series_n; i++)
		for (size_t k = 0; k < t->series[i].n; k++) {
			const struct trend_point *p = &t->series[i].points[k];
			_cleanup_buf_ struct buf out = BUF_INIT;

			if (!p->is_break || is_told(t, i, p))
				continue;
			buf_addf(&out, "%s from %s on: %s", t->series[i].host,
				t->submissions[p->submission].label, p->why);
			if (!has_head)
				fputs("\nanother machine: series break there, and are not compared "
				      "across\n",
					to);
			has_head = true;
			print_indented(out.data, 2, to);
		}
}

static void print_mute(const struct trend *t, FILE *to)
{
	size_t mute = 0;

	for (size_t i = 0; i < t->series_n; i++)
		mute += t->series[i].is_mute;
	if (mute > 0)
		fprintf(to,
			"\n%zu series with values that are not positive: no changes are looked "
			"for\n",
			mute);
}

void trend_list(const struct trend *t, bool is_all, FILE *to)
{
	size_t n, until;
	struct listed *all = list_changes(t, &n);

	if (n == 0)
		fputs("\nno changes\n", to);
	/* Who just began is told why, and what tells more until then. */
	if (n == 0 && t->submissions_n < TWO_LEVELS)
		fprintf(to,
			"(a level takes three submissions, so a change is told from the sixth "
			"on%s)\n",
			t->submissions_n < 2 ? "" : "; until then `compare --baseline previous`");
	for (size_t from = 0; from < n; from = until) {
		until = from + 1;
		while (until < n && all[until].submission == all[from].submission)
			until++;
		print_submission(t, &all[from], until - from, is_all, to);
	}
	free(all);
	print_breaks(t, to);
	print_mute(t, to);
}
