#define PCRE2_CODE_UNIT_WIDTH 8
#include "proto/pattern.h"

#include <errno.h>
#include <pcre2.h>

struct pattern {
	pcre2_code *code;
	pcre2_match_context *context;
	pcre2_match_data *data;
};

void *pattern_compile(const char *pattern, bool is_utf, struct error *err)
{
	uint32_t options = PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C |
			   (is_utf ? PCRE2_UTF | PCRE2_MATCH_INVALID_UTF : 0);
	PCRE2_UCHAR why[128];
	PCRE2_SIZE offset;
	int code;
	void *compiled = pcre2_compile(
		(PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, options, &code, &offset, NULL);

	if (!compiled) {
		pcre2_get_error_message(code, why, sizeof why);
		error_set(err, -EINVAL, "bad pattern '%s': %s at character %zu", pattern,
			(char *)why, (size_t)offset + 1);
	}
	return compiled;
}

struct pattern *pattern_new(const char *text, struct error *err)
{
	pcre2_code *code = pattern_compile(text, true, err);

	if (code == NULL)
		return NULL;
	struct pattern *p = xcalloc(1, sizeof *p);
	*p = (struct pattern){.code = code,
		.context = pcre2_match_context_create(NULL),
		.data = pcre2_match_data_create(1, NULL)};
	pcre2_set_match_limit(p->context, PATTERN_MATCH_LIMIT);
	return p;
}

void pattern_free(struct pattern *p)
{
	if (p == NULL)
		return;
	pcre2_match_data_free(p->data);
	pcre2_match_context_free(p->context);
	pcre2_code_free(p->code);
	free(p);
}

int pattern_matches(const struct pattern *p, const char *text, size_t len, bool is_whole)
{
	int rc = pcre2_match(p->code, (PCRE2_SPTR)text, len, 0, is_whole ? 0 : PCRE2_NOTEOL,
		p->data, p->context);

	if (rc == PCRE2_ERROR_NOMATCH)
		return 0;
	return rc >= 0 ? 1 : -E2BIG;
}
