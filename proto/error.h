/*
 * error.h - what went wrong, in words that help, and the exit statuses of the programs
 *
 * Library functions never print. They fill a struct error that the caller gave and return a
 * negative number; the program's top level prints it once. A text names what failed, on what, why,
 * and what to do about it.
 *
 * Threads: a struct error belongs to its caller.
 */
#ifndef PROTO_ERROR_H
#define PROTO_ERROR_H

#include <stdarg.h>

/* Exit statuses of both programs; where several hold, the first in this order is returned. */
enum exit_status {
	EXIT_INTERRUPTED = 130, /* the campaign can be resumed */
	EXIT_INTERNAL = 5,      /* internal error */
	EXIT_UNAVAILABLE =
		4,           /* no coordinator, agent, host or meter to be had; refused by a peer */
	EXIT_USAGE = 2,      /* usage or campaign error */
	EXIT_RUN_FAILED = 1, /* a counted run failed or timed out, or the campaign was cancelled */
	EXIT_REGRESSION = 3, /* only with --gate */
	EXIT_OK = 0,
};

struct error {
	int code;        /* negative errno, or one of ERR_*; 0 when nothing failed */
	char text[2048]; /* without a newline at its end */
};

/* Codes beside errno's. */
enum {
	ERR_USAGE = -1001,       /* bad option or argument: exit 2 */
	ERR_CAMPAIGN = -1002,    /* bad campaign file: exit 2 */
	ERR_UNAVAILABLE = -1003, /* no coordinator, agent, host or meter: exit 4 */
	ERR_REFUSED = -1004,     /* a peer refused us: exit 4 */
	ERR_PROTOCOL = -1005,    /* a message that breaks PROTOCOL.md */
	ERR_INTERNAL = -1006,    /* a bug here: exit 5 */
};

/*
 * Fill e (which may be NULL) with code and a formatted text. Returns code, so that a function can
 * end with `return error_set(err, -EIO, "...")`. code must be negative.
 * e->text may be one of the arguments: so is an error given another code.
 */
int error_set(struct error *e, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Put "CONTEXT: " before the text of e, which may be NULL. Returns e's code, or ERR_INTERNAL where
 * e is NULL. */
int error_wrap(struct error *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* error_set with errno appended as text: "CONTEXT: No such file or directory". Returns -errno. */
int error_errno(struct error *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The exit status that fits an error's code. */
enum exit_status error_exit_status(const struct error *e);

#endif
