#include "coordinator/commands/gate.h"

#include "coordinator/commands/gate_cases.h"

/* So many notes of a kind are read by people; all of them are in the report. */
#define NOTES_MOST 20

static int on_campaign(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct gate *g = arg;

	(void)key;
	(void)n;
	free(g->file);
	g->file = xstrdup(cell_text(&c[CAMPAIGNS_FILE]));
	return 0;
}

int gate_open(struct gate *g, struct results *r, const struct study *contender, struct error *err)
{
	*g = (struct gate){.contender = contender};
	return results_query(r, "campaigns", contender->g.label, NULL, on_campaign, g, err);
}

void gate_done(struct gate *g)
{
	free(g->file);
	g->file = NULL;
}

bool gate_is_broken(const struct gathered *g)
{
	bool is = false;

	for (size_t i = 0; i < g->lanes_n * g->configurations_n; i++)
		is |= g->cells[i].runs > 0 && g->cells[i].done == 0;
	return is;
}

/* ---- for people ---- */

static void print_cases(
	const struct gate_cases *cases, enum ci_result result, size_t most, FILE *to)
{
	size_t shown = 0;

	for (size_t i = 0; i < cases->n; i++) {
		const struct ci_case *c = &cases->items[i];

		if (c->result != result || strcmp(c->group, GATE_NOTE) == 0)
			continue; /* the notes themselves are printed */
		if (shown++ < most)
			fprintf(to, "%s%s%s\n", c->title, c->text[0] != '\0' ? ": " : "", c->text);
	}
	if (shown > most)
		fprintf(to, "note: and %zu more of this kind\n", shown - most);
}

void gate_state(const struct gathered *g, FILE *to)
{
	if (strcmp(g->state, "done") != 0)
		fprintf(to, "note: %s is not done but %s: what is compared is what it has so far\n",
			g->label, g->state);
	if (g->failed > 0)
		fprintf(to,
			"note: %zu of the %zu runs of %s failed; `joulerig results %s` tells "
			"why\n",
			g->failed, g->runs, g->label, g->label);
}

static void print_end(const struct gate_cases *cases, bool is_cancelled, FILE *to)
{
	fprintf(to,
		"gate %s: %s: %zu comparison%s, %zu regressed, %zu inconclusive or not compared%s",
		cases->counts[CI_FAILED] + cases->counts[CI_BROKEN] > 0 || is_cancelled ? "closed"
											: "open",
		cases->name, cases->compared, cases->compared == 1 ? "" : "s",
		cases->counts[CI_FAILED], cases->counts[CI_SKIPPED],
		is_cancelled ? ", the campaign was cancelled" : "");
	if (cases->counts[CI_BROKEN] > 0)
		fprintf(to, ", %zu cannot be measured any more", cases->counts[CI_BROKEN]);
	if (cases->counts[CI_WARNED] > 0)
		fprintf(to, ", %zu of canaries moved", cases->counts[CI_WARNED]);
	fputc('\n', to);
}

int gate_judge(const struct gate *g, FILE *to)
{
	bool is_cancelled = strcmp(g->contender->g.state, "cancelled") == 0;
	struct gate_cases cases;
	int status = EXIT_OK;

	gate_cases_make(g, &cases);
	print_cases(&cases, CI_FAILED, SIZE_MAX, to);
	print_cases(&cases, CI_BROKEN, SIZE_MAX, to);
	print_cases(&cases, CI_WARNED, SIZE_MAX, to);
	if (!g->is_quiet)
		print_cases(&cases, CI_SKIPPED, NOTES_MOST, to);
	gate_notes(g->history, to);
	gate_state(&g->contender->g, to);
	print_end(&cases, is_cancelled, to);
	if (is_cancelled || cases.counts[CI_BROKEN] > 0)
		status = EXIT_RUN_FAILED;
	else if (cases.counts[CI_FAILED] > 0)
		status = EXIT_REGRESSION;
	gate_cases_done(&cases);
	return status;
}

void gate_notes(const struct history *h, FILE *to)
{
	for (size_t i = 0; i < h->notes_n; i++)
		fprintf(to, "note: %s\n", h->notes[i]);
}

/* ---- for build servers ---- */

void gate_report(const struct gate *g, const struct ci_ops *ops, FILE *to)
{
	const struct gathered *of = &g->contender->g;
	struct gate_cases cases;

	gate_cases_make(g, &cases);
	const struct ci_report report = {.name = cases.name,
		.file = g->file == NULL ? "" : g->file,
		.host = of->lanes_n == 1 ? of->lanes[0].host : "several",
		.at = of->submitted_at,
		.cases = cases.items,
		.n = cases.n,
		.notes = g->history->notes,
		.notes_n = g->history->notes_n};
	ops->write(&report, to);
	gate_cases_done(&cases);
}
