#include "coordinator/commands/compare_block.h"

#include <math.h>

const struct compare_mark compare_marks[COMPARE_MARKS] = {
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

/* ---- the lines of a block ---- */

static void add_line(struct compare_block *b, struct compare_line line)
{
	if ((b->n & (b->n - 1)) == 0)
		b->lines = xreallocarray(b->lines, b->n == 0 ? 1 : 2 * b->n, sizeof *b->lines);
	b->lines[b->n++] = line;
}

/* Pooled lines are in the order of rows: those before this configuration are done. */
static void add_pooled(struct compare_block *b, size_t configuration)
{
	const struct comparison_result *c = b->c;

	for (; b->next_pooled < c->pooled_n; b->next_pooled++) {
		const struct pooled *p = &c->pooled[b->next_pooled];

		if (p->metric > b->metric ||
			(p->metric == b->metric && p->configuration > configuration))
			break;
		if (p->metric == b->metric && p->configuration == configuration)
			add_line(b, (struct compare_line){.pooled = p});
	}
}

static void add_row(struct compare_block *b, const struct compared *row)
{
	add_line(b, (struct compare_line){.row = row});
	if (!b->look->is_plain && row->verdict == VERDICT_INCONCLUSIVE && row->more_blocks > 0)
		add_line(b, (struct compare_line){.row = row, .is_second = true});
}

/* The first place in compare_marks that one of the configuration's hosts has: they stay together.
 */
static size_t place_of(const struct compare_block *b, size_t from, size_t to)
{
	size_t place = COMPARE_MARKS - 1;

	for (size_t i = from; i < to; i++)
		for (size_t k = 0; k < place; k++)
			if (compare_marks[k].verdict == b->c->rows[i].verdict)
				place = k;
	return place;
}

static bool is_of_block(const struct compare_block *b, const struct compared *row)
{
	const struct gathered *g = b->c->contender;

	return row->metric == b->metric &&
	       (b->as == NULL ||
		       gathered_metric_as(g, gathered_metric(g, b->c->question->metrics[b->metric]),
			       row->configuration) == b->as);
}

bool compare_block_has_rows(const struct compare_block *b)
{
	for (size_t i = 0; i < b->c->n; i++)
		if (is_of_block(b, &b->c->rows[i]))
			return true;
	return false;
}

void compare_block_fill(struct compare_block *b)
{
	const struct comparison_result *c = b->c;

	for (size_t place = 0; place < COMPARE_MARKS; place++) {
		bool is_hidden =
			compare_marks[place].verdict == VERDICT_UNCHANGED && !b->look->is_all;

		b->next_pooled = 0;
		for (size_t i = 0, end; i < c->n && !is_hidden; i = end) {
			for (end = i + 1; end < c->n && c->rows[end].metric == c->rows[i].metric &&
					  c->rows[end].configuration == c->rows[i].configuration;)
				end++;
			if (!is_of_block(b, &c->rows[i]) || place_of(b, i, end) != place)
				continue;
			for (size_t k = i; k < end; k++)
				add_row(b, &c->rows[k]);
			add_pooled(b, c->rows[i].configuration);
		}
	}
}

/* ---- columns: what is compared ---- */

static size_t configuration_of(const struct compare_block *b, size_t line)
{
	return b->lines[line].row ? b->lines[line].row->configuration
				  : b->lines[line].pooled->configuration;
}

/* A configuration is named in the first of its lines alone. */
static bool is_first(const struct compare_block *b, size_t line)
{
	return line == 0 || configuration_of(b, line) != configuration_of(b, line - 1);
}

static const struct gathered_configuration *named(const struct compare_block *b, size_t line)
{
	return &b->c->contender->configurations[configuration_of(b, line)];
}

/* The row of a line that is its first, else NULL. */
static const struct compared *row_at(const struct compare_block *b, size_t line)
{
	return b->lines[line].is_second ? NULL : b->lines[line].row;
}

static const struct ratio *ratio_at(const struct compare_block *b, size_t line)
{
	return b->lines[line].row ? &b->lines[line].row->ratio : &b->lines[line].pooled->ratio;
}

static bool is_decimal(const char *s)
{
	return s[strspn(s, "0123456789.-+eE")] == '\0';
}

static void add_axis(struct compare_block *b, const char *axis)
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

static void add_axes(struct compare_block *b)
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

static void add_names(struct compare_block *b)
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

static void add_count(struct compare_block *b)
{
	struct grid_column *column = grid_add(&b->grid, true, "n");

	for (size_t line = 0; line < b->n; line++)
		if (row_at(b, line))
			column->texts[line] = xasprintf("%zu", ratio_at(b, line)->n);
}

static void add_medians(struct compare_block *b)
{
	const char *baseline = compare_common(b->c, false), *contender = compare_common(b->c, true);
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

static void add_ratios(struct compare_block *b)
{
	const struct question *q = b->c->question;
	struct grid_column *column =
		grid_add(&b->grid, false, "ratio [%.4g %%]", 100 * (1 - q->alpha));

	for (size_t line = 0; line < b->n; line++)
		if (!b->lines[line].is_second)
			column->texts[line] = compare_ratio_text(ratio_at(b, line));
}

static void add_p(struct compare_block *b)
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
static bool is_said_above(const struct compare_block *b, const char *flag)
{
	return (strcmp(flag, "unpaired") == 0 && b->c->question->kind != BY_AXIS) ||
	       strncmp(flag, "per_", strlen("per_")) == 0;
}

static char letter_of(struct compare_block *b, const char *flag)
{
	for (size_t i = 0; i < b->letters_n; i++)
		if (strcmp(b->letters[i], flag) == 0)
			return (char)('a' + i);
	if (b->letters_n == COMPARE_LETTERS)
		return '+';
	b->letters[b->letters_n] = flag;
	return (char)('a' + b->letters_n++);
}

static void add_letters(struct compare_block *b)
{
	struct grid_column *column = grid_add(&b->grid, false, "%s", "");
	bool is_any = false;

	for (size_t line = 0; line < b->n; line++) {
		const struct compared *row = row_at(b, line);
		struct buf text = BUF_INIT;

		for (size_t i = 0; row != NULL && i < row->flags_n; i++)
			if (strcmp(row->flags[i], "per_work") == 0 ||
				!is_said_above(b, row->flags[i]))
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
	for (size_t i = 0; i < COMPARE_MARKS; i++)
		if (compare_marks[i].verdict == v)
			return compare_marks[i].mark;
	return "";
}

static char *verdict_text(const struct compare_block *b, const struct compared *row)
{
	_cleanup_buf_ struct buf out = BUF_INIT;

	buf_addf(&out, "%s%s", mark_of(row->verdict), verdict_name(row->verdict));
	if (row->verdict != VERDICT_INCONCLUSIVE)
		return buf_take(&out);
	if (row->ratio.n == 1 && b->c->question->kind != BY_HISTORY)
		buf_addf(&out, ", of 1 block; needs %zu",
			blocks_for_p(row->ratio.is_paired, b->c->question->alpha));
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

static void add_verdicts(struct compare_block *b)
{
	struct grid_column *column = grid_add(&b->grid, false, "verdict");

	for (size_t line = 0; line < b->n; line++) {
		const struct compare_line *l = &b->lines[line];

		column->texts[line] = l->is_second
					      ? xasprintf("  ~%zu more blocks", l->row->more_blocks)
				      : l->row ? verdict_text(b, l->row)
					       : pooled_text(l->pooled, b->narrow > 1);
	}
}

static void add_bars(struct compare_block *b, size_t width)
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

/* The one value that all rows share, or NULL. */
const char *compare_common(const struct comparison_result *c, bool is_contender)
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

/* ---- fitting a page ---- */

static void add_columns(struct compare_block *b, int narrow)
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
void compare_block_fit(struct compare_block *b)
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
