#include "coordinator/commands/admission_lines.h"
#include "coordinator/commands/commands.h"
#include "coordinator/commands/trouble_line.h"
#include "coordinator/findings/host_text.h"
#include "coordinator/output/output.h"
#include "proto/clock.h"
#include "proto/units.h"

enum {
	OUT_NAME,
	OUT_STATE,
	OUT_DOING,
	OUT_LABELS,
	OUT_CPU,
	OUT_CODENAME,
	OUT_CORES,
	OUT_MEMORY,
	OUT_ENERGY,
	OUT_KERNEL,
	OUT_SEEN,
	OUT_KEY,
	OUT_ADMISSION,
	OUT_REASON,
	OUT_SINCE,
	OUT_OFFSET,
	OUT_DELAY,
	OUT_N
};

/* For people the first columns are enough; programs get all. */
static const struct column columns[OUT_N] = {
	[OUT_NAME] = {"name", "host", false},
	[OUT_STATE] = {"state", NULL, false},
	[OUT_DOING] = {"doing", NULL, false},
	[OUT_LABELS] = {"labels", NULL, false},
	[OUT_CPU] = {"model", NULL, false},
	[OUT_CODENAME] = {"codename", NULL, false},
	[OUT_CORES] = {"cores", NULL, true},
	[OUT_MEMORY] = {"memory", NULL, true},
	[OUT_ENERGY] = {"energy", NULL, false},
	[OUT_KERNEL] = {"kernel", NULL, false},
	[OUT_SEEN] = {"seen_at", NULL, false},
	[OUT_KEY] = {"public_key", NULL, false},
	[OUT_ADMISSION] = {"admission", NULL, false},
	[OUT_REASON] = {"reason", NULL, false},
	[OUT_SINCE] = {"admission_at", NULL, false},
	[OUT_OFFSET] = {"clock_offset", NULL, true}, /* coordinator minus host, s */
	[OUT_DELAY] = {"clock_delay", NULL, true},   /* round trip of that estimate, s */
};
#define OUT_PEOPLE_N OUT_KERNEL

struct row {
	struct cell cells[OUT_N];
	char cores[32], memory[32], seen[32], since[32], offset[32], delay[32], state[64];
	struct buf labels, energy;
};

static void set_text(struct row *row, int at, const char *text)
{
	if (text_is_set(text))
		row->cells[at] = (struct cell){CELL_TEXT, text};
}

static void set_seconds(struct row *row, int at, char text[32], int64_t ns)
{
	if (ns != ABSENT)
		row->cells[at] =
			(struct cell){CELL_NUMBER, units_format_decimal(text, ns, NS_PER_S)};
}

static void set_inventory(struct row *row, const json_t *inventory, bool is_for_people)
{
	const json_t *cpu = json_object_get(inventory, "cpu");
	const json_t *cores = json_object_get(inventory, "cores"),
		     *memory = json_object_get(inventory, "memory");

	const json_t *value;
	const char *key;

	json_object_foreach(json_object_get(inventory, "labels"), key, value)
	{
		buf_addf(&row->labels, "%s%s=%s", row->labels.len ? " " : "", key,
			json_string_value(value) ? json_string_value(value) : "");
	}
	if (row->labels.len > 0)
		set_text(row, OUT_LABELS, row->labels.data);
	set_text(row, OUT_CPU, json_string_value(json_object_get(cpu, "model")));
	set_text(row, OUT_CODENAME, json_string_value(json_object_get(cpu, "codename")));
	set_text(row, OUT_KERNEL, json_string_value(json_object_get(inventory, "kernel")));
	if (json_is_integer(cores))
		row->cells[OUT_CORES] = (struct cell){CELL_NUMBER,
			units_format_decimal(row->cores, json_integer_value(cores), 1)};
	if (json_is_integer(memory))
		row->cells[OUT_MEMORY] = (struct cell){CELL_NUMBER,
			is_for_people
				? units_format_size(row->memory, json_integer_value(memory))
				: units_format_decimal(row->memory, json_integer_value(memory), 1)};
	if (host_energy_source(inventory) != NULL)
		set_text(row, OUT_ENERGY, host_energy_source(inventory));
	else if (is_for_people && inventory != NULL) {
		buf_addf(&row->energy, "none: %s",
			host_energy_why(inventory) == NULL ? "no reason given"
							   : host_energy_why(inventory));
		set_text(row, OUT_ENERGY, row->energy.data);
	}
}

static void write_host(const struct message_host *h, const struct output_ops *ops, struct output *o,
	bool is_for_people)
{
	struct row row = {.labels = BUF_INIT, .energy = BUF_INIT};
	json_t *inventory = host_inventory(h->inventory);

	set_text(&row, OUT_NAME, h->name);
	snprintf(row.state, sizeof row.state, "%s%s%s", h->state,
		h->admission && is_for_people ? ", " : "",
		h->admission && is_for_people ? h->admission : "");
	set_text(&row, OUT_STATE, row.state);
	set_text(&row, OUT_ADMISSION, h->admission);
	set_text(&row, OUT_REASON, h->reason);
	if (h->admission_at != ABSENT)
		set_text(&row, OUT_SINCE, clock_rfc3339(row.since, h->admission_at));
	set_seconds(&row, OUT_OFFSET, row.offset, h->offset);
	set_seconds(&row, OUT_DELAY, row.delay, h->delay);
	set_text(&row, OUT_DOING, h->doing);
	set_text(&row, OUT_KEY, h->public_key);
	if (h->seen_at != ABSENT)
		set_text(&row, OUT_SEEN, clock_rfc3339(row.seen, h->seen_at));
	set_inventory(&row, inventory, is_for_people);
	ops->row(o, row.cells);
	buf_done(&row.labels);
	buf_done(&row.energy);
	json_decref(inventory);
}

static int no_such_host(const struct message_report *report, const char *name, struct error *err)
{
	const char **names = xcalloc(report->hosts.n + 1, sizeof *names);

	for (size_t i = 0; i < report->hosts.n; i++)
		names[i] = LIST_AT(&report->hosts, struct message_host, i)->name;
	const char *nearest = nearest_word(name, names, report->hosts.n);
	free(names);
	return error_set(err, ERR_USAGE,
		"hosts: there is no host '%s'%s%s%s; 'joulerig hosts' lists them", name,
		nearest == NULL ? "" : "; did you mean '", nearest == NULL ? "" : nearest,
		nearest == NULL ? "" : "'?");
}

static int show_hosts(const struct message_report *report, const char *format, const char *name,
	struct error *err)
{
	const struct output_ops *ops = output_by_name(format == NULL ? "table" : format, err);
	bool is_found = name == NULL;

	if (ops == NULL)
		return ERR_USAGE;
	for (size_t i = 0; i < report->hosts.n; i++)
		is_found |=
			name != NULL &&
			strcmp(LIST_AT(&report->hosts, struct message_host, i)->name, name) == 0;
	if (!is_found)
		return no_such_host(report, name, err);
	bool is_for_people = ops == &output_table || ops == &output_markdown;
	trouble_line(report, is_for_people);
	struct output *o = ops->begin(stdout, columns, is_for_people ? OUT_PEOPLE_N : OUT_N);
	for (size_t i = 0; i < report->hosts.n; i++) {
		const struct message_host *h = LIST_AT(&report->hosts, struct message_host, i);
		if (name == NULL || strcmp(h->name, name) == 0)
			write_host(h, ops, o, is_for_people);
	}
	ops->end(o);
	if (is_for_people)
		admission_lines(report, name);
	return 0;
}

static int run(void *options, const char **arguments, size_t n, struct error *err)
{
	const struct common_options *o = options;
	struct results_where where = common_where(o);
	struct results *r;
	struct message report;

	if (results_open(&r, &where, err) < 0)
		return error_exit_status(err);
	int code = results_report(r, NULL, &report, err);
	if (code == 0) {
		code = show_hosts(&report.report, o->format, n > 0 ? arguments[0] : NULL, err);
		message_done(&report);
	}
	results_close(r);
	return code < 0 ? (int)error_exit_status(err) : EXIT_OK;
}

const struct command command_hosts = {
	.name = "hosts",
	.usage = "hosts [NAME]",
	.summary = "the machines, what they are and what they do",
	.details = "Live where a coordinator runs (the one that holds the store, or "
		   "--coordinator); else what the store\n"
		   "knows, and every host is offline.",
	.options_size = sizeof(struct common_options),
	.max_arguments = 1,
	.run = run,
};
