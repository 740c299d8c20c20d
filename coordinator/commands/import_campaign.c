/* The campaign that runs from elsewhere become. */
#include "coordinator/commands/import_parts.h"
#include "proto/clock.h"
#include "proto/units.h"

#define NUMBER_MOST 999999999 /* of a submission: others come after it */

/* As in a campaign's file. */
static int check_name(const char *name, struct error *err)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

	if (n > 0 && n <= 64 && name[n] == '\0' && name[0] != '-')
		return 0;
	return error_set(err, ERR_USAGE,
		"'%s' cannot be a campaign's name: at most 64 small letters, digits and -, the "
		"first no -; --as NAME gives it another",
		name);
}

/* "nightly.7" as name and number; "nightly" has number 0: the next one. */
static int take_label(struct importer *im, const char *label, bool needs_number, struct error *err)
{
	const char *dot = strrchr(label, '.');
	int64_t number = 0;

	if (dot != NULL && units_parse_int(dot + 1, 1, NUMBER_MOST, &number, NULL) < 0)
		dot = NULL;
	if (dot == NULL && needs_number)
		return error_set(err, ERR_USAGE,
			"campaign: expected a label such as nightly.7, not '%s'; --as NAME gives "
			"it "
			"a name",
			label);
	free(im->name);
	im->name = dot == NULL ? xstrdup(label) : xstrndup(label, (size_t)(dot - label));
	im->campaign.number = number;
	return check_name(im->name, err);
}

static int on_found(void *arg, int64_t key, const struct message_cell *cells, size_t n)
{
	(void)key;
	(void)cells;
	(void)n;
	*(bool *)arg = true;
	return 1;
}

static int check_new(struct importer *im, struct error *err)
{
	_cleanup_free_ char *label = xasprintf("%s.%lld", im->name, (long long)im->campaign.number);
	bool is_there = false;
	int rc = im->campaign.number == 0 ? 0
					  : im->ops->query(im->store, "campaigns", label, 0, 1,
						    NULL, on_found, &is_there, err);

	if (rc == 0 && is_there)
		rc = error_set(err, ERR_USAGE,
			"there is a campaign %s already; --as NAME imports it under another name",
			label);
	return rc;
}

int importer_begin(struct importer *im, const struct import_run *run, struct error *err)
{
	const struct submission_file *file = im->o->campaign;
	const char *label = im->o->as != NULL ? im->o->as : run->campaign;
	int rc;

	if (label == NULL && file != NULL)
		label = file->campaign->name;

	if (label == NULL)
		return error_set(err, ERR_USAGE,
			"it does not say of which campaign it is; --as NAME gives it a name");
	rc = take_label(im, label, im->o->as == NULL && run->campaign != NULL, err);
	if (rc == 0)
		rc = check_new(im, err);
	if (rc < 0)
		return rc;
	im->carried = run->campaign == NULL ? NULL : xstrdup(run->campaign);
	im->seen = xcalloc(RUNS_MOST / 8, 1);
	im->campaign = (struct store_campaign){.uuid = id16_random(),
		.name = im->name,
		.number = im->campaign.number,
		.file = file == NULL ? im->o->file : file->path,
		.yaml = file == NULL ? "" : file->yaml.data,
		.state = "running",
		.submitted_at = run->started_at == ABSENT ? clock_realtime_ns() : run->started_at,
		.ended_at = ABSENT};
	return im->ops->add_campaign(im->store, &im->campaign, err);
}

int importer_check(const struct importer *im, const struct import_run *run, struct error *err)
{
	const char *carried = im->carried == NULL ? "none" : im->carried;
	const char *label = run->campaign == NULL ? "none" : run->campaign;

	if (strcmp(carried, label) == 0)
		return 0;
	return error_set(err, ERR_USAGE,
		"it is of campaign %s, and those before it are of %s: import one after the other",
		label, carried);
}
