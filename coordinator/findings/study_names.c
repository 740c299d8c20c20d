/*
 * Which configurations of a stored campaign an expression holds for. The campaign's file is planned
 * anew for its hosts, as they were: then attributes, derived parameters and `each` are known as
 * they were when it ran. An imported campaign has no file: its parameters make benchmarks of one
 * configuration each.
 */
#include "coordinator/campaign/arena.h"
#include "coordinator/campaign/expression.h"
#include "coordinator/campaign/matrix.h"
#include "coordinator/campaign/names.h"
#include "coordinator/findings/study.h"
#include <jansson.h>
#include <stdlib.h>

struct known {
	struct arena *arena;
	const struct campaign *campaign;             /* the study's, or made of the parameters */
	struct plan *plan;                           /* NULL where it was made */
	const struct configuration **configurations; /* [configurations_n of gathered] */
};

/* ---- a campaign out of stored parameters ---- */

/* One parameter as an axis of one value; a number of the JSON is one, a text is not. */
static void make_axis(struct arena *a, const struct parameter *p, const json_t *object,
	struct axis *axis, const struct value **table)
{
	const json_t *stored = json_object_get(object, p->name);
	struct value *value = arena_alloc(a, sizeof *value);

	*value = value_read(p->text, !json_is_string(stored));
	*axis = (struct axis){.name = p->name, .values = value, .n = 1};
	*table = value;
}

static const struct configuration *make_configuration(
	struct arena *a, const struct gathered_configuration *g, struct benchmark *b)
{
	struct configuration *c = arena_alloc(a, sizeof *c);
	const struct value **tables = arena_array(a, g->parameters.n + 1, sizeof *tables);
	json_t *object = json_loads(g->json, 0, NULL);

	b->name = g->benchmark;
	b->axes = arena_array(a, g->parameters.n + 1, sizeof *b->axes);
	b->axes_n = g->parameters.n;
	for (size_t i = 0; i < g->parameters.n; i++)
		make_axis(a, &g->parameters.items[i], object, &b->axes[i], &tables[i]);
	json_decref(object);
	*c = (struct configuration){.benchmark = b,
		.tables = tables,
		.indices = arena_array(a, g->parameters.n + 1, sizeof *c->indices)};
	return c;
}

static void make_campaign(struct known *k, const struct gathered *g)
{
	struct campaign *c = arena_alloc(k->arena, sizeof *c);

	c->benchmarks = arena_array(k->arena, g->configurations_n + 1, sizeof *c->benchmarks);
	c->benchmarks_n = g->configurations_n;
	for (size_t i = 0; i < g->configurations_n; i++)
		k->configurations[i] =
			make_configuration(k->arena, &g->configurations[i], &c->benchmarks[i]);
	k->campaign = c;
}

/* ---- the campaign's own plan ---- */

/* A configuration's identity without the spaces of its JSON. */
struct identity {
	char *text;
	const struct configuration *of;
};

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct parameter *)a)->name, ((const struct parameter *)b)->name);
}

/* An object has no order: what was imported may have its parameters in another. */
static char *identity_of(const char *benchmark, const struct parameters *of)
{
	_cleanup_free_ struct parameter *items = xcalloc(of->n + 1, sizeof *items);
	const struct parameters p = {.items = items, .n = of->n};
	struct buf text = BUF_INIT;

	if (of->n > 0)
		memcpy(items, of->items, of->n * sizeof *items);
	qsort(items, of->n, sizeof *items, by_name);
	buf_addf(&text, "%s\n", benchmark);
	for (size_t i = 0; i < p.n; i++)
		buf_addf(&text, "%s=%s\n", p.items[i].name, p.items[i].text);
	return buf_take(&text);
}

static struct identity planned_identity(const struct configuration *c)
{
	_cleanup_buf_ struct buf json = BUF_INIT;
	struct parameters p;

	configuration_parameters(c, &json);
	parameters_parse(&p, json.data);
	struct identity id = {.text = identity_of(c->benchmark->name, &p), .of = c};
	parameters_done(&p);
	return id;
}

static int compare_identities(const void *a, const void *b)
{
	const struct identity *x = a, *y = b;

	return strcmp(x->text, y->text);
}

/* Find each stored configuration in the plan. */
static int match(struct known *k, const struct gathered *g, struct error *err)
{
	size_t n = k->plan->configurations_n;
	struct identity *ids = xcalloc(n + 1, sizeof *ids);
	int code = 0;

	for (size_t i = 0; i < n; i++)
		ids[i] = planned_identity(&k->plan->configurations[i]);
	qsort(ids, n, sizeof *ids, compare_identities);
	for (size_t i = 0; i < g->configurations_n && code == 0; i++) {
		const struct gathered_configuration *c = &g->configurations[i];
		struct identity wanted = {.text = identity_of(c->benchmark, &c->parameters)};
		const struct identity *found =
			bsearch(&wanted, ids, n, sizeof *ids, compare_identities);
		free(wanted.text);
		if (found == NULL)
			code = error_set(err, ERR_CAMPAIGN,
				"%s: the campaign's file does not give %s %s any more, so that "
				"nothing can be asked of it",
				g->label, c->benchmark, c->json);
		else
			k->configurations[i] = found->of;
	}
	for (size_t i = 0; i < n; i++)
		free(ids[i].text);
	free(ids);
	return code;
}

static const char *inventory_of(const struct gathered *g, size_t lane)
{
	return g->lanes[lane].inventory[0] != '\0' ? g->lanes[lane].inventory : "{}";
}

static int plan_anew(struct known *k, const struct study *s, struct error *err)
{
	const struct gathered *g = &s->g;
	struct plan_host *hosts = xcalloc(g->lanes_n + 1, sizeof *hosts);
	struct error why = {0}; /* also has the last reason to skip something: no error of ours */

	for (size_t i = 0; i < g->lanes_n; i++)
		hosts[i] = (struct plan_host){
			.name = g->lanes[i].host, .inventory = inventory_of(g, i)};
	int code = plan_make(s->campaign, hosts, g->hosts_n, &k->plan, &why);
	free(hosts);
	if (code < 0)
		return error_set(err, why.code, "%s: it cannot be planned for its hosts again: %s",
			g->label, why.text);
	k->campaign = s->campaign;
	return match(k, g, err);
}

static int known_open(struct known *k, const struct study *s, struct error *err)
{
	*k = (struct known){.arena = arena_new(),
		.configurations = xcalloc(s->g.configurations_n + 1, sizeof *k->configurations)};
	if (s->campaign != NULL)
		return plan_anew(k, s, err);
	make_campaign(k, &s->g);
	return 0;
}

static void known_done(struct known *k)
{
	plan_free(k->plan);
	free(k->configurations);
	arena_free(k->arena);
}

/* ---- asking ---- */

struct study_names {
	const struct study *study;
	struct known known;
	struct names *names;
	size_t lane; /* that names is set to; SIZE_MAX: none */
};

int study_names_open(const struct study *s, struct study_names **out, struct error *err)
{
	struct study_names *n = xcalloc(1, sizeof *n);

	*out = NULL;
	n->study = s;
	n->lane = SIZE_MAX;
	int code = known_open(&n->known, s, err);
	if (code < 0) {
		study_names_close(n);
		return code;
	}
	n->names = names_open(n->known.campaign);
	*out = n;
	return 0;
}

void study_names_close(struct study_names *n)
{
	if (n == NULL)
		return;
	if (n->names != NULL)
		names_close(n->names);
	known_done(&n->known);
	free(n);
}

struct names *study_names_at(
	struct study_names *n, size_t lane, size_t configuration, struct error *err)
{
	const struct gathered *g = &n->study->g;

	if (lane != n->lane) {
		n->lane = SIZE_MAX;
		if (names_set_host(n->names, g->lanes[lane].host, inventory_of(g, lane), err) < 0)
			return NULL;
		n->lane = lane;
	}
	names_set_configuration(n->names, n->known.configurations[configuration]);
	return n->names;
}

static int ask(struct study_names *n, const struct expression *e, bool *kept, struct error *err)
{
	const struct gathered *g = &n->study->g;

	for (size_t i = 0; i < g->lanes_n * g->configurations_n; i++) {
		struct names *names =
			study_names_at(n, i / g->configurations_n, i % g->configurations_n, err);
		if (names == NULL)
			return err->code;
		int holds = names_holds(names, e, err);
		if (holds < 0) {
			if (err != NULL)
				err->code = ERR_USAGE;
			return ERR_USAGE;
		}
		kept[i] = holds == 1;
	}
	return 0;
}

/* The expression in the campaign's names, or NULL with err. */
static const struct expression *read_expression(
	const struct known *k, const char *text, struct error *err)
{
	const struct template_scope scope = {
		.any_of = k->campaign, .names = TEMPLATE_HOST, .where = "'--only'"};
	struct diagnostics d = {0};
	const struct expression *e = NULL;

	if (text[0] == '\0')
		error_set(err, ERR_USAGE, "--only: expected an expression such as threads == 1");
	else
		e = expression_read_text(
			arena_strdup(k->arena, text), "--only", &scope, NULL, k->arena, &d);
	for (size_t i = 0; e == NULL && i < d.n; i++) {
		if (!d.items[i].is_warning) {
			error_set(err, ERR_USAGE, "%s", d.items[i].text);
			break;
		}
	}
	diagnostics_done(&d);
	return e;
}

static size_t count_kept(const struct study *s, const bool *kept)
{
	size_t n = 0;

	for (size_t i = 0; i < s->g.lanes_n * s->g.configurations_n; i++)
		n += kept[i];
	return n;
}

int study_only(const struct study *s, const char *expression, bool *kept, struct error *err)
{
	struct study_names *names;
	int code = study_names_open(s, &names, err);
	const struct expression *e =
		code < 0 ? NULL : read_expression(&names->known, expression, err);

	if (code == 0)
		code = e == NULL ? ERR_USAGE : ask(names, e, kept, err);
	study_names_close(names);
	if (code == 0 && count_kept(s, kept) == 0)
		code = error_set(err, ERR_USAGE, "--only %s: it holds for no configuration of %s",
			expression, s->g.label);
	return code;
}

int study_only_of(const struct study *s, const struct expression *e, bool *kept, struct error *err)
{
	struct study_names *names;

	if (e == NULL) {
		for (size_t i = 0; i < s->g.lanes_n * s->g.configurations_n; i++)
			kept[i] = true;
		return 0;
	}
	int code = study_names_open(s, &names, err);
	if (code == 0)
		code = ask(names, e, kept, err);
	study_names_close(names);
	return code;
}
