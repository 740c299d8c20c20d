/* The transaction in which runs from elsewhere come into a store. */
#include "coordinator/commands/import_parts.h"
#include "proto/clock.h"
#include <errno.h>

void importer_note(struct importer *im, char *text)
{
	for (size_t i = 0; i < im->notes_n; i++) {
		if (strcmp(im->notes[i], text) == 0) {
			free(text);
			return;
		}
	}
	im->notes = xreallocarray(im->notes, im->notes_n + 1, sizeof *im->notes);
	im->notes[im->notes_n++] = text;
}

int importer_open(struct importer **out, const char *db, const struct import_options *options,
	struct error *err)
{
	struct importer *im = xcalloc(1, sizeof *im);

	im->ops = stores[0];
	im->o = options;
	im->latest = ABSENT;
	int rc = im->ops->open(&im->store, db, true, err);
	if (rc == -EBUSY) {
		rc = error_wrap(err,
			"import: it writes the store itself: end the coordinator that holds it, or "
			"import into another store with --db");
		err->code = ERR_UNAVAILABLE;
	} else if (rc == -EINVAL) { /* another program's file, or another version's */
		err->code = ERR_USAGE;
	}
	if (rc == 0)
		rc = im->ops->begin(im->store, err);
	if (rc < 0) {
		importer_close(im);
		return rc;
	}
	*out = im;
	return 0;
}

void importer_close(struct importer *im)
{
	if (im == NULL)
		return;
	if (im->store != NULL) {
		if (im->ops->in_transaction(im->store))
			im->ops->rollback(im->store);
		im->ops->close(im->store);
	}
	importer_free_names(im);
	for (size_t i = 0; i < im->notes_n; i++)
		free(im->notes[i]);
	import_stored_done(&im->metrics);
	free(im->notes);
	free(im->seen);
	free(im->name);
	free(im->carried);
	free(im);
}

/* ---- the end ---- */

/* A host that is misspelled would else have no inventory, and nobody be told. */
static int check_inventories(const struct importer *im, struct error *err)
{
	for (size_t i = 0; i < im->o->inventories_n; i++) {
		const char *host = im->o->inventories[i].host, *nearest;
		_cleanup_free_ const char **hosts = xcalloc(im->lanes_n + 1, sizeof *hosts);
		bool is_there = false;

		for (size_t k = 0; k < im->lanes_n; k++) {
			hosts[k] = im->lanes[k].name;
			is_there |= strcmp(hosts[k], host) == 0;
		}
		if (is_there)
			continue;
		nearest = nearest_word(host, hosts, im->lanes_n);
		return error_set(err, ERR_USAGE, "--inventory: %s has no run of a host '%s'%s%s%s",
			im->o->file, host, nearest != NULL ? "; did you mean '" : "",
			nearest != NULL ? nearest : "", nearest != NULL ? "'?" : "");
	}
	return 0;
}

int importer_finish(struct importer *im, char **label, struct error *err)
{
	const struct store_ops *ops = im->ops;
	int64_t id = im->campaign.id, now = clock_realtime_ns();
	const char *unknown = im->o->campaign == NULL
				      ? im->o->inventories_n > 0
						? ": its campaign file is not known"
						: ": its campaign file and its hosts' inventories "
						  "are not known"
			      : im->o->inventories_n > 0 ? ""
							 : ": its hosts' inventories are not known";
	_cleanup_free_ char *text = xasprintf(
		"imported from %s (%s), not run here%s", im->o->file, im->o->from, unknown);
	int rc;

	if (id == 0)
		return error_set(err, ERR_USAGE, "import: %s: there is no run in it", im->o->file);
	rc = check_inventories(im, err);
	if (rc >= 0)
		rc = ops->set_campaign_total(im->store, id, im->runs, err);
	if (rc >= 0)
		rc = ops->set_campaign_state(im->store, id, im->is_cut ? "cancelled" : "done",
			im->latest == ABSENT ? im->campaign.submitted_at : im->latest, err);
	if (rc >= 0)
		rc = ops->add_event(im->store, id, 0, 0, "note", text, now, err);
	if (rc >= 0)
		rc = ops->commit(im->store, err);
	if (rc >= 0)
		*label = xasprintf("%s.%lld", im->name, (long long)im->campaign.number);
	return rc < 0 ? rc : 0;
}

char *const *importer_notes(const struct importer *im, size_t *n)
{
	*n = im->notes_n;
	return im->notes;
}

int64_t importer_runs(const struct importer *im)
{
	return im->runs;
}
