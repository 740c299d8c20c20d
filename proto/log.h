/*
 * log.h - messages of the programs to stderr, one line each
 *
 * Only main programs and event handlers log; library code returns errors. Lines begin with the
 * program's name, unless log_as_service() says otherwise.
 */
#ifndef PROTO_LOG_H
#define PROTO_LOG_H

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Name printed before each line, and the most talkative level that is printed (INFO at first). name
 * is kept, not copied. */
void log_setup(const char *program, enum log_level level);

/* What --log of a program that runs for long may be, ended by NULL: text, json. */
extern const char *const log_formats[];
/*
 * Lines of a program that runs for long. format is one of log_formats, NULL is text:
 *
 *	text   the time before each line; to the journal (JOURNAL_STREAM names stderr) its priority
 *	       instead, "<4>", which `journalctl -p` selects by, as time and name are there already
 *	json   {"time","level","program","message"}, an object a line
 */
void log_as_service(const char *format);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
