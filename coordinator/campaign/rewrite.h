/*
 * rewrite.h - the campaign file that a submission with changes is, as a file of its own
 */
#ifndef COORDINATOR_CAMPAIGN_REWRITE_H
#define COORDINATOR_CAMPAIGN_REWRITE_H

#include "proto/base.h"
#include "proto/error.h"

/*
 * Append a text that without changes means what text with changes (JSON, as campaign_read() takes
 * them; NULL for none) means: the text itself where there is nothing to change, with the values
 * replaced in their places where that can be done; else the file written anew, without its
 * comments. Git sources whose commits the changes have get these as `ref` where the file has a
 * plain one. Returns 0, or ERR_CAMPAIGN where no file can say it (--set takes a value away that
 * `compare` still names), with nothing appended.
 */
int campaign_rewrite(const char *text, const char *changes, struct buf *out, struct error *err);

#endif
