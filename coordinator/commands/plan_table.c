/* A plan for people: the configurations, and what of them does not run. */
#include "coordinator/commands/plan_view.h"

#include "coordinator/analysis/parameters.h"
#include "coordinator/commands/word_set.h"
#include "coordinator/output/output.h"

#define SHOWN_ROWS    40 /* configurations without --all */
#define SHOWN_SKIPPED 12
#define CPUS_WIDTH    28
#define NAME_WIDTH    32

/* Append a text, cut after so many columns with "..." where it is longer. */
static void add_cut(struct buf *out, const char *text, int width)
{
	size_t start = out->len;

	buf_adds(out, text);
	if (text_width(text) <= width)
		return;
	while (text_width(out->data + start) > width - 3) {
		do
			out->len--;
		while (((unsigned char)out->data[out->len] & 0xc0) == 0x80);
		out->data[out->len] = '\0';
	}
	buf_adds(out, "...");
}

/* A text in a column: padded to its width. */
static void add_column(struct buf *out, const char *text, int width, bool is_right)
{
	int padding = width - text_width(text);

	if (is_right)
		buf_addf(out, "%*s%s", padding > 0 ? padding : 0, "", text);
	else
		buf_addf(out, "%s%*s", text, padding > 0 ? padding : 0, "");
}

/* ---- configurations ---- */

/* A configuration on all of its hosts. */
struct row {
	size_t hosts; /* that run it */
	char *cpus;   /* which or how many; NULL: not known */
};

/* What CPUs a configuration gets on a host. */
static void describe_placing(const struct placing *p, struct buf *out)
{
	if (p->problem)
		buf_adds(out, "none");
	else if (p->list)
		placing_shorten(p->list, out);
	else if (p->cpus != ABSENT)
		buf_addf(out, "%lld", (long long)p->cpus);
	else
		buf_adds(out, "all");
}

static void add_to_row(
	const struct plan_view *v, struct row *row, size_t lane, size_t configuration)
{
	const struct configuration *c = &v->plan->configurations[configuration];
	_cleanup_buf_ struct buf cpus = BUF_INIT;

	row->hosts++;
	if (c->benchmark->roles_n > 0)
		return;
	describe_placing(placing_find(v->placings, c, &v->hosts->items[lane]), &cpus);
	if (!row->cpus) {
		row->cpus = buf_take(&cpus);
	} else if (strcmp(row->cpus, cpus.data) != 0) {
		free(row->cpus);
		row->cpus = xstrdup("differ");
	}
}

/* The first n configurations. */
static struct row *make_rows(const struct plan_view *v, size_t n)
{
	struct row *rows = xcalloc(n + 1, sizeof *rows);

	for (size_t l = 0; l < v->plan->lanes_n; l++) {
		const struct plan_lane *lane = &v->plan->lanes[l];

		for (size_t i = 0; i < lane->n && lane->configurations[i] < n; i++)
			if (!lane->skipped[i])
				add_to_row(v, &rows[lane->configurations[i]], l,
					lane->configurations[i]);
	}
	return rows;
}

static void add_parameters(const struct configuration *c, struct buf *out)
{
	_cleanup_buf_ struct buf json = BUF_INIT;
	struct parameters parameters;

	configuration_parameters(c, &json);
	parameters_parse(&parameters, json.data);
	parameters_format(&parameters, NULL, 0, out);
	parameters_done(&parameters);
}

static int widest_name(const struct plan *p, size_t n)
{
	int width = (int)strlen("benchmark");

	for (size_t i = 0; i < n; i++) {
		int own = text_width(p->configurations[i].benchmark->name);

		width = own > width ? own : width;
	}
	return width < NAME_WIDTH ? width : NAME_WIDTH;
}

static int widest_cpus(const struct row *rows, size_t n)
{
	int width = (int)strlen("CPUs");

	for (size_t i = 0; i < n; i++) {
		int own = rows[i].cpus ? text_width(rows[i].cpus) : 0;

		width = own > width ? own : width;
	}
	return width < CPUS_WIDTH ? width : CPUS_WIDTH;
}

static void print_row(const struct plan_view *v, size_t i, const struct row *row, int name_width,
	int cpus_width, FILE *to)
{
	_cleanup_buf_ struct buf line = BUF_INIT, cell = BUF_INIT, parameters = BUF_INIT;

	add_cut(&cell, v->plan->configurations[i].benchmark->name, v->is_all ? 1000 : name_width);
	add_column(&line, cell.data, name_width, false);
	buf_addf(&line, "  %5zu  ", row->hosts);
	buf_reset(&cell);
	add_cut(&cell, row->cpus ? row->cpus : "-", v->is_all ? 100000 : cpus_width);
	add_column(&line, cell.data, cpus_width, false);
	buf_adds(&line, "  ");
	add_parameters(&v->plan->configurations[i], &parameters);
	add_cut(&line, parameters.data, v->is_all ? 1000000 : PAGE_WIDTH - text_width(line.data));
	while (line.len > 0 && line.data[line.len - 1] == ' ')
		line.data[--line.len] = '\0';
	fprintf(to, "%s\n", line.data);
}

static void print_configurations(const struct plan_view *v, FILE *to)
{
	size_t all = v->plan->configurations_n;
	size_t n = v->is_all || all <= SHOWN_ROWS ? all : SHOWN_ROWS;
	struct row *rows = make_rows(v, n);
	int name_width = widest_name(v->plan, n), cpus_width = widest_cpus(rows, n);

	fprintf(to, "%-*s  hosts  %-*s  parameters\n", name_width, "benchmark", cpus_width, "CPUs");
	for (size_t i = 0; i < n; i++) {
		print_row(v, i, &rows[i], name_width, cpus_width, to);
		free(rows[i].cpus);
	}
	free(rows);
	if (n < all)
		fprintf(to, "... and %zu more configurations; --all shows them\n", all - n);
}

/* ---- what does not run ---- */

/* What a host skips for one reason. */
struct skip {
	size_t first, n;  /* its place in the lane; how many there are */
	const char *last; /* benchmark; those of one are neighbours */
	struct buf names; /* of benchmarks */
};

/* Returns how many reasons there are; the caller frees them with skips_free(). */
static size_t find_skips(const struct plan *p, const struct plan_lane *lane, struct skip **out)
{
	struct word_set seen = {0};
	size_t n = 0;

	*out = NULL;
	for (size_t i = 0; i < lane->n; i++) {
		const char *name = p->configurations[lane->configurations[i]].benchmark->name;
		struct skip *s;

		if (!lane->skipped[i])
			continue;
		size_t at = word_set_number(&seen, lane->skipped[i]);
		if (at == n) {
			*out = xreallocarray(*out, n + 1, sizeof **out);
			(*out)[n++] = (struct skip){.first = i, .names = BUF_INIT};
		}
		s = &(*out)[at];
		s->n++;
		if (s->last != name)
			buf_addf(&s->names, "%s%s", s->last ? ", " : "", name);
		s->last = name;
	}
	word_set_done(&seen);
	return n;
}

static void skips_free(struct skip *skips, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_done(&skips[i].names);
	free(skips);
}

static void print_skip(
	const struct plan *p, const struct plan_lane *lane, const struct skip *s, FILE *to)
{
	const struct configuration *c = &p->configurations[lane->configurations[s->first]];
	_cleanup_buf_ struct buf text = BUF_INIT;

	buf_adds(&text, s->names.data);
	if (s->n > 1) {
		buf_addf(&text, ": %zu configurations", s->n);
	} else {
		_cleanup_buf_ struct buf parameters = BUF_INIT;

		add_parameters(c, &parameters);
		buf_addf(&text, "%s%s", parameters.len ? " " : "", parameters.data);
	}
	buf_addf(&text, " on %s: %s", lane->host, lane->skipped[s->first]);
	plan_print_line("skipped", text.data, to);
}

/* A reason is told once for a host, with all that it is of. */
static void print_skips(const struct plan_view *v, FILE *to)
{
	size_t shown = 0, hidden = 0;

	for (size_t l = 0; l < v->plan->lanes_n; l++) {
		const struct plan_lane *lane = &v->plan->lanes[l];
		struct skip *skips;
		size_t n = find_skips(v->plan, lane, &skips);

		for (size_t i = 0; i < n; i++) {
			if (v->is_all || shown++ < SHOWN_SKIPPED)
				print_skip(v->plan, lane, &skips[i], to);
			else
				hidden += skips[i].n;
		}
		skips_free(skips, n);
	}
	if (hidden > 0)
		fprintf(to, "skipped  %zu more; --all shows them\n", hidden);
}

static void print_left_out(const struct plan_view *v, FILE *to)
{
	_cleanup_buf_ struct buf text = BUF_INIT;

	for (size_t l = 0; l < v->plan->lanes_n; l++)
		if (v->plan->lanes[l].left_out > 0)
			buf_addf(&text, "%s%zu on %s", text.len ? ", " : "",
				v->plan->lanes[l].left_out, v->plan->lanes[l].host);
	if (text.len == 0)
		return;
	_cleanup_free_ char *line =
		xasprintf("configurations that `where` or --only does not want: %s", text.data);
	plan_print_line("left out", line, to);
}

/* ---- the whole ---- */

void plan_print_table(const struct plan_view *v, FILE *to)
{
	print_configurations(v, to);
	print_skips(v, to);
	print_left_out(v, to);
	for (size_t i = 0; i < v->plan->notes_n; i++)
		plan_print_line("note", v->plan->notes[i], to);
	plan_print_lines(v, to);
}
