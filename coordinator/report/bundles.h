/*
 * bundles.h - what a report carries with it, put into the program when it was built: the bundles of
 * Vega and Vega-Lite, the page's own style and script
 *
 * The bundles come from npm with the lock file of coordinator/report/web; the Makefile fetches
 * them.
 */
#ifndef COORDINATOR_REPORT_BUNDLES_H
#define COORDINATOR_REPORT_BUNDLES_H

#include <stddef.h>

struct bundle {
	const char *text; /* len bytes, UTF-8; no NUL after them */
	size_t len;
};

struct bundle bundle_vega(void);
struct bundle bundle_vega_lite(void);
struct bundle bundle_script(void);   /* page.js */
struct bundle bundle_style(void);    /* page.css */
struct bundle bundle_licenses(void); /* of what is in the bundles */

#endif
