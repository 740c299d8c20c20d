/* joulerig doctor: whether a store is whole, and what is around it as it should be. */
#include "coordinator/commands/doctor.h"

#include "coordinator/client.h"
#include "coordinator/output/output.h"
#include <stdio.h>

static const char *const states[] = {
	[DOCTOR_OK] = "ok", [DOCTOR_NOTE] = "note", [DOCTOR_BAD] = "bad"};

void doctor_find(struct doctor *d, const char *what, enum doctor_state state, const char *command,
	const char *why, ...)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	va_list ap;

	va_start(ap, why);
	buf_vaddf(&text, why, ap);
	va_end(ap);
	d->findings = xreallocarray(d->findings, d->n + 1, sizeof *d->findings);
	d->findings[d->n++] = (struct doctor_finding){
		.what = what,
		.state = state,
		.why = buf_take(&text),
		.command = command == NULL ? NULL : xstrdup(command),
	};
}

static void print_table(const struct doctor *d)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct doctor_finding *f = &d->findings[i];
		_cleanup_free_ char *why = output_harmless(f->why);
		printf("%-12s %-5s %s\n", f->what, states[f->state], why);
		if (f->command != NULL)
			printf("%18s %s\n", "mend:", f->command);
	}
}

static void add_text(struct buf *b, const char *key, const char *text)
{
	buf_addf(b, "\"%s\":", key);
	if (text == NULL)
		buf_adds(b, "null");
	else
		json_add_string(b, text, strlen(text));
}

static void print_json(const struct doctor *d)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	buf_adds(&b, "{\"findings\":[");
	for (size_t i = 0; i < d->n; i++) {
		const struct doctor_finding *f = &d->findings[i];
		buf_adds(&b, i == 0 ? "\n{" : ",\n{");
		add_text(&b, "what", f->what);
		buf_addc(&b, ',');
		add_text(&b, "state", states[f->state]);
		buf_addc(&b, ',');
		add_text(&b, "why", f->why);
		buf_addc(&b, ',');
		add_text(&b, "command", f->command);
		buf_addc(&b, '}');
	}
	buf_adds(&b, "\n]}\n");
	fputs(b.data, stdout);
}

static bool wants_json(const struct common_options *o, struct error *err)
{
	if (o->format != NULL && strcmp(o->format, "table") != 0 && strcmp(o->format, "json") != 0)
		error_set(err, ERR_USAGE, "doctor: --format is table or json");
	return o->format != NULL && strcmp(o->format, "json") == 0;
}

static void cannot_find(const char *db, struct error *err)
{
	int code = error_errno(err, "doctor: %s", db);

	if (client_say_owner(code, err) == code)
		error_set(err, ERR_UNAVAILABLE, "%s; name the store with --db", err->text);
}

static int run(void *target, const char **arguments, size_t n, struct error *err)
{
	const struct common_options *o = target;
	struct doctor d = {.db = o->db ? o->db : "joulerig.db", .keys = o->keys};
	bool is_json = wants_json(o, err), is_bad = false;

	(void)arguments;
	(void)n;
	if (err->code == 0 && o->coordinator != NULL && o->db == NULL)
		error_set(err, ERR_USAGE,
			"doctor: it looks at a store's file: run it on the coordinator's machine, "
			"with --db");
	if (err->code == 0 && access(d.db, F_OK) != 0)
		cannot_find(d.db, err);
	if (err->code != 0)
		return error_exit_status(err);
	doctor_check_around(&d);
	doctor_check_store(&d);
	if (is_json)
		print_json(&d);
	else
		print_table(&d);
	for (size_t i = 0; i < d.n; i++) {
		is_bad |= d.findings[i].state == DOCTOR_BAD;
		free(d.findings[i].why);
		free(d.findings[i].command);
	}
	free(d.findings);
	return is_bad ? EXIT_RUN_FAILED : EXIT_OK;
}

const struct command command_doctor = {
	.name = "doctor",
	.usage = "doctor [--db PATH] [--format table|json]",
	.summary = "whether the store is whole, and what to do where it is not",
	.details = "It goes through the whole file and changes nothing, also while a coordinator "
		   "holds the store. Exit\n"
		   "status 1: something is wrong. What cannot be measured on a host is told by "
		   "'joulerig-agent doctor'.",
	.options_size = sizeof(struct common_options),
	.min_arguments = 0,
	.max_arguments = 0,
	.run = run,
};
