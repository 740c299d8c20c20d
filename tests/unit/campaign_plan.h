/*
 * A plan as text, for tests: the hosts that a campaign wants, each configuration with the hosts
 * that run or skip it, in the order of the plan, and what is left out, counted and noted.
 *
 *     hosts: laptop xeon
 *     not vm: label pool is 'nightly', not 'desk'
 *     a {"n":1}: laptop xeon
 *     a {"n":16}: xeon; laptop skipped (placement: 16 CPUs asked for, laptop has 12)
 *     left out: 1 on laptop
 *     runs: 33
 *
 * With assignments, each configuration is followed by what is run for it, once for all hosts where
 * it is the same: the command, then all that is not as it is by default.
 */
#ifndef TESTS_UNIT_CAMPAIGN_PLAN_H
#define TESTS_UNIT_CAMPAIGN_PLAN_H

#include "coordinator/campaign/campaign.h"

#define PLAN_MAX_HOSTS 16

/* ---- assignments ---- */

static void add_marked(struct buf *out, const char *text)
{
	for (const char *s = text; *s; s++) {
		if (*s == '\002')
			buf_addc(out, '<');
		else if (*s == '\003')
			buf_addc(out, '>');
		else if (*s == '\n')
			buf_adds(out, "\\n");
		else
			buf_addc(out, *s);
	}
}

static void add_command(struct buf *out, const struct list *command)
{
	for (size_t i = 0; i < command->n; i++) {
		buf_adds(out, i ? " [" : "[");
		add_marked(out, *LIST_AT(command, const char *, i));
		buf_addc(out, ']');
	}
}

static void add_steps(struct buf *out, const char *name, const struct list *steps, int64_t timeout)
{
	for (size_t i = 0; i < steps->n; i++) {
		const struct message_step *s = LIST_AT(steps, struct message_step, i);

		buf_addf(out, " %s=", name);
		add_command(out, &s->command);
		if (s->timeout_ns != timeout)
			buf_addf(out, " within %llds", (long long)(s->timeout_ns / NS_PER_S));
	}
}

static void add_pairs(struct buf *out, const char *prefix, const struct list *pairs)
{
	for (size_t i = 0; i < pairs->n; i++) {
		const struct message_pair *p = LIST_AT(pairs, struct message_pair, i);

		buf_addf(out, " %s%s=", prefix, p->key);
		add_marked(out, p->value);
	}
}

static void add_word(struct buf *out, const char *name, const char *value)
{
	if (value == NULL)
		return;
	buf_addf(out, " %s=", name);
	add_marked(out, value);
}

static void add_count(struct buf *out, const char *name, int64_t value, int64_t otherwise)
{
	if (value != otherwise && value != ABSENT)
		buf_addf(out, " %s=%lld", name, (long long)value);
}

static void add_placement(struct buf *out, const struct message_assign *m)
{
	add_count(out, "cpus", m->cpus, ABSENT);
	if (strcmp(m->policy, "close") != 0)
		add_word(out, "policy", m->policy);
	add_word(out, "list", m->list);
	add_word(out, "smt", m->smt);
	add_word(out, "core_kind", m->core_kind);
	add_count(out, "packages", m->packages, ABSENT);
	add_word(out, "memory", m->memory);
	add_word(out, "threads", m->threads);
	add_count(out, "oversubscribe", m->oversubscribe, ABSENT);
}

static void add_surroundings(struct buf *out, const struct message_assign *m)
{
	add_pairs(out, "tune.", &m->tune);
	add_count(out, "timeout_ns", m->timeout_ns, 3600 * NS_PER_S);
	add_count(out, "output", m->output_limit, 1024 * 1024);
	add_count(out, "memory_limit", m->memory_limit, ABSENT);
	add_count(out, "processes", m->processes_limit, ABSENT);
	add_word(out, "user", m->user);
	add_word(out, "on_disconnect", m->on_disconnect);
	if (strcmp(m->energy, "auto") != 0)
		add_word(out, "energy", m->energy);
	add_word(out, "source", m->source);
	add_count(out, "every_ns", m->every_ns, 100 * NS_PER_S / 1000);
	for (size_t i = 0; i < m->counters.n; i++)
		add_word(out, "counter", *LIST_AT(&m->counters, const char *, i));
	add_count(out, "idle_ns", m->idle_ns, 0);
	add_word(out, "stream", m->stream);
	add_count(out, "guard.temperature", m->guard_temperature, ABSENT);
	add_count(out, "guard.load", m->guard_load, ABSENT);
	add_count(out, "guard.timeout_ns", m->guard_timeout_ns, ABSENT);
	add_word(out, "guard.governor", m->guard_governor);
	add_count(out, "guard.turbo", m->guard_turbo, ABSENT);
	add_word(out, "on_violation", m->on_violation);
	add_count(out, "reruns", m->reruns, ABSENT);
}

static void add_assignment(struct buf *out, const struct message_assign *m)
{
	add_command(out, &m->command);
	add_pairs(out, "env.", &m->env);
	add_word(out, "workdir", m->workdir);
	add_placement(out, m);
	add_surroundings(out, m);
	add_steps(out, "requires", &m->requires, 3600 * NS_PER_S);
	add_steps(out, "setup", &m->setup, 3600 * NS_PER_S);
	add_steps(out, "prepare", &m->prepare, 3600 * NS_PER_S);
	add_steps(out, "cleanup", &m->cleanup, 3600 * NS_PER_S);
	add_pairs(out, "collect.", &m->collect);
	buf_addc(out, '\n');
}

/* ---- configurations ---- */

struct plan_text {
	const struct campaign *campaign;
	const struct plan_host *hosts;
	const struct plan *plan;
	bool with_assignments;
	size_t at[PLAN_MAX_HOSTS]; /* the next place of each lane */
	struct buf *out;
};

static bool is_next(const struct plan_text *t, size_t lane, size_t configuration)
{
	const struct plan_lane *l = &t->plan->lanes[lane];

	return t->at[lane] < l->n && l->configurations[t->at[lane]] == configuration;
}

static const char *skipped_of(const struct plan_text *t, size_t lane)
{
	return t->plan->lanes[lane].skipped[t->at[lane]];
}

static void add_runners(struct plan_text *t, size_t i)
{
	const char *between = ": ";

	for (size_t l = 0; l < t->plan->lanes_n; l++) {
		if (!is_next(t, l, i) || skipped_of(t, l))
			continue;
		buf_addf(t->out, "%s%s", between, t->plan->lanes[l].host);
		between = " ";
	}
	between = between[0] == ':' ? ": " : "; ";
	for (size_t l = 0; l < t->plan->lanes_n; l++) {
		if (!is_next(t, l, i) || !skipped_of(t, l))
			continue;
		buf_addf(t->out, "%s%s skipped (%s)", between, t->plan->lanes[l].host,
			skipped_of(t, l));
		between = "; ";
	}
	buf_addc(t->out, '\n');
}

/* One line for all hosts that are given the same. */
static void add_assignments(struct plan_text *t, size_t i)
{
	struct buf texts[PLAN_MAX_HOSTS] = {0};
	bool is_done[PLAN_MAX_HOSTS] = {0};

	for (size_t l = 0; l < t->plan->lanes_n; l++) {
		struct render_arena *arena = NULL;
		struct message m;

		texts[l] = (struct buf)BUF_INIT;
		is_done[l] = !is_next(t, l, i) || skipped_of(t, l);
		if (is_done[l] || t->plan->configurations[i].benchmark->roles_n > 0)
			continue;
		message_init(&m, MESSAGE_ASSIGN);
		campaign_render(t->campaign, &t->plan->configurations[i], &t->hosts[l], "test.1",
			&m.assign, &arena);
		add_assignment(&texts[l], &m.assign);
		render_done(arena);
	}
	for (size_t l = 0; l < t->plan->lanes_n; l++) {
		if (is_done[l] || texts[l].len == 0)
			continue;
		buf_adds(t->out, "   ");
		for (size_t k = l; k < t->plan->lanes_n; k++)
			if (!is_done[k] && strcmp(texts[k].data, texts[l].data) == 0) {
				buf_addf(t->out, " %s", t->plan->lanes[k].host);
				is_done[k] = true;
			}
		buf_addf(t->out, ": %s", texts[l].data);
	}
	for (size_t l = 0; l < t->plan->lanes_n; l++)
		buf_done(&texts[l]);
}

static void add_configuration_line(struct plan_text *t, size_t i)
{
	const struct configuration *c = &t->plan->configurations[i];

	buf_addf(t->out, "%s ", c->benchmark->name);
	configuration_parameters(c, t->out);
	add_runners(t, i);
	if (t->with_assignments)
		add_assignments(t, i);
	for (size_t l = 0; l < t->plan->lanes_n; l++)
		t->at[l] += is_next(t, l, i);
}

/* ---- the whole ---- */

static void add_shipped(const struct plan_text *t)
{
	struct render_arena *arena = NULL;
	struct shipped *shipped;
	size_t n;

	campaign_files(t->campaign, &shipped, &n, &arena);
	for (size_t i = 0; i < n; i++) {
		if (shipped[i].path)
			buf_addf(t->out, "ships: %s\n", shipped[i].path);
		else
			buf_addf(t->out, "ships: %s of %s as %s\n", shipped[i].ref, shipped[i].git,
				shipped[i].as);
	}
	render_done(arena);
}

static void add_teardown(const struct plan_text *t)
{
	for (size_t l = 0; l < t->plan->lanes_n && t->campaign->teardown.n > 0; l++) {
		struct render_arena *arena = NULL;
		struct list steps = {0};

		campaign_render_teardown(t->campaign, &t->hosts[l], "test.1", &steps, &arena);
		buf_addf(t->out, "teardown on %s:", t->hosts[l].name);
		add_steps(t->out, "step", &steps, 3600 * NS_PER_S);
		buf_addc(t->out, '\n');
		render_done(arena);
	}
}

static void add_plan(struct plan_text *t)
{
	const struct plan *p = t->plan;

	for (size_t i = 0; i < p->configurations_n; i++)
		add_configuration_line(t, i);
	/* A lane is in the order of the plan: all of it was met. */
	for (size_t l = 0; l < p->lanes_n; l++) {
		if (t->at[l] != p->lanes[l].n)
			buf_addf(t->out, "OUT OF ORDER: %s\n", p->lanes[l].host);
		if (p->lanes[l].left_out > 0)
			buf_addf(t->out, "left out: %zu on %s\n", p->lanes[l].left_out,
				p->lanes[l].host);
	}
	add_shipped(t);
	if (t->with_assignments)
		add_teardown(t);
	for (size_t i = 0; i < p->notes_n; i++)
		buf_addf(t->out, "note: %s\n", p->notes[i]);
	buf_addf(t->out, "runs: %lld\n", (long long)p->runs);
}

/* Append the plan of a campaign for those of n hosts that it wants, or why there is none. */
static void plan_to_text(const struct campaign *c, const struct plan_host *hosts, size_t n,
	bool with_assignments, struct buf *out)
{
	struct plan_host wanted[PLAN_MAX_HOSTS];
	struct plan_text t = {
		.campaign = c, .hosts = wanted, .with_assignments = with_assignments, .out = out};
	_cleanup_buf_ struct buf others = BUF_INIT;
	struct error err = {0};
	struct plan *p;
	size_t wanted_n = 0;
	char why[256];

	buf_adds(out, "hosts:");
	for (size_t i = 0; i < n && i < PLAN_MAX_HOSTS; i++) {
		if (campaign_wants_host(c, &hosts[i], why)) {
			buf_addf(out, " %s", hosts[i].name);
			wanted[wanted_n++] = hosts[i];
		} else {
			buf_addf(&others, "not %s: %s\n", hosts[i].name, why);
		}
	}
	buf_addf(out, "\n%s", others.len ? others.data : "");
	if (plan_make(c, wanted, wanted_n, &p, &err) < 0) {
		buf_addf(out, "no plan: %s\n", err.text);
		return;
	}
	/* What is skipped is no failure: submissions look here. */
	if (err.code != 0)
		buf_addf(out, "planned, with an error left: %s\n", err.text);
	t.plan = p;
	add_plan(&t);
	plan_free(p);
}

#endif
