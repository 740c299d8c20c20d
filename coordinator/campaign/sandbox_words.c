#include "coordinator/campaign/sandbox_words.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

/* ---- values ---- */

void number_add(double number, struct buf *out)
{
	char text[40];

	if (floor(number) == number && fabs(number) < 9007199254740992.0) {
		buf_addf(out, "%lld", (long long)number);
		return;
	}
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, number);
		if (strtod(text, NULL) == number)
			break;
	}
	buf_adds(out, text);
}

void sandbox_value_add(const struct sandbox_value *v, struct buf *out)
{
	if (v->type == SANDBOX_BOOL)
		buf_adds(out, v->truth ? "true" : "false");
	else if (v->type == SANDBOX_INTEGER)
		buf_addf(out, "%lld", (long long)v->integer);
	else if (v->type == SANDBOX_FLOAT)
		number_add(v->number, out);
	else if (v->type != SANDBOX_NIL)
		buf_adds(out, v->text);
}

/* ---- failures ---- */

const char *sandbox_type_word(const char *type)
{
	static const char *const words[][2] = {{"string", "a text"}, {"number", "a number"},
		{"boolean", "true or false"}, {"nil", "nil"}};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(words[i][0], type) == 0)
			return words[i][1];
	return "what is no single value";
}

/* What Lua says, without its place: "expression:1: ". */
static const char *without_place(const char *text)
{
	const char *end;

	if (strncmp(text, "expression:", 11) != 0)
		return text;
	end = strstr(text, ": ");
	return end ? end + 2 : text;
}

/* "bad argument #1 to 'floor' (number expected, got nil)": only math complains so. */
static void describe_argument(const char *text, struct error *err)
{
	char function[32] = "", got[32] = "";

	if (sscanf(text, "bad argument #%*d to '%31[^']' (number expected, got %31[^)]", function,
		    got) == 2)
		error_set(err, -EINVAL, "math.%s takes a number, not %s", function,
			strcmp(got, "no value") == 0 ? "nothing" : sandbox_type_word(got));
	else
		error_set(err, -EINVAL, "math: %s", text);
}

static void describe_type_error(const char *text, struct error *err)
{
	static const struct {
		const char *said, *words;
	} errors[] = {
		{"attempt to concatenate a ", "it joins a text and "},
		{"attempt to perform arithmetic on a ", "it calculates with "},
		{"attempt to perform bitwise operation on a ", "it calculates with "},
		{"attempt to get length of a ", "it takes the length of "},
		{"attempt to index a ", "it looks for a field in "},
		{"attempt to call a ", "it calls "},
	};
	char a[32], b[32];

	if (sscanf(text, "attempt to compare two %31s", a) == 1)
		error_set(err, -EINVAL, "it compares %s with %s", sandbox_type_word(a),
			sandbox_type_word(a));
	else if (sscanf(text, "attempt to compare %31s with %31s", a, b) == 2)
		error_set(err, -EINVAL, "it compares %s with %s", sandbox_type_word(a),
			sandbox_type_word(b));
	else
		error_set(err, -EINVAL, "%s", text);
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		size_t len = strlen(errors[i].said);

		if (strncmp(text, errors[i].said, len) != 0)
			continue;
		snprintf(a, sizeof a, "%.*s", (int)strcspn(text + len, " "), text + len);
		error_set(err, -EINVAL, "%s%s", errors[i].words, sandbox_type_word(a));
	}
}

void sandbox_failure(bool is_memory, const char *text, struct error *err)
{
	text = without_place(text ? text : "it fails");
	if (is_memory || strstr(text, "string length overflow"))
		error_set(err, -EINVAL, "it needs more than 1 MiB");
	else if (strstr(text, "overflow"))
		error_set(err, -EINVAL, "it nests too deeply");
	else if (strstr(text, "divide by zero") || strstr(text, "'n//0'") ||
		 strstr(text, "'n%%0'") || strstr(text, "'n%0'"))
		error_set(err, -EINVAL, "it divides by zero");
	else if (strstr(text, "no integer representation"))
		error_set(err, -EINVAL, "it needs a whole number where there is a fraction");
	else if (strncmp(text, "bad argument #", strlen("bad argument #")) == 0)
		describe_argument(text, err);
	else
		describe_type_error(text, err);
}
