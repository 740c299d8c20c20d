/*
 * figure_parts.h - what kinds of figures share: which cells of a campaign stand where on a page,
 * what is drawn of them, and what is left out of too many
 *
 * A cell is a configuration on a host. Its place has three directions: along x; as one of several
 * series (lines of their own: the values of `by`); and in one of several facets (charts side by
 * side): all else in which the cells differ. So no two cells share a place.
 */
#ifndef COORDINATOR_REPORT_FIGURE_PARTS_H
#define COORDINATOR_REPORT_FIGURE_PARTS_H

#include "coordinator/analysis/ratio.h"
#include "coordinator/analysis/summary.h"
#include "coordinator/report/figure.h"

#define FIGURE_MAX_FACETS 12
#define FIGURE_MAX_SERIES 8  /* what colours can tell apart */
#define FIGURE_MAX_TEXTS  40 /* lines of text, one below the other */
#define NO_INDEX          SIZE_MAX

/* ---- what is drawn of a cell ---- */

/* A metric of the runs, or a product of powers of two of them: E T^2; or what it is for a unit of
 * work. */
struct quantity {
	size_t metric, other; /* indices in gathered; other may be NO_INDEX */
	double power;         /* of other */
	size_t each;          /* then other is time, and this time for a unit of work; NO_INDEX */
	double scale;         /* a value is multiplied by it: bytes to MiB */
	const char *unit;     /* the gathered's, or a literal; NULL: "1", of a number without one */
	char title[128];      /* for people: "Gross package energy", or the metric's name */
};

/* Its title within a sentence: "gross package energy"; a metric's own name stays as it is. */
const char *quantity_in_text(const struct quantity *q);
/* Returns whether some run has it; out is filled only then. */
bool quantity_named(const struct gathered *g, const char *metric, struct quantity *out);
/* metric x other^power, of runs that have both; title and unit are the caller's. */
bool quantity_product(const struct gathered *g, const char *metric, const char *other, double power,
	const char *title, const char *unit, struct quantity *out);

/* metric by the work of the run, which is time / time.per_work, of runs that have all three. */
bool quantity_of_work(const struct gathered *g, const char *metric, struct quantity *out);

/* The median and its exact interval at level; n 0 where the cell has no such run. */
void quantity_summary(const struct gathered *g, const struct quantity *q, size_t lane,
	size_t configuration, double level, struct summary *out);
/*
 * contender / baseline, both (lane, configuration): paired by block on one host, else two samples;
 * interval at level by Student's or Welch's t on the logs. Its p is NaN: a chart judges nothing.
 */
void quantity_ratio(const struct gathered *g, const struct quantity *q, const size_t contender[2],
	const size_t baseline[2], double level, struct ratio *out);

/* ---- where cells stand ---- */

struct direction {
	char *name;      /* "threads"; NULL: nothing differs this way, there is one value, "" */
	char **values;   /* as written; numbers ascending, all else in the campaign's order */
	double *numbers; /* the same where is_numeric, else NULL */
	size_t n;
	bool is_numeric;
};

/* Fill a direction with the distinct ones of n texts; index[i] is which of them text i became. */
void direction_build(struct direction *d, const char *const *texts, size_t n, size_t *index);
/* The index of a value; NO_INDEX where it is not there, or text is NULL. */
size_t direction_index(const struct direction *d, const char *text);
void direction_done(struct direction *d);
/* Whether the whole text is a finite number. */
bool text_is_number(const char *text, double *out);

struct placed {
	size_t lane, configuration;
	size_t facet, series, x; /* indices of values */
};

enum layout_x {
	LAYOUT_X_ANY,     /* the request's; else a numeric axis, threads first; else the only axis
			     that varies; else none, and `by` alone tells cells apart */
	LAYOUT_X_NUMBER,  /* the same, but a numeric one or none */
	LAYOUT_X_THREADS, /* one that says how much runs at once, or none */
	LAYOUT_X_CHOICE,  /* as LAYOUT_X_ANY, but no host is a line unless the request says so */
	LAYOUT_X_CHOICES, /* the same, and an axis of frequencies is a part of it: "4, clock 2GHz",
			     as both are for somebody to choose */
	LAYOUT_X_NONE,    /* none, whatever the request says; nor is a host a line */
};

struct layout {
	const struct figure_source *source;
	const struct gathered *g;
	struct direction x, series, facet;
	size_t baseline;      /* the series that others are seen against; NO_INDEX: none */
	size_t reference;     /* the x that others are seen against where there is no baseline: that
				 of the comparison, else the first of what runs at once or was asked
				 for; NO_INDEX: none */
	struct placed *cells; /* in the order of facets, series, x */
	size_t n;
	bool is_parallel; /* x says how much runs at once */
	bool takes_texts;
	char *note;    /* what layout_limit() adds to the figure's; NULL: nothing */
	size_t unlike; /* hosts whose energy counts something else than the baseline's */
	char *why; /* the request names what is not there: "there is no axis 'pyton'"; else NULL */
};

/*
 * Lay out the kept cells that have done runs, and runs with the quantity where q is not NULL. by is
 * the request's, else the source's unless that is what x is, else what has few values of the axes
 * left, benchmark and host. n is 0 where nothing is left. layout_done().
 */
void layout_make(const struct report_figure *request, const struct figure_source *source,
	const struct quantity *q, enum layout_x x, struct layout *out);
void layout_done(struct layout *l);
/* Take away cells whose host's energy must not be seen against that of their reference's host
 * (findings/machines.h), with a note; all of them where none is left to compare. layout_make() does
 * so. */
void layout_drop_unlike(struct layout *l, const struct quantity *q);
/* Say that a kind has no figure: what the layout says, else reason. */
void layout_leave_out(
	const struct layout *l, const char *kind, const char *reason, struct figures *out);

/*
 * Whether each cell without its series is a line of text, one below the other, with values along
 * the page, instead of facets with x along it: so where x is no number, as that can be read
 * whatever the names are, and however many. Only of LAYOUT_X_ANY and LAYOUT_X_NUMBER.
 */
bool layout_has_texts(const struct layout *l);

/* The cell at a place; NULL where there is none. */
const struct placed *layout_at(const struct layout *l, size_t facet, size_t series, size_t x);
/* What a cell is seen against: the baseline series at the same x; without a baseline its own series
 * at the reference. NULL where there is no such cell, or it is this one. */
const struct placed *layout_reference(const struct layout *l, const struct placed *cell);
/* What more of them at once is seen against: the baseline series at the smallest x, without a
 * baseline its own series at the reference; it may be the cell itself. NULL where there is none. */
const struct placed *layout_start(const struct layout *l, const struct placed *cell);
/* Whether a cell is what others are seen against. */
bool layout_is_reference(const struct layout *l, const struct placed *cell);
/* Whether cells can be seen against others at all. */
bool layout_has_reference(const struct layout *l);
/* "gil", "threads = 1": what layout_reference() goes to. The caller frees. */
char *layout_reference_text(const struct layout *l);
/* Whether some cell did another amount of work than its reference, as the campaign's `work` says:
 * then only what a unit of it took can be compared. */
bool layout_has_unlike_work(const struct layout *l);
/* The same against what layout_start() says: so it is where each of n does as much as one alone. */
bool layout_has_unlike_work_at_start(const struct layout *l);
/* Where it did, q becomes what it is for a unit of work. Returns whether q can be compared now. */
bool layout_take_per_work(const struct layout *l, struct quantity *q);
/* The same against what layout_start() says. */
bool layout_take_per_work_of_start(const struct layout *l, struct quantity *q);
/* quantity_ratio() of a cell to its reference, at the comparison's 1 - alpha; its ratio is NaN
 * where there is no reference. */
void layout_ratio(const struct layout *l, const struct quantity *q, const struct placed *cell,
	struct ratio *out);

/*
 * Leave away what one figure cannot show: all but the FIGURE_MAX_FACETS facets (FIGURE_MAX_TEXTS
 * where there is nothing along the page) with the largest score (score[facet]; NULL: the first
 * ones), all but FIGURE_MAX_SERIES series (the baseline stays), and values of x so that rows x
 * facets x series x x stay within FIGURE_MAX_ROWS. f's note says how many of how many are shown,
 * which ("those with the largest ratios": which_facets), and the command that has all.
 */
void layout_limit(struct layout *l, const double *score, const char *which_facets, size_t rows,
	const char *command, struct figure *f);
/* A score: how far a facet's cells are from their references, or from each other where there are
 * none, as |log|, roughly. The caller frees. */
double *layout_scores(const struct layout *l, const struct quantity *q);

/*
 * A figure for each value of the request's facet (FIGURE_MAX_FACETS at most, else the rest is left
 * out and said), or one; those that got no row are left out. make gets the source with fewer kept
 * cells, and the value, NULL without. Returns what make returned.
 */
typedef int layout_make_page(const struct report_figure *request,
	const struct figure_source *source, const char *page, struct figures *out,
	struct error *err);
int layout_pages(const struct report_figure *request, const struct figure_source *source,
	struct figures *out, struct error *err, layout_make_page *make);

/* ---- points of configurations, all of a host in one chart ---- */

/* Leave away what one figure cannot show of a layout without x, of which each host is a chart: all
 * but FIGURE_MAX_FACETS hosts, and so many cells that `most` stay. Said in f's note. */
void points_limit(struct layout *l, size_t most, struct figure *f);
/* The fields "facet" (host, where there are several), "series" and "configuration", and a row. */
void points_fields(const struct layout *l, struct figure *f);
void points_row(const struct layout *l, const struct placed *cell, struct figure *f);
/* What a cell is, of all in which cells of the layout differ: "nbody threads=4 python=gil". The
 * caller frees. */
char *points_text(const struct layout *l, const struct placed *cell);

/* ---- rows and charts of it ---- */

/* The fields that say where a cell stands: "facet" (which becomes the figure's), "series" and "x",
 * those that there are; or "label" and "series" where the layout has texts. */
void layout_fields(const struct layout *l, struct figure *f);
/* A new row with these of a cell. */
void layout_row(const struct layout *l, const struct placed *cell, struct figure *f);
/* All that a cell is but its series: "nbody compiler=gcc on lab07", or its benchmark. The caller
 * frees. */
char *layout_label(const struct layout *l, const struct placed *cell);
/* Parts of a chart: `'x':{...}` of the direction (a log scale where numbers ask for it, with ticks
 * at the values), `,'color':{...}` by series ("" where there is one). The caller frees the first.
 */
char *layout_x(const struct layout *l);
const char *layout_color(const struct layout *l);
/* Whether layout_x() has a log scale: where numbers span more than a factor 16. */
bool layout_is_log(const struct layout *l);
/* "," and the scale of an axis of positive numbers: `'scale':{...}`, a log one where they span more
 * than a factor 20. */
const char *scale_of(double low, double high);
/* The same of a field's numbers that are ratios: 0 need not be in it. */
const char *ratio_scale(const struct figure *f, const char *field);
/* The least positive and the largest number of a field; NaN where it has none. */
void figure_span(const struct figure *f, const char *field, double *low, double *high);

/* What layout_panel() draws. */
struct drawn_field {
	const char *field, *low, *high; /* low and high: of the interval, or NULL */
	const char *scale;              /* of its axis: scale_of(), ratio_scale() */
	double threshold;   /* of a ratio: the range that is no change, and a line at 1; 0: the line
			       alone; NaN: it is no ratio */
	const char *layers; /* more of them, each with "," before it; NULL: none */
	bool is_points;     /* along x: points that no line joins, as one of layers does */
};

/* A chart of a field: lines with their band along x, else points with bars beside their labels. */
void layout_panel(const struct layout *l, struct figure *f, const struct drawn_field *d);
/* A layer of such a chart: another field as marks (`'type':'line'`). The caller frees. */
char *layout_layer(const struct layout *l, const char *field, const char *mark);

#endif
