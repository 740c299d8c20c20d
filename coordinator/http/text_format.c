/* Prometheus' text format. */
#include "coordinator/http/page.h"

#include "proto/units.h"
#include <stdarg.h>

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

void metric_add(struct buf *out, const char *name, int64_t value, int64_t divisor, ...)
{
	const char *label;
	char number[32];
	size_t n = 0;
	va_list ap;

	if (value == ABSENT)
		return;
	buf_adds(out, name);
	va_start(ap, divisor);
	while ((label = va_arg(ap, const char *)) != NULL) {
		buf_addf(out, "%s%s=\"", n++ == 0 ? "{" : ",", label);
		add_escaped(out, va_arg(ap, const char *), true);
		buf_addc(out, '"');
	}
	va_end(ap);
	buf_addf(out, "%s %s\n", n > 0 ? "}" : "", units_format_decimal(number, value, divisor));
}

void metric_one(struct buf *out, const char *name, const char *type, const char *help,
	int64_t value, int64_t divisor)
{
	if (value == ABSENT)
		return;
	metric_begin(out, name, type, help);
	metric_add(out, name, value, divisor, NULL);
}
