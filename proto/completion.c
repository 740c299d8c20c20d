#include "proto/completion.h"

#include <ctype.h>

const char *const completion_shells[] = {"bash", "zsh", "fish", NULL};

/* Every program has these. */
static const struct option_info standard[] = {
	{"help", OPTION_FLAG, 0, NULL, "what there is", NULL},
	{"version", OPTION_FLAG, 0, NULL, "the version", NULL},
	{.name = NULL},
};

/* What may stand somewhere. */
enum kind { KIND_ANY, KIND_CAMPAIGN, KIND_LABEL, KIND_FILE, KIND_FOLDER, KIND_WORDS };

/* ---- what the tables say ---- */

/* The words of "key show | new | list" or of "completion bash|zsh": in lower case, first or after a
 * bar. */
static void add_usage_words(const char *usage, struct buf *out)
{
	bool is_word_due = true;

	usage += strcspn(usage, " ");
	while (*usage) {
		size_t len = strspn(usage, "abcdefghijklmnopqrstuvwxyz");

		if (is_word_due && len > 0 && (usage[len] == '\0' || strchr(" |", usage[len])))
			buf_addf(out, "%s%.*s", out->len ? " " : "", (int)len, usage);
		if (*usage == '|')
			is_word_due = true;
		else if (*usage != ' ')
			is_word_due = false;
		usage += len ? len : 1;
	}
}

/* What the first argument of a command is; words gets those of KIND_WORDS. */
static enum kind argument_kind(const struct completion_command *c, struct buf *words)
{
	const char *first = c->usage + strcspn(c->usage, " ");

	first += strspn(first, " [");
	if (strncmp(first, "FILE", 4) == 0)
		return KIND_CAMPAIGN;
	if (strncmp(first, "ID", 2) == 0)
		return KIND_LABEL;
	if (islower((unsigned char)*first))
		add_usage_words(c->usage, words);
	return words->len ? KIND_WORDS : KIND_ANY;
}

static enum kind value_kind(const struct option_info *o)
{
	if (o->choices)
		return KIND_WORDS;
	if (o->value && strcmp(o->value, "DIR") == 0)
		return KIND_FOLDER;
	if (o->value && (strcmp(o->value, "PATH") == 0 || strcmp(o->value, "FILE") == 0))
		return KIND_FILE;
	return KIND_ANY;
}

static void add_choices(const struct option_info *o, const char *between, struct buf *out)
{
	for (size_t i = 0; o->choices[i]; i++)
		buf_addf(out, "%s%s", i ? between : "", o->choices[i]);
}

/* A name as part of a function's: joulerig-agent is joulerig_agent. */
static void add_identifier(struct buf *out, const char *name)
{
	for (; *name; name++)
		buf_addc(out, *name == '-' ? '_' : *name);
}

/* ---- bash ---- */

static void bash_option_names(const struct option_info *table, struct buf *out)
{
	for (const struct option_info *o = table; o && o->name; o++)
		buf_addf(out, " --%s", o->name);
}

/* Lines `run:--root) kind=folder ;;` for the options of a table that have a value. */
static void bash_values(const struct option_info *table, const char *command, struct buf *out)
{
	static const char *const names[] = {
		[KIND_ANY] = "any", [KIND_FILE] = "file", [KIND_FOLDER] = "folder"};

	for (const struct option_info *o = table; o && o->name; o++) {
		if (o->kind == OPTION_FLAG)
			continue;
		buf_addf(out, "\t%s:--%s) ", command, o->name);
		if (value_kind(o) == KIND_WORDS) {
			buf_adds(out, "kind=words words='");
			add_choices(o, " ", out);
			buf_adds(out, "' ;;\n");
		} else {
			buf_addf(out, "kind=%s ;;\n", names[value_kind(o)]);
		}
	}
}

static void bash_command(
	const struct completion_program *p, const struct completion_command *c, struct buf *out)
{
	_cleanup_buf_ struct buf words = BUF_INIT;
	enum kind kind = argument_kind(c, &words);

	buf_addf(out, "\t%s)\n\t\toptions='", c->name);
	bash_option_names(c->options, out);
	bash_option_names(p->common, out);
	buf_adds(out, " --help --version'\n\t\t");
	if (kind == KIND_CAMPAIGN)
		buf_adds(out, "kind=campaign");
	else if (kind == KIND_LABEL)
		buf_adds(out, "kind=label");
	else if (kind == KIND_WORDS)
		buf_addf(out, "kind=words words='%s'", words.data);
	else
		buf_adds(out, "kind=any");
	buf_adds(out, " ;;\n");
}

/* bash takes `--format=json` apart at its `=`. */
static const char bash_begin[] =
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command= i\n"
	"\tlocal kind= words= options=\n"
	"\tCOMPREPLY=()\n"
	"\tif [[ $cur == '=' ]]; then\n"
	"\t\tcur=\n"
	"\telif [[ $before == '=' ]]; then\n"
	"\t\tbefore=${COMP_WORDS[COMP_CWORD - 2]}\n"
	"\tfi\n"
	"\t((COMP_CWORD > 1)) && [[ ${COMP_WORDS[1]} != -* ]] && command=${COMP_WORDS[1]}\n";

static const char bash_end[] =
	"\tif [[ $cur == -* ]]; then\n"
	"\t\tkind=words words=$options\n"
	"\tfi\n"
	"\tcase $kind in\n"
	"\twords) COMPREPLY=($(compgen -W \"$words\" -- \"$cur\")) ;;\n"
	"\tlabel) COMPREPLY=($(compgen -W \"$(joulerig completion labels 2>/dev/null)\" -- "
	"\"$cur\")) ;;\n"
	"\tfolder) compopt -o filenames 2>/dev/null\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -d -- \"$cur\") ;;\n"
	"\tfile) compopt -o filenames 2>/dev/null\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\") ;;\n"
	"\tcampaign) compopt -o filenames 2>/dev/null\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -f -X '!*.@(yaml|yml)' -- \"$cur\"; compgen -d -- "
	"\"$cur\") ;;\n"
	"\tesac\n"
	"}\n";

static void write_bash(const struct completion_program *p, struct buf *out)
{
	buf_adds(out, "shopt -s extglob\n_");
	add_identifier(out, p->name);
	buf_addf(out, "()\n{\n%s\tcase $command in\n\t'')\n\t\tkind=words words='", bash_begin);
	for (size_t i = 0; i < p->n; i++)
		buf_addf(out, "%s%s", i ? " " : "", p->commands[i].name);
	buf_adds(out, "' options='");
	bash_option_names(p->alone, out);
	buf_adds(out, " --help --version' ;;\n");
	for (size_t i = 0; i < p->n; i++)
		bash_command(p, &p->commands[i], out);
	buf_adds(out, "\tesac\n\tcase $command:$before in\n");
	bash_values(p->alone, "", out);
	for (size_t i = 0; i < p->n; i++)
		bash_values(p->commands[i].options, p->commands[i].name, out);
	bash_values(p->common, "?*", out);
	buf_addf(out, "\tesac\n%scomplete -F _", bash_end);
	add_identifier(out, p->name);
	buf_addf(out, " %s\n", p->name);
}

/* ---- zsh ---- */

/* Within single quotes, with what _arguments and _describe take for their own escaped. */
static void zsh_text(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\'')
			buf_adds(out, "'\\''");
		else if (strchr(":[]\\", *text))
			buf_addf(out, "\\%c", *text);
		else
			buf_addc(out, *text);
	}
}

static void zsh_options(const struct option_info *table, struct buf *out)
{
	for (const struct option_info *o = table; o && o->name; o++) {
		buf_addf(out, " \\\n\t\t\t'%s--%s%s[", o->kind == OPTION_TEXTS ? "*" : "", o->name,
			o->kind == OPTION_FLAG ? "" : "=");
		zsh_text(out, o->help);
		buf_addc(out, ']');
		if (o->kind != OPTION_FLAG) {
			buf_addc(out, ':');
			zsh_text(out, o->value ? o->value : "VALUE");
			buf_addc(out, ':');
		}
		if (value_kind(o) == KIND_WORDS) {
			buf_addc(out, '(');
			add_choices(o, " ", out);
			buf_addc(out, ')');
		} else if (value_kind(o) == KIND_FOLDER) {
			buf_adds(out, "_files -/");
		} else if (value_kind(o) == KIND_FILE) {
			buf_adds(out, "_files");
		}
		buf_addc(out, '\'');
	}
}

static void zsh_argument(const struct completion_command *c, struct buf *out)
{
	_cleanup_buf_ struct buf words = BUF_INIT;

	switch (argument_kind(c, &words)) {
	case KIND_CAMPAIGN:
		buf_adds(out, " \\\n\t\t\t'*:FILE:_files -g \"*.(yaml|yml)\"'");
		break;
	case KIND_LABEL:
		buf_adds(out, " \\\n\t\t\t'*:ID:($(joulerig completion labels 2>/dev/null))'");
		break;
	case KIND_WORDS:
		buf_addf(out, " \\\n\t\t\t'1:WORD:(%s)' '*: :'", words.data);
		break;
	default:
		buf_adds(out, " \\\n\t\t\t'*: :'");
		break;
	}
}

static void write_zsh(const struct completion_program *p, struct buf *out)
{
	buf_addc(out, '_');
	add_identifier(out, p->name);
	buf_adds(out, "_words()\n{\n\tlocal curcontext=$curcontext state line\n\tlocal -a "
		      "commands=(");
	for (size_t i = 0; i < p->n; i++) {
		buf_addf(out, "\n\t\t'%s:", p->commands[i].name);
		zsh_text(out, p->commands[i].summary);
		buf_addc(out, '\'');
	}
	buf_adds(out, "\n\t)\n\t_arguments -C");
	zsh_options(p->alone, out);
	zsh_options(standard, out);
	buf_adds(out, " \\\n\t\t\t'1:command:->command' '*::argument:->argument' && return\n"
		      "\tcase $state in\n\tcommand) _describe command commands ;;\n\targument)\n"
		      "\t\tcase $words[1] in\n");
	for (size_t i = 0; i < p->n; i++) {
		buf_addf(out, "\t\t%s)\n\t\t\t_arguments", p->commands[i].name);
		zsh_options(p->commands[i].options, out);
		zsh_options(p->common, out);
		zsh_options(standard, out);
		zsh_argument(&p->commands[i], out);
		buf_adds(out, " ;;\n");
	}
	buf_adds(out, "\t\tesac ;;\n\tesac\n}\n");
}

void completion_zsh_head(struct buf *out)
{
	buf_adds(out, "#compdef joulerig joulerig-agent\n");
}

void completion_zsh_tail(struct buf *out)
{
	buf_adds(out, "_joulerig()\n{\n\tcase $service in\n\tjoulerig-agent) _joulerig_agent_words "
		      "\"$@\" ;;\n\t*) _joulerig_words \"$@\" ;;\n\tesac\n}\n"
		      "if [[ $funcstack[1] == _joulerig ]]; then\n\t_joulerig \"$@\"\nelse\n"
		      "\tcompdef _joulerig joulerig joulerig-agent\nfi\n");
}

/* ---- fish ---- */

static void fish_text(struct buf *out, const char *text)
{
	buf_addc(out, '\'');
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			buf_addc(out, '\\');
		buf_addc(out, *text);
	}
	buf_addc(out, '\'');
}

/* condition: a fish command that tells whether the options are for this place. */
static void fish_options(const char *program, const char *condition,
	const struct option_info *table, struct buf *out)
{
	for (const struct option_info *o = table; o && o->name; o++) {
		buf_addf(out, "complete -c %s -n '%s' -l %s", program, condition, o->name);
		if (value_kind(o) == KIND_WORDS) {
			buf_adds(out, " -x -a '");
			add_choices(o, " ", out);
			buf_addc(out, '\'');
		} else if (value_kind(o) == KIND_FOLDER) {
			buf_adds(out, " -x -a '(__fish_complete_directories)'");
		} else if (value_kind(o) == KIND_FILE) {
			buf_adds(out, " -r -F");
		} else if (o->kind != OPTION_FLAG) {
			buf_adds(out, " -x");
		}
		buf_adds(out, " -d ");
		fish_text(out, o->help);
		buf_addc(out, '\n');
	}
}

static void fish_argument(const char *program, const struct completion_command *c, struct buf *out)
{
	_cleanup_buf_ struct buf words = BUF_INIT;
	enum kind kind = argument_kind(c, &words);

	if (kind == KIND_ANY)
		return;
	buf_addf(out, "complete -c %s -n '__fish_seen_subcommand_from %s' ", program, c->name);
	if (kind == KIND_CAMPAIGN)
		buf_adds(out, "-k -a '(__fish_complete_suffix .yaml)'\n");
	else if (kind == KIND_LABEL)
		buf_adds(out, "-a '(joulerig completion labels 2>/dev/null)'\n");
	else
		buf_addf(out, "-a '%s'\n", words.data);
}

static void write_fish(const struct completion_program *p, struct buf *out)
{
	buf_addf(out, "complete -c %s -f\n", p->name);
	fish_options(p->name, "__fish_use_subcommand", p->alone, out);
	fish_options(p->name, "__fish_use_subcommand", standard, out);
	for (size_t i = 0; i < p->n; i++) {
		const struct completion_command *c = &p->commands[i];
		_cleanup_free_ char *condition =
			xasprintf("__fish_seen_subcommand_from %s", c->name);

		buf_addf(
			out, "complete -c %s -n __fish_use_subcommand -a %s -d ", p->name, c->name);
		fish_text(out, c->summary);
		buf_addc(out, '\n');
		fish_options(p->name, condition, c->options, out);
		fish_argument(p->name, c, out);
	}
	fish_options(p->name, "not __fish_use_subcommand", p->common, out);
}

int completion_write(
	const struct completion_program *p, const char *shell, struct buf *out, struct error *err)
{
	static void (*const writers[])(const struct completion_program *, struct buf *) = {
		write_bash, write_zsh, write_fish};

	for (size_t i = 0; completion_shells[i]; i++) {
		if (strcmp(completion_shells[i], shell) == 0) {
			writers[i](p, out);
			return 0;
		}
	}
	return error_set(err, ERR_USAGE, "completion: '%s' is none of bash, zsh and fish", shell);
}
