#include "proto/log.h"

#include <stdarg.h>
#include <stdio.h>

static const char *program_name = "joulerig";
static enum log_level limit = LOG_LEVEL_INFO;

void log_setup(const char *program, enum log_level level)
{
	program_name = program;
	limit = level;
}

/* One write a line, so that lines of several threads or processes do not mix. */
__attribute__((format(printf, 3, 0))) static void put(
	enum log_level level, const char *kind, const char *format, va_list ap)
{
	char text[4096];

	if (level > limit)
		return;
	vsnprintf(text, sizeof text, format, ap);
	/* Some of it is what a peer said: no terminal must obey that. */
	for (char *p = text; *p != '\0'; p++)
		if (((unsigned char)*p < ' ' && *p != '\n' && *p != '\t') || *p == 0x7f)
			*p = ' ';
	fprintf(stderr, "%s: %s%s\n", program_name, kind, text);
}

#define DEFINE_LOG(name, level, kind)                                                              \
	void name(const char *format, ...)                                                         \
	{                                                                                          \
		va_list ap;                                                                        \
		va_start(ap, format);                                                              \
		put(level, kind, format, ap);                                                      \
		va_end(ap);                                                                        \
	}

DEFINE_LOG(log_error, LOG_LEVEL_ERROR, "error: ")
DEFINE_LOG(log_warning, LOG_LEVEL_WARNING, "warning: ")
DEFINE_LOG(log_info, LOG_LEVEL_INFO, "")
DEFINE_LOG(log_debug, LOG_LEVEL_DEBUG, "debug: ")
