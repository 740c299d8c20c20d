/*
 * html.h - text as HTML: nothing that a user wrote can be anything but text in the page
 */
#ifndef COORDINATOR_REPORT_HTML_H
#define COORDINATOR_REPORT_HTML_H

#include "proto/base.h"
#include <jansson.h>
#include <stdio.h>

/* The text with U+FFFD in place of what is no UTF-8 and of control characters but tab and newline;
 * appended. */
void text_clean(const char *s, size_t len, struct buf *out);

/* Print as text or as the value of an attribute in quotes. NULL prints nothing. */
void html_text(FILE *to, const char *s);
/* Format as printf, then as html_text(). */
void html_textf(FILE *to, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* <TAG class="CLASS">text</TAG>; attributes as HTML, or NULL: none. */
void html_element(FILE *to, const char *tag, const char *attributes, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* JSON that is safe inside a script element: ASCII, without a "<". */
void html_json(FILE *to, const json_t *value);
/* A JSON string of any bytes, cleaned. */
json_t *json_text(const char *s);

#endif
