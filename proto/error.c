#include "proto/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int error_set(struct error *e, int code, const char *format, ...)
{
	if (e != NULL) {
		char text[sizeof e->text]; /* e->text may be one of the arguments */
		va_list ap;

		va_start(ap, format);
		vsnprintf(text, sizeof text, format, ap);
		va_end(ap);
		e->code = code;
		memcpy(e->text, text, strlen(text) + 1);
	}
	return code;
}

int error_wrap(struct error *e, const char *format, ...)
{
	char text[sizeof e->text], context[512];
	va_list ap;

	if (e == NULL)
		return ERR_INTERNAL;
	va_start(ap, format);
	vsnprintf(context, sizeof context, format, ap);
	va_end(ap);
	snprintf(text, sizeof text, "%s: %.1500s", context, e->text);
	memcpy(e->text, text, sizeof text);
	return e->code;
}

int error_errno(struct error *e, const char *format, ...)
{
	int saved = errno;
	char context[1024];
	va_list ap;

	va_start(ap, format);
	vsnprintf(context, sizeof context, format, ap);
	va_end(ap);
	return error_set(e, -saved, "%s: %s", context, strerror(saved));
}

enum exit_status error_exit_status(const struct error *e)
{
	switch (e->code) {
	case 0:
		return EXIT_OK;
	case ERR_USAGE:
	case ERR_CAMPAIGN:
		return EXIT_USAGE;
	case ERR_UNAVAILABLE:
	case ERR_REFUSED:
		return EXIT_UNAVAILABLE;
	case -EINTR:
		return EXIT_INTERRUPTED;
	default:
		return EXIT_INTERNAL;
	}
}
