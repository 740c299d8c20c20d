/* joulerig export --what requirements: what `requires` said on each host. */
#include "coordinator/commands/show.h"
#include "coordinator/findings/requirements.h"
#include "coordinator/output/output.h"
#include "proto/clock.h"
#include "proto/units.h"

enum {
	OUT_CAMPAIGN,
	OUT_HOST,
	OUT_COMMAND,
	OUT_ANSWER,
	OUT_VERDICT,
	OUT_REASON,
	OUT_FIRST_AT,
	OUT_LAST_AT,
	OUT_TOTAL,
	OUT_FOUND,
	OUT_OUTPUT,
	OUT_N
};

static const struct column columns[OUT_N] = {[OUT_CAMPAIGN] = {"campaign", NULL, false},
	[OUT_HOST] = {"host", NULL, false},
	[OUT_COMMAND] = {"command", NULL, false},
	[OUT_ANSWER] = {"answer", NULL, true},
	[OUT_VERDICT] = {"verdict", NULL, false},
	[OUT_REASON] = {"reason", NULL, false},
	[OUT_FIRST_AT] = {"first_at", NULL, false},
	[OUT_LAST_AT] = {"last_at", NULL, false},
	[OUT_TOTAL] = {"total", NULL, true},
	[OUT_FOUND] = {"found", NULL, false},
	[OUT_OUTPUT] = {"output", NULL, false}};

static struct cell json_cell(const char *json)
{
	return json != NULL && json[0] != '\0' ? (struct cell){CELL_JSON, json}
					       : (struct cell){CELL_NONE, NULL};
}

static void write_row(const struct output_ops *ops, struct output *o, const char *label,
	const struct requirement *q)
{
	char answer[32], total[32], first[32], last[32];
	char *found = q->found == NULL ? NULL : json_dumps(q->found, JSON_COMPACT);
	struct cell cells[OUT_N] = {
		[OUT_CAMPAIGN] = {CELL_TEXT, label},
		[OUT_HOST] = {CELL_TEXT, q->host},
		[OUT_COMMAND] = json_cell(q->json),
		[OUT_ANSWER] = {CELL_NUMBER, units_format_decimal(answer, q->answer, 1)},
		[OUT_VERDICT] = {CELL_TEXT, q->is_met ? "met" : "unmet"},
		[OUT_FIRST_AT] = {CELL_TEXT, clock_rfc3339(first, q->first_at)},
		[OUT_LAST_AT] = {CELL_TEXT, clock_rfc3339(last, q->last_at)},
		[OUT_TOTAL] = {CELL_NUMBER, units_format_decimal(total, q->total, 1)},
		[OUT_FOUND] = json_cell(found),
		[OUT_OUTPUT] = {CELL_TEXT, q->output},
	};

	if (!q->is_met)
		cells[OUT_REASON] = (struct cell){CELL_TEXT, q->reason};
	ops->row(o, cells);
	free(found);
}

int export_requirements(struct results *r, const char *label, const char *format, bool with_warmup,
	FILE *to, struct error *err)
{
	const struct output_ops *ops = strcmp(format, "csv") == 0 ? &output_csv : &output_ndjson;
	struct requirements all;
	int code = requirements_read(r, label, &all, err);

	(void)with_warmup;
	if (code == 0) {
		struct output *o = ops->begin(to, columns, OUT_N);
		for (size_t i = 0; i < all.n; i++)
			write_row(ops, o, label, &all.items[i]);
		ops->end(o);
	}
	requirements_done(&all);
	return code;
}
