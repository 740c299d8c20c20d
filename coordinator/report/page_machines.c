/* The machines of a campaign, side by side, as their inventories tell of them. */
#include "coordinator/findings/host_text.h"
#include "coordinator/report/page.h"

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

static void separate(struct buf *out, const char *with)
{
	if (out->len > 0)
		buf_adds(out, with);
}

/* "package-0: unit 61.04 µJ, a step every 1 ms": what one reading can tell at best. */
static void add_units(const json_t *inventory, struct buf *out)
{
	const json_t *energy = json_object_get(inventory, "energy"), *zone;
	size_t i;

	json_array_foreach(json_object_get(energy, "zones"), i, zone)
	{
		const char *name = json_string_value(json_object_get(zone, "name"));
		const char *state = json_string_value(json_object_get(zone, "state"));
		json_int_t unit = json_integer_value(json_object_get(zone, "unit_nj"));
		json_int_t update = json_integer_value(json_object_get(zone, "update_us"));

		if (name == NULL || !text_is(state, "ok") || (unit <= 0 && update <= 0))
			continue;
		separate(out, "; ");
		buf_addf(out, "%s:", name);
		if (unit > 0)
			buf_addf(out, " unit %.4g µJ", (double)unit / 1e3);
		if (update > 0)
			buf_addf(out, "%s a step every %.3g ms", unit > 0 ? "," : "",
				(double)update / 1e3);
	}
}

/* Whether the counters are blurred on purpose: told where there are counters. */
static void add_filter(const json_t *inventory, struct buf *out)
{
	const json_t *filtered = json_object_get(json_object_get(inventory, "energy"), "filtered");

	if (json_is_string(filtered))
		buf_adds(out, json_string_value(filtered));
	else if (json_is_null(filtered) && host_energy_source(inventory) != NULL)
		buf_adds(out, "no");
}

/* The names that powercap gives to what everybody else calls PL1, PL2 and PL4. */
static const char *limit_name(const char *name)
{
	return text_is(name, "long_term")    ? "PL1"
	       : text_is(name, "short_term") ? "PL2"
	       : text_is(name, "peak_power") ? "PL4"
					     : name;
}

/* "package-0: PL1 125 W, PL2 253 W". */
static void add_limits(const json_t *inventory, struct buf *out)
{
	const json_t *limit;
	const char *last = "";
	size_t i;

	json_array_foreach(json_object_get(inventory, "power_limits"), i, limit)
	{
		const char *zone = json_string_value(json_object_get(limit, "zone"));
		const char *name = json_string_value(json_object_get(limit, "name"));
		const json_t *uw = json_object_get(limit, "limit_uw");

		if (zone == NULL || name == NULL)
			continue;
		if (strcmp(zone, last) != 0) {
			separate(out, "; ");
			buf_addf(out, "%s: ", zone);
		} else {
			buf_adds(out, ", ");
		}
		last = zone;
		if (json_is_integer(uw))
			buf_addf(out, "%s %.4g W", limit_name(name),
				(double)json_integer_value(uw) / 1e6);
		else
			buf_addf(out, "%s none", limit_name(name));
	}
}

static void add_base_frequency(const json_t *inventory, struct buf *out)
{
	json_int_t hz = json_integer_value(
		json_object_get(json_object_get(inventory, "frequency"), "base"));

	if (hz > 0)
		buf_addf(out, "%.4g GHz", (double)hz / 1e9);
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
	{"base frequency", NULL, add_base_frequency},
	{"memory", NULL, add_memory},
	{"NUMA nodes", "numa", NULL},
	{"firmware", "firmware.version", NULL},
	{"kernel", "kernel", NULL},
	{"microcode", "cpu.microcode", NULL},
	{"governor", "governor", NULL},
	{"turbo", "turbo", NULL},
	{"hypervisor", "hypervisor", NULL},
	{"power limits", NULL, add_limits},
	{"energy", NULL, add_zones},
	{"energy units", NULL, add_units},
	{"energy filtered", NULL, add_filter},
	{"labels", NULL, add_labels},
	{"fingerprint", "fingerprint", NULL},
};

static void add_property(const struct property *p, const json_t *inventory, struct buf *out)
{
	if (p->add != NULL && inventory != NULL)
		p->add(inventory, out);
	else if (p->path != NULL)
		add_value(inventory, p->path, out);
}

/* A row, where any host has something to it. */
static void print_property(
	const struct report *r, const struct property *p, json_t **inventories, FILE *to)
{
	struct buf *texts = xcalloc(r->g->lanes_n + 1, sizeof *texts);
	size_t known = 0;

	for (size_t lane = 0; lane < r->g->lanes_n; lane++) {
		texts[lane] = (struct buf)BUF_INIT;
		add_property(p, inventories[lane], &texts[lane]);
		known += texts[lane].len > 0;
	}
	if (known > 0) {
		fputs("<tr>", to);
		html_element(to, "th", "scope=\"row\"", "%s", p->title);
		for (size_t lane = 0; lane < r->g->lanes_n; lane++)
			html_element(to, "td", NULL, "%s", texts[lane].data);
		fputs("</tr>\n", to);
	}
	for (size_t lane = 0; lane < r->g->lanes_n; lane++)
		buf_done(&texts[lane]);
	free(texts);
}

void page_machines(const struct report *r, FILE *to)
{
	json_t **inventories;

	if (r->g->lanes_n == 0)
		return;
	inventories = xcalloc(r->g->lanes_n + 1, sizeof *inventories);

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
