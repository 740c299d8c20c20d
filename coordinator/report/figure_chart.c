#include "coordinator/report/figure_chart.h"
#include "coordinator/output/output.h"
#include "coordinator/report/html.h"
#include <math.h>

#define SCHEMA "https://vega.github.io/schema/vega-lite/v6.json"

/* Categories beyond this many keep the order that Vega-Lite gives them. */
#define MAX_SORTED 500

struct chart {
	const struct figure *f;
	json_t *titles; /* of channels: what the chart says of one in any layer */
};

const struct figure_field *figure_find_field(const struct figure *f, const char *name)
{
	for (size_t i = 0; name != NULL && i < f->fields_n; i++)
		if (strcmp(f->fields[i].name, name) == 0)
			return &f->fields[i];
	return NULL;
}

char *figure_field_title(const struct figure_field *field)
{
	bool has_unit = field->unit != NULL && strcmp(field->unit, "1") != 0;

	return has_unit ? xasprintf("%s (%s)", field->title, field->unit) : xstrdup(field->title);
}

json_t *figure_values(const struct figure *f, const char *field)
{
	json_t *seen = json_object(), *out = json_array();
	size_t at = (size_t)(figure_find_field(f, field) - f->fields);

	for (size_t row = 0; row < f->rows_n; row++) {
		const char *text = f->values[row * f->fields_n + at].text;
		json_t *value = text == NULL ? NULL : json_text(text);

		if (value == NULL || json_object_get(seen, json_string_value(value)) != NULL) {
			json_decref(value);
			continue;
		}
		json_object_set_new(seen, json_string_value(value), json_true());
		json_array_append_new(out, value);
	}
	json_decref(seen);
	return out;
}

static void set_text(json_t *object, const char *key, const char *text)
{
	json_object_set_new(object, key, json_text(text));
}

/* ---- one channel of an encoding ---- */

/* x2, xError, tooltip: no axis or legend of their own. */
static bool is_titled(const char *channel)
{
	static const char *const channels[] = {"x", "y", "color", "fill", "stroke", "shape", "size",
		"opacity", "strokeDash", "strokeWidth", "angle", "row", "column"};

	for (size_t i = 0; i < ARRAY_SIZE(channels); i++)
		if (strcmp(channels[i], channel) == 0)
			return true;
	return false;
}

static json_t *title_of(const json_t *channel)
{
	static const char *const within[] = {"axis", "legend", "header"};
	json_t *title = json_object_get(channel, "title");

	for (size_t i = 0; title == NULL && i < ARRAY_SIZE(within); i++)
		title = json_object_get(json_object_get(channel, within[i]), "title");
	return title;
}

static void complete_channel(const struct chart *c, const char *name, json_t *channel)
{
	const char *text = json_string_value(json_object_get(channel, "field"));
	const struct figure_field *field = figure_find_field(c->f, text);

	if (field == NULL)
		return;
	if (json_object_get(channel, "type") == NULL && strchr(name, '2') == NULL &&
		strstr(name, "Error") == NULL)
		set_text(channel, "type", field->kind == FIELD_NUMBER ? "quantitative" : "nominal");
	if (is_titled(name) && title_of(channel) == NULL &&
		json_object_get(c->titles, name) != NULL)
		json_object_set(channel, "title", json_object_get(c->titles, name));
	/* A log axis has no zero: Vega-Lite warns of one that is asked for. */
	json_t *scale = json_object_get(channel, "scale");
	const char *kind = json_string_value(json_object_get(scale, "type"));
	if (kind != NULL && strcmp(kind, "log") == 0)
		json_object_del(scale, "zero");
	const char *type = json_string_value(json_object_get(channel, "type"));
	bool is_category =
		type != NULL && (strcmp(type, "nominal") == 0 || strcmp(type, "ordinal") == 0);
	if (field->kind != FIELD_TEXT || !is_category || !is_titled(name) ||
		json_object_get(channel, "sort") != NULL)
		return;
	json_t *values = figure_values(c->f, text);
	if (json_array_size(values) <= MAX_SORTED)
		json_object_set(channel, "sort", values);
	json_decref(values);
}

/* ---- the layers of a chart ---- */

static void collect_titles(struct chart *c, const json_t *view)
{
	const char *name;
	json_t *channel, *layer;
	size_t i;

	json_object_foreach(json_object_get(view, "encoding"), name, channel)
	{
		const struct figure_field *field = figure_find_field(
			c->f, json_string_value(json_object_get(channel, "field")));
		json_t *title = title_of(channel);

		if (json_object_get(c->titles, name) != NULL)
			continue;
		if (title != NULL) {
			json_object_set(c->titles, name, title);
		} else if (field != NULL) {
			_cleanup_free_ char *text = figure_field_title(field);
			set_text(c->titles, name, text);
		}
	}
	json_array_foreach(json_object_get(view, "layer"), i, layer) collect_titles(c, layer);
}

/* Whether the marks of a view stand for rows, not for what was made of them. */
static bool is_of_rows(const json_t *view)
{
	char *text = json_dumps(view, JSON_COMPACT);
	bool is = strstr(text, "\"aggregate\"") == NULL && strstr(text, "\"bin\"") == NULL &&
		  strstr(text, "\"density\"") == NULL && strstr(text, "\"regression\"") == NULL &&
		  strstr(text, "\"loess\"") == NULL && strstr(text, "\"datum\"") == NULL;

	free(text);
	return is;
}

/* All of a row, where a mark stands for one. */
static void add_tooltip(const struct figure *f, json_t *view)
{
	json_t *encoding = json_object_get(view, "encoding"), *tooltip = json_array();

	for (size_t i = 0; i < f->fields_n; i++) {
		_cleanup_free_ char *title = figure_field_title(&f->fields[i]);
		json_t *one = json_object();

		set_text(one, "field", f->fields[i].name);
		set_text(one, "type",
			f->fields[i].kind == FIELD_NUMBER ? "quantitative" : "nominal");
		set_text(one, "title", title);
		if (f->fields[i].kind == FIELD_NUMBER)
			set_text(one, "format", ".6~g");
		json_array_append_new(tooltip, one);
	}
	if (encoding == NULL)
		json_object_set_new(view, "encoding", encoding = json_object());
	json_object_set_new(encoding, "tooltip", tooltip);
}

static void complete(const struct chart *c, json_t *view)
{
	const char *name;
	json_t *channel, *layer, *layers = json_object_get(view, "layer");
	json_t *encoding = json_object_get(view, "encoding");
	size_t i;

	json_object_foreach(encoding, name, channel)
	{
		if (json_is_object(channel))
			complete_channel(c, name, channel);
	}
	json_array_foreach(layers, i, layer) complete(c, layer);
	if (layers == NULL && json_object_get(encoding, "tooltip") == NULL && is_of_rows(view))
		add_tooltip(c->f, view);
}

/* Whether some row has a value of a field; what is no field of the figure's is made by the chart.
 */
static bool has_values(const struct figure *f, const char *name)
{
	const struct figure_field *field = figure_find_field(f, name);

	if (field == NULL || field->kind == FIELD_TEXT)
		return true;
	for (size_t row = 0; row < f->rows_n; row++) {
		if (!isnan(f->values[row * f->fields_n + (size_t)(field - f->fields)].number))
			return true;
	}
	return false;
}

/* A layer of values that no row has, such as intervals of too few runs, has no extent: Vega warns
 * of it in the console. */
static void drop_empty_layers(const struct figure *f, json_t *view)
{
	static const char *const places[] = {"x", "y", "x2", "y2"};
	json_t *layers = json_object_get(view, "layer");

	for (size_t i = json_array_size(layers); i-- > 0;) {
		json_t *encoding = json_object_get(json_array_get(layers, i), "encoding");
		bool is_empty = false;

		for (size_t k = 0; k < ARRAY_SIZE(places); k++)
			is_empty |= !has_values(
				f, json_string_value(json_object_get(
					   json_object_get(encoding, places[k]), "field")));
		if (is_empty && json_array_size(layers) > 1)
			json_array_remove(layers, i);
		else
			drop_empty_layers(f, json_array_get(layers, i));
	}
}

json_t *figure_chart(const struct figure *f, size_t panel)
{
	struct chart c = {.f = f, .titles = json_object()};
	json_t *chart = json_deep_copy(json_array_get(f->panels, panel));

	collect_titles(&c, chart);
	drop_empty_layers(f, chart);
	complete(&c, chart);
	json_decref(c.titles);
	return chart;
}

/* ---- a figure by itself ---- */

static json_t *data_of(const struct figure *f, const char *url)
{
	json_t *parse = json_object();

	for (size_t i = 0; i < f->fields_n; i++)
		set_text(parse, f->fields[i].name,
			f->fields[i].kind == FIELD_NUMBER ? "number" : "string");
	return json_pack(
		"{s:s, s:{s:s, s:o}}", "url", url, "format", "type", "csv", "parse", parse);
}

/* A chart in a size for paper, unless it says one itself. */
static json_t *sized_chart(const struct figure *f, size_t panel)
{
	json_t *chart = figure_chart(f, panel);

	if (json_object_get(chart, "width") == NULL)
		json_object_set_new(chart, "width", json_integer(f->facet == NULL ? 600 : 260));
	if (json_object_get(chart, "height") == NULL)
		json_object_set_new(chart, "height",
			json_integer(f->tall > 15 ? 20 * (json_int_t)f->tall : 300));
	return chart;
}

static json_t *facet_of(const struct figure *f, json_t *chart)
{
	const struct figure_field *field = figure_find_field(f, f->facet);
	_cleanup_free_ char *title = figure_field_title(field);

	json_t *resolve = json_incref(json_object_get(chart, "resolve"));
	json_object_del(chart, "resolve");
	json_t *out = json_pack("{s:{s:s, s:s, s:o, s:o}, s:i, s:o}", "facet", "field", f->facet,
		"type", "nominal", "title", json_text(title), "sort", figure_values(f, f->facet),
		"columns", 3, "spec", chart);
	if (resolve != NULL)
		json_object_set_new(out, "resolve", resolve);
	return out;
}

json_t *figure_document(const struct figure *f, const char *data_url)
{
	json_t *charts = json_array();
	json_t *out = json_pack("{s:s, s:o, s:o, s:o, s:{s:{s:[s,s,s,s,s,s,s,s]}}}", "$schema",
		SCHEMA, "title", json_text(f->title), "description",
		json_text(f->reading == NULL ? f->title : f->reading), "data", data_of(f, data_url),
		"config", "range", "category", "#0072b2", "#d55e00", "#009e73", "#cc79a7",
		"#b8860b", "#56b4e9", "#7a5195", "#555555");

	for (size_t i = 0; i < json_array_size(f->panels); i++) {
		json_t *chart = sized_chart(f, i);
		if (f->facet == NULL)
			json_object_del(chart, "resolve");
		json_array_append_new(charts, f->facet == NULL ? chart : facet_of(f, chart));
	}
	if (json_array_size(charts) == 1)
		json_object_update(out, json_array_get(charts, 0));
	else
		json_object_set(out, "vconcat", charts);
	json_decref(charts);
	return out;
}

void figure_csv(const struct figure *f, FILE *to)
{
	struct column *columns = xcalloc(f->fields_n + 1, sizeof *columns);
	struct cell *cells = xcalloc(f->fields_n + 1, sizeof *cells);
	struct buf *texts = xcalloc(f->fields_n + 1, sizeof *texts);

	for (size_t i = 0; i < f->fields_n; i++)
		columns[i] = (struct column){.name = f->fields[i].name};
	struct output *o = output_csv.begin(to, columns, f->fields_n);
	for (size_t row = 0; row < f->rows_n; row++) {
		for (size_t i = 0; i < f->fields_n; i++) {
			texts[i] = (struct buf)BUF_INIT;
			figure_text_of(f, row, i, &texts[i]);
			cells[i] = (struct cell){
				texts[i].len == 0 ? CELL_NONE : CELL_TEXT, texts[i].data};
		}
		output_csv.row(o, cells);
		for (size_t i = 0; i < f->fields_n; i++)
			buf_done(&texts[i]);
	}
	output_csv.end(o);
	free(columns);
	free(cells);
	free(texts);
}
