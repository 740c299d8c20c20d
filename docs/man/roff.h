/*
 * roff.h - writing a manual page: the macros of man(7), and text in which nothing is a macro
 */
#ifndef DOCS_MAN_ROFF_H
#define DOCS_MAN_ROFF_H

#include "proto/base.h"

/* The page's beginning: "joulerig-run", "1", and the line of its NAME section. */
void roff_page(struct buf *out, const char *name, const char *section, const char *summary);
/* A heading; it is written in capitals. */
void roff_section(struct buf *out, const char *title);
/* Text, with what man(7) would take for its own escaped; ends no line. */
void roff_text(struct buf *out, const char *text);
/* The same with `code` in bold and [words](link) as their words, as Markdown has them. */
void roff_markdown(struct buf *out, const char *text);
/*
 * Lines as --help shows them: paragraphs are filled, a line that was ended before it was full ends
 * here, too, and paragraphs whose columns are aligned stand as they are.
 */
void roff_paragraphs(struct buf *out, const char *text);
/* Lines that stand as they are: an example. */
void roff_verbatim(struct buf *out, const char *text);
/* "NAME VALUE" as the head of an indented paragraph, bold and italic; value may be NULL. What
 * follows is the paragraph. */
void roff_item(struct buf *out, const char *name, const char *value);
/* "joulerig-run(1)" of a name and a section, as a list is written: what is not the first has a
 * comma before it. */
void roff_reference(struct buf *out, const char *name, const char *section, bool is_first);

#endif
