/* Runs from elsewhere into a store: one campaign, in one transaction. */
#include "coordinator/analysis/parameters.h"
#include "coordinator/commands/import_metrics.h"
#include "proto/clock.h"
#include "proto/units.h"
#include <errno.h>
#include <uthash.h>

#define RUNS_MOST   (1 << 24)
#define NUMBER_MOST 999999999 /* of a submission: others come after it */
#define NAME_MOST   4096      /* bytes: hyperfine's are whole commands */

struct imported {
	UT_hash_handle hh;
	char *key;                    /* what it is, however it is spelled */
	char *benchmark, *parameters; /* as they were spelled first */
	int64_t index;                /* ABSENT: only known so far */
	int64_t *blocks;              /* [lane]: how many runs without a block it had there */
	size_t blocks_n;
};

/* A benchmark and its parameters as they stand in a line. */
struct spelling {
	UT_hash_handle hh;
	char *key; /* benchmark, a newline, parameters */
	struct imported *of;
};

struct lane {
	char *name;
	int64_t id; /* of the store */
};

struct importer {
	const struct store_ops *ops;
	struct store *store;
	const struct import_options *o;
	struct store_campaign campaign; /* id 0: not begun */
	char *name;                     /* of the campaign */
	char *carried;                  /* the label that the runs carry */
	struct imported *configurations;
	struct spelling *spellings;
	int64_t configurations_n;
	struct lane *lanes;
	size_t lanes_n;
	uint8_t *seen; /* a bit for each number of a run */
	int64_t last;  /* highest number */
	int64_t runs, latest;
	bool is_cut; /* some run had not ended */
	struct import_stored metrics;
	char **notes;
	size_t notes_n;
};

static void note_once(struct importer *im, char *text)
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
	struct imported *c, *tmp;
	struct spelling *s, *next;

	if (im == NULL)
		return;
	if (im->store != NULL) {
		if (im->ops->in_transaction(im->store))
			im->ops->rollback(im->store);
		im->ops->close(im->store);
	}
	HASH_ITER (hh, im->configurations, c, tmp) {
		HASH_DEL(im->configurations, c);
		free(c->key);
		free(c->benchmark);
		free(c->parameters);
		free(c->blocks);
		free(c);
	}
	HASH_ITER (hh, im->spellings, s, next) {
		HASH_DEL(im->spellings, s);
		free(s->key);
		free(s);
	}
	for (size_t i = 0; i < im->lanes_n; i++)
		free(im->lanes[i].name);
	for (size_t i = 0; i < im->notes_n; i++)
		free(im->notes[i]);
	import_stored_done(&im->metrics);
	free(im->notes);
	free(im->lanes);
	free(im->seen);
	free(im->name);
	free(im->carried);
	free(im);
}

/* ---- the campaign ---- */

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

static int begin_campaign(struct importer *im, const struct import_run *run, struct error *err)
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

static int check_campaign(
	const struct importer *im, const struct import_run *run, struct error *err)
{
	const char *carried = im->carried == NULL ? "none" : im->carried;
	const char *label = run->campaign == NULL ? "none" : run->campaign;

	if (strcmp(carried, label) == 0)
		return 0;
	return error_set(err, ERR_USAGE,
		"it is of campaign %s, and those before it are of %s: import one after the other",
		label, carried);
}

/* ---- names ---- */

/* What a terminal would obey, in C0 and C1; a text of several lines is no harm in a parameter. */
static bool is_printable(const char *text, const char *but)
{
	for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++)
		if (((*p < 0x20 || *p == 0x7f) && strchr(but, *p) == NULL) ||
			(*p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0))
			return false;
	return true;
}

static int check_text(const char *what, const char *text, struct error *err)
{
	if (text[0] == '\0')
		return error_set(err, ERR_USAGE, "%s: expected a name, not an empty text", what);
	if (strlen(text) > NAME_MOST)
		return error_set(
			err, ERR_USAGE, "%s: a name has at most %d bytes", what, NAME_MOST);
	return is_printable(text, "")
		       ? 0
		       : error_set(err, ERR_USAGE, "%s: a name has no control characters", what);
}

static int check_texts(const struct import_run *run, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < run->metrics_n; i++) {
		rc = check_text("metrics", run->metrics[i].name, err);
		if (rc == 0 && text_is_set(run->metrics[i].unit))
			rc = check_text("units", run->metrics[i].unit, err);
	}
	for (size_t i = 0; rc == 0 && i < run->flags_n; i++)
		rc = check_text("flags", run->flags[i], err);
	return rc;
}

/* ---- configurations and hosts ---- */

static int by_name(const void *a, const void *b)
{
	const struct parameter *p = a, *q = b;

	return strcmp(p->name, q->name);
}

/* Which configuration it is: objects have no order, so that its parameters are sorted here. */
static int key_of(const char *benchmark, struct parameters *p, struct buf *key, struct error *err)
{
	int rc = 0;

	if (p->n > 0)
		qsort(p->items, p->n, sizeof *p->items, by_name);
	buf_addf(key, "%s\n", benchmark);
	for (size_t i = 0; i < p->n && rc == 0; i++) {
		const struct parameter *one = &p->items[i];

		rc = check_text("parameters", one->name, err);
		if (rc == 0 && i > 0 && strcmp(one->name, p->items[i - 1].name) == 0)
			rc = error_set(err, ERR_USAGE, "parameters: '%s' a second time", one->name);
		if (rc == 0 && !is_printable(one->text, "\n\t"))
			rc = error_set(err, ERR_USAGE,
				"parameters: '%s' has control characters in its value", one->name);
		buf_addf(key, "%zu:%s=%zu:%s", strlen(one->name), one->name, strlen(one->text),
			one->text);
	}
	return rc;
}

static struct imported *add_spelled(
	struct importer *im, const char *benchmark, const char *parameters, struct error *err)
{
	_cleanup_buf_ struct buf key = BUF_INIT;
	struct imported *c = NULL;
	struct parameters parsed;

	int rc = check_text("benchmark", benchmark, err);
	parameters_parse(&parsed, parameters);
	if (rc == 0)
		rc = key_of(benchmark, &parsed, &key, err);
	parameters_done(&parsed);
	if (rc < 0)
		return NULL;
	HASH_FIND_STR(im->configurations, key.data, c);
	if (c != NULL)
		return c;
	c = xcalloc(1, sizeof *c);
	c->key = buf_take(&key);
	c->benchmark = xstrdup(benchmark);
	c->parameters = xstrdup(parameters);
	c->index = ABSENT;
	HASH_ADD_KEYPTR(hh, im->configurations, c->key, strlen(c->key), c);
	return c;
}

/* NULL with err where it cannot be one. */
static struct imported *get_configuration(
	struct importer *im, const char *benchmark, const char *parameters, struct error *err)
{
	_cleanup_free_ char *key = xasprintf("%s\n%s", benchmark, parameters);
	struct imported *c;
	struct spelling *s;

	HASH_FIND_STR(im->spellings, key, s);
	if (s != NULL)
		return s->of;
	c = add_spelled(im, benchmark, parameters, err);
	if (c == NULL)
		return NULL;
	s = xcalloc(1, sizeof *s);
	*s = (struct spelling){.key = xstrdup(key), .of = c};
	HASH_ADD_KEYPTR(hh, im->spellings, s->key, strlen(s->key), s);
	return c;
}

void importer_know(struct importer *im, const char *benchmark, const char *parameters)
{
	struct error err = {0}; /* it will be told of the run itself */

	(void)get_configuration(
		im, im->o->benchmark ? im->o->benchmark : benchmark, parameters, &err);
}

/* Texts as people sort them: 2 before 10. */
static int by_people(const struct imported *a, const struct imported *b)
{
	int benchmark = strverscmp(a->benchmark, b->benchmark);

	return benchmark != 0 ? benchmark : strverscmp(a->parameters, b->parameters);
}

static int add_configuration(struct importer *im, struct imported *c, struct error *err)
{
	c->index = im->configurations_n++;
	return im->ops->add_configuration(
		im->store, im->campaign.id, c->index, c->benchmark, c->parameters, err);
}

static int add_known(struct importer *im, struct error *err)
{
	struct imported *c, *tmp;
	int rc = 0;

	HASH_SORT(im->configurations, by_people);
	HASH_ITER (hh, im->configurations, c, tmp) {
		if (rc == 0)
			rc = add_configuration(im, c, err);
	}
	return rc;
}

static const char *inventory_of(const struct importer *im, const char *host)
{
	for (size_t i = 0; i < im->o->inventories_n; i++)
		if (strcmp(im->o->inventories[i].host, host) == 0)
			return im->o->inventories[i].json;
	return NULL;
}

static int get_lane(struct importer *im, const char *name, size_t *out, struct error *err)
{
	/* A key that no agent has: this host is not one that a coordinator knows. */
	_cleanup_free_ char *key = xasprintf(IMPORTED_HOST "%s", name);
	int64_t id = 0;
	int rc;

	for (*out = 0; *out < im->lanes_n; ++*out)
		if (strcmp(im->lanes[*out].name, name) == 0)
			return 0;
	rc = check_text("host", name, err);
	if (rc < 0)
		return rc;
	rc = im->ops->put_host(im->store, name, key, inventory_of(im, name), ABSENT, &id, err);
	if (rc == 0)
		rc = im->ops->add_lane(im->store, im->campaign.id, (int64_t)im->lanes_n, id, err);
	im->lanes = xreallocarray(im->lanes, im->lanes_n + 1, sizeof *im->lanes);
	im->lanes[im->lanes_n++] = (struct lane){.name = xstrdup(name), .id = id};
	return rc;
}

static int64_t next_block(struct imported *c, size_t lane)
{
	if (lane >= c->blocks_n) {
		c->blocks = xreallocarray(c->blocks, lane + 1, sizeof *c->blocks);
		memset(c->blocks + c->blocks_n, 0, (lane + 1 - c->blocks_n) * sizeof *c->blocks);
		c->blocks_n = lane + 1;
	}
	return ++c->blocks[lane];
}

/* ---- runs ---- */

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
		.block = run->block == ABSENT ? next_block(c, lane) : run->block,
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
		note_once(im,
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
		rc = begin_campaign(im, run, err);
		if (rc == 0)
			rc = add_known(im, err);
	} else {
		rc = check_campaign(im, run, err);
	}
	if (rc < 0)
		return rc;
	c = get_configuration(im, benchmark, run->parameters, err);
	rc = c == NULL ? ERR_USAGE : check_texts(run, err);
	if (rc == 0 && c->index == ABSENT)
		rc = add_configuration(im, c, err);
	if (rc == 0)
		rc = get_lane(im, host, &lane, err);
	if (rc == 0)
		rc = put_run(im, run, c, of_file, lane, err);
	if (run->started_at != ABSENT && (im->latest == ABSENT || run->started_at > im->latest))
		im->latest = run->started_at;
	im->is_cut |= !is_ended(run->state) || strcmp(run->state, RUN_CANCELLED) == 0;
	im->runs++;
	return rc;
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
