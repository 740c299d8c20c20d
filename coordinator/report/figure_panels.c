/* The rows and the parts of charts that all kinds have. */
#include "coordinator/report/figure_parts.h"
#include <math.h>

void layout_fields(const struct layout *l, struct figure *f)
{
	if (layout_has_texts(l)) {
		figure_field(f, "label", FIELD_TEXT, NULL, "configuration");
	} else if (l->facet.name != NULL) {
		figure_field(f, "facet", FIELD_TEXT, NULL, "%s", l->facet.name);
		f->facet = "facet";
	}
	if (l->series.name != NULL)
		figure_field(f, "series", FIELD_TEXT, NULL, "%s", l->series.name);
	if (!layout_has_texts(l) && l->x.name != NULL)
		figure_field(f, "x", FIELD_NUMBER, NULL, "%s", l->x.name);
}

/* x stands with the other axes, before the host. */
char *layout_label(const struct layout *l, const struct placed *cell)
{
	const char *facet = l->facet.values[cell->facet], *host = l->g->lanes[cell->lane].host;
	size_t len = strlen(facet), host_len = strlen(host);
	_cleanup_buf_ struct buf text = BUF_INIT;

	if (l->x.name == NULL)
		return xstrdup(
			len > 0 ? facet : l->g->configurations[cell->configuration].benchmark);
	if (len >= host_len && strcmp(facet + len - host_len, host) == 0) {
		len -= host_len;
		len -= len >= 4 ? 4 : len;
	}
	buf_add(&text, facet, len);
	buf_addf(&text, "%s%s=%s", len > 0 ? " " : "", l->x.name, l->x.values[cell->x]);
	if (facet[len] != '\0')
		buf_addf(&text, " on %s", host);
	return buf_take(&text);
}

void layout_row(const struct layout *l, const struct placed *cell, struct figure *f)
{
	figure_row(f);
	if (layout_has_texts(l)) {
		_cleanup_free_ char *label = layout_label(l, cell);
		figure_set_text(f, "label", label);
	} else if (l->facet.name != NULL) {
		figure_set_text(f, "facet", l->facet.values[cell->facet]);
	}
	if (l->series.name != NULL)
		figure_set_text(f, "series", l->series.values[cell->series]);
	if (!layout_has_texts(l) && l->x.name != NULL)
		figure_set_number(f, "x", l->x.numbers[cell->x]);
}

/* The numbers of an axis as its ticks, so many that their labels do not collide. */
static void add_ticks(const struct direction *x, struct buf *out)
{
	size_t step = (x->n + 7) / 8;

	buf_adds(out, ",'axis':{'values':[");
	for (size_t i = 0; i < x->n; i += step)
		buf_addf(out, "%s%.17g", i == 0 ? "" : ",", x->numbers[i]);
	buf_adds(out, "],'grid':false,'format':',~r'}");
}

bool layout_is_log(const struct layout *l)
{
	const struct direction *x = &l->x;

	return x->is_numeric && x->numbers[0] > 0 && x->numbers[x->n - 1] > 16 * x->numbers[0];
}

char *layout_x(const struct layout *l)
{
	const struct direction *x = &l->x;
	_cleanup_buf_ struct buf out = BUF_INIT;

	if (!x->is_numeric)
		return xstrdup("'x':{'field':'x','type':'nominal','sort':null,"
			       "'axis':{'labelAngle':-40}}");
	buf_adds(&out, "'x':{'field':'x','type':'quantitative'");
	if (layout_is_log(l))
		buf_adds(&out, ",'scale':{'type':'log','base':2,'nice':false}");
	else
		buf_adds(&out, ",'scale':{'zero':false,'nice':false}");
	add_ticks(x, &out);
	buf_addc(&out, '}');
	return buf_take(&out);
}

const char *layout_color(const struct layout *l)
{
	return l->series.name == NULL ? ""
				      : ",'color':{'field':'series','type':'nominal','sort':null}";
}

const char *scale_of(double low, double high)
{
	return low > 0 && high > 20 * low ? ",'scale':{'type':'log','zero':false,'nice':false}"
					  : ",'scale':{'zero':true}";
}

void figure_span(const struct figure *f, const char *field, double *low, double *high)
{
	size_t at = 0;

	*low = *high = NAN;
	while (at < f->fields_n && strcmp(f->fields[at].name, field) != 0)
		at++;
	for (size_t i = 0; i < f->rows_n && at < f->fields_n; i++) {
		double v = f->values[i * f->fields_n + at].number;
		*low = v > 0 && !(v >= *low) ? v : *low;
		*high = v > 0 && !(v <= *high) ? v : *high;
	}
}

const char *ratio_scale(const struct figure *f, const char *field)
{
	double low, high;

	figure_span(f, field, &low, &high);
	return high > 20 * low ? ",'scale':{'type':'log','nice':false}" : ",'scale':{'zero':false}";
}

/* Where values are drawn: along the page's height, or, beside labels, its width. */
static const char *value_channel(const struct layout *l)
{
	return layout_has_texts(l) ? "x" : "y";
}

/* Where a cell stands: its x, or its label, with the series of one label side by side. */
static char *place_of(const struct layout *l)
{
	if (!layout_has_texts(l))
		return layout_x(l);
	return xasprintf("'y':{'field':'label','type':'nominal','sort':null}%s",
		l->series.name == NULL
			? ""
			: ",'yOffset':{'field':'series','type':'nominal','sort':null}");
}

char *layout_layer(const struct layout *l, const char *field, const char *mark)
{
	_cleanup_free_ char *place = place_of(l);

	return xasprintf(
		",{'mark':{%s},'encoding':{%s,'%s':{'field':'%s','type':'quantitative'}%s}}", mark,
		place, value_channel(l), field, layout_color(l));
}

/* The line at 1, and what is no change about it. */
static void add_threshold(const struct layout *l, double threshold, struct buf *out)
{
	const char *value = value_channel(l);

	if (isnan(threshold))
		return;
	if (threshold > 0)
		buf_addf(out,
			",{'data':{'values':[{}]},'mark':{'type':'rect','opacity':0.12,"
			"'color':'gray'},'encoding':{'%s':{'datum':%.6f},'%s2':{'datum':%.6f}}}",
			value, 1 / (1 + threshold), value, 1 + threshold);
	buf_addf(out,
		",{'data':{'values':[{}]},'mark':{'type':'rule','strokeDash':[5,4],'opacity':0.7},"
		"'encoding':{'%s':{'datum':1}}}",
		value);
}

/* A band has no width at a point without neighbours (two threads against one, which has no interval
 * itself), so that each interval is a bar, too. */
static void add_interval(
	const struct layout *l, const struct drawn_field *d, const char *place, struct buf *out)
{
	static const char *const band[] = {
		"'type':'area','opacity':0.2", "'type':'rule','strokeWidth':1.5,'opacity':0.7"};
	static const char *const bar[] = {"'type':'rule','strokeWidth':2"};
	const char *const *marks = layout_has_texts(l) ? bar : band;
	size_t n = layout_has_texts(l) ? ARRAY_SIZE(bar) : ARRAY_SIZE(band);
	const char *value = value_channel(l);

	for (size_t i = 0; d->low != NULL && i < n; i++)
		buf_addf(out,
			",{'mark':{%s},'encoding':{%s,'%s':{'field':'%s','type':'quantitative'%s},"
			"'%s2':{'field':'%s'}%s}}",
			marks[i], place, value, d->low, d->scale, value, d->high, layout_color(l));
}

/* How many labels' heights the figure takes. */
static size_t height_of(const struct layout *l, const struct figure *f)
{
	size_t labels = 0;

	for (size_t i = 0; i < f->rows_n; i++) {
		const char *label = f->values[i * f->fields_n].text;
		bool is_new = true;
		for (size_t k = 0; k < i && is_new; k++)
			is_new = strcmp(f->values[k * f->fields_n].text, label) != 0;
		labels += is_new;
	}
	return labels * (l->series.n > 2 ? (l->series.n + 1) / 2 : 1);
}

/* The first layer titles the axis. */
void layout_panel(const struct layout *l, struct figure *f, const struct drawn_field *d)
{
	_cleanup_free_ char *place = place_of(l);
	_cleanup_buf_ struct buf layers = BUF_INIT;

	add_interval(l, d, place, &layers);
	buf_adds(&layers, d->layers == NULL ? "" : d->layers);
	add_threshold(l, d->threshold, &layers);
	figure_panel(f,
		"{'layer':[{'mark':{%s},'encoding':{%s,'%s':{'field':'%s','type':'quantitative'%s}"
		"%s}}%s]}",
		layout_has_texts(l) ? "'type':'point','filled':true,'size':60"
		: d->is_points      ? "'type':'point','filled':true,'size':35,'opacity':0.9"
				    : "'type':'line','point':true",
		place, value_channel(l), d->field, d->scale, layout_color(l), layers.data);
	if (layout_has_texts(l))
		f->tall = height_of(l, f);
}
