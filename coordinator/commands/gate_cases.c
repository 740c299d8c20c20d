#include "coordinator/commands/gate_cases.h"

#include <math.h>

static const char *keep(struct gate_cases *to, char *text)
{
	to->texts = xreallocarray(to->texts, to->texts_n + 1, sizeof *to->texts);
	return to->texts[to->texts_n++] = text;
}

static void add(struct gate_cases *to, const struct ci_case *c)
{
	to->items = xreallocarray(to->items, to->n + 1, sizeof *to->items);
	to->items[to->n++] = *c;
	to->counts[c->result]++;
}

/* ---- what a case is about ---- */

static const char *metric_of(const struct comparison_result *c, const struct compared *row)
{
	return row->metric_name != NULL ? row->metric_name : c->question->metrics[row->metric];
}

/* "threads=8 size=1 against python=gil on lab03": the same each night. */
static char *name_of(const struct comparison_result *c, const struct compared *row)
{
	const struct gathered_configuration *of = &c->contender->configurations[row->configuration];
	_cleanup_buf_ struct buf out = BUF_INIT;

	parameters_format(&of->parameters, NULL, 0, &out);
	if (c->question->kind == BY_AXIS)
		buf_addf(&out, "%sagainst %s=%s", out.len > 0 ? " " : "", c->question->by,
			row->baseline);
	buf_addf(&out, "%son %s", out.len > 0 ? " " : "", row->host);
	return buf_take(&out);
}

static char *subject_of(const struct comparison_result *c, const struct compared *row)
{
	const struct gathered_configuration *of = &c->contender->configurations[row->configuration];

	return xasprintf(
		"%s of %s %s on %s", metric_of(c, row), of->benchmark, of->json, row->host);
}

static int line_of(const struct gate *g, size_t configuration)
{
	const struct benchmark *b = study_benchmark(g->contender, configuration);

	return b == NULL ? 0 : b->line;
}

/* ---- what is known of it ---- */

/* "4.98 % worse, ratio 1.050 [1.046, 1.054], adjusted p 0.002, base -> worse" */
static char *text_of(const struct compared *row)
{
	const struct ratio *r = &row->ratio;
	double away = 100 * (r->ratio > 1 ? r->ratio - 1 : 1 - r->ratio);
	_cleanup_buf_ struct buf out = BUF_INIT;

	if (row->verdict == VERDICT_REGRESSED)
		buf_addf(&out, "%.2f %% worse, ", away);
	else if (row->verdict == VERDICT_IMPROVED)
		buf_addf(&out, "%.2f %% better, ", away);
	if (isnan(r->ratio))
		buf_adds(&out, "no ratio");
	else
		buf_addf(&out, "ratio %.4f", r->ratio);
	if (isfinite(r->low) && isfinite(r->high))
		buf_addf(&out, " [%.4f, %.4f]", r->low, r->high);
	if (!isnan(row->p_adjusted))
		buf_addf(&out,
			row->p_adjusted < 0.001 ? ", adjusted p < 0.001" : ", adjusted p %.3f",
			row->p_adjusted);
	buf_addf(&out, ", %s against %s", row->contender, row->baseline);
	if (row->verdict == VERDICT_INCONCLUSIVE && isfinite(row->smallest))
		buf_addf(&out, "; a change of %.*f %% or more would have shown",
			row->smallest < 0.1 ? 1 : 0, 100 * row->smallest);
	if (row->verdict == VERDICT_INCONCLUSIVE && row->more_blocks > 0)
		buf_addf(&out, "; about %zu more blocks would settle it", row->more_blocks);
	return buf_take(&out);
}

/* What a row's verdict is to a gate, and the word for it. */
static enum ci_result result_of(const struct gate *g, const struct compared *row, const char **word)
{
	const struct benchmark *b = study_benchmark(g->contender, row->configuration);
	bool has_moved = row->verdict == VERDICT_REGRESSED || row->verdict == VERDICT_IMPROVED ||
			 row->verdict == VERDICT_CHANGED;

	*word = verdict_name(row->verdict);
	if (b != NULL && b->is_canary && has_moved) {
		*word = "machine";
		return CI_WARNED;
	}
	if (row->verdict == VERDICT_REGRESSED)
		return CI_FAILED;
	return row->verdict == VERDICT_INCONCLUSIVE || row->verdict == VERDICT_NONE ? CI_SKIPPED
										    : CI_PASSED;
}

static void add_row(const struct gate *g, struct gate_cases *to, const struct comparison_result *c,
	const struct compared *row, const char *suite)
{
	_cleanup_free_ char *subject = subject_of(c, row);
	const char *word;
	struct ci_case new = {.result = result_of(g, row, &word),
		.suite = suite,
		.group = c->contender->configurations[row->configuration].benchmark,
		.name = keep(to, name_of(c, row)),
		.text = keep(to, text_of(row)),
		.line = line_of(g, row->configuration)};

	if (new.result == CI_WARNED)
		new.text = keep(to,
			xasprintf(
				"this canary moved, and what moved with it may be the machine: %s",
				new.text));
	new.title = keep(to, xasprintf("%s: %s", word, subject));
	add(to, &new);
	to->compared++;
}

static void add_rows(const struct gate *g, struct gate_cases *to, const struct comparison_result *c)
{
	const char *by = c->question->by;

	for (size_t i = 0; i < c->n; i++) {
		const char *metric = metric_of(c, &c->rows[i]);

		add_row(g, to, c, &c->rows[i],
			by == NULL ? metric : keep(to, xasprintf("%s by %s", metric, by)));
	}
}

/* ---- what was not compared ---- */

static void add_texts(struct gate_cases *to, char *const *texts, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++)
		add(to, &(struct ci_case){.result = CI_SKIPPED,
				.suite = "not compared",
				.group = word,
				.name = texts[i],
				.title = keep(to, xasprintf("%s: %s", word, texts[i])),
				.text = ""});
}

/* Cases of which each run failed: what is measured no more is not as good as before. */
static void add_broken(const struct gate *g, struct gate_cases *to)
{
	const struct gathered *of = &g->contender->g;

	for (size_t i = 0; i < of->configurations_n * of->lanes_n; i++) {
		size_t configuration = i / of->lanes_n, lane = i % of->lanes_n;
		const struct gathered_cell *cell = gathered_cell(of, lane, configuration);
		const struct gathered_configuration *what = &of->configurations[configuration];
		_cleanup_buf_ struct buf name = BUF_INIT;

		if (cell->runs == 0 || cell->done > 0)
			continue;
		parameters_format(&what->parameters, NULL, 0, &name);
		buf_addf(&name, "%son %s", name.len > 0 ? " " : "", of->lanes[lane].host);
		add(to, &(struct ci_case){.result = CI_BROKEN,
				.suite = "failed",
				.group = what->benchmark,
				.name = keep(to, buf_take(&name)),
				.title = keep(to, xasprintf("failed: %s %s on %s", what->benchmark,
							  what->json, of->lanes[lane].host)),
				.text = keep(to,
					xasprintf("each of its %zu runs failed, the first "
						  "one: %s",
						cell->runs,
						cell->failures.n > 0 ? cell->failures.items[0].text
								     : "nothing is known")),
				.line = line_of(g, configuration)});
	}
}

/* ---- the whole ---- */

static char *name_all(const struct gate *g)
{
	const char *label = g->contender->g.label;
	const char *baseline = g->n == 0 ? NULL : g->results[0].question->baseline;

	for (size_t i = 1; i < g->n; i++)
		if (strcmp(g->results[i].question->baseline, baseline) != 0)
			return xstrdup(label);
	return baseline == NULL ? xstrdup(label) : xasprintf("%s against %s", label, baseline);
}

void gate_cases_make(const struct gate *g, struct gate_cases *out)
{
	*out = (struct gate_cases){.name = name_all(g)};
	for (size_t i = 0; i < g->n; i++)
		add_rows(g, out, &g->results[i]);
	add_broken(g, out);
	for (size_t i = 0; i < g->n; i++)
		add_texts(out, g->results[i].refused, g->results[i].refused_n, "refused");
	for (size_t i = 0; i < g->n; i++)
		add_texts(out, g->results[i].missing, g->results[i].missing_n, "not compared");
	if (out->compared == 0)
		add(out, &(struct ci_case){.result = CI_SKIPPED,
				 .suite = "not compared",
				 .group = GATE_NOTE,
				 .name = "all",
				 .title = "nothing was compared",
				 .text = ""});
}

void gate_cases_done(struct gate_cases *cases)
{
	for (size_t i = 0; i < cases->texts_n; i++)
		free(cases->texts[i]);
	free(cases->texts);
	free(cases->items);
	free(cases->name);
	*cases = (struct gate_cases){0};
}
