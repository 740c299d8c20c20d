/* A plan for programs: one object that has all that the tables have. */
#include "coordinator/commands/plan_view.h"

#include "coordinator/output/output.h"

/* ---- pieces ---- */

static void add_text(struct buf *out, const char *text)
{
	if (text)
		json_add_string(out, text, strlen(text));
	else
		buf_adds(out, "null");
}

/* A member, with the comma before it unless it is the first of its object. */
static void add_key(struct buf *out, const char *key)
{
	if (out->len > 0 && out->data[out->len - 1] != '{')
		buf_addc(out, ',');
	buf_addf(out, "\"%s\":", key);
}

static void add_member(struct buf *out, const char *key, const char *value)
{
	add_key(out, key);
	add_text(out, value);
}

static void add_number(struct buf *out, const char *key, int64_t value)
{
	add_key(out, key);
	if (value == ABSENT)
		buf_adds(out, "null");
	else
		buf_addf(out, "%lld", (long long)value);
}

static void add_real(struct buf *out, const char *key, double value)
{
	add_key(out, key);
	buf_addf(out, "%.9g", value);
}

static void add_decimal(struct buf *out, const char *key, int64_t value, int64_t divisor)
{
	char text[32];

	add_key(out, key);
	buf_adds(out, value == ABSENT ? "null" : units_format_decimal(text, value, divisor));
}

static void add_bool(struct buf *out, const char *key, bool value)
{
	add_key(out, key);
	buf_adds(out, value ? "true" : "false");
}

static void add_comma(struct buf *out)
{
	if (out->len > 0 && out->data[out->len - 1] != '[')
		buf_addc(out, ',');
}

static void add_texts(struct buf *out, const char *key, char *const *texts, size_t n)
{
	add_key(out, key);
	buf_addc(out, '[');
	for (size_t i = 0; i < n; i++) {
		add_comma(out);
		add_text(out, texts[i]);
	}
	buf_addc(out, ']');
}

/* ---- configurations and hosts ---- */

/* The parameters are JSON already, with numbers as the file has them. */
static void add_configuration(struct buf *out, const struct configuration *c)
{
	add_comma(out);
	buf_addc(out, '{');
	add_member(out, "benchmark", c->benchmark->name);
	add_key(out, "parameters");
	configuration_parameters(c, out);
}

/* {"cpus": 2, "list": [1, 0]}: what a configuration gets on a host; null: all, or not known here.
 */
static void add_placing(
	struct buf *out, const struct plan_view *v, size_t lane, size_t configuration)
{
	const struct configuration *c = &v->plan->configurations[configuration];
	const struct placing *p;

	add_comma(out);
	if (c->benchmark->roles_n > 0) {
		buf_adds(out, "null");
		return;
	}
	p = placing_find(v->placings, c, &v->hosts->items[lane]);
	buf_addc(out, '{');
	add_number(out, "cpus", p->cpus);
	if (p->list)
		buf_addf(out, ",\"list\":[%s]", p->list);
	if (p->nodes)
		add_member(out, "nodes", p->nodes);
	if (p->problem)
		add_member(out, "problem", p->problem);
	buf_addc(out, '}');
}

static void add_skipped(
	struct buf *out, const struct plan *p, const struct plan_lane *lane, size_t i)
{
	add_configuration(out, &p->configurations[lane->configurations[i]]);
	add_member(out, "host", lane->host);
	add_member(out, "reason", lane->skipped[i]);
	buf_addc(out, '}');
}

/* {"server": "lab01", "client": "lab02"}: who takes part in what several run together. */
static void add_parts(struct buf *out, const struct plan_view *v, const struct plan_lane *lane)
{
	add_key(out, "parts");
	buf_addc(out, '{');
	for (size_t i = 0; i < lane->parts_n; i++)
		add_member(out, lane->of->roles[i].name, v->plan->lanes[lane->parts[i]].host);
	buf_addc(out, '}');
}

static void add_lane(struct buf *hosts, struct buf *skipped, const struct plan_view *v, size_t l)
{
	const struct plan_lane *lane = &v->plan->lanes[l];
	_cleanup_buf_ struct buf placement = BUF_INIT;

	add_comma(hosts);
	buf_addc(hosts, '{');
	add_member(hosts, "name", lane->host);
	add_key(hosts, "configurations");
	buf_addc(hosts, '[');
	buf_addc(&placement, '[');
	for (size_t i = 0; i < lane->n; i++) {
		if (lane->skipped[i]) {
			add_skipped(skipped, v->plan, lane, i);
			continue;
		}
		add_comma(hosts);
		buf_addf(hosts, "%zu", (size_t)lane->configurations[i]);
		add_placing(&placement, v, l, lane->configurations[i]);
	}
	buf_addf(hosts, "],\"placement\":%s]", placement.data);
	if (lane->parts_n > 0)
		add_parts(hosts, v, lane);
	add_number(hosts, "left_out", (int64_t)lane->left_out);
	buf_addc(hosts, '}');
}

static void add_hosts(struct buf *out, const struct plan_view *v)
{
	_cleanup_buf_ struct buf skipped = BUF_INIT;

	add_key(out, "hosts");
	buf_addc(out, '[');
	for (size_t l = 0; l < v->plan->lanes_n; l++)
		add_lane(out, &skipped, v, l);
	buf_addf(out, "],\"skipped\":[%s],\"not_wanted\":[", skipped.data);
	for (size_t i = 0; i < v->hosts->unwanted_n; i++) {
		add_comma(out);
		buf_addc(out, '{');
		add_member(out, "host", v->hosts->unwanted[i].name);
		add_member(out, "reason", v->hosts->unwanted[i].why);
		buf_addc(out, '}');
	}
	buf_addc(out, ']');
}

/* ---- repetition and comparison ---- */

static void add_repetition(struct buf *out, const struct plan_view *v)
{
	const struct campaign *c = v->campaign;

	add_number(out, "warmup", c->warmup);
	add_number(out, "blocks", c->blocks);
	add_number(out, "blocks_max", c->max);
	add_number(out, "seed", c->seed);
	add_member(out, "order", c->is_sequential ? "sequential" : "blocks");
	add_member(out, "spread", c->is_spread ? "any" : "every");
	add_texts(out, "pair", c->pair, c->pair_n);
	add_key(out, "until");
	if (!c->until.metric) {
		buf_adds(out, "null");
	} else {
		buf_addc(out, '{');
		add_member(out, "metric", c->until.metric);
		add_decimal(out, "within", c->until.within, 1000000);
		buf_addc(out, '}');
	}
	add_key(out, "budget");
	buf_addc(out, '{');
	add_decimal(out, "seconds", c->budget.time_ns, NS_PER_S);
	add_decimal(out, "joules", c->budget.energy_uj, 1000000);
	add_number(out, "until_minute", c->budget.until_minute);
	buf_addc(out, '}');
}

static void add_families(struct buf *out, const struct plan_view *v)
{
	add_key(out, "compare");
	buf_addc(out, '[');
	for (size_t i = 0; i < v->families_n; i++) {
		const struct family *f = &v->families[i];

		add_comma(out);
		buf_addc(out, '{');
		add_member(out, "by", f->comparison->by);
		add_member(out, "baseline", f->comparison->baseline);
		add_texts(out, "metrics", f->comparison->metrics, f->comparison->metrics_n);
		add_number(out, "comparisons", f->comparisons);
		add_number(out, "without_baseline", f->alone);
		add_number(out, "blocks_needed", f->blocks == INT64_MAX ? ABSENT : f->blocks);
		buf_addc(out, '}');
	}
	buf_addc(out, ']');
}

/* ---- files, labels, roles, schedule ---- */

static void add_files(struct buf *out, const struct campaign *c)
{
	struct render_arena *arena = NULL;
	struct shipped *files;
	size_t n;

	campaign_files(c, &files, &n, &arena);
	add_key(out, "files");
	buf_addc(out, '[');
	for (size_t i = 0; i < n; i++) {
		add_comma(out);
		if (files[i].path) {
			add_text(out, files[i].path);
			continue;
		}
		buf_addc(out, '{');
		add_member(out, "git", files[i].git);
		add_member(out, "ref", files[i].ref);
		add_member(out, "as", files[i].as);
		buf_addc(out, '}');
	}
	buf_addc(out, ']');
	render_done(arena);
}

static void add_labels(struct buf *out, const struct campaign *c)
{
	add_key(out, "labels");
	buf_addc(out, '{');
	for (size_t i = 0; i < c->labels_n; i++) {
		buf_adds(out, i ? "," : "");
		add_text(out, c->labels[i].key);
		buf_addc(out, ':');
		add_text(out, c->labels[i].value);
	}
	buf_addc(out, '}');
}

static void add_host_name(void *arg, const char *name)
{
	add_comma(arg);
	add_text(arg, name);
}

static void add_role(
	struct buf *out, const struct plan_view *v, const struct benchmark *b, size_t i)
{
	const struct campaign_role *role = &b->roles[i];

	add_comma(out);
	buf_addc(out, '{');
	add_member(out, "benchmark", b->name);
	add_member(out, "role", role->name);
	add_texts(out, "command", role->command.command, role->command.n);
	add_bool(out, "main", i == b->main);
	add_key(out, "hosts");
	buf_addc(out, '[');
	plan_role_hosts(v, role, add_host_name, out);
	buf_addc(out, ']');
	buf_addc(out, '}');
}

static void add_roles(struct buf *out, const struct plan_view *v)
{
	add_key(out, "roles");
	buf_addc(out, '[');
	for (size_t i = 0; i < v->campaign->benchmarks_n; i++)
		for (size_t k = 0; k < v->campaign->benchmarks[i].roles_n; k++)
			add_role(out, v, &v->campaign->benchmarks[i], k);
	buf_addc(out, ']');
}

static void add_schedule(struct buf *out, const struct schedule *s)
{
	add_key(out, "schedule");
	if (!s->cron) {
		buf_adds(out, "null");
		return;
	}
	buf_addc(out, '{');
	add_member(out, "cron", s->cron);
	add_member(out, "timezone", s->timezone);
	add_member(out, "missed", s->missed);
	add_member(out, "overlap", s->overlap);
	add_member(out, "unless", s->unless);
	add_member(out, "baseline", s->baseline);
	if (s->deadline_ns != ABSENT)
		add_real(out, "deadline", (double)s->deadline_ns / NS_PER_S);
	add_real(out, "patience", (double)s->patience_ns / NS_PER_S);
	add_member(out, "source_git", s->source_git);
	add_member(out, "source_ref", s->source_ref);
	add_member(out, "source_file", s->source_file);
	buf_addc(out, '}');
}

/* ---- how long ---- */

static void add_estimate(struct buf *out, const struct plan_estimate *e)
{
	add_key(out, "estimate");
	buf_addc(out, '{');
	add_number(out, "known", (int64_t)e->known);
	add_number(out, "of", (int64_t)e->of);
	add_number(out, "with_energy", (int64_t)e->with_energy);
	add_member(out, "from", e->from);
	add_member(out, "why", e->why);
	if (e->from) {
		add_real(out, "seconds", e->seconds.least);
		add_real(out, "seconds_max", e->seconds.most);
	}
	if (e->with_energy > 0) {
		add_real(out, "joules", e->joules.least);
		add_real(out, "joules_max", e->joules.most);
	}
	buf_addc(out, '}');
}

void plan_print_json(const struct plan_view *v, FILE *to)
{
	const struct campaign *c = v->campaign;
	_cleanup_buf_ struct buf out = BUF_INIT;

	buf_addc(&out, '{');
	add_member(&out, "campaign", c->name);
	add_member(&out, "description", c->description);
	add_key(&out, "configurations");
	buf_addc(&out, '[');
	for (size_t i = 0; i < v->plan->configurations_n; i++) {
		add_configuration(&out, &v->plan->configurations[i]);
		buf_addc(&out, '}');
	}
	buf_addc(&out, ']');
	add_hosts(&out, v);
	add_repetition(&out, v);
	add_families(&out, v);
	add_files(&out, c);
	add_labels(&out, c);
	add_roles(&out, v);
	add_schedule(&out, &c->schedule);
	add_texts(&out, "notes", v->plan->notes, v->plan->notes_n);
	add_estimate(&out, v->estimate);
	add_number(&out, "runs_least", plan_least_runs(c, v->plan));
	add_number(&out, "runs", v->plan->runs);
	buf_addc(&out, '}');
	fprintf(to, "%s\n", out.data);
}
