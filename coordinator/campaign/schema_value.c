/* What a scalar of a schema may be: whether a text is one, its number, and how to say it. */
#include "coordinator/campaign/cpus.h"
#include "coordinator/campaign/schema.h"
#include "proto/units.h"
#include <errno.h>
#include <math.h>

/* ---- what is expected ---- */

static void add_choices(const struct schema *s, struct buf *out)
{
	buf_adds(out, s->choices[1] ? "one of " : "");
	for (const char *const *c = s->choices; *c; c++)
		buf_addf(out, "%s%s", c == s->choices ? "" : ", ", *c);
}

#define MAX_KEYS 4 /* that are told; the manual has longer lists */

/* " {metric, within}" */
static void add_keys(const struct schema *s, struct buf *out)
{
	size_t n = 0;

	while (s->keys && s->keys[n].name)
		n++;
	if (n == 0 || n > MAX_KEYS)
		return;
	for (size_t i = 0; i < n; i++)
		buf_addf(out, "%s%s", i == 0 ? " {" : ", ", s->keys[i].name);
	buf_adds(out, "}");
}

void schema_expectation(const struct schema *s, struct buf *out)
{
	char size[32];

	switch (s->type) {
	case TYPE_TEXT:
	case TYPE_TEMPLATE:
	case TYPE_NUMBER:
	case TYPE_SCALAR_OR_MAP:
		buf_adds(out, s->expected);
		break;
	case TYPE_EXPRESSION:
		buf_adds(out, "an expression such as threads <= host.cores");
		break;
	case TYPE_BOOL:
		buf_adds(out, "true or false");
		break;
	case TYPE_INT:
		buf_addf(out, "a whole number from %lld", (long long)s->min);
		if (s->max != INT64_MAX)
			buf_addf(out, " to %lld", (long long)s->max);
		break;
	case TYPE_DURATION:
		buf_adds(out, "a duration such as 250ms, 10s, 5min or 1h");
		if (s->min > 1)
			buf_addf(out, ", at least %s", units_format_duration(size, s->min));
		else if (s->min == 1)
			buf_adds(out, ", above 0s");
		if (s->max != INT64_MAX)
			buf_addf(out, ", at most %s", units_format_duration(size, s->max));
		break;
	case TYPE_SIZE:
		buf_addf(out, "a size such as 64KiB, 1MiB or 2GB, at least %s",
			units_format_size(size, s->min));
		buf_addf(out, ", at most %s", units_format_size(size, s->max));
		break;
	case TYPE_FREQUENCY:
		buf_adds(out, "a frequency such as 2.1GHz, from 1MHz to 100GHz, or min or max");
		break;
	case TYPE_POWER:
		buf_adds(out, "a power such as 65W, from 1W to 10kW");
		break;
	case TYPE_ENERGY:
		buf_adds(out, s->min > 0 ? "an energy such as 500J, 2MJ or 1.5kWh, above 0J"
					 : "an energy such as 500J, 2MJ or 1.5kWh");
		break;
	case TYPE_PERCENT:
		buf_adds(out, s->min > 0 ? "a percentage such as 2%, above 0% and at most 100%"
					 : "a percentage such as 2%, at most 100%");
		break;
	case TYPE_TEMPERATURE:
		buf_adds(out, "a temperature difference such as 3K, at most 100K");
		break;
	case TYPE_DECIMAL:
		buf_adds(out, "a number such as 0.2");
		break;
	case TYPE_CPUS:
		buf_adds(out, "CPUs such as 0,2,4-7, each once");
		break;
	case TYPE_CHOICE:
		add_choices(s, out);
		break;
	case TYPE_COMMAND:
		buf_adds(out, "a command: a list of texts, or one text for /bin/sh");
		break;
	case TYPE_STEPS:
		buf_adds(out, "a command, {command, timeout}, or a list of these");
		break;
	case TYPE_MAP:
		buf_adds(out, "a mapping");
		add_keys(s, out);
		break;
	case TYPE_NAMES:
	case TYPE_MATRIX:
		buf_adds(out, "a mapping");
		break;
	case TYPE_LIST:
		buf_adds(out, "a list");
		if (s->min > 0 && s->min == s->max)
			buf_addf(out, " of %lld", (long long)s->min);
		else if (s->min > 0 && s->max)
			buf_addf(out, " of %lld to %lld", (long long)s->min, (long long)s->max);
		break;
	case TYPE_ONE_OR_LIST:
		schema_expectation(s->of, out);
		buf_adds(out, ", or a list of such");
		break;
	}
}

/* ---- values ---- */

/* The place of a text among the choices, or -1. */
static int choice_of(const struct schema *s, const char *text)
{
	for (int i = 0; s->choices && s->choices[i]; i++)
		if (strcmp(s->choices[i], text) == 0)
			return i;
	return -1;
}

typedef int parse_fn(const char *text, int64_t *out, struct error *err);

/* The parser of a quantity, or NULL where the type is none. */
static parse_fn *parser_of(enum value_type type)
{
	switch (type) {
	case TYPE_DURATION:
		return units_parse_duration;
	case TYPE_SIZE:
		return units_parse_size;
	case TYPE_FREQUENCY:
		return units_parse_frequency;
	case TYPE_POWER:
		return units_parse_power;
	case TYPE_ENERGY:
		return units_parse_energy;
	case TYPE_PERCENT:
		return units_parse_percent;
	case TYPE_TEMPERATURE:
		return units_parse_temperature_difference;
	case TYPE_DECIMAL:
		return units_parse_decimal;
	default:
		return NULL;
	}
}

static int quantity_value(const struct schema *s, const char *text, int64_t *out)
{
	*out = ABSENT;
	if (choice_of(s, text) >= 0)
		return 0;
	return parser_of(s->type)(text, out, NULL) == 0 && *out >= s->min && *out <= s->max
		       ? 0
		       : -EINVAL;
}

int schema_value(const struct schema *s, const char *text, int64_t *out)
{
	int choice;

	*out = 0;
	if (parser_of(s->type))
		return quantity_value(s, text, out);
	switch (s->type) {
	case TYPE_INT:
		return units_parse_int(text, s->min, s->max, out, NULL) < 0 ? -EINVAL : 0;
	case TYPE_BOOL:
		*out = strcmp(text, "true") == 0;
		return *out || strcmp(text, "false") == 0 ? 0 : -EINVAL;
	case TYPE_CHOICE:
		choice = choice_of(s, text);
		*out = choice < 0 ? 0 : choice;
		return choice < 0 ? -EINVAL : 0;
	case TYPE_CPUS:
		*out = cpus_count(text);
		return *out > 0 ? 0 : -EINVAL;
	case TYPE_NUMBER:
		return is_number_text(text) && isfinite(strtod(text, NULL)) &&
				       (!s->is_good || s->is_good(text))
			       ? 0
			       : -EINVAL;
	default:
		return (s->is_good ? s->is_good(text) : text[0] != '\0') ? 0 : -EINVAL;
	}
}

const char *schema_nearest(const struct schema *s, const char *text, char out[96])
{
	const char *words[SCHEMA_MAX_WORDS];
	size_t n = 0;

	for (const char *const *c = s->choices; c && *c; c++)
		words[n++] = *c;
	return diag_nearest(out, text, words, n);
}
