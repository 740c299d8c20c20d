/* How often, in which order, within which budget, and when again. */
#include "coordinator/campaign/read.h"
#include "coordinator/campaign/schema.h"
#include "coordinator/campaign/timezone.h"
#include "coordinator/schedule/cron.h"
#include "proto/units.h"

/* With `until` and no `max` a configuration that never becomes narrow ends all the same. */
#define DEFAULT_MAX_FACTOR 10
/* A host that restarts for a new kernel is back by then. */
#define DEFAULT_PATIENCE_NS (30 * 60 * NS_PER_S)

/* ---- repeat ---- */

static void read_pair(struct reader *r, const struct node *pair)
{
	struct campaign *c = r->campaign;
	_cleanup_free_ const char **words = NULL;
	char nearest[96];
	size_t n;

	c->pair = read_texts(r->arena, pair, &c->pair_n);
	words = read_axis_names(r, &n);
	for (size_t i = 0; i < c->pair_n; i++) {
		if (!read_is_axis(c, c->pair[i]))
			diag_error(r->d, read_item(pair, i),
				"'pair' names '%s', which is no axis%s", c->pair[i],
				diag_nearest(nearest, c->pair[i], words, n));
		for (size_t k = 0; k < i; k++)
			if (strcmp(c->pair[i], c->pair[k]) == 0)
				diag_error(r->d, read_item(pair, i), "'%s' stands in 'pair' twice",
					c->pair[i]);
	}
}

static void read_until(struct reader *r, const struct node *repeat)
{
	const struct node *until = node_get(repeat, "until"), *max = node_get(repeat, "max");
	struct campaign *c = r->campaign;

	c->max = c->blocks;
	if (!until) {
		if (max && !schema_has_typo(repeat, "until"))
			diag_error(r->d, node_find(repeat, "max")->key,
				"'max' needs 'until': without it 'blocks' is exact");
		return;
	}
	c->until.metric = (char *)read_text(until, "metric", NULL);
	c->until.within = read_percent(until, "within", 20000);
	c->max = read_int(repeat, "max",
		c->blocks > CAMPAIGN_MAX_RUNS / DEFAULT_MAX_FACTOR
			? c->blocks
			: c->blocks * DEFAULT_MAX_FACTOR);
	metric_check(r, node_get(until, "metric"), "'until'");
	if (c->max >= c->blocks)
		return;
	diag_error(r->d, max, "'max' is %lld, below 'blocks', which is %lld%s", (long long)c->max,
		(long long)c->blocks, node_get(repeat, "blocks") ? "" : " without being given");
	c->max = c->blocks;
}

static void read_order(struct reader *r, const struct node *repeat)
{
	r->campaign->is_sequential = strcmp(read_text(r->root, "order", ""), "sequential") == 0;
	if (r->campaign->is_sequential && node_get(repeat, "pair"))
		diag_error(r->d, node_find(repeat, "pair")->key,
			"'pair' needs 'order: blocks': a sequential campaign runs all of a "
			"configuration, then the next");
}

/* ---- budget ---- */

static int64_t read_energy(const struct node *map, const char *key)
{
	const char *text = read_text(map, key, NULL);
	int64_t value;

	return text && units_parse_energy(text, &value, NULL) == 0 ? value : ABSENT;
}

static void read_budget(struct reader *r)
{
	const struct node *budget = node_get(r->root, "budget"), *until = node_get(budget, "until");
	struct budget *out = &r->campaign->budget;
	int64_t minute;

	out->time_ns = read_duration(budget, "time", ABSENT);
	out->energy_uj = read_energy(budget, "energy");
	out->until_minute = ABSENT;
	if (budget && budget->kind == NODE_MAP && budget->n == 0)
		diag_error(r->d, budget, "'budget' is empty, expected time, energy or until");
	if (!until || until->kind != NODE_SCALAR ||
		schema_value(schema_find("budget.until"), until->text, &minute) < 0)
		return;
	/* Others read 06:00 without quotes as the number 360. */
	if (until->is_plain)
		diag_error(r->d, until, "'until' is %s without quotes, expected \"%s\"",
			until->text, until->text);
	out->until_minute = atoi(until->text) * 60 + atoi(until->text + 3);
}

void read_repeat(struct reader *r)
{
	const struct node *repeat = node_get(r->root, "repeat");
	struct campaign *c = r->campaign;

	c->warmup = read_int(repeat, "warmup", 1);
	c->blocks = read_int(repeat, "blocks", 10);
	read_until(r, repeat);
	read_pair(r, node_get(repeat, "pair"));
	read_order(r, repeat);
	read_budget(r);
}

/* ---- schedule ---- */

static void read_source(const struct node *source, struct schedule *out)
{
	out->source_git = (char *)read_text(source, "git", NULL);
	if (out->source_git == NULL)
		return;
	out->source_ref = (char *)read_text(source, "ref", "main");
	out->source_file = (char *)read_text(source, "file", NULL);
}

void read_schedule(struct reader *r)
{
	const struct node *n = node_get(r->root, "schedule"), *cron = node_get(n, "cron");
	const struct node *zone = node_get(n, "timezone");
	struct schedule *out = &r->campaign->schedule;
	struct cron parsed;
	struct error err;
	char nearest[96];

	if (!n || n->kind != NODE_MAP)
		return;
	out->cron = (char *)read_text(n, "cron", NULL);
	out->timezone = (char *)read_text(n, "timezone", NULL);
	out->missed = (char *)read_text(n, "missed", "once");
	out->overlap = (char *)read_text(n, "overlap", "queue");
	out->unless = (char *)read_text(n, "unless", NULL);
	out->baseline = (char *)read_text(n, "baseline", "previous");
	out->deadline_ns = read_duration(n, "deadline", ABSENT);
	out->patience_ns = read_duration(n, "patience", DEFAULT_PATIENCE_NS);
	read_source(node_get(n, "source"), out);
	if (cron && cron->kind == NODE_SCALAR && cron->text[0] &&
		cron_parse(cron->text, &parsed, &err) < 0)
		diag_error(r->d, cron, "'cron': %s", err.text);
	if (zone && zone->kind == NODE_SCALAR && zone->text[0] &&
		!timezone_is_known(zone->text, nearest))
		diag_error(r->d, zone,
			"'timezone' is '%s', expected a time zone such as Europe/Berlin or UTC%s",
			zone->text, nearest);
}
