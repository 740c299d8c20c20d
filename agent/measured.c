#include "agent/measured.h"

#include <stdio.h>

#define NOTE_LINE 512 /* bytes of one line at most */

void measured_reset(struct measured *m)
{
	m->n = m->flags_n = 0;
	m->note[0] = '\0';
}

void measured_bounded(struct measured *m, const char *name, const char *unit, int64_t value,
	int64_t uncertainty, int64_t deviation)
{
	if (value == ABSENT)
		return;
	if (m->n == ARRAY_SIZE(m->metrics)) {
		measured_flag(m, "metrics_dropped");
		return;
	}
	m->metrics[m->n++] = (struct message_metric){name, unit, value, uncertainty, deviation};
}

void measured_metric(struct measured *m, const char *name, const char *unit, int64_t value)
{
	measured_bounded(m, name, unit, value, ABSENT, ABSENT);
}

bool measured_has_flag(const struct measured *m, const char *flag)
{
	for (size_t i = 0; i < m->flags_n; i++)
		if (strcmp(m->flags[i], flag) == 0)
			return true;
	return false;
}

void measured_flag(struct measured *m, const char *flag)
{
	if (!measured_has_flag(m, flag) && m->flags_n < ARRAY_SIZE(m->flags))
		m->flags[m->flags_n++] = flag;
}

void measured_note(struct measured *m, const char *format, ...)
{
	size_t len = strlen(m->note), start = len > 0 ? len + 1 : 0;
	char line[NOTE_LINE + 8];
	va_list ap;

	va_start(ap, format);
	int n = vsnprintf(line, sizeof line, format, ap);
	va_end(ap);
	size_t kept = n < 0 ? 0 : n < NOTE_LINE ? (size_t)n : NOTE_LINE;
	while (kept > 0 && ((unsigned char)line[kept] & 0xc0) == 0x80)
		kept--; /* no half character */
	if (start + kept >= sizeof m->note)
		return;
	if (len > 0)
		m->note[len] = '\n';
	memcpy(m->note + start, line, kept);
	m->note[start + kept] = '\0';
}

const struct message_metric *measured_find(const struct measured *m, const char *name)
{
	for (size_t i = 0; i < m->n; i++)
		if (strcmp(m->metrics[i].name, name) == 0)
			return &m->metrics[i];
	return NULL;
}
