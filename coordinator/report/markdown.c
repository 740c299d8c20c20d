#include "coordinator/report/markdown.h"
#include "coordinator/report/html.h"
#include <md4c.h>
#include <strings.h>

/* Names of blocks and spans by md4c's numbers; NULL: handled apart, or not there. */
static const char *const blocks[] = {
	[MD_BLOCK_QUOTE] = "blockquote",
	[MD_BLOCK_UL] = "ul",
	[MD_BLOCK_OL] = "ol",
	[MD_BLOCK_LI] = "li",
	[MD_BLOCK_P] = "p",
	[MD_BLOCK_TABLE] = "table",
	[MD_BLOCK_THEAD] = "thead",
	[MD_BLOCK_TBODY] = "tbody",
	[MD_BLOCK_TR] = "tr",
	[MD_BLOCK_TH] = "th",
	[MD_BLOCK_TD] = "td",
};
static const char *const spans[] = {
	[MD_SPAN_EM] = "em",
	[MD_SPAN_STRONG] = "strong",
	[MD_SPAN_CODE] = "code",
	[MD_SPAN_DEL] = "del",
};

static const char *name_of(const char *const *names, size_t n, int type)
{
	return type >= 0 && (size_t)type < n ? names[type] : NULL;
}

static int heading_level(const void *detail)
{
	unsigned level = ((const MD_BLOCK_H_DETAIL *)detail)->level + 2;

	return level > 6 ? 6 : (int)level;
}

static int enter_block(MD_BLOCKTYPE type, void *detail, void *arg)
{
	const char *name = name_of(blocks, ARRAY_SIZE(blocks), type);
	FILE *to = arg;

	if (type == MD_BLOCK_H)
		fprintf(to, "<h%d>", heading_level(detail));
	else if (type == MD_BLOCK_CODE)
		fputs("<pre><code>", to);
	else if (type == MD_BLOCK_HTML)
		fputs("<pre>", to);
	else if (type == MD_BLOCK_HR)
		fputs("<hr>", to);
	else if (type == MD_BLOCK_TABLE)
		fputs("<div class=\"scroll\"><table>", to);
	else if (type == MD_BLOCK_OL && ((MD_BLOCK_OL_DETAIL *)detail)->start != 1)
		fprintf(to, "<ol start=\"%u\">", ((MD_BLOCK_OL_DETAIL *)detail)->start);
	else if (name != NULL)
		fprintf(to, "<%s>", name);
	return 0;
}

static int leave_block(MD_BLOCKTYPE type, void *detail, void *arg)
{
	const char *name = name_of(blocks, ARRAY_SIZE(blocks), type);
	FILE *to = arg;

	if (type == MD_BLOCK_H)
		fprintf(to, "</h%d>\n", heading_level(detail));
	else if (type == MD_BLOCK_CODE)
		fputs("</code></pre>\n", to);
	else if (type == MD_BLOCK_HTML)
		fputs("</pre>\n", to);
	else if (type == MD_BLOCK_TABLE)
		fputs("</table></div>\n", to);
	else if (name != NULL)
		fprintf(to, "</%s>\n", name);
	return 0;
}

/* Where a link may lead; another one is text. */
static bool is_safe(const char *url)
{
	static const char *const good[] = {"https://", "http://", "mailto:", "#"};

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		if (strncasecmp(url, good[i], strlen(good[i])) == 0)
			return true;
	return false;
}

/* NULL where a link may not lead there. */
static const MD_ATTRIBUTE *link_of(MD_SPANTYPE type, const void *detail)
{
	const MD_ATTRIBUTE *to = type == MD_SPAN_A ? &((const MD_SPAN_A_DETAIL *)detail)->href
						   : &((const MD_SPAN_IMG_DETAIL *)detail)->src;
	_cleanup_free_ char *url = xstrndup(to->text == NULL ? "" : to->text, to->size);

	/* The scheme must stand there as it is; with an entity in it, it is none of the good. */
	return is_safe(url) ? to : NULL;
}

/* An entity of the text is one of HTML as well. */
static void print_url(const MD_ATTRIBUTE *url, FILE *to)
{
	for (size_t i = 0; url->substr_offsets[i] < url->size; i++) {
		MD_OFFSET from = url->substr_offsets[i], until = url->substr_offsets[i + 1];
		_cleanup_free_ char *part = xstrndup(url->text + from, until - from);

		if (url->substr_types[i] == MD_TEXT_ENTITY)
			fputs(part, to);
		else
			html_text(to, part);
	}
}

static int enter_span(MD_SPANTYPE type, void *detail, void *arg)
{
	const char *name = name_of(spans, ARRAY_SIZE(spans), type);
	FILE *to = arg;

	if (name != NULL)
		fprintf(to, "<%s>", name);
	if (type != MD_SPAN_A && type != MD_SPAN_IMG)
		return 0;
	const MD_ATTRIBUTE *url = link_of(type, detail);
	fputs(url == NULL ? "<span>" : "<a rel=\"noopener noreferrer\" href=\"", to);
	if (url != NULL) {
		print_url(url, to);
		fputs("\">", to);
	}
	return 0;
}

static int leave_span(MD_SPANTYPE type, void *detail, void *arg)
{
	const char *name = name_of(spans, ARRAY_SIZE(spans), type);
	FILE *to = arg;

	if (name != NULL)
		fprintf(to, "</%s>", name);
	if (type != MD_SPAN_A && type != MD_SPAN_IMG)
		return 0;
	fputs(link_of(type, detail) == NULL ? "</span>" : "</a>", to);
	return 0;
}

static int on_text(MD_TEXTTYPE type, const MD_CHAR *text, MD_SIZE size, void *arg)
{
	_cleanup_free_ char *copy = xstrndup(text, size);
	FILE *to = arg;

	if (type == MD_TEXT_NULLCHAR)
		fputs("\xef\xbf\xbd", to);
	else if (type == MD_TEXT_BR)
		fputs("<br>\n", to);
	else if (type == MD_TEXT_SOFTBR)
		fputs("\n", to);
	else if (type == MD_TEXT_ENTITY)
		fputs(copy, to); /* "&amp;": letters and digits alone */
	else
		html_text(to, copy);
	return 0;
}

void markdown_html(FILE *to, const char *text)
{
	static const MD_PARSER parser = {.abi_version = 0,
		.flags = MD_FLAG_NOHTML | MD_FLAG_TABLES | MD_FLAG_STRIKETHROUGH |
			 MD_FLAG_PERMISSIVEURLAUTOLINKS,
		.enter_block = enter_block,
		.leave_block = leave_block,
		.enter_span = enter_span,
		.leave_span = leave_span,
		.text = on_text};

	md_parse(text, (MD_SIZE)strlen(text), &parser, to);
}
