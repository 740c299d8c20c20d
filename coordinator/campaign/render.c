/* An ASSIGN of a configuration on a host: every template of the campaign replaced. */
#include "coordinator/campaign/arena.h"
#include "coordinator/campaign/place.h"

/* The arena of a rendered assignment is an arena like any other. */
struct render_arena {
	struct arena *arena;
};

struct renderer {
	struct arena *arena;
	struct template_values values;
};

/* What cannot be rendered was skipped by the plan; an empty text stands for it here. */
static const char *render(struct renderer *r, const char *text)
{
	_cleanup_buf_ struct buf out = BUF_INIT;

	if (template_render(text, &r->values, &out, NULL) < 0)
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

static struct list render_env(struct renderer *r, const struct benchmark *b)
{
	struct message_pair *pairs = arena_array(r->arena, b->env_n, sizeof *pairs);

	for (size_t i = 0; i < b->env_n; i++) {
		size_t len = strcspn(b->env[i], "=");

		pairs[i].key = arena_strndup(r->arena, b->env[i], len);
		pairs[i].value = render(r, b->env[i] + len + 1);
	}
	return (struct list){.items = pairs, .n = b->env_n};
}

static struct list render_setup(struct renderer *r, const struct campaign *c)
{
	struct message_step *steps = arena_array(r->arena, c->setup_n, sizeof *steps);

	for (size_t i = 0; i < c->setup_n; i++) {
		steps[i].command = render_list(r, c->setup[i].command, c->setup[i].n);
		steps[i].timeout_ns = c->setup[i].timeout_ns;
	}
	return (struct list){.items = steps, .n = c->setup_n};
}

void campaign_render(const struct campaign *c, const struct configuration *configuration,
	const struct plan_host *host, const char *label, struct message_assign *out,
	struct render_arena **arena)
{
	const struct benchmark *b = configuration->benchmark;
	json_t *inventory = json_loads(host->inventory ? host->inventory : "{}", 0, NULL);
	struct renderer r = {.arena = arena_new()};
	struct placement placement;

	r.values = place_values(c, configuration, host->name, inventory);
	place_find(b, &r.values, &placement, NULL);
	r.values.cpus = placement.text;
	out->label = arena_strdup(r.arena, label);
	out->benchmark = b->name;
	out->parameters = configuration->parameters;
	out->command = render_list(&r, b->command.command, b->command.n);
	out->env = render_env(&r, b);
	out->workdir = b->workdir ? render(&r, b->workdir) : NULL;
	out->setup = render_setup(&r, c);
	out->cpus = placement.cpus;
	out->policy = b->policy ? render(&r, b->policy) : "close";
	out->timeout_ns = b->timeout_ns;
	out->output_limit = b->output_limit;
	out->energy = b->energy;
	out->every_ns = b->every_ns;
	json_decref(inventory);
	*arena = arena_alloc(r.arena, sizeof **arena);
	(*arena)->arena = r.arena;
}

void render_done(struct render_arena *arena)
{
	if (arena)
		arena_free(arena->arena);
}
