/*
 * figure_chart.h - the charts of a figure as whole Vega-Lite: types, titles and tooltips by the
 * figure's fields, categories in the order of the rows
 *
 * One place for what the page draws and what --figures writes. Sizes and colours are not in it.
 */
#ifndef COORDINATOR_REPORT_FIGURE_CHART_H
#define COORDINATOR_REPORT_FIGURE_CHART_H

#include "coordinator/report/figure.h"

/* The panel with all that its fields say. The caller's: json_decref(). */
json_t *figure_chart(const struct figure *f, size_t panel);
/* The different texts of a field in the order of the rows, as a JSON array. */
json_t *figure_values(const struct figure *f, const char *field);
/* "energy (J)"; the caller frees. */
char *figure_field_title(const struct figure_field *field);
/* The field of this name, or NULL. */
const struct figure_field *figure_find_field(const struct figure *f, const char *name);

/*
 * A figure by itself, for Vega's editor and the converters to SVG and PDF: the data are read from
 * data_url, a CSV file as figure_csv() writes it. The caller's.
 */
json_t *figure_document(const struct figure *f, const char *data_url);
/* A head line of the names of fields, then the rows. */
void figure_csv(const struct figure *f, FILE *to);

#endif
