/* An ASSIGN of a configuration on a host: every template of the campaign replaced. */
#include "coordinator/campaign/render.h"

#include "coordinator/campaign/place.h"
#include "coordinator/campaign/role.h"

#define DEFAULT_TIMEOUT (3600 * NS_PER_S)
#define DEFAULT_OUTPUT  (1024 * 1024)

struct renderer {
	struct arena *arena;
	struct names *names;
};

/* What cannot be rendered was skipped by the plan; an empty text stands for it here. */
static const char *render(struct renderer *r, const char *text)
{
	_cleanup_buf_ struct buf out = BUF_INIT;

	if (template_render(text, r->names, false, &out, NULL) < 0)
		return "";
	return arena_strndup(r->arena, out.data, out.len);
}

static struct list render_list(struct renderer *r, char *const *texts, size_t n)
{
	const char **items = arena_array(r->arena, n, sizeof *items);

	for (size_t i = 0; i < n; i++)
		items[i] = render(r, texts[i]);
	return (struct list){.items = items, .n = n};
}

static struct list render_env(struct renderer *r)
{
	_cleanup_free_ const char **env = NULL;
	size_t n = configuration_env(names_configuration(r->names), &env);
	struct message_pair *pairs = arena_array(r->arena, n, sizeof *pairs);

	for (size_t i = 0; i < n; i++) {
		size_t len = strcspn(env[i], "=");

		pairs[i].key = arena_strndup(r->arena, env[i], len);
		pairs[i].value = render(r, env[i] + len + 1);
	}
	return (struct list){.items = pairs, .n = n};
}

/* ---- steps and files ---- */

static struct list render_steps(struct renderer *r, const struct step *from, size_t n)
{
	struct message_step *steps = arena_array(r->arena, n, sizeof *steps);

	for (size_t i = 0; i < n; i++) {
		steps[i].command = render_list(r, from[i].command, from[i].n);
		steps[i].timeout_ns = from[i].timeout_ns;
	}
	return (struct list){.items = steps, .n = n};
}

static bool has_pair(const struct message_pair *pairs, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(pairs[i].key, key) == 0)
			return true;
	return false;
}

/* What is kept with the run, and the files in which metrics are looked for, by their paths. */
static struct list render_collect(struct renderer *r, const struct benchmark *b)
{
	struct message_pair *pairs =
		arena_array(r->arena, b->collect_n + b->metrics_n, sizeof *pairs);
	size_t n = 0;

	for (size_t i = 0; i < b->collect_n; i++)
		pairs[n++] =
			(struct message_pair){b->collect[i].name, render(r, b->collect[i].path)};
	for (size_t i = 0; i < b->metrics_n; i++) {
		const char *path, *key;

		if (b->metrics[i].from != FROM_FILE)
			continue;
		path = render(r, b->metrics[i].path);
		key = arena_printf(r->arena, "from:%s", path);
		if (!has_pair(pairs, n, key))
			pairs[n++] = (struct message_pair){key, path};
	}
	return (struct list){.items = pairs, .n = n};
}

/* ---- settings ---- */

/* A setting as it was written, or NULL; *value as setting_render() has it. */
static const char *render_setting(
	struct renderer *r, enum setting s, int64_t otherwise, int64_t *value)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	int64_t ignored;

	if (setting_render(s, r->names, &text, value ? value : &ignored, otherwise, NULL) <= 0)
		return NULL;
	return arena_strndup(r->arena, text.data, text.len);
}

static int64_t render_value(struct renderer *r, enum setting s, int64_t otherwise)
{
	int64_t value;

	render_setting(r, s, otherwise, &value);
	return value;
}

static void render_placement(struct renderer *r, struct message_assign *out)
{
	const char *policy = render_setting(r, SETTING_POLICY, 0, NULL);

	out->policy = policy ? policy : "close";
	if (strcmp(out->policy, "explicit") == 0)
		out->list = render_setting(r, SETTING_LIST, 0, NULL);
	out->smt = render_setting(r, SETTING_SMT, 0, NULL);
	out->core_kind = render_setting(r, SETTING_CORE_KIND, 0, NULL);
	out->packages = render_value(r, SETTING_PACKAGES, ABSENT);
	out->memory = render_setting(r, SETTING_MEMORY_POLICY, 0, NULL);
	out->threads = render_setting(r, SETTING_THREADS, 0, NULL);
	out->oversubscribe = render_value(r, SETTING_OVERSUBSCRIBE, ABSENT);
}

/* Quantities go as whole numbers of the inner unit; words as they are. */
static void render_tune(struct renderer *r, struct message_assign *out)
{
	struct message_pair *pairs = arena_array(r->arena, SETTINGS, sizeof *pairs);
	size_t n = 0;

	for (enum setting s = SETTING_GOVERNOR; s <= SETTING_POWER_LIMIT; s++) {
		bool is_text = s <= SETTING_EPP;
		int64_t value;
		const char *text = render_setting(r, s, ABSENT, &value);

		if (!text)
			continue;
		pairs[n].key = settings[s].key;
		pairs[n++].value = is_text || value == ABSENT
					   ? text
					   : arena_printf(r->arena, "%lld", (long long)value);
	}
	out->tune = (struct list){.items = pairs, .n = n};
}

static void render_limits(struct renderer *r, struct message_assign *out)
{
	out->timeout_ns = render_value(r, SETTING_TIMEOUT, DEFAULT_TIMEOUT);
	out->output_limit = render_value(r, SETTING_OUTPUT, DEFAULT_OUTPUT);
	out->memory_limit = render_value(r, SETTING_MEMORY, ABSENT);
	out->processes_limit = render_value(r, SETTING_PROCESSES, ABSENT);
	out->user = render_setting(r, SETTING_USER, 0, NULL);
}

/* ---- what no template is in ---- */

static void fill_measure(const struct measuring *m, struct message_assign *out)
{
	out->energy = m->energy;
	out->source = m->source;
	out->every_ns = m->every_ns;
	out->counters = (struct list){.items = m->counters, .n = m->counters_n};
	out->idle_ns = m->idle_ns;
	out->stream = m->stream;
}

static void fill_guard(
	const struct campaign *c, const struct guarding *g, struct message_assign *out)
{
	out->guard_temperature = g->temperature;
	out->guard_load = g->load;
	out->guard_timeout_ns = g->timeout_ns;
	out->guard_governor = g->governor;
	out->guard_turbo = g->turbo;
	out->on_violation = g->on_violation;
	out->reruns =
		g->on_violation && strcmp(g->on_violation, "rerun") == 0 ? c->attempts - 1 : ABSENT;
}

/* ---- the whole ---- */

static struct renderer renderer_open(const struct campaign *c, const struct plan_host *host)
{
	struct renderer r = {.arena = arena_new(), .names = names_open(c)};

	/* Without an inventory nothing of the host is known, and nothing names it. */
	if (names_set_host(r.names, host->name, host->inventory, NULL) < 0)
		names_set_host(r.names, host->name, "{}", NULL);
	return r;
}

static struct render_arena *renderer_done(struct renderer *r)
{
	struct render_arena *arena = arena_alloc(r->arena, sizeof *arena);

	names_close(r->names);
	arena->arena = r->arena;
	return arena;
}

void campaign_render(const struct campaign *c, const struct configuration *configuration,
	const struct plan_host *host, const char *label, struct message_assign *out,
	struct render_arena **arena)
{
	const struct benchmark *b = configuration->benchmark;
	struct renderer r = renderer_open(c, host);
	_cleanup_buf_ struct buf parameters = BUF_INIT;
	struct placement placement;

	names_set_configuration(r.names, configuration);
	place_find(r.names, &placement, NULL);
	configuration_parameters(configuration, &parameters);
	out->label = arena_strdup(r.arena, label);
	out->benchmark = b->name;
	out->parameters = arena_strndup(r.arena, parameters.data, parameters.len);
	out->command = render_list(&r, b->command.command, b->command.n);
	out->env = render_env(&r);
	out->workdir = b->workdir ? render(&r, b->workdir) : NULL;
	out->setup = render_steps(&r, b->setup.items, b->setup.n);
	out->requires = render_steps(&r, &b->requires, b->requires.n > 0);
	out->prepare = render_steps(&r, b->prepare.items, b->prepare.n);
	out->cleanup = render_steps(&r, b->cleanup.items, b->cleanup.n);
	out->collect = render_collect(&r, b);
	out->cpus = placement.cpus;
	render_placement(&r, out);
	render_tune(&r, out);
	render_limits(&r, out);
	fill_measure(&b->measure, out);
	fill_guard(c, &b->guard, out);
	out->on_disconnect = c->on_disconnect;
	*arena = renderer_done(&r);
}

/* A pattern, which values stand in as themselves. */
static const char *render_pattern(struct renderer *r, const char *text)
{
	_cleanup_buf_ struct buf out = BUF_INIT;

	if (!text || template_render(text, r->names, true, &out, NULL) < 0)
		return NULL;
	return arena_strndup(r->arena, out.data, out.len);
}

void campaign_render_role(const struct campaign *c, const struct configuration *configuration,
	size_t role, const struct plan_host *host, const char *label, struct message_assign *out,
	struct render_arena **arena)
{
	const struct benchmark *b = configuration->benchmark;
	const struct campaign_role *of = &b->roles[role];
	struct role_view view;
	struct renderer r;
	struct placement placement;
	int64_t port;

	role_view_open(&view, configuration, role);
	campaign_render(c, &view.configuration, host, label, out, arena);
	r = (struct renderer){.arena = (*arena)->arena, .names = names_open(c)};
	if (names_set_host(r.names, host->name, host->inventory, NULL) < 0)
		names_set_host(r.names, host->name, "{}", NULL);
	names_set_configuration(r.names, &view.configuration);
	place_find(r.names, &placement, NULL);
	out->role = of->name;
	out->is_main = role == b->main ? 1 : 0;
	out->ready_pattern = render_pattern(&r, of->ready_pattern);
	if (of->ready_port &&
		units_parse_int(render(&r, of->ready_port), 1, 65535, &port, NULL) == 0)
		out->ready_port = port;
	out->ready_timeout_ns = of->ready_timeout_ns;
	names_close(r.names);
	role_view_close(&view);
}

void campaign_render_teardown(const struct campaign *c, const struct plan_host *host,
	const char *label, struct list *steps, struct render_arena **arena)
{
	struct renderer r = renderer_open(c, host);

	(void)label;
	*steps = render_steps(&r, c->teardown.items, c->teardown.n);
	*arena = renderer_done(&r);
}

void render_done(struct render_arena *arena)
{
	if (arena)
		arena_free(arena->arena);
}
