/*
 * figure.h - a figure of the report: a chart with its data, and the table of the kinds that there
 * are
 *
 * A figure's data are rows of named fields. They are the table that a reader without JavaScript
 * has, the data of the chart, and what --figures writes: once in the page, the same numbers
 * everywhere. A chart is Vega-Lite without data, colours, sizes and titles of axes: the page adds
 * those, so that all charts look alike, in light and dark, on wide and narrow windows.
 *
 * How to add a kind: write coordinator/report/figure_NAME.c with a `const struct figure_ops
 * figure_NAME`, declare it here, add it to the array in figures.c, and its name to the kinds of
 * coordinator/campaign/schema_report.c. The test of the report takes every kind through the same
 * checks.
 */
#ifndef COORDINATOR_REPORT_FIGURE_H
#define COORDINATOR_REPORT_FIGURE_H

#include "coordinator/findings/study.h"
#include <jansson.h>

/* Rows of a figure at most; what has more is thinned, and its note says how. */
#define FIGURE_MAX_ROWS 2000

enum field_kind { FIELD_TEXT, FIELD_NUMBER };

struct figure_field {
	const char *name; /* in the chart: "x", "y", "low", "high", "series", "panel" */
	char *title;      /* in the table's head and beside axes: "threads"; owned */
	char *unit;       /* "s"; NULL: none */
	enum field_kind kind;
};

struct figure_value {
	char *text;    /* owned; NULL: nothing, or a number */
	double number; /* NaN: nothing */
};

struct figure {
	char *id;      /* "speedup-2": anchor, name of files; unique in a report */
	char *title;   /* "Speed-up against threads" */
	char *reading; /* how to read it, for someone who has never seen the campaign */
	char *note;    /* what was thinned or left out; NULL: nothing */
	struct figure_field *fields;
	size_t fields_n;
	struct figure_value *values; /* [row * fields_n + field] */
	size_t rows_n, allocated;
	json_t *panels; /* array of charts, one below the other, with the same data */
	/* The field whose values are charts of their own, side by side; NULL: one chart. */
	const char *facet;
	size_t tall; /* rows of an axis that wants more height than usual (forest); 0: as usual */
};

struct figures {
	struct figure **items;
	size_t n;
	char **left_out; /* "power: no run has energy.package" */
	size_t left_out_n;
};

/* What figures are made of. */
struct figure_source {
	struct results *results; /* to read runs and samples again; of study's campaign */
	const struct study *study;
	const bool *kept; /* [lane * configurations_n + configuration]: of the figure's `only` */
	/* Of the figure, else of the campaign's first comparison; NULL: there is none. */
	const char *by, *baseline;
	double threshold, alpha; /* of that comparison, or the usual ones */
};

struct figure_ops {
	const char *kind; /* "speedup" */
	const char *help; /* one line: what it shows */
	/*
	 * Append the figures of a request, any number of them, or say in left_out why there is
	 * none. request's fields but kind may be NULL: then what makes sense for this campaign.
	 * Returns 0, or negative where results cannot be read.
	 */
	int (*make)(const struct report_figure *request, const struct figure_source *source,
		struct figures *out, struct error *err);
};

extern const struct figure_ops figure_speedup, figure_ratio, figure_power, figure_energy_time,
	figure_break_even, figure_edp, figure_pareto, figure_memory, figure_contention,
	figure_utilisation, figure_decomposition, figure_frequency, figure_forest, figure_sequence,
	figure_size, figure_samples, figure_trend;
extern const struct figure_ops *const figure_kinds[];   /* in the order of the report; ended by NULL
							 */
const struct figure_ops *figure_kind(const char *name); /* NULL: there is no such */

/*
 * The figures that the campaign's `report` asks for, else those of every kind that its matrix
 * allows, appended to out. Returns 0 or negative; figures_done() in both cases.
 */
int figures_make(
	struct results *r, const struct study *study, struct figures *out, struct error *err);

/* ---- making one ---- */

/* A new figure of a kind. Texts are formatted as by printf. It is out's. */
struct figure *figure_add(struct figures *out, const char *kind, const char *title, ...)
	__attribute__((format(printf, 3, 4)));
void figure_reading(struct figure *f, const char *text, ...) __attribute__((format(printf, 2, 3)));
void figure_note(struct figure *f, const char *text, ...) __attribute__((format(printf, 2, 3)));
void figures_leave_out(struct figures *out, const char *why, ...)
	__attribute__((format(printf, 2, 3)));

/* A field; all of them before the first row. name is a literal; unit may be NULL. */
void figure_field(struct figure *f, const char *name, enum field_kind kind, const char *unit,
	const char *title, ...) __attribute__((format(printf, 5, 6)));
/* A new row, of nothing; then its values by the names of fields. A NaN is nothing. */
void figure_row(struct figure *f);
void figure_set_text(struct figure *f, const char *field, const char *text);
void figure_set_number(struct figure *f, const char *field, double value);

/*
 * A chart below those that are there, in Vega-Lite: an object with mark or layer and encoding, in
 * which ' may stand for ". Formatted as by printf, with names of fields and numbers alone: no text
 * of a user's, so that nothing needs escaping. Axes and legends are titled with the title and unit
 * of their field where the chart does not title them: a chart of several layers with those of the
 * first field that it names for that axis. A `resolve` in it is that of its facets.
 */
void figure_panel(struct figure *f, const char *chart, ...) __attribute__((format(printf, 2, 3)));

/* A value as the table has it: six significant digits; "" for nothing. */
void figure_text_of(const struct figure *f, size_t row, size_t field, struct buf *out);

/* Leave out, and say so, the figures from this index on that got no row. */
void figures_drop_empty(struct figures *out, size_t from, const char *kind);

void figures_done(struct figures *f);

#endif
