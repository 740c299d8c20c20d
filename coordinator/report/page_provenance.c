/* Where the numbers come from: machines, the campaign as it was submitted, and the commands that
 * give every number again. */
#include "coordinator/findings/host_text.h"
#include "coordinator/report/page.h"

/* ---- hosts ---- */

/* A value of an inventory by its path, as text; nothing where there is none. */
static void add_value(const json_t *inventory, const char *path, struct buf *out)
{
	_cleanup_free_ char *copy = xstrdup(path);
	const json_t *at = inventory;
	char *rest = copy, *part;

	while ((part = strsep(&rest, ".")) != NULL)
		at = json_object_get(at, part);
	if (json_is_string(at)) {
		buf_adds(out, json_string_value(at));
	} else if (at != NULL && !json_is_null(at)) {
		char *text = json_dumps(at, JSON_COMPACT | JSON_ENCODE_ANY);
		buf_adds(out, text == NULL ? "" : text);
		free(text);
	}
}

static void add_cores(const json_t *inventory, struct buf *out)
{
	host_cores(inventory, out);
	if (json_integer_value(json_object_get(inventory, "threads")) > 0)
		buf_addf(out, ", %lld threads",
			(long long)json_integer_value(json_object_get(inventory, "threads")));
}

static void add_memory(const json_t *inventory, struct buf *out)
{
	json_int_t bytes = json_integer_value(json_object_get(inventory, "memory"));
	char text[32];

	if (bytes > 0)
		buf_adds(out, units_format_size(text, bytes));
}

static void add_zones(const json_t *inventory, struct buf *out)
{
	const json_t *energy = json_object_get(inventory, "energy"), *zone;
	const char *source = host_energy_source(inventory), *sep = ": ";
	size_t i;

	buf_adds(out, source == NULL ? "none" : source);
	json_array_foreach(json_object_get(energy, "zones"), i, zone)
	{
		const char *name = json_string_value(json_object_get(zone, "name"));
		const char *state = json_string_value(json_object_get(zone, "state"));

		if (name == NULL || state == NULL || strcmp(state, "ok") != 0)
			continue;
		buf_addf(out, "%s%s", sep, name);
		sep = ", ";
	}
}

static void add_labels(const json_t *inventory, struct buf *out)
{
	const char *name, *sep = "";
	json_t *value;

	json_object_foreach(json_object_get(inventory, "labels"), name, value)
	{
		if (!json_is_string(value))
			continue;
		buf_addf(out, "%s%s=%s", sep, name, json_string_value(value));
		sep = ", ";
	}
}

static const struct property {
	const char *title;
	const char *path; /* of the inventory; or add */
	void (*add)(const json_t *inventory, struct buf *out);
} properties[] = {
	{"processor", NULL, host_cpu},
	{"cores", NULL, add_cores},
	{"memory", NULL, add_memory},
	{"kernel", "kernel", NULL},
	{"microcode", "cpu.microcode", NULL},
	{"governor", "governor", NULL},
	{"turbo", "turbo", NULL},
	{"hypervisor", "hypervisor", NULL},
	{"energy", NULL, add_zones},
	{"labels", NULL, add_labels},
	{"fingerprint", "fingerprint", NULL},
};

static void print_property(
	const struct report *r, const struct property *p, json_t **inventories, FILE *to)
{
	fputs("<tr>", to);
	html_element(to, "th", "scope=\"row\"", "%s", p->title);
	for (size_t lane = 0; lane < r->g->lanes_n; lane++) {
		_cleanup_buf_ struct buf text = BUF_INIT;

		if (p->add != NULL && inventories[lane] != NULL)
			p->add(inventories[lane], &text);
		else if (p->path != NULL)
			add_value(inventories[lane], p->path, &text);
		html_element(to, "td", NULL, "%s", text.data);
	}
	fputs("</tr>\n", to);
}

static void print_hosts(const struct report *r, FILE *to)
{
	json_t **inventories = xcalloc(r->g->lanes_n + 1, sizeof *inventories);

	for (size_t lane = 0; lane < r->g->lanes_n; lane++)
		inventories[lane] = host_inventory(r->g->lanes[lane].inventory);
	fputs("<h3>Machines</h3>\n", to);
	table_open(to, "machines");
	fputs("<thead><tr><td></td>", to);
	for (size_t lane = 0; lane < r->g->lanes_n; lane++)
		html_element(to, "th", "scope=\"col\"", "%s", r->g->lanes[lane].host);
	fputs("</tr></thead><tbody>\n", to);
	for (size_t i = 0; i < ARRAY_SIZE(properties); i++)
		print_property(r, &properties[i], inventories, to);
	table_close(to);
	for (size_t lane = 0; lane < r->g->lanes_n; lane++)
		json_decref(inventories[lane]);
	free(inventories);
}

/* ---- the campaign ---- */

static void print_fact(FILE *to, const char *name, const char *value)
{
	if (value == NULL || value[0] == '\0')
		return;
	fputs("<tr>", to);
	html_element(to, "th", "scope=\"row\"", "%s", name);
	html_element(to, "td", NULL, "%s", value);
	fputs("</tr>\n", to);
}

static void print_facts(const struct report *r, FILE *to)
{
	const struct campaign *c = r->study->campaign;
	_cleanup_buf_ struct buf submitted = BUF_INIT, ended = BUF_INIT, labels = BUF_INIT;
	_cleanup_free_ char *seed = c == NULL ? NULL : xasprintf("%lld", (long long)c->seed);

	text_date(r->g->submitted_at, &submitted);
	if (r->g->ended_at != ABSENT && r->g->ended_at > 0)
		text_date(r->g->ended_at, &ended);
	for (size_t i = 0; c != NULL && i < c->labels_n; i++)
		buf_addf(&labels, "%s%s=%s", i == 0 ? "" : ", ", c->labels[i].key,
			c->labels[i].value);
	table_open(to, "the campaign");
	fputs("<tbody>\n", to);
	print_fact(to, "campaign", r->g->label);
	print_fact(to, "identity", r->uuid);
	print_fact(to, "state", r->g->state);
	print_fact(to, "submitted", submitted.data);
	print_fact(to, "ended", ended.data);
	print_fact(to, "labels", labels.data);
	print_fact(to, "seed", seed);
	print_fact(to, "file", r->file);
	print_fact(to, "changed at submission", r->g->changes);
	print_fact(to, "report by", "joulerig " JOULERIG_VERSION);
	table_close(to);
}

static void print_commands(const struct report *r, FILE *to)
{
	static const struct {
		const char *arguments, *gives;
	} commands[] = {
		{"results %s", "the medians"},
		{"compare %s --all", "ratios, intervals and verdicts"},
		{"runs %s", "one row a run"},
		{"export %s --what runs --format csv", "every number of every run"},
		{"export %s --what campaign", "the campaign's file, to run it again"},
		{"report %s -o report.html --figures figures", "this page; charts as files"},
	};

	fputs("<h3>Every number again</h3>\n<table class=\"commands\"><tbody>\n", to);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		const char *at = strstr(commands[i].arguments, "%s");

		if (r->no_questions != NULL && strncmp(commands[i].arguments, "compare", 7) == 0)
			continue;
		fputs("<tr><td><code>", to);
		html_textf(to, "joulerig %.*s%s%s", (int)(at - commands[i].arguments),
			commands[i].arguments, r->g->label, at + 2);
		fputs("</code></td>", to);
		html_element(to, "td", NULL, "%s", commands[i].gives);
		fputs("</tr>\n", to);
	}
	fputs("</tbody></table>\n", to);
}

void page_provenance(const struct report *r, FILE *to)
{
	page_open(to, "provenance", "Provenance");
	if (r->g->lanes_n > 0)
		print_hosts(r, to);
	fputs("<h3>Campaign</h3>\n", to);
	print_facts(r, to);
	if (r->g->yaml[0] != '\0') {
		fputs("<details class=\"minor\"><summary>The campaign's file</summary><pre "
		      "tabindex=\"0\">\n",
			to);
		html_text(to, r->g->yaml);
		fputs("</pre></details>\n", to);
	}
	print_commands(r, to);
	page_close(to);
}
