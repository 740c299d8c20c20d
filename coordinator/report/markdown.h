/*
 * markdown.h - a section's Markdown as HTML
 *
 * CommonMark with tables (md4c). HTML in it is shown as text. Links go to http, https, mailto and
 * places in the page alone; an image becomes a link, as the page loads nothing.
 */
#ifndef COORDINATOR_REPORT_MARKDOWN_H
#define COORDINATOR_REPORT_MARKDOWN_H

#include <stdio.h>

/* Headings start at <h3>: sections of the page are <h2>. */
void markdown_html(FILE *to, const char *text);

#endif
