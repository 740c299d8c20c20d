/* The first lines of `results`: what the campaign was, and what the numbers are. */
#include "coordinator/commands/summary_view.h"

static void add_energy(struct buf *b, double joules)
{
	static const char *const units[] = {"J", "kJ", "MJ", "GJ"};
	size_t i = 0;

	for (; i + 1 < ARRAY_SIZE(units) && joules >= 1000; i++)
		joules /= 1000;
	buf_addf(b, "%.3g %s", joules, units[i]);
}

static void add_blocks(const struct summary_view *v, struct buf *b)
{
	size_t least = SIZE_MAX, most = 0;

	for (size_t i = 0; i < v->g->lanes_n * v->g->configurations_n; i++) {
		size_t n = v->g->cells[i].runs;
		if (n == 0)
			continue;
		least = n < least ? n : least;
		most = n > most ? n : most;
	}
	if (most > 0 && least == most)
		buf_addf(b, " · %zu block%s", most, most == 1 ? "" : "s");
	else if (most > 0)
		buf_addf(b, " · %zu to %zu blocks", least, most);
}

/* The runs and the energy above are of the whole campaign. */
static void add_only(const struct summary_view *v, struct buf *b)
{
	const struct gathered *g = v->g;
	size_t shown = 0, all = 0;

	for (size_t i = 0; i < g->lanes_n * g->configurations_n; i++) {
		all += summary_is_shown(v, i / g->configurations_n);
		shown += summary_is_cell_shown(v, i);
	}
	buf_addf(b, "\nonly %s: %zu of %zu", v->only, shown, all);
}

void summary_header(
	const struct summary_view *v, bool has_energy, const struct output_ops *ops, FILE *to)
{
	const struct gathered *g = v->g;
	_cleanup_buf_ struct buf line = BUF_INIT;
	bool has_interval = false;
	char duration[32];

	buf_addf(&line, "%s%s  %s · %zu host%s · %zu run%s", ops == &output_markdown ? "## " : "",
		g->label, g->state, g->hosts_n, g->hosts_n == 1 ? "" : "s", g->runs,
		g->runs == 1 ? "" : "s");
	if (g->failed > 0)
		buf_addf(&line, ", %zu failed", g->failed);
	add_blocks(v, &line);
	/* What was imported without times of its runs took no time that is known. */
	if (g->ended_at != ABSENT && g->submitted_at != ABSENT && g->ended_at > g->submitted_at)
		buf_addf(&line, " · %s",
			units_format_duration(duration, g->ended_at - g->submitted_at));
	if (g->energy > 0) {
		buf_adds(&line, " · ");
		add_energy(&line, g->energy);
	}
	for (size_t i = 0; i < g->lanes_n * g->configurations_n; i++)
		has_interval |= g->cells[i].done >= 6;
	buf_addf(&line, "\n%smedian%s", ops == &output_markdown ? "\n" : "",
		has_interval ? " [95 % interval over blocks]" : " (an interval needs 6 blocks)");
	if (has_energy)
		buf_adds(&line, " · energy: package, gross");
	if (v->by != NULL)
		buf_addf(&line, " · ×: ratio to %s=%s, else equal", v->by, v->baseline);
	if (g->lanes_n > g->hosts_n)
		buf_addf(&line,
			"\n%sa+b: hosts that run together, in the order of the roles: time is "
			"main's%s",
			ops == &output_markdown ? "\n" : "",
			has_energy ? ", energy the sum of all" : "");
	if (v->only != NULL)
		add_only(v, &line);
	fprintf(to, "%s\n", line.data);
	for (size_t i = 0; i < g->notes_n; i++) {
		_cleanup_free_ char *note = output_harmless(g->notes[i]);
		fprintf(to, "%s%s\n", ops == &output_markdown ? "\n" : "", note);
	}
}
