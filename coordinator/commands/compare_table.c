/* `compare` for people: a block for each metric, what changed first. */
#include "coordinator/commands/compare_view.h"

#include "coordinator/commands/summary_grid.h"
#include <math.h>

/* The order in which verdicts are shown, and the mark of each. */
static const struct shown {
	enum verdict verdict;
	const char *mark;
} order[] = {
	{VERDICT_REGRESSED, "▲ "},
	{VERDICT_CHANGED, "◆ "},
	{VERDICT_IMPROVED, "▼ "},
	{VERDICT_INCONCLUSIVE, "? "},
	{VERDICT_UNCHANGED, "= "},
	{VERDICT_NONE, "  "},
};

/* Bars are as wide as there is room, within these. */
#define LEAST_BAR 16
#define MOST_BAR  48

/* Flags that rows have in common with all others of their question need no letter. */
#define MOST_LETTERS 26

/* A line of a block: a row, the pooled one of a configuration, or the second line of a row. */
struct shown_line {
	const struct compared *row;
	const struct pooled *pooled;
	bool is_second;
};

/* One block: the lines of a metric in the order in which they are shown. */
struct block {
	const struct comparison_result *c;
	const struct compare_look *look;
	size_t metric;
	struct shown_line *lines;
	size_t n;
	size_t next_pooled; /* of c->pooled */
	int narrow;         /* how much is left out: 0 nothing, 1 medians, 2 n and p, too */
	const char *letters[MOST_LETTERS]; /* the flag of each */
	size_t letters_n;
	struct grid grid;
};

/* ---- the lines of a block ---- */

static void add_line(struct block *b, struct shown_line line)
{
	if ((b->n & (b->n - 1)) == 0)
		b->lines = xreallocarray(b->lines, b->n == 0 ? 1 : 2 * b->n, sizeof *b->lines);
	b->lines[b->n++] = line;
}

/* Pooled lines are in the order of rows: those before this configuration are done. */
static void add_pooled(struct block *b, size_t configuration)
{
	const struct comparison_result *c = b->c;

	for (; b->next_pooled < c->pooled_n; b->next_pooled++) {
		const struct pooled *p = &c->pooled[b->next_pooled];

		if (p->metric > b->metric ||
			(p->metric == b->metric && p->configuration > configuration))
			break;
		if (p->metric == b->metric && p->configuration == configuration)
			add_line(b, (struct shown_line){.pooled = p});
	}
}

static void add_row(struct block *b, const struct compared *row)
{
	add_line(b, (struct shown_line){.row = row});
	if (!b->look->is_plain && row->verdict == VERDICT_INCONCLUSIVE && row->more_blocks > 0)
		add_line(b, (struct shown_line){.row = row, .is_second = true});
}

/* The first place in `order` that one of the configuration's hosts has: they stay together. */
static size_t place_of(const struct block *b, size_t from, size_t to)
{
	size_t place = ARRAY_SIZE(order) - 1;

	for (size_t i = from; i < to; i++)
		for (size_t k = 0; k < place; k++)
			if (order[k].verdict == b->c->rows[i].verdict)
				place = k;
	return place;
}

static void fill(struct block *b)
{
	const struct comparison_result *c = b->c;

	for (size_t place = 0; place < ARRAY_SIZE(order); place++) {
		bool is_hidden = order[place].verdict == VERDICT_UNCHANGED && !b->look->is_all;

		b->next_pooled = 0;
		for (size_t i = 0, end; i < c->n && !is_hidden; i = end) {
			for (end = i + 1; end < c->n && c->rows[end].metric == c->rows[i].metric &&
					  c->rows[end].configuration == c->rows[i].configuration;)
				end++;
			if (c->rows[i].metric != b->metric || place_of(b, i, end) != place)
				continue;
			for (size_t k = i; k < end; k++)
				add_row(b, &c->rows[k]);
			add_pooled(b, c->rows[i].configuration);
		}
	}
}

/* ---- columns: what is compared ---- */

static size_t configuration_of(const struct block *b, size_t line)
{
	return b->lines[line].row ? b->lines[line].row->configuration
				  : b->lines[line].pooled->configuration;
}

/* A configuration is named in the first of its lines alone. */
static bool is_first(const struct block *b, size_t line)
{
	return line == 0 || configuration_of(b, line) != configuration_of(b, line - 1);
}

static const struct gathered_configuration *named(const struct block *b, size_t line)
{
	return &b->c->contender->configurations[configuration_of(b, line)];
}

/* The row of a line that is its first, else NULL. */
static const struct compared *row_at(const struct block *b, size_t line)
{
	return b->lines[line].is_second ? NULL : b->lines[line].row;
}

static const struct ratio *ratio_at(const struct block *b, size_t line)
{
	return b->lines[line].row ? &b->lines[line].row->ratio : &b->lines[line].pooled->ratio;
}

static bool is_decimal(const char *s)
{
	return s[strspn(s, "0123456789.-+eE")] == '\0';
}

static void add_axis(struct block *b, const char *axis)
{
	struct grid_column *column = grid_add(&b->grid, false, "%s", axis);

	column->is_right = true;
	for (size_t line = 0; line < b->n; line++) {
		const char *value = parameters_get(&named(b, line)->parameters, axis);

		if (value == NULL)
			continue;
		column->is_right &= is_decimal(value);
		if (is_first(b, line))
			column->texts[line] = xstrdup(value);
	}
}

static void add_axes(struct block *b)
{
	_cleanup_free_ size_t *configurations = xcalloc(b->c->n + 1, sizeof *configurations);
	_cleanup_free_ const char **names = NULL;
	size_t n;

	for (size_t i = 0; i < b->c->n; i++)
		configurations[i] = b->c->rows[i].configuration;
	names = compare_varied(b->c->contender, configurations, b->c->n, &n);
	for (size_t i = 0; i < n; i++)
		add_axis(b, names[i]);
}

static void add_names(struct block *b)
{
	struct grid_column *column = grid_add(&b->grid, false, "benchmark");

	for (size_t line = 0; line < b->n; line++)
		column->texts[line] = is_first(b, line) ? xstrdup(named(b, line)->benchmark) : NULL;
	add_axes(b);
	column = grid_add(&b->grid, false, "host");
	for (size_t line = 0; line < b->n; line++)
		if (!b->lines[line].is_second)
			column->texts[line] =
				xstrdup(b->lines[line].row ? b->lines[line].row->host : "pooled");
}

/* ---- columns: numbers ---- */

/* Four digits; whole numbers whole. */
static char *number(double value)
{
	int digits = value > 0 ? 3 - (int)floor(log10(value)) : 3;

	return xasprintf("%.*f", digits < 0 ? 0 : digits > 9 ? 9 : digits, value);
}

/* The one value that all rows share, or NULL. */
static const char *common(const struct comparison_result *c, bool is_contender)
{
	const char *first = NULL;

	for (size_t i = 0; i < c->n; i++) {
		const char *value = is_contender ? c->rows[i].contender : c->rows[i].baseline;

		if (first != NULL && strcmp(first, value) != 0)
			return NULL;
		first = value;
	}
	return first;
}

static void add_count(struct block *b)
{
	struct grid_column *column = grid_add(&b->grid, true, "n");

	for (size_t line = 0; line < b->n; line++)
		if (row_at(b, line))
			column->texts[line] = xasprintf("%zu", ratio_at(b, line)->n);
}

static void add_medians(struct block *b)
{
	const char *baseline = common(b->c, false), *contender = common(b->c, true);
	struct grid_column *column =
		grid_add(&b->grid, true, "%s", baseline ? baseline : "baseline");

	for (size_t line = 0; line < b->n; line++)
		if (row_at(b, line))
			column->texts[line] = number(row_at(b, line)->baseline_median);
	column = grid_add(&b->grid, true, "%s", contender ? contender : "contender");
	for (size_t line = 0; line < b->n; line++)
		if (row_at(b, line))
			column->texts[line] = number(row_at(b, line)->contender_median);
}

static void add_ratios(struct block *b)
{
	const struct question *q = b->c->question;
	struct grid_column *column =
		grid_add(&b->grid, false, "ratio [%.4g %%]", 100 * (1 - q->alpha));

	for (size_t line = 0; line < b->n; line++)
		if (!b->lines[line].is_second)
			column->texts[line] = compare_ratio_text(ratio_at(b, line));
}

static void add_p(struct block *b)
{
	struct grid_column *column = grid_add(&b->grid, true, "p adj");

	for (size_t line = 0; line < b->n; line++)
		column->texts[line] =
			row_at(b, line) ? compare_p_text(row_at(b, line)->p_adjusted) : NULL;
	if (!b->c->question->with_ranks)
		return;
	column = grid_add(&b->grid, true, "rank p");
	for (size_t line = 0; line < b->n; line++)
		column->texts[line] =
			row_at(b, line) ? compare_p_text(row_at(b, line)->rank_p) : NULL;
}

/* ---- columns: what must be known of a row ---- */

/* In the head: all rows of the question have it, or none. */
static bool is_said_above(const char *flag)
{
	return strcmp(flag, "unpaired") == 0 || strncmp(flag, "per_", strlen("per_")) == 0;
}

static char letter_of(struct block *b, const char *flag)
{
	for (size_t i = 0; i < b->letters_n; i++)
		if (strcmp(b->letters[i], flag) == 0)
			return (char)('a' + i);
	if (b->letters_n == MOST_LETTERS)
		return '+';
	b->letters[b->letters_n] = flag;
	return (char)('a' + b->letters_n++);
}

static void add_letters(struct block *b)
{
	struct grid_column *column = grid_add(&b->grid, false, "%s", "");
	bool is_any = false;

	for (size_t line = 0; line < b->n; line++) {
		const struct compared *row = row_at(b, line);
		struct buf text = BUF_INIT;

		for (size_t i = 0; row != NULL && i < row->flags_n; i++)
			if (strcmp(row->flags[i], "per_work") == 0 || !is_said_above(row->flags[i]))
				buf_addc(&text, letter_of(b, row->flags[i]));
		column->texts[line] = text.len > 0 ? buf_take(&text) : NULL;
		is_any |= column->texts[line] != NULL;
		buf_done(&text);
	}
	if (is_any)
		return;
	free(column->texts);
	free(column->title);
	b->grid.n--;
}

static const char *mark_of(enum verdict v)
{
	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		if (order[i].verdict == v)
			return order[i].mark;
	return "";
}

static char *verdict_text(const struct block *b, const struct compared *row)
{
	_cleanup_buf_ struct buf out = BUF_INIT;

	buf_addf(&out, "%s%s", mark_of(row->verdict), verdict_name(row->verdict));
	if (row->verdict != VERDICT_INCONCLUSIVE)
		return buf_take(&out);
	if (isfinite(row->smallest))
		buf_addf(
			&out, ", sees ≥ %.*f %%", row->smallest < 0.1 ? 1 : 0, 100 * row->smallest);
	if (row->more_blocks > 0)
		buf_adds(&out, ";");
	if (row->more_blocks > 0 && b->look->is_plain)
		buf_addf(&out, " ~%zu more blocks", row->more_blocks);
	return buf_take(&out);
}

/* "2 of 2 hosts regressed": of the commonest verdict. */
static char *pooled_text(const struct pooled *p, bool is_short)
{
	enum verdict most = VERDICT_NONE;
	_cleanup_buf_ struct buf out = BUF_INIT;

	for (enum verdict v = VERDICT_NONE; v <= VERDICT_CHANGED; v++)
		if (p->verdicts[v] > p->verdicts[most])
			most = v;
	buf_addf(&out, "%zu of %zu%s %s", p->verdicts[most], p->hosts, is_short ? "" : " hosts",
		verdict_name(most));
	if (isfinite(p->spread.i2))
		buf_addf(&out, ", I² %.0f %%", 100 * p->spread.i2);
	return buf_take(&out);
}

static void add_verdicts(struct block *b)
{
	struct grid_column *column = grid_add(&b->grid, false, "verdict");

	for (size_t line = 0; line < b->n; line++) {
		const struct shown_line *l = &b->lines[line];

		column->texts[line] = l->is_second
					      ? xasprintf("  ~%zu more blocks", l->row->more_blocks)
				      : l->row ? verdict_text(b, l->row)
					       : pooled_text(l->pooled, b->narrow > 1);
	}
}

static void add_bars(struct block *b, size_t width)
{
	const struct ratio **ratios = xcalloc(b->n + 1, sizeof *ratios);
	struct forest forest;
	struct grid_column *column;

	for (size_t line = 0; line < b->n; line++)
		ratios[line] = ratio_at(b, line);
	forest = forest_of(ratios, b->n, width);
	_cleanup_free_ char *scale = forest_scale(&forest);
	column = grid_add(&b->grid, false, "%s", scale);
	for (size_t line = 0; line < b->n; line++)
		if (!b->lines[line].is_second)
			column->texts[line] = forest_bar(&forest, ratios[line]);
	free(ratios);
}

/* ---- fitting a page ---- */

static void add_columns(struct block *b, int narrow)
{
	grid_done(&b->grid);
	b->grid = (struct grid){.rows = b->n};
	b->letters_n = 0;
	b->narrow = narrow;
	add_names(b);
	if (narrow < 2)
		add_count(b);
	if (narrow < 1)
		add_medians(b);
	add_ratios(b);
	if (narrow < 2)
		add_p(b);
	add_letters(b);
	add_verdicts(b);
}

static int width_of(const struct grid *grid)
{
	int width = 0;

	for (size_t i = 0; i < grid->n; i++) {
		int widest = text_width(grid->columns[i].title);

		for (size_t row = 0; row < grid->rows; row++) {
			const char *text = grid->columns[i].texts[row];
			int here = text == NULL ? 0 : text_width(text);

			widest = here > widest ? here : widest;
		}
		width += widest + (i > 0 ? 2 : 0);
	}
	return width;
}

/* Where there is no room for all, medians go first: the ratio is of them, and `results` has them.
 * For bars that were asked for n and p go, too. */
static void fit(struct block *b)
{
	int page = output_page_width(), room, wanted = b->look->is_forest ? LEAST_BAR + 2 : 0;

	add_columns(b, 0);
	if (b->look->is_plain)
		return;
	for (int narrow = 1; narrow <= (b->look->is_forest ? 2 : 1); narrow++)
		if (page - width_of(&b->grid) < wanted)
			add_columns(b, narrow);
	room = page - width_of(&b->grid) - 2;
	if (room >= LEAST_BAR || b->look->is_forest)
		add_bars(b, room < LEAST_BAR  ? LEAST_BAR
			    : room > MOST_BAR ? MOST_BAR
					      : (size_t)room);
}

/* ---- around the blocks ---- */

static void print_head(const struct comparison_result *c, FILE *to)
{
	static const char *const per[] = {"", " · per core", " · per hertz", " · per watt"};
	const struct question *q = c->question;
	const char *contender = common(c, true), *by = q->by == NULL ? "" : q->by;

	fprintf(to, "%s  %s%s%s against %s · %s · ratio with %.4g %% interval%s%s\n",
		c->contender->label, by, q->by ? ": " : "", contender ? contender : "the others",
		q->baseline,
		q->kind == BY_AXIS      ? "paired in host and block"
		: q->kind == BY_HISTORY ? "submissions are the units"
					: "two samples, not paired",
		100 * (1 - q->alpha), q->by_ranks ? " (Hodges-Lehmann)" : "", per[q->per]);
	fprintf(to,
		"changed: beyond ±%.4g %% and adjusted p ≤ %.4g (Benjamini-Hochberg, %zu "
		"comparison%s a metric)\n",
		100 * q->threshold, q->alpha, c->n / q->metrics_n,
		c->n / q->metrics_n == 1 ? "" : "s");
}

/* What the letters of a block mean. */
static void print_letters(const struct block *b, FILE *to)
{
	static const struct {
		const char *flag, *text;
	} known[] = {
		{"outliers", "outliers among these runs, kept; --ranks hardly minds them"},
		{"per_work", "per unit of work: the work of both sides differs"},
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
static void print_title(const struct block *b, FILE *to)
{
	const struct question *q = b->c->question;
	const struct gathered *g = b->c->contender;
	size_t at = gathered_metric(g, q->metrics[b->metric]);
	const struct gathered_metric *m = at < g->metrics_n ? &g->metrics[at] : NULL;
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

static bool has_rows(const struct block *b)
{
	for (size_t i = 0; i < b->c->n; i++)
		if (b->c->rows[i].metric == b->metric)
			return true;
	return false;
}

static void print_block(struct block *b, const struct output_ops *ops, FILE *to)
{
	print_title(b, to);
	if (b->n == 0) {
		fputs(has_rows(b) ? "all unchanged\n" : "nothing to compare\n", to);
		return;
	}
	fit(b);
	grid_print(&b->grid, ops, to);
	print_letters(b, to);
	grid_done(&b->grid);
}

static void print_counts(const struct comparison_result *c, bool is_all, FILE *to)
{
	size_t counts[VERDICT_CHANGED + 1] = {0};
	const char *sep = ": ";

	for (size_t i = 0; i < c->n; i++)
		counts[c->rows[i].verdict]++;
	fprintf(to, "\n%zu comparison%s", c->n, c->n == 1 ? "" : "s");
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		enum verdict v = order[i].verdict;

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
		struct block block = {.c = c, .look = look, .metric = metric};

		fill(&block);
		print_block(&block, ops, to);
		free(block.lines);
	}
	print_counts(c, look->is_all, to);
	compare_remarks(c, look->is_all, to);
}
