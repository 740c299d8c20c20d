/*
 * report.h - a campaign as one HTML page that needs no network: what was asked, what came out, how
 * sure that is, and everything to have the numbers again
 *
 * The page stands on its own: tables that any browser shows without JavaScript, and charts that
 * page.js draws of those very tables with Vega-Lite, whose bundles are in the page. A figure's data
 * are in it once. Nothing is loaded from elsewhere, and its Content-Security-Policy says so; text
 * of users' is text wherever it stands.
 *
 *   report.c         what a page is made of: answers to the campaign's questions, figures
 *   page*.c          its parts, from top to bottom
 *   figure*.c        figures: figure.h tells how to add a kind
 *   figure_chart.c   a figure's charts as whole Vega-Lite
 *   html.c markdown.c bundles.c   text as HTML; what the page carries with it
 *   web/             style and script of the page, and the npm packages of its bundles
 */
#ifndef COORDINATOR_REPORT_REPORT_H
#define COORDINATOR_REPORT_REPORT_H

#include "coordinator/findings/study.h"
#include <stdio.h>

struct report;

/*
 * Ask a study what its campaign asks, and make the figures that it wants. r and study must outlive
 * it. Returns 0 and *out, or negative where results cannot be read, or a figure of the campaign
 * cannot be made as it says.
 */
int report_make(
	struct results *r, const struct study *study, struct report **out, struct error *err);
void report_free(struct report *r);

/* Write the page. Returns 0, or -errno where it could not be written. */
int report_page(struct report *r, FILE *to, struct error *err);

/*
 * Each figure as DIR/ID.vl.json and its data as DIR/ID.csv; DIR is made where it is not there.
 * Returns how many figures there are, or -errno.
 */
int report_figures(struct report *r, const char *dir, struct error *err);

#endif
