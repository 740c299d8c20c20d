/* What of a campaign does not count in its medians, and why: warm-up, what failed, was too late,
 * skipped, cancelled, or is still to come. */
#include "coordinator/commands/summary_view.h"
#include "coordinator/commands/word_set.h"

/* ---- a line ---- */

void summary_add_configuration(
	const struct gathered *g, size_t cell, const char *between, struct buf *out)
{
	const struct gathered_configuration *c = &g->configurations[cell % g->configurations_n];
	_cleanup_buf_ struct buf text = BUF_INIT;

	parameters_format(&c->parameters, NULL, 0, &text);
	buf_addf(out, "%s%s%s%s%s", c->benchmark, text.len > 0 ? " " : "", text.data, between,
		g->lanes[cell / g->configurations_n].host);
}

void summary_add_reason(const char *reason, struct buf *out)
{
	/* The first line of it, so that a table stays one. */
	buf_addf(out, ": %.*s", (int)strcspn(reason, "\n"), reason);
}

void summary_remark(const char *word, const struct buf *line, FILE *to)
{
	fprintf(to, "%-7s  ", word);
	output_wrapped(line->data, 9, to);
}

/* ---- how many ---- */

struct excluded {
	size_t warmups, failed, timeouts, skipped, cancelled, open, done;
};

static void add_cell(struct excluded *e, const struct gathered_cell *cell)
{
	e->warmups += cell->warmups;
	e->timeouts += cell->timeouts;
	e->failed += cell->runs - cell->done - cell->timeouts;
	e->skipped += cell->skipped;
	e->cancelled += cell->cancelled;
	e->open += cell->open;
	e->done += cell->done;
}

static void add_count(struct buf *line, size_t n, const char *what)
{
	if (n > 0)
		buf_addf(line, "%s%zu %s", line->len > 0 ? ", " : "", n, what);
}

/* What runs are that have not ended. */
static const char *open_words(const struct summary_view *v)
{
	if (v->g->ended_at != ABSENT)
		return "never run";
	return v->campaign != NULL && v->campaign->until.metric != NULL ? "at most still to come"
									: "still to come";
}

/* "18 of 22 runs: without 2 failed, 2 warm-up": nothing where all count. Warm-up alone is nothing
 * to tell. */
static void print_counts(const struct summary_view *v, FILE *to)
{
	const struct gathered *g = v->g;
	_cleanup_buf_ struct buf line = BUF_INIT, without = BUF_INIT;
	struct excluded e = {0};
	bool is_all = true;

	for (size_t i = 0; i < g->lanes_n * g->configurations_n; i++) {
		if (summary_is_cell_shown(v, i))
			add_cell(&e, &g->cells[i]);
		else
			is_all = false;
	}
	/* Of a part, only what was handed out is known. */
	if (is_all && gathered_to_come(g) > e.open)
		e.open = gathered_to_come(g);
	if (e.failed + e.timeouts + e.skipped + e.cancelled + e.open == 0)
		return;
	add_count(&without, e.failed, "failed");
	add_count(&without, e.timeouts, "timed out");
	add_count(&without, e.skipped, "skipped");
	add_count(&without, e.cancelled, "cancelled");
	add_count(&without, e.open, open_words(v));
	add_count(&without, e.warmups, "warm-up");
	buf_addf(&line, "%zu of %zu runs: without %s", e.done,
		e.done + e.failed + e.timeouts + e.skipped + e.cancelled + e.open + e.warmups,
		without.data);
	summary_remark("counted", &line, to);
}

/* ---- skipped and cancelled ones ---- */

static const struct tallies *skips_of(const struct gathered_cell *cell)
{
	return &cell->skips;
}

static const struct tallies *cancels_of(const struct gathered_cell *cell)
{
	return &cell->cancels;
}

/* ---- failed ones ---- */

/* A reason, of how many runs and configurations it is, and the first of these. */
struct reason {
	const char *text;
	size_t runs, cells, first;
};

static size_t find_reasons(const struct summary_view *v, struct reason **out)
{
	const struct gathered *g = v->g;
	struct word_set seen = {0};
	size_t n = 0;

	for (size_t i = 0; i < g->lanes_n * g->configurations_n; i++) {
		const struct tallies *t = &g->cells[i].failures;
		for (size_t k = 0; k < t->n && summary_is_cell_shown(v, i); k++) {
			size_t at = word_set_number(&seen, t->items[k].text);
			if (at == n) {
				*out = xreallocarray(*out, n + 1, sizeof **out);
				(*out)[n++] = (struct reason){.text = t->items[k].text, .first = i};
			}
			(*out)[at].runs += t->items[k].n;
			(*out)[at].cells++;
		}
	}
	word_set_done(&seen);
	return n;
}

/* A reason once, with the first configuration that it is of. */
static void print_failed(const struct summary_view *v, FILE *to)
{
	const struct gathered *g = v->g;
	struct reason *reasons = NULL;
	size_t n = find_reasons(v, &reasons);

	for (size_t i = 0; i < n && i < SUMMARY_MAX_LINES; i++) {
		const struct reason *r = &reasons[i];
		_cleanup_buf_ struct buf line = BUF_INIT;
		buf_addf(&line, "%zu run%s (", r->runs, r->runs == 1 ? "" : "s");
		summary_add_configuration(g, r->first, " ", &line);
		if (r->cells > 1)
			buf_addf(&line, " and %zu more", r->cells - 1);
		buf_addc(&line, ')');
		summary_add_reason(r->text, &line);
		summary_remark("failed", &line, to);
	}
	free(reasons);
	if (n > SUMMARY_MAX_LINES)
		fprintf(to, "failed   %zu more reasons\n", n - SUMMARY_MAX_LINES);
	if (n > 0)
		fprintf(to,
			"         joulerig runs %s --failed          each of them\n"
			"         joulerig export %s --what output   what they printed\n",
			g->label, g->label);
}

void summary_excluded(const struct summary_view *v, FILE *to)
{
	print_counts(v, to);
	summary_groups(v, "skipped", skips_of, to);
	summary_groups(v, "stopped", cancels_of, to);
	print_failed(v, to);
}

/* ---- for programs ---- */

static void add_json(struct buf *out, const char *why, const char *reason, size_t n)
{
	if (n == 0)
		return;
	buf_addf(out, "%s{\"why\":\"%s\"", out->data[out->len - 1] == '[' ? "" : ",", why);
	if (text_is_set(reason)) {
		buf_adds(out, ",\"reason\":");
		json_add_string(out, reason, strlen(reason));
	}
	buf_addf(out, ",\"n\":%zu}", n);
}

static void add_tallies(struct buf *out, const struct tallies *t)
{
	for (size_t i = 0; i < t->n; i++)
		add_json(out, t->items[i].state, t->items[i].text, t->items[i].n);
}

void summary_excluded_json(const struct gathered_cell *cell, struct buf *out)
{
	buf_addc(out, '[');
	add_json(out, "warm-up", NULL, cell->warmups);
	add_tallies(out, &cell->failures);
	add_tallies(out, &cell->skips);
	add_tallies(out, &cell->cancels);
	add_json(out, "open", NULL, cell->open);
	buf_addc(out, ']');
}
