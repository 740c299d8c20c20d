#include "coordinator/campaign/campaign.h"
#include "coordinator/commands/admission_lines.h"
#include "coordinator/commands/commands.h"
#include "coordinator/commands/trouble_line.h"
#include "coordinator/output/output.h"
#include "proto/clock.h"
#include "proto/units.h"

enum {
	OUT_CAMPAIGN,
	OUT_STATE,
	OUT_DONE,
	OUT_TOTAL,
	OUT_FAILED,
	OUT_SKIPPED,
	OUT_RUNNING,
	OUT_HOSTS,
	OUT_LEFT,
	OUT_SUBMITTED,
	OUT_ENDED,
	OUT_PRIORITY,
	OUT_N
};

static const struct column columns[OUT_N] = {
	[OUT_CAMPAIGN] = {"campaign", NULL, false},
	[OUT_STATE] = {"state", NULL, false},
	[OUT_DONE] = {"done", NULL, true},
	[OUT_TOTAL] = {"total", "runs", true},
	[OUT_FAILED] = {"failed", NULL, true},
	[OUT_SKIPPED] = {"skipped", NULL, true},
	[OUT_RUNNING] = {"running", NULL, true},
	[OUT_HOSTS] = {"hosts", NULL, true},
	[OUT_LEFT] = {"left", NULL, true}, /* for programs in s */
	[OUT_SUBMITTED] = {"submitted_at", "submitted", false},
	[OUT_ENDED] = {"ended_at", NULL, false},
	[OUT_PRIORITY] = {"priority", NULL, true},
};

/* What is shown of them, in order. */
struct shown {
	int columns[OUT_N];
	size_t n;
	bool is_for_people;
};

struct row {
	struct cell cells[OUT_N];
	char numbers[OUT_N][32];
};

static void set_integer(struct row *row, int at, int64_t value)
{
	if (value != ABSENT)
		row->cells[at] = (struct cell){
			CELL_NUMBER, units_format_decimal(row->numbers[at], value, 1)};
}

static void set_date(struct row *row, int at, int64_t value)
{
	if (value != ABSENT)
		row->cells[at] = (struct cell){CELL_TEXT, clock_rfc3339(row->numbers[at], value)};
}

static int64_t priority_of(const struct message_campaign *c)
{
	return c->priority == ABSENT ? 0 : c->priority;
}

static void write_campaign(const struct message_campaign *c, const struct output_ops *ops,
	struct output *o, const struct shown *shown)
{
	struct row row = {0};
	struct cell cells[OUT_N];
	char left[32], at_most[48];

	row.cells[OUT_CAMPAIGN] = (struct cell){CELL_TEXT, c->label};
	row.cells[OUT_STATE] = (struct cell){CELL_TEXT, c->state};
	set_integer(&row, OUT_DONE, c->done);
	set_integer(&row, OUT_TOTAL, c->total);
	set_integer(&row, OUT_FAILED, c->failed);
	set_integer(&row, OUT_SKIPPED, c->skipped);
	set_integer(&row, OUT_RUNNING, c->running);
	set_integer(&row, OUT_HOSTS, c->hosts);
	set_integer(&row, OUT_PRIORITY, priority_of(c));
	set_date(&row, OUT_SUBMITTED, c->submitted_at);
	set_date(&row, OUT_ENDED, c->ended_at);
	if (c->left_ns != ABSENT && shown->is_for_people) {
		snprintf(at_most, sizeof at_most, "%s%s", c->at_most == 1 ? "at most " : "",
			units_format_duration(left, c->left_ns));
		row.cells[OUT_LEFT] = (struct cell){CELL_TEXT, at_most};
	} else if (c->left_ns != ABSENT) {
		row.cells[OUT_LEFT] = (struct cell){CELL_NUMBER,
			units_format_decimal(row.numbers[OUT_LEFT], c->left_ns, NS_PER_S)};
	}
	for (size_t i = 0; i < shown->n; i++)
		cells[i] = row.cells[shown->columns[i]];
	ops->row(o, cells);
}

/* Programs get all columns; people that of priorities where one has any, and no dates of the end.
 */
static struct shown choose_columns(const struct message_report *report, bool is_for_people)
{
	struct shown s = {.is_for_people = is_for_people};
	bool has_priority = false;

	for (size_t i = 0; i < report->campaigns.n; i++)
		has_priority |=
			priority_of(LIST_AT(&report->campaigns, struct message_campaign, i)) != 0;
	for (int i = 0; i < OUT_N; i++)
		if (!is_for_people || (i != OUT_ENDED && (i != OUT_PRIORITY || has_priority)))
			s.columns[s.n++] = i;
	return s;
}

/* Hosts go below the campaigns for people; programs ask `hosts` for them, as one table is one
 * format. */
static void write_hosts(const struct message_report *report, const struct output_ops *ops)
{
	static const struct column host_columns[] = {
		{"host", NULL, false}, {"state", NULL, false}, {"doing", NULL, false}};

	if (report->hosts.n == 0)
		return;
	putchar('\n');
	struct output *o = ops->begin(stdout, host_columns, ARRAY_SIZE(host_columns));
	for (size_t i = 0; i < report->hosts.n; i++) {
		const struct message_host *h = LIST_AT(&report->hosts, struct message_host, i);
		const struct cell cells[] = {{CELL_TEXT, h->name}, {CELL_TEXT, h->state},
			{h->doing == NULL ? CELL_NONE : CELL_TEXT, h->doing}};
		ops->row(o, cells);
	}
	ops->end(o);
}

/* Of a store that nobody holds. What was cut off is shown as paused, which it need not have been.
 */
static void write_nobody(const struct message_report *report)
{
	for (size_t i = 0; i < report->campaigns.n; i++) {
		if (LIST_AT(&report->campaigns, struct message_campaign, i)->ended_at != ABSENT)
			continue;
		puts("\nno coordinator has this store, so nothing goes on; 'joulerig serve' goes "
		     "on "
		     "with its\ncampaigns, 'joulerig resume LABEL' with one of them");
		return;
	}
}

static int show_status(
	const struct message_report *report, const char *format, bool is_held, struct error *err)
{
	const struct output_ops *ops = output_by_name(format == NULL ? "table" : format, err);

	if (ops == NULL)
		return ERR_USAGE;
	bool is_for_people = ops == &output_table || ops == &output_markdown;
	trouble_line(report, is_for_people);
	const struct shown shown = choose_columns(report, is_for_people);
	struct column heads[OUT_N];
	for (size_t i = 0; i < shown.n; i++)
		heads[i] = columns[shown.columns[i]];
	struct output *o = ops->begin(stdout, heads, shown.n);
	for (size_t i = 0; i < report->campaigns.n; i++)
		write_campaign(
			LIST_AT(&report->campaigns, struct message_campaign, i), ops, o, &shown);
	ops->end(o);
	if (is_for_people) {
		write_hosts(report, ops);
		admission_lines(report, NULL);
		if (!is_held)
			write_nobody(report);
	}
	return 0;
}

/* Without a name it is said what there is; while nothing can be looked up, that is all there is. */
static int ask(struct results *r, const char *typed, struct message *report, struct error *err)
{
	_cleanup_free_ char *label = typed != NULL ? results_label(r, typed, err) : NULL;

	if (typed != NULL && label == NULL) {
		struct error other = {0};
		if (err->code != ERR_UNAVAILABLE || results_report(r, typed, report, &other) < 0)
			return err->code;
		if (text_is_set(report->report.trouble)) {
			*err = other;
			return 0;
		}
		message_done(report);
		return err->code;
	}
	return results_report(r, label, report, err);
}

static int on_labels_row(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	const char *yaml = cell_text(&c[CAMPAIGNS_YAML]);
	struct diagnostics d = {0};
	struct campaign *read = campaign_read(yaml, strlen(yaml), c[CAMPAIGNS_CHANGES].text, &d);

	(void)arg;
	(void)key;
	(void)n;
	for (size_t i = 0; read != NULL && i < read->labels_n; i++)
		printf("%s%s=%s", i == 0 ? "\nlabels: " : ", ", read->labels[i].key,
			read->labels[i].value);
	if (read != NULL && read->labels_n > 0)
		putchar('\n');
	campaign_free(read);
	diagnostics_done(&d);
	return 0;
}

/* Of one that was asked for by name, for people. */
static int show_labels(struct results *r, const char *typed, const char *format, struct error *err)
{
	bool is_for_people = format == NULL || strcmp(format, "table") == 0;
	_cleanup_free_ char *label =
		typed != NULL && is_for_people ? results_label(r, typed, err) : NULL;

	return label == NULL ? 0
			     : results_query(r, "campaigns", label, NULL, on_labels_row, NULL, err);
}

static int run(void *options, const char **arguments, size_t n, struct error *err)
{
	const struct common_options *o = options;
	struct results_where where = common_where(o);
	struct message report;
	struct results *r;

	if (results_open(&r, &where, err) < 0)
		return error_exit_status(err);
	int code = ask(r, n > 0 ? arguments[0] : NULL, &report, err);
	if (code == 0) {
		code = show_status(&report.report, o->format, results_coordinator(r) != NULL, err);
		if (code == 0 && !text_is_set(report.report.trouble))
			code = show_labels(r, n > 0 ? arguments[0] : NULL, o->format, err);
		message_done(&report);
	}
	results_close(r);
	return code < 0 ? (int)error_exit_status(err) : EXIT_OK;
}

const struct command command_status = {
	.name = "status",
	.usage = "status [ID]",
	.summary = "campaigns and how far they are, hosts and what they do",
	.details = "Without ID: the campaigns that have not ended, and the last that has.\n"
		   "Live where a coordinator runs (the one that holds the store, or "
		   "--coordinator);\nelse what the store knows.",
	.options_size = sizeof(struct common_options),
	.max_arguments = 1,
	.run = run,
};
