/*
 * pages.h - the manual pages: one of each program, subcommand and kind of file
 *
 * What they say comes from the tables of options, which --help prints, those of the schemas, by
 * which files are checked, and the guides' examples.
 */
#ifndef DOCS_MAN_PAGES_H
#define DOCS_MAN_PAGES_H

#include "coordinator/campaign/schema.h"
#include "docs/man/guides.h"

/* Called once for each page: its name and section, and its text as roff. */
typedef void page_fn(void *arg, const char *name, const char *section, const char *roff);

/* joulerig(1), joulerig-agent(1), joulerig-exec(1), and a page of each subcommand of the first two:
 * programs.c. */
void pages_programs(const struct guides *g, page_fn *page, void *arg);

/* A kind of file in YAML. */
struct file_page {
	const char *name; /* "joulerig-campaign" */
	const char *summary;
	const struct schema *schema;
	const char *about;   /* paragraphs before the keys */
	const char *example; /* a whole file, or NULL: the guide has examples of its parts */
	const char *command; /* the page of what reads it: "joulerig-check" */
};
/* Its page in section 5: files.c. The guide's reference is of this kind of file, or empty. */
void pages_file(const struct guides *g, const struct file_page *file, page_fn *page, void *arg);

#endif
