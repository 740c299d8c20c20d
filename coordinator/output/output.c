#include "coordinator/output/output.h"
#include <locale.h>
#include <math.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#define MIN_WIDTH 40 /* of a page; in a narrower terminal lines break as they may */

const struct output_ops *const outputs[] = {
	&output_table, &output_csv, &output_json, &output_ndjson, &output_markdown, NULL};

const struct output_ops *output_by_name(const char *name, struct error *err)
{
	const char *names[ARRAY_SIZE(outputs)] = {NULL};
	_cleanup_buf_ struct buf list = BUF_INIT;

	for (size_t i = 0; outputs[i] != NULL; i++) {
		names[i] = outputs[i]->name;
		buf_addf(&list, "%s%s", i == 0 ? "" : ", ", names[i]);
		if (strcmp(names[i], name) == 0)
			return outputs[i];
	}
	const char *nearest = nearest_word(name, names, ARRAY_SIZE(names));
	error_set(err, ERR_USAGE, "--format: '%s' is none of %s%s%s%s", name, list.data,
		nearest == NULL ? "" : "; did you mean '", nearest == NULL ? "" : nearest,
		nearest == NULL ? "" : "'?");
	return NULL;
}

int32_t utf8_decode(const unsigned char *s, size_t len, size_t *size)
{
	static const int32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = s[0] < 0x80   ? 1
		   : s[0] < 0xc0 ? 0
		   : s[0] < 0xe0 ? 2
		   : s[0] < 0xf0 ? 3
		   : s[0] < 0xf8 ? 4
				 : 0;
	int32_t code;

	*size = 1;
	if (n == 1)
		return s[0];
	if (n == 0 || n > len)
		return -1;
	code = s[0] & (0x7f >> n);
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return -1;
		code = code << 6 | (s[i] & 0x3f);
	}
	if (code < smallest[n] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return -1;
	*size = n;
	return code;
}

void cell_set_number(struct cell *cell, char text[CELL_TEXT_SIZE], double value, int digits)
{
	if (!isfinite(value))
		return;
	snprintf(text, CELL_TEXT_SIZE, "%.*g", digits, value);
	*cell = (struct cell){CELL_NUMBER, text};
}

int text_width(const char *s)
{
	static locale_t utf8;
	int width = 0;
	size_t size;

	/* wcwidth() goes by the locale, and programs that print tables may run in "C". */
	if (utf8 == (locale_t)0)
		utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	locale_t before = utf8 == (locale_t)0 ? (locale_t)0 : uselocale(utf8);
	for (size_t left = strlen(s); left > 0; s += size, left -= size) {
		int32_t code = utf8_decode((const unsigned char *)s, left, &size);
		int columns = code < 0 ? 1 : wcwidth((wchar_t)code);
		width += columns < 0 ? 1 : columns;
	}
	if (before != (locale_t)0)
		uselocale(before);
	return width;
}

void json_add_string(struct buf *b, const char *s, size_t len)
{
	size_t size;

	buf_addc(b, '"');
	for (; len > 0; s += size, len -= size) {
		int32_t code = utf8_decode((const unsigned char *)s, len, &size);
		if (code < 0)
			buf_adds(b, "\xef\xbf\xbd");
		else if (code == '"' || code == '\\')
			buf_addf(b, "\\%c", (int)code);
		else if (code == '\n')
			buf_adds(b, "\\n");
		else if (code == '\t')
			buf_adds(b, "\\t");
		else if (code == '\r')
			buf_adds(b, "\\r");
		else if (code < 0x20 || code == 0x7f)
			buf_addf(b, "\\u%04x", (unsigned)code);
		else
			buf_add(b, s, size);
	}
	buf_addc(b, '"');
}

int output_page_width(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
		return PAGE_WIDTH;
	return size.ws_col < MIN_WIDTH ? MIN_WIDTH : size.ws_col;
}

char *output_harmless(const char *text)
{
	char *copy = xstrdup(text);

	for (char *p = copy; *p != '\0'; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = ' ';
	}
	return copy;
}

bool output_may_break(const char *text, size_t at)
{
	static const char *const units[] = {"%", "ns", "us", "µs", "ms", "s", "min", "h", "J", "mJ",
		"µJ", "W", "mW", "B", "kB", "MB", "GB", "KiB", "MiB", "GiB", "Hz", "MHz", "GHz",
		"°C"};
	const char *word = text + at + 1;
	size_t len = strcspn(word, " ,;:.)");

	if (at == 0 || text[at - 1] < '0' || text[at - 1] > '9')
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (strlen(units[i]) == len && strncmp(units[i], word, len) == 0)
			return false;
	return true;
}

/* Bytes up to where the line may end. */
static size_t word_length(const char *text)
{
	size_t len = strcspn(text, " ");

	while (text[len] == ' ' && !output_may_break(text, len))
		len += 1 + strcspn(text + len + 1, " ");
	return len;
}

void output_wrapped(const char *all, int indent, FILE *to)
{
	_cleanup_free_ char *copy = output_harmless(all);
	const char *text = copy;
	int at = indent, page = output_page_width();

	while (*text != '\0') {
		_cleanup_free_ char *word = xstrndup(text, word_length(text));
		int width = text_width(word);

		if (at > indent && at + 1 + width > page) {
			fprintf(to, "\n%*s", indent, "");
			at = indent;
		}
		fprintf(to, "%s%s", at > indent ? " " : "", word);
		at += (at > indent) + width;
		text += strlen(word);
		text += *text == ' ';
	}
	fputc('\n', to);
}
