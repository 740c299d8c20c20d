/* joulerig plan: what would run, where, how often, and how long that takes */
#include "coordinator/commands/plan_view.h"
#include "coordinator/commands/submission.h"

struct plan_options {
	struct common_options common;
	struct submission_options changes;
	const char *root;
	bool is_all;
};

static const struct option_info plan_option_table[] = {
	SUBMISSION_OPTIONS(struct plan_options, changes),
	{"root", OPTION_TEXT, offsetof(struct plan_options, root), "DIR",
		"the machine whose proc/ and sys/ are there, instead of this one", NULL},
	{"all", OPTION_FLAG, offsetof(struct plan_options, is_all), NULL,
		"long lists whole, lines as long as they are", NULL},
	{0},
};

static bool wants_json(const struct plan_options *o)
{
	return o->common.format && strcmp(o->common.format, "json") == 0;
}

static int check_format(const struct plan_options *o, struct error *err)
{
	const char *format = o->common.format ? o->common.format : "table";

	if (strcmp(format, "table") == 0 || strcmp(format, "json") == 0)
		return 0;
	return error_set(err, ERR_USAGE, "--format %s: plan knows table and json", format);
}

/* ---- hosts ---- */

static int find_hosts(struct hosts *h, const struct plan_options *o, struct error *err)
{
	_cleanup_buf_ struct buf why = BUF_INIT;
	int rc = o->common.coordinator ? hosts_of_coordinator(h, &o->common, err)
				       : hosts_of_this_machine(h, o->root, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < h->unwanted_n; i++)
		buf_addf(&why, "%s%s: %s", i ? "\n" : "", h->unwanted[i].name, h->unwanted[i].why);
	if (h->n == 0)
		return error_set(err, ERR_UNAVAILABLE, "no host is one of the campaign's%s%s",
			why.len ? ":\n" : "", why.data);
	if (why.len && !wants_json(o))
		fprintf(stderr, "%s\n", why.data);
	if (h->notes.len && !wants_json(o))
		fputs(h->notes.data, stderr);
	return 0;
}

/* ---- the whole ---- */

static void tell(const struct plan_options *o, const struct hosts *h, const struct plan *p)
{
	const struct results_where where = common_where(&o->common);
	struct plan_estimate estimate;
	struct plan_view v = {
		.campaign = h->campaign,
		.plan = p,
		.hosts = h,
		.placings = placings_open(h->campaign, !o->common.coordinator, o->root),
		.estimate = &estimate,
		.is_all = o->is_all || o->common.verbose,
	};
	struct family *families = plan_families(h->campaign, p, h->items, &v.families_n);

	v.families = families;
	plan_estimate_make(&estimate, h->campaign, p, &where);
	if (wants_json(o))
		plan_print_json(&v, stdout);
	else
		plan_print_table(&v, stdout);
	plan_estimate_done(&estimate);
	placings_close(v.placings);
	free(families);
}

static int make_and_tell(const struct plan_options *o, struct hosts *h, struct error *err)
{
	struct plan *p;
	int rc = check_format(o, err);

	if (rc == 0)
		rc = find_hosts(h, o, err);
	if (rc < 0)
		return rc;
	rc = plan_make(h->campaign, h->items, h->n, &p, err);
	if (rc < 0)
		return rc;
	hosts_add_tuples(h, p);
	tell(o, h, p);
	plan_free(p);
	return 0;
}

static int run_plan(void *options, const char **arguments, size_t n, struct error *err)
{
	struct plan_options *o = options;
	struct submission_file file;
	struct hosts hosts = {.notes = BUF_INIT};
	int rc;

	(void)n;
	rc = submission_read(&file, arguments[0], &o->changes, true, err);
	if (rc == 0) {
		hosts.campaign = file.campaign;
		rc = make_and_tell(o, &hosts, err);
		hosts_done(&hosts);
	}
	submission_done(&file);
	if (rc == 0)
		return EXIT_OK;
	/* Where diagnostics said it all, err says nothing. */
	return err->code ? (int)error_exit_status(err) : EXIT_USAGE;
}

static const struct plan_options plan_defaults = {.changes = SUBMISSION_DEFAULTS};

const struct command command_plan = {
	.name = "plan",
	.usage = "plan FILE [options]",
	.summary = "what would run, where, how often, and how long that takes",
	.details = "On this machine, or on the hosts that --coordinator knows. Nothing is run. How "
		   "long it takes\n"
		   "comes from earlier submissions of the campaign, where the store has any.",
	.options = plan_option_table,
	.options_size = sizeof(struct plan_options),
	.defaults = &plan_defaults,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run_plan,
};
