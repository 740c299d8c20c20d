/* `compare` for people: a block for each metric, and what must be said around them. */
#include "coordinator/commands/compare_block.h"

/* Metrics may be of unlike many benchmarks. */
static size_t largest_family(const struct comparison_result *c)
{
	size_t most = 0, n = 0;

	for (size_t i = 0; i < c->n; i++) {
		n = i > 0 && c->rows[i].metric == c->rows[i - 1].metric ? n + 1 : 1;
		most = n > most ? n : most;
	}
	return most;
}

static void print_head(const struct comparison_result *c, FILE *to)
{
	static const char *const per[] = {"", " · per core", " · per hertz", " · per watt"};
	const struct question *q = c->question;
	const char *common = compare_common(c, true), *by = q->by == NULL ? "" : q->by;
	_cleanup_free_ char *contender = output_harmless(common ? common : "the others"),
			    *baseline = output_harmless(q->baseline);

	fprintf(to, "%s  %s%s%s against %s · %s · ratio with %.4g %% interval%s%s\n",
		c->contender->label, by, q->by ? ": " : "", contender, baseline,
		q->kind == BY_AXIS      ? "paired in host and block"
		: q->kind == BY_HISTORY ? "submissions are the units"
					: "two samples, not paired",
		100 * (1 - q->alpha), q->by_ranks ? " (Hodges-Lehmann)" : "", per[q->per]);
	size_t family = largest_family(c);

	fprintf(to,
		"changed: beyond ±%.4g %% and adjusted p ≤ %.4g (Benjamini-Hochberg, %zu "
		"comparison%s a metric)\n",
		100 * q->threshold, q->alpha, family, family == 1 ? "" : "s");
}

/* What the letters of a block mean. */
static void print_letters(const struct compare_block *b, FILE *to)
{
	static const struct {
		const char *flag, *text;
	} known[] = {
		{"outliers", "outliers among these runs, kept; --ranks hardly minds them"},
		{"per_work", "per unit of work: the work of both sides differs"},
		{"unpaired", "two samples: no block has runs of both"},
		{"machine_changed", "the machine itself changed between the submissions"},
	};

	for (size_t i = 0; i < b->letters_n; i++) {
		const char *text = NULL;

		for (size_t k = 0; k < ARRAY_SIZE(known); k++)
			if (strcmp(known[k].flag, b->letters[i]) == 0)
				text = known[k].text;
		fprintf(to, "%c  %s%s\n", (int)('a' + i), text ? text : b->letters[i],
			text ? "" : ": runs are flagged so");
	}
}

/* The metric as the first row has it: all rows of a metric that is normalised have that name. */
static void print_title(const struct compare_block *b, FILE *to)
{
	const struct question *q = b->c->question;
	const struct gathered_metric *m = b->as;
	bool is_normalised = q->per != PER_NOTHING && b->n > 0 && b->lines[0].row != NULL;

	fprintf(to, "\n%s %s%s\n",
		is_normalised ? b->lines[0].row->metric_name : q->metrics[b->metric],
		is_normalised ? b->lines[0].row->unit
		: m != NULL   ? m->unit
			      : "",
		m == NULL                    ? ""
		: m->better == BETTER_LOWER  ? ", lower is better"
		: m->better == BETTER_HIGHER ? ", higher is better"
					     : "");
}

static void print_block(struct compare_block *b, const struct output_ops *ops, FILE *to)
{
	compare_block_fill(b);
	print_title(b, to);
	if (b->n == 0) {
		fputs(compare_block_has_rows(b) ? "all unchanged\n" : "nothing to compare\n", to);
	} else {
		compare_block_fit(b);
		grid_print(&b->grid, ops, to);
		print_letters(b, to);
		grid_done(&b->grid);
	}
	free(b->lines);
}

/* A block for each thing that benchmarks have under the metric's name. */
static void print_metric(const struct compare_block *like, const struct output_ops *ops, FILE *to)
{
	const struct gathered *g = like->c->contender;
	size_t at = gathered_metric(g, like->c->question->metrics[like->metric]), blocks = 0;
	struct compare_block first = *like;

	first.as = at < g->metrics_n ? &g->metrics[at] : NULL;
	for (size_t i = 0; i < g->variants_n; i++) {
		struct compare_block block = *like;

		block.as = &g->variants[i].as;
		if (g->variants[i].metric != at || !compare_block_has_rows(&block))
			continue;
		if (blocks++ == 0 && compare_block_has_rows(&first))
			print_block(&first, ops, to);
		print_block(&block, ops, to);
	}
	if (blocks == 0)
		print_block(&first, ops, to);
}

static void print_counts(const struct comparison_result *c, bool is_all, FILE *to)
{
	size_t counts[VERDICT_CHANGED + 1] = {0};
	const char *sep = ": ";

	for (size_t i = 0; i < c->n; i++)
		counts[c->rows[i].verdict]++;
	fprintf(to, "\n%zu comparison%s", c->n, c->n == 1 ? "" : "s");
	for (size_t i = 0; i < COMPARE_MARKS; i++) {
		enum verdict v = compare_marks[i].verdict;

		if (counts[v] == 0)
			continue;
		fprintf(to, "%s%zu %s", sep, counts[v], verdict_name(v));
		sep = " · ";
	}
	fprintf(to, "%s\n", counts[VERDICT_UNCHANGED] && !is_all ? " (--all shows them)" : "");
}

void compare_table(const struct comparison_result *c, const struct compare_look *look,
	const struct output_ops *ops, FILE *to)
{
	print_head(c, to);
	for (size_t metric = 0; metric < c->question->metrics_n; metric++) {
		const struct compare_block block = {.c = c, .look = look, .metric = metric};

		print_metric(&block, ops, to);
	}
	print_counts(c, look->is_all, to);
	compare_remarks(c, look->is_all, to);
}
