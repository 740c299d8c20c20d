/* The pages of programs and subcommands, from the tables by which they read their command lines. */
#include "docs/man/pages.h"

#include "agent/commands/commands.h"
#include "coordinator/commands/commands.h"
#include "docs/man/roff.h"
#include <stdio.h>

#define MOST_EXAMPLES 6

/* A command of either program. */
struct command_page {
	const char *program, *name, *usage, *summary, *details;
	const struct option_info *options, *common;
};

struct term {
	const char *name, *meaning; /* NULL ends a list of them */
};

/* As the --help of the programs has them in a line. */
static const struct term statuses[] = {
	{"0", "good"},
	{"1", "a run failed"},
	{"2", "usage or campaign error"},
	{"3", "--gate found a regression"},
	{"4", "nobody there: no coordinator, or nothing to measure with"},
	{"5", "internal error"},
	{"130", "interrupted; the campaign can be resumed"},
	{0},
};
static const struct term agent_statuses[] = {
	{"0", "good"},
	{"2", "usage error"},
	{"4", "no coordinator or no meter to be had"},
	{"5", "internal error"},
	{0},
};
static const struct term environment[] = {
	{"JOULERIG_COORDINATOR", "the address of the coordinator, as --coordinator gives it"},
	{"JOULERIG_SERVER_KEY", "its public key, as --server-key gives it"},
	{"NO_COLOR", "no colours, as --color never"},
	{"XDG_CONFIG_HOME", "where joulerig/ with the user's own key is (~/.config)"},
	{0},
};
static const struct term agent_environment[] = {
	{"JOULERIG_COORDINATOR", "the address of the coordinator, as --coordinator gives it"},
	{"JOULERIG_SERVER_KEY", "its public key, as --server-key gives it"},
	{"JOULERIG_ROOT", "where proc/ and sys/ are read, as --root gives it"},
	{0},
};

static void add_values(struct buf *out, const char *title, const struct term *v)
{
	roff_section(out, title);
	for (; v->name; v++) {
		roff_item(out, v->name, NULL);
		roff_text(out, v->meaning);
		buf_addc(out, '\n');
	}
}

/* ---- options ---- */

static bool has_option(const struct option_info *table, const char *name)
{
	for (; table && table->name; table++)
		if (strcmp(table->name, name) == 0)
			return true;
	return false;
}

/* The choices that the line of help does not tell. */
static void add_choices(struct buf *out, const struct option_info *o)
{
	bool is_told = true;

	for (const char *const *c = o->choices; c && *c; c++)
		is_told = is_told && strstr(o->help, *c);
	if (is_told)
		return;
	buf_adds(out, " (");
	for (const char *const *c = o->choices; *c; c++) {
		buf_adds(out, c == o->choices ? "" : c[1] ? ", " : " or ");
		roff_text(out, *c);
	}
	buf_addc(out, ')');
}

static void add_options(
	struct buf *out, const struct option_info *table, const struct option_info *but)
{
	for (const struct option_info *o = table; o && o->name; o++) {
		bool is_output = strcmp(o->name, "output") == 0;
		_cleanup_free_ char *name = xasprintf("%s--%s", is_output ? "-o, " : "", o->name);

		if (has_option(but, o->name))
			continue;
		roff_item(out, name, o->value);
		roff_text(out, o->help);
		add_choices(out, o);
		buf_addc(out, '\n');
	}
}

static void add_help_options(struct buf *out)
{
	roff_item(out, "-h, --help", NULL);
	buf_adds(out, "tell all of this in short\n");
	roff_item(out, "--version", NULL);
	buf_adds(out, "tell which version it is\n");
}

/* ---- a page ---- */

static void add_examples(
	struct buf *out, const struct guides *g, const char *program, const char *command)
{
	_cleanup_buf_ struct buf lines = BUF_INIT;

	guides_commands(g, program, command, MOST_EXAMPLES, &lines);
	if (lines.len == 0)
		return;
	roff_section(out, "examples");
	roff_verbatim(out, lines.data);
}

static void add_usage(struct buf *out, const char *program, const char *usage)
{
	roff_section(out, "synopsis");
	buf_adds(out, "\\fB");
	roff_text(out, program);
	buf_adds(out, "\\fR ");
	roff_text(out, usage);
	buf_addc(out, '\n');
}

static void command_page(
	const struct guides *g, const struct command_page *c, page_fn *page, void *arg)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	_cleanup_free_ char *name = xasprintf("%s-%s", c->program, c->name);

	roff_page(&out, name, "1", c->summary);
	add_usage(&out, c->program, c->usage);
	if (c->details) {
		roff_section(&out, "description");
		roff_paragraphs(&out, c->details);
	}
	if (c->options) {
		roff_section(&out, "options");
		add_options(&out, c->options, NULL);
	}
	roff_section(&out, "common options");
	add_options(&out, c->common, c->options);
	add_help_options(&out);
	add_examples(&out, g, c->program, c->name);
	roff_section(&out, "see also");
	roff_reference(&out, c->program, "1", true);
	roff_reference(&out, "joulerig-campaign", "5", false);
	buf_addc(&out, '\n');
	page(arg, name, "1", out.data);
}

static void add_command(struct buf *out, const char *program, const char *name, const char *summary)
{
	_cleanup_free_ char *page = xasprintf("%s-%s", program, name);

	buf_adds(out, ".TP\n");
	roff_reference(out, page, "1", true);
	buf_addc(out, '\n');
	roff_text(out, summary);
	buf_addc(out, '\n');
}

static void coordinator_pages(const struct guides *g, page_fn *page, void *arg)
{
	_cleanup_buf_ struct buf out = BUF_INIT;

	roff_page(&out, "joulerig", "1", "what a computation costs, in seconds and in joules");
	add_usage(&out, "joulerig", "COMMAND [ARGUMENTS]");
	roff_section(&out, "commands");
	for (const struct command *const *c = commands; *c; c++) {
		const struct command_page of = {"joulerig", (*c)->name, (*c)->usage, (*c)->summary,
			(*c)->details, (*c)->options, common_option_table};

		add_command(&out, "joulerig", of.name, of.summary);
		command_page(g, &of, page, arg);
	}
	roff_section(&out, "common options");
	add_options(&out, common_option_table, NULL);
	add_help_options(&out);
	add_values(&out, "exit status", statuses);
	add_values(&out, "environment", environment);
	roff_section(&out, "see also");
	roff_reference(&out, "joulerig-agent", "1", true);
	roff_reference(&out, "joulerig-campaign", "5", false);
	roff_reference(&out, "joulerig-settings", "5", false);
	buf_addc(&out, '\n');
	page(arg, "joulerig", "1", out.data);
}

static void agent_pages(const struct guides *g, page_fn *page, void *arg)
{
	_cleanup_buf_ struct buf out = BUF_INIT;

	roff_page(&out, "joulerig-agent", "1",
		"measures this machine, and runs what a coordinator sends");
	add_usage(&out, "joulerig-agent",
		"--coordinator ADDRESS --server-key Z85 --state DIR [options]");
	buf_adds(&out, ".br\n\\fBjoulerig\\-agent\\fR COMMAND [options]\n");
	roff_section(&out, "options of the agent");
	add_options(&out, agent_own_table, NULL);
	add_help_options(&out);
	roff_section(&out, "commands");
	for (const struct agent_command *const *c = agent_commands; *c; c++) {
		const struct command_page of = {"joulerig-agent", (*c)->name, (*c)->usage,
			(*c)->summary, (*c)->details, (*c)->options, agent_common_table};

		add_command(&out, "joulerig-agent", of.name, of.summary);
		command_page(g, &of, page, arg);
	}
	add_values(&out, "exit status", agent_statuses);
	add_values(&out, "environment", agent_environment);
	add_examples(&out, g, "joulerig-agent", "");
	roff_section(&out, "see also");
	roff_reference(&out, "joulerig", "1", true);
	roff_reference(&out, "joulerig-exec", "1", false);
	buf_addc(&out, '\n');
	page(arg, "joulerig-agent", "1", out.data);
}

static void exec_page(page_fn *page, void *arg)
{
	_cleanup_buf_ struct buf out = BUF_INIT;

	roff_page(&out, "joulerig-exec", "1", "starts the commands of an agent's runs");
	roff_section(&out, "description");
	roff_paragraphs(&out, "joulerig-agent starts it, and through it each command of a run. "
			      "There is nothing to do by\n"
			      "hand. It is a program of its own, small and with one thread, "
			      "because the kernel counts a\n"
			      "command's peak memory from that of the process that starts it. What "
			      "a command leaves\n"
			      "behind, it ends.\n\n"
			      "The agent looks for it in ../libexec/joulerig beside its own "
			      "folder, and in its own.\n");
	roff_section(&out, "see also");
	roff_reference(&out, "joulerig-agent", "1", true);
	buf_addc(&out, '\n');
	page(arg, "joulerig-exec", "1", out.data);
}

void pages_programs(const struct guides *g, page_fn *page, void *arg)
{
	coordinator_pages(g, page, arg);
	agent_pages(g, page, arg);
	exec_page(page, arg);
}
