/* How much faster something has to be so that it uses no more energy, and whether it is. The
 * definitions are those of findings/break_even.h; a figure needs them of the cells that it shows
 * alone, and against a smallest x too. */
#include "coordinator/findings/break_even.h"
#include "coordinator/report/figure_parts.h"
#include <math.h>

struct drawn {
	struct quantity time, power, net; /* net power: energy.package.net by time */
	struct quantity energy, net_energy;
	bool has_net;
	size_t counts[2][BREAK_EVEN_WASTES + 1]; /* gross and net, by sign */
};

/* Gross, and net where the idle power is known. */
static int ways_of(const struct drawn *d)
{
	return d->has_net ? 2 : 1;
}

/* Names of fields: gross, and net. */
static const struct names {
	const char *needed, *over, *margin, *sign;
} ways[2] = {{"gross", "over", "margin", "sign"}, {"net", "net_over", "net_margin", "net_sign"}};

static void add_fields(const struct layout *l, const struct drawn *d, struct figure *f)
{
	double percent = 100 * (1 - l->source->alpha);

	layout_fields(l, f);
	figure_field(f, "y", FIELD_NUMBER, NULL, "speed-up");
	figure_field(f, "low", FIELD_NUMBER, NULL, "low (%g %%)", percent);
	figure_field(f, "high", FIELD_NUMBER, NULL, "high (%g %%)", percent);
	for (int i = 0; i < ways_of(d); i++) {
		const char *way = i == 0 ? "gross" : "net";
		figure_field(f, ways[i].needed, FIELD_NUMBER, NULL, "break-even S*, %s", way);
		figure_field(f, ways[i].over, FIELD_NUMBER, NULL,
			i == 0 ? "speed-up minus break-even" : "the same, net");
		figure_field(f, ways[i].margin, FIELD_NUMBER, NULL, "speed-up by S*, %s", way);
		figure_field(f, ways[i].sign, FIELD_TEXT, NULL, "it, %s", way);
	}
}

/* What others are seen against: 1 in all respects. */
static void add_reference(
	const struct layout *l, const struct drawn *d, const struct placed *cell, struct figure *f)
{
	layout_row(l, cell, f);
	figure_set_number(f, "y", 1);
	for (int i = 0; i < ways_of(d); i++) {
		figure_set_number(f, ways[i].needed, 1);
		figure_set_number(f, ways[i].over, 0);
		figure_set_number(f, ways[i].margin, 1);
	}
}

/* What the power needs, and whether the speed-up is more: S / S* is the inverse ratio of the
 * energies, whose interval says how sure that is. */
static void set_way(const struct layout *l, struct drawn *d, int way, const struct placed *cell,
	const struct ratio *time, struct figure *f)
{
	struct ratio power, energy;

	layout_ratio(l, way == 0 ? &d->power : &d->net, cell, &power);
	layout_ratio(l, way == 0 ? &d->energy : &d->net_energy, cell, &energy);
	if (isnan(power.ratio))
		return;
	enum break_even_sign sign = break_even_judge(&energy);
	figure_set_number(f, ways[way].needed, power.ratio);
	figure_set_number(f, ways[way].over, 1 / time->ratio - power.ratio);
	figure_set_number(f, ways[way].margin, 1 / time->ratio / power.ratio);
	figure_set_text(f, ways[way].sign, break_even_name(sign));
	d->counts[way][sign]++;
}

static void add_rows(const struct layout *l, struct drawn *d, struct figure *f)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct placed *cell = &l->cells[i];
		struct ratio time, power;

		if (layout_is_reference(l, cell) && !layout_has_texts(l))
			add_reference(l, d, cell, f);
		layout_ratio(l, &d->time, cell, &time);
		layout_ratio(l, &d->power, cell, &power);
		if (isnan(time.ratio) || isnan(power.ratio))
			continue;
		layout_row(l, cell, f);
		figure_set_number(f, "y", 1 / time.ratio);
		figure_set_number(f, "low", 1 / time.high);
		figure_set_number(f, "high", 1 / time.low);
		for (int way = 0; way < ways_of(d); way++)
			set_way(l, d, way, cell, &time, f);
	}
}

/* What is measured as points and lines, what is needed as dashes, and dots where it is net. */
static void add_panels(const struct layout *l, const struct drawn *d, struct figure *f)
{
	const char *dashes = layout_has_texts(l) ? "'type':'tick','thickness':3"
						 : "'type':'line','strokeDash':[6,4],'point':false";
	const char *dots = layout_has_texts(l) ? "'type':'tick','thickness':1"
					       : "'type':'line','strokeDash':[1,4],'point':false";
	_cleanup_free_ char *gross = layout_layer(l, "gross", dashes);
	_cleanup_free_ char *net = d->has_net ? layout_layer(l, "net", dots) : xstrdup("");
	_cleanup_free_ char *both = xasprintf("%s%s", gross, net);
	_cleanup_free_ char *net_over =
		d->has_net ? layout_layer(l, "net_over", dots) : xstrdup("");
	_cleanup_free_ char *over =
		xasprintf("%s,{'data':{'values':[{}]},'mark':{'type':'rule','opacity':0.7},"
			  "'encoding':{'%s':{'datum':0}}}",
			net_over, layout_has_texts(l) ? "x" : "y");

	layout_panel(l, f,
		&(struct drawn_field){.field = "y",
			.low = "low",
			.high = "high",
			.scale = ratio_scale(f, "y"),
			.threshold = NAN,
			.layers = both});
	layout_panel(l, f,
		&(struct drawn_field){
			.field = "over", .scale = "", .threshold = NAN, .layers = over});
}

static void note_signs(const struct drawn *d, struct figure *f)
{
	for (int i = 0; i < ways_of(d); i++)
		figure_note(f, "%s: %zu save%s, %zu waste%s, %zu undecided.",
			i == 0 ? "Gross" : "Net", d->counts[i][BREAK_EVEN_SAVES],
			d->counts[i][BREAK_EVEN_SAVES] == 1 ? "s" : "",
			d->counts[i][BREAK_EVEN_WASTES],
			d->counts[i][BREAK_EVEN_WASTES] == 1 ? "s" : "",
			d->counts[i][BREAK_EVEN_UNDECIDED]);
}

static void add_reading(const struct layout *l, const struct drawn *d, struct figure *f)
{
	_cleanup_free_ char *reference = layout_reference_text(l);

	figure_reading(f,
		"%s how many times faster than %s it is, with its %g %% interval. %s how many "
		"times "
		"faster it has to be so that its other power costs no more energy, S*%s. The lower "
		"chart is the one minus the other: above 0 saves energy, below 0 wastes it%s.",
		layout_has_texts(l) ? "Points:" : "Solid:", reference, 100 * (1 - l->source->alpha),
		layout_has_texts(l) ? "Thick marks:" : "Dashed:",
		!d->has_net           ? ""
		: layout_has_texts(l) ? " (thin: net of what the idle machine draws)"
				      : " (dotted: net of what the idle machine draws)",
		d->has_net ? ", in the two ways of counting" : "");
	if (!d->has_net)
		figure_note(f,
			"Net of idle is not shown: no run has energy.package.net; `measure: {idle: "
			"10s}` measures what the idle machine draws.");
	note_signs(d, f);
}

static int make_page(const struct report_figure *request, const struct figure_source *source,
	const char *page, struct figures *out, struct error *err)
{
	const struct gathered *g = &source->study->g;
	struct layout l = {0};
	struct drawn d = {0};

	(void)err;
	if (!quantity_named(g, "time", &d.time) ||
		!quantity_product(g, "energy.package", "time", -1, "power", "W", &d.power)) {
		figures_leave_out(out,
			"break_even: no run has energy.package; `joulerig results %s` "
			"says why",
			g->label);
		return 0;
	}
	quantity_named(g, "energy.package", &d.energy);
	d.has_net = quantity_named(g, "energy.package.net", &d.net_energy) &&
		    quantity_product(g, "energy.package.net", "time", -1, "net power", "W", &d.net);
	layout_make(request, source, &d.power, LAYOUT_X_ANY, &l);
	if (l.n == 0 || !layout_has_reference(&l)) {
		layout_leave_out(&l, "break_even",
			"there is nothing to compare with; `by` and `baseline` name an axis and a "
			"value of it",
			out);
	} else if (layout_has_unlike_work(&l)) {
		layout_leave_out(
			&l, "break_even", "what is compared did unlike amounts of work", out);
	} else {
		_cleanup_free_ char *reference = layout_reference_text(&l);
		_cleanup_free_ double *scores = layout_scores(&l, &d.time);
		_cleanup_free_ char *command = xasprintf("joulerig compare %s --all", g->label);
		struct figure *f = figure_add(out, "break_even",
			"Is it fast enough to save energy? Against %s%s%s", reference,
			page == NULL ? "" : ", ", page == NULL ? "" : page);
		layout_limit(&l, scores, "those where time differs most", 1, command, f);
		add_fields(&l, &d, f);
		add_rows(&l, &d, f);
		add_panels(&l, &d, f);
		add_reading(&l, &d, f);
	}
	layout_done(&l);
	return 0;
}

static int make(const struct report_figure *request, const struct figure_source *source,
	struct figures *out, struct error *err)
{
	return layout_pages(request, source, out, err, make_page);
}

const struct figure_ops figure_break_even = {.kind = "break_even",
	.help = "whether something is faster by enough to save energy",
	.make = make};
