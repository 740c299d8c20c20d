/* joulerig export --what parts: what each host told of a run of several. */
#include "coordinator/commands/show.h"
#include "coordinator/output/output.h"
#include "coordinator/store/queries.h"
#include "proto/clock.h"
#include "proto/units.h"

enum {
	OUT_CAMPAIGN,
	OUT_RUN,
	OUT_ROLE,
	OUT_HOST,
	OUT_STATE,
	OUT_REASON,
	OUT_ATTEMPT,
	OUT_STARTED_AT,
	OUT_ENDED_AT,
	OUT_EXIT_CODE,
	OUT_SIGNAL,
	OUT_CPUS,
	OUT_N
};

static const struct column columns[OUT_N] = {
	[OUT_CAMPAIGN] = {"campaign", NULL, false},
	[OUT_RUN] = {"run", NULL, true},
	[OUT_ROLE] = {"role", NULL, false},
	[OUT_HOST] = {"host", NULL, false},
	[OUT_STATE] = {"state", NULL, false},
	[OUT_REASON] = {"reason", NULL, false},
	[OUT_ATTEMPT] = {"attempt", NULL, true},
	[OUT_STARTED_AT] = {"started_at", NULL, false},
	[OUT_ENDED_AT] = {"ended_at", NULL, false},
	[OUT_EXIT_CODE] = {"exit_code", NULL, true},
	[OUT_SIGNAL] = {"signal", NULL, true},
	[OUT_CPUS] = {"cpus", NULL, false},
};

static const struct {
	int out, in;
	enum { AS_TEXT, AS_NUMBER, AS_INSTANT } as;
} sources[] = {
	{OUT_RUN, PARTS_RUN, AS_NUMBER},
	{OUT_ROLE, PARTS_ROLE, AS_TEXT},
	{OUT_HOST, PARTS_HOST, AS_TEXT},
	{OUT_STATE, PARTS_STATE, AS_TEXT},
	{OUT_REASON, PARTS_REASON, AS_TEXT},
	{OUT_ATTEMPT, PARTS_ATTEMPT, AS_NUMBER},
	{OUT_STARTED_AT, PARTS_STARTED_AT, AS_INSTANT},
	{OUT_ENDED_AT, PARTS_ENDED_AT, AS_INSTANT},
	{OUT_EXIT_CODE, PARTS_EXIT_CODE, AS_NUMBER},
	{OUT_SIGNAL, PARTS_SIGNAL, AS_NUMBER},
	{OUT_CPUS, PARTS_CPUS, AS_TEXT},
};

struct parts_writer {
	const struct output_ops *ops;
	struct output *output;
	const char *label;
	bool with_warmup;
};

static int write_part(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	const struct parts_writer *w = arg;
	struct cell cells[OUT_N] = {[OUT_CAMPAIGN] = {CELL_TEXT, w->label}};
	char texts[ARRAY_SIZE(sources)][32];

	(void)key;
	(void)n;
	if (c[PARTS_BLOCK].integer == 0 && !w->with_warmup)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		const struct message_cell *in = &c[sources[i].in];
		struct cell *out = &cells[sources[i].out];
		if (sources[i].as == AS_TEXT && text_is_set(in->text))
			*out = (struct cell){CELL_TEXT, in->text};
		else if (sources[i].as == AS_NUMBER && in->integer != ABSENT)
			*out = (struct cell){
				CELL_NUMBER, units_format_decimal(texts[i], in->integer, 1)};
		else if (sources[i].as == AS_INSTANT && in->integer != ABSENT)
			*out = (struct cell){CELL_TEXT, clock_rfc3339(texts[i], in->integer)};
	}
	w->ops->row(w->output, cells);
	return 0;
}

int export_parts(struct results *r, const char *label, const char *format, bool with_warmup,
	FILE *to, struct error *err)
{
	struct parts_writer w = {
		.ops = strcmp(format, "csv") == 0 ? &output_csv : &output_ndjson,
		.label = label,
		.with_warmup = with_warmup,
	};

	w.output = w.ops->begin(to, columns, OUT_N);
	int code = results_query(r, "parts", label, NULL, write_part, &w, err);
	w.ops->end(w.output);
	return code;
}
