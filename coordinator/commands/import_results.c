/* Runs from elsewhere, and their results. */
#include "coordinator/commands/import_parts.h"

static int check_texts(const struct import_run *run, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < run->metrics_n; i++) {
		rc = import_check_text("metrics", run->metrics[i].name, err);
		if (rc == 0 && text_is_set(run->metrics[i].unit))
			rc = import_check_text("units", run->metrics[i].unit, err);
	}
	for (size_t i = 0; rc == 0 && i < run->flags_n; i++)
		rc = import_check_text("flags", run->flags[i], err);
	return rc;
}

static int take_number(
	struct importer *im, const struct import_run *run, int64_t *out, struct error *err)
{
	int64_t number = run->run == ABSENT ? im->last + 1 : run->run;

	if (number < 1 || number >= RUNS_MOST)
		return error_set(err, ERR_USAGE, "a campaign has at most %d runs", RUNS_MOST - 1);
	if (im->seen[number / 8] & 1 << number % 8)
		return error_set(err, ERR_USAGE, "run %lld a second time", (long long)number);
	im->seen[number / 8] |= (uint8_t)(1 << number % 8);
	im->last = number > im->last ? number : im->last;
	*out = number;
	return 0;
}

static bool is_ended(const char *state)
{
	return strcmp(state, RUN_QUEUED) != 0 && strcmp(state, RUN_ASSIGNED) != 0 &&
	       strcmp(state, RUN_RUNNING) != 0;
}

/* Whether something was measured, or at least begun: then the run has a result. */
static bool has_result(const struct import_run *run)
{
	return strcmp(run->state, RUN_DONE) == 0 || strcmp(run->state, RUN_FAILED) == 0 ||
	       strcmp(run->state, RUN_TIMEOUT) == 0 || run->metrics_n > 0 || run->flags_n > 0 ||
	       run->started_at != ABSENT || run->exit_code != ABSENT || run->signal != ABSENT;
}

static int put_result(struct importer *im, const struct import_run *run, const struct store_run *r,
	struct error *err)
{
	struct store_result result = {.campaign = r->campaign,
		.run = r->run,
		.attempt = r->attempt,
		.state = run->state,
		.started_at = run->started_at,
		.exit_code = run->exit_code,
		.signal = run->signal,
		.metrics = im->metrics.standard,
		.metrics_n = im->metrics.standard_n,
		.own = im->metrics.own,
		.own_n = im->metrics.own_n,
		.flags = run->flags,
		.flags_n = run->flags_n,
		.stdout_total = ABSENT,
		.stderr_total = ABSENT,
		.stdout_head = ABSENT,
		.stderr_head = ABSENT,
		.thinned = ABSENT,
		.ended_at = ABSENT};
	int rc = im->ops->put_result(im->store, &result, err);

	return rc < 0 ? rc : 0;
}

/* The benchmark of the campaign's file; *is_known is false where there is none of this name. */
static const struct benchmark *benchmark_of(
	const struct importer *im, const char *name, bool *is_known)
{
	const struct campaign *c = im->o->campaign == NULL ? NULL : im->o->campaign->campaign;

	*is_known = true;
	for (size_t i = 0; c != NULL && i < c->benchmarks_n; i++)
		if (strcmp(c->benchmarks[i].name, name) == 0)
			return &c->benchmarks[i];
	*is_known = c == NULL;
	return NULL;
}

/* Which way of its own metrics is good the campaign's file says. */
static void judge_own(struct importer *im, const struct benchmark *b)
{
	static const enum better_code codes[] = {[BETTER_NONE] = STORE_BETTER_NONE,
		[BETTER_LOWER] = STORE_BETTER_LOWER,
		[BETTER_HIGHER] = STORE_BETTER_HIGHER};

	for (size_t i = 0; b != NULL && i < im->metrics.own_n; i++)
		for (size_t k = 0; k < b->metrics_n; k++)
			if (strcmp(b->metrics[k].name, im->metrics.own[i].name) == 0)
				im->metrics.own[i].better = codes[b->metrics[k].better];
}

static int put_run(struct importer *im, const struct import_run *run, struct imported *c,
	const struct benchmark *of_file, size_t lane, struct error *err)
{
	bool is_result = has_result(run);
	struct store_run r = {.campaign = im->campaign.id,
		.block = run->block == ABSENT ? importer_next_block(c, lane) : run->block,
		.host = im->lanes[lane].id,
		.configuration = c->index,
		.state = is_result ? RUN_QUEUED : run->state,
		.attempt = run->attempt == ABSENT ? is_result : run->attempt};
	int rc = take_number(im, run, &r.run, err);

	r.pass = r.block;
	if (rc == 0 && is_result && r.attempt == 0)
		rc = error_set(err, ERR_USAGE, "attempt: a run with a result has 1 at least");
	if (rc == 0)
		rc = import_metrics(&im->metrics, run, err);
	if (rc == 0 && im->metrics.dropped != NULL)
		importer_note(im,
			xasprintf(
				"the uncertainty of %s is left out: one is kept with numbers in s, "
				"J, W, B, Hz, °C, J·s and with whole ones",
				im->metrics.dropped));
	judge_own(im, of_file);
	im->metrics.dropped = NULL;
	if (rc == 0)
		rc = im->ops->add_run(im->store, &r, err);
	return rc == 0 && is_result ? put_result(im, run, &r, err) : rc;
}

int importer_add(struct importer *im, const struct import_run *run, struct error *err)
{
	const char *benchmark = im->o->benchmark != NULL ? im->o->benchmark : run->benchmark;
	const char *host = im->o->host != NULL ? im->o->host
			   : run->host != NULL ? run->host
					       : "imported";
	const struct benchmark *of_file = NULL;
	struct imported *c;
	size_t lane = 0;
	bool is_known;
	int rc = 0;

	if (!text_is_set(benchmark))
		return error_set(err, ERR_USAGE,
			"it does not say which benchmark it is of; --benchmark NAME does");
	of_file = benchmark_of(im, benchmark, &is_known);
	if (!is_known)
		return error_set(err, ERR_USAGE, "benchmark: %s has none called '%s'",
			im->o->campaign->path, benchmark);
	if (im->campaign.id == 0) {
		rc = importer_begin(im, run, err);
		if (rc == 0)
			rc = importer_add_known(im, err);
	} else {
		rc = importer_check(im, run, err);
	}
	if (rc < 0)
		return rc;
	c = importer_configuration(im, benchmark, run->parameters, err);
	rc = c == NULL ? ERR_USAGE : check_texts(run, err);
	if (rc == 0 && c->index == ABSENT)
		rc = importer_add_configuration(im, c, err);
	if (rc == 0)
		rc = importer_lane(im, host, &lane, err);
	if (rc == 0)
		rc = put_run(im, run, c, of_file, lane, err);
	if (run->started_at != ABSENT && (im->latest == ABSENT || run->started_at > im->latest))
		im->latest = run->started_at;
	im->is_cut |= !is_ended(run->state) || strcmp(run->state, RUN_CANCELLED) == 0;
	im->runs++;
	return rc;
}
