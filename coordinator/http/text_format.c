/* Prometheus' text format. */
#include "coordinator/http/page.h"

#include "proto/units.h"

static void add_escaped(struct buf *out, const char *text, bool is_label)
{
	for (; *text != '\0'; text++) {
		if (*text == '\\')
			buf_adds(out, "\\\\");
		else if (*text == '\n')
			buf_adds(out, "\\n");
		else if (*text == '"' && is_label)
			buf_adds(out, "\\\"");
		else
			buf_addc(out, *text);
	}
}

void metric_begin(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_addf(out, "# HELP %s ", name);
	add_escaped(out, help, false);
	buf_addf(out, "\n# TYPE %s %s\n", name, type);
}

static void add_label(struct buf *out, char before, const char *label, const char *text)
{
	buf_addf(out, "%c%s=\"", before, label);
	add_escaped(out, text, true);
	buf_addc(out, '"');
}

static void add_value(struct buf *out, int64_t value, int64_t divisor)
{
	char number[32];

	buf_addf(out, " %s\n", units_format_decimal(number, value, divisor));
}

void metric_add(struct buf *out, const char *name, int64_t value, int64_t divisor)
{
	if (value == ABSENT)
		return;
	buf_adds(out, name);
	add_value(out, value, divisor);
}

void metric_add_by(struct buf *out, const char *name, int64_t value, int64_t divisor,
	const char *label, const char *text)
{
	if (value == ABSENT)
		return;
	buf_adds(out, name);
	add_label(out, '{', label, text);
	buf_addc(out, '}');
	add_value(out, value, divisor);
}

void metric_add_by_two(struct buf *out, const char *name, int64_t value, int64_t divisor,
	const char *label, const char *text, const char *label2, const char *text2)
{
	if (value == ABSENT)
		return;
	buf_adds(out, name);
	add_label(out, '{', label, text);
	add_label(out, ',', label2, text2);
	buf_addc(out, '}');
	add_value(out, value, divisor);
}

void metric_one(struct buf *out, const char *name, const char *type, const char *help,
	int64_t value, int64_t divisor)
{
	if (value == ABSENT)
		return;
	metric_begin(out, name, type, help);
	metric_add(out, name, value, divisor);
}
