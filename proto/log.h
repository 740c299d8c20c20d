/*
 * log.h - messages of the programs to stderr, one line each
 *
 * Only main programs and event handlers log; library code returns errors. Lines begin with the
 * program's name.
 */
#ifndef PROTO_LOG_H
#define PROTO_LOG_H

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Name printed before each line, and the most talkative level that is printed (INFO at first). name
 * is kept, not copied. */
void log_setup(const char *program, enum log_level level);
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
