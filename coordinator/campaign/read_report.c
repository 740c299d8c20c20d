/* Figures, claims and sections of the report: whether what they name is there. */
#include "coordinator/campaign/expression.h"
#include "coordinator/campaign/read.h"
#include "coordinator/campaign/schema.h"

/* How many of a list are looked at. */
static size_t entries(const struct node *n)
{
	size_t all = n && n->kind == NODE_LIST ? n->n : 0;

	return all < SCHEMA_MAX_ENTRIES ? all : SCHEMA_MAX_ENTRIES;
}

static const struct expression *read_only(struct reader *r, const struct node *n)
{
	const struct template_scope scope = {
		.any_of = r->campaign, .names = TEMPLATE_HOST, .where = "'only'"};

	if (!n || n->kind != NODE_SCALAR || n->text[0] == '\0')
		return NULL;
	return expression_read(n, "only", &scope, NULL, r->arena, r->d);
}

/* The text of a key, NULL where it is not given. */
static char *text_of(const struct node *map, const char *key)
{
	return (char *)(uintptr_t)read_text(map, key, NULL);
}

static bool is_text(const struct node *n, const char *text)
{
	return n && n->kind == NODE_SCALAR && strcmp(n->text, text) == 0;
}

/* Figures may set benchmarks side by side, and have a metric along the page. */
static void check_x(struct reader *r, const struct node *n)
{
	if (n && n->kind == NODE_SCALAR && !is_text(n, "benchmark") &&
		!metric_is_known(r->campaign, n->text))
		read_check_by(r, n, "'x'");
}

static void check_facet(struct reader *r, const struct node *n)
{
	if (n && n->kind == NODE_SCALAR && !is_text(n, "benchmark"))
		read_check_by(r, n, "'facet'");
}

/* ---- figures ---- */

static void check_chain(struct reader *r, const struct node *figure, const struct node *by)
{
	const struct node_pair *chain = node_find(figure, "chain");
	const char *kind = read_text(figure, "kind", "");

	if (!chain) {
		if (strcmp(kind, "decomposition") == 0 && !schema_has_typo(figure, "chain"))
			diag_error(r->d, figure,
				"a decomposition needs 'chain', the values of 'by' from one end to "
				"the other");
		return;
	}
	if (strcmp(kind, "decomposition") != 0)
		diag_error(
			r->d, chain->key, "'chain' is of a decomposition, and this is '%s'", kind);
	if (!by) {
		diag_error(r->d, chain->key, "'chain' needs 'by', whose values it names");
		return;
	}
	for (size_t i = 0; i < entries(chain->value); i++)
		read_check_value_of(r, chain->value->items[i], by, "'chain'");
}

static void check_figure(struct reader *r, const struct node *n)
{
	const struct node *by = node_get(n, "by"), *baseline = node_get(n, "baseline");
	bool is_good_by;

	if (n->kind != NODE_MAP)
		return;
	metric_check(r, node_get(n, "metric"), "'metric'");
	check_x(r, node_get(n, "x"));
	check_facet(r, node_get(n, "facet"));
	is_good_by = by && !is_text(by, "benchmark") && read_check_by(r, by, "'by'");
	if (baseline && !by && !schema_has_typo(n, "by"))
		diag_error(r->d, node_find(n, "baseline")->key,
			"'baseline' needs 'by', whose value it is");
	else if (baseline && is_good_by)
		read_check_value_of(r, baseline, by, "'baseline'");
	if (!by || is_good_by)
		check_chain(r, n, by);
}

static void read_figure(struct reader *r, const struct node *n, struct report_figure *out)
{
	const struct node *chain = node_get(n, "chain");

	check_figure(r, n);
	*out = (struct report_figure){.name = text_of(n, "name"),
		.kind = text_of(n, "kind"),
		.metric = text_of(n, "metric"),
		.x = text_of(n, "x"),
		.by = text_of(n, "by"),
		.baseline = text_of(n, "baseline"),
		.facet = text_of(n, "facet"),
		.only = read_only(r, node_get(n, "only")),
		.only_text = text_of(n, "only")};
	out->chain = read_texts(r->arena, chain, &out->chain_n);
}

/* ---- claims ---- */

static void check_expression_metrics(struct reader *r, const struct expression *e)
{
	const struct campaign *c = r->campaign;
	char nearest[96];

	for (size_t i = 0; e && i < e->names_n; i++) {
		if (e->names[i].kind != NAME_METRIC || metric_is_known(c, e->names[i].path))
			continue;
		metric_nearest(c->benchmarks, c->benchmarks_n, e->names[i].path, true, nearest);
		diag_add(r->d, e->line, e->column, false,
			"metric: '%s' is no metric of a benchmark%s", e->names[i].path, nearest);
	}
}

/* A name, or an expression over names. */
static void read_claim_metric(struct reader *r, const struct node *n, struct report_claim *out)
{
	const struct template_scope scope = {.any_of = r->campaign,
		.names = TEMPLATE_HOST | TEMPLATE_METRIC,
		.where = "'metric'"};

	if (!n || n->kind != NODE_SCALAR || n->text[0] == '\0')
		return;
	if (metric_is_known(r->campaign, n->text) ||
		(is_word(n->text, 256, "_.-") && strncmp(n->text, "metric.", 7) != 0)) {
		metric_check(r, n, "'metric'");
		out->metric = n->text;
		return;
	}
	out->expr = expression_read(n, "metric", &scope, NULL, r->arena, r->d);
	check_expression_metrics(r, out->expr);
}

static void read_within(struct reader *r, const struct node *n, struct report_claim *out)
{
	if (!n || n->kind != NODE_LIST || n->n != 2 || n->items[0]->kind != NODE_SCALAR ||
		n->items[1]->kind != NODE_SCALAR)
		return;
	out->low = strtod(n->items[0]->text, NULL);
	out->high = strtod(n->items[1]->text, NULL);
	/* No ratio is 0, so the lower bound may be; within [0, 0] there is none. */
	if (out->high <= 0)
		diag_error(r->d, n->items[1], "'within' ends at '%s', expected a ratio above 0",
			n->items[1]->text);
	else if (out->low > out->high)
		diag_error(r->d, n, "'within' is [%s, %s], and the first is above the second",
			n->items[0]->text, n->items[1]->text);
}

static enum claim_of read_of(const struct node *of)
{
	return is_text(of, "best")    ? CLAIM_OF_BEST
	       : is_text(of, "hosts") ? CLAIM_OF_HOSTS
				      : CLAIM_OF_EACH;
}

/* Hosts are held against each other by what each of them shows. */
static void check_of(struct reader *r, const struct node *claim, const struct node *by)
{
	const struct node *of = node_get(claim, "of");

	if (is_text(of, "hosts") && !read_is_axis(r->campaign, by->text))
		diag_error(r->d, of,
			"'of: hosts' asks whether hosts agree on a ratio, so 'by' is an axis, and "
			"'%s' is none",
			by->text);
}

static void read_claim(struct reader *r, const struct node *n, struct report_claim *out)
{
	const struct node *by = node_get(n, "by"), *contender = node_get(n, "contender");
	const struct node *baseline = node_get(n, "baseline");

	if (n->kind != NODE_MAP)
		return;
	*out = (struct report_claim){.name = text_of(n, "name"),
		.says = text_of(n, "says"),
		.metric_text = text_of(n, "metric"),
		.by = text_of(n, "by"),
		.contender = text_of(n, "contender"),
		.baseline = text_of(n, "baseline"),
		.only = read_only(r, node_get(n, "only")),
		.only_text = text_of(n, "only"),
		.of = read_of(node_get(n, "of"))};
	read_claim_metric(r, node_get(n, "metric"), out);
	read_within(r, node_get(n, "within"), out);
	if (!read_check_by(r, by, "'by'"))
		return;
	check_of(r, n, by);
	read_check_value_of(r, contender, by, "'contender'");
	read_check_value_of(r, baseline, by, "'baseline'");
	if (contender && baseline && contender->kind == NODE_SCALAR &&
		is_text(baseline, contender->text))
		diag_error(r->d, contender, "'contender' and 'baseline' are both '%s'",
			contender->text);
}

static void check_claim_names(struct reader *r, const struct node *claims)
{
	for (size_t i = 0; i < entries(claims); i++) {
		const struct node *name = node_get(claims->items[i], "name");

		for (size_t k = 0; name && name->kind == NODE_SCALAR && k < i; k++)
			if (is_text(node_get(claims->items[k], "name"), name->text)) {
				diag_error(r->d, name, "there are two claims '%s'", name->text);
				break;
			}
	}
}

static void read_sections_of(
	struct reader *r, const struct node *sections, struct report_request *out)
{
	out->sections_n = entries(sections);
	out->sections = arena_array(r->arena, out->sections_n, sizeof *out->sections);
	for (size_t i = 0; i < out->sections_n; i++)
		out->sections[i] = (struct report_section){
			text_of(sections->items[i], "title"), text_of(sections->items[i], "text")};
}

void read_report(struct reader *r)
{
	const struct node *report = node_get(r->root, "report");
	const struct node *figures = node_get(report, "figures"),
			  *claims = node_get(report, "claims");
	struct report_request *out = &r->campaign->report;

	out->title = text_of(report, "title");
	out->figures_n = entries(figures);
	out->figures = arena_array(r->arena, out->figures_n, sizeof *out->figures);
	for (size_t i = 0; i < out->figures_n; i++)
		read_figure(r, figures->items[i], &out->figures[i]);
	out->claims_n = entries(claims);
	out->claims = arena_array(r->arena, out->claims_n, sizeof *out->claims);
	for (size_t i = 0; i < out->claims_n; i++)
		read_claim(r, claims->items[i], &out->claims[i]);
	check_claim_names(r, claims);
	read_sections_of(r, node_get(report, "sections"), out);
}
